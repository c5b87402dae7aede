//! Agents and their work.

use crate::{
    api::{etag, pb},
    engine::{
        load::{Load, Strain},
        view::{AgentView, WorkState, WorkView},
    },
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
        moment_load: Some(moment_load(&view.load)),
    }
}

fn moment_load(load: &Load) -> pb::MomentLoad {
    pb::MomentLoad {
        moments: load.moments(),
        contacts: load.contacts(),
        in_a_row: load.in_a_row().into(),
        heavy: load.strain() >= Strain::Heavy,
        cooling_down: load.strain() == Strain::Cooling,
        cooldown_end_time: load.cools_until().map(timestamp),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        document::Protection,
        time::{Span, Timestamp},
    };

    #[test]
    fn a_cooldown_is_told_with_its_end_once_that_is_known() {
        let start = Timestamp(1_800_000_000_000_000);
        let mut load = Load::default();
        for seconds in 0..3 {
            load.take(start + Span::from_secs(seconds), true, Some(&Protection::default()));
        }
        let told = moment_load(&load);
        assert_eq!((told.moments, told.contacts, told.in_a_row), (3, 3, 0));
        assert!(told.heavy && told.cooling_down && told.cooldown_end_time.is_none(), "{told:?}");
        load.finish(start);
        assert_eq!(moment_load(&load).cooldown_end_time.expect("it runs").seconds, 1_800_000_300);
        load.rest();
        let told = moment_load(&load);
        assert!(!told.heavy && !told.cooling_down && told.cooldown_end_time.is_none(), "{told:?}");
    }
}
