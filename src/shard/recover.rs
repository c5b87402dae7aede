//! A shard as its journal left it: worlds, and what is known of them beside.
//!
//! Invariant: nothing is decided again. Statistics and gauges go on from what was read of the journal, forecasts from what
//! they saw of it; counters of metrics begin at 0 (`app`), since whoever wrote a record has counted it. Advice that had not
//! become a record is taken up when the shard runs. Where a snapshot stands in for the records before it, statistics and
//! forecasts begin there: they know documents, agents and what was learnt or set (which is the worlds' and stays in force),
//! and learn on from what comes; of contacts that were under way nothing is learnt, and counted is what becomes of those
//! that wait.

use crate::{
    engine::{Command, Request},
    journal::{Found, Record, Seq, Snapshot},
};

use super::{
    advice::Advisers,
    core::{Core, RecoverError},
    observe::Observer,
};

/// What is recovered, record by record.
pub struct Recovered {
    /// The worlds.
    pub core: Core,
    pub(super) observer: Observer,
    pub(super) advisers: Advisers,
}

impl Recovered {
    /// Without a record yet.
    pub fn new(observer: Observer) -> Self {
        Self { core: Core::new(), observer, advisers: Advisers::default() }
    }

    /// Takes in what a journal has, in order.
    pub fn take(&mut self, found: Found) -> Result<(), RecoverError> {
        match found {
            Found::Snapshot(snapshot) => {
                self.begin(snapshot);
                Ok(())
            }
            Found::Record(record) => self.repeat(record),
        }
    }

    /// Begins with a snapshot.
    fn begin(&mut self, snapshot: Snapshot) {
        self.core = Core::of_snapshot(snapshot);
        let (last, now) = (Seq(self.core.next_seq().0 - 1), self.core.now());
        for tenant in self.core.tenants() {
            let state = self.core.state(tenant).expect("a shard's tenants have worlds");
            let input = Request { id: None, command: Command::Tick };
            let events = state.introduction();
            let introduction = Record { seq: last, now, tenant: tenant.clone(), customer: None, input, events };
            self.observer.record(&introduction, state);
            self.observer.take_over(tenant, state);
            self.advisers.repeat(&introduction, state);
        }
    }

    /// Repeats one more record; [`Core::end_recovery`] follows the last.
    pub fn repeat(&mut self, record: Record) -> Result<(), RecoverError> {
        self.core.repeat(&record)?;
        let state = self.core.state(&record.tenant).expect("its world was made by its first record");
        self.observer.record(&record, state);
        self.advisers.repeat(&record, state);
        Ok(())
    }
}
