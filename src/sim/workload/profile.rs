//! When contacts come: a rate over the day and a Poisson process that follows it.
//!
//! Invariant: the rate is relative, 1 on average over the opening hours; what it is relative to is the caller's.

use std::time::Duration;

use rand::{Rng, RngExt};

use super::draw::exponential;

/// A rate over opening hours, linear between its points.
#[derive(Debug, Clone)]
pub struct Profile {
    /// (time of day in hours, rate relative to the day's mean), by time.
    points: Vec<(f64, f64)>,
    highest: f64,
}

const HOUR: f64 = 3_600.0;

impl Profile {
    /// From points (hour of the day, weight) in rising order, two at least; weights count in proportion.
    pub fn new(points: &[(f64, f64)]) -> Self {
        assert!(points.len() >= 2 && points.is_sorted_by(|a, b| a.0 < b.0), "two points at least, in order");
        let area: f64 = points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0).sum();
        let mean = area / (points[points.len() - 1].0 - points[0].0);
        let points: Vec<_> = points.iter().map(|(hour, weight)| (*hour, weight / mean)).collect();
        let highest = points.iter().fold(0.0, |highest: f64, point| highest.max(point.1));
        Self { points, highest }
    }

    /// When the day begins.
    pub fn opens(&self) -> Duration {
        Duration::from_secs_f64(self.points[0].0 * HOUR)
    }

    /// When it ends.
    pub fn closes(&self) -> Duration {
        Duration::from_secs_f64(self.points[self.points.len() - 1].0 * HOUR)
    }

    /// The first moment of the highest rate.
    pub fn peak(&self) -> Duration {
        let highest = self.points.iter().find(|point| point.1 >= self.highest);
        Duration::from_secs_f64(highest.expect("one of the points is the highest").0 * HOUR)
    }

    /// The rate at a time of day, relative to the day's mean; 0 outside the hours.
    pub fn rate(&self, at: Duration) -> f64 {
        let hour = at.as_secs_f64() / HOUR;
        let pair = self.points.windows(2).find(|pair| (pair[0].0..pair[1].0).contains(&hour));
        pair.map_or(0.0, |pair| {
            let share = (hour - pair[0].0) / (pair[1].0 - pair[0].0);
            share.mul_add(pair[1].1 - pair[0].1, pair[0].1)
        })
    }

    /// The next arrival after `last`, if `per_hour` come in a mean hour: thinning of a process at the highest rate
    /// (Lewis and Shedler 1979). `None` once the day is over.
    pub fn next_arrival(&self, rng: &mut impl Rng, last: Duration, per_hour: f64) -> Option<Duration> {
        let fastest = Duration::from_secs_f64(HOUR / (per_hour * self.highest));
        let mut at = last.max(self.opens());
        while at < self.closes() {
            at += exponential(rng, fastest);
            if rng.random::<f64>() * self.highest < self.rate(at) {
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn arrivals_follow_the_profile() {
        let profile = Profile::new(&[(8.0, 1.0), (10.0, 3.0), (12.0, 1.0)]);
        assert_eq!(profile.peak(), Duration::from_secs(36_000));
        let mut rng = StdRng::seed_from_u64(3);
        let mut at = Duration::ZERO;
        let mut quarters = [0_i32; 4];
        while let Some(next) = profile.next_arrival(&mut rng, at, 5_000.0) {
            assert!(next > at);
            at = next;
            quarters[((at.as_secs_f64() / HOUR) as usize - 8).min(3)] += 1;
        }
        // A triangle: 15/40, 25/40, 25/40 and 15/40 of twice the mean hour.
        for (count, expected) in quarters.into_iter().zip([3_750, 6_250, 6_250, 3_750]) {
            assert!((count - expected).abs() < 300, "{quarters:?}");
        }
    }
}
