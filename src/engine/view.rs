//! What may be read of the state: owned pictures of contacts, agents, queues and offers.
//!
//! Invariant: reading never changes anything, and a page never costs more than its stated budget.

use std::sync::Arc;

use crate::{
    model::{
        agent::{AgentProfile, AgentRow, Presence},
        contact::{ClosedBecause, ContactDetails},
        document::Handling,
        ids::{AgentId, ChannelName, ContactId, MomentName, OfferKey, QueueName, SessionId, SkillName},
        signal::Thousandths,
        supervision::{QueueMode, Supervision},
        time::{Span, Timestamp},
        trace::TraceContext,
    },
    scoring::Contribution,
};

use super::{
    assist::Distress,
    command::Proposal,
    event::{Choice, Rescinded},
    explain::view::{Explain, Explained},
    history::DocumentVersion,
    load::Load,
    reject::Reject,
};

/// What can be asked of the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// One contact.
    Contact(ContactId),
    /// Contacts by id, after the given one.
    Contacts { after: Option<ContactId>, limit: usize, filter: ContactFilter },
    /// One agent.
    Agent(AgentId),
    /// Agents by id, after the given one.
    Agents { after: Option<AgentId>, limit: usize },
    /// What of these rows would be refused.
    CheckAgents(Arc<[AgentRow]>),
    /// How many of its queue are served before a waiting contact, as the order stands.
    Position(ContactId),
    /// Counts of one queue.
    Queue(QueueName),
    /// What supervisors did lately, newest first, before the given number.
    Actions { before: Option<u64>, limit: usize },
    /// Counts of queues by name, after the given one.
    Queues { after: Option<QueueName>, limit: usize },
    /// A version of the document, `None` = the one in force, and the field that asks for it.
    Document { version: Option<u64>, field: &'static str },
    /// Versions of the document before this one, or all, the latest first.
    DocumentVersions { before: Option<u64>, limit: usize },
    /// What applying this document would do.
    Preview(Box<Proposal>),
    /// Offers open at an agent (sent again when a stream resumes).
    OpenOffers(AgentId),
    /// Why something is as it is.
    Explain(Explain),
}

/// Which contacts a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactFilter {
    /// Only of this queue.
    pub queue: Option<QueueName>,
    /// Only in these states; empty = all.
    pub states: Vec<ContactState>,
}

/// The answer to a query; which variant follows from the question.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To [`Query::Contact`].
    Contact(Box<ContactView>),
    /// To [`Query::Contacts`]; `next` continues after the last examined.
    Contacts { contacts: Vec<ContactView>, next: Option<ContactId> },
    /// To [`Query::Agent`].
    Agent(Box<AgentView>),
    /// To [`Query::Agents`].
    Agents { agents: Vec<AgentView>, next: Option<AgentId> },
    /// To [`Query::CheckAgents`]: of each row why it would be refused, if it would.
    Checked(Vec<Result<(), Reject>>),
    /// To [`Query::Position`].
    Position(PositionView),
    /// To [`Query::Contact`] of one of which nothing is kept but how and when it ended.
    Ended { contact: ContactId, closed: (ClosedBecause, Timestamp) },
    /// To [`Query::Queue`].
    Queue(QueueView),
    /// To [`Query::Queues`].
    Queues { queues: Vec<QueueView>, next: Option<QueueName> },
    /// To [`Query::Actions`].
    Actions { actions: Vec<ActionView>, next: Option<u64> },
    /// To [`Query::Document`].
    Document { version: Arc<DocumentVersion>, sweep: Option<SweepView> },
    /// To [`Query::DocumentVersions`]; `next` continues before the last.
    DocumentVersions { versions: Vec<Arc<DocumentVersion>>, next: Option<u64> },
    /// To [`Query::Preview`].
    Preview(Box<Preview>),
    /// To [`Query::OpenOffers`].
    OpenOffers(Vec<OfferView>),
    /// To [`Query::Explain`].
    Explained(Box<Explained>),
}

/// Where a contact is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContactState {
    /// Expected, not there yet.
    Announced,
    /// Waiting.
    Queued,
    /// Waiting, unoffered until released.
    Parked,
    /// Waiting, with an offer open.
    Offered,
    /// With an agent.
    Engaged,
    /// Its agent wraps up.
    WrapUp,
    /// Over.
    Closed,
}

/// One contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactView {
    /// Its id.
    pub id: ContactId,
    /// Its state.
    pub state: ContactState,
    /// Its queue; none while announced.
    pub queue: Option<QueueName>,
    /// Its channel; none while announced.
    pub channel: Option<ChannelName>,
    /// When it arrived (or is expected).
    pub arrived_at: Timestamp,
    /// When it entered its present queue.
    pub queued_at: Option<Timestamp>,
    /// Arrival minus head start.
    pub virtual_arrival: Option<Timestamp>,
    /// The step reached, 0 = none.
    pub step: u8,
    /// Open offers and their agents.
    pub offers: Vec<(OfferKey, AgentId)>,
    /// Offers made since it entered its queue.
    pub offers_made: u32,
    /// Who is engaged with it or wraps up.
    pub agent: Option<AgentId>,
    /// Nobody has confirmed that the engagement still goes on.
    pub unconfirmed: bool,
    /// How and when it ended.
    pub closed: Option<(ClosedBecause, Timestamp)>,
    /// Whether it is a moment of truth.
    pub moment_of_truth: bool,
    /// What its signals say, in thousandths.
    pub score: Thousandths,
    /// The head start that they give it, part by part.
    pub contributions: Vec<Contribution>,
    /// How long it waited until an agent first accepted, or until now or its end.
    pub waited: Span,
    /// For the agent's eyes.
    pub details: Arc<ContactDetails>,
}

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentView {
    /// The id.
    pub id: AgentId,
    /// The profile.
    pub profile: Arc<AgentProfile>,
    /// The profile's revision.
    pub revision: u64,
    /// Presence in force.
    pub presence: Presence,
    /// Presence once the present work ends.
    pub pending: Option<Presence>,
    /// The session, and whether its stream is open.
    pub session: Option<(SessionId, bool)>,
    /// Capacity taken by offers, engagements and wrap-up.
    pub capacity_used: u32,
    /// What takes it.
    pub work: Vec<WorkView>,
    /// What it took lately of moments of truth.
    pub load: Load,
}

/// One piece of an agent's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkView {
    /// The contact.
    pub contact: ContactId,
    /// Its queue.
    pub queue: QueueName,
    /// Its channel.
    pub channel: ChannelName,
    /// What the agent does with it.
    pub state: WorkState,
    /// When that ends by itself (an offer expires, wrap-up ends).
    pub ends_at: Option<Timestamp>,
}

/// What an agent does with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkState {
    /// Asked.
    Offered(OfferKey),
    /// Handling it.
    Engaged,
    /// Set aside for work that does not wait.
    Interrupted,
    /// Engaged as far as anybody knows; the agent's session is gone.
    Unconfirmed,
    /// Wrapping up.
    WrapUp,
}

/// An open offer, with all a desktop needs to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferView {
    /// Its id.
    pub offer: OfferKey,
    /// The contact.
    pub contact: ContactId,
    /// Its queue.
    pub queue: QueueName,
    /// Its channel.
    pub channel: ChannelName,
    /// When the contact arrived.
    pub arrived_at: Timestamp,
    /// When the offer was made.
    pub made_at: Timestamp,
    /// Acknowledge until then, or it is rescinded.
    pub deliver_by: Timestamp,
    /// How long the agent has from the acknowledgement on.
    pub offer_time: Span,
    /// When it expires, once acknowledged.
    pub expires_at: Option<Timestamp>,
    /// Whether the acknowledgement accepts.
    pub automatic: bool,
    /// Whether the agent may decline.
    pub may_decline: bool,
    /// Why this agent.
    pub choice: Choice,
    /// The moments that the contact is, the one that is worth most first.
    pub moments: Vec<MomentView>,
    /// For the agent's eyes.
    pub details: Arc<ContactDetails>,
    /// Where in a trace the contact began.
    pub trace: Option<Box<TraceContext>>,
}

/// A moment that a contact is, for the agent's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MomentView {
    /// Its name in the catalogue.
    pub name: MomentName,
    /// Since when.
    pub since: Timestamp,
    /// How its handling is measured.
    pub handling: Handling,
}

/// What an agent's stream is told, made when it happens and sent once it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A contact is offered.
    Offer(Box<OfferView>),
    /// An offer is no more; `None` = it expired.
    Rescind { offer: OfferKey, contact: ContactId, because: Option<Rescinded> },
    /// Facts of a contact at this agent changed, or the moments that it is.
    ContactUpdated { contact: ContactId, details: Arc<ContactDetails>, moments: Vec<MomentView> },
    /// The customer of a contact at this agent feels worse.
    Assist { contact: ContactId, why: Distress },
    /// Presence changed, by the agent or by a rule.
    Presence { presence: Presence, pending: Option<Presence> },
    /// An engagement of this agent changed: interrupted, resumed, in wrap-up or over (`None`).
    Work { contact: ContactId, work: Option<WorkView> },
}

/// A waiting contact's position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionView {
    /// Its queue.
    pub queue: QueueName,
    /// Contacts of the queue that stand before it.
    pub ahead: u64,
    /// Contacts waiting in the queue, itself included.
    pub waiting: u64,
    /// How long it has waited.
    pub waited: Span,
}

/// A queue's counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// Its name.
    pub name: QueueName,
    /// Waiting, offered and parked ones included.
    pub waiting: u64,
    /// Of those, with an offer open.
    pub offered: u64,
    /// Of those, parked.
    pub parked: u64,
    /// With an agent.
    pub engaged: u64,
    /// Of those waiting, whom nobody anywhere could ever take.
    pub unreachable: u64,
    /// Since when the contact that is first in line waits, as its place counts; another may have waited for longer.
    pub oldest_since: Option<Timestamp>,
    /// Whether it takes contacts in and gives them out.
    pub mode: QueueMode,
    /// Since when it has this mode, and by whose word; absent if nobody ever changed it.
    pub mode_set: Option<(Timestamp, Arc<Supervision>)>,
    /// Where its contacts are being moved.
    pub moving_to: Option<QueueName>,
    /// After a restart nothing is offered until then, unless the agents who were there are back before.
    pub held_until: Option<Timestamp>,
    /// By which channels its contacts overflow, because the estimated wait is long.
    pub overflows: Vec<OverflowView>,
}

/// A channel by which a queue's contacts overflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverflowView {
    /// The channel.
    pub channel: ChannelName,
    /// The estimated wait is beyond this …
    pub beyond: Span,
    /// … since then.
    pub since: Timestamp,
}

/// Something a supervisor did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionView {
    /// Counts from 1 within the tenant.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who, what and why.
    pub supervision: Arc<Supervision>,
}

/// A document on its way into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepView {
    /// Its version; in force from the stage `Contacts` on.
    pub version: u64,
    /// What is being taken over.
    pub stage: SweepStage,
    /// About how much of that is left.
    pub left: u64,
}

/// What is being taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SweepStage {
    /// Its queues; the document before is in force.
    Queues,
    /// The agents; the document before is in force.
    Agents,
    /// Contacts that were there before; everybody else goes by it.
    Contacts,
    /// What agents hold of removed queues.
    Work,
}

/// What applying a document would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The version that it would get.
    pub version: u64,
    /// Queues that it adds, removes or changes, by name.
    pub queues: Vec<QueuePreview>,
    /// Skills that come and go.
    pub skills: Names<SkillName>,
    /// Channels that come and go.
    pub channels: Names<ChannelName>,
    /// Every reason for which it would be refused; empty if it would be applied.
    pub refusals: Vec<Reject>,
}

/// Names that come and go with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names<N> {
    /// Only the new document has them.
    pub added: Vec<N>,
    /// Only the one in force has them.
    pub removed: Vec<N>,
}

/// What applying a document would do to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePreview {
    /// Its name.
    pub name: QueueName,
    /// What becomes of it.
    pub change: QueueChange,
    /// Open contacts that go on in another queue, those at agents included.
    pub moved: u64,
    /// Waiting contacts whose place changes, because the queue's priority does.
    pub reordered: u64,
    /// Waiting contacts for whom the agents may change who can take them: the requirement, the steps or the members do.
    pub rematched: u64,
}

/// What becomes of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueChange {
    /// It is new.
    Added,
    /// It stays, under other rules.
    Changed,
    /// It goes; its contacts go on in this one, if one is named.
    Removed {
        /// Which.
        to: Option<QueueName>,
    },
}
