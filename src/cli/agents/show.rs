//! Agents as people read them.

use std::collections::BTreeMap;

use crate::{
    api::pb,
    cli::output::{fields::Fields, table::Table, time::time, words::word},
};

/// A row each.
pub(super) fn many(agents: &[pb::Agent]) -> Table {
    let mut table = Table::new(&["AGENT", "PRESENCE", ">LOAD", ">WORK", "SKILLS", "QUEUES", "NAME"]);
    for agent in agents {
        let profile = agent.profile.clone().unwrap_or_default();
        table.row([
            agent.agent_id.clone(),
            presence(agent.presence.as_ref()),
            load(agent),
            agent.work.len().to_string(),
            levels(&profile.skills, " "),
            profile.queues.join(" "),
            profile.display_name,
        ]);
    }
    table
}

/// Everything there is to know.
pub(super) fn one(agent: &pb::Agent) -> Fields {
    let profile = agent.profile.clone().unwrap_or_default();
    let attributes: Vec<String> = profile.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let work: Vec<String> = agent.work.iter().map(work).collect();
    let mut fields = Fields::default();
    fields
        .tell("agent", &agent.agent_id)
        .tell("name", profile.display_name)
        .tell("presence", presence(agent.presence.as_ref()))
        .tell("then", presence(agent.pending_presence.as_ref()))
        .tell("session", session(agent.session.as_ref()))
        .tell("capacity used", load(agent))
        .tell("skills", levels(&profile.skills, "\n"))
        .tell("empathy", if profile.empathy_fixed { "fixed" } else { "" })
        .tell("queues", profile.queues.join("\n"))
        .tell("channel limits", levels(&profile.channel_limits, "\n"))
        .tell("attributes", attributes.join("\n"))
        .tell("work", work.join("\n"))
        .tell("moments of truth", moments(agent.moment_load.as_ref()))
        .tell("etag", &agent.etag);
    fields
}

/// A presence with its reason; empty if there is none.
pub(super) fn presence(presence: Option<&pb::Presence>) -> String {
    let Some(presence) = presence else { return String::new() };
    let state = word(presence.state().as_str_name(), "PRESENCE_STATE_");
    if presence.reason.is_empty() { state } else { format!("{state}: {}", presence.reason) }
}

fn session(session: Option<&pb::AgentSession>) -> String {
    session.map_or_else(String::new, |session| match session.connected {
        true => session.session_id.clone(),
        false => format!("{}, stream lost", session.session_id),
    })
}

fn load(agent: &pb::Agent) -> String {
    let capacity = agent.profile.as_ref().and_then(|profile| profile.capacity).unwrap_or(100);
    format!("{}/{capacity}", agent.capacity_used)
}

/// How many of the last contacts they were, and what follows; empty before the first contact.
fn moments(load: Option<&pb::MomentLoad>) -> String {
    let Some(load) = load.filter(|load| load.contacts > 0) else { return String::new() };
    let cooldown = match (load.cooling_down, time(load.cooldown_end_time.as_ref())) {
        (false, _) if load.heavy => ", others come first".to_owned(),
        (false, _) => String::new(),
        (true, end) if end.is_empty() => ", cools down after this one".to_owned(),
        (true, end) => format!(", cools down until {end}"),
    };
    format!("{} of the last {} contacts, {} in a row{cooldown}", load.moments, load.contacts, load.in_a_row)
}

fn levels(levels: &BTreeMap<String, u32>, between: &str) -> String {
    levels.iter().map(|(name, level)| format!("{name}={level}")).collect::<Vec<_>>().join(between)
}

fn work(work: &pb::Work) -> String {
    let state = word(work.state().as_str_name(), "WORK_STATE_");
    let end = time(work.end_time.as_ref());
    let until = if end.is_empty() { end } else { format!(" until {end}") };
    format!("{} ({}, {}): {state}{until}", work.contact_id, work.channel, work.queue)
}
