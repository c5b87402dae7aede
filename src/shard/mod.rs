//! The driver of the engine: one writer for a group of tenants, and the way in for everybody else.
//!
//! Invariant: nobody outside sees a change before the journal has it: not a reply, not a notice, not an answer.
//! In reading order: `core` (no I/O), `batch` and `effect` (what waits for the journal), `run` (the loop), `frozen` (what
//! can be read while the journal takes nothing), `streams` and
//! `outbox` (agents, by streams of their own or through gateways), `feed` (followers of a tenant), `gather` (signals by
//! stream), `advice` (what forecasts say), `item` and `inbox` (what comes in), `handle`, `directory`, `recover` (what a
//! journal left); `observe` counts at release, `measures` and `statistics` are what of it can be asked for. Not here: deciding (`engine`),
//! keeping (`journal`), the wire (`api`).

mod advice;
mod batch;
pub mod clock;
pub mod core;
pub mod directory;
mod effect;
#[cfg(feature = "planted-faults")]
mod fault;
mod feed;
mod frozen;
mod gather;
pub mod handle;
mod inbox;
mod item;
pub mod measures;
pub mod observe;
mod outbox;
pub mod recover;
pub mod run;
pub mod statistics;
mod streams;

pub use directory::Directory;
pub use feed::{Beginning, Entry, Feed, FeedItem, Position};
pub use gather::Report;
pub use handle::{CallError, Replies, Seen, ShardHandle, Watch};
pub use item::{Act, Action};
pub use outbox::{Mailbox, Opened, Told};
pub use streams::{NoticeStream, StreamEnd, StreamItem};
