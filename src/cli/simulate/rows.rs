//! A study as tables for people.
//!
//! Invariant: every number stands with its standard error where there is one, and is the one that JSON has.

use crate::{
    cli::{
        failure::Failure,
        output::{Output, table::Table},
    },
    model::time::Span,
    sim::study::{Estimate, METRICS, Of, Study, Unit},
};

use super::Played;

/// The measures that a terminal has room for; JSON has all.
const SHOWN: [&str; 8] = [
    "offered",
    "in_time_share",
    "empathetic_in_time_share",
    "wait_mean",
    "wait_p90",
    "waited_share",
    "abandoned_share",
    "blocked_share",
];

/// Shows everything.
pub fn show(out: &Output, played: &Played) -> Result<(), Failure> {
    let Played { scenario, study, took } = played;
    if !scenario.description.is_empty() {
        out.line(&out.style.bold(&scenario.description))?;
    }
    out.table(&contacts(study))?;
    out.line("")?;
    out.table(&agents(study))?;
    out.line("")?;
    let runs = study.runs.len();
    out.line(&contacts_note(study, scenario.within))?;
    if let Some(gap) = study.occupancy_gap() {
        let than = if gap.mean < 0.0 { "less" } else { "more" };
        let points = Estimate { mean: gap.mean.abs() * 100.0, error: gap.error.map(|error| error * 100.0), ..gap };
        let points = number(Some(points), None);
        out.line(&format!("empathetic agents work {points} points {than} of their time than others"))?;
    }
    for (reason, count) in refused(study) {
        out.line(&format!("refused as {reason}: {count}"))?;
    }
    let (seed, first) = &study.runs[0];
    let speed = study.contacts() as f64 / took.as_secs_f64().max(1e-9);
    out.line(&out.style.dim(&format!(
        "{} contacts in {} of {} agents, {:.2} s, {speed:.0} contacts a second; the first run has seed {seed} and hash {:016x}",
        study.contacts(),
        if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") },
        scenario.agents(),
        took.as_secs_f64(),
        first.digest,
    )))
}

/// What stands below tables of contacts.
pub fn contacts_note(study: &Study, within: Span) -> String {
    let errors = if study.runs.len() > 1 { "; ± one standard error over runs" } else { "; one run knows no error" };
    format!("in time: answered within {within}, of all that came{errors}")
}

/// The rows that say something of their own: without a wrong flag those of flags are the truth's.
pub fn shown(study: &Study) -> Vec<(String, Of)> {
    let is_flag = |of: Of| matches!(of, Of::Flagged | Of::Unflagged);
    study.rows().into_iter().filter(|(_, of)| study.flags_err() || !is_flag(*of)).collect()
}

fn contacts(study: &Study) -> Table {
    let shown: Vec<usize> = (0..METRICS.len()).filter(|at| SHOWN.contains(&METRICS[*at].key)).collect();
    let rows: Vec<_> = self::shown(study).into_iter().map(|(name, of)| (name, study.estimates(of))).collect();
    // A column of nothing but zeros says nothing.
    let says = |at: &usize| rows.iter().any(|(_, row)| row[*at].is_some_and(|estimate| estimate.mean > 0.0));
    let shown: Vec<usize> = shown.into_iter().filter(says).collect();
    let titles: Vec<&'static str> = std::iter::once("CONTACTS").chain(shown.iter().map(|at| title(*at))).collect();
    let mut table = Table::new(&titles);
    for (name, row) in &rows {
        let cells = shown.iter().map(|at| number(row[*at], Some(METRICS[*at].unit)));
        table.row(std::iter::once(name.clone()).chain(cells));
    }
    table
}

/// Numbers stand on the right.
fn title(metric: usize) -> &'static str {
    match METRICS[metric].key {
        "offered" => ">CAME",
        "in_time_share" => ">IN TIME",
        "empathetic_in_time_share" => ">BY EMPATHETIC",
        "wait_mean" => ">MEAN WAIT",
        "wait_p90" => ">9 OF 10 WITHIN",
        "waited_share" => ">WAITED",
        "abandoned_share" => ">LEFT",
        _ => ">BLOCKED",
    }
}

fn agents(study: &Study) -> Table {
    let mut table = Table::new(&["AGENTS", ">ANSWERED", ">MOMENTS", ">OCCUPIED"]);
    for (name, groups) in study.group_rows() {
        let loads = study.loads(&groups);
        let answered = Estimate::of(loads.iter().map(|load| load.answered as f64));
        let moments = Estimate::of(loads.iter().map(|load| load.moments as f64));
        let counts = [answered, moments].map(|count| number(count, Some(Unit::Contacts)));
        let occupied = number(study.occupancy(&groups), Some(Unit::Share));
        table.row(std::iter::once(name).chain(counts).chain([occupied]));
    }
    table
}

fn refused(study: &Study) -> std::collections::BTreeMap<&'static str, u64> {
    let mut all = std::collections::BTreeMap::new();
    for (reason, count) in study.runs.iter().flat_map(|(_, outcome)| &outcome.refused) {
        *all.entry(*reason).or_default() += count;
    }
    all
}

/// An estimate with its error: counts whole, shares in percent, seconds to a tenth or better.
pub fn number(estimate: Option<Estimate>, unit: Option<Unit>) -> String {
    let Some(Estimate { mean, error, .. }) = estimate else { return "-".to_owned() };
    let (factor, suffix, digits) = match unit {
        Some(Unit::Contacts) => (1.0, "", 0),
        Some(Unit::Share) => (100.0, " %", 1),
        Some(Unit::Seconds) => (1.0, " s", if mean.abs() < 10.0 { 2 } else { 1 }),
        None => (1.0, "", 1),
    };
    let error = error.map(|error| format!(" ±{:.*}", digits, error * factor)).unwrap_or_default();
    format!("{:.digits$}{error}{suffix}", mean * factor)
}
