//! What happened: the engine's one output, from which journal, streams, metrics and every later reader are fed.
//!
//! Invariant: an event is a fact with everything needed to repeat its effect; evolving the events of a record in order
//! gives the state that decided them. Ids that the engine counts are in the event, never drawn again.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    model::{
        agent::{AgentProfile, Presence},
        care::{Announced, Care},
        contact::{ClosedBecause, ContactDetails, CustomerId, KeepPlace},
        document::{Document, Origin},
        ids::{
            AgentId, AgentKey, ChannelKey, ContactId, ContactKey, EngagementKey, OfferKey, QueueKey, QueueName,
            RequestId, SessionId, SkillKey, SkillName, SourceName,
        },
        limits::{MET_MAX, RUNNERS_UP_MAX},
        requirement::{Level, Requirement},
        signal::Signal,
        supervision::{QueueMode, Supervision},
        time::{Span, Timestamp},
        trace::TraceContext,
    },
    scoring::Scored,
};

use super::{assist::Distress, command::Reply, matching::manner::Phase};

/// A contact's place in line: virtual arrival, ties by sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Arrival minus head start.
    pub virtual_arrival: Timestamp,
    /// Counts up within the tenant.
    pub sequence: u64,
}

/// Everything that can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A mutation was accepted under this id; the same again gets the same answer.
    RequestAccepted { request: RequestId, fingerprint: u64, reply: Reply },
    /// The oldest remembered requests left the window.
    RequestsForgotten { count: u32 },

    /// A document was taken; it comes into force slice by slice.
    DocumentApplied {
        version: u64,
        document: Arc<Document>,
        moves: BTreeMap<QueueName, QueueName>,
        origin: Arc<Origin>,
    },

    /// So many more queues, agents or contacts have been taken over by the document that comes into force.
    DocumentSwept { items: u32 },
    /// The contact goes by the document in force from here on, ahead of its turn or because its queue was removed: with
    /// its arrival, and in whatever state it is, it goes on in this queue.
    ContactMoved { contact: ContactKey, from: QueueKey, queue: QueueKey },

    /// An agent exists with this profile.
    AgentPut { agent: AgentKey, id: AgentId, profile: Arc<AgentProfile>, revision: u64 },
    /// An agent exists no more.
    AgentDeleted { agent: AgentKey, id: AgentId },
    /// A stream is open; `resumed` if it continues the session.
    SessionOpened { agent: AgentKey, session: SessionId, connection: u64, resumed: bool },
    /// The stream broke; the grace period runs.
    SessionLost { agent: AgentKey, rescind_at: Timestamp, grace_ends_at: Timestamp },
    /// The time after which a lost session's offers are rescinded has passed.
    SessionRescinded { agent: AgentKey },
    /// The session is over.
    SessionEnded { agent: AgentKey },
    /// Presence is this now.
    PresenceSet { agent: AgentKey, presence: Presence, because: PresenceBecause },
    /// Presence becomes this once the agent's work ends; no new offers until then.
    PresencePending { agent: AgentKey, presence: Presence },
    /// The agent's cooldown is over: moments of truth may come again.
    AgentRested { agent: AgentKey },
    /// Many offers expired at once: nobody is set away for a while.
    RonaSuspended { until: Timestamp },

    /// A contact is expected.
    ContactAnnounced {
        contact: ContactKey,
        id: ContactId,
        details: Arc<ContactDetails>,
        expected_at: Timestamp,
        announced: Announced,
        /// Who announced it, if that was said.
        source: Option<SourceName>,
        /// Thousandths of an agent kept free for it: its probability, by what its source's announcements are worth.
        weight: u16,
        forget_at: Timestamp,
    },
    /// An announced moment of truth is so near that empathetic agents are kept free for it, or has not come and is
    /// counted no more.
    MomentExpected { contact: ContactKey, counted: bool },
    /// A contact entered a queue for the first time.
    ContactQueued { contact: ContactKey, queued: Box<Queued> },
    /// A contact waits (again), in this queue.
    ContactRequeued {
        contact: ContactKey,
        /// The queue it was in before; may be the same.
        from: QueueKey,
        queue: QueueKey,
        place: Place,
        /// The arrival its place counts from.
        ordered_from: Timestamp,
        /// What a supervisor gave it; part of the place that it keeps.
        head_start: Span,
        because: Requeued,
        /// Replaces the contact's target.
        target: Option<Target>,
        /// The agent it does not go to before then.
        barred: Option<(AgentKey, Timestamp)>,
        /// Replaces what the contact itself asks, if given.
        requirement: Option<Arc<Requirement>>,
    },
    /// Facts or requirement changed.
    ContactUpdated { contact: ContactKey, details: Option<Arc<ContactDetails>>, requirement: Option<Arc<Requirement>> },
    /// Unoffered until released, or until then.
    ContactParked { contact: ContactKey, until: Timestamp },
    /// Offered again.
    ContactReleased { contact: ContactKey },
    /// Waiting time brought the contact to this step (1 = the first in the document), or ahead of that an overflow did:
    /// the estimated wait was beyond the span that the step names.
    StepReached { contact: ContactKey, step: u8, beyond: Option<Span> },
    /// Waiting changed what empathy asks of it: a hold is over, or the reserve is released.
    PhaseReached { contact: ContactKey, phase: Phase },
    /// The time reserved for the target agent is over.
    TargetReleased { contact: ContactKey },
    /// What an agent refused may come back to that agent.
    RefusalEnded { contact: ContactKey, agent: AgentKey },
    /// An agent takes nothing else until this contact's cost fits.
    DrainStarted { contact: ContactKey, agent: AgentKey },
    /// Nobody could be designated to drain; to be tried again then.
    DrainPostponed { contact: ContactKey, until: Timestamp },
    /// Nobody anywhere, signed in or not, could ever take the contact: an alert.
    ContactUnreachable { contact: ContactKey, unmet: Unmet },
    /// Somebody could again: the alert is over.
    ContactReachable { contact: ContactKey },
    /// A moment of truth waits for anyone, and of the empathetic agents who could take it none is signed in: an alert, once
    /// in each queue.
    MomentUncovered { contact: ContactKey },
    /// A supervisor reserved it for an agent, before anything else that agent could take.
    ContactPulled { contact: ContactKey, target: Target },
    /// A supervisor gave it this head start, and with it this place.
    ContactPrioritised { contact: ContactKey, head_start: Span, place: Place },
    /// It has another score: what it asks of empathy, its dynamic head start, and with them this place.
    /// `why` is what its signals come to, if they gave it, and `other_moments` whether these are other moments.
    ContactScored {
        contact: ContactKey,
        place: Place,
        dynamic: Span,
        care: Care,
        why: Option<Arc<Scored>>,
        other_moments: bool,
    },
    /// Something was heard of it: signals that count, in the order in which they came in.
    SignalsTaken { contact: ContactKey, signals: Arc<[Signal]> },
    /// The customer at an agent's hands feels worse: the agent is told, and whoever follows.
    AssistSuggested { contact: ContactKey, agent: AgentKey, why: Distress },
    /// The contact ended.
    ContactClosed { contact: ContactKey, because: ClosedBecause, forget_at: Timestamp },
    /// Of a closed contact nothing is kept any more but that it was, and how it ended.
    ContactForgotten { contact: ContactKey },
    /// The oldest of what is left of contacts and offers is gone: those contacts' ids are free again.
    TombstonesForgotten { contacts: u32, offers: u32 },
    /// A customer is forgotten, and with the customer the details of these closed contacts.
    CustomerErased { customer: CustomerId, contacts: Vec<ContactKey> },

    /// A contact is offered to an agent, whose capacity it holds from now on; once delivered it may be answered for so
    /// long.
    OfferMade {
        offer: OfferKey,
        contact: ContactKey,
        agent: AgentKey,
        deliver_by: Timestamp,
        time: Span,
        choice: Choice,
    },
    /// The desktop shows it.
    OfferDelivered { offer: OfferKey, expires_at: Timestamp },
    /// It may be answered until then.
    OfferExtended { offer: OfferKey, expires_at: Timestamp },
    /// The agent took it.
    OfferAccepted { offer: OfferKey, engagement: EngagementKey },
    /// The agent said no.
    OfferDeclined { offer: OfferKey, reason: String, again_at: Timestamp },
    /// Nobody answered.
    OfferExpired { offer: OfferKey, again_at: Timestamp },
    /// It was withdrawn, without blame.
    OfferRescinded { offer: OfferKey, because: Rescinded, again_at: Option<Timestamp> },

    /// An interruptible engagement gave its capacity back.
    EngagementInterrupted { engagement: EngagementKey },
    /// It fits again.
    EngagementResumed { engagement: EngagementKey },
    /// Its agent did not come back; nobody has confirmed that it still goes on.
    EngagementUnconfirmed { engagement: EngagementKey },
    /// The agent is back with it.
    EngagementConfirmed { engagement: EngagementKey },
    /// The work is done; wrap-up runs until then, and no later than `latest`.
    WrapUpStarted { engagement: EngagementKey, until: Timestamp, latest: Timestamp, because: EngagementOver },
    /// More time.
    WrapUpExtended { engagement: EngagementKey, until: Timestamp },
    /// The agent has this capacity again.
    EngagementEnded { engagement: EngagementKey, agent: AgentKey, contact: ContactId, because: EngagementOver },

    /// So many empathetic agents are kept free for a skill, or for those without another (`None`); `None` = as the
    /// document says.
    ReserveSet { skill: Option<SkillName>, k: Option<u32> },
    /// Nobody could react for so long: deadlines on others' reaction moved.
    Stalled { by: Span },
    /// Offering waits for these agents, whose sessions are lost by an absence: until no more than `spared` of them are
    /// missing, or until then.
    OfferingHeld { until: Timestamp, awaited: Arc<[AgentKey]>, spared: u32 },
    /// Offering goes on, slice by slice; so many agents were still missing.
    OfferingResumed { missing: u32 },
    /// Nothing is left of what could be offered when offering went on.
    OfferingCaughtUp {},
    /// What follows from contacts, agents and documents was derived afresh: whatever was counted of it begins anew.
    Reindexed {},
    /// Nine of ten agents who accept a contact of this queue and channel have done so after this; `None` = not known.
    AcceptanceLearnt { queue: QueueKey, channel: ChannelKey, usual: Option<Span> },
    /// Of the moments of truth that a source promises, so many thousandths come in time; `None` = not known.
    ShowRateLearnt { source: SourceName, thousandths: Option<u16> },
    /// An agent's level of the skill that stands for empathy is this, whatever the record says; `None` = as that says.
    EmpathyLearnt { agent: AgentKey, level: Option<Level> },
    /// Whoever joins the queue by this channel is expected to wait beyond this, without overflow; `None` = beyond no span
    /// that a step of the queue names.
    OverflowSet { queue: QueueKey, channel: ChannelKey, beyond: Option<Span> },
    /// A slice of those who wait in a queue that overflows was looked at, up to a place; the next is due then.
    OverflowSpread { queue: QueueKey, through: Place, next_at: Timestamp },
    /// All of them were.
    OverflowSpreadEnded { queue: QueueKey },
    /// A supervisor did something; what came of it follows.
    Supervised { supervision: Arc<Supervision> },
    /// A queue opened, paused or drains.
    QueueModeSet { queue: QueueKey, mode: QueueMode, supervision: Arc<Supervision> },
    /// Whatever waits in a queue and has a sequence below `before` goes to another, slice by slice.
    QueueMoveStarted { from: QueueKey, to: QueueKey, place: KeepPlace, before: u64 },
    /// A slice of it is done, up to a place; the next is due then.
    QueueMoveAdvanced { from: QueueKey, through: Place, moved: u32, left: u32, next_at: Timestamp },
    /// All of it is done: so many went, and so many could not and stay.
    QueueMoveEnded { from: QueueKey, to: QueueKey, moved: u64, left: u64 },
}

/// A contact on entering a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its id.
    pub id: ContactId,
    /// The queue it is in.
    pub queue: QueueKey,
    /// Its channel.
    pub channel: ChannelKey,
    /// Its place.
    pub place: Place,
    /// When it arrived, at the platform.
    pub arrived_at: Timestamp,
    /// What it asks itself.
    pub requirement: Arc<Requirement>,
    /// What it asks of empathy.
    pub care: Care,
    /// What its score gives it of its place.
    pub dynamic: Span,
    /// Whom it should reach.
    pub target: Option<Target>,
    /// Who must not take it.
    pub excluded: Vec<AgentKey>,
    /// For the agent's eyes.
    pub details: Arc<ContactDetails>,
    /// Where in a trace it began.
    pub trace: Option<Box<TraceContext>>,
}

/// The agent a contact should reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// Who.
    pub agent: AgentKey,
    /// Only that agent until then; `None` = as long as the contact waits in this queue.
    pub until: Option<Timestamp>,
    /// Whose wish it is.
    pub by: TargetBy,
}

/// Who wants a contact to reach an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetBy {
    /// The platform: the contact goes to the agent when it is the first that the agent may take.
    Platform,
    /// A supervisor: it goes before anything else.
    Supervisor,
}

/// Why an offer went to this agent: enough to explain it without replay, in at most 256 bytes (there is a test).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Choice {
    /// What decided.
    pub rule: ChoiceRule,
    /// The agent's tier in the queue's preference, from 0.
    pub tier: u8,
    /// The step the contact had reached.
    pub step: u8,
    /// What the agent had in use, as the document counts load; it comes before idleness.
    pub load: u32,
    /// The agent was idle since then, by the document's definition.
    pub idle_since: Timestamp,
    /// The document in force.
    pub document: u64,
    /// Classes, contacts and index words examined.
    pub examined: u32,
    /// Agents there were, signed in or not.
    pub agents: u32,
    /// What was asked, and how many agents met it: of the alternative that the agent met, as far as there is room.
    pub met: [Option<Met>; MET_MAX],
    /// Who would have been next, best first.
    pub runners_up: [Option<RunnerUp>; RUNNERS_UP_MAX],
}

/// How many agents met a condition when a choice was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Met {
    /// The condition.
    pub condition: MetCondition,
    /// How many agents anywhere met it.
    pub agents: u32,
}

/// A condition by numbers, which outlive the document that stated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetCondition {
    /// The skill at this level or above.
    Skill(SkillKey, Level),
    /// Not the skill at this level or above.
    NotSkill(SkillKey, Level),
    /// Assigned to the queue.
    Member(QueueKey),
}

/// An agent who would have been next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunnerUp {
    /// Who.
    pub agent: AgentKey,
    /// The tier in the queue's preference.
    pub tier: u8,
    /// What was in use, as the document counts load.
    pub load: u32,
    /// Idle since.
    pub idle_since: Timestamp,
}

/// What of a contact's present terms nobody meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unmet {
    /// There are no agents.
    Agents,
    /// No agent meets this condition.
    Condition(MetCondition),
    /// No agent meets all that is asked together.
    Together,
    /// Those who meet it could never have room: channel limit 0, or less capacity than it costs.
    Room,
    /// Those who could take it are excluded.
    Excluded,
    /// The agent it waits for could never take it.
    Target,
}

/// What decided a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChoiceRule {
    /// The contact came when agents were idle: best tier, then longest idle.
    LongestIdle,
    /// The agent became free: the contact was first in line among those this agent may take.
    FirstInLine,
    /// The contact asked for this agent.
    Target,
    /// A supervisor pulled it to this agent.
    Pulled,
}

/// Why presence changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PresenceBecause {
    /// It was set.
    Asked,
    /// Pending, and the work ended.
    WorkEnded,
    /// Too many offers in a row expired.
    Rona,
    /// They expired for everybody: it was not the agent's doing.
    RonaWithdrawn,
    /// The session did not come back.
    SessionLost,
    /// A supervisor said so.
    Supervised,
}

/// Why a contact waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requeued {
    /// The platform asked.
    Asked,
    /// Transferred by an agent.
    Transferred,
    /// Its queue was too full or it waited its longest there.
    Overflowed,
    /// It needs more attention.
    Escalated,
    /// Agent and customer could not be connected.
    ConnectFailed,
    /// Its agent's session did not come back.
    AgentLost,
    /// A supervisor moved it.
    Moved,
}

/// Why an offer was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rescinded {
    /// Another agent was first.
    Taken,
    /// The contact ended, was parked or went elsewhere.
    ContactLeft,
    /// Delivery was not acknowledged in time.
    Undelivered,
    /// The agent's session was lost.
    SessionLost,
    /// The agent went away.
    AgentLeft,
}

/// Why an engagement was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngagementOver {
    /// Completed.
    Completed,
    /// The contact went on elsewhere.
    Transferred,
    /// Put back to waiting by the platform.
    Requeued,
    /// Never connected.
    ConnectFailed,
    /// The agent did not come back.
    AgentLost,
    /// Wrap-up ended.
    WrappedUp,
}

impl PresenceBecause {
    /// The cause in a word, for metrics and watchers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::WorkEnded => "work_ended",
            Self::Rona => "rona",
            Self::RonaWithdrawn => "rona_withdrawn",
            Self::SessionLost => "session_lost",
            Self::Supervised => "supervised",
        }
    }
}

impl Requeued {
    /// The cause in a word, for metrics and watchers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Transferred => "transferred",
            Self::Overflowed => "overflowed",
            Self::Escalated => "escalated",
            Self::ConnectFailed => "connect_failed",
            Self::AgentLost => "agent_lost",
            Self::Moved => "moved",
        }
    }
}

impl Rescinded {
    /// The cause in a word, for watchers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::ContactLeft => "contact_left",
            Self::Undelivered => "undelivered",
            Self::SessionLost => "session_lost",
            Self::AgentLeft => "agent_left",
        }
    }
}

impl EngagementOver {
    /// The cause in a word, for watchers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Transferred => "transferred",
            Self::Requeued => "requeued",
            Self::ConnectFailed => "connect_failed",
            Self::AgentLost => "agent_lost",
            Self::WrappedUp => "wrapped_up",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Event};

    #[test]
    fn a_choice_stays_small_and_an_event_with_it() {
        assert!(size_of::<Choice>() <= 256, "a choice has {} bytes", size_of::<Choice>());
        assert!(size_of::<Event>() <= 320, "an event has {} bytes", size_of::<Event>());
    }
}
