//! What came of contacts, in sums: how many came, who answered them and how soon, who hung up.
//!
//! Invariant: plain counts, so that sums of parts are the whole. Not here: what they are counted from (`day`, `player`).

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Moments of truth.
    pub moments: Tally,
    /// All others.
    pub routine: Tally,
}

/// What came of contacts of one kind.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How many came.
    pub offered: u64,
    /// Answered within twenty seconds …
    pub in_time: u64,
    /// … by an empathetic agent.
    pub in_time_empathetic: u64,
    /// How many hung up.
    pub abandoned: u64,
    /// How long all of them waited, those who hung up included.
    pub waited: f64,
}

impl Tally {
    fn share(&self, count: u64) -> f64 {
        count as f64 / self.offered.max(1) as f64 * 100.0
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        let Self { offered, in_time, in_time_empathetic, abandoned, waited } = other;
        self.offered += offered;
        self.in_time += in_time;
        self.in_time_empathetic += in_time_empathetic;
        self.abandoned += abandoned;
        self.waited += waited;
    }

    /// Answered in time by an empathetic agent, in percent.
    pub fn empathetic_share(&self) -> f64 {
        self.share(self.in_time_empathetic)
    }

    /// Answered in time, in percent.
    pub fn in_time_share(&self) -> f64 {
        self.share(self.in_time)
    }

    /// Hung up, in percent.
    pub fn abandoned_share(&self) -> f64 {
        self.share(self.abandoned)
    }

    /// The mean wait in seconds.
    pub fn mean_wait(&self) -> f64 {
        self.waited / self.offered.max(1) as f64
    }
}

impl Report {
    /// Answered in time of all that came, in percent.
    pub fn service_level(&self) -> f64 {
        let in_time = self.moments.in_time + self.routine.in_time;
        in_time as f64 / (self.moments.offered + self.routine.offered).max(1) as f64 * 100.0
    }
}
