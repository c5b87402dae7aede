//! What agents and their desktops ask: profiles, sessions, presence.
//!
//! Invariant: an agent who leaves never takes a customer along: offers go back to their places, engagements end only
//! by somebody's word or by the channel's rule for lost agents.

use std::sync::Arc;

use crate::model::{
    agent::{AgentProfile, Presence},
    contact::KeepPlace,
    document::OnAgentLost,
    ids::{AgentId, AgentKey, SessionId},
    limits::{AGENTS_MAX, SESSION_RESCIND_MILLIS},
    time::Span,
};

use super::{
    command::Reply,
    emit::Emit,
    engagement::end_engagement,
    event::{EngagementOver, Event, PresenceBecause, Requeued, Rescinded},
    find::{agent_of, nearest, queue_named},
    offer::rescind_all,
    reject::Reject,
    waiting::{Change, requeue},
};

/// Creates an agent or replaces the profile; what the agent works on stays.
pub(super) fn put_agent(out: &mut Emit<'_>, id: &AgentId, profile: &Arc<AgentProfile>) -> Result<Reply, Reject> {
    let state = out.state();
    for skill in profile.skills.keys() {
        if !state.document.skills.contains_key(skill) {
            let known = state.document.skills.keys().map(|name| name.as_str());
            let similar = nearest(skill.as_str(), known);
            return Err(Reject::SkillUnknown { field: "profile.skills", skill: skill.clone(), similar });
        }
    }
    for queue in &profile.queues {
        queue_named(state, "profile.queues", queue)?;
    }
    for channel in profile.channel_limits.keys() {
        if state.find_channel(channel).is_none() {
            let known = state.document.channels.keys().map(|name| name.as_str());
            let similar = nearest(channel.as_str(), known);
            return Err(Reject::ChannelUnknown { field: "profile.channel_limits", channel: channel.clone(), similar });
        }
    }
    let agent = match state.agent_ids.get(id) {
        Some(agent) => {
            if state.agent(*agent).used > profile.capacity {
                let problem = "must not be less than what the agent's present work takes";
                return Err(Reject::OutOfRange { field: "profile.capacity", problem });
            }
            *agent
        }
        None if state.agent_ids.len() >= AGENTS_MAX => {
            return Err(Reject::LimitReached { what: "agents", limit: AGENTS_MAX });
        }
        None => AgentKey(u32::try_from(state.agents.len()).expect("agents are limited well below 2^32")),
    };
    out.emit(Event::AgentPut { agent, id: id.clone(), profile: Arc::clone(profile) });
    Ok(Reply::Done)
}

/// Removes an agent who is offline and has no work; contacts that waited for this agent alone wait for anyone.
pub(super) fn delete_agent(out: &mut Emit<'_>, id: &AgentId) -> Result<Reply, Reject> {
    let key = agent_of(out.state(), id)?;
    let agent = out.state().agent(key);
    if agent.session.is_some() || !agent.offers.is_empty() || !agent.engagements.is_empty() {
        return Err(Reject::AgentBusy(id.clone()));
    }
    let waiting: Vec<_> = out.state().index.stand(key).private.iter().map(|(_, contact)| *contact).collect();
    for contact in waiting {
        out.emit(Event::TargetReleased { contact });
    }
    out.emit(Event::AgentDeleted { agent: key });
    Ok(Reply::Done)
}

/// Opens a stream: the newest wins, and the same session id goes on where it was.
pub(super) fn open_session(
    out: &mut Emit<'_>,
    id: &AgentId,
    session: &SessionId,
    connection: u64,
) -> Result<Reply, Reject> {
    let agent = agent_of(out.state(), id)?;
    let resumed = out.state().agent(agent).session.as_ref().is_some_and(|open| open.id == *session);
    out.emit(Event::SessionOpened { agent, session: session.clone(), connection, resumed });
    for engagement in out.state().agent(agent).engagements.clone() {
        if out.state().engagement(engagement).unconfirmed {
            out.emit(Event::EngagementConfirmed { engagement });
        }
    }
    Ok(Reply::Session { resumed })
}

/// Starts the grace period of a broken stream; nothing if a newer one has taken its place.
pub(super) fn lose_session(out: &mut Emit<'_>, id: &AgentId, connection: u64) -> Result<Reply, Reject> {
    let key = agent_of(out.state(), id)?;
    let agent = out.state().agent(key);
    let is_this = agent.session.as_ref().is_some_and(|open| open.connection == connection && open.lost.is_none());
    if !is_this {
        return Ok(Reply::Done);
    }
    let has_work = !agent.offers.is_empty() || !agent.engagements.is_empty();
    if agent.presence == Presence::Offline && !has_work {
        out.emit(Event::SessionEnded { agent: key });
        return Ok(Reply::Done);
    }
    let grace = out.state().document.session_grace;
    let grace_ends_at = out.now + grace;
    let rescind_at = (out.now + Span::from_millis(SESSION_RESCIND_MILLIS)).min(grace_ends_at);
    out.emit(Event::SessionLost { agent: key, rescind_at, grace_ends_at });
    Ok(Reply::Done)
}

/// Does what is due to a lost session: first its offers go back, then, after the grace period, the agent is gone.
pub(super) fn session_due(out: &mut Emit<'_>, key: AgentKey) {
    let session = out.state().agent(key).session.as_ref();
    let lost = session.and_then(|session| session.lost).expect("only a lost session has a timer");
    rescind_all(out, key, Rescinded::SessionLost);
    if lost.rescind_at.is_some() {
        out.emit(Event::SessionRescinded { agent: key });
    }
    if lost.grace_ends_at > out.now {
        return;
    }
    for engagement in out.state().agent(key).engagements.clone() {
        let engaged = out.state().engagement(engagement);
        if engaged.is_wrap_up() {
            continue;
        }
        let (contact, queue) = (engaged.contact, engaged.queue);
        match out.state().channel(engaged.channel).on_agent_lost {
            OnAgentLost::Keep => out.emit(Event::EngagementUnconfirmed { engagement }),
            OnAgentLost::Requeue => {
                end_engagement(out, engagement, EngagementOver::AgentLost);
                let target = out.state().route(contact).target;
                let change = Change { target, ..Change::default() };
                requeue(out, contact, queue, KeepPlace::Keep, Requeued::AgentLost, change);
            }
        }
    }
    let because = PresenceBecause::SessionLost;
    out.emit(Event::PresenceSet { agent: key, presence: Presence::Offline, because });
    out.emit(Event::SessionEnded { agent: key });
}

/// Takes an agent's word for being there; leaving waits until the present work ends.
pub(super) fn set_presence(out: &mut Emit<'_>, id: &AgentId, presence: &Presence) -> Result<Reply, Reject> {
    let key = agent_of(out.state(), id)?;
    let agent = out.state().agent(key);
    if *presence != Presence::Offline && agent.session.is_none() {
        return Err(Reject::NoSession(id.clone()));
    }
    if *presence == Presence::Available || agent.engagements.is_empty() {
        let because = PresenceBecause::Asked;
        out.emit(Event::PresenceSet { agent: key, presence: presence.clone(), because });
        if *presence != Presence::Available {
            rescind_all(out, key, Rescinded::AgentLeft);
        }
        return Ok(Reply::Presence { pending: false });
    }
    out.emit(Event::PresencePending { agent: key, presence: presence.clone() });
    rescind_all(out, key, Rescinded::AgentLeft);
    Ok(Reply::Presence { pending: true })
}
