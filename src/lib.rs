//! attune: real-time contact routing and queueing.

pub mod model;
