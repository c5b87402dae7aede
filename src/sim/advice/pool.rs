//! Empathetic agents, and how a scenario would be with more or fewer of them.
//!
//! Invariant: as many agents are there as before, with the same shifts and the same ways; some of them have learnt
//! empathy, or have unlearnt it. Not here: how many are needed (`trial`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::demand::Demand;
use crate::{
    forecast::Staff,
    model::{
        agent::{AgentProfile, Presence},
        document::Document,
        ids::{AgentKey, SkillName},
        requirement::{Condition, Level},
        time::Span,
    },
    sim::scenario::{Group, Scenario, Turn},
};

/// Who is there in an hour, and who of them could be empathetic.
#[derive(Debug)]
pub struct Pool {
    hour: (Span, Span),
    /// What an empathetic agent has.
    empathy: Condition,
    /// What whoever is trained gets: what reports count by, too.
    trained: Condition,
    /// Groups whose agents serve moments of truth, empathetic or not, by their names.
    serving: BTreeSet<String>,
    /// Empathetic agents who are there.
    pub there: u32,
    /// How many there would be if everybody were trained.
    pub most: u32,
}

impl Pool {
    /// Of the hour in which moments of truth ask most.
    pub fn of(scenario: &Scenario, demand: &Demand<'_>, hour: usize) -> Self {
        let empathy = demand.empathy.clone();
        let level = empathy.level.max(if empathy.skill == scenario.empathy { scenario.empathy_level } else { 0 });
        let trained = Condition { level, ..empathy.clone() };
        let hour = demand.hours.all[hour];
        let could = |group: &&Group| {
            let mut skills = group.skills.clone();
            skills.insert(trained.skill.clone(), 100);
            demand.moment_could_go_to(group, &skills)
        };
        let serving = scenario.groups.iter().filter(could).map(|group| group.name.clone()).collect();
        let mut pool = Self { hour, empathy, trained, serving, there: 0, most: 0 };
        let count = |empathetic: bool| {
            let groups = scenario.groups.iter().filter(|group| pool.is_of(group, empathetic));
            groups.map(|group| u32::try_from(group.len()).unwrap_or(u32::MAX)).sum::<u32>()
        };
        let (there, others) = (count(true), count(false));
        (pool.there, pool.most) = (there, there + others);
        pool
    }

    /// Who works in that hour, as the live forecast counts them under a document.
    pub fn staff(&self, scenario: &Scenario, document: &Document) -> Staff {
        let mut staff = Staff::default();
        staff.follow(document);
        let on_shift = scenario.groups.iter().filter(|group| self.is_there(group));
        let each = on_shift.flat_map(|group| group.agents.iter().map(move |id| (group, id)));
        for ((group, id), key) in each.zip((0..).map(AgentKey)) {
            let profile = AgentProfile { skills: group.skills.clone(), ..AgentProfile::default() };
            staff.put(key, id, &Arc::new(profile));
            staff.set_presence(key, &Presence::Available);
        }
        staff
    }

    /// Lets so many be empathetic: others are trained, of the largest groups first, or some of the largest are not.
    pub fn resize(&self, scenario: &mut Scenario, wanted: u32) {
        let mut left = i64::from(wanted) - i64::from(self.there);
        while left != 0 {
            let gains = left > 0;
            let groups = scenario.groups.iter().enumerate();
            let from = groups
                .filter(|(_, group)| self.is_of(group, !gains))
                .max_by_key(|(at, group)| (group.len(), -(*at as i64)));
            let Some((at, _)) = from else { return };
            let group = &mut scenario.groups[at];
            let moved = group.len().min(usize::try_from(left.abs()).unwrap_or(usize::MAX));
            let agents = group.agents.split_off(group.len() - moved);
            let mut other = Group { agents, is_empathetic: gains, ..group.clone() };
            self.train(&mut other.skills, gains);
            // What was learnt of them before they were trained counts no more.
            other.turns.retain(|(_, turn)| !matches!(turn, Turn::Empathy(_)));
            for (_, turn) in &mut other.turns {
                if let Turn::Profile(profile) = turn {
                    self.train(&mut Arc::make_mut(profile).skills, gains);
                }
            }
            scenario.groups.insert(at + 1, other);
            left -= moved as i64 * left.signum();
        }
    }

    fn train(&self, skills: &mut BTreeMap<SkillName, Level>, gains: bool) {
        if gains {
            skills.insert(self.trained.skill.clone(), self.trained.level);
        } else {
            skills.remove(&self.empathy.skill);
        }
    }

    fn is_of(&self, group: &Group, empathetic: bool) -> bool {
        let level = group.skills.get(&self.empathy.skill).copied().unwrap_or(0);
        let is_empathetic = level >= self.empathy.level;
        !group.is_empty() && is_empathetic == empathetic && self.is_there(group) && self.serving.contains(&group.name)
    }

    /// For most of the hour.
    fn is_there(&self, group: &Group) -> bool {
        group.there(self.hour) * 2.0 >= group.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TEXT: &str = r#"
run = { length = "4h" }
[document]
text = """
[skills]
empathy = ''
cards = ''
[channels.voice]
[queues.main]
require = { all = ['cards'] }
"""
[agents.kind]
count = 3
skills = { cards = 50 }
empathy = 90
[agents.desk]
count = 5
skills = { cards = 50 }
[agents.late]
count = 9
skills = { cards = 50 }
shifts = [{ from = "03:00", until = "08:00" }]
[agents.others]
count = 7
[streams.calls]
queue = "main"
channel = "voice"
rates = [{ from = "00:00", per_hour = 60 }, { from = "01:00", per_hour = 30 }]
handling = "4m"
moments = { share = 0.1 }
"#;

    fn empathetic(scenario: &Scenario) -> usize {
        scenario.groups.iter().filter(|group| group.is_empathetic).map(Group::len).sum()
    }

    #[test]
    fn who_is_there_and_serves_moments_is_trained_and_nobody_comes_or_goes() {
        let scenario = Scenario::read(TEXT, Path::new(""), None).unwrap_or_else(|error| panic!("{error}"));
        let demand = Demand::of(&scenario);
        let hour = demand.moments().unwrap();
        assert_eq!(hour, 0, "twice as many come in the first");
        let pool = Pool::of(&scenario, &demand, hour);
        assert_eq!((pool.there, pool.most), (3, 8), "neither who comes later nor who knows nothing of cards");
        for (wanted, found) in [(0, 0), (1, 1), (3, 3), (6, 6), (8, 8), (20, 8)] {
            let mut other = scenario.clone();
            pool.resize(&mut other, wanted);
            assert_eq!((empathetic(&other), other.agents()), (found, scenario.agents()), "{wanted}");
            let again = Pool::of(&other, &Demand::of(&other), hour);
            assert_eq!(again.there as usize, found, "{wanted}");
        }
        let document = scenario.document.overlaid("empathy = {}").unwrap();
        let staff = pool.staff(&scenario, &document);
        assert_eq!((staff.available(), staff.empathetic()), (15, 3), "those of the hour");
    }
}
