//! Which commands met which states, and how they were answered.

use std::{collections::BTreeMap, fmt};

/// Counts of state × command.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Contacts passed by one that came later.
    pub passed: u64,
    cells: BTreeMap<&'static str, BTreeMap<&'static str, (u64, u64)>>,
}

impl Coverage {
    /// Counts one command.
    pub fn count(&mut self, command: &'static str, state: &'static str, accepted: bool) {
        let cell = self.cells.entry(command).or_default().entry(state).or_default();
        cell.0 += u64::from(accepted);
        cell.1 += 1;
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        for (command, states) in &other.cells {
            for (state, counts) in states {
                let cell = self.cells.entry(command).or_default().entry(state).or_default();
                cell.0 += counts.0;
                cell.1 += counts.1;
            }
        }
    }

    /// The share of accepted commands.
    pub fn accepted_share(&self) -> f64 {
        let all = self.cells.values().flat_map(BTreeMap::values);
        let (accepted, given) = all.fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
        accepted as f64 / given as f64
    }

    /// Commands that were never accepted in any state.
    pub fn never_accepted(&self) -> Vec<String> {
        let never = self.cells.iter().filter(|(_, states)| states.values().all(|cell| cell.0 == 0));
        never.map(|(command, _)| (*command).to_owned()).collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "command by state of what it names: accepted of given")?;
        for (command, states) in &self.cells {
            write!(f, "{command:>22}")?;
            for (state, (accepted, given)) in states {
                write!(f, "  {state} {accepted}/{given}")?;
            }
            writeln!(f)?;
        }
        let given: u64 = self.cells.values().flat_map(BTreeMap::values).map(|cell| cell.1).sum();
        write!(f, "{given} commands, {:.1} % accepted", self.accepted_share() * 100.0)?;
        write!(f, "; {} contacts passed within the bound", self.passed)
    }
}
