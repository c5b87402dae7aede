//! From events to metrics, at release.
//!
//! Invariant: only what the journal has is counted, once; a metric's handle is looked up by number, and its labels are
//! put together once in the shard's life. Beyond a number of queues the rest is counted together; a queue that is removed
//! keeps its labels, since its series would stay as well.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};
use rustc_hash::FxHashMap;

use crate::{
    engine::{Reject, State},
    forecast::waits::Outcome as Estimated,
    journal::{Record, Room},
    model::{
        ids::TenantId,
        signal::Source,
        time::{Span, Timestamp},
    },
    telemetry::metrics::{
        BATCH_RECORDS, COMMANDS, FROZEN, INBOX_DEPTH, JOURNAL_APPEND_SECONDS, JOURNAL_IN_RESERVE, REJECTS,
    },
};

use super::{
    core::{Core, Folded, Outcome},
    measures::Measures,
    statistics::{Rows, Told, Views},
};

mod care;
mod courses;
mod idle;
mod line;
mod tenant;
mod waits;

use courses::Chronicle;
use tenant::{Again, TenantMetrics};

pub use courses::place;

/// How often gauges that need counting are brought up to date, while there is news.
const PUBLISH_EVERY: Span = Span::from_secs(1);

/// Counts what a shard does.
pub struct Observer {
    /// How many more queues, over all tenants, may have labels of their own.
    labels_left: usize,
    tenants: FxHashMap<TenantId, TenantMetrics>,
    commands: FxHashMap<(&'static str, &'static str), Counter>,
    rejects: FxHashMap<&'static str, Counter>,
    inbox_depth: Gauge,
    batch_records: Histogram,
    append_seconds: Histogram,
    frozen: Gauge,
    in_reserve: Gauge,
    chronicle: Chronicle,
    /// When to publish next; none while nothing has changed since the last time.
    publish_at: Option<Timestamp>,
    published_at: Timestamp,
}

impl Observer {
    /// With labels for so many queues.
    pub fn new(queues_max: usize) -> Self {
        Self {
            labels_left: queues_max,
            tenants: FxHashMap::default(),
            commands: FxHashMap::default(),
            rejects: FxHashMap::default(),
            inbox_depth: INBOX_DEPTH.gauge(&[]),
            batch_records: BATCH_RECORDS.histogram(&[]),
            append_seconds: JOURNAL_APPEND_SECONDS.histogram(&[]),
            frozen: FROZEN.gauge(&[]),
            in_reserve: JOURNAL_IN_RESERVE.gauge(&[]),
            chronicle: Chronicle::default(),
            publish_at: None,
            published_at: Timestamp(i64::MIN),
        }
    }

    /// With a line in the log for each contact that ends, or without.
    pub fn with_lines(mut self, has_lines: bool) -> Self {
        self.chronicle.has_lines = has_lines;
        self
    }

    /// From now on records are news, and not repeated from a journal: what is told once can be told, and what counters
    /// are told of later begins here.
    pub fn go_live(&mut self) {
        self.chronicle.is_live = true;
        self.tenants.values_mut().for_each(TenantMetrics::go_live);
    }

    /// A record was kept; `state` is the tenant's world, which may already be a batch ahead.
    pub fn record(&mut self, record: &Record, state: &State) {
        if self.publish_at.is_none() {
            self.publish_at = Some(record.now.max(self.published_at + PUBLISH_EVERY));
        }
        tenant_of(&mut self.tenants, &record.tenant).record(record, state, &mut self.labels_left);
        self.chronicle.record(record, state);
    }

    /// What became of estimates of a tenant's waits.
    pub fn waits(&mut self, tenant: &TenantId, state: &State, outcomes: &[Estimated]) {
        if !outcomes.is_empty() {
            tenant_of(&mut self.tenants, tenant).waits(state, outcomes, &mut self.labels_left);
        }
    }

    /// What waits in a tenant's world has come unobserved.
    pub fn take_over(&mut self, tenant: &TenantId, state: &State) {
        tenant_of(&mut self.tenants, tenant).take_over(state);
    }

    /// What was gathered of a contact was decided.
    pub fn folded(&mut self, folded: &Folded) {
        tenant_of(&mut self.tenants, &folded.tenant).folded(&folded.outcomes);
    }

    /// Signals that came by stream were not gathered.
    pub fn signals(&mut self, tenant: &TenantId, outcomes: &[(Source, Outcome)]) {
        if !outcomes.is_empty() {
            tenant_of(&mut self.tenants, tenant).signals(outcomes);
        }
    }

    /// A command was answered.
    pub fn command(&mut self, command: &'static str, reject: Option<&Reject>) {
        let result = if reject.is_some() { "refused" } else { "accepted" };
        let commands = &mut self.commands;
        commands.entry((command, result)).or_insert_with(|| COMMANDS.counter(&[command, result])).increment(1);
        if let Some(reject) = reject {
            let reason = reject.name();
            self.rejects.entry(reason).or_insert_with(|| REJECTS.counter(&[reason])).increment(1);
        }
    }

    /// A batch was kept.
    pub fn batch(&self, records: usize, took: Duration) {
        self.batch_records.record(records as f64);
        self.append_seconds.record(took);
    }

    /// The journal takes nothing, or takes what comes again.
    pub fn frozen(&self, is_frozen: bool) {
        self.frozen.set(f64::from(u8::from(is_frozen)));
    }

    /// The journal has so much room.
    pub fn room(&self, room: Room) {
        self.in_reserve.set(f64::from(u8::from(room == Room::Reserve)));
    }

    /// So many calls waited.
    pub fn inbox_depth(&self, calls: usize) {
        self.inbox_depth.set(calls as f64);
    }

    /// When [`publish`](Self::publish) has something to do.
    pub fn publish_at(&self) -> Option<Timestamp> {
        self.publish_at
    }

    /// Brings the gauges up to date that are counted rather than kept, if it is time; of many queues a page.
    pub fn publish(&mut self, core: &Core) {
        if self.publish_at.is_some_and(|at| at <= core.now()) {
            self.publish_page(core);
        }
    }

    /// Brings all of them up to date, whatever the time.
    pub fn publish_now(&mut self, core: &Core) {
        self.publish_page(core);
        while self.publish_at == Some(core.now()) {
            self.publish_page(core);
        }
    }

    fn publish_page(&mut self, core: &Core) {
        self.publish_at = None;
        self.published_at = core.now();
        for (tenant, metrics) in &mut self.tenants {
            if let Some(state) = core.state(tenant) {
                let again = match metrics.publish(core.now(), state, &mut self.labels_left) {
                    Again::AtOnce => Some(core.now()),
                    Again::Later => Some(core.now() + PUBLISH_EVERY),
                    Again::WithNews => None,
                };
                self.publish_at = [self.publish_at, again].into_iter().flatten().min();
            }
        }
    }

    /// Statistics of a tenant whose world this is.
    ///
    /// # Errors
    /// Fails if a queue or channel that is named is not there.
    pub fn ask(&mut self, now: Timestamp, tenant: &TenantId, state: &State, rows: &Rows) -> Result<Told, Reject> {
        Ok(self.statistics(now, tenant, Views::of(state, now, rows)?))
    }

    /// What a tenant's statistics take of memory, contacts under way excepted.
    pub fn statistics_bytes(&self, tenant: &TenantId) -> usize {
        self.tenants.get(tenant).map_or(0, TenantMetrics::statistics_bytes)
    }

    /// Statistics of a tenant, of whom `views` says.
    pub(super) fn statistics(&mut self, now: Timestamp, tenant: &TenantId, views: Views) -> Told {
        tenant_of(&mut self.tenants, tenant).tell(now, views)
    }

    /// The same as of the last record that was kept, of which it is certain that nothing before it is to come.
    pub(super) fn statistics_so_far(&mut self, tenant: &TenantId, views: Views) -> Told {
        tenant_of(&mut self.tenants, tenant).tell_so_far(views)
    }

    /// How a tenant's moments of truth and all others fare.
    pub fn measures(&self, tenant: &TenantId) -> Measures {
        self.tenants.get(tenant).map(|metrics| metrics.measures().clone()).unwrap_or_default()
    }
}

fn tenant_of<'a>(tenants: &'a mut FxHashMap<TenantId, TenantMetrics>, tenant: &TenantId) -> &'a mut TenantMetrics {
    // Looked up twice rather than cloned for every record.
    if !tenants.contains_key(tenant) {
        tenants.insert(tenant.clone(), TenantMetrics::new(tenant));
    }
    tenants.get_mut(tenant).expect("it was put there just now")
}
