//! What stands around a term: negation, boosters, contrast; and which term counts where several overlap.
//!
//! The longest term at a place wins ("not bad" before "bad"). A term counts once in a message, at its strongest, so that
//! repeating it gains nothing. Source of the rule shapes: Taboada et al. 2011, "Lexicon-Based Methods for Sentiment
//! Analysis" (shifted negation, intensifiers, irrealis left out), Hutto & Gilbert 2014 (contrast). Not here: how sums
//! become a score (`score`).

use std::cmp::Reverse;

use super::{
    language::Language,
    lexicon::{Class, Meaning},
    normalise::{Kind, Normal},
};

/// How far a negator reaches, in tokens.
const NEGATION_REACH: usize = 3;
/// The same in Chinese, where a token is a character.
const NEGATION_REACH_ZH: usize = 4;
/// How far a booster reaches, in tokens.
const BOOST_REACH: usize = 2;
/// Negated, a bad word is a little good and a good word rather bad; in hundredths of its weight.
const NEGATED_BAD: i32 = 30;
const NEGATED_GOOD: i32 = 70;
/// Before the last contrast word a term counts so much, in hundredths …
const BEFORE_CONTRAST: i32 = 60;
/// … and after it so much.
const AFTER_CONTRAST: i32 = 120;

/// What was done to a term because of its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// A negator turned it.
    pub negated: bool,
    /// Its weight in hundredths after boosters, dampers and contrast.
    pub hundredths: i32,
}

/// A term that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Its first token.
    pub first: usize,
    /// Its last token.
    pub last: usize,
    /// What it is.
    pub meaning: Meaning,
    /// What its neighbours did to it.
    pub applied: Applied,
    /// Identifies the term, so that it counts once.
    term: u32,
}

/// What a term added, and to which class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Which of the hits.
    pub hit: usize,
    /// The class it counts as.
    pub class: Class,
    /// Hundredths of a weight.
    pub hundredths: i32,
}

/// Sums by class in hundredths of a weight, and the terms they come from.
#[derive(Debug, Default)]
pub struct Sums {
    /// By class; bad turned good counts as joy and the reverse as bad.
    pub by_class: [i32; Class::MEANINGS],
    /// Terms in order of the text, rules included.
    pub hits: Vec<Hit>,
    /// What of them was added up.
    pub counted: Vec<Counted>,
    candidates: Vec<Hit>,
    strongest: Vec<(u32, Reverse<i32>, usize)>,
}

impl Sums {
    /// Forgets the text before.
    pub fn begin(&mut self) {
        self.by_class = [0; Class::MEANINGS];
        self.candidates.clear();
        self.hits.clear();
    }

    /// Notes a term that was found between two bytes.
    pub fn note(&mut self, normal: &Normal, (start, end): (usize, usize), meaning: Meaning, term: u32) {
        let (first, last) = (normal.token_at(start), normal.token_at(end - 1));
        self.candidates.push(Hit { first, last, meaning, applied: Applied::default(), term });
    }

    /// Sums up what counts.
    pub fn finish(&mut self, normal: &Normal, language: Language) {
        self.choose();
        self.apply_neighbours(normal, language);
        self.strongest.clear();
        self.counted.clear();
        let meant = (0..).zip(&self.hits).filter(|(_, hit)| !hit.meaning.class.is_rule());
        self.strongest.extend(meant.map(|(at, hit)| (hit.term, Reverse(hit.applied.hundredths), at)));
        self.strongest.sort_unstable();
        for same in self.strongest.chunk_by(|one, other| one.0 == other.0) {
            let hit = &self.hits[same[0].2];
            let weight = i32::from(hit.meaning.weight) * hit.applied.hundredths;
            let (counts_as, weight) = match (hit.applied.negated, hit.meaning.class) {
                (false, class) => (class, weight),
                (true, class) if class.is_negative() => (Class::Joy, weight * NEGATED_BAD / 100),
                (true, Class::Joy) => (Class::Bad, weight * NEGATED_GOOD / 100),
                (true, Class::Loss) => (Class::Loss, weight),
                (true, Class::Urgency) => (Class::Calm, weight / 2),
                (true, class) => (class, 0),
            };
            self.by_class[counts_as as usize] += weight;
            self.counted.push(Counted { hit: same[0].2, class: counts_as, hundredths: weight });
        }
    }

    /// The longest term at each place, from left to right, without overlaps.
    fn choose(&mut self) {
        self.candidates.sort_unstable_by_key(|hit| (hit.first, Reverse(hit.last)));
        let mut free_from = 0;
        for hit in &self.candidates {
            if hit.first >= free_from {
                self.hits.push(*hit);
                free_from = hit.last + 1;
            }
        }
    }

    fn apply_neighbours(&mut self, normal: &Normal, language: Language) {
        let contrast = self.hits.iter().rposition(|hit| hit.meaning.class == Class::Contrast);
        let contrast = contrast.map(|at| self.hits[at].first);
        let reach = if language == Language::Zh { NEGATION_REACH_ZH } else { NEGATION_REACH };
        for at in 0..self.hits.len() {
            let hit = self.hits[at];
            let mut hundredths = 100;
            let mut negated = false;
            for other in self.hits[..at].iter().rev() {
                let apart = hit.first - other.last;
                if apart > reach + 1 || !is_one_clause(normal, other.last, hit.first) {
                    break;
                }
                match other.meaning.class {
                    Class::Booster if apart <= BOOST_REACH => hundredths += 15 * i32::from(other.meaning.weight),
                    Class::Damper if apart <= BOOST_REACH => hundredths -= 15 * i32::from(other.meaning.weight),
                    Class::Negator if language != Language::Bn && apart <= reach => negated = !negated,
                    _ => {}
                }
            }
            if language == Language::Bn {
                let after = self.hits[at + 1..].iter().take_while(|other| {
                    other.first - hit.last <= reach && is_one_clause(normal, hit.last, other.first)
                });
                negated = after.filter(|other| other.meaning.class == Class::Negator).count() % 2 == 1;
            }
            if let Some(contrast) = contrast {
                hundredths = hundredths * if hit.first < contrast { BEFORE_CONTRAST } else { AFTER_CONTRAST } / 100;
            }
            self.hits[at].applied = Applied { negated, hundredths: hundredths.max(10) };
        }
    }
}

/// Whether no mark stands between two tokens.
fn is_one_clause(normal: &Normal, first: usize, last: usize) -> bool {
    !normal.tokens[first..last].iter().any(|token| matches!(token.kind, Kind::Stop | Kind::Pause))
}
