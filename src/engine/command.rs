//! What can be asked of the engine: commands, as decoded and validated at the edge.
//!
//! Invariant: a command is plain owned data with names, never numbers; it can be hashed, compared, journalled and
//! replayed. Not here: whether it is allowed in the present state (the decide-functions say so).

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    model::{
        agent::{AgentProfile, AgentRow, Expected, Presence},
        care::{Announced, Care},
        contact::{CancelReason, ContactDetails, KeepPlace, NewContact, TargetAgent},
        document::{Document, DocumentEtag, Origin},
        ids::{AgentId, ChannelName, ContactId, OfferKey, QueueName, RequestId, SessionId, SkillName, SourceName},
        requirement::{Level, Requirement},
        signal::Signal,
        supervision::Supervision,
        time::{Span, Timestamp},
    },
    scoring::Taken,
};

use super::{hold::HoldRules, reject::Reject};

/// A command and the id under which its caller may repeat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Absent only on commands of the daemon itself (a timer, a lost stream) and on signals, which have ids of their own.
    pub id: Option<RequestId>,
    /// What is asked.
    pub command: Command,
}

/// Everything that can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Command {
    /// Time has passed: whatever is due happens.
    Tick,

    /// A document comes into force slice by slice, or offering goes on after a restart: the next one.
    Sweep,
    /// Goes on after the process was gone since then; `hold` is how offering waits for agents, if it does.
    Resume { since: Timestamp, hold: Option<HoldRules> },
    /// Goes on after nobody was heard since then: the disk, or the machine, stood still.
    Stall { since: Timestamp },
    /// Replaces the routing document; contacts already waiting follow the new one.
    ApplyDocument(Box<Proposal>),

    /// Creates an agent or replaces the profile.
    PutAgent { agent: AgentId, profile: Arc<AgentProfile>, expected: Expected },
    /// The same for many, each by itself: what is refused of one row keeps no other back.
    PutAgents { rows: Arc<[AgentRow]> },
    /// Removes an agent who is offline and has no work.
    DeleteAgent { agent: AgentId, expected: Expected },
    /// An agent's stream opened; the same session id as before resumes it, another one replaces it.
    OpenSession { agent: AgentId, session: SessionId, connection: u64 },
    /// An agent's stream broke; ignored if a newer connection has taken its place.
    LoseSession { agent: AgentId, connection: u64 },
    /// The agent (or somebody for them) says whether they are there.
    SetPresence { agent: AgentId, presence: Presence },

    /// A contact is on its way.
    AnnounceContact {
        contact: ContactId,
        expected_at: Timestamp,
        announced: Announced,
        source: Option<SourceName>,
        details: Arc<ContactDetails>,
    },
    /// A contact enters a queue.
    EnqueueContact(Box<NewContact>),
    /// Facts or requirement of a contact change.
    UpdateContact { contact: ContactId, details: Option<Arc<ContactDetails>>, requirement: Option<Requirement> },
    /// A contact's score is another, by what was computed outside the engine.
    ScoreContact { contact: ContactId, dynamic: Span, care: Care },
    /// Something is heard of a contact.
    Signal { contact: ContactId, signals: Arc<[Signal]> },
    /// A waiting contact keeps its place, unoffered, until released or until `longest` has passed.
    ParkContact { contact: ContactId, longest: Span },
    /// A parked contact is offered again.
    ReleaseContact { contact: ContactId },
    /// A contact goes back to waiting, in the same or another queue.
    RequeueContact { contact: ContactId, queue: Option<QueueName>, place: KeepPlace },
    /// An engaged contact goes on without waiting for anybody's consent.
    TransferContact { contact: ContactId, to: Destination, place: KeepPlace },
    /// The engagement is over; wrap-up follows if the queue gives one.
    CompleteContact { contact: ContactId },
    /// The contact ends before an agent handled it.
    CancelContact { contact: ContactId, reason: CancelReason },

    /// The desktop shows the offer: its time starts.
    AckOffer { agent: AgentId, offer: OfferKey },
    /// The agent takes it.
    AcceptOffer { agent: AgentId, offer: OfferKey },
    /// The agent says no.
    DeclineOffer { agent: AgentId, offer: OfferKey, reason: String },
    /// The agent needs longer to answer.
    ExtendOffer { agent: AgentId, offer: OfferKey, by: Span },
    /// Accepted, but agent and customer could not be connected: the contact returns to its place.
    ReportConnectFailed { agent: AgentId, contact: ContactId, reason: String },
    /// More time for wrap-up, up to the queue's maximum.
    ExtendWrapUp { agent: AgentId, contact: ContactId, by: Span },
    /// Wrap-up is done early.
    EndWrapUp { agent: AgentId, contact: ContactId },

    /// So many empathetic agents are kept free for a skill, or for those who have no other; `None` = as the document says.
    SetReserve { skill: Option<SkillName>, k: Option<u32> },
    /// Agents who are asked usually accept a contact of this queue and channel within `usual`; `None` = not known.
    LearnAcceptance { queue: QueueName, channel: ChannelName, usual: Option<Span> },
    /// Of the moments of truth that a source promises, so many thousandths come in time; `None` = not known.
    LearnShowRate { source: SourceName, thousandths: Option<u16> },
    /// An agent's level of the skill that stands for empathy was found to be this; `None` = what the record says.
    LearnEmpathy { agent: AgentId, level: Option<Level> },
    /// Whoever joins a queue by this channel is expected to wait beyond this, which a step of the queue names; `None` =
    /// beyond none of them.
    SetOverflow { queue: QueueName, channel: ChannelName, beyond: Option<Span> },

    /// A supervisor does something, for a stated reason.
    Supervise(Arc<Supervision>),
}

/// A document to put in force, and all that is said with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// The document.
    pub document: Arc<Document>,
    /// Refused unless this version is in force.
    pub expected: Option<DocumentEtag>,
    /// Where the contacts of queues go that it removes: from the removed to one of its own.
    pub moves: BTreeMap<QueueName, QueueName>,
    /// Who proposes it, and why.
    pub origin: Origin,
}

impl Proposal {
    /// Of a document, whatever is in force, by nobody in particular.
    pub fn new(document: Arc<Document>) -> Self {
        Self { document, expected: None, moves: BTreeMap::new(), origin: Origin::default() }
    }
}

/// Where a transferred contact goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Another queue (or the same).
    Queue(QueueName),
    /// One agent, in the contact's queue.
    Agent(TargetAgent),
    /// Whoever has these skills, in the contact's queue and on top of what it asks.
    Skills(Requirement),
}

impl Command {
    /// The command's name, for logs, metrics and coverage.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::Sweep => "sweep",
            Self::Resume { .. } => "resume",
            Self::Stall { .. } => "stall",
            Self::ApplyDocument(_) => "apply_document",
            Self::PutAgent { .. } => "put_agent",
            Self::PutAgents { .. } => "put_agents",
            Self::DeleteAgent { .. } => "delete_agent",
            Self::OpenSession { .. } => "open_session",
            Self::LoseSession { .. } => "lose_session",
            Self::SetPresence { .. } => "set_presence",
            Self::AnnounceContact { .. } => "announce_contact",
            Self::EnqueueContact(_) => "enqueue_contact",
            Self::UpdateContact { .. } => "update_contact",
            Self::ScoreContact { .. } => "score_contact",
            Self::Signal { .. } => "signal",
            Self::ParkContact { .. } => "park_contact",
            Self::ReleaseContact { .. } => "release_contact",
            Self::RequeueContact { .. } => "requeue_contact",
            Self::TransferContact { .. } => "transfer_contact",
            Self::CompleteContact { .. } => "complete_contact",
            Self::CancelContact { .. } => "cancel_contact",
            Self::AckOffer { .. } => "ack_offer",
            Self::AcceptOffer { .. } => "accept_offer",
            Self::DeclineOffer { .. } => "decline_offer",
            Self::ExtendOffer { .. } => "extend_offer",
            Self::ReportConnectFailed { .. } => "report_connect_failed",
            Self::ExtendWrapUp { .. } => "extend_wrap_up",
            Self::EndWrapUp { .. } => "end_wrap_up",
            Self::SetReserve { .. } => "set_reserve",
            Self::LearnAcceptance { .. } => "learn_acceptance",
            Self::LearnShowRate { .. } => "learn_show_rate",
            Self::LearnEmpathy { .. } => "learn_empathy",
            Self::SetOverflow { .. } => "set_overflow",
            Self::Supervise(supervision) => supervision.action.name(),
        }
    }
}

/// The answer to an accepted command: small, so that it can be remembered and given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done; there is nothing to add.
    Done,
    /// A contact took its place.
    Queued {
        /// The queue it is in: another than asked for if that one was full and overflows.
        queue: QueueName,
        /// Its virtual arrival.
        virtual_arrival: Timestamp,
    },
    /// A session is open.
    Session {
        /// Whether earlier state was kept.
        resumed: bool,
    },
    /// An offer's time now ends here.
    OfferOpen {
        /// When it expires.
        expires_at: Timestamp,
    },
    /// The contact is the agent's.
    Engaged {
        /// Which contact.
        contact: ContactId,
        /// By which channel.
        channel: ChannelName,
    },
    /// Wrap-up now ends here.
    WrapUp {
        /// When.
        until: Timestamp,
    },
    /// Presence was taken; `pending` until the agent's work ends.
    Presence {
        /// Whether it waits for work to end.
        pending: bool,
    },
    /// An agent's profile is in force.
    Agent {
        /// Its revision.
        revision: u64,
    },
    /// What became of each row, in their order: its revision, or why it was refused.
    Agents(Arc<[Result<u64, Reject>]>),
    /// What became of each signal, in their order.
    Signals(Arc<[Taken]>),
    /// A queue's contacts go elsewhere, the first of them at once.
    Moving {
        /// How many wait in it now, whether or not they can go.
        waiting: u64,
    },
    /// A document is in force.
    Document {
        /// Its version and content.
        etag: DocumentEtag,
    },
}
