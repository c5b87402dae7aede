//! A tenant's clients: a platform that sends contacts, and agents at their desks.
//!
//! They outlive every machine. They know what they asked and what they were told, and nothing else; whatever was not
//! answered they ask again, under the same id, until it is. They also do what clients do on bad days: ask twice at once,
//! give up waiting, ask again long after, use an id for something else, accept what is another's. Invariant: an offer is
//! one agent's, and a contact is with one agent at a time, as the agents see it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use attune::{
    engine::{
        Command, Reject, Reply, Request,
        view::{AgentView, Notice, OfferView, WorkState},
    },
    model::{
        agent::{AgentProfile, Expected, Presence},
        ids::{AgentId, ContactId, OfferKey, RequestId, SessionId, TenantId},
        time::{Span, Timestamp},
    },
    shard::{Act, Action, CallError, NoticeStream, Opened, Report, ShardHandle, StreamItem, Told, Watch},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    checker::{Judge, contact_of},
    gateway::Gateway,
    wishes::{Belief, Wishes},
};

/// Agents of a tenant.
const DESKS: usize = 6;
/// Contacts that wait or are handled at once: enough for lines to form.
const OPEN_MAX: usize = 14;
/// Longer than any answer takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tenant's clients.
pub struct Clients {
    pub tenant: TenantId,
    random: StdRng,
    wishes: Wishes,
    asked: Vec<Asked>,
    unanswered: BTreeSet<usize>,
    contacts: BTreeMap<ContactId, Belief>,
    desks: Vec<Desk>,
    /// To whom each offer was made, and of what.
    offers: BTreeMap<OfferKey, (usize, ContactId)>,
    line: Option<Line>,
    /// Over which some of the agents are there.
    gateway: Gateway,
}

/// The way to a machine that is there.
struct Line {
    shard: ShardHandle,
    to: mpsc::UnboundedSender<Heard>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

/// Something that was asked.
struct Asked {
    request: Request,
    /// How often it is under way.
    under_way: u32,
    /// Since when it is.
    since: Timestamp,
    answer: Option<Result<Reply, Reject>>,
}

/// An agent's desk.
struct Desk {
    agent: AgentId,
    session: SessionId,
    sessions: u32,
    opening: Option<Way>,
    at: At,
    presence: Presence,
    offers: BTreeMap<OfferKey, Shown>,
    /// Offers that were accepted or declined, as far as the agent is concerned.
    done: BTreeSet<OfferKey>,
    work: BTreeMap<ContactId, WorkState>,
}

/// How an agent is told what happens.
enum At {
    Nowhere,
    Stream(NoticeStream),
    Gateway,
}

/// How a session opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Stream,
    Gateway,
}

/// An offer on a desk.
struct Shown {
    contact: ContactId,
    is_acknowledged: bool,
}

enum Heard {
    Answer(usize, Result<Reply, CallError>),
    /// Nobody waits for the answer any more.
    GivenUp(usize),
    Stream(usize, Box<Result<Watch, CallError>>),
    Reported(Vec<Report>, Vec<Result<Reply, CallError>>),
}

impl Clients {
    pub fn new(tenant: TenantId, seed: u64) -> Self {
        let desk = |number: usize| Desk {
            agent: AgentId::new(&format!("a{number}")).expect("it obeys the grammar"),
            session: session(number, 0),
            sessions: 0,
            opening: None,
            at: At::Nowhere,
            presence: Presence::Offline,
            offers: BTreeMap::new(),
            done: BTreeSet::new(),
            work: BTreeMap::new(),
        };
        let mut clients = Self {
            tenant,
            random: StdRng::seed_from_u64(seed),
            wishes: Wishes::new(seed ^ 0x5eed),
            asked: Vec::new(),
            unanswered: BTreeSet::new(),
            contacts: BTreeMap::new(),
            desks: (0..DESKS).map(desk).collect(),
            offers: BTreeMap::new(),
            line: None,
            gateway: Gateway::default(),
        };
        for number in 0..DESKS {
            let agent = clients.desks[number].agent.clone();
            let profile = Arc::new(AgentProfile::default());
            clients.want(Command::PutAgent { agent, profile, expected: Expected::Anything });
        }
        clients
    }

    /// A machine answers here.
    pub fn connect(&mut self, shard: ShardHandle) {
        let (to, heard) = mpsc::unbounded_channel();
        self.line = Some(Line { shard, to, heard });
    }

    /// The machine is gone, and with it every call and every stream.
    pub fn disconnect(&mut self) {
        self.line = None;
        self.gateway = Gateway::default();
        self.asked.iter_mut().for_each(|asked| asked.under_way = 0);
        self.desks.iter_mut().for_each(Desk::close);
    }

    /// How many requests have been answered.
    pub fn answered(&self) -> usize {
        self.asked.len() - self.unanswered.len()
    }

    /// How many of them were accepted.
    pub fn accepted(&self) -> usize {
        self.asked.iter().filter(|asked| matches!(asked.answer, Some(Ok(_)))).count()
    }

    /// Whether everything that was asked has an answer.
    pub fn is_content(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Contacts whose place was acknowledged.
    pub fn acknowledged(&self) -> Vec<ContactId> {
        let queued = self.asked.iter().filter(|asked| matches!(asked.answer, Some(Ok(Reply::Queued { .. }))));
        queued.filter_map(|asked| contact_of(&asked.request.command).cloned()).collect()
    }

    /// Takes in all answers, and then all that streams tell.
    pub fn hear(&mut self, judge: &mut Judge, clock: Timestamp) -> Result<(), String> {
        while let Some(heard) = self.line.as_mut().and_then(|line| line.heard.try_recv().ok()) {
            match heard {
                Heard::Answer(asked, answer) => self.answer(asked, answer, judge, clock)?,
                Heard::GivenUp(asked) => {
                    judge.faults.count("a client gives up waiting");
                    self.asked[asked].under_way -= 1;
                }
                Heard::Stream(desk, watch) => self.open(desk, *watch, judge)?,
                Heard::Reported(reports, answers) => {
                    for (report, answer) in reports.iter().zip(answers) {
                        if let Ok(reply) = answer {
                            judge.reports.accepted(&self.tenant, report, &reply, clock);
                        }
                    }
                }
            }
        }
        for desk in 0..self.desks.len() {
            while let Some(item) = self.desks[desk].next() {
                match item {
                    StreamItem::Notice(notice) => self.notice(desk, notice)?,
                    StreamItem::End(_) => self.desks[desk].close(),
                }
            }
        }
        while let Some(told) = self.gateway.next() {
            match told {
                Ok((agent, told)) => self.told(&agent, told, judge, clock)?,
                Err(_) => self.lose_gateway(),
            }
        }
        self.check_desks()
    }

    /// What an agent is told over the gateway.
    fn told(&mut self, agent: &AgentId, told: Told, judge: &mut Judge, clock: Timestamp) -> Result<(), String> {
        let number = self.desks.iter().position(|desk| desk.agent == *agent).expect("only these agents are told of");
        let desk = &mut self.desks[number];
        match told {
            Told::Opened(opened) => {
                let Opened { resumed, agent, open_offers, .. } = *opened;
                (desk.opening, desk.at) = (None, At::Gateway);
                judge.faults.count("an agent is at a gateway");
                self.sit_down(number, resumed, agent, open_offers, judge)
            }
            // Whatever else is of a time when the agent was here.
            Told::Notice(notice) if matches!(desk.at, At::Gateway) => self.notice(number, notice),
            Told::End(_) if matches!(desk.at, At::Gateway) => {
                desk.close();
                Ok(())
            }
            Told::Notice(_) | Told::End(_) => Ok(()),
            Told::Answer { request, answer } => match self.gateway.answered(&request) {
                Some(asked) if asked.is_bound && matches!(answer, Err(CallError::Reject(Reject::NoSession(_)))) => {
                    judge.faults.count("a frame of a session that is over is refused");
                    self.asked[asked.number].under_way -= 1;
                    Ok(())
                }
                Some(asked) => self.answer(asked.number, answer, judge, clock),
                None => {
                    if answer.is_err() && desk.opening == Some(Way::Gateway) {
                        desk.opening = None;
                    }
                    Ok(())
                }
            },
        }
    }

    /// The gateway is gone, and with it the sessions of its agents and the answers to their frames.
    fn lose_gateway(&mut self) {
        for number in std::mem::take(&mut self.gateway).unanswered() {
            self.asked[number].under_way -= 1;
        }
        for desk in &mut self.desks {
            if matches!(desk.at, At::Gateway) {
                desk.close();
            }
            if desk.opening == Some(Way::Gateway) {
                desk.opening = None;
            }
        }
    }

    /// Sends the frames of all agents at the gateway.
    fn send_frames(&mut self, judge: &mut Judge) {
        let Some(line) = &self.line else { return };
        if self.gateway.waiting() > 1 {
            judge.faults.count("a message has frames of several agents");
        }
        for Act { agent, request, action, .. } in self.gateway.send(&line.shard, &self.tenant) {
            if let Some(asked) = self.gateway.answered(&request) {
                self.asked[asked.number].under_way -= 1;
            }
            if let (Action::Open(_), Some(desk)) = (action, self.desks.iter_mut().find(|desk| desk.agent == agent)) {
                desk.opening = None;
            }
        }
    }

    /// Does something.
    pub fn act(&mut self, judge: &mut Judge, clock: Timestamp) {
        self.ask_again(judge, clock);
        let count = match self.random.random_range(0..20) {
            0..14 => self.random.random_range(1..4),
            14..19 => self.random.random_range(4..9),
            _ => 24,
        };
        for _ in 0..count {
            self.act_once(judge, clock);
        }
        self.send_frames(judge);
        if self.random.random_range(0..150) == 0 {
            judge.faults.count("a gateway is lost");
            self.lose_gateway();
        }
    }

    /// Asks again whatever has no answer, in any order.
    pub fn ask_again(&mut self, judge: &mut Judge, clock: Timestamp) {
        let mut left: Vec<usize> =
            self.unanswered.iter().copied().filter(|asked| self.asked[*asked].under_way == 0).collect();
        while !left.is_empty() {
            let asked = left.swap_remove(self.random.random_range(0..left.len()));
            if self.random.random_range(0..3) > 0 {
                judge.faults.count("an unanswered request is sent again");
                self.send(asked, clock, PATIENCE);
            }
        }
        self.send_frames(judge);
    }

    fn act_once(&mut self, judge: &mut Judge, clock: Timestamp) {
        let desk = self.random.random_range(0..self.desks.len());
        let open = self.contacts.values().filter(|belief| !matches!(belief, Belief::Ended)).count();
        match self.random.random_range(0..100) {
            0..22 if open < OPEN_MAX => {
                let command = self.wishes.enqueue();
                self.ask(command, judge, clock);
            }
            22..25 if open < OPEN_MAX => {
                let command = self.wishes.announce(clock);
                self.ask(command, judge, clock);
            }
            0..36 => self.tend(desk, judge, clock),
            36..66 => self.work(desk, judge, clock),
            66 | 67 => {
                let command = self.wishes.erase();
                self.ask(command, judge, clock);
            }
            68..74 => self.report(judge),
            74..92 => {
                let agent = self.desks[desk].agent.clone();
                let command = self.wishes.about(&self.contacts, agent, clock);
                self.ask(command, judge, clock);
            }
            92..96 => self.lie(desk, judge, clock),
            _ => self.repeat(judge, clock),
        }
    }

    /// Opens a desk that is closed, or closes one now and then.
    fn tend(&mut self, number: usize, judge: &mut Judge, clock: Timestamp) {
        let chance = self.random.random_range(0..40);
        let desk = &mut self.desks[number];
        if desk.opening.is_some() {
            return;
        }
        if matches!(desk.at, At::Nowhere) {
            if chance == 0 {
                desk.sessions += 1;
                desk.session = session(number, desk.sessions);
                judge.faults.count("an agent comes back as somebody new");
            }
            self.watch(number);
        } else if chance < 3 {
            if matches!(desk.at, At::Gateway) {
                judge.faults.count("an agent leaves a gateway");
                self.gateway.leave(&desk.agent);
            } else {
                judge.faults.count("an agent's stream is lost");
            }
            desk.close();
            if chance == 0 {
                self.watch(number);
            }
        } else if chance < 6 {
            judge.faults.count("an agent opens a second stream");
            self.watch(number);
        } else {
            self.work(number, judge, clock);
        }
    }

    fn watch(&mut self, number: usize) {
        let Some(line) = &self.line else { return };
        let desk = &mut self.desks[number];
        if self.random.random_range(0..2) == 0 {
            desk.opening = Some(Way::Gateway);
            return self.gateway.open(&desk.agent, desk.session.clone());
        }
        desk.opening = Some(Way::Stream);
        let (shard, to, tenant) = (line.shard.clone(), line.to.clone(), self.tenant.clone());
        let (agent, session) = (desk.agent.clone(), desk.session.clone());
        tokio::spawn(async move {
            let watch = shard.watch(&tenant, agent, session).await;
            // Without anybody who hears it the stream is dropped, as by a desktop that was closed.
            let _ = to.send(Heard::Stream(number, Box::new(watch)));
        });
    }

    /// What an agent does next.
    fn work(&mut self, number: usize, judge: &mut Judge, clock: Timestamp) {
        let chance = self.random.random_range(0..40);
        let desk = &mut self.desks[number];
        if matches!(desk.at, At::Nowhere) {
            return;
        }
        let agent = desk.agent.clone();
        let command = if let Some((offer, shown)) = desk.offers.iter_mut().next_back() {
            let offer = *offer;
            match chance {
                _ if !shown.is_acknowledged && chance < 36 => {
                    shown.is_acknowledged = true;
                    Command::AckOffer { agent, offer }
                }
                0..26 => Command::AcceptOffer { agent, offer },
                26..30 => Command::DeclineOffer { agent, offer, reason: "busy".to_owned() },
                30..35 => Command::ExtendOffer { agent, offer, by: Span::from_secs(5) },
                _ => return,
            }
        } else if desk.presence != Presence::Available && chance < 34 {
            Command::SetPresence { agent, presence: Presence::Available }
        } else if let Some((contact, state)) = desk.work.iter().next() {
            let (contact, state) = (contact.clone(), *state);
            match self.wishes.work(agent, contact, state, clock) {
                Some(command) => command,
                None => return,
            }
        } else if chance < 4 {
            let away = Presence::Away { reason: "break".to_owned() };
            let presence = if chance == 0 { Presence::Offline } else { away };
            Command::SetPresence { agent, presence }
        } else {
            return;
        };
        self.ask(command, judge, clock);
    }

    /// An agent takes what is another's, or what never was.
    fn lie(&mut self, number: usize, judge: &mut Judge, clock: Timestamp) {
        let agent = self.desks[number].agent.clone();
        let others: Vec<OfferKey> = self.offers.keys().copied().collect();
        let offer = match others.len() {
            0 => OfferKey(7),
            count => others[count.saturating_sub(self.random.random_range(1..=20.min(count)))],
        };
        judge.faults.count("an agent lies");
        let command = match self.random.random_range(0..6) {
            0 => Command::AckOffer { agent, offer },
            1 => Command::DeclineOffer { agent, offer, reason: "lost".to_owned() },
            2 => Command::ExtendOffer { agent, offer, by: Span::from_secs(3) },
            3 => Command::AcceptOffer { agent, offer: OfferKey(offer.0 + 1) },
            _ => Command::AcceptOffer { agent, offer },
        };
        self.ask(command, judge, clock);
    }

    /// Asks for something that was answered long ago, or for something else under its id.
    fn repeat(&mut self, judge: &mut Judge, clock: Timestamp) {
        if self.asked.is_empty() {
            return;
        }
        let asked = self.random.random_range(0..self.asked.len());
        if self.random.random_range(0..4) > 0 {
            judge.faults.count("a late request");
            return self.send(asked, clock, PATIENCE);
        }
        let id = self.asked[asked].request.id.clone();
        let command = self.wishes.enqueue();
        let request = Request { id, command };
        let reused = self.add(request);
        self.send(reused, clock, PATIENCE);
    }

    /// Says what is heard of contacts, and never asks again.
    fn report(&mut self, judge: &mut Judge) {
        let reports = self.wishes.reports(&self.contacts);
        let Some(line) = self.line.as_ref().filter(|_| !reports.is_empty()) else { return };
        judge.reports.told(&self.tenant, &reports);
        let Ok(mut replies) = line.shard.report(&self.tenant, reports.clone()) else { return };
        let to = line.to.clone();
        tokio::spawn(async move {
            let answers = replies.all().await;
            let _ = to.send(Heard::Reported(reports, answers));
        });
    }

    /// Something new.
    fn ask(&mut self, command: Command, judge: &mut Judge, clock: Timestamp) {
        let asked = self.want(command);
        match self.random.random_range(0..30) {
            0..2 => {
                judge.faults.count("a request is sent twice");
                self.send(asked, clock, PATIENCE);
                self.send(asked, clock, PATIENCE);
            }
            2 => self.send(asked, clock, Duration::from_millis(1)),
            _ => self.send(asked, clock, PATIENCE),
        }
    }

    fn want(&mut self, command: Command) -> usize {
        let id = RequestId::new(&format!("{}-{}", self.tenant, self.asked.len())).expect("it obeys the grammar");
        self.add(Request { id: Some(id), command })
    }

    fn add(&mut self, request: Request) -> usize {
        self.asked.push(Asked { request, under_way: 0, since: Timestamp(0), answer: None });
        let number = self.asked.len() - 1;
        self.unanswered.insert(number);
        number
    }

    fn send(&mut self, number: usize, clock: Timestamp, patience: Duration) {
        let Some(line) = &self.line else { return };
        let asked = &mut self.asked[number];
        if asked.under_way == 0 {
            asked.since = clock;
        }
        asked.under_way += 1;
        let (shard, to, tenant) = (line.shard.clone(), line.to.clone(), self.tenant.clone());
        let request = asked.request.clone();
        // Nobody is told of what the agent does with an offer, whether or not an answer comes.
        if let Command::DeclineOffer { agent, offer, .. } | Command::AcceptOffer { agent, offer } = &request.command
            && let Some(desk) = self.desks.iter_mut().find(|desk| desk.agent == *agent)
        {
            desk.offers.remove(offer);
            desk.done.insert(*offer);
        }
        let desk_of = |agent: &AgentId| self.desks.iter().enumerate().find(|(_, desk)| desk.agent == *agent);
        if let Some((number_of_desk, desk)) = agent_of(&request.command).and_then(desk_of)
            && matches!(desk.at, At::Gateway)
            && self.random.random_range(0..4) > 0
        {
            let session = match self.random.random_range(0..16) {
                0..8 => None,
                // As a gateway that has not heard that the agent came back as somebody new.
                8 => Some(session(number_of_desk, desk.sessions.saturating_sub(1))),
                _ => Some(desk.session.clone()),
            };
            let Request { id, command } = request;
            let id = id.expect("clients name their requests");
            return self.gateway.ask(number, &desk.agent, session, id, command);
        }
        tokio::spawn(async move {
            let heard = match timeout(patience, shard.call(&tenant, request)).await {
                Ok(answer) => Heard::Answer(number, answer),
                Err(_) => Heard::GivenUp(number),
            };
            let _ = to.send(heard);
        });
    }

    fn answer(
        &mut self,
        number: usize,
        answer: Result<Reply, CallError>,
        judge: &mut Judge,
        clock: Timestamp,
    ) -> Result<(), String> {
        let asked = &mut self.asked[number];
        asked.under_way -= 1;
        let answer = match answer {
            Ok(reply) => {
                judge.answered(&self.tenant, &asked.request, &reply)?;
                Ok(reply)
            }
            Err(CallError::Reject(reject)) => {
                judge.refused(&self.tenant, &asked.request, asked.since, &reject, clock)?;
                Err(reject)
            }
            Err(CallError::TenantUnknown(tenant)) => return Err(format!("{tenant} is not known any more")),
            Err(
                CallError::Frozen
                | CallError::ShuttingDown
                | CallError::Overloaded { .. }
                | CallError::OutcomeUnknown
                | CallError::DiskFull,
            ) => return Ok(()),
        };
        let is_first = self.unanswered.remove(&number);
        if is_first && answer.is_err() {
            let state = judge.state_of(&self.tenant, &asked.request.command).unwrap_or("-");
            judge.coverage.refused(asked.request.command.name(), state);
        }
        if is_first || answer.is_ok() {
            asked.answer = Some(answer);
        }
        if is_first {
            self.learn(number);
        }
        Ok(())
    }

    /// What an answer says of the world.
    fn learn(&mut self, number: usize) {
        let asked = &self.asked[number];
        if let (command, Some(answer)) = (&asked.request.command, &asked.answer)
            && let Some(contact) = contact_of(command)
            && let Some(belief) = Belief::after(command, answer)
        {
            self.contacts.insert(contact.clone(), belief);
        }
    }

    /// A stream is open; what was on the desk before counts no more.
    fn open(&mut self, number: usize, watch: Result<Watch, CallError>, judge: &mut Judge) -> Result<(), String> {
        let desk = &mut self.desks[number];
        desk.opening = None;
        let watch = match watch {
            Ok(watch) => watch,
            // Not yet put, or nobody answers.
            Err(CallError::Reject(Reject::AgentUnknown { .. })) => return Ok(()),
            Err(
                CallError::Frozen
                | CallError::ShuttingDown
                | CallError::Overloaded { .. }
                | CallError::OutcomeUnknown
                | CallError::DiskFull,
            ) => return Ok(()),
            Err(other) => return Err(format!("{} could not open a stream: {other}", desk.agent)),
        };
        desk.at = At::Stream(watch.notices);
        self.sit_down(number, watch.resumed, watch.agent, watch.open_offers, judge)
    }

    /// A session is open, and shows all that is so.
    fn sit_down(
        &mut self,
        number: usize,
        resumed: bool,
        agent: AgentView,
        offers: Vec<OfferView>,
        judge: &mut Judge,
    ) -> Result<(), String> {
        if resumed {
            judge.faults.count("a session is resumed");
        }
        let desk = &mut self.desks[number];
        let AgentView { presence, work, .. } = agent;
        desk.offers.clear();
        desk.presence = presence;
        let is_work = |state: &WorkState| !matches!(state, WorkState::Offered(_));
        desk.work =
            work.into_iter().filter(|work| is_work(&work.state)).map(|work| (work.contact, work.state)).collect();
        offers.into_iter().try_for_each(|offer| self.show(number, offer))
    }

    fn notice(&mut self, number: usize, notice: Notice) -> Result<(), String> {
        let desk = &mut self.desks[number];
        match notice {
            Notice::Offer(offer) => self.show(number, *offer)?,
            Notice::Rescind { offer, .. } => drop(desk.offers.remove(&offer)),
            Notice::Presence { presence, .. } => desk.presence = presence,
            Notice::Work { contact, work: Some(work) } => {
                desk.offers.retain(|_, shown| shown.contact != contact);
                desk.work.insert(contact.clone(), work.state);
                let belief = if work.state == WorkState::WrapUp { Belief::WrapUp } else { Belief::Engaged };
                self.contacts.insert(contact, belief);
            }
            Notice::Work { contact, work: None } => drop(desk.work.remove(&contact)),
            Notice::ContactUpdated { .. } | Notice::Assist { .. } => {}
        }
        Ok(())
    }

    fn show(&mut self, number: usize, offer: OfferView) -> Result<(), String> {
        let made = (number, offer.contact.clone());
        let before = self.offers.entry(offer.offer).or_insert_with(|| made.clone());
        if *before != made {
            return Err(format!("{} was made to {before:?}, and is made to {made:?}", offer.offer));
        }
        let shown = Shown { contact: offer.contact, is_acknowledged: offer.expires_at.is_some() };
        let desk = &mut self.desks[number];
        if !desk.done.contains(&offer.offer) {
            desk.offers.insert(offer.offer, shown);
        }
        Ok(())
    }

    /// No contact is with two agents.
    fn check_desks(&self) -> Result<(), String> {
        let mut with: BTreeMap<&ContactId, &AgentId> = BTreeMap::new();
        for desk in &self.desks {
            let worked = desk.work.iter().filter(|(_, state)| **state != WorkState::WrapUp).map(|(id, _)| id);
            let offered = desk.offers.values().map(|shown| &shown.contact);
            for contact in worked.chain(offered) {
                if let Some(other) = with.insert(contact, &desk.agent) {
                    return Err(format!("contact {contact} is with {other} and with {}", desk.agent));
                }
            }
        }
        Ok(())
    }
}

impl Desk {
    fn close(&mut self) {
        (self.at, self.opening) = (At::Nowhere, None);
        self.offers.clear();
        self.work.clear();
    }

    /// What the stream has ready, if anything.
    fn next(&mut self) -> Option<StreamItem> {
        let At::Stream(stream) = &mut self.at else { return None };
        match stream.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(item) => Some(item),
            Poll::Pending => None,
        }
    }
}

/// The agent who does what a command says.
fn agent_of(command: &Command) -> Option<&AgentId> {
    match command {
        Command::SetPresence { agent, .. }
        | Command::AckOffer { agent, .. }
        | Command::AcceptOffer { agent, .. }
        | Command::DeclineOffer { agent, .. }
        | Command::ExtendOffer { agent, .. }
        | Command::ReportConnectFailed { agent, .. }
        | Command::ExtendWrapUp { agent, .. }
        | Command::EndWrapUp { agent, .. } => Some(agent),
        _ => None,
    }
}

fn session(desk: usize, number: u32) -> SessionId {
    SessionId::new(&format!("s{desk}-{number}")).expect("it obeys the grammar")
}
