//! Advice as JSON for programs.
//!
//! Invariant: as in the JSON of `attune simulate`, shares are 0 to 1, times are seconds, measures are objects of `value` and
//! `error`, what has no value is null, and what a scenario names stands in objects of its own.

use serde_json::{Map, Value as Json, json};

use crate::{
    cli::simulate::estimate_json,
    forecast::Group,
    sim::{
        advice::{self, Care, Finding, Hour, Lever, Met, Need, Tried, Tries, Value},
        scenario::{Scenario, distribution::seconds},
        study::{Pair, Study},
    },
};

use super::{Advised, Asked, rows::sentence};

/// All of it.
pub fn told(advised: &Advised) -> Json {
    let Advised { asked: Asked { scenario, was }, service_level, advice, took } = advised;
    json!({
        "description": scenario.description,
        "runs": advice.runs,
        "contacts_a_run": advice.contacts,
        "seed": scenario.run.seed,
        "agents": scenario.agents(),
        "within_s": scenario.targets.is_empty().then(|| seconds(scenario.within)),
        "within_s_by_class": targets(scenario),
        "service_level": service_level,
        "needs": advice.needs.iter().map(|of| need(of, &scenario.classes)).collect::<Vec<_>>(),
        "moments_of_truth": advice.care.as_ref().map(|of| care(of, was.as_ref())),
        "findings": advice.findings.iter().map(finding).collect::<Vec<_>>(),
        "choices_played": advice.played,
        "seconds": took.as_secs_f64(),
    })
}

fn need(need: &Need, classes: &[String]) -> Json {
    let (erlangs, there) = need.over_all();
    json!({
        "asked": need.to_string(),
        "of_moments": need.of_moments,
        "is_short": need.at_worst().is_short(),
        "busiest": hour(need.at_worst(), classes),
        "erlangs_mean": erlangs,
        "there_mean": there,
        "hours_short": need.short(),
        "hours": need.hours.iter().map(|of| hour(of, classes)).collect::<Vec<_>>(),
    })
}

fn hour(hour: &Hour, classes: &[String]) -> Json {
    let by_class: Map<String, Json> =
        hour.classes.iter().map(|(class, contacts)| (classes[*class].clone(), json!(contacts))).collect();
    json!({
        "from_s": seconds(hour.from),
        "contacts_per_hour": hour.contacts,
        "classes": by_class,
        "erlangs": hour.erlangs,
        "takes_s": hour.takes,
        "there": hour.there,
        "needed": hour.needed,
        "in_time_share": hour.in_time,
    })
}

/// Where each class has a target of its own: within which time it is in time.
fn targets(scenario: &Scenario) -> Map<String, Json> {
    let of = scenario.classes.iter().zip(&scenario.targets);
    of.map(|(class, target)| (class.clone(), json!(seconds(*target)))).collect()
}

fn care(care: &Care, was: Option<&Study>) -> Json {
    let reserve = |of: &crate::sim::advice::Reserve| {
        json!({
            "skill": skill(&of.group),
            "empathetic": of.agents,
            "erlangs": of.erlangs,
            "by_formula": of.by_formula,
            "advised": care.setting.kept.get(&of.group),
            "is_tried": of.is_tried,
        })
    };
    json!({
        "erlangs": care.erlangs,
        "from_s": seconds(care.from),
        "empathetic": care.there,
        "empathetic_needed": care.needed,
        "empathetic_needed_by_formula": care.needed_by_formula,
        "fails_without_reserve": care.fail,
        "reserves": care.reserves.iter().map(reserve).collect::<Vec<_>>(),
        "hold_s": seconds(care.setting.hold),
        "release_s": seconds(care.setting.release),
        "was": was.and_then(advice::met).as_ref().map(met),
        "before": met(&care.before),
        "after": met(&care.after),
        "choices": care.levers.iter().map(tries).collect::<Vec<_>>(),
        "document": care.text,
    })
}

fn tries(tries: &Tries) -> Json {
    let of = match &tries.lever {
        Lever::Reserve(_) => "kept_free",
        Lever::Hold => "hold_s",
        Lever::Release => "release_s",
        Lever::Empathetic => "empathetic",
    };
    let group = match &tries.lever {
        Lever::Reserve(group) => skill(group),
        Lever::Hold | Lever::Release | Lever::Empathetic => Json::Null,
    };
    json!({
        "choice": of,
        "skill": group,
        "compared_with": value(tries.zero),
        "by_formula": tries.formula.map(value),
        "advised": tries.advised.map(value),
        "rows": tries.rows.iter().map(tried).collect::<Vec<_>>(),
    })
}

fn tried(row: &Tried) -> Json {
    let mut told = met(&row.met);
    told["value"] = value(row.value);
    told["difference"] = row.than.as_ref().map_or(Json::Null, |than| {
        json!({
            "reached": pair(&than.reached),
            "moment_wait": pair(&than.moment_wait),
            "routine_wait": pair(&than.routine_wait),
            "routine_in_time": pair(&than.routine_in_time),
        })
    });
    told
}

fn met(met: &Met) -> Json {
    json!({
        "reached": estimate_json(Some(met.reached)),
        "answered": estimate_json(Some(met.answered)),
        "moment_wait": estimate_json(Some(met.moment_wait)),
        "moment_left": estimate_json(Some(met.moment_left)),
        "routine_wait": estimate_json(Some(met.routine_wait)),
        "routine_in_time": estimate_json(Some(met.routine_in_time)),
    })
}

fn pair(pair: &Pair) -> Json {
    json!({
        "value": pair.difference.mean,
        "error": pair.difference.error,
        "half_width_95": pair.difference.half_width(),
        "is_clear": pair.is_clear(),
    })
}

fn value(value: Value) -> Json {
    match value {
        Value::Agents(count) => json!(count),
        Value::Time(span) => json!(seconds(span)),
    }
}

fn skill(group: &Group) -> Json {
    group.as_ref().map_or(Json::Null, |skill| json!(skill.as_str()))
}

fn finding(finding: &Finding) -> Json {
    let kind = match finding {
        Finding::TooFew { .. } => "too-few",
        Finding::TooFewEmpathetic { .. } => "too-few-empathetic",
        Finding::NotReached { .. } => "not-reached",
        Finding::Disagree { .. } => "formula-and-simulation-disagree",
        Finding::OtherEmpathy => "other-empathy",
        Finding::Unchecked(_) => "unchecked",
        Finding::Unseen => "unseen",
        Finding::Lint(_) => "lint",
    };
    json!({ "kind": kind, "message": sentence(finding) })
}
