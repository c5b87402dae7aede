//! Answering queries from the state.
//!
//! Invariant: `&State` only; a list looks at no more than [`PAGE_EXAMINED_MAX`] rows.

use std::{ops::Bound, sync::Arc};

use crate::{
    model::{
        agent::{AgentRow, Presence},
        document::{Acceptance, Declining},
        ids::{
            AgentId, AgentKey, ChannelKey, ChannelName, ContactId, ContactKey, EngagementKey, OfferKey, QueueKey,
            QueueName, SessionId,
        },
        limits::{PAGE_EXAMINED_MAX, PAGE_MAX},
        time::{Span, Timestamp},
    },
    scoring::Met,
};

use super::{
    agent::check_put,
    find::{agent_of, nearest, open_contact, queue_named},
    reject::Reject,
    signal::heard,
    state::{Agent, Contact, EngagementPhase, Offer, Stage, State},
    view::{
        AgentView, Answer, ContactFilter, ContactState, ContactView, MomentView, OfferView, PositionView, Query,
        QueueView, WorkState, WorkView,
    },
};

/// What metrics need to know of a contact that has been in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactFacts {
    /// Its queue.
    pub queue: QueueKey,
    /// Its channel.
    pub channel: ChannelKey,
    /// When it arrived.
    pub arrived_at: Timestamp,
    /// When it entered its queue.
    pub queued_at: Timestamp,
}

/// What metrics need to know of an offer, open or ended within the last minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferFacts {
    /// The contact.
    pub contact: ContactKey,
    /// The agent.
    pub agent: AgentKey,
    /// When the offer was made.
    pub made_at: Timestamp,
    /// When its delivery was acknowledged.
    pub delivered_at: Option<Timestamp>,
}

/// What metrics need to know of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeatFacts {
    /// Whether moments of truth go to the agent first, by the document in force.
    pub is_empathetic: bool,
    /// What the agent can carry; 0 while there is neither readiness nor work.
    pub capacity: u32,
    /// What of it engagements take.
    pub busy: u32,
    /// Of an agent who is available.
    pub available: Option<AvailableFacts>,
}

/// What metrics need to know of an agent who is available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvailableFacts {
    /// Since when.
    pub since: Timestamp,
    /// When the last contact ended; `None` = there was none.
    pub last_contact_ended: Option<Timestamp>,
}

impl State {
    /// Answers a question as of now.
    pub fn query(&self, now: Timestamp, query: &Query) -> Result<Answer, Reject> {
        match query {
            Query::Contact(id) => {
                if let Some(key) = self.contact_ids.get(id) {
                    return Ok(Answer::Contact(Box::new(self.contact_view(now, *key))));
                }
                let ended = self.tombstones.contact(id).ok_or_else(|| Reject::ContactUnknown(id.clone()))?;
                Ok(Answer::Ended { contact: id.clone(), closed: ended })
            }
            Query::Contacts { after, limit, filter } => {
                // A queue that is no more may still have contacts, at their agents.
                let never_was = filter.queue.as_ref().filter(|queue| self.queue_names.find(queue).is_none());
                never_was.map(|queue| queue_named(self, "queue", queue)).transpose()?;
                Ok(self.list_contacts(now, after.as_ref(), *limit, filter))
            }
            Query::Agent(id) => Ok(Answer::Agent(Box::new(self.agent_view(agent_of(self, id)?)))),
            Query::Agents { after, limit } => {
                let page = self.agent_ids.range::<AgentId>((after_key(after.as_ref()), Bound::Unbounded));
                let limit = (*limit).min(PAGE_MAX);
                let agents: Vec<AgentView> = page.take(limit).map(|(_, key)| self.agent_view(*key)).collect();
                let next = agents.last().filter(|_| agents.len() == limit).map(|last| last.id.clone());
                Ok(Answer::Agents { agents, next })
            }
            Query::CheckAgents(rows) => {
                let check = |row: &AgentRow| check_put(self, &row.agent, &row.profile, row.expected);
                Ok(Answer::Checked(rows.iter().map(check).collect()))
            }
            Query::Position(id) => self.position(now, id),
            Query::Queue(name) => Ok(Answer::Queue(self.queue_view(queue_named(self, "queue", name)?))),
            Query::Actions { before, limit } => {
                let limit = (*limit).min(PAGE_MAX);
                let actions = self.actions.before(*before, limit);
                let next = actions.last().map(|last| last.number).filter(|_| actions.len() == limit);
                Ok(Answer::Actions { actions, next })
            }
            Query::Queues { after, limit } => Ok(self.list_queues(after.as_ref(), *limit)),
            Query::Document { version, field } => {
                let version = version.unwrap_or(self.version);
                let found = self.history.version(version).ok_or_else(|| self.version_unknown(field, version))?;
                Ok(Answer::Document { version: Arc::clone(found), sweep: self.sweep_view() })
            }
            Query::DocumentVersions { before, limit } => {
                let limit = (*limit).min(PAGE_MAX);
                let versions: Vec<_> = self.history.before(*before).take(limit).cloned().collect();
                let last = versions.last().map(|last| last.version);
                let next = last.filter(|last| self.history.before(Some(*last)).next().is_some());
                Ok(Answer::DocumentVersions { versions, next })
            }
            Query::Preview(proposal) => Ok(Answer::Preview(Box::new(self.preview(proposal)))),
            Query::OpenOffers(id) => {
                let agent = self.agent(agent_of(self, id)?);
                Ok(Answer::OpenOffers(agent.offers.iter().filter_map(|offer| self.offer_view(*offer)).collect()))
            }
            Query::Explain(question) => self.explain(now, question),
        }
    }

    /// The session an agent has, its stream open or lost.
    pub fn session_of(&self, agent: &AgentId) -> Option<&SessionId> {
        let agent = self.agent(*self.agent_ids.get(agent)?);
        agent.session.as_ref().map(|session| &session.id)
    }

    fn list_contacts(&self, now: Timestamp, after: Option<&ContactId>, limit: usize, filter: &ContactFilter) -> Answer {
        let limit = limit.min(PAGE_MAX);
        let (mut contacts, mut last) = (Vec::new(), None);
        let rows = self.contact_ids.range::<ContactId>((after_key(after), Bound::Unbounded));
        for (examined, (id, key)) in rows.enumerate() {
            if contacts.len() == limit || examined == PAGE_EXAMINED_MAX {
                return Answer::Contacts { contacts, next: last };
            }
            last = Some(id.clone());
            if self.passes(*key, filter) {
                contacts.push(self.contact_view(now, *key));
            }
        }
        Answer::Contacts { contacts, next: None }
    }

    fn passes(&self, key: ContactKey, filter: &ContactFilter) -> bool {
        let contact = self.contact(key);
        let queue = contact.route.as_deref().map(|route| self.queue_name(route.queue));
        let in_queue = filter.queue.is_none() || filter.queue.as_ref() == queue;
        in_queue && (filter.states.is_empty() || filter.states.contains(&contact.state()))
    }

    fn list_queues(&self, after: Option<&QueueName>, limit: usize) -> Answer {
        let limit = limit.min(PAGE_MAX);
        let names = self.document.queues.range::<QueueName, _>((after_key(after), Bound::Unbounded));
        let keys = names.filter_map(|(name, _)| self.find_queue(name));
        let queues: Vec<QueueView> = keys.take(limit).map(|key| self.queue_view(key)).collect();
        let next = queues.last().filter(|_| queues.len() == limit).map(|last| last.name.clone());
        Answer::Queues { queues, next }
    }

    fn position(&self, now: Timestamp, id: &ContactId) -> Result<Answer, Reject> {
        let (key, contact) = open_contact(self, id)?;
        if !contact.is_waiting() {
            let (contact, state) = (id.clone(), contact.stage_name());
            return Err(Reject::ContactState { contact, state, needed: "waiting" });
        }
        let route = self.route(key);
        let places = &self.queues[route.queue.0 as usize].places;
        Ok(Answer::Position(PositionView {
            queue: self.queue_name(route.queue).clone(),
            ahead: places.rank(route.place) as u64,
            waiting: places.len() as u64,
            waited: now - contact.arrived_at,
        }))
    }

    /// A picture of a contact.
    pub(super) fn contact_view(&self, now: Timestamp, key: ContactKey) -> ContactView {
        let contact = self.contact(key);
        let route = contact.route.as_deref();
        let engagement = contact.engagement().map(|key| self.engagement(key));
        let closed = match contact.stage {
            Stage::Closed { because, at, .. } => Some((because, at)),
            _ => None,
        };
        let until = route.and_then(|route| route.answered_at).or(closed.map(|(_, at)| at)).unwrap_or(now);
        let offers = route.map(|route| route.offers.as_slice()).unwrap_or_default().iter();
        ContactView {
            id: contact.id.clone(),
            state: contact.state(),
            queue: route.map(|route| self.queue_name(route.queue).clone()),
            channel: route.map(|route| self.channel_name(route.channel).clone()),
            arrived_at: contact.arrived_at,
            queued_at: route.map(|route| route.queued_at),
            virtual_arrival: route.map(|route| route.place.virtual_arrival),
            step: route.map_or(0, |route| route.step),
            offers: offers.map(|offer| (*offer, self.agent(self.offer(*offer).agent).id.clone())).collect(),
            offers_made: route.map_or(0, |route| route.offers_made),
            agent: engagement.map(|engagement| self.agent(engagement.agent).id.clone()),
            unconfirmed: engagement.is_some_and(|engagement| engagement.unconfirmed),
            closed,
            moment_of_truth: route.is_some_and(|route| route.care.moment_of_truth),
            score: heard(contact).map_or(0, |heard| heard.scored.score),
            contributions: heard(contact).map(|heard| heard.scored.contributions.clone()).unwrap_or_default(),
            waited: (until - contact.arrived_at).max(Span::ZERO),
            details: Arc::clone(&contact.details),
        }
    }

    /// A picture of an agent.
    pub(super) fn agent_view(&self, key: AgentKey) -> AgentView {
        let agent = self.agent(key);
        let offered = agent.offers.iter().map(|offer| self.offered_work(*offer));
        let engaged = agent.engagements.iter().map(|engagement| self.engaged_work(*engagement));
        AgentView {
            id: agent.id.clone(),
            profile: Arc::clone(&agent.profile),
            revision: agent.revision,
            presence: agent.presence.clone(),
            pending: agent.pending.clone(),
            session: agent.session.as_ref().map(|session| (session.id.clone(), session.lost.is_none())),
            capacity_used: agent.used,
            work: offered.chain(engaged).collect(),
            load: agent.load,
        }
    }

    fn offered_work(&self, key: OfferKey) -> WorkView {
        let offer = self.offer(key);
        WorkView {
            contact: self.contact(offer.contact).id.clone(),
            queue: self.queue_name(offer.queue).clone(),
            channel: self.channel_name(offer.channel).clone(),
            state: WorkState::Offered(key),
            ends_at: offer.expires_at,
        }
    }

    pub(super) fn engaged_work(&self, key: EngagementKey) -> WorkView {
        let engagement = self.engagement(key);
        let (state, ends_at) = match engagement.phase {
            EngagementPhase::WrapUp { until, .. } => (WorkState::WrapUp, Some(until)),
            _ if engagement.unconfirmed => (WorkState::Unconfirmed, None),
            EngagementPhase::Active => (WorkState::Engaged, None),
            EngagementPhase::Interrupted => (WorkState::Interrupted, None),
        };
        WorkView {
            contact: engagement.contact_id.clone(),
            queue: self.queue_name(engagement.queue).clone(),
            channel: self.channel_name(engagement.channel).clone(),
            state,
            ends_at,
        }
    }

    /// A picture of an open offer; `None` if it has ended.
    pub(super) fn offer_view(&self, key: OfferKey) -> Option<OfferView> {
        let offer = self.offers.get(&key).filter(|offer| offer.ended.is_none())?;
        let contact = self.contact(offer.contact);
        let rules = &self.rules(offer.queue).offers;
        Some(OfferView {
            offer: key,
            contact: contact.id.clone(),
            queue: self.queue_name(offer.queue).clone(),
            channel: self.channel_name(offer.channel).clone(),
            arrived_at: contact.arrived_at,
            made_at: offer.made_at,
            deliver_by: offer.deliver_by,
            offer_time: offer.time,
            expires_at: offer.expires_at,
            automatic: rules.acceptance == Acceptance::Automatic,
            may_decline: rules.declining == Declining::Allowed,
            choice: offer.choice,
            moments: self.moments_of(offer.contact),
            details: Arc::clone(&contact.details),
            trace: contact.route.as_deref().and_then(|route| route.trace.clone()),
        })
    }

    /// The moments of the catalogue that a contact is, the one that is worth most first.
    pub(super) fn moments_of(&self, key: ContactKey) -> Vec<MomentView> {
        let contact = self.contact(key);
        let view = |met: &Met| MomentView {
            name: met.name.clone(),
            since: met.since.unwrap_or(contact.arrived_at),
            handling: met.handling,
        };
        heard(contact).map(|heard| heard.scored.moments.iter().map(view).collect()).unwrap_or_default()
    }

    pub(super) fn queue_view(&self, key: QueueKey) -> QueueView {
        let queue = &self.queues[key.0 as usize];
        QueueView {
            name: self.queue_name(key).clone(),
            waiting: queue.places.len() as u64,
            offered: queue.offered,
            parked: queue.parked,
            engaged: queue.engaged,
            unreachable: queue.unreachable,
            oldest_since: queue.places.first().map(|(_, contact)| self.route(contact).ordered_from),
            mode: queue.mode,
            mode_set: queue.mode_set.clone(),
            moving_to: self.moves.of(key).map(|job| self.queue_name(job.to).clone()),
            held_until: self.hold.as_ref().map(|hold| hold.until),
            overflows: self.overflow_views(key),
        }
    }

    /// What metrics need to know of an offer; ended ones are remembered for a minute.
    pub fn offer_facts(&self, key: OfferKey) -> Option<OfferFacts> {
        let Offer { contact, agent, made_at, delivered_at, .. } = *self.offers.get(&key)?;
        Some(OfferFacts { contact, agent, made_at, delivered_at })
    }

    /// What metrics need to know of a contact, once it has been in a queue.
    pub fn contact_facts(&self, key: ContactKey) -> Option<ContactFacts> {
        let contact = self.contacts.get(&key)?;
        let route = contact.route.as_deref()?;
        let (queue, channel, arrived_at, queued_at) = (route.queue, route.channel, contact.arrived_at, route.queued_at);
        Some(ContactFacts { queue, channel, arrived_at, queued_at })
    }

    /// Contacts that wait, for whoever did not see them come; whether each is a moment of truth is told with it.
    pub fn waiting_contacts(&self) -> impl Iterator<Item = (ContactKey, ContactFacts, bool)> {
        self.contact_ids.values().filter_map(|key| {
            let is_moment = self.contact(*key).route.as_deref()?.care.moment_of_truth;
            let facts = self.contact_facts(*key).filter(|_| self.contact(*key).is_waiting())?;
            Some((*key, facts, is_moment))
        })
    }

    /// What metrics need to know of an agent; `None` once the agent was deleted.
    pub fn seat_facts(&self, key: AgentKey) -> Option<SeatFacts> {
        let agent = self.agents.get(key.0 as usize)?.as_ref()?;
        let empathy = self.document.empathy.as_ref();
        let is_empathetic = empathy.is_some_and(|empathy| {
            agent.profile.skills.get(&empathy.skill).is_some_and(|level| *level >= empathy.level)
        });
        let busy = agent.engagements.iter().map(|engagement| self.engagement(*engagement).cost_now).sum();
        let is_there = agent.presence == Presence::Available || !agent.engagements.is_empty();
        let capacity = if is_there { agent.profile.capacity } else { 0 };
        let available = (agent.presence == Presence::Available).then(|| AvailableFacts {
            since: agent.available_since,
            last_contact_ended: Some(agent.last_contact_ended).filter(|ended| *ended != Timestamp::default()),
        });
        Some(SeatFacts { is_empathetic, capacity, busy, available })
    }

    /// Channels of the document in force, in the order of their names.
    pub fn channels_in_force(&self) -> impl Iterator<Item = &ChannelName> {
        self.document.channels.keys()
    }

    /// Refuses a channel that the document in force does not name.
    pub fn check_channel(&self, channel: &ChannelName) -> Result<(), Reject> {
        let unknown = || Reject::ChannelUnknown {
            field: "channel",
            channel: channel.clone(),
            similar: nearest(channel.as_str(), self.channels_in_force().map(|name| name.as_str())),
        };
        self.document.channels.contains_key(channel).then_some(()).ok_or_else(unknown)
    }

    /// Who has an engagement; `None` once it has ended.
    pub fn engaged_agent(&self, key: EngagementKey) -> Option<AgentKey> {
        self.engagements.get(&key).map(|engagement| engagement.agent)
    }

    /// An agent's id; `None` once the agent was deleted.
    pub fn agent_id(&self, key: AgentKey) -> Option<&AgentId> {
        self.agents.get(key.0 as usize)?.as_ref().map(|agent| &agent.id)
    }
}

fn after_key<K>(after: Option<&K>) -> Bound<&K> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

impl Contact {
    /// Where it is in its life.
    pub fn state(&self) -> ContactState {
        match self.stage {
            Stage::Announced { .. } => ContactState::Announced,
            Stage::Waiting if self.route.as_deref().is_some_and(|route| !route.offers.is_empty()) => {
                ContactState::Offered
            }
            Stage::Waiting => ContactState::Queued,
            Stage::Parked { .. } => ContactState::Parked,
            Stage::Engaged(_) => ContactState::Engaged,
            Stage::WrapUp(_) => ContactState::WrapUp,
            Stage::Closed { .. } => ContactState::Closed,
        }
    }

    /// The engagement it is in, active or in wrap-up.
    pub fn engagement(&self) -> Option<EngagementKey> {
        match self.stage {
            Stage::Engaged(engagement) | Stage::WrapUp(engagement) => Some(engagement),
            _ => None,
        }
    }
}

impl Agent {
    /// Everything at the agent at once.
    pub fn work_count(&self) -> usize {
        self.offers.len() + self.engagements.len()
    }
}
