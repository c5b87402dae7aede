//! Signals as a story tells them: `fact=card_lost`, `text=fear,card_lost`, `voice=-80/70`, each with an id of its own
//! where it may be revised: `text#2.1=…` is revision 1 of text 2. `value=90 reach=50 attempts=2` are facts as well.

use std::collections::BTreeMap;

use attune::model::{
    ids::EventName,
    signal::{Content, CustomerFacts, Feeling, Happened, Measure, Signal, SignalKey, Source, WHOLE},
};

const KINDS: [&str; 6] = ["fact", "text", "voice", "value", "reach", "attempts"];

/// Whether a word tells a signal.
pub fn is_one(word: &str) -> bool {
    word.split_once('=').is_some_and(|(key, _)| KINDS.contains(&key.split('#').next().unwrap_or(key)))
}

/// The signal of a word. Of words and voice, `-80/70` is valence and arousal in hundredths, `u60` an urgency, `c40` how
/// sure all of it is, `-` a withdrawal, and any other word an event.
pub fn signal(word: &str) -> Result<Signal, String> {
    let (key, said) = word.split_once('=').ok_or(format!("{word:?} is no signal; write fact=card_lost"))?;
    let (kind, id) = key.split_once('#').unwrap_or((key, said));
    let (id, revision) = id.split_once('.').unwrap_or((id, "0"));
    let source = match kind {
        "text" => Source::Text,
        "voice" => Source::Voice,
        _ => Source::Fact,
    };
    let number = |text: &str| text.parse::<i16>().map_err(|_| format!("{text:?} in {word:?} is no number"));
    let hundredths = |text: &str| number(text).map(|number| number.unsigned_abs() * 10);
    let mut content = Content::default();
    let mut customer = CustomerFacts::default();
    match kind {
        "value" => customer.value = Some(hundredths(said)?),
        "reach" => customer.reach = Some(hundredths(said)?),
        "attempts" => customer.attempts = said.parse().ok(),
        _ => {
            let mut confidence = if source == Source::Fact { WHOLE } else { 900 };
            for part in said.split(',').filter(|part| *part != "-") {
                match (part.split_once('/'), part.strip_prefix('u'), part.strip_prefix('c')) {
                    (Some((valence, arousal)), ..) => {
                        let (valence, arousal) = (number(valence)? * 10, hundredths(arousal)?);
                        content.feeling = Some(Feeling { valence, arousal, confidence });
                    }
                    (_, Some(urgency), _) if urgency.parse::<i16>().is_ok() => {
                        content.urgency = Some(Measure { value: hundredths(urgency)?, confidence });
                    }
                    (.., Some(sure)) if sure.parse::<i16>().is_ok() => confidence = hundredths(sure)?,
                    _ => {
                        let event = EventName::new(part).map_err(|error| format!("event {part:?} {error}"))?;
                        content.events.push(Happened { event, confidence, attributes: BTreeMap::new() });
                    }
                }
            }
            content.feeling.iter_mut().for_each(|feeling| feeling.confidence = confidence);
            content.urgency.iter_mut().for_each(|urgency| urgency.confidence = confidence);
            content.events.iter_mut().for_each(|happened| happened.confidence = confidence);
        }
    }
    content.customer = customer;
    Ok(Signal {
        key: SignalKey::of(kind, id),
        revision: revision.parse().map_err(|_| format!("{revision:?} is no revision"))?,
        observed_at: None,
        source,
        content: (said != "-").then_some(content),
    })
}
