//! What clients may ask for: mostly what makes sense by what they believe, now and then what does not.
//!
//! The world is small, and has everything that goes on by itself: steps, longest waits, wrap-ups, automatic acceptance,
//! work that may be interrupted. A contact is offered to one agent at a time in all of it.

use std::{collections::BTreeMap, sync::Arc};

use attune::{
    engine::{Command, Reject, Reply, command::Destination, view::WorkState},
    model::{
        care::{Announced, Care},
        contact::{CancelReason, ContactDetails, CustomerId, KeepPlace, NewContact, TargetAgent},
        document::{Document, Format},
        ids::{ActorId, AgentId, ChannelName, ContactId, EventName, QueueName},
        requirement::Requirement,
        signal::{Content, Feeling, Happened, Signal, SignalKey, Source, WHOLE},
        supervision::{Action, Supervision},
        time::{Span, Timestamp},
    },
    shard::Report,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const DOCUMENT: &str = r#"
    session_grace = "20s"
    [skills]
    expert = ""
    [channels.voice]
    cost = 100
    [channels.chat]
    cost = 40
    on_agent_lost = "requeue"
    [channels.email]
    cost = 30
    interruptible = true
    [queues.calls]
    channels = ["voice"]
    prefer = [{ all = ["expert"] }]
    offers = { time = "15s", extension_max = "20s" }
    wrap_up = { time = "10s", max = "30s", cost = 50 }
    max_wait = { after = "2m", then = "overflow", queue = "rest" }
    [queues.chats]
    channels = ["chat"]
    require = { all = ["expert"] }
    steps = [{ after = "10s", require = {} }]
    offers = { acceptance = "automatic" }
    wrap_up = { time = "5s", max = "20s" }
    [queues.mail]
    channels = ["email"]
    offers = { time = "60s" }
    max_wait = { after = "10m", then = "escalate", queue = "rest" }
    [queues.rest]
    priority = "30s"
    wrap_up = { time = "8s", max = "20s", cost = 0 }
    [moments.card_lost]
    triggers = [{ event = "card_lost", attributes = { how = "stolen" }, from = ["fact"] }]
"#;
const LINES: [(&str, &str); 6] =
    [("calls", "voice"), ("calls", "voice"), ("chats", "chat"), ("mail", "email"), ("rest", "voice"), ("rest", "chat")];

/// The document of every tenant.
pub fn document() -> Arc<Document> {
    Arc::new(Document::parse(DOCUMENT, Format::Toml).unwrap_or_else(|error| panic!("{error}")))
}

/// What a client believes of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    Announced,
    Waiting,
    Parked,
    Engaged,
    WrapUp,
    Ended,
}

const BELIEFS: [Belief; 7] = [
    Belief::Announced,
    Belief::Announced,
    Belief::Waiting,
    Belief::Parked,
    Belief::Engaged,
    Belief::WrapUp,
    Belief::Ended,
];

impl Belief {
    /// What an answer says of the contact that the command names; `None` = nothing new.
    pub fn after(command: &Command, answer: &Result<Reply, Reject>) -> Option<Self> {
        match (command, answer) {
            (_, Err(Reject::ContactClosed(_) | Reject::ContactUnknown(_))) => Some(Self::Ended),
            (_, Err(_)) => None,
            (Command::AnnounceContact { .. }, Ok(_)) => Some(Self::Announced),
            (Command::ParkContact { .. }, Ok(_)) => Some(Self::Parked),
            (Command::CancelContact { .. }, Ok(_)) => Some(Self::Ended),
            (Command::CompleteContact { .. }, Ok(_)) => Some(Self::WrapUp),
            (Command::EndWrapUp { .. }, Ok(_)) => Some(Self::Ended),
            (
                Command::EnqueueContact(_)
                | Command::ReleaseContact { .. }
                | Command::RequeueContact { .. }
                | Command::TransferContact { .. }
                | Command::ReportConnectFailed { .. },
                Ok(_),
            ) => Some(Self::Waiting),
            _ => None,
        }
    }
}

/// A source of commands.
pub struct Wishes {
    random: StdRng,
    contacts: u64,
}

impl Wishes {
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), contacts: 0 }
    }

    /// A contact that nobody has seen before.
    pub fn enqueue(&mut self) -> Command {
        let contact = self.fresh();
        self.enqueue_as(contact)
    }

    pub fn announce(&mut self, now: Timestamp) -> Command {
        let contact = self.fresh();
        self.announce_as(contact, now)
    }

    fn announce_as(&mut self, contact: ContactId, now: Timestamp) -> Command {
        let expected_at = now + Span::from_secs(self.random.random_range(0..120));
        let announced = Announced { moment_of_truth: false, probability: 1_000 };
        let details = self.details(&contact);
        Command::AnnounceContact { contact, expected_at, announced, source: None, details }
    }

    /// Something about one of these contacts, mostly what fits it.
    pub fn about(&mut self, contacts: &BTreeMap<ContactId, Belief>, agent: AgentId, now: Timestamp) -> Command {
        if self.random.random_range(0..8) == 0 {
            let kind = self.random.random_range(0..KINDS);
            let belief = BELIEFS[self.random.random_range(0..BELIEFS.len())];
            let contact = self.one(contacts, |its| *its == belief).map(|(id, _)| id);
            let contact = contact.unwrap_or_else(|| self.fresh());
            return self.any(kind, contact, agent, now);
        }
        let Some((contact, belief)) = self.one(contacts, |its| *its != Belief::Ended) else { return self.enqueue() };
        let kinds: &[u32] = match belief {
            Belief::Announced => &[0, 0, 0, 1, 2],
            Belief::Waiting => &[1, 2, 3, 5, 5, 7, 10, 11, 12, 12],
            Belief::Parked => &[1, 2, 4, 4, 4, 5, 10],
            Belief::Engaged => &[2, 5, 6, 6, 7, 7, 8, 10, 10],
            Belief::WrapUp => &[2, 9, 9, 13, 10],
            Belief::Ended => &[2],
        };
        let kind = kinds[self.random.random_range(0..kinds.len())];
        self.any(kind, contact, agent, now)
    }

    /// Any contact of which that is believed.
    fn one(
        &mut self,
        contacts: &BTreeMap<ContactId, Belief>,
        fits: impl Fn(&Belief) -> bool,
    ) -> Option<(ContactId, Belief)> {
        let fitting = || contacts.iter().filter(|(_, belief)| fits(belief));
        let count = fitting().count();
        let at = (count > 0).then(|| self.random.random_range(0..count))?;
        fitting().nth(at).map(|(id, belief)| (id.clone(), *belief))
    }

    /// What an agent does with a contact at the desk.
    pub fn work(&mut self, agent: AgentId, contact: ContactId, state: WorkState, now: Timestamp) -> Option<Command> {
        let chance = self.random.random_range(0..20);
        match state {
            WorkState::Offered(_) => None,
            WorkState::WrapUp if chance < 6 => Some(Command::EndWrapUp { agent, contact }),
            WorkState::WrapUp if chance < 12 => Some(Command::ExtendWrapUp { agent, contact, by: Span::from_secs(3) }),
            WorkState::WrapUp => None,
            _ if chance < 10 => Some(Command::CompleteContact { contact }),
            _ if chance < 12 => Some(self.any(6, contact, agent, now)),
            _ if chance < 14 => Some(self.any(8, contact, agent, now)),
            _ => None,
        }
    }

    fn any(&mut self, kind: u32, contact: ContactId, agent: AgentId, now: Timestamp) -> Command {
        let place = if self.random.random_range(0..2) == 0 { KeepPlace::Keep } else { KeepPlace::New };
        match kind {
            0 => self.enqueue_as(contact),
            1 => Command::CancelContact { contact, reason: CancelReason::CustomerLeft },
            2 => {
                let details = self.details(&contact);
                Command::UpdateContact { contact, details: Some(details), requirement: None }
            }
            3 => {
                let longest = Span::from_secs(self.random.random_range(1..90));
                Command::ParkContact { contact, longest }
            }
            4 => Command::ReleaseContact { contact },
            5 => {
                let queue = (self.random.random_range(0..2) == 0).then(|| queue("rest"));
                Command::RequeueContact { contact, queue, place }
            }
            6 => {
                let to = match self.random.random_range(0..2) {
                    0 => Destination::Agent(TargetAgent { agent, window: Some(Span::from_secs(10)) }),
                    _ => Destination::Queue(queue("rest")),
                };
                Command::TransferContact { contact, to, place }
            }
            7 => Command::CompleteContact { contact },
            8 => Command::ReportConnectFailed { agent, contact, reason: "no line".to_owned() },
            9 => Command::EndWrapUp { agent, contact },
            10 => Command::Signal { contact, signals: [self.signal()].into() },
            11 => {
                let window = Some(Span::from_secs(self.random.random_range(1..20)));
                supervised(Action::PullContact { contact, to: TargetAgent { agent, window } })
            }
            12 => {
                let head_start = Span::from_secs(self.random.random_range(-60..60));
                match self.random.random_range(0..2) {
                    0 => supervised(Action::PrioritiseContact { contact, head_start }),
                    _ => supervised(Action::MoveContact { contact, queue: queue("rest"), place }),
                }
            }
            13 => Command::ExtendWrapUp { agent, contact, by: Span::from_secs(4) },
            14 => self.announce_as(contact, now),
            other => unreachable!("there are {KINDS} kinds, and {other} is none"),
        }
    }

    fn fresh(&mut self) -> ContactId {
        self.contacts += 1;
        ContactId::new(&format!("c{}", self.contacts)).expect("it obeys the grammar")
    }

    fn enqueue_as(&mut self, id: ContactId) -> Command {
        let (line, channel) = LINES[self.random.random_range(0..LINES.len())];
        let details = self.details(&id);
        Command::EnqueueContact(Box::new(NewContact {
            id,
            queue: queue(line),
            channel: ChannelName::new(channel).expect("it obeys the grammar"),
            requirement: Requirement::default(),
            target: None,
            excluded: Vec::new(),
            care: Care::default(),
            dynamic: Span::from_secs(self.random.random_range(0..30)),
            signals: Vec::new(),
            arrived_at: None,
            details,
            trace: None,
        }))
    }

    /// What is told of a contact's customer, who may be nobody in particular.
    fn details(&mut self, contact: &ContactId) -> Arc<ContactDetails> {
        if self.random.random_range(0..5) == 0 {
            return Arc::default();
        }
        let customer_id = if self.random.random_range(0..5) > 0 { self.customer() } else { String::new() };
        let context = format!("page {} of {contact}", self.random.random_range(0..100));
        let attributes = BTreeMap::from([("account".to_owned(), format!("of {customer_id} by {contact}"))]);
        Arc::new(ContactDetails { customer_id, attributes, context })
    }

    /// What is heard of some of these contacts at once.
    pub fn reports(&mut self, contacts: &BTreeMap<ContactId, Belief>) -> Vec<Report> {
        let (mut reports, count) = (Vec::new(), self.random.random_range(1..4));
        for _ in 0..count {
            let is_sought = self.random.random_range(0..10) > 0;
            let Some((contact, _)) = self.one(contacts, |its| (*its != Belief::Ended) == is_sought) else { continue };
            let signals = (0..self.random.random_range(1..4)).map(|_| self.signal()).collect();
            reports.push(Report { contact, signals });
        }
        reports
    }

    /// A customer: mostly one who came lately, or will soon, now and then any.
    fn customer(&mut self) -> String {
        let lately = self.contacts / 3;
        let number = match self.random.random_range(0..8) {
            0 => self.random.random_range(0..=lately),
            _ => lately + self.random.random_range(0..8),
        };
        format!("customer {number}")
    }

    /// Asks for somebody to be erased, mostly somebody who has no contact any more.
    pub fn erase(&mut self) -> Command {
        let customer = if self.random.random_range(0..4) == 0 {
            self.customer()
        } else {
            format!("customer {}", self.random.random_range(0..=self.contacts / 3))
        };
        supervised(Action::EraseCustomer { customer: CustomerId(customer) })
    }

    fn signal(&mut self) -> Signal {
        let valence = self.random.random_range(-1_000..500);
        let feeling = Some(Feeling { valence, arousal: 600, confidence: 900 });
        let key = SignalKey(self.random.random_range(0..20));
        let revision = self.random.random_range(0..3);
        if self.random.random_range(0..6) > 0 {
            let content = Some(Content { feeling, ..Content::default() });
            return Signal { key, revision, observed_at: None, source: Source::Text, content };
        }
        let how = ["stolen", "mislaid"][self.random.random_range(0..2)].to_owned();
        let event = EventName::new("card_lost").expect("it obeys the grammar");
        let happened = Happened { event, confidence: WHOLE, attributes: BTreeMap::from([("how".to_owned(), how)]) };
        let content = Some(Content { events: vec![happened], ..Content::default() });
        Signal { key, revision, observed_at: None, source: Source::Fact, content }
    }
}

/// Kinds of commands about a contact.
const KINDS: u32 = 15;

fn supervised(action: Action) -> Command {
    let actor = ActorId::new("sam").expect("it obeys the grammar");
    Command::Supervise(Arc::new(Supervision { actor, reason: "because".to_owned(), action }))
}

fn queue(name: &str) -> QueueName {
    QueueName::new(name).expect("it obeys the grammar")
}
