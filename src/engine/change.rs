//! A record as outsiders may see it: what happened, and how everything that it touched stands afterwards.
//!
//! Invariant: made from the state right after the record's events, told only once they are durable. Public names only;
//! whoever takes the rows of each record in order has the state's open contacts, agents and queues. Two things touch
//! more than a record names: a new document moves every waiting contact, so its followers begin anew once all are taken
//! over (until then rows may be those of the document before); and a contact's end is the last that is told of it.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use smallvec::SmallVec;

use crate::model::{
    agent::Presence,
    ids::{AgentId, AgentKey, ContactId, ContactKey, EngagementKey, OfferKey, QueueKey, QueueName},
    supervision::Supervision,
    time::Timestamp,
};

use super::{
    event::Event,
    state::{EngagementPhase, State},
    view::{AgentView, ContactView, QueueView},
};

/// One record's public side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What happened, in order.
    pub happenings: Vec<Happening>,
    /// Contacts that it touched and that were not forgotten.
    pub contacts: Vec<ContactRow>,
    /// Agents that it touched and that exist.
    pub agents: Vec<AgentView>,
    /// Agents that exist no more.
    pub gone: Vec<AgentId>,
    /// Queues that it touched.
    pub queues: Vec<QueueView>,
}

/// A contact as it stands after a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// The contact.
    pub view: ContactView,
    /// The queues that it left in this record.
    pub left: SmallVec<[QueueName; 1]>,
    /// Whether its details are news.
    pub details: Details,
}

/// Whether a contact's details are news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Details {
    /// They came or changed.
    New,
    /// They are as told before.
    Known,
}

/// One thing that happened; what does not apply to its kind is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Happening {
    /// What.
    pub kind: HappeningKind,
    /// To which contact.
    pub contact: Option<ContactId>,
    /// To or by which agent.
    pub agent: Option<AgentId>,
    /// In which queue (the new one, where it changes).
    pub queue: Option<QueueName>,
    /// Out of which queue.
    pub from_queue: Option<QueueName>,
    /// Which offer.
    pub offer: Option<OfferKey>,
    /// Why: a word for each cause, or an agent's own words.
    pub because: Cow<'static, str>,
    /// How long it lasts by itself.
    pub until: Option<Timestamp>,
    /// The step reached.
    pub step: u8,
    /// The presence given.
    pub presence: Option<Presence>,
    /// The document in force.
    pub document_version: u64,
    /// Contacts that went to another queue, and contacts that could not.
    pub moved: (u64, u64),
    /// Who did what and why.
    pub supervision: Option<Arc<Supervision>>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident),+ $(,)?) => {
        /// What can happen, as far as outsiders are told.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
        pub enum HappeningKind {
            $($(#[$doc])* $kind,)+
        }
    };
}

kinds! {
    /// A document is in force for everything that is there.
    #[default]
    DocumentApplied,
    /// An agent was created or changed.
    AgentPut,
    /// An agent was deleted.
    AgentDeleted,
    /// An agent's stream opened.
    SessionOpened,
    /// It broke.
    SessionLost,
    /// The session is over.
    SessionEnded,
    /// An agent's presence changed.
    PresenceSet,
    /// It will, once the work ends.
    PresencePending,
    /// An agent's cooldown from moments of truth is over.
    AgentRested,
    /// Nobody is set away for not answering, until then.
    RonaSuspended,
    /// A contact is expected.
    ContactAnnounced,
    /// A contact entered a queue.
    ContactQueued,
    /// It waits again.
    ContactRequeued,
    /// Its details or what it asks changed.
    ContactUpdated,
    /// It is not offered for a while.
    ContactParked,
    /// It is again.
    ContactReleased,
    /// It reached a step.
    StepReached,
    /// It waits for anybody now.
    TargetReleased,
    /// A supervisor pulled it.
    ContactPulled,
    /// A supervisor gave it a head start.
    ContactPrioritised,
    /// Waiting changed who may take it.
    PhaseReached,
    /// Its score is another.
    ContactScored,
    /// Its customer feels worse at an agent's hands.
    AssistSuggested,
    /// It ended.
    ContactClosed,
    /// It is offered.
    OfferMade,
    /// The desktop shows it.
    OfferDelivered,
    /// The agent has longer.
    OfferExtended,
    /// The agent took it.
    OfferAccepted,
    /// The agent did not.
    OfferDeclined,
    /// Nobody answered.
    OfferExpired,
    /// It was withdrawn.
    OfferRescinded,
    /// An engagement was set aside.
    EngagementInterrupted,
    /// It goes on.
    EngagementResumed,
    /// Nobody knows whether it goes on.
    EngagementUnconfirmed,
    /// It does.
    EngagementConfirmed,
    /// Wrap-up began.
    WrapUpStarted,
    /// It takes longer.
    WrapUpExtended,
    /// The agent is free of it.
    EngagementEnded,
    /// A supervisor did something.
    Supervised,
    /// A queue opened, paused or drains.
    QueueModeSet,
    /// A queue's contacts overflow, or do so no more.
    QueueOverflowSet,
    /// A queue's contacts go elsewhere.
    QueueMoveStarted,
    /// They all went.
    QueueMoveEnded,
    /// Nobody anywhere could ever take a contact: an alert.
    ContactUnreachable,
    /// Somebody could again.
    ContactReachable,
    /// A moment of truth waits, and no empathetic agent who could take it is signed in: an alert.
    MomentUncovered,
    /// A document removed its queue, and it goes on in another.
    ContactMoved,
    /// After a restart nothing is offered for now.
    OfferingHeld,
    /// Offering goes on.
    OfferingResumed,
}

/// What a record touched.
#[derive(Default)]
struct Touched {
    contacts: BTreeSet<ContactKey>,
    agents: BTreeSet<AgentKey>,
    queues: BTreeSet<QueueKey>,
    left: Vec<(ContactKey, QueueKey)>,
    details: BTreeSet<ContactKey>,
}

impl State {
    /// The public side of these events, which have just been applied; none if there is nothing to tell.
    pub fn change(&self, events: &[Event]) -> Option<Change> {
        let mut touched = Touched::default();
        let (mut happenings, mut gone) = (Vec::new(), Vec::new());
        for event in events {
            if let Event::AgentDeleted { id, .. } = event {
                gone.push(id.clone());
            }
            happenings.extend(self.happening(event, &mut touched));
            if let Event::Stalled { .. } = event {
                happenings.extend(self.given_back(&mut touched));
            }
        }
        let is_swept = events.iter().any(|event| matches!(event, Event::DocumentSwept { .. })) && !self.is_sweeping();
        happenings.extend(is_swept.then(|| Happening {
            kind: HappeningKind::DocumentApplied,
            document_version: self.version,
            ..Happening::default()
        }));
        if happenings.is_empty() {
            return None;
        }
        let contacts: Vec<ContactRow> = touched
            .contacts
            .iter()
            .filter(|key| self.contacts.get(key).is_some())
            .map(|key| self.contact_row(*key, &touched))
            .collect();
        // A contact's stage counts in its queue, whatever changed it.
        let counted = touched.contacts.iter().filter_map(|key| self.contacts.get(key)?.route.as_deref());
        touched.queues.extend(counted.map(|route| route.queue).collect::<Vec<_>>());
        let existing = touched.agents.iter().filter(|key| self.agents[key.0 as usize].is_some());
        let ruled = touched.queues.iter().filter(|key| self.queues[key.0 as usize].rules.is_some());
        Some(Change {
            at: self.now,
            happenings,
            contacts,
            agents: existing.map(|key| self.agent_view(*key)).collect(),
            gone,
            queues: ruled.map(|key| self.queue_view(*key)).collect(),
        })
    }

    /// After nobody was heard for a while: what agents have in hand ends later, and is told as if each had been extended.
    fn given_back(&self, touched: &mut Touched) -> Vec<Happening> {
        let agents = self.agent_ids.values().map(|key| self.agent(*key));
        let extended = agents.flat_map(|agent| {
            let offers = agent.offers.iter().map(|key| {
                let offer = self.offer(*key);
                Event::OfferExtended { offer: *key, expires_at: offer.expires_at.unwrap_or(offer.deliver_by) }
            });
            let wrap_ups = agent.engagements.iter().filter_map(|key| match self.engagement(*key).phase {
                EngagementPhase::WrapUp { until, .. } => Some(Event::WrapUpExtended { engagement: *key, until }),
                EngagementPhase::Active | EngagementPhase::Interrupted => None,
            });
            offers.chain(wrap_ups)
        });
        extended.filter_map(|event| self.happening(&event, touched)).collect()
    }

    fn contact_row(&self, key: ContactKey, touched: &Touched) -> ContactRow {
        let left = touched.left.iter().filter(|(contact, _)| *contact == key);
        ContactRow {
            view: self.contact_view(self.now, key),
            left: left.map(|(_, queue)| self.queue_name(*queue).clone()).collect(),
            details: if touched.details.contains(&key) { Details::New } else { Details::Known },
        }
    }

    fn happening(&self, event: &Event, touched: &mut Touched) -> Option<Happening> {
        use HappeningKind as Kind;
        Some(match event {
            // Nothing that anybody outside could see.
            Event::RequestAccepted { .. }
            | Event::RequestsForgotten { .. }
            | Event::SessionRescinded { .. }
            | Event::RefusalEnded { .. }
            | Event::DrainStarted { .. }
            | Event::DrainPostponed { .. }
            | Event::ContactForgotten { .. }
            | Event::TombstonesForgotten { .. }
            | Event::SignalsTaken { .. }
            | Event::ReserveSet { .. }
            | Event::OfferingCaughtUp {}
            | Event::Reindexed {}
            | Event::AcceptanceLearnt { .. }
            | Event::ShowRateLearnt { .. }
            | Event::EmpathyLearnt { .. }
            | Event::MomentExpected { .. }
            | Event::OverflowSpread { .. }
            | Event::OverflowSpreadEnded { .. }
            | Event::QueueMoveAdvanced { .. } => return None,

            // Told once, by the slice that ends it.
            Event::DocumentApplied { .. } | Event::DocumentSwept { .. } => return None,
            Event::AgentPut { agent, .. } => self.of_agent(Kind::AgentPut, *agent, touched),
            Event::AgentDeleted { id, .. } => {
                Happening { kind: Kind::AgentDeleted, agent: Some(id.clone()), ..Happening::default() }
            }
            Event::SessionOpened { agent, resumed, .. } => Happening {
                because: if *resumed { "resumed" } else { "new" }.into(),
                ..self.of_agent(Kind::SessionOpened, *agent, touched)
            },
            Event::SessionLost { agent, grace_ends_at, .. } => {
                Happening { until: Some(*grace_ends_at), ..self.of_agent(Kind::SessionLost, *agent, touched) }
            }
            Event::SessionEnded { agent } => self.of_agent(Kind::SessionEnded, *agent, touched),
            Event::PresenceSet { agent, presence, because } => Happening {
                because: because.name().into(),
                presence: Some(presence.clone()),
                ..self.of_agent(Kind::PresenceSet, *agent, touched)
            },
            Event::PresencePending { agent, presence } => {
                Happening { presence: Some(presence.clone()), ..self.of_agent(Kind::PresencePending, *agent, touched) }
            }
            Event::AgentRested { agent } => self.of_agent(Kind::AgentRested, *agent, touched),
            Event::RonaSuspended { until } => {
                Happening { kind: Kind::RonaSuspended, until: Some(*until), ..Happening::default() }
            }

            Event::OfferingHeld { until, .. } => {
                Happening { until: Some(*until), ..self.of_every_queue(Kind::OfferingHeld, touched) }
            }
            // A hold that is on ends later by it.
            Event::Stalled { .. } => {
                let until = Some(self.hold.as_ref()?.until);
                Happening { until, ..self.of_every_queue(Kind::OfferingHeld, touched) }
            }
            Event::OfferingResumed { .. } => self.of_every_queue(Kind::OfferingResumed, touched),

            Event::ContactAnnounced { contact, expected_at, .. } => {
                touched.details.insert(*contact);
                Happening { until: Some(*expected_at), ..self.of_contact(Kind::ContactAnnounced, *contact, touched) }
            }
            Event::ContactQueued { contact, queued } => {
                touched.details.insert(*contact);
                Happening {
                    queue: Some(self.queue_name(queued.queue).clone()),
                    ..self.of_contact(Kind::ContactQueued, *contact, touched)
                }
            }
            Event::ContactRequeued { contact, from, queue, because, .. } => {
                touched.queues.extend([*from, *queue]);
                if from != queue {
                    touched.left.push((*contact, *from));
                }
                Happening {
                    queue: Some(self.queue_name(*queue).clone()),
                    from_queue: Some(self.queue_name(*from).clone()),
                    because: because.name().into(),
                    ..self.of_contact(Kind::ContactRequeued, *contact, touched)
                }
            }
            // The action before it tells of it.
            Event::CustomerErased { contacts, .. } => {
                touched.contacts.extend(contacts);
                touched.details.extend(contacts);
                return None;
            }
            Event::ContactMoved { contact, from, queue } if from == queue => {
                touched.contacts.insert(*contact);
                return None;
            }
            Event::ContactMoved { contact, from, queue } => {
                touched.queues.extend([*from, *queue]);
                touched.left.push((*contact, *from));
                Happening {
                    queue: Some(self.queue_name(*queue).clone()),
                    from_queue: Some(self.queue_name(*from).clone()),
                    ..self.of_contact(Kind::ContactMoved, *contact, touched)
                }
            }
            Event::ContactUpdated { contact, details, .. } => {
                if details.is_some() {
                    touched.details.insert(*contact);
                }
                self.of_contact(Kind::ContactUpdated, *contact, touched)
            }
            Event::ContactParked { contact, until } => {
                Happening { until: Some(*until), ..self.of_contact(Kind::ContactParked, *contact, touched) }
            }
            Event::ContactReleased { contact } => self.of_contact(Kind::ContactReleased, *contact, touched),
            Event::StepReached { contact, step, beyond } => Happening {
                step: *step,
                because: if beyond.is_some() { "estimated_wait" } else { "waited" }.into(),
                ..self.of_contact(Kind::StepReached, *contact, touched)
            },
            Event::TargetReleased { contact } => self.of_contact(Kind::TargetReleased, *contact, touched),
            Event::ContactPulled { contact, target } => Happening {
                agent: self.agent_id(target.agent).cloned(),
                until: target.until,
                ..self.of_contact(Kind::ContactPulled, *contact, touched)
            },
            Event::ContactPrioritised { contact, .. } => self.of_contact(Kind::ContactPrioritised, *contact, touched),
            Event::PhaseReached { contact, .. } => {
                let is_moment = self.contacts.get(contact).and_then(|contact| contact.route.as_deref());
                let is_moment = is_moment.is_some_and(|route| route.care.moment_of_truth);
                let because = if is_moment { "hold_over" } else { "reserve_released" };
                Happening { because: because.into(), ..self.of_contact(Kind::PhaseReached, *contact, touched) }
            }
            Event::ContactScored { contact, care, .. } => Happening {
                because: if care.moment_of_truth { "moment_of_truth" } else { "routine" }.into(),
                ..self.of_contact(Kind::ContactScored, *contact, touched)
            },
            Event::AssistSuggested { contact, agent, why } => Happening {
                agent: self.agent_id(*agent).cloned(),
                because: why.source.name().into(),
                ..self.of_contact(Kind::AssistSuggested, *contact, touched)
            },
            Event::ContactUnreachable { contact, .. } => self.of_contact(Kind::ContactUnreachable, *contact, touched),
            Event::ContactReachable { contact } => self.of_contact(Kind::ContactReachable, *contact, touched),
            Event::MomentUncovered { contact } => self.of_contact(Kind::MomentUncovered, *contact, touched),
            Event::ContactClosed { contact, because, .. } => {
                Happening { because: because.name().into(), ..self.of_contact(Kind::ContactClosed, *contact, touched) }
            }

            Event::OfferMade { offer, .. } => self.of_offer(Kind::OfferMade, *offer, touched)?,
            Event::OfferDelivered { offer, expires_at } => {
                Happening { until: Some(*expires_at), ..self.of_offer(Kind::OfferDelivered, *offer, touched)? }
            }
            Event::OfferExtended { offer, expires_at } => {
                Happening { until: Some(*expires_at), ..self.of_offer(Kind::OfferExtended, *offer, touched)? }
            }
            Event::OfferAccepted { offer, .. } => self.of_offer(Kind::OfferAccepted, *offer, touched)?,
            Event::OfferDeclined { offer, reason, .. } => {
                Happening { because: reason.clone().into(), ..self.of_offer(Kind::OfferDeclined, *offer, touched)? }
            }
            Event::OfferExpired { offer, .. } => self.of_offer(Kind::OfferExpired, *offer, touched)?,
            Event::OfferRescinded { offer, because, .. } => {
                Happening { because: because.name().into(), ..self.of_offer(Kind::OfferRescinded, *offer, touched)? }
            }

            Event::EngagementInterrupted { engagement } => {
                self.of_engagement(Kind::EngagementInterrupted, *engagement, touched)?
            }
            Event::EngagementResumed { engagement } => {
                self.of_engagement(Kind::EngagementResumed, *engagement, touched)?
            }
            Event::EngagementUnconfirmed { engagement } => {
                self.of_engagement(Kind::EngagementUnconfirmed, *engagement, touched)?
            }
            Event::EngagementConfirmed { engagement } => {
                self.of_engagement(Kind::EngagementConfirmed, *engagement, touched)?
            }
            Event::WrapUpStarted { engagement, until, because, .. } => Happening {
                until: Some(*until),
                because: because.name().into(),
                ..self.of_engagement(Kind::WrapUpStarted, *engagement, touched)?
            },
            Event::WrapUpExtended { engagement, until } => {
                Happening { until: Some(*until), ..self.of_engagement(Kind::WrapUpExtended, *engagement, touched)? }
            }
            Event::EngagementEnded { agent, contact, because, .. } => {
                // The contact may be long forgotten; what it is now, if it is, may have changed by this.
                touched.contacts.extend(self.contact_ids.get(contact));
                Happening {
                    contact: Some(contact.clone()),
                    because: because.name().into(),
                    ..self.of_agent(Kind::EngagementEnded, *agent, touched)
                }
            }

            Event::Supervised { supervision } => {
                Happening { kind: Kind::Supervised, supervision: Some(Arc::clone(supervision)), ..Happening::default() }
            }
            Event::QueueModeSet { queue, mode, .. } => {
                Happening { because: mode.name().into(), ..self.of_queue(Kind::QueueModeSet, *queue, touched) }
            }
            Event::OverflowSet { queue, beyond, .. } => Happening {
                because: if beyond.is_some() { "estimated_wait" } else { "over" }.into(),
                ..self.of_queue(Kind::QueueOverflowSet, *queue, touched)
            },
            Event::QueueMoveStarted { from, to, .. } => self.of_move(Kind::QueueMoveStarted, *from, *to, touched),
            Event::QueueMoveEnded { from, to, moved, left } => {
                Happening { moved: (*moved, *left), ..self.of_move(Kind::QueueMoveEnded, *from, *to, touched) }
            }
        })
    }

    fn of_contact(&self, kind: HappeningKind, key: ContactKey, touched: &mut Touched) -> Happening {
        touched.contacts.insert(key);
        let contact = self.contacts.get(&key).map(|contact| contact.id.clone());
        Happening { kind, contact, ..Happening::default() }
    }

    fn of_agent(&self, kind: HappeningKind, key: AgentKey, touched: &mut Touched) -> Happening {
        touched.agents.insert(key);
        Happening { kind, agent: self.agent_id(key).cloned(), ..Happening::default() }
    }

    fn of_queue(&self, kind: HappeningKind, key: QueueKey, touched: &mut Touched) -> Happening {
        touched.queues.insert(key);
        Happening { kind, queue: Some(self.queue_name(key).clone()), ..Happening::default() }
    }

    fn of_every_queue(&self, kind: HappeningKind, touched: &mut Touched) -> Happening {
        touched.queues.extend(self.document.queues.keys().filter_map(|name| self.find_queue(name)));
        Happening { kind, ..Happening::default() }
    }

    fn of_move(&self, kind: HappeningKind, from: QueueKey, to: QueueKey, touched: &mut Touched) -> Happening {
        touched.queues.insert(from);
        Happening { from_queue: Some(self.queue_name(from).clone()), ..self.of_queue(kind, to, touched) }
    }

    /// Offers that ended are remembered for a minute, hence longer than their record takes.
    fn of_offer(&self, kind: HappeningKind, key: OfferKey, touched: &mut Touched) -> Option<Happening> {
        let facts = self.offer_facts(key)?;
        touched.agents.insert(facts.agent);
        let agent = self.agent_id(facts.agent).cloned();
        Some(Happening { agent, offer: Some(key), ..self.of_contact(kind, facts.contact, touched) })
    }

    /// Of an engagement that ended in the same record, its end tells enough.
    fn of_engagement(&self, kind: HappeningKind, key: EngagementKey, touched: &mut Touched) -> Option<Happening> {
        let engaged = self.engagements.get(&key)?;
        touched.contacts.extend(self.contact_ids.get(&engaged.contact_id));
        let contact = Some(engaged.contact_id.clone());
        Some(Happening { contact, ..self.of_agent(kind, engaged.agent, touched) })
    }
}
