//! Who counts as empathetic and whether that is learnt, how long a moment of truth waits for one of them, how much is
//! asked of each, and how many of them are kept free.
//!
//! Invariant: a document without this section knows no empathetic agents, and nothing is routed by empathy.

use std::collections::BTreeMap;

use super::{Acceptance, Document, Queue};
use crate::model::{
    ids::SkillName,
    requirement::{Condition, Level},
    time::{Span, Timestamp},
};

/// A moment of truth waits no longer than this for an empathetic agent, unless the document says otherwise.
const HOLD: Span = Span::from_secs(10);
/// What an agent who is asked usually takes to accept, where it is not known better.
pub const USUAL_ACCEPTANCE: Span = Span::from_secs(3);

/// How agents are kept from too many moments of truth.
///
/// In the world of `tests/policy.rs` the defaults cost one to three points of the moments of truth that reach an empathetic
/// agent in time at load .95, up to six at 1.10; nearly all of it is the cooldown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Protection {
    /// After so many in a row there is a cooldown; 0 = never.
    pub consecutive_max: u8,
    /// So long after the last of them an agent takes none while anybody else can.
    pub cooldown: Span,
    /// Who had more of the last contacts than this share, in percent, is asked after the others; 100 = nobody is.
    pub share_max: u8,
}

impl Protection {
    /// Whether there is ever a cooldown.
    pub fn limits_rows(&self) -> bool {
        self.consecutive_max > 0
    }

    /// Whether anybody is ever asked after the others.
    pub fn limits_shares(&self) -> bool {
        self.share_max < 100
    }
}

impl Default for Protection {
    fn default() -> Self {
        Self { consecutive_max: 3, cooldown: Span::from_secs(300), share_max: 50 }
    }
}

/// A document's `[empathy]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Empathy {
    /// The skill that stands for it.
    pub skill: SkillName,
    /// Agents with the skill at this level or above are the empathetic ones.
    pub level: Level,
    /// How long a moment of truth waits for one of them; `None` = as the queue's target allows, ten seconds at most.
    pub hold: Option<Span>,
    /// How much of it is asked of one agent.
    pub protection: Protection,
}

impl Empathy {
    /// What an agent satisfies who is empathetic enough for a contact that needs this much itself.
    pub fn condition(&self, own: Level) -> Condition {
        Condition { skill: self.skill.clone(), level: own.max(self.level) }
    }

    /// How long a moment of truth waits for an empathetic agent in a queue whose offers are usually accepted within
    /// `usual`: it ends in time for somebody else to answer.
    pub fn hold_in(&self, queue: &Queue, usual: Span) -> Span {
        self.hold.unwrap_or_else(|| HOLD.min(Span(queue.service_level.0 - accepting(queue, usual).0)).max(Span::ZERO))
    }
}

/// What accepting an offer of this queue usually takes, where agents who are asked usually take so long.
pub fn accepting(queue: &Queue, usual: Span) -> Span {
    match queue.offers.acceptance {
        Acceptance::ByAgent => usual,
        Acceptance::Automatic => Span::ZERO,
    }
}

/// A document's `[learning]`: what is learnt of agents, where the tenant wants that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Learning {
    /// Whether an agent's empathy follows how customers left, compared with what was to be expected.
    pub empathy: bool,
}

impl Document {
    /// The skill whose level is learnt; `None` = the agents' records alone say who is empathetic.
    pub fn learnt_skill(&self) -> Option<&SkillName> {
        self.empathy.as_ref().filter(|_| self.learning.empathy).map(|empathy| &empathy.skill)
    }
}

/// Over so many seconds an announced moment of truth counts before it is expected …
const ANNOUNCED_AHEAD: Span = Span::from_secs(60);
/// … and for so many after, if it has not come.
const ANNOUNCED_AFTER: Span = Span::from_secs(30);

/// A document's `[reserve]`: how many empathetic agents are kept free for moments of truth, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReserveRules {
    /// What sort of reserve it is.
    pub mode: ReserveMode,
    /// How many are kept free; `None` = as the load of moments of truth asks, and until that is known one, or none in a
    /// small centre.
    pub k: Option<u32>,
    /// Where their number follows the load: so many of a hundred moments of truth may find none of them.
    pub target: u8,
    /// The same for agents with this skill.
    pub k_by_skill: BTreeMap<SkillName, u32>,
    /// A routine contact may take one of them after this wait; `None` = just in time for its queue's service level.
    pub release: Option<Span>,
    /// So many are kept free even then.
    pub floor: u32,
    /// After this wait a routine contact may take any of them.
    pub floor_until: Span,
    /// The most of them that announced moments of truth keep free, in percent of those at work.
    pub announced_share: u8,
}

/// Sorts of reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReserveMode {
    /// Gives way to a routine contact in time for its target.
    #[default]
    Soft,
    /// Gives way at the very end alone.
    Fixed,
    /// The more improbable a moment of truth, the more agents must be idle for it to take one.
    Graded,
    /// There is none.
    Off,
}

impl Default for ReserveRules {
    fn default() -> Self {
        Self {
            mode: ReserveMode::default(),
            k: None,
            target: 10,
            k_by_skill: BTreeMap::new(),
            release: None,
            floor: 0,
            floor_until: Span::from_secs(300),
            announced_share: 30,
        }
    }
}

impl ReserveRules {
    /// How long a routine contact of this queue, whose offers are usually accepted within `usual`, leaves the reserve
    /// alone.
    pub fn release_in(&self, queue: &Queue, usual: Span) -> Span {
        let accepting = accepting(queue, usual);
        let in_time = || Span(queue.service_level.0 - accepting.0 - Span::from_secs(1).0).max(Span::ZERO);
        match self.mode {
            ReserveMode::Soft => self.release.unwrap_or_else(in_time).min(self.floor_until),
            ReserveMode::Fixed | ReserveMode::Graded => self.floor_until,
            ReserveMode::Off => Span::ZERO,
        }
    }

    /// Since when, and until when, a moment of truth that is expected then is counted.
    pub fn announced(expected_at: Timestamp) -> (Timestamp, Timestamp) {
        (expected_at - ANNOUNCED_AHEAD, expected_at + ANNOUNCED_AFTER)
    }
}
