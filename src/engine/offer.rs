//! What happens to offers: delivered, accepted, declined, extended, expired, and connecting that failed.
//!
//! Invariant: a contact has at most one winner; the first acceptance that is applied is it. Not here: whom to offer to
//! (`matching`).

use crate::model::{
    agent::Presence,
    contact::KeepPlace,
    document::{Acceptance, Declining, RefusalPause},
    ids::{AgentId, AgentKey, ContactId, ContactKey, EngagementKey, OfferKey},
    time::{Span, Timestamp},
};

use super::{
    command::Reply,
    emit::Emit,
    engagement::{end_engagement, finish_pending},
    event::{EngagementOver, Event, PresenceBecause, Requeued, Rescinded},
    find::{agent_of, engagement_with},
    reject::Reject,
    state::{EngagementPhase, Offer, OfferEnd, State},
    waiting::{Change, requeue, send_on},
};

/// The reason for being away that the engine gives.
const RONA: &str = "rona";

/// Starts the time an agent has to answer; accepts at once where the queue says so.
pub(super) fn ack_offer(out: &mut Emit<'_>, agent: &AgentId, key: OfferKey) -> Result<Reply, Reject> {
    let offer = open_offer(out, agent, key)?;
    if let Some(expires_at) = offer.expires_at {
        return Ok(Reply::OfferOpen { expires_at });
    }
    let (expires_at, acceptance) = (out.now + offer.time, out.state().rules(offer.queue).offers.acceptance);
    out.emit(Event::OfferDelivered { offer: key, expires_at });
    match acceptance {
        Acceptance::ByAgent => Ok(Reply::OfferOpen { expires_at }),
        Acceptance::Automatic => Ok(take(out, key)),
    }
}

/// Turns an open offer into an engagement.
///
/// Refuses with [`Reject::OfferUnknown`], [`Reject::OfferExpired`], [`Reject::OfferTaken`] or
/// [`Reject::OfferRescinded`], so that a desktop can tell "you were too late" from "somebody else has it".
pub(super) fn accept_offer(out: &mut Emit<'_>, agent: &AgentId, key: OfferKey) -> Result<Reply, Reject> {
    open_offer(out, agent, key)?;
    Ok(take(out, key))
}

/// Gives the contact back to its place; it does not return to this agent for a while.
pub(super) fn decline_offer(out: &mut Emit<'_>, agent: &AgentId, key: OfferKey, reason: &str) -> Result<Reply, Reject> {
    let offer = open_offer(out, agent, key)?;
    let (contact, agent, queue) = (offer.contact, offer.agent, offer.queue);
    if out.state().rules(queue).offers.declining == Declining::Forbidden {
        return Err(Reject::DeclineForbidden(out.state().queue_name(queue).clone()));
    }
    let again_at = returns_at(out, contact, agent);
    out.emit(Event::OfferDeclined { offer: key, reason: reason.to_owned(), again_at });
    finish_pending(out, agent);
    escalate_if_due(out, contact);
    Ok(Reply::Done)
}

/// Gives an agent longer to answer, up to what the queue allows in all.
pub(super) fn extend_offer(out: &mut Emit<'_>, agent: &AgentId, key: OfferKey, by: Span) -> Result<Reply, Reject> {
    let offer = open_offer(out, agent, key)?;
    let extension_max = out.state().rules(offer.queue).offers.extension_max;
    let (Some(delivered_at), Some(expires_at)) = (offer.delivered_at, offer.expires_at) else {
        return Err(Reject::OutOfRange { field: "offer_id", problem: "acknowledge the offer's delivery first" });
    };
    let latest = delivered_at + offer.time + extension_max;
    let expires_at = expires_at + by;
    if expires_at > latest {
        return Err(Reject::ExtensionTooLong { what: "the offer", latest });
    }
    out.emit(Event::OfferExtended { offer: key, expires_at });
    Ok(Reply::OfferOpen { expires_at })
}

/// Returns a contact to its place when agent and customer could not be connected.
pub(super) fn report_connect_failed(out: &mut Emit<'_>, agent: &AgentId, contact: &ContactId) -> Result<Reply, Reject> {
    let agent = agent_of(out.state(), agent)?;
    let is_active = |phase| matches!(phase, EngagementPhase::Active | EngagementPhase::Interrupted);
    let engagement = engagement_with(out.state(), agent, contact, is_active, "active")?;
    let engaged = out.state().engagement(engagement);
    let (contact, queue) = (engaged.contact, engaged.queue);
    let again_at = returns_at(out, contact, agent);
    end_engagement(out, engagement, EngagementOver::ConnectFailed);
    let target = out.state().route(contact).target;
    let change = Change { target, barred: Some((agent, again_at)), requirement: None };
    let reply = requeue(out, contact, queue, KeepPlace::Keep, Requeued::ConnectFailed, change);
    finish_pending(out, agent);
    Ok(reply)
}

/// Ends an offer whose delivery nobody acknowledged, or that nobody answered.
pub(super) fn offer_due(out: &mut Emit<'_>, key: OfferKey) {
    let offer = out.state().offer(key);
    let (contact, agent) = (offer.contact, offer.agent);
    if offer.delivered_at.is_none() {
        let again_at = Some(out.now + out.state().document.refusal_pause.first);
        out.emit(Event::OfferRescinded { offer: key, because: Rescinded::Undelivered, again_at });
    } else {
        expire(out, key);
    }
    finish_pending(out, agent);
    escalate_if_due(out, contact);
}

/// Redirects on no answer (RONA): who misses too many in a row is set away, unless everybody does at once.
fn expire(out: &mut Emit<'_>, key: OfferKey) {
    let offer = out.state().offer(key);
    let (contact, agent, channel) = (offer.contact, offer.agent, offer.channel);
    let again_at = returns_at(out, contact, agent);
    if let Some(until) = out.state().storm.would_suspend(out.now, out.state().sessions) {
        let sent_away = out.state().storm.sent_away().to_vec();
        out.emit(Event::RonaSuspended { until });
        for agent in sent_away {
            call_back(out, agent);
        }
    }
    out.emit(Event::OfferExpired { offer: key, again_at });
    let misses = out.state().agent(agent).misses.iter().find(|(missed, _)| *missed == channel);
    let too_many = misses.is_some_and(|(_, misses)| *misses >= out.state().channel(channel).misses_max);
    if too_many && !out.state().storm.suspends(out.now) {
        send_away(out, agent);
    }
}

/// Sets an agent away who did not answer too often in a row.
fn send_away(out: &mut Emit<'_>, agent: AgentKey) {
    let presence = Presence::Away { reason: RONA.to_owned() };
    if out.state().agent(agent).engagements.is_empty() {
        out.emit(Event::PresenceSet { agent, presence, because: PresenceBecause::Rona });
    } else {
        out.emit(Event::PresencePending { agent, presence });
    }
    rescind_all(out, agent, Rescinded::AgentLeft);
}

/// Makes an agent available again whom the rule set away wrongly, unless presence was changed since.
fn call_back(out: &mut Emit<'_>, key: AgentKey) {
    let Some(agent) = &out.state().agents[key.0 as usize] else { return };
    let by_rule = matches!(&agent.presence, Presence::Away { reason } if reason == RONA);
    if by_rule && agent.session.is_some() {
        let (presence, because) = (Presence::Available, PresenceBecause::RonaWithdrawn);
        out.emit(Event::PresenceSet { agent: key, presence, because });
    }
}

/// Takes all open offers of an agent back, without blame.
pub(super) fn rescind_all(out: &mut Emit<'_>, agent: AgentKey, because: Rescinded) {
    for offer in out.state().agent(agent).offers.clone() {
        let contact = out.state().offer(offer).contact;
        out.emit(Event::OfferRescinded { offer, because, again_at: None });
        escalate_if_due(out, contact);
    }
}

/// Withdraws all open offers of a contact.
pub(super) fn rescind_offers(out: &mut Emit<'_>, contact: ContactKey, because: Rescinded) {
    let offers = out.state().contact(contact).route.as_deref().map(|route| route.offers.clone());
    for offer in offers.unwrap_or_default() {
        rescind_offer(out, offer, because);
    }
}

/// Withdraws one open offer.
pub(super) fn rescind_offer(out: &mut Emit<'_>, offer: OfferKey, because: Rescinded) {
    let agent = out.state().offer(offer).agent;
    out.emit(Event::OfferRescinded { offer, because, again_at: None });
    finish_pending(out, agent);
}

fn take(out: &mut Emit<'_>, key: OfferKey) -> Reply {
    let offer = out.state().offer(key);
    let (contact, channel) = (offer.contact, offer.channel);
    for rival in out.state().route(contact).offers.clone() {
        if rival != key {
            rescind_offer(out, rival, Rescinded::Taken);
        }
    }
    out.emit(Event::OfferAccepted { offer: key, engagement: EngagementKey(out.state().next_engagement) });
    let (state, id) = (out.state(), out.state().contact(contact).id.clone());
    Reply::Engaged { contact: id, channel: state.channel_name(channel).clone() }
}

/// When a refused contact may come back to this agent: after a pause that doubles with every refusal.
fn returns_at(out: &Emit<'_>, contact: ContactKey, agent: AgentKey) -> Timestamp {
    let refusals = &out.state().route(contact).refusals;
    let times = refusals.iter().find(|refusal| refusal.agent == agent).map_or(0, |refusal| refusal.times);
    let RefusalPause { first, longest } = out.state().document.refusal_pause;
    out.now + first.doubled(u32::from(times)).min(longest)
}

fn escalate_if_due(out: &mut Emit<'_>, contact: ContactKey) {
    let route = out.state().route(contact);
    let Some(escalate) = out.state().rules_of(route).escalate.clone() else { return };
    if route.offers.is_empty() && route.offers_made >= u32::from(escalate.after_offers) {
        send_on(out, contact, &escalate.queue, Requeued::Escalated);
    }
}

/// The agent's open offer, or exactly why there is none.
fn open_offer<'a>(out: &'a Emit<'_>, agent: &AgentId, key: OfferKey) -> Result<&'a Offer, Reject> {
    let state: &State = out.state();
    let agent = agent_of(state, agent)?;
    if let Some(open) = state.offers.get(&key).filter(|offer| offer.agent == agent && offer.ended.is_none()) {
        return Ok(open);
    }
    let ended = state.tombstones.offer(key).filter(|ended| ended.agent == agent);
    Err(match ended.map(|ended| (ended.end, ended.at)) {
        Some((OfferEnd::Expired, at)) => Reject::OfferExpired { offer: key, ago: out.now - at },
        Some((OfferEnd::Rescinded(Rescinded::Taken), _)) => Reject::OfferTaken(key),
        Some((OfferEnd::Rescinded(_), _)) => Reject::OfferRescinded(key),
        Some((OfferEnd::Accepted | OfferEnd::Declined, _)) | None => Reject::OfferUnknown(key),
    })
}
