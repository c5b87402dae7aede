//! The journal of a simulated machine: the real log on a disk that forgets, as slow as the plan says.
//!
//! Invariant: an append whose machine goes is never over. What was appended is known to the judge exactly when the shard
//! may act on it.

use std::{future::pending, sync::Arc, time::Duration};

use attune::journal::{AppendError, Batch, Journal, Reader, Room, log::Log, reading::Whole, vault::Vault};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::time::sleep;

use crate::{checker::Judge, disk::Disk, plan::Plant};

/// Bytes of a segment: so few that many are begun.
pub const SEGMENT_BYTES: u64 = 16 << 10;

/// One in so many appends looks for room on a full disk first.
const TEND_ONE_IN: u32 = 16;

/// A journal over the real log.
pub struct SimJournal {
    /// Absent once it is closed.
    log: Option<Log<Disk>>,
    vault: Arc<Vault<Disk>>,
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
        (log, vault): (Log<Disk>, Arc<Vault<Disk>>),
        disk: Disk,
        judge: Arc<Mutex<Judge>>,
        seed: u64,
        slow: u32,
        plant: Option<Plant>,
    ) -> Self {
        let (log, random) = (Some(log), StdRng::seed_from_u64(seed));
        Self { log, vault, disk, judge, random, slow, plant, behind: None }
    }

    fn log(&mut self) -> &mut Log<Disk> {
        self.log.as_mut().expect("it is open as long as it is there")
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
        if self.random.random_range(0..TEND_ONE_IN) == 0 {
            self.log().tend();
        }
        if self.plant != Some(Plant::ReleaseFirst) {
            return self.log().append(batch);
        }
        match self.behind.replace(batch.clone()) {
            Some(before) => self.log().append(&before),
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
        let next = self.log.as_ref().expect("it is open as long as it is there").next_seq();
        let (volume, folder) = (self.disk.clone(), self.disk.clone());
        Box::new(Whole { volume, folder, vault: Arc::clone(&self.vault), next })
    }

    fn room(&self) -> Room {
        let room = self.log.as_ref().map_or(Room::Ample, Log::room);
        if room == Room::Reserve {
            self.judge.lock().faults.count("the journal is in its reserve");
        }
        room
    }
}

/// A journal that is asked to stop is closed; one whose machine goes is not.
impl Drop for SimJournal {
    fn drop(&mut self) {
        if !self.disk.is_gone()
            && let Some(log) = self.log.take()
        {
            // What it has not noted of keys the next start finds out again.
            let _ = log.close();
        }
    }
}
