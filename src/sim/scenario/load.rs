//! A stream that is given by its load: how many a second that is.
//!
//! Invariant: reckoned once, as a scenario is read, by its own document (by the one that is played if it names none); so
//! documents under test have no part in who comes. Not here: when each comes (`player::source`).

use super::{Group, distribution::Distribution, distribution::seconds, read::Reading};
use crate::model::ids::QueueName;

/// What a contact of a stream asks of an agent.
pub(super) struct Work<'a> {
    /// Where it goes.
    pub queue: Option<&'a QueueName>,
    /// How long an agent has to do with it …
    pub handling: &'a Distribution,
    /// … and writes up; `None` = as long as the queue gives.
    pub wrap_up: Option<&'a Distribution>,
}

impl Work<'_> {
    /// Contacts a second that are this share of what all agents can do, wrap-up included.
    pub fn per_second(&self, share: f64, reading: &Reading<'_>) -> f64 {
        let agents: usize = reading.groups.iter().map(Group::len).sum();
        share * agents as f64 / (self.handling.mean() + self.wrap_up_mean(reading))
    }

    /// A queue that the scenario's own document does not know gives no wrap-up.
    fn wrap_up_mean(&self, reading: &Reading<'_>) -> f64 {
        let rules = reading.own.zip(self.queue).and_then(|(document, queue)| document.queues.get(queue));
        match self.wrap_up {
            Some(drawn) => drawn.mean(),
            None => rules.map_or(0.0, |rules| seconds(rules.wrap_up.time)),
        }
    }
}
