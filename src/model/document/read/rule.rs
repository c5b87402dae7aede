//! What an agent needs, as written: conditions, requirements, preferences, and the steps that relax them.
//!
//! Invariant: every rule that leaves here is expanded and can be matched; a step holds its rule in full, with what it
//! leaves unsaid taken from the stage before it.

use std::collections::BTreeSet;

use super::{
    super::{OwnRequirement, Rule, Step},
    Defined,
    place::{Object, Place},
    span::{SPAN_MAX, SPAN_MIN, written_span},
};
use crate::model::{
    ids::SkillName,
    limits::{STEPS_MAX, TIERS_MAX},
    requirement::{AtLeast, Condition, Dnf, Requirement},
    time::Span,
};

pub(super) const OWN: &[(&str, OwnRequirement)] =
    &[("counts", OwnRequirement::Counts), ("waived", OwnRequirement::Waived)];

/// The rule until the first step: `require` and `prefer` of a queue.
pub(super) fn read_rule(queue: &mut Object<'_>, defined: &Defined) -> Rule {
    let anyone = Rule {
        require: Requirement::default(),
        required: Dnf::anyone(),
        prefer: Vec::new(),
        own: OwnRequirement::default(),
    };
    changed_rule(&anyone, queue, defined)
}

/// The `steps` of a queue whose first rule is given.
pub(super) fn read_steps(queue: &mut Object<'_>, first: &Rule, defined: &Defined) -> Vec<Step> {
    let items = queue.get("steps").and_then(|p| p.items_at_most(STEPS_MAX, "steps")).unwrap_or_default();
    let mut steps: Vec<Step> = Vec::with_capacity(items.len());
    let (mut latest, mut longest) = (Span::ZERO, Span::ZERO);
    for place in items {
        let Some(mut object) = place.object() else { continue };
        let over = object.get("when_wait_over");
        let at = match over {
            Some(_) => object.get("after"),
            None => object.need(
                "after",
                "say after how long a wait it begins, such as \"60s\", or with when_wait_over how long a wait is to be expected",
            ),
        };
        let after = rising(at, &mut latest, |latest| format!("must be later than the step before it, at {latest}"));
        let when_wait_over = rising(over, &mut longest, |longest| {
            format!("must be longer than in the step before it, {longest}: steps begin in their order")
        });
        let mut rule = changed_rule(steps.last().map_or(first, |step| &step.rule), &mut object, defined);
        if let Some(own) = object.get("own").and_then(|p| p.choice(OWN)) {
            rule.own = own;
        }
        object.finish();
        steps.push(Step { after, when_wait_over, rule });
    }
    steps
}

/// A span that is longer than that of every step before, which `so_far` is.
fn rising(place: Option<Place<'_>>, so_far: &mut Span, must_be: impl FnOnce(String) -> String) -> Option<Span> {
    let place = place?;
    let span = place.span(SPAN_MIN, SPAN_MAX)?;
    if span <= *so_far {
        place.fault(format!("is {}; {}", written_span(span), must_be(written_span(*so_far))));
    }
    *so_far = span.max(*so_far);
    Some(span)
}

/// The rule of the stage before, with what this stage says instead.
fn changed_rule(before: &Rule, object: &mut Object<'_>, defined: &Defined) -> Rule {
    let mut rule = before.clone();
    if let Some((require, required)) = object.get("require").and_then(|p| read_requirement(&p, defined)) {
        rule.require = require;
        rule.required = required;
    }
    if let Some(tiers) = object.get("prefer").and_then(|p| p.items_at_most(TIERS_MAX - 1, "tiers")) {
        rule.prefer = tiers.iter().filter_map(|p| read_requirement(p, defined)).map(|(_, tier)| tier).collect();
    }
    rule
}

fn read_requirement(place: &Place<'_>, defined: &Defined) -> Option<(Requirement, Dnf)> {
    // A list with a fault has lost a condition, and expanding what is left would find faults that nobody wrote.
    let requirement = place.faultless(|| {
        let mut object = place.object()?;
        let mut list = |key| object.get(key).map(|p| read_conditions(&p, defined)).unwrap_or_default();
        let (all, any, none) = (list("all"), list("any"), list("none"));
        let at_least = object.get("at_least").and_then(|p| read_at_least(&p, defined));
        object.finish();
        Some(Requirement { all, any, none, at_least })
    })??;
    match requirement.to_dnf() {
        Ok(dnf) => Some((requirement, dnf)),
        Err(error) => {
            place.fault(error.to_string());
            None
        }
    }
}

fn read_at_least(place: &Place<'_>, defined: &Defined) -> Option<AtLeast> {
    let mut object = place.object()?;
    let count = object.need("count", "say how many of the skills are needed").and_then(|p| p.number(1..=u8::MAX));
    let listed = object.need("of", "list the skills that count");
    let of = listed.as_ref().map(|p| read_conditions(p, defined)).unwrap_or_default();
    let distinct: BTreeSet<&SkillName> = of.iter().map(|condition| &condition.skill).collect();
    if let Some(listed) = listed.filter(|_| distinct.len() < of.len()) {
        listed.fault("names a skill twice, which would count it twice; name each once".to_owned());
    }
    object.finish();
    Some(AtLeast { count: count?, of })
}

fn read_conditions(place: &Place<'_>, defined: &Defined) -> Vec<Condition> {
    place.items().unwrap_or_default().iter().filter_map(|p| read_condition(p, defined)).collect()
}

/// `billing` or `billing>=60`.
fn read_condition(place: &Place<'_>, defined: &Defined) -> Option<Condition> {
    let text = place.text()?;
    let (skill, level) = match text.split_once(">=") {
        Some((skill, level)) => (skill.trim(), parse_level(level.trim())),
        None => (text, Some(1)),
    };
    if level.is_none() {
        place.fault(format!("asks for a proficiency outside 1 to 100; write a condition as \"{skill}>=60\""));
    }
    let skill = place.checked_name(skill, SkillName::new)?;
    if !defined.skills.contains(&skill) {
        place.unknown_name(skill.as_str(), "skills", defined.skills.iter().map(SkillName::as_str));
    }
    Some(Condition { skill, level: level? })
}

fn parse_level(text: &str) -> Option<u8> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|level| digits && (1..=100).contains(level))
}
