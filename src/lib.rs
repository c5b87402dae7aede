//! attune: real-time contact routing and queueing.

pub mod api;
pub mod engine;
pub mod model;
pub mod shard;
