//! What is asked about waits, and what is answered.
//!
//! Invariant: a question names as many places as one call may compare, and no more. Not here: the answer (`waits`).

use crate::{
    engine::{Reject, State, lines::Newcomer},
    model::{
        contact::CustomerId,
        ids::{ChannelName, ContactId, QueueName},
        limits::WAIT_PLACES_MAX,
        requirement::Requirement,
        time::Span,
    },
};

use super::estimate::{Estimate, Unknown};

/// What somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// How long a contact still waits.
    Contact(ContactId),
    /// How long one that has not joined would, at each of these; the customer is told the quickest.
    Newcomer {
        /// At most [`WAIT_OPTIONS_MAX`](crate::model::limits::WAIT_OPTIONS_MAX), and [`WAIT_PLACES_MAX`] with the
        /// channels that they stand for.
        options: Vec<Choice>,
        /// Who is told, so that it counts.
        told: Option<CustomerId>,
    },
}

/// Where a contact might join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The queue.
    pub queue: QueueName,
    /// The channel; `None` = each that the queue takes.
    pub channel: Option<ChannelName>,
    /// What it would ask itself.
    pub requirement: Requirement,
    /// Whether it would be a moment of truth.
    pub moment_of_truth: bool,
    /// The head start it would have beside its queue's.
    pub head_start: Span,
}

/// How long a wait will be, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitView {
    /// The queue in which it is, or that would take it in.
    pub queue: QueueName,
    /// The channel.
    pub channel: ChannelName,
    /// How many of the queue stand before it.
    pub ahead: u64,
    /// How many wait in the queue.
    pub waiting: u64,
    /// How long it has waited.
    pub waited: Span,
    /// How long it will.
    pub estimate: Result<Estimate, Unknown>,
}

/// Each option by each of its channels.
pub(super) fn newcomers(state: &State, options: &[Choice]) -> Result<Vec<Newcomer>, Reject> {
    let mut newcomers = Vec::new();
    for Choice { queue, channel, requirement, moment_of_truth, head_start } in options {
        let channels = match channel {
            Some(channel) => vec![channel.clone()],
            None => state.channels_of(queue)?,
        };
        if newcomers.len() + channels.len() > WAIT_PLACES_MAX {
            let what = "queues and channels compared in one call, each channel of an option without one counted";
            return Err(Reject::LimitReached { what, limit: WAIT_PLACES_MAX });
        }
        newcomers.extend(channels.into_iter().map(|channel| Newcomer {
            queue: queue.clone(),
            channel,
            requirement: requirement.clone(),
            moment_of_truth: *moment_of_truth,
            head_start: *head_start,
        }));
    }
    Ok(newcomers)
}
