//! Open contacts counted by kind: what a document must fit is asked of each kind once, not of every contact.
//!
//! Invariant: a kind is there exactly while an open contact with a route is of it, and counts all of them, whether they
//! wait, are parked or are at an agent. Equal requirements of one kind are kept once, by the kind.

use std::sync::Arc;

use crate::model::{
    ids::{ChannelKey, QueueKey},
    limits::{CONJUNCT_ATOMS_MAX, CONJUNCTS_MAX},
    requirement::{Dnf, Requirement},
};

use super::table::Table;

/// A kind's number; internal to the state, never in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KindKey(u32);

/// What makes two contacts of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KindId {
    /// The queue.
    pub queue: QueueKey,
    /// The channel.
    pub channel: ChannelKey,
    /// What they ask themselves.
    pub own: Arc<Requirement>,
}

/// Open contacts alike in all that a document must fit.
#[derive(Debug, Clone)]
pub struct Kind {
    /// What makes it.
    pub id: KindId,
    /// How many there are; never zero.
    pub open: u64,
    /// How much the requirement is in all.
    pub breadth: Breadth,
}

/// The size of a normal form: enough to see of most pairs of requirements that both can be asked together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breadth {
    alternatives: usize,
    conditions: usize,
    forbids: bool,
}

impl Breadth {
    /// That of a normal form.
    pub fn of(dnf: &Dnf) -> Self {
        let all = dnf.conjuncts.iter();
        Self {
            alternatives: dnf.conjuncts.len(),
            conditions: all.clone().map(|one| one.must.len() + one.must_not.len()).max().unwrap_or(0),
            forbids: all.clone().any(|one| !one.must_not.is_empty()),
        }
    }

    /// True only if both together surely have a normal form; a no says nothing.
    pub fn surely_fits(self, other: Self) -> bool {
        self.alternatives * other.alternatives <= CONJUNCTS_MAX
            && self.conditions + other.conditions <= CONJUNCT_ATOMS_MAX
            && !self.forbids
            && !other.forbids
    }
}

/// All kinds of open contacts.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    slots: Vec<Option<Kind>>,
    keys: Table<KindId, KindKey>,
    vacant: Vec<KindKey>,
}

impl Kinds {
    /// Counts one more contact. Returns its kind, whose requirement stands for all equal ones.
    pub fn enter(&mut self, id: KindId) -> (KindKey, Arc<Requirement>) {
        if let Some(key) = self.keys.get(&id).copied() {
            let kind = self.slots[key.0 as usize].as_mut().expect("a kind that is found is there");
            kind.open += 1;
            return (key, Arc::clone(&kind.id.own));
        }
        let key = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            KindKey(u32::try_from(self.slots.len() - 1).expect("contacts are limited well below 2^32"))
        });
        let dnf = id.own.to_dnf().expect("requirements are checked before a contact enters");
        let own = Arc::clone(&id.own);
        self.keys.insert(id.clone(), key);
        self.slots[key.0 as usize] = Some(Kind { id, open: 1, breadth: Breadth::of(&dnf) });
        (key, own)
    }

    /// Counts one fewer.
    pub fn leave(&mut self, key: KindKey) {
        let slot = &mut self.slots[key.0 as usize];
        let kind = slot.as_mut().expect("a contact's kind is there");
        kind.open -= 1;
        if kind.open == 0 {
            self.keys.remove(&kind.id);
            *slot = None;
            self.vacant.push(key);
        }
    }

    /// A kind that a contact is of.
    pub fn kind(&self, key: KindKey) -> &Kind {
        self.slots[key.0 as usize].as_ref().expect("a contact's kind is there")
    }

    /// All of them, in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.slots.iter().flatten()
    }
}
