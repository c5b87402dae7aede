//! A journal in memory: everything of it dies with the process.
//!
//! Invariant: the same promises as a durable journal, as long as the process lives; a bounded tail never grows beyond
//! its bound by more than one batch. Faults can be asked for, so that what relies on a journal can be tested.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::{AppendError, Batch, Journal, ReadError, Reader, Record, Room, Seq, gap};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// All of it.
    Everything,
    /// At least so many of the newest records (fewer only while there are no more), in whole batches.
    Last(usize),
}

/// Where the records are; clones share them, so that a test can look while a shard writes.
#[derive(Debug, Clone)]
pub struct MemoryStorage {
    shared: Arc<Mutex<Shared>>,
    gate: Arc<Gate>,
}

/// The one writer's end of a [`MemoryStorage`].
#[derive(Debug)]
pub struct MemoryJournal {
    storage: MemoryStorage,
    epoch: u64,
}

#[derive(Debug)]
struct Shared {
    batches: VecDeque<Batch>,
    kept: usize,
    next: Seq,
    retention: Retention,
    /// Counts writers; all but the newest are fenced.
    epoch: u64,
    /// Appends that are still to succeed before one fails.
    fail_after: Option<u64>,
    /// Every append fails.
    is_broken: bool,
    room: Room,
}

/// Appends wait here while held.
#[derive(Debug)]
struct Gate {
    held: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl MemoryStorage {
    /// An empty one.
    pub fn new(retention: Retention) -> Self {
        let shared = Shared {
            batches: VecDeque::new(),
            kept: 0,
            next: Seq::FIRST,
            retention,
            epoch: 0,
            fail_after: None,
            is_broken: false,
            room: Room::Ample,
        };
        let gate = Gate { held: watch::Sender::new(false), waiting: watch::Sender::new(0) };
        Self { shared: Arc::new(Mutex::new(shared)), gate: Arc::new(gate) }
    }

    /// Opens it for writing; whoever wrote before is fenced.
    pub fn open(&self) -> MemoryJournal {
        let mut shared = self.shared.lock();
        shared.epoch += 1;
        MemoryJournal { storage: self.clone(), epoch: shared.epoch }
    }

    /// Everything that is kept.
    pub fn records(&self) -> Vec<Record> {
        self.shared.lock().batches.iter().flat_map(|batch| batch.iter().cloned()).collect()
    }

    /// Fences the present writer, as if another had opened it.
    pub fn fence(&self) {
        self.shared.lock().epoch += 1;
    }

    /// Lets so many more appends succeed and fails the one after.
    pub fn fail_after(&self, appends: u64) {
        self.shared.lock().fail_after = Some(appends);
    }

    /// Appends fail from now on …
    pub fn break_down(&self) {
        self.shared.lock().is_broken = true;
    }

    /// … until this.
    pub fn mend(&self) {
        self.shared.lock().is_broken = false;
    }

    /// Says from now on that there is so much room.
    pub fn set_room(&self, room: Room) {
        self.shared.lock().room = room;
    }

    /// Appends wait from now on …
    pub fn hold(&self) {
        self.gate.held.send_replace(true);
    }

    /// … until this.
    pub fn release(&self) {
        self.gate.held.send_replace(false);
    }

    /// Returns once an append waits at a held storage.
    pub async fn append_waits(&self) {
        let mut waiting = self.gate.waiting.subscribe();
        waiting.wait_for(|waiting| *waiting > 0).await.expect("the gate lives as long as the storage");
    }
}

impl Gate {
    async fn pass(&self) {
        if !*self.held.borrow() {
            return;
        }
        self.waiting.send_modify(|waiting| *waiting += 1);
        self.held.subscribe().wait_for(|held| !held).await.expect("the gate lives as long as the storage");
        self.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

impl Shared {
    fn take(&mut self, epoch: u64, batch: Batch) -> Result<(), AppendError> {
        if epoch != self.epoch {
            return Err(AppendError::Fenced);
        }
        if let Some(problem) = gap(self.next, &batch) {
            return Err(AppendError::failed(&batch, problem));
        }
        if self.is_broken {
            return Err(AppendError::failed(&batch, "faults were asked for"));
        }
        match &mut self.fail_after {
            Some(0) => {
                self.fail_after = None;
                return Err(AppendError::failed(&batch, "a fault was asked for"));
            }
            Some(appends) => *appends -= 1,
            None => {}
        }
        let Some(last) = batch.last() else { return Ok(()) };
        self.next = last.seq.next();
        self.kept += batch.len();
        self.batches.push_back(batch);
        self.trim();
        Ok(())
    }

    fn trim(&mut self) {
        let Retention::Last(records) = self.retention else { return };
        while let Some(oldest) = self.batches.front()
            && self.kept - oldest.len() >= records
        {
            self.kept -= oldest.len();
            self.batches.pop_front();
        }
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, ReadError> {
        let oldest = self.batches.front().map_or(self.next, |batch| batch[0].seq);
        if from < oldest {
            return Err(ReadError::Gone { asked: from, oldest });
        }
        let before = self.batches.partition_point(|batch| batch[batch.len() - 1].seq < from);
        let records = self.batches.iter().skip(before).flat_map(|batch| batch.iter());
        Ok(records.skip_while(|record| record.seq < from).take(limit).cloned().collect())
    }
}

impl Journal for MemoryJournal {
    async fn append(&mut self, batch: Batch) -> Result<(), AppendError> {
        self.storage.gate.pass().await;
        self.storage.shared.lock().take(self.epoch, batch)
    }

    fn reader(&self) -> Reader {
        let shared = Arc::clone(&self.storage.shared);
        Box::new(move |from: Seq, limit: usize| shared.lock().read(from, limit))
    }

    fn room(&self) -> Room {
        self.storage.shared.lock().room
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::conformance::{self, batch},
        *,
    };

    #[tokio::test]
    async fn memory_keeps_what_a_journal_promises() {
        conformance::check(|| MemoryStorage::new(Retention::Everything), MemoryStorage::open).await;
        conformance::check(|| MemoryStorage::new(Retention::Last(1_000)), MemoryStorage::open).await;
        conformance::check_fencing(|| MemoryStorage::new(Retention::Everything), MemoryStorage::open).await;
    }

    #[tokio::test]
    async fn a_bounded_tail_forgets_whole_batches_and_says_so() {
        let storage = MemoryStorage::new(Retention::Last(4));
        let mut journal = storage.open();
        for first in [1, 4, 7] {
            journal.append(batch(first..first + 3)).await.unwrap();
        }
        assert_eq!(journal.read(Seq(1), 9), Err(ReadError::Gone { asked: Seq(1), oldest: Seq(4) }));
        assert_eq!(journal.read(Seq(4), 9).unwrap().len(), 6);
    }

    #[tokio::test]
    async fn a_fault_leaves_nothing_and_the_same_records_fit_afterwards() {
        let storage = MemoryStorage::new(Retention::Everything);
        let mut journal = storage.open();
        storage.fail_after(1);
        journal.append(batch(1..3)).await.unwrap();
        assert!(matches!(
            journal.append(batch(3..5)).await,
            Err(AppendError::Failed { first: Seq(3), last: Seq(4), .. })
        ));
        assert_eq!(storage.records().len(), 2);
        journal.append(batch(3..5)).await.unwrap();
        assert_eq!(storage.records().len(), 4);
    }

    #[tokio::test]
    async fn nothing_is_visible_of_an_append_that_is_held() {
        let storage = MemoryStorage::new(Retention::Everything);
        let mut journal = storage.open();
        storage.hold();
        let append = tokio::spawn(async move { journal.append(batch(1..2)).await });
        storage.append_waits().await;
        assert!(storage.records().is_empty());
        storage.release();
        append.await.unwrap().unwrap();
        assert_eq!(storage.records().len(), 1);
    }
}
