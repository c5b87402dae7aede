//! An agent, explained: what keeps new work away, what is next, and which queues the agent may serve.
//!
//! Invariant: "next" is what the matching would find for this agent with nothing else to do.

use std::ops::Bound;

use crate::{
    engine::{
        find::agent_of,
        matching::{index::rule_at, settle::best_contact_by},
        reject::Reject,
        state::State,
        view::AgentView,
    },
    model::{
        ids::{AgentId, AgentKey, ContactId, QueueKey, QueueName},
        limits::PAGE_MAX,
    },
};

use super::{
    obstacle::{absent, lacking, obstacles, room},
    terms::alternatives,
    terms_of,
    view::{AgentExplained, AgentVerdict, ChannelRoom, Hurdle, Obstacle, QueueEligibility},
};

/// Explains an agent; queues by name, after the given one.
pub fn explain(state: &State, id: &AgentId, after: Option<&QueueName>, limit: usize) -> Result<AgentExplained, Reject> {
    let key = agent_of(state, id)?;
    let agent = state.agent(key);
    let next = next(state, key);
    let draining = agent.draining.map(|contact| state.contact(contact).id.clone());
    let mut away = Vec::new();
    absent(agent, &mut away);
    let (verdict, summary) = verdict(&state.agent_view(key), &away, draining.as_ref(), next.as_ref());
    let limit = limit.min(PAGE_MAX);
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let names = state.document.queues.range::<QueueName, _>((from, Bound::Unbounded));
    let keys = names.filter_map(|(name, _)| state.find_queue(name));
    let queues: Vec<QueueEligibility> = keys.take(limit).map(|queue| eligibility(state, key, queue)).collect();
    let next_queue = queues.last().filter(|_| queues.len() == limit).map(|last| last.queue.clone());
    let lanes = state.lanes_in_use().into_iter().map(|(channel, cost)| ChannelRoom {
        channel: state.channel_name(channel).clone(),
        cost,
        obstacles: room(state, key, channel, cost),
    });
    let mut channels: Vec<ChannelRoom> = lanes.collect();
    channels.sort_by(|a, b| (&a.channel, a.cost).cmp(&(&b.channel, b.cost)));
    Ok(AgentExplained { agent: state.agent_view(key), verdict, summary, draining, next, channels, queues, next_queue })
}

/// The contact that would be next, and what keeps it away.
fn next(state: &State, key: AgentKey) -> Option<(ContactId, Vec<Obstacle>)> {
    let (_, contact) = best_contact_by(state, key, state.lanes_ever(key)).found?;
    Some((state.contact(contact).id.clone(), obstacles(state, &terms_of(state, contact), key)))
}

fn verdict(
    agent: &AgentView,
    away: &[Obstacle],
    draining: Option<&ContactId>,
    next: Option<&(ContactId, Vec<Obstacle>)>,
) -> (AgentVerdict, String) {
    let id = &agent.id;
    let would = match next {
        Some((contact, _)) => format!("; {contact} would be next"),
        None => "; nothing waits that the agent may take".to_owned(),
    };
    if let Some(first) = away.first() {
        let signed_out = first.hurdle() == Hurdle::SignedIn;
        let verdict = if signed_out { AgentVerdict::SignedOut } else { AgentVerdict::NotAvailable };
        return (verdict, format!("{id} {first}{would}"));
    }
    if let Some(contact) = draining {
        return (AgentVerdict::Draining, format!("{id} keeps free for {contact}, which needs more room than there is"));
    }
    match next {
        None => (AgentVerdict::NothingWaits, format!("nothing waits that {id} may take")),
        Some((contact, obstacles)) => match obstacles.first() {
            Some(first @ Obstacle::OfferingHeld { .. }) => {
                (AgentVerdict::OfferingHeld, format!("{contact} is next for {id}, who {first}"))
            }
            Some(first) => (AgentVerdict::Busy, format!("{contact} is next for {id}, who {first}")),
            None => (AgentVerdict::Next, format!("{contact} is being offered to {id}")),
        },
    }
}

fn eligibility(state: &State, key: AgentKey, queue: QueueKey) -> QueueEligibility {
    let rules = state.rules(queue);
    let lacks = |step: u8| {
        let mut found = Vec::new();
        lacking(state, (queue, rules), &alternatives(state, &rule_at(rules, step).required), key, &mut found);
        found
    };
    let steps = u8::try_from(rules.steps.len()).expect("steps are limited to 16");
    QueueEligibility {
        queue: state.queue_name(queue).clone(),
        waiting: state.queues[queue.0 as usize].places.len() as u64,
        obstacles: lacks(0),
        eligible_from_step: (0..=steps).find(|step| lacks(*step).is_empty()),
    }
}
