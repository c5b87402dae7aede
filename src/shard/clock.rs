//! The clock: what time it is, for those who must know.
//!
//! Invariant: the only caller of the wall clock; read once at the start and carried on by the monotonic clock, so that
//! an adjustment of the machine's time is never seen as time that runs backwards or jumps. A shard holds its clock, so
//! that a runtime whose time stands still and jumps plays hours in no time.

use std::{
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

use crate::model::time::Timestamp;

static WALL: OnceLock<Clock> = OnceLock::new();

/// A moment, carried on by the runtime's time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Timestamp,
    since: Instant,
}

impl Clock {
    /// The machine's.
    pub fn wall() -> Self {
        *WALL.get_or_init(|| Self::starting_at(Timestamp(wall_micros())))
    }

    /// One by which it is this time now.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { start, since: Instant::now() }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.start.0.saturating_add(elapsed))
    }
}

/// Now, by the machine's clock.
pub fn now() -> Timestamp {
    Clock::wall().now()
}

fn wall_micros() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}
