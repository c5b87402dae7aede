//! Signals: the whole message of a provider, checked field by field, and the compact part of it that routing uses.
//!
//! Invariant: all of a message is checked, also what is not used; what is told of an agent's feelings is refused. Not
//! here: reading words (`api::words`), and what signals are worth (`scoring`).

use std::collections::BTreeMap;

use prost_types::Duration;

use crate::{
    api::{pb, words},
    engine::{Command, Request},
    model::{
        ids::{EventName, NAME_BYTES_MAX, RequestId, TenantId},
        limits::{
            ATTRIBUTES_MAX, EVIDENCE_SPANS_MAX, LANGUAGE_BYTES_MAX, SIGNAL_CATEGORIES_MAX, SIGNAL_EVENTS_MAX,
            TEXT_BYTES_MAX,
        },
        signal::{Content, CustomerFacts, Feeling, Happened, Measure, Signal, SignalKey, Source, Thousandths, WHOLE},
        time::Timestamp,
    },
    shard::Report,
};

use super::{
    Violations,
    field::{SPAN_MAX, entry, item, part},
    violations::Subject,
};

/// The provider of whoever names none.
const PLATFORM: &str = "platform";
/// The provider of what comes with a contact.
const ENQUEUE: &str = "enqueue";
/// How sure a provider is who does not say so, and how strong a feeling is of which nothing else is told.
const HALF: Thousandths = WHOLE / 2;

/// A decoded signal: whose, and the command that takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Whose.
    pub tenant: TenantId,
    /// The command.
    pub request: Request,
}

/// Decodes Signal.
pub fn signal(message: pb::SignalRequest) -> Result<Heard, Violations> {
    let mut v = Violations::default();
    let tenant = v.take_tenant(&message.tenant);
    let signal = v.take_required("signal", message.signal);
    let report = signal.and_then(|signal| v.below("signal", |v| v.take_signal(signal)));
    let decoded = tenant.zip(report).map(|(tenant, Report { contact, signals })| {
        let command = Command::Signal { contact, signals: signals.into() };
        Heard { tenant, request: Request { id: None, command } }
    });
    v.finish(decoded)
}

/// Decodes a signal of a stream, of whose message this is the tenant; fields are named as in Signal.
pub fn report(tenant: &str, signal: pb::Signal) -> Result<Report, Violations> {
    let mut v = Violations::default();
    let tenant = v.take_tenant(tenant);
    let report = v.take_signal(signal);
    v.finish(tenant.and(report))
}

/// A measurement on the scale of its field, in thousandths.
struct Measured {
    value: i16,
    confidence: Thousandths,
}

impl Violations {
    fn take_signal(&mut self, signal: pb::Signal) -> Option<Report> {
        let contact = self.take_contact(&signal.contact_id);
        let id = self.take("signal_id", RequestId::new(&signal.signal_id));
        let provider = if signal.provider.is_empty() { PLATFORM } else { signal.provider.as_str() };
        let provider = self.take("provider", RequestId::new(provider));
        let observed_at = match &signal.observed_time {
            None => Some(None),
            Some(time) => self.take_time("observed_time", time).map(Some),
        };
        self.check_rest(&signal);
        let source = self.take_modality(signal.modality());
        let content = self.take_content(&signal, source);
        let facts = self.take_facts("facts", signal.facts.as_ref());
        let (content, facts, revision) = (content?, facts?, signal.revision);
        if signal.withdrawn {
            if content.is_some() || facts.is_some() {
                self.add("withdrawn", "is set, so nothing else may be told; send a new revision instead");
            }
        } else if content.is_none() && facts.is_none() {
            self.add("signal_id", "says nothing that is used; give valence, urgency, events, text or facts");
        }
        let (key, observed_at) = (SignalKey::of(provider?.as_str(), id?.as_str()), observed_at?);
        let made = |source, content| Signal { key, revision, observed_at, source, content };
        let signals = if signal.withdrawn {
            vec![made(Source::Fact, None), made(source.unwrap_or(Source::Text), None)]
        } else {
            let content = content.map(|content| made(source.unwrap_or(Source::Text), Some(content)));
            content.into_iter().chain(facts.map(|facts| made(Source::Fact, Some(facts)))).collect()
        };
        Some(Report { contact: contact?, signals })
    }

    /// What is heard of a contact as it comes.
    pub(super) fn take_heard(&mut self, facts: Option<&pb::Facts>, text: &str, language: &str) -> Option<Vec<Signal>> {
        let facts = self.take_facts("facts", facts);
        self.check_text("text", text, "text_language", language);
        let made = |id: &str, source, content| Signal {
            key: SignalKey::of(ENQUEUE, id),
            revision: 0,
            observed_at: None,
            source,
            content: Some(content),
        };
        let words = (!text.is_empty()).then(|| made("text", Source::Text, words::read(text, language)));
        let facts = facts?.map(|facts| made("facts", Source::Fact, facts));
        Some(facts.into_iter().chain(words).collect())
    }

    /// Where it was read from; `None` with nothing said.
    fn take_modality(&mut self, modality: pb::SignalModality) -> Option<Source> {
        match modality {
            pb::SignalModality::Unspecified => None,
            pb::SignalModality::Text => Some(Source::Text),
            pb::SignalModality::Acoustic | pb::SignalModality::Dynamics | pb::SignalModality::Multimodal => {
                Some(Source::Voice)
            }
        }
    }

    /// What words or voice said; `Some(None)` = nothing that is used.
    fn take_content(&mut self, signal: &pb::Signal, source: Option<Source>) -> Option<Option<Content>> {
        let before = self.fields.len();
        let valence = self.take_measured("valence", signal.valence.as_ref(), -1.0, 1.0);
        let arousal = self.take_measured("arousal", signal.arousal.as_ref(), 0.0, 1.0);
        self.take_measured("dominance", signal.dominance.as_ref(), 0.0, 1.0);
        let urgency = self.take_measured("urgency", signal.urgency.as_ref(), 0.0, 1.0);
        let polarity = self.take_measured("polarity", signal.polarity.as_ref(), -1.0, 1.0);
        self.take_measured("magnitude", signal.magnitude.as_ref(), 0.0, f64::MAX);
        let events = self.take_events(&signal.events);
        self.check_text("text", &signal.text, "language", &signal.language);
        let measures = signal.valence.is_some() || signal.arousal.is_some() || signal.urgency.is_some();
        if measures && !signal.text.is_empty() {
            self.add("text", "is analysed here, and valence, arousal or urgency are given; send one or the other");
        }
        let feels = measures
            || [&signal.dominance, &signal.polarity, &signal.magnitude].iter().any(|measured| measured.is_some())
            || !signal.categories.is_empty()
            || !signal.acoustic_features.is_empty()
            || !signal.text.is_empty();
        match signal.role() {
            pb::ParticipantRole::Agent if feels => {
                self.subject = Subject::AgentEmotion;
                self.add("role", "is the agent; emotion is read of customers only, and never of agents");
            }
            pb::ParticipantRole::Bot if feels => {
                self.add("role", "is a program, which has no feelings; send what the customer said, or events");
            }
            _ => {}
        }
        if source.is_none() && signal.text.is_empty() && (feels || !signal.events.is_empty()) {
            self.add("modality", "is required with what was read from words or voice");
        }
        if self.fields.len() > before {
            return None;
        }
        let mut content =
            if signal.text.is_empty() { Content::default() } else { words::read(&signal.text, &signal.language) };
        if let Some(valence) = valence.or(polarity) {
            let arousal = arousal.map_or(HALF, |arousal| arousal.value.unsigned_abs());
            content.feeling = Some(Feeling { valence: valence.value, arousal, confidence: valence.confidence });
        }
        if let Some(Measured { value, confidence }) = urgency {
            content.urgency = Some(Measure { value: value.unsigned_abs(), confidence });
        }
        content.events.extend(events.unwrap_or_default());
        content.events.truncate(SIGNAL_EVENTS_MAX);
        Some((content != Content::default()).then_some(content))
    }

    fn take_measured(
        &mut self,
        field: &str,
        measured: Option<&pb::Measurement>,
        least: f64,
        most: f64,
    ) -> Option<Measured> {
        let measured = measured?;
        let before = self.fields.len();
        let within = |value: f64, least: f64, most: f64| value.is_finite() && (least..=most).contains(&value);
        if !within(measured.value, least, most) {
            let range = if most == f64::MAX { "no less than 0".to_owned() } else { format!("from {least} to {most}") };
            self.add(part(field, "value"), format!("is {}; must be {range}", measured.value));
        }
        if let Some(confidence) = measured.confidence
            && !within(confidence, 0.0, 1.0)
        {
            self.add(part(field, "confidence"), format!("is {confidence}; must be from 0 to 1"));
        }
        let native = [
            ("native_value", measured.native_value),
            ("native_min", measured.native_min),
            ("native_max", measured.native_max),
        ];
        for (name, value) in native {
            if value.is_some_and(|value| !value.is_finite()) {
                self.add(part(field, name), "must be a number");
            }
        }
        if let (Some(least), Some(most)) = (measured.native_min, measured.native_max)
            && least >= most
        {
            self.add(part(field, "native_max"), "must be more than native_min");
        }
        (self.fields.len() == before).then(|| Measured {
            value: words::thousandths(measured.value.clamp(-1.0, 1.0)),
            confidence: measured.confidence.map_or(HALF, |sure| words::thousandths(sure).unsigned_abs()),
        })
    }

    fn take_events(&mut self, events: &[pb::SignalEvent]) -> Option<Vec<Happened>> {
        if !self.at_most("events", events.len(), SIGNAL_EVENTS_MAX) {
            return None;
        }
        let mut taken = Vec::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            let path = item("events", index);
            let confidence = self.take_share(&part(&path, "confidence"), event.confidence).flatten();
            let name = self.take(&part(&path, "name"), EventName::new(&event.name));
            let attributes = self.take_attributes(&part(&path, "attributes"), event.attributes.clone());
            if let (Some(event), Some(attributes)) = (name, attributes) {
                taken.push(Happened { event, confidence: confidence.unwrap_or(HALF), attributes });
            }
        }
        (taken.len() == events.len()).then_some(taken)
    }

    /// What is declared; `Some(None)` = nothing.
    fn take_facts(&mut self, field: &str, facts: Option<&pb::Facts>) -> Option<Option<Content>> {
        let Some(facts) = facts else { return Some(None) };
        let before = self.fields.len();
        let mut events = Vec::new();
        if self.at_most(&part(field, "events"), facts.events.len(), SIGNAL_EVENTS_MAX) {
            for (index, event) in facts.events.iter().enumerate() {
                let path = item(&part(field, "events"), index);
                let name = self.take(&part(&path, "name"), EventName::new(&event.name));
                let attributes = self.take_attributes(&part(&path, "attributes"), event.attributes.clone());
                let happened = name.zip(attributes);
                events.extend(happened.map(|(event, attributes)| Happened { event, confidence: WHOLE, attributes }));
            }
        }
        let value = self.take_share(&part(field, "value"), facts.value);
        let expertise = self.take_share(&part(field, "expertise"), facts.expertise);
        let reach = self.take_share(&part(field, "reach"), facts.reach);
        let attempts = match facts.self_service_attempts {
            None => Some(None),
            Some(count) => self.take_number(&part(field, "self_service_attempts"), count, 0, 255).map(Some),
        };
        if self.fields.len() > before {
            return None;
        }
        let attempts = attempts?.map(|count| u8::try_from(count).unwrap_or(u8::MAX));
        let customer = CustomerFacts { value: value?, expertise: expertise?, reach: reach?, attempts };
        let content = Content { events, customer, ..Content::default() };
        Some((content != Content::default()).then_some(content))
    }

    /// A share from 0 to 1 that may be absent.
    fn take_share(&mut self, field: &str, share: Option<f64>) -> Option<Option<Thousandths>> {
        match share {
            None => Some(None),
            Some(share) if share.is_finite() && (0.0..=1.0).contains(&share) => {
                Some(Some(words::thousandths(share).unsigned_abs()))
            }
            Some(share) => {
                self.add(field, format!("is {share}; must be from 0 to 1"));
                None
            }
        }
    }

    fn check_text(&mut self, field: &str, text: &str, language_field: &str, language: &str) {
        self.check_bytes(field, text, TEXT_BYTES_MAX);
        self.check_bytes(language_field, language, LANGUAGE_BYTES_MAX);
    }

    fn check_bytes(&mut self, field: &str, text: &str, most: usize) {
        if text.len() > most {
            self.add(field, format!("has {} bytes; at most {most} are allowed", text.len()));
        }
    }

    /// What is not used is checked all the same: a provider learns of its fault on the first day.
    fn check_rest(&mut self, signal: &pb::Signal) {
        self.check_bytes("model", &signal.model, NAME_BYTES_MAX);
        self.check_bytes("model_version", &signal.model_version, NAME_BYTES_MAX);
        let start = self.take_offset("start_offset", signal.start_offset);
        let end = self.take_offset("end_offset", signal.end_offset);
        if let (Some(start), Some(end)) = (start, end)
            && end < start
        {
            self.add("end_offset", "is before start_offset");
        }
        self.at_most("categories", signal.categories.len(), SIGNAL_CATEGORIES_MAX);
        for (index, category) in signal.categories.iter().take(SIGNAL_CATEGORIES_MAX).enumerate() {
            let path = item("categories", index);
            if category.name.is_empty() {
                self.add(part(&path, "name"), "is required");
            }
            self.check_bytes(&part(&path, "name"), &category.name, NAME_BYTES_MAX);
            self.check_bytes(&part(&path, "vocabulary"), &category.vocabulary, NAME_BYTES_MAX);
            if !category.score.is_finite() {
                self.add(part(&path, "score"), "must be a number");
            }
        }
        if let Some(dynamics) = &signal.dynamics {
            let spans = [
                ("talk_over_duration", dynamics.talk_over_duration),
                ("silence_duration", dynamics.silence_duration),
                ("hold_duration", dynamics.hold_duration),
            ];
            for (name, span) in spans {
                self.take_offset(&part("dynamics", name), span);
            }
        }
        self.check_features(&signal.acoustic_features);
        self.at_most("evidence", signal.evidence.len(), EVIDENCE_SPANS_MAX);
        for (index, span) in signal.evidence.iter().take(EVIDENCE_SPANS_MAX).enumerate() {
            let path = item("evidence", index);
            if span.end < span.start {
                self.add(part(&path, "end"), "is before start");
            }
            self.check_bytes(&part(&path, "label"), &span.label, NAME_BYTES_MAX);
        }
    }

    fn check_features(&mut self, features: &BTreeMap<String, f64>) {
        self.at_most("acoustic_features", features.len(), ATTRIBUTES_MAX);
        for (key, value) in features.iter().take(ATTRIBUTES_MAX) {
            let path = entry("acoustic_features", key);
            if key.is_empty() || key.len() > NAME_BYTES_MAX {
                self.add(&path, format!("has a key of {} bytes; 1 to {NAME_BYTES_MAX} are allowed", key.len()));
            }
            if !value.is_finite() {
                self.add(&path, "must be a number");
            }
        }
    }

    /// A place in time within a contact, from zero on.
    fn take_offset(&mut self, field: &str, offset: Option<Duration>) -> Option<Timestamp> {
        let offset = offset?;
        if offset.seconds < 0 || offset.seconds > SPAN_MAX.0 / 1_000_000 || !(0..1_000_000_000).contains(&offset.nanos)
        {
            self.add(field, format!("must be from zero to {SPAN_MAX}"));
            return None;
        }
        Some(Timestamp(offset.seconds * 1_000_000 + i64::from(offset.nanos) / 1_000))
    }
}
