//! What came of one run: every contact that counts, told apart by class, truth and flag; agents' work; both over time.
//!
//! Invariant: each contact that counts is in exactly one leaf and has exactly one fate, so that what came is what was
//! answered, left, was turned away or is still there.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::{
    model::time::{Span, Timestamp},
    sim::{
        scenario::{
            Arrivals, Length, Scenario, Stream,
            distribution::{seconds, span_of},
        },
        tally::Tally,
    },
};

/// How a contact's waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// By an agent of this group.
    Answered(usize),
    /// The customer hung up, or the queue's longest wait was over.
    Abandoned,
    /// It was turned away as it came.
    Blocked,
    /// Nobody ever came for it.
    Unserved,
}

/// Contacts of one kind, in sums.
#[derive(Debug, Clone)]
pub struct Figures {
    /// How many came, were answered in time, left, and how long they waited.
    pub tally: Tally,
    /// Answered at all …
    pub answered: u64,
    /// … by an empathetic agent, however late.
    pub empathetic: u64,
    /// Turned away.
    pub blocked: u64,
    /// Not answered at once, of those who were let in.
    pub delayed: u64,
    /// How long those waited who were answered, in seconds.
    pub answer_waited: f64,
    /// The waits of all who were let in, in milliseconds, to three digits.
    pub waits: Histogram<u64>,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            tally: Tally::default(),
            answered: 0,
            empathetic: 0,
            blocked: 0,
            delayed: 0,
            answer_waited: 0.0,
            waits: Histogram::new(3).expect("three digits are allowed"),
        }
    }
}

impl Figures {
    fn count(&mut self, fate: Fate, waited: Span, is_in_time: bool, is_empathetic: bool) {
        self.tally.offered += 1;
        if fate == Fate::Blocked {
            self.blocked += 1;
            return;
        }
        self.tally.waited += seconds(waited);
        self.delayed += u64::from(waited > Span::ZERO || fate == Fate::Abandoned);
        let millis = u64::try_from(waited.as_millis()).unwrap_or(0);
        self.waits.record(millis).expect("it grows as it has to");
        match fate {
            Fate::Answered(_) => {
                self.answered += 1;
                self.empathetic += u64::from(is_empathetic);
                self.answer_waited += seconds(waited);
                self.tally.in_time += u64::from(is_in_time);
                self.tally.in_time_empathetic += u64::from(is_in_time && is_empathetic);
            }
            Fate::Abandoned => self.tally.abandoned += 1,
            Fate::Blocked | Fate::Unserved => {}
        }
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.answered += other.answered;
        self.empathetic += other.empathetic;
        self.blocked += other.blocked;
        self.delayed += other.delayed;
        self.answer_waited += other.answer_waited;
        self.waits.add(&other.waits).expect("it grows as it has to");
    }
}

/// Which contacts a leaf has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    /// Its class.
    pub class: usize,
    /// Whether they truly are moments of truth.
    pub is_moment: bool,
    /// Whether they were taken for ones.
    pub is_flagged: bool,
}

/// Slices of the watched time, for pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// When the first begins.
    pub from: Timestamp,
    /// How long each is.
    pub slice: Span,
}

impl Clock {
    /// How many slices there are: half-hours of a usual day.
    pub const SLICES: usize = 24;

    fn of(scenario: &Scenario) -> Self {
        let from = Timestamp(0) + scenario.run.from + scenario.run.warm_up;
        let length = match scenario.run.length {
            Length::Time(length) => Span(length.0 - scenario.run.warm_up.0),
            Length::Contacts(contacts) => {
                let rate: f64 = scenario.streams.iter().map(|stream| mean_rate(scenario, stream)).sum();
                span_of(contacts as f64 / rate.max(1e-6))
            }
        };
        Self { from, slice: Span((length.0 / Self::SLICES as i64).max(1)) }
    }

    /// The slice of a time; what is outside goes to the nearest.
    pub fn slice(&self, at: Timestamp) -> usize {
        let slice = (at - self.from).0 / self.slice.0;
        usize::try_from(slice.max(0)).unwrap_or(usize::MAX).min(Self::SLICES - 1)
    }

    /// When a slice ends; the last never does.
    pub fn ends(&self, slice: usize) -> Timestamp {
        match i64::try_from(slice + 1) {
            Ok(next) if slice + 1 < Self::SLICES => self.from + Span(self.slice.0 * next),
            _ => Timestamp::FAR,
        }
    }
}

/// Contacts a second on average, as far as that can be said without playing it.
fn mean_rate(scenario: &Scenario, stream: &Stream) -> f64 {
    match &stream.arrivals {
        Arrivals::Load { per_second, .. } => *per_second,
        Arrivals::Rates(rates) => rates.iter().map(|(_, rate)| rate).sum::<f64>() / rates.len() as f64,
        Arrivals::Trace(rows) => of_rows(scenario, rows.len(), rows.last().map(|row| row.at)),
        Arrivals::Recorded(rows) => of_rows(scenario, rows.len(), rows.last().map(|row| row.at)),
    }
}

fn of_rows(scenario: &Scenario, rows: usize, last: Option<Span>) -> f64 {
    let lasts = last.map_or(0.0, seconds) - seconds(scenario.run.from);
    rows as f64 / lasts.max(1.0)
}

/// A group's time, in seconds of an agent, by slices.
#[derive(Debug, Clone)]
pub struct Load {
    /// Working, in shares of an agent's capacity.
    pub busy: Vec<f64>,
    /// There.
    pub there: Vec<f64>,
    /// Contacts that it answered.
    pub answered: u64,
    /// Moments of truth among them.
    pub moments: u64,
}

impl Default for Load {
    fn default() -> Self {
        Self { busy: vec![0.0; Clock::SLICES], there: vec![0.0; Clock::SLICES], answered: 0, moments: 0 }
    }
}

impl Load {
    /// The share of their time that agents work, of the time that they are there.
    pub fn occupancy(&self) -> Option<f64> {
        let (busy, there): (f64, f64) = (self.busy.iter().sum(), self.there.iter().sum());
        (there > 0.0).then(|| busy / there)
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        let add = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        add(&mut self.busy, &other.busy);
        add(&mut self.there, &other.there);
        self.answered += other.answered;
        self.moments += other.moments;
    }
}

/// What came of one run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Every contact that counts.
    pub leaves: BTreeMap<Leaf, Figures>,
    /// By group of agents.
    pub groups: Vec<Load>,
    /// By slice: all others, and moments of truth.
    pub slices: Vec<[Tally; 2]>,
    /// The slices.
    pub clock: Clock,
    /// Contacts times seconds in line, by class: all others, and moments of truth.
    pub waiting: Vec<f64>,
    /// How long the centre was watched.
    pub observed: Span,
    /// How many empathetic agents were kept free, each time that another number was advised.
    pub kept: Vec<u32>,
    /// Contacts that came, counted or not.
    pub contacts: u64,
    /// What the engine refused, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Everything that happened, in one number.
    pub digest: u64,
    targets: Vec<Span>,
    is_empathetic: Vec<bool>,
}

impl Outcome {
    /// Of nothing so far.
    pub fn new(scenario: &Scenario) -> Self {
        let clock = Clock::of(scenario);
        Self {
            leaves: BTreeMap::new(),
            groups: vec![Load::default(); scenario.groups.len()],
            slices: vec![Default::default(); Clock::SLICES],
            clock,
            waiting: Vec::new(),
            observed: Span::ZERO,
            kept: Vec::new(),
            contacts: 0,
            refused: BTreeMap::new(),
            digest: 0,
            targets: (0..scenario.classes.len()).map(|class| scenario.target(class)).collect(),
            is_empathetic: scenario.groups.iter().map(|group| group.is_empathetic).collect(),
        }
    }

    /// The slices of the watched time.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Counts a contact.
    pub fn count(&mut self, leaf: Leaf, came_at: Timestamp, fate: Fate, waited: Span) {
        let is_empathetic = matches!(fate, Fate::Answered(group) if self.is_empathetic[group]);
        let is_in_time = waited <= self.targets[leaf.class];
        if let Fate::Answered(group) = fate {
            self.groups[group].answered += 1;
            self.groups[group].moments += u64::from(leaf.is_moment);
        }
        self.leaves.entry(leaf).or_default().count(fate, waited, is_in_time, is_empathetic);
        let slice = &mut self.slices[self.clock.slice(came_at)][usize::from(leaf.is_moment)];
        slice.offered += 1;
        slice.waited += seconds(waited);
        slice.abandoned += u64::from(fate == Fate::Abandoned);
        let in_time = is_in_time && matches!(fate, Fate::Answered(_));
        slice.in_time += u64::from(in_time);
        slice.in_time_empathetic += u64::from(in_time && is_empathetic);
    }

    /// All contacts of leaves like these together.
    pub fn figures(&self, is_of: impl Fn(Leaf) -> bool) -> Figures {
        let mut all = Figures::default();
        self.leaves.iter().filter(|(leaf, _)| is_of(**leaf)).for_each(|(_, figures)| all.add(figures));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_of_any_length_have_their_quantiles_and_sums_of_parts_are_the_whole() {
        let (mut all, mut other) = (Figures::default(), Figures::default());
        for second in 0..1_000 {
            let to = if second % 3 == 0 { &mut other } else { &mut all };
            to.count(Fate::Answered(0), Span::from_secs(second), second <= 20, second % 2 == 0);
        }
        other.count(Fate::Abandoned, Span::from_secs(86_400), false, false);
        other.count(Fate::Blocked, Span::ZERO, false, false);
        all.add(&other);
        let half = all.waits.value_at_quantile(0.5) as f64 / 1e3;
        assert!((half - 500.0).abs() < 2.0, "{half}");
        assert!((all.waits.max() as f64 / 1e3 - 86_400.0).abs() < 90.0, "{}", all.waits.max());
        assert_eq!((all.tally.offered, all.answered, all.tally.abandoned, all.blocked), (1_002, 1_000, 1, 1));
        assert_eq!((all.tally.in_time, all.tally.in_time_empathetic, all.delayed), (21, 11, 1_000));
    }
}
