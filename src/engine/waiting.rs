//! Coming into a queue, going on to another, and the end of waiting: what all commands and deadlines have in common.
//!
//! Invariant: a contact only ever waits in a queue that takes its channel and whose agents it can be matched with.

use std::sync::Arc;

use crate::model::{
    contact::{ClosedBecause, KeepPlace},
    ids::{AgentKey, ContactKey, QueueKey, QueueName},
    limits::{CLASSES_MAX, CLOSED_CONTACT_KEPT_SECS, CONTACTS_CLOSED_MAX, CONTACTS_OPEN_MAX, HOPS_MAX},
    requirement::Requirement,
    supervision::QueueMode,
    time::{Span, Timestamp},
};

use super::{
    command::Reply,
    document::matchable,
    emit::Emit,
    event::{Event, Place, Requeued, Target},
    find::{nearest, queue_named},
    overflow::overflow,
    reject::Reject,
    signal::refresh,
    state::{Route, State},
    sweep::check_fits_next,
};

/// What else changes when a contact waits again.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Whom it should reach now; `None` = nobody in particular.
    pub target: Option<Target>,
    /// The agent it does not go to before then.
    pub barred: Option<(AgentKey, Timestamp)>,
    /// What it asks now; `None` = what it asked before.
    pub requirement: Option<Arc<Requirement>>,
}

/// Lets a contact wait (again) in a queue.
pub(super) fn requeue(
    out: &mut Emit<'_>,
    contact: ContactKey,
    queue: QueueKey,
    place: KeepPlace,
    because: Requeued,
    change: Change,
) -> Reply {
    // While it was engaged its score did not fade by itself.
    refresh(out, contact);
    let (state, route) = (out.state(), out.state().route(contact));
    let queue = state.goes_on_in(queue);
    let (from, dynamic) = (route.queue, route.dynamic);
    let (ordered_from, head_start, sequence) = match place {
        KeepPlace::Keep => (route.ordered_from, route.head_start, route.place.sequence),
        KeepPlace::New => (out.now, Span::ZERO, state.next_sequence),
    };
    let virtual_arrival = ordered_from - state.rules(queue).priority - head_start - dynamic;
    let place = Place { virtual_arrival, sequence };
    let reply = Reply::Queued { queue: state.queue_name(queue).clone(), virtual_arrival: place.virtual_arrival };
    let Change { target, barred, requirement } = change;
    out.emit(Event::ContactRequeued {
        contact,
        from,
        queue,
        place,
        ordered_from,
        head_start,
        because,
        target,
        barred,
        requirement,
    });
    overflow(out, contact);
    reply
}

/// Lets a parked contact be offered again.
pub(super) fn release(out: &mut Emit<'_>, contact: ContactKey) {
    out.emit(Event::ContactReleased { contact });
    overflow(out, contact);
}

/// Sends a waiting contact to the queue that its document names, unless it has been round too often.
pub(super) fn send_on(out: &mut Emit<'_>, contact: ContactKey, queue: &QueueName, because: Requeued) -> bool {
    let (state, route) = (out.state(), out.state().route(contact));
    if route.hops >= HOPS_MAX {
        return false;
    }
    let asked = state.find_onward(queue);
    let roomy = asked.and_then(|next| match queue_with_room(state, next) {
        // Rather than lose a contact that waits already, a draining queue takes it.
        Err(Reject::QueueDraining(_)) => has_room(state, next).then_some(next),
        found => found.ok(),
    });
    let next = roomy.filter(|next| state.fits_next(*next, route.channel, &route.requirement));
    // While documents change there may be nowhere to go that both know: the contact stays, and the new one decides.
    let is_between = state.is_sweeping() && (roomy.is_some() || asked.is_none());
    let Some(next) = next.or_else(|| is_between.then(|| state.goes_on_in(route.queue))) else { return false };
    requeue(out, contact, next, KeepPlace::Keep, because, Change::default());
    true
}

/// Closes a contact; it is kept whole a while longer, and its id answers for itself for a day.
pub(super) fn close_contact(out: &mut Emit<'_>, contact: ContactKey, because: ClosedBecause) {
    let forget_at = out.now + Span::from_secs(CLOSED_CONTACT_KEPT_SECS);
    out.emit(Event::ContactClosed { contact, because, forget_at });
}

pub(super) fn check_room(state: &State) -> Result<(), Reject> {
    if state.open_contacts >= CONTACTS_OPEN_MAX {
        return Err(Reject::LimitReached { what: "open contacts", limit: CONTACTS_OPEN_MAX });
    }
    if state.contacts.len() >= CONTACTS_OPEN_MAX + CONTACTS_CLOSED_MAX {
        return Err(Reject::LimitReached { what: "contacts closed within ten minutes", limit: CONTACTS_CLOSED_MAX });
    }
    state.tombstones.check_room(state.contacts.len() - state.open_contacts)
}

/// Another queue for a contact that has a route: it must take the contact's channel and have room.
pub(super) fn queue_for(state: &State, name: &QueueName, route: &Route, own: &Requirement) -> Result<QueueKey, Reject> {
    let queue = queue_named(state, "queue", name)?;
    let channel = state.channel_name(route.channel);
    if !state.rules(queue).takes(channel) {
        return Err(Reject::ChannelNotTaken { queue: name.clone(), channel: channel.clone() });
    }
    check_skills(state, "queue", own)?;
    // A class in use was checked when it came into use.
    if state.find_class(queue, route.channel, 0, &route.requirement, &route.care).is_none() {
        check_matchable(state, queue, "queue", own)?;
    }
    let queue = queue_with_room(state, queue)?;
    check_fits_next(state, queue, route.channel, own)?;
    Ok(queue)
}

/// The queue itself if it takes contacts and has room, else where its document sends what is too much.
pub(super) fn queue_with_room(state: &State, asked: QueueKey) -> Result<QueueKey, Reject> {
    let mut queue = asked;
    for _ in 0..HOPS_MAX {
        if state.queues[queue.0 as usize].mode != QueueMode::Draining && has_room(state, queue) {
            return Ok(queue);
        }
        let overflow = state.rules(queue).max_size.as_ref().and_then(|size| size.overflow.as_ref());
        match overflow.and_then(|name| state.find_queue(name)) {
            Some(next) => queue = next,
            None => break,
        }
    }
    if state.queues[asked.0 as usize].mode == QueueMode::Draining {
        return Err(Reject::QueueDraining(state.queue_name(asked).clone()));
    }
    let contacts = state.rules(asked).max_size.as_ref().map_or(0, |size| size.contacts);
    Err(Reject::QueueFull { queue: state.queue_name(asked).clone(), contacts })
}

fn has_room(state: &State, queue: QueueKey) -> bool {
    let size = state.rules(queue).max_size.as_ref();
    size.is_none_or(|size| state.queues[queue.0 as usize].places.len() < size.contacts as usize)
}

/// What a contact asks must name skills of the present document and be matchable.
pub(super) fn check_requirement(
    state: &State,
    queue: QueueKey,
    field: &'static str,
    own: &Requirement,
) -> Result<(), Reject> {
    check_skills(state, field, own)?;
    check_matchable(state, queue, field, own)
}

pub(super) fn check_skills(state: &State, field: &'static str, own: &Requirement) -> Result<(), Reject> {
    for condition in own.conditions() {
        if !state.document.skills.contains_key(&condition.skill) {
            return Err(Reject::SkillUnknown {
                field,
                skill: condition.skill.clone(),
                similar: nearest(condition.skill.as_str(), state.document.skills.keys().map(|name| name.as_str())),
            });
        }
    }
    Ok(())
}

/// What a contact asks must be matchable in its queue and in every queue it may be sent on to.
pub(super) fn check_matchable(
    state: &State,
    queue: QueueKey,
    field: &'static str,
    own: &Requirement,
) -> Result<(), Reject> {
    if own.is_empty() {
        return Ok(());
    }
    if !state.index.has_room() {
        return Err(Reject::LimitReached { what: "distinct requirements in use", limit: CLASSES_MAX });
    }
    let queue = state.goes_on_in(queue);
    matchable(&state.document, state.rules(queue), own).map_err(|error| Reject::Requirement { field, error })
}
