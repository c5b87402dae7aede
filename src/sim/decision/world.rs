//! Worlds in which decisions are measured: agents of two kinds, one kind busy with a backlog, the other idle.
//!
//! Half of the skills are "scarce": the backlog asks for one of them, and whoever has one is busy. The other half are
//! "common": arrivals ask for those, and whoever has only those is idle. So one world has both a long line and idle
//! agents, and stays like that however many decisions are made in it.
//!
//! Not here: who the agents are and what contacts ask for (`cast`).

use std::sync::Arc;

use hdrhistogram::Histogram;
use rand::RngExt;

use crate::{
    engine::{Command, Event, Outcome, Proposal, Reply, Request, Seeker, State},
    journal::Record,
    model::{
        agent::{Expected, Presence},
        contact::CancelReason,
        ids::{AgentId, AgentKey, ContactId, ContactKey, OfferKey, SessionId},
        time::{Span, Timestamp},
    },
};

use super::{
    Meter,
    cast::{Cast, HEADS, name},
    histogram,
    shape::{Shape, Side, Twist, Wording, document},
};

mod apply;

/// Arrivals that stay parked, so that the search for an agent can be repeated without a command.
const PROBES: usize = 256;

/// A running world.
pub struct World {
    /// Its measures.
    pub shape: Shape,
    /// What an agent takes of memory, if somebody counts.
    pub bytes_per_agent: usize,
    /// What a waiting contact takes of memory, if somebody counts.
    pub bytes_per_contact: usize,
    /// Arrivals whose requirement nobody had asked before.
    pub first_of_kind: Histogram<u64>,

    state: State,
    now: Timestamp,
    cast: Cast,
    meter: Meter,
    busy: Vec<ContactId>,
    busy_agents: Vec<AgentKey>,
    probes: Vec<ContactKey>,
}

/// What one command led to, as far as the measures need it.
pub struct Decided {
    /// All of it.
    pub outcome: Outcome,
    /// The offer that was made, to whom, and how much was examined for it.
    pub offer: Option<(OfferKey, ContactKey, AgentKey, u32)>,
}

impl World {
    /// Builds a world up to the state in which it is measured.
    pub fn new(shape: Shape, meter: Meter) -> Self {
        let document = document(&shape, Wording::First);
        let mut world = Self {
            shape,
            bytes_per_agent: 0,
            bytes_per_contact: 0,
            first_of_kind: histogram(),

            state: State::new(),
            now: Timestamp(1_700_000_000_000_000),
            cast: Cast::new(shape),
            meter,
            busy: Vec::new(),
            busy_agents: Vec::new(),
            probes: Vec::new(),
        };
        let document = Arc::new(document);
        world.apply(Command::ApplyDocument(Box::new(Proposal::new(document))));
        world.put_agents();
        world.fill_line();
        world.sign_in();
        world.meet_every_arrival();
        for _ in 0..PROBES {
            world.add_probe();
        }
        world
    }

    /// A contact that idle agents may take, if anybody has its skills.
    pub fn arrival(&mut self) -> Request {
        let contact = self.cast.contact(Side::Idle);
        request(Command::EnqueueContact(Box::new(contact)))
    }

    /// The end of a contact at a busy agent.
    pub fn completion(&mut self) -> Option<Request> {
        let at = self.cast.random.random_range(0..self.busy.len().max(1));
        (!self.busy.is_empty()).then(|| request(Command::CompleteContact { contact: self.busy.swap_remove(at) }))
    }

    /// Applies what is to be measured; only this is inside the measured time.
    pub fn decide(&mut self, request: &Request) -> Outcome {
        self.state.apply(self.now, request, Record::fingerprint)
    }

    /// Takes an arrival's contact back out of the world.
    pub fn undo_arrival(&mut self, decided: &Decided, request: &Request) {
        let Command::EnqueueContact(new) = &request.command else { unreachable!("it was an arrival") };
        match decided.offer {
            Some((offer, _, agent, _)) => {
                let agent = self.cast.agents[agent.0 as usize].clone();
                self.apply(Command::AcceptOffer { agent, offer });
                self.apply(Command::CompleteContact { contact: new.id.clone() });
            }
            None => {
                self.apply(Command::CancelContact { contact: new.id.clone(), reason: CancelReason::CustomerLeft });
            }
        }
        self.pass();
    }

    /// Lets the offer after a completion be accepted, and another contact of the same kind come into line.
    pub fn undo_completion(&mut self, decided: &Decided) {
        if let Some((_, taken, ..)) = decided.offer {
            self.accept(decided.offer);
            let (queue, own) = self.cast.kinds[taken.0 as usize - 1];
            let contact = self.cast.contact_of(Side::Busy, queue, own);
            let outcome = self.apply(Command::EnqueueContact(Box::new(contact)));
            self.accept(offer_in(&outcome));
        }
        self.pass();
    }

    /// Lets a minute pass in which nobody does anything; how many events that led to.
    pub fn minute(&mut self) -> usize {
        let (mut events, until) = (0, self.now + Span::from_secs(60));
        while let Some(due) = self.state.next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            events += self.apply(Command::Tick).events.len();
        }
        self.now = until;
        events
    }

    /// The search for a freed agent's contact alone.
    pub fn search_contact(&self, agent: AgentKey) -> (Option<ContactKey>, u32) {
        self.state.contact_for(agent)
    }

    /// The search for an arrived contact's agent alone.
    pub fn search_agent(&self, seeker: Seeker) -> (Option<AgentKey>, u32) {
        self.state.agent_for(seeker)
    }

    /// A busy agent.
    pub fn any_busy_agent(&mut self) -> Option<AgentKey> {
        let at = self.cast.random.random_range(0..self.busy_agents.len().max(1));
        self.busy_agents.get(at).copied()
    }

    /// An arrival that is still there.
    pub fn any_probe(&mut self) -> Option<Seeker> {
        let at = self.cast.random.random_range(0..self.probes.len().max(1));
        self.state.seeker(*self.probes.get(at)?)
    }

    fn put_agents(&mut self) {
        let before = (self.meter.in_use)();
        for number in 0..self.shape.agents {
            let agent = name(&format!("agent-{number:06}"), AgentId::new);
            let profile = Arc::new(self.cast.profile(number));
            self.apply(Command::PutAgent { agent: agent.clone(), profile, expected: Expected::Anything });
            self.cast.agents.push(agent);
        }
        self.bytes_per_agent = ((self.meter.in_use)() - before) / self.shape.agents;
        if self.shape.twist == Twist::IneligibleHeads {
            self.put_ghosts();
        }
    }

    /// Agents who never sign in.
    fn put_ghosts(&mut self) {
        let profile = Arc::new(self.cast.ghost());
        for number in 0..self.shape.agents {
            let profile = Arc::clone(&profile);
            let agent = name(&format!("ghost-{number}"), AgentId::new);
            self.apply(Command::PutAgent { agent, profile, expected: Expected::Anything });
        }
    }

    fn fill_line(&mut self) {
        if self.shape.twist == Twist::IneligibleHeads {
            for head in 0..HEADS {
                let head = self.cast.head(head);
                self.apply(Command::EnqueueContact(Box::new(head)));
            }
        }
        let busy = (0..self.shape.agents).filter(|number| self.cast.side(*number) == Side::Busy).count();
        let (before, many) = ((self.meter.in_use)(), self.shape.waiting + busy);
        for _ in 0..many {
            let contact = self.cast.contact(Side::Busy);
            self.apply(Command::EnqueueContact(Box::new(contact)));
        }
        self.bytes_per_contact = ((self.meter.in_use)() - before) / many;
    }

    fn sign_in(&mut self) {
        for number in 0..self.shape.agents {
            let agent = self.cast.agents[number].clone();
            let session = name(&format!("session-{number}"), SessionId::new);
            self.apply(Command::OpenSession { agent: agent.clone(), session, connection: number as u64 });
            let outcome = self.apply(Command::SetPresence { agent, presence: Presence::Available });
            self.accept(offer_in(&outcome));
            self.now = self.now + Span::from_millis(1);
        }
    }

    /// Lets every kind of arrival come once: the first of its kind brings its conditions into use.
    fn meet_every_arrival(&mut self) {
        if self.shape.twist == Twist::Assigned {
            return;
        }
        for kind in 0..self.shape.queues * self.shape.own {
            let contact = self.cast.contact_of(Side::Idle, kind % self.shape.queues, kind / self.shape.queues);
            let request = request(Command::EnqueueContact(Box::new(contact)));
            let (nanos, _, outcome) = self.meter.measured(|| self.state.apply(self.now, &request, Record::fingerprint));
            self.first_of_kind.saturating_record(nanos);
            self.undo_arrival(&Decided::of(outcome), &request);
        }
    }

    fn add_probe(&mut self) {
        let contact = self.cast.contact(Side::Idle);
        let id = contact.id.clone();
        let outcome = self.apply(Command::EnqueueContact(Box::new(contact)));
        let queued = outcome.events.iter().find_map(|event| match event {
            Event::ContactQueued { contact, .. } => Some(*contact),
            _ => None,
        });
        self.apply(Command::ParkContact { contact: id, longest: Span::from_secs(86_400) });
        self.probes.extend(queued);
    }

    /// Accepts an offer of the backlog.
    fn accept(&mut self, offer: Option<(OfferKey, ContactKey, AgentKey, u32)>) {
        let Some((offer, _, key, _)) = offer else { return };
        let agent = self.cast.agents[key.0 as usize].clone();
        if let Ok(Reply::Engaged { contact, .. }) = self.apply(Command::AcceptOffer { agent, offer }).reply {
            self.busy.push(contact);
            if self.busy_agents.len() < self.shape.agents.min(20_000) {
                self.busy_agents.push(key);
            }
        }
    }

    fn pass(&mut self) {
        self.now = self.now + Span::from_millis(20);
        while self.state.next_deadline().is_some_and(|due| due <= self.now) {
            self.apply(Command::Tick);
        }
    }

    fn apply(&mut self, command: Command) -> Outcome {
        let outcome = self.state.apply(self.now, &request(command), Record::fingerprint);
        if let Err(reject) = &outcome.reply {
            panic!("the bench's own commands are valid, but {reject}");
        }
        outcome
    }
}

impl Decided {
    /// What an outcome says.
    pub fn of(outcome: Outcome) -> Self {
        let offer = offer_in(&outcome);
        Self { outcome, offer }
    }
}

fn request(command: Command) -> Request {
    Request { id: None, command }
}

fn offer_in(outcome: &Outcome) -> Option<(OfferKey, ContactKey, AgentKey, u32)> {
    outcome.events.iter().find_map(|event| match event {
        Event::OfferMade { offer, contact, agent, choice, .. } => Some((*offer, *contact, *agent, choice.examined)),
        _ => None,
    })
}
