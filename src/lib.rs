//! attune: real-time contact routing and queueing.

pub mod config;
pub mod engine;
pub mod journal;
pub mod model;
pub mod shard;
pub mod telemetry;
