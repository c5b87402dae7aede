//! A shard as its journal left it: worlds, and what is known of them beside.
//!
//! Invariant: nothing is decided again. Metrics go on from what the journal has, forecasts from what they had seen; advice
//! that had not become a record is taken up when the shard runs.

use crate::journal::Record;

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

    /// Repeats one more record; [`Core::end_recovery`] follows the last.
    pub fn repeat(&mut self, record: Record) -> Result<(), RecoverError> {
        self.core.repeat(&record)?;
        let state = self.core.state(&record.tenant).expect("its world was made by its first record");
        self.observer.record(&record, state);
        self.advisers.repeat(&record, state);
        Ok(())
    }
}
