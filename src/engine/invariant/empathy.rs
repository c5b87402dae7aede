//! Who is empathetic, whom the reserve keeps free and in which order moments of truth and routine contacts take agents,
//! straight from document and profiles: no atom, no count that is kept.
//!
//! Invariant: nothing here is shared with `matching::reserve` but the numbers of what is kept.

use std::collections::BTreeSet;

use crate::{
    engine::{
        load::Strain,
        matching::{
            atoms::Atom,
            index::{combined, rule_at},
            manner::Phase,
            reserve::Bar,
        },
        state::{Agent, Route, State},
        timer::Timer,
    },
    model::{
        care::Grade,
        document::{Document, Empathy, Members, ReserveMode},
        ids::{AgentKey, ContactKey, SkillKey, SkillName},
        limits::{RESERVE_AGENTS_MIN, TIERS_MAX},
        requirement::{Condition, Conjunct, Dnf, Level},
    },
};

use super::{Broken, could_take, holds, holds_all, in_line};

fn level_of(agent: &Agent, empathy: &Empathy) -> Level {
    agent.level(&empathy.skill)
}

fn is_empathetic(agent: &Agent, empathy: &Empathy) -> bool {
    level_of(agent, empathy) >= empathy.level
}

/// Whether a contact that waits for anyone may take an agent who meets what it asks.
pub(super) fn allows(state: &State, contact: ContactKey, key: AgentKey, required: &Dnf) -> bool {
    let route = state.route(contact);
    let Some(empathy) = &state.document_of(route).empathy else { return true };
    let agent = state.agent(key);
    !is_held_from(state, contact, agent, empathy)
        && !is_spared(route, agent, empathy)
        && !is_kept_from(state, route, key, required, empathy)
}

/// Whether a moment of truth waits for more empathy than the agent has, or for skills that its moments ask.
pub(super) fn is_held_from(state: &State, contact: ContactKey, agent: &Agent, empathy: &Empathy) -> bool {
    let route = state.route(contact);
    let needs = empathy.level.max(route.care.empathy);
    let scored = state.contact(contact).heard.as_deref().map(|heard| &heard.scored);
    let mut asks = scored.into_iter().flat_map(|scored| scored.skills.iter().flat_map(|skills| skills.iter()));
    let lacks = |asked: &Condition| agent.profile.skills.get(&asked.skill).is_none_or(|level| *level < asked.level);
    let lacks_any = level_of(agent, empathy) < needs || asks.any(lacks);
    route.care.moment_of_truth && route.phase == Phase::First && lacks_any
}

/// Whether a moment of truth waits for somebody who did not just have so many.
pub(super) fn is_spared(route: &Route, agent: &Agent, empathy: &Empathy) -> bool {
    let is_held = route.care.moment_of_truth && route.phase == Phase::First;
    is_held && empathy.protection.consecutive_max > 0 && agent.load.strain() == Strain::Cooling
}

/// Whether an agent is kept free and not for this contact.
pub(super) fn is_kept_from(state: &State, route: &Route, key: AgentKey, required: &Dnf, empathy: &Empathy) -> bool {
    let document = state.document_of(route);
    let bar = match (route.phase, document.reserve.mode) {
        _ if route.care.moment_of_truth => return false,
        (_, ReserveMode::Off) | (Phase::Last, _) => return false,
        (Phase::Released, _) => Bar::Floor,
        (Phase::First, ReserveMode::Graded) => Bar::Price(route.care.grade),
        (Phase::First, _) => Bar::Reserve,
    };
    let only_empathy = |conjunct: &Conjunct| {
        conjunct.must.iter().any(|asked| asked.skill == empathy.skill && asked.level >= empathy.level)
    };
    let agent = state.agent(key);
    let is_met_freely = required.conjuncts.iter().any(|conjunct| holds_all(agent, conjunct) && only_empathy(conjunct));
    !is_met_freely && bears(state, document, key, bar)
}

/// Whether an agent is one of so few idle ones, counted for each of its skills.
fn bears(state: &State, document: &Document, key: AgentKey, bar: Bar) -> bool {
    let Some(empathy) = &document.empathy else { return false };
    let is_idle = |key: AgentKey| {
        let is_cooling = state.agent(key).load.strain() == Strain::Cooling;
        !is_cooling && state.standing(key).is_some_and(|standing| standing.ready != 0)
    };
    if !is_empathetic(state.agent(key), empathy) || !is_idle(key) {
        return false;
    }
    let all: Vec<AgentKey> = state.agent_ids.values().copied().collect();
    groups(state.agent(key), empathy).into_iter().any(|group| {
        let has = |key: &&AgentKey| match &group {
            Some(skill) => state.agent(**key).level(skill) > 0,
            None => true,
        };
        let others = all.iter().filter(has).any(|key| !is_empathetic(state.agent(*key), empathy));
        let counted: Vec<AgentKey> = all
            .iter()
            .copied()
            .filter(|key| is_empathetic(state.agent(*key), empathy))
            .filter(|key| groups(state.agent(*key), empathy).contains(&group))
            .collect();
        let idle = counted.iter().filter(|key| is_idle(**key)).count() as u64 * 1_000;
        let standing = counted.iter().filter(|key| state.standing(**key).is_some()).count() as u64;
        let expected = (state.announced + 499) / 1_000 * 1_000;
        let announced = expected.min(standing * u64::from(document.reserve.announced_share) * 10);
        let k = u64::from(k_of(state, document, group.as_ref()));
        let limit = match bar {
            Bar::Reserve => k * 1_000 + announced,
            Bar::Floor => k.min(document.reserve.floor.into()) * 1_000,
            Bar::Price(grade) => u64::from(grade.price() - 1) * 1_000 + announced,
        };
        others && idle <= limit
    })
}

fn k_of(state: &State, document: &Document, group: Option<&SkillName>) -> u32 {
    let number = group.map(|skill| state.skill_names.find(skill).map(SkillKey));
    let set = match number {
        None => state.reserve_settings.get(&None),
        Some(number) => number.and_then(|number| state.reserve_settings.get(&Some(number))),
    };
    let usual = document.reserve.k.unwrap_or(u32::from(state.agent_ids.len() >= RESERVE_AGENTS_MIN));
    let by_skill = group.and_then(|skill| document.reserve.k_by_skill.get(skill));
    set.or(by_skill).copied().unwrap_or(usual)
}

/// The skills an agent is counted for; `None` = it has no other than empathy.
fn groups(agent: &Agent, empathy: &Empathy) -> BTreeSet<Option<SkillName>> {
    let others = agent.skills().filter(|(skill, _)| **skill != empathy.skill);
    let groups: BTreeSet<Option<SkillName>> = others.map(|(skill, _)| Some(skill.clone())).collect();
    if groups.is_empty() { BTreeSet::from([None]) } else { groups }
}

/// Whether a moment of truth waits that this agent may take, and goes before this contact.
pub(super) fn is_claimed(state: &State, route: &Route, key: AgentKey) -> bool {
    let document = state.document_of(route);
    let bar = match document.reserve.mode {
        _ if document.empathy.is_none() || route.care.moment_of_truth || route.phase == Phase::First => return false,
        ReserveMode::Off => return false,
        ReserveMode::Graded => Bar::Price(route.care.grade),
        ReserveMode::Soft | ReserveMode::Fixed => Bar::Reserve,
    };
    let is_moment = |other: &ContactKey| {
        let other = state.route(*other);
        let is_for_anyone = other.target.is_none_or(|target| state.agents[target.agent.0 as usize].is_none());
        other.care.moment_of_truth && state.document_of(other).empathy.is_some() && is_for_anyone
    };
    bears(state, document, key, bar) && in_line(state).filter(is_moment).any(|other| could_take(state, other, key))
}

/// The tier of an agent who may take a contact.
pub(super) fn tier_of(state: &State, route: &Route, agent: &Agent, prefer: usize, tiers: usize) -> usize {
    let document = state.document_of(route);
    let Some(empathy) = &document.empathy else { return prefer };
    let has = level_of(agent, empathy);
    let needs = empathy.level.max(route.care.empathy);
    let is_graded = document.reserve.mode == ReserveMode::Graded && route.care.grade > Grade::default();
    let tier = if route.care.moment_of_truth {
        let (between, strain, protection) =
            (usize::from(needs > empathy.level), agent.load.strain(), &empathy.protection);
        // Of each tier those who had few come first.
        let parts = if protection.share_max < 100 { 2 } else { 1 };
        let part = if strain == Strain::Light || parts == 1 { 0 } else { 1 };
        let (fitting, lesser) = (parts * (tiers + 1), parts * (tiers + 1) + between);
        match has {
            _ if route.phase == Phase::First => parts * prefer + part,
            _ if protection.consecutive_max > 0 && strain == Strain::Cooling => lesser + tiers + 1,
            has if has >= needs => parts * prefer + part,
            has if has >= empathy.level => fitting,
            _ => lesser + prefer,
        }
    } else if (has >= empathy.level) == is_graded {
        prefer
    } else {
        tiers + 1 + prefer
    };
    tier.min(TIERS_MAX - 1)
}

/// An agent bears what it has had of moments of truth, and rests after it: while it is at one the cooldown does not run.
pub(super) fn check_strain(state: &State, key: AgentKey, agent: &Agent) -> Result<(), Broken> {
    let (id, strain, stand) = (&agent.id, agent.load.strain(), state.index.stand(key));
    must!(stand.strain == strain, "agent {id:?} is known as {:?}, and is {strain:?}", stand.strain);
    for borne in [Strain::Heavy, Strain::Cooling] {
        let bears = state.index.atoms.find(Atom::Strained(borne)).is_some_and(|atom| stand.signature.contains(atom));
        must!(bears == (strain >= borne), "agent {id:?} bears {borne:?}: {bears}, and is {strain:?}");
    }
    let mut engaged = agent.engagements.iter().map(|engagement| state.engagement(*engagement));
    let is_at_one = engaged.any(|engagement| engagement.is_moment && !engagement.is_wrap_up());
    let cools_until = agent.load.cools_until();
    must!(strain != Strain::Cooling || is_at_one || cools_until.is_some(), "the cooldown of {id:?} never ends");
    must!(cools_until.is_none_or(|at| state.timers.stands_at(Timer::Rest(key), at)), "{id:?} cools without a timer");
    Ok(())
}

/// The alert about to be raised is so: a moment of truth in line, and nobody signed in has the skills and the empathy.
pub fn check_uncovered(state: &State, contact: ContactKey) -> Result<(), Broken> {
    let (id, route) = (&state.contact(contact).id, state.route(contact));
    must!(route.line.is_some() && route.care.moment_of_truth, "contact {id:?} is no moment of truth that waits");
    let Some(empathy) = &state.document_of(route).empathy else {
        return Err(Broken(format!("contact {id:?} goes by a document that knows no empathy")));
    };
    let required = combined(rule_at(state.rules_of(route), route.step), Some(&route.requirement));
    let needs = empathy.level.max(route.care.empathy);
    let covering = state.agent_ids.iter().find(|(_, key)| {
        let agent = state.agent(**key);
        let is_member = state.rules_of(route).members == Members::Open
            || agent.profile.queues.contains(state.queue_name(route.queue));
        let is_there = agent.session.as_ref().is_some_and(|session| session.lost.is_none());
        let is_skilled = required.as_ref().is_ok_and(|required| holds(agent, required));
        let fits = agent.takes_ever(route.channel, state.cost_of(route)) && !route.excluded.contains(*key);
        is_there && is_member && is_skilled && fits && level_of(agent, empathy) >= needs
    });
    must!(covering.is_none(), "contact {id:?} is uncovered, though {covering:?} is signed in");
    Ok(())
}

/// Every reserve counts whom it should, and bears what follows.
pub(super) fn check_reserves(state: &State) -> Result<(), Broken> {
    for reserve in &state.index.reserves {
        let document = match state.sweep.as_deref() {
            Some(sweep) if sweep.other.version == reserve.version => &sweep.other.document,
            _ => &state.document,
        };
        for (id, key) in &state.agent_ids {
            for bar in Bar::all() {
                // What is being prepared has not counted everybody.
                let is_known = reserve.known_below == u32::MAX;
                let is_of_mode = match document.reserve.mode {
                    ReserveMode::Soft => !matches!(bar, Bar::Price(_)),
                    ReserveMode::Fixed => bar == Bar::Reserve,
                    ReserveMode::Graded => matches!(bar, Bar::Price(_)),
                    ReserveMode::Off => false,
                };
                let should = is_of_mode && bears(state, document, *key, bar);
                let is = state.index.stand(*key).signature.contains(reserve.atom(bar));
                must!(!is_known || is == should, "agent {id:?} bears {bar:?}: {is}, should: {should}");
            }
        }
    }
    let documents = [Some(&state.document), state.sweep.as_deref().map(|sweep| &sweep.other.document)];
    let reserves = documents.into_iter().flatten().filter(|document| document.empathy.is_some()).count();
    must!(state.index.reserves.len() == reserves, "{} reserves are kept", state.index.reserves.len());
    Ok(())
}

/// What was learnt of an agent stands only where it may.
pub(super) fn check_learnt(state: &State, agent: &Agent) -> Result<(), Broken> {
    let Some(learnt) = &agent.learnt else { return Ok(()) };
    let id = &agent.id;
    must!(!agent.profile.empathy_fixed, "agent {id:?} has learnt a level that the record fixes");
    let other = state.sweep.as_deref().and_then(|sweep| sweep.other.document.learnt_skill());
    let skills = [state.document.learnt_skill(), other];
    must!(
        skills.contains(&Some(&learnt.skill)),
        "agent {id:?} has learnt {:?}, which no document learns",
        learnt.skill
    );
    must!((1..=100).contains(&learnt.level), "agent {id:?} has learnt level {}", learnt.level);
    Ok(())
}
