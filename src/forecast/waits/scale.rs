//! By what factor waits are longer or shorter than expected, queue by queue: recursive least squares, clipped.
//!
//! Customers who wait together share the starts that they wait for, so that what one of them tells, the others nearly
//! repeat: each counts as one among those who stood in line.
//!
//! Invariant: the factor stays within [`LEAST`] and [`MOST`], and no single wait moves it far. Not here: the range
//! (`range`).

use super::flow::Wait;

const LEAST: f64 = 0.5;
const MOST: f64 = 2.0;
/// What a wait counts when the next one has come.
const KEPT: f64 = 0.9997;
/// How uncertain the factor is at first, and at the most: a deviation of a tenth.
const UNCERTAIN: f64 = 0.01;
/// Deviations of which no more is believed.
const BELIEVED: f64 = 3.0;

/// One queue's factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    factor: f64,
    uncertain: f64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { factor: 1.0, uncertain: UNCERTAIN }
    }
}

impl Scale {
    /// What is to be expected, by what was.
    pub fn applied(self, expected: Wait) -> Wait {
        let Self { factor, .. } = self;
        Wait { mean: expected.mean * factor, variance: expected.variance * factor * factor }
    }

    /// A wait was so long where this was expected before the factor, with so many in line before.
    pub fn note(&mut self, expected: Wait, before: f64, waited: f64) {
        let deviation = (expected.variance * (1.0 + before)).sqrt();
        if deviation <= 0.0 {
            return;
        }
        let (told, came) = (expected.mean / deviation, waited / deviation);
        let gain = self.uncertain * told / (KEPT + told * self.uncertain * told);
        let off = (came - told * self.factor).clamp(-BELIEVED, BELIEVED);
        self.factor = (self.factor + gain * off).clamp(LEAST, MOST);
        self.uncertain = ((self.uncertain - gain * told * self.uncertain) / KEPT).min(UNCERTAIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: Wait = Wait { mean: 100.0, variance: 500.0 };

    #[test]
    fn it_comes_to_what_waits_are_and_does_not_leave_its_bounds() {
        for (slower, factor) in [(1.3, 1.3), (0.8, 0.8), (9.0, MOST), (0.01, LEAST)] {
            let mut scale = Scale::default();
            (0..3_000).for_each(|_| scale.note(EXPECTED, 19.0, 100.0 * slower));
            let mean = scale.applied(EXPECTED).mean;
            assert!((mean - 100.0 * factor).abs() < 4.0, "{mean} where waits are {slower} times as long");
        }
    }

    #[test]
    fn one_wait_moves_it_little() {
        let mut scale = Scale::default();
        scale.note(EXPECTED, 19.0, 100_000.0);
        assert!(scale.applied(EXPECTED).mean < 105.0);
    }
}
