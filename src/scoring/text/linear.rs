//! The small linear model: what the lexicon has no word for.
//!
//! Character n-grams (2-5; Chinese 1-3) and word 1-2-grams are hashed into 2^15 buckets (Weinberger et al. 2009,
//! "Feature Hashing for Large Scale Multitask Learning") with three int8 weights each: negative, anger, urgency. A
//! score is the sum over features divided by the root of their number, so that length alone says nothing. Marks other
//! than the question mark are left out. Not here: how weights are found (`fit`).

use super::{
    language::Language,
    normalise::{Kind, Normal},
};

/// Buckets of features.
pub const BUCKETS: usize = 1 << 15;
/// What is scored: negative, anger, urgency.
pub const VECTORS: usize = 3;

/// Weights of all buckets.
pub type Weights = [[i8; VECTORS]];

/// Calls back with the bucket of every feature of a text.
pub fn features(normal: &Normal, language: Language, mut each: impl FnMut(usize)) {
    let (shortest, longest) = if language == Language::Zh { (1, 3) } else { (2, 5) };
    // The last characters, newest first; at the beginning there are fewer.
    let mut last = [0u32; 4];
    let mut filled = 0;
    let mut chars = normal.text.chars();
    while let Some(char) = chars.next() {
        // Whether a message ends with a full stop or with ten exclamation marks says nothing; that it asks does.
        if matches!(char, '.' | '!' | ',') {
            chars.next();
            continue;
        }
        let char = char as u32;
        let mut hash = mix(0x811c_9dc5, char);
        if shortest == 1 && char != u32::from(b' ') {
            each(bucket(hash, 1));
        }
        for (length, before) in (2..=longest).zip(last).take(filled) {
            hash = mix(hash, before);
            each(bucket(hash, length));
        }
        last = [char, last[0], last[1], last[2]];
        filled = (filled + 1).min(4);
    }
    let mut before = None;
    for token in normal.tokens.iter().filter(|token| token.kind == Kind::Word) {
        let word = &normal.text.as_bytes()[token.start as usize..token.end as usize];
        let hash = word.iter().fold(0x9e37_79b9_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
        each(bucket(hash, 6));
        if let Some(before) = before.replace(hash) {
            each(bucket(u32::rotate_left(before, 7) ^ hash, 7));
        }
    }
}

fn mix(hash: u32, char: u32) -> u32 {
    (hash ^ char).wrapping_mul(0x0100_0193).rotate_left(5)
}

fn bucket(hash: u32, salt: u32) -> usize {
    let mixed = (hash ^ salt.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35);
    (mixed >> 17) as usize
}

/// Calls back with the buckets of one word by itself.
pub fn features_of_word(word: &str, language: Language, each: impl FnMut(usize)) {
    let mut normal = Normal::default();
    normal.read(word, language, |_| true);
    features(&normal, language, each);
}

/// A text's sums, each divided by the root of the number of features.
pub fn scores(normal: &Normal, language: Language, weights: &Weights) -> [f32; VECTORS] {
    let (mut sums, mut count) = ([0i32; VECTORS], 0u32);
    features(normal, language, |bucket| {
        count += 1;
        for (sum, weight) in sums.iter_mut().zip(weights[bucket]) {
            *sum += i32::from(weight);
        }
    });
    let root = (count.max(1) as f32).sqrt();
    sums.map(|sum| sum as f32 / root)
}
