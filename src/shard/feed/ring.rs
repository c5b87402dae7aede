//! The newest changes of a tenant.
//!
//! Invariant: every change after `start` is held, in order; together they have at most [`FEED_ROWS_MAX`] rows and
//! happenings, or there is only one of them.

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use crate::{journal::Seq, model::limits::FEED_ROWS_MAX};

use super::Entry;

/// Changes, and who reads them.
#[derive(Debug)]
pub struct Ring {
    entries: VecDeque<Arc<Entry>>,
    rows: usize,
    /// Everything that came after this is held.
    start: Seq,
    last: Seq,
    readers: usize,
    /// Since when nobody reads.
    idle_since: Option<Instant>,
    ended: bool,
}

impl Ring {
    /// An empty one, for what comes after a record.
    pub fn new(after: Seq) -> Self {
        let entries = VecDeque::new();
        Self { entries, rows: 0, start: after, last: after, readers: 0, idle_since: None, ended: false }
    }

    /// Adds the newest, and forgets the oldest beyond the bound.
    pub fn push(&mut self, entry: Arc<Entry>) {
        self.last = entry.seq;
        self.rows += rows(&entry);
        self.entries.push_back(entry);
        while self.rows > FEED_ROWS_MAX && self.entries.len() > 1 {
            let oldest = self.entries.pop_front().expect("there is more than one");
            self.rows -= rows(&oldest);
            self.start = oldest.seq;
        }
    }

    /// Whether nothing is missing after a record.
    pub fn holds_after(&self, seq: Seq) -> bool {
        (self.start..=self.last).contains(&seq)
    }

    /// The newest there is.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// At most so many after a record.
    pub fn after(&self, seq: Seq, limit: usize) -> Vec<Arc<Entry>> {
        let first = self.entries.partition_point(|entry| entry.seq <= seq);
        self.entries.range(first..).take(limit).cloned().collect()
    }

    /// One more reads.
    pub fn enter(&mut self) {
        self.readers += 1;
        self.idle_since = None;
    }

    /// One fewer.
    pub fn leave(&mut self, now: Instant) {
        self.readers -= 1;
        self.idle_since = (self.readers == 0).then_some(now);
    }

    /// Since when nobody reads; `None` while somebody does.
    pub fn idle_since(&self) -> Option<Instant> {
        self.idle_since
    }

    /// Nothing more comes.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Whether nothing more comes.
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}

fn rows(entry: &Entry) -> usize {
    let change = &entry.change;
    change.happenings.len() + change.contacts.len() + change.agents.len() + change.gone.len() + change.queues.len()
}
