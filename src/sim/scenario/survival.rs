//! How long something lasts, where of much of it only a part was seen: customers who were answered before they would
//! have left, work that went on as the watching ended.
//!
//! Invariant: Kaplan and Meier's estimate ("Nonparametric Estimation from Incomplete Observations", 1958), beyond its
//! last step completed by the exponential that goes through it (Brown, Hollander and Korwar 1974); where nothing ever
//! ended, there is no end.

use rand::Rng;

use super::{
    distribution::{seconds, span_of},
    exact::{exp, ln, open},
};
use crate::model::time::Span;

/// One that was watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// For so long.
    pub lasted: Span,
    /// Whether it ended then; otherwise it would have lasted longer.
    pub ended: bool,
}

/// Which share lasts longer than any time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survival {
    /// Times at which something ended, rising, and the share that lasts longer.
    steps: Vec<(Span, f64)>,
}

impl Survival {
    /// Of all that were watched.
    pub fn of(mut seen: Vec<Seen>) -> Self {
        seen.sort_unstable_by_key(|seen| seen.lasted);
        let (mut steps, mut share, mut at_risk) = (Vec::new(), 1.0, seen.len());
        for same in seen.chunk_by(|a, b| a.lasted == b.lasted) {
            // Of those of one time whoever is only known to have lasted so long was at risk as the others ended.
            let ended = same.iter().filter(|seen| seen.ended).count();
            if ended > 0 {
                share *= (at_risk - ended) as f64 / at_risk as f64;
                steps.push((same[0].lasted, share));
            }
            at_risk -= same.len();
        }
        Self { steps }
    }

    /// Whether it says when anything ends.
    pub fn is_known(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The share that lasts longer than this.
    pub fn beyond(&self, time: Span) -> f64 {
        let passed = self.steps.partition_point(|(at, _)| *at <= time);
        let Some((last, share)) = passed.checked_sub(1).map(|before| self.steps[before]) else { return 1.0 };
        let is_tail = passed == self.steps.len() && share > 0.0 && last > Span::ZERO;
        if is_tail { exp(ln(share) * (seconds(time) / seconds(last))) } else { share }
    }

    /// Draws how long one lasts that has lasted so long already; `None` = for good.
    pub fn draw(&self, already: Span, rng: &mut impl Rng) -> Option<Span> {
        let &(last, share) = self.steps.last()?;
        let left = self.beyond(already) * open(rng);
        if let Some((at, _)) = self.steps.get(self.steps.partition_point(|(_, share)| *share > left)) {
            return Some((*at).max(already));
        }
        if last == Span::ZERO || left <= 0.0 {
            return None;
        }
        Some(span_of(seconds(last) * (ln(left) / ln(share))).max(already))
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    fn seen(secs: i64, ended: bool) -> Seen {
        Seen { lasted: Span::from_secs(secs), ended }
    }

    #[test]
    fn what_is_drawn_lasts_as_long_as_the_curve_says_and_no_shorter_than_it_did() {
        // Ended after 10 to 100 s each, while as many others were seen no longer than 50 s.
        let each = (1..=100).flat_map(|at| [seen(at, true), seen(50, false)]);
        let curve = Survival::of(each.chain([seen(400, false)]).collect());
        let mut rng = StdRng::seed_from_u64(3);
        for already in [0, 30, 60, 200].map(Span::from_secs) {
            let drawn: Vec<Span> = (0..20_000).map(|_| curve.draw(already, &mut rng).expect("it ends")).collect();
            assert!(drawn.iter().all(|drawn| *drawn >= already));
            for time in [40, 70, 90, 150, 300].map(Span::from_secs).into_iter().filter(|time| *time >= already) {
                let share = drawn.iter().filter(|drawn| **drawn > time).count() as f64 / 20_000.0;
                let expected = curve.beyond(time) / curve.beyond(already);
                assert!((share - expected).abs() < 0.012, "{already} {time}: {share}, not {expected}");
            }
        }
    }

    #[test]
    fn what_never_ended_lasts_for_good() {
        let curve = Survival::of(vec![seen(10, false), seen(20, false)]);
        assert_eq!((curve.is_known(), curve.beyond(Span::from_secs(100))), (false, 1.0));
        assert_eq!(curve.draw(Span::ZERO, &mut StdRng::seed_from_u64(1)), None);
        let at_once = Survival::of(vec![seen(0, true), seen(20, false)]);
        assert_eq!(at_once.beyond(Span::from_secs(100)), 0.5);
        let drawn = at_once.draw(Span::ZERO, &mut StdRng::seed_from_u64(1));
        assert_eq!(drawn, None, "whoever has not gone at once stays for good");
    }
}
