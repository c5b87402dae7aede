//! What a document does not know of a day: what contacts need, without which the day cannot be played, and what of agents
//! and queues it is played without.
//!
//! Invariant: everything that contacts need and the document lacks is named at once, with how often it is needed.

use std::collections::BTreeMap;

use crate::{
    engine::{Command, command::Destination},
    model::{
        agent::AgentProfile,
        document::Document,
        ids::{ChannelName, QueueName},
        requirement::Requirement,
    },
};

use super::{contacts::Past, inputs::Unplayable};

/// Checks that a document has whatever contacts name.
pub(super) fn lacking(contacts: &[Past], document: &Document) -> Result<(), Unplayable> {
    let mut lacks = Lacks { document, found: BTreeMap::new() };
    for past in contacts {
        lacks.contact(&past.new.queue, &past.new.channel);
        lacks.requirement(&past.new.requirement);
        past.told.iter().for_each(|(_, command)| lacks.command(command));
        past.legs.iter().filter_map(|leg| leg.then.as_ref()).for_each(|command| lacks.command(command));
    }
    let lines = lacks.lines();
    if lines.is_empty() { Ok(()) } else { Err(Unplayable::Lacks(lines)) }
}

/// An agent's record without what a document does not know.
pub(super) fn known_to(document: &Document, profile: &AgentProfile, left_out: &mut LeftOut) -> AgentProfile {
    let mut profile = profile.clone();
    let (skills, queues, limits) = (profile.skills.len(), profile.queues.len(), profile.channel_limits.len());
    profile.skills.retain(|skill, _| document.skills.contains_key(skill));
    profile.queues.retain(|queue| document.queues.contains_key(queue));
    profile.channel_limits.retain(|channel, _| document.channels.contains_key(channel));
    left_out.note("skills of agents that the document does not know", skills - profile.skills.len());
    left_out.note("queues of agents that the document does not know", queues - profile.queues.len());
    left_out.note("channels of agents that the document does not know", limits - profile.channel_limits.len());
    profile
}

/// What a day is played without.
#[derive(Debug, Default)]
pub(super) struct LeftOut(BTreeMap<&'static str, usize>);

impl LeftOut {
    pub fn note(&mut self, what: &'static str, count: usize) {
        if count > 0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    pub fn lines(self) -> Vec<String> {
        self.0.into_iter().map(|(what, count)| format!("{what}: {count}")).collect()
    }
}

/// What a document lacks, and how often that is needed.
struct Lacks<'d> {
    document: &'d Document,
    found: BTreeMap<String, u64>,
}

impl Lacks<'_> {
    fn contact(&mut self, queue: &QueueName, channel: &ChannelName) {
        match self.document.queues.get(queue) {
            None => self.note(format!("has no queue {:?}, to which contacts came", queue.as_str())),
            Some(rules) if !rules.takes(channel) => {
                let (queue, channel) = (queue.as_str(), channel.as_str());
                self.note(format!("has a queue {queue:?} that does not take {channel:?}, by which contacts came"));
            }
            Some(_) => {}
        }
        if !self.document.channels.contains_key(channel) {
            self.note(format!("has no channel {:?}, by which contacts came", channel.as_str()));
        }
    }

    fn requirement(&mut self, requirement: &Requirement) {
        for condition in requirement.conditions() {
            if !self.document.skills.contains_key(&condition.skill) {
                self.note(format!("has no skill {:?}, for which contacts ask", condition.skill.as_str()));
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::RequeueContact { queue: Some(queue), .. }
            | Command::TransferContact { to: Destination::Queue(queue), .. }
                if !self.document.queues.contains_key(queue) =>
            {
                self.note(format!("has no queue {:?}, to which contacts were passed on", queue.as_str()));
            }
            Command::TransferContact { to: Destination::Skills(skills), .. } => self.requirement(skills),
            Command::UpdateContact { requirement: Some(requirement), .. } => self.requirement(requirement),
            _ => {}
        }
    }

    fn note(&mut self, what: String) {
        *self.found.entry(what).or_default() += 1;
    }

    fn lines(self) -> Vec<String> {
        self.found.into_iter().map(|(what, count)| format!("{what} ({count})")).collect()
    }
}
