//! What is counted of contacts, and the service level under each of its names.
//!
//! A **wait** is a contact's stay in a queue, from entering to an agent's acceptance, or to whatever else ends it; a contact
//! that is transferred or put back waits again, and that is another wait. Whether a wait was in time is judged by the
//! service level (T) that its queue had when it began; a wait of exactly T is in time.
//!
//! Invariant: sums only, so that counts of slices, queues and shards added together are the counts of all. Not here: when
//! what happens (`waits`).

use super::{tally::Tally, windows::Additive};
use crate::model::{document::ServiceLevelBy, time::Span};

/// Contacts of a queue, of a channel or of both.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Waits that began.
    pub entered: u32,
    /// Offers made.
    pub offers: u32,
    /// Offers that agents declined.
    pub offers_declined: u32,
    /// Offers that agents did not answer.
    pub offers_missed: u32,
    /// How waits ended.
    pub ends: Ends,
    /// What came first of answer, leaving and T.
    pub first: First,
    /// The service level of each contact's queue, by the name that the queue goes by.
    pub service_level: Share,
    /// Contacts that agents passed on.
    pub transferred: u32,
    /// Contacts that waited again because agent and customer could not be connected.
    pub connect_failed: u32,
    /// What agents did with contacts whose handling has ended.
    pub work: Work,
    /// Moments of truth among all these.
    pub moments: MomentCounts,
    /// How long those had waited who were answered.
    pub answered_after: Tally,
    /// How long those had waited who left.
    pub abandoned_after: Tally,
    /// From acceptance to the end of wrap-up.
    pub handling: Tally,
}

/// How waits ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    /// An agent accepted.
    pub answered: u32,
    /// Of those, in time.
    pub answered_in_time: u32,
    /// The customer left.
    pub abandoned: u32,
    /// Of those, in time.
    pub abandoned_in_time: u32,
    /// Of those who left, no later than the queue's threshold for short abandons.
    pub abandoned_short: u32,
    /// The queue gave up: the longest wait was over, and there was no other queue to go to.
    pub given_up: u32,
    /// The contact went to another queue, or the platform withdrew it.
    pub moved_on: u32,
    /// Of those, when T had passed.
    pub moved_on_late: u32,
}

/// What came first of a wait's answer, the customer's leaving and T; counted at that moment, so that a wait that goes on
/// for too long shows at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct First {
    /// An agent accepted.
    pub met: u32,
    /// T passed, or the queue gave up before.
    pub missed: u32,
    /// The customer left.
    pub abandoned: u32,
    /// Of those, no later than the queue's threshold for short abandons.
    pub abandoned_short: u32,
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// The part.
    pub part: u64,
    /// The whole.
    pub whole: u64,
}

/// Agents' work on contacts whose handling has ended: together the handling time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// At the contact.
    pub talk: Span,
    /// Set aside for work that does not wait.
    pub hold: Span,
    /// Wrapping up.
    pub wrap_up: Span,
}

/// Moments of truth, or those of one entry of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MomentCounts {
    /// Accepted by anyone.
    pub answered: u32,
    /// Of those, in time.
    pub answered_in_time: u32,
    /// Accepted by empathetic agents.
    pub empathetic: u32,
    /// Of those, in time.
    pub empathetic_in_time: u32,
    /// Customers who left.
    pub abandoned: u32,
    /// How long those had waited who were answered, together.
    pub waited: Span,
}

/// How a wait ended, or what passed while it went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An agent accepted.
    Answered(Timing),
    /// The customer left.
    Abandoned(Timing, Patience),
    /// The queue gave up.
    GivenUp(Timing),
    /// The contact went to another queue, or the platform withdrew it.
    MovedOn(Timing),
    /// T passed, and the wait goes on.
    Overdue,
}

/// How long a wait was, by its queue's service level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// No longer than T.
    InTime,
    /// Longer.
    Late,
}

/// How soon a customer left, by the queue's threshold for short abandons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// No later.
    Short,
    /// Later.
    Long,
}

impl Counts {
    /// Counts an outcome; `by` is the name that the queue's service level goes by.
    pub fn count(&mut self, outcome: Outcome, by: ServiceLevelBy) {
        let (mut ends, mut first) = (Ends::default(), First::default());
        match outcome {
            Outcome::Answered(timing) => {
                ends.answered = 1;
                ends.answered_in_time = u32::from(timing == Timing::InTime);
                first.met = ends.answered_in_time;
            }
            Outcome::Abandoned(timing, patience) => {
                ends.abandoned = 1;
                ends.abandoned_in_time = u32::from(timing == Timing::InTime);
                ends.abandoned_short = u32::from(patience == Patience::Short);
                first.abandoned = ends.abandoned_in_time;
                first.abandoned_short = ends.abandoned_in_time * ends.abandoned_short;
            }
            Outcome::GivenUp(timing) => {
                ends.given_up = 1;
                first.missed = u32::from(timing == Timing::InTime);
            }
            Outcome::MovedOn(timing) => {
                ends.moved_on = 1;
                ends.moved_on_late = u32::from(timing == Timing::Late);
            }
            Outcome::Overdue => first.missed = 1,
        }
        self.ends.add(&ends);
        self.first.add(&first);
        self.service_level.add(&service_level(&ends, &first, by));
    }

    /// The service level under a name, as if every queue went by it.
    pub fn service_level_by(&self, by: ServiceLevelBy) -> Share {
        service_level(&self.ends, &self.first, by)
    }
}

/// The service level under each name; policy: what is in time, of what is owed an answer.
fn service_level(ends: &Ends, first: &First, by: ServiceLevelBy) -> Share {
    let Ends { answered, answered_in_time, abandoned_in_time, abandoned_short, .. } = *ends;
    let offered = ends.offered();
    let (part, whole) = match by {
        ServiceLevelBy::AnsweredOnly => (answered_in_time, answered),
        ServiceLevelBy::AbandonIgnored => (answered_in_time, offered - abandoned_in_time),
        ServiceLevelBy::AbandonNegative => (answered_in_time, offered),
        ServiceLevelBy::AbandonPositive => (answered_in_time + abandoned_in_time, offered),
        ServiceLevelBy::ShortAbandonsExcluded => (answered_in_time, offered - abandoned_short),
        ServiceLevelBy::EventTimed => (first.met, first.met + first.missed + first.abandoned),
    };
    Share { part: part.into(), whole: whole.into() }
}

impl Ends {
    /// Waits that have ended and were owed an answer: those answered, abandoned and given up, and those that moved on when
    /// T had passed. A wait that moved on in time is owed its answer where it went.
    pub fn offered(&self) -> u32 {
        self.answered + self.abandoned + self.given_up + self.moved_on_late
    }

    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.answered_in_time += other.answered_in_time;
        self.abandoned += other.abandoned;
        self.abandoned_in_time += other.abandoned_in_time;
        self.abandoned_short += other.abandoned_short;
        self.given_up += other.given_up;
        self.moved_on += other.moved_on;
        self.moved_on_late += other.moved_on_late;
    }
}

impl First {
    fn add(&mut self, other: &Self) {
        self.met += other.met;
        self.missed += other.missed;
        self.abandoned += other.abandoned;
        self.abandoned_short += other.abandoned_short;
    }
}

impl Share {
    /// As a number from 0 to 1; `None` of nothing.
    pub fn ratio(self) -> Option<f64> {
        (self.whole > 0).then(|| self.part as f64 / self.whole as f64)
    }

    fn add(&mut self, other: &Self) {
        self.part += other.part;
        self.whole += other.whole;
    }
}

impl Work {
    /// All of it.
    pub fn total(&self) -> Span {
        self.talk + self.hold + self.wrap_up
    }

    /// Counts more.
    pub fn add(&mut self, other: &Self) {
        self.talk = self.talk + other.talk;
        self.hold = self.hold + other.hold;
        self.wrap_up = self.wrap_up + other.wrap_up;
    }
}

impl MomentCounts {
    /// One was answered.
    pub fn answer(&mut self, timing: Timing, is_empathetic: bool, waited: Span) {
        let (in_time, empathetic) = (u32::from(timing == Timing::InTime), u32::from(is_empathetic));
        self.answered += 1;
        self.answered_in_time += in_time;
        self.empathetic += empathetic;
        self.empathetic_in_time += in_time * empathetic;
        self.waited = self.waited + waited;
    }

    /// Counts whatever the other has counted.
    pub fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.answered_in_time += other.answered_in_time;
        self.empathetic += other.empathetic;
        self.empathetic_in_time += other.empathetic_in_time;
        self.abandoned += other.abandoned;
        self.waited = self.waited + other.waited;
    }
}

impl Additive for Counts {
    fn add(&mut self, other: &Self) {
        self.entered += other.entered;
        self.offers += other.offers;
        self.offers_declined += other.offers_declined;
        self.offers_missed += other.offers_missed;
        self.ends.add(&other.ends);
        self.first.add(&other.first);
        self.service_level.add(&other.service_level);
        self.transferred += other.transferred;
        self.connect_failed += other.connect_failed;
        self.work.add(&other.work);
        self.moments.add(&other.moments);
        self.answered_after.add(&other.answered_after);
        self.abandoned_after.add(&other.abandoned_after);
        self.handling.add(&other.handling);
    }

    fn heap_bytes(&self) -> usize {
        [&self.answered_after, &self.abandoned_after, &self.handling].iter().map(|tally| tally.heap_bytes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Outcome::{Abandoned, Answered, Overdue};
    use Timing::{InTime, Late};

    /// In percent and tenths, rounded.
    fn percent(counts: &Counts, by: ServiceLevelBy) -> f64 {
        (counts.service_level_by(by).ratio().unwrap() * 1_000.0).round() / 10.0
    }

    #[test]
    fn seventy_answered_in_time_ten_gone_in_time_and_twenty_over() {
        let mut counts = Counts::default();
        let mut times = |count, outcomes: &[Outcome]| {
            for _ in 0..count {
                outcomes.iter().for_each(|outcome| counts.count(*outcome, ServiceLevelBy::AbandonIgnored));
            }
        };
        times(70, &[Answered(InTime)]);
        times(10, &[Abandoned(InTime, Patience::Long)]);
        times(20, &[Overdue, Answered(Late)]);
        assert_eq!(percent(&counts, ServiceLevelBy::AbandonIgnored), 77.8);
        assert_eq!(percent(&counts, ServiceLevelBy::AbandonNegative), 70.0);
        assert_eq!(percent(&counts, ServiceLevelBy::AbandonPositive), 80.0);
        assert_eq!(percent(&counts, ServiceLevelBy::AnsweredOnly), 77.8);
        assert_eq!(percent(&counts, ServiceLevelBy::ShortAbandonsExcluded), 70.0);
        assert_eq!(percent(&counts, ServiceLevelBy::EventTimed), 70.0);
        assert_eq!(counts.service_level, Share { part: 70, whole: 90 }, "the queue's own name");
    }

    #[test]
    fn a_service_level_of_several_queues_keeps_each_ones_name() {
        let (mut strict, mut lenient) = (Counts::default(), Counts::default());
        strict.count(Abandoned(InTime, Patience::Long), ServiceLevelBy::AbandonNegative);
        lenient.count(Abandoned(InTime, Patience::Long), ServiceLevelBy::AbandonPositive);
        strict.add(&lenient);
        assert_eq!(strict.service_level, Share { part: 1, whole: 2 });
        assert_eq!(Share::default().ratio(), None);
    }
}
