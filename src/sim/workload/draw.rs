//! Drawing from the few distributions that a contact centre needs.
//!
//! Invariant: the same generator in the same state draws the same values.

use std::time::Duration;

use rand::{Rng, RngExt};

/// Exponential, by inversion: the time until something that comes at any moment equally.
pub fn exponential(rng: &mut impl Rng, mean: Duration) -> Duration {
    mean.mul_f64(-(1.0 - rng.random::<f64>()).ln())
}

/// Lognormal with this mean and coefficient of variation: how long people talk (Brown et al. 2005, "Statistical
/// Analysis of a Telephone Call Center", §4).
pub fn lognormal(rng: &mut impl Rng, mean: Duration, variation: f64) -> Duration {
    let variance = variation.mul_add(variation, 1.0).ln();
    let centre = mean.as_secs_f64().ln() - variance / 2.0;
    Duration::from_secs_f64(variance.sqrt().mul_add(normal(rng), centre).exp())
}

/// Uniform between two times.
pub fn between(rng: &mut impl Rng, least: Duration, most: Duration) -> Duration {
    least + (most - least).mul_f64(rng.random())
}

/// The place of one of these weights, in proportion; 0 if none weighs anything.
pub fn weighted(rng: &mut impl Rng, weights: &[f64]) -> usize {
    let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
    let reached = |weight: &f64| {
        left -= weight;
        left < 0.0
    };
    weights.iter().position(reached).unwrap_or(0)
}

/// Standard normal (Box and Muller 1958).
fn normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn means_are_what_was_asked_for() {
        let mut rng = StdRng::seed_from_u64(7);
        let mean = Duration::from_secs(300);
        let mut average = |draw: fn(&mut StdRng, Duration) -> Duration| {
            (0..20_000).map(|_| draw(&mut rng, mean).as_secs_f64()).sum::<f64>() / 20_000.0
        };
        assert!((average(exponential) - 300.0).abs() < 10.0);
        assert!((average(|rng, mean| lognormal(rng, mean, 0.6)) - 300.0).abs() < 10.0);
    }

    #[test]
    fn weights_are_proportions() {
        let mut rng = StdRng::seed_from_u64(7);
        let mut counts = [0; 3];
        (0..10_000).for_each(|_| counts[weighted(&mut rng, &[1.0, 0.0, 3.0])] += 1);
        assert_eq!(counts[1], 0);
        assert!((2_300..2_700).contains(&counts[0]), "{counts:?}");
    }
}
