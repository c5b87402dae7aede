//! The pure heart: commands in, events out, no clock, no I/O, no floats, no randomness.

use crate::model::time::Timestamp;

pub mod command;
pub mod event;
pub mod reject;
pub mod view;

pub use command::{Command, Reply, Request};
pub use event::Event;
pub use reject::Reject;

/// One tenant's world.
#[derive(Debug, Default)]
pub struct State {}

/// What a command led to.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub reply: Result<Reply, Reject>,
    /// What happened; empty if refused.
    pub events: Vec<Event>,
}

impl State {
    /// A world with this document in force as version 1... (skeleton, the engine's author replaces this file)
    pub fn new() -> Self {
        todo!()
    }
    /// Decides and evolves.
    pub fn apply(&mut self, _now: Timestamp, _request: &Request) -> Outcome {
        todo!()
    }
    /// Repeats one event's effect (recovery).
    pub fn evolve(&mut self, _now: Timestamp, _event: &Event) {
        todo!()
    }
    /// When `Command::Tick` is due next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        todo!()
    }
    /// Reads.
    pub fn query(&self, _now: Timestamp, _query: &view::Query) -> Result<view::Answer, Reject> {
        todo!()
    }
    /// What agents' streams are told of these events, which have just been applied.
    pub fn notices(&self, _now: Timestamp, _events: &[Event]) -> Vec<(crate::model::ids::AgentId, view::Notice)> {
        todo!()
    }
    /// A queue's name.
    pub fn queue_name(&self, _queue: crate::model::ids::QueueKey) -> &crate::model::ids::QueueName {
        todo!()
    }
    /// A channel's name.
    pub fn channel_name(&self, _channel: crate::model::ids::ChannelKey) -> &crate::model::ids::ChannelName {
        todo!()
    }
    /// An agent's id.
    pub fn agent_id(&self, _agent: crate::model::ids::AgentKey) -> Option<&crate::model::ids::AgentId> {
        todo!()
    }
    /// Where a contact is and since when.
    pub fn contact_facts(&self, _contact: crate::model::ids::ContactKey) -> Option<ContactFacts> {
        todo!()
    }
    /// What an offer, open or lately ended, is about: contact, agent, made at, delivered at.
    pub fn offer_contact(
        &self,
        _offer: crate::model::ids::OfferKey,
    ) -> Option<(crate::model::ids::ContactKey, crate::model::ids::AgentKey, Timestamp, Option<Timestamp>)> {
        todo!()
    }
}

/// A contact's place in the house.
#[derive(Debug, Clone, Copy)]
pub struct ContactFacts {
    /// Its queue.
    pub queue: crate::model::ids::QueueKey,
    /// Its channel.
    pub channel: crate::model::ids::ChannelKey,
    /// When it arrived.
    pub arrived_at: Timestamp,
    /// When it entered its queue.
    pub queued_at: Timestamp,
}
