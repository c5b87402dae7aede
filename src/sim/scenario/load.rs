//! A stream that is given by its load: how many a second that is.
//!
//! Invariant: reckoned once, as a scenario is read, by its own document (by the one that is played if it names none); so
//! documents under test have no part in who comes. A share of what agents can do is one where each of them always does
//! one contact at a time and takes as long as the contact does; elsewhere it is refused. Not here: when each comes
//! (`player::source`).

use super::{Group, distribution::Distribution, distribution::seconds, read::Reading};
use crate::model::{
    document::Place,
    ids::{ChannelName, QueueName},
    time::Span,
};

/// What a contact of a stream asks of an agent.
pub(super) struct Work<'a> {
    /// Where it goes.
    pub queue: Option<&'a QueueName>,
    /// How it comes.
    pub channel: Option<&'a ChannelName>,
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

    /// That a share of what all agents can do says how many come.
    pub fn check(&self, place: &Place<'_>, reading: &Reading<'_>) {
        let why = match self.handling.mean() {
            0.0 => Some("takes no time".to_owned()),
            _ => reading
                .groups
                .iter()
                .find_map(|group| Some(format!("{:?} {}", group.name, self.hinders(group, reading)?))),
        };
        if let Some(why) = why {
            place.fault(format!("is given by its load, but {why}; say how many come by per_hour"));
        }
    }

    /// Why nobody can say how much these agents do.
    fn hinders(&self, group: &Group, reading: &Reading<'_>) -> Option<&'static str> {
        if !group.shifts.is_empty() {
            return Some("has shifts");
        }
        if group.pace != 1.0 {
            return Some("has a pace");
        }
        if group.handling.is_some() {
            return Some("has a handling of its own");
        }
        let document = reading.own?;
        let rules = self.queue.and_then(|queue| document.queues.get(queue));
        let of_channel = self.channel.and_then(|channel| document.channels.get(channel));
        let cost = rules.and_then(|rules| rules.cost).or(of_channel.map(|channel| channel.cost))?;
        let limit = self.channel.and_then(|channel| group.channel_limits.get(channel));
        let at_once = limit.map_or(u32::MAX, |limit| u32::from(*limit)).min(group.capacity / cost);
        let wrap_up = rules.map(|rules| &rules.wrap_up).filter(|wrap_up| wrap_up.time > Span::ZERO);
        let besides = wrap_up.is_some_and(|wrap_up| cost + wrap_up.cost.unwrap_or(cost) <= group.capacity);
        match at_once {
            0 => Some("has no room for one"),
            1 if besides => Some("has room for another while writing up"),
            1 => None,
            _ => Some("has room for several at once"),
        }
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
