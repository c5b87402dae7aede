//! Conditions in use as bits: an agent's signature is the set of atoms it satisfies.
//!
//! Invariant: atom 0 is "anyone" and every agent has it, so that a requirement without positive conditions hangs
//! somewhere too. Only atoms that some class mentions exist, so unique proficiencies do not make unique agents.

use crate::model::{
    ids::{QueueKey, SkillKey},
    requirement::Level,
};

use super::reserve::Bar;
use crate::engine::{load::Strain, table::Table};

/// A condition's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AtomKey(pub u32);

/// The atom that every agent satisfies.
pub const ANYONE: AtomKey = AtomKey(0);

/// A condition an agent meets or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    /// Anybody.
    Anyone,
    /// The skill at this level or above.
    Skill(SkillKey, Level),
    /// Assigned to the queue.
    Member(QueueKey),
    /// Kept from some contacts for now, by the reserve with this number.
    Kept(u8, Bar),
    /// Has had so much of moments of truth; one who cools down counts as heavy too.
    Strained(Strain),
}

/// All atoms in use.
#[derive(Debug, Clone)]
pub struct Atoms {
    keys: Table<Atom, AtomKey>,
    atoms: Vec<Atom>,
    /// Per skill, its levels in use.
    levels: Vec<Vec<(Level, AtomKey)>>,
    /// Per atom, how many agents satisfy it: the rarest is where a class hangs.
    holders: Vec<u32>,
}

impl Default for Atoms {
    fn default() -> Self {
        let mut keys = Table::default();
        keys.insert(Atom::Anyone, ANYONE);
        Self { keys, atoms: vec![Atom::Anyone], levels: Vec::new(), holders: vec![u32::MAX] }
    }
}

impl Atoms {
    /// The key of an atom in use.
    pub fn find(&self, atom: Atom) -> Option<AtomKey> {
        self.keys.get(&atom).copied()
    }

    /// Brings an atom into use; the caller gives it to the agents who satisfy it.
    pub fn add(&mut self, atom: Atom) -> AtomKey {
        let key = AtomKey(u32::try_from(self.atoms.len()).expect("atoms are limited well below 2^32"));
        self.keys.insert(atom, key);
        self.atoms.push(atom);
        self.holders.push(0);
        if let Atom::Skill(skill, level) = atom {
            let skill = skill.0 as usize;
            if self.levels.len() <= skill {
                self.levels.resize_with(skill + 1, Vec::new);
            }
            self.levels[skill].push((level, key));
        }
        key
    }

    /// What an atom says.
    pub fn meaning(&self, atom: AtomKey) -> Atom {
        self.atoms[atom.0 as usize]
    }

    /// How many atoms are in use.
    pub fn len(&self) -> usize {
        self.atoms.len()
    }

    /// The atoms that a proficiency in a skill satisfies.
    pub fn satisfied_by(&self, skill: SkillKey, proficiency: Level) -> impl Iterator<Item = AtomKey> + '_ {
        let levels = self.levels.get(skill.0 as usize).map_or(&[][..], Vec::as_slice);
        levels.iter().filter(move |(level, _)| *level <= proficiency).map(|(_, key)| *key)
    }

    /// How many agents satisfy an atom.
    pub fn holders(&self, atom: AtomKey) -> u32 {
        self.holders[atom.0 as usize]
    }

    /// Counts an agent who satisfies the atom.
    pub fn count_holder(&mut self, atom: AtomKey) {
        let holders = &mut self.holders[atom.0 as usize];
        *holders = holders.saturating_add(1);
    }

    /// Counts one fewer.
    pub fn discount_holder(&mut self, atom: AtomKey) {
        let holders = &mut self.holders[atom.0 as usize];
        *holders = holders.saturating_sub(1);
    }
}

/// A set of atoms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtomSet {
    words: Vec<u64>,
}

impl AtomSet {
    /// Adds an atom.
    pub fn insert(&mut self, atom: AtomKey) {
        let word = (atom.0 / 64) as usize;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (atom.0 % 64);
    }

    /// Takes an atom out.
    pub fn remove(&mut self, atom: AtomKey) {
        if let Some(word) = self.words.get_mut((atom.0 / 64) as usize) {
            *word &= !(1 << (atom.0 % 64));
        }
    }

    /// Whether the atom is in.
    pub fn contains(&self, atom: AtomKey) -> bool {
        self.words.get((atom.0 / 64) as usize).is_some_and(|word| word & (1 << (atom.0 % 64)) != 0)
    }

    /// The atoms in order.
    pub fn iter(&self) -> impl Iterator<Item = AtomKey> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| bits(at, *word))
    }

    /// The atoms that are in both, in order.
    pub fn intersection<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = AtomKey> + 'a {
        self.words.iter().zip(&other.words).enumerate().flat_map(|(at, (a, b))| bits(at, a & b))
    }
}

fn bits(at: usize, mut word: u64) -> impl Iterator<Item = AtomKey> {
    let base = u32::try_from(at * 64).expect("atoms are limited well below 2^32");
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let bit = word.trailing_zeros();
        word &= word - 1;
        Some(AtomKey(base + bit))
    })
}
