//! How good estimates of waits are, queue by queue.
//!
//! Invariant: labels are put together when a queue is first counted, and never again; an estimate is judged once, when an
//! agent accepts. What is to be expected stands as long as somebody waits, and is not shown of queues that are counted
//! together, where it would be any one's. Not here: what is estimated (`forecast::waits`).

use metrics::{Counter, Gauge, Histogram};
use rustc_hash::FxHashMap;

use crate::{
    engine::State,
    forecast::waits::{Outcome, QUANTILES, Unknown, loss},
    model::ids::QueueKey,
    telemetry::metrics::{
        WAIT_ESTIMATE_ERROR_SECONDS, WAIT_ESTIMATE_LOSS_SECONDS, WAIT_ESTIMATE_SECONDS, WAIT_ESTIMATES_JUDGED,
        WAIT_ESTIMATES_UNKNOWN,
    },
};

/// Where a wait was among what was told.
const RESULTS: [&str; QUANTILES.len() + 1] = ["up_to_p50", "up_to_p80", "up_to_p90", "beyond_p90"];

/// One tenant's.
#[derive(Default)]
pub(super) struct WaitMetrics {
    queues: FxHashMap<QueueKey, QueueMetrics>,
}

struct QueueMetrics {
    labels: [String; 2],
    /// None of queues that are counted together.
    told: Option<[Gauge; QUANTILES.len()]>,
    judged: [Counter; RESULTS.len()],
    error: Histogram,
    loss: [Counter; QUANTILES.len()],
    /// What counters of whole seconds leave over.
    left: [f64; QUANTILES.len()],
}

impl WaitMetrics {
    /// Whether a queue has labels.
    pub fn knows(&self, queue: QueueKey) -> bool {
        self.queues.contains_key(&queue)
    }

    /// Gives it these: tenant and queue; and whether they are its own.
    pub fn learn(&mut self, queue: QueueKey, labels: [&str; 2], are_own: bool) {
        self.queues.insert(queue, QueueMetrics::new(labels, are_own));
    }

    /// Where nobody waits, nothing is to be expected any more.
    pub fn publish(&self, state: &State) {
        let quiet = self.queues.iter().filter(|(queue, _)| state.queue_waiting(**queue) == 0);
        quiet.for_each(|(_, queue)| queue.expect(&[0.0; QUANTILES.len()]));
    }

    /// Counts what became of an estimate in a queue that has labels.
    pub fn count(&mut self, outcome: &Outcome) {
        let Some(queue) = self.queues.get_mut(&outcome.queue()) else { return };
        match outcome {
            Outcome::Told { waits, .. } => queue.expect(waits),
            Outcome::Unknown { why, .. } => queue.unknown(*why),
            Outcome::Judged { waits, waited, .. } => queue.judge(waits, *waited),
        }
    }
}

impl QueueMetrics {
    fn new(labels: [&str; 2], are_own: bool) -> Self {
        let with = |word| [labels[0], labels[1], word];
        Self {
            told: are_own.then(|| QUANTILES.map(|quantile| WAIT_ESTIMATE_SECONDS.gauge(&with(quantile.name)))),
            judged: RESULTS.map(|result| WAIT_ESTIMATES_JUDGED.counter(&with(result))),
            error: WAIT_ESTIMATE_ERROR_SECONDS.histogram(&labels),
            loss: QUANTILES.map(|quantile| WAIT_ESTIMATE_LOSS_SECONDS.counter(&with(quantile.name))),
            left: [0.0; QUANTILES.len()],
            labels: labels.map(str::to_owned),
        }
    }

    fn expect(&self, waits: &[f64; QUANTILES.len()]) {
        self.told.iter().flatten().zip(waits).for_each(|(gauge, wait)| gauge.set(*wait));
    }

    fn unknown(&self, why: Unknown) {
        let [tenant, queue] = &self.labels;
        WAIT_ESTIMATES_UNKNOWN.counter(&[tenant, queue, why.name()]).increment(1);
    }

    fn judge(&mut self, told: &[f64; QUANTILES.len()], waited: f64) {
        let result = told.iter().position(|told| waited <= *told).unwrap_or(told.len());
        self.judged[result].increment(1);
        self.error.record((waited - told[0]).abs());
        for (at, quantile) in QUANTILES.iter().enumerate() {
            self.left[at] += loss(quantile, told[at], waited);
            let whole = self.left[at].floor();
            self.left[at] -= whole;
            self.loss[at].increment(whole as u64);
        }
    }
}
