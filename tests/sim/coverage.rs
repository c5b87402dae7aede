//! What was played: which commands met contacts in which states, and which faults occurred.

use std::{collections::BTreeMap, fmt};

/// How often each kind of fault occurred.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(BTreeMap<String, u64>);

impl Faults {
    pub fn count(&mut self, kind: &str) {
        match self.0.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(kind.to_owned(), 1)),
        }
    }

    /// Counts a fault in an operation.
    pub fn count_in(&mut self, kind: &str, operation: &str) {
        self.count(&format!("{kind} {operation}"));
    }

    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            *self.0.entry(kind.clone()).or_default() += count;
        }
    }

    /// Which of these kinds never occurred.
    pub fn missing<'a>(&self, kinds: &[&'a str]) -> Vec<&'a str> {
        kinds.iter().copied().filter(|kind| !self.0.contains_key(*kind)).collect()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(kind, count)| writeln!(f, "{count:>10}  {kind}"))
    }
}

/// Counts of command × state of the contact that it names: accepted and refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    cells: BTreeMap<(&'static str, &'static str), (u64, u64)>,
}

impl Coverage {
    pub fn accepted(&mut self, command: &'static str, state: &'static str) {
        self.cells.entry((command, state)).or_default().0 += 1;
    }

    pub fn refused(&mut self, command: &'static str, state: &'static str) {
        self.cells.entry((command, state)).or_default().1 += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (cell, (accepted, refused)) in &other.cells {
            let sum = self.cells.entry(*cell).or_default();
            (sum.0, sum.1) = (sum.0 + accepted, sum.1 + refused);
        }
    }

    /// Pairs of these commands and states that never met.
    pub fn missing(&self, commands: &[&'static str], states: &[&'static str]) -> Vec<String> {
        let pairs = commands.iter().flat_map(|command| states.iter().map(move |state| (*command, *state)));
        let missing = pairs.filter(|pair| !self.cells.contains_key(pair));
        missing.map(|(command, state)| format!("{command} of a contact that is {state}")).collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "command by state of the contact that it names: accepted + refused")?;
        let mut last = "";
        for ((command, state), (accepted, refused)) in &self.cells {
            if *command != last {
                write!(f, "{}{command:>22}", if last.is_empty() { "" } else { "\n" })?;
                last = command;
            }
            write!(f, "  {state} {accepted}+{refused}")?;
        }
        writeln!(f)
    }
}
