//! What everybody in the demo shares: the clock, the books, the screen, and the platform's own connection.
//!
//! Invariant: locks are held for a line of bookkeeping, never across a call.

use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::{Mutex, MutexGuard};

use super::{clock::Clock, crew::Crew, ledger::Ledger, line::Line, show::Show};

/// The shared room.
#[derive(Debug)]
pub struct Office {
    /// The played day.
    pub clock: Clock,
    /// Who acts.
    pub crew: Crew,
    /// The platform's connection: what customers and the contact-centre platform ask.
    pub platform: Line,
    /// What is random comes from it.
    pub seed: u64,
    /// Streams to be cut next, by the moment at which it hurts.
    pub cuts: Cuts,
    ledger: Mutex<Ledger>,
    show: Mutex<Show>,
}

/// Streams that are to be cut, for the next agent whom it befits.
#[derive(Debug, Default)]
pub struct Cuts {
    /// With an offer on the screen that nobody has acknowledged.
    pub on_offer: AtomicU32,
    /// With a contact just accepted.
    pub on_engagement: AtomicU32,
}

impl Office {
    /// An empty one.
    pub fn new(clock: Clock, platform: Line, seed: u64, show: Show) -> Self {
        let (crew, cuts) = (Crew::new(), Cuts::default());
        Self { clock, crew, platform, seed, cuts, ledger: Mutex::default(), show: Mutex::new(show) }
    }

    /// The books, for a line.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }

    /// The screen, for a line.
    pub fn show(&self) -> MutexGuard<'_, Show> {
        self.show.lock()
    }
}

/// Takes one of so many, if there is one left.
pub fn take_one(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}
