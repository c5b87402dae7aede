//! Random commands on a small world, with every invariant checked after every event.
//!
//! Protects: no contact offered or engaged twice, none lost, capacity kept, every offer the one the rules ask for, nobody
//! passed by a contact that came more than the head starts' difference later, no pair left that could be made, a refused
//! command without a trace, a repeated request answered alike, replay identical to the live state, also of records as
//! bytes and after a restart, a world read from a snapshot that does what the one it was taken of does, and followers who
//! hold what the state holds. The default run plays 1,000 sequences of 250 commands; `ATTUNE_SEQUENCES` and `ATTUNE_SEED` play more (10 million commands: `ATTUNE_SEQUENCES=40000`).

use std::{collections::BTreeSet, panic, sync::LazyLock};

use attune::{
    engine::{
        Command, Event, Request, State,
        invariant::{check, check_bound, check_choice, check_explained, check_offer, check_settled, check_uncovered},
        view::{Answer, ContactFilter, ContactState, Query},
    },
    journal::{
        Record, codec,
        seal::{Plain, Seal},
        vault::{LostKeys, Vault},
        volume::Folder,
    },
    model::time::{Span, Timestamp},
    model::{
        agent::Expected,
        ids::{AgentId, RequestId},
        limits::PAGE_MAX,
    },
    sim::driver::{Driver, Step},
};
use chaos::{ASSIST_EVERY_SECS, Chaos};
use coverage::Coverage;
use follower::Follower;
use loads::Loads;
use snapshot::Snapshots;
use tempfile::TempDir;

mod chaos;
mod coverage;
mod follower;
mod fresh;
mod loads;
mod resume;
mod snapshot;

const COMMANDS: usize = 250;
/// Holding every explanation against every agent takes as long as many commands.
const EXPLAINED_EVERY: usize = 10;

#[test]
fn every_sequence_keeps_every_invariant() {
    let sequences: u64 = setting("ATTUNE_SEQUENCES", 1_000);
    let first: u64 = setting("ATTUNE_SEED", 1);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let coverage = std::thread::scope(|scope| {
        let worker = |worker: usize| {
            let mut coverage = Coverage::default();
            for seed in (first..first + sequences).skip(worker).step_by(workers) {
                let played = panic::catch_unwind(panic::AssertUnwindSafe(|| play(seed, &mut coverage)));
                let failed = match played {
                    Ok(Ok(())) => None,
                    Ok(Err(broken)) => Some(broken),
                    Err(_) => Some("it panicked (see above)".to_owned()),
                };
                if let Some(broken) = failed {
                    panic!("seed {seed} (replay with ATTUNE_SEED={seed} ATTUNE_SEQUENCES=1): {broken}");
                }
            }
            coverage
        };
        let handles: Vec<_> = (0..workers).map(|number| scope.spawn(move || worker(number))).collect();
        let finished = handles.into_iter().map(|handle| handle.join());
        let mut all = Coverage::default();
        for coverage in finished {
            all.add(&coverage.unwrap_or_else(|panic| panic::resume_unwind(panic)));
        }
        all
    });
    println!("{coverage}");
    let share = coverage.accepted_share();
    assert!(share >= 0.6, "only {:.0} % of the commands were accepted", share * 100.0);
    assert_eq!(coverage.never_accepted(), Vec::<String>::new(), "commands that were never accepted");
    assert!(coverage.passed > 0, "no contact ever passed another, so the bound on passing was not tried");
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

/// Plays one sequence; an error names the command it broke at.
fn play(seed: u64, coverage: &mut Coverage) -> Result<(), String> {
    let mut chaos = Chaos::new(seed);
    let (mut driver, founding) = Driver::new(chaos.start(), chaos.document());
    let mut replica = State::new();
    driver.follow();
    let mut follower = Follower::new(&driver);
    let mut ledger = Ledger::default();
    let mut snapshots = Snapshots::default();
    ledger.records.push(founding.clone());
    follow(&mut replica, &mut ledger, &founding).map_err(|broken| format!("founding: {broken}"))?;
    // In half of the worlds documents come into force a few contacts or agents at a time, and commands go on meanwhile.
    if seed % 2 == 1 {
        let items = chaos.slice_items();
        driver.sweep_by_hand(items);
        snapshots.sweep_in_slices_of(items);
    }
    for number in 0..COMMANDS {
        let passed = driver.pass(chaos.pause());
        follower.take(&passed.changes, &driver);
        follow_all(&mut replica, &mut ledger, &passed)
            .and_then(|()| check_settled(driver.state()).map_err(|broken| broken.to_string()))
            .map_err(|broken| format!("time before command {number}: {broken}"))?;
        if driver.state().has_slices() && chaos.wants_slice() {
            let slice = driver.slice();
            follower.take(&slice.changes, &driver);
            follow_all(&mut replica, &mut ledger, &slice)
                .and_then(|()| check_settled(driver.state()).map_err(|broken| broken.to_string()))
                .map_err(|broken| format!("slice before command {number}: {broken}"))?;
        }
        if chaos.wants_stall() {
            let stalled = driver.stall(chaos.pause());
            follower.take(&stalled.changes, &driver);
            follow_all(&mut replica, &mut ledger, &stalled)
                .and_then(|()| check_settled(driver.state()).map_err(|broken| broken.to_string()))
                .map_err(|broken| format!("stall before command {number}: {broken}"))?;
            coverage.count("stall", "-", true);
        }
        if chaos.wants_restart() {
            let absent = chaos.pause();
            let records: Vec<Record> = ledger.records.iter().map(kept).collect::<Result<_, _>>()?;
            let until = driver.now() + absent;
            let back = match snapshots.latest(chaos.wants_slice())? {
                Some(snapshot) => {
                    let tail = records.iter().filter(|record| record.seq >= snapshot.next).cloned().collect::<Vec<_>>();
                    driver.restart_from(snapshot, &tail, until)
                }
                None => driver.restart(&records, until),
            };
            driver.follow();
            follow_all(&mut replica, &mut ledger, &back)
                .and_then(|()| check_settled(driver.state()).map_err(|broken| broken.to_string()))
                .map_err(|broken| format!("restart before command {number}: {broken}"))?;
            follower = Follower::new(&driver);
            coverage.count("resume", "-", true);
        }
        if chaos.wants_snapshot() {
            snapshots
                .take(&driver, &ledger.records)
                .map_err(|broken| format!("snapshot before command {number}: {broken}"))?;
        }
        let command = chaos.command(&mut driver);
        let state = chaos.state_touched(driver.state(), driver.now(), &command);
        let before = chaos.wants_repeat().then(|| driver.state().clone());
        let id = RequestId::new(&format!("s{seed}-{number}")).expect("it obeys the grammar");
        let request = Request { id: Some(id), command: command.clone() };
        let step = driver.request(request.clone());
        coverage.count(command.name(), state, step.reply.is_ok());

        let context = |broken: String| format!("command {number} {command:?}: {broken}");
        follow_all(&mut replica, &mut ledger, &step).map_err(context)?;
        // What the command made due at this very moment is not the doing of its repetition.
        let due = driver.pass(Span::ZERO);
        follow_all(&mut replica, &mut ledger, &due).map_err(context)?;
        follower.take(&step.changes, &driver);
        follower.take(&due.changes, &driver);
        // A document moves more than it tells; whoever follows begins anew once it has taken over everything.
        if !driver.state().is_sweeping() {
            follower.compare(&driver).map_err(context)?;
        }
        repeat(&mut driver, before, &request, &step).map_err(context)?;
        check_settled(driver.state()).map_err(|broken| context(broken.to_string()))?;
        if number % EXPLAINED_EVERY == 0 {
            check_explained(driver.state(), driver.now()).map_err(|broken| context(broken.to_string()))?;
        }
        snapshots.follow(&ledger.records).map_err(context)?;
        ledger.loads.compare(driver.state(), driver.now()).map_err(context)?;
        if replica != *driver.state() {
            return Err(context("the replica differs from the live state".to_owned()));
        }
    }
    coverage.passed += ledger.passed;
    ledger.compare(driver.state(), &driver)
}

fn follow_all(replica: &mut State, ledger: &mut Ledger, step: &Step) -> Result<(), String> {
    for record in &step.records {
        follow(replica, ledger, record)?;
        ledger.read(record)?;
        ledger.records.push(record.clone());
    }
    Ok(())
}

/// Evolves a record event by event, checking everything that must hold in between.
fn follow(replica: &mut State, ledger: &mut Ledger, record: &Record) -> Result<(), String> {
    for (at, event) in record.events.iter().enumerate() {
        // Work set aside for an offer belongs to that offer: the choice is judged before the first of them.
        let is_first = at == 0 || !matches!(record.events[at - 1], Event::EngagementInterrupted { .. });
        let offer = record.events[at..].iter().find(|event| !matches!(event, Event::EngagementInterrupted { .. }));
        if let (true, Some(Event::OfferMade { contact, agent, choice, .. })) = (is_first, offer) {
            check_offer(replica, *contact, *agent).map_err(|broken| broken.to_string())?;
            check_choice(replica, *contact, *agent, choice).map_err(|broken| broken.to_string())?;
            let passed = check_bound(replica, *contact, *agent).map_err(|broken| broken.to_string())?;
            ledger.passed += passed as u64;
        }
        ledger.loads.read(replica, record, event, |contact| ledger.keys.get(&contact).cloned());
        if let Event::MomentUncovered { contact } = event {
            check_uncovered(replica, *contact).map_err(|broken| broken.to_string())?;
        }
        replica.evolve(record.now, event);
        check(replica).map_err(|broken| format!("after {event:?}: {broken}"))?;
    }
    Ok(())
}

/// Keys for what is personal. They are never written, so their folder need not stay.
static KEYS: LazyLock<Vault<Folder>> = LazyLock::new(|| {
    let folder = TempDir::new().expect("a folder");
    Vault::of(folder.path(), LostKeys::Refuse).expect("an empty store")
});

/// A record as a journal on disk gives it back, with or without keys.
fn kept(record: &Record) -> Result<Record, String> {
    for seal in [&Plain as &dyn Seal, &*KEYS] {
        let mut bytes = Vec::new();
        codec::put_sealed(seal, std::slice::from_ref(record), &mut bytes);
        match codec::take_sealed(seal, &bytes) {
            Ok(back) if back == [record.clone()] => {}
            other => return Err(format!("kept {record:?}, which came back as {other:?}")),
        }
    }
    Ok(record.clone())
}

/// A repeated request changes nothing and is answered alike; the same id with another command is refused.
fn repeat(driver: &mut Driver, before: Option<State>, request: &Request, step: &Step) -> Result<(), String> {
    let Some(before) = before else { return Ok(()) };
    if step.reply.is_err() {
        let ticked: usize = step.records.len();
        let same = ticked > 0 || before == *driver.state();
        return if same { Ok(()) } else { Err("a refused command left a trace".to_owned()) };
    }
    let after = driver.state().clone();
    let again = driver.request(request.clone());
    if again.reply != step.reply || !again.records.is_empty() || after != *driver.state() {
        return Err(format!("repeating {request:?} gave {:?} after {:?}", again.reply, step.reply));
    }
    let nobody = AgentId::new("nobody").expect("it obeys the grammar");
    let other = Request {
        id: request.id.clone(),
        command: Command::DeleteAgent { agent: nobody, expected: Expected::Anything },
    };
    match driver.request(other).reply {
        Err(reject) if reject.name() == "request_reused" => Ok(()),
        reply => Err(format!("another command under the same id gave {reply:?}")),
    }
}

/// What a platform knows from answers and events alone: every contact acknowledged is open or has ended.
#[derive(Default)]
struct Ledger {
    open: BTreeSet<String>,
    records: Vec<Record>,
    keys: std::collections::BTreeMap<u64, String>,
    /// When an agent was last told of a contact's distress.
    told_at: std::collections::BTreeMap<u64, Timestamp>,
    /// Contacts passed by one that came later.
    passed: u64,
    /// What agents took.
    loads: Loads,
}

impl Ledger {
    fn read(&mut self, record: &Record) -> Result<(), String> {
        for event in &record.events {
            match event {
                Event::ContactAnnounced { contact, id, .. } => {
                    self.keys.insert(contact.0, id.to_string());
                    self.open.insert(id.to_string());
                }
                Event::ContactQueued { contact, queued } => {
                    self.keys.insert(contact.0, queued.id.to_string());
                    self.open.insert(queued.id.to_string());
                }
                Event::ContactClosed { contact, .. } => {
                    let id = self.keys.get(&contact.0).ok_or("a contact that never came was closed")?;
                    if !self.open.remove(id) {
                        return Err(format!("contact {id} was closed twice"));
                    }
                }
                Event::AssistSuggested { contact, .. } => {
                    let before = self.told_at.insert(contact.0, record.now);
                    if before.is_some_and(|before| record.now - before < Span::from_secs(ASSIST_EVERY_SECS)) {
                        return Err(format!("an agent was told of contact {} too soon again", contact.0));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn compare(&self, state: &State, driver: &Driver) -> Result<(), String> {
        let query = Query::Contacts { after: None, limit: PAGE_MAX, filter: ContactFilter::default() };
        let Ok(Answer::Contacts { contacts, next: None }) = state.query(driver.now(), &query) else {
            return Err("more contacts than a page holds".to_owned());
        };
        let open = contacts.iter().filter(|contact| contact.state != ContactState::Closed);
        let open: BTreeSet<String> = open.map(|contact| contact.id.to_string()).collect();
        if open == self.open { Ok(()) } else { Err(format!("lost or invented: {open:?} against {:?}", self.open)) }
    }
}
