//! What operators see from outside: metrics and logs.
//!
//! Invariant: every metric is in one table. Not here: what is measured; that is counted where it happens.

pub mod exposition;
pub mod logs;
pub mod metrics;
pub mod tenants;
