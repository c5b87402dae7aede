//! What forecasts advise, on its way into the shard as commands of its own, and what they say of waits.
//!
//! Invariant: a forecast sees only what the journal has, and whatever it advises becomes a record like any other. Advice
//! that is refused is dropped: the document may have changed meanwhile, and the forecast follows it. Not here: what is
//! advised, and why (`forecast`).

use metrics::Gauge;
use rustc_hash::FxHashMap;
use tracing::{info, warn};

use crate::{
    engine::{Command, Reject, State},
    forecast::{
        Forecast, Group, Learner,
        waits::{Outcome, Question, Telling, WaitView, Waits},
    },
    journal::Record,
    model::{
        ids::{AgentId, TenantId},
        time::Timestamp,
    },
    telemetry::metrics::{EMPATHETIC_AGENTS, EMPATHETIC_AGENTS_SHORT, MOMENT_LOAD, RESERVE_KEPT},
};

/// The forecasts of a shard's tenants.
#[derive(Default)]
pub(super) struct Advisers {
    tenants: FxHashMap<TenantId, Adviser>,
    waiting: Vec<(TenantId, Command)>,
}

struct Adviser {
    forecast: Forecast,
    waits: Waits,
    load: Gauge,
    empathetic: Gauge,
    kept: Gauge,
    short: Gauge,
    /// Whether somebody was told that there are too few.
    is_short: bool,
}

impl Advisers {
    /// A record was kept; `state` is the tenant's world, which may already be a batch ahead.
    pub fn record(&mut self, record: &Record, state: &State) {
        let adviser = match self.tenants.get_mut(&record.tenant) {
            Some(adviser) => adviser,
            None => self.tenants.entry(record.tenant.clone()).or_insert_with_key(Adviser::new),
        };
        if adviser.follow(record, state, &mut self.waiting, Telling::Estimates) {
            adviser.tell(&record.tenant);
        }
    }

    /// What became of a tenant's estimates of waits since this was last asked.
    pub fn outcomes(&mut self, tenant: &TenantId) -> Vec<Outcome> {
        self.tenants.get_mut(tenant).map(|adviser| adviser.waits.outcomes()).unwrap_or_default()
    }

    /// How long waits will be, as the tenant's world stands.
    pub fn wait(
        &mut self,
        now: Timestamp,
        tenant: &TenantId,
        state: &State,
        question: &Question,
    ) -> Result<Vec<WaitView>, Reject> {
        let adviser = self.tenants.entry(tenant.clone()).or_insert_with_key(Adviser::new);
        adviser.waits.answer(now, state, question)
    }

    /// The same for a record of a journal that is read again: what was advised then is among the records that follow.
    pub fn repeat(&mut self, record: &Record, state: &State) {
        let taken = (&record.tenant, &record.input.command);
        if let Some(at) = self.waiting.iter().position(|(tenant, command)| (tenant, command) == taken) {
            self.waiting.remove(at);
        }
        let adviser = self.tenants.entry(record.tenant.clone()).or_insert_with_key(Adviser::new);
        adviser.follow(record, state, &mut self.waiting, Telling::Nothing);
    }

    /// What is known of a tenant's agents' empathy, by id, after the given one.
    pub fn learners(&self, tenant: &TenantId, after: Option<&AgentId>, limit: usize) -> Vec<Learner> {
        self.tenants.get(tenant).map(|adviser| adviser.forecast.learners(after, limit).to_vec()).unwrap_or_default()
    }

    /// Whether there is something to take in.
    pub fn has_advice(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What is to be taken in, in the order in which it was advised.
    pub fn take(&mut self) -> Vec<(TenantId, Command)> {
        std::mem::take(&mut self.waiting)
    }
}

impl Adviser {
    fn new(tenant: &TenantId) -> Self {
        let name = tenant.as_str();
        Self {
            forecast: Forecast::new(),
            waits: Waits::default(),
            load: MOMENT_LOAD.gauge(&[name]),
            empathetic: EMPATHETIC_AGENTS.gauge(&[name]),
            kept: RESERVE_KEPT.gauge(&[name]),
            short: EMPATHETIC_AGENTS_SHORT.gauge(&[name]),
            is_short: false,
        }
    }

    /// Takes in a record; says whether it is time for advice.
    fn follow(
        &mut self,
        record: &Record,
        state: &State,
        waiting: &mut Vec<(TenantId, Command)>,
        telling: Telling,
    ) -> bool {
        self.waits.record(record.now, &record.events, state, telling);
        if telling == Telling::Estimates {
            let advice = self.waits.overflow_advice(record.now, state);
            waiting.extend(advice.into_iter().map(|command| (record.tenant.clone(), command)));
        }
        self.forecast.record(record.now, &record.events, state);
        let Some(advice) = self.forecast.advice(record.now) else { return false };
        waiting.extend(advice.into_iter().map(|command| (record.tenant.clone(), command)));
        true
    }

    fn tell(&mut self, tenant: &TenantId) {
        let load = self.forecast.load();
        self.load.set(load.erlangs);
        self.empathetic.set(load.empathetic as f64);
        self.kept.set(f64::from(load.kept));
        self.short.set(load.short.len() as f64);
        let is_short = !load.short.is_empty();
        match (self.is_short, is_short) {
            (false, true) => {
                let skills: Vec<&str> = load.short.iter().map(name_of).collect();
                warn!(%tenant, ?skills, agents = load.empathetic, "too few empathetic agents for the moments of truth that come");
            }
            (true, false) => info!(%tenant, "there are enough empathetic agents again"),
            _ => {}
        }
        self.is_short = is_short;
    }
}

fn name_of(group: &Group) -> &str {
    group.as_ref().map_or("(no other)", |skill| skill.as_str())
}
