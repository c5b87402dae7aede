//! Several runs of a scenario together: every measure with its standard error, and two documents against each other on the
//! same customers.
//!
//! Invariant: runs are independent, so a standard error is that of their mean; two studies of one scenario meet the same
//! contacts run by run, so their difference is that of pairs. Not here: playing (`player`), showing (`cli::simulate`).

use super::{
    player::{
        self, Hear, Refused,
        outcome::{Figures, Leaf, Load, Outcome},
    },
    scenario::{Scenario, distribution::seconds},
};

pub mod chance;
mod metrics;

pub use metrics::{METRICS, Metric, Unit};

/// All runs of a scenario.
#[derive(Debug)]
pub struct Study {
    /// In order; of each the seed it followed from.
    pub runs: Vec<(u64, Outcome)>,
    /// Names of the scenario's classes.
    pub classes: Vec<String>,
    /// Names of its groups of agents, and whether they are empathetic.
    pub groups: Vec<(String, bool)>,
    /// Whether anything in it is a moment of truth.
    pub has_moments: bool,
}

/// A mean over runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; a single run does not know one.
    pub error: Option<f64>,
    /// Runs that have the measure.
    pub runs: usize,
}

/// Which contacts a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// All.
    All,
    /// Moments of truth, truly.
    Moments,
    /// All others, truly.
    Routine,
    /// Those that were taken for moments of truth.
    Flagged,
    /// Those that were not.
    Unflagged,
    /// A class.
    Class(usize),
    /// A class's moments of truth.
    ClassMoments(usize),
}

impl Of {
    fn has(self, leaf: Leaf) -> bool {
        match self {
            Self::All => true,
            Self::Moments => leaf.is_moment,
            Self::Routine => !leaf.is_moment,
            Self::Flagged => leaf.is_flagged,
            Self::Unflagged => !leaf.is_flagged,
            Self::Class(class) => leaf.class == class,
            Self::ClassMoments(class) => leaf.class == class && leaf.is_moment,
        }
    }
}

impl Estimate {
    /// Of one value a run.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let (runs, count) = (values.len(), values.len() as f64);
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let error = (runs > 1).then(|| (squares / (count - 1.0) / count).sqrt());
        Some(Self { mean, error, runs })
    }

    /// Half the width of the interval that holds the true value 95 times of a hundred (Student 1908).
    pub fn half_width(&self) -> Option<f64> {
        self.error.map(|error| error * student(self.runs - 1))
    }
}

/// The 97.5th percentile of Student's t.
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];
    let many = |freedom: usize| {
        // Cornish and Fisher 1938, the first two terms: exact to four digits from 30 on.
        let (z, n): (f64, f64) = (1.959_964, freedom as f64);
        let cubed = z * z * z;
        z + (cubed + z) / (4.0 * n) + (5.0 * cubed * z * z + 16.0 * cubed + 3.0 * z) / (96.0 * n * n)
    };
    freedom.checked_sub(1).and_then(|at| TABLE.get(at).copied()).unwrap_or_else(|| many(freedom))
}

impl Study {
    /// Plays all runs; `told` hears of each as it is done.
    ///
    /// # Errors
    /// Ends with the first contact that could never have come.
    pub fn of(scenario: &Scenario, hear: Hear<'_>, mut told: impl FnMut(u32, &Outcome)) -> Result<Self, Refused> {
        let run = |run: u32| {
            let seed = player::seed_of(scenario, run);
            let outcome = player::play(scenario, seed, hear, &mut |_| {})?;
            told(run, &outcome);
            Ok((seed, outcome))
        };
        Ok(Self {
            runs: (0..scenario.run.runs).map(run).collect::<Result<_, _>>()?,
            classes: scenario.classes.clone(),
            groups: scenario.groups.iter().map(|group| (group.name.clone(), group.is_empathetic)).collect(),
            has_moments: scenario.has_moments(),
        })
    }

    /// A measure of some contacts; none if there were no such contacts.
    pub fn estimate(&self, of: Of, metric: &Metric) -> Option<Estimate> {
        Estimate::of(self.runs.iter().filter_map(|(_, outcome)| metric.of(&figures(outcome, of))))
    }

    /// Every measure of some contacts, in the order of [`METRICS`]; sums over leaves are made once.
    pub fn estimates(&self, of: Of) -> Vec<Option<Estimate>> {
        let all: Vec<Figures> = self.runs.iter().map(|(_, outcome)| figures(outcome, of)).collect();
        METRICS.iter().map(|metric| Estimate::of(all.iter().filter_map(|figures| metric.of(figures)))).collect()
    }

    /// The rows of a report, each with its name.
    pub fn rows(&self) -> Vec<(String, Of)> {
        let mut rows = vec![("all".to_owned(), Of::All)];
        if self.has_moments {
            rows.push(("moments of truth".to_owned(), Of::Moments));
            rows.push(("all others".to_owned(), Of::Routine));
            rows.push(("flagged".to_owned(), Of::Flagged));
            rows.push(("not flagged".to_owned(), Of::Unflagged));
        }
        if self.classes.len() > 1 {
            for (class, name) in self.classes.iter().enumerate() {
                rows.push((name.clone(), Of::Class(class)));
                let has_moments = |(_, outcome): &(u64, Outcome)| {
                    outcome.leaves.keys().any(|leaf| leaf.class == class && leaf.is_moment)
                };
                if self.runs.iter().any(has_moments) {
                    rows.push((format!("{name}, moments"), Of::ClassMoments(class)));
                }
            }
        }
        rows
    }

    /// Whether any contact was taken for what it is not.
    pub fn flags_err(&self) -> bool {
        let errs = |leaf: &Leaf| leaf.is_moment != leaf.is_flagged;
        self.runs.iter().any(|(_, outcome)| outcome.leaves.keys().any(errs))
    }

    /// The rows about agents, each with its name.
    pub fn group_rows(&self) -> Vec<(String, Vec<usize>)> {
        let mut rows: Vec<(String, Vec<usize>)> =
            self.groups.iter().enumerate().map(|(at, (name, _))| (name.clone(), vec![at])).collect();
        if let Some([empathetic, others]) = self.by_empathy().filter(|_| self.groups.len() > 2) {
            rows.push(("all empathetic".to_owned(), empathetic));
            rows.push(("all others".to_owned(), others));
        }
        rows
    }

    /// All groups of empathetic agents, and all others; none if there are only the ones or the others.
    pub fn by_empathy(&self) -> Option<[Vec<usize>; 2]> {
        let of = |is: bool| (0..self.groups.len()).filter(|at| self.groups[*at].1 == is).collect::<Vec<_>>();
        Some([of(true), of(false)]).filter(|both| both.iter().all(|groups| !groups.is_empty()))
    }

    /// What some groups of agents did together, in each run.
    pub fn loads(&self, groups: &[usize]) -> Vec<Load> {
        let of = |(_, outcome): &(u64, Outcome)| {
            let mut all = Load::default();
            groups.iter().for_each(|group| all.add(&outcome.groups[*group]));
            all
        };
        self.runs.iter().map(of).collect()
    }

    /// How much of their time some groups work.
    pub fn occupancy(&self, groups: &[usize]) -> Option<Estimate> {
        Estimate::of(self.loads(groups).iter().filter_map(Load::occupancy))
    }

    /// By how much more of their time empathetic agents work than others.
    pub fn occupancy_gap(&self) -> Option<Estimate> {
        Estimate::of(self.occupancy_gaps()?.into_iter().flatten())
    }

    /// The same of each run.
    fn occupancy_gaps(&self) -> Option<Vec<Option<f64>>> {
        let [empathetic, others] = self.by_empathy()?.map(|groups| self.loads(&groups));
        let gap = |(one, other): (&Load, &Load)| Some(one.occupancy()? - other.occupancy()?);
        Some(empathetic.iter().zip(&others).map(gap).collect())
    }

    /// How many of a class wait at a time, on average.
    pub fn in_line(&self, class: usize, is_moment: bool) -> Option<Estimate> {
        let line = class * 2 + usize::from(is_moment);
        Estimate::of(self.runs.iter().map(|(_, outcome)| outcome.waiting[line] / seconds(outcome.observed)))
    }

    /// Contacts that came in all runs, counted or not.
    pub fn contacts(&self) -> u64 {
        self.runs.iter().map(|(_, outcome)| outcome.contacts).sum()
    }
}

/// Some contacts of a run together.
fn figures(outcome: &Outcome, of: Of) -> Figures {
    outcome.figures(|leaf| of.has(leaf))
}

/// A measure under two documents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Under the first.
    pub first: Estimate,
    /// Under the second.
    pub second: Estimate,
    /// The second less the first, run by run.
    pub difference: Estimate,
}

/// A measure of some contacts under two documents that met the same customers.
pub fn compare(first: &Study, second: &Study, of: Of, metric: &Metric) -> Option<Pair> {
    let values = |study: &Study| -> Vec<Option<f64>> {
        study.runs.iter().map(|(_, outcome)| metric.of(&figures(outcome, of))).collect()
    };
    let pairs: Vec<(f64, f64)> =
        values(first).into_iter().zip(values(second)).filter_map(|(one, other)| one.zip(other)).collect();
    Pair::of(&pairs)
}

/// How much of their time some groups work, under two documents.
pub fn compare_occupancy(first: &Study, second: &Study, groups: &[usize]) -> Option<Pair> {
    let pairs = first.loads(groups).into_iter().zip(second.loads(groups));
    let pairs: Vec<(f64, f64)> = pairs.filter_map(|(one, other)| one.occupancy().zip(other.occupancy())).collect();
    Pair::of(&pairs)
}

/// By how much more of their time empathetic agents work than others, under two documents.
pub fn compare_occupancy_gap(first: &Study, second: &Study) -> Option<Pair> {
    let pairs = first.occupancy_gaps()?.into_iter().zip(second.occupancy_gaps()?);
    let pairs: Vec<(f64, f64)> = pairs.filter_map(|(one, other)| one.zip(other)).collect();
    Pair::of(&pairs)
}

impl Pair {
    fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        Some(Self {
            first: Estimate::of(pairs.iter().map(|pair| pair.0))?,
            second: Estimate::of(pairs.iter().map(|pair| pair.1))?,
            difference: Estimate::of(pairs.iter().map(|pair| pair.1 - pair.0))?,
        })
    }

    /// How probably chance alone makes a difference as large as this one (Student's t of pairs); unknown of one pair.
    pub fn probability(&self) -> Option<f64> {
        let Estimate { mean, error, runs } = self.difference;
        let error = error?;
        match error > 0.0 {
            true => Some(chance::two_sided(mean / error, runs - 1)),
            false => Some(if mean == 0.0 { 1.0 } else { 0.0 }),
        }
    }

    /// Whether chance alone would hardly make such a difference: its interval does not reach 0.
    pub fn is_clear(&self) -> bool {
        self.difference.half_width().is_some_and(|half| self.difference.mean.abs() > half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_the_mean_and_intervals_students() {
        let estimate = Estimate::of([1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!((estimate.mean, estimate.runs), (2.5, 4));
        assert!((estimate.error.unwrap() - 0.645_497).abs() < 1e-6);
        assert!((estimate.half_width().unwrap() - 0.645_497 * 3.182).abs() < 1e-5);
        assert_eq!(Estimate::of([1.0]).unwrap().error, None);
        assert_eq!(Estimate::of([]), None);
        for (freedom, expected) in [(1, 12.706), (30, 2.042), (31, 2.0395), (60, 2.0003), (100_000, 1.96)] {
            assert!((student(freedom) - expected).abs() < 2e-4, "{freedom}: {}", student(freedom));
        }
    }

    #[test]
    fn a_difference_is_that_of_pairs() {
        let pair = Pair::of(&[(10.0, 11.0), (20.0, 21.1), (30.0, 30.9)]).unwrap();
        assert!((pair.difference.mean - 1.0).abs() < 1e-9 && pair.is_clear(), "{pair:?}");
        assert!(pair.first.error.unwrap() > 5.0, "though each by itself is anywhere");
        let probability = pair.probability().unwrap();
        // t = 17.32 with two degrees of freedom.
        assert!((probability - 0.003_317).abs() < 1e-6, "{probability}");
        let unclear = Pair::of(&[(10.0, 11.0), (20.0, 18.0)]).unwrap();
        assert!(!unclear.is_clear() && unclear.probability().unwrap() > 0.05);
        let [same, always] = [0.0, 1.0].map(|by| Pair::of(&[(1.0, 1.0 + by), (2.0, 2.0 + by)]).unwrap().probability());
        assert_eq!((same, always), (Some(1.0), Some(0.0)));
        assert_eq!(Pair::of(&[(1.0, 2.0)]).unwrap().probability(), None);
    }
}
