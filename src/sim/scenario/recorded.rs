//! Contacts and agents as a journal has them: what came from outside, ready to come again.
//!
//! Invariant: nothing in it is what routing made of it; what was cut short by routing is said to be at least so long.
//! Not here: finding it in records (`history`).

use std::sync::Arc;

use rand::Rng;

use super::survival::Survival;
use crate::{
    engine::Command,
    model::{
        agent::{AgentProfile, Presence},
        contact::NewContact,
        requirement::Level,
        time::Span,
    },
};

/// A contact that came once.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// When, since the epoch.
    pub at: Span,
    /// What was told of it as it came.
    pub contact: Arc<NewContact>,
    /// Its class in reports.
    pub class: usize,
    /// Whether it was taken for a moment of truth while it waited.
    pub is_moment: bool,
    /// How long the customer stays; `None` = as long as it takes.
    pub patience: Option<Time>,
    /// When the platform takes it back, since it came, if nobody has answered it by then.
    pub withdrawn: Option<Span>,
    /// What is told and asked of it while it waits, since it came.
    pub told: Vec<(Span, Command)>,
    /// What agents have to do with it, one after the other; at least once.
    pub work: Vec<Work>,
    /// How long the last of them writes up; `None` = as long as the queue gives.
    pub wrap_up: Option<Span>,
}

/// An engagement.
#[derive(Debug, Clone)]
pub struct Work {
    /// How long it takes.
    pub takes: Time,
    /// Where the contact goes then; `None` = it is done.
    pub then: Option<Onward>,
}

/// How a contact goes on after an engagement.
#[derive(Debug, Clone)]
pub struct Onward {
    /// What is asked.
    pub command: Command,
    /// How long the customer stays after that, if they left before the next agent answered.
    pub stays: Option<Span>,
}

/// How long something took.
#[derive(Debug, Clone)]
pub enum Time {
    /// So long.
    Seen(Span),
    /// Longer than that, as others of its kind.
    Beyond(Span, Arc<Survival>),
}

impl Time {
    /// As it was, or as it might have gone on; `None` = for good.
    pub fn draw(&self, rng: &mut impl Rng) -> Option<Span> {
        match self {
            Self::Seen(time) => Some(*time),
            Self::Beyond(already, curve) => curve.draw(*already, rng),
        }
    }
}

/// Something that became of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Another profile.
    Profile(Arc<AgentProfile>),
    /// Being there, or not.
    Presence(Presence),
    /// Another level of empathy was learnt; `None` = the record's again.
    Empathy(Option<Level>),
}
