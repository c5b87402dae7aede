//! What is known of a contact, and what it is worth: from messages and facts to urgency, emotion and seconds.
//!
//! Invariant: pure; no clock, no I/O, and what leaves for a decision is an integer. [`text`] reads messages, at the edge.
//! Not here: who takes a contact (`engine`).

pub mod text;
