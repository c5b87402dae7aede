//! What platforms ask about contacts: announce, enqueue, update, park, release, re-queue, transfer, complete, cancel.
//!
//! Invariant: everything that can be wrong is found before the first event. Not here: who takes the contact
//! (`matching`), what waiting does to it (`tick`).

use std::sync::Arc;

use crate::model::{
    care::Announced,
    contact::{CancelReason, ClosedBecause, ContactDetails, KeepPlace, NewContact},
    ids::{AgentKey, ContactId, ContactKey, QueueName, SourceName},
    limits::{ANNOUNCED_AHEAD_SECS_MAX, ANNOUNCED_GRACE_SECS},
    requirement::Requirement,
    time::{Span, Timestamp},
};

use super::{
    command::{Destination, Reply},
    emit::Emit,
    engagement::leave_engagement,
    event::{EngagementOver, Event, Place, Queued, Requeued, Rescinded},
    find::{agent_named, nearest, open_contact, queue_named, target_of, wrong_state},
    offer::rescind_offers,
    overflow::overflow,
    reject::Reject,
    score::check_dynamic,
    signal,
    state::Stage,
    sweep::{check_fits_next, take_over_now},
    waiting::{
        Change, check_matchable, check_requirement, check_room, check_skills, close_contact, queue_for,
        queue_with_room, release, requeue,
    },
};

/// Notes that a contact is on its way; it earns no place by that.
pub(super) fn announce_contact(
    out: &mut Emit<'_>,
    id: &ContactId,
    expected_at: Timestamp,
    announced: Announced,
    source: Option<&SourceName>,
    details: &Arc<ContactDetails>,
) -> Result<Reply, Reject> {
    let state = out.state();
    if state.contact_ids.contains_key(id) || state.tombstones.contact(id).is_some() {
        return Err(Reject::ContactExists(id.clone()));
    }
    if expected_at > out.now + Span::from_secs(ANNOUNCED_AHEAD_SECS_MAX) {
        return Err(Reject::OutOfRange { field: "expected_time", problem: "must be within the next hour" });
    }
    check_room(state)?;
    out.emit(Event::ContactAnnounced {
        contact: ContactKey(state.next_contact),
        id: id.clone(),
        details: Arc::clone(details),
        expected_at,
        announced,
        source: source.cloned(),
        weight: state.learnt.weight(announced, source),
        forget_at: expected_at.max(out.now) + Span::from_secs(ANNOUNCED_GRACE_SECS),
    });
    Ok(Reply::Done)
}

/// Puts a contact into its queue, or into the one that overflows.
pub(super) fn enqueue_contact(out: &mut Emit<'_>, new: &NewContact) -> Result<Reply, Reject> {
    let state = out.state();
    let known = state.contact_ids.get(&new.id).copied();
    match known.map(|key| state.contact(key).stage) {
        None if state.tombstones.contact(&new.id).is_some() => return Err(Reject::ContactExists(new.id.clone())),
        None => check_room(state)?,
        Some(Stage::Announced { .. }) => {}
        Some(_) => return Err(Reject::ContactExists(new.id.clone())),
    }
    let asked = queue_named(state, "queue", &new.queue)?;
    let channel = state.find_channel(&new.channel).ok_or_else(|| Reject::ChannelUnknown {
        field: "channel",
        channel: new.channel.clone(),
        similar: nearest(new.channel.as_str(), state.document.channels.keys().map(|name| name.as_str())),
    })?;
    if !state.rules(asked).takes(&new.channel) {
        return Err(Reject::ChannelNotTaken { queue: new.queue.clone(), channel: new.channel.clone() });
    }
    if new.arrived_at.is_some_and(|arrived_at| arrived_at > out.now) {
        return Err(Reject::OutOfRange { field: "arrival_time", problem: "must not be in the future" });
    }
    check_dynamic(new.dynamic)?;
    let arrived_at = new.arrived_at.unwrap_or(out.now);
    let target = new.target.as_ref().map(|target| target_of(out, "target.agent_id", target)).transpose()?;
    let excluded = new.excluded.iter().map(|id| agent_named(state, "excluded_agent_ids", id));
    let excluded = excluded.collect::<Result<Vec<AgentKey>, Reject>>()?;
    let queue = queue_with_room(state, asked)?;
    let requirement = Arc::new(new.requirement.clone());
    check_skills(state, "requirement", &requirement)?;
    // A class in use was checked when it came into use.
    if state.find_class(asked, channel, 0, &requirement, &new.care).is_none() {
        check_matchable(state, asked, "requirement", &requirement)?;
    }
    check_fits_next(state, queue, channel, &requirement)?;

    let virtual_arrival = arrived_at - state.rules(queue).priority - new.dynamic;
    let place = Place { virtual_arrival, sequence: state.next_sequence };
    let name = state.queue_name(queue).clone();
    let queued = Queued {
        id: new.id.clone(),
        queue,
        channel,
        place,
        arrived_at,
        requirement,
        care: new.care,
        dynamic: new.dynamic,
        target,
        excluded,
        details: Arc::clone(&new.details),
        trace: new.trace.clone(),
    };
    let contact = known.unwrap_or(ContactKey(state.next_contact));
    out.emit(Event::ContactQueued { contact, queued: Box::new(queued) });
    signal::begin(out, contact, &new.signals);
    overflow(out, contact);
    Ok(Reply::Queued { queue: name, virtual_arrival: out.state().route(contact).place.virtual_arrival })
}

/// Changes a contact's facts at any time, and what it asks while it waits.
pub(super) fn update_contact(
    out: &mut Emit<'_>,
    id: &ContactId,
    details: Option<&Arc<ContactDetails>>,
    requirement: Option<&Requirement>,
) -> Result<Reply, Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    let loses_attributes = details.is_some_and(|details| contact.becomes_anothers(details))
        && contact.heard.as_ref().is_some_and(|heard| heard.evidence.has_attributes());
    if let Some(requirement) = requirement {
        let route = contact.route.as_deref().filter(|_| contact.is_waiting());
        let route = route.ok_or_else(|| wrong_state(contact, "waiting, for its requirement to change"))?;
        check_requirement(out.state(), route.queue, "requirement", requirement)?;
        check_fits_next(out.state(), route.queue, route.channel, requirement)?;
        take_over_now(out, key);
    }
    let (details, requirement) = (details.map(Arc::clone), requirement.cloned().map(Arc::new));
    out.emit(Event::ContactUpdated { contact: key, details, requirement });
    if loses_attributes {
        signal::refresh(out, key);
    }
    Ok(Reply::Done)
}

/// Keeps a waiting contact's place without offering it.
pub(super) fn park_contact(out: &mut Emit<'_>, id: &ContactId, longest: Span) -> Result<Reply, Reject> {
    let (contact, found) = open_contact(out.state(), id)?;
    if found.stage != Stage::Waiting {
        return Err(wrong_state(found, "waiting"));
    }
    rescind_offers(out, contact, Rescinded::ContactLeft);
    out.emit(Event::ContactParked { contact, until: out.now + longest });
    Ok(Reply::Done)
}

/// Offers a parked contact again.
pub(super) fn release_contact(out: &mut Emit<'_>, id: &ContactId) -> Result<Reply, Reject> {
    let (contact, found) = open_contact(out.state(), id)?;
    if !matches!(found.stage, Stage::Parked { .. }) {
        return Err(wrong_state(found, "parked"));
    }
    release(out, contact);
    Ok(Reply::Done)
}

/// Puts a contact back to waiting; an engagement it is in ends without blame.
pub(super) fn requeue_contact(
    out: &mut Emit<'_>,
    id: &ContactId,
    queue: Option<&QueueName>,
    place: KeepPlace,
) -> Result<Reply, Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    let route = contact.route.as_deref().ok_or_else(|| wrong_state(contact, "in a queue or engaged"))?;
    let engagement = match contact.stage {
        Stage::WrapUp(_) => return Err(wrong_state(contact, "waiting or engaged")),
        Stage::Engaged(engagement) => Some(engagement),
        _ => None,
    };
    // A contact that waits in a queue has its room there already.
    let stays = queue.is_none_or(|name| contact.is_waiting() && name == out.state().queue_name(route.queue));
    let queue = match queue.filter(|_| !stays) {
        Some(name) => queue_for(out.state(), name, route, &route.requirement)?,
        None => route.queue,
    };
    if let Some(engagement) = engagement {
        leave_engagement(out, engagement, EngagementOver::Requeued);
    }
    rescind_offers(out, key, Rescinded::ContactLeft);
    Ok(requeue(out, key, queue, place, Requeued::Asked, Change::default()))
}

/// Passes an engaged contact on without waiting for anybody's consent.
pub(super) fn transfer_contact(
    out: &mut Emit<'_>,
    id: &ContactId,
    to: &Destination,
    place: KeepPlace,
) -> Result<Reply, Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    let Stage::Engaged(engagement) = contact.stage else { return Err(wrong_state(contact, "engaged")) };
    let route = out.state().route(key);
    let (queue, target, requirement) = match to {
        Destination::Queue(name) => (queue_for(out.state(), name, route, &route.requirement)?, None, None),
        Destination::Agent(target) => {
            let found = target_of(out, "agent.agent_id", target)?;
            if route.excluded.contains(&found.agent) {
                return Err(Reject::AgentExcluded { contact: id.clone(), agent: target.agent.clone() });
            }
            (route.queue, Some(found), None)
        }
        Destination::Skills(skills) => {
            // On top of what the contact asks: a customer who needs Polish still does.
            let requirement = route.requirement.and(skills);
            let requirement = requirement.map_err(|error| Reject::Requirement { field: "skills", error })?;
            check_requirement(out.state(), route.queue, "skills", &requirement)?;
            check_fits_next(out.state(), route.queue, route.channel, &requirement)?;
            (route.queue, None, Some(Arc::new(requirement)))
        }
    };
    leave_engagement(out, engagement, EngagementOver::Transferred);
    let change = Change { target, barred: None, requirement };
    Ok(requeue(out, key, queue, place, Requeued::Transferred, change))
}

/// Ends an engagement; its wrap-up begins, or the contact is closed.
pub(super) fn complete_contact(out: &mut Emit<'_>, id: &ContactId) -> Result<Reply, Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    let Stage::Engaged(engagement) = contact.stage else { return Err(wrong_state(contact, "engaged")) };
    match leave_engagement(out, engagement, EngagementOver::Completed) {
        Some(until) => Ok(Reply::WrapUp { until }),
        None => {
            close_contact(out, key, ClosedBecause::Handled);
            Ok(Reply::Done)
        }
    }
}

/// Ends a contact that no agent has handled yet.
pub(super) fn cancel_contact(out: &mut Emit<'_>, id: &ContactId, reason: CancelReason) -> Result<Reply, Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    if matches!(contact.stage, Stage::Engaged(_) | Stage::WrapUp(_)) {
        return Err(wrong_state(contact, "announced or waiting; complete an engaged contact instead"));
    }
    rescind_offers(out, key, Rescinded::ContactLeft);
    close_contact(
        out,
        key,
        match reason {
            CancelReason::CustomerLeft => ClosedBecause::Abandoned,
            CancelReason::Withdrawn => ClosedBecause::Cancelled,
        },
    );
    Ok(Reply::Done)
}
