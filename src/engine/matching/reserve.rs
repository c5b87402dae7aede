//! Empathetic agents kept free: how many of them are idle, counted for every skill, and whom that bars from routine.
//!
//! A routine contact may take an empathetic agent only while more than so many of them are idle, for each skill of the one
//! taken; agents without any other skill are counted together. Where a count crosses its limit, the agents who then stand
//! at or below it get a bar or lose it: an atom that classes of routine contacts must not meet. So no search counts
//! anything, and one event changes the bars of about as many agents as are kept free.
//!
//! Invariant: a bar is set exactly for idle agents one of whose counts is at or below its limit (`invariant::check`
//! compares). A skill that only empathetic agents have keeps nobody free: there would be no one else to serve it.
//! During a sweep both documents count, each for itself; agents whom the next one has not taken over are not in its
//! counts.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::atoms::AtomKey;
use crate::{
    engine::table::Table,
    model::{
        care::Grade,
        document::{ReserveMode, ReserveRules},
        ids::{AgentKey, SkillKey},
        limits::RESERVE_AGENTS_MIN,
        requirement::Level,
    },
};

/// What an agent is kept from, as an atom of one document's reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bar {
    /// Routine contacts, as many as the reserve says.
    Reserve,
    /// Those that have waited for the reserve to be released.
    Floor,
    /// Those that are too improbable a moment of truth.
    Price(Grade),
}

impl Bar {
    /// All of them, by their number.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Reserve, Self::Floor].into_iter().chain(Grade::all().map(Self::Price))
    }

    /// Those of a sort of reserve.
    fn of(mode: ReserveMode) -> impl Iterator<Item = Self> {
        Self::all().filter(move |bar| match mode {
            ReserveMode::Soft => matches!(bar, Self::Reserve | Self::Floor),
            ReserveMode::Fixed => matches!(bar, Self::Reserve),
            ReserveMode::Graded => matches!(bar, Self::Price(_)),
            ReserveMode::Off => false,
        })
    }

    fn bit(self) -> u16 {
        match self {
            Self::Reserve => 1,
            Self::Floor => 2,
            Self::Price(grade) => 4 << grade.number(),
        }
    }
}

/// Agents who are counted together: those with a skill, or those with no other skill than empathy.
pub type Group = Option<SkillKey>;

/// A set of bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bars(u16);

impl Bars {
    /// Whether one is among them.
    pub fn contains(self, bar: Bar) -> bool {
        self.0 & bar.bit() != 0
    }
}

/// One document's reserve.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// The document's version.
    pub version: u64,
    /// Which atoms are its own: two documents at most are there at once.
    pub slot: u8,
    /// Those of the bars, in their order.
    atoms: Vec<AtomKey>,
    skill: SkillKey,
    level: Level,
    rules: ReserveRules,
    by_skill: BTreeMap<SkillKey, u32>,
    /// Agents from this number on are not taken over yet.
    pub known_below: u32,
    settings: BTreeMap<Group, u32>,
    members: Table<AgentKey, Member>,
    groups: BTreeMap<Group, Counted>,
    empathetic: usize,
    /// Thousandths of agents whom announced moments of truth will take.
    announced: u64,
    /// Everybody, empathetic or not.
    agents: usize,
}

/// An empathetic agent.
#[derive(Debug, Clone, Default)]
struct Member {
    groups: SmallVec<[Group; 4]>,
    stands: bool,
    idle: bool,
    /// The bars that its signature bears.
    marked: Bars,
}

/// Those of a group.
#[derive(Debug, Clone, Default)]
struct Counted {
    members: usize,
    /// Who takes work.
    standing: u64,
    idle: BTreeSet<AgentKey>,
    /// Everybody who has the skill, empathetic or not.
    holders: usize,
    tight: Bars,
}

/// What a reserve is made of.
pub struct Founding {
    /// The document's version.
    pub version: u64,
    /// The skill that stands for empathy.
    pub skill: SkillKey,
    /// From which level on.
    pub level: Level,
    /// The document's rules.
    pub rules: ReserveRules,
    /// What it says of single skills.
    pub by_skill: BTreeMap<SkillKey, u32>,
    /// What was set since.
    pub settings: BTreeMap<Group, u32>,
    /// Announced moments of truth, in thousandths of an agent.
    pub announced: u64,
    /// How many agents there are.
    pub agents: usize,
}

impl Reserve {
    /// A reserve that knows nobody yet.
    pub fn new(founding: Founding, slot: u8, atoms: Vec<AtomKey>) -> Self {
        let Founding { version, skill, level, rules, by_skill, settings, announced, agents } = founding;
        let (members, groups) = (Table::default(), BTreeMap::new());
        let (known_below, empathetic) = (0, 0);
        Self {
            version,
            slot,
            atoms,
            skill,
            level,
            rules,
            by_skill,
            known_below,
            settings,
            members,
            groups,
            empathetic,
            announced,
            agents,
        }
    }

    /// Whether agents are kept free at all.
    pub fn is_in_force(&self) -> bool {
        match self.rules.mode {
            ReserveMode::Off => false,
            ReserveMode::Graded => true,
            ReserveMode::Fixed | ReserveMode::Soft => {
                let set = self.settings.values().chain(self.by_skill.values()).any(|k| *k > 0);
                set || self.k_of(None) > 0
            }
        }
    }

    /// How many of a group are kept free.
    pub fn k_of(&self, group: Group) -> u32 {
        let by_skill = || self.by_skill.get(&group?).copied();
        let enough = self.agents >= RESERVE_AGENTS_MIN;
        let usual = self.rules.k.unwrap_or(u32::from(enough));
        self.settings.get(&group).copied().or_else(by_skill).unwrap_or(usual)
    }

    /// Whether an agent with these skills counts as empathetic.
    pub fn is_empathetic(&self, skills: &[(SkillKey, Level)]) -> bool {
        skills.iter().any(|(skill, level)| *skill == self.skill && *level >= self.level)
    }

    /// The bars of an agent.
    pub fn bars(&self, agent: AgentKey) -> Bars {
        let Some(member) = self.members.get(&agent).filter(|member| member.idle) else { return Bars::default() };
        let tight = member.groups.iter().filter_map(|group| self.groups.get(group)).map(|counted| counted.tight.0);
        Bars(tight.fold(0, |all, tight| all | tight))
    }

    /// The bars that an agent's signature is to gain or lose; it is taken to have done so.
    pub fn mark(&mut self, agent: AgentKey) -> SmallVec<[(AtomKey, bool); 4]> {
        let bars = self.bars(agent);
        let Some(member) = self.members.get_mut(&agent).filter(|member| member.marked != bars) else {
            return SmallVec::new();
        };
        let before = std::mem::replace(&mut member.marked, bars);
        let all = Bar::all().zip(&self.atoms);
        let changed = all.filter(|(bar, _)| before.contains(*bar) != bars.contains(*bar));
        changed.map(|(bar, atom)| (*atom, bars.contains(bar))).collect()
    }

    /// The atoms that an agent bears.
    pub fn borne_by(&self, agent: AgentKey) -> impl Iterator<Item = AtomKey> + '_ {
        let bars = self.bars(agent);
        Bar::all().zip(&self.atoms).filter(move |(bar, _)| bars.contains(*bar)).map(|(_, atom)| *atom)
    }

    /// The atom of a bar.
    pub fn atom(&self, bar: Bar) -> AtomKey {
        let found = Bar::all().zip(&self.atoms).find(|(known, _)| *known == bar);
        *found.expect("a reserve has the atoms of all bars").1
    }

    /// An agent has these skills now, or is no more; who described it takes it out of the rosters first. Returns whose
    /// bars may be others.
    pub fn describe(
        &mut self,
        agent: AgentKey,
        skills: &[(SkillKey, Level)],
        holders: impl Fn(SkillKey) -> usize,
    ) -> Vec<AgentKey> {
        let mut moved = Vec::new();
        if let Some(member) = self.members.remove(&agent) {
            self.empathetic -= 1;
            for group in member.groups {
                self.change(group, &mut moved, |counted| {
                    counted.members -= 1;
                    counted.standing -= u64::from(member.stands);
                    counted.idle.remove(&agent);
                });
            }
        }
        if agent.0 < self.known_below && self.is_empathetic(skills) {
            self.empathetic += 1;
            let others = skills.iter().map(|(skill, _)| *skill).filter(|skill| *skill != self.skill);
            let mut groups: SmallVec<[Group; 4]> = others.map(Some).collect();
            if groups.is_empty() {
                groups.push(None);
            }
            for group in &groups {
                let all = group.map_or(0, &holders);
                self.change(*group, &mut moved, |counted| {
                    (counted.members, counted.holders) = (counted.members + 1, all);
                });
            }
            self.members.insert(agent, Member { groups, ..Member::default() });
        }
        if self.groups.contains_key(&None) {
            self.change(None, &mut moved, |_| ());
        }
        moved
    }

    /// So many have a skill now, empathetic or not.
    pub fn count_holders(&mut self, skill: SkillKey, holders: usize) -> Vec<AgentKey> {
        let mut moved = Vec::new();
        if self.groups.get(&Some(skill)).is_some_and(|counted| counted.holders != holders) {
            self.change(Some(skill), &mut moved, |counted| counted.holders = holders);
        }
        moved
    }

    /// So many agents are there, empathetic or not.
    pub fn count_agents(&mut self, agents: usize) -> Vec<AgentKey> {
        let before = (self.agents >= RESERVE_AGENTS_MIN, self.agents > self.empathetic);
        self.agents = agents;
        let now = (self.agents >= RESERVE_AGENTS_MIN, self.agents > self.empathetic);
        if before == now { Vec::new() } else { self.tighten_all() }
    }

    /// What was set for a group, instead of what the document says.
    pub fn set(&mut self, group: Group, k: Option<u32>) -> Vec<AgentKey> {
        match k {
            Some(k) => self.settings.insert(group, k),
            None => self.settings.remove(&group),
        };
        let mut moved = Vec::new();
        if self.groups.contains_key(&group) {
            self.change(group, &mut moved, |_| ());
        }
        moved
    }

    /// So many thousandths of agents are expected to be taken.
    pub fn announce(&mut self, announced: u64) -> Vec<AgentKey> {
        self.announced = announced;
        self.tighten_all()
    }

    /// An agent stands somewhere else, or nowhere.
    pub fn place(&mut self, agent: AgentKey, stands: bool, idle: bool) -> Vec<AgentKey> {
        let mut moved = Vec::new();
        let Some(member) = self.members.get_mut(&agent) else { return moved };
        let (stood, was_idle) = (member.stands, member.idle);
        if (stood, was_idle) == (stands, idle) {
            return moved;
        }
        (member.stands, member.idle) = (stands, idle);
        for group in member.groups.clone() {
            self.change(group, &mut moved, |counted| {
                counted.standing = counted.standing - u64::from(stood) + u64::from(stands);
                if idle {
                    counted.idle.insert(agent);
                } else {
                    counted.idle.remove(&agent);
                }
            });
        }
        moved.push(agent);
        moved
    }

    /// Everybody who may have a bar.
    pub fn idle(&self) -> Vec<AgentKey> {
        let mut all: Vec<AgentKey> = self.groups.values().flat_map(|counted| counted.idle.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn change(&mut self, group: Group, moved: &mut Vec<AgentKey>, change: impl FnOnce(&mut Counted)) {
        let counted = self.groups.entry(group).or_default();
        let before = counted.tight;
        change(counted);
        if counted.members == 0 {
            self.groups.remove(&group);
            return;
        }
        let tight = self.tight(group, &self.groups[&group]);
        let counted = self.groups.get_mut(&group).expect("it was there a moment ago");
        counted.tight = tight;
        if before != tight {
            moved.extend(&counted.idle);
        }
    }

    fn tighten_all(&mut self) -> Vec<AgentKey> {
        let mut moved = Vec::new();
        for group in self.groups.keys().copied().collect::<Vec<_>>() {
            self.change(group, &mut moved, |_| ());
        }
        moved
    }

    /// Which bars the idle ones of a group have.
    fn tight(&self, group: Group, counted: &Counted) -> Bars {
        let everybody = if group.is_none() { self.agents } else { counted.holders };
        let empathetic = if group.is_none() { self.empathetic } else { counted.members };
        let idle = counted.idle.len() as u64 * 1_000;
        if idle == 0 || everybody <= empathetic || self.rules.mode == ReserveMode::Off {
            return Bars::default();
        }
        // Of seven tenths expected a whole agent is kept: rounded down, nobody would be kept for one that probably comes.
        let expected = (self.announced + 499) / 1_000 * 1_000;
        let announced = expected.min(counted.standing * u64::from(self.rules.announced_share) * 10);
        let is_tight = |bar: Bar| {
            let k = match bar {
                Bar::Reserve => self.k_of(group),
                Bar::Floor => return idle <= u64::from(self.rules.floor.min(self.k_of(group))) * 1_000,
                Bar::Price(grade) => grade.price() - 1,
            };
            idle <= u64::from(k) * 1_000 + announced
        };
        let all = Bar::of(self.rules.mode).filter(|bar| is_tight(*bar));
        Bars(all.fold(0, |bits, bar| bits | bar.bit()))
    }
}
