//! Which moments of the catalogue a contact is: what happened, how the customer feels, how often they came.
//!
//! Invariant: each trigger that matches makes the moment by itself; of several the one that is worth most counts. Not
//! here: what several moments are worth together (`score`).

#![deny(clippy::float_arithmetic)]

use crate::model::{
    document::{Document, Moment, Trigger},
    ids::MomentName,
    signal::{Happened, Source, Thousandths, WHOLE},
    time::Timestamp,
};

use super::{
    decay::{Decay, Left},
    evidence::Evidence,
    mood::Mood,
    score::seconds_of,
};

/// A moment that a contact is.
#[derive(Debug, Clone, Copy)]
pub struct Match<'a> {
    /// Its name.
    pub name: &'a MomentName,
    /// The entry.
    pub moment: &'a Moment,
    /// By which evidence.
    pub source: Source,
    /// Since when, and how it fades; `None` = it does not.
    since: Option<Timestamp>,
    strength: Thousandths,
}

impl Match<'_> {
    /// Since when it is one; `None` = since it came.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// What is left of it; nothing before it was one.
    pub fn left(&self, now: Timestamp) -> Left {
        let seconds = seconds_of(self.moment.head_start) * u32::from(self.strength) / u32::from(WHOLE);
        match self.since {
            None => Left { strength: self.strength, seconds, until: None },
            Some(at) if at > now => Left::default(),
            Some(at) => Decay { at, half_life: self.moment.half_life, strength: self.strength, seconds }.left(now),
        }
    }
}

/// All matches of what happened, and of how often the customer came, at whatever time.
pub fn matches<'a>(document: &'a Document, evidence: &Evidence, mood: &Mood, contacts: u8) -> Vec<Match<'a>> {
    let mut found = Vec::new();
    if document.moments.is_empty() {
        return found;
    }
    let declared = evidence.facts().iter().flat_map(|kept| {
        let events = kept.signal.content.iter().flat_map(|content| &content.events);
        events.map(|happened| (happened, kept.at, Source::Fact))
    });
    let named = mood.named.iter().map(|named| (&named.happened, named.at, named.source));
    for (happened, at, source) in declared.chain(named) {
        let matching = document
            .moments
            .iter()
            .filter(|(_, moment)| moment.triggers.iter().any(|trigger| is_triggered_by(trigger, happened, source)));
        found.extend(matching.map(|(name, moment)| Match {
            name,
            moment,
            source,
            since: Some(at),
            strength: happened.confidence,
        }));
    }
    let often = document.moments.iter().filter(|(_, moment)| {
        moment.triggers.iter().any(|trigger| matches!(trigger, Trigger::Repeats(least) if contacts >= *least))
    });
    found.extend(often.map(|(name, moment)| Match {
        name,
        moment,
        source: Source::Fact,
        since: None,
        strength: WHOLE,
    }));
    found
}

/// The matches of how the customer feels.
pub fn by_feeling<'a>(document: &'a Document, mood: &Mood) -> impl Iterator<Item = Match<'a>> {
    document.moments.iter().filter_map(|(name, moment)| {
        let reached = moment.triggers.iter().filter_map(|trigger| match trigger {
            Trigger::Distress(level) => mood.reached(*level),
            _ => None,
        });
        let (at, source) = reached.max()?;
        Some(Match { name, moment, source, since: Some(at), strength: WHOLE })
    })
}

fn is_triggered_by(trigger: &Trigger, happened: &Happened, source: Source) -> bool {
    let Trigger::Event { event, attributes, from } = trigger else { return false };
    *event == happened.event
        && (from.is_empty() || from.contains(&source))
        && attributes.iter().all(|(key, value)| happened.attributes.get(key) == Some(value))
}
