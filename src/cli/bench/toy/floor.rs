//! Everything that the toy knows, behind its one lock: a list of idle agents, a line of contacts.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use prost_types::{Duration, Timestamp};
use tonic::Status;

use crate::{
    api::pb::{self, watch_offers_response::Event},
    cli::bench::rpc::Answer,
};

use super::journal::Journal;

/// Whom an agent's messages go to.
pub type Desk = Arc<dyn Fn(Event) + Send + Sync>;

/// Everything there is.
#[derive(Default)]
pub struct All {
    desks: HashMap<String, Desk>,
    idle: VecDeque<String>,
    line: VecDeque<Contact>,
    offers: HashMap<u64, (String, Contact)>,
    /// By contact: the agent.
    engaged: HashMap<String, String>,
    last_offer: u64,
    /// What was changed.
    pub journal: Journal,
}

/// A contact in line, offered or with an agent.
struct Contact {
    id: String,
    queue: String,
    channel: String,
    arrived: Timestamp,
}

impl All {
    /// Nobody and nothing yet.
    pub fn new(journal: Journal) -> Self {
        Self { journal, ..Self::default() }
    }

    /// Does something, and answers once it is kept.
    pub fn answer<T: Send + 'static>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, Status>) -> Answer<T> {
        let answer = act(self);
        self.journal.answer(answer)
    }

    /// An agent can be told things.
    pub fn connect(&mut self, agent: String, desk: Desk) {
        desk(Event::Welcome(pb::Welcome { session_id: agent.clone(), ..Default::default() }));
        self.desks.insert(agent, desk);
    }

    /// An agent is there.
    pub fn set_presence(&mut self, agent: String, presence: Option<pb::Presence>) -> pb::SetPresenceResponse {
        self.journal.keep();
        self.tell(&agent, Event::PresenceChanged(pb::PresenceChanged { presence, pending_presence: None }));
        self.free(agent);
        pb::SetPresenceResponse { pending: false }
    }

    /// A contact comes.
    pub fn enqueue(&mut self, request: pb::EnqueueContactRequest) -> pb::EnqueueContactResponse {
        let arrived = now();
        let pb::EnqueueContactRequest { contact_id, queue, channel, .. } = request;
        let answer = pb::EnqueueContactResponse { queue: queue.clone(), virtual_arrival_time: Some(arrived) };
        let contact = Contact { id: contact_id, queue, channel, arrived };
        self.journal.keep();
        match self.idle.pop_front() {
            Some(agent) => self.offer(agent, contact),
            None => self.line.push_back(contact),
        }
        answer
    }

    /// An agent takes an offer.
    pub fn accept(&mut self, agent: &str, offer: &str) -> Result<pb::Engagement, Status> {
        self.journal.keep();
        let offer = offer.parse().ok().and_then(|offer| self.offers.remove(&offer));
        let Some((_, Contact { id, queue, channel, .. })) = offer else {
            return Err(Status::not_found("there is no such offer"));
        };
        let work = pb::Work {
            contact_id: id.clone(),
            queue,
            channel: channel.clone(),
            state: pb::WorkState::Engaged.into(),
            ..Default::default()
        };
        self.tell(agent, Event::WorkChanged(pb::WorkChanged { contact_id: id.clone(), work: Some(work) }));
        self.engaged.insert(id.clone(), agent.to_owned());
        Ok(pb::Engagement { contact_id: id, channel })
    }

    /// An agent is done with a contact.
    pub fn complete(&mut self, contact_id: String) -> Result<(), Status> {
        self.journal.keep();
        let Some(agent) = self.engaged.remove(&contact_id) else {
            return Err(Status::not_found("nobody has that contact"));
        };
        self.tell(&agent, Event::WorkChanged(pb::WorkChanged { contact_id, work: None }));
        self.free(agent);
        Ok(())
    }

    fn free(&mut self, agent: String) {
        match self.line.pop_front() {
            Some(contact) => self.offer(agent, contact),
            None => self.idle.push_back(agent),
        }
    }

    fn offer(&mut self, agent: String, contact: Contact) {
        self.last_offer += 1;
        let now = now();
        let offer = pb::Offer {
            offer_id: self.last_offer.to_string(),
            contact_id: contact.id.clone(),
            queue: contact.queue.clone(),
            channel: contact.channel.clone(),
            details: Some(pb::ContactDetails::default()),
            arrival_time: Some(contact.arrived),
            waited_duration: Some(Duration::default()),
            offer_time: Some(now),
            deliver_by_time: Some(Timestamp { seconds: now.seconds + 2, ..now }),
            deliver_by_remaining: Some(Duration { seconds: 1, nanos: 999_000_000 }),
            answer_duration: Some(Duration { seconds: 20, nanos: 0 }),
            may_decline: true,
            choice: Some(pb::Choice {
                rule: pb::ChoiceRule::LongestIdle.into(),
                idle_since_time: Some(contact.arrived),
                document_version: 2,
                ..Default::default()
            }),
            ..Default::default()
        };
        self.tell(&agent, Event::Offer(offer));
        self.offers.insert(self.last_offer, (agent, contact));
    }

    fn tell(&self, agent: &str, event: Event) {
        if let Some(desk) = self.desks.get(agent).cloned() {
            self.journal.release(move || desk(event));
        }
    }
}

/// The time, as the wire has it.
fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    Timestamp { seconds, nanos: i32::try_from(now.subsec_nanos()).unwrap_or(0) }
}
