//! What a document asks, beside the agents there are.
//!
//! Invariant: every agent counts as present with nothing to do, so whatever is told here holds at every hour. What a
//! contact asks itself is not known and not counted.

use std::collections::BTreeMap;

use super::{
    Agent, Kind, Say,
    routing::{asked, needed},
};
use crate::model::{
    agent::AgentProfile,
    document::{Document, Members, Queue, ReserveMode, Rule, written_span},
    ids::{ChannelName, QueueName, SkillName},
    requirement::{Condition, Level},
    similar::similar,
    time::Span,
};

/// Looks at all of it, and of the agents at these by name; of a document without agents there is nothing to say.
pub(super) fn look(document: &Document, agents: &[Agent], by_name: &[Agent], say: Say<'_>) {
    if agents.is_empty() {
        return;
    }
    let staff = Staff { document, agents };
    for (name, queue) in &document.queues {
        staff.queue(name, queue, say);
    }
    staff.skills(say);
    Staff { document, agents: by_name }.records(say);
    staff.reserve(say);
}

/// What a queue asks at first and at each step that a wait alone leads to before it is over, with when that begins: where
/// nobody is there no wait is estimated, so an overflow alone lets nobody in.
pub(super) fn phases(queue: &Queue) -> impl Iterator<Item = (Span, &Rule)> {
    let steps = queue.steps.iter().filter_map(|step| Some((step.after?, &step.rule)));
    let steps = steps.filter(|(after, _)| *after < queue.max_wait.after);
    std::iter::once((Span::ZERO, &queue.rule)).chain(steps)
}

/// What a queue asks at first and at every step.
pub(super) fn rules(queue: &Queue) -> impl Iterator<Item = &Rule> {
    std::iter::once(&queue.rule).chain(queue.steps.iter().map(|step| &step.rule))
}

/// What keeps an agent with nothing else to do from a contact that asks nothing itself.
pub(super) fn kept(
    document: &Document,
    profile: &AgentProfile,
    (name, queue): (&QueueName, &Queue),
    channel: &ChannelName,
    rule: &Rule,
) -> Kept {
    if queue.members == Members::Assigned && !profile.queues.contains(name) {
        return Kept::ByAssignment;
    }
    if !rule.required.holds(&profile.skills) {
        return Kept::BySkills;
    }
    let cost = queue.cost.unwrap_or(document.channels[channel].cost);
    let is_refused = profile.channel_limits.get(channel) == Some(&0);
    if is_refused || cost > profile.capacity { Kept::ByCapacity } else { Kept::Not }
}

struct Staff<'d> {
    document: &'d Document,
    agents: &'d [Agent],
}

/// What keeps an agent from contacts of a channel at a phase of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kept {
    /// The queue is another's.
    ByAssignment,
    /// What is asked.
    BySkills,
    /// What it takes.
    ByCapacity,
    /// Nothing.
    Not,
}

impl Staff<'_> {
    fn queue(&self, name: &QueueName, queue: &Queue, say: Say<'_>) {
        let channels: Vec<&ChannelName> =
            self.document.channels.keys().filter(|channel| queue.takes(channel)).collect();
        // The nearest that anybody comes, by channel and phase.
        let best = |channel: &ChannelName, rule: &Rule| {
            self.agents.iter().map(|agent| self.kept(agent, (name, queue), channel, rule)).max().unwrap_or(Kept::Not)
        };
        let mut barred: BTreeMap<(Kept, Option<Span>), Vec<&str>> = BTreeMap::new();
        for channel in &channels {
            let first = phases(queue).find(|(_, rule)| best(channel, rule) == Kept::Not).map(|(after, _)| after);
            if first == Some(Span::ZERO) {
                continue;
            }
            let why = phases(queue).map(|(_, rule)| best(channel, rule)).filter(|kept| *kept != Kept::Not).max();
            barred.entry((why.unwrap_or(Kept::Not), first)).or_default().push(channel.as_str());
        }
        for ((why, first), by) in &barred {
            let words = without_anybody(*why, *first, (by.len() < channels.len()).then(|| by.join(", ")));
            let key = if *why == Kept::ByAssignment { "members" } else { "require" };
            say(Kind::QueueNobodyServes, &["queues", name.as_str(), key], words);
        }
        if barred.is_empty() {
            self.one_agent(name, queue, &channels, say);
            self.without_empathy(name, queue, &channels, say);
        }
    }

    fn serving<'s>(
        &'s self,
        (name, queue): (&'s QueueName, &'s Queue),
        channels: &'s [&ChannelName],
    ) -> impl Iterator<Item = &'s Agent> {
        self.agents.iter().filter(move |agent| {
            let by = |channel: &ChannelName| {
                rules(queue).any(|rule| self.kept(agent, (name, queue), channel, rule) == Kept::Not)
            };
            channels.iter().any(|channel| by(channel))
        })
    }

    fn one_agent(&self, name: &QueueName, queue: &Queue, channels: &[&ChannelName], say: Say<'_>) {
        let mut serving = self.serving((name, queue), channels);
        if let (Some(only), None) = (serving.next(), serving.next())
            && queue.members == Members::Open
            && self.agents.len() > 1
        {
            let words = format!(
                "is satisfied by {} alone, at every step; train a second agent, or add a step that asks less",
                only.id
            );
            say(Kind::QueueOneAgent, &["queues", name.as_str(), "require"], words);
        }
    }

    fn without_empathy(&self, name: &QueueName, queue: &Queue, channels: &[&ChannelName], say: Say<'_>) {
        let Some(empathy) = self.document.empathy.as_ref().filter(|_| !self.document.moments.is_empty()) else {
            return;
        };
        let condition = empathy.condition(0);
        if !self.serving((name, queue), channels).any(|agent| has(agent, &condition)) {
            let words = format!(
                "is satisfied by no agent with {}; let one of the empathetic agents serve this queue too",
                shown(&condition)
            );
            say(Kind::QueueWithoutEmpathy, &["queues", name.as_str(), "require"], words);
        }
    }

    fn kept(&self, agent: &Agent, queue: (&QueueName, &Queue), channel: &ChannelName, rule: &Rule) -> Kept {
        kept(self.document, &agent.profile, queue, channel, rule)
    }

    fn skills(&self, say: Say<'_>) {
        let asked = asked(self.document);
        let needed: Vec<&Condition> = self.document.queues.values().flat_map(rules).flat_map(needed).collect();
        for skill in self.document.skills.keys() {
            let keys = ["skills", skill.as_str()];
            let is_asked = asked.iter().any(|condition| condition.skill == *skill);
            let highest =
                needed.iter().filter(|condition| condition.skill == *skill).map(|condition| condition.level).max();
            let best: Option<Level> =
                self.agents.iter().filter_map(|agent| agent.profile.skills.get(skill)).max().copied();
            match (highest, best) {
                (None, None) if !is_asked => {
                    let words = "is asked by no queue and no moment, and no agent has it; leave it out";
                    say(Kind::SkillUnused, &keys, words.to_owned());
                }
                (Some(_), None) => {
                    let words = "is asked for, and no agent has it; give it to somebody, or ask for it no more";
                    say(Kind::SkillNobodyHas, &keys, words.to_owned());
                }
                (Some(highest), Some(best)) if highest > best => {
                    let words = format!(
                        "is asked for at {highest}, and the best agent has {best}; ask for less, or train somebody"
                    );
                    say(Kind::LevelNobodyHas, &keys, words);
                }
                (None, None) | (_, Some(_)) => {}
            }
        }
    }

    /// What the agents' own records say. They have no place in the document's text: the path names the agent.
    fn records(&self, say: Say<'_>) {
        let channels: Vec<&ChannelName> = self.document.channels.keys().collect();
        for agent in self.agents {
            let keys = ["agents", agent.id.as_str()];
            let unknown_skill = |skill: &&SkillName| !self.document.skills.contains_key(*skill);
            for skill in agent.profile.skills.keys().filter(unknown_skill) {
                let meant = similar(skill.as_str(), self.document.skills.keys().map(SkillName::as_str));
                say(Kind::AgentNamesUnknown, &keys, unknown("skill", skill.as_str(), meant));
            }
            for name in &agent.profile.queues {
                match self.document.queues.get(name) {
                    None => {
                        let meant = similar(name.as_str(), self.document.queues.keys().map(QueueName::as_str));
                        say(Kind::AgentNamesUnknown, &keys, unknown("queue", name.as_str(), meant));
                    }
                    Some(queue) if queue.members == Members::Open => {
                        let words = format!(
                            "is assigned to {name}, which is open to all; set its members = \"assigned\", or leave this out"
                        );
                        say(Kind::AssignmentSaysNothing, &keys, words);
                    }
                    Some(_) => {}
                }
            }
            let is_reached = self.document.queues.iter().any(|(name, queue)| {
                let by: Vec<&ChannelName> = channels.iter().filter(|channel| queue.takes(channel)).copied().collect();
                Staff { document: self.document, agents: std::slice::from_ref(agent) }
                    .serving((name, queue), &by)
                    .next()
                    .is_some()
            });
            if !is_reached {
                let words =
                    "may take no contact of any queue at any step; give the agent the skills, the channels or the capacity of one".to_owned();
                say(Kind::AgentUnreached, &keys, words);
            }
        }
    }

    /// Reserves that the document states, against who there is.
    fn reserve(&self, say: Say<'_>) {
        let (Some(empathy), reserve) = (&self.document.empathy, &self.document.reserve) else { return };
        if reserve.mode == ReserveMode::Off {
            return;
        }
        let condition = empathy.condition(0);
        let empathetic: Vec<&Agent> = self.agents.iter().filter(|agent| has(agent, &condition)).collect();
        let words = |k: u32, there: usize| {
            format!(
                "keeps {k} free, and there are {there}; keep fewer, or leave it out: then it follows the load \
                 (it gives way after {})",
                written_span(reserve.floor_until)
            )
        };
        if let Some(k) = reserve.k.filter(|k| *k > 0 && *k as usize >= empathetic.len()) {
            say(Kind::ReserveKeepsAll, &["reserve", "k"], words(k, empathetic.len()));
        }
        for (skill, k) in reserve.k_by_skill.iter().filter(|(_, k)| **k > 0) {
            let there = empathetic.iter().filter(|agent| agent.profile.skills.contains_key(skill)).count();
            if there > 0 && *k as usize >= there {
                say(Kind::ReserveKeepsAll, &["reserve", "k_by_skill", skill.as_str()], words(*k, there));
            }
        }
    }
}

fn without_anybody(why: Kept, first: Option<Span>, by: Option<String>) -> String {
    let what = match why {
        Kept::ByAssignment => "no agent is assigned to this queue; assign somebody, or set members = \"open\"",
        Kept::BySkills | Kept::Not => "no agent satisfies it; train somebody, or ask less in a step",
        Kept::ByCapacity => {
            "whoever satisfies it has too little capacity or takes none of the channel; raise capacity or limits, or lower \
             the cost"
        }
    };
    let when = first.map_or_else(String::new, |first| format!(" before {}", written_span(first)));
    let by = by.map_or_else(String::new, |by| format!(" for {by}"));
    format!("is met by nobody{when}{by}: {what}")
}

fn has(agent: &Agent, condition: &Condition) -> bool {
    agent.profile.skills.get(&condition.skill).is_some_and(|level| *level >= condition.level)
}

pub(super) fn shown(condition: &Condition) -> String {
    format!("{}>={}", condition.skill, condition.level)
}

fn unknown(what: &str, name: &str, meant: Option<&str>) -> String {
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
    format!("names the {what} {name:?}, which the document does not have{meant}")
}
