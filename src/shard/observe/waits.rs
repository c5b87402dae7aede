//! How good estimates of waits are, queue by queue, and how often they hold at which load.
//!
//! Invariant: labels are put together when a queue is first counted, and never again; an estimate is judged once, when an
//! agent accepts. What is to be expected stands as long as somebody waits, and is not shown of queues that are counted
//! together, where it would be any one's. Only queues of which somebody was told have series for that; of load there are
//! twenty a tenant at the most. Not here: what is estimated (`forecast::waits`).

use metrics::{Counter, Gauge, Histogram};
use rustc_hash::FxHashMap;

use crate::{
    engine::State,
    forecast::waits::{LOADS, Load, Of, Outcome, QUANTILES, Unknown, loss},
    model::ids::{QueueKey, TenantId},
    telemetry::metrics::{
        WAIT_ESTIMATE_ERROR_SECONDS, WAIT_ESTIMATE_LOSS_SECONDS, WAIT_ESTIMATE_SECONDS, WAIT_ESTIMATES_BY_LOAD,
        WAIT_ESTIMATES_JUDGED, WAIT_ESTIMATES_UNKNOWN,
    },
};

/// Where a wait was among what was told.
const RESULTS: [&str; QUANTILES.len() + 1] = ["up_to_p50", "up_to_p80", "up_to_p90", "beyond_p90"];
/// The place of P80 among them.
const P80: usize = 1;

/// One tenant's.
pub(super) struct WaitMetrics {
    tenant: TenantId,
    queues: FxHashMap<QueueKey, QueueMetrics>,
    /// By band of load: within P80, and beyond it.
    loads: [Option<[Counter; 2]>; LOADS.len()],
}

struct QueueMetrics {
    labels: [String; 2],
    /// None of queues that are counted together.
    told: Option<[Gauge; QUANTILES.len()]>,
    of_entry: Judged,
    /// None where nobody was told anything.
    of_told: Option<Judged>,
}

/// How expectations of one kind turned out.
struct Judged {
    results: [Counter; RESULTS.len()],
    error: Histogram,
    loss: [Counter; QUANTILES.len()],
    /// What counters of whole seconds leave over.
    left: [f64; QUANTILES.len()],
}

impl WaitMetrics {
    /// Of a tenant none of whose waits was estimated yet.
    pub fn new(tenant: &TenantId) -> Self {
        Self { tenant: tenant.clone(), queues: FxHashMap::default(), loads: std::array::from_fn(|_| None) }
    }

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
            Outcome::Judged { of, waits, waited, .. } => {
                let result = waits.iter().position(|told| waited <= told).unwrap_or(waits.len());
                match of {
                    Of::Entry(load) => {
                        queue.of_entry.count(result, waits, *waited);
                        self.count_by_load(*load, result);
                    }
                    Of::Told => queue.of_told().count(result, waits, *waited),
                }
            }
        }
    }

    fn count_by_load(&mut self, load: Load, result: usize) {
        let (tenant, band) = (self.tenant.as_str(), load.band());
        let series = || {
            ["within_p80", "beyond_p80"].map(|result| WAIT_ESTIMATES_BY_LOAD.counter(&[tenant, LOADS[band], result]))
        };
        let counters = self.loads[band].get_or_insert_with(series);
        counters[usize::from(result > P80)].increment(1);
    }
}

impl QueueMetrics {
    fn new(labels: [&str; 2], are_own: bool) -> Self {
        let with = |word| [labels[0], labels[1], word];
        Self {
            told: are_own.then(|| QUANTILES.map(|quantile| WAIT_ESTIMATE_SECONDS.gauge(&with(quantile.name)))),
            of_entry: Judged::new(labels, "entry"),
            of_told: None,
            labels: labels.map(str::to_owned),
        }
    }

    fn of_told(&mut self) -> &mut Judged {
        let labels = self.labels.each_ref().map(String::as_str);
        self.of_told.get_or_insert_with(|| Judged::new(labels, "told"))
    }

    fn expect(&self, waits: &[f64; QUANTILES.len()]) {
        self.told.iter().flatten().zip(waits).for_each(|(gauge, wait)| gauge.set(*wait));
    }

    fn unknown(&self, why: Unknown) {
        let [tenant, queue] = &self.labels;
        WAIT_ESTIMATES_UNKNOWN.counter(&[tenant, queue, why.name()]).increment(1);
    }
}

impl Judged {
    fn new([tenant, queue]: [&str; 2], of: &str) -> Self {
        let with = |word| [tenant, queue, of, word];
        Self {
            results: RESULTS.map(|result| WAIT_ESTIMATES_JUDGED.counter(&with(result))),
            error: WAIT_ESTIMATE_ERROR_SECONDS.histogram(&[tenant, queue, of]),
            loss: QUANTILES.map(|quantile| WAIT_ESTIMATE_LOSS_SECONDS.counter(&with(quantile.name))),
            left: [0.0; QUANTILES.len()],
        }
    }

    fn count(&mut self, result: usize, expected: &[f64; QUANTILES.len()], waited: f64) {
        self.results[result].increment(1);
        self.error.record((waited - expected[0]).abs());
        for (at, quantile) in QUANTILES.iter().enumerate() {
            self.left[at] += loss(quantile, expected[at], waited);
            let whole = self.left[at].floor();
            self.left[at] -= whole;
            self.loss[at].increment(whole as u64);
        }
    }
}
