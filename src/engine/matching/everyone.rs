//! All agents, signed in or not, as bits by their number: how many have what, without looking at any of them.
//!
//! A question such as "who has polish >= 60 and could ever take a call" is a few thousand words in a row, 2 µs among
//! 100,000 agents. The rosters answer the same only of those who stand in line, and in idle order.
//!
//! Invariant: a bit is set exactly for agents who exist and have what the bitmap says (`invariant::check` compares).

use super::{
    atoms::{ANYONE, AtomKey, AtomSet},
    class::Alternative,
};
use crate::model::ids::AgentKey;

/// A set of agents.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentSet {
    words: Vec<u64>,
}

impl AgentSet {
    /// Puts an agent in.
    pub fn insert(&mut self, agent: AgentKey) {
        let word = (agent.0 / 64) as usize;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (agent.0 % 64);
    }

    /// Takes an agent out; whether it was in.
    pub fn remove(&mut self, agent: AgentKey) -> bool {
        let Some(word) = self.words.get_mut((agent.0 / 64) as usize) else { return false };
        let bit = 1 << (agent.0 % 64);
        let was_in = *word & bit != 0;
        *word &= !bit;
        was_in
    }

    /// Puts an agent in or takes it out.
    pub fn set(&mut self, agent: AgentKey, is_in: bool) {
        if is_in {
            self.insert(agent);
        } else {
            self.remove(agent);
        }
    }

    /// Whether an agent is in.
    pub fn contains(&self, agent: AgentKey) -> bool {
        self.words.get((agent.0 / 64) as usize).is_some_and(|word| word & (1 << (agent.0 % 64)) != 0)
    }

    /// Who is in, in order.
    pub fn iter(&self) -> impl Iterator<Item = AgentKey> + '_ {
        (0u32..).zip(&self.words).flat_map(|(at, word)| agents(at, *word))
    }

    /// The first.
    pub fn first(&self) -> Option<AgentKey> {
        self.iter().next()
    }

    /// Whether nobody is in.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    fn word(&self, at: usize) -> u64 {
        self.words.get(at).copied().unwrap_or(0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many are in both.
    pub fn common(&self, other: &Self) -> usize {
        self.words.iter().zip(&other.words).map(|(word, other)| (word & other).count_ones() as usize).sum()
    }

    /// Keeps those who are in the other too.
    pub fn keep(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Takes those out who are in the other.
    pub fn drop(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// Adds those who are in the other.
    pub fn add(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }
}

/// What is known of all agents together.
#[derive(Debug, Clone, Default)]
pub struct Everyone {
    /// Those who exist.
    pub known: AgentSet,
    /// Of those, who have a session whose stream is open.
    pub signed_in: AgentSet,
    /// Of those, who are available with nothing else pending.
    pub available: AgentSet,
    /// Per atom, who satisfies it.
    atoms: Vec<AgentSet>,
    /// Per lane, who could take a contact of it with nothing else to do.
    lanes: Vec<AgentSet>,
    none: AgentSet,
}

impl Everyone {
    /// Who satisfies an atom.
    pub fn with_atom(&self, atom: AtomKey) -> &AgentSet {
        self.atoms.get(atom.0 as usize).unwrap_or(&self.none)
    }

    /// Who could take a contact of the lane with nothing else to do.
    pub fn with_lane(&self, lane: u8) -> &AgentSet {
        self.lanes.get(usize::from(lane)).unwrap_or(&self.none)
    }

    /// Somebody who satisfies one of the alternatives, could ever take a contact of the lane and is not barred. The
    /// search begins somewhere, so that not everybody finds the same one.
    pub fn find(&self, required: &[Alternative], lane: u8, barred: &[AgentKey], somewhere: usize) -> Option<AgentKey> {
        let lane = self.with_lane(lane);
        let words = lane.words.len();
        let start = somewhere % words.max(1);
        (start..words).chain(0..start).find_map(|at| {
            let atom = |atom: &AtomKey| self.with_atom(*atom).word(at);
            let any = required.iter().fold(0, |any, alternative| {
                let must = alternative.must.iter().fold(u64::MAX, |all, must| all & atom(must));
                let must_not = alternative.must_not.iter().fold(0, |some, not| some | atom(not));
                any | (must & !must_not)
            });
            let number = u32::try_from(at).expect("agents are limited to 100,000");
            agents(number, lane.word(at) & any).find(|agent| !barred.contains(agent))
        })
    }

    /// Gives an agent an atom.
    pub fn grant(&mut self, agent: AgentKey, atom: AtomKey) {
        at(&mut self.atoms, atom.0 as usize).insert(agent);
    }

    /// Takes an atom from an agent.
    pub fn revoke(&mut self, agent: AgentKey, atom: AtomKey) {
        at(&mut self.atoms, atom.0 as usize).remove(agent);
    }

    /// An agent satisfies these atoms now, and not those before.
    pub fn describe(&mut self, agent: AgentKey, before: &AtomSet, now: &AtomSet) {
        for atom in before.iter().filter(|atom| !now.contains(*atom)) {
            at(&mut self.atoms, atom.0 as usize).remove(agent);
        }
        for atom in now.iter().filter(|atom| !before.contains(*atom)) {
            self.grant(agent, atom);
        }
    }

    /// An agent exists, and could take contacts of these lanes.
    pub fn enter(&mut self, agent: AgentKey, lanes: u64) {
        self.known.insert(agent);
        for lane in 0..64 {
            let takes = lanes & (1 << lane) != 0;
            if takes {
                at(&mut self.lanes, lane).insert(agent);
            } else if let Some(without) = self.lanes.get_mut(lane) {
                without.remove(agent);
            }
        }
    }

    /// An agent exists no more; what it satisfied was taken back before.
    pub fn leave(&mut self, agent: AgentKey) {
        self.enter(agent, 0);
        at(&mut self.atoms, ANYONE.0 as usize).remove(agent);
        for set in [&mut self.known, &mut self.signed_in, &mut self.available] {
            set.remove(agent);
        }
    }
}

/// The agents of one word.
fn agents(at: u32, mut word: u64) -> impl Iterator<Item = AgentKey> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        (word != 0).then(|| {
            word &= word - 1;
            AgentKey(at * 64 + bit)
        })
    })
}

fn at(sets: &mut Vec<AgentSet>, number: usize) -> &mut AgentSet {
    if sets.len() <= number {
        sets.resize_with(number + 1, AgentSet::default);
    }
    &mut sets[number]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(agents: &[u32]) -> AgentSet {
        let mut set = AgentSet::default();
        agents.iter().for_each(|agent| set.insert(AgentKey(*agent)));
        set
    }

    #[test]
    fn sets_of_different_lengths_combine() {
        let mut few = set(&[1, 70]);
        few.add(&set(&[3, 200]));
        assert_eq!(few, set(&[1, 3, 70, 200]));
        few.keep(&set(&[1, 70]));
        assert_eq!((few.len(), few.contains(AgentKey(200))), (2, false));
        assert_eq!((few.common(&set(&[1, 500])), set(&[1, 500]).common(&few), few.common(&set(&[]))), (1, 1, 0));
        few.drop(&set(&[1, 500]));
        assert_eq!(few, set(&[70]));
        assert!(few.remove(AgentKey(70)) && !few.remove(AgentKey(70)) && !few.remove(AgentKey(9_999)));
    }
}
