//! From signals to seconds: how a customer feels, which moments there are, and what both are worth in the line.
//!
//! Reading order: [`text`] (reads messages, at the edge, the only part with floats), [`evidence`] (what a contact
//! remembers of its signals), [`mood`] (peak and end of the feelings), [`decay`] (what is left with time), [`moment`]
//! (the catalogue), [`score`] (all of it together).
//!
//! Invariant: pure; no clock, no I/O, and what leaves for a decision is a whole number. The score follows from the
//! evidence, the document and the time alone: the order in which signals come in does not matter beyond their times, and
//! a revised signal leaves no trace, as long as it is remembered by itself. Not here: what the score does to a contact
//! (`engine`).

pub mod decay;
pub mod evidence;
pub mod halving;
pub mod moment;
pub mod mood;
pub mod score;
pub mod text;

pub use evidence::{Evidence, Taken};
pub use score::{Cause, Contribution, Known, Met, Scored, assess};

#[cfg(test)]
mod tests;
