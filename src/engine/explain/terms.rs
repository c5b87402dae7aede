//! What a contact asks of an agent, taken apart so that each part can be counted and held against one agent.
//!
//! Invariant: read from document and contact, as the matching index compiles it. Not here: what follows for anybody
//! (`count`, `obstacle`).

use std::sync::Arc;

use crate::{
    engine::{
        event::Target,
        load::Strain,
        matching::{
            atoms::AtomKey,
            index::{Stand, combined, rule_at},
            manner::{Manner, Tier},
        },
        state::{Route, State},
    },
    model::{
        document::{Empathy, Members, OwnRequirement, Queue, Rule},
        ids::{ChannelKey, ContactKey, QueueKey, SkillKey},
        requirement::{Condition, Dnf, Requirement},
        time::Timestamp,
    },
};

use super::view::written;

/// What a contact that waits, or would wait again, asks.
pub struct Terms<'a> {
    pub contact: ContactKey,
    pub route: &'a Route,
    /// The agent it waits for, if that agent still exists.
    pub target: Option<Target>,
    pub asked: Asked<'a>,
}

/// What is asked in a queue at a step.
pub struct Asked<'a> {
    pub queue: QueueKey,
    pub rules: &'a Arc<Queue>,
    pub rule: &'a Rule,
    pub channel: ChannelKey,
    pub cost: u32,
    /// One of these must hold.
    pub alternatives: Vec<Wanted>,
}

/// One alternative.
pub struct Wanted {
    pub must: Vec<Skill>,
    pub must_not: Vec<Skill>,
}

/// A condition and its skill's number; none if nobody ever named the skill.
pub struct Skill {
    pub condition: Condition,
    key: Option<SkillKey>,
}

impl<'a> Terms<'a> {
    /// Of a contact that has been in a queue; `None` if what it asks can never hold.
    pub fn of(state: &'a State, contact: ContactKey) -> Option<Self> {
        let route = state.route(contact);
        let target = route.target.filter(|target| state.agents[target.agent.0 as usize].is_some());
        Some(Self { contact, route, target, asked: Asked::of(state, route, route.queue, route.step)? })
    }
}

/// What empathy has to do with it; nothing for a contact that waits for one agent.
impl Terms<'_> {
    fn manner(&self, state: &State) -> Manner {
        if self.target.is_some() { Manner::Plain } else { state.manner_of(self.route) }
    }

    fn empathy<'a>(&self, state: &'a State) -> Option<&'a Empathy> {
        state.document_of(self.route).empathy.as_ref()
    }

    /// The empathy that it is held for, and what its moments ask beside it; nothing if it is not held.
    pub fn held_for(&self, state: &State) -> Vec<Skill> {
        let (Manner::Moment { level, held: true }, Some(empathy)) = (self.manner(state), self.empathy(state)) else {
            return Vec::new();
        };
        let asks = state.asks_of(self.contact);
        let all = std::iter::once(empathy.condition(level)).chain(asks.iter().flat_map(|asks| asks.iter().cloned()));
        all.map(|condition| Skill::of(state, &condition)).collect()
    }

    /// The empathy that a moment of truth seeks, held or not.
    pub fn empathy_sought(&self, state: &State) -> Option<Skill> {
        match self.manner(state) {
            Manner::Moment { level, .. } => Some(Skill::of(state, &self.empathy(state)?.condition(level))),
            Manner::Plain | Manner::Routine { .. } => None,
        }
    }

    /// Who is spared by its being held: had so much of moments of truth, or more.
    pub fn spares(&self, state: &State) -> Option<Strain> {
        self.manner(state).spares(self.empathy(state))
    }

    /// Whether it is a moment of truth that waits for anyone.
    pub fn is_moment(&self, state: &State) -> bool {
        self.manner(state).is_moment()
    }

    /// What agents bear who are kept from it.
    pub fn barred_by(&self, state: &State) -> Option<AtomKey> {
        self.manner(state).barred_by().and_then(|bar| state.index.bar(self.route.document, bar))
    }

    /// Whether an alternative is for empathetic agents alone, so that nobody is kept from it.
    pub fn is_for_empathy(&self, state: &State, wanted: &Wanted) -> bool {
        let asks = |empathy: &Empathy, skill: &Skill| {
            skill.condition.skill == empathy.skill && skill.condition.level >= empathy.level
        };
        self.empathy(state).is_some_and(|empathy| wanted.must.iter().any(|skill| asks(empathy, skill)))
    }

    /// When waiting changes that.
    pub fn phase_ends_at(&self, state: &State) -> Option<Timestamp> {
        state.waits(self.route).next_after(self.route.phase)
    }

    /// Who is preferred, best first.
    pub fn tiers(&self, state: &State) -> Vec<Tier> {
        self.manner(state).tiers(&self.asked.rule.prefer, self.empathy(state))
    }
}

impl<'a> Asked<'a> {
    /// By a queue at a step, of a contact on this route; `None` if that can never hold.
    pub fn of(state: &'a State, route: &Route, queue: QueueKey, step: u8) -> Option<Self> {
        // Where it goes next is told by the document in force, as it will be.
        let is_here = queue == route.queue;
        let rules = if is_here { state.rules_of(route) } else { state.rules(queue) };
        let rule = rule_at(rules, step);
        let alternatives = alternatives(state, &combined(rule, Some(&route.requirement)).ok()?);
        let channel = route.channel;
        let cost = if is_here { state.cost_of(route) } else { state.cost(queue, channel) };
        Some(Self { queue, rules, rule, channel, cost, alternatives })
    }

    /// Whether only assigned agents may serve the queue.
    pub fn members_only(&self) -> bool {
        self.rules.members == Members::Assigned
    }

    /// Whether the rule waives what the contact itself asks.
    pub fn waives(&self, own: &Requirement) -> bool {
        self.rule.own == OwnRequirement::Waived && !own.is_empty()
    }

    /// In words; empty if anyone may take it.
    pub fn words(&self) -> String {
        let one = self.alternatives.len() == 1;
        let words = self.alternatives.iter().map(|wanted| match wanted.words() {
            words if one || wanted.len() < 2 => words,
            words => format!("({words})"),
        });
        words.collect::<Vec<_>>().join(" or ")
    }
}

impl Wanted {
    fn of(state: &State, must: &[Condition], must_not: &[Condition]) -> Self {
        let skill = |condition: &Condition| Skill::of(state, condition);
        Self { must: must.iter().map(skill).collect(), must_not: must_not.iter().map(skill).collect() }
    }

    /// How many conditions it has.
    pub fn len(&self) -> usize {
        self.must.len() + self.must_not.len()
    }

    fn words(&self) -> String {
        let must = self.must.iter().map(Skill::words);
        must.chain(self.must_not.iter().map(Skill::words_not)).collect::<Vec<_>>().join(" and ")
    }
}

impl Skill {
    fn of(state: &State, condition: &Condition) -> Self {
        let key = state.skill_names.find(&condition.skill).map(SkillKey);
        Self { condition: condition.clone(), key }
    }

    /// Its number.
    pub fn key(&self) -> Option<SkillKey> {
        self.key
    }

    /// The agent's proficiency in it; 0 = does not have it.
    pub fn level_of(&self, stand: &Stand) -> u8 {
        self.key.and_then(|skill| stand.level(skill)).unwrap_or(0)
    }

    /// Whether the agent has it at the level asked.
    pub fn is_met_by(&self, stand: &Stand) -> bool {
        self.level_of(stand) >= self.condition.level
    }

    /// That it must be there, in words.
    pub fn words(&self) -> String {
        written(&self.condition)
    }

    /// That it must not be there, in words.
    pub fn words_not(&self) -> String {
        format!("not {}", written(&self.condition))
    }
}

/// A normal form, taken apart.
pub fn alternatives(state: &State, dnf: &Dnf) -> Vec<Wanted> {
    dnf.conjuncts.iter().map(|conjunct| Wanted::of(state, &conjunct.must, &conjunct.must_not)).collect()
}
