//! The shard without I/O: tenants' worlds, what is gathered of their contacts, one sequence, one clock that never runs
//! backwards.
//!
//! Invariant: before a command at `now` everything of its tenant that was due by `now` has happened; every change is a
//! record and every record is the next in sequence. Driven by the async loop (`run`) and by virtual time alike.
//! Not here: waiting, appending, releasing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use rustc_hash::FxHashMap;

use crate::{
    engine::{Command, HoldRules, Proposal, Reject, Reply, Request, State, change::Change, view::Notice},
    journal::{Record, Seq, Snapshot},
    model::{
        document::{Document, Origin},
        ids::{AgentId, TenantId},
        limits::BATCH_MAX,
        signal::Source,
        time::Timestamp,
    },
    scoring::Taken,
};

use super::{
    gather::{Gathered, Gatherer, Place, Report},
    handle::CallError,
};

/// Why a tenant's first document is in force.
const FOUNDED_WITH: &str = "the document that the tenant began with";

/// All worlds of one shard.
#[derive(Debug)]
pub struct Core {
    worlds: Vec<World>,
    index: FxHashMap<TenantId, usize>,
    /// Each world's next deadline, earliest first.
    deadlines: BTreeSet<(Timestamp, usize)>,
    /// Worlds in which something is done slice by slice.
    sliced: BTreeSet<usize>,
    gatherer: Gatherer,
    next: Seq,
    now: Timestamp,
}

#[derive(Debug)]
struct World {
    tenant: TenantId,
    state: State,
    deadline: Option<Timestamp>,
    following: Following,
}

/// Whether somebody follows a tenant's changes; otherwise they are not even made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Following {
    Somebody,
    Nobody,
}

/// A change: what is to be kept, and what agents are told once it is.
#[derive(Debug, PartialEq)]
pub struct Applied {
    /// For the journal.
    pub record: Record,
    /// For agents' streams.
    pub notices: Vec<(AgentId, Notice)>,
    /// For whoever follows the tenant; none if nobody does, or if there is nothing to tell.
    pub change: Option<Change>,
}

/// What a command led to.
#[derive(Debug, PartialEq)]
pub struct Stepped {
    /// What had been due before it, and what had been gathered of a contact that it ends or tells of.
    pub ticks: Vec<Applied>,
    /// What became of the latter.
    pub folded: Option<Folded>,
    /// Its answer.
    pub reply: Result<Reply, Reject>,
    /// Its change; none if it was refused or had been done already.
    pub applied: Option<Applied>,
}

/// What became of signals that were gathered of a contact.
#[derive(Debug, PartialEq, Eq)]
pub struct Folded {
    /// Whose.
    pub tenant: TenantId,
    /// Each of them, by where it is from.
    pub outcomes: Vec<(Source, Outcome)>,
}

/// What became of a signal that came by stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was decided.
    Decided(Taken),
    /// A later revision came before it was decided.
    Replaced,
    /// The contact ended before it was decided.
    Gone,
}

impl Outcome {
    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decided(taken) => taken.name(),
            Self::Replaced => "replaced",
            Self::Gone => "gone",
        }
    }
}

/// The tenant is not in this shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no tenant {0:?} here")]
pub struct TenantUnknown(pub TenantId);

/// Why a tenant could not be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddTenantError {
    /// It is there.
    #[error("tenant {0:?} exists already")]
    Exists(TenantId),
    /// Its document was refused.
    #[error("the document of tenant {tenant:?} was refused: {reject}")]
    Refused {
        /// Whose.
        tenant: TenantId,
        /// Why.
        reject: Reject,
    },
}

/// Why records do not make a shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// One is missing or twice there.
    #[error("record {expected} must come next, not {found}")]
    Sequence {
        /// What should have come.
        expected: Seq,
        /// What came.
        found: Seq,
    },
}

impl Core {
    /// Without tenants, at the beginning of its sequence.
    pub fn new() -> Self {
        Self {
            worlds: Vec::new(),
            index: FxHashMap::default(),
            deadlines: BTreeSet::new(),
            sliced: BTreeSet::new(),
            gatherer: Gatherer::default(),
            next: Seq::FIRST,
            now: Timestamp(i64::MIN),
        }
    }

    /// Repeats what these records, which start at the first, say happened; nothing is decided again.
    pub fn recover(records: impl IntoIterator<Item = Record>) -> Result<Self, RecoverError> {
        let mut core = Self::new();
        records.into_iter().try_for_each(|record| core.repeat(&record))?;
        core.end_recovery();
        Ok(core)
    }

    /// The same from where this snapshot stands, with the records behind it.
    pub fn recover_from(snapshot: Snapshot, records: impl IntoIterator<Item = Record>) -> Result<Self, RecoverError> {
        let mut core = Self::of_snapshot(snapshot);
        records.into_iter().try_for_each(|record| core.repeat(&record))?;
        core.end_recovery();
        Ok(core)
    }

    /// Worlds as a snapshot has them; [`end_recovery`](Self::end_recovery) follows the last record behind it.
    pub fn of_snapshot(snapshot: Snapshot) -> Self {
        let Snapshot { next, now, worlds } = snapshot;
        let mut core = Self { next, now, ..Self::new() };
        for (tenant, state) in worlds {
            let world = core.insert(tenant);
            core.worlds[world].state = state;
        }
        core
    }

    /// Everything that recovery begins with, in the order in which tenants came.
    pub fn into_snapshot(self) -> Snapshot {
        let worlds = self.worlds.into_iter().map(|world| (world.tenant, world.state));
        Snapshot { next: self.next, now: self.now, worlds: worlds.collect() }
    }

    /// Repeats one more record; [`end_recovery`](Self::end_recovery) follows the last.
    pub fn repeat(&mut self, record: &Record) -> Result<(), RecoverError> {
        if record.seq != self.next {
            return Err(RecoverError::Sequence { expected: self.next, found: record.seq });
        }
        self.next = record.seq.next();
        self.now = self.now.max(record.now);
        let world = match self.index.get(&record.tenant) {
            Some(&world) => world,
            None => self.insert(record.tenant.clone()),
        };
        for event in &record.events {
            self.worlds[world].state.evolve(record.now, event);
        }
        Ok(())
    }

    /// All records are repeated: deadlines count from here on.
    pub fn end_recovery(&mut self) {
        for world in 0..self.worlds.len() {
            self.worlds[world].state.end_recovery();
            self.reschedule(world);
        }
    }

    /// Founds a tenant's world under this document.
    pub fn add_tenant(
        &mut self,
        now: Timestamp,
        tenant: TenantId,
        document: Arc<Document>,
    ) -> Result<Applied, AddTenantError> {
        if self.index.contains_key(&tenant) {
            return Err(AddTenantError::Exists(tenant));
        }
        let now = self.advance(now);
        let world = self.insert(tenant.clone());
        let origin = Origin { author: "attuned".to_owned(), note: FOUNDED_WITH.to_owned(), restores: None };
        let command = Command::ApplyDocument(Box::new(Proposal { origin, ..Proposal::new(document) }));
        let (reply, applied) = self.apply(now, world, Request { id: None, command });
        match (reply, applied) {
            (Ok(_), Some(applied)) => Ok(applied),
            (Ok(_), None) => unreachable!("a world's first document changes it"),
            (Err(reject), _) => {
                self.worlds.pop();
                self.index.remove(&tenant);
                Err(AddTenantError::Refused { tenant, reject })
            }
        }
    }

    /// Goes on after the process was gone since the last record, or since `alive_at` if that is later: deadlines on
    /// others' reaction move, streams are lost, and offering waits for agents as these rules say.
    pub fn resume(&mut self, now: Timestamp, alive_at: Option<Timestamp>, hold: Option<HoldRules>) -> Vec<Applied> {
        let since = alive_at.map_or(self.now, |alive_at| self.now.max(alive_at));
        self.in_each(now, &Command::Resume { since, hold })
    }

    /// Goes on after nobody was heard since then: deadlines on others' reaction move.
    pub fn stall(&mut self, now: Timestamp, since: Timestamp) -> Vec<Applied> {
        self.in_each(now, &Command::Stall { since })
    }

    fn in_each(&mut self, now: Timestamp, command: &Command) -> Vec<Applied> {
        let now = self.advance(now);
        let worlds = 0..self.worlds.len();
        let apply = |world| self.apply(now, world, Request { id: None, command: command.clone() }).1;
        worlds.filter_map(apply).collect()
    }

    /// Lets what is due for the tenant happen, then the command.
    pub fn step(&mut self, now: Timestamp, tenant: &TenantId, request: Request) -> Result<Stepped, TenantUnknown> {
        let world = *self.index.get(tenant).ok_or_else(|| TenantUnknown(tenant.clone()))?;
        let now = self.advance(now);
        let mut ticks = Vec::new();
        self.tick(now, world, &mut ticks);
        let folded = self.gathered_of(world, &request.command).map(|(place, gathered)| {
            let (applied, folded) = self.fold(now, place, gathered);
            ticks.extend(applied);
            folded
        });
        if folded.is_some() {
            // A contact that stands elsewhere in its line may be due for what it was not due for before.
            self.tick(now, world, &mut ticks);
        }
        let (reply, applied) = self.apply(now, world, request);
        Ok(Stepped { ticks, folded, reply, applied })
    }

    /// Takes in what is heard of a contact. It is judged now and decided by [`fold_due`](Self::fold_due), together with
    /// whatever else is heard of the contact until then.
    pub fn gather(&mut self, now: Timestamp, tenant: &TenantId, report: Report) -> Result<Vec<Taken>, CallError> {
        let world = *self.index.get(tenant).ok_or_else(|| TenantUnknown(tenant.clone()))?;
        let now = self.advance(now);
        let (key, judged) = self.worlds[world].state.judge_signals(now, &report.contact, &report.signals)?;
        let taken = self.gatherer.take(now, (world, key), report, judged);
        taken.map_err(|room_after| CallError::Overloaded {
            retry_after: Duration::from_micros(u64::try_from(room_after.0).unwrap_or(0)),
        })
    }

    /// Decides what was gathered and is due by `until`, a contact at a time, as much as a batch takes; what is left is
    /// still due.
    pub fn fold_due(&mut self, now: Timestamp, until: Timestamp) -> (Vec<Applied>, Vec<Folded>) {
        let now = self.advance(now);
        let (mut all, mut outcomes) = (Vec::new(), Vec::new());
        while outcomes.len() < BATCH_MAX
            && let Some((place, gathered)) = self.gatherer.next_due(now, until)
        {
            self.tick(now, place.0, &mut all);
            let (applied, folded) = self.fold(now, place, gathered);
            all.extend(applied);
            outcomes.push(folded);
        }
        (all, outcomes)
    }

    /// When [`fold_due`](Self::fold_due) has something to do next.
    pub fn next_fold(&self) -> Option<Timestamp> {
        self.gatherer.due_at()
    }

    /// Whether anything was gathered that is not decided.
    pub fn has_gathered(&self) -> bool {
        self.gatherer.is_waiting()
    }

    /// What is gathered of a contact that a command is to find as it stands.
    fn gathered_of(&mut self, world: usize, command: &Command) -> Option<(Place, Gathered)> {
        let (Command::Signal { contact, .. }
        | Command::RequeueContact { contact, .. }
        | Command::TransferContact { contact, .. }
        | Command::CompleteContact { contact }
        | Command::CancelContact { contact, .. }) = command
        else {
            return None;
        };
        if !self.gatherer.is_waiting() {
            return None;
        }
        let place = (world, self.worlds[world].state.open_contact_key(contact)?);
        Some((place, self.gatherer.take_now(place)?))
    }

    fn fold(&mut self, now: Timestamp, place: Place, gathered: Gathered) -> (Option<Applied>, Folded) {
        let Gathered { contact, signals, replaced, .. } = gathered;
        let sources: Vec<Source> = signals.iter().map(|signal| signal.source).collect();
        let command = Command::Signal { contact, signals: signals.into() };
        let (reply, applied) = self.apply(now, place.0, Request { id: None, command });
        let decided: Vec<Outcome> = match &reply {
            Ok(Reply::Signals(taken)) => taken.iter().map(|taken| Outcome::Decided(*taken)).collect(),
            _ => vec![Outcome::Gone; sources.len()],
        };
        let replaced = replaced.into_iter().map(|source| (source, Outcome::Replaced));
        let outcomes = sources.into_iter().zip(decided).chain(replaced).collect();
        (applied, Folded { tenant: self.worlds[place.0].tenant.clone(), outcomes })
    }

    /// Lets everything happen that is due by `now`, the earliest first, and one slice of whatever is done in slices: to be
    /// called once for each batch, so that whatever else waits gets its turn between slices.
    pub fn tick_due(&mut self, now: Timestamp) -> Vec<Applied> {
        let now = self.advance(now);
        let mut ticks = Vec::new();
        while let Some(&(deadline, world)) = self.deadlines.first()
            && deadline <= now
        {
            self.tick(now, world, &mut ticks);
        }
        for world in self.sliced.clone() {
            let (_, applied) = self.apply(now, world, Request { id: None, command: Command::Sweep });
            ticks.extend(applied);
        }
        ticks
    }

    /// Whether [`tick_due`](Self::tick_due) has something to do at once, whatever the time.
    pub fn has_slices(&self) -> bool {
        !self.sliced.is_empty()
    }

    /// How much a slice of a tenant's does, in worlds that are made for looking at slices.
    #[doc(hidden)]
    pub fn sweep_in_slices_of(&mut self, tenant: &TenantId, items: usize) {
        if let Some(&world) = self.index.get(tenant) {
            self.worlds[world].state.sweep_in_slices_of(items);
        }
    }

    /// When [`tick_due`](Self::tick_due) has something to do next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// Makes changes of a tenant's from now on; the last record before.
    pub fn follow(&mut self, tenant: &TenantId) -> Result<Seq, TenantUnknown> {
        let world = *self.index.get(tenant).ok_or_else(|| TenantUnknown(tenant.clone()))?;
        self.worlds[world].following = Following::Somebody;
        Ok(self.last_seq())
    }

    /// Makes them no more.
    pub fn unfollow(&mut self, tenant: &TenantId) {
        if let Some(world) = self.index.get(tenant) {
            self.worlds[*world].following = Following::Nobody;
        }
    }

    /// A tenant's world.
    pub fn state(&self, tenant: &TenantId) -> Option<&State> {
        self.index.get(tenant).map(|&world| &self.worlds[world].state)
    }

    /// Whose worlds are here, in the order in which they came.
    pub fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.worlds.iter().map(|world| &world.tenant)
    }

    /// Whether offering is held after a restart, for any tenant.
    pub fn is_offering_held(&self) -> bool {
        self.worlds.iter().any(|world| world.state.offering_held().is_some())
    }

    /// The latest time it was told.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The next record's number.
    pub fn next_seq(&self) -> Seq {
        self.next
    }

    /// The last record's number; 0 before the first.
    pub fn last_seq(&self) -> Seq {
        Seq(self.next.0 - 1)
    }

    fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        self.now
    }

    fn insert(&mut self, tenant: TenantId) -> usize {
        let world = self.worlds.len();
        self.index.insert(tenant.clone(), world);
        self.worlds.push(World { tenant, state: State::new(), deadline: None, following: Following::Nobody });
        world
    }

    fn tick(&mut self, now: Timestamp, world: usize, ticks: &mut Vec<Applied>) {
        while let Some(deadline) = self.worlds[world].deadline
            && deadline <= now
        {
            let (_, applied) = self.apply(now, world, Request { id: None, command: Command::Tick });
            let idle = applied.is_none() && self.worlds[world].deadline == Some(deadline);
            assert!(!idle, "what is due at {deadline:?} does nothing at {now:?}: it would be due for ever");
            ticks.extend(applied);
        }
    }

    fn apply(&mut self, now: Timestamp, world: usize, request: Request) -> (Result<Reply, Reject>, Option<Applied>) {
        let at = &mut self.worlds[world];
        let outcome = at.state.apply(now, &request, Record::fingerprint);
        if outcome.events.is_empty() {
            self.reschedule(world);
            return (outcome.reply, None);
        }
        let notices = at.state.notices(&outcome.events);
        let change = match at.following {
            Following::Somebody => at.state.change(&outcome.events),
            Following::Nobody => None,
        };
        let seq = self.next;
        let customer = at.state.told_of(&request.command);
        let record = Record { seq, now, tenant: at.tenant.clone(), customer, input: request, events: outcome.events };
        self.next = seq.next();
        self.reschedule(world);
        (outcome.reply, Some(Applied { record, notices, change }))
    }

    fn reschedule(&mut self, world: usize) {
        let at = &mut self.worlds[world];
        if at.state.has_slices() {
            self.sliced.insert(world);
        } else {
            self.sliced.remove(&world);
        }
        let deadline = at.state.next_deadline();
        if deadline == at.deadline {
            return;
        }
        if let Some(before) = at.deadline {
            self.deadlines.remove(&(before, world));
        }
        if let Some(after) = deadline {
            self.deadlines.insert((after, world));
        }
        at.deadline = deadline;
    }
}

impl Default for Core {
    fn default() -> Self {
        Self::new()
    }
}
