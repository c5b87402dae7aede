//! What a contact remembers of its signals: the last few one by one, older ones in sum, facts for good.
//!
//! Invariant: signals of the customer's feelings leave the window in the order of their times, and none earlier than the
//! last that left is taken; so the sum does not depend on the order in which they came in. Of the revisions of a signal
//! only the highest counts. Not here: what it all means (`score`).

#![deny(clippy::float_arithmetic)]

use crate::model::{
    limits::{FACTS_MAX, SIGNALS_KEPT_MAX},
    signal::{CustomerFacts, Signal, SignalKey, Source},
    time::Timestamp,
};

use super::mood::Mood;

/// What became of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Taken {
    /// It counts.
    New,
    /// It counts instead of an earlier revision.
    Revised,
    /// It, or a later revision, was there already.
    Known,
    /// It is older than those that are remembered one by one.
    Late,
    /// The contact has as many facts as it can remember.
    Full,
    /// The document uses no signals from there.
    SwitchedOff,
}

impl Taken {
    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Revised => "revised",
            Self::Known => "known",
            Self::Late => "late",
            Self::Full => "full",
            Self::SwitchedOff => "switched_off",
        }
    }

    /// Whether it changed anything.
    pub fn counts(self) -> bool {
        matches!(self, Self::New | Self::Revised)
    }
}

/// A contact's signals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Of words and voice, in the order of their times.
    pub(crate) feelings: Vec<Kept>,
    /// Declared, in the order of their times.
    pub(crate) facts: Vec<Kept>,
    /// Those that left the window, and the time of the last.
    pub(crate) folded: Option<Box<(Mood, (Timestamp, SignalKey))>>,
}

/// A signal with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// When it was observed.
    pub at: Timestamp,
    /// The signal.
    pub signal: Signal,
}

impl Evidence {
    /// What would become of a signal.
    pub fn judge(&self, now: Timestamp, signal: &Signal) -> Taken {
        let kept = self.of(signal.source);
        let known = kept.iter().find(|kept| kept.signal.key == signal.key);
        if known.is_some_and(|known| known.signal.revision >= signal.revision) {
            return Taken::Known;
        }
        let at = observed(now, signal, known);
        let is_late = self.folded.as_ref().is_some_and(|folded| (at, signal.key) <= folded.1);
        match (signal.source, known) {
            (Source::Fact, None) if kept.len() >= FACTS_MAX => Taken::Full,
            (Source::Text | Source::Voice, _) if is_late => Taken::Late,
            (_, None) => Taken::New,
            (_, Some(_)) => Taken::Revised,
        }
    }

    /// Takes a signal, if it counts.
    pub fn take(&mut self, now: Timestamp, signal: &Signal) -> Taken {
        let taken = self.judge(now, signal);
        if !taken.counts() {
            return taken;
        }
        let kept = if signal.source == Source::Fact { &mut self.facts } else { &mut self.feelings };
        let known = kept.iter().position(|kept| kept.signal.key == signal.key).map(|index| kept.remove(index));
        let at = observed(now, signal, known.as_ref());
        let index = kept.partition_point(|kept| (kept.at, kept.signal.key) < (at, signal.key));
        kept.insert(index, Kept { at, signal: signal.clone() });
        if self.feelings.len() > SIGNALS_KEPT_MAX {
            let oldest = self.feelings.remove(0);
            let mut mood = self.folded.take().map(|folded| folded.0).unwrap_or_default();
            add(&mut mood, &oldest);
            self.folded = Some(Box::new((mood, (oldest.at, oldest.signal.key))));
        }
        taken
    }

    /// True if there is nothing.
    pub fn is_empty(&self) -> bool {
        self.feelings.is_empty() && self.facts.is_empty() && self.folded.is_none()
    }

    /// Signals that are remembered by themselves, with those that count only in sum left out.
    pub fn window(&self) -> &[Kept] {
        &self.feelings
    }

    /// Facts, in the order of their times.
    pub fn facts(&self) -> &[Kept] {
        &self.facts
    }

    /// What those said that are not remembered by themselves; `None` = there are none.
    pub fn folded(&self) -> Option<&Mood> {
        self.folded.as_ref().map(|folded| &folded.0)
    }

    /// What all signals up to a time said.
    pub fn mood(&self, until: Timestamp) -> Mood {
        let mut mood = self.folded().cloned().unwrap_or_default();
        self.feelings.iter().take_while(|kept| kept.at <= until).for_each(|kept| add(&mut mood, kept));
        mood
    }

    /// When something that still stands was last said, up to a time.
    pub fn latest(&self, until: Timestamp) -> Option<Timestamp> {
        let all = self.feelings.iter().chain(&self.facts).filter(|kept| kept.signal.content.is_some());
        let times = all.map(|kept| kept.at).chain(self.folded.as_ref().map(|folded| folded.1.0));
        times.filter(|at| *at <= until).max()
    }

    /// What is known of the customer; the latest word on each counts.
    pub fn customer(&self) -> CustomerFacts {
        let said = self.facts.iter().rev().filter_map(|kept| Some(kept.signal.content.as_ref()?.customer));
        said.fold(CustomerFacts::default(), CustomerFacts::or)
    }

    /// Whether something that happened is told with attributes, which are the customer's.
    pub fn has_attributes(&self) -> bool {
        let contents = self.feelings.iter().chain(&self.facts).filter_map(|kept| kept.signal.content.as_ref());
        contents.flat_map(|content| &content.events).any(|happened| !happened.attributes.is_empty())
    }

    /// Keeps what happened without its attributes.
    pub fn forget_attributes(&mut self) {
        let contents = self.feelings.iter_mut().chain(&mut self.facts).filter_map(|kept| kept.signal.content.as_mut());
        contents.flat_map(|content| &mut content.events).for_each(|happened| happened.attributes.clear());
    }

    fn of(&self, source: Source) -> &[Kept] {
        if source == Source::Fact { &self.facts } else { &self.feelings }
    }
}

/// Adds a kept signal to what was said before it.
pub fn add(mood: &mut Mood, kept: &Kept) {
    if let Some(content) = &kept.signal.content {
        mood.add(kept.at, kept.signal.source, content);
    }
}

/// A signal's time: never in the future, and that of its earlier revision if it says none.
fn observed(now: Timestamp, signal: &Signal, known: Option<&Kept>) -> Timestamp {
    let otherwise = known.map_or(now, |known| known.at);
    signal.observed_at.unwrap_or(otherwise).min(now)
}
