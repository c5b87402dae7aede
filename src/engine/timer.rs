//! Deadlines as state: an ordered set, each with the thing that is due.
//!
//! Invariant: a holder has at most one timer of its kind, and it stands at the time the holder says. Expiry is an event
//! like any other. One timer per waiting contact (40 bytes, 0.2 µs) replaces separate mechanisms for steps, maximum
//! wait, targets, refusals, parking and draining.

use std::collections::BTreeSet;

use crate::model::{
    ids::{AgentKey, ContactKey, EngagementKey, OfferKey},
    time::Timestamp,
};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Something about a contact: the contact's state says what.
    Contact(ContactKey),
    /// An offer's delivery or its answer.
    Offer(OfferKey),
    /// Wrap-up.
    WrapUp(EngagementKey),
    /// A lost session: its offers, then its grace.
    Session(AgentKey),
    /// An agent's cooldown from moments of truth.
    Rest(AgentKey),
    /// The oldest remembered request.
    Requests,
    /// What is left of the contacts and offers that ended first.
    Tombstones,
    /// The next slice of a move between queues.
    Move,
    /// Offering goes on after a restart, whoever is back.
    Hold,
    /// The next slice of those whom an overflow lets go on.
    Overflow,
}

/// All deadlines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timers(BTreeSet<(Timestamp, Timer)>);

impl Timers {
    /// Sets, moves or clears a timer.
    pub fn move_to(&mut self, timer: Timer, from: Option<Timestamp>, to: Option<Timestamp>) {
        if from == to {
            return;
        }
        if let Some(from) = from {
            let was_there = self.0.remove(&(from, timer));
            debug_assert!(was_there, "a timer stands where its holder says: {timer:?}");
        }
        if let Some(to) = to {
            self.0.insert((to, timer));
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }

    /// What is due by now, earliest first.
    pub fn due(&self, now: Timestamp) -> Option<Timer> {
        self.0.first().filter(|(at, _)| *at <= now).map(|(_, timer)| *timer)
    }

    /// Whether this timer stands at this time (for checks).
    pub fn stands_at(&self, timer: Timer, at: Timestamp) -> bool {
        self.0.contains(&(at, timer))
    }

    /// How many there are (for checks).
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
