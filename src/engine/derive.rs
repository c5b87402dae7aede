//! What follows from a contact's or an agent's own fields: its line, its timer, its place in the rosters, the counts.
//!
//! Invariant: after every event these equal what would be computed afresh. This is the one place that computes them.

use std::sync::Arc;

use crate::model::{
    agent::Presence,
    care::Care,
    document::{LongestIdle, Queue, ReserveRules, Step},
    ids::{AgentKey, ChannelKey, ContactKey, QueueKey},
    limits::AGENT_WORK_MAX,
    requirement::{Condition, Requirement},
    time::{Span, Timestamp},
};

use super::{
    event::{Place, TargetBy},
    kinds::{KindId, KindKey},
    matching::{
        class::{ClassId, ClassKey, LaneKey, satisfies},
        index::{InLine, Standing, numbered, own_of},
        manner::{Manner, Phase, Waits},
        reach::Seeker,
        roster::IdleKey,
    },
    signal::{fades_at, heard},
    state::{Agent, Contact, Counted, Route, Stage, State},
    timer::Timer,
};

/// What a contact contributes to counts, lines and timers.
#[derive(Default)]
struct Footprint {
    queue: Option<QueueKey>,
    place: Option<Place>,
    offered: bool,
    parked: bool,
    engaged: bool,
    unreachable: bool,
    /// Thousandths of an agent kept free for it before it comes.
    announced: u64,
}

impl Footprint {
    fn of(contact: &Contact) -> Self {
        let route = contact.route.as_deref();
        let waiting = matches!(contact.stage, Stage::Waiting | Stage::Parked { .. });
        Self {
            queue: route.map(|route| route.queue),
            place: route.filter(|_| waiting).map(|route| route.place),
            offered: waiting && route.is_some_and(|route| !route.offers.is_empty()),
            parked: matches!(contact.stage, Stage::Parked { .. }),
            engaged: matches!(contact.stage, Stage::Engaged(_)),
            announced: match contact.stage {
                Stage::Announced { weight, counted: Counted::Now, .. } => weight.into(),
                _ => 0,
            },
            unreachable: contact.stage == Stage::Waiting && route.is_some_and(|route| route.unreachable),
        }
    }
}

impl State {
    /// Changes a contact, and everything that follows from it.
    pub(super) fn change_contact(&mut self, key: ContactKey, change: impl FnOnce(&mut Contact)) {
        let contact = self.contacts.get_mut(&key).expect("only a contact that exists changes");
        let (before, line_before) = (Footprint::of(contact), line_of(contact));
        // Whether agents are sought for this contact by itself.
        let excludes = contact.route.as_deref().is_some_and(|route| !route.excluded.is_empty());
        let is_particular = excludes || matches!(line_before, Some(InLine::Private(_) | InLine::Pulled(_)));
        change(contact);
        let after = Footprint::of(contact);

        self.count(key, &before, &after);
        self.count_kind(key);
        let line_after = self.line_for(key);
        let place_of = |footprint: &Footprint| footprint.place.expect("a contact in line has a place");
        let (mut promoted, mut displaced) = (None, None);
        if (line_before, before.place) != (line_after, after.place) {
            if is_particular {
                self.index.reach.forget(Seeker::Contact(key));
            }
            line_before.into_iter().for_each(|line| self.hand_mark_on(line, place_of(&before), key));
            promoted = line_before.and_then(|line| self.index.leave_line(line, place_of(&before), key));
            displaced = line_after.and_then(|line| self.index.enter_line(line, place_of(&after), key));
        }
        self.reserve(key, (&before, line_before), (&after, line_after));
        if let Some(route) = &mut self.contacts.get_mut(&key).expect("it was there a moment ago").route {
            route.line = line_after;
        }
        // Another queue is another wait, and maybe another cost: what was kept free for the contact is given back.
        let moved = before.queue != after.queue;
        let released = self.drain_of(key).filter(|agent| moved || !self.can_drain(*agent, key));
        if released.is_some() {
            let contact = self.contacts.get_mut(&key).expect("it was there a moment ago");
            contact.route.as_mut().expect("only a contact with a route has a drain").drain = None;
        }
        // In another queue, or under another document, it may take less than the agent has free already.
        let drain = self.drain_of(key).filter(|agent| self.drained_for(*agent) == Some(key));
        self.index.dirty_agents.extend(drain);
        self.refresh_due(key);
        for other in [promoted, displaced].into_iter().flatten() {
            self.refresh_due(other);
        }
        if let Some(agent) = released {
            self.agents[agent.0 as usize].as_mut().expect("an agent who drains exists").draining = None;
            self.refresh_agent(agent);
        }
    }

    /// Where a line was marked by its first, whoever stands behind a marked contact that leaves is marked in its place,
    /// whatever it leaves for: nobody else would have them looked at.
    fn hand_mark_on(&mut self, line: InLine, place: Place, contact: ContactKey) {
        let index = &mut self.index;
        let is_for_all = match line {
            InLine::Class(class) => index.reopened.contains(&class),
            InLine::Private(agent) | InLine::Pulled(agent) => {
                self.resumed_at.is_some() && index.stand(agent).is_ready()
            }
        };
        if is_for_all && index.dirty_contacts.contains(&(place, contact)) {
            index.dirty_contacts.extend(index.behind(line, place, contact));
        }
    }

    /// Derives what follows from a contact that nothing was derived of; its timer comes last, with everybody in line.
    pub(super) fn reindex_contact(&mut self, key: ContactKey) {
        let contact = self.contacts.get_mut(&key).expect("only a contact that exists is derived from");
        contact.due = None;
        if let Some(route) = &mut contact.route {
            (route.line, route.kind) = (None, None);
        }
        let (nothing, is) = (Footprint::default(), Footprint::of(contact));
        self.open_contacts += usize::from(!contact.is_closed());
        self.count(key, &nothing, &is);
        self.count_kind(key);
        let Some(line) = self.line_for(key) else { return };
        self.index.enter_line(line, is.place.expect("a contact in line has a place"), key);
        self.reserve(key, (&nothing, None), (&is, Some(line)));
        let contact = self.contacts.get_mut(&key).expect("it was there a moment ago");
        contact.route.as_mut().expect("a contact in line has a route").line = Some(line);
    }

    /// Notes in its queue whether a contact stands in the line of a single agent.
    fn reserve(&mut self, key: ContactKey, before: (&Footprint, Option<InLine>), after: (&Footprint, Option<InLine>)) {
        let entry = |(footprint, line): (&Footprint, Option<InLine>)| {
            line.filter(|line| !matches!(line, InLine::Class(_)))?;
            Some((footprint.queue?, footprint.place?))
        };
        let (before, after) = (entry(before), entry(after));
        if before == after {
            return;
        }
        if let Some((queue, place)) = before {
            self.queues[queue.0 as usize].reserved.remove(&(place, key));
        }
        if let Some((queue, place)) = after {
            self.queues[queue.0 as usize].reserved.insert((place, key));
        }
    }

    fn count(&mut self, key: ContactKey, before: &Footprint, after: &Footprint) {
        if let Some(queue) = before.queue {
            let queue = &mut self.queues[queue.0 as usize];
            queue.offered -= u64::from(before.offered);
            queue.parked -= u64::from(before.parked);
            queue.engaged -= u64::from(before.engaged);
            queue.unreachable -= u64::from(before.unreachable);
        }
        if let Some(queue) = after.queue {
            let queue = &mut self.queues[queue.0 as usize];
            queue.offered += u64::from(after.offered);
            queue.parked += u64::from(after.parked);
            queue.engaged += u64::from(after.engaged);
            queue.unreachable += u64::from(after.unreachable);
        }
        if before.announced != after.announced {
            self.announced = self.announced - before.announced + after.announced;
            self.index.announce(self.announced);
        }
        if (before.queue, before.place) != (after.queue, after.place) {
            if let (Some(queue), Some(place)) = (before.queue, before.place) {
                self.queues[queue.0 as usize].places.remove(place);
            }
            if let (Some(queue), Some(place)) = (after.queue, after.place) {
                self.queues[queue.0 as usize].places.insert(place, key);
            }
        }
    }

    /// Counts an open contact to its kind, and takes over the kind's requirement, which all of the kind share.
    fn count_kind(&mut self, key: ContactKey) {
        let contact = self.contacts.get_mut(&key).expect("only a contact that exists is counted");
        let is_closed = contact.is_closed();
        let Some(route) = contact.route.as_deref_mut() else { return };
        let stays = |kind: KindKey| {
            let KindId { queue, channel, own } = &self.kinds.kind(kind).id;
            !is_closed && (*queue, *channel) == (route.queue, route.channel) && *own == route.requirement
        };
        if route.kind.is_some_and(stays) {
            return;
        }
        let before = route.kind.take();
        if !is_closed {
            let own = Arc::clone(&route.requirement);
            let (kind, own) = self.kinds.enter(KindId { queue: route.queue, channel: route.channel, own });
            (route.kind, route.requirement) = (Some(kind), own);
        }
        before.into_iter().for_each(|kind| self.kinds.leave(kind));
    }

    /// The line a contact belongs in, if it is to be offered at all.
    fn line_for(&mut self, key: ContactKey) -> Option<InLine> {
        let contact = self.contacts.get(&key).expect("only a contact that exists is lined up");
        let route = contact.route.as_deref().filter(|_| contact.stage == Stage::Waiting)?;
        if route.offers.len() >= usize::from(self.rules_of(route).offers.at_once) {
            return None;
        }
        if let Some(target) = route.target {
            // A deleted agent cannot be waited for.
            if self.agents[target.agent.0 as usize].is_some() {
                return Some(match target.by {
                    TargetBy::Platform => InLine::Private(target.agent),
                    TargetBy::Supervisor => InLine::Pulled(target.agent),
                });
            }
        }
        let lane = self.index.find_lane(route.channel, self.cost_of(route));
        let lane = lane.expect("a document's pairs of channel and cost come into use before it is in force");
        let Route { queue, document, step, .. } = *route;
        let (own, manner, asks) = (own_of(&route.requirement), self.manner_of(route), self.asks_of(key));
        let id = ClassId { document, queue, step, lane, own, manner, asks };
        if let Some(class) = self.index.find_class(&id) {
            return Some(InLine::Class(class));
        }
        let rules = Arc::clone(self.rules_of(route));
        let empathy = self.document_of_version(document).empathy.clone();
        Some(InLine::Class(self.index.add_class(&id, &rules, empathy.as_ref(), &mut self.skill_names)))
    }

    /// A class in which contacts of this queue, channel and step that ask this wait for anyone, if one is in use.
    pub(super) fn find_class(
        &self,
        queue: QueueKey,
        channel: ChannelKey,
        step: u8,
        own: &Arc<Requirement>,
        care: &Care,
    ) -> Option<ClassKey> {
        let lane = self.index.find_lane(channel, self.cost(queue, channel))?;
        let manner = Manner::of(&self.document, care, Phase::First);
        let (document, own) = (self.version, own_of(own));
        self.index.find_class(&ClassId { document, queue, step, lane, own, manner, asks: None })
    }

    /// What a contact asks of empathy in its phase, under the document that it goes by.
    pub(super) fn manner_of(&self, route: &Route) -> Manner {
        Manner::of(self.document_of(route), &route.care, route.phase)
    }

    /// What a contact's moments ask of skills, as long as it is held for an empathetic agent.
    pub(super) fn asks_of(&self, key: ContactKey) -> Option<Arc<[Condition]>> {
        heard(self.contact(key)).filter(|_| self.manner_of(self.route(key)).is_held())?.scored.skills.clone()
    }

    /// How long an agent who is offered a contact has to answer.
    pub(super) fn offer_time(&self, key: ContactKey) -> Span {
        let by_queue = self.rules(self.route(key).queue).offers.time;
        let by_moments = heard(self.contact(key)).and_then(|heard| heard.scored.offer_time);
        by_moments.map_or(by_queue, |time| time.max(by_queue))
    }

    /// What a contact's phase follows from.
    pub(super) fn waits<'a>(&'a self, route: &Route) -> Waits<'a> {
        Waits {
            document: self.document_of(route),
            queue: self.rules_of(route),
            is_deferrable: self.channel(route.channel).interruptible,
            reserve: self.index.reserve(route.document),
            care: route.care,
            care_since: route.care_since,
            queued_at: route.queued_at,
            accepting: route.accepting,
        }
    }

    /// The same of one that enters another queue, under the document in force.
    pub(super) fn waits_in<'a>(&'a self, queue: QueueKey, now: Timestamp, route: &Route) -> Waits<'a> {
        Waits {
            document: &self.document,
            queue: self.rules(queue),
            is_deferrable: self.channel(route.channel).interruptible,
            reserve: self.index.reserve(self.version),
            care: route.care,
            care_since: route.care_since,
            queued_at: now,
            accepting: self.learnt.accepting(queue, route.channel),
        }
    }

    /// Sets a contact's timer to where it belongs.
    pub(super) fn refresh_due(&mut self, key: ContactKey) {
        let due = self.contact_due(key);
        let contact = self.contacts.get_mut(&key).expect("only a contact that exists has a timer");
        let before = std::mem::replace(&mut contact.due, due);
        self.timers.move_to(Timer::Contact(key), before, due);
    }

    /// When time alone next does something to a contact.
    pub(super) fn contact_due(&self, key: ContactKey) -> Option<Timestamp> {
        let contact = self.contact(key);
        match contact.stage {
            Stage::Announced { forget_at, counted, .. } => {
                let (from, until) = ReserveRules::announced(contact.arrived_at);
                Some(match counted {
                    Counted::NotYet => from.min(forget_at),
                    Counted::Now => until.min(forget_at),
                    Counted::NoMore => forget_at,
                })
            }
            Stage::Closed { forget_at, .. } => Some(forget_at),
            Stage::Engaged(_) | Stage::WrapUp(_) => None,
            Stage::Parked { until, .. } => Some(fades_at(contact).map_or(until, |at| at.min(until))),
            Stage::Waiting => {
                let route = self.route(key);
                let queue = self.rules_of(route);
                let refusals = route.refusals.iter().filter_map(|refusal| refusal.until).min();
                let due = [
                    next_step_at(route, queue),
                    self.waits(route).next_after(route.phase),
                    wait_ends_at(route, queue),
                    route.target.and_then(|target| target.until),
                    refusals,
                    self.drain_at(key, route, queue),
                    fades_at(contact),
                ];
                due.into_iter().flatten().min()
            }
        }
    }

    /// When a contact that is passed for its size gets an agent who takes nothing else: the first of its line only,
    /// whom the others follow.
    fn drain_at(&self, key: ContactKey, route: &Route, queue: &Queue) -> Option<Timestamp> {
        let passable = self.cost_of(route) > self.cost_min_of(route);
        let in_front = route.line.is_some_and(|line| self.index.front(line) == Some(key));
        (passable && in_front && route.drain.is_none() && !self.is_paused(route.queue))
            .then(|| (route.queued_at + queue.drain_after).max(route.drain_not_before))
    }

    fn drain_of(&self, key: ContactKey) -> Option<AgentKey> {
        self.contact(key).route.as_deref().and_then(|route| route.drain)
    }

    /// Whether an agent could take a contact in line, given less work: otherwise draining for it would be in vain.
    pub(super) fn can_drain(&self, agent: AgentKey, key: ContactKey) -> bool {
        let route = self.route(key);
        let fits = match route.line {
            None => false,
            Some(InLine::Private(target) | InLine::Pulled(target)) => target == agent,
            Some(InLine::Class(class)) => {
                satisfies(&self.index.stand(agent).signature, &self.index.class(class).required)
            }
        };
        let fits = fits && !self.is_paused(route.queue);
        let lane = self.lane_bit(route);
        fits && self.standing(agent).is_some_and(|standing| (standing.ready | standing.blocked) & lane != 0)
    }

    /// Makes settling look at a contact again.
    pub(super) fn mark_contact(&mut self, key: ContactKey) {
        let contact = self.contact(key);
        if let Some(route) = contact.route.as_deref().filter(|route| route.line.is_some()) {
            self.index.dirty_contacts.insert((route.place, key));
        }
    }

    /// Changes an agent, and everything that follows from it.
    pub(super) fn change_agent(&mut self, key: AgentKey, change: impl FnOnce(&mut Agent)) {
        let agent = self.agents[key.0 as usize].as_mut().expect("only an agent that exists changes");
        change(agent);
        // Who takes no work at all drains for nobody: the contact may find another.
        let abandoned = if agent.takes_work() { None } else { agent.draining.take() };
        self.refresh_agent(key);
        if let Some(contact) = abandoned {
            self.change_route(contact, |route| route.drain = None);
        }
    }

    /// Puts an agent where it now belongs in the rosters.
    pub(super) fn refresh_agent(&mut self, key: AgentKey) {
        let agent = self.agent(key);
        let (signed_in, available) = (agent.is_signed_in(), agent.takes_work());
        let everyone = &mut self.index.everyone;
        everyone.signed_in.set(key, signed_in);
        everyone.available.set(key, available);
        let standing = self.standing(key);
        self.index.place_agent(key, standing);
        if self.drained_for(key).is_some() {
            self.index.dirty_agents.insert(key);
        }
        // Capacity that came free first goes to work that was set aside for want of it.
        if self.agent(key).engagements.iter().any(|e| self.engagement(*e).is_interrupted()) {
            self.index.dirty_agents.insert(key);
        }
    }

    /// The lanes an agent could take with nothing else to do.
    pub(super) fn lanes_ever(&self, key: AgentKey) -> u64 {
        let agent = self.agent(key);
        let lanes = numbered(self.lanes_of(key)).filter(|(_, channel, cost)| agent.takes_ever(*channel, *cost));
        lanes.fold(0, |lanes, (lane, ..)| lanes | lane.bit())
    }

    /// Where an agent belongs in the rosters; `None` if it takes no work.
    pub(super) fn standing(&self, key: AgentKey) -> Option<Standing> {
        let agent = self.agent(key);
        if !agent.takes_work() {
            return None;
        }
        let (mut ready, mut blocked) = (0, 0);
        let has_room = agent.work_count() < AGENT_WORK_MAX;
        for (lane, channel, cost) in numbered(self.lanes_of(key)) {
            let limit = agent.limit(channel);
            if !agent.takes_ever(channel, cost) {
                continue;
            }
            let gives_way = if self.is_interruptible(key, channel) { 0 } else { agent.interruptible_used };
            let fits = agent.used - gives_way + cost <= agent.profile.capacity;
            let below_limit = limit.is_none_or(|limit| self.count_on(agent, channel) < usize::from(limit));
            if fits && below_limit && has_room && agent.draining.is_none() {
                ready |= lane.bit();
            } else {
                blocked |= lane.bit();
            }
        }
        (ready | blocked != 0).then(|| Standing { key: self.idle_key(key, agent), ready, blocked })
    }

    /// Whether a draining agent now has room for the contact it drains for.
    pub(super) fn drained_for(&self, key: AgentKey) -> Option<ContactKey> {
        let agent = self.agent(key);
        let contact = agent.draining.filter(|_| agent.takes_work())?;
        let route = self.route(contact);
        let cost = self.cost_of(route);
        let gives_way = if self.is_interruptible(key, route.channel) { 0 } else { agent.interruptible_used };
        let limit = agent.limit(route.channel);
        let below_limit = limit.is_none_or(|limit| self.count_on(agent, route.channel) < usize::from(limit));
        let has_room = agent.work_count() < AGENT_WORK_MAX;
        (agent.used - gives_way + cost <= agent.profile.capacity && below_limit && has_room).then_some(contact)
    }

    /// The bit of a waiting contact's lane.
    pub(super) fn lane_bit(&self, route: &Route) -> u64 {
        let cost = self.cost_of(route);
        self.index.find_lane(route.channel, cost).map_or(0, LaneKey::bit)
    }

    pub(super) fn count_on(&self, agent: &Agent, channel: ChannelKey) -> usize {
        let offers = agent.offers.iter().filter(|offer| self.offer(**offer).channel == channel).count();
        let engaged = |key: &&_| {
            let engagement = self.engagement(**key);
            engagement.channel == channel && engagement.cost_now > 0
        };
        offers + agent.engagements.iter().filter(engaged).count()
    }

    fn idle_key(&self, key: AgentKey, agent: &Agent) -> IdleKey {
        let share = |used: u32| u64::from(used) * 1_000 / u64::from(agent.profile.capacity.max(1));
        let (load, since) = match self.idleness_of(key) {
            LongestIdle::SinceLastContact => (agent.used, agent.last_contact_ended),
            LongestIdle::SinceAvailable => (agent.used, agent.available_since),
            LongestIdle::LowestLoad => (u32::try_from(share(agent.used)).unwrap_or(u32::MAX), agent.last_contact_ended),
        };
        IdleKey { load, since, agent: key }
    }
}

fn line_of(contact: &Contact) -> Option<InLine> {
    contact.route.as_deref().and_then(|route| route.line)
}

/// The step that waiting so long has reached.
pub(super) fn step_at(queue: &Queue, waited: Span) -> u8 {
    last_step(queue, |step| step.after.is_some_and(|after| after <= waited))
}

/// The step that begins when waits beyond this are to be expected.
pub(super) fn step_beyond(queue: &Queue, beyond: Span) -> u8 {
    last_step(queue, |step| step.when_wait_over.is_some_and(|over| over <= beyond))
}

fn last_step(queue: &Queue, begins: impl Fn(&Step) -> bool) -> u8 {
    let last = queue.steps.iter().rposition(begins).map_or(0, |at| at + 1);
    u8::try_from(last).expect("steps are limited to 16")
}

/// The next step that waiting alone leads to, and after how long.
pub(super) fn next_step(queue: &Queue, step: u8) -> Option<(u8, Span)> {
    let mut later = (1_u8..).zip(&queue.steps).skip(usize::from(step));
    later.find_map(|(number, step)| Some((number, step.after?)))
}

/// When the next step begins.
pub(super) fn next_step_at(route: &Route, queue: &Queue) -> Option<Timestamp> {
    next_step(queue, route.step).map(|(_, after)| route.queued_at + after)
}

/// When the maximum wait ends; an open offer is first allowed to end by itself.
pub(super) fn wait_ends_at(route: &Route, queue: &Queue) -> Option<Timestamp> {
    route.offers.is_empty().then(|| route.queued_at + queue.max_wait.after + route.parked_for)
}

impl Agent {
    /// Whether the agent has a session whose stream is open.
    pub fn is_signed_in(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.lost.is_none())
    }

    /// Whether the agent is there for new work, whatever the capacity.
    pub fn takes_work(&self) -> bool {
        self.is_signed_in() && self.presence == Presence::Available && self.pending.is_none()
    }

    /// Whether a contact of this channel and cost fits an agent with nothing else to do.
    pub fn takes_ever(&self, channel: ChannelKey, cost: u32) -> bool {
        self.limit(channel) != Some(0) && cost <= self.profile.capacity
    }

    /// The most at once of a channel, if the profile limits it.
    pub fn limit(&self, channel: ChannelKey) -> Option<u16> {
        self.channel_limits.iter().find(|(limited, _)| *limited == channel).map(|(_, most)| *most)
    }
}
