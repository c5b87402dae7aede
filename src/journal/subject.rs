//! Which records are about a contact or an agent: told from a journal's records alone, in order from its beginning.
//!
//! Invariant: every kind of event says here whom it names. Not here: how a record reads (`attune journal inspect`).

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    engine::Event,
    model::ids::{AgentId, AgentKey, ContactId, ContactKey, EngagementKey, OfferKey, TenantId},
};

use super::Record;

/// What is looked for, and by which numbers the tenants know it.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    contact: Option<ContactId>,
    agent: Option<AgentId>,
    contacts: BTreeSet<(TenantId, ContactKey)>,
    agents: BTreeSet<(TenantId, AgentKey)>,
    offers: BTreeMap<(TenantId, OfferKey), Both>,
    engagements: BTreeMap<(TenantId, EngagementKey), Both>,
}

/// Which of the two something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Both {
    contact: bool,
    agent: bool,
}

impl Both {
    fn or(self, other: Self) -> Self {
        Self { contact: self.contact || other.contact, agent: self.agent || other.agent }
    }
}

/// Whom an event names.
#[derive(Debug, Clone, Copy, Default)]
struct Named {
    contact: Option<ContactKey>,
    agent: Option<AgentKey>,
    offer: Option<OfferKey>,
    engagement: Option<EngagementKey>,
}

impl Subject {
    /// A contact, an agent, or both of them together; with neither, every record is about it.
    pub fn new(contact: Option<ContactId>, agent: Option<AgentId>) -> Self {
        Self { contact, agent, ..Self::default() }
    }

    /// Whether a record is about it; to be asked of every record in order.
    pub fn is_in(&mut self, record: &Record) -> bool {
        let mut about = Both { contact: self.contact.is_none(), agent: self.agent.is_none() };
        if about.contact && about.agent {
            return true;
        }
        for event in &record.events {
            self.learn(&record.tenant, event);
            about = about.or(self.about(&record.tenant, event));
        }
        about.contact && about.agent
    }

    /// Takes the numbers by which it is known from here on.
    fn learn(&mut self, tenant: &TenantId, event: &Event) {
        match event {
            Event::ContactAnnounced { contact, id, .. } if self.contact.as_ref() == Some(id) => {
                self.contacts.insert((tenant.clone(), *contact));
            }
            Event::ContactQueued { contact, queued } if self.contact.as_ref() == Some(&queued.id) => {
                self.contacts.insert((tenant.clone(), *contact));
            }
            Event::AgentPut { agent, id, .. } if self.agent.as_ref() == Some(id) => {
                self.agents.insert((tenant.clone(), *agent));
            }
            _ => {}
        }
        let about = self.about(tenant, event);
        if about != Both::default() {
            let Named { offer, engagement, .. } = named(event);
            self.offers.extend(offer.map(|offer| ((tenant.clone(), offer), about)));
            self.engagements.extend(engagement.map(|engagement| ((tenant.clone(), engagement), about)));
        }
    }

    /// What an event is about, by whom it names and by whose offers and engagements.
    fn about(&self, tenant: &TenantId, event: &Event) -> Both {
        let Named { contact, agent, offer, engagement } = named(event);
        let erased: &[ContactKey] = if let Event::CustomerErased { contacts, .. } = event { contacts } else { &[] };
        let is_asked = |contact: &ContactKey| self.contacts.contains(&(tenant.clone(), *contact));
        let by_name = Both {
            contact: contact.iter().chain(erased).any(is_asked),
            agent: agent.is_some_and(|agent| self.agents.contains(&(tenant.clone(), agent))),
        };
        let by_offer = offer.and_then(|offer| self.offers.get(&(tenant.clone(), offer)));
        let by_engagement = engagement.and_then(|engagement| self.engagements.get(&(tenant.clone(), engagement)));
        [by_offer, by_engagement].into_iter().flatten().fold(by_name, |about, work| about.or(*work))
    }
}

/// The contact that an event names.
pub(super) fn contact_named(event: &Event) -> Option<ContactKey> {
    named(event).contact
}

fn named(event: &Event) -> Named {
    let of_contact = |contact: &ContactKey| Named { contact: Some(*contact), ..Named::default() };
    let of_agent = |agent: &AgentKey| Named { agent: Some(*agent), ..Named::default() };
    let of_both = |contact: &ContactKey, agent: &AgentKey| Named { agent: Some(*agent), ..of_contact(contact) };
    let of_offer = |offer: &OfferKey| Named { offer: Some(*offer), ..Named::default() };
    let of_engagement = |engagement: &EngagementKey| Named { engagement: Some(*engagement), ..Named::default() };
    match event {
        Event::AgentPut { agent, .. }
        | Event::AgentDeleted { agent, .. }
        | Event::SessionOpened { agent, .. }
        | Event::SessionLost { agent, .. }
        | Event::SessionRescinded { agent }
        | Event::SessionEnded { agent }
        | Event::PresenceSet { agent, .. }
        | Event::PresencePending { agent, .. }
        | Event::AgentRested { agent }
        | Event::EmpathyLearnt { agent, .. } => of_agent(agent),
        Event::ContactMoved { contact, .. }
        | Event::ContactAnnounced { contact, .. }
        | Event::MomentExpected { contact, .. }
        | Event::ContactQueued { contact, .. }
        | Event::ContactRequeued { contact, .. }
        | Event::ContactUpdated { contact, .. }
        | Event::ContactParked { contact, .. }
        | Event::ContactReleased { contact }
        | Event::StepReached { contact, .. }
        | Event::PhaseReached { contact, .. }
        | Event::TargetReleased { contact }
        | Event::DrainPostponed { contact, .. }
        | Event::ContactUnreachable { contact, .. }
        | Event::ContactReachable { contact }
        | Event::MomentUncovered { contact }
        | Event::ContactPrioritised { contact, .. }
        | Event::ContactScored { contact, .. }
        | Event::SignalsTaken { contact, .. }
        | Event::ContactClosed { contact, .. }
        | Event::ContactForgotten { contact } => of_contact(contact),
        Event::RefusalEnded { contact, agent }
        | Event::DrainStarted { contact, agent }
        | Event::AssistSuggested { contact, agent, .. } => of_both(contact, agent),
        Event::ContactPulled { contact, target } => of_both(contact, &target.agent),
        Event::OfferMade { offer, contact, agent, .. } => Named { offer: Some(*offer), ..of_both(contact, agent) },
        Event::OfferDelivered { offer, .. }
        | Event::OfferExtended { offer, .. }
        | Event::OfferDeclined { offer, .. }
        | Event::OfferExpired { offer, .. }
        | Event::OfferRescinded { offer, .. } => of_offer(offer),
        Event::OfferAccepted { offer, engagement } => Named { engagement: Some(*engagement), ..of_offer(offer) },
        Event::EngagementEnded { engagement, agent, .. } => Named { agent: Some(*agent), ..of_engagement(engagement) },
        Event::EngagementInterrupted { engagement }
        | Event::EngagementResumed { engagement }
        | Event::EngagementUnconfirmed { engagement }
        | Event::EngagementConfirmed { engagement }
        | Event::WrapUpStarted { engagement, .. }
        | Event::WrapUpExtended { engagement, .. } => of_engagement(engagement),
        Event::RequestAccepted { .. }
        | Event::RequestsForgotten { .. }
        | Event::DocumentApplied { .. }
        | Event::DocumentSwept { .. }
        | Event::RonaSuspended { .. }
        | Event::ReserveSet { .. }
        | Event::Stalled { .. }
        | Event::OfferingHeld { .. }
        | Event::OfferingResumed { .. }
        | Event::OfferingCaughtUp {}
        | Event::CustomerErased { .. }
        | Event::TombstonesForgotten { .. }
        | Event::Reindexed {}
        | Event::AcceptanceLearnt { .. }
        | Event::ShowRateLearnt { .. }
        | Event::OverflowSet { .. }
        | Event::OverflowSpread { .. }
        | Event::OverflowSpreadEnded { .. }
        | Event::Supervised { .. }
        | Event::QueueModeSet { .. }
        | Event::QueueMoveStarted { .. }
        | Event::QueueMoveAdvanced { .. }
        | Event::QueueMoveEnded { .. } => Named::default(),
    }
}
