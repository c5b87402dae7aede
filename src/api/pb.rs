//! The one door to the generated types of `attune.v1`.
//!
//! Invariant: nothing but `api`, `cli` and tests goes through it. Not here: any meaning (`decode`, `encode`).

#![allow(missing_docs, reason = "the protos carry the docs; what the generator adds has none")]
#![allow(clippy::all, clippy::pedantic, reason = "generated")]

tonic::include_proto!("attune.v1");

/// The API's descriptors, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/attune.v1.descriptors.bin"));
