//! Who works now, and how many of them are empathetic, skill by skill.
//!
//! Invariant: the counts are those of the agents who are available, by the document in force; an agent counts to every
//! skill but the one that stands for empathy, and one without any to the rest.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{
    agent::{AgentProfile, Presence},
    document::{Document, Empathy},
    ids::{AgentKey, SkillName},
};

/// Empathetic agents who are counted together: those with a skill, or those without another (`None`).
pub type Group = Option<SkillName>;

/// Who works.
#[derive(Debug, Default)]
pub struct Staff {
    empathy: Option<Empathy>,
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
    profile: Arc<AgentProfile>,
    is_available: bool,
}

impl Staff {
    /// Another document may find others empathetic.
    pub fn follow(&mut self, document: &Document) {
        if self.empathy == document.empathy {
            return;
        }
        self.empathy.clone_from(&document.empathy);
        self.counts = Counts::default();
        for agent in self.agents.values() {
            self.counts.enter(agent, self.empathy.as_ref());
        }
    }

    /// An agent is there, with this profile.
    pub fn put(&mut self, key: AgentKey, profile: &Arc<AgentProfile>) {
        self.change(key, |before| {
            let is_available = before.is_some_and(|agent| agent.is_available);
            Some(Agent { profile: Arc::clone(profile), is_available })
        });
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
        empathy.is_some_and(|empathy| self.profile.skills.get(&empathy.skill).is_some_and(|has| *has >= empathy.level))
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

    fn profile(skills: &[(&str, u8)]) -> Arc<AgentProfile> {
        let skills = skills.iter().map(|(name, level)| (SkillName::new(name).unwrap(), *level)).collect();
        Arc::new(AgentProfile { skills, ..AgentProfile::default() })
    }

    #[test]
    fn who_is_available_and_empathetic_counts_to_each_other_skill() {
        let (mut staff, cards) = (Staff::default(), Some(SkillName::new("cards").unwrap()));
        staff.follow(&document(70));
        staff.put(AgentKey(1), &profile(&[("empathy", 80), ("cards", 50)]));
        staff.put(AgentKey(2), &profile(&[("empathy", 75)]));
        staff.put(AgentKey(3), &profile(&[("cards", 50)]));
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
}
