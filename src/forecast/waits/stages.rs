//! One wait of several turns: some agents may take a contact now, others later, and whoever is first has it.
//!
//! A turn is taken for a gamma variable, of which the parts up to a time are gamma variables of one and two shapes more;
//! their distribution is that of Wilson & Hilferty (1931).
//!
//! Invariant: pure. Not here: how long each turn takes (`flow`).

use super::flow::Wait;

/// A turn that is to be waited for more seldom than this is none.
const SELDOM: f64 = 0.001;

/// The wait for a turn that is given up after so many seconds for the next.
pub fn then(turn: Option<Wait>, lasts: f64, next: Wait) -> Wait {
    let later = lasts + next.mean;
    let Some(turn) = turn else { return Wait { mean: later, variance: next.variance } };
    let goes_on = 1.0 - within(turn, 0.0, lasts);
    if goes_on < SELDOM {
        return turn;
    }
    let (mean, shape) = (turn.mean, turn.shape());
    let average = mean * within(turn, 1.0, lasts) + goes_on * later;
    let squares =
        mean * mean * (1.0 + 1.0 / shape) * within(turn, 2.0, lasts) + goes_on * (next.variance + later * later);
    Wait { mean: average, variance: (squares - average * average).max(0.0) }
}

/// How probably a wait of so many shapes more is over after so many seconds.
fn within(turn: Wait, more: f64, seconds: f64) -> f64 {
    let shape = turn.shape() + more;
    let each = turn.mean / turn.shape();
    let root = (seconds / (shape * each).max(f64::MIN_POSITIVE)).cbrt();
    normal((root - (1.0 - 1.0 / (9.0 * shape))) * 3.0 * shape.sqrt())
}

/// How probably a normal variable is below (Abramowitz & Stegun 1964, 26.2.17; to seven digits).
fn normal(at: f64) -> f64 {
    const TERMS: [f64; 5] = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let step = 1.0 / (1.0 + 0.231_641_9 * at.abs());
    let sum = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * step);
    let above = (-at * at / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum;
    if at >= 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn it_is_the_mean_of_whichever_comes_first() {
        let mut random = StdRng::seed_from_u64(17);
        let mut exponential = |mean: f64| -mean * random.random_range(f64::MIN_POSITIVE..1.0).ln();
        // Of so many starts of so many seconds each; after the time, one of others.
        for (starts, each, lasts, other) in [(1, 37.5, 10.0, 6.0), (4, 20.0, 60.0, 30.0), (2, 5.0, 60.0, 20.0)] {
            let drawn = (0..100_000).map(|_| {
                let turn: f64 = (0..starts).map(|_| exponential(each)).sum();
                if turn <= lasts { turn } else { lasts + exponential(other) }
            });
            let (sum, squares) = drawn.fold((0.0, 0.0), |(sum, squares), wait| (sum + wait, squares + wait * wait));
            let mean = sum / 100_000.0;
            let variance = squares / 100_000.0 - mean * mean;
            let starts = f64::from(starts);
            let turn = Wait { mean: starts * each, variance: starts * each * each };
            let found = then(Some(turn), lasts, Wait { mean: other, variance: other * other });
            assert!((found.mean / mean - 1.0).abs() < 0.02, "{found:?}, {mean}");
            assert!((found.variance / variance - 1.0).abs() < 0.05, "{found:?}, {variance}");
        }
    }

    #[test]
    fn without_a_turn_it_is_the_next() {
        let next = Wait { mean: 5.0, variance: 25.0 };
        assert_eq!(then(None, 60.0, next), Wait { mean: 65.0, variance: 25.0 });
    }
}
