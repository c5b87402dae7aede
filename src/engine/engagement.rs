//! The end of an agent's work with a contact: active, in wrap-up, over.
//!
//! Invariant: an agent gets the capacity back exactly once, and pending presence takes effect with the last of the work.

use crate::model::{
    contact::ClosedBecause,
    ids::{AgentId, AgentKey, ContactId, EngagementKey},
    time::{Span, Timestamp},
};

use super::{
    command::Reply,
    emit::Emit,
    event::{EngagementOver, Event, PresenceBecause},
    find::{agent_of, engagement_with},
    reject::Reject,
    state::{EngagementPhase, Stage, State},
    waiting::close_contact,
};

/// Ends the active part of an engagement: into wrap-up if its queue gives one (until then), else altogether.
pub(super) fn leave_engagement(
    out: &mut Emit<'_>,
    engagement: EngagementKey,
    because: EngagementOver,
) -> Option<Timestamp> {
    let engaged = out.state().engagement(engagement);
    let (agent, wrap_up) = (engaged.agent, &out.state().rules(engaged.queue).wrap_up);
    let worked = matches!(because, EngagementOver::Completed | EngagementOver::Transferred);
    if worked && wrap_up.time > Span::ZERO {
        let (until, latest) = (out.now + wrap_up.time, out.now + wrap_up.max);
        out.emit(Event::WrapUpStarted { engagement, until, latest, because });
        return Some(until);
    }
    end_engagement(out, engagement, because);
    finish_pending(out, agent);
    None
}

/// Gives an agent the capacity of an engagement back.
pub(super) fn end_engagement(out: &mut Emit<'_>, engagement: EngagementKey, because: EngagementOver) {
    let ended = out.state().engagement(engagement);
    let (agent, contact) = (ended.agent, ended.contact_id.clone());
    out.emit(Event::EngagementEnded { engagement, agent, contact, because });
}

/// Ends a wrap-up; the contact is closed with it unless it went on elsewhere.
pub(super) fn finish_wrap_up(out: &mut Emit<'_>, engagement: EngagementKey) {
    let ended = out.state().engagement(engagement);
    let (agent, contact) = (ended.agent, ended.contact);
    let is_last = out.state().contacts.get(&contact).is_some_and(|c| c.stage == Stage::WrapUp(engagement));
    end_engagement(out, engagement, EngagementOver::WrappedUp);
    if is_last {
        close_contact(out, contact, ClosedBecause::Handled);
    }
    finish_pending(out, agent);
}

/// Lets pending presence take effect once the last work has ended.
pub(super) fn finish_pending(out: &mut Emit<'_>, key: AgentKey) {
    let agent = out.state().agent(key);
    let Some(presence) = agent.pending.clone() else { return };
    if agent.engagements.is_empty() && agent.offers.is_empty() {
        out.emit(Event::PresenceSet { agent: key, presence, because: PresenceBecause::WorkEnded });
    }
}

/// Gives an agent more time to wrap up, up to the queue's maximum.
pub(super) fn extend_wrap_up(out: &mut Emit<'_>, id: &AgentId, contact: &ContactId, by: Span) -> Result<Reply, Reject> {
    let agent = agent_of(out.state(), id)?;
    let engagement = wrap_up_of(out.state(), agent, contact)?;
    let EngagementPhase::WrapUp { until, latest } = out.state().engagement(engagement).phase else {
        unreachable!("it was chosen for being in wrap-up");
    };
    if until + by > latest {
        return Err(Reject::ExtensionTooLong { what: "wrap-up", latest });
    }
    out.emit(Event::WrapUpExtended { engagement, until: until + by });
    Ok(Reply::WrapUp { until: until + by })
}

/// Ends wrap-up early.
pub(super) fn end_wrap_up(out: &mut Emit<'_>, id: &AgentId, contact: &ContactId) -> Result<Reply, Reject> {
    let agent = agent_of(out.state(), id)?;
    let engagement = wrap_up_of(out.state(), agent, contact)?;
    finish_wrap_up(out, engagement);
    Ok(Reply::Done)
}

fn wrap_up_of(state: &State, agent: AgentKey, contact: &ContactId) -> Result<EngagementKey, Reject> {
    engagement_with(state, agent, contact, |phase| matches!(phase, EngagementPhase::WrapUp { .. }), "wrap-up")
}
