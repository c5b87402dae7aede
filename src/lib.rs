//! attune: real-time contact routing and queueing.

pub mod admin;
pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod engine;
pub mod journal;
pub mod model;
pub mod shard;
pub mod sim;
pub mod telemetry;
