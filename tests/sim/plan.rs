//! What a seed stands for: how long machines live, how they end, and what goes wrong meanwhile.
//!
//! Invariant: the same seed is the same plan. Not here: what clients do (`clients`).

use std::time::Duration;

use attune::model::time::{Span, Timestamp};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::disk::{ARCHIVING, At, Crash, End, MAKING, Mood, Of, REMOVING, RENAMING, SYNCING_NAMES, Work};

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
    /// A snapshot has its name before it is on the disk.
    SkipSyncOfSnapshots,
    /// Segments are archived before the snapshot that has what is in them is sure to survive.
    ArchiveFirst,
    /// Keys are used before they are on the disk.
    SkipSyncOfKeys,
    /// What stood for the keys before an erasure stays on the disk.
    KeepOldKeys,
}

impl Plant {
    /// Whether it alters the records that a recovery reads, which then has to read them all.
    pub fn alters_records(self) -> bool {
        matches!(self, Self::ForgetARequest | Self::ReuseAnOffer | Self::ForgetATimer)
    }
}

/// A machine's time.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub mood: Mood,
    pub crash: Option<Crash>,
    /// One append in so many takes seconds; 0 = none.
    pub slow: u32,
    /// One in so many times that clients act a snapshot is begun; 0 = none.
    pub snapshots: u32,
    /// The same of jumps of its clock.
    pub jumps: u32,
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
            2 => mood.room = Some(self.random.random_range(0..60_000) << [0, 6][self.random.random_range(0..2)]),
            3 => slow = self.random.random_range(10..40),
            4 => (mood.sync_fails, mood.write_fails, slow) = (40, 40, 40),
            _ => {}
        }
        let crash = (self.random.random_range(0..5) > 0).then(|| {
            // Often while it starts, or while it begins another file, which it seldom does.
            let (of, after) = match self.random.random_range(0..14) {
                0 => (Of::All, self.random.random_range(0..5)),
                1 => (Of::All, self.random.random_range(5..60)),
                2 => (Of::Operation(MAKING), self.random.random_range(0..6)),
                3 => (Of::Operation(RENAMING), self.random.random_range(0..6)),
                4 => (Of::Operation(SYNCING_NAMES), self.random.random_range(0..8)),
                5 => (Of::Operation(REMOVING), self.random.random_range(0..4)),
                6 => (Of::Operation(ARCHIVING), self.random.random_range(0..4)),
                7 => (Of::Work(Work::Snapshots), self.random.random_range(0..40)),
                8 => (Of::Work(Work::Keys), self.random.random_range(0..40)),
                _ => (Of::All, self.random.random_range(60..400)),
            };
            Crash { of, after, at: [At::Before, At::Within, At::After][self.random.random_range(0..3)] }
        });
        let end = match self.random.random_range(0..8) {
            0 => Ending::Orderly,
            1..3 => Ending::Sudden(End::Process),
            _ => Ending::Sudden(End::Power),
        };
        let snapshots = if self.random.random_range(0..4) > 0 { self.random.random_range(3..40) } else { 0 };
        let jumps = if self.random.random_range(0..3) == 0 { self.random.random_range(5..40) } else { 0 };
        Life { mood, crash, slow, snapshots, jumps, steps: self.random.random_range(20..160), end }
    }

    /// A machine that does what it should.
    pub fn last(&mut self) -> Life {
        let mood = Mood::default();
        Life { mood, crash: None, slow: 0, snapshots: 10, jumps: 0, steps: 1_000, end: Ending::Last }
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

    /// Whether one in so many happens; 0 = none.
    pub fn chance(&mut self, one_in: u32) -> bool {
        one_in > 0 && self.random.random_range(0..one_in) == 0
    }

    /// By how much a machine's clock is set ahead, or back, while it runs.
    pub fn jump(&mut self) -> Span {
        let millis = match self.random.random_range(0..12) {
            0..4 => self.random.random_range(1_100..20_000),
            4..7 => self.random.random_range(20_000..900_000),
            7 => self.random.random_range(900_000..3 * 86_400_000),
            8..11 => -self.random.random_range(1_100..60_000),
            _ => -self.random.random_range(60_000..86_400_000),
        };
        Span::from_millis(millis)
    }

    /// Bytes that the archive keeps, if it has a limit.
    pub fn archive_bytes(&mut self) -> Option<u64> {
        (self.random.random_range(0..5) == 0).then(|| self.random.random_range(0..200_000))
    }

    /// How many changes of the disk whoever makes snapshots has meanwhile.
    pub fn changes(&mut self) -> u32 {
        self.random.random_range(0..6)
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
        self.random.random_range(0..3) == 0
    }
}
