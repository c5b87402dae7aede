//! Agents and their work.

use crate::{
    api::{etag, pb},
    engine::view::{AgentView, WorkState, WorkView},
    model::agent::{AgentProfile, Presence},
};

use super::timestamp;

/// An agent as it stands.
pub fn agent(view: AgentView) -> pb::Agent {
    let session =
        view.session.map(|(session, connected)| pb::AgentSession { session_id: session.to_string(), connected });
    pb::Agent {
        agent_id: view.id.to_string(),
        profile: Some(profile(&view.profile)),
        presence: Some(presence(view.presence)),
        pending_presence: view.pending.map(presence),
        session,
        capacity_used: view.capacity_used,
        work: view.work.into_iter().map(work).collect(),
        etag: etag::agent(view.revision),
    }
}

fn profile(profile: &AgentProfile) -> pb::AgentProfile {
    pb::AgentProfile {
        display_name: profile.display_name.clone(),
        skills: profile.skills.iter().map(|(skill, level)| (skill.to_string(), u32::from(*level))).collect(),
        queues: profile.queues.iter().map(ToString::to_string).collect(),
        capacity: Some(profile.capacity),
        channel_limits: profile
            .channel_limits
            .iter()
            .map(|(channel, limit)| (channel.to_string(), u32::from(*limit)))
            .collect(),
        attributes: profile.attributes.clone(),
        empathy_fixed: profile.empathy_fixed,
    }
}

/// Whether an agent is there.
pub(super) fn presence(presence: Presence) -> pb::Presence {
    let (state, reason) = match presence {
        Presence::Offline => (pb::PresenceState::Offline, String::new()),
        Presence::Available => (pb::PresenceState::Available, String::new()),
        Presence::Away { reason } => (pb::PresenceState::Away, reason),
    };
    pb::Presence { state: state.into(), reason }
}

/// One piece of an agent's work.
pub(super) fn work(view: WorkView) -> pb::Work {
    let (state, offer_id) = match view.state {
        WorkState::Offered(offer) => (pb::WorkState::Offered, offer.to_string()),
        WorkState::Engaged => (pb::WorkState::Engaged, String::new()),
        WorkState::Interrupted => (pb::WorkState::Interrupted, String::new()),
        WorkState::Unconfirmed => (pb::WorkState::Unconfirmed, String::new()),
        WorkState::WrapUp => (pb::WorkState::WrapUp, String::new()),
    };
    pb::Work {
        contact_id: view.contact.to_string(),
        queue: view.queue.to_string(),
        channel: view.channel.to_string(),
        state: state.into(),
        offer_id,
        end_time: view.ends_at.map(timestamp),
    }
}
