//! A contact's course, told at its end: one line in the log, and a span for each offer and engagement.
//!
//! Invariant: nothing of the customer is told: no id, no attributes, no context, no words; the contact by the platform's
//! id, which should therefore name nobody. Bounded by contacts that were offered and have not ended, and by engagements.
//! Of contacts from before what a start could read it is said that their line is partial. Not here: counts (`tenant`).

use rustc_hash::FxHashMap;
use tracing::{Level, enabled, info};

use crate::{
    engine::{
        Event, OfferFacts, State,
        event::{EngagementOver, Requeued},
        summary::{Summary, Way},
    },
    journal::Record,
    model::{
        contact::ClosedBecause,
        ids::{AgentKey, ContactKey, EngagementKey, OfferKey, TenantId},
        time::{Span, Timestamp},
        trace::TraceContext,
    },
    telemetry::spans::{self, Kind, Place, Value},
};

/// Where the lines are in the log: `attune::contact=off` in a filter leaves them out.
const TARGET: &str = "attune::contact";

/// What is told, and of whom.
#[derive(Debug, Default)]
pub(super) struct Chronicle {
    /// Whether each contact gets its line.
    pub has_lines: bool,
    /// Whether what comes is news, and not repeated from a journal.
    pub is_live: bool,
    tenants: FxHashMap<TenantId, Courses>,
}

/// The contacts of a tenant.
#[derive(Debug)]
struct Courses {
    /// Contacts before this one came before anything was seen.
    whole_from: ContactKey,
    contacts: FxHashMap<ContactKey, Course>,
    engagements: FxHashMap<EngagementKey, Engaged>,
}

/// What became of a contact so far.
#[derive(Debug, Clone, Copy, Default)]
struct Course {
    offers: u32,
    declined: u32,
    expired: u32,
    transfers: u32,
    /// Time at agents' hands.
    talk: Span,
    /// Time set aside for work that does not wait.
    hold: Span,
    wrap_up: Span,
}

/// An engagement and what is done in it at present.
#[derive(Debug, Clone, Copy)]
struct Engaged {
    contact: ContactKey,
    agent: AgentKey,
    accepted_at: Timestamp,
    doing: Doing,
    since: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Talk,
    Hold,
    WrapUp,
}

/// Where an event happened.
#[derive(Clone, Copy)]
struct At<'a> {
    tenant: &'a TenantId,
    now: Timestamp,
    state: &'a State,
    has_lines: bool,
    is_live: bool,
}

impl Chronicle {
    /// Takes a record; `state` is the tenant's world, which may already be a batch ahead.
    pub fn record(&mut self, record: &Record, state: &State) {
        let has_lines = self.has_lines && enabled!(target: TARGET, Level::INFO);
        if !has_lines && !spans::is_on() {
            // Whoever begins to listen later begins with what comes then.
            self.tenants.clear();
            return;
        }
        let Self { is_live, tenants, .. } = self;
        if !tenants.contains_key(&record.tenant) {
            tenants.insert(record.tenant.clone(), Courses::new(state.next_contact()));
        }
        let courses = tenants.get_mut(&record.tenant).expect("it was put there just now");
        let at = At { tenant: &record.tenant, now: record.now, state, has_lines, is_live: *is_live };
        record.events.iter().for_each(|event| courses.event(at, event));
    }
}

impl Courses {
    fn new(whole_from: ContactKey) -> Self {
        Self { whole_from, contacts: FxHashMap::default(), engagements: FxHashMap::default() }
    }

    fn event(&mut self, at: At<'_>, event: &Event) {
        match event {
            Event::OfferMade { contact, .. } => self.course(*contact).offers += 1,
            Event::OfferAccepted { offer, engagement } => self.accepted(at, *offer, *engagement),
            Event::OfferDeclined { offer, .. } => {
                if let Some(contact) = self.offer_ended(at, *offer, "declined") {
                    self.course(contact).declined += 1;
                }
            }
            Event::OfferExpired { offer, .. } => {
                if let Some(contact) = self.offer_ended(at, *offer, "expired") {
                    self.course(contact).expired += 1;
                }
            }
            Event::OfferRescinded { offer, .. } => drop(self.offer_ended(at, *offer, "rescinded")),
            Event::ContactRequeued { contact, because: Requeued::Transferred, .. } => {
                self.course(*contact).transfers += 1;
            }
            Event::EngagementInterrupted { engagement } => self.turn_to(at, *engagement, Doing::Hold),
            Event::EngagementResumed { engagement } => self.turn_to(at, *engagement, Doing::Talk),
            Event::WrapUpStarted { engagement, .. } => self.turn_to(at, *engagement, Doing::WrapUp),
            Event::EngagementEnded { engagement, because, .. } => self.engagement_ended(at, *engagement, *because),
            Event::ContactClosed { contact, because, .. } => self.closed(at, *contact, *because),
            _ => {}
        }
    }

    fn course(&mut self, contact: ContactKey) -> &mut Course {
        self.contacts.entry(contact).or_default()
    }

    fn accepted(&mut self, at: At<'_>, offer: OfferKey, engagement: EngagementKey) {
        let Some(contact) = self.offer_ended(at, offer, "accepted") else { return };
        let Some(OfferFacts { agent, .. }) = at.state.offer_facts(offer) else { return };
        // Of a contact that was there before a start the course begins here.
        self.course(contact);
        let engaged = Engaged { contact, agent, accepted_at: at.now, doing: Doing::Talk, since: at.now };
        self.engagements.insert(engagement, engaged);
    }

    /// The contact that was offered.
    fn offer_ended(&self, at: At<'_>, offer: OfferKey, outcome: &'static str) -> Option<ContactKey> {
        let OfferFacts { contact, agent, made_at, .. } = at.state.offer_facts(offer)?;
        at.span("offer", contact, agent, made_at, outcome);
        Some(contact)
    }

    /// Counts what was done until now.
    fn turn_to(&mut self, at: At<'_>, engagement: EngagementKey, doing: Doing) {
        let Some(engaged) = self.engagements.get_mut(&engagement) else { return };
        let (contact, did, took) = (engaged.contact, engaged.doing, at.now - engaged.since);
        (engaged.doing, engaged.since) = (doing, at.now);
        // A contact that was passed on may have ended before its first agent's wrap-up.
        if let Some(course) = self.contacts.get_mut(&contact) {
            let so_far = match did {
                Doing::Talk => &mut course.talk,
                Doing::Hold => &mut course.hold,
                Doing::WrapUp => &mut course.wrap_up,
            };
            *so_far = Span(so_far.0.saturating_add(took.0));
        }
    }

    fn engagement_ended(&mut self, at: At<'_>, key: EngagementKey, because: EngagementOver) {
        self.turn_to(at, key, Doing::WrapUp);
        if let Some(Engaged { contact, agent, accepted_at, .. }) = self.engagements.remove(&key) {
            at.span("engagement", contact, agent, accepted_at, because.name());
        }
    }

    fn closed(&mut self, at: At<'_>, key: ContactKey, because: ClosedBecause) {
        let course = self.contacts.remove(&key).unwrap_or_default();
        if !at.has_lines || !at.is_live {
            return;
        }
        let Some(Summary { id, arrived_at, trace, way }) = at.state.summary(key) else { return };
        let waited = way.map(|way| way.answered_at.unwrap_or(at.now) - arrived_at);
        // What never happened is not told as nothing.
        let some = |span: Span| (span > Span::ZERO).then_some(span.as_millis());
        let count = |count: u32| (count > 0).then_some(count);
        info!(
            target: TARGET,
            tenant = %at.tenant,
            contact = %id,
            queue = way.map(|way| display(way.queue)),
            channel = way.map(|way| display(way.channel)),
            outcome = because.name(),
            waited_ms = waited.map(Span::as_millis),
            talk_ms = some(course.talk),
            hold_ms = some(course.hold),
            wrap_up_ms = some(course.wrap_up),
            offers = course.offers,
            declined = count(course.declined),
            expired = count(course.expired),
            transfers = count(course.transfers),
            moment_of_truth = way.is_some_and(|way| way.is_moment),
            head_start_ms = way.and_then(|way| some(way.head_start)),
            trace_id = trace.map(|trace| display(trace.trace_id())),
            partial = (key < self.whole_from).then_some(true),
            "contact ended"
        );
    }
}

impl At<'_> {
    /// A span of something that came of an enqueue, from then until now.
    fn span(&self, name: &'static str, contact: ContactKey, agent: AgentKey, began: Timestamp, outcome: &'static str) {
        if !self.is_live || !spans::is_on() {
            return;
        }
        let Some(Summary { id, trace, way: Some(Way { queue, channel, is_moment, .. }), .. }) =
            self.state.summary(contact)
        else {
            return;
        };
        let agent = self.state.agent_id(agent).map(|agent| agent.as_str()).unwrap_or_default();
        spans::tell(&spans::Span {
            name,
            kind: Kind::Consumer,
            parent: None,
            link: trace.map(place),
            began_us: began.0,
            ended_us: self.now.0,
            attributes: &[
                ("attune.tenant", Value::Text(self.tenant.as_str())),
                ("attune.contact", Value::Text(id.as_str())),
                ("attune.queue", Value::Text(queue.as_str())),
                ("attune.channel", Value::Text(channel.as_str())),
                ("attune.agent", Value::Text(agent)),
                ("attune.outcome", Value::Text(outcome)),
                ("attune.moment_of_truth", Value::Truth(is_moment)),
            ],
            failed: None,
        });
    }
}

/// A place in a trace, as spans have it.
pub fn place(trace: &TraceContext) -> Place<'_> {
    Place {
        trace_id: trace.trace_id().0,
        span_id: trace.span_id(),
        is_sampled: trace.is_sampled(),
        state: trace.state(),
    }
}
