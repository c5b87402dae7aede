//! The effect of every event: the only place where state changes.
//!
//! Invariant: evolving cannot fail and decides nothing; it needs only the state and the event. Each change of a contact
//! goes through [`State::change_contact`] and each change of an agent through [`State::change_agent`], which bring
//! lines, counts, timers and rosters up to date.

use std::sync::Arc;

use crate::model::{
    agent::{AgentProfile, Presence},
    document::ReserveRules,
    ids::{AgentId, AgentKey, ChannelKey, ContactKey, QueueKey, SkillKey},
    requirement::Level,
    time::{Span, Timestamp},
};

use super::{
    event::{Event, Place, PresenceBecause, Queued, Requeued},
    learnt::LearntLevel,
    load::Load,
    matching::{manner::Phase, reach::Seeker},
    overflow::Overflowed,
    state::{Agent, Contact, Counted, EngagementPhase, LostSession, Offer, OfferEnd, Route, Session, Stage, State},
    timer::Timer,
    tombstones::Tombstones,
};

mod hold;
mod offer;
mod reindex;
mod sessions;
mod stall;
mod supervision;
mod sweep;

use offer::remember_refusal;
pub(super) use sessions::session_due;
pub(super) use sweep::lanes_of;

impl State {
    /// Repeats the effect of one event.
    pub fn evolve(&mut self, now: Timestamp, event: &Event) {
        debug_assert!(now >= self.now, "time never runs backwards");
        self.now = now;
        match event {
            Event::RequestAccepted { request, fingerprint, reply } => {
                let due = self.dedup.due();
                self.dedup.remember(now, request, *fingerprint, reply);
                self.timers.move_to(Timer::Requests, due, self.dedup.due());
            }
            Event::RequestsForgotten { count } => {
                let due = self.dedup.due();
                self.dedup.forget(now, *count);
                self.timers.move_to(Timer::Requests, due, self.dedup.due());
            }
            Event::DocumentApplied { version, document, moves, origin } => {
                self.begin_sweep(*version, document, moves, origin);
            }
            Event::DocumentSwept { items } => self.take_over(now, *items as usize),
            Event::ContactMoved { contact, .. } => self.take_over_contact(now, *contact),

            Event::AgentPut { agent, id, profile, revision } => self.put_agent(*agent, id, profile, *revision),
            Event::AgentDeleted { agent, .. } => self.delete_agent(*agent),
            Event::SessionOpened { agent, session, connection, .. } => {
                self.open_session(*agent, Session { id: session.clone(), connection: *connection, lost: None });
            }
            Event::SessionLost { agent, rescind_at, grace_ends_at } => {
                let lost = LostSession { rescind_at: Some(*rescind_at), grace_ends_at: *grace_ends_at };
                self.lose_session(*agent, lost);
            }
            Event::SessionRescinded { agent } => self.session_rescinded(*agent),
            Event::SessionEnded { agent } => self.end_session(*agent),
            Event::PresenceSet { agent, presence, because } => {
                if *because == PresenceBecause::Rona {
                    self.storm.note_away(*agent);
                }
                self.change_agent(*agent, |agent| {
                    if *presence == Presence::Available && agent.presence != Presence::Available {
                        agent.available_since = now;
                    }
                    agent.presence = presence.clone();
                    agent.pending = None;
                    agent.misses.clear();
                });
            }
            Event::PresencePending { agent, presence } => {
                self.change_agent(*agent, |agent| agent.pending = Some(presence.clone()));
            }
            Event::AgentRested { agent } => self.change_load(*agent, Load::rest),
            Event::RonaSuspended { until } => self.storm.suspend(*until),

            Event::ContactAnnounced { contact, id, details, expected_at, announced, weight, forget_at, .. } => {
                let (from, until) = ReserveRules::announced(*expected_at);
                let counted = match announced.moment_of_truth {
                    true if now < from => Counted::NotYet,
                    true if now < until => Counted::Now,
                    _ => Counted::NoMore,
                };
                let announced = Contact {
                    id: id.clone(),
                    stage: Stage::Announced { forget_at: *forget_at, weight: *weight, counted: Counted::NotYet },
                    details: Arc::clone(details),
                    arrived_at: *expected_at,
                    route: None,
                    heard: None,
                    due: None,
                };
                self.contacts_of.add(&details.customer_id, *contact);
                self.add_contact(*contact, announced);
                self.expect(*contact, counted);
            }
            Event::MomentExpected { contact, counted } => {
                self.expect(*contact, if *counted { Counted::Now } else { Counted::NoMore });
            }
            Event::ContactQueued { contact, queued } => self.queue_contact(now, *contact, queued),
            Event::ContactRequeued {
                contact,
                queue,
                place,
                ordered_from,
                head_start,
                because,
                target,
                barred,
                requirement,
                ..
            } => {
                self.next_sequence = self.next_sequence.max(place.sequence + 1);
                let version = self.version;
                let waits = self.waits_in(*queue, now, self.route(*contact));
                let (phase, accepting) = (waits.phase_at(now), waits.accepting);
                self.change_contact(*contact, |contact| {
                    contact.stage = Stage::Waiting;
                    let route = contact.route.as_mut().expect("only a contact that was queued is queued again");
                    route.hops = match because {
                        Requeued::Overflowed | Requeued::Escalated => route.hops.saturating_add(1),
                        _ => 0,
                    };
                    (route.queue, route.place, route.document) = (*queue, *place, version);
                    (route.ordered_from, route.head_start) = (*ordered_from, *head_start);
                    (route.queued_at, route.parked_for, route.step, route.offers_made) = (now, Span::ZERO, 0, 0);
                    (route.target, route.drain_not_before, route.overflowed) = (*target, now, None);
                    (route.phase, route.accepting, route.uncovered) = (phase, accepting, false);
                    if let Some((agent, until)) = barred {
                        remember_refusal(route, *agent, *until, 1);
                    }
                    if let Some(requirement) = requirement {
                        route.requirement = Arc::clone(requirement);
                    }
                });
            }
            Event::ContactUpdated { contact: key, details, requirement } => {
                if let Some(details) = details {
                    self.contacts_of.remove(&self.contact(*key).details.customer_id.clone(), *key);
                    self.contacts_of.add(&details.customer_id, *key);
                }
                self.change_contact(*key, |contact| {
                    if let Some(details) = details {
                        contact.describe(details);
                    }
                    if let (Some(requirement), Some(route)) = (requirement, &mut contact.route) {
                        route.requirement = Arc::clone(requirement);
                    }
                });
                if requirement.is_some() {
                    self.seek_again(*key);
                }
            }
            Event::ContactParked { contact, until } => {
                self.change_contact(*contact, |c| c.stage = Stage::Parked { since: now, until: *until });
            }
            Event::ContactReleased { contact } => self.change_contact(*contact, |contact| {
                if let (Stage::Parked { since, .. }, Some(route)) = (contact.stage, &mut contact.route) {
                    route.parked_for = route.parked_for + (now - since);
                }
                contact.stage = Stage::Waiting;
            }),
            Event::StepReached { contact, step, beyond } => {
                self.change_route(*contact, |route| {
                    route.step = *step;
                    if let Some(beyond) = *beyond {
                        route.overflowed = Some(Overflowed { beyond, at: now });
                    }
                });
                self.seek_again(*contact);
            }
            Event::PhaseReached { contact, phase } => self.change_route(*contact, |route| route.phase = *phase),
            Event::TargetReleased { contact } => self.change_route(*contact, |route| route.target = None),
            Event::RefusalEnded { contact, agent } => {
                self.change_route(*contact, |route| {
                    if let Some(refusal) = route.refusals.iter_mut().find(|refusal| refusal.agent == *agent) {
                        refusal.until = None;
                    }
                });
                self.mark_contact(*contact);
            }
            Event::DrainStarted { contact, agent } => {
                self.change_route(*contact, |route| route.drain = Some(*agent));
                self.change_agent(*agent, |agent| agent.draining = Some(*contact));
            }
            Event::DrainPostponed { contact, until } => {
                self.change_route(*contact, |route| route.drain_not_before = *until);
            }
            Event::ContactPulled { contact, target } => self.pull_contact(*contact, *target),
            Event::ContactPrioritised { contact, head_start, place } => {
                self.prioritise_contact(*contact, *head_start, *place);
            }
            Event::ContactScored { contact, place, dynamic, care, why, .. } => {
                let mut after = self.route(*contact).clone();
                if after.care.moment_of_truth != care.moment_of_truth {
                    after.care_since = now;
                }
                (after.place, after.dynamic, after.care) = (*place, *dynamic, *care);
                after.phase = self.waits(&after).phase_at(now);
                if let Some(why) = why {
                    let details = Arc::clone(&self.contact(*contact).details);
                    self.budgets.grant(now, &details.customer_id, *contact, why.budgeted);
                }
                self.change_contact(*contact, |contact| {
                    **contact.route.as_mut().expect("only a contact that was queued has a place") = after;
                    if let Some(why) = why {
                        contact.heard.get_or_insert_default().scored = Arc::clone(why);
                    }
                });
            }
            Event::SignalsTaken { contact, signals } => self.take_signals(now, *contact, signals),
            Event::AssistSuggested { contact, .. } => self.tell_distress(now, *contact),
            Event::ContactClosed { contact, because, forget_at } => {
                self.open_contacts -= 1;
                self.change_contact(*contact, |contact| {
                    contact.stage = Stage::Closed { because: *because, at: now, forget_at: *forget_at };
                });
            }
            Event::ContactForgotten { contact } => {
                let gone = self.contacts.remove(contact).expect("only a remembered contact is forgotten");
                if let Stage::Closed { because, at, .. } = gone.stage {
                    self.change_tombstones(|tombstones| tombstones.bury_contact(gone.id.clone(), because, at));
                }
                self.timers.move_to(Timer::Contact(*contact), gone.due, None);
                self.contact_ids.remove(&gone.id);
                self.contacts_of.remove(&gone.details.customer_id, *contact);
            }
            Event::TombstonesForgotten { contacts, offers } => {
                self.change_tombstones(|tombstones| tombstones.forget(now, *contacts, *offers));
            }

            Event::CustomerErased { customer, contacts } => self.erase(customer, contacts),

            Event::ContactUnreachable { contact, .. } => {
                self.change_route(*contact, |route| route.unreachable = true);
            }
            Event::ContactReachable { contact } => self.change_route(*contact, |route| route.unreachable = false),
            Event::MomentUncovered { contact } => self.change_route(*contact, |route| route.uncovered = true),

            Event::OfferMade { offer, contact, agent, deliver_by, time, choice } => {
                let route = self.route(*contact);
                let (queue, channel) = (route.queue, route.channel);
                let made = Offer {
                    contact: *contact,
                    agent: *agent,
                    queue,
                    channel,
                    cost: self.cost_of(route),
                    made_at: now,
                    deliver_by: *deliver_by,
                    time: *time,
                    delivered_at: None,
                    expires_at: None,
                    choice: *choice,
                    ended: None,
                };
                self.open_offer(*offer, made);
            }
            Event::OfferDelivered { offer, expires_at } => self.deliver_offer(*offer, now, *expires_at),
            Event::OfferExtended { offer, expires_at } => self.extend_offer(*offer, *expires_at),
            Event::OfferAccepted { offer, engagement } => self.accept_offer(*offer, *engagement),
            Event::OfferDeclined { offer, again_at, .. } => {
                // Who says no is there: misses count in a row only.
                let Offer { agent, channel, .. } = *self.offer(*offer);
                self.change_agent(agent, |agent| agent.misses.retain(|(missed, _)| *missed != channel));
                self.end_offer(*offer, OfferEnd::Declined, Some(*again_at));
            }
            Event::OfferExpired { offer, again_at } => {
                self.storm.count(now);
                if !self.storm.suspends(now) {
                    let Offer { agent, channel, .. } = *self.offer(*offer);
                    self.change_agent(agent, |agent| count_miss(agent, channel));
                }
                self.end_offer(*offer, OfferEnd::Expired, Some(*again_at));
            }
            Event::OfferRescinded { offer, because, again_at } => {
                self.end_offer(*offer, OfferEnd::Rescinded(*because), *again_at);
            }

            Event::EngagementInterrupted { engagement } => {
                self.set_cost(*engagement, 0, EngagementPhase::Interrupted);
            }
            Event::EngagementResumed { engagement } => {
                let cost = self.engagement(*engagement).cost;
                self.set_cost(*engagement, cost, EngagementPhase::Active);
            }
            Event::EngagementUnconfirmed { engagement } => self.confirm(*engagement, true),
            Event::EngagementConfirmed { engagement } => self.confirm(*engagement, false),
            Event::WrapUpStarted { engagement, until, latest, because } => {
                self.start_wrap_up(now, *engagement, *until, *latest, *because);
            }
            Event::WrapUpExtended { engagement, until } => self.extend_wrap_up(*engagement, *until),
            Event::EngagementEnded { engagement, because, .. } => self.end_engagement(now, *engagement, *because),

            Event::ReserveSet { skill, k } => {
                let group = skill.as_ref().map(|skill| SkillKey(self.skill_names.intern(skill)));
                match k {
                    Some(k) => self.reserve_settings.insert(group, *k),
                    None => self.reserve_settings.remove(&group),
                };
                self.index.set_reserve(group, *k);
            }

            Event::Stalled { by } => self.stalled(*by),
            Event::OfferingHeld { until, awaited, spared } => self.hold_offering(*until, awaited, *spared),
            Event::OfferingResumed { .. } => self.resume_offering(now),
            Event::OfferingCaughtUp {} => self.resumed_at = None,
            Event::Reindexed {} => self.reindex(&|| ()),
            Event::AcceptanceLearnt { queue, channel, usual } => {
                self.learnt.take_acceptance(*queue, *channel, *usual);
            }
            Event::ShowRateLearnt { source, thousandths } => self.learnt.take_show_rate(source, *thousandths),
            Event::EmpathyLearnt { agent, level } => self.learn_empathy(*agent, *level),

            Event::OverflowSet { queue, channel, beyond } => self.take_overflow(now, (*queue, *channel), *beyond),
            Event::OverflowSpread { queue, through, next_at } => self.spread_overflow(*queue, *through, *next_at),
            Event::OverflowSpreadEnded { queue } => self.end_overflow_spread(*queue),

            Event::Supervised { supervision } => self.actions.remember(now, supervision),
            Event::QueueModeSet { queue, mode, supervision } => self.set_queue_mode(now, *queue, *mode, supervision),
            Event::QueueMoveStarted { from, to, place, before } => self.start_move(*from, *to, *place, *before),
            Event::QueueMoveAdvanced { from, through, moved, left, next_at } => {
                self.advance_move(*from, *through, *moved, *left, *next_at);
            }
            Event::QueueMoveEnded { from, .. } => self.end_move(*from),
        }
    }

    fn put_agent(&mut self, key: AgentKey, id: &AgentId, profile: &Arc<AgentProfile>, revision: u64) {
        let at = key.0 as usize;
        self.last_revision = revision;
        if self.agents.len() <= at {
            self.agents.resize_with(at + 1, || None);
        }
        if self.agents[at].is_none() {
            self.agents[at] = Some(Agent::new(id.clone(), Arc::clone(profile)));
            self.agent_ids.insert(id.clone(), key);
        }
        self.change_skills(key, |agent| {
            agent.profile = Arc::clone(profile);
            agent.revision = revision;
            agent.learnt = agent.learnt.take().filter(|_| !profile.empathy_fixed);
        });
    }

    fn learn_empathy(&mut self, key: AgentKey, level: Option<Level>) {
        let skill = self.document.learnt_skill().cloned();
        let learnt = skill.zip(level).map(|(skill, level)| LearntLevel { skill, level });
        self.change_skills(key, |agent| agent.learnt = learnt);
    }

    /// Changes what an agent can do, and what follows from it.
    fn change_skills(&mut self, key: AgentKey, change: impl FnOnce(&mut Agent)) {
        self.index.place_agent(key, None);
        change(self.agents[key.0 as usize].as_mut().expect("only an agent that exists is changed"));
        self.describe_agent(key);
        self.index.reach.note_agent(key);
        self.refresh_agent(key);
        self.review_drain(key);
    }

    /// Whether it still makes sense to drain for a contact follows from what its agent can do now.
    pub(super) fn review_drain(&mut self, key: AgentKey) {
        if let Some(contact) = self.agent(key).draining {
            self.change_contact(contact, |_| ());
        }
    }

    /// Tells the index what an agent can do; the agent must not be standing.
    pub(super) fn describe_agent(&mut self, key: AgentKey) {
        let agent = self.agents[key.0 as usize].as_mut().expect("only an agent that exists is described");
        let profile = Arc::clone(&agent.profile);
        let limits = profile.channel_limits.iter();
        agent.channel_limits = limits
            .map(|(name, most)| {
                let channel = self.channel_names.intern(name);
                (ChannelKey(u16::try_from(channel).expect("channels are limited")), *most)
            })
            .collect();
        let skills = agent.skills().map(|(name, level)| (SkillKey(self.skill_names.intern(name)), level));
        let skills = skills.collect();
        let queues = profile.queues.iter().filter_map(|name| self.queue_names.find(name)).map(QueueKey).collect();
        self.index.describe_agent(key, skills, queues);
        self.index.everyone.enter(key, self.lanes_ever(key));
        self.index.count_agents(self.agent_ids.len());
    }

    fn delete_agent(&mut self, key: AgentKey) {
        self.index.place_agent(key, None);
        self.change_load(key, |load| *load = Load::default());
        self.index.describe_agent(key, Vec::new(), Vec::new());
        self.index.everyone.leave(key);
        self.index.reach.note_agent(key);
        let agent = self.agents[key.0 as usize].take().expect("only an agent that exists is deleted");
        self.agent_ids.remove(&agent.id);
        self.index.count_agents(self.agent_ids.len());
    }

    /// Whether empathetic agents are kept free for an announced contact.
    fn expect(&mut self, key: ContactKey, is: Counted) {
        self.change_contact(key, |contact| {
            if let Stage::Announced { counted, .. } = &mut contact.stage {
                *counted = is;
            }
        });
    }

    fn change_tombstones(&mut self, change: impl FnOnce(&mut Tombstones)) {
        let due = self.tombstones.due();
        change(&mut self.tombstones);
        self.timers.move_to(Timer::Tombstones, due, self.tombstones.due());
    }

    fn add_contact(&mut self, key: ContactKey, contact: Contact) {
        self.next_contact = self.next_contact.max(key.0 + 1);
        self.open_contacts += 1;
        self.contact_ids.insert(contact.id.clone(), key);
        self.contacts.insert(key, contact);
        self.change_contact(key, |_| ());
    }

    fn queue_contact(&mut self, now: Timestamp, key: ContactKey, queued: &Queued) {
        self.next_sequence = self.next_sequence.max(queued.place.sequence + 1);
        let mut route = Route {
            queue: queued.queue,
            channel: queued.channel,
            document: self.version,
            place: queued.place,
            ordered_from: queued.arrived_at,
            head_start: Span::ZERO,
            dynamic: queued.dynamic,
            care: queued.care,
            care_since: now,
            accepting: self.learnt.accepting(queued.queue, queued.channel),
            phase: Phase::First,
            queued_at: now,
            parked_for: Span::ZERO,
            step: 0,
            overflowed: None,
            requirement: Arc::clone(&queued.requirement),
            target: queued.target,
            excluded: queued.excluded.iter().copied().collect(),
            refusals: Default::default(),
            offers: Default::default(),
            offers_made: 0,
            hops: 0,
            drain: None,
            drain_not_before: now,
            line: None,
            kind: None,
            unreachable: false,
            uncovered: false,
            answered_at: None,
            trace: queued.trace.clone(),
        };
        route.phase = self.waits(&route).phase_at(now);
        if let Some(announced) = self.contacts.get(&key) {
            self.contacts_of.remove(&announced.details.customer_id, key);
        } else {
            let contact = Contact {
                id: queued.id.clone(),
                stage: Stage::Announced { forget_at: now, weight: 0, counted: Counted::NoMore },
                details: Arc::clone(&queued.details),
                arrived_at: queued.arrived_at,
                route: None,
                heard: None,
                due: None,
            };
            self.next_contact = self.next_contact.max(key.0 + 1);
            self.open_contacts += 1;
            self.contact_ids.insert(contact.id.clone(), key);
            self.contacts.insert(key, contact);
        }
        self.contacts_of.add(&queued.details.customer_id, key);
        let contacts = self.customers.visit(now, &queued.details.customer_id);
        self.change_contact(key, |contact| {
            if contacts > 1 {
                contact.heard.get_or_insert_default().contacts = contacts;
            }
            contact.stage = Stage::Waiting;
            contact.arrived_at = queued.arrived_at;
            contact.describe(&queued.details);
            contact.route = Some(Box::new(route));
        });
    }

    /// Whether anybody could ever take a contact is looked at again, also of one that waits for its target and so
    /// stays in its line whatever it asks.
    fn seek_again(&mut self, key: ContactKey) {
        self.index.reach.forget(Seeker::Contact(key));
        self.mark_contact(key);
    }

    /// Changes a contact's route and what follows from it.
    pub(super) fn change_route(&mut self, key: ContactKey, change: impl FnOnce(&mut Route)) {
        self.change_contact(key, |contact| {
            change(contact.route.as_mut().expect("a contact that was queued has a route"));
        });
    }

    /// Where a waiting contact stands after a document changed priorities.
    pub(super) fn reordered(&self, route: &Route) -> Place {
        route.place_with(self.rules(route.queue).priority)
    }
}

fn count_miss(agent: &mut Agent, channel: ChannelKey) {
    match agent.misses.iter_mut().find(|(missed, _)| *missed == channel) {
        Some((_, misses)) => *misses = misses.saturating_add(1),
        None => agent.misses.push((channel, 1)),
    }
}
