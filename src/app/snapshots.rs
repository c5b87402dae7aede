//! When snapshots are made, and what of the journal then goes to the archive.
//!
//! Invariant: one thread does this, and the daemon goes on whatever becomes of it: a failure is logged and counted, and
//! tried again after a while that grows with every failure. The archive is trimmed every hour, whether snapshots are made
//! or not, and whenever something comes to it. The last snapshot of a daemon that stops is made under the journal's lock,
//! so that no other process writes there meanwhile. Not here: how one is made (`make`).

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, UNIX_EPOCH},
};

use tokio::sync::oneshot;
use tracing::{error, info};

use crate::{
    config::Settings,
    journal::{
        LostKeys, Seq,
        archive::{self, Archive},
        disk::{self, KeyStore},
        log::OpenError,
        snapshot,
        volume::{Folder, Volume},
    },
    shard::clock,
    telemetry::metrics::{ARCHIVE_FAILURES, SNAPSHOT_BYTES, SNAPSHOT_TIME, SNAPSHOTS},
};

pub mod make;

use make::{Of, SnapshotFailure};

/// How often it is looked whether there is enough for a snapshot.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The longest that a failure is left alone before it is looked again.
const LOOK_EVERY_MOST: Duration = Duration::from_secs(600);
/// How often the archive is trimmed.
const TRIM_EVERY: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The thread that makes snapshots. Dropped, it ends without a last one.
#[derive(Debug)]
pub(super) struct Snapshots {
    is_stopping: Arc<AtomicBool>,
    with_a_last_one: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    ended: oneshot::Receiver<()>,
}

/// What it goes by.
struct Keeper {
    path: PathBuf,
    folder: Folder,
    archive: Archive,
    /// Those of the journal while it is open.
    keys: Arc<KeyStore>,
    lost_keys: LostKeys,
    limits: archive::Limits,
    /// A snapshot is made when so many bytes are sealed since the last.
    every: u64,
    is_stopping: Arc<AtomicBool>,
}

impl Snapshots {
    /// Begins, for a journal that is open.
    pub fn start(settings: &Settings, keys: Arc<KeyStore>) -> io::Result<Self> {
        // Whoever alerts on a rise must have seen the nought before it.
        ["made", "failed"].iter().for_each(|result| SNAPSHOTS.counter(&[result]).increment(0));
        ARCHIVE_FAILURES.counter(&[]).increment(0);
        let is_stopping = Arc::new(AtomicBool::new(false));
        let folder = Folder::make(&settings.journal_folder)?;
        let keeper = Keeper {
            path: settings.journal_folder.clone(),
            archive: Archive::of(&folder)?,
            folder,
            keys,
            lost_keys: settings.lost_keys,
            limits: archive::Limits {
                age: DAY * settings.archive_days,
                bytes: (settings.archive_mib > 0).then_some(settings.archive_mib << 20),
            },
            every: settings.snapshot_mib << 20,
            is_stopping: Arc::clone(&is_stopping),
        };
        keeper.tell_newest();
        let (to, ended) = oneshot::channel();
        let with_a_last_one = Arc::new(AtomicBool::new(false));
        let wanted = Arc::clone(&with_a_last_one);
        let thread = thread::Builder::new().name("snapshots".to_owned()).spawn(move || {
            keeper.run();
            if wanted.load(Ordering::Acquire) {
                keeper.make_last();
            }
            let _ = to.send(());
        })?;
        Ok(Self { is_stopping, with_a_last_one, thread, ended })
    }

    /// Makes a last one, now that nobody writes the journal any more; ready when it is made.
    pub async fn stop(mut self) {
        self.with_a_last_one.store(true, Ordering::Release);
        self.wake();
        let _ = (&mut self.ended).await;
    }

    fn wake(&self) {
        self.is_stopping.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }
}

impl Drop for Snapshots {
    fn drop(&mut self) {
        self.wake();
    }
}

impl Keeper {
    fn run(&self) {
        let (mut failures, mut trimmed_at) = (0, None);
        while !self.is_stopping() {
            failures = if self.look() { 0 } else { failures + 1 };
            if trimmed_at.is_none_or(|at: Instant| at.elapsed() >= TRIM_EVERY) {
                self.trim();
                trimmed_at = Some(Instant::now());
            }
            let until = Instant::now() + pause_after(failures);
            while !self.is_stopping()
                && let Some(left) = until.checked_duration_since(Instant::now())
            {
                thread::park_timeout(left);
            }
        }
    }

    /// Shows the snapshot that an earlier process left; what cannot be read is told by whoever needs it.
    fn tell_newest(&self) {
        if let Ok(names) = snapshot::names(&self.folder)
            && let Some(newest) = names.last()
            && let Ok(found) = fs::metadata(self.folder.path(newest))
            && let Ok(made_at) = found.modified()
        {
            tell(found.len(), made_at.duration_since(UNIX_EPOCH).unwrap_or_default());
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Makes a snapshot if there is enough for one; false if that failed.
    fn look(&self) -> bool {
        match make::waiting(&self.folder) {
            Ok(bytes) => bytes < self.every || self.make(Of::WhatIsSealed, &self.keys),
            Err(problem) => self.failed(&problem.into()),
        }
    }

    fn make_last(&self) {
        match disk::lock(&self.path) {
            Ok(_lock) => match disk::open_keys(&self.path, self.lost_keys) {
                Ok(keys) => _ = self.make(Of::Everything, &keys),
                Err(problem) => _ = self.failed(&problem.into()),
            },
            Err(OpenError::InUse(_)) => info!("the journal is in use: whoever has it makes the next snapshot"),
            Err(problem) => _ = self.failed(&problem.into()),
        }
    }

    /// Makes a snapshot and archives what is needed no more; false if there is none.
    fn make(&self, of: Of, keys: &KeyStore) -> bool {
        let started = Instant::now();
        if let Err(problem) = self.archive.keep_snapshot(&self.folder) {
            self.archive_failed("a snapshot is not kept for replays", &problem);
        }
        let is_wanted = || of == Of::Everything || !self.is_stopping();
        match make::make(&self.folder, keys, of, is_wanted) {
            Ok(None) => true,
            Ok(Some(made)) => {
                info!(next = %made.next, bytes = made.bytes, took = ?started.elapsed(), "snapshot made");
                SNAPSHOTS.counter(&["made"]).increment(1);
                tell(made.bytes, Duration::from_micros(clock::now().0.unsigned_abs()));
                made.spare_before.into_iter().for_each(|before| self.archive(before));
                true
            }
            Err(problem) => self.failed(&problem),
        }
    }

    /// Archives what a start needs no more; an archive that is full then makes room at once.
    fn archive(&self, before: Seq) {
        match self.archive.take(&self.folder, before) {
            Ok(0) => {}
            Ok(_) => self.trim(),
            Err(problem) => self.archive_failed("segments that a start needs no more stay where they are", &problem),
        }
    }

    fn trim(&self) {
        match self.archive.trim(clock::machine(), &self.limits) {
            Ok(0) => {}
            Ok(files) => info!(files, "the archive was trimmed"),
            Err(problem) => self.archive_failed("the archive keeps more than it should", &problem),
        }
    }

    /// Tells that there is no snapshot; false, since it failed.
    fn failed(&self, problem: &SnapshotFailure) -> bool {
        error!(folder = %self.folder.path("").display(), %problem, "no snapshot was made: a start has more to read");
        SNAPSHOTS.counter(&["failed"]).increment(1);
        false
    }

    fn archive_failed(&self, consequence: &str, problem: &OpenError) {
        error!(folder = %self.archive.folder().path("").display(), %problem, "the archive failed: {consequence}");
        ARCHIVE_FAILURES.counter(&[]).increment(1);
    }
}

/// Shows the newest snapshot: its size, and when it was made, since 1970.
fn tell(bytes: u64, made_at: Duration) {
    SNAPSHOT_BYTES.gauge(&[]).set(bytes as f64);
    SNAPSHOT_TIME.gauge(&[]).set(made_at.as_secs_f64());
}

/// How long it takes until it is looked again after so many failures in a row.
fn pause_after(failures: u32) -> Duration {
    LOOK_EVERY.saturating_mul(1 << failures.min(16)).min(LOOK_EVERY_MOST)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use crate::journal::log::{name_of, segments};

    use super::*;

    #[test]
    fn what_comes_to_a_full_archive_makes_room_at_once() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::make(place.path()).expect("it is there");
        for first in [1, 10, 20, 30].map(Seq) {
            let file = File::create(folder.path(&name_of(first))).expect("made");
            file.set_len(100).expect("room");
        }
        let keeper = Keeper {
            path: place.path().to_owned(),
            archive: Archive::of(&folder).expect("made"),
            keys: Arc::new(disk::open_keys(place.path(), LostKeys::Refuse).expect("there are none yet")),
            lost_keys: LostKeys::Refuse,
            limits: archive::Limits { age: DAY, bytes: Some(150) },
            every: 1,
            is_stopping: Arc::default(),
            folder,
        };
        keeper.archive(Seq(30));
        assert_eq!(segments(keeper.archive.folder()).expect("readable"), [name_of(Seq(20))]);
        assert_eq!(segments(&keeper.folder).expect("readable"), [name_of(Seq(30))]);
    }

    #[test]
    fn what_fails_again_and_again_is_tried_less_and_less_but_every_ten_minutes() {
        let seconds = |failures| pause_after(failures).as_secs();
        assert_eq!([0, 1, 2, 6, 7, 1_000].map(seconds), [5, 10, 20, 320, 600, 600]);
    }
}
