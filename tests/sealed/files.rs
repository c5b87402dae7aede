//! `attune journal` on folders with keys and without.

use std::{
    path::{Path, PathBuf},
    process::Command as Process,
};

use attune::{
    engine::{Command, Event},
    journal::{
        Record, Seq,
        codec::Personal,
        inspect,
        replay::{How, Replay},
        vault::{KEYS, LostKeys, Vault},
    },
    model::{contact::CancelReason, time::Span},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::world::{World, contact, erase, open, recovered, tenant};

/// What `attune journal` says of a folder: its exit code, and its standard output or error.
fn attune(folder: &Path, words: &[&str]) -> (i32, String) {
    let mut command = Process::new(env!("CARGO_BIN_EXE_attune"));
    let output = command.env_clear().arg("journal").args(words).arg("--folder").arg(folder).output().expect("it runs");
    let code = output.status.code().expect("it ends by itself");
    let said = if code == 0 { output.stdout } else { output.stderr };
    (code, String::from_utf8(said).expect("text"))
}

fn json(folder: &Path, words: &[&str]) -> Value {
    let mut command = Process::new(env!("CARGO_BIN_EXE_attune"));
    let command = command.env_clear().arg("journal").args(words).args(["--format", "json", "--folder"]).arg(folder);
    serde_json::from_slice(&command.output().expect("it runs").stdout).expect("JSON")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// Two customers, one of whom is erased; the journal is closed in good order.
fn erased_and_not(seed: u64) -> (World, String, String) {
    let mut world = World::new(seed);
    let (kim, lee) = (world.secret(), world.secret());
    world.live("c1", &kim);
    world.live("c2", &lee);
    world.call(erase(&kim));
    world.log.take().expect("open").close().expect("settled");
    (world, kim, lee)
}

#[test]
fn whoever_looks_into_a_journal_is_told_what_is_erased() {
    let (world, kim, lee) = erased_and_not(20);
    let report = json(world.path(), &["verify"]);
    assert_eq!((report["verdict"].as_str(), report["missing_keys"].as_u64()), (Some("whole"), Some(0)));
    let erased = report["erased_records"].as_u64().expect("a number");
    assert!(erased >= 5 && erased * 2 < world.records.len() as u64 + 2, "{erased}");
    let (code, said) = attune(world.path(), &["verify"]);
    assert!(code == 0 && said.contains(&format!("personal fields are erased in {erased} records")), "{said}");

    let (code, all) = attune(world.path(), &["inspect", "--events"]);
    assert!(code == 0 && all.contains(&lee) && !all.contains(&kim));
    assert_eq!(all.matches("(personal fields erased)").count() as u64, erased);
    let (_, first) = attune(world.path(), &["inspect", "--contact", "c1"]);
    assert!(first.lines().last().expect("several").contains("customer-erased"), "{first}");
    let end = json(world.path(), &["replay"]);
    assert_eq!(end["records"], world.records.len());
    assert!(end["undecided"].as_u64() >= Some(erased), "{end}");
}

#[test]
fn a_backup_has_keys_only_if_it_is_asked_for_them() {
    let (world, kim, lee) = erased_and_not(21);
    let place = TempDir::new().expect("a folder");
    let paths = ["without", "with", "again", "kept"].map(|name| place.path().join(name));
    let [without, with, again, kept]: &[PathBuf; 4] = &paths;
    assert_eq!(attune(world.path(), &["backup", text(without)]).0, 0);
    assert!(!without.join(KEYS).exists());
    let (code, said) = attune(without, &["verify"]);
    assert!(code == 2 && said.contains("keys of personal fields are missing"), "{said}");
    let (_, blind) = attune(without, &["inspect", "--events"]);
    assert!(!blind.contains(&lee) && !blind.contains(&kim), "nobody can be read without keys");
    assert!(open(without, LostKeys::Refuse).is_err(), "nor does a daemon start");

    assert_eq!(attune(world.path(), &["backup", text(with), "--with-keys"]).0, 0);
    assert_eq!(json(with, &["verify"])["verdict"], "whole");
    assert_eq!(attune(world.path(), &["restore", text(with), text(again)]).0, 0);
    assert!(!again.join(KEYS).exists());
    assert_eq!(attune(world.path(), &["restore", text(with), text(kept), "--with-keys"]).0, 0);
    let (_, there) = recovered(world.path());
    assert_eq!(recovered(kept).1, there, "what a daemon would read is the same");
    assert!(format!("{there:?}").contains(&lee));
}

/// The records before a cut stay sealed as they were, also in a frame that is cut in two.
#[test]
fn what_stays_before_a_cut_can_still_be_opened() {
    let mut world = World::new(22);
    let (kim, lee) = (world.secret(), world.secret());
    let earlier = world.records.len();
    world.batched(|world| {
        world.live("c1", &kim);
        world.live("c2", &lee);
    });
    world.log.take().expect("open").close().expect("settled");
    let at = (earlier + world.records.len()) / 2;
    let (code, said) = attune(world.path(), &["repair", "--truncate-at", &(at + 1).to_string(), "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(recovered(world.path()).1, world.records[..at]);
    assert_eq!(world.plain(), Vec::<&String>::new());
}

/// What was decided by an attribute that is gone happens as it stands, and everything after it is decided again.
#[test]
fn a_replay_does_not_stumble_over_who_was_erased() {
    let mut world = World::new(12);
    let (kim, lee) = (world.secret(), world.secret());
    for (number, customer) in [(0, &kim), (1, &lee), (2, &kim)] {
        let name = format!("c{number}");
        world.enqueue(&name, customer);
        let mut stolen = world.signal();
        let happened = stolen.content.as_mut().expect("it has content").events.first_mut().expect("one");
        happened.attributes.insert("how".to_owned(), "stolen".to_owned());
        world.call(Command::Signal { contact: contact(&name), signals: [stolen].into() });
        world.driver.pass(Span::from_secs(30)).records.into_iter().for_each(|record| world.append(vec![record]));
        world.call(Command::CancelContact { contact: contact(&name), reason: CancelReason::CustomerLeft });
    }
    let scored = |record: &&Record| {
        record.events.iter().any(|event| matches!(event, Event::ContactScored { care, .. } if care.moment_of_truth))
    };
    assert!(world.records.iter().filter(scored).count() >= 3, "the attribute makes a moment");
    world.call(erase(&kim));
    world.live("c9", &lee);
    world.kill();
    let files = inspect::segments_of(world.path()).expect("readable");
    let vault = Vault::of(world.path(), LostKeys::Refuse).expect("readable");
    let (mut replay, mut erased) = (Replay::new(How::Decide), 0);
    let survey = inspect::survey(&files, Some(Seq::FIRST), &vault, |record, personal| {
        erased += u64::from(personal == Personal::Erased);
        replay.take(&record, personal).unwrap_or_else(|fault| panic!("record {}: {fault}", record.seq));
    });
    assert_eq!((survey.faults().next(), survey.records()), (None, world.records.len() as u64));
    assert!(erased >= 5 && replay.undecided() >= erased, "{erased}, {} as they stand", replay.undecided());
    assert!(replay.undecided() < survey.records() / 2, "most are decided: {}", replay.undecided());
    assert_eq!(replay.state(&tenant()), Some(world.driver.state()));
}
