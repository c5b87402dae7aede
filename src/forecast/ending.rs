//! How contacts end: how the customer felt when an agent took the contact, and when the agent was done with it.
//!
//! Invariant: an outcome belongs to the agent who completed the contact, and there is one only if the customer was heard
//! meanwhile. It says nothing of how long that took. What is heard of a contact is kept until it is closed. Not here: what
//! was to be expected, and what follows for the agent (`empathy`).

use std::collections::BTreeMap;

use crate::{
    engine::event::EngagementOver,
    model::{
        ids::{AgentKey, ChannelKey, ContactKey, EngagementKey},
        signal::{Signal, Thousandths, WHOLE},
        time::Timestamp,
    },
    scoring::Evidence,
};

/// Feelings at the start are told apart by so many thousandths.
const STEP: Thousandths = 125;

/// What is known of a contact when an agent takes it, as far as the end is expected to depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Whether it is a moment of truth.
    pub is_moment: bool,
    /// How distressed the customer was, in eighths; `None` = nothing was heard.
    pub start: Option<u8>,
    /// How it came.
    pub channel: ChannelKey,
}

/// How a customer left an agent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Whom.
    pub agent: AgentKey,
    /// What sort of contact it was.
    pub kind: Kind,
    /// 1 = at ease, 0 = distressed to the utmost.
    pub left: f64,
}

/// Contacts of which something was heard, and those that agents have.
#[derive(Debug, Default)]
pub struct Endings {
    heard: BTreeMap<ContactKey, Evidence>,
    begun: BTreeMap<EngagementKey, Begun>,
}

#[derive(Debug)]
struct Begun {
    contact: ContactKey,
    agent: AgentKey,
    kind: Kind,
    at: Timestamp,
}

impl Endings {
    /// Something was heard of a contact.
    pub fn hear(&mut self, now: Timestamp, contact: ContactKey, signals: &[Signal]) {
        let heard = self.heard.entry(contact).or_default();
        for signal in signals {
            heard.take(now, signal);
        }
    }

    /// An agent takes a contact, which may be a moment of truth.
    pub fn begin(
        &mut self,
        now: Timestamp,
        engagement: EngagementKey,
        (contact, channel, is_moment): (ContactKey, ChannelKey, bool),
        agent: AgentKey,
    ) {
        let felt = self.heard.get(&contact).and_then(|heard| heard.mood(now).end());
        let start = felt.and_then(|(distress, _)| u8::try_from(distress.min(WHOLE - 1) / STEP).ok());
        self.begun.insert(engagement, Begun { contact, agent, kind: Kind { is_moment, start, channel }, at: now });
    }

    /// The agent is done with it.
    pub fn end(&mut self, now: Timestamp, engagement: EngagementKey, because: EngagementOver) -> Option<Outcome> {
        let begun = self.begun.remove(&engagement)?;
        let (distress, at) = self.heard.get(&begun.contact)?.mood(now).end()?;
        let is_known = because == EngagementOver::Completed && at > begun.at;
        let left = 1.0 - f64::from(distress) / f64::from(WHOLE);
        is_known.then_some(Outcome { agent: begun.agent, kind: begun.kind, left })
    }

    /// The contact is closed.
    pub fn forget(&mut self, contact: ContactKey) {
        self.heard.remove(&contact);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        signal::{Content, Feeling, SignalKey, Source},
        time::Span,
    };

    const CONTACT: ContactKey = ContactKey(1);
    const WORK: EngagementKey = EngagementKey(1);

    fn at(secs: i64) -> Timestamp {
        Timestamp(Span::from_secs(secs).0)
    }

    fn feels(number: u64, valence: i16) -> Signal {
        let feeling = Some(Feeling { valence, arousal: 1_000, confidence: 1_000 });
        Signal {
            key: SignalKey(number),
            revision: 0,
            source: Source::Text,
            observed_at: None,
            content: Some(Content { feeling, ..Content::default() }),
        }
    }

    fn begun(endings: &mut Endings) {
        endings.hear(at(0), CONTACT, &[feels(1, -1_000), feels(2, -1_000)]);
        endings.begin(at(10), WORK, (CONTACT, ChannelKey(0), true), AgentKey(3));
    }

    #[test]
    fn who_is_calmed_leaves_better_than_expected_of_that_start() {
        let mut endings = Endings::default();
        begun(&mut endings);
        endings.hear(at(20), CONTACT, &[feels(3, 500), feels(4, 500)]);
        let outcome = endings.end(at(30), WORK, EngagementOver::Completed).unwrap();
        assert_eq!(outcome.kind, Kind { is_moment: true, start: Some(4), channel: ChannelKey(0) });
        assert!((outcome.left - 0.75).abs() < 0.001, "{outcome:?}");
        assert_eq!(endings.end(at(40), WORK, EngagementOver::WrappedUp), None, "it counts once");
    }

    #[test]
    fn who_was_not_heard_or_went_on_elsewhere_says_nothing() {
        let mut endings = Endings::default();
        begun(&mut endings);
        assert_eq!(endings.end(at(30), WORK, EngagementOver::Completed), None);
        begun(&mut endings);
        endings.hear(at(20), CONTACT, &[feels(3, 500)]);
        assert_eq!(endings.end(at(30), WORK, EngagementOver::Transferred), None);
        endings.forget(CONTACT);
        assert!(endings.heard.is_empty() && endings.begun.is_empty());
    }
}
