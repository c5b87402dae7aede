//! One agent held against what a contact asks: everything that is in the way.
//!
//! Invariant: empty exactly if the matching would offer this contact to this agent with nobody else there.

use crate::{
    engine::{
        matching::{manner::Tier, settle::has_engagement},
        state::{Agent, State},
    },
    model::{
        agent::Presence,
        document::{Members, Queue},
        ids::{AgentKey, ChannelKey, QueueKey},
        limits::AGENT_WORK_MAX,
    },
};

use super::{
    terms::{Skill, Terms, Wanted, alternatives},
    view::{Candidate, Has, Obstacle},
};

/// An agent as a candidate for a contact.
pub fn candidate(state: &State, terms: &Terms<'_>, key: AgentKey) -> Candidate {
    let agent = state.agent(key);
    let standing = state.standing(key);
    let stand = state.index.stand(key);
    let tiers = terms.tiers(state);
    let fits = |wanted: &Wanted| is_met(wanted, |skill| skill.is_met_by(stand));
    let is_in = |tier: &Tier| {
        let is_spared = tier.spares.is_some_and(|strain| agent.load.strain() >= strain);
        !is_spared && alternatives(state, &tier.preferred).iter().any(fits)
    };
    let tier = tiers.iter().take_while(|tier| !is_in(tier)).count();
    Candidate {
        agent: agent.id.clone(),
        obstacles: obstacles(state, terms, key),
        tier: if terms.target.is_some() { 0 } else { u8::try_from(tier).expect("tiers are limited to 16") },
        load: standing.map_or(agent.used, |standing| standing.key.load),
        idle_since: standing.map(|standing| standing.key.since),
    }
}

/// Everything that keeps a contact away from an agent, in order of hurdle.
pub fn obstacles(state: &State, terms: &Terms<'_>, key: AgentKey) -> Vec<Obstacle> {
    let agent = state.agent(key);
    let mut found = Vec::new();
    match terms.target {
        Some(target) if target.agent != key => {
            let target_id = state.agent(target.agent).id.clone();
            found.push(Obstacle::NotTarget { target: target_id, until: target.until });
        }
        Some(_) => {}
        None => lacking(state, (terms.asked.queue, terms.asked.rules), &terms.asked.alternatives, key, &mut found),
    }
    fitting(state, agent, terms.asked.channel, terms.asked.cost, &mut found);
    if terms.route.excluded.contains(&key) {
        found.push(Obstacle::Excluded);
    }
    absent(agent, &mut found);
    if let Some(other) = agent.draining.filter(|other| *other != terms.contact) {
        found.push(Obstacle::Draining { contact: state.contact(other).id.clone() });
    }
    full(state, key, terms.asked.channel, terms.asked.cost, &mut found);
    kept(state, terms, key, &mut found);
    barring(state, terms, key, &mut found);
    if state.is_paused(terms.route.queue) {
        found.push(Obstacle::QueuePaused { queue: state.queue_name(terms.route.queue).clone() });
    }
    found.extend(state.hold.as_ref().map(|hold| Obstacle::OfferingHeld { until: hold.until }));
    found
}

/// What an agent lacks for what a queue asks: assignment and skills, of the alternative that is nearest.
pub fn lacking(
    state: &State,
    (queue, rules): (QueueKey, &Queue),
    asked: &[Wanted],
    key: AgentKey,
    found: &mut Vec<Obstacle>,
) {
    let stand = state.index.stand(key);
    if rules.members == Members::Assigned && !stand.is_assigned(queue) {
        found.push(Obstacle::NotMember { queue: state.queue_name(queue).clone() });
    }
    let agent = state.agent(key);
    let has = |skill: &Skill| Has { level: skill.level_of(stand), unlearnt: agent.unlearnt(&skill.condition.skill) };
    let lacked = |wanted: &Wanted| -> Vec<Obstacle> {
        let missing = wanted.must.iter().filter(|skill| !skill.is_met_by(stand));
        let missing =
            missing.map(|skill| Obstacle::SkillMissing { condition: skill.condition.clone(), has: has(skill) });
        let forbidden = wanted.must_not.iter().filter(|skill| skill.is_met_by(stand));
        let forbidden =
            forbidden.map(|skill| Obstacle::SkillForbidden { condition: skill.condition.clone(), has: has(skill) });
        missing.chain(forbidden).collect()
    };
    found.extend(asked.iter().map(lacked).min_by_key(Vec::len).unwrap_or_default());
}

/// What keeps contacts of a channel and cost away for ever.
fn fitting(state: &State, agent: &Agent, channel: ChannelKey, cost: u32, found: &mut Vec<Obstacle>) {
    if agent.limit(channel) == Some(0) {
        found.push(Obstacle::ChannelRefused { channel: state.channel_name(channel).clone() });
    }
    if cost > agent.profile.capacity {
        found.push(Obstacle::TooLarge { cost, capacity: agent.profile.capacity });
    }
}

/// What keeps all work away.
pub fn absent(agent: &Agent, found: &mut Vec<Obstacle>) {
    match &agent.session {
        None => found.push(Obstacle::SignedOut),
        Some(session) => {
            let lost = session.lost.map(|lost| Obstacle::SessionLost { grace_ends_at: lost.grace_ends_at });
            found.extend(lost);
        }
    }
    if agent.presence != Presence::Available {
        found.push(Obstacle::NotAvailable { presence: agent.presence.clone() });
    }
    found.extend(agent.pending.clone().map(|pending| Obstacle::Leaving { pending }));
}

/// What keeps one more contact of a channel and cost away for want of room.
fn full(state: &State, key: AgentKey, channel: ChannelKey, cost: u32, found: &mut Vec<Obstacle>) {
    let agent = state.agent(key);
    let gives_way = if state.is_interruptible(key, channel) { 0 } else { agent.interruptible_used };
    let free = agent.profile.capacity.saturating_sub(agent.used - gives_way);
    if cost > free && cost <= agent.profile.capacity {
        found.push(Obstacle::NoCapacity { cost, free });
    }
    if let Some(limit) = agent.limit(channel).filter(|limit| *limit > 0)
        && state.count_on(agent, channel) >= usize::from(limit)
    {
        found.push(Obstacle::ChannelFull { channel: state.channel_name(channel).clone(), limit });
    }
    if agent.work_count() >= AGENT_WORK_MAX {
        found.push(Obstacle::WorkFull { limit: AGENT_WORK_MAX });
    }
}

/// What stands in the way of one more contact of a channel and cost, whatever it asks.
pub fn room(state: &State, key: AgentKey, channel: ChannelKey, cost: u32) -> Vec<Obstacle> {
    let agent = state.agent(key);
    let mut found = Vec::new();
    fitting(state, agent, channel, cost, &mut found);
    if let Some(contact) = agent.draining {
        found.push(Obstacle::Draining { contact: state.contact(contact).id.clone() });
    }
    full(state, key, channel, cost, &mut found);
    found
}

/// What empathy has to do with it.
fn kept(state: &State, terms: &Terms<'_>, key: AgentKey, found: &mut Vec<Obstacle>) {
    let stand = state.index.stand(key);
    let until = terms.phase_ends_at(state);
    for held in terms.held_for(state).into_iter().filter(|held| !held.is_met_by(stand)) {
        found.push(Obstacle::Held { condition: held.condition, until });
    }
    let load = &state.agent(key).load;
    if terms.spares(state).is_some_and(|strain| load.strain() >= strain) {
        let rested = load.cools_until();
        let until = until.into_iter().chain(rested).min();
        found.push(Obstacle::CoolingDown { until });
    }
    let freely = |wanted: &&Wanted| terms.is_for_empathy(state, wanted);
    let is_met = |wanted: &Wanted| is_met(wanted, |skill| skill.is_met_by(stand));
    if terms.barred_by(state).is_some_and(|bar| stand.signature.contains(bar))
        && !terms.asked.alternatives.iter().filter(freely).any(is_met)
    {
        found.push(Obstacle::Reserved { until });
    }
}

/// What is between this contact and this agent.
fn barring(state: &State, terms: &Terms<'_>, key: AgentKey, found: &mut Vec<Obstacle>) {
    let refusal = terms.route.refusals.iter().find(|refusal| refusal.agent == key);
    found.extend(refusal.and_then(|refusal| refusal.until).map(|until| Obstacle::Refused { until }));
    if terms.route.offers.iter().any(|offer| state.offer(*offer).agent == key) {
        found.push(Obstacle::Offered);
    }
    if has_engagement(state, state.agent(key), terms.contact) {
        found.push(Obstacle::Engaged);
    }
}

fn is_met(wanted: &Wanted, has: impl Fn(&Skill) -> bool) -> bool {
    wanted.must.iter().all(&has) && !wanted.must_not.iter().any(&has)
}
