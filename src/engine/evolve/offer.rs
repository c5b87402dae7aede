//! The effect of what happens to offers and engagements: whose capacity is taken, and by what.
//!
//! Invariant: an agent's `used` is the sum of its open offers' and engagements' present costs.

use crate::model::{
    ids::{AgentKey, EngagementKey, OfferKey},
    limits::{FORGOTTEN_AT_ONCE_MAX, REFUSALS_MAX},
    time::{Span, Timestamp},
};

use crate::engine::{
    event::EngagementOver,
    load::Load,
    state::{Agent, Engagement, EngagementPhase, Offer, OfferEnd, Refusal, Route, Stage, State},
    timer::Timer,
    tombstones::EndedOffer,
};

/// How long all there is to know of an ended offer is kept; how it ended is kept for longer (`tombstones`).
const ENDED_OFFER_KEPT: Span = Span::from_secs(60);

impl State {
    pub(super) fn open_offer(&mut self, key: OfferKey, offer: Offer) {
        self.forget_ended_offers(offer.made_at);
        self.next_offer = self.next_offer.max(key.0 + 1);
        self.change_tombstones(|tombstones| tombstones.open_offer(key));
        self.timers.move_to(Timer::Offer(key), None, Some(offer.deliver_by));
        let Offer { contact, agent, cost, .. } = offer;
        self.offers.insert(key, offer);
        self.change_agent(agent, |agent| {
            agent.offers.push(key);
            agent.used += cost;
            agent.draining = agent.draining.filter(|drained| *drained != contact);
        });
        self.change_route(contact, |route| {
            route.offers.push(key);
            route.offers_made += 1;
            route.unreachable = false;
            route.drain = route.drain.filter(|drain| *drain != agent);
        });
    }

    /// Forgets some of the offers that ended long enough ago: always more than there are new ones.
    fn forget_ended_offers(&mut self, now: Timestamp) {
        let is_over = |(ended_at, _): &(Timestamp, OfferKey)| *ended_at + ENDED_OFFER_KEPT <= now;
        let over = self.ended_offers.iter().take(FORGOTTEN_AT_ONCE_MAX).take_while(|ended| is_over(ended)).count();
        for (_, offer) in self.ended_offers.drain(..over) {
            self.offers.remove(&offer);
        }
    }

    pub(super) fn deliver_offer(&mut self, key: OfferKey, now: Timestamp, expires_at: Timestamp) {
        let offer = self.offers.get_mut(&key).expect("only an open offer is delivered");
        (offer.delivered_at, offer.expires_at) = (Some(now), Some(expires_at));
        self.timers.move_to(Timer::Offer(key), Some(offer.deliver_by), offer.expires_at);
    }

    pub(super) fn extend_offer(&mut self, key: OfferKey, expires_at: Timestamp) {
        let offer = self.offers.get_mut(&key).expect("only an open offer is extended");
        self.timers.move_to(Timer::Offer(key), offer.expires_at, Some(expires_at));
        offer.expires_at = Some(expires_at);
    }

    pub(super) fn accept_offer(&mut self, key: OfferKey, engagement: EngagementKey) {
        let offer = self.close_offer(key, OfferEnd::Accepted);
        let Offer { contact, agent, queue, channel, cost, made_at, choice, .. } = *offer;
        let (now, route) = (self.now, self.route(contact));
        let is_moment = route.care.moment_of_truth;
        let protection = self.document_of(route).empathy.as_ref().map(|empathy| empathy.protection);
        self.next_engagement = self.next_engagement.max(engagement.0 + 1);
        let accepted = Engagement {
            contact,
            contact_id: self.contact(contact).id.clone(),
            agent,
            queue,
            channel,
            cost_now: cost,
            cost,
            phase: EngagementPhase::Active,
            is_moment,
            accepted_at: now,
            offer: key,
            offered_at: made_at,
            choice,
            unconfirmed: false,
        };
        self.engagements.insert(engagement, accepted);
        self.queues[queue.0 as usize].engagements += 1;
        let interruptible = if self.is_interruptible(agent, channel) { cost } else { 0 };
        self.change_agent(agent, |agent| {
            agent.offers.retain(|offer| *offer != key);
            agent.engagements.push(engagement);
            agent.interruptible_used += interruptible;
            agent.misses.retain(|(missed, _)| *missed != channel);
        });
        self.change_load(agent, |load| load.take(now, is_moment, protection.as_ref()));
        self.change_contact(contact, |contact| {
            contact.stage = Stage::Engaged(engagement);
            let route = contact.route.as_mut().expect("an offered contact has a route");
            route.offers.retain(|offer| *offer != key);
            route.answered_at = route.answered_at.or(Some(now));
        });
    }

    pub(super) fn end_offer(&mut self, key: OfferKey, end: OfferEnd, again_at: Option<Timestamp>) {
        let Offer { contact, agent, cost, .. } = *self.close_offer(key, end);
        self.change_agent(agent, |agent| {
            agent.offers.retain(|offer| *offer != key);
            agent.used -= cost;
        });
        self.change_route(contact, |route| {
            route.offers.retain(|offer| *offer != key);
            if let Some(again_at) = again_at {
                // What was never delivered is nobody's refusal: the pause does not grow by it.
                let times = u8::from(!matches!(end, OfferEnd::Rescinded(_)));
                remember_refusal(route, agent, again_at, times);
            }
        });
        self.mark_contact(contact);
    }

    fn close_offer(&mut self, key: OfferKey, end: OfferEnd) -> &Offer {
        let now = self.now;
        let offer = self.offers.get_mut(&key).expect("only an open offer ends");
        debug_assert!(offer.ended.is_none(), "an offer ends once");
        let due = offer.expires_at.unwrap_or(offer.deliver_by);
        self.timers.move_to(Timer::Offer(key), Some(due), None);
        offer.ended = Some((end, now));
        let ended = EndedOffer { agent: offer.agent, end, at: now };
        self.ended_offers.push_back((now, key));
        self.change_tombstones(|tombstones| tombstones.bury_offer(key, ended));
        self.offer(key)
    }

    /// Changes what an engagement takes of its agent's capacity.
    pub(super) fn set_cost(&mut self, key: EngagementKey, cost_now: u32, phase: EngagementPhase) {
        let engagement = self.engagements.get_mut(&key).expect("only an engagement that exists changes");
        let (agent, channel, before) = (engagement.agent, engagement.channel, engagement.cost_now);
        let was = interruptible_part(engagement);
        (engagement.cost_now, engagement.phase) = (cost_now, phase);
        let is = interruptible_part(engagement);
        let interruptible = self.is_interruptible(agent, channel);
        self.change_agent(agent, |agent| {
            agent.used = agent.used - before + cost_now;
            if interruptible {
                agent.interruptible_used = agent.interruptible_used - was + is;
            }
        });
    }

    pub(super) fn confirm(&mut self, key: EngagementKey, unconfirmed: bool) {
        self.engagements.get_mut(&key).expect("only an engagement that exists is confirmed").unconfirmed = unconfirmed;
    }

    pub(super) fn start_wrap_up(
        &mut self,
        now: Timestamp,
        key: EngagementKey,
        until: Timestamp,
        latest: Timestamp,
        because: EngagementOver,
    ) {
        let engagement = self.engagement(key);
        let (agent, contact) = (engagement.agent, engagement.contact);
        let stated = self.rules(engagement.queue).wrap_up.cost.unwrap_or(engagement.cost);
        // Work that was set aside has no capacity to wrap up with: it was given to somebody else's call.
        let cost = stated.min(engagement.cost_now);
        self.set_cost(key, cost, EngagementPhase::WrapUp { until, latest });
        self.confirm(key, false);
        self.timers.move_to(Timer::WrapUp(key), None, Some(until));
        self.change_agent(agent, |agent| agent.last_contact_ended = now);
        self.finish_moments(now, agent);
        if because == EngagementOver::Completed {
            self.change_contact(contact, |contact| contact.stage = Stage::WrapUp(key));
        }
    }

    pub(super) fn extend_wrap_up(&mut self, key: EngagementKey, until: Timestamp) {
        let engagement = self.engagements.get_mut(&key).expect("only an engagement that exists is extended");
        if let EngagementPhase::WrapUp { until: before, latest } = engagement.phase {
            engagement.phase = EngagementPhase::WrapUp { until, latest };
            self.timers.move_to(Timer::WrapUp(key), Some(before), Some(until));
        }
    }

    pub(super) fn end_engagement(&mut self, now: Timestamp, key: EngagementKey, because: EngagementOver) {
        self.set_cost_to_nothing(key);
        let engagement = self.engagements.remove(&key).expect("only an engagement that exists ends");
        if let EngagementPhase::WrapUp { until, .. } = engagement.phase {
            self.timers.move_to(Timer::WrapUp(key), Some(until), None);
        }
        self.queues[engagement.queue.0 as usize].engagements -= 1;
        self.change_agent(engagement.agent, |agent| {
            agent.engagements.retain(|engaged| *engaged != key);
            if because != EngagementOver::WrappedUp {
                agent.last_contact_ended = now;
            }
        });
        self.finish_moments(now, engagement.agent);
        // A contact that waits again was barred from the agent who still wrapped it up.
        if self.contacts.get(&engagement.contact).is_some() {
            self.mark_contact(engagement.contact);
        }
    }

    /// An agent's work ended: at the last moment of truth, if there is none left.
    fn finish_moments(&mut self, now: Timestamp, key: AgentKey) {
        let mut engaged = self.agent(key).engagements.iter().map(|engagement| self.engagement(*engagement));
        if !engaged.any(|engagement| engagement.is_moment && !engagement.is_wrap_up()) {
            self.change_load(key, |load| load.finish(now));
        }
    }

    /// Changes what an agent has had of moments of truth, and what follows from it.
    pub(super) fn change_load(&mut self, key: AgentKey, change: impl FnOnce(&mut Load)) {
        let agent = self.agents[key.0 as usize].as_mut().expect("only an agent that exists has taken anything");
        let before = agent.load.cools_until();
        change(&mut agent.load);
        let load = agent.load;
        self.timers.move_to(Timer::Rest(key), before, load.cools_until());
        self.index.strain(key, load.strain());
        self.review_drain(key);
    }

    fn set_cost_to_nothing(&mut self, key: EngagementKey) {
        let phase = self.engagement(key).phase;
        self.set_cost(key, 0, phase);
    }
}

/// The part of an engagement's cost that gives way, if its channel does: wrap-up is not interrupted.
fn interruptible_part(engagement: &Engagement) -> u32 {
    match engagement.phase {
        EngagementPhase::Active => engagement.cost_now,
        EngagementPhase::Interrupted | EngagementPhase::WrapUp { .. } => 0,
    }
}

/// Bars a contact from an agent until then; `times` is how many refusals that counts as.
pub(super) fn remember_refusal(route: &mut Route, agent: AgentKey, until: Timestamp, times: u8) {
    if let Some(refusal) = route.refusals.iter_mut().find(|refusal| refusal.agent == agent) {
        (refusal.until, refusal.times) = (Some(until), refusal.times.saturating_add(times));
        return;
    }
    if route.refusals.len() >= REFUSALS_MAX {
        let soonest = (0..route.refusals.len()).min_by_key(|at| route.refusals[*at].until);
        route.refusals.remove(soonest.expect("the list is full, so not empty"));
    }
    route.refusals.push(Refusal { agent, until: Some(until), times });
}

impl Agent {
    /// Capacity that is nobody's.
    pub fn free(&self) -> u32 {
        self.profile.capacity.saturating_sub(self.used)
    }
}
