//! Moments of truth by entry of the catalogue.
//!
//! Invariant: an entry has its number for the tenant's life, and there are no more than one document may have; what comes
//! beyond is counted without its name.

use super::{
    counts::MomentCounts,
    windows::{Additive, Windows},
};
use crate::model::{
    ids::MomentName,
    limits::MOMENTS_MAX,
    time::{Span, Timestamp},
};

/// One tenant's.
#[derive(Debug, Default)]
pub(super) struct Moments {
    windows: Windows<ByName>,
    /// Entries of the catalogue by number, in the order in which they were first met.
    names: Vec<MomentName>,
}

/// By number, in rising order.
#[derive(Debug, Clone, Default)]
struct ByName(Vec<(u16, MomentCounts)>);

impl Moments {
    /// A name's number.
    pub fn number_of(&mut self, name: &MomentName) -> Option<u16> {
        let at = self.names.iter().position(|known| known == name).or_else(|| {
            (self.names.len() < MOMENTS_MAX).then(|| {
                self.names.push(name.clone());
                self.names.len() - 1
            })
        });
        at.and_then(|at| u16::try_from(at).ok())
    }

    /// Counts for each of these entries.
    pub fn count(&mut self, now: Timestamp, day_begins: Span, numbers: &[u16], count: impl Fn(&mut MomentCounts)) {
        if !numbers.is_empty() {
            self.windows.count(now, day_begins, |held| numbers.iter().for_each(|number| count(held.of(*number))));
        }
    }

    /// By window, in the order of names.
    pub fn read(&self, now: Timestamp, day_begins: Span) -> [Vec<(MomentName, MomentCounts)>; 5] {
        self.windows.read(now, day_begins).map(|since| {
            let named = since.held.0.iter().map(|(number, counts)| (self.names[usize::from(*number)].clone(), *counts));
            let mut named: Vec<_> = named.collect();
            named.sort_by(|(one, _), (other, _)| one.cmp(other));
            named
        })
    }
}

impl ByName {
    fn of(&mut self, number: u16) -> &mut MomentCounts {
        let at = match self.0.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (number, MomentCounts::default()));
                at
            }
        };
        &mut self.0[at].1
    }
}

impl Additive for ByName {
    fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(number, counts)| self.of(*number).add(counts));
    }

    fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(u16, MomentCounts)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_in_the_order_of_their_names_and_there_is_an_end_to_them() {
        let mut moments = Moments::default();
        let name = |text: &str| MomentName::new(text).unwrap();
        let [lost, fire] = ["lost_card", "fire"].map(|text| moments.number_of(&name(text)).unwrap());
        assert_eq!(moments.number_of(&name("lost_card")), Some(lost));
        moments.count(Timestamp(0), Span::ZERO, &[lost, fire], |counts| counts.abandoned += 1);
        moments.count(Timestamp(0), Span::ZERO, &[lost], |counts| counts.abandoned += 1);
        let read = moments.read(Timestamp(0), Span::ZERO);
        let told: Vec<_> = read[0].iter().map(|(name, counts)| (name.as_str(), counts.abandoned)).collect();
        assert_eq!(told, [("fire", 1), ("lost_card", 2)]);
        let last = (2..=MOMENTS_MAX).map(|number| moments.number_of(&name(&format!("m{number}")))).last();
        assert_eq!(last, Some(None), "as many as one document may have");
    }
}
