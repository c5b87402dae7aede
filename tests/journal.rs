//! `attune journal` on folders of every kind: whole, torn, damaged, with a gap, of a later version, open in a daemon.
//!
//! Protects: what is wrong is found and said with its way out, what is harmless is not called damage, nothing that can be
//! read is lost by a repair, and a backup holds what was acknowledged.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use attune::{
    engine::{
        Event, Request,
        view::{Answer, Query},
    },
    journal::{
        Journal, LostKeys, Record, Seq, Snapshot,
        archive::Archive,
        disk::{DiskJournal, Settings, Syncing},
        inspect::{self, Finding, SegmentFile},
        log::{Log, Making, name_of},
        seal::Plain,
        snapshot,
        vault::{KEYS, Vault},
        volume::{Folder, Volume},
    },
    model::ids::{ContactKey, OfferKey, RequestId},
    sim::driver::Driver,
};
use chaos::Chaos;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "properties/chaos.rs"]
#[expect(dead_code, reason = "what only the properties ask of it")]
mod chaos;

/// Small, so that a few hundred records take several.
const SEGMENT: u64 = 32 << 10;
/// Bytes before the first frame, and before a frame's records.
const HEAD: usize = 32;
const FRAME_HEAD: usize = 16;

/// What a run left behind.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self.stderr
    }
}

/// A folder that a test may spoil.
struct Place {
    place: TempDir,
}

impl Place {
    /// With these records, a few a frame.
    fn with(records: &[Record]) -> Self {
        let place = Self { place: TempDir::new().expect("a folder") };
        let folder = Folder::make(&place.folder()).expect("it is made");
        let mut log = Log::open(folder, None, SEGMENT, Making::WhenNeeded, drop).expect("it opens");
        records.chunks(3).for_each(|batch| log.append(batch).expect("there is room"));
        place
    }

    fn folder(&self) -> PathBuf {
        self.place.path().join("journal")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).expect("it is there");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "journal"));
        paths.sort();
        paths
    }

    fn run(&self, words: &[&str]) -> Ran {
        run_in(&self.folder(), words)
    }

    fn json(&self, words: &[&str]) -> Value {
        let ran = self.run(&[words, &["--format", "json"]].concat());
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error} in {}{}", ran.stdout, ran.stderr))
    }

    /// What a daemon would read.
    fn opened(&self) -> Result<Vec<Record>, String> {
        read(&self.folder())
    }

    /// Changes a segment's bytes.
    fn spoil(&self, segment: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let path = &self.segments()[segment];
        let mut bytes = fs::read(path).expect("readable");
        change(&mut bytes);
        fs::write(path, bytes).expect("writable");
    }
}

fn run_in(folder: &Path, words: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    let output = command.env_clear().arg("journal").args(words).arg("--folder").arg(folder).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ran {
        code: output.status.code().unwrap_or_else(|| panic!("it ends by itself: {output:?}")),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

fn read(folder: &Path) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    let keys = Folder::make(&folder.join(KEYS)).expect("it can be made");
    let keys = Vault::open(keys, LostKeys::Refuse, StdRng::seed_from_u64(1)).map_err(|error| error.to_string())?;
    let folder = Folder::make(folder).expect("it is there");
    let opened = Log::open(folder, Some(Arc::new(keys)), SEGMENT, Making::WhenNeeded, |record| records.push(record));
    opened.map(|_| records).map_err(|error| error.to_string())
}

/// A random day of a small contact centre, record by record.
fn played(seed: u64, commands: usize) -> (Vec<Record>, Driver) {
    let mut chaos = Chaos::new(seed);
    let (mut driver, founding) = Driver::new(chaos.start(), chaos.document());
    let mut records = vec![founding];
    for number in 0..commands {
        records.extend(driver.pass(chaos.pause()).records);
        let command = chaos.command(&mut driver);
        let id = RequestId::new(&format!("r{number}")).expect("it obeys the grammar");
        records.extend(driver.request(Request { id: Some(id), command }).records);
    }
    (records, driver)
}

/// Where a segment's frames begin, and their first records.
fn frames(bytes: &[u8]) -> Vec<(usize, u64)> {
    let (mut frames, mut at) = (Vec::new(), HEAD);
    while let Some(head) = bytes.get(at..at + FRAME_HEAD) {
        let length = u32::from_le_bytes(head[..4].try_into().expect("four bytes"));
        if length == 0 {
            break;
        }
        frames.push((at, u64::from_le_bytes(head[8..].try_into().expect("eight bytes"))));
        at = (at + FRAME_HEAD + length as usize).next_multiple_of(8);
    }
    frames
}

#[test]
fn a_whole_journal_is_verified_listed_and_read() {
    let (records, _) = played(1, 200);
    let place = Place::with(&records);
    assert!(place.segments().len() > 2, "it takes several segments");
    let report = place.json(&["verify"]);
    assert_eq!(report["verdict"], "whole", "{report}");
    assert_eq!(report["records"], records.len());
    assert_eq!(report["in_use"], false);
    assert_eq!(report["segments"].as_array().expect("a list").len(), place.segments().len());
    let text = place.run(&["verify"]).ok();
    assert!(text.contains(&format!("whole: {} records", records.len())), "{text}");
    let listed = place.json(&["list"]);
    let files = listed["files"].as_array().expect("a list");
    assert_eq!(files.iter().filter(|file| !file["first"].is_null()).count(), place.segments().len());

    let lines = place.run(&["inspect", "--format", "json"]).ok();
    assert_eq!(lines.lines().count(), records.len());
    let first: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("an object");
    assert_eq!((first["seq"].as_u64(), first["asked"].as_str()), (Some(1), Some("apply-document")));
    let few = place.run(&["inspect", "--from", "50", "--to", "90", "--limit", "7"]).ok();
    assert_eq!(few.lines().count(), 7);
    assert!(few.lines().next().expect("a line").contains("  50  default  "), "{few}");
}

#[test]
fn inspect_follows_a_contact_through_its_offers_and_engagements() {
    let (records, _) = played(3, 250);
    let place = Place::with(&records);
    let queued = records.iter().flat_map(|record| &record.events).filter_map(|event| match event {
        Event::ContactQueued { contact, queued } => Some((*contact, queued.id.clone())),
        _ => None,
    });
    let accepted = |contact: ContactKey| {
        let events: Vec<&Event> = records.iter().flat_map(|record| &record.events).collect();
        let offers: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::OfferMade { offer, contact: whose, .. } if *whose == contact => Some(*offer),
                _ => None,
            })
            .collect();
        let is_of = |offer: &OfferKey| offers.contains(offer);
        events.iter().any(|event| matches!(event, Event::OfferDelivered { offer, .. } if is_of(offer)))
            && events.iter().any(|event| matches!(event, Event::OfferAccepted { offer, .. } if is_of(offer)))
    };
    let (_, id) = queued.into_iter().find(|(contact, _)| accepted(*contact)).expect("somebody was answered");
    let lines = place.run(&["inspect", "--contact", id.as_str()]).ok();
    for kind in ["contact-queued", "offer-made", "offer-delivered", "offer-accepted"] {
        assert!(lines.contains(kind), "{kind} is not in\n{lines}");
    }
    assert!(lines.lines().count() < records.len() / 2, "not everything is about {id}:\n{lines}");
}

#[test]
fn replay_comes_to_what_is_there_and_names_what_does_not_hold() {
    let (mut records, driver) = played(5, 200);
    let place = Place::with(&records);
    let end = place.json(&["replay"]);
    assert_eq!(end["records"], records.len());
    let queues = Query::Queues { after: None, limit: 100 };
    let Ok(Answer::Queues { queues, .. }) = driver.state().query(driver.now(), &queues) else {
        panic!("queues are queues");
    };
    assert_eq!(end["tenants"][0]["waiting"], queues.iter().map(|queue| queue.waiting).sum::<u64>());
    assert_eq!(end["tenants"][0]["engaged"], queues.iter().map(|queue| queue.engaged).sum::<u64>());
    let steps = place.run(&["replay", "--to", "60", "--step", "--recorded"]).ok();
    assert!(steps.contains("waiting 0 -> 1") && steps.contains("60 records hold"), "{steps}");

    let wrong = records.iter().rposition(|record| record.events.len() > 2).expect("some have more");
    records[wrong].events.pop();
    let place = Place::with(&records);
    let ran = place.run(&["replay"]);
    assert_eq!(ran.stdout.lines().filter(|line| !line.starts_with(' ')).count(), 11, "{}", ran.stdout);
    let said = ran.failed(2);
    assert!(said.contains(&format!("record {} does not hold", wrong + 1)), "{said}");
}

#[test]
fn a_torn_tail_is_harmless() {
    let (records, _) = played(7, 100);
    let place = Place::with(&records);
    let last = place.segments().len() - 1;
    place.spoil(last, |bytes| {
        let (at, _) = *frames(bytes).last().expect("it has some");
        bytes[at + FRAME_HEAD + 5..].fill(0);
    });
    assert_eq!(place.json(&["verify"])["verdict"], "torn");
    let text = place.run(&["verify"]).ok();
    assert!(text.contains("never acknowledged, the next start repairs it"), "{text}");
    let left = place.opened().expect("it opens");
    assert_eq!(place.json(&["verify"])["records"], left.len());
    assert_eq!(place.json(&["verify"])["verdict"], "whole", "opening it has repaired it");
}

#[test]
fn damage_in_the_middle_is_named_and_cut_off_beside_the_journal() {
    let (records, _) = played(9, 200);
    let place = Place::with(&records);
    let mut lost = 0;
    let (mut before, mut damaged) = (Vec::new(), Vec::new());
    place.spoil(1, |bytes| {
        before.clone_from(bytes);
        let (at, seq) = frames(bytes)[3];
        bytes[at + FRAME_HEAD + 2] ^= 0x40;
        damaged.clone_from(bytes);
        lost = seq;
    });
    let refused = place.opened().expect_err("a daemon refuses it");
    assert!(refused.contains("damaged"), "{refused}");
    let said = place.run(&["verify"]).failed(2);
    assert!(said.contains(&format!("record {lost} cannot be read")), "{said}");
    assert!(said.contains("can be read, which were acknowledged"), "{said}");
    assert!(said.contains(&format!("attune journal repair --truncate-at {lost}")), "{said}");
    let report = place.json(&["verify"]);
    assert_eq!((report["verdict"].as_str(), report["next"].as_u64()), (Some("refused"), Some(lost)));
    assert!(run_in(&place.folder(), &["backup", "/nowhere/at/all"]).code > 0);

    let late = (lost + 1).to_string();
    let said = place.run(&["repair", "--truncate-at", &late, "--yes"]).failed(2);
    assert!(said.contains(&format!("--truncate-at {lost}")), "{said}");
    let files = place.segments().len();
    let at = lost.to_string();
    let planned = place.run(&["repair", "--truncate-at", &at]);
    assert!(planned.stdout.contains("acknowledged records would be lost"), "{}", planned.stdout);
    planned.failed(1);
    assert_eq!(place.segments().len(), files, "nothing was changed");
    assert!(place.opened().is_err());

    let done = place.json(&["repair", "--truncate-at", &at, "--yes"]);
    assert_eq!(done["stays"].as_u64(), Some(lost - 1));
    // Those of the damaged frame cannot be counted.
    let behind = done["lost"].as_u64().expect("a number");
    assert!((records.len() as u64 - lost - 2..records.len() as u64 - lost + 1).contains(&behind), "{done}");
    assert_eq!(place.opened().expect("it opens"), records[..lost as usize - 1]);
    assert_eq!(place.json(&["verify"])["verdict"], "whole");
    let aside: Vec<&str> = done["aside"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(aside.len(), files - 1);
    let kept = fs::read(aside.last().expect("the damaged one")).expect("it is there");
    assert_eq!(kept, damaged);
    assert_ne!(kept, before);
}

/// What a snapshot stands for is not needed, and no advice is given that would cut off what is.
#[test]
fn damage_before_a_snapshot_keeps_no_daemon_from_starting() {
    let (records, _) = played(1, 200);
    let place = Place::with(&records);
    let from = records[records.len() - 5].seq;
    let now = records[records.len() - 6].now;
    let folder = Folder::make(&place.folder()).expect("it is there");
    snapshot::write(&folder, &Plain, Snapshot { next: from, now, worlds: Vec::new() }).expect("there is room");
    assert_eq!(place.json(&["verify"])["verdict"], "whole");
    place.spoil(1, |bytes| bytes[100] ^= 1);
    let report = place.json(&["verify"]);
    assert_eq!(
        (&report["verdict"], &report["segments"][1]["needed"]),
        (&json!("old_damaged"), &json!(false)),
        "{report}"
    );
    let text = place.run(&["verify"]).ok();
    assert!(text.contains("a daemon starts with it") && !text.contains("truncate"), "{text}");
    place.run(&["backup", &place.path("copy").display().to_string()]).ok();

    let newest = fs::read_dir(place.folder()).expect("it is there").map(|entry| entry.expect("readable").path());
    let newest = newest.filter(|path| path.extension().is_some_and(|ending| ending == "snapshot")).max();
    fs::write(newest.expect("it was written"), "nothing").expect("writable");
    let ran = place.run(&["verify"]);
    assert!(ran.code == 2 && ran.stderr.contains("truncate-at"), "{}{}", ran.stdout, ran.stderr);
    fs::remove_file(&place.segments()[0]).expect("it is there");
    let ran = place.run(&["verify"]);
    assert!(ran.code == 2 && ran.stderr.contains("Restore a backup"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_cut_may_be_in_the_middle_of_a_frame_or_before_everything() {
    let (records, _) = played(11, 60);
    for at in 1..=10 {
        let place = Place::with(&records);
        let done = place.json(&["repair", "--truncate-at", &at.to_string(), "--yes"]);
        assert_eq!(done["stays"].as_u64(), Some(at - 1));
        assert_eq!(done["lost"].as_u64(), Some(records.len() as u64 + 1 - at));
        assert_eq!(place.opened().expect("it opens"), records[..at as usize - 1]);
    }
    let place = Place::with(&records);
    let cut =
        || place.json(&["repair", "--truncate-at", "9", "--yes"])["aside"][0].as_str().expect("a file").to_owned();
    let first = cut();
    let mut log = Log::open(Folder::at(&place.folder()), None, SEGMENT, Making::WhenNeeded, drop).expect("it opens");
    log.append(&records[8..20]).expect("there is room");
    drop(log);
    let second = cut();
    assert_ne!(first, second, "what an earlier cut put aside stays");
    assert!(Path::new(&first).exists() && Path::new(&second).exists());

    let place = Place::with(&records);
    let beyond = (records.len() + 1).to_string();
    let said = place.run(&["repair", "--truncate-at", &beyond, "--yes"]).failed(2);
    assert!(said.contains("the journal ends before"), "{said}");
}

/// A replay would begin with a world that is not.
#[test]
fn snapshots_in_the_archive_of_a_time_behind_the_cut_go_aside() {
    let (records, _) = played(11, 60);
    let place = Place::with(&records);
    let archive = place.folder().join("archive");
    fs::create_dir(&archive).expect("room");
    let [before, behind] = [5, 30].map(|next| archive.join(format!("{next:020}.snapshot")));
    for snapshot in [&before, &behind] {
        fs::write(snapshot, "whatever").expect("room");
    }
    let done = place.json(&["repair", "--truncate-at", "9", "--yes"]);
    assert_eq!(done["aside"].as_array().map(Vec::len), Some(2), "the snapshot, and what is behind the cut: {done}");
    assert!(before.exists() && !behind.exists());
    assert!(archive.join(format!("{:020}.snapshot.cut-9", 30)).exists());
}

#[test]
fn a_missing_segment_is_a_gap_and_a_later_version_has_its_own_way_out() {
    let (records, _) = played(13, 200);
    let place = Place::with(&records);
    fs::remove_file(&place.segments()[1]).expect("removed");
    let report = place.json(&["verify"]);
    let findings: Vec<&str> = report["segments"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|segment| segment["finding"].as_str())
        .collect();
    assert_eq!(report["verdict"], "refused");
    assert_eq!(findings.iter().filter(|finding| **finding != "whole").count(), 1, "told once: {findings:?}");

    let place = Place::with(&records);
    fs::remove_file(&place.segments()[0]).expect("removed");
    let said = place.run(&["verify"]).failed(2);
    assert!(said.contains("Restore a backup: what comes before it is not there"), "{said}");

    let place = Place::with(&records);
    let last = place.segments().len() - 1;
    place.spoil(last, |bytes| bytes[8..12].copy_from_slice(&7u32.to_le_bytes()));
    let refused = place.opened().expect_err("a daemon refuses it");
    assert!(refused.contains("written by a later version"), "{refused}");
    let said = place.run(&["verify"]).failed(2);
    assert!(said.contains("start that version, or restore a backup from before it ran"), "{said}");
    assert!(!said.contains("repair"), "cutting it off is no way out: {said}");

    let nothing = place.path("nothing");
    assert!(run_in(&nothing, &["verify"]).failed(2).contains("is no folder"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_daemon_has_all_that_was_acknowledged() {
    let (records, _) = played(15, 300);
    let place = Place { place: TempDir::new().expect("a folder") };
    let settings = Settings {
        folder: place.folder(),
        segment_bytes: SEGMENT,
        syncing: Syncing::EachBatch,
        lost_keys: LostKeys::Refuse,
    };
    let mut journal = DiskJournal::open(settings, drop).expect("it opens");
    let half = records.len() / 2;
    for batch in records[..half].chunks(2) {
        journal.append(batch.into()).await.expect("it takes it");
    }
    fs::write(place.folder().join("notes.txt"), "ours").expect("written");
    let writing = tokio::spawn({
        let rest = records[half..].to_vec();
        async move {
            for batch in rest.chunks(2) {
                journal.append(batch.into()).await.expect("it takes it");
            }
            journal
        }
    });
    let to = place.path("backup");
    let backup = place.json(&["backup", to.to_str().expect("text"), "--with-keys"]);
    let last = backup["last"].as_u64().expect("a number") as usize;
    assert!(last >= half, "what was acknowledged before is in it: {backup}");
    assert_eq!(place.json(&["verify"])["in_use"], true);
    let said = place.run(&["repair", "--truncate-at", "2", "--yes"]).failed(1);
    assert!(said.contains("a daemon has") && said.contains("stop it first"), "{said}");
    drop(writing.await.expect("it ends"));

    // As the journal has it: of who was erased meanwhile it knows no more.
    assert_eq!(read(&to).expect("it opens"), place.opened().expect("it opens")[..last]);
    assert_eq!(fs::read_to_string(to.join("notes.txt")).expect("it is there"), "ours");
    assert!(!to.join("lock").exists() && !to.join("spare.new").exists());
    let again = place.path("again");
    let (to, again) = (to.to_str().expect("text"), again.to_str().expect("text"));
    assert!(place.run(&["backup", to]).failed(2).contains("is there and not empty"));
    let restored = place.json(&["restore", to, again, "--with-keys"]);
    assert_eq!(restored["last"].as_u64(), Some(last as u64));
    assert_eq!(read(Path::new(again)).expect("it opens"), read(Path::new(to)).expect("it opens"));
    assert_eq!(place.json(&["verify"])["records"], records.len());
}

/// A daemon moves segments to the archive, and lets go of the oldest there, while somebody looks.
#[test]
fn what_moves_while_somebody_looks_is_no_damage() {
    let (records, _) = played(18, 400);
    let place = Place::with(&records);
    let (folder, listed) = (Folder::at(&place.folder()), || inspect::segments_of(&place.folder()).expect("listed"));
    let survey = |files: &[SegmentFile<Folder>], begins| {
        let mut found = Vec::new();
        let survey = inspect::survey(files, begins, &Plain, |record, _| found.push(record));
        (survey, found)
    };
    let files = listed();
    assert!(files.len() > 3, "{} segments", files.len());
    let archive = Archive::of(&folder).expect("made");
    assert_eq!(archive.take(&folder, files[2].first).expect("moved"), 2);
    let (whole, found) = survey(&files, Some(Seq::FIRST));
    assert_eq!((whole.faults().next(), found == records), (None, true));
    let archived: Vec<bool> = whole.segments.iter().map(|looked| looked.is_archived).collect();
    assert_eq!(archived[..3], [true, true, false]);

    let files = listed();
    archive.folder().remove(&files[0].name).expect("removed");
    let (whole, found) = survey(&files, None);
    assert_eq!((whole.faults().next(), whole.segments.len()), (None, files.len() - 1));
    assert_eq!(found, records[records.len() - found.len()..], "a snapshot stands for what is gone");
    assert_eq!((found[0].seq, whole.next.0), (files[1].first, records.len() as u64 + 1));
    let (missed, _) = survey(&files, Some(Seq::FIRST));
    assert_eq!(missed.segments[0].finding, Finding::Gone, "nothing stands for it");
}

#[test]
fn segments_in_the_archive_belong_to_the_journal() {
    let (records, _) = played(17, 200);
    let place = Place::with(&records);
    let first = &place.segments()[0];
    let archive = place.folder().join("archive");
    fs::create_dir(&archive).expect("made");
    fs::rename(first, archive.join(name_of(Seq::FIRST))).expect("moved");
    let report = place.json(&["verify"]);
    assert_eq!((report["verdict"].as_str(), report["records"].as_u64()), (Some("whole"), Some(records.len() as u64)));
    assert_eq!(report["segments"][0]["archived"], true);
    assert_eq!(place.json(&["replay"])["records"], records.len());
    let to = place.path("backup");
    place.run(&["backup", to.to_str().expect("text")]).ok();
    assert!(to.join("archive").join(name_of(Seq::FIRST)).exists());
    assert!(place.run(&["repair", "--truncate-at", "2", "--yes"]).failed(1).contains("restore a backup instead"));
}
