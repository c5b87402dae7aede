//! What it costs to say how long a wait will be, beside a position and a queue's counts, where 100,000 wait.
//!
//! A thousand agents with four of twenty skills each serve fifty queues, each of which asks one skill; all of them are
//! busy. Asked are contacts all over the lines and customers who have not joined, at moments a second apart (so that who
//! may take what is looked at anew) and at the same one. Then a thousand a second come, to a decision alone, to one whose
//! events are followed, and to one that is told what they are to expect. `cargo bench --bench waits`; `-- --quick` with a tenth of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    hint::black_box,
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use attune::{
    engine::{Command, Event, Request, State, view::Query},
    forecast::waits::{Choice, Question, Telling, Waits},
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{ContactDetails, NewContact},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, ContactKey, QueueName, SessionId, SkillName},
        requirement::Requirement,
        time::{Span, Timestamp},
    },
    sim::driver::{Driver, Step},
};
use hdrhistogram::Histogram;

const QUEUES: usize = 50;
const SKILLS: usize = 20;
const AGENTS: usize = 1_000;
const ASKED: usize = 20_000;

/// What is done about contacts that come, besides deciding.
const ARRIVALS: [(&str, Option<Telling>); 3] = [
    ("arrival, not followed", None),
    ("arrival, followed", Some(Telling::Nothing)),
    ("arrival, told of", Some(Telling::Estimates)),
];

fn main() -> ExitCode {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let waiting = if quick { 10_000 } else { 100_000 };
    let mut floor = Floor::open(waiting);
    println!("{waiting} wait in {QUEUES} queues for {AGENTS} agents; microseconds a call: p50, p99");
    let now = floor.driver.now();
    let contact = |at: usize| id(floor.waiting[at * 7_919 % floor.waiting.len()]);
    let queue = |at: usize| name(at % QUEUES);

    let state = floor.driver.state();
    measure("position", |at| drop(black_box(state.query(now, &Query::Position(contact(at))))));
    measure("counts of a queue", |at| drop(black_box(state.query(now, &Query::Queue(queue(at))))));
    let waits = &mut floor.waits;
    measure("estimate, contact", |at| ask(waits, state, now, &Question::Contact(contact(at))));
    measure("estimate, newcomer", |at| ask(waits, state, now, &newcomer(queue(at))));
    let mut later = now;
    measure("estimate, a second later", |at| {
        later = later + Span::from_secs(1);
        ask(waits, state, later, &Question::Contact(contact(at)));
    });
    let mut number = AGENTS * 2 + waiting;
    for (what, telling) in ARRIVALS {
        measure(what, |_| {
            number += 1;
            floor.arrive(number, telling);
        });
    }
    ExitCode::SUCCESS
}

fn ask(waits: &mut Waits, state: &State, now: Timestamp, question: &Question) {
    let found = waits.answer(now, state, question).expect("nothing of this is refused");
    assert!(black_box(found)[0].estimate.is_ok(), "it is known");
}

fn measure(what: &str, mut call: impl FnMut(usize)) {
    let mut took = Histogram::<u64>::new_with_bounds(1, 1_000_000_000, 3).expect("a second has three digits");
    for at in 0..ASKED {
        let started = Instant::now();
        call(at);
        took.saturating_record(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    let [p50, p99] = [0.5, 0.99].map(|quantile| took.value_at_quantile(quantile) as f64 / 1e3);
    println!("{what:28} {p50:8.2} {p99:8.2}");
}

/// Agents, all of them busy, and contacts, all of them waiting.
struct Floor {
    driver: Driver,
    waits: Waits,
    keys: BTreeMap<ContactKey, usize>,
    /// Contacts that an agent took, in order.
    taken: Vec<usize>,
    /// All others.
    waiting: Vec<usize>,
}

impl Floor {
    fn open(waiting: usize) -> Self {
        let mut text = "[channels.voice]\n[skills]\n".to_owned();
        (0..SKILLS).for_each(|skill| writeln!(text, "s{skill} = ''").expect("a string takes all"));
        for queue in 0..QUEUES {
            let skill = queue % SKILLS;
            let rules = "offers = { acceptance = 'automatic' }\nmax_wait = { after = '12h' }";
            writeln!(text, "[queues.q{queue}]\nrequire = {{ all = ['s{skill}'] }}\n{rules}")
                .expect("a string takes all");
        }
        let document = Document::parse(&text, Format::Toml).expect("the document is valid");
        let (driver, founded) = Driver::new(Timestamp(0), document);
        let mut floor =
            Self { driver, waits: Waits::default(), keys: BTreeMap::new(), taken: Vec::new(), waiting: Vec::new() };
        floor.waits.record(founded.now, &founded.events, floor.driver.state(), Telling::Estimates);
        (0..AGENTS).for_each(|agent| floor.hire(agent));
        (0..AGENTS + waiting).for_each(|contact| floor.enqueue(contact));
        // Each agent has had one, so that it is known how long they take.
        floor.driver.pass(Span::from_secs(300));
        let first = floor.taken.clone();
        first.iter().for_each(|contact| floor.call(Command::CompleteContact { contact: id(*contact) }));
        (0..first.len()).for_each(|contact| floor.enqueue(AGENTS + waiting + contact));
        let taken: BTreeSet<usize> = floor.taken.iter().copied().collect();
        floor.waiting = floor.keys.values().copied().filter(|contact| !taken.contains(contact)).collect();
        floor
    }

    fn hire(&mut self, number: usize) {
        let agent = AgentId::new(&format!("a{number}")).expect("it obeys the grammar");
        let skill = |at: usize| SkillName::new(&format!("s{}", (number + at * 3) % SKILLS)).expect("a name");
        let profile = AgentProfile { skills: (0..4).map(|at| (skill(at), 80)).collect(), ..AgentProfile::default() };
        let put = Command::PutAgent { agent: agent.clone(), profile: Arc::new(profile), expected: Expected::Anything };
        let (session, connection) = (SessionId::new("s").expect("a session"), self.driver.next_connection());
        self.call(put);
        self.call(Command::OpenSession { agent: agent.clone(), session, connection });
        self.call(Command::SetPresence { agent, presence: Presence::Available });
    }

    fn enqueue(&mut self, number: usize) {
        self.call(comes(number));
    }

    /// A millisecond later one more comes.
    fn arrive(&mut self, number: usize, telling: Option<Telling>) {
        self.driver.pass(Span::from_millis(1));
        let step = self.driver.request(Request { id: None, command: comes(number) });
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        let Some(telling) = telling else { return };
        for record in &step.records {
            self.waits.record(record.now, &record.events, self.driver.state(), telling);
        }
        drop(self.waits.outcomes());
    }

    /// Gives a command; whoever is offered a contact takes it at once.
    fn call(&mut self, command: Command) {
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        self.follow(&step);
        for event in step.events() {
            if let Event::ContactQueued { contact, queued } = event {
                self.keys.insert(*contact, queued.id.as_str()[1..].parse().expect("contacts are numbered"));
            }
            if let Event::OfferMade { offer, contact, agent, .. } = event {
                self.taken.push(self.keys[contact]);
                let agent = self.driver.state().agent_id(*agent).expect("it is there").clone();
                self.call(Command::AckOffer { agent, offer: *offer });
            }
        }
    }

    fn follow(&mut self, step: &Step) {
        for record in &step.records {
            self.waits.record(record.now, &record.events, self.driver.state(), Telling::Nothing);
        }
    }
}

fn comes(number: usize) -> Command {
    Command::EnqueueContact(Box::new(NewContact {
        id: id(number),
        queue: name(number % QUEUES),
        channel: ChannelName::new("voice").expect("a name"),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        trace: None,
        details: Arc::new(ContactDetails::default()),
    }))
}

fn newcomer(queue: QueueName) -> Question {
    let choice = Choice {
        queue,
        channel: Some(ChannelName::new("voice").expect("a name")),
        requirement: Requirement::default(),
        moment_of_truth: false,
        head_start: Span::ZERO,
    };
    Question::Newcomer { options: vec![choice], told: None }
}

fn name(queue: usize) -> QueueName {
    QueueName::new(&format!("q{queue}")).expect("it obeys the grammar")
}

fn id(contact: usize) -> ContactId {
    ContactId::new(&format!("c{contact}")).expect("it obeys the grammar")
}
