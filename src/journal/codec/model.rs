//! The model's types, field by field.

use crate::model::{
    agent::{AgentProfile, AgentRow, Expected, Presence},
    care::{Announced, Care, Grade},
    contact::{CancelReason, ClosedBecause, KeepPlace, NewContact, TargetAgent},
    document::{Document, DocumentEtag, Format, Handling, Origin},
    ids::{
        ActorId, AgentId, AgentKey, ChannelKey, ChannelName, ContactId, ContactKey, EngagementKey, EventName,
        MomentName, OfferKey, QueueKey, QueueName, RequestId, SessionId, SkillKey, SkillName, SourceName, TenantId,
    },
    requirement::{AtLeast, Condition, Requirement, RequirementError},
    signal::{Content, CustomerFacts, Feeling, Measure, Signal, SignalKey, Source},
    supervision::{Action, PresenceTiming, QueueMode, Supervision},
    time::{Span, Timestamp},
    trace::TraceContext,
};

use super::wire::{
    BYTES, Broken, Kept, Out, Reader, choice, found, plain, put_bytes, put_fields, put_number, put_unless_empty,
    record, stands_for,
};

macro_rules! names {
    ($($type:ident),+ $(,)?) => {$(
        impl Kept for $type {
            fn put_field(&self, number: u32, to: &mut Out<'_>) {
                put_bytes(number, self.as_str().as_bytes(), to);
            }

            fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
                let bytes = from.bytes(kind)?;
                let text = std::str::from_utf8(bytes).map_err(|error| Broken::Text(error.to_string()))?;
                *slot = Some(Self::new(text).map_err(|error| Broken::Text(format!("{text:?} {error}")))?);
                Ok(())
            }
        }
    )+};
}

names! {
    ActorId, AgentId, ChannelName, ContactId, EventName, MomentName, QueueName, RequestId, SessionId, SkillName, SourceName, TenantId,
}

macro_rules! keys {
    ($($type:ident($number:ty)),+ $(,)?) => {
        stands_for! { $($type: $number, |key| key.0, |number| Ok($type(number)));+ }
    };
}

keys! {
    ContactKey(u64), AgentKey(u32), OfferKey(u64), EngagementKey(u64), QueueKey(u32), SkillKey(u32), ChannelKey(u16),
    SignalKey(u64), Timestamp(i64), Span(i64),
}

stands_for! {
    // A language's two letters.
    [u8; 2]: String, |code| String::from_utf8_lossy(code).into_owned(), |text| {
        text.into_bytes().try_into().map_err(|_| Broken::Range)
    };
    TraceContext: (String, String), |trace| (trace.parent(), trace.state().to_owned()), |(parent, state)| {
        Self::parse(&parent, &state).map_err(|error| Broken::Text(format!("{parent:?} {error}")))
    };
    Grade: u8, |grade| grade.number(), |number| Grade::new(number).ok_or(Broken::Range);
}

plain! {
    CancelReason { 1: CustomerLeft, 2: Withdrawn }
    ClosedBecause { 1: Handled, 2: Abandoned, 3: Cancelled, 4: Expired, 5: NeverCame }
    KeepPlace { 1: Keep, 2: New }
    PresenceTiming { 1: Immediately, 2: AfterWork }
    QueueMode { 1: Open, 2: Paused, 3: Draining }
    Source { 1: Fact, 2: Text, 3: Voice }
    Format { 1: Toml, 2: Json, 3: Yaml }
    Handling { 1: Timed, 2: Untimed }
}

record! {
    Care { 1: moment_of_truth, 2: empathy, 3: hold, 4: grade }
    Announced { 1: moment_of_truth, 2: probability }
    TargetAgent { 1: agent, 2: window }
    // Its details come before its signals, since they say whose these are.
    NewContact {
        1: id, 2: queue, 3: channel, 4: requirement, 5: target, 6: excluded, 7: care, 8: dynamic, 11: details,
        9: signals, 10: arrived_at, 12: trace,
    }
    AgentProfile { 1: display_name, 2: skills, 3: queues, 4: capacity, 5: channel_limits, 6: attributes, 7: empathy_fixed }
    AgentRow { 1: agent, 2: profile, 3: expected }
    Supervision { 1: actor, 2: reason, 3: action }
    Signal { 1: key, 2: revision, 3: observed_at, 4: source, 5: content }
    Content { 1: feeling, 2: urgency, 3: events, 4: customer, 5: language }
    Feeling { 1: valence, 2: arousal, 3: confidence }
    Measure { 1: value, 2: confidence }
    CustomerFacts { 1: value, 2: reach, 3: expertise, 4: attempts }
    Condition { 1: skill, 2: level }
    AtLeast { 1: count, 2: of }
    Requirement { 1: all, 2: any, 3: none, 4: at_least }
    DocumentEtag { 1: version, 2: digest }
    Origin { 1: author, 2: note, 3: restores }
}

choice! {
    Expected { 1: Anything {}, 2: Absent {}, 3: Present {}; 4: Revision }
}
choice! {
    Presence { 1: Offline {}, 2: Available {}, 3: Away { 1: reason } }
}
choice! {
    Action {
        1: MoveContact { 1: contact, 2: queue, 3: place },
        2: MoveQueue { 1: from, 2: to, 3: place },
        3: PullContact { 1: contact, 2: to },
        4: PrioritiseContact { 1: contact, 2: head_start },
        5: ForcePresence { 1: agent, 2: presence, 3: timing },
        6: SetQueueMode { 1: queue, 2: mode },
        10: EraseCustomer { 1: customer },
    }
}
choice! {
    RequirementError { 1: Impossible {}, 2: TooManyChoices {}; 3: TooManyAlternatives, 4: TooManyConditions }
}

/// By its text, of which all else follows.
impl Kept for Document {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        put_fields(number, to, |to| {
            put_bytes(1, self.source.text.as_bytes(), to);
            put_unless_empty(2, &self.source.format, to);
        });
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut fields = from.fields(kind)?;
        let (mut text, mut format) = (None, None);
        while let Some((number, kind)) = fields.tag()? {
            match (number, kind) {
                (1, BYTES) => String::take_field(&mut text, kind, &mut fields)?,
                (2, _) => Format::take_field(&mut format, kind, &mut fields)?,
                _ => fields.skip(kind)?,
            }
        }
        let (text, format) = (found(text, "text")?, found(format, "format")?);
        *slot = Some(Self::parse(&text, format).map_err(|error| Broken::Document(error.to_string()))?);
        Ok(())
    }
}
