//! Names of the document as small numbers.
//!
//! Invariant: a name keeps its number for the tenant's life, across documents; numbers are dense from 0.

use std::collections::BTreeMap;

/// An append-only numbering of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names<N> {
    by_name: BTreeMap<N, u32>,
    by_number: Vec<N>,
}

impl<N> Default for Names<N> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new(), by_number: Vec::new() }
    }
}

impl<N: Ord + Clone> Names<N> {
    /// The number of a known name.
    pub fn find(&self, name: &N) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The number of a name, a new one if it was not known.
    pub fn intern(&mut self, name: &N) -> u32 {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = u32::try_from(self.by_number.len()).expect("names are limited well below 2^32");
        self.by_name.insert(name.clone(), number);
        self.by_number.push(name.clone());
        number
    }

    /// The name of a number.
    pub fn name(&self, number: u32) -> &N {
        &self.by_number[number as usize]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_number.len()
    }
}

/// The candidate most like `name`, if one is at most a third of its letters away: for "did you mean".
pub fn similar<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let most = (name.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (edits(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Levenshtein distance (Levenshtein 1966), row by row.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replace = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let names = ["billing", "claims", "cards"];
        assert_eq!(similar("biling", names.into_iter()), Some("billing".into()));
        assert_eq!(similar("loans", names.into_iter()), None);
    }
}
