//! The one way from a decision to the state: an event is evolved at once and collected.
//!
//! Invariant: decide-functions read the state and emit; they never change it otherwise. After the first `emit` of a
//! command nothing is refused any more.

use crate::model::time::Timestamp;

use super::{event::Event, state::State};

/// A state and what has happened to it in this command.
pub struct Emit<'a> {
    state: &'a mut State,
    /// The command's time.
    pub now: Timestamp,
    events: Vec<Event>,
}

impl<'a> Emit<'a> {
    /// Begins a command.
    pub fn new(state: &'a mut State, now: Timestamp) -> Self {
        Self { state, now, events: Vec::new() }
    }

    /// The state as it stands after the last event.
    pub fn state(&self) -> &State {
        self.state
    }

    /// Makes something happen.
    pub fn emit(&mut self, event: Event) {
        self.state.evolve(self.now, &event);
        self.events.push(event);
    }

    /// What settling works through; the only mutable access beside `emit`, and to nothing but work lists.
    pub(super) fn work(&mut self) -> &mut super::matching::index::Index {
        &mut self.state.index
    }

    /// What happened.
    pub fn into_events(self) -> Vec<Event> {
        self.events
    }
}
