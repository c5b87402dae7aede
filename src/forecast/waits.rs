//! How long waits will be: what happens, as far as estimates follow from it, and what is answered to whoever asks.
//!
//! Each file has one part: [`estimate`] how long a wait will be, by what is known; `ledger` who was told, and how that
//! turned out; `question` what is asked. Beside them the estimate's own parts: who stands before (`picture`), what work
//! takes (`work`) and whether that has changed (`change`), the arithmetic (`flow`, `stages`), the correction (`scale`) and
//! the range (`range`), the load (`load`), what was told to customers who have not joined (`quotes`), and of how many
//! contacts it is estimated what they are to expect (`pace`). Where a step of a queue waits for long waits, they are watched
//! for it (`overflow`).
//!
//! Invariant: it reads events and the state as it stands, and decides nothing. What is kept of contacts ends with their
//! wait; everything else is bounded by the document. After a restart work and patience are known by the journal as far as
//! that is read, and ranges are learnt anew. Not here: metrics and who asks (`shard`).

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    engine::{
        Command, Event, Reject, State,
        event::Queued,
        lines::{Newcomer, Piece, Spot},
    },
    model::{
        contact::{ClosedBecause, CustomerId},
        document::Document,
        ids::{ContactKey, EngagementKey, OfferKey, QueueKey},
        time::{Span, Timestamp},
    },
};

mod change;
mod estimate;
mod flow;
mod ledger;
mod load;
mod overflow;
mod pace;
mod picture;
mod question;
mod quotes;
mod range;
mod scale;
mod stages;
mod work;

use super::decay::seconds;
use estimate::{Estimator, Whose, line_of, share_of};
use ledger::{Ledger, Waiting};
use overflow::Watch;
use pace::Pace;
use picture::Arrival;
use quotes::Quoted;
use work::End;

pub use estimate::{Estimate, Unknown};
pub use ledger::{Of, Outcome};
pub use load::{LOADS, Load};
pub use question::{Choice, Question, WaitView};
pub use range::{Basis, QUANTILES, loss};

/// Which of [`QUANTILES`] half of the customers who stay wait at the most.
const HALF: usize = 0;

/// What is known of a tenant's waits.
#[derive(Debug, Default)]
pub struct Waits {
    estimator: Estimator,
    ledger: Ledger,
    pace: Pace,
    overflows: Watch,
    offers: BTreeMap<OfferKey, Offered>,
    engagements: BTreeMap<EngagementKey, Engaged>,
}

#[derive(Debug)]
struct Offered {
    contact: ContactKey,
    piece: Piece,
    made_at: Timestamp,
}

#[derive(Debug)]
struct Engaged {
    piece: Piece,
    /// Since when it takes its agent.
    since: Timestamp,
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
        self.estimator.quotes.let_go(now);
        let mut arrived = Arrived::default();
        for event in events {
            self.follow(now, event, state, &mut arrived);
        }
        for arrival in arrived.streams.into_iter().map(|(_, arrival)| arrival) {
            self.estimator.streams.note(now, arrival);
        }
        if telling == Telling::Estimates {
            arrived.in_line.into_iter().for_each(|contact| self.expect(now, state, contact));
        }
    }

    /// What became of estimates since this was last asked.
    pub fn outcomes(&mut self) -> Vec<Outcome> {
        self.ledger.take_outcomes()
    }

    /// Whether a step of a queue waits for the wait that is to be expected, by the document in force.
    pub fn is_watching_overflow(&mut self, state: &State) -> bool {
        self.overflows.is_watching(state)
    }

    /// Which queues the shard should let overflow from now on, or no more.
    pub fn overflow_advice(&mut self, now: Timestamp, state: &State) -> Vec<Command> {
        let mut advice = Vec::new();
        for line in self.overflows.due(now, state) {
            let Some(spot) = state.spot_without_overflow(now, line) else { continue };
            let Ok((expected, _)) = self.estimator.expect(now, state, &spot, Whose::Newcomer(None)) else { continue };
            let wait = expected.estimate().waits[HALF];
            let wanted = self.overflows.judge(now, line, wait, state);
            advice.extend(wanted.map(|beyond| Command::SetOverflow {
                queue: state.queue_name(line.0).clone(),
                channel: state.channel_name(line.1).clone(),
                beyond,
            }));
        }
        advice
    }

    /// Answers a question. What a customer is told counts from then on, and whatever is told of a contact is judged by.
    pub fn answer(&mut self, now: Timestamp, state: &State, question: &Question) -> Result<Vec<WaitView>, Reject> {
        match question {
            Question::Contact(id) => {
                let (contact, spot) = state.spot_named(now, id)?;
                let view = self.view(now, state, &spot, Whose::Waiting);
                if let Ok(estimate) = view.estimate {
                    self.ledger.tell(now, contact, estimate.waits);
                }
                Ok(vec![view])
            }
            Question::Newcomer { options, told } => {
                let mut views = Vec::new();
                for newcomer in question::newcomers(state, options)? {
                    views.push(self.newcomer_view(now, state, &newcomer, told.as_ref())?);
                }
                views.sort_by_key(|(view, _)| view.estimate.map_or([Span(i64::MAX); 3], |known| known.waits));
                if let (Some(customer), Some((view, Some(spot)))) = (told, views.first())
                    && let Ok(estimate) = view.estimate
                    && let Some(stage) = spot.stages.first()
                {
                    let quoted = Quoted { line: (spot.queue, spot.channel), waits: estimate.waits };
                    self.estimator.quotes.tell(now, customer, quoted, &stage.agents);
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
            Ok(spot) => Ok((self.view(now, state, &spot, Whose::Newcomer(told)), Some(spot))),
            Err(Reject::QueueFull { .. } | Reject::QueueDraining(_)) => {
                let (queue, channel) = (newcomer.queue.clone(), newcomer.channel.clone());
                let estimate = Err(Unknown::NotTaken);
                Ok((WaitView { queue, channel, ahead: 0, waiting: 0, waited: Span::ZERO, estimate }, None))
            }
            Err(reject) => Err(reject),
        }
    }

    fn view(&mut self, now: Timestamp, state: &State, spot: &Spot, whose: Whose<'_>) -> WaitView {
        WaitView {
            queue: state.queue_name(spot.queue).clone(),
            channel: state.channel_name(spot.channel).clone(),
            ahead: state.rank(spot.queue, spot.place) as u64,
            waiting: state.queue_waiting(spot.queue) as u64,
            waited: (now - spot.arrived_at).max(Span::ZERO),
            estimate: self.estimator.expect(now, state, spot, whose).map(|(expected, _)| expected.estimate()),
        }
    }

    /// Estimates what a contact is to expect that just came, so that it can be judged.
    fn expect(&mut self, now: Timestamp, state: &State, contact: ContactKey) {
        let Some(line) = self.ledger.line_of(contact) else { return };
        // Gone already, or with an agent: it did not have to wait.
        if !state.is_in_line(contact, line.0) || !self.pace.admits(now, line) {
            return;
        }
        let Some(spot) = state.spot(now, contact) else { return };
        match self.estimator.expect(now, state, &spot, Whose::Waiting) {
            Ok((_, None)) => {}
            Ok((expected, Some(load))) => self.ledger.expect(contact, Ok((expected, load))),
            Err(why) => self.ledger.expect(contact, Err(why)),
        }
    }

    fn follow(&mut self, now: Timestamp, event: &Event, state: &State, arrived: &mut Arrived) {
        match event {
            Event::DocumentApplied { document, .. } => self.follow_document(document, state),
            Event::ContactQueued { contact, queued } => {
                arrived.streams.push((*contact, arrival(queued)));
                self.join(now, *contact, queued);
                arrived.in_line.push(*contact);
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
                    self.ledger.enter(now, *contact, (*queue, channel));
                    arrived.in_line.push(*contact);
                    if matches!(event, Event::ContactMoved { .. }) && waiting.is_some_and(|before| before.is_parked()) {
                        self.park(now, *contact);
                    }
                }
            }
            Event::CustomerErased { customer, .. } => {
                self.estimator.quotes.take(&customer.0);
            }
            Event::ContactParked { contact, .. } => self.park(now, *contact),
            Event::ContactReleased { contact } => self.ledger.release(now, *contact),
            Event::ContactClosed { contact, because, .. } => {
                let left = *because == ClosedBecause::Abandoned;
                self.leave(now, *contact, if left { End::Left } else { End::Otherwise });
            }
            Event::OfferMade { offer, contact, agent, .. } => {
                if let Some(piece) = state.piece_of(*contact, *agent) {
                    self.estimator.works.give(now, line_of(piece), share_of(piece));
                    self.offers.insert(*offer, Offered { contact: *contact, piece, made_at: now });
                }
            }
            Event::OfferAccepted { offer, engagement } => self.accept(now, *offer, *engagement),
            Event::OfferDeclined { offer, .. }
            | Event::OfferExpired { offer, .. }
            | Event::OfferRescinded { offer, .. } => {
                if let Some(Offered { piece, .. }) = self.offers.remove(offer) {
                    self.estimator.works.take_back(now, line_of(piece), share_of(piece));
                }
            }
            Event::EngagementEnded { engagement, .. } => {
                if let Some(Engaged { piece, since }) = self.engagements.remove(engagement) {
                    let took = seconds(now - since).max(0.0) * share_of(piece);
                    self.estimator.works.end(now, line_of(piece), share_of(piece), took);
                }
            }
            _ => {}
        }
    }

    fn follow_document(&mut self, document: &Document, state: &State) {
        let is_kept = |queue: QueueKey| document.queues.contains_key(state.queue_name(queue));
        self.estimator.retain(is_kept);
    }

    /// A contact comes; what its customer was told of this line counts as told of it.
    fn join(&mut self, now: Timestamp, contact: ContactKey, queued: &Queued) {
        let line = (queued.queue, queued.channel);
        let quoted = self.estimator.quotes.take(&queued.details.customer_id);
        self.ledger.enter(now, contact, line);
        if let Some(quoted) = quoted.filter(|quoted| quoted.line == line) {
            self.ledger.tell(now, contact, quoted.waits);
        }
    }

    fn park(&mut self, now: Timestamp, contact: ContactKey) {
        if let Some((line, tried)) = self.ledger.park(now, contact) {
            self.estimator.try_patience(line, tried, End::Otherwise);
        }
    }

    fn leave(&mut self, now: Timestamp, contact: ContactKey, end: End) -> Option<Waiting> {
        let waiting = self.ledger.leave(contact)?;
        if let Some(tried) = waiting.tried(now) {
            self.estimator.try_patience(waiting.line, tried, end);
        }
        Some(waiting)
    }

    fn accept(&mut self, now: Timestamp, offer: OfferKey, engagement: EngagementKey) {
        let Some(Offered { contact, piece, made_at }) = self.offers.remove(&offer) else { return };
        self.estimator.works.accept(line_of(piece), now - made_at);
        self.engagements.insert(engagement, Engaged { piece, since: made_at });
        let Some(waiting) = self.leave(now, contact, End::Otherwise) else { return };
        let queue = waiting.line.0;
        if let Some((expected, waited)) = self.ledger.judge(now, waiting) {
            self.estimator.learn(queue, &expected, waited);
        }
    }
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

/// A contact that goes by another document may be at an agent; whoever is re-queued waits.
fn waits_again(event: &Event, state: &State, contact: ContactKey) -> bool {
    matches!(event, Event::ContactRequeued { .. }) || state.is_waiting(contact)
}
