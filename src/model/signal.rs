//! Signals: pieces of evidence about a contact, in the compact form in which routing uses and remembers them.
//!
//! Invariant: whole numbers only, shares in thousandths, so that the same evidence gives the same score everywhere.
//! Not here: what providers emit beyond this (it is validated at the edge), raw text (it is scored and dropped), and
//! anything about an agent's feelings (refused).

use std::collections::BTreeMap;

use super::{ids::EventName, time::Timestamp};

/// A share in thousandths, 0-1,000.
pub type Thousandths = u16;

/// A whole, in thousandths.
pub const WHOLE: Thousandths = 1_000;

/// A piece of evidence about a contact.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signal {
    /// Stands for the provider and the signal's id there: the same again is the same signal.
    pub key: SignalKey,
    /// A higher one replaces a lower one, whichever comes first.
    pub revision: u32,
    /// When it was observed; `None` = as it comes in.
    pub observed_at: Option<Timestamp>,
    /// Where it is from.
    pub source: Source,
    /// What it says; `None` = nothing any more, it is withdrawn.
    pub content: Option<Content>,
}

/// 64 bits that stand for a provider and the id it gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalKey(pub u64);

impl SignalKey {
    /// Of a provider's signal. Two of the few dozen signals of a contact are as good as never the same, and nobody
    /// gains by it if they are.
    pub fn of(provider: &str, id: &str) -> Self {
        let bytes = provider.bytes().chain([0]).chain(id.bytes());
        // FNV-1a (Fowler, Noll, Vo 1991).
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

/// Where evidence is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Declared: an event that happened, or what is known of the customer.
    Fact,
    /// The words used.
    Text,
    /// How they were spoken.
    Voice,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fact, Self::Text, Self::Voice];

    /// Its name, for people and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Text => "text",
            Self::Voice => "voice",
        }
    }
}

/// What a signal says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Content {
    /// The language the analyser read it in, by its two letters; `None` = it was not read here.
    pub language: Option<[u8; 2]>,
    /// How the customer feels.
    pub feeling: Option<Feeling>,
    /// How urgent it is.
    pub urgency: Option<Measure>,
    /// What happened.
    pub events: Vec<Happened>,
    /// What is known of the customer.
    pub customer: CustomerFacts,
}

/// How a customer feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Feeling {
    /// From -1,000, all bad, to 1,000, all good.
    pub valence: i16,
    /// How strongly.
    pub arousal: Thousandths,
    /// How sure that is.
    pub confidence: Thousandths,
}

/// Something measured, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Measure {
    /// How much.
    pub value: Thousandths,
    /// How sure.
    pub confidence: Thousandths,
}

/// Something that happened to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Happened {
    /// What.
    pub event: EventName,
    /// How sure; a whole if it is declared.
    pub confidence: Thousandths,
    /// Facts about it that a catalogue may ask for.
    pub attributes: BTreeMap<String, String>,
}

/// What is known of a customer; absent = not told, and not none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CustomerFacts {
    /// What the customer is worth to the business.
    pub value: Option<Thousandths>,
    /// How many others hear of it.
    pub reach: Option<Thousandths>,
    /// How well the customer knows the matter.
    pub expertise: Option<Thousandths>,
    /// What was tried in self-service before.
    pub attempts: Option<u8>,
}

impl CustomerFacts {
    /// These, and what only the other tells.
    pub fn or(self, other: Self) -> Self {
        Self {
            value: self.value.or(other.value),
            reach: self.reach.or(other.reach),
            expertise: self.expertise.or(other.expertise),
            attempts: self.attempts.or(other.attempts),
        }
    }
}
