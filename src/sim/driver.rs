//! One tenant's shard under simulated time: commands at chosen moments, every deadline exactly when it is due.
//!
//! Invariant: what happens here happens in production for the same commands at the same times, record for record.
//! Not here: who sends the commands (tests, workloads).

use std::sync::Arc;

use crate::{
    engine::{Command, Event, HoldRules, Reject, Reply, Request, State, change::Change, view::Notice},
    forecast::{
        Forecast,
        waits::{Telling, Waits},
    },
    journal::{Record, Snapshot},
    model::{
        document::Document,
        ids::{AgentId, RequestId, TenantId},
        time::{Span, Timestamp},
    },
    shard::core::{Applied, Core},
};

/// A shard of one tenant in virtual time.
#[derive(Debug)]
pub struct Driver {
    core: Core,
    tenant: TenantId,
    now: Timestamp,
    connections: u64,
    requests: u64,
    sweeps: Sweeps,
    /// What learns from the records, if anything does.
    forecast: Option<Forecast>,
    /// What estimates waits, as long as a queue may overflow by them.
    waits: Waits,
}

/// When slices of a sweep, or of offering that goes on after a restart, happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sweeps {
    /// All of them before time passes.
    AtOnce,
    /// When the caller says so, so many items each.
    ByHand(usize),
}

/// What one step led to.
#[derive(Debug)]
pub struct Step {
    /// The answer.
    pub reply: Result<Reply, Reject>,
    /// Everything that was applied, deadlines that came due before the command included.
    pub records: Vec<Record>,
    /// What agents' streams were told.
    pub notices: Vec<(AgentId, Notice)>,
    /// What followers were told, if [`Driver::follow`] was called.
    pub changes: Vec<Change>,
}

impl Driver {
    /// A world under this document, and the record of its founding.
    pub fn new(start: Timestamp, document: Document) -> (Self, Record) {
        let tenant = TenantId::new("default").expect("the name obeys the grammar");
        let mut core = Core::new();
        let founded = core.add_tenant(start, tenant.clone(), Arc::new(document));
        let record = founded.expect("a valid document is accepted by an empty world").record;
        let (forecast, waits, sweeps) = (None, Waits::default(), Sweeps::AtOnce);
        (Self { core, tenant, now: start, connections: 0, requests: 0, sweeps, forecast, waits }, record)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The world.
    pub fn state(&self) -> &State {
        self.core.state(&self.tenant).expect("the tenant was founded with the driver")
    }

    /// The shard's part without I/O, for those who observe it.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// Has changes told from now on.
    pub fn follow(&mut self) {
        self.core.follow(&self.tenant).expect("the tenant was founded with the driver");
    }

    /// A connection number that was never used.
    pub fn next_connection(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }

    /// From now on what is done in slices goes on by `slice` alone, so many items each.
    pub fn sweep_by_hand(&mut self, items: usize) {
        self.core.sweep_in_slices_of(&self.tenant, items);
        self.sweeps = Sweeps::ByHand(items);
    }

    /// Learns from everything that happens from its founding on, and takes in what is advised at once.
    pub fn learn(&mut self, founded: &Record) {
        let mut forecast = Forecast::new();
        forecast.record(founded.now, &founded.events, self.state());
        self.forecast = Some(forecast);
    }

    /// Lets one slice happen, and what is due.
    pub fn slice(&mut self) -> Step {
        let mut step = Step::nothing();
        self.core.tick_due(self.now).into_iter().for_each(|applied| step.take(applied));
        self.advise(&mut step, 0);
        step
    }

    /// Lets time pass in which nobody was heard and nothing happened: the process was stopped, and goes on.
    pub fn stall(&mut self, span: Span) -> Step {
        let (since, mut step) = (self.now, Step::nothing());
        self.now = self.now + span;
        self.core.stall(self.now, since).into_iter().for_each(|applied| step.take(applied));
        self.advise(&mut step, 0);
        step
    }

    /// Lets time pass, each deadline at its own time.
    pub fn pass(&mut self, span: Span) -> Step {
        self.pass_until(self.now + span)
    }

    /// Lets time pass until then.
    pub fn pass_until(&mut self, until: Timestamp) -> Step {
        let mut step = Step::nothing();
        while self.sweeps == Sweeps::AtOnce && self.core.has_slices() {
            self.core.tick_due(self.now).into_iter().for_each(|applied| step.take(applied));
        }
        while let Some(due) = self.core.next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            let known = step.records.len();
            for applied in self.core.tick_due(self.now) {
                step.take(applied);
            }
            self.advise(&mut step, known);
        }
        self.now = self.now.max(until);
        step
    }

    /// Ends the process, repeats what these records say, and goes on: every stream is lost.
    pub fn restart(&mut self, records: &[Record], now: Timestamp) -> Step {
        let core = Core::recover(records.iter().cloned()).expect("the records follow each other");
        self.go_on_as(core, records, now)
    }

    /// The same from a snapshot and the records behind it. A forecast knows only these.
    pub fn restart_from(&mut self, snapshot: Snapshot, records: &[Record], now: Timestamp) -> Step {
        let core = Core::recover_from(snapshot, records.iter().cloned()).expect("the records follow the snapshot");
        self.go_on_as(core, records, now)
    }

    fn go_on_as(&mut self, core: Core, records: &[Record], now: Timestamp) -> Step {
        self.core = core;
        if let Sweeps::ByHand(items) = self.sweeps {
            self.core.sweep_in_slices_of(&self.tenant, items);
        }
        self.now = self.now.max(now);
        let mut step = Step::nothing();
        if self.forecast.is_some() {
            let mut forecast = Forecast::new();
            for record in records {
                forecast.record(record.now, &record.events, self.state());
                // What was advised is among the records.
                forecast.advice(record.now);
            }
            self.forecast = Some(forecast);
            self.waits = Waits::default();
            let state = self.core.state(&self.tenant).expect("the tenant was founded with the driver");
            if self.waits.is_watching_overflow(state) {
                for record in records {
                    self.waits.record(record.now, &record.events, state, Telling::Nothing);
                }
            }
        }
        let held = Some(HoldRules::default());
        self.core.resume(self.now, None, held).into_iter().for_each(|applied| step.take(applied));
        self.advise(&mut step, 0);
        step
    }

    /// Gives a command now, under a request id of its own.
    pub fn call(&mut self, command: Command) -> Step {
        self.requests += 1;
        let id = RequestId::new(&format!("r{}", self.requests)).expect("the id obeys the grammar");
        self.request(Request { id: Some(id), command })
    }

    /// Gives a request now.
    pub fn request(&mut self, request: Request) -> Step {
        let stepped = self.core.step(self.now, &self.tenant, request).expect("the tenant is there");
        let mut step = Step { reply: stepped.reply, records: Vec::new(), notices: Vec::new(), changes: Vec::new() };
        stepped.ticks.into_iter().chain(stepped.applied).for_each(|applied| step.take(applied));
        self.advise(&mut step, 0);
        step
    }

    /// Lets the forecast see what happened from this record of the step on, and takes in what it advises.
    fn advise(&mut self, step: &mut Step, known: usize) {
        let Some(forecast) = &mut self.forecast else { return };
        let mut seen = known;
        while seen < step.records.len() {
            let state = self.core.state(&self.tenant).expect("the tenant was founded with the driver");
            step.records[seen..].iter().for_each(|record| forecast.record(record.now, &record.events, state));
            let mut advice = forecast.advice(self.now).unwrap_or_default();
            if self.waits.is_watching_overflow(state) {
                for record in &step.records[seen..] {
                    self.waits.record(record.now, &record.events, state, Telling::Estimates);
                }
                advice.extend(self.waits.overflow_advice(self.now, state));
                // Nobody asks how good estimates were.
                drop(self.waits.outcomes());
            }
            seen = step.records.len();
            for command in advice {
                let stepped = self.core.step(self.now, &self.tenant, Request { id: None, command });
                let stepped = stepped.expect("the tenant is there");
                stepped.ticks.into_iter().chain(stepped.applied).for_each(|applied| step.take(applied));
            }
        }
    }
}

impl Step {
    fn nothing() -> Self {
        Self { reply: Ok(Reply::Done), records: Vec::new(), notices: Vec::new(), changes: Vec::new() }
    }

    fn take(&mut self, applied: Applied) {
        self.records.push(applied.record);
        self.notices.extend(applied.notices);
        self.changes.extend(applied.change);
    }

    /// Every event, in order.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.records.iter().flat_map(|record| &record.events)
    }
}
