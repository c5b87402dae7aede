//! Who asks what of agents, hour by hour, and how many of those who have it are there.
//!
//! Contacts that ask the same go together in a [`Need`]: everybody; whoever asks a skill at a level; whoever asks several
//! at once; and moments of truth, which are to reach empathetic agents. Each hour stands for itself, at its mean rate and
//! staff (Green, Kolesar and Soares 2001, "Improving the SIPP approach"). What such agents are needed for besides is not
//! counted: too few for a need alone are too few in any case.
//!
//! Invariant: nothing is played. Not here: formulas (`erlang`), who comes (`flow`), what routing makes of it (`trial`).

use std::collections::BTreeMap;

use super::{
    erlang::{Line, Patience, Within},
    flow::{Flow, Hours, cost, flows},
    need::{Goal, Hour, LATE, Need},
};
use crate::{
    model::{
        document::{Acceptance, Declining, Members},
        ids::SkillName,
        requirement::{Condition, Conjunct, Dnf, Level},
        time::Span,
    },
    sim::scenario::{Distribution, Group, Scenario, distribution::seconds},
};

/// What contacts of a scenario ask.
#[derive(Debug)]
pub struct Demand<'s> {
    scenario: &'s Scenario,
    /// What an empathetic agent has.
    pub empathy: Condition,
    /// The hours.
    pub hours: Hours,
    /// Contacts that are alike.
    pub flows: Vec<Flow>,
}

impl<'s> Demand<'s> {
    /// Of a scenario under its document.
    pub fn of(scenario: &'s Scenario) -> Self {
        let own = Condition { skill: scenario.empathy.clone(), level: scenario.empathy_level };
        let empathy = scenario.document.empathy.as_ref().map_or(own, |empathy| empathy.condition(0));
        let hours = Hours::of(scenario);
        let flows = flows(scenario, &hours, &empathy);
        Self { scenario, empathy, hours, flows }
    }

    /// Every need, the widest first.
    pub fn needs(&self, goal: Goal) -> Vec<Need> {
        let single = |condition: &Condition| Dnf {
            conjuncts: vec![Conjunct { must: vec![condition.clone()], must_not: Vec::new() }],
        };
        let mut asked: Vec<(Dnf, bool)> = vec![(Dnf::anyone(), false)];
        let mut ask = |dnf: Dnf, of_moments: bool| {
            if !asked.contains(&(dnf.clone(), of_moments)) {
                asked.push((dnf, of_moments));
            }
        };
        let conditions = |dnf: &Dnf| dnf.conjuncts.iter().flat_map(|one| one.must.clone()).collect::<Vec<_>>();
        for required in self.flows.iter().map(|flow| &flow.required) {
            let all = conditions(required);
            all.iter().map(single).filter(|one| required.implies(one)).for_each(|one| ask(one, false));
        }
        self.flows.iter().for_each(|flow| ask(flow.required.clone(), false));
        if self.moments().is_some() {
            ask(single(&self.empathy), true);
            self.flows.iter().filter(|flow| flow.has_moments()).for_each(|flow| ask(flow.held.clone(), true));
        }
        asked.into_iter().map(|(required, of_moments)| self.need(required, of_moments, goal)).collect()
    }

    /// The hour in which moments of truth ask most of the empathetic agents who are there; none if none ever come.
    pub fn moments(&self) -> Option<usize> {
        let hours = 0..self.hours.all.len();
        let per_agent = |hour: &usize| {
            let come: f64 = self.flows.iter().map(|flow| flow.comes[*hour].1).sum();
            come / self.empathetic(*hour).max(0.5)
        };
        hours.filter(|hour| per_agent(hour) > 0.0).max_by(|a, b| per_agent(a).total_cmp(&per_agent(b)).then(b.cmp(a)))
    }

    /// How many empathetic agents are there in an hour who may serve one of the moments, on average.
    pub fn empathetic(&self, hour: usize) -> f64 {
        let groups = self.scenario.groups.iter().filter(|group| self.serves_moments(group));
        groups.map(|group| group.there(self.hours.all[hour])).sum()
    }

    fn serves_moments(&self, group: &Group) -> bool {
        let has = group.skills.get(&self.empathy.skill).is_some_and(|level| *level >= self.empathy.level);
        has && self.moment_could_go_to(group, &group.skills)
    }

    /// Whether agents of a group could take a moment of truth if they had these skills.
    pub fn moment_could_go_to(&self, group: &Group, skills: &BTreeMap<SkillName, Level>) -> bool {
        let could = |flow: &Flow| flow.required.holds(skills) && self.at_once(group, flow) > 0.0;
        self.flows.iter().any(|flow| flow.has_moments() && could(flow))
    }

    /// The moments of an hour that ask a skill (or none), in Erlangs.
    pub fn moments_asking(&self, skill: Option<&SkillName>, hour: usize) -> f64 {
        let asks = |flow: &&Flow| {
            let asks = flow.asks();
            skill.map_or(asks.is_empty(), |skill| asks.contains(skill))
        };
        self.flows.iter().filter(asks).map(|flow| self.moments_of(flow, hour)).sum()
    }

    /// All moments of an hour, in Erlangs.
    pub fn moments_at(&self, hour: usize) -> f64 {
        self.flows.iter().map(|flow| self.moments_of(flow, hour)).sum()
    }

    fn moments_of(&self, flow: &Flow, hour: usize) -> f64 {
        flow.comes[hour].1 / 3_600.0 * self.work(flow, hour, &flow.held).agent_seconds
    }

    /// How many contacts of a flow an agent of a group may have at once; 0 = may not serve it, whatever the skills.
    fn at_once(&self, group: &Group, flow: &Flow) -> f64 {
        let document = &self.scenario.document;
        let Some(rules) = document.queues.get(&flow.queue) else { return 0.0 };
        if rules.members == Members::Assigned && !group.queues.contains(&flow.queue) {
            return 0.0;
        }
        let room = group.capacity / cost(document, rules, &flow.channel).max(1);
        let most = group.channel_limits.get(&flow.channel).map_or(room, |most| room.min(u32::from(*most)));
        f64::from(most)
    }

    /// What a contact of a flow takes of those agents who satisfy this, as many of each sort as are there.
    fn work(&self, flow: &Flow, hour: usize, required: &Dnf) -> Work {
        let mut all = Work::default();
        let mut agents = 0.0;
        for is_there in [true, false] {
            for group in self.scenario.groups.iter().filter(|group| required.holds(&group.skills)) {
                let at_once = self.at_once(group, flow);
                let count = if is_there { group.there(self.hours.all[hour]) } else { group.len() as f64 };
                if at_once > 0.0 && count > 0.0 {
                    let asked = self.asked(group, flow);
                    let takes = flow_takes(flow, group) + flow.wrap_up + asked.occupies;
                    all.seconds += count * takes;
                    all.agent_seconds += count * takes / at_once;
                    all.accepting += count * asked.waits;
                    agents += count;
                }
            }
            if agents > 0.0 {
                return Work {
                    seconds: all.seconds / agents,
                    agent_seconds: all.agent_seconds / agents,
                    accepting: all.accepting / agents,
                };
            }
        }
        let takes = flow.takes + flow.wrap_up;
        Work { seconds: takes, agent_seconds: takes, accepting: 0.0 }
    }

    /// What asking agents of a group costs: how long the customer waits for it, and how long it keeps agents from others.
    fn asked(&self, group: &Group, flow: &Flow) -> Asked {
        let acceptance = &group.acceptance;
        let rules = &self.scenario.document.queues[&flow.queue];
        if rules.offers.acceptance == Acceptance::Automatic || acceptance.is_at_once() {
            return Asked::default();
        }
        let waits = acceptance.time.as_ref().map_or(0.0, Distribution::mean);
        let may_decline = rules.offers.declining == Declining::Allowed;
        let declined = if may_decline { acceptance.declined } else { 0.0 };
        let taken = (1.0 - acceptance.missed - declined).max(0.01);
        let misses_max = self.scenario.document.channels.get(&flow.channel).map_or(1, |channel| channel.misses_max);
        let away = seconds(rules.offers.time) + seconds(acceptance.back_after) / f64::from(misses_max.max(1));
        let lost = (acceptance.missed * away + declined * waits) / taken;
        let in_vain = (acceptance.missed * seconds(rules.offers.time) + declined * waits) / taken;
        Asked { waits: waits + in_vain, occupies: waits + lost }
    }

    fn need(&self, required: Dnf, of_moments: bool, goal: Goal) -> Need {
        let asks = |flow: &&Flow| {
            let own = if of_moments { &flow.held } else { &flow.required };
            (!of_moments || flow.has_moments()) && own.implies(&required)
        };
        let flows: Vec<&Flow> = self.flows.iter().filter(asks).collect();
        let share = if of_moments { goal.reached } else { goal.service_level };
        let hours: Vec<Hour> =
            (0..self.hours.all.len()).map(|hour| self.hour(&flows, (&required, of_moments), hour, share)).collect();
        let lacks = |hour: &Hour| match (hour.in_time, hour.needed) {
            (None, _) => f64::NEG_INFINITY,
            (Some(_), None) => f64::INFINITY,
            (Some(_), Some(needed)) => f64::from(needed) - hour.there,
        };
        let worse = |a: &usize, b: &usize| {
            let (left, right) = (&hours[*a], &hours[*b]);
            lacks(left).total_cmp(&lacks(right)).then(left.erlangs.total_cmp(&right.erlangs)).then(b.cmp(a))
        };
        let busiest = (0..hours.len()).max_by(worse).unwrap_or(0);
        Need { required, of_moments, hours, busiest }
    }

    fn hour(&self, flows: &[&Flow], (required, of_moments): (&Dnf, bool), hour: usize, share: f64) -> Hour {
        let (from, until) = self.hours.all[hour];
        let serves =
            |group: &&Group| required.holds(&group.skills) && flows.iter().any(|flow| self.at_once(group, flow) > 0.0);
        // Rust's sum of nothing is -0.
        let there =
            self.scenario.groups.iter().filter(serves).map(|group| group.there((from, until))).sum::<f64>() + 0.0;
        let mut classes: BTreeMap<usize, f64> = BTreeMap::new();
        let (mut seconds_each, mut agent_seconds, mut accepting, mut come) = (0.0, 0.0, 0.0, 0.0);
        let mut patience = Patience::default();
        for flow in flows {
            let (all, moments) = flow.comes[hour];
            let count = if of_moments { moments } else { all };
            if count == 0.0 {
                continue;
            }
            *classes.entry(flow.class).or_default() += count;
            let work = self.work(flow, hour, if of_moments { &flow.held } else { &flow.required });
            seconds_each += count * work.seconds;
            agent_seconds += count * work.agent_seconds;
            accepting += count * work.accepting;
            patience.add_all(count, &flow.patience);
            come += count;
        }
        if come == 0.0 {
            return Hour { from, there, ..Hour::default() };
        }
        let line = Line { per_second: come / 3_600.0, takes: seconds_each / come, patience };
        // Agents who have several at once serve as so many.
        let at_once = (seconds_each / agent_seconds.max(f64::MIN_POSITIVE)).max(1.0);
        let within = self.within(&classes, accepting / come);
        let servers = |agents: f64| whole(((agents + LATE).floor().max(agents) * at_once).floor());
        let needed = line.needed(share, &within).map(|servers| whole((f64::from(servers) / at_once).ceil()));
        Hour {
            from,
            contacts: come,
            classes,
            erlangs: agent_seconds / 3_600.0,
            takes: seconds_each / come,
            there,
            needed,
            in_time: Some(line.in_time(servers(there), &within)),
        }
    }

    /// Within which time so many contacts are to be found an agent, who then takes as long to accept.
    fn within(&self, classes: &BTreeMap<usize, f64>, accepting: f64) -> Within {
        let mut by_target: BTreeMap<Span, f64> = BTreeMap::new();
        for (class, contacts) in classes {
            *by_target.entry(self.scenario.target(*class)).or_default() += contacts;
        }
        Within::of(by_target.into_iter().map(|(target, contacts)| (contacts, seconds(target) - accepting)))
    }
}

/// What a contact takes of agents, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Work {
    seconds: f64,
    /// Of a whole agent.
    agent_seconds: f64,
    accepting: f64,
}

/// What asking agents costs, in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    waits: f64,
    occupies: f64,
}

fn flow_takes(flow: &Flow, group: &Group) -> f64 {
    group.handling.as_ref().map_or(flow.takes, Distribution::mean) * group.pace
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as many as agents, and not negative")]
fn whole(number: f64) -> u32 {
    number.max(0.0) as u32
}
