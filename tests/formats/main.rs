//! What earlier versions wrote is read for ever: folders that they left, beside what is in them in words.
//!
//! `tests/fixtures/journal/VERSION/every` has a record of each kind of command and event, and every answer and refusal;
//! `played` is the journal of a small contact centre; `sealed` is one with keys, in which a customer was erased; snapshots
//! are in `tests/fixtures/snapshots/VERSION` (`worlds`). Their bytes are never changed once the version is out. Whoever adds
//! a variant, or a part of a world, makes the next folder: `ATTUNE_FIXTURE=v2 cargo test --test formats -- --ignored make`.
//! What is shown of the same bytes may change, when a field gets a new name or a type another field; then
//! `cargo test --test formats -- --ignored words` writes the words anew, for people to look at the difference.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    fs,
    path::{Path, PathBuf},
    process::Command as Process,
    sync::Arc,
};

use attune::{
    engine::{Event, Reject, Reply, Request},
    journal::{
        Record, Seq,
        codec::{self, Broken, Personal},
        inspect,
        log::{Log, Making},
        replay::{How, Replay},
        seal::Plain,
        vault::{KEYS, LostKeys, Vault},
        volume::Folder,
    },
    model::ids::{RequestId, TenantId},
    sim::driver::Driver,
};
use chaos::Chaos;
use rand::{SeedableRng, rngs::StdRng};
use tempfile::TempDir;

#[path = "../properties/chaos.rs"]
#[expect(dead_code, reason = "what only the properties ask of it")]
mod chaos;

mod rest;
mod worlds;

/// Where an engine's words are declared, and which of them have a number on disk.
const ENUMS: [(&str, &str); 4] =
    [("Command", "command.rs"), ("Event", "event.rs"), ("Reject", "reject.rs"), ("Reply", "command.rs")];
/// Larger than any fixture.
const SEGMENT: u64 = 1 << 20;
/// Days that are searched for kinds.
const SEEDS: u64 = 150;
/// The day that is kept whole.
const PLAYED: u64 = 6;
/// Of the keys of the day that is kept sealed.
const SEALED: u64 = 7;
const SEALED_COMMANDS: usize = 60;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal")
}

/// Every folder with a journal, and its name for messages.
fn folders() -> Vec<(String, PathBuf)> {
    let below = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).expect("fixtures are there");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
        paths.retain(|path| path.is_dir());
        paths.sort();
        paths
    };
    let all: Vec<PathBuf> = below(&fixtures()).iter().flat_map(|version| below(version)).collect();
    let name = |path: &PathBuf| path.strip_prefix(fixtures()).expect("below").display().to_string();
    all.into_iter().map(|path| (name(&path), path)).collect()
}

/// A folder's records, which are whole.
fn records(folder: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    let files = inspect::segments_of(folder).expect("readable");
    let survey = inspect::survey(&files, Some(Seq::FIRST), &Plain, |record, _| records.push(record));
    assert_eq!(survey.faults().next(), None, "{}", folder.display());
    records
}

/// A folder's records in words.
fn words(folder: &Path) -> String {
    let mut attune = Process::new(env!("CARGO_BIN_EXE_attune"));
    attune.env_clear().args(["journal", "inspect", "--format", "json", "--folder"]).arg(folder);
    let output = attune.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn variant(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// Every answer and every refusal that a record holds.
fn answers(record: &Record) -> impl Iterator<Item = &Reply> {
    record.events.iter().filter_map(|event| match event {
        Event::RequestAccepted { reply, .. } => Some(reply),
        _ => None,
    })
}

fn refusals(record: &Record) -> impl Iterator<Item = &Reject> {
    let rows = answers(record).filter_map(|reply| match reply {
        Reply::Agents(rows) => Some(rows.iter()),
        _ => None,
    });
    rows.flatten().filter_map(|row| row.as_ref().err())
}

/// The kinds that a record has, as `Enum::Variant`.
fn kinds(record: &Record) -> BTreeSet<String> {
    let mut kinds = BTreeSet::from([format!("Command::{}", variant(&record.input.command))]);
    kinds.extend(record.events.iter().map(|event| format!("Event::{}", variant(event))));
    kinds.extend(answers(record).map(|reply| format!("Reply::{}", variant(reply))));
    kinds.extend(refusals(record).map(|reject| format!("Reject::{}", variant(reject))));
    kinds
}

/// All kinds that there are, by the source.
fn declared() -> BTreeSet<String> {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let variants = |(name, file): &(&str, &str)| -> Vec<String> {
        let text = fs::read_to_string(engine.join(file)).expect("the source is there");
        let items = syn::parse_file(&text).expect("it compiles").items;
        let found = items.into_iter().find_map(|item| match item {
            syn::Item::Enum(item) if item.ident == name => Some(item.variants),
            _ => None,
        });
        let found = found.unwrap_or_else(|| panic!("no enum {name} in {file}"));
        found.into_iter().map(|variant| format!("{name}::{}", variant.ident)).collect()
    };
    ENUMS.iter().flat_map(variants).collect()
}

#[test]
fn what_was_written_is_read_as_it_was_meant() {
    assert!(!folders().is_empty());
    for (name, folder) in folders() {
        let found = words(&folder);
        let expected = fs::read_to_string(folder.join("records.jsonl")).expect("the words are beside it");
        for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{name}: record {}", number + 1);
        }
        assert_eq!(found.lines().count(), expected.lines().count(), "{name}");
    }
}

#[test]
fn a_daemon_opens_what_was_written_and_goes_on() {
    for (name, folder) in folders() {
        let copy = TempDir::new().expect("a folder");
        for segment in inspect::segments_of(&folder).expect("readable") {
            fs::copy(folder.join(&segment.name), copy.path().join(&segment.name)).expect("copied");
        }
        let volume = Folder::make(copy.path()).expect("it is there");
        let mut found = Vec::new();
        let mut log = Log::open(volume.clone(), None, SEGMENT, Making::WhenNeeded, |record| found.push(record))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found, records(&folder), "{name}");
        let mut more = found.last().expect("it has records").clone();
        more.seq = more.seq.next();
        log.append(std::slice::from_ref(&more)).expect("there is room");
        drop(log);
        found.push(more);
        assert_eq!(records(copy.path()), found, "{name}: what was there and what came after");
    }
}

#[test]
fn what_was_played_is_a_world_in_which_everything_holds() {
    let played = folders().into_iter().filter(|(name, _)| name.ends_with("played"));
    for (name, folder) in played {
        let mut replay = Replay::new(How::Repeat);
        for record in records(&folder) {
            let seq = record.seq;
            let held = replay.take(&record, Personal::There).and_then(|()| replay.check(&record.tenant));
            held.unwrap_or_else(|fault| panic!("{name}: record {seq}: {fault}"));
        }
        let (_, tally) = replay.tallies().remove(0);
        assert!(tally.agents > 0 && tally.waiting + tally.engaged > 0, "{name}: something goes on: {tally:?}");
    }
}

#[test]
fn every_kind_of_record_is_kept_somewhere() {
    let kept: BTreeSet<String> =
        folders().iter().flat_map(|(_, folder)| records(folder)).flat_map(|record| kinds(&record)).collect();
    let missing: Vec<String> = declared().difference(&kept).cloned().collect();
    assert!(missing.is_empty(), "no fixture has {missing:?}; the head of this file says how to make one");
}

/// A record's bytes, and so many more fields in it.
fn with_fields(record: &Record, fields: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::put(std::slice::from_ref(record), &mut bytes);
    let mut length = 0;
    let mut from = 1;
    for shift in (0..).step_by(7) {
        length |= usize::from(bytes[from] & 0x7f) << shift;
        from += 1;
        if bytes[from - 1] & 0x80 == 0 {
            break;
        }
    }
    let inner = &bytes[from..from + length];
    let mut more = vec![bytes[0]];
    let mut size = inner.len() + fields.len();
    while size >= 0x80 {
        more.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    more.push(size as u8);
    [&more, inner, fields].concat()
}

#[test]
fn fields_that_a_later_version_adds_are_passed_over() {
    // Field 99 as a number, as eight bytes, as bytes, and as four bytes.
    let later = [
        vec![0x98, 0x06, 0x2a],
        vec![0x99, 0x06, 1, 2, 3, 4, 5, 6, 7, 8],
        vec![0x9a, 0x06, 0x02, 0xff, 0xfe],
        vec![0x9d, 0x06, 1, 2, 3, 4],
    ];
    for (name, folder) in folders() {
        for record in records(&folder) {
            for fields in later.iter().chain([&later.concat()]) {
                let found = codec::take(&with_fields(&record, fields));
                assert_eq!(found.as_deref(), Ok(&[record.clone()][..]), "{name}");
            }
        }
    }
}

#[test]
fn a_command_that_a_later_version_adds_is_refused_by_its_number() {
    let (_, folder) = folders().remove(0);
    let record = records(&folder).remove(0);
    // The input once more, with command 200.
    let found = codec::take(&with_fields(&record, &[0x22, 0x05, 0x12, 0x03, 0xc2, 0x0c, 0x00]));
    let broken = found.expect_err("nobody knows it");
    assert_eq!(broken, Broken::Unknown { of: "Command", number: 200 });
    assert_eq!(broken.to_string(), "has Command 200, which this version does not know");
}

/// A day, record by record, with restarts and slices by hand.
fn day(seed: u64, commands: usize) -> Vec<Record> {
    day_by_day(seed, commands, |_| ())
}

/// The same, looked at after every step.
fn day_by_day(seed: u64, commands: usize, mut look: impl FnMut(&Driver)) -> Vec<Record> {
    let mut chaos = Chaos::new(seed);
    let (mut driver, founding) = Driver::new(chaos.start(), chaos.document());
    let mut records = vec![founding];
    if seed % 2 == 1 {
        driver.sweep_by_hand(chaos.slice_items());
    }
    for number in 0..commands {
        records.extend(driver.pass(chaos.pause()).records);
        if driver.state().has_slices() && chaos.wants_slice() {
            records.extend(driver.slice().records);
        }
        if chaos.wants_restart() {
            let absent = chaos.pause();
            let back = driver.restart(&records.clone(), driver.now() + absent);
            records.extend(back.records);
            look(&driver);
        }
        let command = chaos.command(&mut driver);
        let id = RequestId::new(&format!("s{seed}-{number}")).expect("it obeys the grammar");
        records.extend(driver.request(Request { id: Some(id), command }).records);
        look(&driver);
    }
    records
}

/// The first record of each kind in many days, and the rest by hand.
fn every() -> Vec<Record> {
    let (mut kept, mut seen) = (Vec::new(), BTreeSet::new());
    let mut take = |record: Record| {
        let kinds = kinds(&record);
        if !kinds.is_subset(&seen) {
            seen.extend(kinds);
            kept.push(record);
        }
    };
    (1..=SEEDS).flat_map(|seed| day(seed, 250)).for_each(&mut take);
    rest::records(rest::rejects()).into_iter().for_each(&mut take);
    kept
}

/// Numbered anew, and never back in time.
fn numbered(records: Vec<Record>) -> Vec<Record> {
    let number = |(seq, record): (u64, Record)| Record { seq: Seq(seq), ..record };
    (1..).zip(records).map(number).collect()
}

fn write(folder: &Path, vault: Option<Arc<Vault<Folder>>>, records: &[Record]) {
    let volume = Folder::make(folder).expect("it is made");
    let mut log = Log::open(volume, vault, SEGMENT, Making::WhenNeeded, drop).expect("it opens");
    records.chunks(3).for_each(|batch| log.append(batch).expect("there is room"));
    log.close().expect("there is room");
    trim(folder);
    fs::write(folder.join("records.jsonl"), words(folder)).expect("writable");
}

/// The same with what is personal sealed.
fn write_sealed(folder: &Path, records: &[Record]) {
    let keys = folder.join(KEYS);
    let volume = Folder::make(&keys).expect("it is made");
    let vault = Vault::open(volume, LostKeys::Refuse, StdRng::seed_from_u64(SEALED)).expect("it opens");
    write(folder, Some(Arc::new(vault)), records);
    trim(&keys);
}

/// Leaves no free room, which is zeros that nobody needs to keep, and no segments for later.
fn trim(folder: &Path) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|ending| ending == "ready") {
            fs::remove_file(&path).expect("writable");
        } else if path.is_file() {
            let mut bytes = fs::read(&path).expect("readable");
            bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| (last + 1).next_multiple_of(8)));
            fs::write(&path, bytes).expect("writable");
        }
    }
}

/// A short day on which a customer is erased who was there.
fn day_of_an_erasure() -> Vec<Record> {
    let is_it = |event: &Event| matches!(event, Event::CustomerErased { contacts, .. } if !contacts.is_empty());
    let has_one = |records: &Vec<Record>| records.iter().flat_map(|record| &record.events).any(is_it);
    (1..).map(|seed| day(seed, SEALED_COMMANDS)).find(has_one).expect("chance is fair")
}

#[test]
#[ignore = "makes a fixture of this version"]
fn make() {
    let version = std::env::var("ATTUNE_FIXTURE").expect("ATTUNE_FIXTURE names the folder");
    let folder = fixtures().join(&version);
    assert!(!folder.exists(), "{} is there; what is out is never changed", folder.display());
    let tenant = TenantId::new("default").expect("it obeys the grammar");
    let every = every().into_iter().map(|record| Record { tenant: tenant.clone(), ..record }).collect();
    write(&folder.join("every"), None, &numbered(every));
    write(&folder.join("played"), None, &day(PLAYED, 25));
    write_sealed(&folder.join("sealed"), &numbered(day_of_an_erasure()));
    worlds::make(&version);
}

#[test]
#[ignore = "writes what is shown of every fixture anew"]
fn words_anew() {
    for (_, folder) in folders() {
        fs::write(folder.join("records.jsonl"), words(&folder)).expect("writable");
    }
}
