//! Why the analyser says what it says: terms with their places, the events, the model's word, adding up to the score.
//!
//! Invariant: contributions to the log odds of "negative" sum to them. Not here: the analysis (`super`).

use super::{
    Analyser, Scratch,
    language::Language,
    lexicon::Class,
    linear,
    model::{BALANCE, EVENT, LINEAR},
    normalise::Kind,
    rules::Applied,
};

/// What a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A term of the lexicon.
    Term {
        /// Its class.
        class: Class,
        /// What its neighbours did.
        applied: Applied,
    },
    /// The balance of bad and good terms.
    Balance,
    /// An event that is named.
    Event,
    /// The linear model; the place is that of its strongest word.
    Model,
    /// What a text that says nothing would get.
    Base,
}

/// A piece of evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// What it is.
    pub source: Source,
    /// Where in the text, in bytes; empty where it has no place.
    pub place: (usize, usize),
    /// What it adds to the log odds that the customer feels bad.
    pub contribution: f32,
}

impl Analyser {
    /// The evidence of the message that was analysed last with this scratch, strongest first.
    pub fn evidence(&self, language: Language, scratch: &Scratch) -> Vec<Evidence> {
        let model = &self.reader(language).model;
        let (weights, inputs) = (&model.negative.weights, &scratch.inputs);
        let mut all = Vec::new();
        for counted in scratch.sums.counted.iter().filter(|counted| counted.hundredths > 0) {
            let hit = &scratch.sums.hits[counted.hit];
            let (first, last) = (&scratch.normal.tokens[hit.first], &scratch.normal.tokens[hit.last]);
            let class = counted.class as usize;
            let share = counted.hundredths as f32 / scratch.sums.by_class[class] as f32;
            all.push(Evidence {
                source: Source::Term { class: counted.class, applied: hit.applied },
                place: (first.from as usize, last.to as usize),
                contribution: weights[class] * inputs[class] * share,
            });
        }
        let others = [(Source::Balance, BALANCE), (Source::Event, EVENT)];
        for (source, input) in others.into_iter().filter(|(_, input)| inputs[*input] != 0.0) {
            all.push(Evidence { source, place: (0, 0), contribution: weights[input] * inputs[input] });
        }
        all.push(Evidence {
            source: Source::Model,
            place: strongest_word(language, scratch, &model.weights),
            contribution: weights[LINEAR] * inputs[LINEAR],
        });
        all.push(Evidence { source: Source::Base, place: (0, 0), contribution: model.negative.bias });
        all.sort_by(|one, other| other.contribution.abs().total_cmp(&one.contribution.abs()));
        all
    }
}

/// Where the word stands that moved the linear model most.
fn strongest_word(language: Language, scratch: &Scratch, weights: &linear::Weights) -> (usize, usize) {
    let words = scratch.normal.tokens.iter().filter(|token| token.kind == Kind::Word);
    let strength = |token: &&super::normalise::Token| {
        let word = &scratch.normal.text[token.start as usize..token.end as usize];
        let mut sum = 0i32;
        linear::features_of_word(word, language, |bucket| sum += i32::from(weights[bucket][0]));
        sum.abs()
    };
    words.max_by_key(strength).map_or((0, 0), |token| (token.from as usize, token.to as usize))
}
