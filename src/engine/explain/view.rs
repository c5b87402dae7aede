//! What an explanation shows: owned pictures, in the words of the field.
//!
//! Invariant: whatever is counted is counted exactly, and as of one moment.

use std::fmt;

use crate::{
    engine::{
        event::Choice,
        state::OfferEnd,
        view::{AgentView, ContactState},
    },
    model::{
        agent::Presence,
        ids::{AgentId, ChannelName, ContactId, OfferKey, QueueName},
        requirement::{Condition, Level},
        signal::Thousandths,
        time::{Span, Timestamp},
    },
    scoring::Contribution,
};

/// What can be asked to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explain {
    /// Why a contact is where it is.
    Contact(ContactId),
    /// What removes each agent from those who may take a contact; agents by id, after the given one.
    Candidates { contact: ContactId, after: Option<AgentId>, limit: usize },
    /// Why an agent is not offered more; queues by name, after the given one.
    Agent { agent: AgentId, after: Option<QueueName>, limit: usize },
    /// Why this agent, or why not, for this contact.
    Pair { contact: ContactId, agent: AgentId },
    /// Why an offer went to its agent.
    Offer(OfferKey),
}

/// An explanation; which variant follows from the question.
#[derive(Debug, Clone, PartialEq)]
pub enum Explained {
    /// Of a contact.
    Contact(ContactExplained),
    /// Of candidates; `next` continues after the last.
    Candidates { candidates: Vec<Candidate>, next: Option<AgentId> },
    /// Of an agent.
    Agent(AgentExplained),
    /// Of a pair.
    Pair(PairExplained),
    /// Of an offer.
    Offer(OfferExplained),
}

/// A contact, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactExplained {
    /// The contact.
    pub id: ContactId,
    /// Where it is in its life.
    pub state: ContactState,
    /// Why it is there.
    pub verdict: ContactVerdict,
    /// The same in a sentence.
    pub summary: String,
    /// What there is to say of a contact that waits.
    pub waiting: Option<WaitingExplained>,
    /// Why its agents were chosen: of open offers, or of its engagement.
    pub choices: Vec<ChoiceExplained>,
}

/// Why a contact is where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactVerdict {
    /// Not there yet.
    Announced,
    /// Offered.
    Offered,
    /// Parked.
    Parked,
    /// An agent has it or wraps it up.
    Engaged,
    /// Over.
    Closed,
    /// No agent anywhere could ever take it.
    Unreachable,
    /// No agent anywhere could take it at this step.
    NobodyAtThisStep,
    /// None who could is signed in.
    NobodySignedIn,
    /// None of them is available.
    NobodyAvailable,
    /// None of them has room.
    AllBusy,
    /// It is held for an empathetic agent, and none of them has room.
    Held,
    /// Those with room are kept free for moments of truth.
    Reserved,
    /// Each of them refused it lately, is offered it or wraps it up.
    AllBarred,
    /// A supervisor paused its queue.
    QueuePaused,
    /// After a restart nothing is offered until enough agents are back.
    OfferingHeld,
    /// It is being offered.
    Next,
}

/// A waiting contact, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingExplained {
    /// Its place.
    pub place: PlaceExplained,
    /// What it asks.
    pub terms: TermsExplained,
    /// What each condition leaves of all agents.
    pub conditions: Vec<ConditionCount>,
    /// What waiting leads to, in order of time.
    pub prospects: Vec<Prospect>,
}

/// A waiting contact's place, and what made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceExplained {
    /// Its queue.
    pub queue: QueueName,
    /// Contacts of the queue before it.
    pub ahead: u64,
    /// Contacts waiting in the queue.
    pub waiting: u64,
    /// The first of those before it that ask the same.
    pub ahead_alike: Vec<ContactId>,
    /// When it arrived.
    pub arrived_at: Timestamp,
    /// The arrival that its place counts from.
    pub ordered_from: Timestamp,
    /// The head start that its queue gives.
    pub priority: Span,
    /// The head start that a supervisor gave it; negative = it stands behind its time.
    pub head_start: Span,
    /// What its score gives it.
    pub dynamic: Span,
    /// Where that comes from; empty if it was given from outside.
    pub contributions: Vec<Contribution>,
    /// So many seconds more there would be, had the customer's words and voice not had their share of the day.
    pub withheld: u32,
    /// The score, in thousandths.
    pub score: Thousandths,
    /// `ordered_from` minus the head start.
    pub virtual_arrival: Timestamp,
    /// When it entered this queue.
    pub queued_at: Timestamp,
    /// Until when it is parked.
    pub parked_until: Option<Timestamp>,
    /// Offers made since it entered its queue.
    pub offers_made: u32,
    /// Who keeps free for it.
    pub draining: Option<AgentId>,
}

/// What a waiting contact asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsExplained {
    /// Its channel.
    pub channel: ChannelName,
    /// What it takes of an agent's capacity.
    pub cost: u32,
    /// The step reached, 0 = none.
    pub step: u8,
    /// The estimated wait beyond which an overflow brought it to that step, or to one before, and when.
    pub overflowed: Option<(Span, Timestamp)>,
    /// The document in force.
    pub document: u64,
    /// The requirement in words; empty if anyone may take it.
    pub requirement: String,
    /// Whether the step waives what the contact itself asks.
    pub own_waived: bool,
    /// Each alternative with how many meet it.
    pub alternatives: Vec<AlternativeCount>,
    /// Whom it waits for, and until when.
    pub target: Option<(AgentId, Option<Timestamp>)>,
    /// Who must not take it.
    pub excluded: Vec<AgentId>,
    /// Who does not get it for now, until when, and how often it was refused.
    pub refusals: Vec<(AgentId, Timestamp, u8)>,
}

/// One alternative of a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlternativeCount {
    /// Its conditions in words, each with how many agents anywhere meet it.
    pub skills: Vec<(String, u64)>,
    /// How many meet all of them.
    pub met: u64,
}

/// What one condition leaves of the agents that those before it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionCount {
    /// Which.
    pub hurdle: Hurdle,
    /// In words.
    pub words: String,
    /// Agents it removes.
    pub removed: u64,
    /// Agents left after it.
    pub left: u64,
}

/// The conditions that an agent must meet, in the order in which they are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hurdle {
    /// Being the agent that the contact waits for.
    Target,
    /// Being assigned to the queue.
    Member,
    /// Skills.
    Skills,
    /// Ever having room for it.
    Channel,
    /// Not being excluded.
    Excluded,
    /// Being signed in.
    SignedIn,
    /// Being available.
    Available,
    /// Having room now.
    Room,
    /// Having the empathy that it is held for, and not cooling down.
    Held,
    /// Not being kept free for moments of truth.
    Reserved,
    /// Not having refused it lately, being offered it or wrapping it up.
    Barred,
    /// The queue's giving contacts out.
    Paused,
    /// Offering's going on after a restart.
    Restarted,
}

/// An agent's level of a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Has {
    /// As it counts; 0 = does not have it.
    pub level: Level,
    /// The record's, where another was learnt.
    pub unlearnt: Option<Level>,
}

impl fmt::Display for Has {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unlearnt {
            None => write!(f, "{}", self.level),
            Some(unlearnt) => write!(f, "{} (learnt; {unlearnt} in the record)", self.level),
        }
    }
}

/// One thing that keeps a contact away from an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// It waits for another.
    NotTarget { target: AgentId, until: Option<Timestamp> },
    /// Not assigned to the queue.
    NotMember { queue: QueueName },
    /// A skill is missing or too low.
    SkillMissing { condition: Condition, has: Has },
    /// A skill must not be there.
    SkillForbidden { condition: Condition, has: Has },
    /// The agent takes no contacts of the channel.
    ChannelRefused { channel: ChannelName },
    /// More than the whole capacity.
    TooLarge { cost: u32, capacity: u32 },
    /// The contact excludes the agent.
    Excluded,
    /// No session.
    SignedOut,
    /// The stream broke.
    SessionLost { grace_ends_at: Timestamp },
    /// Away or offline.
    NotAvailable { presence: Presence },
    /// Leaves once the present work ends.
    Leaving { pending: Presence },
    /// Keeps free for another contact.
    Draining { contact: ContactId },
    /// Too little capacity is free.
    NoCapacity { cost: u32, free: u32 },
    /// As many of the channel as the profile allows.
    ChannelFull { channel: ChannelName, limit: u16 },
    /// As many contacts as one may have at once.
    WorkFull { limit: usize },
    /// The contact is held for agents with more empathy.
    Held { condition: Condition, until: Option<Timestamp> },
    /// The agent had several moments of truth in a row; the contact waits for somebody else until then.
    CoolingDown { until: Option<Timestamp> },
    /// The agent is kept free for moments of truth; the contact leaves it alone until then.
    Reserved { until: Option<Timestamp> },
    /// Refused lately.
    Refused { until: Timestamp },
    /// Offered already.
    Offered,
    /// Has it or wraps it up.
    Engaged,
    /// A supervisor paused the queue.
    QueuePaused { queue: QueueName },
    /// After a restart nothing is offered until enough agents are back, or until then.
    OfferingHeld { until: Timestamp },
}

/// An agent as a candidate for a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// Everything in the way, in order of hurdle.
    pub obstacles: Vec<Obstacle>,
    /// The tier in the queue's preference.
    pub tier: u8,
    /// What is in use, as the document counts load.
    pub load: u32,
    /// Idle since then; none unless available.
    pub idle_since: Option<Timestamp>,
}

/// What waiting leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: ProspectKind,
    /// What is asked from then on, in words.
    pub requirement: String,
    /// Agents anywhere who could take it then.
    pub agents: u64,
    /// Of those, available now.
    pub available: u64,
}

/// The kinds of what waiting leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProspectKind {
    /// A step begins.
    Step(u8),
    /// Anyone may take it.
    TargetReleased,
    /// It goes on to another queue.
    Overflow(QueueName),
    /// It is closed.
    Expires,
}

/// Why an agent was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceExplained {
    /// The offer.
    pub offer: OfferKey,
    /// Who.
    pub agent: AgentId,
    /// When.
    pub made_at: Timestamp,
    /// What was kept of the choice.
    pub choice: Choice,
    /// What was asked in words, and how many agents anywhere met it then.
    pub skills: Vec<(String, u64)>,
    /// Who would have been next, in the order of the choice; none for those deleted since.
    pub runners_up: Vec<Option<AgentId>>,
    /// The same in a sentence.
    pub summary: String,
}

/// An agent, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentExplained {
    /// The agent.
    pub agent: AgentView,
    /// Why the agent is not offered more.
    pub verdict: AgentVerdict,
    /// The same in a sentence.
    pub summary: String,
    /// For whom the agent keeps free.
    pub draining: Option<ContactId>,
    /// What would be next, and what keeps it away.
    pub next: Option<(ContactId, Vec<Obstacle>)>,
    /// Room by channel and cost.
    pub channels: Vec<ChannelRoom>,
    /// A page of queues.
    pub queues: Vec<QueueEligibility>,
    /// Continues after the last of them.
    pub next_queue: Option<QueueName>,
}

/// Why an agent is not offered more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentVerdict {
    /// Not signed in.
    SignedOut,
    /// Away, offline or leaving.
    NotAvailable,
    /// Keeps free for a contact.
    Draining,
    /// No room for what is next.
    Busy,
    /// After a restart nothing is offered until enough agents are back.
    OfferingHeld,
    /// Nothing waits that the agent may take.
    NothingWaits,
    /// It is being offered.
    Next,
}

/// Room for one channel and cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRoom {
    /// The channel.
    pub channel: ChannelName,
    /// What a contact takes.
    pub cost: u32,
    /// What stands in the way of one more.
    pub obstacles: Vec<Obstacle>,
}

/// An agent and a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEligibility {
    /// The queue.
    pub queue: QueueName,
    /// Contacts waiting in it.
    pub waiting: u64,
    /// What is lacking for one that has just arrived.
    pub obstacles: Vec<Obstacle>,
    /// The first step at which nothing is.
    pub eligible_from_step: Option<u8>,
}

/// A pair, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairExplained {
    /// The agent as a candidate.
    pub candidate: Candidate,
    /// How they stand to each other.
    pub verdict: PairVerdict,
    /// The same in a sentence.
    pub summary: String,
    /// What the agent would get before.
    pub earlier: Option<ContactId>,
    /// Why others have it or are offered it.
    pub choices: Vec<ChoiceExplained>,
}

/// How an agent and a contact stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairVerdict {
    /// The agent has it, is offered it or wraps it up.
    Together,
    /// Not as long as profile, document and contact stay as they are.
    NotEligible,
    /// Not for now.
    NotNow,
    /// Others have it or are offered it.
    AnotherWasChosen,
    /// It is being offered.
    Next,
}

/// An offer, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferExplained {
    /// The contact.
    pub contact: ContactId,
    /// Its queue at the time.
    pub queue: QueueName,
    /// Why that agent.
    pub choice: ChoiceExplained,
    /// How it ended.
    pub ended: Option<OfferEnd>,
}

impl Obstacle {
    /// The condition that is not met.
    pub fn hurdle(&self) -> Hurdle {
        match self {
            Self::NotTarget { .. } => Hurdle::Target,
            Self::NotMember { .. } => Hurdle::Member,
            Self::SkillMissing { .. } | Self::SkillForbidden { .. } => Hurdle::Skills,
            Self::ChannelRefused { .. } | Self::TooLarge { .. } => Hurdle::Channel,
            Self::Excluded => Hurdle::Excluded,
            Self::SignedOut | Self::SessionLost { .. } => Hurdle::SignedIn,
            Self::NotAvailable { .. } | Self::Leaving { .. } => Hurdle::Available,
            Self::Draining { .. } | Self::NoCapacity { .. } | Self::ChannelFull { .. } | Self::WorkFull { .. } => {
                Hurdle::Room
            }
            Self::Held { .. } | Self::CoolingDown { .. } => Hurdle::Held,
            Self::Reserved { .. } => Hurdle::Reserved,
            Self::Refused { .. } | Self::Offered | Self::Engaged => Hurdle::Barred,
            Self::QueuePaused { .. } => Hurdle::Paused,
            Self::OfferingHeld { .. } => Hurdle::Restarted,
        }
    }

    /// Whether it stays for as long as profile, document and contact do.
    pub fn is_lasting(&self) -> bool {
        self.until().is_none() && self.hurdle() <= Hurdle::Excluded
    }

    /// When it ends by itself, if it does.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Self::NotTarget { until, .. } | Self::Held { until, .. } => *until,
            Self::CoolingDown { until } | Self::Reserved { until } => *until,
            Self::Refused { until } | Self::OfferingHeld { until } => Some(*until),
            _ => None,
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTarget { target, .. } => write!(f, "the contact waits for {target}"),
            Self::NotMember { queue } => write!(f, "is not assigned to {queue}"),
            Self::SkillMissing { condition, has: Has { level: 0, unlearnt: None } } => {
                write!(f, "needs {}, does not have it", written(condition))
            }
            Self::SkillMissing { condition, has } => write!(f, "needs {}, has {has}", written(condition)),
            Self::SkillForbidden { condition, has } => write!(f, "must not have {}, has {has}", written(condition)),
            Self::ChannelRefused { channel } => write!(f, "takes no {channel}"),
            Self::TooLarge { cost, capacity } => write!(f, "has a capacity of {capacity} in all, {cost} is needed"),
            Self::Excluded => f.write_str("is excluded by the contact"),
            Self::SignedOut => f.write_str("is not signed in"),
            Self::SessionLost { .. } => f.write_str("has lost the connection"),
            Self::NotAvailable { presence: Presence::Away { reason } } if !reason.is_empty() => {
                write!(f, "is away ({reason})")
            }
            Self::NotAvailable { presence: Presence::Away { .. } } => f.write_str("is away"),
            Self::NotAvailable { .. } => f.write_str("is offline"),
            Self::Leaving { .. } => f.write_str("leaves once the present work ends"),
            Self::Draining { contact } => write!(f, "keeps free for {contact}"),
            Self::NoCapacity { cost, free } => write!(f, "has {free} of capacity free, {cost} is needed"),
            Self::ChannelFull { channel, limit } => write!(f, "has {limit} of {channel} at once, the limit"),
            Self::WorkFull { limit } => write!(f, "has {limit} contacts at once, the limit"),
            Self::Held { condition, .. } => write!(f, "has less than {}, for which it is held", written(condition)),
            Self::CoolingDown { .. } => f.write_str("cools down after moments of truth in a row"),
            Self::Reserved { .. } => f.write_str("is kept free for moments of truth"),
            Self::Refused { .. } => f.write_str("refused it or could not be reached a moment ago"),
            Self::Offered => f.write_str("is offered it"),
            Self::Engaged => f.write_str("has it or still wraps it up"),
            Self::QueuePaused { queue } => write!(f, "gets nothing of {queue}, which is paused"),
            Self::OfferingHeld { .. } => f.write_str("gets nothing until agents are back after the restart"),
        }
    }
}

/// A condition as it is written in a document.
pub fn written(condition: &Condition) -> String {
    match condition.level {
        0 | 1 => condition.skill.to_string(),
        level => format!("{}>={level}", condition.skill),
    }
}
