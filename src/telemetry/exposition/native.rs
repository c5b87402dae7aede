//! Native histograms: buckets that grow by a constant factor, as many as there is something in.
//!
//! The layout is Prometheus's exponential one (its specification of native histograms, schema 3): eight buckets for each
//! doubling, so that whoever takes a bucket's middle is wrong by 4.4 % at the most. Invariant: there are at most [`MOST`],
//! whatever is observed: what is smaller than a microsecond or larger than twelve days counts with what is nearest.

use std::{collections::BTreeMap, sync::LazyLock};

use parking_lot::Mutex;

/// 2 to the power of this many buckets for each doubling.
pub const SCHEMA: i32 = 3;
/// Buckets for each doubling.
const EACH_DOUBLING: i32 = 1 << SCHEMA;
/// The doublings that have buckets: from 2^-20 to 2^20.
const DOUBLINGS: i32 = 20;
/// What is no more than this counts as nought: the bound of the smallest bucket, 2^-20.
pub const NOUGHT_MAX: f64 = 1.0 / (1 << DOUBLINGS) as f64;
/// The most buckets there can be.
#[cfg(test)]
pub const MOST: usize = (2 * DOUBLINGS * EACH_DOUBLING) as usize;

/// Bounds within a doubling, from a half on, each the least of its bucket.
static BOUNDS: LazyLock<[f64; EACH_DOUBLING as usize]> =
    LazyLock::new(|| std::array::from_fn(|at| (at as f64 / f64::from(EACH_DOUBLING)).exp2() / 2.0));

/// Counts of one series.
#[derive(Debug, Default)]
pub struct Sparse(Mutex<Counts>);

/// What was observed.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Counts {
    /// How often it was nought, or not a number.
    pub nought: u64,
    /// How often it was in each bucket: number `i` has what is no more than 2^(i/8) and more than the one before it.
    pub buckets: BTreeMap<i32, u64>,
    /// The sum of it.
    pub sum: f64,
}

impl Sparse {
    pub fn record(&self, value: f64) {
        let mut counts = self.0.lock();
        counts.sum += value;
        match bucket_of(value) {
            Some(bucket) => *counts.buckets.entry(bucket).or_default() += 1,
            None => counts.nought += 1,
        }
    }

    pub fn counts(&self) -> Counts {
        self.0.lock().clone()
    }

    pub fn begin_anew(&self) {
        *self.0.lock() = Counts::default();
    }
}

impl Counts {
    /// How often there was anything.
    pub fn count(&self) -> u64 {
        self.nought + self.buckets.values().sum::<u64>()
    }

    /// Runs of buckets without a gap: how far each begins behind the one before (the first: its number), and its counts.
    pub fn spans(&self) -> Vec<(i32, Vec<u64>)> {
        let mut spans: Vec<(i32, Vec<u64>)> = Vec::new();
        let mut next = None;
        for (bucket, count) in &self.buckets {
            match (spans.last_mut(), next) {
                (Some((_, run)), Some(next)) if *bucket == next => run.push(*count),
                _ => spans.push((*bucket - next.unwrap_or(0), vec![*count])),
            }
            next = Some(bucket + 1);
        }
        spans
    }
}

/// The bucket of a value; `None` = it counts as nought.
fn bucket_of(value: f64) -> Option<i32> {
    if value.is_nan() || value <= NOUGHT_MAX {
        return None;
    }
    let most = DOUBLINGS * EACH_DOUBLING;
    let largest = f64::from(1 << DOUBLINGS);
    if value >= largest {
        return Some(most);
    }
    let (half, doubling) = halves(value);
    let within = BOUNDS.partition_point(|bound| *bound < half);
    let bucket = i32::try_from(within).expect("there are eight") + (doubling - 1) * EACH_DOUBLING;
    Some(bucket.clamp(1 - most, most))
}

/// A number as one from a half up to one, and the power of two by which that is multiplied.
fn halves(value: f64) -> (f64, i32) {
    const EXPONENT: u64 = 0x7ff;
    let bits = value.to_bits();
    let exponent = i32::try_from(bits >> 52 & EXPONENT).expect("eleven bits");
    (f64::from_bits(bits & !(EXPONENT << 52) | 1_022 << 52), exponent - 1_022)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_what_is_no_more_than_its_bound_and_more_than_the_one_before() {
        for bucket in [-159, -17, -8, -1, 0, 1, 7, 8, 9, 100, 159, 160] {
            let bound = |bucket: i32| (f64::from(bucket) / 8.0).exp2();
            let middle = (bound(bucket) * bound(bucket - 1)).sqrt();
            assert_eq!(bucket_of(middle), Some(bucket), "{middle}");
        }
        assert_eq!(
            [0.5, 1.0, 2.0, 1_024.0].map(bucket_of),
            [Some(-8), Some(0), Some(8), Some(80)],
            "bounds belong below"
        );
        assert_eq!([1.000_001, 0.500_001].map(bucket_of), [Some(1), Some(-7)]);
    }

    #[test]
    fn there_are_only_so_many_whatever_comes() {
        assert_eq!([0.0, -3.0, f64::NAN, 1e-300, NOUGHT_MAX].map(bucket_of), [None; 5]);
        let sparse = Sparse::default();
        let mut value = 1e-12;
        while value < 1e12 {
            sparse.record(value);
            value *= 1.01;
        }
        sparse.record(f64::INFINITY);
        assert_eq!(sparse.counts().buckets.len(), MOST);
    }

    #[test]
    fn buckets_that_follow_each_other_are_one_span() {
        let buckets = [(-3, 2), (-2, 1), (4, 7), (5, 1), (9, 1)].into();
        let counts = Counts { nought: 4, buckets, sum: 0.0 };
        assert_eq!(counts.spans(), [(-3, vec![2, 1]), (5, vec![7, 1]), (3, vec![1])]);
        assert_eq!(counts.count(), 16);
    }
}
