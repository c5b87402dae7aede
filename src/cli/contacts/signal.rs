//! `attune contacts signal`: something is said about a contact's customer.
//!
//! Invariant: one call, and the same id again is the same signal. Not here: streams of signals, which speech analytics
//! send (`ContactService.Signals`).

use clap::{ArgGroup, Args, ValueEnum};

use crate::{
    api::pb,
    cli::{
        arguments::{parse_attribute, parse_time},
        failure::Failure,
        session::Session,
    },
};

pub(super) const EXAMPLES: &str = "Examples:\n  attune contacts signal c1 --event card_stolen --attribute where=abroad\n  \
                                   attune contacts signal c1 --text 'Please hurry, my card was stolen!' --language en\n  \
                                   attune contacts signal c1 --modality acoustic --valence=-0.8 --arousal 0.9\n  \
                                   attune contacts signal c1 --id s1 --revision 1 --withdraw";

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("said").required(true).multiple(true).args([
    "events", "value", "expertise", "reach", "attempts", "text", "valence", "urgency", "withdraw",
]))]
pub(super) struct Signal {
    /// The contact
    contact: String,

    /// The signal's id at its provider; without it, --request-id or a random one
    #[arg(long, value_name = "ID", default_value = "")]
    id: String,

    /// Who says it; without it, "platform"
    #[arg(long, value_name = "NAME", default_value = "")]
    provider: String,

    /// Counts up when the same signal is said anew
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "id")]
    revision: u32,

    /// Takes back what the signal of this id said
    #[arg(long, requires = "id")]
    withdraw: bool,

    /// When it was observed, such as 2026-11-22T14:00:00Z; without it, now
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    observed: Option<prost_types::Timestamp>,

    /// Something that happened to the customer, by a name of the catalogue of moments; may be given several times
    #[arg(long = "event", value_name = "NAME")]
    events: Vec<String>,

    /// A fact about what happened; may be given several times
    #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = parse_attribute, requires = "events")]
    attributes: Vec<(String, String)>,

    /// What the customer is worth to the business, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    value: Option<f64>,

    /// How well the customer knows the matter, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    expertise: Option<f64>,

    /// How many others hear of it, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    reach: Option<f64>,

    /// What the customer tried in self-service before
    #[arg(long, value_name = "NUMBER")]
    attempts: Option<u32>,

    /// The customer's words; they are scored by the daemon and dropped
    #[arg(long, conflicts_with_all = ["valence", "arousal", "urgency"])]
    text: Option<String>,

    /// The language of the words, such as en; without it, the daemon finds out
    #[arg(long, value_name = "TAG", default_value = "", requires = "text")]
    language: String,

    /// What valence, arousal and urgency were read from
    #[arg(long, value_enum)]
    modality: Option<Modality>,

    /// How the customer feels, from -1 (all bad) to 1; write --valence=-0.8
    #[arg(long, value_name = "VALENCE", allow_negative_numbers = true, requires = "modality")]
    valence: Option<f64>,

    /// How strongly, from 0 to 1
    #[arg(long, value_name = "SHARE", requires = "valence")]
    arousal: Option<f64>,

    /// How urgent it is, from 0 to 1
    #[arg(long, value_name = "SHARE", requires = "modality")]
    urgency: Option<f64>,

    /// How sure that is, from 0 to 1; without it, half
    #[arg(long, value_name = "SHARE", requires = "modality")]
    confidence: Option<f64>,
}

/// What a feeling was read from, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Modality {
    Text,
    Acoustic,
    Dynamics,
    Multimodal,
}

impl Signal {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let (contact, is_withdrawn) = (self.contact.clone(), self.withdraw);
        let call = pb::SignalRequest { signal: Some(self.signal()), ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || match (answer.news, is_withdrawn) {
            (false, _) => format!("{contact}: that was known already"),
            (true, true) => format!("{contact}: taken back"),
            (true, false) => format!("{contact}: taken"),
        })
    }

    fn signal(self) -> pb::Signal {
        let confidence = self.confidence;
        let measured =
            |value: Option<f64>| value.map(|value| pb::Measurement { value, confidence, ..Default::default() });
        let attributes: std::collections::BTreeMap<String, String> = self.attributes.into_iter().collect();
        let events = self.events.into_iter();
        let facts = pb::Facts {
            events: events.map(|name| pb::JourneyEvent { name, attributes: attributes.clone() }).collect(),
            value: self.value,
            expertise: self.expertise,
            reach: self.reach,
            self_service_attempts: self.attempts,
        };
        pb::Signal {
            contact_id: self.contact,
            signal_id: self.id,
            provider: self.provider,
            revision: self.revision,
            withdrawn: self.withdraw,
            observed_time: self.observed,
            modality: self.modality.map_or(pb::SignalModality::Unspecified, pb::SignalModality::from).into(),
            language: self.language,
            valence: measured(self.valence),
            arousal: measured(self.arousal),
            urgency: measured(self.urgency),
            text: self.text.unwrap_or_default(),
            facts: (facts != pb::Facts::default()).then_some(facts),
            ..Default::default()
        }
    }
}

impl From<Modality> for pb::SignalModality {
    fn from(modality: Modality) -> Self {
        match modality {
            Modality::Text => Self::Text,
            Modality::Acoustic => Self::Acoustic,
            Modality::Dynamics => Self::Dynamics,
            Modality::Multimodal => Self::Multimodal,
        }
    }
}
