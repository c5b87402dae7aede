//! A contact as the platform describes one, and how it can end.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    care::Care,
    ids::{AgentId, ChannelName, ContactId, QueueName},
    requirement::Requirement,
    signal::Signal,
    time::{Span, Timestamp},
    trace::TraceContext,
};

/// What the platform tells of a contact when it enters a queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NewContact {
    /// Its id, chosen by the platform.
    pub id: ContactId,
    /// The queue it enters.
    pub queue: QueueName,
    /// The channel it came by.
    pub channel: ChannelName,
    /// What it asks of an agent beyond what its queue asks.
    pub requirement: Requirement,
    /// An agent it should reach, if one is named.
    pub target: Option<TargetAgent>,
    /// Agents who must not take it; sorted.
    pub excluded: Vec<AgentId>,
    /// What it asks of empathy, as far as that is known by now.
    pub care: Care,
    /// The dynamic part of its head start; never negative.
    pub dynamic: Span,
    /// What is heard of it as it comes.
    pub signals: Vec<Signal>,
    /// When it really arrived, if before now (a contact handed over from elsewhere); never later than now.
    pub arrived_at: Option<Timestamp>,
    /// Who and what, for the agent's eyes.
    pub details: Arc<ContactDetails>,
    /// Where in a trace it began; handed on with its offers.
    pub trace: Option<Box<TraceContext>>,
}

/// A customer, as the platform names one: at most 128 bytes. Empty = nobody in particular.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct CustomerId(pub String);

/// The part of a contact that the engine carries and never reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ContactDetails {
    /// The platform's id of the customer; may be empty.
    pub customer_id: String,
    /// The platform's facts, handed to the agent with the offer.
    pub attributes: BTreeMap<String, String>,
    /// Free context for the desktop (a summary, a screen-pop address).
    pub context: String,
}

/// A contact's wish for one agent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetAgent {
    /// Who.
    pub agent: AgentId,
    /// How long only that agent may take it; afterwards anyone who satisfies its queue. `None`: as long as it waits.
    pub window: Option<Span>,
}

/// Why a contact was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// The customer left: abandonment.
    CustomerLeft,
    /// The platform took it back.
    Withdrawn,
}

/// How a contact ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClosedBecause {
    /// An agent handled it.
    Handled,
    /// The customer left before an agent accepted.
    Abandoned,
    /// The platform withdrew it.
    Cancelled,
    /// Its queue's maximum wait ended without another queue to go to.
    Expired,
    /// It was announced and never came.
    NeverCame,
}

impl ClosedBecause {
    /// The cause in a word, for metrics and watchers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Abandoned => "abandoned",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::NeverCame => "never_came",
        }
    }
}

/// Whether a contact that changes its queue keeps the place its waiting earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeepPlace {
    /// It keeps its virtual arrival.
    Keep,
    /// It starts at the end.
    New,
}
