//! A seed, played: machine after machine over one disk, until enough was asked and enough crashed.
//!
//! Invariant: a machine is a runtime of its own, whose time stands still but for timers; when it goes, everything goes at
//! once with it, in the middle of whatever it waits for. Clients, judge and disk stay.

use std::{
    fs, io,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::Arc,
};

use attune::{
    app::snapshots::make::{Of, SnapshotFailure},
    engine::{
        Event, HoldRules, State,
        view::{Answer, ContactFilter, Query},
    },
    journal::{
        Found, LostKeys, Read, ReadError, Record, Seq, Snapshot, codec,
        log::{Log, Making, OpenError, read_segment, segments},
        reading::{self, Begin, Whole},
        snapshot,
        vault::{KEYS, Vault},
        volume::{Tree, Volume},
    },
    model::{
        ids::{OfferKey, TenantId},
        limits::PAGE_MAX,
        time::{Span, Timestamp},
    },
    shard::{
        ShardHandle,
        clock::Clock,
        observe::Observer,
        recover::Recovered,
        run::{self, ShardTask, Status},
    },
};
use parking_lot::Mutex;
use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    runtime::{Builder, Runtime},
    task::unconstrained,
    time::{Instant, sleep},
};

use crate::{
    checker::Judge,
    clients::Clients,
    coverage::{Coverage, Faults},
    disk::{Disk, End},
    journal::{SEGMENT_BYTES, SimJournal},
    maker::{self, Maker, Orders},
    plan::{Ending, Life, Plan, Plant},
    wishes::document,
};

/// What every seed comes to at least: requests that were answered, and crashes.
pub const OPERATIONS: usize = 500;
pub const CRASHES: usize = 3;
/// Metrics of queues with labels of their own.
const LABELS: usize = 8;
const NO_MATTER: &str = "a flipped bit does not matter";
/// Far longer than any contact may be parked.
const FOR_EVER: Span = Span::from_secs(10 * 365 * 86_400);

/// What playing a seed came to.
#[derive(Debug)]
pub struct Played {
    pub answered: usize,
    pub accepted: usize,
    pub crashes: usize,
    pub records: u64,
    pub coverage: Coverage,
    pub faults: Faults,
    /// What was wrong, if anything was.
    pub verdict: Result<(), String>,
    /// Tells whether two were the same.
    pub fingerprint: u32,
}

/// How a machine went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// In an operation of its disk.
    Crashed,
    /// At another moment.
    Ended(End),
    /// It stopped when it was asked to, or could not start.
    Stopped,
}

struct World {
    plan: Plan,
    disk: Disk,
    judge: Arc<Mutex<Judge>>,
    clients: Vec<Clients>,
    seed: u64,
    plant: Option<Plant>,
    wall: Timestamp,
    /// When the machine before was last seen.
    alive_at: Option<Timestamp>,
    crashes: usize,
    lives: u64,
    /// Bytes that the archive keeps, if it has a limit.
    archive_bytes: Option<u64>,
    /// Who makes a snapshot.
    maker: Option<Maker>,
}

/// A machine that is there.
struct Machine {
    clock: Clock,
    /// By how much its wall clock is ahead of the time that has passed.
    ahead: Span,
    shard: ShardHandle,
    task: ShardTask,
    vault: Arc<Vault<Disk>>,
}

/// A journal as a start finds it.
struct Back {
    from: Seq,
    records: Vec<Record>,
    worlds: Vec<(TenantId, State)>,
    next: Seq,
}

/// Plays a seed; what it leaves on the disk when something was wrong is saved.
pub fn play(seed: u64, plant: Option<Plant>) -> Played {
    let mut world = World::new(seed, plant);
    let played = panic::catch_unwind(AssertUnwindSafe(|| world.play()));
    if let Some(maker) = world.maker.take() {
        world.disk.kill();
        _ = maker.end();
    }
    let verdict = played.unwrap_or_else(|_| Err("it panicked (see above)".to_owned()));
    if verdict.is_err() && plant.is_none() {
        let folder = world.save().unwrap_or_else(|error| panic!("the log of seed {seed} cannot be saved: {error}"));
        println!("seed {seed}: its journal is in {}", folder.display());
    }
    let judge = world.judge.lock();
    let mut faults = judge.faults.clone();
    faults.add(&world.disk.faults());
    Played {
        answered: world.clients.iter().map(Clients::answered).sum(),
        accepted: world.clients.iter().map(Clients::accepted).sum(),
        crashes: world.crashes,
        records: judge.last().0,
        coverage: judge.coverage.clone(),
        faults,
        verdict,
        fingerprint: fingerprint(&judge.records),
    }
}

impl World {
    fn new(seed: u64, plant: Option<Plant>) -> Self {
        let mut plan = Plan::new(seed);
        let (wall, tenants, archive_bytes) = (plan.start(), plan.tenants(), plan.archive_bytes());
        let tenant = |number: usize| TenantId::new(&format!("t{number}")).expect("it obeys the grammar");
        Self {
            plan,
            disk: Disk::new(seed, plant),
            judge: Arc::new(Mutex::new(if plant.is_none() { Judge::default() } else { Judge::following() })),
            clients: (0..tenants)
                .map(|number| Clients::new(tenant(number), seed + 1_000_003 * number as u64))
                .collect(),
            seed,
            plant,
            wall,
            alive_at: None,
            crashes: 0,
            lives: 0,
            archive_bytes: archive_bytes.filter(|_| plant.is_none()),
            maker: None,
        }
    }

    fn play(&mut self) -> Result<(), String> {
        loop {
            let answered: usize = self.clients.iter().map(Clients::answered).sum();
            let is_last = answered >= OPERATIONS && self.crashes >= CRASHES;
            let life = if is_last { self.plan.last() } else { self.plan.life() };
            let gone = self.live(life)?;
            self.crashes += usize::from(gone != Gone::Stopped);
            match gone {
                Gone::Crashed => self.disk.survive(),
                Gone::Ended(end) => self.disk.end(end),
                Gone::Stopped if is_last => return self.judge.lock().verdict(),
                Gone::Stopped => self.disk.end(End::Process),
            }
            if self.plan.flips() {
                self.flip()?;
            }
            let (absent, jump) = self.plan.absence();
            match jump.0 {
                0 => {}
                ..0 => self.judge.lock().faults.count("the clock is set back"),
                1.. => self.judge.lock().faults.count("the clock is set forward"),
            }
            self.wall = self.wall + absent + jump;
        }
    }

    /// One machine, from its start to its end.
    fn live(&mut self, life: Life) -> Result<Gone, String> {
        self.disk.set_wall(self.wall);
        self.disk.start(life.mood, life.crash);
        self.lives += 1;
        let runtime: Runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(|error| format!("there is no runtime to be had: {error}"))?;
        let gone = runtime.block_on(unconstrained(self.run(life)));
        if let Ok(Gone::Ended(_)) = gone {
            self.disk.kill();
        }
        let made = self.end_snapshot();
        self.judge.lock().ended();
        self.clients.iter_mut().for_each(Clients::disconnect);
        made.and(gone)
    }

    async fn run(&mut self, life: Life) -> Result<Gone, String> {
        let (clock, since) = (Clock::starting_at(self.wall), Instant::now());
        let Some(mut machine) = self.start(clock, life)? else {
            return Ok(if self.disk.is_gone() { Gone::Crashed } else { Gone::Stopped });
        };
        let mut status = machine.task.status();
        tokio::select! {
            biased;
            () = self.disk.gone() => return Ok(Gone::Crashed),
            status = status.wait_for(|status| *status != Status::Starting) => drop(status),
        }
        self.clients.iter_mut().for_each(|clients| clients.connect(machine.shard.clone()));
        let gone = self.serve(life, &mut machine).await;
        self.wall = self.wall + passed(since) + machine.ahead;
        self.alive_at = Some(self.wall - self.plan.silence());
        match gone {
            Ok(Gone::Stopped) => self.stop(machine).await,
            gone => gone,
        }
    }

    /// What a daemon does when it starts; nothing if it cannot.
    fn start(&mut self, clock: Clock, life: Life) -> Result<Option<Machine>, String> {
        for snapshot in self.snapshots()? {
            self.judge.lock().check_not_ahead(snapshot.next)?;
        }
        let begin = if self.alters_records() { Begin::TheFirst } else { Begin::ASnapshot };
        let (log, vault, snapshot, records) = match self.open(begin) {
            Ok(opened) => opened,
            Err(OpenError::Io { .. }) => {
                self.judge.lock().faults.count("recovery is cut short");
                return Ok(None);
            }
            Err(problem) => return Err(format!("the journal does not open: {problem}")),
        };
        let from = snapshot.as_ref().map_or(Seq::FIRST, |snapshot| snapshot.next);
        let mut judge = self.judge.lock();
        judge.recovered(from, &records)?;
        judge.resume();
        let mut recovered = Recovered::new(Observer::new(LABELS));
        let found = snapshot.map(Found::Snapshot).into_iter();
        for found in found.chain(self.planted(records).into_iter().map(Found::Record)) {
            recovered.take(found).map_err(|error| format!("the journal's records make no shard: {error}"))?;
        }
        recovered.core.end_recovery();
        // A planted fault is to be found by what clients see.
        if self.plant.is_none() {
            judge.compare(&recovered.core)?;
        }
        if from > Seq::FIRST {
            judge.faults.count("recovery begins with a snapshot");
        }
        drop(judge);
        self.check_all(log.next_seq())?;
        clock.rise_to(self.alive_at.map_or(recovered.core.now(), |alive_at| recovered.core.now().max(alive_at)));
        let mut founding = recovered.core.resume(clock.now(), self.alive_at, Some(HoldRules::default()));
        for clients in &self.clients {
            if recovered.core.state(&clients.tenant).is_none() {
                let founded = recovered.core.add_tenant(clock.now(), clients.tenant.clone(), document());
                founding.push(founded.map_err(|error| error.to_string())?);
            }
        }
        let journal = SimJournal::new(
            (log, Arc::clone(&vault)),
            self.disk.clone(),
            self.judge.clone(),
            self.wall.0.unsigned_abs(),
            life.slow,
            self.plant,
        );
        let (shard, task) = run::resume_by(clock.clone(), recovered, founding, journal);
        Ok(Some(Machine { clock, ahead: Span::ZERO, shard, task, vault }))
    }

    /// Opens the journal as it is on the disk: what writes it, its keys, and what it begins with.
    #[expect(clippy::type_complexity, reason = "it is taken apart at once")]
    fn open(&self, begin: Begin) -> Result<(Log<Disk>, Arc<Vault<Disk>>, Option<Snapshot>, Vec<Record>), OpenError> {
        let vault = open_keys(&self.disk, self.seed ^ (self.lives << 40))?;
        let (mut snapshot, mut records) = (None, Vec::new());
        let kept = (SEGMENT_BYTES, Making::WhenNeeded);
        let log = reading::resume(&self.disk, &self.disk, &vault, begin, kept, |found| match found {
            Found::Snapshot(found) => snapshot = Some(found),
            Found::Record(record) => records.push(record),
        })?;
        Ok((log, vault, snapshot, records))
    }

    /// Whatever has a snapshot's name after a crash is whole; what the snapshots are.
    fn snapshots(&self) -> Result<Vec<Snapshot>, String> {
        let names = snapshot::names(&self.disk).map_err(|problem| format!("snapshots cannot be read: {problem}"))?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let Some(keys) = self.keys_on_disk()? else { return Ok(Vec::new()) };
        let read = |name: &String| {
            let bytes = self.disk.read(name).map_err(|problem| format!("{name}: {problem}"))?;
            snapshot::read(&keys, &bytes).map_err(|problem| format!("the snapshot {name} {problem}"))
        };
        names.iter().map(read).collect()
    }

    /// Whether a planted fault has recovery read something else than was written: then there are no snapshots, in which
    /// it would be no more.
    fn alters_records(&self) -> bool {
        self.plant.is_some_and(Plant::alters_records)
    }

    /// The keys as they are on the disk; none if the machine is gone.
    fn keys_on_disk(&self) -> Result<Option<Vault<Disk>>, String> {
        match self.disk.below(KEYS).map_err(|source| OpenError::Io { path: KEYS.into(), source }) {
            Err(_) if self.disk.is_gone() => Ok(None),
            Err(problem) => Err(problem.to_string()),
            Ok(keys) => match Vault::read(keys, LostKeys::Refuse, StdRng::seed_from_u64(self.seed)) {
                Ok(keys) => Ok(Some(keys)),
                Err(problem) => Err(format!("the keys cannot be read: {problem}")),
            },
        }
    }

    /// Everything that was kept can be read, but for who is erased, of whom there is nothing left on the disk.
    fn check_all(&self, next: Seq) -> Result<(), String> {
        if self.alters_records() {
            return Ok(());
        }
        let Some(keys) = self.keys_on_disk()? else { return Ok(()) };
        let stores = self.disk.below(KEYS).and_then(|keys| keys.list()).map_err(|problem| problem.to_string())?;
        if stores.len() > 1 {
            return Err(format!("keys of who was erased may be in what is left of them: {stores:?}"));
        }
        if self.judge.lock().erased() > 0 {
            for snapshot in self.snapshots()? {
                self.judge.lock().check_snapshot(snapshot)?;
            }
        }
        let (volume, folder) = (self.disk.clone(), self.disk.clone());
        let whole = Whole { volume, folder, vault: Arc::new(keys), next };
        let (from, records) = match whole.records(Seq::FIRST, usize::MAX) {
            Err(ReadError::Gone { oldest, .. }) if self.archive_bytes.is_some() => {
                self.judge.lock().faults.count("the archive lets go of old segments");
                (oldest, whole.records(oldest, usize::MAX))
            }
            records => (Seq::FIRST, records),
        };
        match records {
            Ok(records) => self.judge.lock().check_all(from, &records),
            Err(_) if self.disk.is_gone() => Ok(()),
            Err(problem) => Err(problem.to_string()),
        }
    }

    async fn serve(&mut self, life: Life, machine: &mut Machine) -> Result<Gone, String> {
        self.look(&machine.shard).await?;
        let (mut latest, since) = (machine.clock.now(), Instant::now());
        for _ in 0..life.steps {
            if !self.pause().await {
                return Ok(Gone::Crashed);
            }
            self.hear(&machine.clock)?;
            if machine.task.status().has_changed().is_err() {
                return Err("the shard broke".to_owned());
            }
            let (now, status) = (machine.clock.now(), *machine.task.status().borrow());
            if now < latest {
                return Err(format!("the clock ran back from {latest:?} to {now:?}"));
            }
            latest = now;
            self.disk.set_wall(self.wall + passed(since) + machine.ahead);
            if status != Status::Serving {
                self.judge.lock().faults.count("a shard is frozen");
                break;
            }
            self.judge.lock().check_due(now)?;
            self.judge.lock().check_gathered(now)?;
            if self.plan.chance(life.jumps) {
                self.jump(machine);
            }
            self.go_on_with_snapshots(life, machine)?;
            let judge = &mut *self.judge.lock();
            if life.end != Ending::Last {
                self.clients.iter_mut().for_each(|clients| clients.act(judge, now));
            } else if self.clients.iter().all(Clients::is_content) {
                break;
            } else {
                self.clients.iter_mut().for_each(|clients| clients.ask_again(judge, now));
            }
        }
        if let Ending::Sudden(end) = life.end {
            return Ok(Gone::Ended(end));
        }
        if life.end == Ending::Last && !self.clients.iter().all(Clients::is_content) {
            return Err("a request is never answered".to_owned());
        }
        if self.look(&machine.shard).await? { Ok(Gone::Stopped) } else { Ok(Gone::Crashed) }
    }

    /// Sets the machine's clock ahead, or back.
    fn jump(&mut self, machine: &mut Machine) {
        let by = self.plan.jump();
        machine.ahead = machine.ahead + by;
        machine.clock.set_wall(machine.ahead);
        let how = if by.0 > 0 { "ahead" } else { "back" };
        self.judge.lock().faults.count_in("the clock of a machine that runs is set", how);
    }

    /// Whoever makes snapshots goes on for a while, or begins.
    fn go_on_with_snapshots(&mut self, life: Life, machine: &Machine) -> Result<(), String> {
        let is_over = self.maker.as_ref().map(|maker| maker.go_on(self.plan.changes()));
        match is_over {
            Some(true) => self.end_snapshot()?,
            Some(false) => {}
            None if self.plan.chance(life.snapshots) && !self.alters_records() => {
                let vault = Arc::clone(&machine.vault);
                self.maker = Some(Maker::start(&self.disk, vault, self.orders(Of::WhatIsSealed)));
            }
            None => {}
        }
        Ok(())
    }

    fn orders(&self, of: Of) -> Orders {
        Orders { of, archive_bytes: self.archive_bytes, plant: self.plant }
    }

    /// Whoever makes a snapshot comes to the end with it.
    fn end_snapshot(&mut self) -> Result<(), String> {
        match self.maker.take() {
            Some(maker) => self.note(maker.end()),
            None => Ok(()),
        }
    }

    fn note(&self, made: maker::Outcome) -> Result<(), String> {
        let how = match made {
            Ok(Some(_)) => "a snapshot is made",
            Ok(None) => return Ok(()),
            Err(_) if self.disk.is_gone() => "a snapshot is cut short",
            Err(SnapshotFailure::Write(_) | SnapshotFailure::Read(OpenError::Io { .. })) => "a snapshot fails",
            Err(problem) => return Err(format!("no snapshot can be made: {problem}")),
        };
        self.judge.lock().faults.count(how);
        Ok(())
    }

    /// The machine is asked to stop: the shard does, and a last snapshot is made of everything, unless it was frozen.
    async fn stop(&mut self, machine: Machine) -> Result<Gone, String> {
        let Machine { task, clock, .. } = machine;
        self.end_snapshot()?;
        let status = tokio::select! {
            biased;
            () = self.disk.gone() => return Ok(Gone::Crashed),
            stopped = task.stop() => stopped.map_err(|panic| format!("the shard broke: {panic}"))?,
        };
        self.hear(&clock)?;
        self.judge.lock().check_gathered(Timestamp(i64::MAX))?;
        // What was not acknowledged may be in the files all the same, and on the disk or not.
        if self.alters_records() || status != Status::Stopped {
            return Ok(Gone::Stopped);
        }
        match open_keys(&self.disk, self.seed ^ (self.lives << 40 | 1)) {
            Ok(keys) => self.note(maker::keep(&self.disk.of_snapshots(None), &keys, self.orders(Of::Everything)))?,
            Err(OpenError::Io { .. }) => self.judge.lock().faults.count("a snapshot fails"),
            Err(problem) => return Err(format!("the keys cannot be opened: {problem}")),
        }
        Ok(if self.disk.is_gone() { Gone::Crashed } else { Gone::Stopped })
    }

    /// Waits a moment; says whether the machine is still there.
    async fn pause(&mut self) -> bool {
        let pause = self.plan.pause();
        tokio::select! {
            biased;
            () = self.disk.gone() => false,
            () = sleep(pause) => true,
        }
    }

    fn hear(&mut self, clock: &Clock) -> Result<(), String> {
        let judge = &mut *self.judge.lock();
        judge.verdict()?;
        self.clients.iter_mut().try_for_each(|clients| clients.hear(judge, clock.now()))
    }

    /// Reads all contacts and holds them against what was acknowledged; says whether the machine is still there.
    async fn look(&mut self, shard: &ShardHandle) -> Result<bool, String> {
        for clients in &self.clients {
            let query = Query::Contacts { after: None, limit: PAGE_MAX, filter: ContactFilter::default() };
            let seen = tokio::select! {
                biased;
                () = self.disk.gone() => return Ok(false),
                seen = shard.look(&clients.tenant, query) => seen,
            };
            // A frozen shard shows nothing.
            let Ok(seen) = seen else { continue };
            let judge = self.judge.lock();
            let Answer::Contacts { contacts, next: None } = seen.answer else {
                return Err("there are more contacts than a page holds".to_owned());
            };
            if seen.as_of == judge.last() {
                judge.check_contacts(&clients.tenant, &contacts, &clients.acknowledged())?;
            }
        }
        Ok(true)
    }

    /// Turns a bit over in a copy of the disk: recovery refuses it, or brings back all but the last append.
    fn flip(&mut self) -> Result<(), String> {
        let Some((copy, name, at)) = self.disk.flipped(&[".journal", ".snapshot", ".keys"]) else { return Ok(()) };
        let last = last_append(&self.disk).unwrap_or(Seq::FIRST);
        let Ok(clean) = back(&self.disk.copy()) else { return Ok(()) };
        let judge = &mut *self.judge.lock();
        match back(&copy) {
            Err(OpenError::Io { path, source }) => Err(format!("{} cannot be read: {source}", path.display())),
            Err(_) => {
                judge.faults.count("a flipped bit is refused");
                Ok(())
            }
            Ok(found) if found.next == clean.next && found.worlds == clean.worlds => {
                let before = if found.from < clean.from { "a damaged snapshot is passed over" } else { NO_MATTER };
                judge.faults.count(before);
                Ok(())
            }
            Ok(found) if found.next < clean.next && found.next >= last && clean.has(&found.records) => {
                judge.faults.count("a flipped bit in the last append looks like a torn one");
                Ok(())
            }
            Ok(found) => {
                let (next, was) = (found.next, clean.next);
                Err(format!("with a bit flipped at {at} of {name} recovery goes on at {next}, and not at {was}"))
            }
        }
    }

    /// The records as a recovery with a planted fault has them.
    fn planted(&self, mut records: Vec<Record>) -> Vec<Record> {
        match self.plant {
            Some(Plant::ForgetARequest) => {
                if let Some(record) = records.last_mut() {
                    record.events.retain(|event| !matches!(event, Event::RequestAccepted { .. }));
                }
            }
            Some(Plant::ReuseAnOffer) => renumber_last_offer(&mut records),
            Some(Plant::ForgetATimer) => {
                for event in records.iter_mut().flat_map(|record| &mut record.events) {
                    if let Event::ContactParked { until, .. } = event {
                        *until = *until + FOR_EVER;
                    }
                }
            }
            _ => {}
        }
        records
    }

    /// Writes the journal as it was on the disk, and its records in words, below the target's folder.
    fn save(&self) -> io::Result<PathBuf> {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sim-{}", self.seed));
        let journal = folder.join("journal");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&journal)?;
        for (name, bytes) in self.disk.contents() {
            let path = journal.join(name);
            fs::create_dir_all(path.parent().expect("it is within the journal's folder"))?;
            fs::write(path, bytes)?;
        }
        let lines = self.judge.lock().records.iter().map(|record| format!("{record:?}\n")).collect::<String>();
        fs::write(folder.join("records.txt"), lines)?;
        Ok(journal)
    }
}

impl Back {
    /// Whether these records, as far as both have them, are its own.
    fn has(&self, records: &[Record]) -> bool {
        let own = |record: &Record| {
            let at = record.seq.0.checked_sub(self.from.0)?;
            self.records.get(usize::try_from(at).ok()?)
        };
        records.iter().all(|record| own(record).is_none_or(|own| own == record))
    }
}

/// What a start makes of a disk, which it may repair.
fn back(disk: &Disk) -> Result<Back, OpenError> {
    let vault = open_keys(disk, 0)?;
    let (mut from, mut records) = (Seq::FIRST, Vec::new());
    let mut recovered = Recovered::new(Observer::new(LABELS));
    let kept = (SEGMENT_BYTES, Making::WhenNeeded);
    let log = reading::resume(disk, disk, &vault, Begin::ASnapshot, kept, |found| {
        match &found {
            Found::Snapshot(snapshot) => from = snapshot.next,
            Found::Record(record) => records.push(record.clone()),
        }
        recovered.take(found).expect("records follow each other");
    })?;
    recovered.core.end_recovery();
    let Snapshot { now, mut worlds, .. } = recovered.core.into_snapshot();
    worlds.iter_mut().for_each(|(_, state)| state.evolve(now, &Event::Reindexed {}));
    Ok(Back { from, records, worlds, next: log.next_seq() })
}

fn open_keys(disk: &Disk, seed: u64) -> Result<Arc<Vault<Disk>>, OpenError> {
    let keys = disk.below(KEYS).map_err(|source| OpenError::Io { path: KEYS.into(), source })?;
    Vault::open(keys, LostKeys::Refuse, StdRng::seed_from_u64(seed)).map(Arc::new)
}

/// With which record the last frame of a journal begins.
fn last_append(disk: &Disk) -> Option<Seq> {
    let names = segments(disk).ok()?;
    names.iter().rev().find_map(|name| read_segment(disk, name).ok()?.1.frames.last().map(|(seq, _)| *seq))
}

/// Gives the last offer, if it is over, another number, so that its own is free again.
fn renumber_last_offer(records: &mut [Record]) {
    let all = || records.iter().flat_map(|record| &record.events);
    let made = all().filter_map(|event| match event {
        Event::OfferMade { offer, .. } => Some(*offer),
        _ => None,
    });
    let last = made.max();
    let is_over = all().any(|event| match event {
        Event::OfferAccepted { offer, .. }
        | Event::OfferDeclined { offer, .. }
        | Event::OfferExpired { offer, .. }
        | Event::OfferRescinded { offer, .. } => Some(*offer) == last,
        _ => false,
    });
    if !is_over {
        return;
    }
    for event in records.iter_mut().flat_map(|record| &mut record.events) {
        match event {
            Event::OfferMade { offer, .. }
            | Event::OfferDelivered { offer, .. }
            | Event::OfferExtended { offer, .. }
            | Event::OfferAccepted { offer, .. }
            | Event::OfferDeclined { offer, .. }
            | Event::OfferExpired { offer, .. }
            | Event::OfferRescinded { offer, .. }
                if Some(*offer) == last =>
            {
                *offer = OfferKey(0);
            }
            _ => {}
        }
    }
}

/// The time that has passed since then.
fn passed(since: Instant) -> Span {
    Span(i64::try_from(since.elapsed().as_micros()).expect("machines do not live that long"))
}

/// Tells one run's records from another's.
fn fingerprint(records: &[Record]) -> u32 {
    let mut bytes = Vec::new();
    codec::put(records, &mut bytes);
    crc32fast::hash(&bytes)
}
