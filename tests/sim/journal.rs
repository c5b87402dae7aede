//! The journal of a simulated machine: the real log on a disk that forgets, as slow as the plan says.
//!
//! Invariant: an append whose machine goes is never over. What was appended is known to the judge exactly when the shard
//! may act on it.

use std::{future::pending, sync::Arc, time::Duration};

use attune::journal::{
    AppendError, Batch, Journal, ReadError, Reader, Seq,
    log::{self, Log},
    seal::Plain,
};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::time::sleep;

use crate::{checker::Judge, disk::Disk, plan::Plant};

/// Bytes of a segment: so few that many are begun.
pub const SEGMENT_BYTES: u64 = 16 << 10;

/// A journal over the real log.
pub struct SimJournal {
    log: Log<Disk>,
    disk: Disk,
    judge: Arc<Mutex<Judge>>,
    random: StdRng,
    slow: u32,
    plant: Option<Plant>,
    /// Released, and still to be written: only a planted fault has any.
    behind: Option<Batch>,
}

impl SimJournal {
    pub fn new(
        log: Log<Disk>,
        disk: Disk,
        judge: Arc<Mutex<Judge>>,
        seed: u64,
        slow: u32,
        plant: Option<Plant>,
    ) -> Self {
        Self { log, disk, judge, random: StdRng::seed_from_u64(seed), slow, plant, behind: None }
    }

    fn latency(&mut self) -> Duration {
        if self.slow > 0 && self.random.random_range(0..self.slow) == 0 {
            self.judge.lock().faults.count("a slow disk");
            return Duration::from_millis(self.random.random_range(1_000..8_000));
        }
        Duration::from_millis(self.random.random_range(0..3))
    }

    /// Writes it, or what should have been written before.
    fn write(&mut self, batch: &Batch) -> std::io::Result<()> {
        if self.plant != Some(Plant::ReleaseFirst) {
            return self.log.append(batch);
        }
        match self.behind.replace(batch.clone()) {
            Some(before) => self.log.append(&before),
            None => Ok(()),
        }
    }
}

impl Journal for SimJournal {
    async fn append(&mut self, batch: Batch) -> Result<(), AppendError> {
        self.judge.lock().submitted(&batch);
        let (before, after) = (self.latency(), self.latency());
        sleep(before).await;
        let written = self.write(&batch);
        if self.disk.is_gone() {
            pending::<()>().await;
        }
        sleep(after).await;
        match written {
            Ok(()) => {
                self.judge.lock().kept();
                Ok(())
            }
            Err(problem) => {
                self.judge.lock().faults.count("an append fails");
                Err(AppendError::failed(&batch, problem.to_string()))
            }
        }
    }

    fn reader(&self) -> Reader {
        let (disk, next) = (self.disk.clone(), self.log.next_seq());
        Box::new(move |from: Seq, limit: usize| {
            let read = log::read(&disk, &Plain, next, from, limit);
            let read = read.map_err(|problem| ReadError::Unreadable { problem: problem.to_string() })?;
            read.map_err(|oldest| ReadError::Gone { asked: from, oldest })
        })
    }
}
