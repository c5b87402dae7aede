//! How long a wait will be: for a contact that waits, and for one that has not joined.
//!
//! Of whoever could take the contact it is known how many are there, what they are at and how long that takes; of whoever
//! stands before it, how many are there, who of them take its agents, and how soon they leave ([`picture`], [`work`]). From
//! that follows a mean ([`flow`]), which is scaled by how waits of the queue turned out ([`scale`]) and told as a range by
//! how far they were off ([`range`]). What others were told counts for a minute ([`quotes`]). Where a step of a queue waits for
//! long waits, they are watched for it ([`overflow`]).
//!
//! A contact that agents of more kinds may take later, by a step or when a hold or the reserve ends, is served at the
//! first of these turns ([`stages`]). Moments of truth, which wait otherwise than the rest of their queue, have a factor
//! and a range of their own. Whom it is offered to and accepts late is part of the wait: it ends when an agent accepts.
//!
//! Invariant: it reads events and the state as it stands, and decides nothing. What is kept of contacts ends with their
//! wait; everything else is bounded by the document. An estimate that nothing supports is told as unknown. After a restart
//! work and patience are known by the journal as far as that is read, and ranges are learnt anew. Not here: metrics and who
//! asks (`shard`).

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    engine::{
        Command, Event, Reject, State,
        event::Queued,
        lines::{AgentSet, Newcomer, Overflow, Piece, Spot, Turn},
    },
    model::{
        contact::{ClosedBecause, CustomerId},
        document::Document,
        ids::{ChannelKey, ChannelName, ContactId, ContactKey, EngagementKey, OfferKey, QueueKey, QueueName},
        limits::WAIT_PLACES_MAX,
        requirement::Requirement,
        time::{Span, Timestamp},
    },
};

mod flow;
mod overflow;
mod pace;
mod picture;
mod quotes;
mod range;
mod scale;
mod stages;
mod work;

use super::decay::seconds;
use flow::{Flow, Wait};
use overflow::Watch;
use pace::Pace;
use picture::{Arrival, Before, Kind, Picture, Streams};
use quotes::Quotes;
use range::Range;
use scale::Scale;
use work::{End, Line, Patience, Works};

pub use range::{Basis, QUANTILES, loss};

/// Which of [`QUANTILES`] half of the customers who stay wait at the most.
const HALF: usize = 0;
/// So many starts have to be known before they say anything.
const STARTS_MIN: f64 = 2.5;
/// A turn so many times as late as another's mean does not come.
const LATE: f64 = 4.0;

/// What is known of a tenant's waits.
#[derive(Debug, Default)]
pub struct Waits {
    works: Works,
    patience: BTreeMap<Line, Patience>,
    kinds: BTreeMap<(QueueKey, Kind), KindWaits>,
    /// Residuals of all queues.
    pooled: Range,
    streams: Streams,
    picture: Picture,
    quotes: Quotes,
    pace: Pace,
    overflows: Watch,
    waiting: BTreeMap<ContactKey, Waiting>,
    offers: BTreeMap<OfferKey, Offered>,
    engagements: BTreeMap<EngagementKey, Piece>,
    outcomes: Vec<Outcome>,
}

/// How waits of one queue turned out, of moments of truth or of others.
#[derive(Debug, Default)]
struct KindWaits {
    scale: Scale,
    range: Range,
}

/// A contact in line.
#[derive(Debug)]
struct Waiting {
    line: Line,
    since: Timestamp,
    /// Since when the customer's patience is tried; not while it is parked.
    tried_since: Option<Timestamp>,
    /// What it was to expect as it came, if that was estimated.
    told: Option<Box<Told>>,
}

impl Waiting {
    fn is_parked(&self) -> bool {
        self.tried_since.is_none()
    }
}

#[derive(Debug)]
struct Offered {
    contact: ContactKey,
    piece: Piece,
    made_at: Timestamp,
}

/// An expectation.
#[derive(Debug, Clone, Copy)]
struct Told {
    kind: Kind,
    /// By the arithmetic alone.
    flow: Wait,
    /// By how waits of the queue turned out.
    expected: Wait,
    before: f64,
    waits: [f64; QUANTILES.len()],
    basis: Basis,
}

/// How long a wait will be from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// On average.
    pub mean: Span,
    /// In the order of [`QUANTILES`]: half of the customers who stay wait so long at the most, 80 %, 90 %.
    pub waits: [Span; QUANTILES.len()],
    /// How many will be served before, by agents who could take it.
    pub before: u64,
    /// Whether the range is the queue's own.
    pub basis: Basis,
}

/// Why nobody can say how long a wait will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Too few contacts have been handled to tell.
    FewStarts,
    /// Nobody is there who could take it.
    NobodyThere,
    /// It is not offered: parked, its queue paused, or offering held after a restart.
    NotOffered,
    /// Its queue takes no more contacts.
    NotTaken,
}

impl Unknown {
    /// Its name, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::FewStarts => "few_starts",
            Self::NobodyThere => "nobody_there",
            Self::NotOffered => "not_offered",
            Self::NotTaken => "not_taken",
        }
    }
}

/// What somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// How long a contact still waits.
    Contact(ContactId),
    /// How long one that has not joined would, at each of these; the customer is told the quickest.
    Newcomer {
        /// At most [`WAIT_OPTIONS_MAX`](crate::model::limits::WAIT_OPTIONS_MAX), and [`WAIT_PLACES_MAX`] with the
        /// channels that they stand for.
        options: Vec<Choice>,
        /// Who is told, so that it counts.
        told: Option<CustomerId>,
    },
}

/// Where a contact might join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The queue.
    pub queue: QueueName,
    /// The channel; `None` = each that the queue takes.
    pub channel: Option<ChannelName>,
    /// What it would ask itself.
    pub requirement: Requirement,
    /// Whether it would be a moment of truth.
    pub moment_of_truth: bool,
    /// The head start it would have beside its queue's.
    pub head_start: Span,
}

/// How long a wait will be, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitView {
    /// The queue in which it is, or that would take it in.
    pub queue: QueueName,
    /// The channel.
    pub channel: ChannelName,
    /// How many of the queue stand before it.
    pub ahead: u64,
    /// How many wait in the queue.
    pub waiting: u64,
    /// How long it has waited.
    pub waited: Span,
    /// How long it will.
    pub estimate: Result<Estimate, Unknown>,
}

/// What became of an estimate, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// A contact came and is to expect this.
    Told {
        /// Its queue.
        queue: QueueKey,
        /// On average.
        mean: f64,
        /// In the order of [`QUANTILES`].
        waits: [f64; QUANTILES.len()],
    },
    /// A contact came, and nobody can say.
    Unknown {
        /// Its queue.
        queue: QueueKey,
        /// Why.
        why: Unknown,
    },
    /// An agent accepted one that was told this as it came.
    Judged {
        /// Its queue.
        queue: QueueKey,
        /// In the order of [`QUANTILES`].
        waits: [f64; QUANTILES.len()],
        /// How long it waited.
        waited: f64,
    },
}

impl Outcome {
    /// The queue that it is about.
    pub fn queue(&self) -> QueueKey {
        match self {
            Self::Told { queue, .. } | Self::Unknown { queue, .. } | Self::Judged { queue, .. } => *queue,
        }
    }
}

/// What is done about contacts that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// It is estimated how long they will wait, to be judged by; where many come at once, of some of them.
    Estimates,
    /// Nothing: a journal is read again, and the state is not theirs.
    Nothing,
}

impl Waits {
    /// Follows what happened at `now`; `state` may be a batch ahead.
    pub fn record(&mut self, now: Timestamp, events: &[Event], state: &State, telling: Telling) {
        self.quotes.let_go(now);
        let mut arrived = Arrived::default();
        for event in events {
            self.follow(now, event, state, &mut arrived);
        }
        for arrival in arrived.streams.into_iter().map(|(_, arrival)| arrival) {
            self.streams.note(now, arrival);
        }
        if telling == Telling::Estimates {
            arrived.in_line.into_iter().for_each(|contact| self.tell(now, state, contact));
        }
    }

    /// What became of estimates since this was last asked.
    pub fn outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// Whether a step of a queue waits for the wait that is to be expected, by the document in force.
    pub fn is_watching_overflow(&mut self, state: &State) -> bool {
        self.overflows.is_watching(state)
    }

    /// Which queues the shard should let overflow from now on, or no more.
    pub fn overflow_advice(&mut self, now: Timestamp, state: &State) -> Vec<Command> {
        let mut advice = Vec::new();
        for line in self.overflows.due(now, state) {
            let spot = state.spot_without_overflow(now, line);
            let told = spot.and_then(|spot| self.expect(now, state, &spot, Some(None)).ok());
            let wanted = told.and_then(|told| self.overflows.judge(now, line, span(told.waits[HALF]), state));
            advice.extend(wanted.map(|beyond| Command::SetOverflow {
                queue: state.queue_name(line.0).clone(),
                channel: state.channel_name(line.1).clone(),
                beyond,
            }));
        }
        advice
    }

    /// Answers a question. What a customer is told counts from then on.
    pub fn answer(&mut self, now: Timestamp, state: &State, question: &Question) -> Result<Vec<WaitView>, Reject> {
        match question {
            Question::Contact(id) => {
                let spot = state.spot_named(now, id)?;
                Ok(vec![self.view(now, state, &spot, None)])
            }
            Question::Newcomer { options, told } => {
                let mut views = Vec::new();
                for newcomer in newcomers(state, options)? {
                    views.push(self.newcomer_view(now, state, &newcomer, told.as_ref())?);
                }
                views.sort_by_key(|(view, _)| view.estimate.map_or([Span(i64::MAX); 3], |known| known.waits));
                if let (Some(customer), Some((view, Some(spot)))) = (told, views.first())
                    && view.estimate.is_ok()
                    && let Some(stage) = spot.stages.first()
                {
                    self.quotes.tell(now, customer, (spot.queue, spot.channel), &stage.agents);
                }
                Ok(views.into_iter().map(|(view, _)| view).collect())
            }
        }
    }

    fn newcomer_view(
        &mut self,
        now: Timestamp,
        state: &State,
        newcomer: &Newcomer,
        told: Option<&CustomerId>,
    ) -> Result<(WaitView, Option<Spot>), Reject> {
        match state.spot_for(now, newcomer) {
            Ok(spot) => Ok((self.view(now, state, &spot, Some(told)), Some(spot))),
            Err(Reject::QueueFull { .. } | Reject::QueueDraining(_)) => {
                let (queue, channel) = (newcomer.queue.clone(), newcomer.channel.clone());
                let estimate = Err(Unknown::NotTaken);
                Ok((WaitView { queue, channel, ahead: 0, waiting: 0, waited: Span::ZERO, estimate }, None))
            }
            Err(reject) => Err(reject),
        }
    }

    /// Of a contact that waits, or of one that has not joined, with who asks for it if that is known.
    fn view(&mut self, now: Timestamp, state: &State, spot: &Spot, joins: Option<Option<&CustomerId>>) -> WaitView {
        let estimate = self.expect(now, state, spot, joins).map(|told| Estimate {
            mean: span(told.expected.mean),
            waits: told.waits.map(span),
            before: told.before.round() as u64,
            basis: told.basis,
        });
        WaitView {
            queue: state.queue_name(spot.queue).clone(),
            channel: state.channel_name(spot.channel).clone(),
            ahead: state.rank(spot.queue, spot.place) as u64,
            waiting: state.queue_waiting(spot.queue) as u64,
            waited: (now - spot.arrived_at).max(Span::ZERO),
            estimate,
        }
    }

    /// How long a wait from now on is to be expected.
    fn expect(
        &mut self,
        now: Timestamp,
        state: &State,
        spot: &Spot,
        joins: Option<Option<&CustomerId>>,
    ) -> Result<Told, Unknown> {
        let line = (spot.queue, spot.channel);
        let key = (spot.queue, Kind::of(spot.is_moment));
        let accepting = self.works.accepting(line);
        match spot.turn {
            Turn::NotOffered => return Err(Unknown::NotOffered),
            Turn::Offered => return Ok(self.told(key, accepting, 0.0)),
            Turn::Waits => {}
        }
        self.picture.look(now, state, &self.streams);
        let leaving = self.patience.get(&line).map_or(0.0, |patience| patience.leaving());
        let mut why = Unknown::NobodyThere;
        let mut turns: Vec<(f64, Option<Turned>)> = Vec::new();
        for stage in &spot.stages {
            let from = seconds(stage.from - now).max(0.0);
            // By the mean of an earlier turn this one would come late.
            let is_late = |(begins, turned): &(f64, Option<Turned>)| {
                turned.is_some_and(|turned| begins + turned.wait.mean * LATE < from)
            };
            if turns.iter().any(is_late) {
                break;
            }
            match self.turn(now, state, spot, (&stage.agents, from), (leaving, joins)) {
                Ok(turned) => turns.push((from, Some(turned))),
                Err(unknown) => {
                    turns.push((from, None));
                    if unknown == Unknown::FewStarts {
                        why = unknown;
                    }
                }
            }
        }
        let before = turns.iter().find_map(|(_, turned)| turned.map(|turned| turned.before)).ok_or(why)?;
        let mut wait: Option<(f64, Wait)> = None;
        for (from, turned) in turns.into_iter().rev() {
            let turn = turned.map(|turned| turned.wait);
            wait = match wait {
                None => turn.map(|turn| (from, turn)),
                Some((next_from, next)) => Some((from, stages::then(turn, next_from - from, next))),
            };
        }
        let (from, wait) = wait.ok_or(why)?;
        let mean = from + wait.mean + accepting.mean;
        Ok(self.told(key, Wait { mean, variance: wait.variance + accepting.variance }, before))
    }

    /// How long it takes from a time on until one of these agents takes it, if nobody else did.
    fn turn(
        &mut self,
        now: Timestamp,
        state: &State,
        spot: &Spot,
        (agents, from): (&AgentSet, f64),
        (leaving, joins): (f64, Option<Option<&CustomerId>>),
    ) -> Result<Turned, Unknown> {
        if agents.is_empty() {
            return Err(Unknown::NobodyThere);
        }
        let line = (spot.queue, spot.channel);
        let mut view = self.picture.view(state, agents);
        if spot.overflow == Overflow::None {
            view = self.picture.undivided(spot.queue, agents, view);
        }
        let mut before = self.picture.before(state, line, spot.place, &view);
        if let Some(asks) = joins {
            self.quotes.add(now, asks, agents, &mut before);
            if from == 0.0 && before.contacts < 0.5 && state.is_one_free(line, agents) {
                return Ok(Turned { wait: Wait::NONE, before: 0.0 });
            }
        }
        if spot.overflow == Overflow::None {
            before.add(line, with_others(state, spot.queue, agents, &view.work));
        }
        let starts = self.starts(line, (agents, &view.work), &before).ok_or(Unknown::FewStarts)?;
        let mut passing = self.picture.passing(now, spot.place, &view);
        let flow = Flow { starts: starts.rate, leaving };
        let mut wait = flow::wait(flow, before.contacts, &mut passing, from);
        // Of few starts the rate is known no better than so.
        wait.variance += wait.mean * wait.mean / starts.seen;
        Ok(Turned { wait, before: before.contacts })
    }

    fn told(&self, key: (QueueKey, Kind), flow: Wait, before: f64) -> Told {
        let known = self.kinds.get(&key);
        let expected = known.map_or(flow, |known| known.scale.applied(flow));
        let (waits, basis) = range::published(expected, known.map(|known| &known.range), &self.pooled);
        Told { kind: key.1, flow, expected, before, waits, basis }
    }

    /// How many starts a second these agents make of what is before and of this line: first they end what they are at,
    /// then what stands before. Of a line that is not known it is what any contact takes; if none of them is known well
    /// enough, nobody can say.
    fn starts(&self, line: Line, (agents, work): (&AgentSet, &[Piece]), before: &Before) -> Option<Starts> {
        let any = self.works.taken_by_any()?;
        let taken = |line: Line| self.works.taken(line).unwrap_or(any);
        let (mut parts, mut speed, mut seen) = (0.0, 0.0, 0.0);
        let mut lines: Vec<Line> = vec![line];
        for piece in work {
            let (at, share) = ((piece.queue, piece.channel), f64::from(piece.share) / 1_000.0);
            parts += share;
            speed += share / taken(at).seconds;
            if !lines.contains(&at) {
                lines.push(at);
            }
        }
        let own = taken(line).seconds;
        let speed = if parts > 0.0 { speed / parts } else { 1.0 / own };
        let ahead: f64 = before.lines.iter().map(|(line, contacts)| contacts * taken(*line).seconds).sum();
        let later = (ahead + own) / (before.contacts + 1.0);
        for (known, _) in &before.lines {
            if !lines.contains(known) {
                lines.push(*known);
            }
        }
        lines.iter().filter_map(|line| self.works.taken(*line)).for_each(|taken| seen += taken.seen);
        let count = agents.len() as f64;
        let first = (count / (before.contacts + 1.0)).min(1.0);
        let each = first / speed + (1.0 - first) * later;
        (seen >= STARTS_MIN).then_some(Starts { rate: count / each, seen })
    }

    /// Estimates what a contact is to expect that just came, so that it can be judged.
    fn tell(&mut self, now: Timestamp, state: &State, contact: ContactKey) {
        let Some(line) = self.waiting.get(&contact).map(|waiting| waiting.line) else { return };
        // Gone already, or with an agent: it did not have to wait.
        if !state.is_in_line(contact, line.0) || !self.pace.admits(now, line) {
            return;
        }
        let Some(spot) = state.spot(now, contact) else { return };
        let queue = spot.queue;
        match self.expect(now, state, &spot, None) {
            Ok(told) => {
                self.outcomes.push(Outcome::Told { queue, mean: told.expected.mean, waits: told.waits });
                if let Some(waiting) = self.waiting.get_mut(&contact) {
                    waiting.told = Some(Box::new(told));
                }
            }
            Err(why) => self.outcomes.push(Outcome::Unknown { queue, why }),
        }
    }

    fn follow(&mut self, now: Timestamp, event: &Event, state: &State, arrived: &mut Arrived) {
        match event {
            Event::DocumentApplied { document, .. } => self.follow_document(document, state),
            Event::ContactQueued { contact, queued } => {
                self.quotes.forget(&queued.details.customer_id);
                arrived.streams.push((*contact, arrival(queued)));
                self.queue(now, *contact, (queued.queue, queued.channel), arrived);
            }
            Event::ContactScored { contact, place, care, .. } => {
                // What it said as it came is part of how it came.
                let just = arrived.streams.iter_mut().find(|(arrived, _)| arrived == contact);
                if let Some((_, arrival)) = just {
                    (arrival.head_start, arrival.care) = (now - place.virtual_arrival, *care);
                }
            }
            Event::ContactRequeued { contact, queue, .. } | Event::ContactMoved { contact, queue, .. } => {
                let waiting = self.leave(now, *contact, End::Otherwise);
                let channel = waiting.as_ref().map(|waiting| waiting.line.1);
                let channel = channel.or_else(|| state.contact_facts(*contact).map(|facts| facts.channel));
                if let Some(channel) = channel.filter(|_| waits_again(event, state, *contact)) {
                    self.queue(now, *contact, (*queue, channel), arrived);
                    if matches!(event, Event::ContactMoved { .. }) && waiting.is_some_and(|before| before.is_parked()) {
                        self.park(now, *contact);
                    }
                }
            }
            Event::CustomerErased { customer, .. } => self.quotes.forget(&customer.0),
            Event::ContactParked { contact, .. } => self.park(now, *contact),
            Event::ContactReleased { contact } => {
                if let Some(waiting) = self.waiting.get_mut(contact) {
                    waiting.tried_since = Some(now);
                }
            }
            Event::ContactClosed { contact, because, .. } => {
                let left = *because == ClosedBecause::Abandoned;
                self.leave(now, *contact, if left { End::Left } else { End::Otherwise });
            }
            Event::OfferMade { offer, contact, agent, .. } => {
                if let Some(piece) = state.piece_of(*contact, *agent) {
                    self.works.give(now, line_of(piece), share_of(piece));
                    self.offers.insert(*offer, Offered { contact: *contact, piece, made_at: now });
                }
            }
            Event::OfferAccepted { offer, engagement } => self.accept(now, *offer, *engagement),
            Event::OfferDeclined { offer, .. }
            | Event::OfferExpired { offer, .. }
            | Event::OfferRescinded { offer, .. } => {
                if let Some(Offered { piece, .. }) = self.offers.remove(offer) {
                    self.works.take_back(now, line_of(piece), share_of(piece));
                }
            }
            Event::EngagementEnded { engagement, .. } => {
                if let Some(piece) = self.engagements.remove(engagement) {
                    self.works.end(now, line_of(piece), share_of(piece));
                }
            }
            _ => {}
        }
    }

    fn follow_document(&mut self, document: &Document, state: &State) {
        let is_kept = |queue: QueueKey| document.queues.contains_key(state.queue_name(queue));
        self.works.retain(is_kept);
        self.streams.retain(is_kept);
        self.patience.retain(|(queue, _), _| is_kept(*queue));
        self.kinds.retain(|(queue, _), _| is_kept(*queue));
        self.picture.forget();
    }

    fn queue(&mut self, now: Timestamp, contact: ContactKey, line: Line, arrived: &mut Arrived) {
        self.waiting.insert(contact, Waiting { line, since: now, tried_since: Some(now), told: None });
        arrived.in_line.push(contact);
    }

    /// It is not offered and nobody waits for that; what it was told is void.
    fn park(&mut self, now: Timestamp, contact: ContactKey) {
        let Some(waiting) = self.waiting.get_mut(&contact) else { return };
        waiting.told = None;
        if let Some(since) = waiting.tried_since.take() {
            self.patience.entry(waiting.line).or_default().note(now - since, End::Otherwise);
        }
    }

    fn leave(&mut self, now: Timestamp, contact: ContactKey, end: End) -> Option<Waiting> {
        let waiting = self.waiting.remove(&contact)?;
        if let Some(since) = waiting.tried_since {
            self.patience.entry(waiting.line).or_default().note(now - since, end);
        }
        Some(waiting)
    }

    fn accept(&mut self, now: Timestamp, offer: OfferKey, engagement: EngagementKey) {
        let Some(Offered { contact, piece, made_at }) = self.offers.remove(&offer) else { return };
        self.works.accept(line_of(piece), now - made_at);
        self.engagements.insert(engagement, piece);
        let Some(Waiting { line, since, told: Some(told), .. }) = self.leave(now, contact, End::Otherwise) else {
            return;
        };
        let (queue, waited) = (line.0, seconds(now - since));
        let Told { kind, flow, expected, before, waits, basis } = *told;
        let known = self.kinds.entry((queue, kind)).or_default();
        known.scale.note(flow, before, waited);
        if basis == Basis::Own {
            known.range.judge(waits.map(|told| waited <= told));
        }
        known.range.note(expected, waited);
        self.pooled.note(expected, waited);
        self.outcomes.push(Outcome::Judged { queue, waits, waited });
    }
}

/// A turn with some agents: how long it takes, and how many are before.
#[derive(Clone, Copy)]
struct Turned {
    wait: Wait,
    before: f64,
}

/// Starts a second, and on how many it is known.
struct Starts {
    rate: f64,
    seen: f64,
}

/// Contacts that came within one record.
#[derive(Default)]
struct Arrived {
    streams: Vec<(ContactKey, Arrival)>,
    in_line: Vec<ContactKey>,
}

fn arrival(queued: &Queued) -> Arrival {
    Arrival {
        line: (queued.queue, queued.channel),
        head_start: queued.arrived_at - queued.place.virtual_arrival,
        asked: Arc::clone(&queued.requirement),
        care: queued.care,
    }
}

/// How many of a queue are with agents other than these, by what these are at as far as that was looked at.
fn with_others(state: &State, queue: QueueKey, agents: &AgentSet, work: &[Piece]) -> f64 {
    let own = work.iter().filter(|piece| piece.queue == queue).count() as f64;
    let each_stands_for = agents.len().div_ceil(picture::AT_WORK_EXAMINED).max(1) as f64;
    (state.queue_engaged(queue) as f64 - own * each_stands_for).max(0.0)
}

/// A contact that goes by another document may be at an agent; whoever is re-queued waits.
fn waits_again(event: &Event, state: &State, contact: ContactKey) -> bool {
    matches!(event, Event::ContactRequeued { .. }) || state.is_waiting(contact)
}

/// Each option by each of its channels.
fn newcomers(state: &State, options: &[Choice]) -> Result<Vec<Newcomer>, Reject> {
    let mut newcomers = Vec::new();
    for Choice { queue, channel, requirement, moment_of_truth, head_start } in options {
        let channels = match channel {
            Some(channel) => vec![channel.clone()],
            None => state.channels_of(queue)?,
        };
        if newcomers.len() + channels.len() > WAIT_PLACES_MAX {
            let what = "queues and channels compared in one call, each channel of an option without one counted";
            return Err(Reject::LimitReached { what, limit: WAIT_PLACES_MAX });
        }
        newcomers.extend(channels.into_iter().map(|channel| Newcomer {
            queue: queue.clone(),
            channel,
            requirement: requirement.clone(),
            moment_of_truth: *moment_of_truth,
            head_start: *head_start,
        }));
    }
    Ok(newcomers)
}

fn line_of(piece: Piece) -> (QueueKey, ChannelKey) {
    (piece.queue, piece.channel)
}

fn share_of(piece: Piece) -> f64 {
    f64::from(piece.share) / 1_000.0
}

/// A wait in seconds, in tenths of them.
fn span(wait: f64) -> Span {
    Span::from_millis((wait * 10.0).round().clamp(0.0, 1e12) as i64 * 100)
}
