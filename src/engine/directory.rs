//! Ids of the outside world, each with the engine's number: found by hash, listed in order.
//!
//! Invariant: both hold the same entries. An ordered map alone compares some seventeen ids in far-apart memory for
//! every command that names one of 100,000 contacts.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, btree_map},
    hash::Hash,
    ops::Bound,
};

use super::table::Table;

/// Ids and numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory<I: Eq + Hash + Ord, K> {
    found: Table<I, K>,
    listed: BTreeMap<I, K>,
}

impl<I: Eq + Hash + Ord, K> Default for Directory<I, K> {
    fn default() -> Self {
        Self { found: Table::default(), listed: BTreeMap::new() }
    }
}

impl<I: Eq + Hash + Ord + Clone, K: Copy> Directory<I, K> {
    /// The number of an id.
    pub fn get(&self, id: &I) -> Option<&K> {
        self.found.get(id)
    }

    /// Whether the id is known.
    pub fn contains_key(&self, id: &I) -> bool {
        self.found.get(id).is_some()
    }

    /// Enters an id.
    pub fn insert(&mut self, id: I, key: K) {
        self.found.insert(id.clone(), key);
        self.listed.insert(id, key);
    }

    /// Forgets an id.
    pub fn remove(&mut self, id: &I) {
        self.found.remove(id);
        self.listed.remove(id);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// In order of the ids.
    pub fn iter(&self) -> btree_map::Iter<'_, I, K> {
        self.listed.iter()
    }

    /// The ids, in order.
    pub fn keys(&self) -> btree_map::Keys<'_, I, K> {
        self.listed.keys()
    }

    /// The numbers, in order of the ids.
    pub fn values(&self) -> btree_map::Values<'_, I, K> {
        self.listed.values()
    }

    /// Those after an id, in order; all of them without one.
    pub fn after(&self, id: Option<&I>) -> btree_map::Range<'_, I, K> {
        self.listed.range::<I, _>((id.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded))
    }

    /// Those between two ids, in order.
    pub fn range<Q: Ord + ?Sized>(&self, between: (Bound<&Q>, Bound<&Q>)) -> btree_map::Range<'_, I, K>
    where
        I: Borrow<Q>,
    {
        self.listed.range::<Q, _>(between)
    }
}

impl<'a, I: Eq + Hash + Ord + Clone, K: Copy> IntoIterator for &'a Directory<I, K> {
    type Item = (&'a I, &'a K);
    type IntoIter = btree_map::Iter<'a, I, K>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
