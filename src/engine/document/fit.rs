//! What stands against a document: everything at once, found by counts.
//!
//! Invariant: a document that nothing stands against leaves no contact without a queue that takes its channel, nor with
//! a requirement that cannot be matched there or in a queue to which it may be sent on.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    engine::{
        command::Proposal,
        evolve::lanes_of,
        find::nearest,
        kinds::{Breadth, Kind},
        matching::index::combined,
        reject::{MoveFault, MoveProblem, Reject},
        state::State,
    },
    model::{
        document::{Document, OwnRequirement, Queue, Rule},
        ids::{ChannelKey, ChannelName, QueueKey, QueueName},
        limits::{CHANNELS_MAX, LANES_MAX, QUEUES_MAX, SKILLS_MAX},
        requirement::{Requirement, RequirementError},
    },
};

/// Where contacts of removed queues go.
type Moves = BTreeMap<QueueName, QueueName>;

/// Every reason to refuse a document, the gravest first; none if it fits.
pub(super) fn refusals(state: &State, proposal: &Proposal) -> Vec<Reject> {
    if state.is_sweeping() {
        // What else stands against it shows once the one before is in force.
        return vec![Reject::DocumentSweeping];
    }
    let Proposal { document, expected, moves, origin } = proposal;
    let mut rejects = Vec::new();
    if let Some(expected) = expected.filter(|expected| *expected != state.etag()) {
        rejects.push(Reject::VersionMismatch { expected, actual: state.etag() });
    }
    if let Some(version) = origin.restores {
        let kept = state.history.version(version);
        let is_this = kept.is_some_and(|kept| kept.source.digest == document.source.digest);
        rejects.extend((!is_this).then(|| state.version_unknown("version", version)));
    }
    let mut faults = check_moves(state, document, moves);
    let mut fit = Fit { state, document, moves, homeless: Vec::new(), orphaned: BTreeSet::new() };
    rejects.extend(fit.check_queues(&mut faults));
    if !fit.homeless.is_empty() {
        rejects.push(Reject::QueuesNotEmpty(fit.homeless));
    }
    if !faults.is_empty() {
        rejects.push(Reject::MovesInvalid(faults));
    }
    if !fit.orphaned.is_empty() {
        rejects.push(Reject::ChannelsInUse(fit.orphaned.into_iter().collect()));
    }
    rejects.extend(check_lanes(state, document));
    rejects.extend(check_names(state, document));
    rejects
}

/// A move leads from a queue that the document removes to one that it has.
fn check_moves(state: &State, document: &Document, moves: &Moves) -> Vec<MoveFault> {
    let mut faults = Vec::new();
    for (from, to) in moves {
        let mut fault = |problem| faults.push(MoveFault { from: from.clone(), to: to.clone(), problem });
        if document.queues.contains_key(from) || !state.document.queues.contains_key(from) {
            fault(MoveProblem::NotRemoved);
        }
        if !document.queues.contains_key(to) {
            let known = document.queues.keys().map(|name| name.as_str());
            fault(MoveProblem::DestinationUnknown { similar: nearest(to.as_str(), known) });
        }
    }
    faults
}

/// What the contacts of a queue have in common.
#[derive(Clone, Default)]
struct Held {
    open: bool,
    channels: BTreeSet<ChannelKey>,
    asks: bool,
}

struct Fit<'a> {
    state: &'a State,
    document: &'a Document,
    moves: &'a Moves,
    /// Queues with contacts that have nowhere to go.
    homeless: Vec<QueueName>,
    /// Channels of contacts that would be taken nowhere.
    orphaned: BTreeSet<ChannelName>,
}

impl<'a> Fit<'a> {
    /// Returns the requirements that can no longer be matched, one of each queue.
    fn check_queues(&mut self, faults: &mut Vec<MoveFault>) -> Vec<Reject> {
        let mut rejects = Vec::new();
        for (queue, held) in self.held() {
            let name = self.state.queue_name(queue);
            let destination = self.moves.get(name).filter(|_| !self.document.queues.contains_key(name));
            let Some(rules) = self.document.queues.get(destination.unwrap_or(name)) else {
                if destination.is_none() {
                    self.homeless.push(name.clone());
                }
                continue;
            };
            let mut fault = |problem| {
                let to = destination.expect("only a move is at fault").clone();
                faults.push(MoveFault { from: name.clone(), to, problem });
            };
            for channel in held.channels.iter().map(|channel| self.state.channel_name(*channel)) {
                if !self.document.channels.contains_key(channel) {
                    self.orphaned.insert(channel.clone());
                } else if !rules.takes(channel) {
                    match destination {
                        Some(_) => fault(MoveProblem::ChannelNotTaken(channel.clone())),
                        None => drop(self.orphaned.insert(channel.clone())),
                    }
                }
            }
            if let Some(error) = held.asks.then(|| self.unmatchable(queue, rules)).flatten() {
                match destination {
                    Some(_) => fault(MoveProblem::Unmatchable(error)),
                    None => rejects.push(Reject::Requirement { field: "document", error }),
                }
            }
        }
        rejects
    }

    /// Queues with contacts or with engagements of contacts that went on elsewhere, by number.
    fn held(&self) -> impl Iterator<Item = (QueueKey, Held)> + use<> {
        let mut held = vec![Held::default(); self.state.queues.len()];
        for Kind { id, .. } in self.state.kinds.iter() {
            let queue = &mut held[id.queue.0 as usize];
            queue.open = true;
            queue.channels.insert(id.channel);
            queue.asks |= !id.own.is_empty();
        }
        for (queue, held) in self.state.queues.iter().zip(&mut held) {
            held.open |= queue.engagements > 0;
        }
        (0u32..).map(QueueKey).zip(held).filter(|(_, held)| held.open)
    }

    /// Why some contact of the queue could not be matched under these rules, or where they send it on.
    fn unmatchable(&self, queue: QueueKey, rules: &'a Queue) -> Option<RequirementError> {
        let reachable = reachable(self.document, rules);
        let all = reachable.iter().flat_map(|queue| rules_of(queue)).filter(|rule| rule.own == OwnRequirement::Counts);
        let all: Vec<(&Rule, Breadth)> = all.map(|rule| (rule, Breadth::of(&rule.required))).collect();
        let kinds = self.state.kinds.iter().filter(|kind| kind.id.queue == queue && !kind.id.own.is_empty());
        let doubtful = kinds.flat_map(|kind| {
            let doubtful = all.iter().filter(|(_, breadth)| !breadth.surely_fits(kind.breadth));
            doubtful.map(|(rule, _)| (*rule, &kind.id.own))
        });
        doubtful.filter_map(|(rule, own)| combined(rule, Some(own)).err()).next()
    }
}

/// Why a contact that asks this could not be matched under these rules of the document, or where they send it on.
pub(in crate::engine) fn matchable(
    document: &Document,
    rules: &Queue,
    own: &Requirement,
) -> Result<(), RequirementError> {
    let reachable = reachable(document, rules);
    reachable.into_iter().flat_map(rules_of).try_for_each(|rule| combined(rule, Some(own)).map(drop))
}

fn rules_of(queue: &Queue) -> impl Iterator<Item = &Rule> {
    std::iter::once(&queue.rule).chain(queue.steps.iter().map(|step| &step.rule))
}

/// A queue and those to which a document may send its contacts, near or far.
fn reachable<'a>(document: &'a Document, from: &'a Queue) -> Vec<&'a Queue> {
    let mut seen: BTreeSet<&QueueName> = BTreeSet::new();
    let (mut queues, mut at) = (vec![from], 0);
    while let Some(queue) = queues.get(at).copied() {
        at += 1;
        let next = queue.successors().into_iter().filter(|name| seen.insert(name));
        queues.extend(next.filter_map(|name| document.queues.get(name)));
    }
    queues
}

/// Until everything is taken over, the pairs of both documents are in use.
fn check_lanes(state: &State, document: &Document) -> Option<Reject> {
    let mut lanes = lanes_of(&state.document, Some);
    lanes.append(&mut lanes_of(document, Some));
    let what = "distinct pairs of channel and cost in this document and the one in force together";
    (lanes.len() > LANES_MAX).then_some(Reject::LimitReached { what, limit: LANES_MAX })
}

/// Names keep their numbers for the tenant's life, so their number over all documents is limited.
fn check_names(state: &State, document: &Document) -> Option<Reject> {
    let new_queues = document.queues.keys().filter(|name| state.queue_names.find(name).is_none()).count();
    let new_skills = document.skills.keys().filter(|name| state.skill_names.find(name).is_none()).count();
    let new_channels = document.channels.keys().filter(|name| state.channel_names.find(name).is_none()).count();
    // Twice the limit of one document: names of earlier documents may still be in the journal.
    let totals = [
        ("queue names over all documents", state.queue_names.len() + new_queues, 2 * QUEUES_MAX),
        ("skill names over all documents", state.skill_names.len() + new_skills, 2 * SKILLS_MAX),
        ("channel names over all documents", state.channel_names.len() + new_channels, 2 * CHANNELS_MAX),
    ];
    let over = totals.into_iter().find(|(_, count, limit)| count > limit);
    over.map(|(what, _, limit)| Reject::LimitReached { what, limit })
}
