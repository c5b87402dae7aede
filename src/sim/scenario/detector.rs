//! How well moments of truth are noticed.
//!
//! Invariant: what a detector says follows from the truth and chance alone, never from routing; a probability it states is
//! calibrated: of the contacts of which it says p, the share p are moments of truth. Not here: reading words, which the
//! built-in analyser does (`api::words`).

use std::sync::Arc;

use rand::{Rng, RngExt};

use super::{
    Messages,
    exact::{exp, normal, normal_quantile},
};

/// What notices moments of truth.
#[derive(Debug, Clone)]
pub enum Detector {
    /// The truth is known.
    Perfect,
    /// A yes or no.
    Rates {
        /// Of the moments of truth, the share that is flagged.
        true_positive: f64,
        /// Of all others, the share that is flagged.
        false_positive: f64,
    },
    /// A calibrated probability, from normal scores of equal spread whose means are so far apart that a moment of truth
    /// scores above another contact with the probability `auc` (Green and Swets 1966).
    Scores {
        /// The distance of the means in standard deviations.
        distance: f64,
        /// From this probability on the contact counts as flagged in reports.
        flag_at: f64,
    },
    /// The built-in analyser reads what the customer writes.
    Words(Arc<Messages>),
}

/// What was said of a contact as it came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// That it is one, with this probability in thousandths; and whether it counts as flagged.
    Event {
        /// In thousandths.
        probability: u16,
        /// Whether that is enough.
        is_flag: bool,
    },
}

/// The least probability that means anything to the engine, in thousandths.
const TOLD_MIN: u16 = 20;

impl Detector {
    /// From the area under the curve of true over false positives.
    pub fn of_auc(auc: f64, flag_at: f64) -> Self {
        Self::Scores { distance: std::f64::consts::SQRT_2 * normal_quantile(auc), flag_at }
    }

    /// What it says of a contact; `prior` is the share of moments of truth.
    pub fn says(&self, is_moment: bool, prior: f64, rng: &mut impl Rng) -> Said {
        let flag = |is_flag| if is_flag { Said::Event { probability: 1_000, is_flag } } else { Said::Nothing };
        match self {
            Self::Perfect => flag(is_moment),
            Self::Rates { true_positive, false_positive } => {
                flag(rng.random::<f64>() < if is_moment { *true_positive } else { *false_positive })
            }
            Self::Scores { distance, flag_at } => {
                let score = normal(rng) + if is_moment { *distance } else { 0.0 };
                let p = calibrated(score, *distance, prior);
                let probability = thousandths(p);
                if probability < TOLD_MIN { Said::Nothing } else { Said::Event { probability, is_flag: p >= *flag_at } }
            }
            Self::Words(_) => Said::Nothing,
        }
    }
}

/// The probability that a contact of this score is a moment of truth, by Bayes.
fn calibrated(score: f64, distance: f64, prior: f64) -> f64 {
    let ratio = exp(distance * score - distance * distance / 2.0);
    let odds = prior / (1.0 - prior).max(f64::MIN_POSITIVE) * ratio;
    if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a thousand")]
fn thousandths(p: f64) -> u16 {
    (p.clamp(0.0, 1.0) * 1_000.0).round() as u16
}

/// How sure an event is told of for the engine to take it for this probable: it claims the square of a score.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a thousand")]
pub fn confidence(probability: u16) -> u16 {
    // Upwards, so that the square is not below the grade that the probability has.
    (f64::from(probability) * 1_000.0).sqrt().ceil().min(1_000.0) as u16
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use crate::model::care::Grade;

    use super::*;

    #[test]
    fn scores_have_the_area_that_was_asked_for_and_probabilities_are_calibrated() {
        let (mut rng, prior) = (StdRng::seed_from_u64(5), 0.08);
        let detector = Detector::of_auc(0.9, 0.5);
        let mut drawn = Vec::new();
        for _ in 0..200_000 {
            let is_moment = rng.random::<f64>() < prior;
            let p = match detector.says(is_moment, prior, &mut rng) {
                Said::Event { probability, .. } => probability,
                Said::Nothing => 0,
            };
            drawn.push((p, is_moment));
        }
        for (from, to) in [(20, 50), (50, 100), (100, 200), (200, 500), (500, 1_001)] {
            let within: Vec<_> = drawn.iter().filter(|(p, _)| (from..to).contains(p)).collect();
            let stated = within.iter().map(|(p, _)| f64::from(*p)).sum::<f64>() / within.len() as f64 / 1_000.0;
            let found = within.iter().filter(|(_, is_moment)| *is_moment).count() as f64 / within.len() as f64;
            assert!((stated - found).abs() < 0.02, "{from}-{to}: says {stated}, is {found}");
        }
        drawn.sort_unstable();
        // Mann-Whitney, ties as half.
        let (mut above, mut pairs, mut routine) = (0.0, 0.0, 0.0);
        for same in drawn.chunk_by(|a, b| a.0 == b.0) {
            let moments = same.iter().filter(|(_, is_moment)| *is_moment).count() as f64;
            let others = same.len() as f64 - moments;
            above += moments * (routine + others / 2.0);
            pairs += moments;
            routine += others;
        }
        let auc = above / (pairs * routine);
        assert!((auc - 0.9).abs() < 0.01, "{auc}");
    }

    #[test]
    fn the_engine_takes_an_event_for_as_probable_as_it_is() {
        for probability in [20, 30, 50, 100, 200, 499, 500, 1_000] {
            let score = u32::from(confidence(probability));
            let claimed = u16::try_from(score * score / 1_000).unwrap();
            assert_eq!(Grade::of_thousandths(claimed), Grade::of_thousandths(probability), "{probability}");
        }
    }
}
