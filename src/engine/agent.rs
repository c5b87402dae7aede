//! What agents and their desktops ask: profiles, sessions, presence.
//!
//! Invariant: an agent who leaves never takes a customer along: offers go back to their places, engagements end only
//! by somebody's word or by the channel's rule for lost agents.

use std::sync::Arc;

use crate::model::{
    agent::{AgentProfile, AgentRow, Expected, Presence},
    contact::KeepPlace,
    document::OnAgentLost,
    ids::{AgentId, AgentKey, SessionId},
    limits::{AGENTS_MAX, SESSION_RESCIND_MILLIS},
    supervision::PresenceTiming,
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
    state::State,
    waiting::{Change, requeue},
};

/// Creates an agent or replaces the profile; what the agent works on stays. The profile that is in force already keeps
/// its revision.
pub(super) fn put_agent(
    out: &mut Emit<'_>,
    id: &AgentId,
    profile: &Arc<AgentProfile>,
    expected: Expected,
) -> Result<Reply, Reject> {
    check_put(out.state(), id, profile, expected)?;
    Ok(Reply::Agent { revision: put(out, id, profile) })
}

/// Puts row after row; one that is refused keeps no other back.
pub(super) fn put_agents(out: &mut Emit<'_>, rows: &[AgentRow]) -> Reply {
    let mut put_row = |AgentRow { agent, profile, expected }: &AgentRow| {
        check_put(out.state(), agent, profile, *expected)?;
        Ok(put(out, agent, profile))
    };
    Reply::Agents(rows.iter().map(&mut put_row).collect())
}

/// Why a profile cannot be put, if it cannot.
pub(super) fn check_put(state: &State, id: &AgentId, profile: &AgentProfile, expected: Expected) -> Result<(), Reject> {
    check_expected(state, id, expected)?;
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
    match state.agent_ids.get(id) {
        Some(agent) if state.agent(*agent).used > profile.capacity => {
            let problem = "must not be less than what the agent's present work takes";
            Err(Reject::OutOfRange { field: "profile.capacity", problem })
        }
        None if state.agent_ids.len() >= AGENTS_MAX => Err(Reject::LimitReached { what: "agents", limit: AGENTS_MAX }),
        _ => Ok(()),
    }
}

fn check_expected(state: &State, id: &AgentId, expected: Expected) -> Result<(), Reject> {
    let actual = state.agent_ids.get(id).map(|agent| state.agent(*agent).revision);
    match (expected, actual) {
        (Expected::Absent, Some(actual)) => Err(Reject::AgentExists { agent: id.clone(), actual }),
        (Expected::Present | Expected::Revision(_), None) => {
            Err(Reject::AgentUnknown { field: "agent_id", agent: id.clone() })
        }
        (Expected::Revision(expected), Some(actual)) if expected != actual => {
            Err(Reject::AgentChanged { agent: id.clone(), actual })
        }
        _ => Ok(()),
    }
}

/// Puts what was checked; returns the revision in force.
fn put(out: &mut Emit<'_>, id: &AgentId, profile: &Arc<AgentProfile>) -> u64 {
    let state = out.state();
    let known = state.agent_ids.get(id).copied();
    if let Some(known) = known.map(|agent| state.agent(agent)).filter(|known| known.profile == *profile) {
        return known.revision;
    }
    let new = || AgentKey(u32::try_from(state.agents.len()).expect("agents are limited well below 2^32"));
    let agent = known.unwrap_or_else(new);
    // By the clock, so that no revision comes back when a daemon that keeps nothing starts anew.
    let revision = u64::try_from(out.now.0).unwrap_or(0).max(state.last_revision + 1);
    out.emit(Event::AgentPut { agent, id: id.clone(), profile: Arc::clone(profile), revision });
    revision
}

/// Removes an agent who is offline and has no work; contacts that waited for this agent alone wait for anyone.
pub(super) fn delete_agent(out: &mut Emit<'_>, id: &AgentId, expected: Expected) -> Result<Reply, Reject> {
    let key = agent_of(out.state(), id)?;
    check_expected(out.state(), id, expected)?;
    let agent = out.state().agent(key);
    if agent.session.is_some() || !agent.offers.is_empty() || !agent.engagements.is_empty() {
        return Err(Reject::AgentBusy(id.clone()));
    }
    let stand = out.state().index.stand(key);
    let waiting: Vec<_> = stand.private.iter().chain(&stand.pulled).map(|(_, contact)| *contact).collect();
    for contact in waiting {
        out.emit(Event::TargetReleased { contact });
    }
    out.emit(Event::AgentDeleted { agent: key, id: id.clone() });
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
    if is_this {
        lose(out, key);
    }
    Ok(Reply::Done)
}

/// An open session's stream is gone.
pub(super) fn lose(out: &mut Emit<'_>, key: AgentKey) {
    let agent = out.state().agent(key);
    let has_work = !agent.offers.is_empty() || !agent.engagements.is_empty();
    if agent.presence == Presence::Offline && !has_work {
        return out.emit(Event::SessionEnded { agent: key });
    }
    let grace_ends_at = out.now + out.state().document.session_grace;
    let rescind_at = (out.now + Span::from_millis(SESSION_RESCIND_MILLIS)).min(grace_ends_at);
    out.emit(Event::SessionLost { agent: key, rescind_at, grace_ends_at });
}

/// Does what is due to a lost session: first its offers go back, then, after the grace period, the agent is gone.
pub(super) fn session_due(out: &mut Emit<'_>, key: AgentKey) {
    let session = out.state().agent(key).session.as_ref();
    let lost = session.and_then(|session| session.lost).expect("only a lost session has a timer");
    rescind_all(out, key, Rescinded::SessionLost);
    if lost.rescind_at.is_some() {
        out.emit(Event::SessionRescinded { agent: key });
    }
    if lost.grace_ends_at <= out.now {
        sign_out(out, key, PresenceBecause::SessionLost);
    }
}

/// Ends an agent's session: offers go back to their places, engagements go by their channel's rule for lost agents.
pub(super) fn sign_out(out: &mut Emit<'_>, key: AgentKey, because: PresenceBecause) {
    rescind_all(out, key, Rescinded::AgentLeft);
    for engagement in out.state().agent(key).engagements.clone() {
        let engaged = out.state().engagement(engagement);
        if engaged.is_wrap_up() || engaged.unconfirmed {
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
    out.emit(Event::PresenceSet { agent: key, presence: Presence::Offline, because });
    if out.state().agent(key).session.is_some() {
        out.emit(Event::SessionEnded { agent: key });
    }
}

/// Takes an agent's word for being there; leaving waits until the present work ends.
pub(super) fn set_presence(out: &mut Emit<'_>, id: &AgentId, presence: &Presence) -> Result<Reply, Reject> {
    let key = agent_of(out.state(), id)?;
    let agent = out.state().agent(key);
    if *presence != Presence::Offline && agent.session.is_none() {
        return Err(Reject::NoSession(id.clone()));
    }
    Ok(give_presence(out, key, presence, PresenceTiming::AfterWork, PresenceBecause::Asked))
}

/// Gives an agent a presence: being available at once, leaving when it is time.
pub(super) fn give_presence(
    out: &mut Emit<'_>,
    key: AgentKey,
    presence: &Presence,
    timing: PresenceTiming,
    because: PresenceBecause,
) -> Reply {
    let leaves = *presence != Presence::Available;
    let works = !out.state().agent(key).engagements.is_empty();
    let pending = leaves && works && timing == PresenceTiming::AfterWork;
    if pending {
        out.emit(Event::PresencePending { agent: key, presence: presence.clone() });
    } else {
        out.emit(Event::PresenceSet { agent: key, presence: presence.clone(), because });
    }
    if leaves {
        rescind_all(out, key, Rescinded::AgentLeft);
    }
    Reply::Presence { pending }
}
