//! What happened lately, over windows that slide: 1, 5, 15 and 30 minutes, and the day.
//!
//! Time is cut into slices of five seconds. Once a slice is older than the shortest window it is put together with its
//! neighbours into half a minute, then into a minute, and after half an hour it goes; so a window ends now and begins where
//! a slice does, no more than a slice later than its name says: 5 s for 1 minute, 30 s for 5, a minute for 15 and 30. Where
//! it begins is part of what is told.
//!
//! Invariant: a window holds exactly what happened between its beginning and now; no more than [`SLICES_MAX`] slices are
//! kept, and none in which nothing happened. Not here: what is counted (`counts`).

use std::collections::VecDeque;

use crate::model::time::{Span, Timestamp};

/// The shortest slice.
const SLICE: Span = Span::from_secs(5);
const DAY: Span = Span::from_secs(86_400);

/// The most slices that are kept: of 5 s, 30 s and a minute, and at each change from one to the next one more.
pub const SLICES_MAX: usize = 12 + 10 + 26 + 2;

/// A stretch of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// A minute.
    OneMinute,
    /// Five.
    FiveMinutes,
    /// Fifteen.
    FifteenMinutes,
    /// Thirty.
    ThirtyMinutes,
    /// Since the day began, as the document says.
    Day,
}

/// What can be counted together.
pub trait Additive: Clone + Default {
    /// Counts whatever the other has counted.
    fn add(&mut self, other: &Self);

    /// What it takes of the heap.
    fn heap_bytes(&self) -> usize;
}

/// What happened, by window.
#[derive(Debug, Clone, Default)]
pub struct Windows<T> {
    /// Oldest first.
    slices: VecDeque<Slice<T>>,
    day: Day<T>,
}

#[derive(Debug, Clone)]
struct Slice<T> {
    start: Timestamp,
    held: T,
}

#[derive(Debug, Clone, Default)]
struct Day<T> {
    start: Timestamp,
    held: T,
}

/// What happened from a time until now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since<T> {
    /// When the window begins.
    pub start: Timestamp,
    /// What happened since.
    pub held: T,
}

impl Window {
    /// All of them, the shortest first; each but the day holds the one before.
    pub const ALL: [Self; 5] =
        [Self::OneMinute, Self::FiveMinutes, Self::FifteenMinutes, Self::ThirtyMinutes, Self::Day];

    /// When the window that ends now begins; `day_begins` is how long after midnight UTC days do.
    pub fn start(self, now: Timestamp, day_begins: Span) -> Timestamp {
        let (unit, units) = match self {
            Self::OneMinute => (SLICE, 12),
            Self::FiveMinutes => (Span::from_secs(30), 10),
            Self::FifteenMinutes => (Span::from_secs(60), 15),
            Self::ThirtyMinutes => (Span::from_secs(60), 30),
            Self::Day => return begin_of(now - day_begins, DAY) + day_begins,
        };
        Timestamp(begin_of(now, unit).0 - unit.0 * (units - 1))
    }
}

impl<T: Additive> Windows<T> {
    /// Counts something that happens now. Time does not run backwards here: what comes late counts as just now.
    pub fn count(&mut self, now: Timestamp, day_begins: Span, count: impl Fn(&mut T)) {
        let start = begin_of(now, SLICE);
        if self.slices.back().is_none_or(|newest| newest.start < start) {
            self.compact(now);
            self.slices.push_back(Slice { start, held: T::default() });
        }
        count(&mut self.slices.back_mut().expect("there is one from now or later").held);
        let today = Window::Day.start(now, day_begins);
        if self.day.start != today {
            self.day = Day { start: today, held: T::default() };
        }
        count(&mut self.day.held);
    }

    /// Every window that ends now, in the order of [`Window::ALL`].
    pub fn read(&self, now: Timestamp, day_begins: Span) -> [Since<T>; 5] {
        let mut held = T::default();
        let mut newest_first = self.slices.iter().rev().peekable();
        Window::ALL.map(|window| {
            let start = window.start(now, day_begins);
            if window == Window::Day {
                let is_today = self.day.start == start;
                return Since { start, held: if is_today { self.day.held.clone() } else { T::default() } };
            }
            while let Some(slice) = newest_first.next_if(|slice| slice.start >= start) {
                held.add(&slice.held);
            }
            Since { start, held: held.clone() }
        })
    }

    /// Whether nothing is left of what happened, today's included.
    pub fn is_over(&self, now: Timestamp, day_begins: Span) -> bool {
        let longest = Window::ThirtyMinutes.start(now, day_begins);
        self.slices.back().is_none_or(|newest| newest.start < longest)
            && self.day.start != Window::Day.start(now, day_begins)
    }

    /// What it takes of memory.
    pub fn bytes(&self) -> usize {
        let held: usize = self.slices.iter().map(|slice| slice.held.heap_bytes()).sum();
        size_of::<Self>() + self.slices.capacity() * size_of::<Slice<T>>() + held + self.day.held.heap_bytes()
    }

    /// Puts old slices together and lets the oldest go.
    fn compact(&mut self, now: Timestamp) {
        let [short, middle, long] =
            [Window::OneMinute, Window::FiveMinutes, Window::ThirtyMinutes].map(|window| window.start(now, Span::ZERO));
        let room = VecDeque::with_capacity((self.slices.len() + 1).min(SLICES_MAX));
        let kept = std::mem::replace(&mut self.slices, room);
        for mut slice in kept.into_iter().filter(|slice| slice.start >= long) {
            if slice.start < middle {
                slice.start = begin_of(slice.start, Span::from_secs(60));
            } else if slice.start < short {
                slice.start = begin_of(slice.start, Span::from_secs(30));
            }
            match self.slices.back_mut() {
                Some(before) if before.start == slice.start => before.held.add(&slice.held),
                _ => self.slices.push_back(slice),
            }
        }
    }
}

/// The last multiple of the unit that is no later.
fn begin_of(time: Timestamp, unit: Span) -> Timestamp {
    Timestamp(time.0.div_euclid(unit.0).saturating_mul(unit.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Additive for u32 {
        fn add(&mut self, other: &Self) {
            *self += other;
        }

        fn heap_bytes(&self) -> usize {
            0
        }
    }

    const NOON: Timestamp = Timestamp(1_700_049_600_000_000);

    fn at(seconds: i64) -> Timestamp {
        NOON + Span::from_secs(seconds)
    }

    /// What a list of times says of a window.
    fn counted(times: &[i64], window: Window, now: Timestamp, day_begins: Span) -> u32 {
        let start = window.start(now, day_begins);
        times.iter().filter(|time| at(**time) >= start && at(**time) <= now).count() as u32
    }

    #[test]
    fn windows_hold_exactly_what_happened_in_them_wherever_they_stand() {
        let mut windows = Windows::<u32>::default();
        let (mut times, mut now, mut step) = (Vec::new(), 0, 1_u64);
        while now < 3 * 3_600 {
            windows.count(at(now), Span::ZERO, |count| *count += 1);
            times.push(now);
            for later in [0, 1, 4, 29, 59, 61, 299, 1_000] {
                let read = windows.read(at(now + later), Span::ZERO).map(|since| since.held);
                let exact = Window::ALL.map(|window| counted(&times, window, at(now + later), Span::ZERO));
                assert_eq!(read, exact, "{later} s after {now}");
            }
            assert!(windows.slices.len() <= SLICES_MAX, "{} slices at {now}", windows.slices.len());
            step = (step * 5 + 3) % 97;
            now += i64::try_from(step).unwrap() % if now % 5_000 < 2_500 { 4 } else { 40 };
        }
    }

    #[test]
    fn a_window_begins_no_more_than_a_slice_after_its_name() {
        for second in 0..7_200 {
            let now = at(second) + Span::from_millis(second % 1_000);
            for (window, seconds, slice) in [
                (Window::OneMinute, 60, 5),
                (Window::FiveMinutes, 300, 30),
                (Window::FifteenMinutes, 900, 60),
                (Window::ThirtyMinutes, 1_800, 60),
            ] {
                let long = now - window.start(now, Span::ZERO);
                assert!(long <= Span::from_secs(seconds) && long >= Span::from_secs(seconds - slice), "{long}");
            }
        }
    }

    #[test]
    fn a_day_begins_where_the_document_says() {
        let begins = Span::from_secs(17 * 3_600);
        let mut windows = Windows::<u32>::default();
        let day = |windows: &Windows<u32>, now| windows.read(now, begins)[4].clone();
        windows.count(at(4 * 3_600), begins, |count| *count += 1);
        assert_eq!(day(&windows, at(5 * 3_600 - 1)), Since { start: at(-19 * 3_600), held: 1 });
        assert_eq!(day(&windows, at(5 * 3_600)), Since { start: at(5 * 3_600), held: 0 });
        assert!(!windows.is_over(at(5 * 3_600 - 1), begins) && windows.is_over(at(5 * 3_600), begins));
        windows.count(at(5 * 3_600), begins, |count| *count += 3);
        assert_eq!(day(&windows, at(28 * 3_600)).held, 3);
    }
}
