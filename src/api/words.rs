//! Reading a customer's words: from text to what routing uses, by the built-in analyser.
//!
//! Invariant: what comes out are whole numbers and names of events; the text itself goes no further. Not here: what the
//! words mean (`scoring::text`).

use std::cell::RefCell;

use crate::{
    model::{
        ids::EventName,
        limits::SIGNAL_EVENTS_MAX,
        signal::{Content, Feeling, Happened, Measure, WHOLE},
    },
    scoring::text::{Analyser, Scratch, language::Language},
};

/// Below this, urgency is what every text has.
const URGENCY_MIN: f32 = 0.2;
/// How sure an event is that a pattern found, in a language that is.
const PATTERN_SURE: u32 = 800;

thread_local! {
    /// What the analyser keeps from message to message.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Loads the analyser, so that the first message does not wait for it, and with it all other calls. Takes a moment.
pub fn warm_up() {
    read("hello", "");
}

/// What a text says; the language as BCP 47 has it, empty or unknown = the analyser finds out.
pub fn read(text: &str, language: &str) -> Content {
    let analyser = Analyser::embedded();
    SCRATCH.with_borrow_mut(|scratch| {
        let analysis = analyser.analyse(text, Language::of_tag(language), scratch);
        let confidence = thousandths(analysis.confidence.into()).unsigned_abs();
        let measured = |value: f32| thousandths(value.into());
        let certainty = u32::from(analysis.language.certainty);
        let sure = u16::try_from(PATTERN_SURE * certainty / u32::from(WHOLE)).unwrap_or(WHOLE);
        let lexicon = &analyser.reader(analysis.language.language).lexicon;
        let named = scratch.events.named.iter().filter_map(|named| lexicon.events().get(usize::from(named.event)));
        let events = named.filter_map(|name| EventName::new(name).ok()).take(SIGNAL_EVENTS_MAX);
        Content {
            language: analysis.language.language.code().as_bytes().try_into().ok(),
            feeling: Some(Feeling {
                valence: measured(analysis.valence),
                arousal: measured(analysis.arousal).unsigned_abs(),
                confidence,
            }),
            urgency: (analysis.urgency >= URGENCY_MIN)
                .then(|| Measure { value: measured(analysis.urgency).unsigned_abs(), confidence }),
            events: events.map(|event| Happened { event, confidence: sure, attributes: Default::default() }).collect(),
            ..Content::default()
        }
    })
}

/// A number from -1 to 1 in thousandths; what is no number is nothing.
pub fn thousandths(number: f64) -> i16 {
    (number.clamp(-1.0, 1.0) * f64::from(WHOLE)).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_card_is_named_and_a_greeting_is_nothing() {
        let lost = read("I lost my card abroad and need help right now", "en");
        assert!(lost.events.iter().any(|happened| happened.event.as_str() == "card_lost"), "{lost:?}");
        let hello = read("Hello, what are your opening hours?", "");
        assert!(hello.events.is_empty() && hello.urgency.is_none(), "{hello:?}");
        assert_eq!([thousandths(0.25), thousandths(-7.0), thousandths(f64::NAN)], [250, -1_000, 0]);
    }
}
