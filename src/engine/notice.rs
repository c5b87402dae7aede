//! What agents' streams are told of events that have just been applied.
//!
//! Invariant: made from the state right after the events, sent only once they are durable. An offer that was made and
//! ended within one command is not told at all.

use std::sync::Arc;

use crate::model::ids::{AgentId, AgentKey, ContactKey, EngagementKey, OfferKey};

use super::{
    event::{EngagementOver, Event, Rescinded},
    state::State,
    view::Notice,
};

impl State {
    /// The notices of these events, in order, each with the agent it is for.
    pub fn notices(&self, events: &[Event]) -> Vec<(AgentId, Notice)> {
        let mut notices = Vec::new();
        let made: Vec<OfferKey> = events.iter().filter_map(made_by).collect();
        for event in events {
            match event {
                Event::OfferMade { offer, agent, .. } => {
                    if let Some(view) = self.offer_view(*offer) {
                        notices.push((self.agent(*agent).id.clone(), Notice::Offer(Box::new(view))));
                    }
                }
                Event::OfferRescinded { offer, because, .. } => {
                    self.tell_ended(*offer, Some(*because), &made, &mut notices);
                }
                Event::OfferExpired { offer, .. } => self.tell_ended(*offer, None, &made, &mut notices),
                Event::ContactUpdated { contact, details: Some(_), .. }
                | Event::ContactScored { contact, other_moments: true, .. } => {
                    self.tell_contact(*contact, &made, &mut notices);
                }
                Event::AssistSuggested { contact, agent, why } => {
                    let contact = self.contact(*contact).id.clone();
                    notices.push((self.agent(*agent).id.clone(), Notice::Assist { contact, why: *why }));
                }
                Event::PresenceSet { agent, .. } | Event::PresencePending { agent, .. } => {
                    if let Some(present) = &self.agents[agent.0 as usize] {
                        let (presence, pending) = (present.presence.clone(), present.pending.clone());
                        notices.push((present.id.clone(), Notice::Presence { presence, pending }));
                    }
                }
                Event::OfferAccepted { engagement, .. }
                | Event::EngagementInterrupted { engagement }
                | Event::EngagementResumed { engagement }
                | Event::EngagementConfirmed { engagement }
                | Event::WrapUpStarted { engagement, .. }
                | Event::WrapUpExtended { engagement, .. } => self.tell_work(*engagement, &mut notices),
                Event::EngagementEnded { agent, contact, because, .. } if *because != EngagementOver::AgentLost => {
                    if let Some(agent) = &self.agents[agent.0 as usize] {
                        notices.push((agent.id.clone(), Notice::Work { contact: contact.clone(), work: None }));
                    }
                }
                _ => {}
            }
        }
        notices
    }

    /// Tells who has a contact what it is now; who is just offered it is told by the offer.
    fn tell_contact(&self, key: ContactKey, made: &[OfferKey], notices: &mut Vec<(AgentId, Notice)>) {
        let Some(contact) = self.contacts.get(&key) else { return };
        for agent in self.agents_with(key, made) {
            let (id, details) = (contact.id.clone(), Arc::clone(&contact.details));
            notices.push((agent, Notice::ContactUpdated { contact: id, details, moments: self.moments_of(key) }));
        }
    }

    fn tell_ended(
        &self,
        offer: OfferKey,
        because: Option<Rescinded>,
        made: &[OfferKey],
        notices: &mut Vec<(AgentId, Notice)>,
    ) {
        let Some(facts) = self.offer_facts(offer).filter(|_| !made.contains(&offer)) else { return };
        let contact = self.contact(facts.contact).id.clone();
        notices.push((self.agent(facts.agent).id.clone(), Notice::Rescind { offer, contact, because }));
    }

    fn tell_work(&self, engagement: EngagementKey, notices: &mut Vec<(AgentId, Notice)>) {
        if let Some(engaged) = self.engagements.get(&engagement) {
            let work = Some(self.engaged_work(engagement));
            let contact = engaged.contact_id.clone();
            notices.push((self.agent(engaged.agent).id.clone(), Notice::Work { contact, work }));
        }
    }

    /// Agents who hold an offer of a contact, but for these offers, or are engaged with it.
    fn agents_with(&self, contact: ContactKey, except: &[OfferKey]) -> Vec<AgentId> {
        let contact = self.contact(contact);
        let offers = contact.route.as_deref().map(|route| route.offers.as_slice()).unwrap_or_default();
        let offers = offers.iter().filter(|offer| !except.contains(offer));
        let offered = offers.map(|offer| self.offer(*offer).agent);
        let engaged = contact.engagement().map(|engagement| self.engagement(engagement).agent);
        let agents: Vec<AgentKey> = offered.chain(engaged).collect();
        agents.into_iter().map(|agent| self.agent(agent).id.clone()).collect()
    }
}

fn made_by(event: &Event) -> Option<OfferKey> {
    match event {
        Event::OfferMade { offer, .. } => Some(*offer),
        _ => None,
    }
}
