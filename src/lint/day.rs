//! Who is there when, and who comes when: all that is looked at hour by hour.
//!
//! Invariant: times are counted from the midnight before the first of them, as in scenarios, and nothing recurs: what is
//! not given does not happen. Not here: where it comes from (a scenario, in `sim`), what is said of it (`hours`).

use super::Agent;
use crate::model::{
    agent::AgentProfile,
    ids::{AgentId, ChannelName, QueueName},
    requirement::Condition,
    time::Span,
};

/// Who works when, and who comes when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Day {
    /// Who works.
    pub groups: Vec<Group>,
    /// Who comes; no two of the same queue, channel and demands.
    pub flows: Vec<Flow>,
}

/// Agents who are alike and work at the same times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they are called together.
    pub name: AgentId,
    /// Each of them.
    pub agents: Vec<AgentId>,
    /// With which skills, queues and capacity.
    pub profile: AgentProfile,
    /// When they work, from one time to before another, in rising order and apart; empty = always.
    pub shifts: Vec<(Span, Span)>,
}

/// Contacts that go the same way and ask the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Where they go.
    pub queue: QueueName,
    /// How they come.
    pub channel: ChannelName,
    /// What they ask of an agent beyond what their queue asks: all of it.
    pub asks: Vec<Condition>,
    /// When they come.
    pub comes: Vec<Come>,
}

/// Contacts of a flow that come within a time, as likely at one moment of it as at another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Come {
    /// From here …
    pub from: Span,
    /// … to before here; the same as `from` = at that very moment.
    pub until: Span,
    /// How many, on average, in thousandths of a contact …
    pub contacts_milli: u64,
    /// … and how many of them are moments of truth.
    pub moments_milli: u64,
}

/// A time at which something is amiss, as long as contacts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// When the first may come …
    pub from: Span,
    /// … and before when all have.
    pub until: Span,
    /// When the last may come.
    pub last: Span,
    /// How many, in thousandths.
    pub count_milli: u64,
}

impl Day {
    /// Everybody who works, whenever that is.
    pub(super) fn agents(&self) -> Vec<Agent> {
        let of_group = |group: &Group| group.agents.iter().map(|id| group.agent(id)).collect::<Vec<_>>();
        self.groups.iter().flat_map(of_group).collect()
    }

    /// One of each group, under its name.
    pub(super) fn kinds_of_agents(&self) -> Vec<Agent> {
        self.groups.iter().filter(|group| !group.agents.is_empty()).map(|group| group.agent(&group.name)).collect()
    }
}

impl Group {
    fn agent(&self, id: &AgentId) -> Agent {
        Agent { id: id.clone(), profile: self.profile.clone() }
    }

    /// The first moment from here to before there at which they work.
    pub(super) fn first_within(&self, from: Span, until: Span) -> Option<Span> {
        let first = match self.shifts.iter().find(|(_, ends)| *ends > from) {
            None if !self.shifts.is_empty() => return None,
            None => from,
            Some((begins, _)) => from.max(*begins),
        };
        (first < until && !self.agents.is_empty()).then_some(first)
    }
}

impl Flow {
    /// What of it comes within a time, as `counted` of each; none if nothing does.
    pub(super) fn within(&self, (begins, ends): (Span, Span), counted: fn(&Come) -> u64) -> Option<Gap> {
        let pieces = self.comes.iter().filter_map(|come| {
            let (from, until) = (come.from.max(begins), come.until.min(ends));
            let is_moment = come.from == come.until && (begins..ends).contains(&come.from);
            let (count_milli, last) = match is_moment {
                true => (counted(come), from),
                false if from < until => (share(counted(come), (from, until), come), Span(until.0 - 1)),
                false => return None,
            };
            (count_milli > 0).then_some(Gap { from, until, last, count_milli })
        });
        pieces.reduce(|all, next| Gap {
            from: all.from.min(next.from),
            until: all.until.max(next.until),
            last: all.last.max(next.last),
            count_milli: all.count_milli + next.count_milli,
        })
    }
}

/// The part of a number that falls on a part of its time; something is never nothing.
fn share(count_milli: u64, (from, until): (Span, Span), come: &Come) -> u64 {
    let length = |from: Span, until: Span| u128::from(until.0.abs_diff(from.0));
    let part = u128::from(count_milli) * length(from, until) / length(come.from, come.until).max(1);
    u64::try_from(part).unwrap_or(u64::MAX).max(u64::from(count_milli > 0))
}
