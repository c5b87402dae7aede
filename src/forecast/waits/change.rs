//! Whether contacts have begun to take longer or shorter than they did.
//!
//! Agents' time and the ends of contacts are added up in blocks. If contacts take R times as long as is known, a block in
//! which k ended that took agents' time of x times as long as known speaks for it by k·(x·(1 − 1/R) − ln R), the logarithm
//! of the likelihood ratio of exponential times. What speaks is summed up and never falls below nothing (Page 1954,
//! "Continuous Inspection Schemes"; for times between events, Lucas 1985, "Counted Data CUSUM's"). Where it comes to
//! [`ENOUGH`], contacts have changed, most likely when the sum was nothing last: what was seen since then is what is known
//! from then on.
//!
//! Where more agents get to work at once than before, they give time before anybody's contact ends, and contacts seem to
//! take longer; where agents go, shorter. So it is a change only if those that ended took longer (shorter) themselves, too.
//!
//! Invariant: constant in size, and pure. Not here: what is known (`work`).

use crate::{forecast::decay::seconds, model::time::Timestamp};

/// How many times longer, or shorter, contacts are looked for to take.
const CHANGE: f64 = 1.4;
/// So much speaks for a change. Among 570,000 exponential times that did not change, drawn for fifty busy agents, one was
/// found; where they double, it is found after some forty.
const ENOUGH: f64 = 9.0;
/// How many times longer, or shorter, those that ended must have taken.
const FELT: f64 = 1.1;
/// A block is over once so many have ended in it, and it has lasted for as long as one takes: then whoever began together
/// has ended together within it, too.
const BLOCK_ENDS: f64 = 8.0;

/// What was seen for some time, in agent-seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Seen {
    /// How many ended.
    pub ended: f64,
    /// What agents gave meanwhile, whatever of it has ended.
    pub spent: f64,
    /// What those that ended took.
    pub took: f64,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.ended += other.ended;
        self.spent += other.spent;
        self.took += other.took;
    }
}

/// Looks out for a change.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lookout {
    block: Seen,
    began: Timestamp,
    longer: Sum,
    shorter: Sum,
}

/// What speaks for a change, and what was seen since nothing did.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    speaks: f64,
    since: Seen,
}

impl Lookout {
    /// Something ended where a contact is known to take so many agent-seconds. What was seen since contacts changed, if
    /// they have; then it looks out anew.
    pub fn note(&mut self, now: Timestamp, known: f64, seen: Seen) -> Option<Seen> {
        self.block.add(seen);
        if self.block.ended < BLOCK_ENDS || seconds(now - self.began) < known {
            return None;
        }
        let block = std::mem::take(&mut self.block);
        self.began = now;
        self.longer.add(block, known, CHANGE);
        self.shorter.add(block, known, 1.0 / CHANGE);
        let longer = self.longer.found().filter(|since| since.took > known * since.ended * FELT);
        let shorter = self.shorter.found().filter(|since| since.took < known * since.ended / FELT);
        let found = longer.or(shorter)?;
        *self = Self { began: now, ..Self::default() };
        Some(found)
    }
}

impl Sum {
    fn add(&mut self, block: Seen, known: f64, times: f64) {
        self.speaks += block.spent / known * (1.0 - 1.0 / times) - block.ended * times.ln();
        if self.speaks <= 0.0 {
            return *self = Self::default();
        }
        self.speaks = self.speaks.min(ENOUGH);
        self.since.add(block);
    }

    fn found(&self) -> Option<Seen> {
        (self.speaks >= ENOUGH).then_some(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Span;

    /// Ends, so many seconds apart, of contacts at which so many agents are.
    fn found(lookout: &mut Lookout, ends: std::ops::Range<i64>, apart: i64, agents: f64, took: f64) -> Option<Seen> {
        ends.into_iter().find_map(|end| {
            let seen = Seen { ended: 1.0, spent: agents * apart as f64, took };
            lookout.note(Timestamp(Span::from_secs(end * apart).0), 300.0, seen)
        })
    }

    #[test]
    fn what_takes_as_long_as_known_is_no_change() {
        assert_eq!(found(&mut Lookout::default(), 0..5_000, 30, 10.0, 300.0), None);
    }

    #[test]
    fn what_takes_twice_or_half_as_long_is_one_and_only_what_was_seen_since_counts() {
        for (apart, took) in [(60, 600.0), (15, 150.0)] {
            let mut lookout = Lookout::default();
            assert_eq!(found(&mut lookout, 0..500, 30, 10.0, 300.0), None);
            let seen =
                found(&mut lookout, 500 * 30 / apart..600 * 30 / apart, apart, 10.0, took).expect("they changed");
            assert!((seen.spent / seen.ended / took - 1.0).abs() < 0.05, "{seen:?}");
            assert!((30.0..=90.0).contains(&seen.ended), "{seen:?}");
        }
    }

    #[test]
    fn more_agents_at_once_are_no_change() {
        // Forty more begin: for five minutes ten agents' contacts end as before while fifty give their time.
        let mut lookout = Lookout::default();
        assert_eq!(found(&mut lookout, 0..500, 30, 10.0, 300.0), None);
        assert_eq!(found(&mut lookout, 500..520, 30, 50.0, 300.0), None);
        assert_eq!(found(&mut lookout, 2_600..9_000, 6, 50.0, 300.0), None);
    }
}
