//! Scrape: what metrics and statistics cost, with ten thousand queues.
//!
//! One world in virtual time has every queue with a contact handled, then so many contacts waiting over all of them. What
//! happened is observed by turns with metrics that go nowhere and with metrics that are shown: that is what counting costs a
//! shard for each contact, beside deciding it. Then the shown ones are scraped, at the default
//! cap and with the cap raised, statistics are read at both ends of their size, and gauges are brought up to date.
//!
//! `cargo bench --bench scrape` takes ten thousand queues and 100,000 waiting; `-- --quick` a tenth of both.

use std::{
    hint::black_box,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use attune::{
    engine::{Command, Event, Request},
    journal::Record,
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{ContactDetails, NewContact},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, QueueName, SessionId, TenantId},
        requirement::Requirement,
        time::{Span, Timestamp},
    },
    shard::{
        core::Core,
        observe::Observer,
        statistics::{ROWS_MAX, Rows, Scope},
    },
    sim::driver::{Driver, Step},
    telemetry::{exposition::Exposition, metrics::METRICS},
};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Each way of observing is taken so often, in turn; the least counts, since noise only adds.
const ROUNDS: usize = 5;
/// Each scrape and reading is repeated so often; median and longest count.
const REPEATS: usize = 21;
const START: Timestamp = Timestamp(1_700_049_600_000_000);
/// The cap on queues that settings have by default.
const CAP_DEFAULT: usize = 1_000;

fn main() -> ExitCode {
    // Cargo's test runner asks every bench for its tests; there are none.
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (queues, waiting) = if quick { (1_000, 10_000) } else { (10_000, 100_000) };
    println!("{queues} queues, a contact handled in each, {waiting} contacts waiting");
    let played = play(queues, waiting);
    counting(&played);
    let caps = [(CAP_DEFAULT.min(queues / 10), 25), (queues, 250)];
    for (cap, goal) in caps {
        scraping(&played, cap, goal);
    }
    reading(&played);
    ExitCode::SUCCESS
}

/// What happened.
struct Played {
    driver: Driver,
    records: Vec<Record>,
    /// The first record of those in which contacts only wait.
    waiting_from: usize,
    handled: usize,
}

fn play(queues: usize, waiting: usize) -> Played {
    let names: String = (0..queues).map(|number| format!("[queues.q{number:05}]\n{RULES}")).collect();
    let text = format!("[channels.voice]\n[channels.chat]\n{names}");
    let document = Document::parse(&text, Format::Toml).expect("it is valid");
    let (driver, founding) = Driver::new(START, document);
    let mut played = Played { driver, records: vec![founding], waiting_from: 0, handled: queues };
    played.agent();
    for number in 0..queues {
        played.handle(number, queues);
    }
    let present = Presence::Away { reason: "the bench".to_owned() };
    played.call(Command::SetPresence { agent: agent(), presence: present });
    played.waiting_from = played.records.len();
    for number in 0..waiting {
        played.call(enqueue(queues + number, number % queues));
    }
    played
}

/// Automatic, so that an acknowledged offer is an accepted one.
const RULES: &str = "offers = { acceptance = \"automatic\" }\nmax_wait = { after = \"6d\" }\n";

impl Played {
    fn call(&mut self, command: Command) -> Step {
        let step = self.driver.request(Request { id: None, command });
        assert!(step.reply.is_ok(), "{:?}", step.reply);
        self.records.extend_from_slice(&step.records);
        step
    }

    fn agent(&mut self) {
        let (profile, session) = (Arc::new(AgentProfile::default()), SessionId::new("s").expect("a name"));
        self.call(Command::PutAgent { agent: agent(), profile, expected: Expected::Anything });
        let connection = self.driver.next_connection();
        self.call(Command::OpenSession { agent: agent(), session, connection });
        self.call(Command::SetPresence { agent: agent(), presence: Presence::Available });
    }

    /// Ten a second.
    fn handle(&mut self, number: usize, queues: usize) {
        let passed = self.driver.pass(Span::from_millis(100));
        self.records.extend(passed.records);
        let step = self.call(enqueue(number, number % queues));
        let made = step.events().find_map(|event| match event {
            Event::OfferMade { offer, .. } => Some(*offer),
            _ => None,
        });
        self.call(Command::AckOffer { agent: agent(), offer: made.expect("the agent is free") });
        self.call(Command::CompleteContact { contact: contact(number) });
    }

    /// Repeats what happened, with whoever observes; how long the observing took and what is left of it.
    fn observe(&self, mut observer: Observer) -> (Duration, Duration, Observer) {
        let (mut core, tenant) = (Core::new(), tenant());
        let (mut handling, mut waiting) = (Duration::ZERO, Duration::ZERO);
        for (at, record) in self.records.iter().enumerate() {
            core.repeat(record).expect("records follow each other");
            let state = core.state(&tenant).expect("it was founded");
            let began = Instant::now();
            observer.record(record, state);
            let took = began.elapsed();
            if at < self.waiting_from { handling += took } else { waiting += took }
        }
        (handling, waiting, observer)
    }
}

/// What it costs a shard to count.
fn counting(played: &Played) {
    let mut least = [[Duration::MAX; 2]; 2];
    for _ in 0..ROUNDS {
        for (way, least) in least.iter_mut().enumerate() {
            let exposition = Exposition::of(METRICS);
            let observe = || played.observe(Observer::new(CAP_DEFAULT));
            let (handling, waiting, _) = match way {
                0 => metrics::with_local_recorder(&metrics::NoopRecorder, observe),
                _ => metrics::with_local_recorder(&exposition, observe),
            };
            *least = [least[0].min(handling), least[1].min(waiting)];
        }
    }
    let clock = clock_cost(played.records.len());
    let waiting = played.records.len() - played.waiting_from;
    let (handled, waited) = ((played.waiting_from, played.handled), (waiting, waiting));
    println!("\ncounting, ns for each contact (the clock's share taken off), the least of {ROUNDS}");
    println!("{:<34} {:>12} {:>12}", "", "handled", "enqueued");
    for (name, [handling, waiting]) in [("statistics alone", least[0]), ("statistics and metrics", least[1])] {
        let each = |took: Duration, (records, contacts): (usize, usize)| {
            (took.saturating_sub(clock * records as u32)).as_nanos() as f64 / contacts as f64
        };
        println!("{name:<34} {:>12.0} {:>12.0}", each(handling, handled), each(waiting, waited));
    }
}

/// What looking at the clock takes, twice.
fn clock_cost(times: usize) -> Duration {
    let mut all = Duration::ZERO;
    for _ in 0..times {
        let began = Instant::now();
        all += black_box(began.elapsed());
    }
    all / times as u32
}

fn scraping(played: &Played, cap: usize, goal: u64) {
    let exposition = Exposition::of(METRICS);
    let mut observer = metrics::with_local_recorder(&exposition, || {
        let (_, _, mut observer) = played.observe(Observer::new(cap));
        observer.publish_now(played.driver.core());
        observer
    });
    let mut text = String::new();
    let scrape = times(|| text = exposition.render());
    println!(
        "\nscrape, {cap} queues with labels of their own: {} lines, {:.1} MB\n{} (goal: the median under {goal} ms)",
        exposition.lines(),
        text.len() as f64 / 1e6,
        scrape
    );
    let bring = times(|| observer.publish_now(played.driver.core()));
    println!("gauges brought up to date, all pages: {bring}");
}

fn reading(played: &Played) {
    let exposition = Exposition::of(METRICS);
    let (_, _, mut observer) = metrics::with_local_recorder(&exposition, || played.observe(Observer::new(CAP_DEFAULT)));
    let (now, tenant, state) = (played.driver.now(), tenant(), played.driver.state());
    println!("\nreading statistics, all windows");
    let one = Scope { queue: Some(queue(0)), channel: None };
    for (name, rows) in [
        ("a queue", Rows::One(one)),
        ("the tenant", Rows::One(Scope::default())),
        ("every channel", Rows::Channels),
        ("a page of 100 queues", Rows::Queues { after: None, limit: ROWS_MAX }),
    ] {
        let took = times(|| drop(black_box(observer.ask(now, &tenant, state, &rows))));
        println!("{name:<22} {took}");
    }
    let bytes = observer.statistics_bytes(&tenant);
    println!("{bytes} bytes of statistics, {} for each queue", bytes / played.handled);
}

/// Median and longest of many.
fn times(mut work: impl FnMut()) -> String {
    let mut took: Vec<Duration> = (0..REPEATS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    let (median, longest) = (took[REPEATS / 2], took[REPEATS - 1]);
    format!("median {median:.1?}, longest {longest:.1?} of {REPEATS}")
}

fn tenant() -> TenantId {
    TenantId::new("default").expect("a name")
}

fn agent() -> AgentId {
    AgentId::new("ana").expect("a name")
}

fn queue(number: usize) -> QueueName {
    QueueName::new(&format!("q{number:05}")).expect("a name")
}

fn contact(number: usize) -> ContactId {
    ContactId::new(&format!("c{number}")).expect("a name")
}

fn enqueue(number: usize, queue_number: usize) -> Command {
    Command::EnqueueContact(Box::new(NewContact {
        id: contact(number),
        queue: queue(queue_number),
        channel: ChannelName::new("voice").expect("a name"),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        details: Arc::new(ContactDetails::default()),
    }))
}
