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
    /// These names, numbered in their order.
    pub fn numbered(names: Vec<N>) -> Self {
        let by_name = (0u32..).zip(&names).map(|(number, name)| (name.clone(), number)).collect();
        Self { by_name, by_number: names }
    }

    /// All of them, in order of their numbers.
    pub fn into_numbered(self) -> Vec<N> {
        self.by_number
    }

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
