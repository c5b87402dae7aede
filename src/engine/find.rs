//! From names to what they name, or the refusal that says why not.
//!
//! Invariant: `&State` only; whatever is not found is refused by name, with the one that was probably meant.

use crate::model::{
    contact::TargetAgent,
    ids::{AgentId, AgentKey, ChannelKey, ChannelName, ContactId, ContactKey, EngagementKey, QueueKey, QueueName},
    similar::similar,
};

use super::{
    emit::Emit,
    event::{Target, TargetBy},
    reject::Reject,
    state::{Contact, EngagementPhase, State},
};

/// The open contact of this id.
pub(super) fn open_contact<'a>(state: &'a State, id: &ContactId) -> Result<(ContactKey, &'a Contact), Reject> {
    let Some(key) = state.contact_ids.get(id) else {
        return Err(match state.tombstones.contact(id) {
            Some(_) => Reject::ContactClosed(id.clone()),
            None => Reject::ContactUnknown(id.clone()),
        });
    };
    match state.contact(*key) {
        contact if contact.is_closed() => Err(Reject::ContactClosed(id.clone())),
        contact => Ok((*key, contact)),
    }
}

/// The channel of this name.
pub(super) fn channel_named(state: &State, name: &ChannelName) -> Result<ChannelKey, Reject> {
    state.find_channel(name).ok_or_else(|| Reject::ChannelUnknown {
        field: "channel",
        channel: name.clone(),
        similar: nearest(name.as_str(), state.document.channels.keys().map(|name| name.as_str())),
    })
}

/// The queue of this name.
pub(super) fn queue_named(state: &State, field: &'static str, name: &QueueName) -> Result<QueueKey, Reject> {
    state.find_queue(name).ok_or_else(|| Reject::QueueUnknown {
        field,
        queue: name.clone(),
        similar: nearest(name.as_str(), state.document.queues.keys().map(|name| name.as_str())),
    })
}

pub(super) fn agent_named(state: &State, field: &'static str, id: &AgentId) -> Result<AgentKey, Reject> {
    let found = state.agent_ids.get(id).copied();
    found.ok_or_else(|| Reject::AgentUnknown { field, agent: id.clone() })
}

/// The agent of this id.
pub(super) fn agent_of(state: &State, id: &AgentId) -> Result<AgentKey, Reject> {
    let known = state.agent_ids.get(id).copied();
    known.ok_or_else(|| Reject::AgentUnknown { field: "agent_id", agent: id.clone() })
}

pub(super) fn target_of(out: &Emit<'_>, field: &'static str, target: &TargetAgent) -> Result<Target, Reject> {
    let agent = agent_named(out.state(), field, &target.agent)?;
    Ok(Target { agent, until: target.window.map(|window| out.now + window), by: TargetBy::Platform })
}

/// The engagement of this agent with this contact, in the asked phase.
pub(super) fn engagement_with(
    state: &State,
    agent: AgentKey,
    contact: &ContactId,
    in_phase: impl Fn(EngagementPhase) -> bool,
    needed: &'static str,
) -> Result<EngagementKey, Reject> {
    let engagements = &state.agent(agent).engagements;
    let found = engagements.iter().copied().find(|key| {
        let engagement = state.engagement(*key);
        engagement.contact_id == *contact && in_phase(engagement.phase)
    });
    found.ok_or_else(|| Reject::EngagementUnknown {
        agent: state.agent(agent).id.clone(),
        contact: contact.clone(),
        needed,
    })
}

pub(super) fn wrong_state(contact: &Contact, needed: &'static str) -> Reject {
    Reject::ContactState { contact: contact.id.clone(), state: contact.stage_name(), needed }
}

/// The name that was probably meant.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    similar(given, known).map(str::to_owned)
}
