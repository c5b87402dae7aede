//! How many wait, integrated over time: the other side of Little's law, counted without looking at anybody's wait.
//!
//! Invariant: nothing outside of the watched time counts.

use crate::model::time::Timestamp;

/// A line's length over time.
#[derive(Debug, Clone)]
pub struct Waiting {
    count: u64,
    since: Timestamp,
    until: Timestamp,
    area: f64,
}

impl Waiting {
    /// Nobody, watched from then on and until then.
    pub fn new(from: Timestamp, until: Option<Timestamp>) -> Self {
        Self { count: 0, since: from, until: until.unwrap_or(Timestamp::FAR), area: 0.0 }
    }

    /// One more.
    pub fn join(&mut self, now: Timestamp) {
        self.pass(now);
        self.count += 1;
    }

    /// One less.
    pub fn leave(&mut self, now: Timestamp) {
        self.pass(now);
        self.count -= 1;
    }

    /// What comes later counts no more.
    pub fn stop(&mut self, now: Timestamp) {
        self.pass(now);
        self.until = self.until.min(now);
    }

    /// Contacts times seconds.
    pub fn area(&self) -> f64 {
        self.area
    }

    fn pass(&mut self, now: Timestamp) {
        let now = now.min(self.until);
        if now > self.since {
            self.area += self.count as f64 * ((now - self.since).0 as f64 / 1e6);
            self.since = now;
        }
    }
}
