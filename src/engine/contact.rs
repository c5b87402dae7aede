//! What platforms ask about contacts: announce, enqueue, update, park, release, re-queue, transfer, complete, cancel.
//!
//! Invariant: everything that can be wrong is found before the first event. Not here: who takes the contact
//! (`matching`), what waiting does to it (`tick`).

use std::sync::Arc;

use crate::model::{
    contact::{CancelReason, ClosedBecause, ContactDetails, KeepPlace, NewContact, TargetAgent},
    ids::{AgentId, AgentKey, ContactId, ContactKey, EngagementKey, QueueKey, QueueName},
    limits::{
        ANNOUNCED_AHEAD_SECS_MAX, ANNOUNCED_GRACE_SECS, CLASSES_MAX, CLOSED_CONTACT_KEPT_SECS, CONTACTS_CLOSED_MAX,
        CONTACTS_OPEN_MAX, HOPS_MAX,
    },
    requirement::{Requirement, RequirementError},
    similar::similar,
    time::{Span, Timestamp},
};

use super::{
    agent::finish_pending,
    command::{Destination, Reply},
    emit::Emit,
    event::{EngagementOver, Event, Place, Queued, Requeued, Rescinded, Target},
    matching::index::combined,
    reject::Reject,
    state::{Contact, EngagementPhase, Route, Stage, State},
};

/// Notes that a contact is on its way; it earns no place by that.
pub(super) fn announce_contact(
    out: &mut Emit<'_>,
    id: &ContactId,
    expected_at: Timestamp,
    details: &Arc<ContactDetails>,
) -> Result<Reply, Reject> {
    let state = out.state();
    if state.contact_ids.contains_key(id) {
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
        forget_at: expected_at.max(out.now) + Span::from_secs(ANNOUNCED_GRACE_SECS),
    });
    Ok(Reply::Done)
}

/// Puts a contact into its queue, or into the one that overflows.
pub(super) fn enqueue_contact(out: &mut Emit<'_>, new: &NewContact) -> Result<Reply, Reject> {
    let state = out.state();
    let known = state.contact_ids.get(&new.id).copied();
    match known.map(|key| state.contact(key).stage) {
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
    let arrived_at = new.arrived_at.unwrap_or(out.now);
    let target = new.target.as_ref().map(|target| target_of(out, "target.agent_id", target)).transpose()?;
    let excluded = new.excluded.iter().map(|id| agent_named(state, "excluded_agent_ids", id));
    let excluded = excluded.collect::<Result<Vec<AgentKey>, Reject>>()?;
    let queue = queue_with_room(state, asked)?;
    let requirement = Arc::new(new.requirement.clone());
    check_skills(state, "requirement", &requirement)?;
    // A class in use was checked when it came into use.
    if state.find_class(asked, channel, 0, &requirement).is_none() {
        check_matchable(state, asked, "requirement", &requirement)?;
    }

    let place = Place { virtual_arrival: arrived_at - state.rules(queue).priority, sequence: state.next_sequence };
    let reply = Reply::Queued { queue: state.queue_name(queue).clone(), virtual_arrival: place.virtual_arrival };
    let queued = Queued {
        id: new.id.clone(),
        queue,
        channel,
        place,
        arrived_at,
        requirement,
        target,
        excluded,
        details: Arc::clone(&new.details),
    };
    let contact = known.unwrap_or(ContactKey(state.next_contact));
    out.emit(Event::ContactQueued { contact, queued: Box::new(queued) });
    Ok(reply)
}

/// Changes a contact's facts at any time, and what it asks while it waits.
pub(super) fn update_contact(
    out: &mut Emit<'_>,
    id: &ContactId,
    details: Option<&Arc<ContactDetails>>,
    requirement: Option<&Requirement>,
) -> Result<Reply, Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    if let Some(requirement) = requirement {
        let route = contact.route.as_deref().filter(|_| contact.is_waiting());
        let route = route.ok_or_else(|| wrong_state(contact, "waiting, for its requirement to change"))?;
        check_requirement(out.state(), route.queue, "requirement", requirement)?;
    }
    let (details, requirement) = (details.map(Arc::clone), requirement.cloned().map(Arc::new));
    out.emit(Event::ContactUpdated { contact: key, details, requirement });
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
    out.emit(Event::ContactReleased { contact });
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
        Destination::Agent(target) => (route.queue, Some(target_of(out, "agent.agent_id", target)?), None),
        Destination::Skills(skills) => {
            // On top of what the contact asks: a customer who needs Polish still does.
            let requirement = route.requirement.and(skills);
            let requirement = requirement.map_err(|error| Reject::Requirement { field: "skills", error })?;
            check_requirement(out.state(), route.queue, "skills", &requirement)?;
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

/// Closes a contact; its id answers for itself a while longer.
pub(super) fn close_contact(out: &mut Emit<'_>, contact: ContactKey, because: ClosedBecause) {
    let forget_at = out.now + Span::from_secs(CLOSED_CONTACT_KEPT_SECS);
    out.emit(Event::ContactClosed { contact, because, forget_at });
}

/// Withdraws all open offers of a contact.
pub(super) fn rescind_offers(out: &mut Emit<'_>, contact: ContactKey, because: Rescinded) {
    let offers = out.state().contact(contact).route.as_deref().map(|route| route.offers.clone());
    for offer in offers.unwrap_or_default() {
        let agent = out.state().offer(offer).agent;
        out.emit(Event::OfferRescinded { offer, because, again_at: None });
        finish_pending(out, agent);
    }
}

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
    let (state, route) = (out.state(), out.state().route(contact));
    let (ordered_from, sequence) = match place {
        KeepPlace::Keep => (route.ordered_from, route.place.sequence),
        KeepPlace::New => (out.now, state.next_sequence),
    };
    let place = Place { virtual_arrival: ordered_from - state.rules(queue).priority, sequence };
    let reply = Reply::Queued { queue: state.queue_name(queue).clone(), virtual_arrival: place.virtual_arrival };
    let Change { target, barred, requirement } = change;
    out.emit(Event::ContactRequeued { contact, queue, place, ordered_from, because, target, barred, requirement });
    reply
}

/// Sends a waiting contact to the queue that its document names, unless it has been round too often.
pub(super) fn send_on(out: &mut Emit<'_>, contact: ContactKey, queue: &QueueName, because: Requeued) -> bool {
    let (state, hops) = (out.state(), out.state().route(contact).hops);
    let next = state.find_queue(queue).filter(|_| hops < HOPS_MAX);
    let Some(next) = next.and_then(|next| queue_with_room(state, next).ok()) else { return false };
    requeue(out, contact, next, KeepPlace::Keep, because, Change::default());
    true
}

/// The open contact of this id.
pub(super) fn open_contact<'a>(state: &'a State, id: &ContactId) -> Result<(ContactKey, &'a Contact), Reject> {
    let key = state.contact_ids.get(id).ok_or_else(|| Reject::ContactUnknown(id.clone()))?;
    match state.contact(*key) {
        contact if contact.is_closed() => Err(Reject::ContactClosed(id.clone())),
        contact => Ok((*key, contact)),
    }
}

/// The queue of this name.
pub(super) fn queue_named(state: &State, field: &'static str, name: &QueueName) -> Result<QueueKey, Reject> {
    state.find_queue(name).ok_or_else(|| Reject::QueueUnknown {
        field,
        queue: name.clone(),
        similar: nearest(name.as_str(), state.document.queues.keys().map(|name| name.as_str())),
    })
}

/// The name that was probably meant.
pub(super) fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    similar(given, known).map(str::to_owned)
}

fn wrong_state(contact: &Contact, needed: &'static str) -> Reject {
    Reject::ContactState { contact: contact.id.clone(), state: contact.stage_name(), needed }
}

fn check_room(state: &State) -> Result<(), Reject> {
    if state.open_contacts >= CONTACTS_OPEN_MAX {
        return Err(Reject::LimitReached { what: "open contacts", limit: CONTACTS_OPEN_MAX });
    }
    if state.contacts.len() >= CONTACTS_OPEN_MAX + CONTACTS_CLOSED_MAX {
        return Err(Reject::LimitReached { what: "contacts closed within ten minutes", limit: CONTACTS_CLOSED_MAX });
    }
    Ok(())
}

/// Another queue for a contact that has a route: it must take the contact's channel and have room.
fn queue_for(state: &State, name: &QueueName, route: &Route, own: &Requirement) -> Result<QueueKey, Reject> {
    let queue = queue_named(state, "queue", name)?;
    let channel = state.channel_name(route.channel);
    if !state.rules(queue).takes(channel) {
        return Err(Reject::ChannelNotTaken { queue: name.clone(), channel: channel.clone() });
    }
    check_requirement(state, queue, "queue", own)?;
    queue_with_room(state, queue)
}

/// The queue itself if it has room, else where its document sends what is too much.
fn queue_with_room(state: &State, asked: QueueKey) -> Result<QueueKey, Reject> {
    let mut queue = asked;
    for _ in 0..HOPS_MAX {
        let Some(size) = &state.rules(queue).max_size else { return Ok(queue) };
        if state.queues[queue.0 as usize].places.len() < size.contacts as usize {
            return Ok(queue);
        }
        match size.overflow.as_ref().and_then(|name| state.find_queue(name)) {
            Some(next) => queue = next,
            None => break,
        }
    }
    let contacts = state.rules(asked).max_size.as_ref().map_or(0, |size| size.contacts);
    Err(Reject::QueueFull { queue: state.queue_name(asked).clone(), contacts })
}

fn agent_named(state: &State, field: &'static str, id: &AgentId) -> Result<AgentKey, Reject> {
    let found = state.agent_ids.get(id).copied();
    found.ok_or_else(|| Reject::AgentUnknown { field, agent: id.clone() })
}

fn target_of(out: &Emit<'_>, field: &'static str, target: &TargetAgent) -> Result<Target, Reject> {
    let agent = agent_named(out.state(), field, &target.agent)?;
    Ok(Target { agent, until: target.window.map(|window| out.now + window) })
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

fn check_skills(state: &State, field: &'static str, own: &Requirement) -> Result<(), Reject> {
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
fn check_matchable(state: &State, queue: QueueKey, field: &'static str, own: &Requirement) -> Result<(), Reject> {
    if own.is_empty() {
        return Ok(());
    }
    if !state.index.has_room() {
        return Err(Reject::LimitReached { what: "distinct requirements in use", limit: CLASSES_MAX });
    }
    let mut reachable = vec![queue];
    let mut at = 0;
    while let Some(queue) = reachable.get(at).copied() {
        at += 1;
        matchable(state, queue, own).map_err(|error| Reject::Requirement { field, error })?;
        for next in state.rules(queue).successors().into_iter().filter_map(|name| state.find_queue(name)) {
            if !reachable.contains(&next) {
                reachable.push(next);
            }
        }
    }
    Ok(())
}

fn matchable(state: &State, queue: QueueKey, own: &Requirement) -> Result<(), RequirementError> {
    let queue = state.rules(queue);
    let mut rules = std::iter::once(&queue.rule).chain(queue.steps.iter().map(|step| &step.rule));
    rules.try_for_each(|rule| combined(rule, Some(own)).map(drop))
}

impl Contact {
    /// Waiting, offered or parked.
    pub fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Parked { .. })
    }

    /// Over.
    pub fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed { .. })
    }

    /// The state's name, for messages.
    pub fn stage_name(&self) -> &'static str {
        match self.stage {
            Stage::Announced { .. } => "announced",
            Stage::Waiting if self.route.as_deref().is_some_and(|route| !route.offers.is_empty()) => "offered",
            Stage::Waiting => "queued",
            Stage::Parked { .. } => "parked",
            Stage::Engaged(_) => "engaged",
            Stage::WrapUp(_) => "in wrap-up",
            Stage::Closed { .. } => "closed",
        }
    }
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
