//! What is learnt and forecast: a projection of one tenant's events, which now and then advises its shard.
//!
//! Invariant: it reads events and nothing else but names, and keeps time by theirs; the same events give the same advice
//! ([`waits`], which advises overflow, looks at the state too).
//! Advice is commands, which the shard takes in as records of its own: no decision reads anything here, so that replay
//! stays exact. What is kept of contacts ends with them, and what is kept of queues, skills and sources is bounded by the
//! document and by [`SOURCES_MAX`](crate::model::limits::SOURCES_MAX).
//!
//! In reading order: [`decay`] (sums that fade), [`staff`] (who works), [`reserve`] (how many empathetic agents to keep
//! free), [`acceptance`] (how long accepting takes), [`promise`] (what announcements are worth), [`ending`] (how contacts
//! end), [`empathy`] (what that says of agents); beside them [`waits`] (how long waits will be). Not here: clocks, metrics (`shard`), and what decisions make of it
//! (`engine`).

mod acceptance;
mod decay;
mod empathy;
mod ending;
mod promise;
pub mod reserve;
mod staff;
pub mod waits;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    engine::{
        Command, Event, State,
        event::{EngagementOver, Queued},
    },
    model::{
        contact::ClosedBecause,
        document::{Document, ReserveRules},
        ids::{AgentId, AgentKey, ChannelKey, ContactKey, EngagementKey, OfferKey, QueueKey, SkillName},
        requirement::Dnf,
        time::{Span, Timestamp},
    },
};

use acceptance::Acceptances;
use empathy::Outcomes;
use ending::Endings;
use promise::Promises;
use reserve::AutoReserve;

pub use empathy::Learner;
pub use reserve::Load;
pub use staff::{Group, Staff};

/// How often advice is given at most; a new document is followed at once.
const EVERY: Span = Span::from_secs(60);
/// Who hangs up this soon was not made to wait.
const HANGS_UP_SOON: Span = Span::from_secs(5);

/// What is known of a tenant by its events.
#[derive(Debug)]
pub struct Forecast {
    document: Arc<Document>,
    staff: Staff,
    contacts: BTreeMap<ContactKey, Contact>,
    offers: BTreeMap<OfferKey, Offered>,
    engagements: BTreeMap<EngagementKey, Engaged>,
    reserve: AutoReserve,
    acceptances: Acceptances,
    promises: Promises,
    endings: Endings,
    outcomes: Outcomes,
    next_at: Timestamp,
}

/// A contact from its first queue to its end.
#[derive(Debug)]
struct Contact {
    queue: QueueKey,
    channel: ChannelKey,
    queued_at: Timestamp,
    /// The skills that whoever takes it must have.
    asks: Vec<SkillName>,
    /// Since when it is a moment of truth.
    moment_since: Option<Timestamp>,
    /// Whether it was one at some time.
    was_moment: bool,
    /// Whether it is known if it reached an empathetic agent in time.
    is_judged: bool,
}

#[derive(Debug)]
struct Offered {
    contact: ContactKey,
    agent: AgentKey,
    made_at: Timestamp,
}

#[derive(Debug)]
struct Engaged {
    contact: ContactKey,
    accepted_at: Timestamp,
    is_moment: bool,
}

impl Forecast {
    /// Of a tenant of which nothing is known yet.
    pub fn new() -> Self {
        Self {
            document: Arc::new(Document::empty()),
            staff: Staff::default(),
            contacts: BTreeMap::new(),
            offers: BTreeMap::new(),
            engagements: BTreeMap::new(),
            reserve: AutoReserve::default(),
            acceptances: Acceptances::default(),
            promises: Promises::default(),
            endings: Endings::default(),
            outcomes: Outcomes::default(),
            next_at: Timestamp(i64::MIN),
        }
    }

    /// Follows what happened at `now`; `state`, which may be ahead of it, is asked for names alone.
    pub fn record(&mut self, now: Timestamp, events: &[Event], state: &State) {
        self.reserve.begin(now);
        for event in events {
            self.follow(now, event, state);
        }
    }

    /// What the shard should take in now, if it is time to say so.
    pub fn advice(&mut self, now: Timestamp) -> Option<Vec<Command>> {
        if now < self.next_at {
            return None;
        }
        self.next_at = now + EVERY;
        let mut advice = self.reserve.advice(now, &self.document, &self.staff);
        advice.extend(self.acceptances.advice(&self.document));
        advice.extend(self.promises.advice(&self.document));
        advice.extend(self.outcomes.advice(now, &self.staff));
        Some(advice)
    }

    /// How moments of truth and empathetic agents stand, as of the last advice.
    pub fn load(&self) -> &Load {
        self.reserve.load()
    }

    /// What is known of agents' empathy, by id, after the given one; nobody if the document does not learn it.
    pub fn learners(&self, after: Option<&AgentId>, limit: usize) -> &[Learner] {
        let found = self.outcomes.found();
        let from = after.map_or(0, |after| found.partition_point(|learner| learner.agent <= *after));
        &found[from..found.len().min(from.saturating_add(limit))]
    }

    fn follow(&mut self, now: Timestamp, event: &Event, state: &State) {
        // Where nothing is routed by empathy, nothing here is asked for.
        let begins = self.document.empathy.is_some();
        match event {
            Event::DocumentApplied { document, .. } => {
                self.document = Arc::clone(document);
                self.staff.follow(document);
                self.reserve.follow(document);
                self.acceptances.follow(document);
                self.outcomes.follow(document);
                if !self.outcomes.learns() {
                    self.endings = Endings::default();
                }
                self.next_at = now;
            }
            Event::AgentPut { agent, id, profile, .. } => {
                self.staff.put(*agent, id, profile);
                if let Some(said) = self.staff.said(*agent) {
                    self.outcomes.say(*agent, &said);
                }
            }
            Event::AgentDeleted { agent, id } => {
                self.staff.delete(*agent);
                self.outcomes.forget(*agent, id);
            }
            Event::PresenceSet { agent, presence, .. } => self.staff.set_presence(*agent, presence),

            Event::ContactAnnounced { contact, expected_at, announced, source: Some(source), .. }
                if begins && announced.moment_of_truth =>
            {
                let (from, until) = ReserveRules::announced(*expected_at);
                if now < until {
                    self.promises.note(*contact, source, announced.probability, now >= from);
                }
            }
            Event::MomentExpected { contact, counted } => self.promises.expect(*contact, *counted),
            Event::ContactQueued { contact, queued } if begins => self.queue(now, *contact, queued, state),
            Event::ContactRequeued { contact, queue, .. } => {
                if let Some(contact) = self.contacts.get_mut(contact) {
                    (contact.queue, contact.queued_at) = (*queue, now);
                }
            }
            Event::ContactMoved { contact, queue, .. } => {
                if let Some(contact) = self.contacts.get_mut(contact) {
                    contact.queue = *queue;
                }
            }
            Event::ContactScored { contact, care, .. } => self.score(now, *contact, care.moment_of_truth),
            Event::SignalsTaken { contact, signals } if self.outcomes.learns() => {
                self.endings.hear(now, *contact, signals);
            }
            Event::ContactClosed { contact, because, .. } => self.close(now, *contact, *because),

            Event::OfferMade { offer, contact, agent, .. } if begins => {
                self.offers.insert(*offer, Offered { contact: *contact, agent: *agent, made_at: now });
            }
            Event::OfferAccepted { offer, engagement } => self.accept(now, *offer, *engagement, state),
            Event::OfferDeclined { offer, .. }
            | Event::OfferExpired { offer, .. }
            | Event::OfferRescinded { offer, .. } => drop(self.offers.remove(offer)),
            Event::WrapUpStarted { engagement, because, .. } => self.leave(now, *engagement, *because),
            Event::EngagementEnded { engagement, because, .. } => self.end(now, *engagement, *because),

            Event::ReserveSet { skill, k } => self.reserve.set(now, skill, *k),
            Event::AcceptanceLearnt { queue, channel, usual } => self.acceptances.set(*queue, *channel, *usual),
            Event::ShowRateLearnt { source, thousandths } => self.promises.set(source, *thousandths),
            Event::EmpathyLearnt { agent, level } => {
                self.staff.learn(*agent, *level);
                if let Some(said) = self.staff.said(*agent) {
                    self.outcomes.set(now, *agent, &said);
                }
            }
            _ => {}
        }
    }

    fn queue(&mut self, now: Timestamp, key: ContactKey, queued: &Queued, state: &State) {
        self.promises.came(key);
        let mut asks: Vec<SkillName> = queued.requirement.all.iter().map(|asked| asked.skill.clone()).collect();
        let rules = self.document.queues.get(state.queue_name(queued.queue));
        asks.extend(rules.iter().flat_map(|rules| always_asked(&rules.rule.required)));
        asks.sort_unstable();
        asks.dedup();
        let contact = Contact {
            queue: queued.queue,
            channel: queued.channel,
            queued_at: now,
            asks,
            moment_since: None,
            was_moment: false,
            is_judged: false,
        };
        self.contacts.insert(key, contact);
        if queued.care.moment_of_truth {
            self.becomes_moment(now, key);
        }
    }

    fn score(&mut self, now: Timestamp, key: ContactKey, is_moment: bool) {
        let Some(contact) = self.contacts.get_mut(&key) else { return };
        match (contact.moment_since, is_moment) {
            (None, true) => self.becomes_moment(now, key),
            (Some(_), false) => contact.moment_since = None,
            _ => {}
        }
    }

    /// Counts it to the load, once in its life.
    fn becomes_moment(&mut self, now: Timestamp, key: ContactKey) {
        let Some(contact) = self.contacts.get_mut(&key) else { return };
        contact.moment_since = Some(now);
        if !std::mem::replace(&mut contact.was_moment, true) {
            self.reserve.moment_came(now, &contact.asks);
        }
    }

    fn accept(&mut self, now: Timestamp, offer: OfferKey, engagement: EngagementKey, state: &State) {
        let Some(Offered { contact: key, agent, made_at }) = self.offers.remove(&offer) else { return };
        let Some(contact) = self.contacts.get_mut(&key) else { return };
        let line = (contact.queue, contact.channel);
        let queue = state.queue_name(contact.queue);
        self.acceptances.note(line, queue, state.channel_name(contact.channel), now - made_at);
        let is_moment = contact.moment_since.is_some();
        self.engagements.insert(engagement, Engaged { contact: key, accepted_at: now, is_moment });
        if self.outcomes.learns() {
            self.endings.begin(now, engagement, (key, contact.channel, is_moment), agent);
        }
        let Some(since) = contact.moment_since.filter(|_| !contact.is_judged) else { return };
        contact.is_judged = true;
        let waited = now - since.max(contact.queued_at);
        let in_time = self.document.queues.get(queue).is_none_or(|queue| waited <= queue.service_level);
        self.reserve.judge(now, &contact.asks, in_time && self.staff.is_empathetic(agent));
    }

    /// The agent is done with the customer.
    fn leave(&mut self, now: Timestamp, key: EngagementKey, because: EngagementOver) {
        if let Some(outcome) = self.endings.end(now, key, because) {
            self.outcomes.note(outcome);
        }
    }

    fn end(&mut self, now: Timestamp, key: EngagementKey, because: EngagementOver) {
        self.leave(now, key, because);
        let Some(engaged) = self.engagements.remove(&key) else { return };
        let became = self.contacts.get(&engaged.contact).is_some_and(|contact| contact.was_moment);
        if (engaged.is_moment || became) && because != EngagementOver::ConnectFailed {
            self.reserve.moment_handled(now, now - engaged.accepted_at);
        }
    }

    fn close(&mut self, now: Timestamp, key: ContactKey, because: ClosedBecause) {
        self.promises.ended(key);
        self.endings.forget(key);
        let Some(contact) = self.contacts.remove(&key) else { return };
        let Some(since) = contact.moment_since.filter(|_| !contact.is_judged) else { return };
        let waited = now - since.max(contact.queued_at);
        let was_let_down = match because {
            ClosedBecause::Abandoned => waited > HANGS_UP_SOON,
            ClosedBecause::Expired => true,
            ClosedBecause::Handled | ClosedBecause::Cancelled | ClosedBecause::NeverCame => false,
        };
        if was_let_down {
            self.reserve.judge(now, &contact.asks, false);
        }
    }
}

/// The skills that every alternative of a requirement asks.
fn always_asked(required: &Dnf) -> impl Iterator<Item = SkillName> {
    let (first, others) = required.conjuncts.split_first().map_or((None, [].as_slice()), |(f, o)| (Some(f), o));
    let asked = first.into_iter().flat_map(|first| &first.must).map(|condition| &condition.skill);
    asked.filter(|skill| others.iter().all(|other| other.must.iter().any(|must| must.skill == **skill))).cloned()
}

impl Default for Forecast {
    fn default() -> Self {
        Self::new()
    }
}
