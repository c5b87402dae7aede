//! Who works now, and how many of them are empathetic, skill by skill.
//!
//! Invariant: the counts are those of the agents who are available, by the document in force and by what was learnt as
//! matching sees it; an agent counts to every skill but the one that stands for empathy, and one without any to the rest.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{
    agent::{AgentProfile, Presence},
    document::{Document, Empathy},
    ids::{AgentId, AgentKey, SkillName},
    requirement::Level,
};

/// Empathetic agents who are counted together: those with a skill, or those without another (`None`).
pub type Group = Option<SkillName>;

/// Who works.
#[derive(Debug, Default)]
pub struct Staff {
    empathy: Option<Empathy>,
    learns: Option<SkillName>,
    agents: BTreeMap<AgentKey, Agent>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    available: usize,
    empathetic: usize,
    groups: BTreeMap<Group, usize>,
}

#[derive(Debug)]
struct Agent {
    id: AgentId,
    profile: Arc<AgentProfile>,
    /// The level of empathy that stands before the profile's.
    learnt: Option<Level>,
    is_available: bool,
}

/// What is said of an agent's empathy.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Who.
    pub agent: &'a AgentId,
    /// By the record; 0 = nothing.
    pub recorded: Level,
    /// What was learnt and taken over.
    pub learnt: Option<Level>,
    /// The record stands.
    pub is_fixed: bool,
}

impl Staff {
    /// Another document may find others empathetic.
    pub fn follow(&mut self, document: &Document) {
        let learns = document.learnt_skill();
        if self.empathy == document.empathy && self.learns.as_ref() == learns {
            return;
        }
        if self.learns.as_ref() != learns {
            self.agents.values_mut().for_each(|agent| agent.learnt = None);
        }
        (self.empathy, self.learns) = (document.empathy.clone(), learns.cloned());
        self.counts = Counts::default();
        for agent in self.agents.values() {
            self.counts.enter(agent, self.empathy.as_ref());
        }
    }

    /// An agent is there, with this profile.
    pub fn put(&mut self, key: AgentKey, id: &AgentId, profile: &Arc<AgentProfile>) {
        self.change(key, |before| {
            let is_available = before.as_ref().is_some_and(|agent| agent.is_available);
            let learnt = before.and_then(|agent| agent.learnt).filter(|_| !profile.empathy_fixed);
            Some(Agent { id: id.clone(), profile: Arc::clone(profile), learnt, is_available })
        });
    }

    /// An agent's level of empathy was taken over.
    pub fn learn(&mut self, key: AgentKey, level: Option<Level>) {
        let learnt = level.filter(|_| self.learns.is_some());
        self.change(key, |before| before.map(|agent| Agent { learnt, ..agent }));
    }

    /// What is said of an agent's empathy, if the document learns it.
    pub fn said(&self, key: AgentKey) -> Option<Said<'_>> {
        let (skill, agent) = (self.learns.as_ref()?, self.agents.get(&key)?);
        Some(Said {
            agent: &agent.id,
            recorded: agent.profile.skills.get(skill).copied().unwrap_or(0),
            learnt: agent.learnt,
            is_fixed: agent.profile.empathy_fixed,
        })
    }

    /// Everybody.
    pub fn agents(&self) -> impl Iterator<Item = AgentKey> {
        self.agents.keys().copied()
    }

    /// An agent is there no more.
    pub fn delete(&mut self, key: AgentKey) {
        self.change(key, |_| None);
    }

    /// An agent takes work, or takes none.
    pub fn set_presence(&mut self, key: AgentKey, presence: &Presence) {
        let is_available = *presence == Presence::Available;
        self.change(key, |before| before.map(|agent| Agent { is_available, ..agent }));
    }

    /// How many take work.
    pub fn available(&self) -> usize {
        self.counts.available
    }

    /// How many of them are empathetic.
    pub fn empathetic(&self) -> usize {
        self.counts.empathetic
    }

    /// Empathetic ones by skill.
    pub fn groups(&self) -> &BTreeMap<Group, usize> {
        &self.counts.groups
    }

    /// Whether an agent is empathetic.
    pub fn is_empathetic(&self, key: AgentKey) -> bool {
        self.agents.get(&key).is_some_and(|agent| agent.is_empathetic(self.empathy.as_ref()))
    }

    fn change(&mut self, key: AgentKey, change: impl FnOnce(Option<Agent>) -> Option<Agent>) {
        let before = self.agents.remove(&key);
        if let Some(agent) = &before {
            self.counts.leave(agent, self.empathy.as_ref());
        }
        if let Some(agent) = change(before) {
            self.counts.enter(&agent, self.empathy.as_ref());
            self.agents.insert(key, agent);
        }
    }
}

impl Agent {
    fn is_empathetic(&self, empathy: Option<&Empathy>) -> bool {
        let level = |empathy: &Empathy| self.learnt.or(self.profile.skills.get(&empathy.skill).copied()).unwrap_or(0);
        empathy.is_some_and(|empathy| level(empathy) >= empathy.level)
    }

    fn groups(&self, empathy: &Empathy) -> Vec<Group> {
        let others = self.profile.skills.keys().filter(|skill| **skill != empathy.skill).cloned();
        let groups: Vec<Group> = others.map(Some).collect();
        if groups.is_empty() { vec![None] } else { groups }
    }
}

impl Counts {
    fn enter(&mut self, agent: &Agent, empathy: Option<&Empathy>) {
        if !agent.is_available {
            return;
        }
        self.available += 1;
        let Some(empathy) = empathy.filter(|empathy| agent.is_empathetic(Some(empathy))) else { return };
        self.empathetic += 1;
        for group in agent.groups(empathy) {
            *self.groups.entry(group).or_default() += 1;
        }
    }

    fn leave(&mut self, agent: &Agent, empathy: Option<&Empathy>) {
        if !agent.is_available {
            return;
        }
        self.available -= 1;
        let Some(empathy) = empathy.filter(|empathy| agent.is_empathetic(Some(empathy))) else { return };
        self.empathetic -= 1;
        for group in agent.groups(empathy) {
            let left = self.groups.get_mut(&group).expect("who leaves a group was counted to it");
            *left -= 1;
            if *left == 0 {
                self.groups.remove(&group);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::Format;

    fn document(level: u8) -> Document {
        let text = format!(
            "[empathy]\nlevel = {level}\n[skills]\nempathy = ''\ncards = ''\n[channels.voice]\n[queues.main]\n"
        );
        Document::parse(&text, Format::Toml).unwrap()
    }

    fn id(name: &str) -> AgentId {
        AgentId::new(name).unwrap()
    }

    fn profile(skills: &[(&str, u8)]) -> Arc<AgentProfile> {
        let skills = skills.iter().map(|(name, level)| (SkillName::new(name).unwrap(), *level)).collect();
        Arc::new(AgentProfile { skills, ..AgentProfile::default() })
    }

    #[test]
    fn who_is_available_and_empathetic_counts_to_each_other_skill() {
        let (mut staff, cards) = (Staff::default(), Some(SkillName::new("cards").unwrap()));
        staff.follow(&document(70));
        staff.put(AgentKey(1), &id("a"), &profile(&[("empathy", 80), ("cards", 50)]));
        staff.put(AgentKey(2), &id("b"), &profile(&[("empathy", 75)]));
        staff.put(AgentKey(3), &id("c"), &profile(&[("cards", 50)]));
        assert_eq!((staff.available(), staff.empathetic()), (0, 0), "nobody takes work yet");
        (1..=3).for_each(|agent| staff.set_presence(AgentKey(agent), &Presence::Available));
        assert_eq!((staff.available(), staff.empathetic()), (3, 2));
        assert_eq!(*staff.groups(), BTreeMap::from([(None, 1), (cards.clone(), 1)]));
        staff.follow(&document(80));
        assert_eq!(*staff.groups(), BTreeMap::from([(cards, 1)]));
        staff.set_presence(AgentKey(1), &Presence::Offline);
        staff.delete(AgentKey(3));
        assert_eq!((staff.available(), staff.groups().len()), (1, 0));
    }

    #[test]
    fn what_was_learnt_counts_until_the_record_or_the_document_forbids_it() {
        let text =
            "empathy = {}\nlearning = { empathy = true }\n[skills]\nempathy = ''\n[channels.voice]\n[queues.main]\n";
        let mut staff = Staff::default();
        staff.follow(&Document::parse(text, Format::Toml).unwrap());
        staff.put(AgentKey(1), &id("a"), &profile(&[("empathy", 60)]));
        assert!(!staff.is_empathetic(AgentKey(1)));
        staff.learn(AgentKey(1), Some(70));
        assert!(staff.is_empathetic(AgentKey(1)));
        staff.put(AgentKey(1), &id("a"), &profile(&[("empathy", 50)]));
        let said = staff.said(AgentKey(1)).unwrap();
        assert_eq!((said.recorded, said.learnt), (50, Some(70)), "another record does not undo it");
        let fixed = AgentProfile { empathy_fixed: true, ..(*profile(&[("empathy", 50)])).clone() };
        staff.put(AgentKey(1), &id("a"), &Arc::new(fixed));
        assert!(!staff.is_empathetic(AgentKey(1)), "a fixed one does");
        staff.put(AgentKey(1), &id("a"), &profile(&[("empathy", 50)]));
        staff.learn(AgentKey(1), Some(80));
        staff.follow(&Document::parse(&text.replace("true", "false"), Format::Toml).unwrap());
        assert!(!staff.is_empathetic(AgentKey(1)) && staff.said(AgentKey(1)).is_none());
    }
}
