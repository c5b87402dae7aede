//! The small bank that the demo plays: its hours, channels and languages, its customers' messages and its agents.
//!
//! Invariant: it fits the embedded routing document; names of queues, skills and channels are that document's. Figures
//! are of the size that contact-centre textbooks give, and nobody's in particular.

use std::time::Duration;

use super::workload::profile::Profile;

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
