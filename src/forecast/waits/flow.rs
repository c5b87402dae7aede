//! How long it takes until it is one's turn: the arithmetic of a line that agents take from, that customers leave, and in
//! which some who come later pass.
//!
//! With A contacts before it, r starts a second and each of those before leaving at θ a second, a contact's turn comes
//! after Σ 1/(r + jθ) for j from 0 to A on average (Whitt 1999, "Predicting Queueing Delays"; Ibrahim & Whitt 2009,
//! "Real-Time Delay Estimation in Overloaded Multiserver Queues with Abandonments"). Who passes at Λ a second takes Λ of r
//! for as long as they can.
//!
//! Invariant: pure, and about the same work however long the line. Not here: where the rates come from.

/// So many terms are added one by one; the rest is the integral that they approach.
const TERMS: f64 = 32.0;
/// With a smaller share of all starts left over, the line does not move while others pass.
const DRIFT_MIN: f64 = 0.02;

/// How a line moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// Starts a second that are open to the line.
    pub starts: f64,
    /// How many of those who wait leave, a second each.
    pub leaving: f64,
}

/// Contacts that come later and are served before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passing {
    /// How many a second.
    pub rate: f64,
    /// For so many seconds from now; who comes later stands behind.
    pub until: f64,
}

/// A wait, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wait {
    /// On average.
    pub mean: f64,
    /// How far it varies about that, squared.
    pub variance: f64,
}

impl Wait {
    /// None at all.
    pub const NONE: Self = Self { mean: 0.0, variance: 0.0 };
}

/// The wait with so many before; `passing` is put in order.
pub fn wait(flow: Flow, before: f64, passing: &mut [Passing]) -> Wait {
    passing.sort_unstable_by(|one, other| one.until.total_cmp(&other.until));
    let Flow { starts, leaving } = flow;
    let (mut before, mut at, mut variance) = (before.max(0.0), 0.0, 0.0);
    for first in 0..passing.len() {
        let end = passing[first].until;
        if end <= at {
            continue;
        }
        let rate: f64 = passing[first..].iter().map(|passing| passing.rate).sum();
        let (drift, lasts) = (starts - rate, end - at);
        if drift > starts * DRIFT_MIN {
            let turn = turn(drift, leaving, rate, before);
            if turn.mean <= lasts {
                return Wait { mean: at + turn.mean, variance: variance + turn.variance };
            }
        }
        variance += (starts + rate + leaving * before) * lasts / (starts * starts);
        before = left_after(drift, leaving, before, lasts);
        at = end;
    }
    let turn = turn(starts, leaving, 0.0, before);
    Wait { mean: at + turn.mean, variance: variance + turn.variance }
}

/// Until the last of those before is gone and one more start comes, while others pass at a steady rate.
fn turn(drift: f64, leaving: f64, rate: f64, before: f64) -> Wait {
    let term = |j: f64| {
        let speed = drift + j * leaving;
        (1.0 / speed, (speed + 2.0 * rate) / (speed * speed * speed))
    };
    let (mut mean, mut variance) = (0.0, 0.0);
    let mut add = |j: f64, part: f64| {
        let (time, spread) = term(j);
        mean += part * time;
        variance += part * spread;
    };
    let mut j = 0.0;
    while j <= before && j < TERMS {
        add(j, 1.0);
        j += 1.0;
    }
    if before < TERMS - 1.0 {
        add(j, before - (j - 1.0));
        return Wait { mean, variance };
    }
    let (low, high) = (j - 0.5, before + 0.5);
    if high <= low {
        return Wait { mean, variance };
    }
    let (slow, fast) = (drift + leaving * low, drift + leaving * high);
    if fast - slow < slow * 1e-6 {
        let terms = high - low;
        mean += terms / slow;
        variance += terms * (slow + 2.0 * rate) / (slow * slow * slow);
    } else {
        mean += (fast / slow).ln() / leaving;
        variance += (1.0 / slow - 1.0 / fast) / leaving;
        variance += rate * (1.0 / (slow * slow) - 1.0 / (fast * fast)) / leaving;
    }
    Wait { mean, variance }
}

/// How many are still before after so many seconds.
fn left_after(drift: f64, leaving: f64, before: f64, lasts: f64) -> f64 {
    let left = if leaving > 1e-9 {
        let rest = drift / leaving;
        (before + rest) * (-leaving * lasts).exp() - rest
    } else {
        before - drift * lasts
    };
    left.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(starts: f64, leaving: f64, before: f64) -> Wait {
        wait(Flow { starts, leaving }, before, &mut [])
    }

    #[test]
    fn the_sum_is_the_sum_however_long_the_line() {
        for (leaving, before) in
            [(0.0, 0), (0.0, 31), (0.0, 5_000), (0.005, 3), (0.005, 31), (0.005, 32), (0.005, 9_000)]
        {
            let terms = (0..=before).map(|j| 1.0 / (0.2 + leaving * f64::from(j)));
            let (mean, variance) = terms.fold((0.0, 0.0), |(sum, squares), term| (sum + term, squares + term * term));
            let found = of(0.2, leaving, f64::from(before));
            assert!((found.mean / mean - 1.0).abs() < 1e-4, "{found:?}, {mean} with {before} before");
            assert!((found.variance / variance - 1.0).abs() < 1e-3, "{found:?}, {variance} with {before} before");
        }
    }

    #[test]
    fn more_before_is_longer_in_parts_too() {
        let waits: Vec<f64> = (0..400).map(|tenths| of(0.3, 0.01, f64::from(tenths) / 10.0).mean).collect();
        assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
    }

    #[test]
    fn whoever_passes_takes_starts_for_as_long_as_they_pass() {
        let flow = Flow { starts: 1.0, leaving: 0.0 };
        let with = |rate, until| wait(flow, 9.0, &mut [Passing { rate, until }]).mean;
        assert!((with(0.5, 1e9) - 20.0).abs() < 1e-9, "half of the starts are left");
        assert!((with(0.5, 10.0) - 15.0).abs() < 1e-9, "five are served in ten seconds, five in five more");
        assert!((with(1.0, 30.0) - 40.0).abs() < 1e-9, "nothing moves as long as all starts are taken");
        assert!(
            with(2.0, 30.0) > 60.0 && with(2.0, 30.0).is_finite(),
            "the line grows as long as more come than start"
        );
        let both = [Passing { rate: 0.25, until: 1e9 }, Passing { rate: 0.25, until: 10.0 }];
        let mean = wait(flow, 9.0, &mut both.clone()).mean;
        assert!((mean - (10.0 + 5.0 / 0.75)).abs() < 1e-9, "{mean}");
    }
}
