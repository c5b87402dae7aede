//! How full those tables are that refuse what comes once they are full, so that somebody can look before they do.
//!
//! Invariant: each is counted as it is where commands are refused (`dedup`, `waiting`, `tombstones`). Not here: the refusals.

use crate::model::limits::{
    CONTACTS_CLOSED_MAX, CONTACTS_ENDED_MAX, CONTACTS_OPEN_MAX, OFFERS_ENDED_MAX, REQUESTS_MAX,
};

use super::state::State;

/// A table with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its name, for metrics.
    pub name: &'static str,
    /// How much is in it.
    pub filled: usize,
    /// Once there is so much, what comes is refused.
    pub limit: usize,
}

/// The names of all of them.
pub const WINDOWS: [&str; 5] = ["requests", "contacts_open", "contacts_kept", "contacts_ended", "offers_ended"];

impl State {
    /// Those that refuse, in the order of [`WINDOWS`]: accepted requests that may be repeated, open contacts, these and the
    /// closed ones that are kept whole, and contacts and offers that ended within a day.
    pub fn windows(&self) -> [Window; WINDOWS.len()] {
        let kept = self.contacts.len();
        let closed = kept - self.open_contacts;
        let filled = [
            (self.dedup.len(), REQUESTS_MAX),
            (self.open_contacts, CONTACTS_OPEN_MAX),
            (kept, CONTACTS_OPEN_MAX + CONTACTS_CLOSED_MAX),
            (self.tombstones.contacts_len() + closed, CONTACTS_ENDED_MAX),
            (self.tombstones.offers_len(), OFFERS_ENDED_MAX),
        ];
        std::array::from_fn(|at| Window { name: WINDOWS[at], filled: filled[at].0, limit: filled[at].1 })
    }
}
