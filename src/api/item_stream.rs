//! The course of a stream of items: items in, a result for each out, in order.
//!
//! Invariant: every item that was read gets its result, also when the call then ends; no more is read while
//! [`STREAM_UNANSWERED_MAX`] are unanswered, or while the client does not read. Not here: what the items are
//! (`enqueue_stream`, `signal_stream`); those that come in one message enter the shard's inbox together.

use std::{collections::VecDeque, pin::Pin};

use futures_util::{Stream, stream};
use tonic::{Status, Streaming};

use crate::{
    engine::Reply,
    model::limits::STREAM_UNANSWERED_MAX,
    shard::{CallError, Replies},
};

use super::{Draining, drained, unread};

/// What such a call answers with.
pub type ItemStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// A kind of item, and how it is asked about and answered.
pub trait Carries: Send + 'static {
    /// A message with items.
    type Request: Send + 'static;
    /// The results of a message.
    type Response: Send + 'static;
    /// An item's result.
    type Outcome: Clone + Send + 'static;

    /// Has the items of a message decided.
    fn ask(&self, message: Self::Request) -> Asked<Self::Outcome>;

    /// An item's result by the shard's answer.
    fn outcome(answer: Result<Reply, CallError>) -> Self::Outcome;

    /// The results of a message; the first has this number in the call.
    fn response(first: u64, outcomes: Vec<Self::Outcome>) -> Self::Response;
}

/// The items of one message: decided already, or waiting for the answers of their tenant's shard.
pub struct Asked<O> {
    outcomes: Vec<Option<O>>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    /// Which items of the message, in the order in which they are answered.
    places: Vec<usize>,
    replies: Replies,
}

impl<O: Clone> Asked<O> {
    /// Items of which none is decided.
    pub fn new(items: usize) -> Self {
        Self { outcomes: vec![None; items], waiting: Vec::new() }
    }

    /// An item is decided.
    pub fn decide(&mut self, place: usize, outcome: O) {
        self.outcomes[place] = Some(outcome);
    }

    /// Items will be answered by these replies, in this order, or are all decided by what went wrong.
    pub fn wait(&mut self, places: Vec<usize>, replies: Result<Replies, O>) {
        match replies {
            Ok(replies) => self.waiting.push(Waiting { places, replies }),
            Err(outcome) => places.into_iter().for_each(|place| self.decide(place, outcome.clone())),
        }
    }
}

/// Takes items from `incoming` until it ends or the daemon drains.
pub fn open<C: Carries>(kind: C, incoming: Streaming<C::Request>, draining: Draining) -> ItemStream<C::Response> {
    let course = Course { kind, incoming: Some(incoming), draining, asked: VecDeque::new(), unanswered: 0, next: 0 };
    Box::pin(stream::try_unfold(course, |mut course| async move {
        let response = course.next().await?;
        Ok(response.map(|response| (response, course)))
    }))
}

struct Course<C: Carries> {
    kind: C,
    /// What is still to be read; `None` once nothing more is.
    incoming: Option<Streaming<C::Request>>,
    draining: Draining,
    /// Messages that were read, the oldest first.
    asked: VecDeque<Asked<C::Outcome>>,
    /// Items in them.
    unanswered: usize,
    /// The next item's number.
    next: u64,
}

impl<C: Carries> Course<C> {
    /// The next message's results; `None` when all are told and nothing more comes. May be dropped and called anew.
    async fn next(&mut self) -> Result<Option<C::Response>, Status> {
        loop {
            let reads = self.unanswered < STREAM_UNANSWERED_MAX;
            match (&mut self.incoming, self.asked.front_mut()) {
                (None, None) => return Ok(None),
                (Some(incoming), oldest) if reads => {
                    tokio::select! {
                        biased;
                        () = answered::<C>(oldest) => return Ok(Some(self.tell())),
                        () = drained(&mut self.draining) => self.incoming = None,
                        message = incoming.message() => match message.map_err(unread::explained)? {
                            Some(message) => {
                                let asked = self.kind.ask(message);
                                self.unanswered += asked.outcomes.len();
                                self.asked.push_back(asked);
                            }
                            None => self.incoming = None,
                        },
                    }
                }
                (_, oldest) => {
                    answered::<C>(oldest).await;
                    return Ok(Some(self.tell()));
                }
            }
        }
    }

    /// The results of the oldest message, all of whose items are answered.
    fn tell(&mut self) -> C::Response {
        let asked = self.asked.pop_front().expect("a message was answered");
        let first = self.next;
        self.next += asked.outcomes.len() as u64;
        self.unanswered -= asked.outcomes.len();
        let outcomes = asked.outcomes.into_iter().map(|outcome| outcome.expect("every item was answered"));
        C::response(first, outcomes.collect())
    }
}

/// Waits until every item of the message has its outcome; for ever without a message. May be dropped and called anew.
async fn answered<C: Carries>(asked: Option<&mut Asked<C::Outcome>>) {
    let Some(asked) = asked else { return std::future::pending().await };
    while let Some(waiting) = asked.waiting.last_mut() {
        let answers = waiting.replies.all().await;
        for (place, answer) in waiting.places.drain(..).zip(answers) {
            asked.outcomes[place] = Some(C::outcome(answer));
        }
        asked.waiting.pop();
    }
}
