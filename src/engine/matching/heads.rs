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

/// Those under one first atom, by the second; few enough that a sorted list is faster than a set of bits.
type BySecond = Vec<(AtomKey, BTreeSet<(Head, ClassKey)>)>;

impl Heads {
    /// Moves a class from one head to another; without a head it stands nowhere.
    pub fn move_to(&mut self, anchors: &[Anchor], class: ClassKey, from: Option<Head>, to: Option<Head>) {
        for anchor in anchors {
            // In before out, so that the list of a single class is not given up to be made again.
            if let Some(to) = to {
                self.insert(*anchor, to, class);
            }
            if let Some(from) = from {
                self.remove(*anchor, from, class);
            }
        }
    }

    fn insert(&mut self, anchor: Anchor, head: Head, class: ClassKey) {
        let first = anchor.first.0 as usize;
        if self.by_first.len() <= first {
            self.by_first.resize_with(first + 1, BySecond::default);
        }
        self.occupied.insert(anchor.first);
        let by_second = &mut self.by_first[first];
        match position(by_second, anchor.second) {
            Ok(at) => by_second[at].1.insert((head, class)),
            Err(at) => {
                by_second.insert(at, (anchor.second, BTreeSet::from([(head, class)])));
                true
            }
        };
    }

    fn remove(&mut self, anchor: Anchor, head: Head, class: ClassKey) {
        let by_second = &mut self.by_first[anchor.first.0 as usize];
        let at = position(by_second, anchor.second).expect("a class that stands somewhere stands under its anchors");
        by_second[at].1.remove(&(head, class));
        if by_second[at].1.is_empty() {
            by_second.remove(at);
            if by_second.is_empty() {
                self.occupied.remove(anchor.first);
            }
        }
    }

    /// Classes by head, under each occupied anchor of the signature.
    pub fn under<'a>(&'a self, signature: &'a AtomSet) -> impl Iterator<Item = &'a BTreeSet<(Head, ClassKey)>> {
        let by_second = self.occupied.intersection(signature).flat_map(|first| &self.by_first[first.0 as usize]);
        by_second.filter(|(second, _)| signature.contains(*second)).map(|(_, classes)| classes)
    }

    /// Whether a class stands under an anchor with this head (for checks).
    pub fn holds(&self, anchor: Anchor, head: Head, class: ClassKey) -> bool {
        let Some(by_second) = self.by_first.get(anchor.first.0 as usize) else { return false };
        let classes = position(by_second, anchor.second).map(|at| &by_second[at].1);
        self.occupied.contains(anchor.first) && classes.is_ok_and(|classes| classes.contains(&(head, class)))
    }

    /// How many entries there are (for checks).
    pub fn len(&self) -> usize {
        self.by_first.iter().flatten().map(|(_, classes)| classes.len()).sum()
    }
}

fn position(by_second: &BySecond, second: AtomKey) -> Result<usize, usize> {
    by_second.binary_search_by_key(&second, |(second, _)| *second)
}
