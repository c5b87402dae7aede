//! The non-empty classes of a lane, each under the rarest atom of every alternative, by its first contact's place.
//!
//! Invariant: a class stands under all its anchors with its present head, or nowhere if its line is empty.
//! An agent looks only under atoms it has, so a class it can satisfy is always seen (some alternative holds, hence its
//! anchor does), and most that it cannot satisfy never are.

use std::collections::BTreeSet;

use super::{
    atoms::{AtomKey, AtomSet},
    class::ClassKey,
};
use crate::engine::event::Place;

/// Non-empty classes of one lane.
#[derive(Debug, Clone, Default)]
pub struct Heads {
    occupied: AtomSet,
    buckets: Vec<BTreeSet<(Place, ClassKey)>>,
}

impl Heads {
    /// Enters a class with its head.
    pub fn insert(&mut self, anchors: &[AtomKey], head: Place, class: ClassKey) {
        for anchor in anchors {
            let at = anchor.0 as usize;
            if self.buckets.len() <= at {
                self.buckets.resize_with(at + 1, BTreeSet::new);
            }
            self.buckets[at].insert((head, class));
            self.occupied.insert(*anchor);
        }
    }

    /// Takes a class out that had this head.
    pub fn remove(&mut self, anchors: &[AtomKey], head: Place, class: ClassKey) {
        for anchor in anchors {
            let bucket = &mut self.buckets[anchor.0 as usize];
            bucket.remove(&(head, class));
            if bucket.is_empty() {
                self.occupied.remove(*anchor);
            }
        }
    }

    /// Classes by head under each occupied atom of the signature.
    pub fn under<'a>(&'a self, signature: &'a AtomSet) -> impl Iterator<Item = &'a BTreeSet<(Place, ClassKey)>> {
        self.occupied.intersection(signature).map(|atom| &self.buckets[atom.0 as usize])
    }

    /// Whether a class stands under an anchor with this head (for checks).
    pub fn holds(&self, anchor: AtomKey, head: Place, class: ClassKey) -> bool {
        let bucket = self.buckets.get(anchor.0 as usize);
        self.occupied.contains(anchor) && bucket.is_some_and(|bucket| bucket.contains(&(head, class)))
    }

    /// How many entries there are (for checks).
    pub fn len(&self) -> usize {
        self.buckets.iter().map(BTreeSet::len).sum()
    }
}
