//! The non-empty classes of a lane, each under the two rarest atoms of every alternative, by its first contact.
//!
//! Invariant: a class stands under all its anchors with its present head, or nowhere if its line is empty.
//! An agent looks only under atoms it has, so a class it can satisfy is always seen (some alternative holds, hence both
//! atoms of its anchor do), and most that it cannot satisfy never are: two atoms are what most requirements have (what
//! the queue asks, and what the contact asks), and among those of more, few are seen in vain.

use std::collections::BTreeSet;

use super::{
    atoms::{AtomKey, AtomSet},
    class::{Anchor, ClassKey},
};
use crate::{engine::event::Place, model::ids::ContactKey};

/// A class's first contact.
pub type Head = (Place, ContactKey);

/// Non-empty classes of one lane.
#[derive(Debug, Clone, Default)]
pub struct Heads {
    occupied: AtomSet,
    by_first: Vec<BySecond>,
}

/// Those under one first atom: in order of the second, then of the head.
#[derive(Debug, Clone, Default)]
struct BySecond {
    occupied: AtomSet,
    classes: BTreeSet<(AtomKey, Head, ClassKey)>,
}

impl Heads {
    /// Moves a class from one head to another; without a head it stands nowhere.
    pub fn move_to(&mut self, anchors: &[Anchor], class: ClassKey, from: Option<Head>, to: Option<Head>) {
        for anchor in anchors {
            if let Some(from) = from {
                self.remove(*anchor, from, class);
            }
            if let Some(to) = to {
                self.insert(*anchor, to, class);
            }
        }
    }

    fn insert(&mut self, anchor: Anchor, head: Head, class: ClassKey) {
        let first = anchor.first.0 as usize;
        if self.by_first.len() <= first {
            self.by_first.resize_with(first + 1, BySecond::default);
        }
        self.by_first[first].classes.insert((anchor.second, head, class));
        self.by_first[first].occupied.insert(anchor.second);
        self.occupied.insert(anchor.first);
    }

    fn remove(&mut self, anchor: Anchor, head: Head, class: ClassKey) {
        let by_second = &mut self.by_first[anchor.first.0 as usize];
        by_second.classes.remove(&(anchor.second, head, class));
        if by_second.under(anchor.second).next().is_none() {
            by_second.occupied.remove(anchor.second);
        }
        if by_second.classes.is_empty() {
            self.occupied.remove(anchor.first);
        }
    }

    /// Classes by head, under each occupied anchor of the signature.
    pub fn under<'a>(
        &'a self,
        signature: &'a AtomSet,
    ) -> impl Iterator<Item = impl Iterator<Item = (Head, ClassKey)> + 'a> + 'a {
        self.occupied.intersection(signature).flat_map(move |first| {
            let by_second = &self.by_first[first.0 as usize];
            by_second.occupied.intersection(signature).map(|second| by_second.under(second))
        })
    }

    /// Whether a class stands under an anchor with this head (for checks).
    pub fn holds(&self, anchor: Anchor, head: Head, class: ClassKey) -> bool {
        let Some(by_second) = self.by_first.get(anchor.first.0 as usize) else { return false };
        let seen = self.occupied.contains(anchor.first) && by_second.occupied.contains(anchor.second);
        seen && by_second.classes.contains(&(anchor.second, head, class))
    }

    /// How many entries there are (for checks).
    pub fn len(&self) -> usize {
        self.by_first.iter().map(|by_second| by_second.classes.len()).sum()
    }
}

impl BySecond {
    fn under(&self, second: AtomKey) -> impl Iterator<Item = (Head, ClassKey)> + '_ {
        let from = (second, (Place::FIRST, ContactKey(0)), ClassKey(0));
        let classes = self.classes.range(from..).take_while(move |(atom, ..)| *atom == second);
        classes.map(|(_, head, class)| (*head, *class))
    }
}
