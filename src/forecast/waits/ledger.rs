//! Who was told how long a wait would be, and how that turned out.
//!
//! A contact is judged when an agent accepts it, by up to two expectations. One is of its entry into the queue, made for
//! that alone and of all contacts alike: estimates learn from it. The other is what somebody was told: the quote that its
//! customer had of the same queue and channel within the last minute before joining, or the last answer about it while it
//! waited. It is judged from then on, and nothing is learnt from it, for who asks is no fair sample.
//!
//! Invariant: kept of a contact are times and numbers, by its key, until its wait ends; of what was told one value, the
//! newest. Parked or in another queue it waits anew, and nobody was told of that. Not here: how long waits will be
//! (`estimate`), customers who have not joined (`quotes`), counting (`shard`).

use std::collections::BTreeMap;

use crate::{
    forecast::decay::seconds,
    model::{
        ids::{ContactKey, QueueKey},
        time::{Span, Timestamp},
    },
};

use super::{
    estimate::{Expected, Unknown},
    load::Load,
    range::QUANTILES,
    work::Line,
};

/// What became of an estimate, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// A contact came and is to expect this.
    Told {
        /// Its queue.
        queue: QueueKey,
        /// On average.
        mean: f64,
        /// In the order of [`QUANTILES`].
        waits: [f64; QUANTILES.len()],
    },
    /// A contact came, and nobody can say.
    Unknown {
        /// Its queue.
        queue: QueueKey,
        /// Why.
        why: Unknown,
    },
    /// An agent accepted one of which this was expected.
    Judged {
        /// Its queue.
        queue: QueueKey,
        /// By whom and when.
        of: Of,
        /// In the order of [`QUANTILES`].
        waits: [f64; QUANTILES.len()],
        /// How long it waited from then on.
        waited: f64,
    },
}

/// Which expectation is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Of {
    /// The one made as it entered its queue, at this load.
    Entry(Load),
    /// What somebody was told last.
    Told,
}

impl Outcome {
    /// The queue that it is about.
    pub fn queue(&self) -> QueueKey {
        match self {
            Self::Told { queue, .. } | Self::Unknown { queue, .. } | Self::Judged { queue, .. } => *queue,
        }
    }
}

/// Contacts in line, and what became of estimates.
#[derive(Debug, Default)]
pub struct Ledger {
    waiting: BTreeMap<ContactKey, Waiting>,
    outcomes: Vec<Outcome>,
}

/// A contact in line.
#[derive(Debug)]
pub struct Waiting {
    /// Where.
    pub line: Line,
    since: Timestamp,
    /// Since when the customer's patience is tried; not while it is parked.
    tried_since: Option<Timestamp>,
    /// What it was to expect as it came, and at which load, if that was estimated.
    entry: Option<Box<(Expected, Load)>>,
    told: Option<Box<Told>>,
}

/// What somebody was told at a time, in seconds from then on.
#[derive(Debug)]
struct Told {
    at: Timestamp,
    waits: [f64; QUANTILES.len()],
}

impl Waiting {
    /// Whether it is not offered, by wish.
    pub fn is_parked(&self) -> bool {
        self.tried_since.is_none()
    }

    /// For how long the customer's patience has been tried since it began or was tried last.
    pub fn tried(&self, now: Timestamp) -> Option<Span> {
        self.tried_since.map(|since| now - since)
    }
}

impl Ledger {
    /// A contact waits from now on.
    pub fn enter(&mut self, now: Timestamp, contact: ContactKey, line: Line) {
        let waiting = Waiting { line, since: now, tried_since: Some(now), entry: None, told: None };
        self.waiting.insert(contact, waiting);
    }

    /// Where it waits, if it does.
    pub fn line_of(&self, contact: ContactKey) -> Option<Line> {
        self.waiting.get(&contact).map(|waiting| waiting.line)
    }

    /// What it is to expect that came just now.
    pub fn expect(&mut self, contact: ContactKey, expected: Result<(Expected, Load), Unknown>) {
        let Some(waiting) = self.waiting.get_mut(&contact) else { return };
        let queue = waiting.line.0;
        match expected {
            Ok((expected, load)) => {
                let mean = expected.wait.mean;
                self.outcomes.push(Outcome::Told { queue, mean, waits: expected.waits });
                waiting.entry = Some(Box::new((expected, load)));
            }
            Err(why) => self.outcomes.push(Outcome::Unknown { queue, why }),
        }
    }

    /// Somebody is told of a contact how long it waits from now on.
    pub fn tell(&mut self, now: Timestamp, contact: ContactKey, waits: [Span; QUANTILES.len()]) {
        if let Some(waiting) = self.waiting.get_mut(&contact).filter(|waiting| !waiting.is_parked()) {
            waiting.told = Some(Box::new(Told { at: now, waits: waits.map(seconds) }));
        }
    }

    /// It is not offered and nobody waits for that: what was expected is void. For how long patience was tried until then.
    pub fn park(&mut self, now: Timestamp, contact: ContactKey) -> Option<(Line, Span)> {
        let waiting = self.waiting.get_mut(&contact)?;
        (waiting.entry, waiting.told) = (None, None);
        let since = waiting.tried_since.take()?;
        Some((waiting.line, now - since))
    }

    /// It is offered again.
    pub fn release(&mut self, now: Timestamp, contact: ContactKey) {
        if let Some(waiting) = self.waiting.get_mut(&contact) {
            waiting.tried_since = Some(now);
        }
    }

    /// It waits no more.
    pub fn leave(&mut self, contact: ContactKey) -> Option<Waiting> {
        self.waiting.remove(&contact)
    }

    /// An agent accepted it. What was expected of its entry, and how long it waited, to learn from.
    pub fn judge(&mut self, now: Timestamp, waiting: Waiting) -> Option<(Expected, f64)> {
        let queue = waiting.line.0;
        if let Some(told) = waiting.told {
            let waited = seconds(now - told.at);
            self.outcomes.push(Outcome::Judged { queue, of: Of::Told, waits: told.waits, waited });
        }
        let (expected, load) = *waiting.entry?;
        let waited = seconds(now - waiting.since);
        self.outcomes.push(Outcome::Judged { queue, of: Of::Entry(load), waits: expected.waits, waited });
        Some((expected, waited))
    }

    /// What became of estimates since this was last asked.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }
}
