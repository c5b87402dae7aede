//! `attune compare`: routing documents on one scenario, customer by customer the same; no daemon is asked.
//!
//! Invariant: all meet the same contacts run by run, so what differs is the documents' doing; a difference is that of pairs
//! of runs, from the first document on. What stands on the screen is the family for which chance is corrected (Holm 1979),
//! and it is the same in tables, JSON and the report.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::sim::study::{Metric, Of, Pair, Study, Unit, chance::holm, compare, compare_occupancy};

use super::{
    failure::Failure,
    options::Format,
    output::Output,
    report::save,
    simulate::{Played, Playing, Shown, document, play},
};

mod json;
mod report;
mod table;
mod verdict;

pub use verdict::Verdict;

/// Most documents at once: so many lines can be told apart in a picture.
const DOCUMENTS_MAX: usize = 8;
/// The chance of even one false alarm in all that is shown.
pub const LEVEL: f64 = 0.05;

/// Plays a scenario under several routing documents, with the same customers, and says what differs from the first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  attune compare routing/fifo.toml routing/reserve-1.toml --scenario centre.toml
  attune compare fifo.toml fit.toml reserve.toml --scenario day.toml --report report.html")]
pub struct Arguments {
    /// The routing document that all others are compared with
    first: PathBuf,

    /// The others: one, or up to seven
    #[arg(required = true, num_args = 1..DOCUMENTS_MAX)]
    others: Vec<PathBuf>,

    /// Who comes and who works, in TOML
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,

    #[command(flatten)]
    playing: Playing,

    /// Writes a report with pictures, one HTML file that needs nothing else
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    shown: Shown,
}

/// What came of a scenario under several documents.
struct Contest {
    /// The documents' files …
    paths: Vec<PathBuf>,
    /// … and what came of each, in the same order; the first is what all others are compared with.
    played: Vec<Played>,
    /// What the screen shows.
    rows: Vec<Row>,
}

/// A measure under every document.
struct Row {
    /// Of whom.
    name: String,
    about: About,
    /// Of what.
    title: &'static str,
    unit: Unit,
    more_is_better: Option<bool>,
    /// Every other document against the first.
    differences: Vec<Difference>,
}

/// What a row is about.
#[derive(Clone, PartialEq)]
enum About {
    /// A measure of contacts, by its key.
    Contacts(Of, &'static str),
    /// How much of their time groups of agents work.
    Agents(Vec<usize>),
}

/// A measure under the first document and under another.
struct Difference {
    pair: Pair,
    /// How probably chance alone makes such a one anywhere in the family; unknown of a single pair.
    corrected: Option<f64>,
}

impl Difference {
    fn is_clear(&self) -> bool {
        self.corrected.is_some_and(|probability| probability < LEVEL)
    }

    fn verdict(&self, more_is_better: Option<bool>) -> Verdict {
        match self.is_clear() {
            true => Verdict::of_clear(self.pair.difference.mean, more_is_better),
            false => Verdict::Unclear,
        }
    }
}

/// Plays all.
pub fn run(arguments: &Arguments) -> ExitCode {
    let out = Output::with(arguments.shown.format, arguments.shown.color);
    match compare_all(arguments, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(out.format, out.style);
            failure.exit_code()
        }
    }
}

fn compare_all(arguments: &Arguments, out: &Output) -> Result<(), Failure> {
    let contest = Contest::hold(arguments)?;
    if let Some(path) = &arguments.report {
        save(path, &report::html(&arguments.scenario, &contest))?;
    }
    match out.format {
        Format::Json => json::lines(&contest).iter().try_for_each(|line| out.line(&line.to_string())),
        Format::Table => table::show(out, &contest),
    }
}

impl Contest {
    fn hold(arguments: &Arguments) -> Result<Self, Failure> {
        let paths: Vec<PathBuf> = [&arguments.first].into_iter().chain(&arguments.others).cloned().collect();
        let load = |path: &PathBuf| arguments.playing.load(&arguments.scenario, Some(document(path)?));
        let mut scenarios = paths.iter().map(load).collect::<Result<Vec<_>, _>>()?;
        let (first, others) = scenarios.split_first_mut().expect("the first is always given");
        others.iter_mut().for_each(|other| other.come_as_in(first));
        if first.run.runs < 2 {
            return Err(Failure::Usage(
                "one run cannot tell a difference from chance; ask for --runs 2 or more".to_owned(),
            ));
        }
        let played = scenarios.into_iter().map(play).collect::<Result<Vec<_>, _>>()?;
        let studies: Vec<&Study> = played.iter().map(|played| &played.study).collect();
        let mut rows = rows(&studies);
        correct(&mut rows);
        Ok(Self { paths, played, rows })
    }

    fn studies(&self) -> Vec<&Study> {
        self.played.iter().map(|played| &played.study).collect()
    }

    /// What the screen shows of this, if it does.
    fn row(&self, about: &About) -> Option<&Row> {
        self.rows.iter().find(|row| row.about == *about)
    }

    /// How many differences the family has.
    fn family(&self) -> usize {
        self.rows.iter().map(|row| row.differences.len()).sum()
    }

    /// The documents' names: of their files where that tells them apart, else the whole paths.
    fn names(&self) -> Vec<String> {
        let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let stems: Vec<String> = self.paths.iter().map(stem).collect();
        let tell_apart = stems.iter().enumerate().all(|(at, name)| !stems[..at].contains(name));
        let whole = || self.paths.iter().map(|path| path.display().to_string()).collect();
        if tell_apart { stems } else { whole() }
    }
}

/// What one screen has room for, of each row of contacts; JSON has all.
fn shown(of: Of) -> &'static [&'static str] {
    match of {
        Of::All => &["in_time_share", "wait_mean", "wait_p90", "abandoned_share", "blocked_share"],
        Of::Moments => &["empathetic_in_time_share", "in_time_share", "wait_mean", "abandoned_share"],
        Of::Routine => &["in_time_share", "wait_mean", "wait_p90", "abandoned_share"],
        Of::Class(_) => &["in_time_share", "wait_mean"],
        Of::ClassMoments(_) => &["empathetic_in_time_share"],
        Of::Flagged | Of::Unflagged => &[],
    }
}

fn title(key: &str) -> &'static str {
    match key {
        "in_time_share" => "in time",
        "empathetic_in_time_share" => "in time by empathetic",
        "wait_mean" => "mean wait",
        "wait_p90" => "9 of 10 within",
        "abandoned_share" => "left",
        _ => "blocked",
    }
}

/// Contacts that all documents know of.
fn contact_rows(studies: &[&Study]) -> Vec<(String, Of)> {
    let (first, others) = studies.split_first().expect("the first is always there");
    let others: Vec<_> = others.iter().map(|study| study.rows()).collect();
    first.rows().into_iter().filter(|row| others.iter().all(|known| known.contains(row))).collect()
}

fn rows(studies: &[&Study]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, of) in contact_rows(studies) {
        for metric in shown(of).iter().map(|key| Metric::named(key)) {
            let differences = against(studies, |first, other| compare(first, other, of, metric));
            let is_zero = |pair: &Pair| pair.first.mean == 0.0 && pair.second.mean == 0.0;
            let says = differences.iter().any(|difference| !is_zero(&difference.pair));
            // Whoever has no such contact under one of them has nothing to compare.
            if says && differences.len() + 1 == studies.len() {
                rows.push(Row {
                    name: name.clone(),
                    about: About::Contacts(of, metric.key),
                    title: title(metric.key),
                    unit: metric.unit,
                    more_is_better: metric.more_is_better,
                    differences,
                });
            }
        }
    }
    let groups = studies[0].group_rows();
    // Many groups have no room; who is empathetic and who is not tells most.
    let shown = if studies[0].by_empathy().is_some() { 2 } else { groups.len() };
    for (name, groups) in groups.into_iter().rev().take(shown).rev() {
        let differences = against(studies, |first, other| compare_occupancy(first, other, &groups));
        if differences.len() + 1 == studies.len() {
            rows.push(Row {
                name: format!("agents: {name}"),
                about: About::Agents(groups),
                title: "occupied",
                unit: Unit::Share,
                more_is_better: None,
                differences,
            });
        }
    }
    rows
}

fn against(studies: &[&Study], pair: impl Fn(&Study, &Study) -> Option<Pair>) -> Vec<Difference> {
    let difference = |other: &&Study| pair(studies[0], other).map(|pair| Difference { pair, corrected: None });
    studies[1..].iter().filter_map(difference).collect()
}

/// Corrects what chance makes for all differences of all rows together.
fn correct(rows: &mut [Row]) {
    let mut all: Vec<&mut Difference> = rows.iter_mut().flat_map(|row| &mut row.differences).collect();
    let certain = |difference: &&mut Difference| difference.pair.probability().unwrap_or(1.0);
    let corrected = holm(&all.iter().map(certain).collect::<Vec<_>>());
    for (difference, corrected) in all.iter_mut().zip(corrected) {
        difference.corrected = difference.pair.probability().map(|_| corrected);
    }
}

/// What is said of a difference's certainty, below tables and pictures.
fn certainty(contest: &Contest) -> String {
    format!(
        "better, worse, more and less: chance alone would hardly make such a difference, corrected for all {} that are shown\n\
         (Holm 1979), so that of a hundred studies in which nothing differs five at most say so of anything",
        contest.family()
    )
}

/// A file's name for people.
fn shown_path(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::study::Estimate;

    fn row(differences: &[(f64, f64)]) -> Row {
        let difference = |(mean, error): &(f64, f64)| {
            let estimate = |mean, error| Estimate { mean, error: Some(error), runs: 8 };
            let pair =
                Pair { first: estimate(1.0, 1.0), second: estimate(2.0, 1.0), difference: estimate(*mean, *error) };
            Difference { pair, corrected: None }
        };
        Row {
            name: String::new(),
            about: About::Agents(Vec::new()),
            title: "",
            unit: Unit::Seconds,
            more_is_better: Some(false),
            differences: differences.iter().map(difference).collect(),
        }
    }

    #[test]
    fn what_is_clear_alone_is_not_clear_among_many() {
        // t = 2.5 with seven degrees of freedom: p = 0.041.
        let mut alone = [row(&[(2.5, 1.0)])];
        correct(&mut alone);
        assert_eq!(alone[0].differences[0].verdict(Some(false)), Verdict::Worse);
        let mut many = [row(&[(2.5, 1.0), (-20.0, 1.0)]), row(&[(0.1, 1.0)])];
        correct(&mut many);
        let verdicts = many.iter().flat_map(|row| row.differences.iter().map(move |of| of.verdict(row.more_is_better)));
        assert_eq!(verdicts.collect::<Vec<_>>(), [Verdict::Unclear, Verdict::Better, Verdict::Unclear]);
        assert_eq!(many[0].differences[1].verdict(None), Verdict::Less);
    }
}
