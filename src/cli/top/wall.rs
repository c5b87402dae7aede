//! What the wall knows of a tenant: the rows of its watch stream, and what they add up to.
//!
//! Invariant: pure; time is an argument. A row is taken only if it was told at a higher sequence than the one that is
//! there, so that what is held is what the daemon held at the last change. Nothing of a customer is kept: who a contact
//! is about is dropped as it is read. Not here: what is shown of it and in which order (`panes`), the stream (`follow`).

use std::collections::BTreeMap;

use prost_types::{Duration, Timestamp as WireTime};

use crate::{
    api::pb::{self, ContactState, PresenceState, watch_response::Message},
    model::time::{Span, Timestamp},
};

use super::{alerts::Lately, why::why};

/// A tenant, as far as it was told.
#[derive(Debug, Default)]
pub struct Wall {
    contacts: Rows<Contact>,
    agents: Rows<Agent>,
    queues: Rows<Queue>,
    /// What happened that somebody may want to know.
    pub lately: Lately,
    /// How moments of truth and all others fare, since the daemon began.
    pub statistics: Option<pb::GetMomentStatisticsResponse>,
    /// The event-timed service level of queues over half an hour, in percent; none until it was told.
    pub levels: Option<BTreeMap<String, u64>>,
    /// How the stream is.
    pub line: Line,
    /// So much is the daemon's clock ahead of this machine's.
    ahead: Span,
}

/// How the stream is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Line {
    /// Nothing was told yet.
    #[default]
    Opening,
    /// How everything stands is being told.
    Reading,
    /// Every change is told.
    Live,
    /// It broke.
    Lost {
        /// Since when, by the daemon's clock.
        since: Timestamp,
        /// Why.
        why: String,
    },
}

/// A contact that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub queue: String,
    pub channel: String,
    pub state: ContactState,
    pub arrived_at: Timestamp,
    /// Since when it has been in its queue.
    pub queued_at: Timestamp,
    pub is_moment: bool,
    /// What its head start is for, the most of it first.
    pub why: String,
    /// Whom it is offered to, or who has it.
    pub agents: Vec<String>,
    /// Nobody knows whether its engagement goes on.
    pub unconfirmed: bool,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub name: String,
    pub presence: PresenceState,
    pub reason: String,
    /// What the presence will be once the work ends.
    pub pending: Option<PresenceState>,
    /// There is a session, and its stream broke.
    pub is_cut_off: bool,
    pub capacity: u32,
    pub used: u32,
    pub work: Vec<Work>,
    /// Queues with members that the agent is one of.
    pub queues: Vec<String>,
    /// Moments of truth among the last contacts taken, and how many those are.
    pub moments: (u32, u32),
    pub is_cooling_down: bool,
}

/// A piece of an agent's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    pub contact: String,
    pub queue: String,
    pub channel: String,
    pub state: pb::WorkState,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    pub waiting: u64,
    pub offered: u64,
    pub parked: u64,
    pub engaged: u64,
    pub unreachable: u64,
    pub mode: pb::QueueMode,
    /// Who set the mode and why, if somebody did.
    pub mode_by: Option<(String, String)>,
    pub moving_to: String,
    pub held_until: Option<Timestamp>,
}

/// What all queues and agents add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub waiting: u64,
    pub offered: u64,
    pub parked: u64,
    pub engaged: u64,
    pub moments_waiting: u64,
    pub longest: Option<Span>,
    pub available: u64,
    pub away: u64,
    pub offline: u64,
}

impl Contact {
    /// Whether it waits, offered and parked ones included.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, ContactState::Queued | ContactState::Parked | ContactState::Offered)
    }
}

impl Wall {
    /// Takes a message of the stream, read at this time of this machine's clock.
    pub fn take(&mut self, now: Timestamp, message: pb::WatchResponse) {
        match message.message {
            Some(Message::Started(started)) => self.start(&started),
            Some(Message::SnapshotPage(page)) => {
                let waits = |queue: &pb::QueueStatistics| {
                    Some(micros(queue.oldest_time.as_ref()?) + length(queue.oldest_waited_duration.as_ref()?))
                };
                // Since when somebody waits and how long that is say what time it is there.
                if let Some(there) = page.queues.iter().find_map(waits) {
                    self.ahead = there - now;
                }
                self.rows(page.sequence, page.contacts, page.agents, page.queues);
            }
            Some(Message::SnapshotComplete(_)) => self.line = Line::Live,
            Some(Message::Change(change)) => {
                if let Some(at) = change.change_time.as_ref().map(micros) {
                    // What has happened is never in the future.
                    self.ahead = self.ahead.max(at - now);
                    self.lately.take(at, &change.events);
                }
                self.rows(change.sequence, change.contacts, change.agents, change.queues);
                for agent in &change.deleted_agent_ids {
                    self.agents.remove(agent, change.sequence);
                }
            }
            Some(Message::Checkpoint(checkpoint)) => {
                if let Some(at) = checkpoint.server_time.as_ref().map(micros) {
                    self.ahead = at - now;
                }
            }
            Some(Message::Ended(_)) | None => {}
        }
    }

    /// The stream broke; that it could not be opened again since changes nothing.
    pub fn lose(&mut self, now: Timestamp, why: String) {
        let since = match &self.line {
            Line::Lost { since, .. } => *since,
            _ => self.now(now),
        };
        self.line = Line::Lost { since, why };
    }

    /// The time of the daemon's clock, by this machine's.
    pub fn now(&self, now: Timestamp) -> Timestamp {
        now + self.ahead
    }

    /// Contacts that have not ended, in the order of their ids.
    pub fn contacts(&self) -> impl Iterator<Item = (&str, &Contact)> {
        self.contacts.iter()
    }

    /// Agents, in the order of their ids.
    pub fn agents(&self) -> impl Iterator<Item = (&str, &Agent)> {
        self.agents.iter()
    }

    /// Queues, in the order of their names.
    pub fn queues(&self) -> impl Iterator<Item = (&str, &Queue)> {
        self.queues.iter()
    }

    /// Since when the contact waits that waits the longest in each queue.
    pub fn oldest(&self) -> BTreeMap<&str, Timestamp> {
        let mut oldest = BTreeMap::new();
        for (_, contact) in self.contacts().filter(|(_, contact)| contact.is_waiting()) {
            let first = oldest.entry(contact.queue.as_str()).or_insert(contact.queued_at);
            *first = contact.queued_at.min(*first);
        }
        oldest
    }

    /// What everything adds up to, at this time of the daemon's clock.
    pub fn totals(&self, now: Timestamp) -> Totals {
        let mut totals = Totals::default();
        for (_, queue) in self.queues() {
            totals.waiting += queue.waiting;
            totals.offered += queue.offered;
            totals.parked += queue.parked;
            totals.engaged += queue.engaged;
        }
        for (_, contact) in self.contacts().filter(|(_, contact)| contact.is_waiting()) {
            totals.moments_waiting += u64::from(contact.is_moment);
            totals.longest = totals.longest.max(Some(now - contact.queued_at));
        }
        for (_, agent) in self.agents() {
            *match agent.presence {
                PresenceState::Available => &mut totals.available,
                PresenceState::Away => &mut totals.away,
                PresenceState::Offline | PresenceState::Unspecified => &mut totals.offline,
            } += 1;
        }
        totals
    }

    fn start(&mut self, started: &pb::WatchStarted) {
        self.line = match started.start() {
            pb::WatchStart::Resumed => Line::Live,
            pb::WatchStart::Snapshot | pb::WatchStart::Unspecified => {
                (self.contacts, self.agents, self.queues) = Default::default();
                Line::Reading
            }
        };
    }

    fn rows(&mut self, seq: u64, contacts: Vec<pb::Contact>, agents: Vec<pb::Agent>, queues: Vec<pb::QueueStatistics>) {
        for contact in contacts {
            match contact.state() {
                ContactState::Closed => self.contacts.remove(&contact.contact_id, seq),
                _ => self.contacts.put(contact.contact_id.clone(), seq, contact.into()),
            }
        }
        for agent in agents {
            self.agents.put(agent.agent_id.clone(), seq, agent.into());
        }
        for queue in queues {
            self.queues.put(queue.queue.clone(), seq, queue.into());
        }
    }
}

/// Rows by name, each with the sequence at which it was told.
#[derive(Debug)]
struct Rows<T> {
    rows: BTreeMap<String, (u64, T)>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new() }
    }
}

impl<T> Rows<T> {
    fn put(&mut self, name: String, seq: u64, row: T) {
        if self.rows.get(&name).is_none_or(|(known, _)| *known < seq) {
            self.rows.insert(name, (seq, row));
        }
    }

    fn remove(&mut self, name: &str, seq: u64) {
        if self.rows.get(name).is_some_and(|(known, _)| *known < seq) {
            self.rows.remove(name);
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.rows.iter().map(|(name, (_, row))| (name.as_str(), row))
    }
}

impl From<pb::Contact> for Contact {
    fn from(contact: pb::Contact) -> Self {
        let (state, is_moment, why) = (contact.state(), contact.moment_of_truth, why(&contact.head_starts));
        let has = Some(contact.agent_id).filter(|agent| !agent.is_empty());
        let offered = contact.open_offers.into_iter().map(|offer| offer.agent_id);
        let arrived_at = contact.arrival_time.as_ref().map(micros).unwrap_or_default();
        Self {
            state,
            is_moment,
            why,
            queue: contact.queue,
            channel: contact.channel,
            arrived_at,
            queued_at: contact.queue_time.as_ref().map_or(arrived_at, micros),
            agents: has.into_iter().chain(offered).collect(),
            unconfirmed: contact.unconfirmed,
        }
    }
}

impl From<pb::Agent> for Agent {
    fn from(agent: pb::Agent) -> Self {
        let presence = agent.presence.unwrap_or_default();
        let profile = agent.profile.unwrap_or_default();
        let load = agent.moment_load.unwrap_or_default();
        Self {
            name: profile.display_name,
            presence: presence.state(),
            reason: presence.reason,
            pending: agent.pending_presence.map(|pending| pending.state()),
            is_cut_off: agent.session.is_some_and(|session| !session.connected),
            // What a profile without one has.
            capacity: profile.capacity.unwrap_or(100),
            used: agent.capacity_used,
            work: agent.work.into_iter().map(Work::from).collect(),
            queues: profile.queues,
            moments: (load.moments, load.contacts),
            is_cooling_down: load.cooling_down,
        }
    }
}

impl From<pb::Work> for Work {
    fn from(work: pb::Work) -> Self {
        Self { state: work.state(), contact: work.contact_id, queue: work.queue, channel: work.channel }
    }
}

impl From<pb::QueueStatistics> for Queue {
    fn from(queue: pb::QueueStatistics) -> Self {
        Self {
            waiting: queue.waiting,
            offered: queue.offered,
            parked: queue.parked,
            engaged: queue.engaged,
            unreachable: queue.unreachable,
            mode: queue.mode(),
            mode_by: queue.mode_setting.map(|setting| (setting.actor, setting.reason)),
            moving_to: queue.moving_to_queue,
            held_until: queue.offering_held_until_time.as_ref().map(micros),
        }
    }
}

/// A time of the wire.
pub(super) fn micros(time: &WireTime) -> Timestamp {
    Timestamp(time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos / 1_000)))
}

/// A length of time of the wire.
pub(super) fn length(span: &Duration) -> Span {
    Span(span.seconds.saturating_mul(1_000_000).saturating_add(i64::from(span.nanos / 1_000)))
}
