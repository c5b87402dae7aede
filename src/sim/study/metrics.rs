//! What is measured of contacts: one table, from which tables, JSON and comparisons are made.
//!
//! Invariant: a measure that makes no sense without contacts has no value without them. Service level is answered within
//! the scenario's time over all offered.

use crate::sim::player::outcome::Figures;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Contacts.
    Contacts,
    /// A share, 0 to 1.
    Share,
    /// Seconds.
    Seconds,
}

/// A measure.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its title for people.
    pub title: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Whether more of it is better; none if that depends.
    pub more_is_better: Option<bool>,
    value: fn(&Figures) -> Option<f64>,
}

impl Metric {
    /// Its value.
    pub fn of(&self, figures: &Figures) -> Option<f64> {
        (self.value)(figures)
    }

    /// The measure of this key.
    pub fn named(key: &str) -> &'static Self {
        METRICS.iter().find(|metric| metric.key == key).expect("keys are those of the table")
    }
}

/// All of them.
pub const METRICS: &[Metric] = &[
    metric("offered", "OFFERED", Unit::Contacts, None, |of| Some(of.tally.offered as f64)),
    metric("answered", "ANSWERED", Unit::Contacts, Some(true), |of| Some(of.answered as f64)),
    metric("abandoned", "LEFT", Unit::Contacts, Some(false), |of| Some(of.tally.abandoned as f64)),
    metric("blocked", "BLOCKED", Unit::Contacts, Some(false), |of| Some(of.blocked as f64)),
    metric("abandoned_share", "LEFT", Unit::Share, Some(false), |of| share(of, of.tally.abandoned)),
    metric("blocked_share", "BLOCKED", Unit::Share, Some(false), |of| share(of, of.blocked)),
    metric("waited_share", "WAITED", Unit::Share, Some(false), |of| share(of, of.delayed)),
    metric("wait_mean", "MEAN WAIT", Unit::Seconds, Some(false), |of| {
        mean(of.tally.waited, of.tally.offered - of.blocked)
    }),
    metric("answer_wait_mean", "MEAN TILL ANSWER", Unit::Seconds, Some(false), |of| {
        mean(of.answer_waited, of.answered)
    }),
    metric("in_time_share", "IN TIME", Unit::Share, Some(true), |of| share(of, of.tally.in_time)),
    metric("empathetic_in_time_share", "ON EMPATHETIC", Unit::Share, Some(true), |of| {
        share(of, of.tally.in_time_empathetic)
    }),
    metric("empathetic_share", "EVER ON EMPATHETIC", Unit::Share, Some(true), |of| share(of, of.empathetic)),
    metric("wait_p50", "P50", Unit::Seconds, Some(false), |of| quantile(of, 0.5)),
    metric("wait_p80", "P80", Unit::Seconds, Some(false), |of| quantile(of, 0.8)),
    metric("wait_p90", "P90", Unit::Seconds, Some(false), |of| quantile(of, 0.9)),
    metric("wait_p95", "P95", Unit::Seconds, Some(false), |of| quantile(of, 0.95)),
    metric("wait_p99", "P99", Unit::Seconds, Some(false), |of| quantile(of, 0.99)),
];

const fn metric(
    key: &'static str,
    title: &'static str,
    unit: Unit,
    more_is_better: Option<bool>,
    value: fn(&Figures) -> Option<f64>,
) -> Metric {
    Metric { key, title, unit, more_is_better, value }
}

fn share(of: &Figures, count: u64) -> Option<f64> {
    mean(count as f64, of.tally.offered)
}

fn mean(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

fn quantile(of: &Figures, share: f64) -> Option<f64> {
    (!of.waits.is_empty()).then(|| of.waits.value_at_quantile(share) as f64 / 1e3)
}
