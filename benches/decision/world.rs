//! Worlds in which decisions are measured: agents of two kinds, one kind busy with a backlog, the other idle.
//!
//! Half of the skills are "scarce": the backlog asks for one of them, and whoever has one is busy. The other half are
//! "common": arrivals ask for those, and whoever has only those is idle. So one world has both a long line and idle
//! agents, and stays like that however many decisions are made in it.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use hdrhistogram::Histogram;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use attune::{
    engine::{Command, Event, Outcome, Proposal, Reply, Request, Seeker, State},
    model::{
        agent::{AgentProfile, Expected, Presence},
        contact::{CancelReason, ContactDetails, NewContact, TargetAgent},
        document::{Document, Format},
        ids::{AgentId, AgentKey, ChannelName, ContactId, ContactKey, OfferKey, QueueName, SessionId, SkillName},
        requirement::{Condition, Requirement},
        time::{Span, Timestamp},
    },
};

use crate::{count, histogram, measured};

/// Skills of every world, the second half of them scarce.
const SKILLS: usize = 50;
const SCARCE: usize = SKILLS / 2;
/// Arrivals that stay parked, so that the search for an agent can be repeated without a command.
const PROBES: usize = 256;
/// The skill that every heir of the row of ineligible heads has.
const ANCHOR: usize = SKILLS - 1;
const HEIR: usize = SKILLS - 2;
/// Classes at the head of that row.
const HEADS: usize = 1_000;

/// What is special about a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    Plain,
    /// Membership instead of skills: every agent is assigned to 200 queues.
    Assigned,
    /// Three contacts in ten exclude 16 agents with their skills or wait for one agent alone.
    Personal,
    /// A thousand classes wait under a skill of every agent who frees, each for a second skill that none of them has.
    IneligibleHeads,
    /// Arrivals ask for two skills that many idle agents have, but nobody together.
    NobodyHasBoth,
    /// Ten skills each at any of a hundred levels.
    Unique,
    /// Contacts that smaller ones could pass get a draining agent after 30 s; only the passing of time is measured.
    Draining,
}

/// A world's measures.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub name: &'static str,
    pub agents: usize,
    pub waiting: usize,
    pub queues: usize,
    /// Different requirements that contacts of one queue bring.
    pub own: usize,
    pub idle_percent: usize,
    pub twist: Twist,
}

/// The middle size of the goals.
pub const MIDDLE: Shape = Shape {
    name: "middle",
    agents: 10_000,
    waiting: 100_000,
    queues: 200,
    own: 8,
    idle_percent: 50,
    twist: Twist::Plain,
};

/// Which kind of agents and contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Idle,
    Busy,
}

/// A running world.
pub struct World {
    pub shape: Shape,
    pub bytes_per_agent: usize,
    pub bytes_per_contact: usize,
    /// Arrivals whose requirement nobody had asked before.
    pub first_of_kind: Histogram<u64>,

    state: State,
    now: Timestamp,
    random: StdRng,
    /// Queue and requirement of every contact, in the order in which they came, which is how the engine counts them.
    kinds: Vec<(usize, usize)>,
    agents: Vec<AgentId>,
    /// Agents by number who have a skill.
    holders: Vec<Vec<usize>>,
    queues: Vec<QueueName>,
    skills: Vec<SkillName>,
    voice: ChannelName,
    details: Arc<ContactDetails>,
    busy: Vec<ContactId>,
    busy_agents: Vec<AgentKey>,
    probes: Vec<ContactKey>,
}

/// What one command led to, as far as the table shows it.
pub struct Decided {
    pub outcome: Outcome,
    pub offer: Option<(OfferKey, ContactKey, AgentKey, u32)>,
}

impl World {
    /// Builds a world up to the state in which it is measured.
    pub fn new(shape: Shape) -> Self {
        let document = document(&shape);
        let mut world = Self {
            shape,
            bytes_per_agent: 0,
            bytes_per_contact: 0,
            first_of_kind: histogram(),

            state: State::new(),
            now: Timestamp(1_700_000_000_000_000),
            random: StdRng::seed_from_u64(11),
            kinds: Vec::new(),
            agents: Vec::new(),
            holders: vec![Vec::new(); SKILLS],
            queues: (0..shape.queues).map(|queue| name(&format!("q{queue}"), QueueName::new)).collect(),
            skills: (0..SKILLS).map(|skill| name(&format!("s{skill}"), SkillName::new)).collect(),
            voice: name("voice", ChannelName::new),
            details: Arc::default(),
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
        let contact = self.contact(Side::Idle);
        request(Command::EnqueueContact(Box::new(contact)))
    }

    /// The end of a contact at a busy agent.
    pub fn completion(&mut self) -> Option<Request> {
        let at = self.random.random_range(0..self.busy.len().max(1));
        (!self.busy.is_empty()).then(|| request(Command::CompleteContact { contact: self.busy.swap_remove(at) }))
    }

    /// Applies what is to be measured; only this is inside the measured time.
    pub fn decide(&mut self, request: &Request) -> Outcome {
        self.state.apply(self.now, request)
    }

    /// Takes an arrival's contact back out of the world.
    pub fn undo_arrival(&mut self, decided: &Decided, request: &Request) {
        let Command::EnqueueContact(new) = &request.command else { unreachable!("it was an arrival") };
        match decided.offer {
            Some((offer, _, agent, _)) => {
                let agent = self.agents[agent.0 as usize].clone();
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
            let (queue, own) = self.kinds[taken.0 as usize - 1];
            let contact = self.contact_of(Side::Busy, queue, own);
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
        let at = self.random.random_range(0..self.busy_agents.len().max(1));
        self.busy_agents.get(at).copied()
    }

    /// An arrival that is still there.
    pub fn any_probe(&mut self) -> Option<Seeker> {
        let at = self.random.random_range(0..self.probes.len().max(1));
        self.state.seeker(*self.probes.get(at)?)
    }

    fn put_agents(&mut self) {
        let before = count::in_use();
        for number in 0..self.shape.agents {
            let agent = name(&format!("agent-{number:06}"), AgentId::new);
            let profile = Arc::new(self.profile(number));
            self.apply(Command::PutAgent { agent: agent.clone(), profile, expected: Expected::Anything });
            self.agents.push(agent);
        }
        self.bytes_per_agent = (count::in_use() - before) / self.shape.agents;
        if self.shape.twist == Twist::IneligibleHeads {
            self.put_ghosts();
        }
    }

    /// Agents who never sign in; they make the second skill of the ineligible heads less rare than the first.
    fn put_ghosts(&mut self) {
        for number in 0..self.shape.agents {
            let skills = (SCARCE..HEIR).map(|skill| (self.skills[skill].clone(), 100)).collect();
            let profile = Arc::new(AgentProfile { skills, ..AgentProfile::default() });
            let agent = name(&format!("ghost-{number}"), AgentId::new);
            self.apply(Command::PutAgent { agent, profile, expected: Expected::Anything });
        }
    }

    fn side(&self, number: usize) -> Side {
        if number % 100 < self.shape.idle_percent { Side::Idle } else { Side::Busy }
    }

    fn profile(&mut self, number: usize) -> AgentProfile {
        let side = self.side(number);
        let mut queues = Vec::new();
        let mut skills = BTreeMap::new();
        let twist = self.shape.twist;
        if twist == Twist::Assigned {
            let half = self.shape.queues / 2;
            let base = if side == Side::Idle { 0 } else { half };
            let chosen: std::collections::BTreeSet<usize> =
                (0..400).map(|_| base + self.random.random_range(0..half)).take(220).collect();
            queues = chosen.into_iter().take(200).map(|queue| self.queues[queue].clone()).collect();
            queues.sort_unstable();
        }
        let (scarce, common) = match (side, twist) {
            (Side::Busy, Twist::IneligibleHeads) => (0, 3),
            (Side::Busy, Twist::Unique) => (6, 4),
            (Side::Idle, Twist::Unique) => (0, 10),
            (Side::Busy, _) => (3, 2),
            (Side::Idle, _) => (0, 5),
        };
        let mut chosen: Vec<usize> = Vec::new();
        for (many, base) in [(scarce, SCARCE), (common, 0)] {
            let mut left = many;
            while left > 0 {
                let skill = base + self.random.random_range(0..SCARCE);
                if !chosen.contains(&skill) {
                    chosen.push(skill);
                    left -= 1;
                }
            }
        }
        if side == Side::Busy && twist == Twist::IneligibleHeads {
            chosen.extend([ANCHOR, HEIR]);
        }
        if twist == Twist::NobodyHasBoth && chosen.contains(&0) {
            chosen.retain(|skill| *skill != 1);
        }
        for skill in chosen {
            skills.insert(self.skills[skill].clone(), self.random.random_range(1..=100));
            self.holders[skill].push(number);
        }
        if side == Side::Busy && twist == Twist::IneligibleHeads {
            skills.insert(self.skills[ANCHOR].clone(), 100);
            skills.insert(self.skills[HEIR].clone(), 100);
        }
        AgentProfile { skills, queues, ..AgentProfile::default() }
    }

    fn fill_line(&mut self) {
        if self.shape.twist == Twist::IneligibleHeads {
            for head in 0..HEADS {
                let second = Condition { skill: self.skills[SCARCE + head % 20].clone(), level: 1 + (head / 20) as u8 };
                let anchor = Condition { skill: self.skills[ANCHOR].clone(), level: 50 };
                let requirement = Requirement { all: vec![anchor, second], ..Requirement::default() };
                self.kinds.push((0, 0));
                let head = self.contact_asking(0, requirement);
                self.apply(Command::EnqueueContact(Box::new(head)));
            }
        }
        let busy = (0..self.shape.agents).filter(|number| self.side(*number) == Side::Busy).count();
        let (before, many) = (count::in_use(), self.shape.waiting + busy);
        for _ in 0..many {
            let contact = self.contact(Side::Busy);
            self.apply(Command::EnqueueContact(Box::new(contact)));
        }
        self.bytes_per_contact = (count::in_use() - before) / many;
    }

    fn sign_in(&mut self) {
        for number in 0..self.shape.agents {
            let agent = self.agents[number].clone();
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
            let contact = self.contact_of(Side::Idle, kind % self.shape.queues, kind / self.shape.queues);
            let request = request(Command::EnqueueContact(Box::new(contact)));
            let (nanos, _, outcome) = measured(|| self.decide(&request));
            self.first_of_kind.saturating_record(nanos);
            self.undo_arrival(&Decided::of(outcome), &request);
        }
    }

    fn add_probe(&mut self) {
        let contact = self.contact(Side::Idle);
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
        let agent = self.agents[key.0 as usize].clone();
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
        let outcome = self.state.apply(self.now, &request(command));
        if let Err(reject) = &outcome.reply {
            panic!("the bench's own commands are valid, but {reject}");
        }
        outcome
    }

    fn contact(&mut self, side: Side) -> NewContact {
        let queue = self.random.random_range(0..self.shape.queues);
        let own = self.random.random_range(0..self.shape.own.max(1));
        self.contact_of(side, queue, own)
    }

    fn contact_of(&mut self, side: Side, queue: usize, own: usize) -> NewContact {
        self.kinds.push((queue, own));
        let twist = self.shape.twist;
        if twist == Twist::Assigned {
            let half = self.shape.queues / 2;
            let queue = if side == Side::Idle { queue % half } else { half + queue % half };
            return self.contact_asking(queue, Requirement::default());
        }
        if side == Side::Busy && twist == Twist::IneligibleHeads {
            let heir = Condition { skill: self.skills[HEIR].clone(), level: 1 + (own % 50) as u8 };
            return self.contact_asking(queue, Requirement { all: vec![heir], ..Requirement::default() });
        }
        if side == Side::Idle && twist == Twist::NobodyHasBoth {
            let all = [0, 1].map(|skill| Condition { skill: self.skills[skill].clone(), level: 1 });
            return self.contact_asking(0, Requirement { all: all.into(), ..Requirement::default() });
        }
        let base = if side == Side::Busy { SCARCE } else { 0 };
        // The queue asks for common skill `queue % SCARCE` itself, so arrivals ask for another one.
        let skill = if side == Side::Busy { own * 3 + queue * 7 } else { queue + 1 + own % (SCARCE - 1) } % SCARCE;
        let level = match (twist, self.shape.own) {
            (Twist::Unique, _) => 1 + (own * 2 + queue) % 100,
            (_, 0..=8) => [20, 50, 80][own % 3],
            _ => 1 + (own / 25) * 2,
        };
        let condition = Condition { skill: self.skills[base + skill].clone(), level: level as u8 };
        let mut contact = self.contact_asking(queue, Requirement { all: vec![condition], ..Requirement::default() });
        if twist == Twist::Personal {
            self.make_personal(&mut contact, side, base + skill);
        }
        contact
    }

    fn make_personal(&mut self, contact: &mut NewContact, side: Side, skill: usize) {
        let holders = &self.holders[skill];
        let mut any = || loop {
            let holder = holders[self.random.random_range(0..holders.len())];
            let idle = holder % 100 < self.shape.idle_percent;
            if idle == (side == Side::Idle) {
                break self.agents[holder].clone();
            }
        };
        let excluded: Vec<AgentId> = (0..16).map(|_| any()).collect();
        let target = any();
        match self.random.random_range(0..100) {
            0..15 => {
                contact.excluded = excluded;
                contact.excluded.sort_unstable();
                contact.excluded.dedup();
            }
            15..30 => contact.target = Some(TargetAgent { agent: target, window: None }),
            _ => {}
        }
    }

    fn contact_asking(&self, queue: usize, requirement: Requirement) -> NewContact {
        NewContact {
            id: name(&format!("contact-{:09}", self.kinds.len()), ContactId::new),
            queue: self.queues[queue].clone(),
            channel: self.voice.clone(),
            requirement,
            target: None,
            excluded: Vec::new(),
            arrived_at: None,
            details: Arc::clone(&self.details),
        }
    }
}

impl Decided {
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

fn name<N, E: std::fmt::Debug>(text: &str, new: impl Fn(&str) -> Result<N, E>) -> N {
    new(text).expect("the bench's names obey the grammar")
}

/// Queues that each ask for one common skill and prefer those who have it well.
fn document(shape: &Shape) -> Document {
    let mut text = String::from("[skills]\n");
    let mut line = |line: String| writeln!(text, "{line}").expect("a string takes everything");
    (0..SKILLS).for_each(|skill| line(format!("s{skill} = \"\"")));
    for (channel, cost) in [("voice", 100), ("chat", 34), ("sms", 25), ("email", 20)] {
        line(format!("[channels.{channel}]\ncost = {cost}"));
    }
    for queue in 0..shape.queues {
        let (skill, level) = (queue % SCARCE, [20, 40, 60][queue % 3]);
        let drain_after = if shape.twist == Twist::Draining { "30s" } else { "6d" };
        line(format!("[queues.q{queue}]\ndrain_after = \"{drain_after}\"\nmax_wait = {{ after = \"6d\" }}"));
        match shape.twist {
            Twist::Assigned => line("members = \"assigned\"".to_owned()),
            Twist::IneligibleHeads | Twist::NobodyHasBoth if queue == 0 => {}
            Twist::IneligibleHeads => {}
            _ => {
                line(format!("require = {{ all = [\"s{skill}>={level}\"] }}"));
                line(format!("prefer = [{{ all = [\"s{skill}>=80\"] }}]"));
            }
        }
    }
    Document::parse(&text, Format::Toml).expect("the bench's document is valid")
}
