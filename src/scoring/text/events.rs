//! Events that a message names: patterns of words within a sentence.
//!
//! Invariant: work is linear in what the automaton finds. Not here: how strong an event is (the moments catalogue says).

use super::{
    lexicon::{Lexicon, Part},
    normalise::Token,
};

/// An event that a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Its number in the lexicon.
    pub event: u16,
    /// Which pattern found it.
    pub pattern: u16,
    /// In which sentence.
    pub sentence: u32,
}

/// Patterns under way; kept and used again.
#[derive(Debug, Default)]
pub struct Events {
    /// Each event once, by the first pattern that found it.
    pub named: Vec<Named>,
    /// By pattern, what was found of it, and in which sentence.
    found: Vec<(u32, u8)>,
    /// Patterns of which something was found.
    touched: Vec<u16>,
}

impl Events {
    /// Forgets the text before.
    pub fn begin(&mut self, lexicon: &Lexicon) {
        self.named.clear();
        self.touched.clear();
        self.found.clear();
        self.found.resize(lexicon.patterns().len(), (0, 0));
    }

    /// Notes what was found at a token; tokens come in order of sentences.
    pub fn note(&mut self, lexicon: &Lexicon, token: Token, parts: &[Part]) {
        for part in parts {
            let (sentence, groups) = self.found[usize::from(part.pattern)];
            if groups == 0 {
                self.touched.push(part.pattern);
            } else if sentence != token.sentence {
                self.judge(lexicon, part.pattern);
                self.found[usize::from(part.pattern)].1 = 0;
            }
            let slot = &mut self.found[usize::from(part.pattern)];
            *slot = (token.sentence, slot.1 | part.group);
        }
    }

    /// Says which events are named.
    pub fn finish(&mut self, lexicon: &Lexicon) {
        for at in 0..self.touched.len() {
            self.judge(lexicon, self.touched[at]);
        }
    }

    fn judge(&mut self, lexicon: &Lexicon, number: u16) {
        let (sentence, groups) = self.found[usize::from(number)];
        let pattern = &lexicon.patterns()[usize::from(number)];
        let matches = groups & pattern.wanted == pattern.wanted && groups & pattern.forbidden == 0;
        if matches && !self.named.iter().any(|named| named.event == pattern.event) {
            self.named.push(Named { event: pattern.event, pattern: number, sentence });
        }
    }
}
