//! Why a command is refused: one enum, one stable reason each, in words that say what would be right.
//!
//! Invariant: a refused command changed nothing. The table from here to gRPC status is `api::status`.

use crate::model::{
    document::DocumentEtag,
    ids::{AgentId, ChannelName, ContactId, OfferKey, QueueName, RequestId, SkillName},
    limits::SIGNALS_KEPT_MAX,
    requirement::RequirementError,
    signal::Source,
    time::{Span, Timestamp},
};

/// A business refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// No such contact, or closed too long ago.
    #[error("there is no contact {0:?}; contacts are remembered for a day after they close")]
    ContactUnknown(ContactId),
    /// A contact with this id is there already.
    #[error("contact {0:?} exists already; choose another id or use the existing contact")]
    ContactExists(ContactId),
    /// The contact has ended.
    #[error("contact {0:?} is closed")]
    ContactClosed(ContactId),
    /// The command does not fit the contact's state.
    #[error("contact {contact:?} is {state}; this needs it {needed}")]
    ContactState {
        /// Which contact.
        contact: ContactId,
        /// What it is.
        state: &'static str,
        /// What it would have to be.
        needed: &'static str,
    },
    /// No such agent.
    #[error("there is no agent {agent:?}; create the agent with PutAgent first")]
    AgentUnknown {
        /// The field that names it.
        field: &'static str,
        /// The name.
        agent: AgentId,
    },
    /// There is an agent of this id.
    #[error("agent {agent:?} exists already; leave out the mode to replace the profile")]
    AgentExists {
        /// Which agent.
        agent: AgentId,
        /// Its revision.
        actual: u64,
    },
    /// Another profile is in force than the caller thought.
    #[error("agent {agent:?} has changed; read the agent and try again with the etag found there")]
    AgentChanged {
        /// Which agent.
        agent: AgentId,
        /// Its revision.
        actual: u64,
    },
    /// The agent has work or a session.
    #[error("agent {0:?} is signed in or has work; set presence offline and end the work first")]
    AgentBusy(AgentId),
    /// The customer has contacts that are not closed.
    #[error("the customer has contacts that are not closed: {0:?}; end them, then erase")]
    CustomerBusy(Vec<ContactId>),
    /// The agent has no open session.
    #[error("agent {0:?} has no session; open WatchOffers first")]
    NoSession(AgentId),
    /// No such queue in the document.
    #[error("there is no queue {queue:?} in the routing document{}", suggestion(.similar))]
    QueueUnknown {
        /// The field that names it.
        field: &'static str,
        /// The name.
        queue: QueueName,
        /// A queue with a similar name.
        similar: Option<String>,
    },
    /// No such skill in the document.
    #[error("there is no skill {skill:?} in the routing document{}", suggestion(.similar))]
    SkillUnknown {
        /// The field that names it.
        field: &'static str,
        /// The name.
        skill: SkillName,
        /// A skill with a similar name.
        similar: Option<String>,
    },
    /// No such channel in the document.
    #[error("there is no channel {channel:?} in the routing document{}", suggestion(.similar))]
    ChannelUnknown {
        /// The field that names it.
        field: &'static str,
        /// The name.
        channel: ChannelName,
        /// A channel with a similar name.
        similar: Option<String>,
    },
    /// The queue does not take this channel.
    #[error("queue {queue:?} does not take channel {channel:?}")]
    ChannelNotTaken {
        /// The queue.
        queue: QueueName,
        /// The channel.
        channel: ChannelName,
    },
    /// The contact's requirement, together with its queue's, cannot be matched.
    #[error("the requirement {error}")]
    Requirement {
        /// The field that states it.
        field: &'static str,
        /// Why it cannot be matched.
        error: RequirementError,
    },
    /// The queue holds as many as its document allows, and nothing is said about more.
    #[error("queue {queue:?} is full ({contacts} contacts)")]
    QueueFull {
        /// The queue.
        queue: QueueName,
        /// Its maximum size.
        contacts: u32,
    },
    /// The queue takes no new contacts, and nothing is said about where they go instead.
    #[error("queue {0:?} drains: it takes no new contacts until a supervisor reopens it")]
    QueueDraining(QueueName),
    /// The contact must not go to this agent.
    #[error("contact {contact:?} excludes agent {agent:?}")]
    AgentExcluded {
        /// The contact.
        contact: ContactId,
        /// The agent.
        agent: AgentId,
    },
    /// The document would remove queues that still hold contacts.
    #[error("these queues still hold contacts; name in `moves` where each one's contacts go: {0:?}")]
    QueuesNotEmpty(Vec<QueueName>),
    /// Contacts of removed queues cannot go where they are to go.
    #[error("{} of the queue moves cannot be carried out", .0.len())]
    MovesInvalid(Vec<MoveFault>),
    /// The document would remove channels that contacts still use.
    #[error("these channels are still used by contacts and cannot be removed: {0:?}")]
    ChannelsInUse(Vec<ChannelName>),
    /// A document is coming into force, and what was asked does not fit both it and the one before.
    #[error("a routing document is just coming into force; try again in a moment")]
    DocumentSweeping,
    /// Another document is in force than the caller thought.
    #[error("the document in force is {actual}, not {expected}; read it and try again with its etag")]
    VersionMismatch {
        /// What the caller expected.
        expected: DocumentEtag,
        /// What is in force.
        actual: DocumentEtag,
    },
    /// No such version of the document, or too long ago.
    #[error("there is no document of version {version}; remembered are {oldest} to {latest}")]
    DocumentVersionUnknown {
        /// The field that asks for it.
        field: &'static str,
        /// What the caller asked for.
        version: u64,
        /// The oldest that is remembered.
        oldest: u64,
        /// The one in force.
        latest: u64,
    },
    /// No such offer, or long gone.
    #[error("there is no open offer {0}")]
    OfferUnknown(OfferKey),
    /// The offer's time was over.
    #[error("offer {offer} expired {ago} ago")]
    OfferExpired {
        /// The offer.
        offer: OfferKey,
        /// How long ago.
        ago: Span,
    },
    /// Somebody else took the contact.
    #[error("offer {0} was taken by another agent")]
    OfferTaken(OfferKey),
    /// The offer was withdrawn.
    #[error("offer {0} was rescinded")]
    OfferRescinded(OfferKey),
    /// The queue does not allow declining.
    #[error("queue {0:?} does not allow declining offers")]
    DeclineForbidden(QueueName),
    /// No more time is to be had.
    #[error("{what} may not be extended beyond {latest:?}")]
    ExtensionTooLong {
        /// "the offer" or "wrap-up".
        what: &'static str,
        /// The latest possible end.
        latest: Timestamp,
    },
    /// The agent has no such engagement.
    #[error("agent {agent:?} has no {needed} engagement with contact {contact:?}")]
    EngagementUnknown {
        /// The agent.
        agent: AgentId,
        /// The contact.
        contact: ContactId,
        /// Active, or in wrap-up.
        needed: &'static str,
    },
    /// A value is outside its range, given the time or the state.
    #[error("{field}: {problem}")]
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
    /// A signal is older than those that the contact remembers one by one.
    #[error("the signal was observed before the last {SIGNALS_KEPT_MAX} of contact {0:?}; send signals as they come")]
    SignalLate(ContactId),
    /// The document does not use signals from there.
    #[error("the routing document has switched off signals of kind {}", .0.name())]
    SignalSwitchedOff(Source),
    /// The same request id came before with another command.
    #[error("request id {0:?} was used before for another command; use a new id for each mutation")]
    RequestReused(RequestId),
    /// A limit of this release is reached.
    #[error("limit reached: {what} ({limit})")]
    LimitReached {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// Why contacts of a removed queue cannot go where they are to go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("from {from:?} to {to:?}: {problem}")]
pub struct MoveFault {
    /// The removed queue.
    pub from: QueueName,
    /// Where its contacts are to go.
    pub to: QueueName,
    /// What is wrong with that.
    pub problem: MoveProblem,
}

/// What is wrong with a queue move, and what would be right. Its `Display` reads well after the field's path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoveProblem {
    /// The queue stays, or was never there.
    #[error("names no queue that the document removes; leave it out")]
    NotRemoved,
    /// The new document has no such queue.
    #[error("names no queue of the new document{}", suggestion(.similar))]
    DestinationUnknown {
        /// A queue with a similar name.
        similar: Option<String>,
    },
    /// The destination does not take a channel of the contacts.
    #[error("names a queue that does not take {0:?}; contacts of that channel are there, so name one that does")]
    ChannelNotTaken(ChannelName),
    /// What a contact asks cannot be matched in the destination.
    #[error("names a queue where what a contact asks, together with the queue's own requirement, {0}")]
    Unmatchable(RequirementError),
}

impl Reject {
    /// The reason's name, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ContactUnknown(_) => "contact_unknown",
            Self::ContactExists(_) => "contact_exists",
            Self::ContactClosed(_) => "contact_closed",
            Self::ContactState { .. } => "contact_state",
            Self::AgentUnknown { .. } => "agent_unknown",
            Self::AgentExists { .. } => "agent_exists",
            Self::AgentChanged { .. } => "agent_changed",
            Self::AgentBusy(_) => "agent_busy",
            Self::CustomerBusy(_) => "customer_busy",
            Self::NoSession(_) => "no_session",
            Self::QueueUnknown { .. } => "queue_unknown",
            Self::SkillUnknown { .. } => "skill_unknown",
            Self::ChannelUnknown { .. } => "channel_unknown",
            Self::ChannelNotTaken { .. } => "channel_not_taken",
            Self::Requirement { .. } => "requirement",
            Self::QueueFull { .. } => "queue_full",
            Self::QueueDraining(_) => "queue_draining",
            Self::AgentExcluded { .. } => "agent_excluded",
            Self::QueuesNotEmpty(_) => "queues_not_empty",
            Self::MovesInvalid(_) => "moves_invalid",
            Self::ChannelsInUse(_) => "channels_in_use",
            Self::DocumentVersionUnknown { .. } => "document_version_unknown",
            Self::DocumentSweeping => "document_sweeping",
            Self::VersionMismatch { .. } => "version_mismatch",
            Self::OfferUnknown(_) => "offer_unknown",
            Self::OfferExpired { .. } => "offer_expired",
            Self::OfferTaken(_) => "offer_taken",
            Self::OfferRescinded(_) => "offer_rescinded",
            Self::DeclineForbidden(_) => "decline_forbidden",
            Self::ExtensionTooLong { .. } => "extension_too_long",
            Self::EngagementUnknown { .. } => "engagement_unknown",
            Self::OutOfRange { .. } => "out_of_range",
            Self::SignalLate(_) => "signal_late",
            Self::SignalSwitchedOff(_) => "signal_switched_off",
            Self::RequestReused(_) => "request_reused",
            Self::LimitReached { .. } => "limit_reached",
        }
    }
}

fn suggestion(similar: &Option<String>) -> String {
    similar.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}
