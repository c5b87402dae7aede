//! The clock of the shards: the wall clock as read at the start, carried on by the monotonic clock.
//!
//! Invariant: the only caller of the wall clock, and it never runs backwards. When the machine's time is set back, ours
//! goes on unmoved; when it is ahead by more than [`HEEDED`], the machine stood still (suspended, or its time was wrong)
//! and ours catches up. Whoever drives worlds asks a [`Wall`] of its own and lets them know. A shard holds its clock, so
//! that a runtime whose time stands still and jumps plays hours in no time.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

use crate::model::time::{Span, Timestamp};

/// A difference from the wall clock that is worth a word; less is an ordinary adjustment.
pub const HEEDED: Span = Span::from_secs(1);

static MACHINE: LazyLock<Clock> = LazyLock::new(|| Clock::of(machine_time(), WallClock::Machine));

/// Now, by the machine's clock.
pub fn now() -> Timestamp {
    MACHINE.now()
}

/// What the machine's clock says now, wherever ours stands: what is compared with it has its times from the machine, as files
/// have.
pub fn machine() -> Timestamp {
    machine_time()
}

/// Time as one process knows it, carried on by the runtime's. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Time>);

#[derive(Debug)]
struct Time {
    start: Timestamp,
    since: Instant,
    /// Microseconds that were gained on the monotonic clock, all in all.
    gained: AtomicI64,
    wall: WallClock,
}

/// What a clock is compared with.
#[derive(Debug)]
enum WallClock {
    /// The machine's.
    Machine,
    /// One that is so many microseconds ahead of the runtime's time.
    Simulated(AtomicI64),
}

impl Clock {
    /// The machine's, of which there is one.
    pub fn machine() -> Self {
        MACHINE.clone()
    }

    /// A simulated one, by which it is this time now.
    pub fn starting_at(start: Timestamp) -> Self {
        Self::of(start, WallClock::Simulated(AtomicI64::new(0)))
    }

    fn of(start: Timestamp, wall: WallClock) -> Self {
        Self(Arc::new(Time { start, since: Instant::now(), gained: AtomicI64::new(0), wall }))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.after(self.gained())
    }

    /// Goes on no earlier than there: what was recorded has happened, whatever the wall clock says.
    pub fn rise_to(&self, floor: Timestamp) {
        let risen = |gained: i64| {
            let lacking = (floor - self.after(gained)).0;
            (lacking > 0).then(|| gained.saturating_add(lacking))
        };
        // None if it is later already.
        _ = self.0.gained.fetch_update(Ordering::AcqRel, Ordering::Acquire, risen);
    }

    /// Sets a simulated wall clock ahead of the runtime's time, or behind it; the machine's is not ours to set.
    pub fn set_wall(&self, ahead: Span) {
        if let WallClock::Simulated(by) = &self.0.wall {
            by.store(ahead.0, Ordering::Release);
        }
    }

    fn gained(&self) -> i64 {
        self.0.gained.load(Ordering::Acquire)
    }

    fn after(&self, gained: i64) -> Timestamp {
        let elapsed = i64::try_from(self.0.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.0.start.0.saturating_add(elapsed).saturating_add(gained))
    }

    fn wall(&self) -> Timestamp {
        match &self.0.wall {
            WallClock::Machine => machine_time(),
            WallClock::Simulated(ahead) => self.after(ahead.load(Ordering::Acquire)),
        }
    }
}

fn machine_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
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

/// A clock's wall clock, for somebody who has to know when it jumps.
#[derive(Debug)]
pub struct Wall {
    clock: Clock,
    /// What this one knows of all that was gained.
    known: i64,
    is_behind: bool,
}

impl Wall {
    /// From here on.
    pub fn of(clock: &Clock) -> Self {
        Self { clock: clock.clone(), known: clock.gained(), is_behind: false }
    }

    /// Catches up with the wall clock if that is ahead; says what is new since the last look: by how much our time jumped
    /// ahead, whoever caught up, or that the wall clock has come to be behind.
    pub fn look(&mut self) -> Drift {
        let wall = self.clock.wall();
        let drift = drift(self.clock.now(), wall);
        if let Drift::Ahead(_) = drift {
            self.clock.rise_to(wall);
        }
        let known = std::mem::replace(&mut self.known, self.clock.gained());
        let was_behind = std::mem::replace(&mut self.is_behind, matches!(drift, Drift::Behind(_)));
        match drift {
            _ if self.known > known => Drift::Ahead(Span(self.known - known)),
            Drift::Behind(by) if !was_behind => Drift::Behind(by),
            _ => Drift::InStep,
        }
    }
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
        let clock = Clock::starting_at(START);
        let (mut one, mut other) = (Wall::of(&clock), Wall::of(&clock));
        clock.set_wall(HOUR);
        let Drift::Ahead(by) = one.look() else { panic!("an hour is a jump") };
        assert!(clock.now() >= START + HOUR && by <= HOUR, "{by} to {:?}", clock.now());
        assert_eq!(one.look(), Drift::InStep);
        assert_eq!(other.look(), Drift::Ahead(by), "its worlds jumped as well");
    }

    #[test]
    fn a_clock_set_back_is_told_once_and_time_goes_on() {
        let clock = Clock::starting_at(START);
        let (mut wall, before) = (Wall::of(&clock), clock.now());
        clock.set_wall(Span(-HOUR.0));
        assert!(matches!(wall.look(), Drift::Behind(_)));
        assert_eq!(wall.look(), Drift::InStep);
        clock.set_wall(Span::ZERO);
        assert_eq!(wall.look(), Drift::InStep);
        clock.set_wall(Span(-HOUR.0));
        assert!(matches!(wall.look(), Drift::Behind(_)), "set back again");
        assert!(clock.now() >= before);
    }

    #[test]
    fn time_goes_on_no_earlier_than_its_floor() {
        let clock = Clock::starting_at(START);
        clock.rise_to(START + HOUR);
        let risen = clock.now();
        assert!(risen >= START + HOUR);
        clock.rise_to(START);
        assert!(clock.now() >= risen && clock.now() < START + HOUR + HOUR);
    }
}
