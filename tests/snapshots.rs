//! A start from a snapshot and what stands behind it is the start from every record there ever was.
//!
//! Protects: no start that knows less or other than the records say, whichever snapshots are there, damaged or missing;
//! records that go to the archive and can still be read; a journal that is never shorter than recovery needs; a replay that
//! has where to begin once the first records are gone.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command as Process, sync::Arc, time::Duration};

use attune::{
    app::snapshots::make::{Made, Of, make, waiting},
    engine::{Command, Event, event::PresenceBecause},
    journal::{
        Found, Journal, LostKeys, Record, Seq,
        archive::{Archive, Limits},
        disk::{self, DiskJournal, Settings, Syncing},
        log::{first_of, segments},
        snapshot::{KEPT, names, next_of},
        volume::{Folder, Volume},
    },
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::NewContact,
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, ContactKey, OfferKey, QueueName, SessionId},
        requirement::Requirement,
        time::{Span, Timestamp},
    },
    shard::{core::Core, observe::Observer, recover::Recovered},
    sim::driver::Driver,
};
use serde_json::Value;
use tempfile::TempDir;

const DOCUMENT: &str = "
channels.voice.cost = 100
[queues.billing]
members = 'open'
wrap_up = { time = '10s' }
[queues.claims]
max_wait = { after = '10m', then = 'overflow', queue = 'billing' }
";
const AGENTS: usize = 5;
/// Small enough for many segments.
const SEGMENT: u64 = 2_048;

/// An office whose records go to a journal on disk.
struct Office {
    place: TempDir,
    driver: Driver,
    /// Every record, in order.
    records: Vec<Record>,
    /// How many of them the journal has.
    kept: usize,
    contacts: usize,
    ids: BTreeMap<ContactKey, ContactId>,
    offered: BTreeMap<OfferKey, ContactKey>,
}

impl Office {
    fn new() -> Self {
        let document = Document::parse(DOCUMENT, Format::Toml).expect("valid");
        let (driver, founded) = Driver::new(Timestamp(1_000_000), document);
        let place = tempfile::tempdir().expect("a folder");
        let mut office = Self {
            place,
            driver,
            records: vec![founded],
            kept: 0,
            contacts: 0,
            ids: BTreeMap::new(),
            offered: BTreeMap::new(),
        };
        for number in 0..AGENTS {
            let agent = agent(number);
            office.call(Command::PutAgent {
                agent: agent.clone(),
                profile: Arc::new(AgentProfile::default()),
                expected: Expected::Anything,
            });
            let (session, connection) = (SessionId::new(&format!("s{number}")).expect("a name"), number as u64 + 1);
            office.call(Command::OpenSession { agent: agent.clone(), session, connection });
            office.call(Command::SetPresence { agent, presence: Presence::Available });
        }
        office
    }

    fn call(&mut self, command: Command) {
        let step = self.driver.call(command);
        step.reply.as_ref().expect("nothing is refused here");
        self.records.extend(step.records.iter().cloned());
        for event in step.events() {
            self.follow(event);
        }
    }

    /// Every second offer is accepted, every other runs out; every second engagement is completed. Whoever is set away
    /// comes back.
    fn follow(&mut self, event: &Event) {
        match *event {
            Event::ContactQueued { contact, ref queued } => drop(self.ids.insert(contact, queued.id.clone())),
            Event::OfferMade { offer, contact, agent: key, .. } if offer.0 % 2 == 0 => {
                self.offered.insert(offer, contact);
                let agent = agent(key.0 as usize);
                self.call(Command::AckOffer { agent: agent.clone(), offer });
                self.call(Command::AcceptOffer { agent, offer });
            }
            Event::PresenceSet { agent: key, because: PresenceBecause::Rona, .. } => {
                self.call(Command::SetPresence { agent: agent(key.0 as usize), presence: Presence::Available });
            }
            Event::OfferAccepted { offer, engagement } if engagement.0 % 2 == 0 => {
                let contact = self.ids[&self.offered[&offer]].clone();
                self.call(Command::CompleteContact { contact });
            }
            _ => {}
        }
    }

    /// Contacts come, and time passes.
    fn work(&mut self, contacts: usize) {
        for _ in 0..contacts {
            self.contacts += 1;
            let queue = if self.contacts.is_multiple_of(3) { "claims" } else { "billing" };
            self.call(enqueue(&format!("c{}", self.contacts), queue));
            let passed = self.driver.pass(Span::from_secs(2));
            self.records.extend(passed.records.iter().cloned());
            passed.events().for_each(|event| self.follow(event));
        }
    }

    fn folder(&self) -> Folder {
        Folder::make(self.place.path()).expect("it is there")
    }

    fn settings(&self) -> Settings {
        Settings {
            folder: self.place.path().to_owned(),
            segment_bytes: SEGMENT,
            syncing: Syncing::EachBatch,
            lost_keys: LostKeys::Refuse,
        }
    }

    /// Hands what is new to the journal, in batches of a few.
    async fn keep(&mut self) {
        let mut journal = DiskJournal::open(self.settings(), drop).expect("it opens");
        for batch in self.records[self.kept..].chunks(7) {
            journal.append(batch.into()).await.expect("room");
        }
        self.kept = self.records.len();
    }

    /// Goes through the journal as a daemon does that starts; how many records were read.
    fn start(&self) -> (Core, usize) {
        let (mut recovered, mut read) = (Recovered::new(Observer::new(10)), 0);
        let journal = DiskJournal::resume(self.settings(), |found| {
            read += usize::from(matches!(found, Found::Record(_)));
            recovered.take(found).expect("records follow each other");
        });
        assert_eq!(journal.expect("it opens").next_seq(), recovered.core.next_seq());
        recovered.core.end_recovery();
        (recovered.core, read)
    }

    /// Holds a start against one from every record; how many records were read.
    fn compare(&self) -> usize {
        let (mut short, read) = self.start();
        let mut whole = Core::recover(self.records.iter().cloned()).expect("the records follow each other");
        assert_eq!((short.next_seq(), short.now()), (whole.next_seq(), whole.now()));
        let back_at = self.driver.now() + Span::from_secs(30);
        assert_eq!(short.resume(back_at, None, None), whole.resume(back_at, None, None), "the same begins");
        let tenant = whole.tenants().next().expect("one").clone();
        assert!(short.state(&tenant) == whole.state(&tenant), "the worlds are the same");
        let later = back_at + Span::from_secs(900);
        assert_eq!(short.tick_due(later), whole.tick_due(later), "and the same follows");
        read
    }

    fn snapshot(&self, of: Of) -> Option<Made> {
        let keys = disk::open_keys(self.place.path(), LostKeys::Refuse).expect("nobody has it open");
        make(&self.folder(), &keys, of, || true).expect("it is made")
    }

    /// Lives through the journal again; what is told of it, or why not.
    fn replay(&self, more: &[&str]) -> Result<Value, String> {
        let mut attune = Process::new(env!("CARGO_BIN_EXE_attune"));
        attune.env_clear().args(["journal", "replay", "--check-every", "20", "--format", "json", "--folder"]);
        let ran = attune.arg(self.place.path()).args(more).output().expect("it runs");
        match ran.status.success() {
            true => Ok(serde_json::from_slice(&ran.stdout).expect("an object")),
            false => Err(String::from_utf8_lossy(&ran.stderr).into_owned()),
        }
    }

    fn snapshots(&self) -> Vec<PathBuf> {
        let names = names(&self.folder()).expect("readable");
        names.iter().map(|name| self.folder().path(name)).collect()
    }
}

fn agent(number: usize) -> AgentId {
    AgentId::new(&format!("a{number}")).expect("a name")
}

fn enqueue(id: &str, queue: &str) -> Command {
    Command::EnqueueContact(Box::new(NewContact {
        id: ContactId::new(id).expect("a name"),
        queue: QueueName::new(queue).expect("a name"),
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

#[tokio::test]
async fn a_start_from_a_snapshot_is_one_from_everything_at_any_time() {
    let mut office = Office::new();
    let mut archived = 0;
    for round in 0..6 {
        office.work(25);
        office.keep().await;
        let all = office.records.len();
        let sealed = waiting(&office.folder()).expect("readable");
        assert!(sealed >= SEGMENT, "segments are sealed: {sealed}");
        let made = office.snapshot(Of::WhatIsSealed).expect("there is news");
        assert_eq!(waiting(&office.folder()).expect("readable"), 0);
        assert_eq!(office.snapshot(Of::WhatIsSealed), None, "nothing is new any more");
        let read = office.compare();
        assert_eq!(made.next.0 as usize + read, all + 1, "only what stands behind the snapshot is read");
        assert_eq!(office.snapshots().len(), KEPT.min(round + 1));
        let Some(before) = made.spare_before else { continue };
        let archive = Archive::of(&office.folder()).expect("it can be made");
        archived += archive.take(&office.folder(), before).expect("moved");
        office.compare();
    }
    assert!(archived > 3, "{archived} segments are archived");
    assert!(office.contacts > 100);
}

#[tokio::test]
async fn a_damaged_snapshot_leaves_the_one_before_and_without_any_everything_is_read() {
    let mut office = Office::new();
    for _ in 0..3 {
        office.work(25);
        office.keep().await;
        let made = office.snapshot(Of::WhatIsSealed).expect("there is news");
        let before = made.spare_before.unwrap_or(Seq::FIRST);
        Archive::of(&office.folder()).expect("made").take(&office.folder(), before).expect("moved");
    }
    let newest = office.compare();
    let snapshots = office.snapshots();
    let mut bytes = fs::read(&snapshots[1]).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&snapshots[1], bytes).expect("written");
    let before = office.compare();
    assert!(newest < before && before < office.records.len(), "{newest}, {before} of {}", office.records.len());
    fs::write(&snapshots[0], b"").expect("written");
    assert_eq!(office.compare(), office.records.len(), "the archive reaches back to the first");
    fs::remove_dir_all(Archive::of(&office.folder()).expect("made").folder().path("")).expect("removed");
    let refused = DiskJournal::resume(office.settings(), drop).expect_err("records are missing");
    assert!(refused.to_string().contains("a segment is missing"), "{refused}");
}

#[tokio::test]
async fn when_every_snapshot_is_damaged_the_next_is_made_of_the_archive_as_well() {
    let mut office = Office::new();
    for _ in 0..3 {
        office.work(25);
        office.keep().await;
        let made = office.snapshot(Of::WhatIsSealed).expect("there is news");
        let before = made.spare_before.unwrap_or(Seq::FIRST);
        Archive::of(&office.folder()).expect("made").take(&office.folder(), before).expect("moved");
    }
    let newest = office.compare();
    office.snapshots().iter().for_each(|path| fs::write(path, b"").expect("written"));
    assert_eq!(office.compare(), office.records.len());
    office.snapshot(Of::WhatIsSealed).expect("there is none that can be read");
    assert_eq!(office.compare(), newest, "it stands for as much as the one that was damaged");
}

#[tokio::test]
async fn archived_records_are_still_read() {
    let mut office = Office::new();
    office.work(60);
    office.keep().await;
    let ends = segments(&office.folder()).expect("readable").len();
    assert!(ends > 3);
    Archive::of(&office.folder()).expect("made").take(&office.folder(), Seq(u64::MAX)).expect("moved");
    assert_eq!(segments(&office.folder()).expect("readable").len(), 1);
    let journal = DiskJournal::open(office.settings(), drop).expect("everything is read");
    assert_eq!(journal.read(Seq::FIRST, usize::MAX).expect("readable"), office.records);
    assert_eq!(journal.read(Seq(5), 3).expect("readable"), office.records[4..7]);
}

#[tokio::test]
async fn a_snapshot_of_everything_leaves_nothing_to_read_and_is_no_better_than_the_journal() {
    let mut office = Office::new();
    office.work(40);
    office.keep().await;
    let made = office.snapshot(Of::Everything).expect("there is news");
    assert_eq!((office.compare(), made.next), (0, Seq(office.records.len() as u64 + 1)));
    // The journal is cut back, as by a repair: what the snapshot has beyond it did not happen.
    let folder = office.folder();
    let last = segments(&folder).expect("readable").pop().expect("several");
    fs::remove_file(folder.path(&last)).expect("removed");
    let (core, read) = office.start();
    assert_eq!(core.next_seq().0 as usize, read + 1, "everything that is left is read");
    assert!(names(&folder).expect("readable").iter().filter_map(|name| next_of(name)).all(|next| next < made.next));
}

#[tokio::test]
async fn a_replay_begins_behind_a_snapshot_once_the_first_records_are_gone() {
    let mut office = Office::new();
    let archive = Archive::of(&office.folder()).expect("it can be made");
    let mut newest = Seq::FIRST;
    for _ in 0..4 {
        office.work(25);
        office.keep().await;
        archive.keep_snapshot(&office.folder()).expect("kept");
        let made = office.snapshot(Of::WhatIsSealed).expect("there is news");
        if let Some(before) = made.spare_before {
            archive.take(&office.folder(), before).expect("moved");
        }
        newest = made.next;
    }
    let all = office.records.len() as u64;
    let whole = office.replay(&[]).expect("every record holds");
    assert_eq!((whole["records"].as_u64(), whole.get("from_snapshot")), (Some(all), None));

    let kept = names(archive.folder()).expect("readable");
    assert_eq!(kept.len(), 1, "one a day is kept");
    let begins = next_of(&kept[0]).expect("its name says it");
    let files =
        fs::read_dir(archive.folder().path("")).expect("readable").map(|file| file.expect("readable").metadata());
    let bytes: u64 = files.map(|about| about.expect("readable").len()).sum();
    let limits = Limits { age: Duration::MAX, bytes: Some(bytes - 1) };
    assert_eq!(archive.trim(Timestamp(0), &limits).expect("trimmed"), 1);
    let first =
        segments(archive.folder()).expect("readable").first().and_then(|name| first_of(name)).expect("some are left");
    assert!(Seq::FIRST < first && first <= begins, "{first} {begins}");

    let replayed = office.replay(&[]).expect("every record holds");
    assert_eq!(replayed["from_snapshot"].as_u64(), Some(begins.0));
    assert_eq!(replayed["records"].as_u64(), Some(all + 1 - begins.0));
    assert_eq!((&replayed["tenants"], &replayed["undecided"]), (&whole["tenants"], &whole["undecided"]));
    let behind = office.replay(&["--from-snapshot", &all.to_string()]).expect("every record holds");
    assert_eq!(behind["from_snapshot"].as_u64(), Some(newest.0), "the last one before the end");
    assert_eq!(behind["tenants"], whole["tenants"]);
    let between = (newest.0 - 1).to_string();
    let before = office.replay(&["--from-snapshot", &between, "--to", &between]).expect("every record holds");
    let from = before["from_snapshot"].as_u64().expect("it says so");
    assert!(begins.0 <= from && from < newest.0, "{from}");
    assert_eq!(before["records"].as_u64(), Some(newest.0 - from));

    let refused = office.replay(&["--from-snapshot", "1"]).expect_err("there is none so early");
    assert!(refused.contains("no snapshot before record 1"), "{refused}");
    for folder in [&office.folder(), archive.folder()] {
        names(folder).expect("readable").iter().for_each(|name| folder.remove(name).expect("removed"));
    }
    let refused = office.replay(&[]).expect_err("nothing says what came before");
    assert!(refused.contains("no snapshot stands for them"), "{refused}");
}
