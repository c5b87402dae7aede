//! What names or describes a customer: never plain on the disk, and gone once the customer is erased.
//!
//! Protects: no byte of a customer id, an attribute or a context in the journal's folder; records that come back as they
//! were; erasure that holds through crashes at its worst moments; a key store that is missed, not guessed.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Instant};

use attune::{
    engine::{Command, Reject, Request},
    journal::{
        codec,
        log::{Log, Making, OpenError},
        seal::Seal,
        vault::{KEYS, LostKeys, SEALED_BYTES, Vault},
        volume::Folder,
    },
    model::{
        contact::{CancelReason, ContactDetails},
        document::{Document, Format},
        time::Timestamp,
    },
    sim::driver::Driver,
};
use failing::Failing;
use rand::{SeedableRng, rngs::StdRng};
use tempfile::TempDir;
use world::{DOCUMENT, SEGMENT, World, contact, copy, customers, enqueue, erase, open, recovered, state_of, tenant};

mod failing;
mod files;
mod snapshots;
mod world;

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

/// What happened to a customer was told with attributes, and the contact is another's when the customer is erased.
#[test]
fn what_is_told_of_a_customer_does_not_stay_with_a_contact_that_becomes_anothers() {
    let mut world = World::new(13);
    let (kim, lee) = (world.secret(), world.secret());
    world.enqueue("c1", &kim);
    world.hear("c1");
    let details = Some(world.details(&lee));
    world.call(Command::UpdateContact { contact: contact("c1"), details, requirement: None });
    world.hear("c1");
    world.announce("c2", &kim);
    world.hear("c2");
    world.enqueue("c2", &lee);
    world.call(erase(&kim));
    let live = world.driver.state().clone();
    world.kill();
    let (_, records) = recovered(world.path());
    assert_eq!(state_of(&records), live);
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
        // A key that could not be destroyed is read once more, and then it is.
        let (_, first) = recovered(folder.path());
        assert_eq!(state_of(&first), *world.driver.state(), "{fails_keys} {fails_log}");
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
