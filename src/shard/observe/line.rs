//! Metric handles of one queue and channel, and of one queue.
//!
//! Invariant: labels are put together when a handle is made and never again.

use metrics::{Counter, Gauge, Histogram};
use rustc_hash::FxHashMap;

use crate::{
    engine::view::QueueView,
    model::{
        ids::QueueName,
        time::{Span, Timestamp},
    },
    shard::statistics::{
        What, ago,
        counts::{Outcome, Patience, Timing, Work},
    },
    telemetry::metrics::{
        ABANDONED, CONTACTS_ANSWERED, CONTACTS_ENGAGED, CONTACTS_ENQUEUED, CONTACTS_UNREACHABLE, CONTACTS_WAITING,
        HANDLE_SECONDS, HANDLING_SECONDS, MOMENTS_UNCOVERED, Metric, OFFER_ANSWER_SECONDS, OFFERS,
        OLDEST_WAITING_SECONDS, SERVICE_LEVEL, TRANSFERS, UNREACHABLE_ALERTS, WAIT_SECONDS, WRAP_UP_SECONDS,
    },
};

/// Handles of one queue and channel.
pub(super) struct Line {
    labels: [String; 3],
    pub queue: QueueName,
    pub service_level: Span,
    pub enqueued: Counter,
    pub offered: Counter,
    pub alerts: Counter,
    pub uncovered: Counter,
    pub accepted: Counter,
    pub within: Counter,
    pub beyond: Counter,
    pub wait: Histogram,
    pub answer: Histogram,
    pub handle: Histogram,
    pub wrap_up: Histogram,
    /// What agents did all in all; its counters have the whole seconds of it.
    work: Work,
    /// Those with one more label, made when first needed.
    rarer: FxHashMap<(&'static str, &'static str), Counter>,
}

impl Line {
    /// Of this tenant, queue and channel, by their labels.
    pub fn new(labels: [&str; 3], queue: QueueName, service_level: Span) -> Self {
        let with = |word| [labels[0], labels[1], labels[2], word];
        Self {
            queue,
            service_level,
            enqueued: CONTACTS_ENQUEUED.counter(&labels),
            offered: OFFERS.counter(&with("made")),
            alerts: UNREACHABLE_ALERTS.counter(&labels),
            uncovered: MOMENTS_UNCOVERED.counter(&labels),
            accepted: OFFERS.counter(&with("accepted")),
            within: CONTACTS_ANSWERED.counter(&with("within")),
            beyond: CONTACTS_ANSWERED.counter(&with("beyond")),
            wait: WAIT_SECONDS.histogram(&labels),
            answer: OFFER_ANSWER_SECONDS.histogram(&labels),
            handle: HANDLE_SECONDS.histogram(&labels),
            wrap_up: WRAP_UP_SECONDS.histogram(&labels),
            work: Work::default(),
            rarer: FxHashMap::default(),
            labels: labels.map(str::to_owned),
        }
    }

    /// The counter whose fourth label is this word.
    pub fn rarer(&mut self, metric: &Metric, word: &'static str) -> &Counter {
        let [tenant, queue, channel] = &self.labels;
        self.rarer.entry((metric.name, word)).or_insert_with(|| metric.counter(&[tenant, queue, channel, word]))
    }
}

impl Line {
    /// Counts what statistics noted.
    pub fn note(&mut self, what: What) {
        match what {
            What::Outcome(outcome) => self.outcome(outcome),
            What::Handled(work) => self.handled(work),
            What::Transferred => {
                let labels = self.labels.each_ref().map(String::as_str);
                self.rarer.entry((TRANSFERS.name, "")).or_insert_with(|| TRANSFERS.counter(&labels)).increment(1);
            }
        }
    }

    fn outcome(&mut self, outcome: Outcome) {
        let first = match outcome {
            Outcome::Answered(Timing::InTime) => Some("met"),
            Outcome::Abandoned(Timing::InTime, Patience::Short) => Some("short"),
            Outcome::Abandoned(Timing::InTime, Patience::Long) => Some("abandoned"),
            Outcome::GivenUp(Timing::InTime) | Outcome::Overdue => Some("missed"),
            // What is late was missed when its time had passed; what moved on in time is owed its answer elsewhere.
            Outcome::Answered(Timing::Late)
            | Outcome::Abandoned(Timing::Late, _)
            | Outcome::GivenUp(Timing::Late)
            | Outcome::MovedOn(_) => None,
        };
        if let Some(result) = first {
            self.rarer(&SERVICE_LEVEL, result).increment(1);
        }
        if let Outcome::Abandoned(timing, patience) = outcome {
            let when = match (patience, timing) {
                (Patience::Short, _) => "short",
                (Patience::Long, Timing::InTime) => "in_time",
                (Patience::Long, Timing::Late) => "late",
            };
            self.rarer(&ABANDONED, when).increment(1);
        }
    }

    fn handled(&mut self, work: Work) {
        let before = self.work;
        self.work.add(&work);
        let parts = [
            ("talk", before.talk, self.work.talk),
            ("hold", before.hold, self.work.hold),
            ("wrap_up", before.wrap_up, self.work.wrap_up),
        ];
        for (part, before, after) in parts {
            let whole = |span: Span| u64::try_from(span.0 / 1_000_000).unwrap_or(0);
            self.rarer(&HANDLING_SECONDS, part).increment(whole(after).saturating_sub(whole(before)));
        }
    }
}

/// Gauges of one queue, or of all that share a label, summed up before they are shown.
pub(super) struct QueueGauges {
    waiting: (u64, Gauge),
    engaged: (u64, Gauge),
    unreachable: (u64, Gauge),
    oldest_since: Option<Timestamp>,
    oldest: Gauge,
}

impl QueueGauges {
    pub fn new(tenant: &str, label: &str) -> Self {
        let labels = [tenant, label];
        Self {
            waiting: (0, CONTACTS_WAITING.gauge(&labels)),
            engaged: (0, CONTACTS_ENGAGED.gauge(&labels)),
            unreachable: (0, CONTACTS_UNREACHABLE.gauge(&labels)),
            oldest_since: None,
            oldest: OLDEST_WAITING_SECONDS.gauge(&labels),
        }
    }

    pub fn clear(&mut self) {
        (self.waiting.0, self.engaged.0, self.unreachable.0) = (0, 0, 0);
        self.oldest_since = None;
    }

    pub fn add(&mut self, view: &QueueView, oldest_since: Option<Timestamp>) {
        self.waiting.0 += view.waiting;
        self.engaged.0 += view.engaged;
        self.unreachable.0 += view.unreachable;
        self.oldest_since = [self.oldest_since, oldest_since].into_iter().flatten().min();
    }

    pub fn show(&self, now: Timestamp) {
        self.oldest.set(seconds(ago(now, self.oldest_since).unwrap_or_default()));
        for (count, gauge) in [&self.waiting, &self.engaged, &self.unreachable] {
            gauge.set(*count as f64);
        }
    }
}

/// For histograms.
pub(super) fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e6
}
