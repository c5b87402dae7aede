//! Names the outside world gives, and numbers the engine gives.
//!
//! Invariant: a value of a name type obeys the grammar below; it is checked once, where the name enters.
//! Numbers are counters in state, never reused within a tenant.

use std::{borrow::Borrow, fmt, sync::Arc};

/// Longest name in bytes: room for a UUID, a UCID or an address, and small enough to index by the million.
pub const NAME_BYTES_MAX: usize = 128;

/// Why a text is no name. Its `Display` reads well after a field's path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is empty.
    #[error("is required")]
    Empty,
    /// The text has more than [`NAME_BYTES_MAX`] bytes.
    #[error("has {0} bytes; at most {NAME_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// The text holds a character outside the grammar.
    #[error("contains {0:?}; allowed are letters and digits of ASCII and . _ : @ / + = -")]
    BadCharacter(char),
}

fn check_name(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(NameError::TooLong(text.len()));
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "._:@/+=-".contains(*c))) {
        Some(c) => Err(NameError::BadCharacter(c)),
        None => Ok(()),
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text that obeys the grammar: 1-128 bytes of ASCII letters, digits and `. _ : @ / + = -`.
            pub fn new(text: &str) -> Result<Self, NameError> {
                check_name(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

names! {
    /// A tenant: one customer of the platform, whose contacts, agents and document are nobody else's.
    TenantId,
    /// A contact, named by the platform; guards enqueue against duplicates for the contact's life.
    ContactId,
    /// An agent, named by the platform.
    AgentId,
    /// A queue of the routing document.
    QueueName,
    /// A skill of the routing document.
    SkillName,
    /// A channel of the routing document.
    ChannelName,
    /// One mutation of one caller; the same id again is the same mutation again.
    RequestId,
    /// One agent desktop's stay on the offer stream, across reconnects.
    SessionId,
    /// Something that happened to a customer, as catalogues of moments name it.
    EventName,
    /// An entry of the catalogue of moments.
    MomentName,
    /// Who announces contacts: a flow, a bot, a dialler.
    SourceName,
    /// Who took a supervisor's action, as the platform names people and programs.
    ActorId,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($repr:ty)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $repr);
    )+};
}

keys! {
    /// The engine's number of a contact.
    ContactKey(u64),
    /// The engine's number of an agent.
    AgentKey(u32),
    /// The engine's number of an offer; shown outside as `o` and the number.
    OfferKey(u64),
    /// The engine's number of an engagement.
    EngagementKey(u64),
    /// The engine's number of a queue, stable across documents.
    QueueKey(u32),
    /// The engine's number of a skill, stable across documents.
    SkillKey(u32),
    /// The engine's number of a channel, stable across documents.
    ChannelKey(u16),
}

impl fmt::Display for OfferKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o{}", self.0)
    }
}

impl OfferKey {
    /// Reads the outside form, `o` and a number.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('o')?;
        // Parsing alone would take a sign as well, and one offer would have two names.
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok().map(Self) } else { None }
    }
}
