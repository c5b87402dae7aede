//! What supervisors ask: move, pull, prioritise, force presence, pause, drain and reopen.
//!
//! Invariant: an accepted action begins with [`Event::Supervised`], which says who did what and why; what came of it
//! follows as events like any other. Not here: emptying a whole queue (`moving`), erasing a customer
//! (`erase`).

use std::sync::Arc;

use crate::model::{
    agent::Presence,
    contact::{KeepPlace, TargetAgent},
    ids::{ContactId, ContactKey, QueueName},
    limits::MOVES_MAX,
    supervision::{Action, PresenceTiming, QueueMode, Supervision},
    time::Span,
};

use super::{
    agent::{give_presence, sign_out},
    command::Reply,
    emit::Emit,
    erase::erase_customer,
    event::{Event, Place, PresenceBecause, Rescinded, Target, TargetBy},
    find::{agent_named, agent_of, open_contact, queue_named, wrong_state},
    moving::{destination, move_queue, send},
    offer::rescind_offer,
    overflow::overflow,
    reject::Reject,
    state::{Contact, Stage},
};

/// Does what a supervisor asks, or says why it cannot be done.
pub(super) fn supervise(out: &mut Emit<'_>, supervision: &Arc<Supervision>) -> Result<Reply, Reject> {
    match &supervision.action {
        Action::MoveContact { contact, queue, place } => move_one(out, supervision, contact, queue, *place),
        Action::MoveQueue { from, to, place } => move_all(out, supervision, from, to, *place),
        Action::PullContact { contact, to } => pull(out, supervision, contact, to),
        Action::PrioritiseContact { contact, head_start } => prioritise(out, supervision, contact, *head_start),
        Action::ForcePresence { agent, presence, timing } => {
            let key = agent_of(out.state(), agent)?;
            if *presence != Presence::Offline && out.state().agent(key).session.is_none() {
                return Err(Reject::NoSession(agent.clone()));
            }
            begin(out, supervision);
            match (timing, presence) {
                (PresenceTiming::Immediately, Presence::Offline) => {
                    sign_out(out, key, PresenceBecause::Supervised);
                    Ok(Reply::Presence { pending: false })
                }
                _ => Ok(give_presence(out, key, presence, *timing, PresenceBecause::Supervised)),
            }
        }
        Action::SetQueueMode { queue, mode } => set_mode(out, supervision, queue, *mode),
        Action::EraseCustomer { customer } => erase_customer(out, supervision, customer),
    }
}

/// From here on nothing is refused.
fn begin(out: &mut Emit<'_>, supervision: &Arc<Supervision>) {
    out.emit(Event::Supervised { supervision: Arc::clone(supervision) });
}

/// A contact that waits, offered and parked ones included.
fn waiting<'a>(out: &'a Emit<'_>, id: &ContactId) -> Result<(ContactKey, &'a Contact), Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    if contact.is_waiting() { Ok((key, contact)) } else { Err(wrong_state(contact, "waiting")) }
}

fn move_one(
    out: &mut Emit<'_>,
    supervision: &Arc<Supervision>,
    contact: &ContactId,
    queue: &QueueName,
    place: KeepPlace,
) -> Result<Reply, Reject> {
    let (key, _) = waiting(out, contact)?;
    let to = destination(out.state(), key, queue)?;
    begin(out, supervision);
    Ok(send(out, key, to, place))
}

fn move_all(
    out: &mut Emit<'_>,
    supervision: &Arc<Supervision>,
    from: &QueueName,
    to: &QueueName,
    place: KeepPlace,
) -> Result<Reply, Reject> {
    let state = out.state();
    let (from, to) = (queue_named(state, "queue", from)?, queue_named(state, "destination_queue", to)?);
    if from == to {
        return Err(Reject::OutOfRange { field: "destination_queue", problem: "must be another queue" });
    }
    if state.queues[to.0 as usize].mode == QueueMode::Draining {
        return Err(Reject::QueueDraining(state.queue_name(to).clone()));
    }
    if state.moves.of(from).is_none() && state.moves.len() >= MOVES_MAX {
        return Err(Reject::LimitReached { what: "queues being moved", limit: MOVES_MAX });
    }
    begin(out, supervision);
    Ok(move_queue(out, from, to, place))
}

/// Reserves a contact for an agent, whatever it asks for: the supervisor knows better. What the platform excluded stays
/// excluded; what the agent refused before is forgotten.
fn pull(
    out: &mut Emit<'_>,
    supervision: &Arc<Supervision>,
    contact: &ContactId,
    to: &TargetAgent,
) -> Result<Reply, Reject> {
    let (key, found) = waiting(out, contact)?;
    if found.stage != Stage::Waiting {
        return Err(wrong_state(found, "waiting and not parked"));
    }
    let state = out.state();
    let agent = agent_named(state, "agent.agent_id", &to.agent)?;
    let route = state.route(key);
    if route.excluded.contains(&agent) {
        return Err(Reject::AgentExcluded { contact: contact.clone(), agent: to.agent.clone() });
    }
    if state.agent(agent).session.is_none() {
        return Err(Reject::NoSession(to.agent.clone()));
    }
    let others: Vec<_> = route.offers.iter().copied().filter(|offer| state.offer(*offer).agent != agent).collect();
    begin(out, supervision);
    for offer in others {
        rescind_offer(out, offer, Rescinded::ContactLeft);
    }
    let until = to.window.map(|window| out.now + window);
    out.emit(Event::ContactPulled { contact: key, target: Target { agent, until, by: TargetBy::Supervisor } });
    Ok(Reply::Done)
}

/// Gives a contact a head start, instead of any that it had; it belongs to the place and goes with it.
fn prioritise(
    out: &mut Emit<'_>,
    supervision: &Arc<Supervision>,
    contact: &ContactId,
    head_start: Span,
) -> Result<Reply, Reject> {
    let (key, _) = waiting(out, contact)?;
    let (state, route) = (out.state(), out.state().route(key));
    let virtual_arrival = route.ordered_from - state.rules_of(route).priority - head_start - route.dynamic;
    let place = Place { virtual_arrival, sequence: route.place.sequence };
    let reply = Reply::Queued { queue: state.queue_name(route.queue).clone(), virtual_arrival };
    begin(out, supervision);
    out.emit(Event::ContactPrioritised { contact: key, head_start, place });
    // It may have gone past those whom an overflow has yet to look at.
    overflow(out, key);
    Ok(reply)
}

/// A queue that has this mode keeps it, with who set it first; the action is remembered all the same.
fn set_mode(
    out: &mut Emit<'_>,
    supervision: &Arc<Supervision>,
    queue: &QueueName,
    mode: QueueMode,
) -> Result<Reply, Reject> {
    let queue = queue_named(out.state(), "queue", queue)?;
    begin(out, supervision);
    if out.state().queues[queue.0 as usize].mode != mode {
        out.emit(Event::QueueModeSet { queue, mode, supervision: Arc::clone(supervision) });
    }
    Ok(Reply::Done)
}
