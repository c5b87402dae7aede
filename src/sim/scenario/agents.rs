//! Reading who works: groups of agents who are alike, or one by one.
//!
//! Invariant: as in documents, each key is asked for and each fault told; no two agents have one id.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Acceptance, Group,
    distribution::Distribution,
    read::{Reading, clock, share},
};
use crate::model::{
    document::{Object, Place, SPAN_MAX, SPAN_MIN},
    ids::{AgentId, ChannelName, QueueName, SkillName},
    limits::{AGENT_SKILLS_MAX, AGENTS_MAX, CAPACITY_MAX, CHANNELS_MAX},
    requirement::Level,
    time::Span,
};

/// Capacity of an agent of whom nothing else is said.
const CAPACITY: u32 = 100;
/// How soon an agent who did not answer is back, if nothing else is said.
const BACK_AFTER: Span = Span::from_secs(60);

/// Reads `[agents]`.
pub(super) fn read_groups(place: &Place<'_>, reading: &Reading<'_>, empathy: &SkillName, level: Level) -> Vec<Group> {
    let Some(object) = place.object() else { return Vec::new() };
    let entry = |(name, place): (Option<AgentId>, Place<'_>)| read_group(&name?, &place, reading, empathy, level);
    let groups: Vec<Group> = object.named(AgentId::new).filter_map(entry).collect();
    let mut ids = BTreeSet::new();
    for twice in groups.iter().flat_map(|group| &group.agents).filter(|id| !ids.insert((*id).clone())) {
        place.fault(format!("has two agents {:?}; name groups otherwise", twice.as_str()));
    }
    if ids.len() > AGENTS_MAX {
        place.fault(format!("has {} agents; at most {AGENTS_MAX} are allowed", ids.len()));
    }
    if ids.is_empty() && object.is_empty() {
        place.fault("is empty; say who works, such as [agents.desk] with count = 50".to_owned());
    }
    groups
}

fn read_group(
    name: &AgentId,
    place: &Place<'_>,
    reading: &Reading<'_>,
    empathy: &SkillName,
    level: Level,
) -> Option<Group> {
    let mut table = place.object()?;
    let count: Option<u32> = table.get("count").and_then(|p| p.number(1..=100_000));
    let agents = match count {
        None => vec![name.clone()],
        Some(count) => (1..=count).filter_map(|at| AgentId::new(&format!("{name}-{at}")).ok()).collect(),
    };
    if count.is_some_and(|count| agents.len() < count as usize) {
        place.fault("has a name that is too long for a number behind it; shorten it".to_owned());
    }
    let mut skills = table.get("skills").map(|p| read_levels(&p, reading)).unwrap_or_default();
    if let Some(place) = table.get("empathy")
        && let Some(level) = place.number(1..=100)
    {
        check_skill(&place, empathy, reading);
        skills.insert(empathy.clone(), level);
    }
    let pace = table.get("pace").and_then(|p| p.millionths(10_000..=100_000_000));
    let group = Group {
        name: name.as_str().to_owned(),
        agents,
        is_empathetic: skills.get(empathy).is_some_and(|own| *own >= level),
        skills,
        queues: table.get("queues").map(|p| read_queues(&p, reading)).unwrap_or_default(),
        capacity: table.get("capacity").and_then(|p| p.number(1..=CAPACITY_MAX)).unwrap_or(CAPACITY),
        channel_limits: table.get("channel_limits").map(|p| read_limits(&p, reading)).unwrap_or_default(),
        shifts: table.get("shifts").map(|p| read_shifts(&p)).unwrap_or_default(),
        turns: Vec::new(),
        handling: table.get("handling").and_then(|p| Distribution::read(&p)),
        pace: pace.map_or(1.0, |millionths| millionths as f64 / 1e6),
        acceptance: read_acceptance(table.section("acceptance")),
    };
    table.finish();
    Some(group)
}

/// Skills with a level of each.
pub(super) fn read_levels(place: &Place<'_>, reading: &Reading<'_>) -> BTreeMap<SkillName, Level> {
    let Some(table) = place.object() else { return BTreeMap::new() };
    table.at_most(AGENT_SKILLS_MAX, "skills");
    let entry = |(name, place): (Option<SkillName>, Place<'_>)| {
        let name = name?;
        check_skill(&place, &name, reading);
        Some((name, place.number(1..=100)?))
    };
    table.named(SkillName::new).filter_map(entry).collect()
}

fn check_skill(place: &Place<'_>, skill: &SkillName, reading: &Reading<'_>) {
    if let Some(document) = reading.document.filter(|document| !document.skills.contains_key(skill)) {
        let known = document.skills.keys().map(SkillName::as_str);
        place.unknown_name(skill.as_str(), "skills of the routing document", known);
    }
}

fn read_queues(place: &Place<'_>, reading: &Reading<'_>) -> Vec<QueueName> {
    let items = place.items().unwrap_or_default();
    let mut queues: Vec<QueueName> = items.iter().filter_map(|item| queue(item, reading)).collect();
    queues.sort_unstable();
    queues.dedup();
    queues
}

/// A queue of the document.
pub(super) fn queue(place: &Place<'_>, reading: &Reading<'_>) -> Option<QueueName> {
    let name = place.name(QueueName::new)?;
    if let Some(document) = reading.document.filter(|document| !document.queues.contains_key(&name)) {
        let known = document.queues.keys().map(QueueName::as_str);
        place.unknown_name(name.as_str(), "queues of the routing document", known);
    }
    Some(name)
}

/// A channel of the document.
pub(super) fn channel(place: &Place<'_>, name: &ChannelName, reading: &Reading<'_>) {
    if let Some(document) = reading.document.filter(|document| !document.channels.contains_key(name)) {
        let known = document.channels.keys().map(ChannelName::as_str);
        place.unknown_name(name.as_str(), "channels of the routing document", known);
    }
}

fn read_limits(place: &Place<'_>, reading: &Reading<'_>) -> BTreeMap<ChannelName, u16> {
    let Some(table) = place.object() else { return BTreeMap::new() };
    table.at_most(CHANNELS_MAX, "channels");
    let entry = |(name, place): (Option<ChannelName>, Place<'_>)| {
        let name = name?;
        channel(&place, &name, reading);
        Some((name, place.number(0..=u16::MAX)?))
    };
    table.named(ChannelName::new).filter_map(entry).collect()
}

fn read_shifts(place: &Place<'_>) -> Vec<(Span, Span)> {
    let read = |place: &Place<'_>| {
        let mut table = place.object()?;
        let from = table.need("from", "say when they begin, such as \"08:00\"").and_then(|p| clock(&p));
        let until = table.need("until", "say when they end, such as \"16:00\"");
        let end = until.as_ref().and_then(clock);
        table.finish();
        let (from, end) = (from?, end?);
        if end <= from
            && let Some(until) = until
        {
            until.fault("is no later than from; the next morning is such as \"30:00\"".to_owned());
        }
        Some((from, end))
    };
    let items = place.items().unwrap_or_default();
    let mut shifts: Vec<(Span, Span)> = items.iter().filter_map(read).collect();
    shifts.sort_unstable();
    if shifts.windows(2).any(|pair| pair[1].0 < pair[0].1) {
        place.fault("has two shifts at one time; let one end before the next begins".to_owned());
    }
    shifts
}

fn read_acceptance(mut table: Object<'_>) -> Acceptance {
    let acceptance = Acceptance {
        time: table.get("time").and_then(|p| Distribution::read(&p)),
        missed: table.get("missed").and_then(|p| share(&p)).unwrap_or(0.0),
        declined: table.get("declined").and_then(|p| share(&p)).unwrap_or(0.0),
        back_after: table.get("back_after").and_then(|p| p.span(SPAN_MIN, SPAN_MAX)).unwrap_or(BACK_AFTER),
    };
    table.finish();
    acceptance
}
