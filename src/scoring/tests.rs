//! What must hold of every score, on random evidence: order, revisions, decay, caps.

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::model::{
    document::{Document, Format},
    ids::EventName,
    limits::SIGNALS_KEPT_MAX,
    signal::{Content, CustomerFacts, Feeling, Happened, Measure, Signal, SignalKey, Source},
    time::{Span, Timestamp},
};

use super::*;

const ROUNDS: u64 = 300;
const START: i64 = 1_700_000_000;
const DOCUMENT: &str = r#"
    [channels.chat]
    [queues.main]
    [moments.lost]
    triggers = [{ event = "lost" }]
    [moments.stuck]
    triggers = [{ event = "stuck" }, { event = "lost", from = ["text"] }]
    half_life = "1m"
    head_start = "45s"
    [moments.upset]
    triggers = [{ distress = 40 }]
    weight = 50
    half_life = "5m"
    [moments.again]
    triggers = [{ repeats = 3 }]
"#;

fn document() -> Document {
    Document::parse(DOCUMENT, Format::Toml).expect("it is valid")
}

fn at(secs: i64) -> Timestamp {
    Timestamp(Span::from_secs(START + secs).0)
}

/// A signal of the first minutes, numbered.
fn signal(random: &mut StdRng, number: usize, revision: u32) -> Signal {
    let source = *[Source::Fact, Source::Text, Source::Voice, Source::Voice].choose_at(random);
    let mut content = Content::default();
    let share = |random: &mut StdRng| random.random_range(0..=1_000u16);
    if source == Source::Fact {
        content.customer = CustomerFacts { value: Some(share(random)), attempts: Some(2), ..CustomerFacts::default() };
    } else {
        let (valence, arousal, confidence) = (random.random_range(-1_000..=400), share(random), share(random));
        content.feeling = Some(Feeling { valence, arousal, confidence });
        content.urgency = number.is_multiple_of(3).then(|| Measure { value: share(random), confidence: share(random) });
    }
    if number.is_multiple_of(4) {
        let event = EventName::new(["lost", "stuck", "other"].choose_at(random)).expect("a name");
        let confidence = if source == Source::Fact { 1_000 } else { share(random) };
        content.events.push(Happened { event, confidence, attributes: Default::default() });
    }
    let observed_at = Some(at(random.random_range(0..600)));
    let content = (random.random_range(0..10) > 0).then_some(content);
    Signal { key: SignalKey(number as u64), revision, observed_at, source, content }
}

trait Choose<T> {
    fn choose_at(&self, random: &mut StdRng) -> &T;
}

impl<T> Choose<T> for [T] {
    fn choose_at(&self, random: &mut StdRng) -> &T {
        &self[random.random_range(0..self.len())]
    }
}

fn taken(signals: &[Signal]) -> Evidence {
    let mut evidence = Evidence::default();
    for signal in signals {
        evidence.take(at(700), signal);
    }
    evidence
}

#[test]
fn the_order_of_arrival_does_not_matter_and_revisions_leave_no_trace() {
    let document = document();
    for seed in 0..ROUNDS {
        let mut random = StdRng::seed_from_u64(seed);
        let count = random.random_range(1..SIGNALS_KEPT_MAX);
        let last: Vec<Signal> = (0..count).map(|number| signal(&mut random, number, 5)).collect();
        let mut all = last.clone();
        for _ in 0..count {
            let number = random.random_range(0..count);
            let revision = random.random_range(0..5);
            // What a signal said before is another thing at another time, from the same kind of source.
            let before = signal(&mut random, number, revision);
            all.push(Signal { source: last[number].source, ..before });
        }
        all.shuffle(&mut random);
        let (plain, shuffled) = (taken(&last), taken(&all));
        for secs in [700, 800, 2_000] {
            let known = Known { contacts: random.random_range(1..5), ..Known::default() };
            let scored = assess(&document, &plain, known, at(secs));
            assert_eq!(scored, assess(&document, &shuffled, known, at(secs)), "seed {seed}");
        }
    }
}

#[test]
fn beyond_the_window_the_order_still_does_not_matter_within_it() {
    let document = document();
    for seed in 0..ROUNDS {
        let mut random = StdRng::seed_from_u64(seed);
        let spoken = |random: &mut StdRng, number: usize| Signal {
            observed_at: Some(at(3 * number as i64)),
            source: Source::Voice,
            ..signal(random, number, 0)
        };
        let all: Vec<Signal> = (0..100).map(|number| spoken(&mut random, number)).collect();
        let mut late = all.clone();
        // Each comes so late that it is still one of the last.
        late.chunks_mut(SIGNALS_KEPT_MAX / 2).for_each(|chunk| chunk.shuffle(&mut random));
        let known = Known::default();
        assert_eq!(
            assess(&document, &taken(&all), known, at(700)),
            assess(&document, &taken(&late), known, at(700)),
            "seed {seed}"
        );
    }
}

/// Between signals the head start only falls, never faster than waiting makes up for, and in the end all that fades is
/// given back; it changes only when it was said to; the parts add up and keep their caps.
#[test]
fn what_fades_is_given_back_and_waiting_makes_up_for_it() {
    let document = document();
    for seed in 0..ROUNDS {
        let mut random = StdRng::seed_from_u64(seed);
        let count = random.random_range(1..60);
        let signals: Vec<Signal> = (0..count).map(|number| signal(&mut random, number, 0)).collect();
        let evidence = taken(&signals);
        let known = Known { contacts: random.random_range(1..3), ..Known::default() };
        let (mut now, mut before, mut steps) = (at(700), assess(&document, &evidence, known, at(700)), 0);
        let stands = assess(&document, &evidence, known, at(10_000_000));
        while let Some(next) = before.next_at {
            assert!(next > now, "seed {seed}: it changes at a time to come");
            let still = assess(&document, &evidence, known, next - Span(1));
            assert_eq!(
                (still.head_start(), still.score, still.is_moment),
                (before.head_start(), before.score, before.is_moment)
            );
            let after = assess(&document, &evidence, known, next);
            let lost = before.head_start().0 - after.head_start().0;
            assert!(lost >= 0 && after.score <= before.score, "seed {seed}: time alone gives nothing");
            assert!(before.head_start() <= document.head_start.max, "seed {seed}");
            let words = before.contributions.iter().filter(|part| part.source == Source::Text);
            let words: u32 = words.map(|part| part.seconds).sum();
            assert!(i64::from(words) * 1_000_000 <= document.head_start.max.0);
            assert_eq!(after.is_moment, after.is_moment && before.is_moment, "seed {seed}: time alone makes none");
            (now, before, steps) = (next, after, steps + 1);
            assert!(steps <= 8 * 6, "seed {seed}: eight values for each that fades");
        }
        assert_eq!(before.head_start(), stands.head_start(), "seed {seed}: only what does not fade is left");
        assert!(stands.contributions.iter().all(|part| part.until.is_none()));
    }
}

/// What was waited and the head start together have never fallen when a step is over, from the last signal on.
#[test]
fn waiting_and_head_start_together_never_fall() {
    let document = document();
    for seed in 0..ROUNDS {
        let mut random = StdRng::seed_from_u64(seed);
        let signals: Vec<Signal> = (0..20).map(|number| signal(&mut random, number, 0)).collect();
        let evidence = taken(&signals);
        let Some(mut now) = evidence.latest(at(700)) else { continue };
        let mut scored = assess(&document, &evidence, Known::default(), now);
        while let Some(step) = scored.next_at {
            let next = assess(&document, &evidence, Known::default(), step);
            let (before, after) = (scored.head_start().0 + now.0, next.head_start().0 + step.0);
            assert!(after >= before, "seed {seed}: {before} before, {after} now");
            (scored, now) = (next, step);
        }
    }
}

#[test]
fn words_alone_give_half_and_one_unsure_signal_makes_no_moment() {
    let document = document();
    let said = |number: u64, confidence| Signal {
        key: SignalKey(number),
        revision: 0,
        observed_at: Some(at(0)),
        source: Source::Text,
        content: Some(Content {
            feeling: Some(Feeling { valence: -1_000, arousal: 1_000, confidence }),
            urgency: Some(Measure { value: 1_000, confidence }),
            events: vec![
                Happened { event: EventName::new("lost").unwrap(), confidence: 1_000, attributes: Default::default() },
                Happened { event: EventName::new("stuck").unwrap(), confidence, attributes: Default::default() },
            ],
            ..Content::default()
        }),
    };
    let loud: Vec<Signal> = (0..20).map(|number| said(number, 1_000)).collect();
    let scored = assess(&document, &taken(&loud), Known::default(), at(0));
    assert_eq!((scored.head_start(), scored.is_moment), (Span::from_secs(90), true));
    let third = Known { contacts: 3, ..Known::default() };
    assert_eq!(assess(&document, &taken(&loud), third, at(0)).head_start(), Span::from_secs(180));
    let little = Known { budget: Span::from_secs(20), ..Known::default() };
    let scored = assess(&document, &taken(&loud), little, at(0));
    assert_eq!((scored.head_start(), scored.budgeted, scored.withheld), (Span::from_secs(20), 20, 70));
    let third = Known { contacts: 3, ..little };
    let scored = assess(&document, &taken(&loud), third, at(0));
    assert_eq!(scored.budgeted, 20, "coming again is no way around it");
    assert!(scored.head_start() > Span::from_secs(20), "that somebody came again is a fact");
    let mut danger = loud.clone();
    danger[0].content.as_mut().unwrap().events[0].event = EventName::new("gas_leak").unwrap();
    let scored = assess(&document, &taken(&danger), little, at(0));
    assert_eq!((scored.budgeted, scored.withheld, scored.head_start() > Span::from_secs(90)), (0, 0, true));

    let mut unsure = said(1, 590);
    unsure.content.as_mut().unwrap().events[0].confidence = 590;
    let alone = assess(&document, &taken(&[unsure.clone()]), Known::default(), at(0));
    assert!(alone.score >= 700 && !alone.is_moment, "{alone:?}");
    let second = Signal { key: SignalKey(2), ..unsure.clone() };
    assert!(assess(&document, &taken(&[unsure, second]), Known::default(), at(0)).is_moment);
}
