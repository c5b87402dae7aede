//! Sums that fade, so that what was long ago counts less than what was just now.
//!
//! Invariant: after each half-life what was added counts half; asked about a time before the last addition, nothing has
//! faded since.

use crate::model::time::{Span, Timestamp};

/// A sum that halves every so often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fading {
    half_life: Span,
    sum: f64,
    at: Timestamp,
}

impl Fading {
    /// Of nothing yet.
    pub fn new(half_life: Span) -> Self {
        Self { half_life, sum: 0.0, at: Timestamp::default() }
    }

    /// Adds something that is so at this time.
    pub fn add(&mut self, now: Timestamp, amount: f64) {
        self.sum = self.at(now) + amount;
        self.at = self.at.max(now);
    }

    /// What is left at this time.
    pub fn at(&self, now: Timestamp) -> f64 {
        if self.sum == 0.0 { 0.0 } else { self.sum * left(now - self.at, self.half_life) }
    }

    /// What came per second of late, if it was counted from `since` on.
    pub fn per_second(&self, now: Timestamp, since: Timestamp) -> f64 {
        let seen = 1.0 - left(now - since, self.half_life);
        if seen <= 0.0 { 0.0 } else { self.at(now) * std::f64::consts::LN_2 / seconds(self.half_life) / seen }
    }
}

/// A length of time in seconds.
pub fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e6
}

fn left(since: Span, half_life: Span) -> f64 {
    (-seconds(since.max(Span::ZERO)) / seconds(half_life)).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp(Span::from_secs(secs).0)
    }

    #[test]
    fn half_is_left_after_a_half_life() {
        let mut sum = Fading::new(Span::from_secs(100));
        sum.add(at(0), 8.0);
        assert_eq!([0, 100, 200].map(|secs| sum.at(at(secs))), [8.0, 4.0, 2.0]);
        sum.add(at(100), 1.0);
        assert_eq!(sum.at(at(100)), 5.0);
        assert_eq!(sum.at(at(50)), 5.0, "nothing fades backwards");
    }

    #[test]
    fn a_steady_stream_has_its_rate_from_the_start() {
        let mut sum = Fading::new(Span::from_secs(900));
        for secs in 1..=4_000 {
            sum.add(at(secs * 2), 1.0);
            let rate = sum.per_second(at(secs * 2), at(0));
            assert!(secs < 60 || (rate - 0.5).abs() < 0.01, "{rate} a second after {secs}");
        }
    }
}
