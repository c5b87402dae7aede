//! What a contact asks of empathy: whether it is a moment of truth, and how probable that is.
//!
//! Invariant: `Care::default()` is a routine contact, and routing by it is routing without any of this. Not here: how it
//! is found out (`scoring`), and which agents are empathetic (the document's `[empathy]`).

use super::{requirement::Level, time::Span};

/// What a contact asks of empathy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Care {
    /// Whether it goes to empathetic agents first.
    pub moment_of_truth: bool,
    /// The least empathy it needs, if that is more than the document's level.
    pub empathy: Level,
    /// How long it waits for an empathetic agent before anyone may take it, from its becoming a moment of truth or from
    /// its queueing.
    pub hold: Span,
    /// How probable it is that it is one.
    pub grade: Grade,
}

impl Care {
    /// Of a moment of truth that is certain and needs no more than the document's level.
    pub fn moment(hold: Span) -> Self {
        Self { moment_of_truth: true, empathy: 0, hold, grade: Grade::MAX }
    }
}

/// What is said of a contact that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Announced {
    /// Whether it will be a moment of truth.
    pub moment_of_truth: bool,
    /// How probably it comes, in thousandths.
    pub probability: u16,
}

impl Default for Announced {
    fn default() -> Self {
        Self { moment_of_truth: false, probability: 1_000 }
    }
}

/// How probable a moment of truth is, in steps: 0 is below 2 %, 1 from 2 % on, 2 from 3 %, 3 from 5 %, 4 from 10 %,
/// 5 from 20 %, 6 from 50 %. These are the prices of an empathetic agent while six, five, … one of them are idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Grade(u8);

impl Grade {
    /// As good as certain.
    pub const MAX: Self = Self(6);
    /// From these probabilities on, in thousandths, grades 1 to 6.
    const FROM: [u16; 6] = [20, 30, 50, 100, 200, 500];

    /// The grade of a number, none above the highest.
    pub fn new(grade: u8) -> Option<Self> {
        (grade <= Self::MAX.0).then_some(Self(grade))
    }

    /// The grade of a probability in thousandths.
    pub fn of_thousandths(probability: u16) -> Self {
        let reached = Self::FROM.iter().take_while(|from| **from <= probability).count();
        Self(u8::try_from(reached).expect("there are six"))
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// So many empathetic agents must be idle for it to take one of them.
    pub fn price(self) -> u32 {
        u32::from(Self::MAX.0 + 1 - self.0)
    }

    /// All of them, the least probable first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=Self::MAX.0).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::Grade;

    #[test]
    fn the_more_probable_the_fewer_need_be_idle() {
        let of =
            |thousandths| (Grade::of_thousandths(thousandths).number(), Grade::of_thousandths(thousandths).price());
        let probabilities = [0, 19, 20, 30, 50, 100, 200, 499, 500, 1_000];
        let expected = [(0, 7), (0, 7), (1, 6), (2, 5), (3, 4), (4, 3), (5, 2), (5, 2), (6, 1), (6, 1)];
        assert_eq!(probabilities.map(of), expected);
        assert_eq!(Grade::all().map(Grade::number).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!((Grade::new(6), Grade::new(7)), (Some(Grade::MAX), None));
    }
}
