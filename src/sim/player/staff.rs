//! The agents: who they are, how they react to offers, and how busy they are.
//!
//! Invariant: an agent reacts to a contact's n-th offer the same under every document; work and presence are counted only
//! within the watched time, in shares of an agent.

use rand::RngExt;

use super::{
    chance,
    guest::Guest,
    outcome::{Clock, Load},
};
use crate::{
    model::{
        agent::Presence,
        ids::{AgentId, AgentKey},
        time::{Span, Timestamp},
    },
    sim::scenario::{
        Group, Scenario, Turn,
        distribution::{seconds, span_of},
    },
};

/// What of a recorded contact's chance its work follows from, the first of it and what comes after.
const WORK: u64 = 1 << 8;

/// What an agent does with an offer, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Takes it after so long.
    Accepts(Span),
    /// Says no after so long.
    Declines(Span),
    /// Does not hear it.
    Misses,
}

/// All of them, by their place in the scenario.
#[derive(Debug)]
pub struct Staff<'s> {
    agents: Vec<Agent<'s>>,
    by_key: Vec<usize>,
    meters: Vec<Meter>,
}

#[derive(Debug)]
struct Agent<'s> {
    id: &'s AgentId,
    group: &'s Group,
    group_at: usize,
    is_there: bool,
}

impl<'s> Staff<'s> {
    /// Nobody is there yet.
    pub fn new(scenario: &'s Scenario, watched: (Timestamp, Option<Timestamp>), clock: Clock) -> Self {
        let of_group = |(group_at, group): (usize, &'s Group)| {
            group.agents.iter().map(move |id| Agent { id, group, group_at, is_there: false })
        };
        let meters = scenario.groups.iter().map(|_| Meter::new(watched, clock)).collect();
        Self { agents: scenario.groups.iter().enumerate().flat_map(of_group).collect(), by_key: Vec::new(), meters }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.agents.len()
    }

    /// An agent's id.
    pub fn id(&self, agent: usize) -> AgentId {
        self.agents[agent].id.clone()
    }

    /// An agent's group.
    pub fn group(&self, agent: usize) -> &'s Group {
        self.agents[agent].group
    }

    /// The place of an agent's group.
    pub fn group_at(&self, agent: usize) -> usize {
        self.agents[agent].group_at
    }

    /// The engine knows an agent by this number: the next one, as they are put.
    pub fn know(&mut self, key: AgentKey, agent: usize) {
        let at = key.0 as usize;
        if self.by_key.len() <= at {
            self.by_key.resize(at + 1, usize::MAX);
        }
        self.by_key[at] = agent;
    }

    /// Whom the engine means.
    pub fn of(&self, key: AgentKey) -> usize {
        self.by_key[key.0 as usize]
    }

    /// Somebody comes or goes.
    pub fn is_there(&mut self, agent: usize, is_there: bool, now: Timestamp) {
        let of = &mut self.agents[agent];
        if of.is_there != is_there {
            of.is_there = is_there;
            self.meters[of.group_at].there(now, if is_there { 1.0 } else { -1.0 });
        }
    }

    /// Whether an agent works at this time.
    pub fn is_on_shift(&self, agent: usize, now: Timestamp) -> bool {
        let Group { shifts, turns, .. } = self.agents[agent].group;
        let at = now - Timestamp(0);
        let said = turns.iter().take_while(|(from, _)| *from <= at).filter_map(|(_, turn)| match turn {
            Turn::Presence(presence) => Some(*presence == Presence::Available),
            Turn::Profile(_) | Turn::Empathy(_) => None,
        });
        if !turns.is_empty() {
            return said.last().unwrap_or(false);
        }
        shifts.is_empty() || shifts.iter().any(|(from, until)| (*from..*until).contains(&at))
    }

    /// Somebody has so much more to do, or less, in costs of contacts.
    pub fn work(&mut self, agent: usize, cost: f64, now: Timestamp) {
        let Agent { group, group_at, .. } = self.agents[agent];
        self.meters[group_at].work(now, cost / f64::from(group.capacity));
    }

    /// What an agent does with an offer of a contact.
    pub fn reaction(&self, agent: usize, guest: &Guest, seed: u64) -> Reaction {
        let acceptance = &self.agents[agent].group.acceptance;
        if acceptance.is_at_once() {
            return Reaction::Accepts(Span::ZERO);
        }
        let mut rng = chance(seed ^ guest.chance, (agent as u64 + 1) << 20 | u64::from(guest.offers));
        let mood = rng.random::<f64>();
        let after = acceptance.time.as_ref().map_or(Span::ZERO, |time| time.draw(&mut rng));
        match mood {
            mood if mood < acceptance.missed => Reaction::Misses,
            mood if mood < acceptance.missed + acceptance.declined => Reaction::Declines(after),
            _ => Reaction::Accepts(after),
        }
    }

    /// How long an agent takes with a contact; with one that is recorded as long as it took.
    pub fn handling(&self, agent: usize, guest: &Guest) -> Span {
        let group = self.agents[agent].group;
        if let Some(work) = guest.work() {
            let drawn = work.takes.draw(&mut chance(guest.chance, WORK + guest.answers as u64));
            return drawn.unwrap_or(Span::ZERO);
        }
        let usual = match &group.handling {
            None => guest.handling,
            Some(own) => own.draw(&mut chance(guest.chance, 2)),
        };
        if group.pace == 1.0 { usual } else { span_of(seconds(usual) * group.pace) }
    }

    /// What comes later counts no more.
    pub fn stop(&mut self, now: Timestamp) {
        self.meters.iter_mut().for_each(|meter| meter.stop(now));
    }

    /// How busy each group was.
    pub fn into_loads(self) -> Vec<Load> {
        self.meters.into_iter().map(|meter| meter.load).collect()
    }
}

/// A group's work and presence over time.
#[derive(Debug)]
struct Meter {
    clock: Clock,
    since: Timestamp,
    until: Timestamp,
    working: f64,
    there: f64,
    load: Load,
}

impl Meter {
    fn new((from, until): (Timestamp, Option<Timestamp>), clock: Clock) -> Self {
        let until = until.unwrap_or(Timestamp::FAR);
        Self { clock, since: from, until, working: 0.0, there: 0.0, load: Load::default() }
    }

    fn there(&mut self, now: Timestamp, more: f64) {
        self.pass(now);
        self.there += more;
    }

    fn work(&mut self, now: Timestamp, more: f64) {
        self.pass(now);
        self.working += more;
    }

    fn stop(&mut self, now: Timestamp) {
        self.pass(now);
        self.until = self.until.min(now);
    }

    fn pass(&mut self, now: Timestamp) {
        let now = now.min(self.until);
        while self.since < now {
            let slice = self.clock.slice(self.since);
            let until = self.clock.ends(slice).min(now);
            let time = seconds(until - self.since);
            // Whoever works on after going home is there all the same.
            let there = self.there.max(self.working);
            self.load.busy[slice] += self.working * time;
            self.load.there[slice] += there * time;
            self.since = until;
        }
    }
}
