//! What the candidate changes, in sentences for whoever decides about it.
//!
//! Invariant: a change is told as one only if it is clear among all that are told of (Holm 1979), so that of a hundred
//! candidates that change nothing five at most are said to change anything. Not here: the page around it (`report`).

use crate::{
    cli::compare::{LEVEL, Verdict},
    sim::study::{Estimate, Metric, Of, Pair, Unit, chance::holm, compare, compare_occupancy, compare_occupancy_gap},
};

use super::{
    days::Days,
    rows::{difference, plain},
};

/// What is asked of contacts: of whom, which measure, and what it is called.
const ASKED: [(Of, &str, &str); 4] = [
    (Of::All, "in_time_share", "the service level"),
    (Of::All, "wait_mean", "the mean wait"),
    (Of::All, "abandoned_share", "the share of those who left"),
    (Of::Moments, "empathetic_in_time_share", "the share of moments of truth with an empathetic agent in time"),
];

/// A measure of the day, three times.
#[derive(Debug)]
pub struct Change {
    /// What is measured.
    pub said: &'static str,
    /// In what.
    pub unit: Unit,
    /// As it was; none if there was no such thing.
    pub was: Option<Estimate>,
    /// Simulated under both documents.
    pub pair: Pair,
    /// What comes of the candidate.
    pub verdict: Verdict,
}

/// All that the answer is about.
pub fn changes(days: &Days) -> Vec<Change> {
    let Days { was, same, candidate, .. } = days;
    let contacts = ASKED.iter().filter_map(|(of, key, said)| {
        let metric = Metric::named(key);
        let pair = compare(same, candidate, *of, metric)?;
        Some((*said, metric.unit, was.estimate(*of, metric), pair, metric.more_is_better))
    });
    let everybody = days.everybody();
    let load = compare_occupancy(same, candidate, &everybody)
        .map(|pair| ("the load of agents", Unit::Share, was.occupancy(&everybody), pair, None));
    let gap = compare_occupancy_gap(same, candidate).map(|pair| {
        ("the load of empathetic agents less that of others", Unit::Share, was.occupancy_gap(), pair, None)
    });
    judged(contacts.chain(load).chain(gap).collect())
}

type Measured = (&'static str, Unit, Option<Estimate>, Pair, Option<bool>);

fn judged(all: Vec<Measured>) -> Vec<Change> {
    let by_itself: Vec<f64> = all.iter().map(|(.., pair, _)| pair.probability().unwrap_or(1.0)).collect();
    let change = |((said, unit, was, pair, more_is_better), corrected): (Measured, f64)| {
        let verdict = match corrected < LEVEL {
            true => Verdict::of_clear(pair.difference.mean, more_is_better),
            false => Verdict::Unclear,
        };
        Change { said, unit, was, pair, verdict }
    };
    all.into_iter().zip(holm(&by_itself)).map(change).collect()
}

impl Change {
    fn is_clear(&self) -> bool {
        self.verdict != Verdict::Unclear
    }

    /// The difference with its interval and its unit.
    pub fn difference(&self) -> String {
        with_unit(&self.pair, self.unit)
    }

    /// By how much the simulation is off from history under the same document; it alone says how far to trust the other.
    pub fn off(&self) -> Option<f64> {
        Some(self.pair.first.mean - self.was?.mean)
    }

    fn told(&self) -> String {
        let moves = if self.pair.difference.mean > 0.0 { "rises" } else { "falls" };
        let news = match self.verdict {
            Verdict::Better => ", which is better",
            Verdict::Worse => ", which is worse",
            Verdict::More | Verdict::Less | Verdict::Unclear => "",
        };
        let [from, to] = [self.pair.first, self.pair.second].map(|found| plain(Some(found), self.unit));
        format!("{} {moves} from {from} to {to} ({}){news}", self.said, self.difference())
    }
}

/// A difference with its interval and its unit.
pub fn with_unit(pair: &Pair, unit: Unit) -> String {
    let unit_name = match unit {
        Unit::Share => " points",
        Unit::Seconds => " s",
        Unit::Contacts => "",
    };
    format!("{}{unit_name}", difference(pair, unit))
}

/// What changes clearly.
pub fn clear(changes: &[Change]) -> String {
    let told: Vec<String> = changes.iter().filter(|change| change.is_clear()).map(Change::told).collect();
    if told.is_empty() {
        return "Under the candidate nothing of this changes by more than chance makes.".to_owned();
    }
    format!("Under the candidate {}.", told.join("; "))
}

/// What does not; nothing if all does.
pub fn unclear(changes: &[Change]) -> Option<String> {
    let told = |change: &Change| format!("{} ({})", change.said, change.difference());
    let told: Vec<String> = changes.iter().filter(|change| !change.is_clear()).map(told).collect();
    (!told.is_empty()).then(|| format!("No clear change: {}.", told.join("; ")))
}

/// How far the simulation is off from history under the same document, and what of the answer is within that.
pub fn trust(changes: &[Change]) -> String {
    let told = |change: &Change| {
        let same = plain(Some(change.pair.first), change.unit);
        change.was.map(|was| format!("{} {same} where it was {}", change.said, plain(Some(was), change.unit)))
    };
    let told: Vec<String> = changes.iter().filter_map(told).collect();
    let is_small = |change: &&Change| {
        let by = change.pair.difference.mean.abs();
        change.is_clear() && change.off().is_some_and(|off| off.abs() >= by)
    };
    let small: Vec<&str> = changes.iter().filter(is_small).map(|change| change.said).collect();
    let verdict = match (small.as_slice(), changes.iter().any(Change::is_clear)) {
        ([], true) => " Whatever changes clearly changes by more than that.".to_owned(),
        ([], false) => String::new(),
        (small, _) => {
            format!(
                " That is further off than the candidate changes {}: trust the direction at most.",
                small.join(", ")
            )
        }
    };
    format!("Simulated under its own document, the day comes to {}.{verdict}", told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(said: &'static str, was: f64, first: f64, by: f64, error: f64) -> Measured {
        let estimate = |mean, error| Estimate { mean, error: Some(error), runs: 8 };
        let pair =
            Pair { first: estimate(first, 0.1), second: estimate(first + by, 0.1), difference: estimate(by, error) };
        (said, Unit::Seconds, Some(Estimate { mean: was, error: None, runs: 1 }), pair, Some(false))
    }

    #[test]
    fn what_is_clear_is_told_with_its_numbers_and_all_else_as_unclear() {
        let changes = judged(vec![measured("one", 31.0, 30.0, -8.0, 1.0), measured("other", 31.0, 30.0, 0.5, 1.0)]);
        assert_eq!(
            clear(&changes),
            "Under the candidate one falls from 30.0 s to 22.0 s (-8.0 ±2.4 s), which is better."
        );
        assert_eq!(unclear(&changes).as_deref(), Some("No clear change: other (+0.5 ±2.4 s)."));
        assert_eq!(
            trust(&changes),
            "Simulated under its own document, the day comes to one 30.0 s where it was 31.0 s; other 30.0 s where it was \
             31.0 s. Whatever changes clearly changes by more than that."
        );
    }

    /// t = 2.5 with seven degrees of freedom: p = 0.041.
    #[test]
    fn what_is_clear_by_itself_is_unclear_among_several() {
        let alone = judged(vec![measured("one", 30.0, 30.0, 2.5, 1.0)]);
        assert!(alone[0].pair.is_clear() && alone[0].verdict == Verdict::Worse);
        assert_eq!(unclear(&alone), None);
        let several = judged(vec![measured("one", 30.0, 30.0, 2.5, 1.0), measured("other", 30.0, 30.0, 0.0, 1.0)]);
        assert!(several[0].pair.is_clear() && several[0].verdict == Verdict::Unclear);
        assert_eq!(clear(&several), "Under the candidate nothing of this changes by more than chance makes.");
        assert!(trust(&several).ends_with("other 30.0 s where it was 30.0 s."), "{}", trust(&several));
    }

    #[test]
    fn a_change_that_is_smaller_than_what_the_simulation_is_off_by_is_said_to_be() {
        let changes = judged(vec![measured("one", 40.0, 30.0, -8.0, 0.5), measured("other", 30.0, 30.0, 9.0, 0.5)]);
        let expected = "That is further off than the candidate changes one: trust the direction at most.";
        assert!(trust(&changes).ends_with(expected), "{}", trust(&changes));
    }
}
