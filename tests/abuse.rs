//! What anybody can do with a keyboard is bounded where it counts, in the line: how it is typed gains nothing, words alone
//! give half of what evidence gives, and no bytes are too odd to be read.

use attune::{
    api::words,
    model::{
        document::Document,
        ids::EventName,
        signal::{Content, Happened, Signal, SignalKey, Source},
        time::{Span, Timestamp},
    },
    scoring::{Evidence, Known, Scored, assess},
    sim::bank,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const SAID: [(&str, &str); 10] = [
    ("en", "My card was stolen and I am terrified, block it now"),
    ("en", "This is an outrage, I am furious with you"),
    ("vi", "Tôi bị mất thẻ rồi, tôi rất lo, giúp tôi ngay với"),
    ("vi", "Quá tệ, tôi rất tức giận"),
    ("pl", "Skradziono mi kartę, proszę natychmiast ją zablokować"),
    ("pl", "To skandal, jestem wściekły"),
    ("zh", "我的卡被偷了，快帮我冻结"),
    ("zh", "太过分了，我非常生气"),
    ("bn", "আমার কার্ড চুরি হয়ে গেছে, এখনই বন্ধ করুন"),
    ("bn", "খুব বাজে, আমি খুব রেগে আছি"),
];

fn at(secs: i64) -> Timestamp {
    Timestamp(1_700_000_000_000_000) + Span::from_secs(secs)
}

fn signal(number: u64, source: Source, content: Content) -> Signal {
    let observed_at = Some(at(i64::try_from(number).expect("a few")));
    Signal { key: SignalKey(number), revision: 0, observed_at, source, content: Some(content) }
}

/// What messages come to, a second apart.
fn scored(document: &Document, messages: &[&str], language: &str) -> Scored {
    let mut evidence = Evidence::default();
    for (number, message) in (0..).zip(messages) {
        evidence.take(at(100), &signal(number, Source::Text, words::read(message, language)));
    }
    assess(document, &evidence, Known::default(), at(messages.len() as i64))
}

fn seconds(scored: &Scored) -> i64 {
    scored.head_start().as_millis() / 1_000
}

#[test]
fn how_it_is_typed_gains_no_place() {
    let document = bank::document();
    for (language, text) in SAID {
        let plain = scored(&document, &[text], language);
        assert!(seconds(&plain) > 0, "{text}: is worth something");
        let hidden: String = text.chars().flat_map(|char| [char, '\u{200b}', '\u{feff}', '\u{2060}']).collect();
        for other in [text.to_uppercase(), hidden, [text; 8].join(". ")] {
            let same = scored(&document, &[&other], language);
            assert_eq!((same.head_start(), same.score), (plain.head_start(), plain.score), "{other:?}");
        }
        // A mark adds to arousal at most one part in twenty.
        let loud = scored(&document, &[&format!("{text}!!!!!!!!!!")], language);
        assert!(seconds(&loud) * 20 <= seconds(&plain) * 21 + 20, "{text}: {plain:?} {loud:?}");
    }
}

#[test]
fn words_alone_give_half_however_many_there_are_and_a_fact_gives_no_more_than_all() {
    let document = bank::document();
    let (most, alone) = (document.head_start.max, document.head_start.text_max);
    assert_eq!((most, alone), (Span::from_secs(180), Span::from_secs(90)));
    for (language, text) in SAID {
        for count in [1, 5, 40] {
            let many = scored(&document, &vec![text; count], language);
            assert!(many.head_start() <= alone, "{text} {count} times: {many:?}");
        }
    }
    for (language, text) in SAID {
        let mut evidence = Evidence::default();
        let event = EventName::new("card_stolen").expect("a name");
        let happened = Happened { event, confidence: 1_000, attributes: Default::default() };
        let fact = Content { events: vec![happened], ..Content::default() };
        evidence.take(at(100), &signal(99, Source::Fact, fact));
        (0..20).for_each(|number| {
            evidence.take(at(100), &signal(number, Source::Text, words::read(text, language)));
        });
        let together = assess(&document, &evidence, Known::default(), at(99));
        assert!(together.head_start() > alone && together.head_start() <= most, "{text}: {together:?}");
    }
}

/// Bytes as they come off a wire, made text as a platform would: no panic, and never more than words alone may give.
#[test]
fn no_bytes_are_too_odd() {
    let document = bank::document();
    let mut random = StdRng::seed_from_u64(11);
    for round in 0..1_500 {
        let length = random.random_range(0..if round % 100 == 0 { 9_000 } else { 300 });
        let mut bytes: Vec<u8> = (0..length).map(|_| random.random()).collect();
        if round % 3 == 0 {
            let (_, text) = SAID[round % SAID.len()];
            let place = random.random_range(0..=bytes.len());
            bytes.splice(place..place, text.bytes());
        }
        let text = String::from_utf8_lossy(&bytes);
        let language = ["", "en", "vi", "pl", "zh", "bn", "tlh"][round % 7];
        let scored = scored(&document, &[&text], language);
        assert!(scored.head_start() <= document.head_start.text_max, "{text:?}");
    }
}
