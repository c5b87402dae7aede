//! Who takes what: both directions of the match, exact and incremental.
//!
//! A contact waits in the line of its **class** (queue, step, lane, own requirement); an agent stands in one of two
//! **rosters** by idleness; **atoms** are the conditions in use, and an agent's **signature** is the set it satisfies.
//! * agent becomes free: [`heads`] holds the non-empty classes under their rarest atom, by their first contact's place;
//! * contact arrives: [`roster`] intersects per-atom bitmaps laid out in idle order, 64 agents a word;
//! * [`settle`] brings what changed to a fixpoint in key order; `choice` is what an offer's event keeps of why;
//! * [`manner`] says what empathy has to do with it, [`reserve`] which empathetic agents are kept free (`kept` marks them);
//! * [`everyone`] counts who could ever take something, signed in or not; [`reach`] remembers for whom nobody could.
//!
//! Invariant: after a command has settled, no waiting contact has an agent who may take it now.
//! Not here: what changes (that is `evolve`), and whether an agent is free (that is `agent`).

pub mod atoms;
mod choice;
pub mod class;
pub mod everyone;
pub mod heads;
pub mod index;
mod kept;
pub mod manner;
pub mod places;
pub mod reach;
pub mod reserve;
pub mod roster;
pub mod settle;
