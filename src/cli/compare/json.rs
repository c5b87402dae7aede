//! Documents side by side as JSON for programs: a line for each that is compared with the first.
//!
//! Invariant: a difference has `p`, how probably chance alone makes it, by itself. Those that the screen shows are a family
//! (`family`): they have `p_corrected` for all of it and `is_clear`; of others both are null.

use serde_json::{Map, Value, json};

use crate::{
    cli::simulate::{Played, estimate_json, rows_json},
    sim::study::{METRICS, Metric, Of, Pair, compare, compare_occupancy},
};

use super::{About, Contest, Difference, LEVEL, contact_rows, shown_path};

/// A line for each document but the first.
pub fn lines(contest: &Contest) -> Vec<Value> {
    (1..contest.played.len()).map(|other| line(contest, other)).collect()
}

fn line(contest: &Contest, other: usize) -> Value {
    let (first, second) = (&contest.played[0], &contest.played[other]);
    let pair = |about: About, pair: Option<Pair>| pair.map_or(Value::Null, |pair| told(contest, other, &about, &pair));
    let contacts = |of: Of| -> Map<String, Value> {
        let metric = |metric: &Metric| {
            let found = compare(&first.study, &second.study, of, metric);
            (metric.key.to_owned(), pair(About::Contacts(of, metric.key), found))
        };
        METRICS.iter().map(metric).collect()
    };
    let agents = |groups: &[usize]| {
        let found = compare_occupancy(&first.study, &second.study, groups);
        json!({ "occupancy": pair(About::Agents(groups.to_vec()), found) })
    };
    let (everybody, classes) =
        rows_json(&contact_rows(&contest.studies()), &first.study.classes, |of| Value::Object(contacts(of)));
    let groups = first.study.groups.iter().enumerate().map(|(at, (name, _))| (name.clone(), agents(&[at])));
    let by_empathy = first
        .study
        .by_empathy()
        .map(|[empathetic, others]| json!({ "empathetic": agents(&empathetic), "others": agents(&others) }));
    json!({
        "first": shown_path(&contest.paths[0]),
        "second": shown_path(&contest.paths[other]),
        "runs": first.study.runs.len(),
        "seed": first.scenario.run.seed,
        "hashes": { "first": hashes(first), "second": hashes(second) },
        "family": { "differences": contest.family(), "correction": "Holm 1979", "level": LEVEL },
        "contacts": everybody,
        "classes": classes,
        "groups": groups.collect::<Map<_, _>>(),
        "by_empathy": by_empathy,
    })
}

fn told(contest: &Contest, other: usize, about: &About, pair: &Pair) -> Value {
    let of_family = contest.row(about).map(|row| &row.differences[other - 1]);
    json!({
        "first": estimate_json(Some(pair.first)),
        "second": estimate_json(Some(pair.second)),
        "difference": estimate_json(Some(pair.difference)),
        "half_width_95": pair.difference.half_width(),
        "p": pair.probability(),
        "p_corrected": of_family.and_then(|difference| difference.corrected),
        "is_clear": of_family.map(Difference::is_clear),
    })
}

fn hashes(played: &Played) -> Vec<String> {
    played.study.runs.iter().map(|(_, outcome)| format!("{:016x}", outcome.digest)).collect()
}
