//! The bottom layer: identifiers, time, limits and the typed data that every other layer speaks in.
//!
//! Invariant: nothing here decides, reads a clock or knows the wire. Everything is plain data that can be compared,
//! hashed and cloned cheaply.

#![deny(clippy::float_arithmetic, clippy::disallowed_methods, clippy::disallowed_types)]

pub mod agent;
pub mod care;
pub mod contact;
pub mod document;
pub mod ids;
pub mod limits;
pub mod requirement;
pub mod signal;
pub mod similar;
pub mod supervision;
pub mod time;
pub mod trace;
