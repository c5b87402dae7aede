//! What supervisors do to a running contact centre, each time with who did it and why.
//!
//! Invariant: an action names things by the outside world's names, and carries everything that the record of it needs.

use super::{
    agent::Presence,
    contact::{CustomerId, KeepPlace, TargetAgent},
    ids::{ActorId, AgentId, ContactId, QueueName},
    time::Span,
};

/// An action with who took it and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Supervision {
    /// Who: the supervisor as the platform names one.
    pub actor: ActorId,
    /// Why, in the supervisor's words; never empty, at most 256 bytes.
    pub reason: String,
    /// What.
    pub action: Action,
}

/// What a supervisor can do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// One waiting contact goes to another queue.
    MoveContact { contact: ContactId, queue: QueueName, place: KeepPlace },
    /// Everything that waits in a queue goes to another.
    MoveQueue { from: QueueName, to: QueueName, place: KeepPlace },
    /// A waiting contact goes to one agent, before anything else that agent could take.
    PullContact { contact: ContactId, to: TargetAgent },
    /// A waiting contact stands so much before (or, negative, behind) its own time; not on top of an earlier one.
    PrioritiseContact { contact: ContactId, head_start: Span },
    /// An agent is given a presence.
    ForcePresence { agent: AgentId, presence: Presence, timing: PresenceTiming },
    /// A queue opens, pauses or drains.
    SetQueueMode { queue: QueueName, mode: QueueMode },
    /// A customer is erased; nobody in particular where the action is remembered.
    EraseCustomer { customer: CustomerId },
}

/// When a forced presence takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PresenceTiming {
    /// Now, whatever the agent is at.
    Immediately,
    /// When the present work is done.
    AfterWork,
}

/// Whether a queue takes contacts in, and whether it gives them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum QueueMode {
    /// Both.
    #[default]
    Open,
    /// It takes contacts in and offers none.
    Paused,
    /// It takes no new contacts; those that wait are served.
    Draining,
}

impl QueueMode {
    /// Its name, for watchers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Draining => "draining",
        }
    }
}

impl Action {
    /// Its name, for logs, metrics and the list of actions.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MoveContact { .. } => "move_contact",
            Self::MoveQueue { .. } => "move_queue",
            Self::PullContact { .. } => "pull_contact",
            Self::PrioritiseContact { .. } => "prioritise_contact",
            Self::ForcePresence { .. } => "force_presence",
            Self::EraseCustomer { .. } => "erase_customer",
            Self::SetQueueMode { mode: QueueMode::Open, .. } => "reopen_queue",
            Self::SetQueueMode { mode: QueueMode::Paused, .. } => "pause_queue",
            Self::SetQueueMode { mode: QueueMode::Draining, .. } => "drain_queue",
        }
    }
}
