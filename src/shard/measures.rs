//! How moments of truth and routine contacts fare, as plain numbers for whoever asks over the API; the same is counted
//! for metrics.
//!
//! Invariant: sums since the shard began, and agents as they stand. Not here: counting (`observe`).

use std::collections::BTreeMap;

use crate::model::{ids::MomentName, time::Span};

/// What a contact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A moment of truth.
    Moment,
    /// Any other.
    Routine,
}

/// Agents by empathy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Moments of truth go to them first.
    Empathetic,
    /// All others.
    Other,
}

/// What words did to the place of a contact that came with some, at the most head start it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lift {
    /// All of its head start came from them.
    Alone,
    /// Some of it.
    Together,
    /// None.
    #[default]
    Not,
}

/// One tenant's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measures {
    /// By [`Kind`].
    pub kinds: [KindMeasures; 2],
    /// By [`Group`].
    pub groups: [GroupMeasures; 2],
    /// Contacts that came with words, by [`Lift`].
    pub lifted: [u64; 3],
    /// Texts that were read here.
    pub texts: TextMeasures,
    /// Contacts by the entries of the catalogue that they met; one that met several counts for each.
    pub moments: BTreeMap<MomentName, u64>,
}

/// Contacts of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindMeasures {
    /// Accepted by empathetic agents within their queue's service level.
    pub in_time_empathetic: u64,
    /// Accepted within it by anyone.
    pub in_time: u64,
    /// Accepted by empathetic agents.
    pub empathetic: u64,
    /// Accepted by anyone.
    pub accepted: u64,
    /// Left before anybody accepted.
    pub abandoned: u64,
    /// How long all of these waited, together.
    pub waited: Span,
}

/// Agents at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupMeasures {
    /// What they can carry together.
    pub capacity: u64,
    /// What of it is taken by engagements.
    pub busy: u64,
}

/// Texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextMeasures {
    /// All of them.
    pub read: u64,
    /// In which the customer feels bad.
    pub negative: u64,
    /// That are urgent.
    pub urgent: u64,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Moment, Self::Routine];

    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Moment => "moment",
            Self::Routine => "routine",
        }
    }
}

impl Group {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Empathetic, Self::Other];

    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empathetic => "empathetic",
            Self::Other => "other",
        }
    }
}

impl Lift {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alone, Self::Together, Self::Not];

    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alone => "by_words_alone",
            Self::Together => "with_others",
            Self::Not => "not",
        }
    }
}

impl KindMeasures {
    /// One was accepted.
    pub fn accept(&mut self, by: Group, waited: Span, is_in_time: bool) {
        let is_empathetic = by == Group::Empathetic;
        self.accepted += 1;
        self.empathetic += u64::from(is_empathetic);
        self.in_time += u64::from(is_in_time);
        self.in_time_empathetic += u64::from(is_in_time && is_empathetic);
        self.waited = self.waited + waited;
    }

    /// The customer of one left.
    pub fn abandon(&mut self, waited: Span) {
        self.abandoned += 1;
        self.waited = self.waited + waited;
    }
}

impl GroupMeasures {
    /// An agent is there.
    pub fn add(&mut self, capacity: u32, busy: u32) {
        self.capacity += u64::from(capacity);
        self.busy += u64::from(busy);
    }

    /// An agent who was added is as it was no more.
    pub fn remove(&mut self, capacity: u32, busy: u32) {
        self.capacity -= u64::from(capacity);
        self.busy -= u64::from(busy);
    }

    /// The share that is taken; 0 if nobody is there.
    pub fn occupancy(&self) -> f64 {
        self.busy as f64 / self.capacity.max(1) as f64
    }
}

impl TextMeasures {
    /// One was read.
    pub fn count(&mut self, is_negative: bool, is_urgent: bool) {
        self.read += 1;
        self.negative += u64::from(is_negative);
        self.urgent += u64::from(is_urgent);
    }
}
