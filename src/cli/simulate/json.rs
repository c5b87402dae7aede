//! A study as JSON for programs.
//!
//! Invariant: what is ours to name (`contacts`, `by_empathy`) and what a scenario names (`classes`, `groups`) are objects of
//! their own, so that no name hides another; shares are 0 to 1 and times seconds; each measure is an object of `value` and `error`, its
//! standard error over runs; what has no value is null. But for `seconds` and `contacts_per_second` everything follows
//! from the scenario, the document and the seed.

use serde_json::{Map, Value, json};

use crate::sim::{
    player::outcome::Outcome,
    scenario::distribution::seconds,
    study::{Estimate, METRICS, Of, Study},
    tally::Tally,
};

use super::Played;

/// All of it.
pub fn study(played: &Played) -> Value {
    let Played { scenario, study, took } = played;
    let (everybody, classes) = rows(&study.rows(), &study.classes, |of| contacts(study, of));
    let per_second = study.contacts() as f64 / took.as_secs_f64().max(1e-9);
    json!({
        "description": scenario.description,
        "runs": study.runs.len(),
        "seed": scenario.run.seed,
        "hashes": study.runs.iter().map(|(_, outcome)| format!("{:016x}", outcome.digest)).collect::<Vec<_>>(),
        "agents": scenario.agents(),
        "within_s": seconds(scenario.within),
        "contacts": everybody,
        "classes": classes,
        "groups": groups(study),
        "by_empathy": by_empathy(study),
        "occupancy_gap": estimate(study.occupancy_gap()),
        "in_line": in_line(study),
        "over_time": over_time(study),
        "reserve_advised": study.runs.iter().map(|(_, outcome)| json!(outcome.kept)).collect::<Vec<_>>(),
        "refused": refused(study),
        "simulated_contacts": study.contacts(),
        "seconds": took.as_secs_f64(),
        "contacts_per_second": per_second,
    })
}

/// `moments of truth` as a key.
fn key(name: &str) -> String {
    name.replace(", ", "_").replace(' ', "_")
}

/// Rows of contacts: everybody by what they are, and each of several classes under its name, all of it and its moments.
pub fn rows(
    rows: &[(String, Of)],
    names: &[String],
    figures: impl Fn(Of) -> Value,
) -> (Map<String, Value>, Map<String, Value>) {
    let (mut everybody, mut classes) = (Map::new(), Map::new());
    for (name, of) in rows {
        let (class, row) = match of {
            Of::Class(class) => (*class, "all"),
            Of::ClassMoments(class) => (*class, "moments_of_truth"),
            Of::All | Of::Moments | Of::Routine | Of::Flagged | Of::Unflagged => {
                everybody.insert(key(name), figures(*of));
                continue;
            }
        };
        classes.entry(names[class].as_str()).or_insert_with(|| json!({}))[row] = figures(*of);
    }
    (everybody, classes)
}

/// A measure.
pub fn estimate(of: Option<Estimate>) -> Value {
    of.map_or(Value::Null, |of| json!({ "value": of.mean, "error": of.error }))
}

fn contacts(study: &Study, of: Of) -> Value {
    let estimates = METRICS.iter().zip(study.estimates(of));
    Value::Object(estimates.map(|(metric, found)| (metric.key.to_owned(), estimate(found))).collect())
}

fn groups(study: &Study) -> Map<String, Value> {
    let group = |(at, (name, is_empathetic)): (usize, &(String, bool))| {
        let mut of = load(study, &[at]);
        of["empathetic"] = json!(is_empathetic);
        (name.clone(), of)
    };
    study.groups.iter().enumerate().map(group).collect()
}

/// All empathetic agents together, and all others; null where there are only the ones or the others.
fn by_empathy(study: &Study) -> Value {
    study.by_empathy().map_or(
        Value::Null,
        |[empathetic, others]| json!({ "empathetic": load(study, &empathetic), "others": load(study, &others) }),
    )
}

fn load(study: &Study, groups: &[usize]) -> Value {
    let loads = study.loads(groups);
    json!({
        "answered": estimate(Estimate::of(loads.iter().map(|load| load.answered as f64))),
        "moments": estimate(Estimate::of(loads.iter().map(|load| load.moments as f64))),
        "occupancy": estimate(study.occupancy(groups)),
    })
}

/// How many of each class wait at a time.
fn in_line(study: &Study) -> Map<String, Value> {
    let class = |(class, name): (usize, &String)| {
        let of = |is_moment| estimate(study.in_line(class, is_moment));
        (name.clone(), json!({ "moments": of(true), "others": of(false) }))
    };
    study.classes.iter().enumerate().map(class).collect()
}

fn over_time(study: &Study) -> Vec<Value> {
    let outcomes: Vec<&Outcome> = study.runs.iter().map(|(_, outcome)| outcome).collect();
    let clock = outcomes[0].clock;
    let slice = |at: usize| {
        let mean = |value: fn(&Tally) -> f64, is_moment: usize| {
            let values = outcomes.iter().map(|outcome| &outcome.slices[at][is_moment]);
            estimate(Estimate::of(values.filter(|tally| tally.offered > 0).map(value)))
        };
        let of = |is_moment: usize| {
            json!({
                "offered": estimate(Estimate::of(
                    outcomes.iter().map(|outcome| outcome.slices[at][is_moment].offered as f64)
                )),
                "wait_mean": mean(Tally::mean_wait, is_moment),
                "in_time_share": mean(|tally| tally.in_time_share() / 100.0, is_moment),
                "empathetic_in_time_share": mean(|tally| tally.empathetic_share() / 100.0, is_moment),
                "abandoned_share": mean(|tally| tally.abandoned_share() / 100.0, is_moment),
            })
        };
        let from = clock.from.0 as f64 / 1e6 + seconds(clock.slice) * at as f64;
        json!({ "from_s": from, "moments": of(1), "others": of(0) })
    };
    (0..outcomes[0].slices.len()).map(slice).collect()
}

fn refused(study: &Study) -> Map<String, Value> {
    let mut all = Map::new();
    for (reason, count) in study.runs.iter().flat_map(|(_, outcome)| &outcome.refused) {
        let before = all.get(*reason).and_then(Value::as_u64).unwrap_or(0);
        all.insert((*reason).to_owned(), json!(before + count));
    }
    all
}
