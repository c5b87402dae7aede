//! The routing document as typed data: channels, skills, queues, and the rules of each.
//!
//! Invariant: a [`Document`] is valid; the only way to one is [`Document::parse`] (module `read`), which names every
//! violation with its path. Not here: agents (resources of their own) and the daemon's settings (`config`).

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use super::{
    ids::{ChannelName, MomentName, QueueName, SkillName},
    requirement::{Dnf, Requirement},
    time::Span,
};

mod assist;
mod catalogue;
mod difference;
mod empathy;
mod moments;
mod read;
mod source;

pub use assist::AssistRules;
pub use catalogue::Catalogue;
pub use difference::{Change, Difference, Differences, differences};
pub use empathy::{Empathy, Learning, Protection, ReserveMode, ReserveRules, USUAL_ACCEPTANCE, accepting};
pub use moments::{Handling, HeadStart, Moment, SignalRules, Trigger, Worth};
pub use read::{DocumentError, Format, Position, Violation, written_span};
pub(crate) use read::{Object, Place, SPAN_MAX, SPAN_MIN, read_by};
pub use source::{DocumentEtag, Origin, Source};

/// The document a daemon runs with when it is given none.
pub const DEFAULT_TOML: &str = include_str!("document/default.toml");

/// One tenant's routing document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The text it was read from, of which all else follows.
    pub source: Source,
    /// Which idleness counts among equally fitting agents.
    pub longest_idle: LongestIdle,
    /// How long an agent whose session is lost keeps state and engagements.
    pub session_grace: Span,
    /// How long after midnight UTC the tenant's day begins, for statistics of a day.
    pub day_begins: Span,
    /// How long a contact stays away from an agent who refused it.
    pub refusal_pause: RefusalPause,
    /// Who the empathetic agents are; `None` = nothing is routed by empathy.
    pub empathy: Option<Empathy>,
    /// How many of them are kept free for moments of truth.
    pub reserve: ReserveRules,
    /// What is learnt of agents.
    pub learning: Learning,
    /// The evidence that counts.
    pub signals: SignalRules,
    /// When agents are told that a customer feels worse.
    pub assist: AssistRules,
    /// What evidence is worth.
    pub head_start: HeadStart,
    /// Shipped catalogues whose moments it takes over.
    pub catalogues: Vec<Catalogue>,
    /// The catalogue of moments in force: those of the shipped ones that it does not leave out, and its own.
    pub moments: BTreeMap<MomentName, Moment>,
    /// Skills that requirements and agents may name, each with a description.
    pub skills: BTreeMap<SkillName, String>,
    /// Channels that contacts may come by.
    pub channels: BTreeMap<ChannelName, Channel>,
    /// Queues.
    pub queues: BTreeMap<QueueName, Queue>,
}

/// By its source's digest: a text of 16 MiB is not read again for the sake of a hash.
impl Hash for Document {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.digest.hash(state);
    }
}

/// The three usual definitions of "longest idle". Load comes first under each: an agent with one chat is less idle than
/// one with none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LongestIdle {
    /// Least capacity in use, then longest since the last contact ended.
    #[default]
    SinceLastContact,
    /// Least capacity in use, then longest since becoming available.
    SinceAvailable,
    /// Smallest share of own capacity in use, then longest since the last contact ended.
    LowestLoad,
}

/// How long a declined or expired offer does not return to the same agent, whoever else is busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefusalPause {
    /// After the first refusal; each further one doubles it …
    pub first: Span,
    /// … up to this.
    pub longest: Span,
}

impl Default for RefusalPause {
    fn default() -> Self {
        Self { first: Span::from_secs(30), longest: Span::from_secs(300) }
    }
}

/// How contacts of a channel are handled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Channel {
    /// What a contact takes of an agent's capacity, 1-10,000.
    pub cost: u32,
    /// Whether work of this channel gives way to channels that are not interruptible.
    pub interruptible: bool,
    /// Offers in a row that may expire before the agent is set away (RONA).
    pub misses_max: u8,
    /// What happens to engagements when an agent's session stays lost beyond the grace period.
    pub on_agent_lost: OnAgentLost,
}

/// What happens to an engagement whose agent does not come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnAgentLost {
    /// It stays, marked unconfirmed until somebody says otherwise: a call goes on without the desktop.
    Keep,
    /// It goes back to its queue with its place.
    Requeue,
}

/// A queue's rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Queue {
    /// For people to read.
    pub description: String,
    /// The configured part of the head start: treated as if it had waited so much longer.
    pub priority: Span,
    /// Answered within this counts for the service level.
    pub service_level: Span,
    /// What the service level is called: which waits it counts, and which of them are good.
    pub service_level_by: ServiceLevelBy,
    /// Who leaves no later than this never gave anybody a chance: a short abandon.
    pub short_abandon: Span,
    /// Channels it takes; empty = all.
    pub channels: Vec<ChannelName>,
    /// Overrides the channel's cost.
    pub cost: Option<u32>,
    /// Who may serve it.
    pub members: Members,
    /// What an agent needs until the first step.
    pub rule: Rule,
    /// How that changes with waiting time, in rising order of `after` and of `when_wait_over`.
    pub steps: Vec<Step>,
    /// How offers are made.
    pub offers: OfferRules,
    /// What follows an engagement.
    pub wrap_up: WrapUp,
    /// How long a contact may wait, and what then.
    pub max_wait: MaxWait,
    /// How many may wait, and what with more.
    pub max_size: Option<MaxSize>,
    /// After how many offers without acceptance a contact goes elsewhere.
    pub escalate: Option<Escalate>,
    /// A contact whose cost no eligible agent has free gets a draining agent after this.
    pub drain_after: Span,
}

impl Queue {
    /// Whether contacts of this channel may enter.
    pub fn takes(&self, channel: &ChannelName) -> bool {
        self.channels.is_empty() || self.channels.contains(channel)
    }

    /// The waits beyond which its contacts overflow, shortest first.
    pub fn overflow_spans(&self) -> impl Iterator<Item = Span> {
        self.steps.iter().filter_map(|step| step.when_wait_over)
    }

    /// The queue to which it sends a contact that has waited its longest.
    pub fn sends_on_to(&self) -> Option<&QueueName> {
        match &self.max_wait.then {
            WaitOutcome::Overflow(queue) | WaitOutcome::Escalate(queue) => Some(queue),
            WaitOutcome::GiveUp => None,
        }
    }

    /// The queues to which this one may send contacts on: after the longest wait, when full, after too many offers.
    pub fn successors(&self) -> Vec<&QueueName> {
        let by_wait = self.sends_on_to();
        let by_size = self.max_size.as_ref().and_then(|size| size.overflow.as_ref());
        let by_offers = self.escalate.as_ref().map(|escalate| &escalate.queue);
        [by_wait, by_size, by_offers].into_iter().flatten().collect()
    }
}

/// The names of the service level. T is [`Queue::service_level`]; offered are waits that were answered, abandoned, given up by
/// the queue, or that went on to another queue after T.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ServiceLevelBy {
    /// Answered within T, of those answered.
    AnsweredOnly,
    /// Answered within T, of those offered without those abandoned within T.
    AbandonIgnored,
    /// Answered within T, of those offered.
    #[default]
    AbandonNegative,
    /// Answered or abandoned within T, of those offered.
    AbandonPositive,
    /// Answered within T, of those offered without short abandons.
    ShortAbandonsExcluded,
    /// Answered within T, of all, each counted when the first of answer, abandonment and T happens.
    EventTimed,
}

/// Who may serve a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Members {
    /// Every agent who satisfies the requirement.
    #[default]
    Open,
    /// Of those, only agents assigned to the queue.
    Assigned,
}

/// What an agent needs, and who is preferred among those who have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// As written.
    pub require: Requirement,
    /// Expanded.
    pub required: Dnf,
    /// Tiers in order, expanded; agents in none of them come last.
    pub prefer: Vec<Dnf>,
    /// Whether what the contact itself asks still counts.
    pub own: OwnRequirement,
}

/// Whether a contact's own requirement still counts at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OwnRequirement {
    /// It does.
    #[default]
    Counts,
    /// It is waived.
    Waived,
}

/// A stage of relaxing requirements. It begins for a contact by one of the two, whichever comes first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Step {
    /// Waiting time in the queue at which it begins.
    pub after: Option<Span>,
    /// It begins while whoever joins the queue by the contact's channel is expected to wait longer: an overflow.
    pub when_wait_over: Option<Span>,
    /// What counts from then on.
    pub rule: Rule,
}

/// How a queue's offers are made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OfferRules {
    /// Agents who may hold an offer of one contact at once; exactly one wins. 1-16, usually 1.
    pub at_once: u8,
    /// How long an agent has, from acknowledged delivery on.
    pub time: Span,
    /// How much longer in all an agent may ask for.
    pub extension_max: Span,
    /// Whether the agent is asked at all.
    pub acceptance: Acceptance,
    /// Whether an agent may say no.
    pub declining: Declining,
}

/// Whether an offer waits for the agent's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Acceptance {
    /// The agent accepts.
    #[default]
    ByAgent,
    /// Acknowledged delivery accepts.
    Automatic,
}

/// Whether an offer may be declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Declining {
    /// With a reason.
    #[default]
    Allowed,
    /// Not at all.
    Forbidden,
}

/// What follows an engagement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WrapUp {
    /// Its length; zero = none.
    pub time: Span,
    /// Its length with all extensions.
    pub max: Span,
    /// What it takes of the agent's capacity; `None` = as much as the contact did.
    pub cost: Option<u32>,
}

/// The end of waiting: every queue has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MaxWait {
    /// After so long in the queue.
    pub after: Span,
    /// What happens.
    pub then: WaitOutcome,
}

/// What happens to a contact that has waited its longest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WaitOutcome {
    /// It goes to another queue with its place, because this one is full of waiting.
    Overflow(QueueName),
    /// It goes to another queue with its place, because it needs more attention.
    Escalate(QueueName),
    /// It is closed as expired, and the platform is told.
    GiveUp,
}

/// The most contacts a queue holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MaxSize {
    /// How many may wait.
    pub contacts: u32,
    /// Where one more goes; `None` = it is refused.
    pub overflow: Option<QueueName>,
}

/// Going elsewhere after too many offers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Escalate {
    /// So many offers without acceptance.
    pub after_offers: u16,
    /// Where to, with its place.
    pub queue: QueueName,
}
