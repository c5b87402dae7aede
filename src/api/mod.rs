//! The wire.

pub mod pb;
