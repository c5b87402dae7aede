//! What to set for a scenario, and whom to hire: loads against staff by formula, and the choices for moments of truth by
//! formula and simulation.
//!
//! [`demand`] says who asks what of agents and how many have it, hour by hour, with the queues of [`erlang`]. For moments of
//! truth [`policy`] writes choices as a part of the document, [`pool`] trains agents, and [`trial`] plays each choice beside
//! its neighbours on the same customers. The formulas are those that the daemon itself goes by: the reserve's
//! ([`forecast::reserve`](crate::forecast::reserve)), the hold's and the release's (the document's own).
//!
//! Invariant: all of it follows from the scenario and its seed. Where simulation and formula disagree, the simulation has
//! the last word, and it is said. Not here: tables and JSON (`cli::advise`).

use std::collections::{BTreeMap, BTreeSet};

use rand::{SeedableRng, rngs::StdRng};

use super::{
    player::{Hear, Refused},
    scenario::{Length, Scenario, distribution::seconds, distribution::span_of},
    study::Study,
};
use crate::{
    forecast::{
        Group,
        reserve::{Ask, LOAD_MAX, may_get},
    },
    lint,
    model::{
        document::{Acceptance, DocumentError},
        limits::{AGENTS_MAX, RESERVE_AGENTS_MIN},
        time::Span,
    },
};

pub mod demand;
pub mod erlang;
mod policy;
mod pool;
pub mod trial;

use demand::Demand;
pub use demand::{Goal, Hour, Need};
pub use policy::Setting;
use policy::{Policy, usual_hold, usual_release};
use pool::Pool;
pub use trial::{Lever, Met, Than, Tried, Value};
use trial::{Trials, met};

/// Skills whose reserve is looked at by itself; the rest goes by the formula.
const RESERVES_TRIED: usize = 3;
/// Each lever is settled so often: what one is worth depends on the others.
const ROUNDS: usize = 2;
/// So many times are drawn of each agent's.
const DRAWN: usize = 20;

/// What to do.
#[derive(Debug)]
pub struct Advice {
    /// Who asks what, and who has it.
    pub needs: Vec<Need>,
    /// Of moments of truth; none if none come.
    pub care: Option<Care>,
    /// What else is to be said, in the order of its weight.
    pub findings: Vec<Finding>,
    /// Independent runs of each setting that was played.
    pub runs: u32,
    /// Contacts of each that count, if the scenario counts them.
    pub contacts: Option<u64>,
    /// Settings that were played.
    pub played: usize,
}

/// What to do about moments of truth.
#[derive(Debug)]
pub struct Care {
    /// Moments of truth in the hour in which they ask most, in Erlangs.
    pub erlangs: f64,
    /// When that hour begins.
    pub from: Span,
    /// Empathetic agents who are there then.
    pub there: u32,
    /// How many are needed, by the formula; none if no number is enough.
    pub needed_by_formula: Option<u32>,
    /// How many are needed, by simulation; none if training all who are there is not enough.
    pub needed: Option<u32>,
    /// The share of moments that finds nobody while none is kept free.
    pub fail: f64,
    /// Groups for which agents are counted, with what each asks.
    pub reserves: Vec<Reserve>,
    /// As the document is.
    pub before: Met,
    /// As it is advised.
    pub after: Met,
    /// What is advised.
    pub setting: Setting,
    /// Each choice beside its neighbours, all else as advised.
    pub levers: Vec<Tries>,
    /// What is advised as a part of the document, in TOML.
    pub text: String,
}

/// Agents who are kept free for a skill.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// The skill; `None` = of those without another.
    pub group: Group,
    /// How many there are.
    pub agents: usize,
    /// Moments that they may get, in Erlangs.
    pub erlangs: f64,
    /// How many to keep free, by the formula.
    pub by_formula: u32,
    /// Whether that was looked at by itself.
    pub is_tried: bool,
}

/// A lever's values.
#[derive(Debug)]
pub struct Tries {
    /// Which lever.
    pub lever: Lever,
    /// What the others are compared with.
    pub zero: Value,
    /// By the formula.
    pub formula: Option<Value>,
    /// What is advised.
    pub advised: Option<Value>,
    /// All that was tried.
    pub rows: Vec<Tried>,
}

/// Something to know before one follows advice.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// Too few agents have what is asked.
    TooFew {
        /// What is asked.
        need: String,
        /// The hour in which most are lacking.
        from: Span,
        /// Who is there.
        there: f64,
        /// How many are needed; none if no number is enough.
        needed: Option<u32>,
        /// Hours in which there are too few.
        hours: usize,
    },
    /// Moments take more of the empathetic agents' time than a reserve can make up for.
    TooFewEmpathetic {
        /// Moments, in Erlangs.
        erlangs: f64,
        /// Who is there.
        there: usize,
        /// Of which group.
        group: Group,
    },
    /// Nothing that was tried is enough.
    NotReached {
        /// The share that was wanted.
        wanted: f64,
        /// The share that is reached by what is advised.
        reached: f64,
    },
    /// Simulation and formula disagree.
    Disagree {
        /// About this.
        lever: Lever,
        /// By the formula.
        formula: Value,
        /// By simulation.
        simulated: Value,
    },
    /// Reports and routing find other agents empathetic.
    OtherEmpathy,
    /// The skills of which only the formula speaks.
    Unchecked(Vec<Group>),
    /// Moments were never seen in the runs.
    Unseen,
    /// What the linter says of the advised document and did not say before.
    Lint(String),
}

/// Why there is no advice.
#[derive(Debug, thiserror::Error)]
pub enum AdviceError {
    /// The scenario is at fault.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The document takes no more.
    #[error("the routing document with what is advised is not valid: {0}")]
    Document(#[from] DocumentError),
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The share of all contacts that is to be answered in time.
    pub service_level: f64,
    /// The share of moments that is to reach an empathetic agent in time; none = as the document's reserve has it.
    pub reached: Option<f64>,
    /// No more contacts are played in a run than this, if the scenario counts them.
    pub contacts_max: u64,
}

/// Looks at a scenario and plays what might be done.
///
/// # Errors
/// Fails if the document takes no such keys, or with the first contact that could never have come.
pub fn advise(scenario: &Scenario, wanted: Wanted, hear: Hear<'_>) -> Result<Advice, AdviceError> {
    let by_document = 1.0 - f64::from(scenario.document.reserve.target) / 100.0;
    let goal = Goal { service_level: wanted.service_level, reached: wanted.reached.unwrap_or(by_document) };
    let mut scenario = scenario.clone();
    if let Length::Contacts(contacts) = &mut scenario.run.length {
        *contacts = (*contacts).min(wanted.contacts_max);
    }
    let demand = Demand::of(&scenario);
    let needs = demand.needs(goal);
    let mut advice = Advice {
        findings: needs.iter().filter_map(too_few).collect(),
        needs,
        care: None,
        runs: scenario.run.runs,
        contacts: match scenario.run.length {
            Length::Contacts(contacts) => Some(contacts),
            Length::Time(_) => None,
        },
        played: 0,
    };
    if let Some(hour) = demand.moments() {
        Careful { scenario: &scenario, demand: &demand, hour, goal, hear }.advise(&mut advice)?;
    }
    Ok(advice)
}

fn too_few(need: &Need) -> Option<Finding> {
    let worst = need.at_worst();
    worst.is_short().then(|| Finding::TooFew {
        need: need.to_string(),
        from: worst.from,
        there: worst.there,
        needed: worst.needed,
        hours: need.short(),
    })
}

/// Moments of truth in their hour.
struct Careful<'s> {
    scenario: &'s Scenario,
    demand: &'s Demand<'s>,
    hour: usize,
    goal: Goal,
    hear: Hear<'s>,
}

/// By the formulas.
struct Formula {
    setting: Setting,
    fail: f64,
    reserves: Vec<Reserve>,
}

impl Careful<'_> {
    fn advise(&self, advice: &mut Advice) -> Result<(), AdviceError> {
        let policy = Policy::of(self.scenario, self.demand);
        let pool = Pool::of(self.scenario, self.demand, self.hour);
        let mut trials = Trials::new(self.scenario, &policy, &pool, self.goal, self.hear);
        let before = met(&Study::of(self.scenario, self.hear, |_, _| {})?);
        let (Some(before), Some(formula)) = (before, self.formula(&policy, &pool, &mut trials)?) else {
            advice.findings.push(Finding::Unseen);
            return Ok(());
        };
        let setting = self.settle(&formula, &mut trials)?;
        let Some(after) = trials.met(&setting)? else { return Ok(()) };
        let mut levers = Vec::new();
        for lever in self.levers(&formula, &setting) {
            levers.push(self.tries(&lever, &formula, &setting, &mut trials)?);
        }
        let erlangs = self.demand.moments_at(self.hour);
        let needed_by_formula = self.needed_by_formula(&formula, &setting);
        let least = ceil(erlangs).max(1);
        let needed = match needed_by_formula.unwrap_or(pool.there).max(least) {
            about if pool.most > 0 => trials.fewest(&setting, least, about)?,
            _ => None,
        };
        levers.push(self.empathetic(&pool, &setting, (needed_by_formula, needed), &mut trials)?);
        self.find(&formula, &levers, &after, advice);
        let text = policy.text(&setting);
        advice.findings.extend(self.lint(&policy, &setting)?);
        advice.played = trials.count() + 1;
        advice.care = Some(Care {
            erlangs,
            from: self.demand.hours.all[self.hour].0,
            there: pool.there,
            needed_by_formula,
            needed,
            fail: formula.fail,
            reserves: formula.reserves,
            before,
            after,
            setting,
            levers,
            text,
        });
        Ok(())
    }

    /// What the formulas say, with the share that fails as it is played; none if no moment was ever seen.
    fn formula(
        &self,
        policy: &Policy<'_>,
        pool: &Pool,
        trials: &mut Trials<'_>,
    ) -> Result<Option<Formula>, AdviceError> {
        let (hold, release) = self.times();
        let nobody = Setting { kept: BTreeMap::from([(None, 0)]), hold, release, empathetic: None };
        let document = policy.document(&nobody)?;
        let staff = pool.staff(self.scenario, &document);
        let mut groups: Vec<Group> = staff.groups().keys().cloned().collect();
        if groups.is_empty() {
            groups.push(None);
        }
        let kept: BTreeMap<Group, u32> = groups.iter().map(|group| (group.clone(), 0)).collect();
        let nobody = Setting { kept, ..nobody };
        let Some(met) = trials.met(&nobody)? else { return Ok(None) };
        let (fail, target) = (1.0 - met.reached.mean, 1.0 - self.goal.reached);
        let usual = u32::from(staff.available() >= RESERVE_AGENTS_MIN);
        let reserve = |group: &Group| {
            let agents = staff.groups().get(group).copied().unwrap_or(0);
            let load = may_get(group, &staff, |group| self.demand.moments_asking(group.as_ref(), self.hour));
            let ask = Ask { load, agents, fail, target };
            let by_formula = if agents == 0 || ask.is_short() {
                // With too few of them, keeping more free would only keep others waiting.
                usual
            } else if staff.available() < RESERVE_AGENTS_MIN {
                0
            } else {
                ask.smallest()
            };
            Reserve { group: group.clone(), agents, erlangs: load, by_formula, is_tried: false }
        };
        let mut reserves: Vec<Reserve> = groups.iter().map(reserve).collect();
        let mut by_load: Vec<usize> = (0..reserves.len()).filter(|at| reserves[*at].erlangs > 0.0).collect();
        by_load.sort_by(|a, b| reserves[*b].erlangs.total_cmp(&reserves[*a].erlangs));
        by_load.iter().take(RESERVES_TRIED).for_each(|at| reserves[*at].is_tried = true);
        let kept = reserves.iter().map(|reserve| (reserve.group.clone(), reserve.by_formula)).collect();
        Ok(Some(Formula { setting: Setting { kept, ..nobody }, fail, reserves }))
    }

    /// How long moments are held and routine contacts leave the reserve alone, by the rules: the shortest of all queues.
    fn times(&self) -> (Span, Span) {
        let document = &self.scenario.document;
        let (within, accepting) = (self.scenario.within, usual_acceptance(self.scenario));
        let queues = |of_moments: bool| {
            let flows = self.demand.flows.iter().filter(move |flow| !of_moments || flow.has_moments());
            flows.filter_map(|flow| document.queues.get(&flow.queue))
        };
        let hold = queues(true).map(|queue| usual_hold(queue, within, accepting)).min();
        let release = queues(false).map(|queue| usual_release(document, queue, within, accepting)).min();
        (hold.unwrap_or(Span::ZERO), release.unwrap_or(Span::ZERO))
    }

    /// The longest that a moment may be held and still be in time, anywhere.
    fn hold_max(&self) -> Span {
        let document = &self.scenario.document;
        let accepting = usual_acceptance(self.scenario);
        let flows = self.demand.flows.iter().filter(|flow| flow.has_moments());
        let queues = flows.filter_map(|flow| document.queues.get(&flow.queue));
        let in_time = queues.map(|queue| {
            let asked = if queue.offers.acceptance == Acceptance::Automatic { Span::ZERO } else { accepting };
            Span(self.scenario.within.min(queue.service_level).0 - asked.0)
        });
        in_time.min().unwrap_or(Span::ZERO)
    }

    fn levers(&self, formula: &Formula, setting: &Setting) -> Vec<Lever> {
        let tried = formula.reserves.iter().filter(|reserve| reserve.is_tried);
        let reserves = tried.map(|reserve| Lever::Reserve(reserve.group.clone()));
        let times = setting.keeps().then_some([Lever::Hold, Lever::Release]);
        reserves.chain(times.into_iter().flatten()).collect()
    }

    /// A value, its neighbours and nothing at all.
    fn values(&self, lever: &Lever, formula: &Formula) -> BTreeSet<Value> {
        let most = self.hold_max();
        match lever.of(&formula.setting, 0) {
            Value::Agents(k) => [0, k.saturating_sub(1), k, k + 1].map(Value::Agents).into(),
            Value::Time(span) => {
                let twice = span.doubled(1);
                let may_be = *lever != Lever::Hold || twice <= most;
                let all = [Span::ZERO, span].into_iter().chain(may_be.then_some(twice));
                all.map(Value::Time).collect()
            }
        }
    }

    /// Where the simulation ends that begins with the formula.
    fn settle(&self, formula: &Formula, trials: &mut Trials<'_>) -> Result<Setting, AdviceError> {
        let mut at = formula.setting.clone();
        for _ in 0..ROUNDS {
            let before = at.clone();
            let mut levers = self.levers(formula, &at);
            // What gives way later needs less to be kept: it is settled first, and what is held last.
            levers.sort_by_key(|lever| match lever {
                Lever::Release => 0,
                Lever::Reserve(_) | Lever::Empathetic => 1,
                Lever::Hold => 2,
            });
            for lever in levers {
                if !at.keeps() && matches!(lever, Lever::Hold | Lever::Release) {
                    continue;
                }
                let most = formula.reserves.iter().map(|reserve| reserve.agents).max().unwrap_or(0);
                let most = u32::try_from(most).unwrap_or(u32::MAX);
                let value = trials.settle(&lever, &at, self.values(&lever, formula), most)?;
                at = lever.set(&at, value);
            }
            if at == before {
                break;
            }
        }
        Ok(at)
    }

    fn tries(
        &self,
        lever: &Lever,
        formula: &Formula,
        setting: &Setting,
        trials: &mut Trials<'_>,
    ) -> Result<Tries, AdviceError> {
        let (by_formula, advised) = (lever.of(&formula.setting, 0), lever.of(setting, 0));
        let zero = match by_formula {
            Value::Agents(_) => Value::Agents(0),
            Value::Time(_) => Value::Time(Span::ZERO),
        };
        let mut values = self.values(lever, formula);
        values.insert(advised);
        let rows = trials.rows(lever, setting, zero, &values)?;
        Ok(Tries { lever: lever.clone(), zero, formula: Some(by_formula), advised: Some(advised), rows })
    }

    /// How many empathetic agents are needed while as many are kept free, or one.
    fn needed_by_formula(&self, formula: &Formula, setting: &Setting) -> Option<u32> {
        let load = self.demand.moments_at(self.hour);
        let (fail, target) = (formula.fail, 1.0 - self.goal.reached);
        let k = setting.kept.values().copied().max().unwrap_or(0);
        let k = if fail <= target { k } else { k.max(1) };
        let least = ceil(load / LOAD_MAX).max(1) as usize;
        let is_enough = |agents: &usize| Ask { load, agents: *agents, fail, target }.share(k) <= target;
        (least..=AGENTS_MAX).find(is_enough).and_then(|agents| u32::try_from(agents).ok())
    }

    fn empathetic(
        &self,
        pool: &Pool,
        setting: &Setting,
        (formula, needed): (Option<u32>, Option<u32>),
        trials: &mut Trials<'_>,
    ) -> Result<Tries, AdviceError> {
        let near = |count: u32| [count.saturating_sub(1), count, count + 1];
        let around = formula.into_iter().chain(needed).flat_map(near);
        let values = around.chain([pool.there]).filter(|count| *count <= pool.most).map(Value::Agents).collect();
        let zero = Value::Agents(pool.there);
        let rows = trials.rows(&Lever::Empathetic, setting, zero, &values)?;
        let [formula, advised] = [formula, needed].map(|count| count.map(Value::Agents));
        Ok(Tries { lever: Lever::Empathetic, zero, formula, advised, rows })
    }

    fn find(&self, formula: &Formula, levers: &[Tries], after: &Met, advice: &mut Advice) {
        let short = formula.reserves.iter().filter(|reserve| {
            let Reserve { erlangs: load, agents, .. } = **reserve;
            Ask { load, agents, fail: formula.fail, target: 1.0 - self.goal.reached }.is_short()
        });
        advice.findings.extend(short.map(|reserve| Finding::TooFewEmpathetic {
            erlangs: reserve.erlangs,
            there: reserve.agents,
            group: reserve.group.clone(),
        }));
        let (wanted, reached) = (self.goal.reached, after.reached);
        if reached.mean + reached.half_width().unwrap_or(0.0) < wanted {
            advice.findings.push(Finding::NotReached { wanted, reached: reached.mean });
        }
        let disagree = levers.iter().filter_map(|tries| {
            let (formula, simulated) = tries.formula.zip(tries.advised)?;
            (formula != simulated).then(|| Finding::Disagree { lever: tries.lever.clone(), formula, simulated })
        });
        advice.findings.extend(disagree);
        let unchecked = formula.reserves.iter().filter(|reserve| !reserve.is_tried && reserve.by_formula > 0);
        let unchecked: Vec<Group> = unchecked.map(|reserve| reserve.group.clone()).collect();
        if !unchecked.is_empty() {
            advice.findings.push(Finding::Unchecked(unchecked));
        }
        let empathy = &self.demand.empathy;
        if (&empathy.skill, empathy.level) != (&self.scenario.empathy, self.scenario.empathy_level) {
            advice.findings.push(Finding::OtherEmpathy);
        }
    }

    /// What the linter says only of what is advised.
    fn lint(&self, policy: &Policy<'_>, setting: &Setting) -> Result<Vec<Finding>, AdviceError> {
        let before = lint::document(&self.scenario.document);
        let after = lint::document(&policy.document(setting)?);
        let is_new = |remark: &lint::Remark| {
            let same = |known: &lint::Remark| known.kind == remark.kind && known.said.path == remark.said.path;
            !before.iter().any(same)
        };
        Ok(after.iter().filter(|remark| is_new(remark)).map(|remark| Finding::Lint(remark.to_string())).collect())
    }
}

/// How long agents who are asked usually take to accept: nine of ten.
fn usual_acceptance(scenario: &Scenario) -> Span {
    let mut rng = StdRng::seed_from_u64(1);
    let mut times: Vec<f64> = Vec::new();
    for group in &scenario.groups {
        let time = group.acceptance.time.as_ref();
        let draws = (0..DRAWN * group.len()).map(|_| time.map_or(0.0, |time| seconds(time.draw(&mut rng))));
        times.extend(draws);
    }
    times.sort_unstable_by(f64::total_cmp);
    let usual = times.get(times.len() * 9 / 10).copied().unwrap_or(0.0);
    span_of((usual * 10.0).ceil() / 10.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as many as agents, and not negative")]
fn ceil(number: f64) -> u32 {
    number.ceil().max(0.0) as u32
}
