//! How many agents each condition leaves, exactly and without looking at agents one by one.
//!
//! Invariant: what all conditions remove and what is left at the end add up to all agents there are.

use crate::{
    engine::{
        matching::{atoms::Atom, everyone::AgentSet, settle::has_engagement},
        state::State,
    },
    model::ids::{AgentKey, QueueKey},
};

use super::{
    terms::{Asked, Skill, Terms, Wanted},
    view::{AlternativeCount, ConditionCount, Hurdle},
};

/// All agents, and what is left of them.
struct Funnel {
    left: AgentSet,
    counts: Vec<ConditionCount>,
}

impl Funnel {
    fn pass(&mut self, hurdle: Hurdle, words: impl Into<String>, narrow: impl FnOnce(&mut AgentSet)) {
        let before = self.left.len();
        narrow(&mut self.left);
        let left = self.left.len();
        self.counts.push(ConditionCount {
            hurdle,
            words: words.into(),
            removed: (before - left) as u64,
            left: left as u64,
        });
    }
}

/// What each condition leaves of all agents, in order.
pub fn conditions(state: &State, terms: &Terms<'_>) -> Vec<ConditionCount> {
    let everyone = &state.index.everyone;
    let mut funnel = Funnel { left: everyone.known.clone(), counts: Vec::new() };
    match terms.target {
        Some(target) => {
            funnel.pass(Hurdle::Target, state.agent(target.agent).id.to_string(), |left| {
                let is_there = left.contains(target.agent);
                *left = AgentSet::default();
                left.set(target.agent, is_there);
            });
        }
        None => ask(state, &terms.asked, &mut funnel),
    }
    let lane = state.index.find_lane(terms.asked.channel, terms.asked.cost);
    let channel = state.channel_name(terms.asked.channel);
    funnel.pass(
        Hurdle::Channel,
        format!("ever has room for {channel} of cost {}", terms.asked.cost),
        |left| match lane {
            Some(lane) => left.keep(everyone.with_lane(lane.0)),
            None => *left = AgentSet::default(),
        },
    );
    if !terms.route.excluded.is_empty() {
        funnel.pass(Hurdle::Excluded, "not excluded", |left| take_out(left, terms.route.excluded.iter().copied()));
    }
    funnel.pass(Hurdle::SignedIn, "signed in", |left| left.keep(&everyone.signed_in));
    funnel.pass(Hurdle::Available, "available", |left| left.keep(&everyone.available));
    funnel.pass(Hurdle::Room, "has room", |left| {
        let mut with_room = AgentSet::default();
        let ready = lane.into_iter().flat_map(|lane| state.index.idle.with_lane(lane));
        ready.for_each(|agent| with_room.insert(agent));
        // Whom a drain has freed for this very contact is kept for it, if offering is held.
        if let Some(agent) = terms.route.drain.filter(|agent| state.drained_for(*agent) == Some(terms.contact)) {
            with_room.insert(agent);
        }
        left.keep(&with_room);
    });
    let held = terms.held_for(state);
    if !held.is_empty() {
        let words: Vec<String> = held.iter().map(Skill::words).collect();
        funnel.pass(Hurdle::Held, words.join(" and "), |left| {
            held.iter().for_each(|skill| left.keep(&holding(state, skill)));
        });
    }
    let spared = terms.spares(state).and_then(|strain| state.index.atoms.find(Atom::Strained(strain)));
    if let Some(spared) = spared {
        let words = "not cooling down after moments of truth in a row";
        funnel.pass(Hurdle::Held, words, |left| left.drop(everyone.with_atom(spared)));
    }
    if let Some(bar) = terms.barred_by(state) {
        funnel.pass(Hurdle::Reserved, "not kept free for moments of truth", |left| {
            let mut kept = everyone.with_atom(bar).clone();
            let freely = terms.asked.alternatives.iter().filter(|wanted| terms.is_for_empathy(state, wanted));
            freely.for_each(|wanted| kept.drop(&meeting(state, wanted)));
            left.drop(&kept);
        });
    }
    funnel.pass(Hurdle::Barred, "has not refused it lately and is not at it", |left| {
        let refusals = terms.route.refusals.iter().filter(|refusal| refusal.until.is_some());
        take_out(left, refusals.map(|refusal| refusal.agent));
        take_out(left, terms.route.offers.iter().map(|offer| state.offer(*offer).agent));
        if terms.route.answered_at.is_some() {
            let at_it = |agent: &AgentKey| has_engagement(state, state.agent(*agent), terms.contact);
            let busy: Vec<AgentKey> = left.iter().filter(at_it).collect();
            take_out(left, busy.into_iter());
        }
    });
    if state.is_paused(terms.route.queue) {
        let words = format!("{} gives contacts out", state.queue_name(terms.route.queue));
        funnel.pass(Hurdle::Paused, words, |left| *left = AgentSet::default());
    }
    if state.hold.is_some() {
        let words = "enough agents are back after the restart";
        funnel.pass(Hurdle::Restarted, words, |left| *left = AgentSet::default());
    }
    funnel.counts
}

fn take_out(set: &mut AgentSet, agents: impl Iterator<Item = AgentKey>) {
    agents.for_each(|agent| {
        set.remove(agent);
    });
}

/// Assignment and skills, each condition on its own if there is only one alternative.
fn ask(state: &State, asked: &Asked<'_>, funnel: &mut Funnel) {
    if asked.members_only() {
        let words = format!("assigned to {}", state.queue_name(asked.queue));
        funnel.pass(Hurdle::Member, words, |left| left.keep(&members(state, asked.queue)));
    }
    match asked.alternatives.as_slice() {
        [only] => {
            for skill in &only.must {
                funnel.pass(Hurdle::Skills, skill.words(), |left| left.keep(&holding(state, skill)));
            }
            for skill in &only.must_not {
                funnel.pass(Hurdle::Skills, skill.words_not(), |left| left.drop(&holding(state, skill)));
            }
        }
        alternatives => {
            let mut any = AgentSet::default();
            alternatives.iter().for_each(|wanted| any.add(&meeting(state, wanted)));
            funnel.pass(Hurdle::Skills, asked.words(), |left| left.keep(&any));
        }
    }
}

/// Each alternative, and how many agents anywhere meet its conditions and all of it.
pub fn alternatives(state: &State, asked: &Asked<'_>) -> Vec<AlternativeCount> {
    let everyone = state.index.everyone.known.len();
    let count = |wanted: &Wanted| {
        let must = wanted.must.iter().map(|skill| (skill.words(), holding(state, skill).len() as u64));
        let without = |skill: &Skill| (everyone - holding(state, skill).len()) as u64;
        let must_not = wanted.must_not.iter().map(|skill| (skill.words_not(), without(skill)));
        AlternativeCount { skills: must.chain(must_not).collect(), met: meeting(state, wanted).len() as u64 }
    };
    asked.alternatives.iter().map(count).collect()
}

/// Agents anywhere who could ever take what is asked, those a contact excludes left out.
pub fn eligible(state: &State, asked: &Asked<'_>, excluded: &[AgentKey]) -> AgentSet {
    let Some(taking) = taking(state, asked) else { return AgentSet::default() };
    let mut all = skilled(state, asked);
    all.keep(taking);
    take_out(&mut all, excluded.iter().copied());
    all
}

/// Agents anywhere who are assigned and skilled as asked.
pub fn skilled(state: &State, asked: &Asked<'_>) -> AgentSet {
    let mut all = AgentSet::default();
    asked.alternatives.iter().for_each(|wanted| all.add(&meeting(state, wanted)));
    if asked.members_only() {
        all.keep(&members(state, asked.queue));
    }
    all
}

/// Agents anywhere whom a contact of the channel and cost fits, with nothing else to do.
pub fn taking<'a>(state: &'a State, asked: &Asked<'_>) -> Option<&'a AgentSet> {
    let lane = state.index.find_lane(asked.channel, asked.cost)?;
    Some(state.index.everyone.with_lane(lane.0))
}

/// Who meets an alternative.
fn meeting(state: &State, wanted: &Wanted) -> AgentSet {
    let mut all = state.index.everyone.known.clone();
    wanted.must.iter().for_each(|skill| all.keep(&holding(state, skill)));
    wanted.must_not.iter().for_each(|skill| all.drop(&holding(state, skill)));
    all
}

/// Who has a skill at the level asked: from the bitmap if some class asks the same, else from those who have the skill.
pub fn holding(state: &State, skill: &Skill) -> AgentSet {
    let (Some(key), level) = (skill.key(), skill.condition.level) else { return AgentSet::default() };
    if let Some(atom) = state.index.find_ready(Atom::Skill(key, level)) {
        return state.index.everyone.with_atom(atom).clone();
    }
    let mut holding = AgentSet::default();
    let enough = state.index.holders(key).filter(|(_, has)| *has >= level);
    enough.for_each(|(agent, _)| holding.insert(agent));
    holding
}

/// Who is assigned to a queue.
pub fn members(state: &State, queue: QueueKey) -> AgentSet {
    let mut members = AgentSet::default();
    state.index.assigned(queue).for_each(|agent| members.insert(agent));
    members
}
