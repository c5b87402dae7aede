//! How long agents worked on contacts: at them, set aside, wrapping up.
//!
//! Invariant: work is counted when it ends, whole, for the queue and channel of its acceptance; what never connected and
//! what an agent was lost with is not handled. Bounded by open engagements. Of those that were open when counting began
//! nothing is counted.

use rustc_hash::FxHashMap;

use super::{counts::Work, waits::LineKey};
use crate::{
    engine::{Event, event::EngagementOver},
    model::{
        ids::EngagementKey,
        time::{Span, Timestamp},
    },
};

/// Contacts at their agents.
#[derive(Debug, Default)]
pub(super) struct Engagements(FxHashMap<EngagementKey, Handling>);

/// An accepted contact at its agent.
#[derive(Debug)]
struct Handling {
    line: LineKey,
    accepted_at: Timestamp,
    held_since: Option<Timestamp>,
    held: Span,
    wrap_up_at: Option<Timestamp>,
}

impl Engagements {
    /// An agent accepted a contact of this line.
    pub fn begin(&mut self, now: Timestamp, engagement: EngagementKey, line: LineKey) {
        let handling = Handling { line, accepted_at: now, held_since: None, held: Span::ZERO, wrap_up_at: None };
        self.0.insert(engagement, handling);
    }

    /// Follows an event; of one that ends a contact's handling, what the agent did and for which line.
    pub fn event(&mut self, now: Timestamp, event: &Event) -> Option<(LineKey, Work)> {
        match event {
            Event::EngagementInterrupted { engagement } => self.0.get_mut(engagement)?.held_since = Some(now),
            Event::EngagementResumed { engagement } => self.0.get_mut(engagement)?.resume(now),
            Event::WrapUpStarted { engagement, .. } => {
                let handling = self.0.get_mut(engagement)?;
                handling.resume(now);
                handling.wrap_up_at = Some(now);
            }
            Event::EngagementEnded { engagement, because, .. } => {
                let mut handling = self.0.remove(engagement)?;
                if matches!(because, EngagementOver::ConnectFailed | EngagementOver::AgentLost) {
                    return None;
                }
                handling.resume(now);
                return Some((handling.line, handling.work(now)));
            }
            _ => {}
        }
        None
    }
}

impl Handling {
    fn resume(&mut self, now: Timestamp) {
        if let Some(since) = self.held_since.take() {
            self.held = self.held + (now - since);
        }
    }

    fn work(&self, now: Timestamp) -> Work {
        let wrap_up = self.wrap_up_at.map_or(Span::ZERO, |since| now - since);
        let talk = Span((now - self.accepted_at).0 - self.held.0 - wrap_up.0);
        Work { talk, hold: self.held, wrap_up }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::ids::{AgentKey, ChannelKey, ContactId, QueueKey};

    use super::*;

    #[test]
    fn talk_hold_and_wrap_up_are_told_apart() {
        let (engagement, line) = (EngagementKey(7), (QueueKey(1), ChannelKey(2)));
        let at = |seconds| Timestamp(0) + Span::from_secs(seconds);
        let ended = |because| Event::EngagementEnded {
            engagement,
            agent: AgentKey(1),
            contact: ContactId::new("c").unwrap(),
            because,
        };
        let mut engagements = Engagements::default();
        engagements.begin(at(0), engagement, line);
        engagements.event(at(10), &Event::EngagementInterrupted { engagement });
        engagements.event(at(25), &Event::EngagementResumed { engagement });
        engagements.event(at(30), &Event::EngagementInterrupted { engagement });
        let (until, latest) = (at(60), at(60));
        let wrap_up = Event::WrapUpStarted { engagement, until, latest, because: EngagementOver::Completed };
        engagements.event(at(32), &wrap_up);
        let [talk, hold, wrap_up] = [15, 17, 8].map(Span::from_secs);
        let work = engagements.event(at(40), &ended(EngagementOver::WrappedUp));
        assert_eq!(work, Some((line, Work { talk, hold, wrap_up })));
        engagements.begin(at(50), engagement, line);
        assert_eq!(engagements.event(at(51), &ended(EngagementOver::ConnectFailed)), None);
        assert_eq!(engagements.event(at(52), &ended(EngagementOver::Completed)), None, "it is over");
    }
}
