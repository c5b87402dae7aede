//! Exemplars: of each bucket of a histogram, the newest observation that belongs to somebody's trace.
//!
//! Whoever records says of which trace it is by [`of_trace`], since the interface of metrics has no room for it. Kept for
//! native histograms alone, which are shown in the one format of the two that has exemplars. Invariant: a trace's number
//! and nothing else of a customer.

use std::{cell::Cell, time::Duration};

use parking_lot::Mutex;

/// Whose an observation is, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The trace's number.
    pub trace: u128,
    /// Since 1970.
    pub at: Duration,
}

thread_local! {
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
}

/// What is recorded meanwhile by this thread is of this trace, if any.
pub fn of_trace<T>(place: Option<Place>, record: impl FnOnce() -> T) -> T {
    let before = PLACE.replace(place);
    let recorded = record();
    PLACE.set(before);
    recorded
}

/// An observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exemplar {
    pub value: f64,
    pub place: Place,
}

/// Those of a histogram, by its buckets; nothing until there is one.
#[derive(Debug, Default)]
pub struct Exemplars(Mutex<Vec<Option<Exemplar>>>);

impl Exemplars {
    /// This was observed just now, and is in this bucket.
    pub fn record(&self, bucket: usize, value: f64) {
        let Some(place) = PLACE.get() else { return };
        let mut newest = self.0.lock();
        if newest.len() <= bucket {
            newest.resize(bucket + 1, None);
        }
        newest[bucket] = Some(Exemplar { value, place });
    }

    pub fn of(&self, bucket: usize) -> Option<Exemplar> {
        self.0.lock().get(bucket).copied().flatten()
    }

    pub fn begin_anew(&self) {
        self.0.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_trace_is_kept_and_what_is_nobodys_is_not() {
        let exemplars = Exemplars::default();
        exemplars.record(1, 0.1);
        of_trace(Some(Place { trace: 7, at: Duration::ZERO }), || {
            exemplars.record(1, 0.2);
            of_trace(None, || exemplars.record(1, 0.3));
            exemplars.record(3, 9.0);
        });
        exemplars.record(3, 8.0);
        let kept = |bucket| exemplars.of(bucket).map(|exemplar| (exemplar.place.trace, exemplar.value));
        assert_eq!([0, 1, 2, 3, 4].map(kept), [None, Some((7, 0.2)), None, Some((7, 9.0)), None]);
    }
}
