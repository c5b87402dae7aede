//! Signals: what ten a second of each of 10,000 waiting contacts cost a shard.
//!
//! Everything is measured in one run, each way in a shard of its own with contacts of its own, all of them waiting, so that
//! every decision moves one in its line. The ways: signals made and dropped (the floor, and part of all others), signals by
//! stream, and each signal a command of its own, which is what gathering saves. Beside the load somebody keeps asking for a
//! contact, as everybody else does who wants something of the shard.
//!
//! `cargo bench --bench signals` takes half a minute; `-- --quick` a short look.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use attune::{
    engine::{Command, Request, view::Query},
    journal::memory::{MemoryStorage, Retention},
    model::{
        care::Care,
        contact::NewContact,
        document::{Document, Format},
        ids::{ChannelName, ContactId, QueueName, TenantId},
        limits::STREAM_UNANSWERED_MAX,
        requirement::Requirement,
        signal::{Content, Feeling, Signal, SignalKey, Source},
        time::Span,
    },
    shard::{
        Replies, Report, ShardHandle, clock,
        core::Core,
        observe::Observer,
        run::{self, ShardTask},
    },
};
use hdrhistogram::Histogram;
use tokio::runtime::{Builder, Runtime};

const CONTACTS: usize = 10_000;
/// Of each contact.
const SIGNALS_PER_SECOND: usize = 10;
/// Signals that come in one message …
const MESSAGE: usize = 1_000;
/// … and messages that may be unanswered, as of a stream: who is faster waits.
const UNANSWERED: usize = STREAM_UNANSWERED_MAX / MESSAGE;
const DOCUMENT: &str = "[channels.voice]\n[queues.main]\n[moments.upset]\ntriggers = [{ distress = 50 }]\n";

/// How signals reach the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Nowhere,
    Stream,
    Each,
}

/// What was measured of a way.
struct Measured {
    sent: usize,
    refused: usize,
    commands: usize,
    signals: usize,
    took: Duration,
    cpu: Option<Duration>,
    asked: Histogram<u64>,
}

fn main() -> ExitCode {
    // Cargo's test runner asks every bench for its tests; there are none.
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let quick = std::env::args().any(|argument| argument == "--quick");
    let span = Duration::from_secs(if quick { 2 } else { 8 });
    println!("{CONTACTS} contacts, {SIGNALS_PER_SECOND} signals a second of each, {span:?} each way");
    println!(
        "{:<28} {:>9} {:>9} {:>11} {:>11} {:>12} {:>10} {:>10}",
        "", "signals/s", "refused", "commands/s", "in commands", "CPU of one", "ask p50", "ask p99"
    );
    let ways = [("made and dropped", Way::Nowhere), ("by stream", Way::Stream), ("a command each", Way::Each)];
    for (name, way) in ways {
        row(name, &measure(way, span));
    }
    println!(
        "\nthe same in virtual time, without inbox and journal: what it takes of a processor, however busy the machine"
    );
    for (name, way) in &ways[1..] {
        alone(name, *way, span.as_secs() as i64 / 2);
    }
    ExitCode::SUCCESS
}

/// The core alone, with signals every ten milliseconds and a fold whenever one is due.
fn alone(name: &str, way: Way, seconds: i64) {
    const STEP: Span = Span::from_millis(10);
    let (tenant, document) = (TenantId::new("t").expect("a name"), Document::parse(DOCUMENT, Format::Toml));
    let (mut core, mut now) = (Core::new(), clock::now());
    let founded = core.add_tenant(now, tenant.clone(), Arc::new(document.expect("it is valid")));
    founded.expect("it is new");
    for number in 0..CONTACTS {
        core.step(now, &tenant, request(enqueue(number))).expect("it is there").reply.expect("it is taken");
    }
    let contacts: Vec<ContactId> = (0..CONTACTS).map(contact).collect();
    let (first, before) = (core.next_seq().0, cpu());
    for number in 0..seconds as usize * CONTACTS * SIGNALS_PER_SECOND {
        let contact = contacts[number % CONTACTS].clone();
        match way {
            Way::Nowhere => {}
            Way::Stream => {
                let report = Report { contact, signals: vec![signal(number)] };
                core.gather(now, &tenant, report).expect("there is room");
            }
            Way::Each => {
                let command = Command::Signal { contact, signals: [signal(number)].into() };
                core.step(now, &tenant, request(command)).expect("it is there").reply.expect("it is taken");
            }
        }
        if (number + 1).is_multiple_of(MESSAGE) {
            core.fold_due(now, now);
            core.tick_due(now);
            now = now + STEP;
        }
    }
    let commands = core.next_seq().0 - first;
    let took = cpu().zip(before).map(|(after, before)| (after - before).as_secs_f64() / seconds as f64);
    let took = took.map_or("unknown".to_owned(), |took| format!("{:.1} % of one", 100.0 * took));
    println!("{name:<28} {:>9} commands/s {took:>16}", commands / seconds as u64);
}

fn row(name: &str, measured: &Measured) {
    let span = measured.took;
    let per_second = |count: usize| count as f64 / span.as_secs_f64();
    let cpu = measured.cpu.map(|cpu| format!("{:.1} %", 100.0 * cpu.as_secs_f64() / span.as_secs_f64()));
    let micros = |quantile| format!("{} µs", measured.asked.value_at_quantile(quantile));
    println!(
        "{name:<28} {:>9.0} {:>9} {:>11.0} {:>11} {:>12} {:>10} {:>10}",
        per_second(measured.sent),
        measured.refused,
        per_second(measured.commands),
        measured.signals,
        cpu.unwrap_or_else(|| "unknown".to_owned()),
        micros(0.5),
        micros(0.99)
    );
}

/// A shard on a thread of its own, with contacts that wait.
struct Office {
    runtime: Runtime,
    tenant: TenantId,
    storage: MemoryStorage,
    shard: ShardHandle,
    task: ShardTask,
}

impl Office {
    fn open() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let tenant = TenantId::new("t").expect("a name");
        let storage = MemoryStorage::new(Retention::Everything);
        let document = Arc::new(Document::parse(DOCUMENT, Format::Toml).expect("it is valid"));
        let mut core = Core::new();
        let founding = vec![core.add_tenant(clock::now(), tenant.clone(), document).expect("it is new")];
        let entered = runtime.enter();
        let (shard, task) = run::start(core, founding, storage.open(), Observer::new(10));
        drop(entered);
        let office = Self { runtime, tenant, storage, shard, task };
        for first in (0..CONTACTS).step_by(MESSAGE) {
            let requests = (first..first + MESSAGE).map(|number| request(enqueue(number))).collect();
            let mut replies = office.shard.call_all(&office.tenant, requests).expect("there is room");
            office.runtime.block_on(replies.all()).into_iter().for_each(|reply| drop(reply.expect("it is taken")));
        }
        office
    }
}

/// Sends signals at their pace, or as fast as they are answered.
fn measure(way: Way, span: Duration) -> Measured {
    let office = Office::open();
    let contacts: Vec<ContactId> = (0..CONTACTS).map(contact).collect();
    let (before, stop) = (office.storage.records().len(), Arc::new(AtomicBool::new(false)));
    let asking = {
        let (shard, tenant, stop) = (office.shard.clone(), office.tenant.clone(), Arc::clone(&stop));
        office.runtime.spawn(async move { ask(&shard, &tenant, &stop).await })
    };
    let messages = span.as_secs() as usize * CONTACTS * SIGNALS_PER_SECOND / MESSAGE;
    let between = span / messages as u32;
    let (began, cpu_before) = (Instant::now(), cpu());
    let (mut unanswered, mut refused) = (VecDeque::<Replies>::new(), 0);
    let mut answered = |mut replies: Replies| {
        let answers = office.runtime.block_on(replies.all());
        refused += answers.iter().filter(|answer| answer.is_err()).count();
    };
    for message in 0..messages {
        thread::sleep((began + between * message as u32).saturating_duration_since(Instant::now()));
        if unanswered.len() == UNANSWERED {
            unanswered.pop_front().into_iter().for_each(&mut answered);
        }
        let first = message * MESSAGE;
        let reports = (first..first + MESSAGE)
            .map(|number| Report { contact: contacts[number % CONTACTS].clone(), signals: vec![signal(number)] });
        match way {
            Way::Nowhere => reports.for_each(drop),
            Way::Stream => {
                let replies = office.shard.report(&office.tenant, reports.collect());
                unanswered.push_back(replies.expect("the inbox holds more than a stream sends"));
            }
            Way::Each => {
                let command = |Report { contact, signals }| Command::Signal { contact, signals: signals.into() };
                let requests = reports.map(|report| request(command(report))).collect();
                let replies = office.shard.call_all(&office.tenant, requests);
                unanswered.push_back(replies.expect("the inbox holds more than a stream sends"));
            }
        }
    }
    unanswered.into_iter().for_each(&mut answered);
    let took = began.elapsed();
    let cpu = cpu().zip(cpu_before).map(|(after, before)| after - before);
    stop.store(true, Relaxed);
    let asked = office.runtime.block_on(asking).expect("asking ends");
    office.runtime.block_on(office.task.stop()).expect("the shard stops");
    let records = office.storage.records();
    let taken: BTreeMap<u64, usize> = records[before..]
        .iter()
        .filter_map(|record| match &record.input.command {
            Command::Signal { signals, .. } => Some((record.seq.0, signals.len())),
            _ => None,
        })
        .collect();
    Measured {
        sent: messages * MESSAGE,
        took,
        refused,
        commands: taken.len(),
        signals: taken.values().sum(),
        cpu,
        asked,
    }
}

/// Asks for a contact again and again; how long each answer took, in microseconds.
async fn ask(shard: &ShardHandle, tenant: &TenantId, stop: &AtomicBool) -> Histogram<u64> {
    let mut took = Histogram::new(3).expect("three digits");
    while !stop.load(Relaxed) {
        let began = Instant::now();
        // Refused when the inbox is full: that took as long as it took.
        let _ = shard.query(tenant, Query::Contact(contact(0))).await;
        took.record(began.elapsed().as_micros() as u64).expect("it fits");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    took
}

/// What this process has used of its processors so far, in hundredths of a second.
fn cpu() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which may hold anything: state, then the 11th and 12th fields are user's and system's time.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

fn contact(number: usize) -> ContactId {
    ContactId::new(&format!("c{number}")).expect("a name")
}

/// Ten a second that waver, as those of speech analytics do.
fn signal(number: usize) -> Signal {
    let wavers = i16::try_from(number * 7_919 % 800).expect("below 800");
    let feeling = Feeling { valence: -900 + wavers, arousal: 700, confidence: 800 };
    let content = Some(Content { feeling: Some(feeling), ..Content::default() });
    Signal { key: SignalKey(number as u64), revision: 0, observed_at: None, source: Source::Voice, content }
}

fn request(command: Command) -> Request {
    Request { id: None, command }
}

fn enqueue(number: usize) -> Command {
    Command::EnqueueContact(Box::new(NewContact {
        id: contact(number),
        queue: QueueName::new("main").expect("a name"),
        channel: ChannelName::new("voice").expect("a name"),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        details: Arc::default(),
        trace: None,
    }))
}
