//! Lengths of time, counted: exact numbers and sums, and quantiles with a stated error.
//!
//! The buckets are HdrHistogram's (Gil Tene, 2012) with two significant digits and milliseconds as the unit: up to 255 ms
//! each millisecond has its own, beyond them a bucket is less than one 128th as wide as what it holds. Only buckets that
//! hold something are kept, since ten thousand queues have a tally for every few seconds and most hold a handful.
//!
//! Invariant: tallies added to each other are the tally of everything that either was given, whatever the order; a quantile
//! is at most 0.8 % above the length of time that stands there, and less than a millisecond below it.

use crate::model::time::Span;

/// Values below are their own bucket; of each doubling beyond, so many halves are buckets.
const EXACT: u64 = 256;
const HALF: u64 = EXACT / 2;
/// What counts as the longest, 99 days; anything longer counts as this.
const MILLIS_MAX: u64 = (1 << 33) - 1;

/// Lengths of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// In rising order, none of them empty.
    buckets: Vec<Bucket>,
    sum: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bucket {
    index: u16,
    count: u32,
}

impl Tally {
    /// Counts one; below zero counts as zero.
    pub fn count(&mut self, length: Span) {
        let length = length.max(Span::ZERO);
        self.put(Bucket { index: index_of(length), count: 1 });
        self.sum = self.sum + length;
    }

    /// Counts whatever the other has counted.
    pub fn add(&mut self, other: &Self) {
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
        } else {
            other.buckets.iter().for_each(|bucket| self.put(*bucket));
        }
        self.sum = self.sum + other.sum;
    }

    /// How many there were.
    pub fn len(&self) -> u64 {
        self.buckets.iter().map(|bucket| u64::from(bucket.count)).sum()
    }

    /// Whether there were none.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// How long all of them were together, to the microsecond.
    pub fn sum(&self) -> Span {
        self.sum
    }

    /// How long they were on average; `None` if there were none.
    pub fn mean(&self) -> Option<Span> {
        self.sum.0.checked_div(i64::try_from(self.len()).unwrap_or(i64::MAX)).map(Span)
    }

    /// So many thousandths of them are no longer than this; `None` if there were none.
    pub fn quantile(&self, thousandths: u16) -> Option<Span> {
        let rank = (self.len() * u64::from(thousandths)).div_ceil(1_000).max(1);
        let mut passed = 0;
        let bucket = self.buckets.iter().find(|bucket| {
            passed += u64::from(bucket.count);
            passed >= rank
        })?;
        Some(Span::from_millis(i64::try_from(highest_of(bucket.index)).unwrap_or(i64::MAX)))
    }

    /// The longest, as exactly as a quantile; `None` if there were none.
    pub fn longest(&self) -> Option<Span> {
        self.quantile(1_000)
    }

    /// What it takes of the heap.
    pub fn heap_bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }

    fn put(&mut self, bucket: Bucket) {
        match self.buckets.binary_search_by_key(&bucket.index, |bucket| bucket.index) {
            Ok(at) => self.buckets[at].count = self.buckets[at].count.saturating_add(bucket.count),
            Err(at) => {
                if self.buckets.capacity() == 0 {
                    self.buckets.reserve_exact(1);
                }
                self.buckets.insert(at, bucket);
            }
        }
    }
}

fn index_of(length: Span) -> u16 {
    let millis = u64::try_from(length.as_millis()).unwrap_or(0).min(MILLIS_MAX);
    let doublings = u64::from((u64::BITS - millis.leading_zeros()).saturating_sub(EXACT.trailing_zeros()));
    u16::try_from(doublings * HALF + (millis >> doublings)).expect("the longest has a small index")
}

/// The longest of a bucket, in milliseconds.
fn highest_of(index: u16) -> u64 {
    let index = u64::from(index);
    if index < EXACT {
        return index;
    }
    let doublings = index / HALF - 1;
    ((index - doublings * HALF + 1) << doublings) - 1
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;

    use super::*;

    /// Lengths of every order of magnitude, by a small generator of our own.
    fn lengths(seed: u64, count: usize) -> Vec<Span> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        (0..count).map(|_| Span(i64::try_from((next() << 10) >> (next() % 30)).unwrap())).collect()
    }

    fn tally(lengths: &[Span]) -> Tally {
        let mut tally = Tally::default();
        lengths.iter().for_each(|length| tally.count(*length));
        tally
    }

    #[test]
    fn buckets_are_those_of_the_library_that_names_them() {
        let lengths = lengths(7, 20_000);
        let mut library = Histogram::<u64>::new_with_bounds(1, MILLIS_MAX, 2).unwrap();
        lengths.iter().for_each(|length| library.record(u64::try_from(length.as_millis()).unwrap()).unwrap());
        let ours = tally(&lengths);
        assert_eq!(ours.len(), library.len());
        for thousandths in [1, 10, 100, 250, 500, 800, 900, 950, 990, 999, 1_000] {
            let theirs = library.value_at_quantile(f64::from(thousandths) / 1_000.0);
            assert_eq!(ours.quantile(thousandths), Some(Span::from_millis(theirs as i64)), "at {thousandths}");
        }
    }

    #[test]
    fn a_quantile_errs_by_less_than_was_stated() {
        let mut lengths = lengths(11, 9_999);
        let tally = tally(&lengths);
        lengths.sort();
        for thousandths in 1..=1_000_u16 {
            let rank = (lengths.len() * usize::from(thousandths)).div_ceil(1_000);
            let (exact, told) = (lengths[rank - 1].0, tally.quantile(thousandths).unwrap().0);
            assert!(told <= exact + exact / 125, "{told} is more than 0.8 % above {exact}");
            assert!(told > exact - 1_000, "{told} is a millisecond or more below {exact}");
        }
    }

    #[test]
    fn added_tallies_are_one_tally() {
        let lengths = lengths(13, 5_000);
        let one = tally(&lengths);
        let mut added = Tally::default();
        for part in lengths.rchunks(37) {
            added.add(&tally(part));
        }
        assert_eq!(added, one);
        assert_eq!(one.sum(), Span(lengths.iter().map(|length| length.0).sum()));
        assert_eq!(one.mean(), Some(Span(one.sum().0 / 5_000)));
    }

    #[test]
    fn the_ends_of_the_scale_are_counted() {
        let mut tally = Tally::default();
        assert_eq!((tally.quantile(500), tally.mean(), tally.longest()), (None, None, None));
        tally.count(Span(-5));
        assert_eq!((tally.longest(), tally.sum()), (Some(Span::ZERO), Span::ZERO));
        tally.count(Span(i64::MAX));
        assert_eq!(tally.longest(), Some(Span::from_millis(MILLIS_MAX as i64)));
        assert_eq!(tally.len(), 2);
    }

    #[test]
    fn neighbouring_buckets_leave_no_gap() {
        for index in 0..u16::try_from(index_of(Span(i64::MAX))).unwrap() {
            let next = Span::from_millis(i64::try_from(highest_of(index)).unwrap() + 1);
            assert_eq!(index_of(next), index + 1);
        }
    }
}
