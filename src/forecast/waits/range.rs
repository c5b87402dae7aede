//! How far waits are from what was expected, and the range that is published therefore.
//!
//! A wait in units of what was expected is spread the wider the fewer starts it takes: of k starts it is nearly a gamma
//! variable of shape k, whose cube root is nearly normal (Wilson & Hilferty 1931, "The Distribution of Chi-Square"). So
//! the ratio's cube root, less its mean and by its deviation, is the residual that is kept: one range serves short lines
//! and long ones. Its quantiles are those of the last [`KEPT`]; the level at which they are read follows what they hold
//! (Gibbs & Candès 2021, "Adaptive Conformal Inference Under Distribution Shift"), so that a range that is too narrow
//! widens, and one that is too wide narrows, whatever the reason.
//!
//! Invariant: published quantiles rise. Not here: what was expected (`flow`, `scale`).

use std::collections::VecDeque;

use super::flow::Wait;

/// Residuals kept.
const KEPT: usize = 256;
/// By so much of a miss a level moves.
const STEP: f64 = 0.005;
/// As far as it can.
const LEVEL_SLACK: f64 = 0.15;
/// So many starts, at the most, make a wait: nothing is more certain than that.
const SHAPE_MAX: f64 = 400.0;

/// The published quantiles: their shares, how many residuals they need, and what they are of a normal variable.
pub const QUANTILES: [Quantile; 3] = [
    Quantile { name: "p50", share: 0.5, needs: 20, normal: 0.0 },
    Quantile { name: "p80", share: 0.8, needs: 20, normal: 0.8416 },
    Quantile { name: "p90", share: 0.9, needs: 50, normal: 1.2816 },
];

/// One of them.
#[derive(Debug)]
pub struct Quantile {
    /// Its name, for metrics.
    pub name: &'static str,
    /// The share of waits that are to be within it.
    pub share: f64,
    needs: usize,
    normal: f64,
}

/// Residuals, and where their quantiles are read.
#[derive(Debug, Clone)]
pub struct Range {
    kept: VecDeque<f32>,
    sorted: Vec<f32>,
    levels: [f64; QUANTILES.len()],
}

impl Default for Range {
    fn default() -> Self {
        Self { kept: VecDeque::new(), sorted: Vec::new(), levels: QUANTILES.map(|quantile| quantile.share) }
    }
}

impl Range {
    /// A wait was so long where this was expected.
    pub fn note(&mut self, expected: Wait, waited: f64) {
        let residual = residual(expected, waited);
        if self.kept.len() == KEPT {
            let oldest = self.kept.pop_front().expect("as many are kept as can be");
            self.sorted.remove(self.sorted.partition_point(|kept| *kept < oldest));
        }
        self.kept.push_back(residual);
        self.sorted.insert(self.sorted.partition_point(|kept| *kept < residual), residual);
    }

    /// Whether a wait was within each quantile that this range had given.
    pub fn judge(&mut self, within: [bool; QUANTILES.len()]) {
        for ((level, quantile), within) in self.levels.iter_mut().zip(QUANTILES).zip(within) {
            let missed = if within { 0.0 } else { 1.0 };
            let (low, high) = (quantile.share - LEVEL_SLACK, (quantile.share + LEVEL_SLACK).min(0.995));
            *level = (*level + STEP * (missed - (1.0 - quantile.share))).clamp(low, high);
        }
    }

    /// The residual at a quantile, if enough are kept.
    fn at(&self, at: usize) -> Option<f64> {
        if self.sorted.len() < QUANTILES[at].needs {
            return None;
        }
        let place = (self.sorted.len() + 1) as f64 * self.levels[at] - 1.0;
        let below = (place.max(0.0) as usize).min(self.sorted.len() - 1);
        let above = (below + 1).min(self.sorted.len() - 1);
        let (low, high) = (f64::from(self.sorted[below]), f64::from(self.sorted[above]));
        Some(low + (high - low) * (place - below as f64).clamp(0.0, 1.0))
    }
}

/// Waits that are to be expected, in seconds, and whether all of them are by the queue's own residuals.
pub fn published(expected: Wait, own: Option<&Range>, pooled: &Range) -> ([f64; QUANTILES.len()], Basis) {
    let mut basis = Basis::Own;
    let mut waits = [0.0; QUANTILES.len()];
    for (at, quantile) in QUANTILES.iter().enumerate() {
        let residual = own.and_then(|own| own.at(at)).unwrap_or_else(|| {
            basis = Basis::Pooled;
            pooled.at(at).unwrap_or(quantile.normal)
        });
        let before = if at == 0 { 0.0 } else { waits[at - 1] };
        waits[at] = wait_at(expected, residual).max(before);
    }
    (waits, basis)
}

/// Where a range comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The queue's own waits.
    Own,
    /// Those of all queues, or while they are too few the theory: the queue has too few of its own.
    Pooled,
}

/// What a wait was lost by being told as this quantile: the more the further off, and the rarer it should have been beyond
/// or below (pinball loss; Koenker & Bassett 1978, "Regression Quantiles").
pub fn loss(quantile: &Quantile, told: f64, waited: f64) -> f64 {
    let beyond = waited - told;
    if beyond >= 0.0 { quantile.share * beyond } else { (quantile.share - 1.0) * beyond }
}

fn shape(expected: Wait) -> f64 {
    (expected.mean * expected.mean / expected.variance.max(f64::MIN_POSITIVE)).clamp(0.05, SHAPE_MAX)
}

fn residual(expected: Wait, waited: f64) -> f32 {
    let shape = shape(expected);
    let ratio = (waited / expected.mean.max(1e-3)).max(0.0);
    ((ratio.cbrt() - (1.0 - 1.0 / (9.0 * shape))) * 3.0 * shape.sqrt()) as f32
}

fn wait_at(expected: Wait, residual: f64) -> f64 {
    let shape = shape(expected);
    let root = 1.0 - 1.0 / (9.0 * shape) + residual / (3.0 * shape.sqrt());
    expected.mean * root.max(0.0).powi(3)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    const STARTS: Wait = Wait { mean: 100.0, variance: 500.0 };

    /// A wait of so many starts of five seconds on average, some times as slow as expected.
    fn drawn(random: &mut StdRng, starts: u32, slower: f64) -> f64 {
        (0..starts).map(|_| -5.0 * slower * random.random_range(f64::MIN_POSITIVE..1.0).ln()).sum()
    }

    #[test]
    fn without_residuals_the_range_is_that_of_the_theory() {
        let mut random = StdRng::seed_from_u64(3);
        let ([p50, p80, p90], basis) = published(STARTS, None, &Range::default());
        assert_eq!(basis, Basis::Pooled);
        let waits: Vec<f64> = (0..20_000).map(|_| drawn(&mut random, 20, 1.0)).collect();
        let within = |told: f64| waits.iter().filter(|wait| **wait <= told).count() as f64 / 20_000.0;
        for (told, share) in [(p50, 0.5), (p80, 0.8), (p90, 0.9)] {
            assert!((within(told) - share).abs() < 0.01, "{told} holds {} of the waits", within(told));
        }
    }

    #[test]
    fn the_range_comes_to_hold_what_it_says_however_wrong_the_expectation() {
        let mut random = StdRng::seed_from_u64(5);
        let (mut own, pooled, mut held) = (Range::default(), Range::default(), [0.0; 3]);
        for round in 0..6_000 {
            let starts = random.random_range(1..40);
            let expected = Wait { mean: f64::from(starts) * 5.0, variance: f64::from(starts) * 25.0 };
            let waited = drawn(&mut random, starts, if round < 3_000 { 1.6 } else { 0.7 });
            let (told, basis) = published(expected, Some(&own), &pooled);
            assert_eq!(basis == Basis::Own, round >= 50, "P90 needs fifty residuals");
            let within = told.map(|told| waited <= told);
            if basis == Basis::Own {
                own.judge(within);
            }
            own.note(expected, waited);
            if round >= 1_000 {
                held.iter_mut().zip(within).for_each(|(held, within)| *held += f64::from(u8::from(within)) / 5_000.0);
            }
        }
        for (held, quantile) in held.iter().zip(QUANTILES) {
            assert!((held - quantile.share).abs() < 0.015, "{} holds {held}", quantile.name);
        }
    }

    #[test]
    fn pinball_loss_is_least_at_the_quantile() {
        let mut random = StdRng::seed_from_u64(9);
        let waits: Vec<f64> = (0..20_000).map(|_| drawn(&mut random, 20, 1.0)).collect();
        for (at, quantile) in QUANTILES.iter().enumerate() {
            let (told, _) = published(STARTS, None, &Range::default());
            let lost = |told| waits.iter().map(|wait| loss(quantile, told, *wait)).sum::<f64>();
            let at_it = lost(told[at]);
            assert!(at_it < lost(told[at] * 1.1) && at_it < lost(told[at] * 0.9), "{}", quantile.name);
        }
    }
}
