//! What a snapshot has of customers, before and after they are erased.

use attune::journal::{
    Seq, inspect,
    replay::{How, Replay},
    seal::{Opened, Seal},
    snapshot,
    vault::{LostKeys, Vault},
    volume::{Folder, Volume},
};
use tempfile::TempDir;

use crate::world::{World, erase, open_with, tenant, vault_of};

/// Everything that a customer leaves goes into a snapshot: details, signals, visits, what feelings bought.
#[test]
fn snapshots_have_nothing_plain_and_a_start_from_one_is_the_live_world() {
    let mut world = World::new(10);
    let customers = [world.secret(), world.secret(), String::new()];
    for round in 0..4 {
        for (number, customer) in customers.iter().enumerate() {
            world.live(&format!("c{round}-{number}"), customer);
            world.enqueue(&format!("w{round}-{number}"), customer);
        }
        world.snapshot();
        assert_eq!(world.plain(), Vec::<&String>::new(), "round {round}");
    }
    world.kill();
    assert_eq!(world.resumed(), world.live_state());
}

#[test]
fn after_an_erasure_no_snapshot_has_the_customer_any_more() {
    let mut world = World::new(11);
    let (kim, lee) = (world.secret(), world.secret());
    for round in 0..3 {
        world.live(&format!("k{round}"), &kim);
        world.live(&format!("l{round}"), &lee);
    }
    world.snapshot();
    world.call(erase(&kim));
    let live = world.live_state();
    assert!(!format!("{live:?}").contains(&kim));
    world.log.take().expect("open").close().expect("settled");
    assert_eq!(world.resumed(), live, "a snapshot from before and the record of the erasure");
    assert!(!seen(&world).contains(&kim), "the snapshot from before reads without the customer");
    assert!(seen(&world).contains(&lee));

    let (log, _) = open_with(world.path(), &world.vault).expect("it opens");
    world.log = Some(log);
    for round in 3..6 {
        world.live(&format!("l{round}"), &lee);
    }
    world.snapshot();
    assert!(!seen(&world).contains("erased-"), "the snapshot from behind it does not even have the name in its place");
    world.kill();
    assert_eq!(world.resumed(), world.live_state());
}

/// What an erased customer decided cannot be decided again, and everybody else's records hold.
#[test]
fn a_replay_behind_a_snapshot_decides_all_but_what_is_erased_in_it() {
    let mut world = World::new(12);
    let (kim, lee) = (world.secret(), world.secret());
    for round in 0..3 {
        world.live(&format!("k{round}"), &kim);
        world.live(&format!("l{round}"), &lee);
    }
    world.enqueue("waits", &lee);
    world.snapshot();
    world.call(erase(&kim));
    world.hear("waits");
    for round in 3..6 {
        world.live(&format!("l{round}"), &lee);
    }
    world.log.take().expect("open").close().expect("settled");

    let vault = Vault::of(world.path(), LostKeys::Refuse).expect("readable");
    let folder = Folder::at(world.path());
    let names = snapshot::names(&folder).expect("readable");
    let bytes = folder.read(&names[0]).expect("readable");
    let (begun, erased) = snapshot::read_told(&vault, &bytes, &|| ()).expect("whole");
    assert!(erased.contains(&tenant()), "kim was in it");
    let (from, mut replay, mut replayed) = (begun.next, Replay::behind(How::Decide, begun, &erased), 0);
    let files = inspect::segments_of(world.path()).expect("readable");
    let survey = inspect::survey(&files, Some(Seq::FIRST), &vault, |record, personal| {
        if record.seq >= from {
            replay.take(&record, personal).unwrap_or_else(|fault| panic!("record {}: {fault}", record.seq));
            replay.check(&record.tenant).unwrap_or_else(|fault| panic!("record {}: {fault}", record.seq));
            replayed += 1;
        }
    });
    assert_eq!(survey.faults().count(), 0);
    assert!((1..replayed).contains(&replay.undecided()), "{} of {replayed}", replay.undecided());
}

/// The newest snapshot in a world's folder, as whoever has the keys reads it.
fn seen(world: &World) -> String {
    let folder = Folder::at(world.path());
    let names = snapshot::names(&folder).expect("readable");
    let newest = names.last().expect("there is one");
    let vault = Vault::of(world.path(), LostKeys::Refuse).expect("readable");
    let read = snapshot::read(&vault, &folder.read(newest).expect("readable")).expect("whole");
    format!("{read:?}")
}

/// Whoever makes a snapshot read of the customer before.
#[test]
fn who_is_erased_while_a_snapshot_is_made_does_not_come_back_with_it() {
    let folder = TempDir::new().expect("a folder");
    let vault = vault_of(folder.path(), LostKeys::Refuse).expect("it opens");
    let seal = |seal: &dyn Seal, customer: &str| {
        let mut sealed = Vec::new();
        let key = seal.seal(&tenant(), customer, b"owes us money", &mut sealed).expect("it seals");
        (key, sealed)
    };
    let plain = |key| Ok(Opened::Plain(key, b"owes us money".to_vec()));
    let (key, before) = seal(&*vault, "kim");
    let lease = vault.lease();
    vault.begin();
    vault.retire(key);
    let (under, sealed) = seal(&lease, "kim");
    assert_eq!((under, vault.open(&sealed)), (key, plain(key)), "the record of it may still fail");
    vault.destroy().expect("destroyed");
    let (under, sealed) = seal(&lease, "kim");
    assert_eq!((under, vault.open(&sealed)), (key, Ok(Opened::Erased(key))));
    let (again, later) = seal(&*vault, "kim");
    assert_ne!(again, key, "who comes again is a new customer");
    assert_eq!(seal(&lease, "kim").0, key, "and not the one of the snapshot");
    assert_eq!(seal(&lease, "lee").0, seal(&*vault, "lee").0, "others have one key");
    lease.keep().expect("written");
    drop(lease);
    drop(vault);
    let vault = vault_of(folder.path(), LostKeys::Refuse).expect("it opens");
    assert_eq!(vault.open(&before), Ok(Opened::Erased(key)));
    assert_eq!((vault.open(&sealed), vault.open(&later)), (Ok(Opened::Erased(key)), plain(again)));
}
