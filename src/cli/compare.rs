//! `attune compare`: two routing documents on one scenario, customer by customer the same; no daemon is asked.
//!
//! Invariant: both meet the same contacts run by run, so what differs is the documents' doing; a difference is that of
//! pairs, with the interval that holds it 95 times of a hundred. The answer fits on one screen.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::{Map, Value, json};

use crate::sim::study::{METRICS, Metric, Of, Pair, Unit, compare, compare_occupancy};

use super::{
    failure::Failure,
    options::Format,
    output::{Output, table::Table},
    simulate::{Played, Playing, Shown, contacts_note, document, estimate_json, number, play, rows_json},
};

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

/// Plays a scenario under two routing documents, with the same customers, and says what differs
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  attune compare routing/fifo.toml routing/reserve-1.toml --scenario centre.toml")]
pub struct Arguments {
    /// The one routing document
    first: PathBuf,

    /// The other
    second: PathBuf,

    /// Who comes and who works, in TOML
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,

    #[command(flatten)]
    playing: Playing,

    #[command(flatten)]
    shown: Shown,
}

/// Plays both.
pub fn run(arguments: &Arguments) -> ExitCode {
    let out = Output::with(arguments.shown.format, arguments.shown.color);
    match compare_both(arguments, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(out.format, out.style);
            failure.exit_code()
        }
    }
}

fn compare_both(arguments: &Arguments, out: &Output) -> Result<(), Failure> {
    let load = |path: &PathBuf| arguments.playing.load(&arguments.scenario, Some(document(path)?));
    let (first, mut second) = (load(&arguments.first)?, load(&arguments.second)?);
    second.come_as_in(&first);
    if first.run.runs < 2 {
        return Err(Failure::Usage(
            "one run cannot tell a difference from chance; ask for --runs 2 or more".to_owned(),
        ));
    }
    let (first, second) = (play(first)?, play(second)?);
    match out.format {
        Format::Json => out.line(&as_json(arguments, &first, &second).to_string()),
        Format::Table => show(out, arguments, &first, &second),
    }
}

/// Rows that both have.
fn rows(first: &Played, second: &Played) -> Vec<(String, Of)> {
    let known = second.study.rows();
    first.study.rows().into_iter().filter(|row| known.contains(row)).collect()
}

fn show(out: &Output, arguments: &Arguments, first: &Played, second: &Played) -> Result<(), Failure> {
    let mut table = Table::new(&["CONTACTS", "MEASURE", ">FIRST", ">SECOND", ">DIFFERENCE", ""]);
    for (name, of) in rows(first, second) {
        for metric in shown(of).iter().map(|key| Metric::named(key)) {
            let Some(pair) = compare(&first.study, &second.study, of, metric) else { continue };
            if pair.first.mean == 0.0 && pair.second.mean == 0.0 {
                continue;
            }
            table.row(row(name.clone(), title(metric), &pair, metric.unit, metric.more_is_better));
        }
    }
    for (name, groups) in first.study.group_rows() {
        if let Some(pair) = compare_occupancy(&first.study, &second.study, &groups) {
            table.row(row(format!("agents: {name}"), "occupied", &pair, Unit::Share, None));
        }
    }
    out.line(&format!("first: {}\nsecond: {}", arguments.first.display(), arguments.second.display()))?;
    out.table(&table)?;
    out.line(&format!(
        "\n{}\ndifferences: second less first on the same customers, with 95 % intervals over {} pairs of runs\n\
         of twenty rows in which nothing differs, about one seems to by chance alone",
        contacts_note(&first.study, first.scenario.within).split(';').next().unwrap_or_default(),
        first.study.runs.len(),
    ))
}

fn title(metric: &Metric) -> &'static str {
    match metric.key {
        "in_time_share" => "in time",
        "empathetic_in_time_share" => "in time by empathetic",
        "wait_mean" => "mean wait",
        "wait_p90" => "9 of 10 within",
        "abandoned_share" => "left",
        _ => "blocked",
    }
}

fn row(name: String, measure: &str, pair: &Pair, unit: Unit, more_is_better: Option<bool>) -> [String; 6] {
    let plain = |estimate| number(Some(crate::sim::study::Estimate { error: None, ..estimate }), Some(unit));
    let (factor, suffix, digits) = match unit {
        Unit::Share => (100.0, " points", 1),
        Unit::Seconds => (1.0, " s", if pair.first.mean.abs() < 10.0 { 2 } else { 1 }),
        Unit::Contacts => (1.0, "", 0),
    };
    let half = pair.difference.half_width().unwrap_or(f64::NAN) * factor;
    let mean = pair.difference.mean * factor;
    let word = match (pair.is_clear(), more_is_better) {
        (false, _) => "no clear difference",
        (true, None) => {
            if mean > 0.0 {
                "more"
            } else {
                "less"
            }
        }
        (true, Some(more)) => {
            if (mean > 0.0) == more {
                "better"
            } else {
                "worse"
            }
        }
    };
    [
        name,
        measure.to_owned(),
        plain(pair.first),
        plain(pair.second),
        format!("{mean:+.digits$} ±{half:.digits$}{suffix}"),
        word.to_owned(),
    ]
}

fn as_json(arguments: &Arguments, first: &Played, second: &Played) -> Value {
    let pair = |pair: Option<Pair>| {
        pair.map_or(Value::Null, |pair| {
            json!({
                "first": estimate_json(Some(pair.first)),
                "second": estimate_json(Some(pair.second)),
                "difference": estimate_json(Some(pair.difference)),
                "half_width_95": pair.difference.half_width(),
                "is_clear": pair.is_clear(),
            })
        })
    };
    let contacts = |of: Of| -> Map<String, Value> {
        let metric = |metric: &Metric| (metric.key.to_owned(), pair(compare(&first.study, &second.study, of, metric)));
        METRICS.iter().map(metric).collect()
    };
    let group = |(name, groups): (String, Vec<usize>)| {
        let occupancy = pair(compare_occupancy(&first.study, &second.study, &groups));
        (name.replace(' ', "_"), json!({ "occupancy": occupancy }))
    };
    let hashes = |played: &Played| -> Vec<String> {
        played.study.runs.iter().map(|(_, outcome)| format!("{:016x}", outcome.digest)).collect()
    };
    let (everybody, classes) = rows_json(&rows(first, second), &first.study.classes, |of| Value::Object(contacts(of)));
    json!({
        "first": arguments.first.display().to_string(),
        "second": arguments.second.display().to_string(),
        "runs": first.study.runs.len(),
        "seed": first.scenario.run.seed,
        "hashes": { "first": hashes(first), "second": hashes(second) },
        "contacts": everybody,
        "classes": classes,
        "groups": first.study.group_rows().into_iter().map(group).collect::<Map<_, _>>(),
    })
}
