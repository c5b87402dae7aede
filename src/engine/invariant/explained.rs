//! Explanations, held against a plain look at every agent: document and profile, no bitmap and no index.
//!
//! Invariant: nothing here is shared with `explain` but the words of its answers.

use std::collections::BTreeSet;

use crate::{
    engine::{
        event::{Choice, ChoiceRule, RunnerUp},
        explain::view::{Candidate, ContactExplained, ContactVerdict, Explain, Explained, Hurdle, Obstacle},
        matching::{
            index::{combined, rule_at},
            settle::{has_engagement, passes_over},
        },
        state::{Agent, Route, State},
        view::{Answer, Query},
    },
    model::{
        agent::Presence,
        document::{Members, WaitOutcome},
        ids::{AgentId, AgentKey, ContactId, ContactKey, QueueName},
        limits::PAGE_MAX,
        time::Timestamp,
    },
};

use super::{
    Broken, could_take,
    empathy::{is_held_from, is_kept_from, is_spared},
    has_room, holds, may_take, rank_of,
};

/// Of every open contact: what removes each agent, how many each condition removes, and whether anybody could ever take
/// it, are what a plain look at all agents gives.
pub fn check_explained(state: &State, now: Timestamp) -> Result<(), Broken> {
    for (id, key) in &state.contact_ids {
        let contact = state.contact(*key);
        // Those who still go by the document before are explained by it; the plain look knows only the one in force.
        let is_former = contact.route.as_deref().is_some_and(|route| route.document != state.version);
        if contact.is_closed() || contact.route.is_none() || is_former {
            continue;
        }
        let candidates = candidates(state, now, id)?;
        must!(candidates.len() == state.agent_ids.len(), "{} candidates are listed for {id:?}", candidates.len());
        for candidate in &candidates {
            check_candidate(state, *key, candidate)?;
        }
        let explained = contact_explained(state, now, id)?;
        check_counts(state, *key, &explained)?;
        for agent in state.agent_ids.keys() {
            check_pair(state, now, id, agent, &candidates)?;
        }
    }
    for agent in state.agent_ids.keys() {
        ask(state, now, Explain::Agent { agent: agent.clone(), after: None, limit: PAGE_MAX })?;
    }
    Ok(())
}

/// The choice about to be made names the agent who is first of all candidates, and the next as runners-up. (All of
/// them where so few agents stand that they share a chunk of the roster.)
pub fn check_choice(state: &State, contact: ContactKey, winner: AgentKey, choice: &Choice) -> Result<(), Broken> {
    let id = &state.contact(contact).id;
    let drained = state.agent(winner).draining == Some(contact);
    let reserved = matches!(choice.rule, ChoiceRule::Target | ChoiceRule::Pulled);
    if drained || reserved {
        must!(reserved || choice.rule == ChoiceRule::FirstInLine, "a drain is no choice");
        return Ok(());
    }
    let can = state.agent_ids.values().filter(|agent| may_take(state, contact, **agent));
    let mut ranks: Vec<_> = can.map(|agent| rank_of(state, contact, *agent)).collect();
    ranks.sort_unstable();
    let of = |next: &RunnerUp| (usize::from(next.tier), next.load, next.idle_since, next.agent);
    let first = (usize::from(choice.tier), choice.load, choice.idle_since, winner);
    let kept: Vec<_> = std::iter::once(first).chain(choice.runners_up.iter().flatten().map(of)).collect();
    must!(kept.len() == ranks.len().min(4), "of {} agents for {id:?} {} are kept", ranks.len(), kept.len());
    must!(ranks.starts_with(&kept), "for {id:?} {kept:?} are kept, {ranks:?} could take it");
    must!(choice.agents as usize == state.agent_ids.len(), "a choice for {id:?} counts {} agents", choice.agents);
    Ok(())
}

/// Exactly those in line are marked whom nobody could ever take, once nothing is left of a mass change.
pub(super) fn check_alerts(state: &State) -> Result<(), Broken> {
    if state.index.reach.has_work() || state.has_slices() {
        return Ok(());
    }
    for (id, key) in &state.contact_ids {
        let Some(route) = state.contact(*key).route.as_deref().filter(|route| route.line.is_some()) else { continue };
        let unreachable = !is_ever_reachable(state, *key);
        must!(route.unreachable == unreachable, "contact {id:?} is unreachable: {unreachable}, marked otherwise");
    }
    Ok(())
}

fn ask(state: &State, now: Timestamp, question: Explain) -> Result<Explained, Broken> {
    match state.query(now, &Query::Explain(question.clone())) {
        Ok(Answer::Explained(explained)) => Ok(*explained),
        other => Err(Broken(format!("{question:?} is answered with {other:?}"))),
    }
}

fn candidates(state: &State, now: Timestamp, contact: &ContactId) -> Result<Vec<Candidate>, Broken> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        // Small pages, so that paging is tried as well.
        let question = Explain::Candidates { contact: contact.clone(), after, limit: 3 };
        let Explained::Candidates { candidates, next } = ask(state, now, question)? else {
            return Err(Broken("candidates are asked for, and something else is told".to_owned()));
        };
        all.extend(candidates);
        after = next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

fn contact_explained(state: &State, now: Timestamp, contact: &ContactId) -> Result<ContactExplained, Broken> {
    match ask(state, now, Explain::Contact(contact.clone()))? {
        Explained::Contact(explained) => Ok(explained),
        other => Err(Broken(format!("contact {contact:?} is explained with {other:?}"))),
    }
}

fn check_candidate(state: &State, contact: ContactKey, candidate: &Candidate) -> Result<(), Broken> {
    let (id, key) = (&state.contact(contact).id, state.agent_ids.get(&candidate.agent));
    let key = *key.ok_or_else(|| Broken(format!("{:?} is a candidate and no agent", candidate.agent)))?;
    let told: BTreeSet<Hurdle> = candidate.obstacles.iter().map(Obstacle::hurdle).collect();
    let plain = hurdles(state, contact, key);
    must!(told == plain, "{:?} for {id:?}: {:?} is told, {plain:?} is so", candidate.agent, candidate.obstacles);
    let sorted = candidate.obstacles.is_sorted_by_key(Obstacle::hurdle);
    must!(sorted, "{:?} for {id:?}: {:?} is out of order", candidate.agent, candidate.obstacles);
    if state.route(contact).line.is_some() {
        // What was pulled to the agent stands before it, which is a matter of order.
        let may = could_take(state, contact, key);
        must!(may == told.is_empty(), "{:?} may take {id:?}: {may}, {told:?} is told", candidate.agent);
    }
    Ok(())
}

fn check_counts(state: &State, contact: ContactKey, explained: &ContactExplained) -> Result<(), Broken> {
    let id = &explained.id;
    let Some(waiting) = &explained.waiting else {
        must!(!state.contact(contact).is_waiting(), "contact {id:?} waits, and nothing is told of that");
        return Ok(());
    };
    let all = state.agent_ids.values();
    let first: Vec<Option<Hurdle>> = all.map(|agent| hurdles(state, contact, *agent).first().copied()).collect();
    let mut left = first.len() as u64;
    for count in &waiting.conditions {
        left -= count.removed;
        must!(count.left == left, "of {id:?} {count:?} leaves another number than it says");
    }
    let free = first.iter().filter(|hurdle| hurdle.is_none()).count() as u64;
    must!(left == free, "conditions of {id:?} leave {left}, {free} are free of obstacles");
    for hurdle in first.iter().flatten() {
        let told: u64 = waiting.conditions.iter().filter(|c| c.hurdle == *hurdle).map(|c| c.removed).sum();
        let plain = first.iter().filter(|other| **other == Some(*hurdle)).count() as u64;
        must!(told == plain, "of {id:?} {hurdle:?} removes {told}, by a plain look {plain}: {:?}", waiting.conditions);
    }
    if state.route(contact).line.is_some() && explained.verdict != ContactVerdict::Offered {
        let unreachable = !is_ever_reachable(state, contact);
        let told = explained.verdict == ContactVerdict::Unreachable;
        must!(told == unreachable, "contact {id:?} is unreachable: {unreachable}, told: {:?}", explained.verdict);
    }
    Ok(())
}

fn check_pair(
    state: &State,
    now: Timestamp,
    contact: &ContactId,
    agent: &AgentId,
    candidates: &[Candidate],
) -> Result<(), Broken> {
    let Explained::Pair(pair) = ask(state, now, Explain::Pair { contact: contact.clone(), agent: agent.clone() })?
    else {
        return Err(Broken("a pair is asked for, and something else is told".to_owned()));
    };
    let listed = candidates.iter().find(|candidate| candidate.agent == *agent);
    must!(listed == Some(&pair.candidate), "{agent:?} for {contact:?} is listed otherwise than it is explained");
    Ok(())
}

/// Everything between a contact and an agent, straight from document, profile and what both are doing.
fn hurdles(state: &State, contact: ContactKey, key: AgentKey) -> BTreeSet<Hurdle> {
    let (route, agent) = (state.route(contact), state.agent(key));
    let target = route.target.filter(|target| state.agents[target.agent.0 as usize].is_some());
    let (is_member, is_skilled) = match target {
        Some(_) => (true, true),
        None => eligible(state, route, state.queue_name(route.queue), route.step, agent),
    };
    let present = agent.session.as_ref().is_some_and(|session| session.lost.is_none());
    let available = agent.presence == Presence::Available && agent.pending.is_none();
    let draining = agent.draining.is_some_and(|other| other != contact);
    let fits = fits_ever(state, route, state.queue_name(route.queue), agent);
    // Who can never have room has none now; that is told once, by what lasts.
    let room = if fits { has_room(state, route, key) } else { roomy(state, route, key) };
    let barred = has_engagement(state, agent, contact)
        || (passes_over(state, route, contact, key) && !route.excluded.contains(&key))
        || route.refusals.iter().any(|refusal| refusal.agent == key && refusal.until.is_some())
        || route.offers.iter().any(|offer| state.offer(*offer).agent == key);
    let (mut held, mut kept) = (false, false);
    if let (None, Some(empathy)) = (target, &state.document.empathy) {
        let required = combined(rule_at(state.rules_of(route), route.step), Some(&route.requirement));
        held = is_held_from(state, contact, agent, empathy) || is_spared(route, agent, empathy);
        kept = required.is_ok_and(|required| is_kept_from(state, route, key, &required, empathy));
    }
    let all = [
        (Hurdle::Target, target.is_some_and(|target| target.agent != key)),
        (Hurdle::Member, !is_member),
        (Hurdle::Skills, !is_skilled),
        (Hurdle::Channel, !fits),
        (Hurdle::Excluded, route.excluded.contains(&key)),
        (Hurdle::SignedIn, !present),
        (Hurdle::Available, !available),
        (Hurdle::Room, draining || !room),
        (Hurdle::Held, held),
        (Hurdle::Reserved, kept),
        (Hurdle::Barred, barred),
        (Hurdle::Paused, state.is_paused(route.queue)),
        (Hurdle::Restarted, state.hold.is_some()),
    ];
    all.into_iter().filter(|(_, stands)| *stands).map(|(hurdle, _)| hurdle).collect()
}

/// Whether there is room but for what can never be had.
fn roomy(state: &State, route: &Route, key: AgentKey) -> bool {
    let agent = state.agent(key);
    let gives_way = if state.is_interruptible(key, route.channel) { 0 } else { agent.interruptible_used };
    let cost = state.cost(route.queue, route.channel);
    let small = cost > agent.profile.capacity || agent.used - gives_way + cost <= agent.profile.capacity;
    let limit = agent.profile.channel_limits.get(state.channel_name(route.channel));
    let refused = limit == Some(&0);
    let below = refused || limit.is_none_or(|limit| state.count_on(agent, route.channel) < usize::from(*limit));
    small && below && agent.work_count() < crate::model::limits::AGENT_WORK_MAX
}

/// Assigned, and skilled, for this contact in a queue at a step.
fn eligible(state: &State, route: &Route, queue: &QueueName, step: u8, agent: &Agent) -> (bool, bool) {
    let rules = &state.document.queues[queue];
    let is_member = rules.members == Members::Open || agent.profile.queues.contains(queue);
    let required = combined(rule_at(rules, step), Some(&route.requirement));
    (is_member, required.is_ok_and(|required| holds(agent, &required)))
}

/// Whether a contact of this queue and channel fits an agent with nothing else to do.
fn fits_ever(state: &State, route: &Route, queue: &QueueName, agent: &Agent) -> bool {
    let channel = state.channel_name(route.channel);
    let cost = state.document.queues[queue].cost.unwrap_or(state.document.channels[channel].cost);
    cost <= agent.profile.capacity && agent.profile.channel_limits.get(channel) != Some(&0)
}

/// Whether any agent could take a contact now or after waiting on.
fn is_ever_reachable(state: &State, contact: ContactKey) -> bool {
    let route = state.route(contact);
    let here = state.queue_name(route.queue);
    let can = |queue: &QueueName, step: u8| {
        state.agent_ids.values().any(|key| {
            let agent = state.agent(*key);
            !route.excluded.contains(key)
                && fits_ever(state, route, queue, agent)
                && eligible(state, route, queue, step, agent) == (true, true)
        })
    };
    let target = route.target.filter(|target| state.agents[target.agent.0 as usize].is_some());
    if let Some(target) = target
        && fits_ever(state, route, here, state.agent(target.agent))
        && !route.excluded.contains(&target.agent)
    {
        return true;
    }
    let steps = |queue: &QueueName| u8::try_from(state.document.queues[queue].steps.len()).unwrap_or(u8::MAX);
    let stays = target.is_some_and(|target| target.until.is_none());
    if !stays && (route.step..=steps(here)).any(|step| can(here, step)) {
        return true;
    }
    // Every queue that waiting leads to: the next, what that one overflows to when full, and on.
    let next = |queue: &QueueName| match &state.document.queues[queue].max_wait.then {
        WaitOutcome::Overflow(next) | WaitOutcome::Escalate(next) => Some(next.clone()),
        WaitOutcome::GiveUp => None,
    };
    let full =
        |queue: &QueueName| state.document.queues[queue].max_size.as_ref().and_then(|size| size.overflow.clone());
    let mut reached: BTreeSet<QueueName> = next(here).into_iter().collect();
    loop {
        let more: Vec<QueueName> = reached.iter().flat_map(|queue| [next(queue), full(queue)]).flatten().collect();
        let before = reached.len();
        reached.extend(more);
        if reached.len() == before {
            break;
        }
    }
    reached.iter().any(|queue| (0..=steps(queue)).any(|step| can(queue, step)))
}
