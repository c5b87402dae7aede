//! How long things take: the few distributions that a contact centre needs.
//!
//! Invariant: the same generator in the same state draws the same values; seconds in, whole microseconds out.

use std::sync::Arc;

use rand::{Rng, RngExt};

use super::exact::{exp, exponential, ln, normal};
use crate::model::{
    document::{Place, SPAN_MAX, SPAN_MIN},
    time::Span,
};

/// A distribution of times; means in seconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(f64),
    /// Exponential with this mean.
    Exponential(f64),
    /// Lognormal (Brown et al. 2005, "Statistical Analysis of a Telephone Call Center", §4).
    Lognormal {
        /// Its mean.
        mean: f64,
        /// Standard deviation over mean.
        variation: f64,
    },
    /// The sum of so many equal exponential stages.
    Erlang {
        /// Its mean.
        mean: f64,
        /// How many.
        stages: u32,
    },
    /// One of these, each as probable as every other.
    Empirical(Arc<[f64]>),
}

/// Longest time that is ever drawn: no wait and no work is longer, and a deadline stays a deadline.
const DRAWN_MAX: f64 = 30.0 * 86_400.0;

impl Distribution {
    /// Draws a time.
    pub fn draw(&self, rng: &mut impl Rng) -> Span {
        let seconds = match self {
            Self::Constant(seconds) => *seconds,
            Self::Exponential(mean) => mean * exponential(rng),
            Self::Erlang { mean, stages } => {
                mean / f64::from(*stages) * (0..*stages).map(|_| exponential(rng)).sum::<f64>()
            }
            Self::Empirical(values) => values[index(rng.random(), values.len())],
            Self::Lognormal { mean, variation } => {
                let variance = ln(1.0 + variation * variation);
                mean * exp(variance.sqrt() * normal(rng) - variance / 2.0)
            }
        };
        span_of(seconds)
    }

    /// Its mean in seconds.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(mean)
            | Self::Exponential(mean)
            | Self::Lognormal { mean, .. }
            | Self::Erlang { mean, .. } => *mean,
            Self::Empirical(values) => values.iter().sum::<f64>() / values.len() as f64,
        }
    }

    /// Reads `"300s"`, which is always the same, or a table that names the kind.
    pub(super) fn read(place: &Place<'_>) -> Option<Self> {
        if !place.is_table() {
            return place.span(Span::ZERO, SPAN_MAX).map(|span| Self::Constant(seconds(span)));
        }
        let mut table = place.object()?;
        let exponential = table.get("exponential");
        let lognormal = table.get("lognormal");
        let erlang = table.get("erlang");
        let constant = table.get("constant");
        let empirical = table.get("empirical");
        let (variation, stages) = (table.get("variation"), table.get("stages"));
        table.finish();
        if [&exponential, &lognormal, &erlang, &constant, &empirical].into_iter().flatten().count() != 1 {
            place.fault(
                "must have exactly one of exponential, lognormal, erlang, constant and empirical, \
                 such as { exponential = \"5m\" }"
                    .to_owned(),
            );
            return None;
        }
        if let Some(given) = variation.as_ref().filter(|_| lognormal.is_none()) {
            given.fault("is given, but only a lognormal time has it; leave it out".to_owned());
        }
        if let Some(given) = stages.as_ref().filter(|_| erlang.is_none()) {
            given.fault("is given, but only an erlang time has it; leave it out".to_owned());
        }
        let mean = |place: Place<'_>| place.span(SPAN_MIN, SPAN_MAX).map(seconds);
        match (exponential, lognormal, erlang, constant, empirical) {
            (Some(place), ..) => mean(place).map(Self::Exponential),
            (_, Some(place), ..) => {
                let variation = variation.map_or(Some(1_000_000), |p| p.millionths(10_000..=10_000_000));
                Some(Self::Lognormal { mean: mean(place)?, variation: variation? as f64 / 1e6 })
            }
            (_, _, Some(place), ..) => {
                let stages = stages.map_or(Some(2), |p| p.number(1..=100))?;
                Some(Self::Erlang { mean: mean(place)?, stages })
            }
            (.., Some(place), _) => place.span(Span::ZERO, SPAN_MAX).map(|span| Self::Constant(seconds(span))),
            (.., Some(place)) => Self::read_values(&place),
            _ => None,
        }
    }

    fn read_values(place: &Place<'_>) -> Option<Self> {
        let items = place.items()?;
        if items.is_empty() {
            place.fault("is empty; list the times that were measured, such as [\"90s\", \"4m\"]".to_owned());
            return None;
        }
        let values: Option<Vec<f64>> = items.iter().map(|item| item.span(Span::ZERO, SPAN_MAX).map(seconds)).collect();
        values.map(|values| Self::Empirical(values.into()))
    }
}

/// The place that a number from 0 to 1 stands for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is not negative and below the length")]
pub(super) fn index(uniform: f64, length: usize) -> usize {
    ((uniform * length as f64) as usize).min(length - 1)
}

/// So many seconds.
#[expect(clippy::cast_possible_truncation, reason = "30 days in microseconds fit many times")]
pub fn span_of(seconds: f64) -> Span {
    Span((seconds.clamp(0.0, DRAWN_MAX) * 1e6).round() as i64)
}

/// A length of time in seconds.
pub fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn means_and_variations_are_what_was_asked_for() {
        let mut rng = StdRng::seed_from_u64(7);
        let mut moments = |of: &Distribution| {
            let drawn: Vec<f64> = (0..40_000).map(|_| seconds(of.draw(&mut rng))).collect();
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
            (mean, variance.sqrt() / mean)
        };
        let values: Arc<[f64]> = [100.0, 300.0, 500.0].into();
        for (of, variation) in [
            (Distribution::Constant(300.0), 0.0),
            (Distribution::Exponential(300.0), 1.0),
            (Distribution::Lognormal { mean: 300.0, variation: 0.6 }, 0.6),
            (Distribution::Erlang { mean: 300.0, stages: 4 }, 0.5),
            (Distribution::Empirical(values), 0.5443),
        ] {
            let (mean, found) = moments(&of);
            assert_eq!(of.mean(), 300.0);
            assert!((mean - 300.0).abs() < 6.0 && (found - variation).abs() < 0.02, "{of:?}: {mean} {found}");
        }
    }
}
