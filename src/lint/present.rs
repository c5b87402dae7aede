//! How many are there, from one change to the next.
//!
//! Invariant: changes are the shifts' own beginnings and ends; between two of them nothing changes.

use std::collections::BTreeMap;

use super::day::Group;
use crate::model::time::Span;

/// Before everything.
const BEGINNING: Span = Span(i64::MIN);
/// After everything.
const END: Span = Span(i64::MAX);

/// Of agents who are there at a time, those who matter to a flow of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct There {
    /// Who may take a contact that comes now, here or where it is sent on.
    pub served: usize,
    /// Who may take it here, also by a step that begins while waits are long.
    pub own: usize,
    /// Who of these is empathetic.
    pub empathetic: usize,
    /// Everybody.
    pub all: usize,
}

/// Who comes and who goes, time by time.
#[derive(Debug, Default)]
pub(super) struct Course(BTreeMap<Span, [There; 2]>);

impl Course {
    /// Lets a group count as these whenever it works; for contacts that reach it so long after they came.
    pub fn add(&mut self, group: &Group, after: Span, count: There) {
        let before = |at: Span| Span(at.0.saturating_sub(after.0));
        if group.shifts.is_empty() {
            self.change(BEGINNING, 0, count);
        }
        for (from, until) in &group.shifts {
            self.change(before(*from), 0, count);
            self.change(before(*until), 1, count);
        }
    }

    fn change(&mut self, at: Span, side: usize, count: There) {
        let side = &mut self.0.entry(at).or_default()[side];
        *side = side.and(count, usize::saturating_add);
    }

    /// Who is there from each change on.
    fn steps(&self) -> impl Iterator<Item = (Span, There)> {
        self.0.iter().scan(There::default(), |there, (at, [come, go])| {
            *there = there.and(*come, usize::saturating_add).and(*go, usize::saturating_sub);
            Some((*at, *there))
        })
    }

    /// Who is there at a time.
    pub fn at(&self, at: Span) -> There {
        self.steps().take_while(|(from, _)| *from <= at).last().map_or(There::default(), |(_, there)| there)
    }

    /// Times at which it is so, each as long as it lasts.
    pub fn times(&self, is_so: impl Fn(There) -> bool) -> Vec<(Span, Span)> {
        let mut times = Vec::new();
        let mut since = is_so(There::default()).then_some(BEGINNING);
        for (at, there) in self.steps() {
            match (since, is_so(there)) {
                (None, true) => since = Some(at),
                (Some(from), false) => {
                    times.extend((from < at).then_some((from, at)));
                    since = None;
                }
                _ => {}
            }
        }
        times.extend(since.map(|from| (from, END)));
        times
    }
}

impl There {
    fn and(self, other: Self, put: fn(usize, usize) -> usize) -> Self {
        Self {
            served: put(self.served, other.served),
            own: put(self.own, other.own),
            empathetic: put(self.empathetic, other.empathetic),
            all: put(self.all, other.all),
        }
    }
}
