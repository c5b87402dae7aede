//! When an agent is told that a customer at hand feels worse.
//!
//! Invariant: a level at which distress counts as settled is below the one at which it is told, so that a level that wavers
//! between the two tells nothing twice. It is about customers alone; nothing is ever read from agents.

use crate::model::{
    signal::Thousandths,
    time::{Span, Timestamp},
};

/// A document's `[assist]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AssistRules {
    /// Whether agents and supervisors are told at all.
    pub on: bool,
    /// They are told when distress rises to this.
    pub distress: Thousandths,
    /// It counts as settled once it is no more than this.
    pub settled: Thousandths,
    /// Of one contact at most once in this time.
    pub every: Span,
}

impl AssistRules {
    /// The earliest that a contact is told of again that was told of then.
    pub fn again_at(&self, told_at: Timestamp) -> Timestamp {
        told_at + self.every
    }
}

impl Default for AssistRules {
    fn default() -> Self {
        Self { on: true, distress: 600, settled: 400, every: Span::from_secs(300) }
    }
}
