//! What holds between the parts of a document: where contacts go next, what channels cost, how much there is of it all.
//!
//! Invariant: looks only at what was read; a part that was at fault stands as its default, and is not blamed twice.

use std::collections::BTreeSet;

use super::{
    super::{Document, Queue, ReserveRules, WaitOutcome},
    place::Place,
};
use crate::model::{
    ids::{ChannelName, QueueName, SkillName},
    limits::{ATOMS_MAX, LANES_MAX},
};

/// Records every fault that no part has by itself.
pub(super) fn check_document(document: &Document, root: &Place<'_>) {
    for (name, queue) in &document.queues {
        for (keys, target) in targets(queue) {
            check_target(document, root, (name, queue), (&keys, target));
        }
        check_wrap_up_cost(document, root, (name, queue));
    }
    if let Some(empathy) = document.empathy.as_ref().filter(|empathy| !document.skills.contains_key(&empathy.skill)) {
        let known = document.skills.keys().map(SkillName::as_str);
        root.unknown_name_below(&["empathy", "skill"], empathy.skill.as_str(), "skills", known);
    }
    for skill in document.reserve.k_by_skill.keys().filter(|skill| !document.skills.contains_key(*skill)) {
        let known = document.skills.keys().map(SkillName::as_str);
        root.unknown_name_below(&["reserve", "k_by_skill", skill.as_str()], skill.as_str(), "skills", known);
    }
    for (name, moment) in &document.moments {
        for skill in moment.skills.keys().filter(|skill| !document.skills.contains_key(*skill)) {
            let path = ["moments", name.as_str(), "skills", skill.as_str()];
            let known = document.skills.keys().map(SkillName::as_str);
            root.unknown_name_below(&path, skill.as_str(), "skills", known);
        }
    }
    if document.empathy.is_none() && document.reserve != ReserveRules::default() {
        root.fault_below(&["reserve"], "keeps empathetic agents free; say in [empathy] who they are".to_owned());
    }
    if document.learning.empathy && document.empathy.is_none() {
        root.fault_below(&["learning"], "is about empathetic agents; say in [empathy] who they are".to_owned());
    }
    check_lanes(document, root);
    check_atoms(document, root);
}

/// Every other queue that a queue's contacts may go to, with the keys below the queue that say so.
fn targets(queue: &Queue) -> impl Iterator<Item = ([&'static str; 2], &QueueName)> {
    let waited = match &queue.max_wait.then {
        WaitOutcome::Overflow(target) | WaitOutcome::Escalate(target) => Some((["max_wait", "queue"], target)),
        WaitOutcome::GiveUp => None,
    };
    let full = queue.max_size.as_ref().and_then(|size| size.overflow.as_ref());
    let full = full.map(|target| (["max_size", "overflow"], target));
    let escalated = queue.escalate.as_ref().map(|escalate| (["escalate", "queue"], &escalate.queue));
    waited.into_iter().chain(full).chain(escalated)
}

fn check_target(
    document: &Document,
    root: &Place<'_>,
    (name, queue): (&QueueName, &Queue),
    ([section, key], target): (&[&'static str; 2], &QueueName),
) {
    let path = ["queues", name.as_str(), *section, *key];
    if target == name {
        return root.fault_below(&path, "names this queue itself; name another".to_owned());
    }
    let Some(there) = document.queues.get(target) else {
        let known = document.queues.keys().filter(|known| *known != name).map(QueueName::as_str);
        return root.unknown_name_below(&path, target.as_str(), "queues", known);
    };
    let refused: Vec<&str> = taken(document, queue)
        .map(|(channel, _)| channel)
        .filter(|channel| !there.channels.is_empty() && !there.channels.contains(channel))
        .map(ChannelName::as_str)
        .collect();
    if !refused.is_empty() {
        let message = format!(
            "names {:?}, which does not take {}; contacts go only where their channel is taken",
            target.as_str(),
            refused.join(", ")
        );
        root.fault_below(&path, message);
    }
}

/// Wrap-up keeps a part of what the contact took; it can never need room that the agent may not have.
fn check_wrap_up_cost(document: &Document, root: &Place<'_>, (name, queue): (&QueueName, &Queue)) {
    let Some(cost) = queue.wrap_up.cost else { return };
    let Some((channel, least)) = taken(document, queue).min_by_key(|(_, least)| *least) else { return };
    if cost > least {
        let message = format!("is {cost}; must not exceed what the contact itself takes, {least} by {channel}");
        root.fault_below(&["queues", name.as_str(), "wrap_up", "cost"], message);
    }
}

fn check_lanes(document: &Document, root: &Place<'_>) {
    let lanes: BTreeSet<_> = document.queues.values().flat_map(|queue| taken(document, queue)).collect();
    if lanes.len() > LANES_MAX {
        let message = format!(
            "have {} distinct pairs of channel and cost; at most {LANES_MAX} are allowed, so let queues share costs",
            lanes.len()
        );
        root.fault_below(&["queues"], message);
    }
}

fn check_atoms(document: &Document, root: &Place<'_>) {
    let rules = document.queues.values().flat_map(|queue| {
        let steps = queue.steps.iter().map(|step| &step.rule);
        std::iter::once(&queue.rule).chain(steps)
    });
    let expanded = rules.flat_map(|rule| std::iter::once(&rule.required).chain(&rule.prefer));
    let conjuncts = expanded.flat_map(|dnf| &dnf.conjuncts);
    let of_queues = conjuncts.flat_map(|conjunct| conjunct.must.iter().chain(&conjunct.must_not));
    let of_moments = document.moments.values().flat_map(|moment| &moment.skills);
    let of_queues = of_queues.map(|condition| (&condition.skill, condition.level));
    let atoms: BTreeSet<_> = of_queues.chain(of_moments.map(|(skill, level)| (skill, *level))).collect();
    if atoms.len() > ATOMS_MAX {
        let message = format!(
            "ask for {} distinct pairs of skill and proficiency; at most {ATOMS_MAX} are allowed, so use fewer levels",
            atoms.len()
        );
        root.fault_below(&["queues"], message);
    }
}

/// The channels a queue takes, each with what one of its contacts costs there; channels nobody defined are left out.
fn taken<'d>(document: &'d Document, queue: &'d Queue) -> impl Iterator<Item = (&'d ChannelName, u32)> {
    let all = document.channels.iter();
    all.filter(|(name, _)| queue.channels.is_empty() || queue.channels.contains(name))
        .map(|(name, channel)| (name, queue.cost.unwrap_or(channel.cost)))
}
