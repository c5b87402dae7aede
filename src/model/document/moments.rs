//! What the business calls a moment of truth, and how many seconds evidence is worth.
//!
//! Invariant: the dynamic part of a head start never passes `HeadStart::max`, words alone never `HeadStart::text_max`, and
//! what a customer's words and voice give within a day never `HeadStart::budget`.
//! A document that says nothing of these goes by the defaults: evidence moves contacts, and no event is a moment.

use std::collections::BTreeMap;

use super::Catalogue;
use crate::model::{
    ids::{EventName, SkillName},
    requirement::Level,
    signal::{Source, Thousandths},
    time::Span,
};

/// A document's `[head_start]`: what evidence may be worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeadStart {
    /// The most that all of it gives together.
    pub max: Span,
    /// The most that words alone give, if no fact, repeat or voice goes with them.
    pub text_max: Span,
    /// The most that is inferred of a customer (words, voice) gives within a day, over all contacts, each at its most.
    pub budget: Span,
    /// How the customer feels, peak and end.
    pub emotion: Worth,
    /// How urgent it is.
    pub urgency: Worth,
    /// Contacts of the same customer within two days.
    pub repeats: Worth,
    /// How many others hear of it.
    pub reach: Worth,
    /// What the customer is worth to the business.
    pub value: Worth,
    /// What the customer tried before asking for a person.
    pub effort: Worth,
}

/// What a kind of evidence is worth at its strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Worth {
    /// Seconds of head start.
    pub max: Span,
    /// What it counts in deciding whether a contact is a moment of truth.
    pub weight: Thousandths,
}

impl Worth {
    const fn new(secs: i64, weight: Thousandths) -> Self {
        Self { max: Span::from_secs(secs), weight }
    }
}

impl Default for HeadStart {
    fn default() -> Self {
        Self {
            max: Span::from_secs(180),
            text_max: Span::from_secs(90),
            budget: Span::from_secs(360),
            emotion: Worth::new(60, 600),
            urgency: Worth::new(60, 500),
            repeats: Worth::new(45, 400),
            reach: Worth::new(30, 300),
            value: Worth::new(30, 200),
            effort: Worth::new(15, 100),
        }
    }
}

/// A document's `[signals]`: the kinds of evidence that a tenant uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignalRules {
    /// What was declared.
    pub facts: bool,
    /// The words used.
    pub text: bool,
    /// How they were spoken.
    pub voice: bool,
}

impl SignalRules {
    /// Whether evidence from there counts.
    pub fn takes(&self, source: Source) -> bool {
        match source {
            Source::Fact => self.facts,
            Source::Text => self.text,
            Source::Voice => self.voice,
        }
    }
}

impl Default for SignalRules {
    fn default() -> Self {
        Self { facts: true, text: true, voice: true }
    }
}

/// An entry of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Moment {
    /// The shipped catalogue that it is of; `None` = the document's own.
    pub origin: Option<Catalogue>,
    /// For people to read.
    pub description: String,
    /// Each of them alone makes it one.
    pub triggers: Vec<Trigger>,
    /// What it counts in deciding whether the contact is a moment of truth.
    pub weight: Thousandths,
    /// After so long it counts half.
    pub half_life: Span,
    /// What it gives in the line.
    pub head_start: Span,
    /// The least empathy it asks, if more than the document's level.
    pub empathy: Level,
    /// How long it waits for an empathetic agent; `None` = as the document's `[empathy]` says.
    pub hold: Option<Span>,
    /// What that agent must know as well; once the hold is over, nobody need.
    pub skills: BTreeMap<SkillName, Level>,
    /// The least time that an agent has to answer its offer; `None` = as long as the queue gives.
    pub offer_time: Option<Span>,
    /// How its handling is measured.
    pub handling: Handling,
}

/// Whether a contact's handling counts towards what agents are asked to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Handling {
    /// As every other contact's.
    #[default]
    Timed,
    /// It takes as long as it takes: no target of handling time goes with it.
    Untimed,
}

/// What makes a contact this moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Something happened, declared or named in the customer's words.
    Event {
        /// What.
        event: EventName,
        /// Facts about it that must be so.
        attributes: BTreeMap<String, String>,
        /// From where it counts; empty = from anywhere.
        from: Vec<Source>,
    },
    /// The customer feels at least so badly.
    Distress(Thousandths),
    /// The customer's so-manieth contact within two days.
    Repeats(u8),
}
