//! Finding weights: logistic regression over hashed features, then over what the stacks read.
//!
//! Both are convex, seeded and single-threaded, so the same data gives the same bytes. The linear model is fitted by
//! AdaGrad (Duchi, Hazan & Singer 2011) and rounded to int8; the stacks by gradient descent with a pull towards judgement
//! ([`Model::prior`](super::model::Model::prior)), since no set is like the next. Not here: reading data, or what is fit
//! to be read.

use super::{
    Reader, Scratch,
    language::Language,
    linear::{self, BUCKETS, VECTORS},
    model::{INPUTS, LINEAR, Model, Stack, probability},
};

/// A text with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text.
    pub text: String,
    /// Whether the customer feels bad, 0-1; absent = not known.
    pub negative: Option<f32>,
    /// Whether it is anger.
    pub angry: Option<f32>,
    /// Whether something burns.
    pub urgent: Option<f32>,
    /// How much it counts.
    pub weight: f32,
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// The order of examples follows from it.
    pub seed: u64,
    /// Passes over the data.
    pub passes: usize,
    /// Pull of the linear model's weights towards nothing.
    pub ridge: f32,
    /// Pull of the stacks towards where they start, in examples.
    pub pull: f32,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, passes: 6, ridge: 2e-6, pull: 300.0 }
    }
}

struct Prepared {
    features: Vec<u16>,
    inputs: [f32; INPUTS],
    truth: [Option<f32>; VECTORS],
    weight: f32,
}

/// Fits a language's model to examples, starting from a given one for the stacks.
pub fn fit(reader: &Reader, language: Language, examples: &[Example], start: &Model, options: &Options) -> Model {
    let mut scratch = Scratch::default();
    let mut prepared: Vec<Prepared> = examples
        .iter()
        .map(|example| {
            reader.take_in(&example.text, language, &mut scratch);
            let mut features = Vec::new();
            linear::features(&scratch.normal, language, |bucket| features.push(bucket as u16));
            let truth = [example.negative, example.angry, example.urgent];
            Prepared { features, inputs: scratch.inputs, truth, weight: example.weight }
        })
        .collect();
    // What the linear model says of examples that it was not fitted to, for the stacks to learn how far to trust it.
    let mut unseen = vec![[0f32; VECTORS]; prepared.len()];
    for fold in 0..2 {
        let learnt = fit_linear(prepared.iter().skip(fold).step_by(2), options);
        for (slot, example) in unseen.iter_mut().zip(&prepared).skip(1 - fold).step_by(2) {
            *slot = scores(&learnt, &example.features);
        }
    }
    let weights = fit_linear(prepared.iter(), options);
    let mut model = Model { weights, ..start.clone() };
    for (vector, stack) in [(0, &mut model.negative), (2, &mut model.urgent)] {
        for (example, said) in prepared.iter_mut().zip(&unseen) {
            example.inputs[LINEAR] = said[vector];
        }
        fit_stack(&prepared, vector, stack, options.pull);
    }
    model
}

/// Texts of an operator's own log below which there is nothing to adapt to.
pub const LOG_TEXTS_MIN: usize = 200;

/// Re-fits the linear model to an operator's own, unlabelled log: what the terms say of its messages teaches the model
/// the words around them (pseudo-labels; Lee 2013). Half of the result stays what it was, and how far the model is
/// trusted stays as it was, since its teacher is the lexicon beside it.
pub fn adapt(reader: &Reader, language: Language, texts: &[String], options: &Options) -> Model {
    let mut scratch = Scratch::default();
    let mut prepared = Vec::with_capacity(texts.len());
    for text in texts {
        reader.take_in(text, language, &mut scratch);
        let mut features = Vec::new();
        linear::features(&scratch.normal, language, |bucket| features.push(bucket as u16));
        let said = [reader.model.negative, reader.model.urgent].map(|stack| probability(stack.logit(&scratch.inputs)));
        let truth = [Some(said[0]), Some(said[0] * scratch.inputs[0]), Some(said[1])];
        prepared.push(Prepared { features, inputs: scratch.inputs, truth, weight: 1.0 });
    }
    let learnt = fit_linear(prepared.iter(), options);
    let spread = |weights: &linear::Weights, vector: usize| {
        let squares = prepared.iter().map(|text| scores(weights, &text.features)[vector].powi(2)).sum::<f32>();
        (squares / prepared.len().max(1) as f32).sqrt()
    };
    let mut model = reader.model.clone();
    for vector in 0..VECTORS {
        let (old, new) = (spread(&reader.model.weights, vector), spread(&learnt, vector));
        let share = if old > 0.0 { 0.5 } else { 1.0 };
        let scale = if new > 0.0 { share * old.max(new * f32::from(old == 0.0)) / new } else { 0.0 };
        for (slot, weight) in model.weights.iter_mut().zip(&learnt) {
            let both = (1.0 - share) * f32::from(slot[vector]) + scale * f32::from(weight[vector]);
            slot[vector] = both.round().clamp(-127.0, 127.0) as i8;
        }
    }
    model
}

fn fit_linear<'a>(examples: impl Iterator<Item = &'a Prepared>, options: &Options) -> Vec<[i8; VECTORS]> {
    let examples: Vec<&Prepared> = examples.collect();
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut weights = vec![[0f32; VECTORS]; BUCKETS];
    let mut squares = vec![[1e-3f32; VECTORS]; BUCKETS];
    let mut biases = [0f32; VECTORS];
    let mut random = options.seed;
    for _ in 0..options.passes {
        shuffle(&mut order, &mut random);
        for example in order.iter().map(|at| examples[*at]) {
            let value = 1.0 / (example.features.len().max(1) as f32).sqrt();
            let mut sums = biases;
            for bucket in &example.features {
                for (sum, weight) in sums.iter_mut().zip(weights[usize::from(*bucket)]) {
                    *sum += weight * value;
                }
            }
            let mut slopes = [0f32; VECTORS];
            for (vector, slope) in slopes.iter_mut().enumerate() {
                if let Some(truth) = example.truth[vector] {
                    *slope = (probability(sums[vector]) - truth) * example.weight;
                    biases[vector] -= 0.02 * *slope;
                }
            }
            for bucket in &example.features {
                let (weights, squares) = (&mut weights[usize::from(*bucket)], &mut squares[usize::from(*bucket)]);
                for vector in 0..VECTORS {
                    let slope = slopes[vector] * value + options.ridge * weights[vector];
                    squares[vector] += slope * slope;
                    weights[vector] -= 0.08 * slope / squares[vector].sqrt();
                }
            }
        }
    }
    rounded(&weights)
}

/// To int8, each vector by its own scale; the stacks learn what a step is worth.
fn rounded(weights: &[[f32; VECTORS]]) -> Vec<[i8; VECTORS]> {
    let mut scales = [0f32; VECTORS];
    for (vector, scale) in scales.iter_mut().enumerate() {
        // The largest few are cut, so that the rest keeps its resolution.
        let mut sizes: Vec<f32> = weights.iter().map(|three| three[vector].abs()).collect();
        sizes.sort_unstable_by(f32::total_cmp);
        let large = sizes[sizes.len() - 1 - sizes.len() / 2000];
        *scale = if large > 0.0 { 127.0 / large } else { 0.0 };
    }
    let round = |three: &[f32; VECTORS]| {
        let mut bytes = [0i8; VECTORS];
        for (byte, (weight, scale)) in bytes.iter_mut().zip(three.iter().zip(scales)) {
            *byte = (weight * scale).round().clamp(-127.0, 127.0) as i8;
        }
        bytes
    };
    weights.iter().map(round).collect()
}

fn scores(weights: &linear::Weights, features: &[u16]) -> [f32; VECTORS] {
    let mut sums = [0i32; VECTORS];
    for bucket in features {
        for (sum, weight) in sums.iter_mut().zip(weights[usize::from(*bucket)]) {
            *sum += i32::from(weight);
        }
    }
    let root = (features.len().max(1) as f32).sqrt();
    sums.map(|sum| sum as f32 / root)
}

/// Fits one stack, pulled towards where it starts; the linear model's scores are brought to unit size meanwhile.
fn fit_stack(examples: &[Prepared], vector: usize, stack: &mut Stack, pull: f32) {
    let known: Vec<(&Prepared, f32)> =
        examples.iter().filter_map(|example| Some((example, example.truth[vector]?))).collect();
    let total: f32 = known.iter().map(|(example, _)| example.weight).sum();
    if total <= 0.0 {
        stack.weights[LINEAR] = 0.0;
        return;
    }
    let spread = known.iter().map(|(example, _)| example.inputs[LINEAR].powi(2) * example.weight).sum::<f32>() / total;
    let unit = if spread > 0.0 { spread.sqrt() } else { 1.0 };
    let start = *stack;
    for _ in 0..400 {
        let mut slopes = [0f32; INPUTS];
        let mut bias = 0f32;
        for (example, truth) in &known {
            let mut inputs = example.inputs;
            inputs[LINEAR] /= unit;
            let slope = (probability(stack.logit(&inputs)) - truth) * example.weight;
            bias += slope;
            for (sum, input) in slopes.iter_mut().zip(inputs) {
                *sum += slope * input;
            }
        }
        stack.bias -= 2.0 * bias / (total + pull);
        for (at, slope) in slopes.iter().enumerate() {
            let pulled = slope + pull * 0.25 * (stack.weights[at] - start.weights[at]);
            stack.weights[at] -= 2.0 * pulled / (total + pull);
        }
    }
    stack.weights[LINEAR] /= unit;
}

fn shuffle(order: &mut [usize], random: &mut u64) {
    for last in (1..order.len()).rev() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        order.swap(last, (*random % (last as u64 + 1)) as usize);
    }
}
