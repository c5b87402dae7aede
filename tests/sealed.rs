//! What names or describes a customer: never plain on the disk, and gone once the customer is erased.
//!
//! Protects: no byte of a customer id, an attribute or a context in the journal's folder; records that come back as they
//! were; erasure that holds through crashes at its worst moments; a key store that is missed, not guessed.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use attune::{
    engine::{Command, Event, Reject, Reply, Request, State, invariant},
    journal::{
        Record, codec,
        log::{Log, Making, OpenError},
        seal::Seal,
        vault::{KEYS, LostKeys, SEALED_BYTES, Vault},
        volume::{Folder, Volume, VolumeFile},
    },
    model::{
        care::{Announced, Care},
        contact::{CancelReason, ContactDetails, CustomerId, NewContact},
        document::{Document, Format},
        ids::{ActorId, ChannelName, ContactId, EventName, QueueName, TenantId},
        requirement::Requirement,
        signal::{Content, Happened, Signal, SignalKey, Source, WHOLE},
        supervision::{Action, Supervision},
        time::{Span, Timestamp},
    },
    shard::core::Core,
    sim::driver::Driver,
};
use rand::{RngExt, SeedableRng, distr::Alphanumeric, rngs::StdRng};
use tempfile::TempDir;

/// Small enough that a test writes several.
const SEGMENT: u64 = 4_096;

/// Bytes of a text that is looked for.
const SECRET: usize = 20;

const DOCUMENT: &str = "[channels.chat]\n[queues.main]\n";

/// A world whose every record is in a journal on disk, and the personal texts that were told of it.
struct World {
    driver: Driver,
    log: Option<Log<Folder>>,
    folder: TempDir,
    records: Vec<Record>,
    random: StdRng,
    personal: Vec<String>,
    signals: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let (driver, founding) = Driver::new(Timestamp(0), Document::parse(DOCUMENT, Format::Toml).expect("valid"));
        let folder = TempDir::new().expect("a folder");
        let (log, _) = open(folder.path(), LostKeys::Refuse).expect("it opens");
        let random = StdRng::seed_from_u64(seed);
        let (records, personal) = (Vec::new(), Vec::new());
        let mut world = Self { driver, log: Some(log), folder, records, random, personal, signals: 0 };
        world.append(vec![founding]);
        world
    }

    fn append(&mut self, records: Vec<Record>) {
        self.log.as_mut().expect("it is open").append(&records).expect("there is room");
        self.records.extend(records);
    }

    fn try_call(&mut self, command: Command) -> Result<Reply, Reject> {
        let passed = self.driver.pass(Span::from_secs(1)).records;
        let step = self.driver.request(Request { id: None, command });
        self.append(passed);
        self.append(step.records);
        invariant::check(self.driver.state()).expect("every invariant holds");
        step.reply
    }

    fn call(&mut self, command: Command) {
        self.try_call(command).expect("it is taken");
    }

    /// A text that is nowhere else.
    fn secret(&mut self) -> String {
        let text: String = (0..SECRET).map(|_| char::from(self.random.sample(Alphanumeric))).collect();
        self.personal.push(text.clone());
        text
    }

    fn attributes(&mut self) -> BTreeMap<String, String> {
        (0..2).map(|_| (self.secret(), self.secret())).collect()
    }

    fn details(&mut self, customer: &str) -> Arc<ContactDetails> {
        let (customer_id, attributes, context) = (customer.to_owned(), self.attributes(), self.secret());
        Arc::new(ContactDetails { customer_id, attributes, context })
    }

    fn signal(&mut self) -> Signal {
        self.signals += 1;
        let event = EventName::new("card_lost").expect("a name");
        let events = vec![Happened { event, confidence: WHOLE, attributes: self.attributes() }];
        let content = Some(Content { events, ..Content::default() });
        Signal { key: SignalKey(self.signals), revision: 0, observed_at: None, source: Source::Fact, content }
    }

    fn announce(&mut self, name: &str, customer: &str) {
        let (expected_at, announced) = (self.driver.now() + Span::from_secs(60), Announced::default());
        let details = self.details(customer);
        self.call(Command::AnnounceContact { contact: contact(name), expected_at, announced, source: None, details });
    }

    fn enqueue(&mut self, name: &str, customer: &str) {
        let (signals, details) = (vec![self.signal()], self.details(customer));
        self.call(enqueue(name, signals, details));
    }

    fn hear(&mut self, name: &str) {
        let signals = [self.signal(), self.signal()].into();
        self.call(Command::Signal { contact: contact(name), signals });
    }

    /// Everything that can be said of a customer, from the announcement to the end.
    fn live(&mut self, name: &str, customer: &str) {
        self.announce(name, customer);
        self.enqueue(name, customer);
        self.hear(name);
        let details = Some(self.details(customer));
        self.call(Command::UpdateContact { contact: contact(name), details, requirement: None });
        self.hear(name);
        self.call(Command::CancelContact { contact: contact(name), reason: CancelReason::CustomerLeft });
    }

    /// Ends the process without a word.
    fn kill(&mut self) {
        self.log = None;
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Personal texts that can be read in the folder.
    fn plain(&self) -> Vec<&String> {
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

fn open(folder: &Path, lost: LostKeys) -> Result<(Log<Folder>, Vec<Record>), OpenError> {
    let keys = Folder::make(&folder.join(KEYS)).expect("a folder");
    let vault = Arc::new(Vault::open(keys, lost, StdRng::seed_from_u64(7))?);
    let (mut records, journal) = (Vec::new(), Folder::make(folder).expect("a folder"));
    let log = Log::open(journal, Some(vault), SEGMENT, Making::WhenNeeded, |record| records.push(record))?;
    Ok((log, records))
}

fn recovered(folder: &Path) -> (Log<Folder>, Vec<Record>) {
    open(folder, LostKeys::Refuse).expect("it opens")
}

fn contact(name: &str) -> ContactId {
    ContactId::new(name).expect("a name")
}

fn enqueue(name: &str, signals: Vec<Signal>, details: Arc<ContactDetails>) -> Command {
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
    }))
}

fn erase(customer: &str) -> Command {
    let action = Action::EraseCustomer { customer: CustomerId(customer.to_owned()) };
    let actor = ActorId::new("sam").expect("a name");
    Command::Supervise(Arc::new(Supervision { actor, reason: "asked for it".to_owned(), action }))
}

fn state_of(records: &[Record]) -> State {
    let core = Core::recover(records.iter().cloned()).expect("the records follow each other");
    core.state(&tenant()).expect("it was founded").clone()
}

fn tenant() -> TenantId {
    TenantId::new("default").expect("a name")
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, to.join(path.file_name().expect("it has a name"))).expect("copied");
    }
}

/// Everybody that a record's details name.
fn customers(records: &[Record]) -> Vec<String> {
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

#[test]
fn nothing_personal_is_plain_on_the_disk_and_all_of_it_comes_back() {
    for seed in 0..3 {
        let mut world = World::new(seed);
        let customers = [world.secret(), world.secret(), String::new()];
        for round in 0..3 {
            for (number, customer) in customers.iter().enumerate() {
                world.live(&format!("c{round}-{number}"), customer);
            }
        }
        assert_eq!(world.plain(), Vec::<&String>::new(), "seed {seed}");
        world.kill();
        let (_, records) = recovered(world.path());
        assert_eq!(records, world.records, "seed {seed}");
    }
}

#[test]
fn an_erased_customer_is_gone_from_the_state_and_from_every_record() {
    let mut world = World::new(1);
    let (kim, lee) = (world.secret(), world.secret());
    for customer in [&kim, &lee] {
        for round in 0..3 {
            world.live(&format!("{customer}{round}"), customer);
        }
    }
    world.call(erase(&kim));
    let live = world.driver.state().clone();
    world.kill();
    let (_, records) = recovered(world.path());
    assert!(!format!("{records:?} {live:?}").contains(&format!("{kim:?}")), "the customer is named");
    assert_eq!(state_of(&records), live);
    let named = customers(&records);
    assert_eq!(named.len(), 2, "{named:?}: one customer is still one");
    assert!(named.contains(&lee));
    let erased = named.iter().find(|name| **name != lee).expect("the other");
    assert!(erased.starts_with("erased-"), "{erased}");
    let told = format!("{records:?}");
    let gone = world.personal.iter().filter(|text| !told.contains(*text)).count();
    assert!(gone * 2 > world.personal.len() - 4, "{gone} of {} texts are gone", world.personal.len());
}

#[test]
fn who_comes_again_after_the_erasure_is_a_new_customer() {
    let mut world = World::new(2);
    let kim = world.secret();
    world.live("c1", &kim);
    world.call(erase(&kim));
    world.live("c2", &kim);
    world.kill();
    let (log, records) = recovered(world.path());
    assert_eq!(customers(&records).len(), 2, "the erased, and the new one");
    assert!(customers(&records).contains(&kim));
    assert_eq!(state_of(&records), *world.driver.state());
    world.log = Some(log);
    world.call(erase(&kim));
    world.call(erase(&kim));
    world.kill();
    let (_, records) = recovered(world.path());
    assert_eq!(state_of(&records), *world.driver.state());
    assert!(customers(&records).iter().all(|name| name.starts_with("erased-")));
}

#[test]
fn a_customer_with_an_open_contact_is_not_erased() {
    let mut world = World::new(3);
    let kim = world.secret();
    world.live("c1", &kim);
    world.enqueue("c2", &kim);
    world.announce("c3", &kim);
    let refused = world.try_call(erase(&kim));
    assert_eq!(refused, Err(Reject::CustomerBusy(vec![contact("c2"), contact("c3")])));
    for name in ["c2", "c3"] {
        world.call(Command::CancelContact { contact: contact(name), reason: CancelReason::Withdrawn });
    }
    world.call(erase(&kim));
}

/// The record of the erasure is on the disk and the key still is.
#[test]
fn a_crash_before_the_key_is_destroyed_is_made_good_at_the_next_start() {
    let mut world = World::new(4);
    let kim = world.secret();
    world.live("c1", &kim);
    let (keys, before) = (world.path().join(KEYS), TempDir::new().expect("a folder"));
    copy(&keys, before.path());
    world.call(erase(&kim));
    world.live("c2", &kim);
    world.kill();
    copy(before.path(), &keys);
    let (log, records) = recovered(world.path());
    assert_eq!(customers(&records), std::slice::from_ref(&kim), "it is read once more");
    world.log = Some(log);
    world.live("c3", &kim);
    world.kill();
    let (log, records) = recovered(world.path());
    assert_eq!(customers(&records).len(), 2, "the erased, and the new one");
    assert_eq!(state_of(&records), *world.driver.state());
    world.log = Some(log);
    world.call(erase(&kim));
    world.kill();
    let (_, records) = recovered(world.path());
    assert!(customers(&records).iter().all(|name| name.starts_with("erased-")), "{:?}", customers(&records));
    assert_eq!(state_of(&records), *world.driver.state());
}

/// The store is written while one key of a customer awaits its end and another has taken its place.
#[test]
fn of_two_keys_of_a_customer_the_later_goes_on() {
    let folder = TempDir::new().expect("a folder");
    let keys = Folder::make(folder.path()).expect("a folder");
    for seed in 0..8 {
        let customer = format!("kim-{seed}");
        let open = || Vault::open(keys.clone(), LostKeys::Refuse, StdRng::seed_from_u64(seed)).expect("it opens");
        let key_of = |vault: &Vault<Folder>| vault.seal(&tenant(), &customer, b"x", &mut Vec::new());
        let vault = open();
        let first = key_of(&vault).expect("a vault seals");
        vault.retire(first);
        let second = key_of(&vault).expect("a vault seals");
        vault.secure().expect("written");
        vault.settle().expect("written");
        drop(vault);
        let vault = open();
        assert_eq!(key_of(&vault), Some(second));
        vault.retire(first);
        assert_eq!(key_of(&vault), Some(second));
        vault.destroy().expect("written");
        assert_eq!(key_of(&open()), Some(second));
    }
}

/// The keys are on the disk and the record that uses one never came there, and then again after more records.
#[test]
fn a_crash_between_key_and_record_leaves_keys_for_others() {
    let mut world = World::new(5);
    let journal = TempDir::new().expect("a folder");
    let (kim, lee) = (world.secret(), world.secret());
    copy_segments(world.path(), journal.path());
    world.live("c1", &kim);
    world.kill();
    copy_segments(journal.path(), world.path());
    let (log, records) = recovered(world.path());
    assert_eq!(records.len(), 1, "the founding alone");
    let (driver, _) = Driver::new(Timestamp(0), Document::parse(DOCUMENT, Format::Toml).expect("valid"));
    (world.driver, world.log, world.records) = (driver, Some(log), records);
    world.live("c1", &lee);
    world.kill();
    let (_, records) = recovered(world.path());
    assert_eq!(records, world.records);
    assert_eq!(world.plain(), Vec::<&String>::new());
}

fn copy_segments(from: &Path, to: &Path) {
    let segments = |folder: &Path| -> Vec<_> {
        let paths = fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "journal")).collect()
    };
    segments(to).iter().for_each(|path| fs::remove_file(path).expect("removed"));
    for path in segments(from) {
        fs::copy(&path, to.join(path.file_name().expect("it has a name"))).expect("copied");
    }
}

#[test]
fn a_lost_key_store_is_missed_and_given_up_only_when_told_to() {
    let mut world = World::new(6);
    let kim = world.secret();
    world.live("c1", &kim);
    world.live("c2", "");
    world.kill();
    fs::remove_dir_all(world.path().join(KEYS)).expect("removed");
    let missed = open(world.path(), LostKeys::Refuse).expect_err("keys are missing");
    assert!(matches!(missed, OpenError::KeyLost { .. }) && missed.to_string().contains("lost_keys"), "{missed}");
    let (_, records) = open(world.path(), LostKeys::Erase).expect("it goes on without");
    assert_eq!(records.len(), world.records.len());
    let named = customers(&records);
    assert!(named.iter().all(|name| name.is_empty() || name.starts_with("erased-")), "{named:?}");
    assert_eq!(named.len(), 2, "one customer, and nobody in particular");
    let (_, again) = recovered(world.path());
    assert_eq!(again, records, "from then on they are erased");
}

#[test]
fn a_damaged_key_store_is_named_and_a_torn_end_is_none() {
    let mut world = World::new(7);
    let (kim, lee) = (world.secret(), world.secret());
    world.live("c1", &kim);
    world.live("c2", &lee);
    world.log.take().expect("open").close().expect("settled");
    let keys = world.path().join(KEYS);
    let store = fs::read_dir(&keys).expect("it is there").next().expect("a file").expect("an entry").path();
    let whole = fs::read(&store).expect("readable");
    let mut damaged = whole.clone();
    damaged[100] ^= 1;
    fs::write(&store, &damaged).expect("written");
    let refused = open(world.path(), LostKeys::Refuse).expect_err("it is damaged");
    assert!(matches!(refused, OpenError::Keys { .. }) && refused.to_string().contains("from its copy"), "{refused}");
    // What the last frame says, the records say as well.
    let end = whole.iter().rposition(|byte| *byte != 0).expect("it is written");
    let mut torn = whole;
    torn[end - 3..].fill(0);
    fs::write(&store, &torn).expect("written");
    let (_, records) = recovered(world.path());
    assert_eq!(records, world.records);
}

#[test]
fn whoever_reads_without_keys_sees_everything_but_people() {
    let mut world = World::new(8);
    let kim = world.secret();
    world.live("c1", &kim);
    let vault = Vault::of(world.path(), LostKeys::Refuse).expect("readable beside the writer");
    assert_eq!(vault.given(), 1, "the store says whose keys they are");
    let mut bytes = Vec::new();
    codec::put_sealed(&vault, &world.records, &mut bytes);
    assert_eq!(codec::take_sealed(&vault, &bytes).expect("opened"), world.records);
    let blind = codec::take(&bytes).expect("decoded");
    assert_eq!(blind.len(), world.records.len());
    assert!(customers(&blind).iter().all(|name| name.starts_with("erased-")));
    let mut plain = Vec::new();
    codec::put(&world.records, &mut plain);
    assert_eq!(codec::take_sealed(&vault, &plain).expect("plain records are read as well"), world.records);
}

/// What was sealed and then changed by anybody is an error, whatever was changed.
#[test]
fn what_was_sealed_cannot_be_changed() {
    let keys = TempDir::new().expect("a folder");
    let vault = Vault::of(keys.path(), LostKeys::Refuse).expect("it opens");
    let mut sealed = Vec::new();
    vault.seal(&tenant(), "kim", b"owes us money", &mut sealed).expect("a vault seals");
    assert_eq!(sealed.len(), b"owes us money".len() + SEALED_BYTES);
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(vault.open(&changed).is_err(), "byte {at}");
        assert!(vault.open(&sealed[..at]).is_err(), "cut at {at}");
    }
    vault.open(&sealed).expect("unchanged it opens");
}

/// A folder that says no when told to.
#[derive(Debug, Clone)]
struct Failing {
    folder: Folder,
    fails: Arc<AtomicBool>,
}

#[derive(Debug)]
struct FailingFile {
    file: File,
    fails: Arc<AtomicBool>,
}

impl Failing {
    fn of(folder: &Path) -> Self {
        Self { folder: Folder::make(folder).expect("made"), fails: Arc::default() }
    }

    fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) { Err(io::Error::other("as told")) } else { Ok(()) }
    }

    fn file(&self, file: File) -> FailingFile {
        FailingFile { file, fails: Arc::clone(&self.fails) }
    }
}

impl Volume for Failing {
    type File = FailingFile;

    fn list(&self) -> io::Result<Vec<String>> {
        self.folder.list()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.folder.read(name)
    }

    fn create(&self, name: &str) -> io::Result<FailingFile> {
        self.check()?;
        self.folder.create(name).map(|file| self.file(file))
    }

    fn open(&self, name: &str) -> io::Result<FailingFile> {
        self.folder.open(name).map(|file| self.file(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.check()?;
        self.folder.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.check()?;
        self.folder.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.check()?;
        self.folder.sync()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }
}

impl VolumeFile for FailingFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        VolumeFile::write_at(&self.file, bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) { Err(io::Error::other("as told")) } else { VolumeFile::sync(&self.file) }
    }

    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
}

/// Nothing that fails loses a record, leaves one without its key, or keeps a key of which the record says that it is gone.
#[test]
fn whatever_fails_keys_and_records_stay_in_step() {
    for (fails_keys, fails_log) in [(true, false), (false, true), (true, true)] {
        let mut world = World::new(9);
        let (kim, lee) = (world.secret(), world.secret());
        world.live("c1", &kim);
        world.call(erase(&kim));
        world.live("c2", &lee);
        let folder = TempDir::new().expect("a folder");
        let (keys, journal) = (Failing::of(&folder.path().join(KEYS)), Failing::of(folder.path()));
        let vault = Arc::new(Vault::open(keys.clone(), LostKeys::Refuse, StdRng::seed_from_u64(1)).expect("empty"));
        let mut log = Log::open(journal.clone(), Some(vault), SEGMENT, Making::WhenNeeded, drop).expect("empty");
        for record in &world.records {
            keys.fail(fails_keys);
            journal.fail(fails_log);
            let mut is_kept = log.append(std::slice::from_ref(record)).is_ok();
            assert!(!(is_kept && fails_log), "record {} was kept nowhere", record.seq);
            keys.fail(false);
            journal.fail(false);
            while !is_kept {
                is_kept = log.append(std::slice::from_ref(record)).is_ok();
            }
        }
        drop(log);
        let (_, records) = recovered(folder.path());
        let told = format!("{records:?}");
        assert!(!told.contains(&format!("{kim:?}")) && told.contains(&format!("{lee:?}")), "{fails_keys} {fails_log}");
        assert_eq!(state_of(&records), *world.driver.state(), "{fails_keys} {fails_log}");
    }
}

/// Run by hand: `cargo test --release --test sealed -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn what_sealing_costs() {
    const LIVES: usize = 2_000;
    let keys = TempDir::new().expect("a folder");
    let vault = Vault::of(keys.path(), LostKeys::Refuse).expect("it opens");
    let (mut driver, _) = Driver::new(Timestamp(0), Document::parse(DOCUMENT, Format::Toml).expect("valid"));
    let mut records = Vec::new();
    for number in 0..LIVES {
        let attributes = BTreeMap::from([("tier".to_owned(), "gold".to_owned())]);
        let details =
            ContactDetails { customer_id: format!("customer-{number}"), attributes, context: "x".repeat(200) };
        let name = format!("c{number}");
        for command in [
            enqueue(&name, Vec::new(), Arc::new(details)),
            Command::CancelContact { contact: contact(&name), reason: CancelReason::CustomerLeft },
        ] {
            records.extend(driver.request(Request { id: None, command }).records);
        }
    }
    for round in 0..3 {
        let (mut plain, mut sealed) = (Vec::new(), Vec::new());
        let started = Instant::now();
        codec::put(&records, &mut plain);
        let (plainly, started) = (started.elapsed(), Instant::now());
        codec::put_sealed(&vault, &records, &mut sealed);
        let (sealing, started) = (started.elapsed(), Instant::now());
        codec::take_sealed(&vault, &sealed).expect("opened");
        let (opening, started) = (started.elapsed(), Instant::now());
        codec::take(&plain).expect("read");
        let reading = started.elapsed();
        let each = |of: std::time::Duration| of.as_nanos() / LIVES as u128;
        println!(
            "round {round}: a contact life of two records and 200 bytes of context: plain {} bytes, {} ns to write and {} \
             ns to read; sealed {} bytes, {} ns and {} ns",
            plain.len() / LIVES,
            each(plainly),
            each(reading),
            sealed.len() / LIVES,
            each(sealing),
            each(opening),
        );
    }
    let keys = Folder::make(&keys.path().join(KEYS)).expect("a folder");
    for customers in [10_000, 100_000] {
        let vault = Vault::open(keys.clone(), LostKeys::Refuse, StdRng::seed_from_u64(1)).expect("it opens");
        let mut key = None;
        for customer in 0..customers {
            key = vault.seal(&tenant(), &format!("customer-{customer}"), b"x", &mut Vec::new());
        }
        vault.secure().expect("written");
        let started = Instant::now();
        vault.retire(key.expect("a vault seals"));
        vault.destroy().expect("destroyed");
        println!("an erasure among {customers} customers takes {:?}", started.elapsed());
        let started = Instant::now();
        drop(Vault::open(keys.clone(), LostKeys::Refuse, StdRng::seed_from_u64(1)).expect("it opens"));
        println!("a store of {customers} customers opens in {:?}", started.elapsed());
    }
}
