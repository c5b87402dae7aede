//! What to do about moments of truth: by the formulas first, then by what they come to.
//!
//! Each lever is settled while the others stand: when the reserve gives way, how many are kept free, how long a moment is
//! held; and once more, because what one is worth depends on the others. Last, how many empathetic agents that takes.
//!
//! Invariant: the formulas' values and their neighbours are played in any case. Not here: playing and choosing (`trial`).

use std::collections::{BTreeMap, BTreeSet};

use rand::{SeedableRng, rngs::StdRng};

use super::{
    Advice, AdviceError, Care, Finding, Goal, Reserve, Tries,
    demand::Demand,
    policy::{Policy, Setting, usual_hold, usual_release},
    pool::Pool,
    trial::{Lever, Met, Trials, Value, is_within, met},
};
use crate::{
    forecast::{
        Group,
        reserve::{Ask, LOAD_MAX, may_get},
    },
    lint,
    model::{
        document::{Acceptance, Queue},
        limits::{AGENTS_MAX, RESERVE_AGENTS_MIN},
        time::Span,
    },
    sim::{
        player::Hear,
        scenario::{Scenario, distribution::seconds, distribution::span_of},
        study::Study,
    },
};

/// Skills whose reserve is looked at by itself; the rest goes by the formula.
const RESERVES_TRIED: usize = 3;
/// Each lever is settled so often.
const ROUNDS: usize = 2;
/// So many times are drawn of each agent's.
const DRAWN: usize = 20;

/// Moments of truth in their hour.
pub struct Careful<'s> {
    /// Who comes and who works.
    pub scenario: &'s Scenario,
    /// What they ask.
    pub demand: &'s Demand<'s>,
    /// The hour in which moments ask most of empathetic agents.
    pub hour: usize,
    /// What is to be reached.
    pub goal: Goal,
    /// What customers' words say.
    pub hear: Hear<'s>,
}

/// By the formulas.
struct Formula {
    setting: Setting,
    fail: f64,
    reserves: Vec<Reserve>,
}

impl Careful<'_> {
    /// Plays what might be done, and adds to the advice what is to be done.
    ///
    /// # Errors
    /// Fails if the document takes no such keys, or with the first contact that could never have come.
    pub fn advise(&self, advice: &mut Advice) -> Result<(), AdviceError> {
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
        let accepting = usual_acceptance(self.scenario);
        let hold = self.queues(true).map(|(queue, within)| usual_hold(queue, within, accepting)).min();
        let release = self.queues(false).map(|(queue, within)| usual_release(document, queue, within, accepting)).min();
        (hold.unwrap_or(Span::ZERO), release.unwrap_or(Span::ZERO))
    }

    /// The longest that a moment may be held and still be in time, anywhere.
    fn hold_max(&self) -> Span {
        let accepting = usual_acceptance(self.scenario);
        let in_time = self.queues(true).map(|(queue, within)| {
            let asked = if queue.offers.acceptance == Acceptance::Automatic { Span::ZERO } else { accepting };
            Span(within.min(queue.service_level).0 - asked.0)
        });
        in_time.min().unwrap_or(Span::ZERO)
    }

    /// Queues to which contacts come, or moments of truth among them, and within which time those are to be answered.
    fn queues(&self, of_moments: bool) -> impl Iterator<Item = (&Queue, Span)> {
        let flows = self.demand.flows.iter().filter(move |flow| !of_moments || flow.has_moments());
        flows.filter_map(|flow| {
            Some((self.scenario.document.queues.get(&flow.queue)?, self.scenario.target(flow.class)))
        })
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
                let value =
                    trials.settle(&lever, &at, (lever.of(&formula.setting, 0), self.values(&lever, formula)), most)?;
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
        if !is_within(reached, wanted) {
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
