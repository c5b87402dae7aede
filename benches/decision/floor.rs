//! What a decision is compared with in the same run: the clock itself, one ordered-set operation, a scan over rows.

use std::{collections::BTreeSet, hint::black_box};

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Words of a row's skill bits: 50 skills at three levels.
const WORDS: usize = 3;

#[derive(Clone, Copy)]
struct Row {
    skills: [u64; WORDS],
    since: u64,
    free: bool,
}

/// The naive router: a row per agent and a row per waiting contact, each decision a scan over all of them.
pub struct Floor {
    agents: Vec<Row>,
    contacts: Vec<Row>,
    ordered: BTreeSet<(u64, u64)>,
    random: StdRng,
}

impl Floor {
    pub fn new(agents: usize, waiting: usize) -> Self {
        let mut random = StdRng::seed_from_u64(3);
        let agents = (0..agents).map(|_| row(&mut random, 7)).collect();
        let contacts = (0..waiting).map(|_| row(&mut random, 2)).collect();
        let ordered = (0..waiting as u64).map(|at| (random.random_range(0..1 << 40), at)).collect();
        Self { agents, contacts, ordered, random }
    }

    /// Nothing: what two readings of the clock cost.
    pub fn clock(&mut self) {}

    /// One into an ordered set, its first out of it.
    pub fn ordered_set(&mut self) {
        let at = self.random.random_range(0..1 << 40);
        self.ordered.insert((at, at));
        black_box(self.ordered.pop_first());
    }

    /// The longest idle free agent with a contact's skills.
    pub fn scan_agents(&mut self) {
        let contact = self.contacts[self.random.random_range(0..self.contacts.len())];
        let able = self.agents.iter().filter(|agent| agent.free && covers(agent, &contact));
        black_box(able.map(|agent| agent.since).min());
    }

    /// The first waiting contact whose skills an agent has.
    pub fn scan_contacts(&mut self) {
        let agent = self.agents[self.random.random_range(0..self.agents.len())];
        let able = self.contacts.iter().filter(|contact| covers(&agent, contact));
        black_box(able.map(|contact| contact.since).min());
    }
}

fn row(random: &mut StdRng, skills: usize) -> Row {
    let mut bits = [0; WORDS];
    for _ in 0..skills {
        let bit = random.random_range(0..WORDS * 50);
        bits[bit / 64] |= 1 << (bit % 64);
    }
    Row { skills: bits, since: random.random_range(0..1 << 40), free: random.random_range(0..2) == 0 }
}

fn covers(agent: &Row, contact: &Row) -> bool {
    agent.skills.iter().zip(&contact.skills).all(|(has, needs)| has & needs == *needs)
}
