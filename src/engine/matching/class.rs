//! Classes: contacts that any agent either may all take or may none take, apart from personal exclusions.
//!
//! Invariant: a class's line holds exactly the contacts that wait for anyone in it, in order of place.

use std::{collections::BTreeSet, sync::Arc};

use smallvec::SmallVec;

use crate::model::{
    ids::{ContactKey, QueueKey},
    requirement::{Condition, Requirement},
};

use super::{
    atoms::{AtomKey, AtomSet},
    manner::Manner,
};
use crate::engine::event::Place;

/// A class's number; internal to the index, never in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassKey(pub u32);

/// A (channel, cost) pair's number: one bit of an agent's readiness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneKey(pub u8);

impl LaneKey {
    /// Its bit.
    pub fn bit(self) -> u64 {
        1 << self.0
    }
}

/// What makes two waiting contacts alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClassId {
    /// The version of the document.
    pub document: u64,
    /// The queue.
    pub queue: QueueKey,
    /// The step reached.
    pub step: u8,
    /// Channel and cost.
    pub lane: LaneKey,
    /// What the contact itself asks; `None` = nothing.
    pub own: Option<Arc<Requirement>>,
    /// What it asks of empathy.
    pub manner: Manner,
    /// What its moments ask of skills as long as it is held; `None` = nothing.
    pub asks: Option<Arc<[Condition]>>,
}

/// One alternative of a requirement, as atoms. `must` is never empty: it holds at least [`ANYONE`](super::atoms::ANYONE).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alternative {
    /// All of these.
    pub must: SmallVec<[AtomKey; 4]>,
    /// None of these.
    pub must_not: SmallVec<[AtomKey; 2]>,
}

/// Where an alternative hangs: its rarest atom, and its next rarest ([`ANYONE`](super::atoms::ANYONE) if it has no
/// other).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    /// The rarest.
    pub first: AtomKey,
    /// The next.
    pub second: AtomKey,
}

/// Alternatives, one of which must hold.
pub type Alternatives = SmallVec<[Alternative; 1]>;

/// A class.
#[derive(Debug, Clone)]
pub struct Class {
    /// What makes it.
    pub id: ClassId,
    /// What an agent needs.
    pub required: Alternatives,
    /// Preferred agents, best tier first; everybody else is the tier after the last.
    pub tiers: Vec<Alternatives>,
    /// For each alternative its anchor; sorted, without repeats.
    pub anchors: SmallVec<[Anchor; 1]>,
    /// The waiting contacts.
    pub line: BTreeSet<(Place, ContactKey)>,
    /// The bar whose bearers it leaves to a moment of truth that waits.
    pub yields: Option<AtomKey>,
    /// Its queue gives nothing out: it stands under no anchor.
    pub paused: bool,
}

/// Whether a set of atoms satisfies one of the alternatives.
pub fn satisfies(signature: &AtomSet, alternatives: &[Alternative]) -> bool {
    alternatives.iter().any(|alternative| {
        alternative.must.iter().all(|atom| signature.contains(*atom))
            && !alternative.must_not.iter().any(|atom| signature.contains(*atom))
    })
}

impl Class {
    /// The tier of an agent who satisfies the class.
    pub fn tier_of(&self, signature: &AtomSet) -> u8 {
        let tier = self.tiers.iter().position(|tier| satisfies(signature, tier)).unwrap_or(self.tiers.len());
        u8::try_from(tier).expect("tiers are limited to 16")
    }
}
