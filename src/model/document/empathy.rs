//! Who counts as empathetic, and how long a moment of truth waits for one of them.
//!
//! Invariant: a document without this section knows no empathetic agents, and nothing is routed by empathy.

use super::{Acceptance, Queue};
use crate::model::{
    ids::SkillName,
    requirement::{Condition, Level},
    time::Span,
};

/// A moment of truth waits no longer than this for an empathetic agent, unless the document says otherwise.
const HOLD: Span = Span::from_secs(10);
/// What an agent who is asked usually takes to accept.
const ACCEPTING: Span = Span::from_secs(3);

/// A document's `[empathy]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Empathy {
    /// The skill that stands for it.
    pub skill: SkillName,
    /// Agents with the skill at this level or above are the empathetic ones.
    pub level: Level,
    /// How long a moment of truth waits for one of them; `None` = as the queue's target allows, ten seconds at most.
    pub hold: Option<Span>,
}

impl Empathy {
    /// What an agent satisfies who is empathetic enough for a contact that needs this much itself.
    pub fn condition(&self, own: Level) -> Condition {
        Condition { skill: self.skill.clone(), level: own.max(self.level) }
    }

    /// How long a moment of truth waits for an empathetic agent in a queue: it ends in time for somebody else to answer.
    pub fn hold_in(&self, queue: &Queue) -> Span {
        self.hold.unwrap_or_else(|| HOLD.min(Span(queue.service_level.0 - accepting(queue).0)).max(Span::ZERO))
    }
}

/// What accepting an offer of this queue usually takes.
pub fn accepting(queue: &Queue) -> Span {
    match queue.offers.acceptance {
        Acceptance::ByAgent => ACCEPTING,
        Acceptance::Automatic => Span::ZERO,
    }
}
