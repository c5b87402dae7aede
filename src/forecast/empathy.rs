//! How empathetic agents are: how customers left them, against what was to be expected.
//!
//! What is expected of a contact (a moment of truth or not, how the customer felt at the start, the channel) and what each
//! agent adds to it are found together, as an additive model with shrinkage (mixed model equations, Henderson 1975, solved
//! by backfitting). So easy contacts gain nobody anything, and who takes the hard ones loses nothing by it.
//!
//! Invariant: an agent's record is the prior, and speaks alone under [`ENOUGH`] outcomes. A level changes by one tier at
//! most in a day, and only if what was found is clearly beyond it. The same outcomes give the same levels. Language is no
//! part of the expectation: contacts do not say it. Not here: how an outcome comes about (`ending`).

use std::collections::BTreeMap;

use crate::{
    engine::Command,
    model::{
        document::Document,
        ids::{AgentId, AgentKey, ChannelKey, SkillName},
        requirement::Level,
        time::{Span, Timestamp},
    },
};

use super::{
    ending::{Kind, Outcome},
    staff::{Said, Staff},
};

/// So many outcomes have to be there before they say anything.
pub const ENOUGH: u32 = 30;
/// Levels are found anew this often.
const EVERY: Span = Span::from_secs(86_400);
/// What outcomes count a day later: half of them after ten weeks, so that who changes is seen to.
const KEPT: f64 = 0.99;
/// What counts less than this is forgotten.
const FORGOTTEN: f64 = 0.02;
/// Levels that matching tells apart.
const TIER: Level = 10;
/// What was found differs clearly from a level that is so many away: more than half a tier.
const CLEARLY: f64 = 8.0;
/// Of whom nothing is said.
const UNKNOWN: f64 = 50.0;
/// What a level is worth of all there is between a customer at ease and one distressed to the utmost.
const WORTH: f64 = 0.005;
/// How far an agent is usually from what the record says, in the same measure: fifteen levels.
const AGENTS_DIFFER: f64 = 15.0 * WORTH;
/// What a sort of contact adds is believed as if so many without it had been seen before.
const SHRINKAGE: f64 = 10.0;
/// Contacts alike differ by this much until they are known, in the same measure squared.
const CONTACTS_DIFFER: f64 = 0.05;
/// And are never believed to differ by less.
const CONTACTS_DIFFER_LEAST: f64 = 0.002;
/// Rounds of backfitting: more of them change what is found by less than tiers can tell, and the shard waits for them.
const ROUNDS: usize = 12;
/// Nine of ten are within so many standard deviations (normal distribution).
const NINE_OF_TEN: f64 = 1.645;

/// How customers left every agent.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// The skill that stands for empathy, if its level is learnt.
    skill: Option<SkillName>,
    agents: BTreeMap<AgentKey, Seen>,
    /// When levels are found anew; `None` = nothing is learnt yet.
    next_at: Option<Timestamp>,
    found: Vec<Learner>,
}

/// An agent's outcomes.
#[derive(Debug, Default)]
struct Seen {
    count: u32,
    /// Since when the level is what it is, if it was learnt.
    since: Option<Timestamp>,
    sums: BTreeMap<Kind, Sum>,
}

/// Outcomes of a sort, fading.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    count: f64,
    left: f64,
    squares: f64,
}

/// What is known of an agent's empathy, as of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// Who.
    pub agent: AgentId,
    /// The level by the record; 0 = it has none.
    pub recorded: Level,
    /// The level that was learnt and counts instead.
    pub learnt: Option<Level>,
    /// The record stands, whatever is found.
    pub is_fixed: bool,
    /// Outcomes seen.
    pub outcomes: u32,
    /// The level that outcomes and record come to together …
    pub found: Level,
    /// … and between which two it is in nine of ten cases.
    pub within: (Level, Level),
    /// Since when the learnt level counts.
    pub since: Option<Timestamp>,
    /// Whether the agent is of the best tenth of those with enough outcomes.
    pub is_role_model: bool,
}

impl Outcomes {
    /// Another document may learn nothing, or another skill: then all begins anew.
    pub fn follow(&mut self, document: &Document) {
        if self.skill.as_ref() != document.learnt_skill() {
            *self = Self { skill: document.learnt_skill().cloned(), ..Self::default() };
        }
    }

    /// Whether there is anything to learn.
    pub fn learns(&self) -> bool {
        self.skill.is_some()
    }

    /// How a customer left.
    pub fn note(&mut self, outcome: Outcome) {
        let Outcome { agent, kind, left } = outcome;
        let seen = self.agents.entry(agent).or_default();
        seen.count = seen.count.saturating_add(1);
        let sum = seen.sums.entry(kind).or_default();
        (sum.count, sum.left, sum.squares) = (sum.count + 1.0, sum.left + left, sum.squares + left * left);
    }

    /// An agent's level was taken over.
    pub fn set(&mut self, now: Timestamp, agent: AgentKey, said: &Said<'_>) {
        self.agents.entry(agent).or_default().since = said.learnt.map(|_| now);
        self.say(agent, said);
    }

    /// Something else is said of an agent.
    pub fn say(&mut self, agent: AgentKey, said: &Said<'_>) {
        let Ok(at) = self.place_of(said.agent) else { return };
        let since = self.agents.get(&agent).and_then(|seen| seen.since);
        let learner = &mut self.found[at];
        (learner.recorded, learner.learnt, learner.is_fixed) = (said.recorded, said.learnt, said.is_fixed);
        learner.since = since.filter(|_| said.learnt.is_some());
    }

    /// The agent is there no more.
    pub fn forget(&mut self, agent: AgentKey, id: &AgentId) {
        self.agents.remove(&agent);
        if let Ok(at) = self.place_of(id) {
            self.found.remove(at);
        }
    }

    fn place_of(&self, id: &AgentId) -> Result<usize, usize> {
        self.found.binary_search_by(|learner| learner.agent.cmp(id))
    }

    /// What was found of everybody, by id, when it was last looked at.
    pub fn found(&self) -> &[Learner] {
        &self.found
    }

    /// The levels that the engine should go by instead, once a day.
    pub fn advice(&mut self, now: Timestamp, staff: &Staff) -> Vec<Command> {
        if !self.learns() {
            return Vec::new();
        }
        match self.next_at {
            Some(next_at) if next_at <= now => {}
            Some(_) => return Vec::new(),
            None => {
                self.next_at = Some(now + EVERY);
                return Vec::new();
            }
        }
        self.next_at = Some(now + EVERY);
        self.find(staff);
        self.fade();
        self.found.iter().filter_map(Learner::advice).collect()
    }

    fn find(&mut self, staff: &Staff) {
        let said: Vec<(AgentKey, Said<'_>)> =
            staff.agents().filter_map(|agent| Some((agent, staff.said(agent)?))).collect();
        let mut model = Model::new(said.iter().map(|(_, said)| prior(said)).collect());
        for (at, (agent, _)) in said.iter().enumerate() {
            let sums = self.agents.get(agent).into_iter().flat_map(|seen| &seen.sums);
            sums.for_each(|(kind, sum)| model.add(at, *kind, *sum));
        }
        model.fit();
        let learner = |(at, (agent, said)): (usize, &(AgentKey, Said<'_>))| {
            let (seen, (found, spread)) = (self.agents.get(agent), model.level(at));
            Learner {
                agent: said.agent.clone(),
                recorded: said.recorded,
                learnt: said.learnt,
                is_fixed: said.is_fixed,
                outcomes: seen.map_or(0, |seen| seen.count),
                found: level(found),
                within: (level(found - spread), level(found + spread)),
                since: seen.and_then(|seen| seen.since).filter(|_| said.learnt.is_some()),
                is_role_model: false,
            }
        };
        let mut found: Vec<Learner> = said.iter().enumerate().map(learner).collect();
        found.sort_unstable_by(|a, b| (b.found, &a.agent).cmp(&(a.found, &b.agent)));
        let enough = found.iter().filter(|learner| learner.outcomes >= ENOUGH).count();
        let known = found.iter_mut().filter(|learner| learner.outcomes >= ENOUGH);
        known.take(enough / 10).for_each(|learner| learner.is_role_model = true);
        found.sort_unstable_by(|a, b| a.agent.cmp(&b.agent));
        self.found = found;
    }

    fn fade(&mut self) {
        for seen in self.agents.values_mut() {
            seen.sums.values_mut().for_each(|sum| {
                (sum.count, sum.left, sum.squares) = (sum.count * KEPT, sum.left * KEPT, sum.squares * KEPT);
            });
            seen.sums.retain(|_, sum| sum.count >= FORGOTTEN);
        }
    }
}

impl Learner {
    /// One tier towards what was found, if that is clearly another level.
    fn advice(&self) -> Option<Command> {
        if self.is_fixed || self.outcomes < ENOUGH {
            return None;
        }
        let level = next_tier(self.learnt.unwrap_or(self.recorded), self.found)?;
        Some(Command::LearnEmpathy { agent: self.agent.clone(), level: Some(level) })
    }
}

fn next_tier(now: Level, found: Level) -> Option<Level> {
    let beyond = f64::from(found) - f64::from(now);
    let next = match beyond {
        _ if beyond >= CLEARLY => (now / TIER + 1) * TIER,
        _ if beyond <= -CLEARLY => now.saturating_sub(1) / TIER * TIER,
        _ => return None,
    };
    (TIER..=100).contains(&next).then_some(next)
}

fn prior(said: &Said<'_>) -> f64 {
    let level = if said.recorded == 0 { UNKNOWN } else { f64::from(said.recorded) };
    (level - UNKNOWN) * WORTH
}

fn level(level: f64) -> Level {
    level.round().clamp(0.0, 100.0) as Level
}

/// What adds to an outcome: a moment of truth, the start, the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Moment(bool),
    Start(Option<u8>),
    Channel(ChannelKey),
}

/// The additive model over sums of outcomes.
#[derive(Debug)]
struct Model {
    cells: Vec<Cell>,
    numbers: BTreeMap<Part, usize>,
    mean: f64,
    parts: Vec<f64>,
    priors: Vec<f64>,
    agents: Vec<f64>,
    /// Outcomes of each agent.
    counts: Vec<f64>,
    /// How much contacts alike differ.
    variance: f64,
}

#[derive(Debug)]
struct Cell {
    agent: usize,
    parts: [usize; 3],
    sum: Sum,
}

impl Model {
    fn new(priors: Vec<f64>) -> Self {
        Self {
            cells: Vec::new(),
            numbers: BTreeMap::new(),
            mean: 0.0,
            parts: Vec::new(),
            agents: priors.clone(),
            counts: vec![0.0; priors.len()],
            priors,
            variance: CONTACTS_DIFFER,
        }
    }

    fn add(&mut self, agent: usize, kind: Kind, sum: Sum) {
        let parts = [Part::Moment(kind.is_moment), Part::Start(kind.start), Part::Channel(kind.channel)];
        let parts = parts.map(|part| {
            let next = self.numbers.len();
            *self.numbers.entry(part).or_insert(next)
        });
        self.cells.push(Cell { agent, parts, sum });
        self.counts[agent] += sum.count;
    }

    fn fit(&mut self) {
        self.parts = vec![0.0; self.numbers.len()];
        for _ in 0..ROUNDS {
            self.fit_mean();
            (0..3).for_each(|place| self.fit_parts(place));
            self.fit_agents();
            self.fit_variance();
        }
    }

    fn expected(&self, cell: &Cell) -> f64 {
        self.mean + cell.parts.iter().map(|part| self.parts[*part]).sum::<f64>() + self.agents[cell.agent]
    }

    /// What is left of a sum when all of it that is explained is taken away.
    fn left_over(&self, cell: &Cell) -> f64 {
        cell.sum.left - cell.sum.count * self.expected(cell)
    }

    fn fit_mean(&mut self) {
        let count: f64 = self.counts.iter().sum();
        if count > 0.0 {
            self.mean += self.cells.iter().map(|cell| self.left_over(cell)).sum::<f64>() / count;
        }
    }

    fn fit_parts(&mut self, place: usize) {
        let (mut over, mut counts) = (vec![0.0; self.parts.len()], vec![0.0; self.parts.len()]);
        for cell in &self.cells {
            let part = cell.parts[place];
            over[part] += self.left_over(cell) + cell.sum.count * self.parts[part];
            counts[part] += cell.sum.count;
        }
        for ((part, over), count) in self.parts.iter_mut().zip(over).zip(counts).filter(|(_, count)| *count > 0.0) {
            *part = over / (count + SHRINKAGE);
        }
    }

    fn fit_agents(&mut self) {
        let mut over: Vec<f64> = self.agents.iter().zip(&self.counts).map(|(adds, count)| adds * count).collect();
        self.cells.iter().for_each(|cell| over[cell.agent] += self.left_over(cell));
        let trust = 1.0 / (AGENTS_DIFFER * AGENTS_DIFFER);
        for (at, adds) in self.agents.iter_mut().enumerate() {
            let (told, count) = (over[at] / self.variance, self.counts[at] / self.variance);
            *adds = (told + self.priors[at] * trust) / (count + trust);
        }
    }

    fn fit_variance(&mut self) {
        let count: f64 = self.counts.iter().sum();
        let squares = self.cells.iter().map(|cell| {
            let (sum, expected) = (cell.sum, self.expected(cell));
            sum.squares - 2.0 * expected * sum.left + expected * expected * sum.count
        });
        let usual = CONTACTS_DIFFER * f64::from(ENOUGH);
        let found = (squares.sum::<f64>() + usual) / (count + f64::from(ENOUGH));
        self.variance = found.max(CONTACTS_DIFFER_LEAST);
    }

    /// An agent's level, and how far off it is at most in nine of ten cases.
    fn level(&self, agent: usize) -> (f64, f64) {
        let trust = 1.0 / (AGENTS_DIFFER * AGENTS_DIFFER);
        let deviation = (1.0 / (self.counts[agent] / self.variance + trust)).sqrt();
        (UNKNOWN + self.agents[agent] / WORTH, NINE_OF_TEN * deviation / WORTH)
    }
}

#[cfg(test)]
mod tests;
