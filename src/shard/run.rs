//! The loop: take in what waits, apply it, append once, release.
//!
//! Invariant: the loop is the only writer of its worlds. While an append is under way calls gather in the inbox and
//! become the next batch. A failed append freezes the shard: its worlds are ahead of the journal, so nothing may be told
//! of them and nothing more is applied; the very same batch is offered again until the journal takes it, and only then does
//! life go on. A fenced one drops them: another node has gone on without. Not here: when the daemon stops (`app`), what a
//! frozen shard answers (`frozen`).

use std::{pin::pin, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, JoinHandle},
    time::{Instant, sleep, sleep_until},
};
use tracing::{error, info, warn};

use crate::{
    journal::{self, AppendError, Journal, Record, Room},
    model::{limits::BATCH_MAX, time::Timestamp},
};

use super::{
    advice::Advisers,
    batch::{Batch, Coming},
    clock::{Clock, Drift, Wall},
    core::{Applied, Core},
    feed::Feeds,
    frozen::Frozen,
    handle::{CallError, ShardHandle},
    inbox::Inbox,
    item::{Item, Lost},
    observe::Observer,
    recover::Recovered,
    streams::{StreamEnd, Streams},
};

/// Longest sleep: beyond it the loop wakes once, finds nothing due and sleeps on.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);

/// How often the wall clock is looked at while something is to happen: after the machine stood still the monotonic clock,
/// by which the loop sleeps, knows nothing of it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// An append that takes longer holds up everybody who has to react.
const STALL: Duration = Duration::from_secs(1);

/// How long a journal that failed is left alone: at first, and twice as long each time up to this.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

/// Who waits for a batch that the journal does not take is told so after this.
const GIVE_UP_AFTER: Duration = Duration::from_secs(2);

/// What the shard is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    Draining,
    Stopping,
}

/// What the shard is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The journal has not yet taken the tenants it was founded with.
    Starting,
    /// Calls are answered.
    Serving,
    /// The journal takes nothing: what is durable can be read, and every other call is refused.
    Frozen,
    /// Another writer took over; the shard has stopped.
    Fenced,
    /// It was asked to stop and has.
    Stopped,
}

/// Whether agents are offered anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offering {
    /// After a restart some tenant's agents are waited for.
    Held,
    /// As ever.
    GoesOn,
}

/// A shard that runs.
#[derive(Debug)]
pub struct ShardTask {
    phase: watch::Sender<Phase>,
    status: watch::Receiver<Status>,
    offering: watch::Receiver<Offering>,
    task: JoinHandle<()>,
}

impl ShardTask {
    /// What the shard is doing, to follow.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Whether agents are offered anything, to follow.
    pub fn offering(&self) -> watch::Receiver<Offering> {
        self.offering.clone()
    }

    /// Ends all streams and opens no more; calls are still answered.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// Takes no more calls, answers those taken and waits until the shard has stopped. An error is its panic.
    pub async fn stop(self) -> Result<Status, JoinError> {
        self.phase.send_replace(Phase::Stopping);
        self.task.await?;
        Ok(*self.status.borrow())
    }
}

/// Runs a shard on the present runtime. `founding` is what adding its tenants led to and no journal has yet.
pub fn start<J: Journal>(
    core: Core,
    founding: Vec<Applied>,
    journal: J,
    observer: Observer,
) -> (ShardHandle, ShardTask) {
    resume(Recovered { core, observer, advisers: Advisers::default() }, founding, journal)
}

/// The same for what was recovered from a journal.
pub fn resume<J: Journal>(recovered: Recovered, founding: Vec<Applied>, journal: J) -> (ShardHandle, ShardTask) {
    resume_by(Clock::machine(), recovered, founding, journal)
}

/// The same by a clock of one's own.
pub fn resume_by<J: Journal>(
    clock: Clock,
    recovered: Recovered,
    founding: Vec<Applied>,
    journal: J,
) -> (ShardHandle, ShardTask) {
    let Recovered { core, observer, advisers } = recovered;
    let (handle, inbox) = ShardHandle::new();
    let (losses_to, losses) = mpsc::unbounded_channel();
    let (phase_to, phase) = watch::channel(Phase::Serving);
    let (status_to, status) = watch::channel(Status::Starting);
    let held = if core.is_offering_held() { Offering::Held } else { Offering::GoesOn };
    let (offering_to, offering) = watch::channel(held);
    let streams = Streams::new(losses_to);
    let feeds = Feeds::new(clock.now());
    let wall = Wall::of(&clock);
    let shard = Shard {
        clock,
        core,
        journal,
        inbox,
        losses,
        streams,
        feeds,
        observer,
        advisers,
        stalled_since: None,
        wall,
        looked_at: Instant::now(),
        room: Room::Ample,
        phase,
        status: status_to,
        offering: offering_to,
        coming: Vec::new(),
        connection: 0,
    };
    let task = tokio::spawn(shard.run(founding));
    (handle, ShardTask { phase: phase_to, status, offering, task })
}

struct Shard<J> {
    clock: Clock,
    core: Core,
    journal: J,
    inbox: Inbox,
    losses: mpsc::UnboundedReceiver<Lost>,
    streams: Streams,
    feeds: Feeds,
    observer: Observer,
    advisers: Advisers,
    /// The last append began then, and took too long.
    stalled_since: Option<Timestamp>,
    wall: Wall,
    /// When the wall clock was looked at.
    looked_at: Instant,
    /// How much the journal could take when the present batch was begun.
    room: Room,
    phase: watch::Receiver<Phase>,
    status: watch::Sender<Status>,
    offering: watch::Sender<Offering>,
    /// Documents that are not yet in force, each with who applied it.
    coming: Vec<Coming>,
    connection: u64,
}

/// What ended a wait.
enum Woken {
    Phase,
    Item(Item),
    Lost(Lost),
    Due,
    /// The inbox is closed and empty.
    Done,
}

impl<J: Journal> Shard<J> {
    async fn run(mut self, founding: Vec<Applied>) {
        let mut batch = Batch::new(self.core.now());
        for applied in founding {
            batch.push(applied);
        }
        let end = match self.commit(batch).await {
            Ok(()) => {
                self.status.send_replace(Status::Serving);
                self.serve().await
            }
            Err(error) => Err(error),
        };
        match end {
            Ok(()) => {}
            Err(problem @ AppendError::Fenced) => return self.leave(&problem),
            Err(problem @ AppendError::Failed { .. }) => {
                error!(%problem, "the journal did not take the last batch before the shard was to stop");
            }
        }
        self.coming.drain(..).for_each(|coming| coming.refuse(&CallError::OutcomeUnknown));
        self.end_streams();
        self.status.send_replace(Status::Stopped);
    }

    /// Batch after batch until asked to stop.
    async fn serve(&mut self) -> Result<(), AppendError> {
        loop {
            let woken = self.wait().await;
            let unheard_since = self.unheard_since();
            self.look_for_room();
            let mut batch = Batch::new(self.clock.now());
            if let Some(since) = unheard_since {
                self.core.stall(self.clock.now(), since).into_iter().for_each(|applied| batch.push(applied));
            }
            batch.tick(&mut self.core);
            for (tenant, command) in self.advisers.take() {
                batch.advise(&mut self.core, &tenant, command);
            }
            let mut done = false;
            match woken {
                Woken::Item(item) => self.take(&mut batch, item),
                Woken::Lost(lost) => self.lose(&mut batch, lost),
                Woken::Phase => self.change_phase(),
                Woken::Due => {}
                Woken::Done => done = true,
            }
            self.gather(&mut batch);
            self.commit(batch).await?;
            self.observer.publish(&self.core);
            self.tell_offering();
            for tenant in self.feeds.let_go(Instant::now()) {
                self.core.unfollow(&tenant);
            }
            if self.core.is_sweeping() {
                // Nothing else makes the loop wait between slices, and calls have to come in.
                tokio::task::yield_now().await;
            }
            if done && self.coming.is_empty() && !self.core.has_gathered() {
                return Ok(());
            }
        }
    }

    async fn wait(&mut self) -> Woken {
        let wake_at = self.wake_at();
        tokio::select! {
            biased;
            changed = self.phase.changed(), if !self.inbox.is_closed() => {
                // Without anybody left who could ask it to stop, the shard stops.
                if changed.is_err() { self.inbox.close(); }
                Woken::Phase
            }
            Some(lost) = self.losses.recv() => Woken::Lost(lost),
            item = self.inbox.recv() => item.map_or(Woken::Done, Woken::Item),
            () = sleep_until(wake_at) => Woken::Due,
        }
    }

    fn wake_at(&self) -> Instant {
        let now = self.clock.now();
        let at_once = (self.core.is_sweeping() || self.advisers.has_advice()).then_some(now);
        let due = [at_once, self.core.next_deadline(), self.core.next_fold(), self.observer.publish_at()]
            .into_iter()
            .flatten()
            .min();
        let wait = due.map_or(SLEEP_MAX, |due| Duration::from_micros(u64::try_from((due - now).0).unwrap_or(0)));
        let longest = if self.core.next_deadline().is_some() { LOOK_EVERY } else { SLEEP_MAX };
        Instant::now() + wait.min(longest)
    }

    /// Since when nobody was heard: the disk was slow, or the machine stood still.
    fn unheard_since(&mut self) -> Option<Timestamp> {
        [self.stalled_since.take(), self.stood_still_since()].into_iter().flatten().min()
    }

    fn stood_still_since(&mut self) -> Option<Timestamp> {
        if self.looked_at.elapsed() < LOOK_EVERY {
            return None;
        }
        self.looked_at = Instant::now();
        match self.wall.look() {
            Drift::Ahead(by) => {
                warn!(%by, "the machine stood still, or its clock was set ahead: agents get that time back");
                Some(self.clock.now() - by)
            }
            Drift::Behind(by) => {
                warn!(%by, "the machine's clock was set back: time goes on from where it was");
                None
            }
            Drift::InStep => None,
        }
    }

    /// Offering that was held goes on but once.
    fn tell_offering(&self) {
        if *self.offering.borrow() == Offering::Held && !self.core.is_offering_held() {
            self.offering.send_replace(Offering::GoesOn);
        }
    }

    /// Takes in whatever waits, up to a batch's limit.
    fn gather(&mut self, batch: &mut Batch) {
        self.observer.inbox_depth(self.inbox.calls());
        // A gateway that goes loses all of its agents at once; they, too, come batch by batch, and leave room for calls.
        while batch.items() < BATCH_MAX / 2
            && let Ok(lost) = self.losses.try_recv()
        {
            self.lose(batch, lost);
        }
        while batch.items() < BATCH_MAX
            && let Some(item) = self.inbox.try_recv()
        {
            self.take(batch, item);
        }
        let until = self.folds_until(batch.now());
        batch.fold(&mut self.core, until);
        batch.keep_back(&self.core, &mut self.coming);
        batch.read(&self.core, &mut self.advisers);
    }

    /// What is gathered waits for its time, unless nothing more comes in.
    fn folds_until(&self, now: Timestamp) -> Timestamp {
        if self.inbox.is_closed() { Timestamp(i64::MAX) } else { now }
    }

    fn take(&mut self, batch: &mut Batch, item: Item) {
        if matches!(item, Item::Watch { .. } | Item::Follow { .. }) && *self.phase.borrow() != Phase::Serving {
            return item.refuse(CallError::ShuttingDown);
        }
        if self.room == Room::Reserve && self.brings_more(&item) {
            return item.refuse(CallError::DiskFull);
        }
        batch.take(&mut self.core, &self.advisers, item, &mut self.connection);
    }

    fn brings_more(&self, item: &Item) -> bool {
        let state = self.core.state(item.tenant());
        item.brings_more(|request| state.is_some_and(|state| state.has_answered(request, Record::fingerprint)))
    }

    fn look_for_room(&mut self) {
        let room = self.journal.room();
        if room == self.room {
            return;
        }
        self.room = room;
        self.observer.room(room);
        match room {
            Room::Reserve => error!("the journal's disk is full: only what ends work is taken"),
            Room::Ample => info!("the journal has room again: everything is taken"),
        }
    }

    fn lose(&mut self, batch: &mut Batch, lost: Lost) {
        if self.streams.forget(&lost) {
            batch.lose(&mut self.core, lost);
        }
    }

    /// Appends the batch and releases it; nothing is awaited between the two.
    async fn commit(&mut self, mut batch: Batch) -> Result<(), AppendError> {
        let records = batch.records();
        if !records.is_empty() {
            let (started, since) = (Instant::now(), self.clock.now());
            match self.journal.append(records.clone()).await {
                Ok(()) => {}
                Err(AppendError::Fenced) => {
                    batch.refuse(&CallError::ShuttingDown);
                    return Err(AppendError::Fenced);
                }
                Err(problem @ AppendError::Failed { .. }) => batch = self.freeze(batch, &records, problem).await?,
            }
            self.observer.batch(records.len(), started.elapsed());
            // What agents answered meanwhile waits in the inbox: it was not they who were late.
            self.stalled_since = (started.elapsed() > STALL).then_some(since);
        }
        for record in records.iter() {
            let state = self.core.state(&record.tenant).expect("a record's tenant is in its shard");
            self.observer.record(record, state);
            self.advisers.record(record, state);
            let outcomes = self.advisers.outcomes(&record.tenant);
            self.observer.waits(&record.tenant, state, &outcomes);
        }
        batch.release(&mut self.streams, &mut self.feeds, &mut self.observer);
        Ok(())
    }

    fn end_streams(&mut self) {
        end_all(&mut self.streams, &mut self.feeds);
    }

    fn change_phase(&mut self) {
        turn(&mut self.phase, &mut self.inbox, &mut self.streams, &mut self.feeds);
    }

    /// Offers the batch again until the journal takes it, and meanwhile answers from what the journal has. An error is that
    /// the shard is to stop first, or has a new owner.
    async fn freeze(
        &mut self,
        mut batch: Batch,
        records: &journal::Batch,
        problem: AppendError,
    ) -> Result<Batch, AppendError> {
        error!(%problem, "the journal failed: this shard is frozen until the journal takes the batch");
        let (before, since) = (self.status.send_replace(Status::Frozen), Instant::now());
        self.observer.frozen(true);
        let mut frozen = Frozen::new(self.clock.clone(), records, self.journal.reader());
        for question in batch.take_questions() {
            frozen.take(&self.core, &self.advisers, &mut self.observer, question);
        }
        let mut has_given_up = false;
        let mut kept = pin!(keep(&mut self.journal, records));
        let end = loop {
            tokio::select! {
                biased;
                end = &mut kept => break end,
                changed = self.phase.changed(), if !self.inbox.is_closed() => {
                    if changed.is_err() { self.inbox.close(); }
                    turn(&mut self.phase, &mut self.inbox, &mut self.streams, &mut self.feeds);
                }
                () = sleep_until(since + GIVE_UP_AFTER), if !has_given_up => {
                    has_given_up = true;
                    batch.give_up(&CallError::OutcomeUnknown);
                    self.coming.drain(..).for_each(|coming| coming.refuse(&CallError::OutcomeUnknown));
                }
                item = self.inbox.recv() => match item {
                    Some(item) => frozen.take(&self.core, &self.advisers, &mut self.observer, item),
                    None => break Err(problem),
                },
            }
        };
        if let Err(problem) = end {
            batch.refuse(&match problem {
                AppendError::Fenced => CallError::ShuttingDown,
                AppendError::Failed { .. } => CallError::OutcomeUnknown,
            });
            return Err(problem);
        }
        info!(took = ?since.elapsed(), "the journal has taken the batch: this shard goes on");
        self.observer.frozen(false);
        self.status.send_replace(before);
        Ok(batch)
    }

    /// Lets go of everything: what was decided since the last append never happened.
    fn leave(mut self, problem: &AppendError) {
        info!(%problem, "this shard has a new owner and stops here");
        self.core = Core::new();
        self.advisers = Advisers::default();
        self.coming.drain(..).for_each(|coming| coming.refuse(&CallError::ShuttingDown));
        self.end_streams();
        self.inbox.close();
        while let Some(item) = self.inbox.try_recv() {
            item.refuse(CallError::ShuttingDown);
        }
        self.status.send_replace(Status::Fenced);
    }
}

/// Offers a batch that the journal did not take again and again, until it is taken or somebody else writes the journal.
async fn keep(journal: &mut impl Journal, records: &journal::Batch) -> Result<(), AppendError> {
    let mut pause = RETRY_AFTER.0;
    loop {
        sleep(pause).await;
        match journal.append(records.clone()).await {
            Err(problem @ AppendError::Failed { .. }) => warn!(%problem, "the journal still takes nothing"),
            end => return end,
        }
        pause = (pause * 2).min(RETRY_AFTER.1);
    }
}

/// Goes over to what the shard is asked to do.
fn turn(phase: &mut watch::Receiver<Phase>, inbox: &mut Inbox, streams: &mut Streams, feeds: &mut Feeds) {
    let phase = *phase.borrow_and_update();
    if phase != Phase::Serving {
        end_all(streams, feeds);
    }
    if phase == Phase::Stopping {
        inbox.close();
    }
}

/// Ends agents' streams and followers' feeds.
fn end_all(streams: &mut Streams, feeds: &mut Feeds) {
    streams.end_all(StreamEnd::ShuttingDown);
    feeds.end_all();
}
