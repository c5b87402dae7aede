//! From sums to probabilities: one logistic stack for "negative", one for "urgent", and their file.
//!
//! Each class's sum is saturated (`s / (s + 3)`), joined by the balance of bad and good, the linear model's score and
//! the strongest event, weighted, and squashed. Weights come from `fit`; the file names no text. Floats stop here: what
//! leaves the analyser for a decision is rounded to integers.

use super::{
    lexicon::Class,
    linear::{BUCKETS, VECTORS},
    rules::Sums,
};

/// What a stack reads: classes, balance, linear model, event.
pub const INPUTS: usize = Class::MEANINGS + 3;
/// Where the balance of bad and good stands among them.
pub const BALANCE: usize = Class::MEANINGS;
/// Where the linear model stands.
pub const LINEAR: usize = Class::MEANINGS + 1;
/// Where the strongest event stands.
pub const EVENT: usize = Class::MEANINGS + 2;

const MAGIC: &[u8; 8] = b"ATTUNE-W";
const VERSION: u32 = 2;
const HALF: f32 = 3.0;

/// A logistic stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stack {
    /// The log odds of a text that says nothing.
    pub bias: f32,
    /// A weight for each input.
    pub weights: [f32; INPUTS],
}

impl Stack {
    /// Halfway between two.
    pub fn between(&self, other: &Self) -> Self {
        let mut weights = self.weights;
        for (weight, other) in weights.iter_mut().zip(other.weights) {
            *weight = (*weight + other) / 2.0;
        }
        Self { bias: (self.bias + other.bias) / 2.0, weights }
    }

    /// The log odds.
    pub fn logit(&self, inputs: &[f32; INPUTS]) -> f32 {
        self.weights.iter().zip(inputs).fold(self.bias, |sum, (weight, input)| sum + weight * input)
    }
}

/// A language's learnt part.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// How negative.
    pub negative: Stack,
    /// How urgent.
    pub urgent: Stack,
    /// The linear model's weights, by bucket.
    pub weights: Vec<[i8; VECTORS]>,
}

/// What is wrong with a weights file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// Another kind of file, or cut short.
    #[error("is not a weights file of this version: {bytes} bytes")]
    NotWeights {
        /// Its length.
        bytes: usize,
    },
    /// A weight is not a number.
    #[error("weight {number} is not a finite number")]
    NotFinite {
        /// Which, from 0.
        number: usize,
    },
}

impl Model {
    /// Judgement before any data: what a language starts from.
    pub fn prior() -> Self {
        let mut negative = Stack { bias: -1.1, weights: [0.0; INPUTS] };
        let mut urgent = Stack { bias: -2.6, weights: [0.0; INPUTS] };
        for (class, bad, fast) in [
            (Class::Anger, 2.4, 0.0),
            (Class::Fear, 1.5, 0.8),
            (Class::Sadness, 2.0, 0.0),
            (Class::Disgust, 2.4, 0.0),
            (Class::Bad, 2.0, 0.1),
            (Class::Joy, -2.2, -0.5),
            (Class::Thanks, -0.8, -0.3),
            (Class::Calm, -0.8, -1.5),
            (Class::Urgency, 0.2, 2.4),
            (Class::Safety, 0.8, 3.0),
            (Class::Loss, 0.5, 1.0),
            (Class::Repeat, 0.6, 0.3),
            (Class::Public, 0.6, 0.0),
            (Class::Legal, 0.7, 0.1),
            (Class::Churn, 1.0, 0.0),
            (Class::Aside, 0.0, -1.0),
        ] {
            (negative.weights[class as usize], urgent.weights[class as usize]) = (bad, fast);
        }
        negative.weights[BALANCE] = 1.2;
        negative.weights[LINEAR] = 1.0;
        urgent.weights[LINEAR] = 1.0;
        urgent.weights[EVENT] = 3.8;
        Self { negative, urgent, weights: vec![[0; VECTORS]; BUCKETS] }
    }

    /// Reads a file's bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, WeightsError> {
        let floats = 2 * (INPUTS + 1);
        let wrong = WeightsError::NotWeights { bytes: bytes.len() };
        let Some(rest) = bytes.strip_prefix(MAGIC).and_then(|rest| rest.strip_prefix(&VERSION.to_le_bytes())) else {
            return Err(wrong);
        };
        if rest.len() != floats * 4 + BUCKETS * VECTORS {
            return Err(wrong);
        }
        let (stacks, weights) = rest.split_at(floats * 4);
        let mut read = [0f32; 2 * (INPUTS + 1)];
        for (number, (slot, bytes)) in read.iter_mut().zip(stacks.chunks_exact(4)).enumerate() {
            *slot = f32::from_le_bytes(bytes.try_into().expect("four bytes"));
            if !slot.is_finite() {
                return Err(WeightsError::NotFinite { number });
            }
        }
        let stack = |from: usize| Stack {
            bias: read[from],
            weights: read[from + 1..=from + INPUTS].try_into().expect("one for each input"),
        };
        let weights = weights.chunks_exact(VECTORS).map(|three| [three[0] as i8, three[1] as i8, three[2] as i8]);
        Ok(Self { negative: stack(0), urgent: stack(INPUTS + 1), weights: weights.collect() })
    }

    /// The file's bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        for stack in [&self.negative, &self.urgent] {
            let all = std::iter::once(stack.bias).chain(stack.weights);
            bytes.extend(all.flat_map(f32::to_le_bytes));
        }
        bytes.extend(self.weights.iter().flatten().map(|weight| *weight as u8));
        bytes
    }
}

/// What the stacks read, but for the linear model's score.
pub fn inputs(sums: &Sums, event: f32) -> [f32; INPUTS] {
    let mut inputs = [0.0; INPUTS];
    let (mut bad, mut good) = (0.0, 0.0);
    for (class, (input, sum)) in inputs.iter_mut().zip(sums.by_class).enumerate() {
        let sum = sum as f32 / 100.0;
        *input = sum / (sum + HALF);
        if class <= Class::Bad as usize {
            bad += sum;
        } else if class == Class::Joy as usize {
            good += sum;
        } else if class <= Class::Calm as usize {
            good += sum / 2.0;
        }
    }
    inputs[BALANCE] = (bad - good) / (bad + good + 2.0);
    inputs[EVENT] = event;
    inputs
}

/// The probability of log odds.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::{Model, WeightsError};

    #[test]
    fn a_file_reads_as_it_was_written() {
        let mut model = Model::prior();
        model.weights[7] = [-128, 0, 127];
        assert_eq!(Model::read(&model.write()), Ok(model.clone()));
        let cut = &model.write()[..100];
        assert_eq!(Model::read(cut), Err(WeightsError::NotWeights { bytes: 100 }));
        model.urgent.bias = f32::NAN;
        assert_eq!(Model::read(&model.write()), Err(WeightsError::NotFinite { number: 20 }));
    }
}
