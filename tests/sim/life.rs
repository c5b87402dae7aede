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
    engine::HoldRules,
    engine::{
        Event,
        view::{Answer, ContactFilter, Query},
    },
    journal::{
        Record, Seq, codec,
        log::{Log, Making, OpenError, read_segment, segments},
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
use tokio::{
    runtime::{Builder, Runtime},
    task::unconstrained,
    time::sleep,
};

use crate::{
    checker::Judge,
    clients::Clients,
    coverage::{Coverage, Faults},
    disk::{Disk, End},
    journal::{SEGMENT_BYTES, SimJournal},
    plan::{Ending, Life, Plan, Plant},
    wishes::document,
};

/// What every seed comes to at least: requests that were answered, and crashes.
pub const OPERATIONS: usize = 500;
pub const CRASHES: usize = 3;
/// Metrics of queues with labels of their own.
const LABELS: usize = 8;
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
}

/// Plays a seed; what it leaves on the disk when something was wrong is saved.
pub fn play(seed: u64, plant: Option<Plant>) -> Played {
    let mut world = World::new(seed, plant);
    let played = panic::catch_unwind(AssertUnwindSafe(|| world.play()));
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
        let (wall, tenants) = (plan.start(), plan.tenants());
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
        self.disk.start(life.mood, life.crash);
        let runtime: Runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(|error| format!("there is no runtime to be had: {error}"))?;
        let gone = runtime.block_on(unconstrained(self.run(life)));
        self.clients.iter_mut().for_each(Clients::disconnect);
        gone
    }

    async fn run(&mut self, life: Life) -> Result<Gone, String> {
        let clock = Clock::starting_at(self.wall);
        let Some((shard, task)) = self.start(&clock, life)? else {
            return Ok(if self.disk.is_gone() { Gone::Crashed } else { Gone::Stopped });
        };
        let mut status = task.status();
        tokio::select! {
            biased;
            () = self.disk.gone() => return Ok(Gone::Crashed),
            status = status.wait_for(|status| *status != Status::Starting) => drop(status),
        }
        self.clients.iter_mut().for_each(|clients| clients.connect(shard.clone()));
        let gone = self.serve(life, &clock, &shard, task).await;
        self.wall = clock.now();
        self.alive_at = Some(self.wall - self.plan.silence());
        gone
    }

    /// What a daemon does when it starts; nothing if it cannot.
    fn start(&mut self, clock: &Clock, life: Life) -> Result<Option<(ShardHandle, ShardTask)>, String> {
        let mut records = Vec::new();
        let log = match Log::open(self.disk.clone(), None, SEGMENT_BYTES, Making::WhenNeeded, |record| {
            records.push(record);
        }) {
            Ok(log) => log,
            Err(OpenError::Io { .. }) => {
                self.judge.lock().faults.count("recovery is cut short");
                return Ok(None);
            }
            Err(problem) => return Err(format!("the journal does not open: {problem}")),
        };
        let mut judge = self.judge.lock();
        judge.recovered(&records)?;
        judge.resume();
        let mut recovered = Recovered::new(Observer::new(LABELS));
        for record in self.planted(records) {
            recovered.repeat(record).map_err(|error| format!("the journal's records make no shard: {error}"))?;
        }
        recovered.core.end_recovery();
        // A planted fault is to be found by what clients see.
        if self.plant.is_none() {
            judge.compare(&recovered.core)?;
        }
        drop(judge);
        let mut founding = recovered.core.resume(clock.now(), self.alive_at, Some(HoldRules::default()));
        for clients in &self.clients {
            if recovered.core.state(&clients.tenant).is_none() {
                let founded = recovered.core.add_tenant(clock.now(), clients.tenant.clone(), document());
                founding.push(founded.map_err(|error| error.to_string())?);
            }
        }
        let journal = SimJournal::new(
            log,
            self.disk.clone(),
            self.judge.clone(),
            self.wall.0.unsigned_abs(),
            life.slow,
            self.plant,
        );
        Ok(Some(run::resume_by(clock.clone(), recovered, founding, journal)))
    }

    async fn serve(&mut self, life: Life, clock: &Clock, shard: &ShardHandle, task: ShardTask) -> Result<Gone, String> {
        self.look(shard).await?;
        for _ in 0..life.steps {
            if !self.pause().await {
                return Ok(Gone::Crashed);
            }
            self.hear(clock)?;
            if task.status().has_changed().is_err() {
                return Err("the shard broke".to_owned());
            }
            let status = *task.status().borrow();
            if status != Status::Serving {
                self.judge.lock().faults.count("a shard is frozen");
                break;
            }
            self.judge.lock().check_due(clock.now())?;
            let judge = &mut *self.judge.lock();
            if life.end != Ending::Last {
                self.clients.iter_mut().for_each(|clients| clients.act(judge, clock.now()));
            } else if self.clients.iter().all(Clients::is_content) {
                break;
            } else {
                self.clients.iter_mut().for_each(|clients| clients.ask_again(judge, clock.now()));
            }
        }
        if let Ending::Sudden(end) = life.end {
            return Ok(Gone::Ended(end));
        }
        if life.end == Ending::Last && !self.clients.iter().all(Clients::is_content) {
            return Err("a request is never answered".to_owned());
        }
        if !self.look(shard).await? {
            return Ok(Gone::Crashed);
        }
        tokio::select! {
            biased;
            () = self.disk.gone() => return Ok(Gone::Crashed),
            stopped = task.stop() => drop(stopped.map_err(|panic| format!("the shard broke: {panic}"))?),
        }
        self.hear(clock)?;
        Ok(Gone::Stopped)
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
        let Some((copy, name, at)) = self.disk.flipped(".journal") else { return Ok(()) };
        let clean = read(&self.disk.copy());
        let Ok(clean) = clean else { return Ok(()) };
        let judge = &mut *self.judge.lock();
        match read(&copy) {
            Err(OpenError::Io { path, source }) => Err(format!("{} cannot be read: {source}", path.display())),
            Err(_) => {
                judge.faults.count("a flipped bit is refused");
                Ok(())
            }
            Ok((records, _)) if records == clean.0 => {
                judge.faults.count("a flipped bit does not matter");
                Ok(())
            }
            Ok((records, _)) if clean.0.starts_with(&records) && records.len() >= clean.1 => {
                judge.faults.count("a flipped bit in the last append looks like a torn one");
                Ok(())
            }
            Ok((records, _)) => {
                let (left, were) = (records.len(), clean.0.len());
                Err(format!("with a bit flipped at {at} of {name} {left} records of {were} come back without a word"))
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
            fs::write(journal.join(name), bytes)?;
        }
        let lines = self.judge.lock().records.iter().map(|record| format!("{record:?}\n")).collect::<String>();
        fs::write(folder.join("records.txt"), lines)?;
        Ok(journal)
    }
}

/// What a volume's journal holds, and how many records come before its last append.
fn read(disk: &Disk) -> Result<(Vec<Record>, usize), OpenError> {
    let mut records = Vec::new();
    Log::open(disk.clone(), None, SEGMENT_BYTES, Making::WhenNeeded, |record| records.push(record))?;
    let last = last_append(disk).map_or(0, |seq| usize::try_from(seq.0 - 1).unwrap_or(0));
    Ok((records, last))
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

/// Tells one run's records from another's.
fn fingerprint(records: &[Record]) -> u32 {
    let mut bytes = Vec::new();
    codec::put(records, &mut bytes);
    crc32fast::hash(&bytes)
}
