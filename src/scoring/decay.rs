//! What is left of some evidence with time: eight whole-second values, each with its end.
//!
//! Invariant: a value never rises, all of it is given back in the end, and a step down is so late after the one before
//! that waiting makes up for it. Not here: steps of several kinds of evidence together (`score`).

#![deny(clippy::float_arithmetic)]

use crate::model::{
    signal::Thousandths,
    time::{Span, Timestamp},
};

/// Steps down to nothing.
const STEPS: u8 = 8;

/// When a curve that halves with each half-life reaches seven eighths, six eighths, … one eighth, in thousandths of
/// the half-life; the rest is given back after four of them.
const REACHED: [i64; STEPS as usize] = [193, 415, 678, 1_000, 1_415, 2_000, 3_000, 4_000];

/// Something that decays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decay {
    /// Since when.
    pub at: Timestamp,
    /// After so long half of it is left.
    pub half_life: Span,
    /// How strong it was.
    pub strength: Thousandths,
    /// The seconds that it was worth.
    pub seconds: u32,
}

/// What is left at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// How strong it is.
    pub strength: Thousandths,
    /// The seconds that it is worth.
    pub seconds: u32,
    /// Until then; `None` = for good.
    pub until: Option<Timestamp>,
}

impl Decay {
    /// What is left at a time, which is not before its beginning.
    pub fn left(&self, now: Timestamp) -> Left {
        let mut end = self.at;
        for (gone, reached) in (0..STEPS).zip(REACHED) {
            let (strength, seconds) = self.value(gone);
            let lost = i64::from(seconds - self.value(gone + 1).1);
            let by_curve = self.at + Span(self.half_life.0.saturating_mul(reached) / 1_000);
            end = by_curve.max(end + Span::from_secs(lost));
            if now < end {
                return Left { strength, seconds, until: Some(end) };
            }
        }
        Left::default()
    }

    fn value(&self, gone: u8) -> (Thousandths, u32) {
        let eighths = u32::from(STEPS - gone);
        let strength = u32::from(self.strength) * eighths / u32::from(STEPS);
        (Thousandths::try_from(strength).unwrap_or(self.strength), self.seconds * eighths / u32::from(STEPS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decay(seconds: u32, half_life: i64) -> Decay {
        let at = Timestamp(Span::from_secs(1_000).0);
        Decay { at, half_life: Span::from_secs(half_life), strength: 800, seconds }
    }

    fn steps(decay: &Decay) -> Vec<(i64, u32)> {
        let (mut at, mut steps) = (decay.at, Vec::new());
        while let Left { seconds, until: Some(until), .. } = decay.left(at) {
            steps.push(((until - decay.at).as_millis() / 1_000, seconds));
            at = until;
        }
        steps
    }

    #[test]
    fn eight_values_follow_the_curve_and_all_of_it_is_given_back() {
        let slow = [(347, 90), (747, 78), (1_220, 67), (1_800, 56), (2_547, 45), (3_600, 33), (5_400, 22), (7_200, 11)];
        assert_eq!(steps(&decay(90, 1_800)), slow);
        assert_eq!(decay(90, 1_800).left(Timestamp(i64::MAX)), Left::default());
        let left = decay(90, 1_800).left(decay(90, 1_800).at);
        assert_eq!((left.strength, left.seconds), (800, 90));
    }

    #[test]
    fn no_step_is_larger_than_the_time_since_the_one_before() {
        for (seconds, half_life) in [(180, 60), (90, 60), (7, 60), (3_600, 600), (90, 1_800)] {
            let all = steps(&decay(seconds, half_life));
            assert_eq!(all.len(), 8);
            let values = all.iter().map(|(_, value)| *value).skip(1).chain([0]);
            let mut before = (0, seconds);
            for ((at, _), value) in all.iter().zip(values) {
                assert!(i64::from(before.1 - value) <= at - before.0, "{seconds} s, {half_life} s: {all:?}");
                before = (*at, value);
            }
        }
    }
}
