//! What the reserves say of agents, and what they have had of moments of truth, as atoms of their signatures.
//!
//! Invariant: after every event an agent bears exactly the bars that its document's reserve gives it, in its signature, in
//! the rosters and in the bitmaps of everyone, and likewise its strain; whoever loses one is looked at by settling. Who cools
//! down is free for routine contacts: no reserve counts on such an agent.

use smallvec::SmallVec;

use super::{
    atoms::{Atom, AtomKey},
    index::Index,
    reserve::{Bar, Founding, Group, Reserve},
};
use crate::{
    engine::load::Strain,
    model::{
        ids::{AgentKey, SkillKey},
        requirement::Level,
    },
};

/// Strains that an agent bears as atoms.
const STRAINS: [Strain; 2] = [Strain::Heavy, Strain::Cooling];

impl Index {
    /// The reserve of a document, if it has one.
    pub fn reserve(&self, document: u64) -> Option<&Reserve> {
        self.reserves.iter().find(|reserve| reserve.version == document)
    }

    /// The atom of a bar of a document's reserve.
    pub fn bar(&self, document: u64, bar: Bar) -> Option<AtomKey> {
        Some(self.reserve(document)?.atom(bar))
    }

    /// A document with a reserve is on its way; agents come into its counts as they are taken over.
    pub fn found_reserve(&mut self, founding: Founding) {
        self.know_strains();
        let slot = u8::from(self.reserves.iter().any(|reserve| reserve.slot == 0));
        let atoms = Bar::all().map(|bar| self.find_or_add(Atom::Kept(slot, bar))).collect();
        self.reserves.push(Reserve::new(founding, slot, atoms));
    }

    /// What agents have had of moments of truth can be borne from now on, under whatever document.
    pub fn know_strains(&mut self) {
        for strain in STRAINS {
            self.find_or_add(Atom::Strained(strain));
        }
    }

    fn find_or_add(&mut self, atom: Atom) -> AtomKey {
        self.atoms.find(atom).unwrap_or_else(|| self.atoms.add(atom))
    }

    /// An agent has had so much of moments of truth.
    pub fn strain(&mut self, agent: AgentKey, strain: Strain) {
        let before = std::mem::replace(&mut self.stand_mut(agent).strain, strain);
        if before == strain {
            return;
        }
        let (had, has) = (self.strain_atoms(before), self.strain_atoms(strain));
        had.iter().filter(|atom| !has.contains(atom)).for_each(|atom| self.mark(agent, *atom, false));
        has.iter().for_each(|atom| self.mark(agent, *atom, true));
        self.place_in_reserves(agent);
    }

    /// What an agent bears who has had so much.
    pub(super) fn strain_atoms(&self, strain: Strain) -> SmallVec<[AtomKey; 2]> {
        let borne = STRAINS.into_iter().filter(|borne| *borne <= strain);
        borne.filter_map(|borne| self.atoms.find(Atom::Strained(borne))).collect()
    }

    /// What agents bear who are left out so that they are spared.
    pub(super) fn spared_atom(&self, spared: Option<Strain>) -> Option<AtomKey> {
        self.atoms.find(Atom::Strained(spared?))
    }

    /// Agents below this number are taken over by this document.
    pub fn know_below(&mut self, document: u64, number: u32) {
        if let Some(reserve) = self.reserves.iter_mut().find(|reserve| reserve.version == document) {
            reserve.known_below = number;
        }
    }

    /// No contact goes by any other document any more.
    pub fn keep_reserve_of(&mut self, document: u64) {
        let (kept, gone) = self.reserves.drain(..).partition::<Vec<_>, _>(|reserve| reserve.version == document);
        self.reserves = SmallVec::from_vec(kept);
        for reserve in gone {
            for agent in reserve.idle() {
                reserve.borne_by(agent).for_each(|atom| self.mark(agent, atom, false));
            }
        }
    }

    /// What was set for a group of agents.
    pub fn set_reserve(&mut self, group: Group, k: Option<u32>) {
        self.in_each(|reserve| reserve.set(group, k));
    }

    /// So many thousandths of agents are expected to be taken by announced moments of truth.
    pub fn announce(&mut self, announced: u64) {
        self.in_each(|reserve| reserve.announce(announced));
    }

    /// So many agents are there.
    pub fn count_agents(&mut self, agents: usize) {
        self.in_each(|reserve| reserve.count_agents(agents));
    }

    pub(super) fn describe_reserves(&mut self, agent: AgentKey, before: &[(SkillKey, Level)]) {
        if self.reserves.is_empty() {
            return;
        }
        let now: SmallVec<[(SkillKey, Level); 8]> = self.skills_of(agent).iter().copied().collect();
        let counts: Vec<(SkillKey, usize)> =
            before.iter().chain(&now).map(|(skill, _)| (*skill, self.count_holders(*skill))).collect();
        self.in_each(|reserve| {
            let holders = |skill| counts.iter().find(|(known, _)| *known == skill).map_or(0, |(_, count)| *count);
            let mut moved = reserve.describe(agent, &now, holders);
            for (skill, holders) in &counts {
                moved.extend(reserve.count_holders(*skill, *holders));
            }
            moved
        });
    }

    pub(super) fn place_in_reserves(&mut self, agent: AgentKey) {
        if self.reserves.is_empty() {
            return;
        }
        let standing = self.stand(agent).standing;
        let idle = standing.is_some_and(|standing| standing.ready != 0) && self.stand(agent).strain != Strain::Cooling;
        self.in_each(|reserve| reserve.place(agent, standing.is_some(), idle));
    }

    /// Lets each reserve change, and gives whoever is concerned the bars that follow.
    fn in_each(&mut self, mut change: impl FnMut(&mut Reserve) -> Vec<AgentKey>) {
        for at in 0..self.reserves.len() {
            let moved = change(&mut self.reserves[at]);
            for agent in moved {
                for (atom, is_so) in self.reserves[at].mark(agent) {
                    self.mark(agent, atom, is_so);
                }
            }
        }
    }

    /// Gives an agent an atom or takes it away; whoever bears one less may take more.
    fn mark(&mut self, agent: AgentKey, key: AtomKey, is_so: bool) {
        let stand = self.stand_mut(agent);
        if stand.signature.contains(key) == is_so {
            return;
        }
        let standing = stand.standing;
        if is_so {
            stand.signature.insert(key);
            self.everyone.grant(agent, key);
            self.atoms.count_holder(key);
        } else {
            stand.signature.remove(key);
            self.everyone.revoke(agent, key);
            self.atoms.discount_holder(key);
        }
        let Some(standing) = standing else { return };
        for (roster, lanes) in [(&mut self.idle, standing.ready), (&mut self.busy, standing.blocked)] {
            match (lanes != 0, is_so) {
                (true, true) => roster.grant(standing.key, key),
                (true, false) => roster.revoke(standing.key, key),
                (false, _) => {}
            }
        }
        if !is_so && standing.ready != 0 {
            self.dirty_agents.insert(agent);
        }
    }
}
