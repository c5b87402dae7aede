//! How probably chance alone makes a difference, and what is left of that when many are looked at together.
//!
//! Invariant: probabilities are 0 to 1; a correction never makes one smaller and keeps their order.

/// How probably Student's t with so many degrees of freedom is this far from 0 or further, either way: 1 − A(t|ν) by its
/// finite sums (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
pub fn two_sided(t: f64, freedom: usize) -> f64 {
    assert!(freedom > 0, "a single value has no error");
    let angle = (t.abs() / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = !freedom.is_multiple_of(2);
    let begins = if is_odd { cosine } else { 1.0 };
    let (mut term, mut sum) = (begins, if freedom == 1 { 0.0 } else { begins });
    // Each term is the one before, times cos² and a fraction: 2/3, 4/5, … or 1/2, 3/4, …
    for at in (if is_odd { 2 } else { 1 }..freedom.saturating_sub(1)).step_by(2) {
        term *= cosine * cosine * at as f64 / (at + 1) as f64;
        sum += term;
    }
    let within = if is_odd { (angle + sine * sum) * std::f64::consts::FRAC_2_PI } else { sine * sum };
    (1.0 - within).clamp(0.0, 1.0)
}

/// What each of these probabilities comes to where all of them are looked at together, so that the chance of even one false
/// alarm is no more than is allowed for all (Holm 1979, "A simple sequentially rejective multiple test procedure").
pub fn holm(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|one, other| probabilities[*one].total_cmp(&probabilities[*other]));
    let (mut corrected, mut least) = (vec![1.0; probabilities.len()], 0.0f64);
    for (before, at) in order.into_iter().enumerate() {
        least = least.max(probabilities[at] * (probabilities.len() - before) as f64).min(1.0);
        corrected[at] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Percentiles as every table of Student's t has them.
    #[test]
    fn probabilities_are_those_of_students_table() {
        for (freedom, t, expected) in [
            (1, 12.706, 0.05),
            (1, 6.314, 0.10),
            (2, 4.303, 0.05),
            (2, 9.925, 0.01),
            (3, 3.182, 0.05),
            (4, 2.776, 0.05),
            (7, 2.365, 0.05),
            (7, 3.499, 0.01),
            (10, 1.812, 0.10),
            (30, 2.750, 0.01),
            (120, 1.980, 0.05),
        ] {
            for t in [t, -t] {
                let found = two_sided(t, freedom);
                assert!((found - expected).abs() < 1e-4, "{freedom}, {t}: {found}");
            }
        }
        assert_eq!(two_sided(0.0, 5), 1.0);
        assert!(two_sided(1e9, 19) < 1e-12);
    }

    #[test]
    fn the_least_probable_counts_as_often_as_there_are_probabilities_and_the_next_once_less() {
        let near = |found: &[f64], expected: &[f64]| {
            assert!(found.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-12), "{found:?}");
        };
        near(&holm(&[0.01, 0.04, 0.03, 0.005]), &[0.03, 0.06, 0.06, 0.02]);
        near(&holm(&[0.6, 0.5]), &[1.0, 1.0]);
        near(&holm(&[0.2]), &[0.2]);
        assert!(holm(&[]).is_empty());
    }
}
