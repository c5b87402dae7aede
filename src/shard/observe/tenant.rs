//! One tenant's metrics: contacts and offers by queue and channel, agents by presence; and its statistics, which count the
//! same records.
//!
//! Invariant: bounded by the tenant's queues, channels, agents and open engagements; nothing is kept of what has ended.

use std::time::Duration;

use metrics::{Counter, Gauge};
use rustc_hash::FxHashMap;
use tracing::{info, warn};

use crate::{
    engine::{
        Event, OfferFacts, OfferingHeld, State,
        event::{EngagementOver, PresenceBecause},
        view::{Answer, Query},
        windows::WINDOWS,
    },
    forecast::waits::Outcome as Estimated,
    journal::Record,
    model::{
        agent::Presence,
        document::Document,
        ids::{AgentKey, ChannelKey, ContactKey, EngagementKey, OfferKey, QueueKey, QueueName, TenantId},
        limits::PAGE_MAX,
        signal::Source,
        supervision::QueueMode,
        time::{Span, Timestamp},
    },
    shard::{
        core::Outcome,
        measures::{Group, Measures},
        statistics::{LongestIdle, Noted, Statistics, Told, Views, Waiting, agents::Occupied, ago},
    },
    telemetry::{
        exposition::exemplar::{Place, of_trace},
        metrics::{
            AGENT_BUSY_SECONDS, AGENT_CAPACITY_SECONDS, AGENTS, ASSISTS, CONTACTS_CLOSED, CONTACTS_REQUEUED,
            ENGAGEMENTS_UNCONFIRMED, LONGEST_IDLE_SECONDS, OFFERING_HELD, OFFERS, QUEUES_DRAINING, QUEUES_IN_OTHER,
            QUEUES_PAUSED, RONA, RONA_SUSPENDED, SESSIONS_LOST, SESSIONS_OPENED, SIGNAL_FOLDS, SIGNALS,
            SIGNALS_COALESCED, SUPERVISOR_ACTIONS, WINDOW_FILLED,
        },
        tenants,
    },
};

use super::{
    care::{CareMetrics, Taken},
    line::{Line, QueueGauges, seconds},
    waits::WaitMetrics,
};

/// The label of queues beyond the bound; no queue can have this name.
const OTHER: &str = "(other)";

pub(super) struct TenantMetrics {
    tenant: TenantId,
    /// Whether the tenant is counted together with others, and so are its queues.
    is_shared: bool,
    /// Queues with labels of their own.
    own: FxHashMap<QueueName, QueueGauges>,
    other: Option<QueueGauges>,
    lines: FxHashMap<(QueueKey, ChannelKey), Line>,
    service_levels: FxHashMap<QueueName, Span>,
    engagements: FxHashMap<EngagementKey, Engagement>,
    presences: FxHashMap<AgentKey, usize>,
    agents: [Gauge; 3],
    unconfirmed: Gauge,
    offering_held: Gauge,
    /// What was last published of it.
    is_held: bool,
    windows: [Gauge; WINDOWS.len()],
    paused: Gauge,
    draining: Gauge,
    rona: Counter,
    rona_suspended: Counter,
    opened: Counter,
    resumed: Counter,
    lost: Counter,
    folds: Counter,
    coalesced: Counter,
    /// Signals by stream, by where they are from and what became of them.
    signals: FxHashMap<(Source, Outcome), Counter>,
    care: CareMetrics,
    statistics: Statistics,
    /// Capacity and what is taken of it, empathetic agents first; what is counted so far of each.
    occupied: [(Occupied, Counter, Counter); 2],
    idle: [Gauge; 3],
    in_other: Gauge,
    pass: Option<Pass>,
    waits: WaitMetrics,
}

/// What has been found so far while gauges are brought up to date, page by page.
#[derive(Default)]
struct Pass {
    after: Option<QueueName>,
    paused: u32,
    draining: u32,
    in_other: u32,
    waiting: Waiting,
}

/// When gauges are to be brought up to date again.
pub(super) enum Again {
    /// There is more to be done.
    AtOnce,
    /// Time alone changes them.
    Later,
    /// Once something happens.
    WithNews,
}

struct Engagement {
    line: (QueueKey, ChannelKey),
    accepted_at: Timestamp,
    wrap_up_at: Option<Timestamp>,
    unconfirmed: bool,
}

/// Where an event is counted.
struct At<'a> {
    now: Timestamp,
    state: &'a State,
    /// How many more queues may have labels of their own.
    left: &'a mut usize,
}

impl TenantMetrics {
    pub fn new(tenant: &TenantId) -> Self {
        let name = tenant.as_str();
        Self {
            tenant: tenant.clone(),
            is_shared: !tenants::has_own(name),
            own: FxHashMap::default(),
            other: None,
            lines: FxHashMap::default(),
            service_levels: FxHashMap::default(),
            engagements: FxHashMap::default(),
            presences: FxHashMap::default(),
            agents: ["offline", "available", "away"].map(|presence| AGENTS.gauge(&[name, presence])),
            unconfirmed: ENGAGEMENTS_UNCONFIRMED.gauge(&[name]),
            offering_held: OFFERING_HELD.gauge(&[name]),
            is_held: false,
            windows: WINDOWS.map(|window| WINDOW_FILLED.gauge(&[name, window])),
            paused: QUEUES_PAUSED.gauge(&[name]),
            draining: QUEUES_DRAINING.gauge(&[name]),
            rona: RONA.counter(&[name]),
            rona_suspended: RONA_SUSPENDED.counter(&[name]),
            opened: SESSIONS_OPENED.counter(&[name, "new"]),
            resumed: SESSIONS_OPENED.counter(&[name, "resumed"]),
            lost: SESSIONS_LOST.counter(&[name]),
            folds: SIGNAL_FOLDS.counter(&[name]),
            coalesced: SIGNALS_COALESCED.counter(&[name]),
            signals: FxHashMap::default(),
            care: CareMetrics::new(tenant),
            statistics: Statistics::default(),
            occupied: Group::ALL.map(|group| {
                let labels = [name, group.name()];
                (Occupied::default(), AGENT_CAPACITY_SECONDS.counter(&labels), AGENT_BUSY_SECONDS.counter(&labels))
            }),
            idle: ["last_contact", "available", "lowest_load"].map(|by| LONGEST_IDLE_SECONDS.gauge(&[name, by])),
            in_other: QUEUES_IN_OTHER.gauge(&[name]),
            pass: None,
            waits: WaitMetrics::new(tenant),
        }
    }

    /// Counts what was gathered of a contact and decided together.
    pub fn folded(&mut self, outcomes: &[(Source, Outcome)]) {
        self.folds.increment(1);
        self.coalesced.increment(outcomes.len().saturating_sub(1) as u64);
        self.signals(outcomes);
    }

    /// Counts signals that came by stream.
    pub fn signals(&mut self, outcomes: &[(Source, Outcome)]) {
        for (source, outcome) in outcomes {
            let labels = || SIGNALS.counter(&[self.tenant.as_str(), source.name(), outcome.name()]);
            self.signals.entry((*source, *outcome)).or_insert_with(labels).increment(1);
        }
    }

    /// Counts a record; `left` is how many more queues may have labels of their own.
    pub fn record(&mut self, record: &Record, state: &State, left: &mut usize) {
        let mut at = At { now: record.now, state, left };
        for event in &record.events {
            self.event(&mut at, event);
            self.care.event(record.now, state, event);
        }
        self.care.look(state);
        self.statistics.record(record, state, self.care.measures().groups);
        self.count_noted(&mut at);
    }

    /// How busy agents were so far was counted by the process that saw it.
    pub fn go_live(&mut self) {
        for ((before, ..), total) in self.occupied.iter_mut().zip(self.statistics.occupied()) {
            *before = total;
        }
    }

    /// Follows what waits from here on.
    pub fn take_over(&mut self, state: &State) {
        self.statistics.take_over(state);
    }

    /// Tells what `views` asks for.
    pub fn tell(&mut self, now: Timestamp, views: Views) -> Told {
        self.statistics.tell(now, views)
    }

    /// The same as of what was counted last.
    pub fn tell_so_far(&self, views: Views) -> Told {
        self.statistics.tell_so_far(views)
    }

    /// What statistics take of memory.
    pub fn statistics_bytes(&self) -> usize {
        self.statistics.bytes()
    }

    fn count_noted(&mut self, at: &mut At<'_>) {
        for Noted { line, what } in self.statistics.take_noted() {
            self.line(at, line).note(what);
        }
    }

    /// Counts what became of estimates of waits.
    pub fn waits(&mut self, state: &State, outcomes: &[Estimated], left: &mut usize) {
        for outcome in outcomes {
            let queue = outcome.queue();
            if !self.waits.knows(queue) {
                let name = state.queue_name(queue);
                let has_own = self.has_own_label(name, left);
                let label = if has_own { name.as_str() } else { OTHER };
                self.waits.learn(queue, [self.tenant.as_str(), label], has_own);
            }
            self.waits.count(outcome);
        }
    }

    fn event(&mut self, at: &mut At<'_>, event: &Event) {
        match event {
            Event::DocumentApplied { document, .. } => self.follow(document),
            Event::AgentPut { agent, .. } => self.put_agent(*agent),
            Event::AgentDeleted { agent, .. } => self.delete_agent(*agent),
            Event::PresenceSet { agent, presence, because } => self.set_presence(*agent, presence, *because),
            Event::SessionOpened { resumed: true, .. } => self.resumed.increment(1),
            Event::SessionOpened { resumed: false, .. } => self.opened.increment(1),
            Event::SessionLost { .. } => self.lost.increment(1),
            Event::ContactQueued { queued, .. } => {
                self.line(at, (queued.queue, queued.channel)).enqueued.increment(1);
            }
            Event::ContactRequeued { contact, queue, because, .. } => {
                let Some(facts) = at.state.contact_facts(*contact) else { return };
                self.line(at, (*queue, facts.channel)).rarer(&CONTACTS_REQUEUED, because.name()).increment(1);
            }
            Event::ContactClosed { contact, because, .. } => {
                if let Some(line) = self.line_of(at, *contact) {
                    line.rarer(&CONTACTS_CLOSED, because.name()).increment(1);
                }
            }
            Event::ContactUnreachable { contact, .. } => {
                if let Some(line) = self.line_of(at, *contact) {
                    line.alerts.increment(1);
                }
            }
            Event::MomentUncovered { contact } => {
                if let Some(line) = self.line_of(at, *contact) {
                    line.uncovered.increment(1);
                }
            }
            Event::OfferMade { contact, .. } => {
                if let Some(line) = self.line_of(at, *contact) {
                    line.offered.increment(1);
                }
            }
            Event::OfferAccepted { offer, engagement } => self.accepted(at, *offer, *engagement),
            Event::OfferDeclined { offer, .. } => self.offer_ended(at, *offer, "declined"),
            Event::OfferExpired { offer, .. } => self.offer_ended(at, *offer, "expired"),
            Event::OfferRescinded { offer, .. } => self.offer_ended(at, *offer, "rescinded"),
            Event::Supervised { supervision } => {
                SUPERVISOR_ACTIONS.counter(&[self.tenant.as_str(), supervision.action.name()]).increment(1);
            }
            Event::AssistSuggested { why, .. } => {
                ASSISTS.counter(&[self.tenant.as_str(), why.source.name()]).increment(1);
            }
            Event::RonaSuspended { .. } => {
                warn!(tenant = %self.tenant, "many offers expire at once: agents' streams or gateways may be stalled");
                self.rona_suspended.increment(1);
            }
            Event::EngagementUnconfirmed { engagement } => self.confirm(*engagement, false),
            Event::EngagementConfirmed { engagement } => self.confirm(*engagement, true),
            Event::WrapUpStarted { engagement, .. } => {
                self.confirm(*engagement, true);
                if let Some(engagement) = self.engagements.get_mut(engagement) {
                    engagement.wrap_up_at = Some(at.now);
                }
            }
            Event::EngagementEnded { engagement, because, .. } => self.engagement_ended(at, *engagement, *because),
            _ => {}
        }
    }

    fn follow(&mut self, document: &Document) {
        self.service_levels = document.queues.iter().map(|(name, queue)| (name.clone(), queue.service_level)).collect();
        for (_, line) in self.lines.iter_mut() {
            line.service_level = self.service_levels.get(&line.queue).copied().unwrap_or(line.service_level);
        }
    }

    fn put_agent(&mut self, agent: AgentKey) {
        let offline = presence_index(&Presence::Offline);
        self.presences.entry(agent).or_insert_with(|| {
            self.agents[offline].increment(1.0);
            offline
        });
    }

    fn delete_agent(&mut self, agent: AgentKey) {
        if let Some(presence) = self.presences.remove(&agent) {
            self.agents[presence].decrement(1.0);
        }
    }

    fn set_presence(&mut self, agent: AgentKey, presence: &Presence, because: PresenceBecause) {
        if because == PresenceBecause::Rona {
            self.rona.increment(1);
        }
        let after = presence_index(presence);
        if let Some(before) = self.presences.insert(agent, after) {
            self.agents[before].decrement(1.0);
        }
        self.agents[after].increment(1.0);
    }

    fn accepted(&mut self, at: &mut At<'_>, offer: OfferKey, engagement: EngagementKey) {
        let Some(OfferFacts { contact, agent, made_at, delivered_at }) = at.state.offer_facts(offer) else { return };
        let Some(facts) = at.state.contact_facts(contact) else { return };
        let now = at.now;
        let key = (facts.queue, facts.channel);
        let line = self.line(at, key);
        // The state may be a batch ahead, where the contact has entered its next queue already.
        let waited = (now - facts.queued_at).max(Span::ZERO);
        line.accepted.increment(1);
        line.answer.record(seconds(now - delivered_at.unwrap_or(made_at)));
        let trace = at.state.summary(contact).and_then(|summary| Some(summary.trace?.trace_id().0));
        let place = trace.map(|trace| Place { trace, at: Duration::from_micros(now.0.unsigned_abs()) });
        of_trace(place, || line.wait.record(seconds(waited)));
        let is_in_time = waited <= line.service_level;
        if is_in_time { &line.within } else { &line.beyond }.increment(1);
        self.care.accepted(at.state, Taken { contact, agent, waited, is_in_time });
        let engaged = Engagement { line: key, accepted_at: now, wrap_up_at: None, unconfirmed: false };
        self.engagements.insert(engagement, engaged);
    }

    fn offer_ended(&mut self, at: &mut At<'_>, offer: OfferKey, outcome: &'static str) {
        let Some(OfferFacts { contact, delivered_at, .. }) = at.state.offer_facts(offer) else { return };
        let now = at.now;
        let Some(line) = self.line_of(at, contact) else { return };
        line.rarer(&OFFERS, outcome).increment(1);
        if let Some(delivered_at) = delivered_at
            && outcome == "declined"
        {
            line.answer.record(seconds(now - delivered_at));
        }
    }

    fn confirm(&mut self, engagement: EngagementKey, confirmed: bool) {
        let Some(engagement) = self.engagements.get_mut(&engagement) else { return };
        match (engagement.unconfirmed, confirmed) {
            (true, true) => self.unconfirmed.decrement(1.0),
            (false, false) => self.unconfirmed.increment(1.0),
            _ => return,
        }
        engagement.unconfirmed = !confirmed;
    }

    fn engagement_ended(&mut self, at: &mut At<'_>, key: EngagementKey, because: EngagementOver) {
        self.confirm(key, true);
        let Some(engagement) = self.engagements.remove(&key) else { return };
        let line = self.line(at, engagement.line);
        if !matches!(because, EngagementOver::ConnectFailed | EngagementOver::AgentLost) {
            line.handle.record(seconds(at.now - engagement.accepted_at));
        }
        if let Some(wrap_up_at) = engagement.wrap_up_at {
            line.wrap_up.record(seconds(at.now - wrap_up_at));
        }
    }

    fn line_of(&mut self, at: &mut At<'_>, contact: ContactKey) -> Option<&mut Line> {
        let facts = at.state.contact_facts(contact)?;
        Some(self.line(at, (facts.queue, facts.channel)))
    }

    fn line(&mut self, at: &mut At<'_>, key: (QueueKey, ChannelKey)) -> &mut Line {
        if !self.lines.contains_key(&key) {
            let queue = at.state.queue_name(key.0);
            let label = if self.has_own_label(queue, at.left) { queue.as_str() } else { OTHER };
            let labels = [self.tenant.as_str(), label, at.state.channel_name(key.1).as_str()];
            let service_level = self.service_levels.get(queue).copied().unwrap_or_default();
            self.lines.insert(key, Line::new(labels, queue.clone(), service_level));
        }
        self.lines.get_mut(&key).expect("inserted just now if it was not there")
    }

    /// Gives the queue a label of its own if it has none and there is one left.
    fn has_own_label(&mut self, queue: &QueueName, left: &mut usize) -> bool {
        if self.own.contains_key(queue) {
            return true;
        }
        if self.is_shared || *left == 0 {
            return false;
        }
        *left -= 1;
        self.own.insert(queue.clone(), QueueGauges::new(self.tenant.as_str(), queue.as_str()));
        true
    }

    /// How moments of truth and all others fare.
    pub fn measures(&self) -> &Measures {
        self.care.measures()
    }

    /// Brings the gauges of queues and agents up to date, a page of queues at a time.
    pub fn publish(&mut self, now: Timestamp, state: &State, left: &mut usize) -> Again {
        let mut pass = match self.pass.take() {
            Some(pass) => pass,
            None => {
                self.own.values_mut().chain(&mut self.other).for_each(QueueGauges::clear);
                Pass::default()
            }
        };
        if self.look_at_page(now, state, left, &mut pass) {
            self.pass = Some(pass);
            return Again::AtOnce;
        }
        self.own.values().chain(&self.other).for_each(|gauges| gauges.show(now));
        self.waits.publish(state);
        self.paused.set(pass.paused);
        self.draining.set(pass.draining);
        self.in_other.set(pass.in_other);
        self.publish_held(now, state);
        for (gauge, window) in self.windows.iter().zip(state.windows()) {
            gauge.set(window.filled as f64 / window.limit as f64);
        }
        let is_stale = self.care.publish(state);
        let idle = self.publish_agents(now);
        self.statistics.see(pass.waiting, idle);
        self.count_noted(&mut At { now, state, left });
        let goes_on = is_stale || pass.waiting.contacts > 0 || idle.lowest_load.is_some();
        if goes_on { Again::Later } else { Again::WithNews }
    }

    /// Adds a page of queues up; true if there are more.
    fn look_at_page(&mut self, now: Timestamp, state: &State, left: &mut usize, pass: &mut Pass) -> bool {
        let query = Query::Queues { after: pass.after.take(), limit: PAGE_MAX };
        let Ok(Answer::Queues { queues, next }) = state.query(now, &query) else { return false };
        for view in &queues {
            let gauges = if self.has_own_label(&view.name, left) {
                self.own.get_mut(&view.name).expect("it has a label of its own")
            } else {
                pass.in_other += 1;
                self.other.get_or_insert_with(|| QueueGauges::new(self.tenant.as_str(), OTHER))
            };
            let waiting = self.statistics.waiting_in(&view.name, view.waiting);
            gauges.add(view, waiting.oldest_since);
            pass.waiting.add(waiting);
            pass.paused += u32::from(view.mode == QueueMode::Paused);
            pass.draining += u32::from(view.mode == QueueMode::Draining);
        }
        pass.after = next;
        pass.after.is_some()
    }

    /// How busy agents were, and who has been idle for longest.
    fn publish_agents(&mut self, now: Timestamp) -> LongestIdle {
        self.statistics.advance(now);
        for ((before, capacity, busy), total) in self.occupied.iter_mut().zip(self.statistics.occupied()) {
            let whole = |micros: u128| micros / 1_000_000;
            let more = |now, then| u64::try_from(whole(now).saturating_sub(whole(then))).unwrap_or(u64::MAX);
            capacity.increment(more(total.capacity, before.capacity));
            busy.increment(more(total.busy, before.busy));
            *before = total;
        }
        let idle = self.care.longest_idle();
        let since = [idle.since_last_contact, idle.since_available, idle.lowest_load.map(|(_, since)| since)];
        for (gauge, since) in self.idle.iter().zip(since) {
            gauge.set(seconds(ago(now, since).unwrap_or_default()));
        }
        idle
    }

    fn publish_held(&mut self, now: Timestamp, state: &State) {
        let held = state.offering_held();
        self.offering_held.set(u32::from(held.is_some()));
        if held.is_some() == self.is_held {
            return;
        }
        self.is_held = held.is_some();
        let tenant = &self.tenant;
        match held {
            Some(OfferingHeld { until, sessions, missing }) => {
                let longest = until - now;
                info!(%tenant, sessions, missing, %longest, "offering is held until agents are back after the restart");
            }
            None => info!(%tenant, "offering goes on"),
        }
    }
}

fn presence_index(presence: &Presence) -> usize {
    match presence {
        Presence::Offline => 0,
        Presence::Available => 1,
        Presence::Away { .. } => 2,
    }
}
