//! What somebody may want to do something about: what stands so now, and what happened lately.
//!
//! Invariant: what stands is read off the rows, so that it is there as long as it is so and no longer; what happened is
//! kept up to [`KEPT`] and tells its time.

use std::collections::VecDeque;

use crate::{
    api::pb::{self, QueueMode, WatchEventKind as Kind},
    cli::output::{time::clock, words::counted},
    model::time::Timestamp,
};

use super::wall::{Queue, Wall};

/// Things that happened of which an alert is made.
pub const KINDS: &[Kind] = &[
    Kind::ContactUnreachable,
    Kind::MomentUncovered,
    Kind::PresenceSet,
    Kind::RonaSuspended,
    Kind::SessionLost,
    Kind::EngagementUnconfirmed,
    Kind::AssistSuggested,
    Kind::QueueModeSet,
    Kind::OfferingHeld,
    Kind::OfferingResumed,
    Kind::DocumentApplied,
];
/// So many of them are remembered.
const KEPT: usize = 200;

/// What happened, the latest first.
#[derive(Debug, Default)]
pub struct Lately {
    happened: VecDeque<Happened>,
}

#[derive(Debug)]
struct Happened {
    /// When, for the last time.
    at: Timestamp,
    what: String,
    /// How often, with nothing else in between.
    times: u64,
}

impl Lately {
    /// Takes what happened at this time.
    pub fn take(&mut self, at: Timestamp, events: &[pb::WatchEvent]) {
        for what in events.iter().filter_map(told) {
            match self.happened.front_mut().filter(|last| last.what == what) {
                Some(last) => (last.at, last.times) = (at, last.times + 1),
                None => self.happened.push_front(Happened { at, what, times: 1 }),
            }
        }
        self.happened.truncate(KEPT);
    }

    /// When and what, the latest first.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, String)> {
        self.happened.iter().map(|Happened { at, what, times }| match times {
            1 => (*at, what.clone()),
            times => (*at, format!("{what} ({times} times)")),
        })
    }
}

fn told(event: &pb::WatchEvent) -> Option<String> {
    let pb::WatchEvent { contact_id: contact, agent_id: agent, queue, cause, .. } = event;
    Some(match event.kind() {
        Kind::ContactUnreachable => {
            format!("nobody anywhere could ever take {contact}: attune explain contact {contact}")
        }
        Kind::MomentUncovered => format!("{contact} is a moment of truth, and nobody empathetic for it is signed in"),
        Kind::PresenceSet if cause == "rona" => format!("{agent} did not answer and is away now"),
        Kind::PresenceSet => return None,
        Kind::RonaSuspended => "many offers expired at once: nobody is set away for it for a while".to_owned(),
        Kind::SessionLost => format!("{agent} lost the connection"),
        Kind::EngagementUnconfirmed => format!("nobody knows whether {agent} still has {contact}"),
        Kind::AssistSuggested => format!("{contact} feels worse at {agent}'s hands, by {cause}: somebody may help"),
        Kind::QueueModeSet => format!("{queue} is {cause} now"),
        Kind::OfferingHeld => "offering waits until agents are back after the restart".to_owned(),
        Kind::OfferingResumed => "offering goes on".to_owned(),
        Kind::DocumentApplied => format!("routing document {} is in force", event.document_version),
        _ => return None,
    })
}

/// What stands so at this time of the daemon's clock.
pub fn standing(wall: &Wall, now: Timestamp) -> Vec<String> {
    let held = wall.queues().filter_map(|(_, queue)| queue.held_until).max().filter(|until| *until > now);
    let held = held.map(|until| {
        let left = clock((until - now).0 / 1_000_000);
        format!("nothing is offered for {left} at most: agents are awaited after the restart")
    });
    let cut_off = wall.agents().filter(|(_, agent)| agent.is_cut_off && !agent.work.is_empty()).count() as u64;
    let cut_off = (cut_off > 0).then(|| format!("{} at work cut off", counted(cut_off, "agent")));
    let unconfirmed = wall.contacts().filter(|(_, contact)| contact.unconfirmed).count() as u64;
    let unconfirmed = (unconfirmed > 0)
        .then(|| format!("{} of which nobody knows whether it goes on", counted(unconfirmed, "engagement")));
    let queues = wall.queues().flat_map(|(name, queue)| of_queue(name, queue));
    held.into_iter().chain(queues).chain(cut_off).chain(unconfirmed).collect()
}

fn of_queue(name: &str, queue: &Queue) -> impl Iterator<Item = String> {
    let unreachable = (queue.unreachable > 0)
        .then(|| format!("{name}: {} whom nobody anywhere could ever take", counted(queue.unreachable, "contact")));
    let mode = mode(queue).map(|mode| match &queue.mode_by {
        Some((actor, reason)) => format!("{name} is {mode} by {actor}: {reason}"),
        None => format!("{name} is {mode}"),
    });
    unreachable.into_iter().chain(mode)
}

/// The mode of a queue, unless it is open.
pub fn mode(queue: &Queue) -> Option<&'static str> {
    match queue.mode {
        QueueMode::Paused => Some("paused"),
        QueueMode::Draining => Some("draining"),
        QueueMode::Open | QueueMode::Unspecified => None,
    }
}
