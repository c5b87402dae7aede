//! Virtual time over the unchanged engine and shard: what tests, the demo's load, simulation and replay stand on.
//!
//! Invariant: nothing here is a second implementation of routing; [`driver`] steps the very [`Core`](crate::shard::Core)
//! that the daemon runs.

pub mod driver;
