//! The journal: what happened, in order, kept before anybody outside hears of it.
//!
//! Invariant: sequence numbers have no gaps, a batch is taken whole or not at all, and a fenced journal never takes
//! anything again. Not here: deciding (`engine`), and when to append (`shard`).

use std::{fmt, future::Future, sync::Arc};

use crate::{
    engine::{Command, Event, Request, State},
    model::{contact::CustomerId, ids::TenantId, time::Timestamp},
};

pub mod archive;
pub mod codec;
#[cfg(test)]
pub mod conformance;
pub mod copy;
pub mod cut;
mod digest;
pub mod disk;
#[cfg(test)]
mod failing;
#[cfg(feature = "planted-faults")]
pub mod forgetful;
pub mod inspect;
pub mod log;
pub mod memory;
pub mod reading;
pub mod replay;
pub mod seal;
mod segment;
pub mod snapshot;
mod spare;
pub mod subject;
#[cfg(test)]
mod unsynced;
pub mod vault;
pub mod volume;

pub use digest::Digest;
pub use vault::LostKeys;

/// A record's number within its journal, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seq(pub u64);

impl Seq {
    /// The first record's.
    pub const FIRST: Self = Self(1);

    /// The one after.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One command and everything that followed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub seq: Seq,
    /// When it was decided; never earlier than the record before.
    pub now: Timestamp,
    /// Whose world it changed.
    pub tenant: TenantId,
    /// Which customer it tells of, where it tells something personal and not of whom.
    pub customer: Option<CustomerId>,
    /// What was asked.
    pub input: Request,
    /// What happened; never empty.
    pub events: Vec<Event>,
}

impl Record {
    /// Tells a command from every other, today and in every later version: a hash of how a record keeps it, by which a
    /// request that is repeated after a restart or an upgrade is known again.
    pub fn fingerprint(command: &Command) -> u64 {
        codec::fingerprint(command)
    }
}

/// Everything that the records before `next` led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The first record behind it.
    pub next: Seq,
    /// When the last record before it was decided.
    pub now: Timestamp,
    /// Tenants' worlds, in the order in which they came.
    pub worlds: Vec<(TenantId, State)>,
}

/// What a journal has, in order.
#[derive(Debug)]
pub enum Found {
    /// What the records before those that follow led to; it comes first.
    Snapshot(Snapshot),
    /// A record.
    Record(Record),
}

/// What is appended at once; shared, because the one who appends reads it again on release.
pub type Batch = Arc<[Record]>;

/// Keeps records. The one who appends is the only one who does; [`AppendError::Fenced`] says that this has changed.
pub trait Journal: Send + 'static {
    /// Takes the whole batch, durably as far as this journal promises, or nothing of it.
    fn append(&mut self, batch: Batch) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// What reads it elsewhere, while this one appends: all that it has when this is called.
    fn reader(&self) -> Reader;

    /// At most `limit` records from `from` on, in order; empty beyond the end.
    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.reader().records(from, limit)
    }

    /// How much it can still take; asked for every batch, so it looks at nothing but its memory.
    fn room(&self) -> Room {
        Room::Ample
    }

    /// Ends it in good order, as far as what it is kept on answers.
    fn close(self) -> impl Future<Output = ()> + Send
    where
        Self: Sized,
    {
        async move { drop(self) }
    }
}

/// Reads a journal beside the one who appends.
pub trait Read: Send {
    /// At most `limit` records from `from` on, in order; empty beyond the end.
    fn records(&self, from: Seq, limit: usize) -> Result<Vec<Record>, ReadError>;

    /// What the records before one of the last led to, if this journal makes snapshots.
    fn snapshot(&self) -> Result<Option<Snapshot>, ReadError> {
        Ok(None)
    }
}

/// Without snapshots.
impl<F: Fn(Seq, usize) -> Result<Vec<Record>, ReadError> + Send> Read for F {
    fn records(&self, from: Seq, limit: usize) -> Result<Vec<Record>, ReadError> {
        self(from, limit)
    }
}

/// Whoever reads.
pub type Reader = Box<dyn Read>;

/// How much a journal can still take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Whatever comes.
    Ample,
    /// Only what was kept in reserve: enough to end the work there is, not to begin more.
    Reserve,
}

/// Why a batch was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Somebody else writes this journal now; what this one decided since its last append never happened.
    #[error("another writer has taken over this journal")]
    Fenced,
    /// It cannot be taken now.
    #[error("records {first} to {last} could not be kept: {problem}")]
    Failed {
        /// The batch's first record.
        first: Seq,
        /// Its last.
        last: Seq,
        /// What went wrong.
        problem: String,
    },
}

impl AppendError {
    /// A failure to keep this batch.
    pub fn failed(batch: &[Record], problem: impl Into<String>) -> Self {
        let first = batch.first().map_or(Seq(0), |record| record.seq);
        let last = batch.last().map_or(first, |record| record.seq);
        Self::Failed { first, last, problem: problem.into() }
    }
}

/// Why records could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// They are older than what is kept.
    #[error("records before {oldest} are no longer kept; {asked} was asked for")]
    Gone {
        /// The first that was asked for.
        asked: Seq,
        /// The oldest there is.
        oldest: Seq,
    },
    /// What is kept cannot be read.
    #[error("the journal cannot be read: {problem}")]
    Unreadable {
        /// Why.
        problem: String,
    },
}

/// The first place, if any, at which a batch does not continue a journal that expects `next`.
pub(crate) fn gap(next: Seq, batch: &[Record]) -> Option<String> {
    let mut expected = next;
    for record in batch {
        if record.seq != expected {
            return Some(format!("record {expected} must come next, not {}", record.seq));
        }
        expected = expected.next();
    }
    None
}
