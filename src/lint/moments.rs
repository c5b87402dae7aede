//! What a document says of moments and cannot mean.
//!
//! Invariant: of single moments only the document's own are remarked on, because what a shipped catalogue says need not fit
//! every document to the second.

#![deny(clippy::float_arithmetic)]

use std::collections::BTreeSet;

use super::{Kind, Say};
use crate::model::{
    document::{Catalogue, Document, Empathy, Moment, ReserveMode, Trigger, written_span},
    ids::{EventName, MomentName, QueueName},
    signal::{Source, Thousandths},
    similar::similar,
    time::Span,
};
use crate::scoring::score::{ENTER, SAFETY, joined};

/// Looks at all of it.
pub(super) fn look(document: &Document, say: Say<'_>) {
    of_the_whole(document, say);
    for (name, moment) in document.moments.iter().filter(|(_, moment)| moment.origin.is_none()) {
        Own { document, name, moment }.look(say);
    }
    for name in queues_of_empathy(document) {
        let keeps = "asks empathy of everybody who serves it, so that there is nobody else whom a routine contact could \
                     take; keep nobody free with [reserve] k = 0, or ask empathy in prefer";
        say(Kind::ReserveOfAll, &["queues", name.as_str(), "require"], keeps.to_owned());
    }
}

fn of_the_whole(document: &Document, say: Say<'_>) {
    if document.empathy.is_some() || document.moments.is_empty() {
        return;
    }
    let key = if document.catalogues.is_empty() { "moments" } else { "catalogues" };
    let nobody = "says what moments of truth are, and without [empathy] nobody is empathetic: they only move contacts in \
                  their lines; say in [empathy] who is";
    say(Kind::MomentsWithoutEmpathy, &[key], nobody.to_owned());
}

/// Queues that only empathetic agents may serve, though some of them are kept free for moments of truth.
fn queues_of_empathy(document: &Document) -> impl Iterator<Item = &QueueName> {
    let reserve = &document.reserve;
    let keeps =
        reserve.mode != ReserveMode::Off && (reserve.k != Some(0) || reserve.k_by_skill.values().any(|k| *k > 0));
    let empathy = document.empathy.as_ref().filter(|_| keeps);
    let asks = |empathy: &Empathy, name: &QueueName| {
        document.queues[name].rule.required.conjuncts.iter().all(|conjunct| {
            conjunct.must.iter().any(|asked| asked.skill == empathy.skill && asked.level >= empathy.level)
        })
    };
    document.queues.keys().filter(move |name| empathy.is_some_and(|empathy| asks(empathy, name)))
}

/// A moment that the document itself describes.
struct Own<'d> {
    document: &'d Document,
    name: &'d MomentName,
    moment: &'d Moment,
}

impl Own<'_> {
    fn look(&self, say: Say<'_>) {
        let mut of = |kind, key: &str, remark: Option<String>| {
            if let Some(remark) = remark {
                say(kind, &["moments", self.name.as_str(), key], remark);
            }
        };
        of(Kind::MomentTooLight, "weight", self.never_reaches());
        of(Kind::MomentGivesTooMuch, "head_start", self.gives_too_much());
        of(Kind::MomentAsksNoMore, "empathy", self.asks_no_more());
        of(Kind::MomentHold, "hold", self.holds_too_long());
        of(Kind::MomentSkillsUnasked, "skills", self.asks_nobody());
        of(Kind::MomentOfferTime, "offer_time", self.gives_no_longer());
        for trigger in &self.moment.triggers {
            of(Kind::MomentNeverMade, "triggers", self.never_comes(trigger));
            of(Kind::EventMisspelt, "triggers", misspelt(trigger));
        }
    }

    /// Its weight, with everything that can stand beside it, makes no moment of truth.
    fn never_reaches(&self) -> Option<String> {
        let Moment { weight, head_start, .. } = *self.moment;
        if weight == 0 && head_start == Span::ZERO {
            return Some("is 0, and no head start is given: the moment changes nothing; leave it out".to_owned());
        }
        let (signals, worth) = (&self.document.signals, &self.document.head_start);
        let felt = [worth.emotion, worth.urgency].into_iter().filter(|_| signals.text || signals.voice);
        let known = [worth.repeats, worth.reach, worth.value, worth.effort].into_iter().filter(|_| signals.facts);
        let most = joined(felt.chain(known).map(|worth| worth.weight).chain([weight]));
        let hundredths = |thousandths: Thousandths| thousandths / 10;
        (0 < weight && most < ENTER).then(|| {
            format!(
                "is {}; with everything that [head_start] counts beside it the score comes to {}, and a moment of truth \
                 begins at {}",
                hundredths(weight),
                hundredths(most),
                hundredths(ENTER)
            )
        })
    }

    /// More than is ever counted, or than words alone may give.
    fn gives_too_much(&self) -> Option<String> {
        let (given, caps) = (self.moment.head_start, &self.document.head_start);
        let is = written_span(given);
        if given > caps.max {
            return Some(format!("is {is}; of all evidence together at most {} count", written_span(caps.max)));
        }
        let by_words = |trigger: &Trigger| match trigger {
            Trigger::Event { event, from, .. } => *from == [Source::Text] && !SAFETY.contains(&event.as_str()),
            Trigger::Distress(_) | Trigger::Repeats(_) => false,
        };
        (given > caps.text_max && self.moment.triggers.iter().all(by_words)).then(|| {
            let most = written_span(caps.text_max);
            format!("is {is}, and only words make this moment; they give {most} at most, unless a fact, a repeat or a voice goes with them")
        })
    }

    /// As much empathy as every moment of truth gets.
    fn asks_no_more(&self) -> Option<String> {
        let (level, asked) = (self.document.empathy.as_ref()?.level, self.moment.empathy);
        (0 < asked && asked <= level)
            .then(|| format!("is {asked}; [empathy] asks {level} for every moment of truth, so this asks no more"))
    }

    /// Longer than contacts may wait to be on time anywhere, or in a document that holds nobody.
    fn holds_too_long(&self) -> Option<String> {
        let hold = self.moment.hold.filter(|hold| *hold > Span::ZERO)?;
        self.document.empathy.as_ref()?;
        if self.document.reserve.mode == ReserveMode::Off {
            return Some(
                "holds contacts for agents whom [reserve] mode = \"off\" keeps nobody of: it is not done".to_owned(),
            );
        }
        let longest = self.document.queues.values().map(|queue| queue.service_level).max()?;
        (hold > longest).then(|| {
            let (hold, longest) = (written_span(hold), written_span(longest));
            format!("is {hold}; by then it is too late for the service level of every queue, the longest of which is {longest}")
        })
    }

    /// Skills are asked only while a contact is held, and it never is.
    fn asks_nobody(&self) -> Option<String> {
        let empathy = self.document.empathy.as_ref();
        let hold = self.moment.hold.or(empathy.and_then(|empathy| empathy.hold));
        let is_held = empathy.is_some() && self.document.reserve.mode != ReserveMode::Off && hold != Some(Span::ZERO);
        (!self.moment.skills.is_empty() && !is_held).then(|| {
            "are asked only as long as a contact is held for an empathetic agent, and this one never is".to_owned()
        })
    }

    /// No longer than every queue gives anyway.
    fn gives_no_longer(&self) -> Option<String> {
        let (time, shortest) =
            (self.moment.offer_time?, self.document.queues.values().map(|queue| queue.offers.time).min()?);
        (time <= shortest).then(|| {
            let (time, shortest) = (written_span(time), written_span(shortest));
            format!("is {time}; every queue gives {shortest} or more already")
        })
    }

    /// What makes it is switched off.
    fn never_comes(&self, trigger: &Trigger) -> Option<String> {
        let signals = &self.document.signals;
        let is_off = match trigger {
            Trigger::Event { from, .. } => !from.is_empty() && from.iter().all(|source| !signals.takes(*source)),
            Trigger::Distress(_) => !signals.text && !signals.voice,
            Trigger::Repeats(_) => !signals.facts,
        };
        let what = match trigger {
            Trigger::Event { event, from, .. } => {
                let from: Vec<&str> = from.iter().map(|source| source.name()).collect();
                format!("{:?} counts from {} alone", event.as_str(), from.join(" and "))
            }
            Trigger::Distress(_) => "distress comes of words and voice alone".to_owned(),
            Trigger::Repeats(_) => "repeats are facts".to_owned(),
        };
        is_off.then(|| format!("never come: {what}, and [signals] switches that off"))
    }
}

/// An event that nobody names, and that reads nearly as one that the analyser names or a shipped catalogue has: these have
/// all that the analyser names (a test compares them).
fn misspelt(trigger: &Trigger) -> Option<String> {
    let Trigger::Event { event, .. } = trigger else { return None };
    let triggers = Catalogue::ALL.into_iter().flat_map(|catalogue| catalogue.moments().values());
    let known = triggers.flat_map(|moment| &moment.triggers).filter_map(|trigger| match trigger {
        Trigger::Event { event, .. } => Some(event.as_str()),
        Trigger::Distress(_) | Trigger::Repeats(_) => None,
    });
    let known: BTreeSet<&str> = known.collect();
    let event = EventName::as_str(event);
    let meant = similar(event, known.iter().copied()).filter(|_| !known.contains(event))?;
    Some(format!("name the event {event:?}, which only a platform can declare; did you mean {meant:?}?"))
}
