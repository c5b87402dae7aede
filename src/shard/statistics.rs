//! Statistics that can be asked for: how waits ended, how soon, how long agents worked and how busy they were, for a queue,
//! a channel or the tenant, over windows that slide.
//!
//! In reading order: `tally` (lengths of time), `windows` (what happened lately), `counts` (what is counted, and the service
//! level under each of its names), `waits` (contacts from queue to queue), `handling` (contacts at their agents), `moments`
//! (by entry of the catalogue), `agents` (how busy they were), `views` (which rows an answer has).
//!
//! Invariant: only what the journal has is counted, and what is told is counted from a stated time on: what was read of the
//! journal at the start counts when it happened, and where a snapshot stood in for the rest, counting began there.
//! Bounded by queues, channels and windows, by contacts that have not ended and by open engagements; [`Statistics::bytes`]
//! says how much. Not here: metrics (`observe`), the wire (`api`).

use crate::{
    engine::{Event, State, event::PresenceBecause},
    journal::Record,
    model::{
        ids::{ChannelName, MomentName, QueueName},
        limits::CHANNELS_MAX,
        time::{Span, Timestamp},
    },
};

pub mod agents;
pub mod counts;
mod handling;
mod moments;
pub mod tally;
mod views;
mod waits;
pub mod windows;

use agents::{AgentCounts, AgentWindows, Occupied};
use counts::{Counts, MomentCounts};
pub(super) use views::Views;
use waits::Waits;
pub(super) use waits::{Noted, What};
use windows::Window;

use super::measures::GroupMeasures;

/// Most rows that are told at once: each is put together from some fifty slices.
pub const ROWS_MAX: usize = 100;

/// Of whom statistics are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// A queue, a channel, a queue's contacts by a channel, or (neither) the tenant.
    One(Scope),
    /// The tenant, then these queues.
    TenantAnd(Vec<QueueName>),
    /// Queues in the order of their names, after the given one.
    Queues {
        /// The last of the page before.
        after: Option<QueueName>,
        /// Most rows.
        limit: usize,
    },
    /// Channels in the order of their names; there are few.
    Channels,
}

impl Rows {
    /// How many these are at the most.
    pub fn most(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::TenantAnd(queues) => queues.len() + 1,
            Self::Queues { limit, .. } => *limit,
            Self::Channels => CHANNELS_MAX,
        }
    }
}

/// A queue, a channel, both, or neither.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// One queue's; `None` = of all.
    pub queue: Option<QueueName>,
    /// One channel's; `None` = of all.
    pub channel: Option<ChannelName>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// When it was so.
    pub now: Timestamp,
    /// Since when is counted; what happened before is not in it.
    pub since: Timestamp,
    /// When each window begins, in the order of [`Window::ALL`].
    pub starts: [Timestamp; 5],
    /// In the order that was asked for.
    pub rows: Vec<Row>,
    /// The last row, if there are more after it.
    pub next: Option<QueueName>,
}

/// Statistics of one scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Of whom.
    pub scope: Scope,
    /// What waits now; not known of channels.
    pub waiting: Option<Waiting>,
    /// By window.
    pub counts: [Counts; 5],
    /// Only of the tenant.
    pub tenant: Option<Box<TenantRow>>,
}

/// What waits now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// So many.
    pub contacts: u64,
    /// Since when the one has been in its queue that has been there for longest; what comes back from an agent with whom
    /// the customer could not be connected has never left.
    pub oldest_since: Option<Timestamp>,
}

/// What is known of a tenant as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantRow {
    /// Agents by window.
    pub agents: [AgentCounts; 5],
    /// Who has been idle for longest.
    pub idle: LongestIdle,
    /// Moments of truth by entry of the catalogue, by window; a contact that met several counts for each.
    pub moments: [Vec<(MomentName, MomentCounts)>; 5],
}

/// Since when the agent who has been idle for longest is, by each definition; `None` if nobody is. An agent who is being
/// offered a contact is idle until it is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LongestIdle {
    /// Of agents available without work: since the last contact ended, or since becoming available if there was none.
    pub since_last_contact: Option<Timestamp>,
    /// Of agents available without work: since becoming available.
    pub since_available: Option<Timestamp>,
    /// Of available agents, the one with the smallest share of the capacity taken: that share in thousandths, and since
    /// when the last contact ended.
    pub lowest_load: Option<(u32, Timestamp)>,
}

/// One tenant's statistics.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    since: Option<Timestamp>,
    /// Up to when everything is counted.
    until: Timestamp,
    waits: Waits,
    agents: AgentWindows,
    /// As was found when gauges were last brought up to date.
    waiting: Waiting,
    idle: LongestIdle,
    /// The day's beginning when lines were last let go of.
    day: Option<Timestamp>,
}

impl Statistics {
    /// Counts a record; agents are as `groups` says after it.
    pub fn record(&mut self, record: &Record, state: &State, groups: [GroupMeasures; 2]) {
        let now = record.now;
        self.since.get_or_insert(now);
        self.until = self.until.max(now);
        self.waits.overdue(now);
        for event in &record.events {
            self.waits.event(now, state, event);
            match event {
                Event::PresenceSet { because: PresenceBecause::Rona, .. } => {
                    self.agents.set_away(now, self.waits.day_begins());
                }
                Event::Stalled { .. } => self.agents.skip(now),
                _ => {}
            }
        }
        self.agents.follow(now, self.waits.day_begins(), groups);
    }

    /// Follows what waits in a world from here on: it came before anything was counted.
    pub fn take_over(&mut self, state: &State) {
        let now = self.since.unwrap_or_default();
        state.waiting_contacts().for_each(|(contact, facts, is_moment)| {
            self.waits.take_over(now, state, contact, facts, is_moment);
        });
    }

    /// Brings everything up to date that time alone changes.
    pub fn advance(&mut self, now: Timestamp) {
        self.until = self.until.max(now);
        self.waits.overdue(now);
        self.agents.advance(now, self.waits.day_begins());
        let day = Window::Day.start(now, self.waits.day_begins());
        if self.day.replace(day) != Some(day) {
            self.waits.forget(now);
        }
    }

    /// What waits in a queue in which so many contacts do.
    pub fn waiting_in(&self, queue: &QueueName, contacts: u64) -> Waiting {
        Waiting { contacts, oldest_since: self.waits.oldest_in(queue) }
    }

    /// What is to be counted in metrics, since the last time.
    pub fn take_noted(&mut self) -> Vec<Noted> {
        self.waits.take_noted()
    }

    /// Takes over what was found of the tenant as a whole.
    pub fn see(&mut self, waiting: Waiting, idle: LongestIdle) {
        (self.waiting, self.idle) = (waiting, idle);
    }

    /// Agents' capacity at work and taken, since counting began.
    pub fn occupied(&self) -> [Occupied; 2] {
        self.agents.total()
    }

    /// Tells what `views` asks for.
    pub fn tell(&mut self, now: Timestamp, views: Views) -> Told {
        self.advance(now);
        self.told(now, views)
    }

    /// The same as of what was counted last, of what comes after it nothing.
    pub fn tell_so_far(&self, views: Views) -> Told {
        self.told(self.until, views)
    }

    fn told(&self, now: Timestamp, views: Views) -> Told {
        let day_begins = self.waits.day_begins();
        Told {
            now,
            since: self.since.unwrap_or(now),
            starts: Window::ALL.map(|window| window.start(now, day_begins)),
            rows: views.rows.into_iter().map(|(scope, contacts)| self.row(now, scope, contacts)).collect(),
            next: views.next,
        }
    }

    /// What all of it takes of memory, contacts under way excepted.
    pub fn bytes(&self) -> usize {
        self.waits.bytes()
    }

    fn row(&self, now: Timestamp, scope: Scope, contacts: Option<u64>) -> Row {
        match &scope.queue {
            Some(queue) => {
                let waiting = contacts.map(|contacts| self.waiting_in(queue, contacts));
                let counts = self.waits.of_queue(now, queue, scope.channel.as_ref());
                Row { waiting, counts, scope, tenant: None }
            }
            None => {
                let counts = self.waits.of_channel(now, scope.channel.as_ref());
                let is_tenant = scope.channel.is_none();
                let tenant = is_tenant.then(|| Box::new(self.tenant(now)));
                Row { waiting: is_tenant.then_some(self.waiting), counts, scope, tenant }
            }
        }
    }

    fn tenant(&self, now: Timestamp) -> TenantRow {
        let agents = self.agents.read(now, self.waits.day_begins());
        TenantRow { agents, idle: self.idle, moments: self.waits.of_moments(now) }
    }
}

impl Waiting {
    /// Together with others.
    pub fn add(&mut self, other: Self) {
        self.contacts += other.contacts;
        self.oldest_since = [self.oldest_since, other.oldest_since].into_iter().flatten().min();
    }
}

/// How long it was from then to now.
pub fn ago(now: Timestamp, then: Option<Timestamp>) -> Option<Span> {
    then.map(|then| (now - then).max(Span::ZERO))
}
