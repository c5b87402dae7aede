//! Virtual time over the unchanged engine and shard, and seeded workloads: what tests, the demo, the benches, simulation
//! and replay stand on.
//!
//! Invariant: nothing here is a second implementation of routing; [`driver`] steps the very
//! [`Core`](crate::shard::core::Core) that the daemon runs. What is random comes from a seed, so that every day can be
//! played again.

pub mod advice;
pub mod bank;
pub mod compress;
pub mod day;
pub mod decision;
pub mod driver;
pub mod history;
pub mod player;
pub mod scenario;
pub mod study;
pub mod tally;
pub mod workload;
