//! The built-in analyser: from a message to how the customer feels, how urgent it is and what happened.
//!
//! Normalise, tell the language, look terms up, apply what stands around them, add a small linear model, squash. No
//! network, no model to download, microseconds a message. Invariants: it never panics and takes bounded time on any
//! text; it allocates nothing after warm-up; case, zero-width characters, stretched letters and repeated sentences do
//! not change what it says; evidence adds up to the log odds. Not here: what a score is worth in seconds.
//!
//! Reading order: [`normalise`], [`plain`], [`language`], [`lexicon`], [`rules`], [`events`], [`linear`], [`model`],
//! [`fit`].

use std::sync::LazyLock;

pub mod events;
pub mod evidence;
pub mod fit;
pub mod language;
pub mod lexicon;
pub mod linear;
pub mod model;
pub mod normalise;
pub mod plain;
pub mod rules;

use events::Events;
use language::{Guess, Language, guess};
use lexicon::{Class, Lexicon};
use model::{INPUTS, LINEAR, Model, inputs, probability};
use normalise::Normal;
use plain::Plain;
use rules::Sums;

/// Below this certainty a Latin text is read in each language it may be in.
const CERTAIN: u16 = 600;
/// What exclamation marks add to arousal, at most and only with a term found.
const EMPHASIS: f32 = 0.05;

/// What is left of an event's urgency beside a clear word that it is past, solved or only supposed.
const ASIDE: f32 = 0.3;
/// The weight from which such a word is clear.
const ASIDE_WEIGHT: u8 = 3;
/// The event of which nothing is taken off.
const SELF_HARM: &str = "self_harm";

/// What the analyser says of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Analysis {
    /// The language it was read in, and how sure that is.
    pub language: Guess,
    /// The probability that the customer feels bad, 0-1.
    pub negative: f32,
    /// -1 (bad) to 1 (good).
    pub valence: f32,
    /// 0 (calm) to 1.
    pub arousal: f32,
    /// The probability that something burns, 0-1.
    pub urgency: f32,
    /// How far to trust all this, 0-1.
    pub confidence: f32,
}

/// What is kept from message to message, so that nothing is allocated; afterwards, what the last message was made of.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The last message, normalised.
    pub normal: Normal,
    /// The same without marks, in languages whose patterns have none.
    pub plain: Plain,
    /// Its terms.
    pub sums: Sums,
    /// Its events.
    pub events: Events,
    /// What the stack for "negative" read.
    pub inputs: [f32; INPUTS],
}

/// One language's part.
pub struct Reader {
    /// Its words.
    pub lexicon: Lexicon,
    /// What was learnt.
    pub model: Model,
    /// How much each event says of urgency, by its number.
    urgencies: Vec<f32>,
}

/// All languages.
pub struct Analyser {
    readers: [Reader; 5],
}

static EMBEDDED: LazyLock<Analyser> = LazyLock::new(|| Analyser::with([const { None }; 5]));

/// A language's files: terms, events, weights.
fn embedded(language: Language) -> (&'static str, &'static str, &'static [u8]) {
    match language {
        Language::En => {
            (include_str!("data/en.tsv"), include_str!("data/en.events.tsv"), include_bytes!("data/en.weights"))
        }
        Language::Vi => {
            (include_str!("data/vi.tsv"), include_str!("data/vi.events.tsv"), include_bytes!("data/vi.weights"))
        }
        Language::Pl => {
            (include_str!("data/pl.tsv"), include_str!("data/pl.events.tsv"), include_bytes!("data/pl.weights"))
        }
        Language::Zh => {
            (include_str!("data/zh.tsv"), include_str!("data/zh.events.tsv"), include_bytes!("data/zh.weights"))
        }
        Language::Bn => {
            (include_str!("data/bn.tsv"), include_str!("data/bn.events.tsv"), include_bytes!("data/bn.weights"))
        }
    }
}

/// How much an event says of urgency by itself, 0-1: by how often people who name it cannot wait.
fn urgency_of(event: &str) -> f32 {
    match event {
        "stranded" | "deadline_today" | "severe_symptoms" | "medical_emergency" | "safety_threat" | "self_harm"
        | "medicine_missing" | "electrical_hazard" => 1.0,
        "luggage_lost" | "flight_cancelled" | "flight_delayed" | "card_blocked" | "disconnection" | "power_out"
        | "service_outage" | "heating_out" | "results_worry" => 0.65,
        "bereavement" | "order_missing" | "appointment_cancelled" => 0.5,
        "bill_shock" | "double_charge" | "claim_denied" => 0.35,
        "legal_threat" | "repeat_contact" | "refund_missing" | "damaged_item" | "wrong_item" => 0.2,
        "human_request" | "public_threat" | "churn_threat" => 0.1,
        _ => 0.8,
    }
}

impl Reader {
    /// Of words and what was learnt.
    pub fn new(lexicon: Lexicon, model: Model) -> Self {
        let urgencies = lexicon.events().iter().map(|event| urgency_of(event)).collect();
        Self { lexicon, model, urgencies }
    }

    /// Finds everything in a text; the linear model's inputs are not set.
    pub fn take_in(&self, text: &str, language: Language, scratch: &mut Scratch) {
        let Scratch { normal, plain, sums, events, inputs: read } = scratch;
        normal.read(text, language, |word| self.lexicon.is_known(word));
        sums.begin();
        events.begin(&self.lexicon);
        for seen in self.lexicon.find(&normal.text) {
            if let Some(meaning) = seen.found.meaning {
                sums.note(normal, (seen.start, seen.end), meaning, seen.number);
            }
            if !seen.found.parts.is_empty()
                && !language.has_plain_patterns()
                && let Some(token) = normal.tokens.get(normal.token_at(seen.start))
            {
                events.note(&self.lexicon, *token, &seen.found.parts);
            }
        }
        if language.has_plain_patterns() {
            plain.read(normal);
            for seen in self.lexicon.find(plain.text()) {
                if let Some(token) = normal.tokens.get(plain.token_at(seen.start)) {
                    events.note(&self.lexicon, *token, &seen.found.parts);
                }
            }
        }
        sums.finish(normal, language);
        events.finish(&self.lexicon);
        *read = inputs(sums, self.burning(normal, sums, events));
    }

    /// How much the strongest event says of urgency, and half of what the next one says. What is past, solved or only
    /// supposed says less; a hint at one's own death never does.
    fn burning(&self, normal: &Normal, sums: &Sums, events: &Events) -> f32 {
        let is_aside = |sentence: u32| {
            let mut clear = sums.hits.iter().filter(|hit| {
                hit.meaning.class == Class::Aside && hit.meaning.weight >= ASIDE_WEIGHT && !hit.applied.negated
            });
            clear.any(|hit| normal.tokens[hit.first].sentence == sentence)
        };
        let (mut strongest, mut next) = (0f32, 0f32);
        for named in &events.named {
            let own = self.urgencies[usize::from(named.event)];
            let is_less = self.lexicon.event(named.event) != SELF_HARM && is_aside(named.sentence);
            let urgency = if is_less { own * ASIDE } else { own };
            next = next.max(urgency.min(strongest));
            strongest = strongest.max(urgency);
        }
        strongest + next / 2.0
    }
}

impl Analyser {
    /// The one that is built in.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// The built-in words with other models, where some are given.
    pub fn with(models: [Option<Model>; 5]) -> Self {
        let mut models = models.into_iter();
        let readers = Language::ALL.map(|language| {
            let (terms, events, weights) = embedded(language);
            let lexicon = Lexicon::read(language, terms, events).expect("embedded lexica are valid");
            let own = models.next().flatten();
            Reader::new(lexicon, own.unwrap_or_else(|| Model::read(weights).expect("embedded weights are valid")))
        });
        Self { readers }
    }

    /// A language's part.
    pub fn reader(&self, language: Language) -> &Reader {
        &self.readers[language.index()]
    }

    /// Analyses a message in the language its caller says, or else in the one it seems to be in.
    pub fn analyse(&self, text: &str, language: Option<Language>, scratch: &mut Scratch) -> Analysis {
        let language = match language {
            Some(language) => Guess { language, certainty: 1000 },
            None => self.likeliest(text, scratch),
        };
        let reader = self.reader(language.language);
        reader.take_in(text, language.language, scratch);
        let [negative, _, urgency] = linear::scores(&scratch.normal, language.language, &reader.model.weights);
        scratch.inputs[LINEAR] = negative;
        let negative = probability(reader.model.negative.logit(&scratch.inputs));
        let mut of_urgency = scratch.inputs;
        of_urgency[LINEAR] = urgency;
        let urgency = probability(reader.model.urgent.logit(&of_urgency));
        assembled(language, negative, urgency, &reader.model, scratch)
    }

    /// A Latin text in doubt is taken for the language in which most of it is known.
    fn likeliest(&self, text: &str, scratch: &mut Scratch) -> Guess {
        let first = guess(text);
        if first.certainty >= CERTAIN || first.certainty == 0 {
            return first;
        }
        let known = |language: Language, scratch: &mut Scratch| {
            self.reader(language).take_in(text, language, scratch);
            let meant = scratch.sums.hits.iter().map(|hit| hit.last + 1 - hit.first).sum::<usize>();
            (meant, language == first.language)
        };
        let candidates = Language::ALL.into_iter().filter(|language| *language != Language::Zh);
        let best = candidates.max_by_key(|language| known(*language, scratch)).expect("there are four");
        Guess { language: best, certainty: if best == first.language { first.certainty } else { first.certainty / 2 } }
    }
}

fn assembled(language: Guess, negative: f32, urgency: f32, model: &Model, scratch: &Scratch) -> Analysis {
    let class = |class: Class| scratch.inputs[class as usize];
    let usual = probability(model.negative.bias);
    // Zero where the text says nothing, up to 1 where it is surely bad.
    let bad = ((negative - usual) / (1.0 - usual)).clamp(0.0, 1.0);
    let good = class(Class::Joy).max(class(Class::Thanks) * 0.7) * (1.0 - negative);
    let hits = scratch.sums.hits.iter().filter(|hit| !hit.meaning.class.is_rule()).count() as f32;
    let emphasis = if scratch.normal.is_emphatic && hits > 0.0 { EMPHASIS } else { 0.0 };
    let strong = class(Class::Anger).max(class(Class::Fear)).max(class(Class::Urgency)).max(class(Class::Safety));
    let arousal = 0.25 + 0.55 * strong.max(urgency * 0.8) + 0.1 * class(Class::Joy) - 0.1 * class(Class::Calm);
    let arousal = (arousal * (1.0 + emphasis)).clamp(0.0, 1.0);
    let found = 1.0 - 0.6 / (1.0 + hits + scratch.events.named.len() as f32);
    let decided = (2.0 * negative - 1.0).abs().max((2.0 * urgency - 1.0).abs());
    let confidence = f32::from(language.certainty) / 1000.0 * found * (0.5 + 0.5 * decided);
    Analysis { language, negative, valence: (good - bad).clamp(-1.0, 1.0), arousal, urgency, confidence }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    const SAID: [(&str, Language); 10] = [
        ("My card was stolen and I am really scared, please help me now", Language::En),
        ("This is not good at all, I am furious with you!", Language::En),
        ("Thank you so much, great service", Language::En),
        ("Tôi bị mất thẻ rồi, tôi rất lo, giúp tôi ngay với", Language::Vi),
        ("toi buc minh lam roi, phuc vu te qua", Language::Vi),
        ("Jestem wściekły, znowu nie działa internet", Language::Pl),
        ("我非常生气，你们太过分了", Language::Zh),
        ("航班取消了，我被困在机场，怎么办", Language::Zh),
        ("আমি খুব রেগে আছি, আপনাদের সেবা জঘন্য", Language::Bn),
        ("amar card churi hoye geche, taratari bondho koren", Language::Bn),
    ];

    fn said(text: &str, language: Language) -> Analysis {
        Analyser::embedded().analyse(text, Some(language), &mut Scratch::default())
    }

    /// What two ways to type the same may not change.
    fn numbers(analysis: Analysis) -> [f32; 5] {
        let Analysis { negative, valence, arousal, urgency, confidence, .. } = analysis;
        [negative, valence, arousal, urgency, confidence]
    }

    #[test]
    fn how_it_is_typed_changes_nothing() {
        for (text, language) in SAID {
            let plain = numbers(said(text, language));
            let hidden: String = text.chars().flat_map(|char| [char, '\u{200b}', '\u{2060}']).collect();
            let stretched: String = text.split(' ').map(|word| format!("{word} ")).collect();
            for other in [text.to_uppercase(), hidden, stretched, format!("{text}. {text}. {text}")] {
                assert_eq!(numbers(said(&other, language)), plain, "{other:?}");
            }
        }
        let [calm, stretched] = ["I am so angry", "I am sooooooo angryyyyyyyyy"].map(|text| said(text, Language::En));
        assert_eq!(numbers(calm), numbers(stretched));
        let zalgo: String = "I am so angry".chars().flat_map(|char| [char, '\u{315}', '\u{31b}', '\u{321}']).collect();
        assert_eq!(numbers(said(&zalgo, Language::En)), numbers(calm));
    }

    #[test]
    fn exclamation_marks_add_little_and_only_to_a_feeling() {
        for (text, language) in SAID {
            let (calm, loud) = (said(text, language), said(&format!("{text}!!!!!!!"), language));
            assert_eq!((calm.negative, calm.urgency), (loud.negative, loud.urgency), "{text}");
            assert!(loud.arousal <= calm.arousal * 1.051, "{text}: {} to {}", calm.arousal, loud.arousal);
        }
    }

    #[test]
    fn evidence_adds_up_to_the_score() {
        for (text, language) in SAID {
            let mut scratch = Scratch::default();
            let analysis = Analyser::embedded().analyse(text, Some(language), &mut scratch);
            let evidence = Analyser::embedded().evidence(language, &scratch);
            let sum: f32 = evidence.iter().map(|piece| piece.contribution).sum();
            assert!((probability(sum) - analysis.negative).abs() < 1e-4, "{text}: {sum}, {analysis:?}");
            for piece in evidence {
                assert!(text.get(piece.place.0..piece.place.1).is_some(), "{text}: {piece:?}");
            }
        }
    }

    /// Whatever bytes come: no panic, numbers in range, and no more than the cap is read.
    #[test]
    fn any_text_is_read() {
        let mut random = StdRng::seed_from_u64(7);
        let mut scratch = Scratch::default();
        let interesting: Vec<char> =
            "aZ9 .!?,'@#\n\u{200d}\u{301}\u{9cd}\u{9be}কাহ国壞ąễ😡\u{1f3fd}ﬁ½️İſ\u{fdfa}\u{1100}".chars().collect();
        for round in 0..3_000 {
            let length = random.random_range(0..if round % 100 == 0 { 20_000 } else { 200 });
            let text: String = (0..length)
                .map(|_| match random.random_range(0..4) {
                    0 => char::from_u32(random.random_range(0..0x11_0000)).unwrap_or('x'),
                    _ => interesting[random.random_range(0..interesting.len())],
                })
                .collect();
            let analysis = Analyser::embedded().analyse(&text, None, &mut scratch);
            for number in numbers(analysis) {
                assert!(number.is_finite() && (-1.0..=1.0).contains(&number), "{text:?}: {analysis:?}");
            }
            for piece in Analyser::embedded().evidence(analysis.language.language, &scratch) {
                assert!(text.get(piece.place.0..piece.place.1).is_some(), "{text:?}: {piece:?}");
            }
        }
    }

    #[test]
    fn an_angry_message_is_worse_than_a_friendly_one() {
        for (bad, good, language) in [
            ("This is terrible, I am furious", "This is great, thank you", Language::En),
            ("Quá tệ, tôi rất tức giận", "Tuyệt vời, cảm ơn shop", Language::Vi),
            ("To skandal, jestem wściekła", "Świetnie, bardzo dziękuję", Language::Pl),
            ("太差劲了，我很生气", "太好了，非常感谢", Language::Zh),
            ("খুব বাজে, আমি রেগে গেছি", "খুব ভালো, অনেক ধন্যবাদ", Language::Bn),
        ] {
            let (bad, good) = (said(bad, language), said(good, language));
            assert!(bad.negative > 0.6 && good.negative < 0.4, "{language:?}: {bad:?} {good:?}");
            assert!(bad.valence < 0.0 && good.valence > 0.0, "{language:?}: {bad:?} {good:?}");
        }
    }
}
