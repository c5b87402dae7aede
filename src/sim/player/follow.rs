//! What happened, taken in: who has an offer, who works, who is through.
//!
//! Invariant: what the player knows of contacts and agents it knows from events, as every client does.

use super::*;
use crate::{engine::event::PresenceBecause, model::contact::ClosedBecause};

use outcome::Leaf;

impl Player<'_> {
    /// Takes in what happened, and lets agents react to what they are offered.
    pub(super) fn follow(&mut self, step: Step) {
        for record in &step.records {
            self.digest.take(record);
            (self.watch)(record);
            record.events.iter().for_each(|event| self.see(event, record.now));
        }
        while let Some(offer) = self.unanswered.pop() {
            self.react(offer);
        }
    }

    fn see(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::ContactQueued { contact, queued } => {
                if let Some(slot) = self.coming {
                    self.keys.insert(*contact, slot);
                    self.scored(*contact, queued.care.moment_of_truth);
                }
            }
            Event::ContactScored { contact, care, .. } => self.scored(*contact, care.moment_of_truth),
            Event::ContactClosed { contact, because, .. } => self.closed(*contact, *because, now),
            Event::OfferMade { offer, contact, agent, .. } => self.offered(*offer, *contact, self.staff.of(*agent)),
            Event::OfferAccepted { offer, engagement } => self.accepted(*offer, *engagement, now),
            Event::OfferDeclined { offer, .. }
            | Event::OfferExpired { offer, .. }
            | Event::OfferRescinded { offer, .. } => self.withdrawn(*offer),
            Event::PresenceSet { agent, presence, because } => {
                let agent = self.staff.of(*agent);
                self.staff.is_there(agent, *presence == Presence::Available, now);
                if *because == PresenceBecause::Rona {
                    let back_after = self.staff.group(agent).acceptance.back_after;
                    self.plan(now + back_after, Happening::Returns(agent));
                }
            }
            Event::EngagementInterrupted { engagement } => self.set_aside(*engagement, now),
            Event::EngagementResumed { engagement } => self.take_up(*engagement, now),
            Event::WrapUpStarted { engagement, until, latest, .. } => {
                self.wraps_up(*engagement, now, *until, *latest);
            }
            Event::EngagementEnded { engagement, .. } => self.ended(*engagement, now),
            Event::ReserveSet { k: Some(k), .. } => self.outcome.kept.push(*k),
            _ => {}
        }
    }

    fn scored(&mut self, contact: ContactKey, is_moment: bool) {
        let Some(&slot) = self.keys.get(&contact) else { return };
        let guest = &mut self.guests[slot];
        let is_found_out = guest.recorded.is_some() || matches!(guest.told, Told::Words(_));
        if is_found_out && !guest.is_settled {
            guest.is_flagged |= is_moment;
        }
    }

    fn offered(&mut self, offer: OfferKey, contact: ContactKey, agent: usize) {
        let slot = self.keys[&contact];
        let guest = &mut self.guests[slot];
        guest.offers += 1;
        guest.offers_open += 1;
        self.offers.insert(offer, (slot, agent));
        self.unanswered.push(offer);
    }

    fn withdrawn(&mut self, offer: OfferKey) {
        if let Some((slot, _)) = self.offers.remove(&offer) {
            self.guests[slot].offers_open -= 1;
        }
    }

    fn accepted(&mut self, offer: OfferKey, engagement: EngagementKey, now: Timestamp) {
        let (slot, agent) = self.offers.remove(&offer).expect("whoever accepts was offered it");
        self.guests[slot].offers_open -= 1;
        let waited = now - self.guests[slot].comes_at;
        let group = self.staff.group_at(agent);
        self.settle(slot, Fate::Answered(group), waited);
        self.engagements.insert(engagement, AtWork { slot, agent, load: 0.0 });
        self.guests[slot].answers += 1;
        self.guests[slot].at_work += 1;
        let takes = self.staff.handling(agent, &self.guests[slot]);
        let stamp = self.guests.restamp(slot);
        let guest = &mut self.guests[slot];
        (guest.engaged, guest.left) = (Some((engagement, agent)), (takes, now));
        self.set_load(engagement, self.cost(slot), now);
        self.plan(now + takes, Happening::Finishes(slot, stamp));
    }

    /// More urgent work comes between.
    fn set_aside(&mut self, engagement: EngagementKey, now: Timestamp) {
        let Some(&AtWork { slot, .. }) = self.engagements.get(&engagement) else { return };
        self.guests.restamp(slot);
        let guest = &mut self.guests[slot];
        let (left, since) = guest.left;
        guest.left = (Span(left.0 - (now - since).0).max(Span::ZERO), now);
        self.set_load(engagement, 0.0, now);
    }

    fn take_up(&mut self, engagement: EngagementKey, now: Timestamp) {
        let Some(&AtWork { slot, .. }) = self.engagements.get(&engagement) else { return };
        let stamp = self.guests.restamp(slot);
        let guest = &mut self.guests[slot];
        guest.left.1 = now;
        let left = guest.left.0;
        self.set_load(engagement, self.cost(slot), now);
        self.plan(now + left, Happening::Finishes(slot, stamp));
    }

    /// The engine ends wrap-up after the queue's time for it; an agent who has done is earlier, one who has not is as
    /// late as the queue allows.
    fn wraps_up(&mut self, engagement: EngagementKey, now: Timestamp, until: Timestamp, latest: Timestamp) {
        let Some(&AtWork { slot, .. }) = self.engagements.get(&engagement) else { return };
        self.set_load(engagement, self.wrap_up_cost(slot), now);
        if self.guests[slot].onward().is_some() {
            // It waits for somebody else by now.
            return;
        }
        let stamp = self.guests.restamp(slot);
        let Some(takes) = self.guests[slot].wrap_up else { return };
        let done_at = (now + takes).min(latest);
        if done_at < until {
            self.plan(done_at, Happening::WrapsUp(slot, stamp));
        } else if done_at > until {
            self.plan(now, Happening::WritesOn(slot, stamp, done_at - until));
        }
    }

    fn ended(&mut self, engagement: EngagementKey, now: Timestamp) {
        self.set_load(engagement, 0.0, now);
        let Some(AtWork { slot, .. }) = self.engagements.remove(&engagement) else { return };
        let guest = &mut self.guests[slot];
        guest.at_work -= 1;
        guest.engaged = guest.engaged.filter(|(present, _)| *present != engagement);
        self.guests.leave_if_over(slot);
    }

    fn closed(&mut self, contact: ContactKey, because: ClosedBecause, now: Timestamp) {
        let Some(slot) = self.keys.remove(&contact) else { return };
        if because == ClosedBecause::Expired {
            let waited = now - self.guests[slot].comes_at;
            self.settle(slot, Fate::Abandoned, waited);
            self.try_again(slot);
        }
        self.guests.restamp(slot);
        self.guests[slot].is_closed = true;
        self.guests.leave_if_over(slot);
    }

    /// A contact's waiting is over.
    pub(super) fn settle(&mut self, slot: usize, fate: Fate, waited: Span) {
        let now = self.driver.now();
        let guest = &mut self.guests[slot];
        if guest.is_settled {
            return;
        }
        guest.is_settled = true;
        let leaf = Leaf { class: guest.class, is_moment: guest.is_moment, is_flagged: guest.is_flagged };
        if std::mem::take(&mut guest.waits) {
            self.waiting[guest.class * 2 + usize::from(guest.is_moment)].leave(now);
        }
        if std::mem::take(&mut guest.counts) {
            self.window.open -= 1;
            self.outcome.count(leaf, guest.comes_at, fate, waited);
        }
    }

    /// What an engagement takes of its agent from now on.
    fn set_load(&mut self, engagement: EngagementKey, load: f64, now: Timestamp) {
        let Some(at_work) = self.engagements.get_mut(&engagement) else { return };
        let before = std::mem::replace(&mut at_work.load, load);
        self.staff.work(at_work.agent, load - before, now);
    }

    fn cost(&self, slot: usize) -> f64 {
        let guest = &self.guests[slot];
        self.scenario.costs(&guest.queue, &guest.channel).0
    }

    fn wrap_up_cost(&self, slot: usize) -> f64 {
        let guest = &self.guests[slot];
        let (cost, wrap_up) = self.scenario.costs(&guest.queue, &guest.channel);
        wrap_up.unwrap_or(cost)
    }
}
