//! The small bank that the demo plays: its hours, channels and languages, its customers' messages and its agents.
//!
//! Invariant: it fits the embedded routing document; names of queues, skills and channels are that document's. Figures
//! are of the size that contact-centre textbooks give, and nobody's in particular.

use std::time::Duration;

use super::workload::profile::Profile;
use crate::model::{
    document::{DEFAULT_TOML, Document, Format},
    time::Span,
};

pub mod habits;
mod label;
mod language;
mod messages;
mod staff;

pub use label::queue_of;
pub use language::Language;
pub use messages::{Message, Messages, MessagesError};
pub use staff::{Agent, staff};

/// What an agent can carry.
pub const CAPACITY: u32 = 100;
/// The channel that goes to a queue of its own, since nobody holds the line.
pub const EMAIL: &str = "email";
/// That queue.
pub const MAILBOX: &str = "mailbox";
/// The queue for everything else.
pub const GENERAL: &str = "general";
/// Coefficient of variation of handling times.
pub const HANDLING_VARIATION: f64 = 0.6;

/// Who is empathetic at this bank, what is a moment of truth, and how many agents are kept free for one.
const CARE: &str = include_str!("bank/care.toml");

/// The routing document of the bank, written: the embedded one, and what this bank knows of moments of truth.
pub fn document_toml() -> String {
    format!("{DEFAULT_TOML}{CARE}")
}

/// The same, read.
pub fn document() -> Document {
    Document::parse(&document_toml(), Format::Toml).expect("the bank's document is valid: a test reads it")
}

/// The bank as switchboards route that know none of this: first come, first served by whoever is idle longest. Skills,
/// steps and limits are the same; nobody is preferred, and nobody goes before anybody.
pub fn first_come() -> Document {
    let mut document = Document::embedded_default();
    for queue in document.queues.values_mut() {
        queue.priority = Span::ZERO;
        queue.rule.prefer.clear();
        queue.steps.iter_mut().for_each(|step| step.rule.prefer.clear());
    }
    document
}

/// How customers use a channel.
#[derive(Debug)]
pub struct Channel {
    /// Its name in the document.
    pub name: &'static str,
    /// Of all contacts.
    pub share: f64,
    /// Mean time an agent has to do with a contact.
    pub handling: Duration,
    /// Mean time a customer waits; `None` = as long as it takes.
    pub patience: Option<Duration>,
}

/// How customers come.
pub const CHANNELS: [Channel; 7] = [
    channel("voice", 0.50, 6, Some(3)),
    channel("chat", 0.20, 9, Some(5)),
    channel("messaging", 0.11, 8, Some(40)),
    channel("in_app", 0.06, 8, Some(5)),
    channel("sms", 0.04, 6, Some(40)),
    channel("social", 0.03, 7, Some(60)),
    channel(EMAIL, 0.06, 7, None),
];

const fn channel(name: &'static str, share: f64, handling_mins: u64, patience_mins: Option<u64>) -> Channel {
    let patience = match patience_mins {
        Some(mins) => Some(Duration::from_secs(60 * mins)),
        None => None,
    };
    Channel { name, share, handling: Duration::from_secs(60 * handling_mins), patience }
}

/// Opening hours from 08:00 to 20:00 and the two humps of a working day: before and after lunch.
pub fn profile() -> Profile {
    Profile::new(&[
        (8.0, 0.70),
        (9.0, 0.95),
        (10.0, 1.15),
        (10.5, 1.20),
        (11.0, 1.15),
        (12.0, 1.00),
        (13.0, 0.94),
        (14.0, 1.08),
        (15.0, 1.15),
        (16.0, 1.08),
        (17.0, 1.00),
        (18.0, 0.85),
        (19.0, 0.70),
        (20.0, 0.55),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banks_document_adds_moments_to_the_embedded_one_and_the_plain_one_takes_all_order_away() {
        let (embedded, own, plain) = (Document::embedded_default(), document(), first_come());
        assert_eq!((&own.queues, &own.skills), (&embedded.queues, &embedded.skills));
        assert!(own.empathy.is_some() && !own.moments.is_empty());
        assert!(plain.empathy.is_none() && plain.moments.is_empty());
        for queue in plain.queues.values() {
            assert_eq!(queue.priority, Span::ZERO);
            let rules = queue.steps.iter().map(|step| &step.rule).chain([&queue.rule]);
            assert!(rules.into_iter().all(|rule| rule.prefer.is_empty()));
        }
        let empathy = own.empathy.expect("it was there just now");
        let agent = |level| Agent { id: "a".to_owned(), skills: [("empathy".to_owned(), level)].into() };
        let level = u32::from(empathy.level);
        assert_eq!((agent(level).is_empathetic(), agent(level - 1).is_empathetic()), (true, false));
    }
}
