//! A day three times: as it was, simulated under its own document, and under another.
//!
//! Invariant: the second says how far the third is to be trusted, since both are played from the same inputs;
//! differences are those of the two, run by run. Not here: showing them (`rows`, `json`, `report`).

use std::path::Path;

use crate::{
    cli::{failure::Failure, simulate},
    sim::{history::History, scenario::Scenario, study::Study},
};

use super::past::{self, Past, Whose};

/// What to play, and how often.
pub struct Wanted<'a> {
    /// Where the day is.
    pub journal: &'a Path,
    /// Whose it is, and which contacts count.
    pub whose: &'a Whose,
    /// The other routing document.
    pub document: &'a Path,
    /// How often it is played.
    pub runs: u32,
    /// What chance follows from.
    pub seed: u64,
}

/// All three.
pub struct Days {
    pub history: History,
    /// The other document's file.
    pub document: String,
    pub seed: u64,
    /// The day under its own document.
    pub own: Scenario,
    pub was: Study,
    pub same: Study,
    pub candidate: Study,
    /// What the other document does not know of the day.
    pub left_out: Vec<String>,
    /// Agents by what they can do.
    pub teams: Vec<(String, Vec<usize>)>,
    /// Records in which what was personal is erased.
    pub erased: u64,
    /// What stands for the records before those there are.
    pub beginning: Option<String>,
}

impl Days {
    /// Reads the day and plays it.
    pub fn of(wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let candidate = simulate::document(wanted.document)?;
        let Past { mut history, erased, beginning } = Past::of(wanted.journal, wanted.whose)?;
        let (runs, seed) = (wanted.runs, wanted.seed);
        let other = past::under_another(&mut history, (&candidate, wanted.document), runs, seed)?;
        let own = past::under_its_own(&history, runs, seed)?;
        Ok(Self {
            was: history.study(&own.scenario),
            same: play(&own.scenario)?,
            candidate: play(&other.scenario)?,
            teams: history.teams(&own.scenario),
            document: wanted.document.display().to_string(),
            seed: wanted.seed,
            own: own.scenario,
            left_out: other.left_out,
            history,
            erased,
            beginning,
        })
    }

    /// The three by their names, in the order in which they are shown.
    pub fn named(&self) -> [(&'static str, &Study); 3] {
        [("history", &self.was), ("same", &self.same), ("candidate", &self.candidate)]
    }

    /// The places of all agents.
    pub fn everybody(&self) -> Vec<usize> {
        (0..self.was.groups.len()).collect()
    }
}

fn play(scenario: &Scenario) -> Result<Study, Failure> {
    Study::of(scenario, &past::hear, |_, _| {}).map_err(|refused| Failure::Declined(refused.to_string()))
}
