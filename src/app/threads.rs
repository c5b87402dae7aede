//! Which threads do what, by the settings.
//!
//! Invariant: one runtime reads and answers calls; a shard runs on it or on a thread of its own, and nothing of the
//! shard depends on which.

use std::{io, thread};

use tokio::runtime::{Builder, EnterGuard, Runtime};

use crate::config::{Settings, ShardThread};

/// A runtime for the daemon.
pub fn runtime(settings: &Settings) -> io::Result<Runtime> {
    match threads(settings.threads) {
        1 => Builder::new_current_thread().enable_all().build(),
        threads => Builder::new_multi_thread().worker_threads(threads).enable_all().build(),
    }
}

fn threads(wanted: usize) -> usize {
    match (wanted, thread::available_parallelism().map_or(1, usize::from)) {
        // Measured on two cores with the load beside it: a contact by unary calls takes a third less processor time than
        // with two threads or with the shard on its own, since none wakes another.
        (0, 0..=2) => 1,
        (0, cores) => cores - 1,
        (wanted, _) => wanted,
    }
}

/// Where a shard runs; dropped, its thread ends with what runs on it.
#[derive(Debug)]
pub(super) struct ShardRuntime(Option<Runtime>);

impl ShardRuntime {
    pub fn new(place: ShardThread) -> io::Result<Self> {
        match place {
            ShardThread::Shared => Ok(Self(None)),
            ShardThread::Own => {
                let builder =
                    || Builder::new_multi_thread().worker_threads(1).thread_name("shard").enable_time().build();
                builder().map(Some).map(Self)
            }
        }
    }

    /// What is spawned while this lives is spawned there.
    pub fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }
}

impl Drop for ShardRuntime {
    fn drop(&mut self) {
        // Waiting for it would block the thread that lets go.
        self.0.take().into_iter().for_each(Runtime::shutdown_background);
    }
}
