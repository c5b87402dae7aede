//! attune: real-time contact routing and queueing.

pub mod engine;
pub mod model;
