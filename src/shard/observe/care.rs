//! One tenant's moments of truth beside its routine contacts: who took them and how soon, what it cost the others, how
//! busy empathetic agents and the others are, and what customers' words did.
//!
//! Invariant: bounded by the tenant's agents and by contacts that were heard of and have not ended. Labels are closed
//! lists of words, languages and names of the catalogue, these up to [`NAMES_MAX`]; agents are never among them.
//! Not here: counts by queue (`line`), what is asked for over the API (`measures` has the same counts as plain numbers).

use metrics::{Counter, Gauge, Histogram};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    engine::{Event, SeatFacts, State},
    model::{
        contact::ClosedBecause,
        ids::{AgentKey, ChannelKey, ContactKey, MomentName, TenantId},
        limits::MOMENTS_MAX,
        signal::{Content, Signal, Source, Thousandths, WHOLE},
        time::{Span, Timestamp},
    },
    scoring::{Cause, Scored},
    shard::{
        measures::{Group, Kind, Lift, Measures},
        statistics::LongestIdle,
    },
    telemetry::metrics::{
        AGENT_MOMENT_SHARE, CARE_ABANDONED_SECONDS, CARE_ANSWERED, CARE_WAIT_SECONDS, MOMENTS, OCCUPANCY,
        OCCUPANCY_GAP, TEXT_CONTACTS, TEXTS, TEXTS_NAMING, TEXTS_NEGATIVE, TEXTS_URGENT,
    },
};

use super::{idle::Idle, line::seconds};

/// Names of the catalogue with labels of their own, over the tenant's life: as many as one document may have.
const NAMES_MAX: usize = MOMENTS_MAX;
/// The label of names beyond; no moment can have this name.
const OTHER: &str = "(other)";
/// From here down the customer counts as feeling bad.
const NEGATIVE: i16 = -300;
/// From here on it counts as urgent.
const URGENT: Thousandths = 500;
/// An agent's recent share of moments of truth goes by about so many contacts.
const RECENT: u32 = 20;
/// Agents looked at again in one go after a document has changed who is empathetic.
const STALE_AT_ONCE: usize = 1_000;

pub(super) struct CareMetrics {
    tenant: TenantId,
    measures: Measures,
    heard: FxHashMap<ContactKey, Heard>,
    names: FxHashSet<MomentName>,
    moments: FxHashMap<(MomentName, Source), Counter>,
    kinds: [KindMetrics; 2],
    lifted: [Counter; 3],
    texts: FxHashMap<([u8; 2], ChannelKey), TextMetrics>,
    share: Histogram,
    seats: FxHashMap<AgentKey, Seat>,
    idle: Idle,
    occupancy: [Gauge; 2],
    gap: Gauge,
    /// Agents whom a record touched.
    touched: Vec<AgentKey>,
    /// Agents to be looked at again.
    stale: Vec<AgentKey>,
}

/// What was heard of a contact that has not ended.
#[derive(Default)]
struct Heard {
    is_moment: bool,
    has_words: bool,
    /// The most head start that it had, and whose doing that was.
    most: (u32, Lift),
    /// Moments that it was counted for.
    named: Vec<MomentName>,
    /// Whether it was counted among contacts with words.
    counted: bool,
}

struct KindMetrics {
    /// By agent, empathetic first, and by service level, within first.
    answered: [[Counter; 2]; 2],
    wait: Histogram,
    abandoned: Histogram,
}

struct TextMetrics {
    all: Counter,
    negative: Counter,
    urgent: Counter,
    naming: Counter,
}

/// An agent.
#[derive(Default)]
struct Seat {
    facts: SeatFacts,
    /// Of the contacts taken lately the share of moments of truth.
    share: u32,
}

/// An acceptance, as the caller has looked it up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub contact: ContactKey,
    pub agent: AgentKey,
    pub waited: Span,
    /// Whether that was within its queue's service level.
    pub is_in_time: bool,
}

impl CareMetrics {
    pub fn new(tenant: &TenantId) -> Self {
        let name = tenant.as_str();
        Self {
            tenant: tenant.clone(),
            measures: Measures::default(),
            heard: FxHashMap::default(),
            names: FxHashSet::default(),
            moments: FxHashMap::default(),
            kinds: Kind::ALL.map(|kind| KindMetrics::new(name, kind)),
            lifted: Lift::ALL.map(|lift| TEXT_CONTACTS.counter(&[name, lift.name()])),
            texts: FxHashMap::default(),
            share: AGENT_MOMENT_SHARE.histogram(&[name]),
            seats: FxHashMap::default(),
            idle: Idle::default(),
            occupancy: Group::ALL.map(|group| OCCUPANCY.gauge(&[name, group.name()])),
            gap: OCCUPANCY_GAP.gauge(&[name]),
            touched: Vec::new(),
            stale: Vec::new(),
        }
    }

    /// The counts as plain numbers.
    pub fn measures(&self) -> &Measures {
        &self.measures
    }

    /// Counts an event, acceptances excepted.
    pub fn event(&mut self, now: Timestamp, state: &State, event: &Event) {
        match event {
            Event::DocumentApplied { .. } => self.stale = self.seats.keys().copied().collect(),
            Event::AgentPut { agent, .. } | Event::AgentDeleted { agent, .. } | Event::PresenceSet { agent, .. } => {
                self.touched.push(*agent);
            }
            Event::EngagementInterrupted { engagement }
            | Event::EngagementResumed { engagement }
            | Event::WrapUpStarted { engagement, .. } => self.touched.extend(state.engaged_agent(*engagement)),
            Event::EngagementEnded { agent, .. } => self.touched.push(*agent),
            Event::ContactQueued { contact, queued } if queued.care.moment_of_truth => {
                self.heard.entry(*contact).or_default().is_moment = true;
            }
            Event::SignalsTaken { contact, signals } => self.listen(state, *contact, signals),
            Event::ContactScored { contact, care, why, .. } => {
                let heard = self.heard.entry(*contact).or_default();
                heard.is_moment = care.moment_of_truth;
                if let Some(scored) = why {
                    self.scored(*contact, scored);
                }
            }
            Event::ContactClosed { contact, because, .. } => self.closed(now, state, *contact, *because),
            _ => {}
        }
    }

    /// An agent accepted.
    pub fn accepted(&mut self, state: &State, taken: Taken) {
        let Taken { contact, agent, waited, is_in_time } = taken;
        self.count_words(contact);
        self.touched.push(agent);
        let (kind, seat) = (self.kind_of(contact), self.seats.entry(agent).or_default());
        let is_empathetic = state.seat_facts(agent).is_some_and(|facts| facts.is_empathetic);
        let group = if is_empathetic { Group::Empathetic } else { Group::Other };
        let metrics = &self.kinds[kind as usize];
        metrics.answered[group as usize][usize::from(!is_in_time)].increment(1);
        metrics.wait.record(seconds(waited));
        self.measures.kinds[kind as usize].accept(group, waited, is_in_time);
        if is_empathetic {
            let now = if kind == Kind::Moment { u32::from(WHOLE) } else { 0 };
            seat.share = (seat.share * (RECENT - 1) + now) / RECENT;
            self.share.record(f64::from(seat.share) / f64::from(WHOLE));
        }
    }

    /// Looks at the agents whom the last record touched.
    pub fn look(&mut self, state: &State) {
        while let Some(agent) = self.touched.pop() {
            self.look_at(state, agent);
        }
    }

    /// Who has been idle for longest.
    pub fn longest_idle(&self) -> LongestIdle {
        self.idle.longest()
    }

    /// Brings the gauges up to date; true if there is more to be done.
    pub fn publish(&mut self, state: &State) -> bool {
        let left = self.stale.len().saturating_sub(STALE_AT_ONCE);
        for agent in self.stale.split_off(left) {
            self.look_at(state, agent);
        }
        let shares = self.measures.groups.map(|group| group.occupancy());
        for (gauge, share) in self.occupancy.iter().zip(shares) {
            gauge.set(share);
        }
        self.gap.set(shares[0] - shares[1]);
        !self.stale.is_empty()
    }

    fn look_at(&mut self, state: &State, agent: AgentKey) {
        let now = state.seat_facts(agent);
        let groups = &mut self.measures.groups;
        let before = match now {
            Some(facts) => {
                groups[group_of(&facts) as usize].add(facts.capacity, facts.busy);
                std::mem::replace(&mut self.seats.entry(agent).or_default().facts, facts)
            }
            None => self.seats.remove(&agent).map(|seat| seat.facts).unwrap_or_default(),
        };
        groups[group_of(&before) as usize].remove(before.capacity, before.busy);
        self.idle.change(agent, &before, &now.unwrap_or_default());
    }

    fn listen(&mut self, state: &State, contact: ContactKey, signals: &[Signal]) {
        let heard = self.heard.entry(contact).or_default();
        for signal in signals.iter().filter(|signal| signal.source == Source::Text) {
            heard.has_words = true;
            let Some((content, language)) =
                signal.content.as_ref().and_then(|content| Some((content, content.language?)))
            else {
                continue;
            };
            let Some(facts) = state.contact_facts(contact) else { continue };
            let tenant = self.tenant.as_str();
            let metrics = self.texts.entry((language, facts.channel)).or_insert_with(|| {
                let language = str::from_utf8(&language).unwrap_or(OTHER);
                TextMetrics::new([tenant, language, state.channel_name(facts.channel).as_str()])
            });
            metrics.count(content);
            self.measures
                .texts
                .count(content.feeling.is_some_and(|feeling| feeling.valence <= NEGATIVE), is_urgent(content));
        }
    }

    fn scored(&mut self, contact: ContactKey, scored: &Scored) {
        let heard = self.heard.entry(contact).or_default();
        let of = |is: fn(Source) -> bool| {
            let parts = scored.contributions.iter().filter(|part| is(part.source));
            parts.map(|part| part.seconds).sum::<u32>()
        };
        let (words, others) = (of(|source| source == Source::Text), of(|source| source != Source::Text));
        if words + others > heard.most.0 {
            let lift = match (words, others) {
                (0, _) => Lift::Not,
                (_, 0) => Lift::Alone,
                _ => Lift::Together,
            };
            heard.most = (words + others, lift);
        }
        for part in &scored.contributions {
            let Cause::Moment(name) = &part.cause else { continue };
            if heard.named.contains(name) {
                continue;
            }
            heard.named.push(name.clone());
            *self.measures.moments.entry(name.clone()).or_default() += 1;
            let tenant = self.tenant.as_str();
            let names = &mut self.names;
            let counter = self.moments.entry((name.clone(), part.source)).or_insert_with(|| {
                let is_known = names.contains(name) || names.len() < NAMES_MAX && names.insert(name.clone());
                MOMENTS.counter(&[tenant, if is_known { name.as_str() } else { OTHER }, part.source.name()])
            });
            counter.increment(1);
        }
    }

    fn closed(&mut self, now: Timestamp, state: &State, contact: ContactKey, because: ClosedBecause) {
        self.count_words(contact);
        let kind = self.kind_of(contact);
        if let Some(facts) = state.contact_facts(contact)
            && because == ClosedBecause::Abandoned
        {
            let waited = (now - facts.queued_at).max(Span::ZERO);
            self.kinds[kind as usize].abandoned.record(seconds(waited));
            self.measures.kinds[kind as usize].abandon(waited);
        }
        self.heard.remove(&contact);
    }

    fn kind_of(&self, contact: ContactKey) -> Kind {
        if self.heard.get(&contact).is_some_and(|heard| heard.is_moment) { Kind::Moment } else { Kind::Routine }
    }

    /// Counts a contact with words when its wait is over, once.
    fn count_words(&mut self, contact: ContactKey) {
        let heard = self.heard.get_mut(&contact).filter(|heard| heard.has_words && !heard.counted);
        if let Some(heard) = heard {
            heard.counted = true;
            self.lifted[heard.most.1 as usize].increment(1);
            self.measures.lifted[heard.most.1 as usize] += 1;
        }
    }
}

impl KindMetrics {
    fn new(tenant: &str, kind: Kind) -> Self {
        let answered = Group::ALL.map(|group| {
            ["within", "beyond"].map(|level| CARE_ANSWERED.counter(&[tenant, kind.name(), group.name(), level]))
        });
        let wait = CARE_WAIT_SECONDS.histogram(&[tenant, kind.name()]);
        Self { answered, wait, abandoned: CARE_ABANDONED_SECONDS.histogram(&[tenant, kind.name()]) }
    }
}

impl TextMetrics {
    fn new(labels: [&str; 3]) -> Self {
        let [all, negative, urgent, naming] =
            [&TEXTS, &TEXTS_NEGATIVE, &TEXTS_URGENT, &TEXTS_NAMING].map(|metric| metric.counter(&labels));
        Self { all, negative, urgent, naming }
    }

    fn count(&self, content: &Content) {
        let is_negative = content.feeling.is_some_and(|feeling| feeling.valence <= NEGATIVE);
        self.all.increment(1);
        self.negative.increment(u64::from(is_negative));
        self.urgent.increment(u64::from(is_urgent(content)));
        self.naming.increment(u64::from(!content.events.is_empty()));
    }
}

fn is_urgent(content: &Content) -> bool {
    content.urgency.is_some_and(|urgency| urgency.value >= URGENT)
}

fn group_of(facts: &SeatFacts) -> Group {
    if facts.is_empathetic { Group::Empathetic } else { Group::Other }
}
