//! Snapshots that earlier versions wrote are read for ever, and a daemon goes on from them.
//!
//! `tests/fixtures/snapshots/VERSION/plain` has worlds in which every part of what is kept has something in it, `sealed` the
//! same under keys. They are made with the journals (see the head of `main`), and never changed once the version is out.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use attune::{
    engine::{
        Command, HoldRules, State,
        invariant::check,
        view::{Answer, Query},
    },
    journal::{
        Seq, Snapshot,
        seal::{Plain, Seal},
        snapshot,
        vault::{KEYS, LostKeys, Vault},
        volume::{Folder, Volume},
    },
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{CancelReason, KeepPlace, NewContact},
        document::{Document, Format},
        ids::{ActorId, AgentId, ChannelName, ContactId, QueueName, SessionId, TenantId},
        requirement::Requirement,
        supervision::{Action, Supervision},
        time::{Span, Timestamp},
    },
    shard::core::Core,
    sim::driver::Driver,
};
use rand::{SeedableRng, rngs::StdRng};

use super::{SEALED, day_by_day, trim};

/// Days that are searched for parts of a world.
const SEEDS: u64 = 300;
const COMMANDS: usize = 250;
/// Agents who are a storm when they miss offers at once.
const TOGETHER: usize = 10;
/// Contacts that a slice of a move, or a pass that forgets, does not come through with.
const CROWD: usize = 450;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/snapshots")
}

/// Every folder with a snapshot.
fn folders() -> Vec<PathBuf> {
    let below = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).expect("fixtures are there");
        entries.map(|entry| entry.expect("readable").path()).collect()
    };
    let mut all: Vec<PathBuf> = below(&fixtures()).iter().flat_map(|version| below(version)).collect();
    all.sort();
    all
}

/// The snapshot in a folder, as whoever has these keys reads it.
fn read(folder: &Path, seal: &dyn Seal) -> Snapshot {
    let volume = Folder::at(folder);
    let names = snapshot::names(&volume).expect("readable");
    assert_eq!(names.len(), 1, "{}", folder.display());
    let read = snapshot::read(seal, &volume.read(&names[0]).expect("readable"));
    read.unwrap_or_else(|error| panic!("{} {error}", folder.display()))
}

/// The parts of which there is something in any of these worlds.
fn parts<'a>(worlds: impl Iterator<Item = &'a State>) -> BTreeMap<&'static str, bool> {
    let mut all = BTreeMap::new();
    for state in worlds {
        for (part, has) in state.clone().kept_parts() {
            *all.entry(part).or_default() |= has;
        }
    }
    all
}

#[test]
fn every_part_of_a_world_is_in_a_snapshot_that_is_kept() {
    for folder in folders() {
        let keys = Vault::of(&folder, LostKeys::Refuse).expect("readable");
        let worlds = read(&folder, &keys).worlds;
        let parts = parts(worlds.iter().map(|(_, state)| state));
        let missing: Vec<_> = parts.iter().filter(|(_, has)| !**has).collect();
        assert!(!parts.is_empty() && missing.is_empty(), "{}: {missing:?}", folder.display());
    }
}

#[test]
fn a_daemon_goes_on_from_every_snapshot_that_is_kept() {
    for folder in folders() {
        let keys = Vault::of(&folder, LostKeys::Refuse).expect("readable");
        let kept = read(&folder, &keys);
        let (now, worlds) = (kept.now, kept.worlds.len());
        let mut core = Core::recover_from(kept, []).expect("nothing follows it");
        let check_all = |core: &Core| {
            let tenants: Vec<&TenantId> = core.tenants().collect();
            assert_eq!(tenants.len(), worlds);
            for tenant in tenants {
                let state = core.state(tenant).expect("its world is there");
                check(state).unwrap_or_else(|broken| panic!("{}: {tenant}: {broken}", folder.display()));
            }
        };
        check_all(&core);
        let back_at = now + Span::from_secs(3_600);
        assert_eq!(core.resume(back_at, None, Some(HoldRules::default())).len(), worlds);
        check_all(&core);
        for later in [1, 60, 3_600, 90_000] {
            core.tick_due(back_at + Span::from_secs(later));
            check_all(&core);
        }
    }
}

/// Whoever has no keys reads the rest.
#[test]
fn a_sealed_snapshot_is_read_without_its_keys() {
    let sealed: Vec<_> = folders().into_iter().filter(|folder| folder.join(KEYS).is_dir()).collect();
    assert!(!sealed.is_empty());
    for folder in sealed {
        let worlds = read(&folder, &Plain).worlds;
        let parts = parts(worlds.iter().map(|(_, state)| state));
        assert!(parts["contact.waiting"] && !parts["contact.attributes"], "{parts:?}");
        worlds.iter().for_each(|(tenant, state)| check(state).unwrap_or_else(|broken| panic!("{tenant}: {broken}")));
    }
}

/// Worlds that together have something of every part, and a time at which all of them have come so far.
fn worlds() -> (Vec<State>, Timestamp) {
    let (mut kept, mut had): (Vec<State>, BTreeMap<&str, bool>) = (Vec::new(), BTreeMap::new());
    let mut now = Timestamp(0);
    let mut look = |driver: &Driver| {
        let state = driver.state();
        let is_new = |(part, has): (&&'static str, &bool)| *has && !had.get(*part).copied().unwrap_or(false);
        let parts = state.clone().kept_parts();
        if parts.iter().any(is_new) {
            for (part, has) in parts {
                *had.entry(part).or_default() |= has;
            }
            kept.push(state.clone());
            now = now.max(driver.now());
        }
        had.values().all(|has| *has)
    };
    let mut has_all = crowd(&mut look) | storm(&mut look);
    for seed in 1..=SEEDS {
        if has_all {
            break;
        }
        day_by_day(seed, COMMANDS, |driver| has_all |= look(driver));
    }
    assert!(has_all, "{SEEDS} days have nothing of some part: {had:?}");
    (needed(kept), now)
}

/// Those without which something would be missing; what came late has what came early, and more.
fn needed(mut worlds: Vec<State>) -> Vec<State> {
    let mut at = 0;
    while at < worlds.len() {
        let others = worlds.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, state)| state);
        if parts(others).values().all(|has| *has) {
            worlds.remove(at);
        } else {
            at += 1;
        }
    }
    worlds
}

/// An office under a document, by which nothing happens to anybody for a while.
fn office() -> Driver {
    let document = "channels.voice.cost = 100\n[queues.calls]\nmax_wait = { after = '7d' }\n\
                    steps = [{ when_wait_over = '5m', own = 'waived' }]\n[queues.rest]\n";
    Driver::new(Timestamp(1_000_000), Document::parse(document, Format::Toml).expect("valid")).0
}

fn queue(name: &str) -> QueueName {
    QueueName::new(name).expect("it obeys the grammar")
}

fn contact(number: usize) -> ContactId {
    ContactId::new(&format!("c{number}")).expect("it obeys the grammar")
}

fn enqueue(driver: &mut Driver, number: usize) {
    driver.call(Command::EnqueueContact(Box::new(NewContact {
        id: contact(number),
        queue: queue("calls"),
        channel: ChannelName::new("voice").expect("it obeys the grammar"),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        trace: None,
        details: Arc::default(),
    })));
}

/// Agents who all let an offer expire at once.
fn storm(look: &mut impl FnMut(&Driver) -> bool) -> bool {
    let mut driver = office();
    let agents: Vec<AgentId> =
        (0..TOGETHER).map(|number| AgentId::new(&format!("a{number}")).expect("it obeys the grammar")).collect();
    for agent in &agents {
        let (profile, expected) = (Arc::new(AgentProfile::default()), Expected::Anything);
        driver.call(Command::PutAgent { agent: agent.clone(), profile, expected });
        let session = SessionId::new(agent.as_str()).expect("it obeys the grammar");
        let connection = driver.next_connection();
        driver.call(Command::OpenSession { agent: agent.clone(), session, connection });
        driver.call(Command::SetPresence { agent: agent.clone(), presence: Presence::Available });
    }
    (0..TOGETHER).for_each(|number| enqueue(&mut driver, number));
    for agent in agents {
        let query = Query::OpenOffers(agent.clone());
        let Ok(Answer::OpenOffers(offers)) = driver.state().query(driver.now(), &query) else { panic!("asked for") };
        for offer in offers {
            driver.call(Command::AckOffer { agent: agent.clone(), offer: offer.offer });
        }
    }
    let due = driver.state().next_deadline().expect("an offer has an end");
    driver.pass_until(due);
    look(&driver)
}

/// So many contacts that they overflow, are moved and are forgotten a part at a time.
fn crowd(look: &mut impl FnMut(&Driver) -> bool) -> bool {
    let mut driver = office();
    (0..CROWD).for_each(|number| enqueue(&mut driver, number));
    let (channel, beyond) = (ChannelName::new("voice").expect("it obeys the grammar"), Some(Span::from_secs(300)));
    driver.call(Command::SetOverflow { queue: queue("calls"), channel, beyond });
    look(&driver);
    let action = Action::MoveQueue { from: queue("calls"), to: queue("rest"), place: KeepPlace::Keep };
    let actor = ActorId::new("sue").expect("it obeys the grammar");
    driver.call(Command::Supervise(Arc::new(Supervision { actor, reason: "a fire drill".to_owned(), action })));
    look(&driver);
    driver.pass(Span::from_secs(5));
    (0..CROWD).for_each(|number| {
        driver.call(Command::CancelContact { contact: contact(number), reason: CancelReason::CustomerLeft });
    });
    // Until nothing is left to be forgotten.
    let mut has_all = false;
    while let Some(due) = driver.state().next_deadline() {
        driver.pass_until(due);
        has_all = look(&driver);
    }
    has_all
}

/// Writes the fixtures of a version.
pub fn make(version: &str) {
    let (worlds, now) = worlds();
    let tenant = |number: usize| TenantId::new(&format!("t{number:02}")).expect("it obeys the grammar");
    let worlds = || (0..).map(tenant).zip(worlds.iter().cloned()).collect();
    let plain = Folder::make(&fixtures().join(version).join("plain")).expect("it is made");
    snapshot::write(&plain, &Plain, Snapshot { next: Seq(1_000), now, worlds: worlds() }).expect("there is room");
    let folder = fixtures().join(version).join("sealed");
    let sealed = Folder::make(&folder).expect("it is made");
    let keys = Folder::make(&folder.join(KEYS)).expect("it is made");
    let vault = Vault::open(keys, LostKeys::Refuse, StdRng::seed_from_u64(SEALED)).expect("it opens");
    snapshot::write(&sealed, &vault.lease(), Snapshot { next: Seq(1_000), now, worlds: worlds() })
        .expect("there is room");
    vault.settle().expect("there is room");
    trim(&folder.join(KEYS));
}
