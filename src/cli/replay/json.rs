//! Three days as JSON for programs.
//!
//! Invariant: everything that tables show, of every queue and of every team, in the form of `attune compare`: contacts
//! and classes apart, shares 0 to 1, times in seconds; what has no value is null.

use serde_json::{Map, Value, json};

use crate::{
    cli::{
        journal::told,
        simulate::{estimate_json, rows_json},
    },
    sim::{
        player::outcome::Load,
        study::{Estimate, METRICS, Of, Pair, Study, compare, compare_occupancy, compare_occupancy_gap},
    },
};

use super::{
    days::Days,
    rows::{CANNOT_KNOW, paired, remarks},
};

/// All of it.
pub fn days(days: &Days) -> Value {
    let history = &days.history;
    let counts = history.counts();
    let names = days.was.rows().into_iter().filter(|(_, of)| !matches!(of, Of::Flagged | Of::Unflagged));
    let names: Vec<_> = names.collect();
    let (contacts, classes) = rows_json(&names, &days.was.classes, |of| Value::Object(measures(days, of)));
    let hashes = |study: &Study| -> Vec<String> {
        study.runs.iter().map(|(_, outcome)| format!("{:016x}", outcome.digest)).collect()
    };
    let targets = days.own.classes.iter().enumerate().map(|(class, name)| {
        let target = days.own.target(class);
        (name.clone(), json!(target.0 as f64 / 1e6))
    });
    json!({
        "tenant": history.tenant.as_str(),
        "from": told::time(history.from),
        "until": told::time(history.until),
        "played_from": told::time(history.begins),
        "document_version": history.version,
        "candidate": days.document,
        "runs": days.same.runs.len(),
        "seed": days.seed,
        "hashes": { "same": hashes(&days.same), "candidate": hashes(&days.candidate) },
        "came": counts.contacts,
        "agents": counts.agents,
        "passed_on": counts.passed_on,
        "withdrawn": counts.withdrawn,
        "unfinished": counts.unfinished,
        "targets_s": targets.collect::<Map<_, _>>(),
        "contacts": contacts,
        "classes": classes,
        "groups": days.teams.iter().map(|(name, groups)| (name.clone(), team(days, groups))).collect::<Map<_, _>>(),
        "occupancy": occupancy(days, &days.everybody()),
        "occupancy_gap": row(days.was.occupancy_gap(), compare_occupancy_gap(&days.same, &days.candidate)),
        "remarks": remarks(days),
        "cannot_know": CANNOT_KNOW.replace('\n', " "),
    })
}

fn measures(days: &Days, of: Of) -> Map<String, Value> {
    let measure = |metric| {
        let was = days.was.estimate(of, metric);
        row(was, compare(&days.same, &days.candidate, of, metric))
    };
    METRICS.iter().map(|metric| (metric.key.to_owned(), measure(metric))).collect()
}

fn team(days: &Days, groups: &[usize]) -> Value {
    let count =
        |of: fn(&Load) -> f64| row(Estimate::of(days.was.loads(groups).iter().map(of)), paired(days, groups, of));
    json!({
        "agents": groups.len(),
        "answered": count(|load| load.answered as f64),
        "moments": count(|load| load.moments as f64),
        "occupancy": occupancy(days, groups),
    })
}

fn occupancy(days: &Days, groups: &[usize]) -> Value {
    row(days.was.occupancy(groups), compare_occupancy(&days.same, &days.candidate, groups))
}

fn row(was: Option<Estimate>, pair: Option<Pair>) -> Value {
    json!({
        "history": was.map(|was| was.mean),
        "same": estimate_json(pair.map(|pair| pair.first)),
        "candidate": estimate_json(pair.map(|pair| pair.second)),
        "difference": estimate_json(pair.map(|pair| pair.difference)),
        "half_width_95": pair.and_then(|pair| pair.difference.half_width()),
        "is_clear": pair.map(|pair| pair.is_clear()),
    })
}
