//! Another document applied to a world, slice by slice, and decisions in between.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    engine::{Command, Proposal},
    journal::Record,
    sim::decision::shape::{Wording, document},
};

use super::{Decided, World, request};

impl World {
    /// Applies a document with other priorities, steps, costs and skills and without the last queue; nanoseconds that
    /// took.
    pub fn apply_changed(&mut self) -> u64 {
        let document = Arc::new(document(&self.shape, Wording::Changed));
        let (last, first) = self.cast.drop_last_queue();
        self.shape.queues -= 1;
        let proposal = Proposal { moves: BTreeMap::from([(last, first)]), ..Proposal::new(document) };
        let command = request(Command::ApplyDocument(Box::new(proposal)));
        let (nanos, _, outcome) = self.meter.measured(|| self.state.apply(self.now, &command, Record::fingerprint));
        assert!(outcome.reply.is_ok(), "the bench's own documents fit, but {:?}", outcome.reply);
        nanos
    }

    /// Whether it is still coming into force.
    pub fn is_sweeping(&self) -> bool {
        self.state.is_sweeping()
    }

    /// The next slice; nanoseconds that took.
    pub fn slice(&mut self) -> u64 {
        self.meter.measured(|| self.state.apply(self.now, &request(Command::Sweep), Record::fingerprint)).0
    }

    /// A contact comes and leaves again; nanoseconds that its coming took.
    pub fn arrive_and_leave(&mut self) -> u64 {
        let arrival = self.arrival();
        let (nanos, _, outcome) = self.meter.measured(|| self.state.apply(self.now, &arrival, Record::fingerprint));
        if outcome.reply.is_ok() {
            self.undo_arrival(&Decided::of(outcome), &arrival);
        }
        nanos
    }
}
