//! What a seed stands for: how long machines live, how they end, and what goes wrong meanwhile.
//!
//! Invariant: the same seed is the same plan. Not here: what clients do (`clients`).

use std::time::Duration;

use attune::model::time::{Span, Timestamp};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::disk::{At, Crash, End, MAKING, Mood, RENAMING, SYNCING_NAMES};

/// A fault that is planted, so that a test can show that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// A sync does nothing.
    SkipTheSync,
    /// A sync that failed is tried again.
    SyncAgain,
    /// An append is over before anything is written.
    ReleaseFirst,
    /// Recovery forgets an accepted request.
    ForgetARequest,
    /// Recovery takes the last offer for another, and gives its number again.
    ReuseAnOffer,
    /// Recovery forgets when a parked contact is to be released.
    ForgetATimer,
}

/// A machine's time.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub mood: Mood,
    pub crash: Option<Crash>,
    /// One append in so many takes seconds; 0 = none.
    pub slow: u32,
    /// So many times clients act before it ends by itself.
    pub steps: u32,
    pub end: Ending,
}

/// How a machine's time ends, unless an operation of its disk ends it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// In the middle of whatever it does.
    Sudden(End),
    /// It is asked to stop.
    Orderly,
    /// Everybody gets an answer, and everything is looked at.
    Last,
}

pub struct Plan {
    random: StdRng,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed) }
    }

    pub fn start(&mut self) -> Timestamp {
        Timestamp(1_767_225_600_000_000 + self.random.random_range(0..86_400_000_000))
    }

    pub fn tenants(&mut self) -> usize {
        self.random.random_range(1..3)
    }

    /// The next machine.
    pub fn life(&mut self) -> Life {
        let mut mood = Mood::default();
        let mut slow = 0;
        match self.random.random_range(0..8) {
            0 => mood.sync_fails = self.random.random_range(6..60),
            1 => mood.write_fails = self.random.random_range(6..60),
            2 => mood.room = Some(self.random.random_range(0..60_000)),
            3 => slow = self.random.random_range(10..40),
            4 => (mood.sync_fails, mood.write_fails, slow) = (40, 40, 40),
            _ => {}
        }
        let crash = (self.random.random_range(0..5) > 0).then(|| {
            // Often while it starts, or while it begins another file, which it seldom does.
            let (of, after) = match self.random.random_range(0..9) {
                0 => (None, self.random.random_range(0..5)),
                1 => (None, self.random.random_range(5..60)),
                2 => (Some(MAKING), self.random.random_range(0..4)),
                3 => (Some(RENAMING), self.random.random_range(0..4)),
                4 => (Some(SYNCING_NAMES), self.random.random_range(0..5)),
                _ => (None, self.random.random_range(60..400)),
            };
            Crash { of, after, at: [At::Before, At::Within, At::After][self.random.random_range(0..3)] }
        });
        let end = match self.random.random_range(0..8) {
            0 => Ending::Orderly,
            1..3 => Ending::Sudden(End::Process),
            _ => Ending::Sudden(End::Power),
        };
        Life { mood, crash, slow, steps: self.random.random_range(20..160), end }
    }

    /// A machine that does what it should.
    pub fn last(&mut self) -> Life {
        Life { mood: Mood::default(), crash: None, slow: 0, steps: 1_000, end: Ending::Last }
    }

    /// How long nobody is there, and by how much the machine's clock is wrong afterwards.
    pub fn absence(&mut self) -> (Span, Span) {
        let absent = match self.random.random_range(0..10) {
            0..5 => self.random.random_range(1..5_000),
            5..9 => self.random.random_range(5_000..60_000),
            _ => self.random.random_range(60_000..1_800_000),
        };
        let jump = match self.random.random_range(0..10) {
            0 => -self.random.random_range(1..3_000),
            1 => self.random.random_range(1_000..600_000),
            _ => 0,
        };
        (Span::from_millis(absent), Span::from_millis(jump))
    }

    /// How long clients wait before they act again.
    pub fn pause(&mut self) -> Duration {
        let millis = match self.random.random_range(0..40) {
            0..24 => self.random.random_range(0..20),
            24..36 => self.random.random_range(20..600),
            36..39 => self.random.random_range(600..8_000),
            _ => self.random.random_range(8_000..90_000),
        };
        Duration::from_millis(millis)
    }

    /// How long before a machine went it last said that it is there.
    pub fn silence(&mut self) -> Span {
        Span::from_millis(self.random.random_range(0..1_000))
    }

    /// Whether a bit of what is on the disk is turned over, to see what recovery makes of it.
    pub fn flips(&mut self) -> bool {
        self.random.random_range(0..2) == 0
    }
}
