//! The journal on a disk, beside a bare log of the same bytes and beside an embedded store.
//!
//! The records are those of contacts' lives as the daemon writes them: enqueued with a customer's details, offered,
//! accepted, completed, wrapped up; what is personal is sealed. Ways to keep them, measured in turns, round by round, on the
//! same disk, each batch durable before the next:
//!
//! * a bare log: bytes encoded and sealed beforehand, appended to a file of zeros, one `fdatasync`;
//! * our log, given the same bytes encoded and framed beforehand: segments and what they need, one write, one sync;
//! * the journal: encoding and sealing, and the way to its thread and back, included;
//! * the same synced apart, every 100 ms, which is durable later;
//! * a transactional store: encoded and sealed beforehand, a row each record, one transaction a batch.
//!
//! Ratios are of medians over the rounds.
//!
//! `cargo bench --bench journal` takes two minutes; `-- --quick` a short look; `-- --folder F` says which disk.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use attune::{
    engine::{Command, Event},
    journal::{
        Batch, Journal, LostKeys, Record, Seq, codec,
        disk::{DiskJournal, Settings, Syncing},
        log::{Log, Making},
        vault::Vault,
        volume::Folder,
    },
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{ContactDetails, NewContact},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, QueueName, SessionId},
        requirement::Requirement,
        time::{Span, Timestamp},
    },
    sim::driver::{Driver, Step},
};
use hdrhistogram::Histogram;
use rand::{SeedableRng, rngs::StdRng};
use redb::{Database, Durability, TableDefinition};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const DOCUMENT: &str = "[channels.chat]\n[queues.support]\n[queues.support.wrap_up]\ntime = '20s'\n";
const AGENTS: usize = 200;
const LIVES: usize = 2_000;
/// Records synced at once.
const BATCHES: [usize; 4] = [1, 16, 256, 4_096];
const SEGMENT_BYTES: u64 = 64 << 20;
const SYNCED_APART: Syncing = Syncing::Every(Duration::from_millis(100));
/// Ways to keep records.
const WAYS: usize = 5;
/// The journal's share of the bare log's rate that it should reach.
const GOAL: f64 = 0.7;

/// One way of keeping records.
trait Keeper {
    /// What is done beforehand, and not measured.
    fn prepare(&mut self, _: &Batch) {}

    /// Keeps a batch durably; `bytes` are its records, each by itself.
    fn keep(&mut self, batch: &Batch, bytes: &[Vec<u8>]);
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    // Cargo's test runner asks every bench for its tests; there are none.
    if arguments.iter().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let folder = arguments.iter().position(|argument| argument == "--folder").and_then(|at| arguments.get(at + 1));
    let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
    let (rounds, span) = if quick { (3, Duration::from_millis(200)) } else { (7, Duration::from_secs(1)) };
    let records = lives();
    describe(&records);
    println!("below {}, {rounds} rounds of {span:?} each way; records/s and µs of an append", folder.display());
    println!("{:>6}  {:<13} {:>11} {:>8} {:>8} {:>9}", "batch", "", "records/s", "p50", "p99", "of bare");
    for size in BATCHES {
        row(&records, size, rounds, span, &folder);
    }
    ExitCode::SUCCESS
}

/// One batch size, all ways in turns.
fn row(records: &[Record], size: usize, rounds: usize, span: Duration, folder: &Path) {
    let place = || tempfile::tempdir_in(folder).expect("the folder can be written");
    let places: [TempDir; WAYS] = std::array::from_fn(|_| place());
    let keys = place();
    let mut ways: [(&str, Box<dyn Keeper>); WAYS] = [
        ("bare log", Box::new(Bare::new(places[0].path()))),
        ("log", Box::new(Encoded::new(places[1].path()))),
        ("journal", Box::new(Ours::new(places[2].path(), Syncing::EachBatch))),
        ("journal async", Box::new(Ours::new(places[3].path(), SYNCED_APART))),
        ("redb", Box::new(Store::new(places[4].path()))),
    ];
    let mut batches = Batches { records, size, next: [1; WAYS], vault: vault_in(keys.path()) };
    let mut rates: [Vec<f64>; WAYS] = Default::default();
    let mut took: [Histogram<u64>; WAYS] = std::array::from_fn(|_| Histogram::new(3).expect("three digits"));
    for _ in 0..rounds {
        for (way, (_, keeper)) in ways.iter_mut().enumerate() {
            let (mut kept, mut spent) = (0, Duration::ZERO);
            while spent < span {
                let (batch, bytes) = batches.next_of(way);
                keeper.prepare(&batch);
                let began = Instant::now();
                keeper.keep(&batch, &bytes);
                let this = began.elapsed();
                took[way].record(this.as_micros() as u64).expect("it grows with what it is given");
                (kept, spent) = (kept + size, spent + this);
            }
            rates[way].push(kept as f64 / spent.as_secs_f64());
        }
    }
    let medians = rates.map(median);
    for (way, (name, _)) in ways.iter().enumerate() {
        let share = medians[way] / medians[0];
        let verdict = if ["log", "journal"].contains(name) && share < GOAL { "  below the goal of 0.70" } else { "" };
        let (p50, p99) = (took[way].value_at_quantile(0.5), took[way].value_at_quantile(0.99));
        println!("{size:>6}  {name:<13} {:>11.0} {p50:>8} {p99:>8} {share:>9.2}{verdict}", medians[way]);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Batches for each way, of the same records again and again under numbers that go on.
struct Batches<'a> {
    records: &'a [Record],
    size: usize,
    next: [u64; WAYS],
    vault: Arc<Vault<Folder>>,
}

impl Batches<'_> {
    fn next_of(&mut self, way: usize) -> (Batch, Vec<Vec<u8>>) {
        let from = self.next[way];
        self.next[way] += self.size as u64;
        let numbered = |seq: u64| Record { seq: Seq(seq), ..self.records[seq as usize % self.records.len()].clone() };
        let batch: Batch = (from..self.next[way]).map(numbered).collect();
        let bytes = batch.iter().map(|record| encoded(record, &self.vault)).collect();
        (batch, bytes)
    }
}

fn encoded(record: &Record, vault: &Vault<Folder>) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::put_sealed(vault, std::slice::from_ref(record), &mut bytes);
    bytes
}

/// New keys, in this folder.
fn vault_in(folder: &Path) -> Arc<Vault<Folder>> {
    let folder = Folder::make(&folder.join("keys")).expect("the folder can be written");
    Arc::new(Vault::open(folder, LostKeys::Refuse, StdRng::seed_from_u64(1)).expect("new keys"))
}

/// The floor: the same bytes, appended and synced.
struct Bare {
    file: File,
    at: u64,
    frame: Vec<u8>,
}

impl Bare {
    fn new(folder: &Path) -> Self {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(folder.join("bare"))
            .expect("the folder can be written");
        let zeros = vec![0; 1 << 20];
        (0..SEGMENT_BYTES >> 20).for_each(|_| file.write_all(&zeros).expect("there is room"));
        file.sync_all().expect("the disk takes it");
        Self { file, at: 0, frame: Vec::new() }
    }
}

impl Keeper for Bare {
    fn keep(&mut self, _: &Batch, bytes: &[Vec<u8>]) {
        self.frame.clear();
        bytes.iter().for_each(|record| self.frame.extend_from_slice(record));
        if self.at + self.frame.len() as u64 > SEGMENT_BYTES {
            self.at = 0;
        }
        self.file.write_all_at(&self.frame, self.at).expect("there is room");
        self.file.sync_data().expect("the disk takes it");
        self.at += self.frame.len() as u64;
    }
}

/// Our log, given bytes.
struct Encoded(Log<Folder>);

impl Encoded {
    fn new(folder: &Path) -> Self {
        let (volume, vault) = (Folder::make(folder).expect("the folder can be written"), Some(vault_in(folder)));
        Self(Log::open(volume, vault, SEGMENT_BYTES, Making::Beforehand, drop).expect("a new log"))
    }
}

impl Keeper for Encoded {
    fn prepare(&mut self, batch: &Batch) {
        self.0.encode(batch).expect("a small batch");
    }

    fn keep(&mut self, _: &Batch, _: &[Vec<u8>]) {
        self.0.keep().expect("the disk takes it");
    }
}

/// The journal, as a shard appends to it.
struct Ours {
    journal: DiskJournal,
    runtime: Runtime,
}

impl Ours {
    fn new(folder: &Path, syncing: Syncing) -> Self {
        let (folder, lost_keys) = (folder.to_owned(), LostKeys::Refuse);
        let settings = Settings { folder, segment_bytes: SEGMENT_BYTES, syncing, lost_keys };
        let journal = DiskJournal::open(settings, drop).expect("a new journal");
        Self { journal, runtime: Builder::new_current_thread().build().expect("a runtime") }
    }
}

impl Keeper for Ours {
    fn keep(&mut self, batch: &Batch, _: &[Vec<u8>]) {
        self.runtime.block_on(self.journal.append(Arc::clone(batch))).expect("the disk takes it");
    }
}

/// An embedded store: a transaction a batch.
struct Store(Database);

const TABLE: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("records");

impl Store {
    fn new(folder: &Path) -> Self {
        Self(Database::create(folder.join("store")).expect("a new store"))
    }
}

impl Keeper for Store {
    fn keep(&mut self, batch: &Batch, bytes: &[Vec<u8>]) {
        let mut transaction = self.0.begin_write().expect("nobody else writes");
        transaction.set_durability(Durability::Immediate).expect("before anything is written");
        {
            let mut table = transaction.open_table(TABLE).expect("the one table");
            for (record, bytes) in batch.iter().zip(bytes) {
                table.insert(record.seq.0, bytes.as_slice()).expect("there is room");
            }
        }
        transaction.commit().expect("the disk takes it");
    }
}

/// What a contact's life leaves in a journal, and what it takes to encode it.
fn describe(records: &[Record]) {
    let place = tempfile::tempdir().expect("a folder");
    let (vault, mut bytes) = (vault_in(place.path()), Vec::new());
    // The second time everybody has a key, and the bytes a place.
    codec::put_sealed(&*vault, records, &mut bytes);
    bytes.clear();
    let began = Instant::now();
    codec::put_sealed(&*vault, records, &mut bytes);
    let took = began.elapsed();
    println!(
        "{LIVES} lives of contacts: {:.1} records and {:.0} bytes each, {:.0} bytes a record, encoded and sealed in {:.0} ns",
        records.len() as f64 / LIVES as f64,
        bytes.len() as f64 / LIVES as f64,
        bytes.len() as f64 / records.len() as f64,
        took.as_nanos() as f64 / records.len() as f64,
    );
}

/// The records of contacts' lives, without what founds the world.
fn lives() -> Vec<Record> {
    let document = Document::parse(DOCUMENT, Format::Toml).expect("it is valid");
    let (mut driver, _) = Driver::new(Timestamp(1_700_000_000_000_000), document);
    for number in 0..AGENTS {
        let connection = driver.next_connection();
        let session = SessionId::new(&format!("session-{number}")).expect("an id");
        let profile = Arc::new(AgentProfile::default());
        call(&mut driver, Command::PutAgent { agent: agent(number), profile, expected: Expected::Anything });
        call(&mut driver, Command::OpenSession { agent: agent(number), session, connection });
        call(&mut driver, Command::SetPresence { agent: agent(number), presence: Presence::Available });
    }
    let mut records = Vec::new();
    for number in 0..LIVES {
        // Wrap-up ends by itself before its agent's turn comes again.
        records.extend(driver.pass(Span::from_secs(1)).records);
        let enqueued = call(&mut driver, Command::EnqueueContact(Box::new(contact(number))));
        let (offer, agent) = offered(&enqueued);
        records.extend(enqueued.records);
        records.extend(call(&mut driver, Command::AckOffer { agent: agent.clone(), offer }).records);
        records.extend(call(&mut driver, Command::AcceptOffer { agent, offer }).records);
        let done = Command::CompleteContact { contact: contact(number).id };
        records.extend(call(&mut driver, done).records);
    }
    records
}

fn call(driver: &mut Driver, command: Command) -> Step {
    let step = driver.call(command);
    assert!(step.reply.is_ok(), "{:?}", step.reply);
    step
}

fn offered(step: &Step) -> (attune::model::ids::OfferKey, AgentId) {
    let made = step.events().find_map(|event| match event {
        Event::OfferMade { offer, agent, .. } => Some((*offer, *agent)),
        _ => None,
    });
    let (offer, key) = made.expect("somebody is free");
    (offer, agent(key.0 as usize))
}

fn agent(number: usize) -> AgentId {
    AgentId::new(&format!("agent-{number:04}")).expect("an id")
}

fn contact(number: usize) -> NewContact {
    let details = ContactDetails {
        customer_id: format!("customer-{number:06}"),
        attributes: [("product", "credit card"), ("language", "en")].map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        context: "The card was refused abroad; the customer asks why, and what to pay with now.".to_owned(),
    };
    NewContact {
        id: ContactId::new(&format!("0195c0de-{number:012}")).expect("an id"),
        queue: QueueName::new("support").expect("a name"),
        channel: ChannelName::new("chat").expect("a name"),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        details: Arc::new(details),
        trace: None,
    }
}
