//! When snapshots are made, and what of the journal then goes to the archive.
//!
//! Invariant: one thread does this, and the daemon goes on whatever becomes of it: a failure is logged and counted, and
//! tried again. The last snapshot of a daemon that stops is made under the journal's lock, so that no other process writes
//! there meanwhile. Not here: how one is made (`make`).

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
        LostKeys,
        archive::{self, Archive},
        disk::{self, KeyStore},
        log::OpenError,
        snapshot,
        volume::{Folder, Volume},
    },
    shard::clock,
    telemetry::metrics::{SNAPSHOT_BYTES, SNAPSHOT_TIME, SNAPSHOTS},
};

pub mod make;

use make::{Of, SnapshotFailure};

/// How often it is looked whether there is enough for a snapshot.
const LOOK_EVERY: Duration = Duration::from_secs(5);
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
        while !self.is_stopping() {
            if self.is_due() {
                self.make(Of::WhatIsSealed, &self.keys);
            }
            let until = Instant::now() + LOOK_EVERY;
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

    fn is_due(&self) -> bool {
        match make::waiting(&self.folder) {
            Ok(bytes) => bytes >= self.every,
            Err(problem) => {
                self.failed(&problem.into());
                false
            }
        }
    }

    fn make_last(&self) {
        match disk::lock(&self.path) {
            Ok(_lock) => match disk::open_keys(&self.path, self.lost_keys) {
                Ok(keys) => self.make(Of::Everything, &keys),
                Err(problem) => self.failed(&problem.into()),
            },
            Err(OpenError::InUse(_)) => info!("the journal is in use: whoever has it makes the next snapshot"),
            Err(problem) => self.failed(&problem.into()),
        }
    }

    fn make(&self, of: Of, keys: &KeyStore) {
        let started = Instant::now();
        let is_wanted = || of == Of::Everything || !self.is_stopping();
        let made = make::make(&self.folder, keys, of, is_wanted);
        match &made {
            Ok(None) => {}
            Ok(Some(made)) => {
                info!(next = %made.next, bytes = made.bytes, took = ?started.elapsed(), "snapshot made");
                SNAPSHOTS.counter(&["made"]).increment(1);
                tell(made.bytes, Duration::from_micros(clock::now().0.unsigned_abs()));
            }
            Err(problem) => self.failed(problem),
        }
        let made = made.ok().flatten();
        if let Err(problem) = make::put_away(&self.folder, &self.archive, made, clock::now(), &self.limits) {
            self.failed(&problem.into());
        }
    }

    fn failed(&self, problem: &SnapshotFailure) {
        error!(folder = %self.folder.path("").display(), %problem, "no snapshot was made: a start has more to read");
        SNAPSHOTS.counter(&["failed"]).increment(1);
    }
}

/// Shows the newest snapshot: its size, and when it was made, since 1970.
fn tell(bytes: u64, made_at: Duration) {
    SNAPSHOT_BYTES.gauge(&[]).set(bytes as f64);
    SNAPSHOT_TIME.gauge(&[]).set(made_at.as_secs_f64());
}
