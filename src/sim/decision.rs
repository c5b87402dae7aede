//! The decision alone: who takes an arriving contact, and which contact a freed agent takes.
//!
//! No network, no journal, no shard: commands go straight into the engine's state, and only the search or the command
//! itself is inside the measured time. Shared by `cargo bench --bench decision`, which also counts allocations, and
//! `attune bench`. Not here: which worlds are measured, and what is said about them.

use std::{hint::black_box, time::Instant};

use hdrhistogram::Histogram;

mod cast;
mod shape;
mod world;

pub use shape::{MIDDLE, SKILLS, Shape, Twist};
pub use world::{Decided, World};

/// Where allocations are counted, by an allocator that only a bench has; without one, everything is zero.
#[derive(Debug, Clone, Copy)]
pub struct Meter {
    /// How often memory has been asked for.
    pub asked: fn() -> usize,
    /// Bytes in use.
    pub in_use: fn() -> usize,
}

impl Meter {
    /// Nobody counts.
    pub const NONE: Self = Self { asked: || 0, in_use: || 0 };

    /// Nanoseconds and allocations of one call, and its result.
    pub fn measured<T>(&self, call: impl FnOnce() -> T) -> (u64, usize, T) {
        let (asked, began) = ((self.asked)(), Instant::now());
        let result = black_box(call());
        let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        (nanos, (self.asked)() - asked, result)
    }
}

/// Times in nanoseconds, up to a second, or counts.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1_000_000_000, 3).expect("the bounds are valid")
}

/// Times and counts of one kind of decision in one world.
#[derive(Debug)]
pub struct Measured {
    /// The search alone.
    pub search: Histogram<u64>,
    /// The whole command: the search and everything that follows from it.
    pub command: Histogram<u64>,
    /// Nodes and candidates that were looked at for one decision.
    pub examined: Histogram<u64>,
    /// How often searches asked for memory.
    pub search_allocations: usize,
    /// How often commands did.
    pub command_allocations: usize,
    /// Commands that led to an offer.
    pub found: u64,
}

/// A world and what was measured in it.
pub struct Site {
    /// The world.
    pub world: World,
    /// A contact arrives: who takes it.
    pub arrives: Measured,
    /// An agent is free: what that agent takes.
    pub frees: Measured,
    meter: Meter,
}

impl Site {
    /// Builds a world of this shape; seconds, for the largest.
    pub fn new(shape: Shape, meter: Meter) -> Self {
        Self { world: World::new(shape, meter), arrives: Measured::new(), frees: Measured::new(), meter }
    }

    /// Nanoseconds and events of a minute without commands; the one before lets what has just begun come due once.
    pub fn idle_minute(&mut self) -> (u64, usize) {
        self.world.minute();
        let (nanos, _, events) = self.meter.measured(|| self.world.minute());
        (nanos, events)
    }

    /// Forgets what was measured, as after a first turn that only warms up.
    pub fn forget(&mut self) {
        (self.arrives, self.frees) = (Measured::new(), Measured::new());
    }

    /// So many decisions of every kind.
    pub fn turn(&mut self, decisions: usize) {
        let Self { world, arrives, frees, meter } = self;
        for _ in 0..decisions {
            let Some(probe) = world.any_probe() else { break };
            let (nanos, allocations, (found, examined)) = meter.measured(|| world.search_agent(probe));
            arrives.search.saturating_record(nanos);
            arrives.search_allocations += allocations;
            if found.is_none() {
                arrives.examined.saturating_record(u64::from(examined));
            }
        }
        for _ in 0..decisions {
            let arrival = world.arrival();
            let (nanos, allocations, outcome) = meter.measured(|| world.decide(&arrival));
            let decided = Decided::of(outcome);
            arrives.command_done(nanos, allocations, &decided);
            world.undo_arrival(&decided, &arrival);
        }
        for _ in 0..decisions {
            let Some(agent) = world.any_busy_agent() else { break };
            let (nanos, allocations, _) = meter.measured(|| world.search_contact(agent));
            frees.search.saturating_record(nanos);
            frees.search_allocations += allocations;
        }
        for _ in 0..decisions {
            let Some(completion) = world.completion() else { break };
            let (nanos, allocations, outcome) = meter.measured(|| world.decide(&completion));
            let decided = Decided::of(outcome);
            frees.command_done(nanos, allocations, &decided);
            world.undo_completion(&decided);
        }
    }
}

impl Measured {
    fn new() -> Self {
        Self {
            search: histogram(),
            command: histogram(),
            examined: histogram(),
            search_allocations: 0,
            command_allocations: 0,
            found: 0,
        }
    }

    fn command_done(&mut self, nanos: u64, allocations: usize, decided: &Decided) {
        assert!(decided.outcome.reply.is_ok(), "the bench's own commands are valid");
        self.command.saturating_record(nanos);
        self.command_allocations += allocations;
        if let Some((.., examined)) = decided.offer {
            self.examined.saturating_record(u64::from(examined));
            self.found += 1;
        }
    }
}
