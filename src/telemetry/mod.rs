//! What operators see from outside: metrics, logs and spans.
//!
//! Invariant: every metric is in one table. Not here: what is measured; that is counted where it happens.

pub mod exposition;
pub mod logs;
pub mod metrics;
pub mod spans;
pub mod tenants;
