//! The clock of the shards: the wall clock as read at the start, carried on by the monotonic clock.
//!
//! Invariant: the only caller of the wall clock, and it never runs backwards. When the machine's time is set back, ours
//! goes on unmoved; when it is ahead by more than [`HEEDED`], the machine stood still (suspended, or its time was wrong)
//! and ours catches up. Whoever drives worlds asks a [`Wall`] of its own and lets them know.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use crate::model::time::{Span, Timestamp};

/// A difference from the wall clock that is worth a word; less is an ordinary adjustment.
pub const HEEDED: Span = Span::from_secs(1);

static CLOCK: LazyLock<Clock> = LazyLock::new(|| Clock::new(wall()));

/// Now.
pub fn now() -> Timestamp {
    CLOCK.now()
}

/// Goes on no earlier than there: what was recorded has happened, whatever the wall clock says.
pub fn rise_to(floor: Timestamp) {
    CLOCK.rise_to(floor);
}

/// How our clock and the wall clock stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// As one.
    InStep,
    /// The wall clock is ahead by so much.
    Ahead(Span),
    /// It is behind by so much.
    Behind(Span),
}

/// Compares our time with the wall clock's.
pub fn drift(ours: Timestamp, wall: Timestamp) -> Drift {
    let (ahead, behind) = (wall - ours, ours - wall);
    match ahead.max(behind) {
        by if by <= HEEDED => Drift::InStep,
        _ if ahead > behind => Drift::Ahead(ahead),
        _ => Drift::Behind(behind),
    }
}

/// The wall clock, for somebody who has to know when it jumps.
#[derive(Debug)]
pub struct Wall {
    /// What this one knows of all that was gained.
    known: i64,
    is_behind: bool,
}

impl Wall {
    /// From here on.
    pub fn new() -> Self {
        Self::of(&CLOCK)
    }

    /// Catches up with the wall clock if that is ahead; says what is new since the last look: by how much our time jumped
    /// ahead, whoever caught up, or that the wall clock has come to be behind.
    pub fn look(&mut self) -> Drift {
        self.look_at(&CLOCK, wall())
    }

    fn of(clock: &Clock) -> Self {
        Self { known: clock.gained(), is_behind: false }
    }

    fn look_at(&mut self, clock: &Clock, wall: Timestamp) -> Drift {
        let drift = drift(clock.now(), wall);
        if let Drift::Ahead(_) = drift {
            clock.rise_to(wall);
        }
        let known = std::mem::replace(&mut self.known, clock.gained());
        let was_behind = std::mem::replace(&mut self.is_behind, matches!(drift, Drift::Behind(_)));
        match drift {
            _ if self.known > known => Drift::Ahead(Span(self.known - known)),
            Drift::Behind(by) if !was_behind => Drift::Behind(by),
            _ => Drift::InStep,
        }
    }
}

impl Default for Wall {
    fn default() -> Self {
        Self::new()
    }
}

/// Time as one process knows it.
#[derive(Debug)]
struct Clock {
    start: Timestamp,
    since: Instant,
    /// Microseconds that were gained on the monotonic clock, all in all.
    gained: AtomicI64,
}

impl Clock {
    fn new(start: Timestamp) -> Self {
        Self { start, since: Instant::now(), gained: AtomicI64::new(0) }
    }

    fn now(&self) -> Timestamp {
        self.after(self.gained())
    }

    fn gained(&self) -> i64 {
        self.gained.load(Ordering::Acquire)
    }

    fn after(&self, gained: i64) -> Timestamp {
        let elapsed = i64::try_from(self.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.start.0.saturating_add(elapsed).saturating_add(gained))
    }

    fn rise_to(&self, floor: Timestamp) {
        let risen = |gained: i64| {
            let lacking = (floor - self.after(gained)).0;
            (lacking > 0).then(|| gained.saturating_add(lacking))
        };
        // None if it is later already.
        _ = self.gained.fetch_update(Ordering::AcqRel, Ordering::Acquire, risen);
    }
}

fn wall() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_700_000_000_000_000);
    const HOUR: Span = Span::from_secs(3_600);

    #[test]
    fn up_to_a_second_either_way_is_an_ordinary_adjustment() {
        let after = |millis| drift(START, START + Span::from_millis(millis));
        assert_eq!([-1_000, -1, 0, 1, 1_000].map(after), [Drift::InStep; 5]);
        assert_eq!(after(1_001), Drift::Ahead(Span::from_millis(1_001)));
        assert_eq!(after(-3_600_000), Drift::Behind(HOUR));
    }

    #[test]
    fn a_jump_ahead_is_caught_up_with_once_and_told_to_everybody_who_looks() {
        let clock = Clock::new(START);
        let (mut one, mut other) = (Wall::of(&clock), Wall::of(&clock));
        let wall = clock.now() + HOUR;
        let Drift::Ahead(by) = one.look_at(&clock, wall) else { panic!("an hour is a jump") };
        assert!(clock.now() >= wall && by <= HOUR, "{by} to {:?}", clock.now());
        assert_eq!(one.look_at(&clock, clock.now()), Drift::InStep);
        assert_eq!(other.look_at(&clock, clock.now()), Drift::Ahead(by), "its worlds jumped as well");
    }

    #[test]
    fn a_clock_set_back_is_told_once_and_time_goes_on() {
        let clock = Clock::new(START);
        let (mut wall, before) = (Wall::of(&clock), clock.now());
        assert!(matches!(wall.look_at(&clock, START - HOUR), Drift::Behind(_)));
        assert_eq!(wall.look_at(&clock, START - HOUR), Drift::InStep);
        assert_eq!(wall.look_at(&clock, clock.now()), Drift::InStep);
        assert!(matches!(wall.look_at(&clock, START - HOUR), Drift::Behind(_)), "set back again");
        assert!(clock.now() >= before);
    }

    #[test]
    fn time_goes_on_no_earlier_than_its_floor() {
        let clock = Clock::new(START);
        clock.rise_to(START + HOUR);
        let risen = clock.now();
        assert!(risen >= START + HOUR);
        clock.rise_to(START);
        assert!(clock.now() >= risen && clock.now() < START + HOUR + HOUR);
    }
}
