//! Taking a new routing document into force while contacts wait.
//!
//! Invariant: no contact loses its queue or channel by it, and none ends up with a requirement that cannot be matched.

use std::{collections::BTreeSet, sync::Arc};

use crate::model::{
    document::{Document, Queue},
    ids::QueueName,
    limits::{CHANNELS_MAX, QUEUES_MAX, SKILLS_MAX},
    requirement::Requirement,
};

use super::{command::Reply, emit::Emit, event::Event, matching::index::combined, reject::Reject, state::State};

/// Replaces the document; refused if contacts would be left without a queue or a channel.
pub(super) fn apply_document(
    out: &mut Emit<'_>,
    document: &Arc<Document>,
    expected: Option<u64>,
) -> Result<Reply, Reject> {
    let state = out.state();
    if let Some(expected) = expected.filter(|expected| *expected != state.version) {
        return Err(Reject::VersionMismatch { expected, actual: state.version });
    }
    check_queues(state, document)?;
    check_contacts(state, document)?;
    check_names(state, document)?;
    let version = state.version + 1;
    out.emit(Event::DocumentApplied { version, document: Arc::clone(document) });
    Ok(Reply::Document { version })
}

fn check_queues(state: &State, document: &Document) -> Result<(), Reject> {
    let held = |name: &&QueueName| {
        let queue = state.find_queue(name).map(|queue| &state.queues[queue.0 as usize]);
        queue.is_some_and(|queue| queue.places.len() > 0 || queue.engagements > 0)
    };
    let removed = state.document.queues.keys().filter(|name| !document.queues.contains_key(*name));
    let not_empty: Vec<_> = removed.filter(held).cloned().collect();
    if not_empty.is_empty() { Ok(()) } else { Err(Reject::QueuesNotEmpty(not_empty)) }
}

fn check_contacts(state: &State, document: &Document) -> Result<(), Reject> {
    let mut orphaned = BTreeSet::new();
    let mut checked: BTreeSet<(&QueueName, *const Requirement)> = BTreeSet::new();
    for key in state.contact_ids.values() {
        let contact = state.contact(*key);
        let Some(route) = contact.route.as_deref().filter(|_| !contact.is_closed()) else { continue };
        let (queue, channel) = (state.queue_name(route.queue), state.channel_name(route.channel));
        let rules = document.queues.get(queue);
        if !document.channels.contains_key(channel) || !rules.is_some_and(|queue| queue.takes(channel)) {
            orphaned.insert(channel.clone());
        }
        if route.requirement.is_empty() || !checked.insert((queue, Arc::as_ptr(&route.requirement))) {
            continue;
        }
        for rules in rules.into_iter().chain(sent_on(document, rules)) {
            let all = std::iter::once(&rules.rule).chain(rules.steps.iter().map(|step| &step.rule));
            for rule in all {
                let combined = combined(rule, Some(&route.requirement));
                combined.map_err(|error| Reject::Requirement { field: "document", error })?;
            }
        }
    }
    if orphaned.is_empty() { Ok(()) } else { Err(Reject::ChannelsInUse(orphaned.into_iter().collect())) }
}

/// The queues to which a document may send a queue's contacts, near or far.
fn sent_on<'a>(document: &'a Document, from: Option<&'a Queue>) -> Vec<&'a Queue> {
    let mut names: Vec<&QueueName> = from.map(Queue::successors).unwrap_or_default();
    let mut at = 0;
    while let Some(queue) = names.get(at).and_then(|name| document.queues.get(*name)) {
        at += 1;
        for name in queue.successors() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.iter().filter_map(|name| document.queues.get(*name)).collect()
}

/// Names keep their numbers for the tenant's life, so their number over all documents is limited.
fn check_names(state: &State, document: &Document) -> Result<(), Reject> {
    let new_queues = document.queues.keys().filter(|name| state.queue_names.find(name).is_none()).count();
    let new_skills = document.skills.keys().filter(|name| state.skill_names.find(name).is_none()).count();
    let new_channels = document.channels.keys().filter(|name| state.channel_names.find(name).is_none()).count();
    // Twice the limit of one document: names of earlier documents may still be in the journal.
    for (what, count, limit) in [
        ("queue names over all documents", state.queue_names.len() + new_queues, 2 * QUEUES_MAX),
        ("skill names over all documents", state.skill_names.len() + new_skills, 2 * SKILLS_MAX),
        ("channel names over all documents", state.channel_names.len() + new_channels, 2 * CHANNELS_MAX),
    ] {
        if count > limit {
            return Err(Reject::LimitReached { what, limit });
        }
    }
    Ok(())
}
