//! The wall clock, for those who must know what time it is.
//!
//! Invariant: the only caller of the wall clock; read once at the start and carried on by the monotonic clock, so that
//! an adjustment of the machine's time is never seen as time that runs backwards or jumps.

use std::{
    sync::OnceLock,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use crate::model::time::Timestamp;

static START: OnceLock<(i64, Instant)> = OnceLock::new();

/// Now.
pub fn now() -> Timestamp {
    let (start, since) = START.get_or_init(|| (wall_micros(), Instant::now()));
    let elapsed = i64::try_from(since.elapsed().as_micros()).unwrap_or(i64::MAX);
    Timestamp(start.saturating_add(elapsed))
}

fn wall_micros() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}
