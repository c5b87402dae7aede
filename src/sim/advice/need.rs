//! What some contacts ask of agents, hour by hour, and how many have it.
//!
//! Invariant: an hour in which nobody comes needs nobody. Not here: how it is counted (`demand`).

use std::{collections::BTreeMap, fmt};

use crate::model::{
    requirement::{Condition, Conjunct, Dnf},
    time::Span,
};

/// So much of an agent's hour may be missing before one is lacking: a record begins with agents who are still coming.
pub const LATE: f64 = 0.25;

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// The share of all contacts that is to be answered in time.
    pub service_level: f64,
    /// The share of moments of truth that is to reach an empathetic agent in time.
    pub reached: f64,
}

/// What some contacts ask, and who has it.
#[derive(Debug, Clone)]
pub struct Need {
    /// What they ask.
    pub required: Dnf,
    /// Whether it is asked of moments of truth alone, as long as they are held.
    pub of_moments: bool,
    /// Hour by hour.
    pub hours: Vec<Hour>,
    /// The hour in which most are lacking, or which has most to do.
    pub busiest: usize,
}

impl Need {
    /// The busiest hour.
    pub fn at_worst(&self) -> &Hour {
        &self.hours[self.busiest]
    }

    /// Hours in which there are too few.
    pub fn short(&self) -> usize {
        self.hours.iter().filter(|hour| hour.is_short()).count()
    }

    /// Erlangs and agents, on average over the hours.
    pub fn over_all(&self) -> (f64, f64) {
        let count = self.hours.len().max(1) as f64;
        let sum = |of: fn(&Hour) -> f64| self.hours.iter().map(of).sum::<f64>() / count;
        (sum(|hour| hour.erlangs), sum(|hour| hour.there))
    }
}

/// As documents have it: `passwords>=30`, several joined by `and`, alternatives by `or`.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let condition = |(not, condition): (&str, &Condition)| match condition.level {
            1 => format!("{not}{}", condition.skill),
            level => format!("{not}{}>={level}", condition.skill),
        };
        let conjunct = |one: &Conjunct| {
            let must = one.must.iter().map(|must| ("", must)).chain(one.must_not.iter().map(|not| ("not ", not)));
            let all: Vec<String> = must.map(condition).collect();
            if all.is_empty() { "anyone".to_owned() } else { all.join(" and ") }
        };
        let all: Vec<String> = self.required.conjuncts.iter().map(conjunct).collect();
        write!(f, "{}{}", all.join(" or "), if self.of_moments { " (moments)" } else { "" })
    }
}

/// An hour of a need.
#[derive(Debug, Clone, Default)]
pub struct Hour {
    /// When it begins.
    pub from: Span,
    /// Contacts an hour …
    pub contacts: f64,
    /// … by class.
    pub classes: BTreeMap<usize, f64>,
    /// How many agents they keep at work, with wrap-up and what offers cost.
    pub erlangs: f64,
    /// How long one takes, all that included, in seconds.
    pub takes: f64,
    /// Agents who are there and have what is asked, on average.
    pub there: f64,
    /// How many are needed; none if no number is enough.
    pub needed: Option<u32>,
    /// The share that is in time with those who are there, if they do nothing else; none if nobody comes.
    pub in_time: Option<f64>,
}

impl Hour {
    /// Whether there are too few.
    pub fn is_short(&self) -> bool {
        self.in_time.is_some() && self.needed.is_none_or(|needed| self.there + LATE < f64::from(needed))
    }
}
