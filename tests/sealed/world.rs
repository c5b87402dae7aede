//! A world whose customers leave as much as can be left, in a journal on disk with keys.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
    sync::Arc,
};

use attune::{
    app::snapshots::make::{Of, make},
    engine::{Command, Event, Reject, Reply, Request, State, invariant},
    journal::{
        Found, Record,
        disk::{DiskJournal, Settings, Syncing},
        log::{Log, Making, OpenError},
        vault::{KEYS, LostKeys, Vault},
        volume::Folder,
    },
    model::{
        care::{Announced, Care},
        contact::{CancelReason, ContactDetails, CustomerId, NewContact},
        document::{Document, Format},
        ids::{ActorId, ChannelName, ContactId, EventName, QueueName, RequestId, TenantId},
        requirement::Requirement,
        signal::{Content, Happened, Signal, SignalKey, Source, WHOLE},
        supervision::{Action, Supervision},
        time::{Span, Timestamp},
    },
    shard::{core::Core, observe::Observer, recover::Recovered},
    sim::driver::Driver,
};
use rand::{RngExt, SeedableRng, distr::Alphanumeric, rngs::StdRng};
use tempfile::TempDir;

/// Small enough that a test writes several.
pub const SEGMENT: u64 = 4_096;

/// Bytes of a text that is looked for.
pub const SECRET: usize = 20;

pub const DOCUMENT: &str = "
[channels.chat]
[queues.main]
[moments.card_lost]
triggers = [{ event = 'card_lost', attributes = { how = 'stolen' }, from = ['fact'] }]
";

/// A world whose every record is in a journal on disk, and the personal texts that were told of it.
pub struct World {
    pub driver: Driver,
    pub log: Option<Log<Folder>>,
    pub vault: Arc<Vault<Folder>>,
    pub folder: TempDir,
    pub records: Vec<Record>,
    pub random: StdRng,
    pub personal: Vec<String>,
    pub signals: u64,
    pub holds_back: bool,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let (driver, founding) = Driver::new(Timestamp(0), Document::parse(DOCUMENT, Format::Toml).expect("valid"));
        let folder = TempDir::new().expect("a folder");
        let vault = vault_of(folder.path(), LostKeys::Refuse).expect("it opens");
        let (log, _) = open_with(folder.path(), &vault).expect("it opens");
        let random = StdRng::seed_from_u64(seed);
        let (records, personal) = (Vec::new(), Vec::new());
        let mut world =
            Self { driver, log: Some(log), vault, folder, records, random, personal, signals: 0, holds_back: false };
        world.append(vec![founding]);
        world
    }

    pub fn append(&mut self, records: Vec<Record>) {
        if !self.holds_back {
            self.log.as_mut().expect("it is open").append(&records).expect("there is room");
        }
        self.records.extend(records);
    }

    /// Has everything that happens meanwhile appended at once.
    pub fn batched(&mut self, live: impl FnOnce(&mut Self)) {
        let from = self.records.len();
        self.holds_back = true;
        live(self);
        self.holds_back = false;
        self.log.as_mut().expect("it is open").append(&self.records[from..]).expect("there is room");
    }

    pub fn try_call(&mut self, command: Command) -> Result<Reply, Reject> {
        let passed = self.driver.pass(Span::from_secs(1)).records;
        let id = RequestId::new(&format!("r{}", self.records.len())).expect("a name");
        let step = self.driver.request(Request { id: Some(id), command });
        self.append(passed);
        self.append(step.records);
        invariant::check(self.driver.state()).expect("every invariant holds");
        step.reply
    }

    pub fn call(&mut self, command: Command) {
        self.try_call(command).expect("it is taken");
    }

    /// A text that is nowhere else.
    pub fn secret(&mut self) -> String {
        let text: String = (0..SECRET).map(|_| char::from(self.random.sample(Alphanumeric))).collect();
        self.personal.push(text.clone());
        text
    }

    pub fn attributes(&mut self) -> BTreeMap<String, String> {
        (0..2).map(|_| (self.secret(), self.secret())).collect()
    }

    pub fn details(&mut self, customer: &str) -> Arc<ContactDetails> {
        let (customer_id, attributes, context) = (customer.to_owned(), self.attributes(), self.secret());
        Arc::new(ContactDetails { customer_id, attributes, context })
    }

    pub fn signal(&mut self) -> Signal {
        self.signals += 1;
        let event = EventName::new("card_lost").expect("a name");
        let events = vec![Happened { event, confidence: WHOLE, attributes: self.attributes() }];
        let content = Some(Content { events, ..Content::default() });
        Signal { key: SignalKey(self.signals), revision: 0, observed_at: None, source: Source::Fact, content }
    }

    pub fn announce(&mut self, name: &str, customer: &str) {
        let (expected_at, announced) = (self.driver.now() + Span::from_secs(60), Announced::default());
        let details = self.details(customer);
        self.call(Command::AnnounceContact { contact: contact(name), expected_at, announced, source: None, details });
    }

    pub fn enqueue(&mut self, name: &str, customer: &str) {
        let (signals, details) = (vec![self.signal()], self.details(customer));
        self.call(enqueue(name, signals, details));
    }

    pub fn hear(&mut self, name: &str) {
        let signals = [self.signal(), self.signal()].into();
        self.call(Command::Signal { contact: contact(name), signals });
    }

    /// Everything that can be said of a customer, from the announcement to the end.
    pub fn live(&mut self, name: &str, customer: &str) {
        self.announce(name, customer);
        self.enqueue(name, customer);
        self.hear(name);
        let details = Some(self.details(customer));
        self.call(Command::UpdateContact { contact: contact(name), details, requirement: None });
        self.hear(name);
        self.call(Command::CancelContact { contact: contact(name), reason: CancelReason::CustomerLeft });
    }

    /// Ends the process without a word.
    pub fn kill(&mut self) {
        self.log = None;
    }

    /// Makes a snapshot of the segments that are written no more, beside the writer.
    pub fn snapshot(&self) {
        let folder = Folder::make(self.path()).expect("a folder");
        make(&folder, &self.vault, Of::WhatIsSealed, || true).expect("it is made").expect("there is something new");
    }

    /// The world as a start from the newest snapshot has it.
    pub fn resumed(&self) -> State {
        let folder = self.path().to_owned();
        let settings =
            Settings { folder, segment_bytes: SEGMENT, syncing: Syncing::EachBatch, lost_keys: LostKeys::Refuse };
        let mut recovered = Recovered::new(Observer::new(1));
        let mut has_snapshot = false;
        DiskJournal::resume(settings, |found| {
            has_snapshot |= matches!(found, Found::Snapshot(_));
            recovered.take(found).expect("records follow each other");
        })
        .expect("it opens");
        assert!(has_snapshot, "it begins with a snapshot");
        let mut state = recovered.core.state(&tenant()).expect("it was founded").clone();
        state.evolve(self.driver.now(), &Event::Reindexed {});
        state
    }

    /// The live world, as after a start.
    pub fn live_state(&self) -> State {
        let mut state = self.driver.state().clone();
        state.evolve(self.driver.now(), &Event::Reindexed {});
        state
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Personal texts that can be read in the folder.
    pub fn plain(&self) -> Vec<&String> {
        let mut bytes = Vec::new();
        for folder in [self.path().to_owned(), self.path().join(KEYS)] {
            for entry in fs::read_dir(folder).expect("it is there") {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    bytes.extend(fs::read(path).expect("readable"));
                }
            }
        }
        let windows: HashSet<&[u8]> = bytes.windows(SECRET).filter(|window| window[0] != 0).collect();
        self.personal.iter().filter(|text| windows.contains(text.as_bytes())).collect()
    }
}

pub fn vault_of(folder: &Path, lost: LostKeys) -> Result<Arc<Vault<Folder>>, OpenError> {
    let keys = Folder::make(&folder.join(KEYS)).expect("a folder");
    Vault::open(keys, lost, StdRng::seed_from_u64(7)).map(Arc::new)
}

pub fn open_with(folder: &Path, vault: &Arc<Vault<Folder>>) -> Result<(Log<Folder>, Vec<Record>), OpenError> {
    let (mut records, journal) = (Vec::new(), Folder::make(folder).expect("a folder"));
    let vault = Some(Arc::clone(vault));
    let log = Log::open(journal, vault, SEGMENT, Making::WhenNeeded, |record| records.push(record))?;
    Ok((log, records))
}

pub fn open(folder: &Path, lost: LostKeys) -> Result<(Log<Folder>, Vec<Record>), OpenError> {
    open_with(folder, &vault_of(folder, lost)?)
}

pub fn recovered(folder: &Path) -> (Log<Folder>, Vec<Record>) {
    open(folder, LostKeys::Refuse).expect("it opens")
}

pub fn contact(name: &str) -> ContactId {
    ContactId::new(name).expect("a name")
}

pub fn enqueue(name: &str, signals: Vec<Signal>, details: Arc<ContactDetails>) -> Command {
    Command::EnqueueContact(Box::new(NewContact {
        id: contact(name),
        queue: QueueName::new("main").expect("a name"),
        channel: ChannelName::new("chat").expect("a name"),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals,
        arrived_at: None,
        details,
        trace: None,
    }))
}

pub fn erase(customer: &str) -> Command {
    let action = Action::EraseCustomer { customer: CustomerId(customer.to_owned()) };
    let actor = ActorId::new("sam").expect("a name");
    Command::Supervise(Arc::new(Supervision { actor, reason: "asked for it".to_owned(), action }))
}

pub fn state_of(records: &[Record]) -> State {
    let core = Core::recover(records.iter().cloned()).expect("the records follow each other");
    core.state(&tenant()).expect("it was founded").clone()
}

pub fn tenant() -> TenantId {
    TenantId::new("default").expect("a name")
}

pub fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, to.join(path.file_name().expect("it has a name"))).expect("copied");
    }
}

/// Everybody that a record's details name.
pub fn customers(records: &[Record]) -> Vec<String> {
    let mut found = Vec::new();
    for event in records.iter().flat_map(|record| &record.events) {
        match event {
            Event::ContactAnnounced { details, .. } => found.push(details.customer_id.clone()),
            Event::ContactQueued { queued, .. } => found.push(queued.details.customer_id.clone()),
            Event::ContactUpdated { details: Some(details), .. } => found.push(details.customer_id.clone()),
            Event::CustomerErased { customer, .. } => found.push(customer.0.clone()),
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}
