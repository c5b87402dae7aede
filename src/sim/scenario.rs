//! A what-if: who comes and who works in distributions, and the routing document that brings them together, as typed data.
//!
//! Invariant: a [`Scenario`] is valid: every name in it is one of its document, every number in range. It says everything
//! that is chance about a contact without looking at routing, so that two documents meet the same customers. Not here:
//! playing it (`player`), what came of it (`study`).

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use crate::{
    engine::Command,
    model::{
        agent::{AgentProfile, Presence},
        document::{Document, DocumentError, Moment, Trigger},
        ids::{AgentId, ChannelName, EventName, QueueName, SkillName, SourceName},
        requirement::{Level, Requirement},
        time::Span,
    },
};

mod agents;
mod day;
pub mod detector;
pub mod distribution;
mod effect;
pub mod exact;
mod load;
mod messages;
mod read;
pub mod recorded;
mod streams;
pub mod survival;
mod trace;

pub use detector::Detector;
pub use distribution::Distribution;
pub use messages::{Message, Messages};
pub use read::{RUNS_MAX, load_document};
pub use recorded::{Recorded, Turn};
pub use trace::Row;

/// Who comes, who works, how they are routed, and how long all that is looked at.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// For people to read.
    pub description: String,
    /// How contacts are routed.
    pub document: Document,
    /// How often and how long it is played.
    pub run: Run,
    /// Answered within this counts as in time, where a class has no target of its own.
    pub within: Span,
    /// The skill that stands for empathy where agents are compared, whatever the document knows of it …
    pub empathy: SkillName,
    /// … and the level from which on an agent is empathetic.
    pub empathy_level: Level,
    /// Who works.
    pub groups: Vec<Group>,
    /// Who comes.
    pub streams: Vec<Stream>,
    /// What contacts are told apart by in reports: streams, and in traces what each row says.
    pub classes: Vec<String>,
    /// Answered within this counts as in time, class by class; a class beyond the end goes by `within`.
    pub targets: Vec<Span>,
    /// What else a platform and supervisors ask, in order.
    pub commands: Vec<(Span, Command)>,
}

/// How often and how long a scenario is played.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Independent runs.
    pub runs: u32,
    /// What all chance follows from; each run has a seed of its own that follows from it.
    pub seed: u64,
    /// The time of day at which it begins.
    pub from: Span,
    /// Contacts that come before this are not counted: the centre begins empty.
    pub warm_up: Span,
    /// Which contacts count after that.
    pub length: Length,
}

/// How much of a scenario counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Whoever comes until so long after its beginning.
    Time(Span),
    /// So many contacts.
    Contacts(u64),
}

/// Agents who are alike.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Each of them.
    pub agents: Vec<AgentId>,
    /// Proficiency per skill, that of empathy included.
    pub skills: BTreeMap<SkillName, Level>,
    /// Queues with assigned members that they serve.
    pub queues: Vec<QueueName>,
    /// Capacity of each.
    pub capacity: u32,
    /// Most contacts at once per channel.
    pub channel_limits: BTreeMap<ChannelName, u16>,
    /// Whether they are empathetic, by the scenario's level.
    pub is_empathetic: bool,
    /// When they work, from one time of day to another; empty = always.
    pub shifts: Vec<(Span, Span)>,
    /// What became of each as it is recorded, in order, instead of shifts; the first may be the profile they come with.
    pub turns: Vec<(Span, Turn)>,
    /// How long they take with a contact, whatever it is; `None` = as long as the contact takes.
    pub handling: Option<Distribution>,
    /// So many times as long as others.
    pub pace: f64,
    /// What they do with offers.
    pub acceptance: Acceptance,
}

impl Group {
    /// How many agents.
    pub fn len(&self) -> usize {
        self.agents.len()
    }

    /// Whether it is nobody.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }

    /// How many of them are there, on average over a time.
    pub fn there(&self, (from, until): (Span, Span)) -> f64 {
        let overlap = |begins: Span, ends: Span| (ends.min(until).0 - begins.max(from).0).max(0);
        let worked = if self.turns.is_empty() {
            match self.shifts.as_slice() {
                [] => until.0 - from.0,
                shifts => shifts.iter().map(|(begins, ends)| overlap(*begins, *ends)).sum(),
            }
        } else {
            let presences = self.turns.iter().filter_map(|(at, turn)| match turn {
                Turn::Presence(presence) => Some((*at, *presence == Presence::Available)),
                Turn::Profile(_) | Turn::Empathy(_) => None,
            });
            let mut ends = Span(i64::MAX);
            let overlaps = presences.rev().map(|(begins, is_there)| {
                let worked = if is_there { overlap(begins, ends) } else { 0 };
                ends = begins;
                worked
            });
            overlaps.sum()
        };
        worked as f64 / (until.0 - from.0).max(1) as f64 * self.len() as f64
    }

    /// What a platform tells of each.
    pub fn profile(&self) -> AgentProfile {
        AgentProfile {
            skills: self.skills.clone(),
            queues: self.queues.clone(),
            capacity: self.capacity,
            channel_limits: self.channel_limits.clone(),
            ..AgentProfile::default()
        }
    }
}

/// What agents do with offers.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// How long they take to accept; `None` = they do so at once.
    pub time: Option<Distribution>,
    /// The share of offers that they do not hear.
    pub missed: f64,
    /// The share that they decline, where that is allowed.
    pub declined: f64,
    /// How soon they are back after not answering.
    pub back_after: Span,
}

impl Acceptance {
    /// Whether every offer is accepted as it comes.
    pub fn is_at_once(&self) -> bool {
        self.time.is_none() && self.missed == 0.0 && self.declined == 0.0
    }
}

/// Customers who are alike.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Where its contacts go, unless a trace says otherwise.
    pub queue: QueueName,
    /// How they come, unless a trace says otherwise.
    pub channel: ChannelName,
    /// What they ask of an agent beyond what their queue asks.
    pub requirement: Requirement,
    /// When they come.
    pub arrivals: Arrivals,
    /// How long an agent has to do with one.
    pub handling: Distribution,
    /// How long a customer waits; `None` = as long as it takes.
    pub patience: Option<Distribution>,
    /// How long an agent writes up; `None` = as long as the queue gives.
    pub wrap_up: Option<Distribution>,
    /// Whether a contact that nobody is free for is turned away.
    pub waiting_room: WaitingRoom,
    /// Who tries again.
    pub retrial: Option<Retrial>,
    /// Which of them are moments of truth, and who notices.
    pub moments: Option<Moments>,
    /// Who is told of beforehand.
    pub announce: Option<Announce>,
    /// Its class in reports.
    pub class: usize,
}

impl Stream {
    /// A document's moments that its event makes.
    pub fn triggered<'d>(&self, document: &'d Document) -> Vec<&'d Moment> {
        let Some(moments) = &self.moments else { return Vec::new() };
        let of_event = |trigger: &Trigger| match trigger {
            Trigger::Event { event, attributes, .. } => *event == moments.event && attributes.is_empty(),
            Trigger::Distress(_) | Trigger::Repeats(_) => false,
        };
        document.moments.values().filter(|moment| moment.triggers.iter().any(of_event)).collect()
    }
}

/// Whether contacts may wait at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingRoom {
    /// As the queue allows.
    Open,
    /// Whoever is not answered at once is blocked.
    None,
}

/// When contacts come.
#[derive(Debug, Clone)]
pub enum Arrivals {
    /// At random, so many that they are a share of what all agents can do.
    Load {
        /// That share.
        share: f64,
        /// How many a second that is.
        per_second: f64,
    },
    /// At random, so many a second from each time of day on, the last for good; in rising order.
    Rates(Arc<[(Span, f64)]>),
    /// As they came once.
    Trace(Arc<[Row]>),
    /// As they came once, each with all that was told of it.
    Recorded(Arc<[Arc<Recorded>]>),
}

/// Customers who try again.
#[derive(Debug, Clone)]
pub struct Retrial {
    /// The share of those who left unanswered.
    pub share: f64,
    /// How long after.
    pub after: Distribution,
    /// How often at most.
    pub most: u32,
}

/// Moments of truth of a stream.
#[derive(Debug, Clone)]
pub struct Moments {
    /// Which share of contacts is one, from each time of day on; in rising order, the first from the beginning.
    pub share: Arc<[(Span, f64)]>,
    /// What the engine is told of one: the event that the document's moments go by.
    pub event: EventName,
    /// How well it is noticed.
    pub detector: Detector,
}

impl Moments {
    /// The share at a time of day.
    pub fn share_at(&self, at: Span) -> f64 {
        let begun = self.share.iter().rev().find(|(from, _)| *from <= at);
        begun.or(self.share.first()).map_or(0.0, |(_, share)| *share)
    }
}

/// Contacts that are told of before they come.
#[derive(Debug, Clone)]
pub struct Announce {
    /// How long before.
    pub ahead: Distribution,
    /// The longest of that.
    pub ahead_max: Span,
    /// Which of them.
    pub whom: Announced,
    /// Of a hundred that are announced, so many hundredths never come.
    pub no_shows: f64,
    /// How probably one comes, as whoever announces says, in thousandths.
    pub probability: u16,
    /// Who announces.
    pub source: Option<SourceName>,
}

/// Which contacts are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// Those that the detector takes for moments of truth.
    Moments,
    /// All.
    Everybody,
}

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Its file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What is wrong in it, a line each.
    #[error("{}", error.in_file(file))]
    Invalid {
        /// Its name.
        file: String,
        /// All of it.
        error: DocumentError,
    },
}

impl Scenario {
    /// Answered within this counts as in time.
    pub fn target(&self, class: usize) -> Span {
        self.targets.get(class).copied().unwrap_or(self.within)
    }

    /// What a contact takes of an agent's capacity by the document, and what writing up does if that is something else.
    pub fn costs(&self, queue: &QueueName, channel: &ChannelName) -> (f64, Option<f64>) {
        let rules = self.document.queues.get(queue);
        let own = rules.and_then(|rules| rules.cost);
        let cost = own.or(self.document.channels.get(channel).map(|channel| channel.cost)).unwrap_or(0);
        (f64::from(cost), rules.and_then(|rules| rules.wrap_up.cost).map(f64::from))
    }

    /// Agents in all.
    pub fn agents(&self) -> usize {
        self.groups.iter().map(Group::len).sum()
    }

    /// Lets what is given by its load come so often that all of it together is this share of what all agents can do;
    /// false if nothing is.
    pub fn set_load(&mut self, load: f64) -> bool {
        let of = |stream: &Stream| if let Arrivals::Load { share, .. } = stream.arrivals { share } else { 0.0 };
        let whole: f64 = self.streams.iter().map(of).sum();
        for stream in &mut self.streams {
            if let Arrivals::Load { share, per_second } = &mut stream.arrivals {
                *share *= load / whole;
                *per_second *= load / whole;
            }
        }
        whole > 0.0
    }

    /// Lets what is given by its load come as often as where the same scenario was read with another document.
    pub fn come_as_in(&mut self, other: &Self) {
        for (stream, as_in) in self.streams.iter_mut().zip(&other.streams) {
            if matches!(stream.arrivals, Arrivals::Load { .. }) {
                stream.arrivals = as_in.arrivals.clone();
            }
        }
    }

    /// Whether anything in it is a moment of truth.
    pub fn has_moments(&self) -> bool {
        let in_trace = |row: &Row| row.is_moment == Some(true);
        self.streams.iter().any(|stream| match &stream.arrivals {
            Arrivals::Trace(rows) => stream.moments.is_some() || rows.iter().any(in_trace),
            Arrivals::Recorded(rows) => rows.iter().any(|row| row.is_moment),
            Arrivals::Load { .. } | Arrivals::Rates(_) => stream.moments.is_some(),
        })
    }
}
