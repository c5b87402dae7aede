//! Settings played on the same customers, and which of their values is the cheapest that is enough.
//!
//! A value is enough if the share of moments of truth that reach an empathetic agent in time is no further below the one
//! that is wanted than its standard error. Of those that are enough the smallest is taken, because it costs least: keeping
//! fewer free and giving way sooner lets routine contacts wait less, holding shorter moments. If none is enough the
//! formula's value stands, or if the best is clearly better, the smallest that chance alone might tell from the best.
//!
//! Invariant: a setting is played once, whatever asks for it; every difference is that of pairs of runs. Not here: where
//! the values come from (`advice`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    AdviceError, Goal,
    policy::{Policy, Setting},
    pool::Pool,
};
use crate::{
    forecast::Group,
    model::{document::written_span, time::Span},
    sim::{
        player::Hear,
        scenario::Scenario,
        study::{Estimate, Metric, Of, Pair, Study, compare},
    },
};

/// So many more than the formula and its neighbour are kept free in search of enough, at most.
const FURTHER: usize = 3;

/// What is varied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lever {
    /// How many agents of a group are kept free.
    Reserve(Group),
    /// How long a moment of truth is held.
    Hold,
    /// How long a routine contact leaves the reserve alone.
    Release,
    /// How many agents are empathetic.
    Empathetic,
}

/// A value of a lever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// So many agents.
    Agents(u32),
    /// So long.
    Time(Span),
}

/// Seconds, or a number of agents.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agents(count) => write!(f, "{count}"),
            Self::Time(span) => f.write_str(&written_span(*span)),
        }
    }
}

impl Lever {
    /// A setting with this value of it.
    pub fn set(&self, at: &Setting, value: Value) -> Setting {
        let mut setting = at.clone();
        match (self, value) {
            (Self::Reserve(group), Value::Agents(k)) => _ = setting.kept.insert(group.clone(), k),
            (Self::Empathetic, Value::Agents(count)) => setting.empathetic = Some(count),
            (Self::Hold, Value::Time(span)) => setting.hold = span,
            (Self::Release, Value::Time(span)) => setting.release = span,
            (Self::Reserve(_) | Self::Empathetic, Value::Time(_)) | (Self::Hold | Self::Release, Value::Agents(_)) => {
                unreachable!("each lever is given values of its own kind")
            }
        }
        setting
    }

    /// What a setting has of it.
    pub fn of(&self, setting: &Setting, there: u32) -> Value {
        match self {
            Self::Reserve(group) => Value::Agents(setting.kept.get(group).copied().unwrap_or(0)),
            Self::Empathetic => Value::Agents(setting.empathetic.unwrap_or(there)),
            Self::Hold => Value::Time(setting.hold),
            Self::Release => Value::Time(setting.release),
        }
    }
}

/// What a value comes to.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The value.
    pub value: Value,
    /// What contacts meet with.
    pub met: Met,
    /// Against the value that the lever's others are compared with; none of that itself.
    pub than: Option<Than>,
}

/// What contacts meet with.
#[derive(Debug, Clone, Copy)]
pub struct Met {
    /// The share of moments of truth that reach an empathetic agent in time.
    pub reached: Estimate,
    /// The share of them that anyone answers in time.
    pub answered: Estimate,
    /// How long moments wait, in seconds, and which share of them leaves.
    pub moment_wait: Estimate,
    /// The share of moments that leave.
    pub moment_left: Estimate,
    /// How long all others wait, in seconds.
    pub routine_wait: Estimate,
    /// The share of all others that are answered in time.
    pub routine_in_time: Estimate,
}

/// The same customers with one value and with another.
#[derive(Debug, Clone, Copy)]
pub struct Than {
    /// Moments that reach an empathetic agent in time.
    pub reached: Pair,
    /// How long moments wait.
    pub moment_wait: Pair,
    /// How long all others wait.
    pub routine_wait: Pair,
    /// All others that are answered in time.
    pub routine_in_time: Pair,
}

/// Whatever was played.
pub struct Trials<'t> {
    scenario: &'t Scenario,
    policy: &'t Policy<'t>,
    pool: &'t Pool,
    goal: Goal,
    hear: Hear<'t>,
    played: BTreeMap<Setting, Study>,
}

impl<'t> Trials<'t> {
    /// Nothing so far.
    pub fn new(scenario: &'t Scenario, policy: &'t Policy<'t>, pool: &'t Pool, goal: Goal, hear: Hear<'t>) -> Self {
        Self { scenario, policy, pool, goal, hear, played: BTreeMap::new() }
    }

    /// How many settings were played.
    pub fn count(&self) -> usize {
        self.played.len()
    }

    /// What contacts meet with; none where no moment of truth or nothing else came in any run.
    ///
    /// # Errors
    /// Fails if the document takes no such keys, or with the first contact that could never have come.
    pub fn met(&mut self, setting: &Setting) -> Result<Option<Met>, AdviceError> {
        Ok(met(self.play(setting)?))
    }

    /// Values of a lever while all else is as in a setting, each against `zero`.
    ///
    /// # Errors
    /// As [`met`](Self::met).
    pub fn rows(
        &mut self,
        lever: &Lever,
        at: &Setting,
        zero: Value,
        values: &BTreeSet<Value>,
    ) -> Result<Vec<Tried>, AdviceError> {
        let without = lever.set(at, zero);
        self.play(&without)?;
        let mut rows = Vec::new();
        for value in values {
            let setting = lever.set(at, *value);
            let found = self.met(&setting)?;
            let than = (*value != zero).then(|| self.than(&without, &setting)).flatten();
            rows.extend(found.map(|met| Tried { value: *value, met, than }));
        }
        Ok(rows)
    }

    /// The cheapest value of a lever that is enough while all else is as in a setting; of a reserve, a few more are tried
    /// than are given if none is.
    ///
    /// # Errors
    /// As [`met`](Self::met).
    pub fn settle(
        &mut self,
        lever: &Lever,
        at: &Setting,
        (formula, mut values): (Value, BTreeSet<Value>),
        most: u32,
    ) -> Result<Value, AdviceError> {
        for value in &values {
            self.play(&lever.set(at, *value))?;
        }
        let mut further = FURTHER;
        loop {
            let chosen = self.cheapest(lever, at, formula, &values);
            let next = match chosen {
                Value::Agents(k) if further > 0 && k < most && values.last() == Some(&chosen) => Value::Agents(k + 1),
                _ => return Ok(chosen),
            };
            if self.is_enough(&lever.set(at, chosen)) {
                return Ok(chosen);
            }
            further -= 1;
            self.play(&lever.set(at, next))?;
            values.insert(next);
        }
    }

    /// The fewest empathetic agents with whom a setting is enough, looked for from `about` on; none if not even with all.
    ///
    /// # Errors
    /// As [`met`](Self::met).
    pub fn fewest(&mut self, at: &Setting, least: u32, about: u32) -> Result<Option<u32>, AdviceError> {
        let most = self.pool.most;
        let about = about.clamp(least.min(most), most);
        let (mut few, mut enough) = (least.saturating_sub(1), about);
        let mut step = 1;
        while !self.is_enough_with(at, enough)? {
            if enough >= most {
                return Ok(None);
            }
            few = enough;
            enough = (enough + step).min(most);
            step *= 2;
        }
        while few + 1 < enough {
            let half = few + (enough - few) / 2;
            if self.is_enough_with(at, half)? {
                enough = half;
            } else {
                few = half;
            }
        }
        Ok(Some(enough))
    }

    fn is_enough_with(&mut self, at: &Setting, empathetic: u32) -> Result<bool, AdviceError> {
        let setting = Lever::Empathetic.set(at, Value::Agents(empathetic));
        self.play(&setting)?;
        Ok(self.is_enough(&setting))
    }

    /// Whether the share that is wanted is reached by a setting that was played, as far as chance lets one say.
    pub fn is_enough(&self, setting: &Setting) -> bool {
        let reached = met(self.study(setting)).map(|met| met.reached);
        reached.is_some_and(|of| is_within(of, self.goal.reached))
    }

    fn cheapest(&self, lever: &Lever, at: &Setting, formula: Value, values: &BTreeSet<Value>) -> Value {
        let setting = |value: &Value| lever.set(at, *value);
        let reached = |value: &Value| met(self.study(&setting(value))).map_or(0.0, |met| met.reached.mean);
        if let Some(enough) = values.iter().find(|value| self.is_enough(&setting(value))) {
            return *enough;
        }
        let best = values.iter().max_by(|a, b| reached(a).total_cmp(&reached(b))).expect("a lever has values");
        let is_worse = |value: &Value| {
            let than = self.than(&setting(value), &setting(best));
            than.is_some_and(|than| than.reached.is_clear() && than.reached.difference.mean > 0.0)
        };
        if values.contains(&formula) && !is_worse(&formula) {
            return formula;
        }
        *values.iter().find(|value| !is_worse(value)).expect("the best is not worse than itself")
    }

    fn than(&self, first: &Setting, second: &Setting) -> Option<Than> {
        let (first, second) = (self.study(first), self.study(second));
        let pair = |of: Of, key: &str| compare(first, second, of, Metric::named(key));
        Some(Than {
            reached: pair(Of::Moments, "empathetic_in_time_share")?,
            moment_wait: pair(Of::Moments, "wait_mean")?,
            routine_wait: pair(Of::Routine, "wait_mean")?,
            routine_in_time: pair(Of::Routine, "in_time_share")?,
        })
    }

    fn play(&mut self, setting: &Setting) -> Result<&Study, AdviceError> {
        let plain = self.plain(setting);
        if !self.played.contains_key(&plain) {
            let mut scenario = self.scenario.clone();
            scenario.document = self.policy.document(&plain)?;
            if let Some(empathetic) = plain.empathetic {
                self.pool.resize(&mut scenario, empathetic);
            }
            let study = Study::of(&scenario, self.hear, |_, _| {})?;
            self.played.insert(plain.clone(), study);
        }
        Ok(&self.played[&plain])
    }

    fn study(&self, setting: &Setting) -> &Study {
        &self.played[&self.plain(setting)]
    }

    fn plain(&self, setting: &Setting) -> Setting {
        let mut plain = self.policy.plain(setting);
        plain.empathetic = plain.empathetic.filter(|count| *count != self.pool.there);
        plain
    }
}

/// Whether a share is no further below another than its standard error.
pub fn is_within(share: Estimate, wanted: f64) -> bool {
    share.mean + share.error.unwrap_or(0.0) >= wanted
}

/// What contacts of a study meet with; none if some of them never came.
pub fn met(study: &Study) -> Option<Met> {
    let of = |of: Of, key: &str| study.estimate(of, Metric::named(key));
    Some(Met {
        reached: of(Of::Moments, "empathetic_in_time_share")?,
        answered: of(Of::Moments, "in_time_share")?,
        moment_wait: of(Of::Moments, "wait_mean")?,
        moment_left: of(Of::Moments, "abandoned_share")?,
        routine_wait: of(Of::Routine, "wait_mean")?,
        routine_in_time: of(Of::Routine, "in_time_share")?,
    })
}
