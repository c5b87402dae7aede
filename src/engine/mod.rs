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
}
