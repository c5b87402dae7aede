//! Powers of one half, by table: what is left of something after a time, given its half-life.
//!
//! Invariant: whole numbers only, never rising with time, equal on every machine. Shares are in 1/65,536.

#![deny(clippy::float_arithmetic)]

use crate::model::time::Span;

/// A whole.
pub const ONE: u32 = 1 << 16;

/// 2^(-i/64) of a whole.
const TABLE: [u32; 65] = [
    65_536, 64_830, 64_132, 63_441, 62_757, 62_081, 61_413, 60_751, 60_097, 59_449, 58_809, 58_176, 57_549, 56_929,
    56_316, 55_709, 55_109, 54_515, 53_928, 53_347, 52_773, 52_204, 51_642, 51_085, 50_535, 49_991, 49_452, 48_920,
    48_393, 47_871, 47_356, 46_846, 46_341, 45_842, 45_348, 44_859, 44_376, 43_898, 43_425, 42_958, 42_495, 42_037,
    41_584, 41_136, 40_693, 40_255, 39_821, 39_392, 38_968, 38_548, 38_133, 37_722, 37_316, 36_914, 36_516, 36_123,
    35_734, 35_349, 34_968, 34_591, 34_219, 33_850, 33_486, 33_125, 32_768,
];

/// What is left of a whole after so long.
pub fn left_after(time: Span, half_life: Span) -> u32 {
    let (time, half) = (time.0.max(0), half_life.0.max(1));
    let (halvings, rest) = (time / half, time % half);
    if halvings >= 16 {
        return 0;
    }
    // Between two entries of the table the line lies above the curve by less than one in 65,536 of a whole.
    let at = i128::from(rest) * 64 * i128::from(ONE) / i128::from(half);
    let (index, part) = ((at >> 16) as usize, (at & i128::from(ONE - 1)) as u64);
    let (above, below) = (u64::from(TABLE[index]), u64::from(TABLE[index + 1]));
    let between = above - (((above - below) * part) >> 16);
    (between >> halvings) as u32
}

/// So much of an amount.
pub fn share(amount: u32, of_whole: u32) -> u32 {
    ((u64::from(amount) * u64::from(of_whole)) >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_with_every_half_life_and_never_rises() {
        let half = Span::from_secs(600);
        let after = |secs| left_after(Span::from_secs(secs), half);
        assert_eq!([after(-5), after(0), after(600), after(1_200), after(9_600)], [ONE, ONE, ONE / 2, ONE / 4, 0]);
        assert_eq!((after(300) * 10_000).div_ceil(ONE), 7_072, "the root of a half");
        let all: Vec<u32> = (0..12_000).map(|i| left_after(Span::from_millis(i * 937), half)).collect();
        assert!(all.is_sorted_by(|a, b| a >= b));
        assert_eq!(left_after(Span(i64::MAX), Span(i64::MAX)), ONE / 2);
        assert_eq!(left_after(Span(1), Span::ZERO), ONE / 2);
    }

    #[test]
    fn a_share_of_an_amount_is_rounded_down() {
        assert_eq!([share(90, ONE), share(90, ONE / 2), share(91, ONE / 2), share(90, 0)], [90, 45, 45, 0]);
    }
}
