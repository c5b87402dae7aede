//! The course of an enqueue stream: contacts in, a result for each out, in order.
//!
//! Invariant: every contact that was read gets its result, also when the call then ends; no more is read while
//! [`STREAM_UNANSWERED_MAX`] are unanswered, or while the client does not read. Not here: deciding anything; contacts
//! that come in one message enter the shard's inbox together.

use std::{collections::VecDeque, pin::Pin};

use futures_util::{Stream, stream};
use tonic::{Status, Streaming};

use crate::{
    engine::{Reply, Request},
    model::{
        ids::TenantId,
        limits::{STREAM_ITEMS_MAX, STREAM_UNANSWERED_MAX},
    },
    shard::{CallError, Directory, Replies},
};

use super::{
    Draining,
    admission::Admission,
    decode::{self, Mutation, Violations},
    drained, encode,
    pb::{self, enqueue_contact_result::Result as Outcome},
    status, unread,
};

/// What the call answers with.
pub type EnqueueStream = Pin<Box<dyn Stream<Item = Result<pb::EnqueueContactsResponse, Status>> + Send>>;

/// Takes contacts from `incoming` until it ends or the daemon drains.
pub fn open(
    directory: Directory,
    admission: Admission,
    incoming: Streaming<pb::EnqueueContactsRequest>,
    draining: Draining,
) -> EnqueueStream {
    let course = Course {
        directory,
        admission,
        incoming: Some(incoming),
        draining,
        taken: VecDeque::new(),
        unanswered: 0,
        next: 0,
    };
    Box::pin(stream::try_unfold(course, |mut course| async move {
        let response = course.next().await?;
        Ok(response.map(|response| (response, course)))
    }))
}

struct Course {
    directory: Directory,
    admission: Admission,
    /// What is still to be read; `None` once nothing more is.
    incoming: Option<Streaming<pb::EnqueueContactsRequest>>,
    draining: Draining,
    /// Messages that were read, the oldest first.
    taken: VecDeque<Taken>,
    /// Contacts in them.
    unanswered: usize,
    /// The next contact's number.
    next: u64,
}

/// The contacts of one message: refused already, or waiting for the answers of their tenant's shard.
#[derive(Default)]
struct Taken {
    outcomes: Vec<Option<Outcome>>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    /// Which contacts of the message, in the order in which they are answered.
    places: Vec<usize>,
    replies: Replies,
}

impl Course {
    /// The next message's results; `None` when all are told and nothing more comes. May be dropped and called anew.
    async fn next(&mut self) -> Result<Option<pb::EnqueueContactsResponse>, Status> {
        loop {
            let reads = self.unanswered < STREAM_UNANSWERED_MAX;
            match (&mut self.incoming, self.taken.front_mut()) {
                (None, None) => return Ok(None),
                (Some(incoming), oldest) if reads => {
                    tokio::select! {
                        biased;
                        () = answered(oldest) => return Ok(Some(self.tell())),
                        () = drained(&mut self.draining) => self.incoming = None,
                        message = incoming.message() => match message.map_err(unread::explained)? {
                            Some(message) => self.take(message.contacts),
                            None => self.incoming = None,
                        },
                    }
                }
                (_, oldest) => {
                    answered(oldest).await;
                    return Ok(Some(self.tell()));
                }
            }
        }
    }

    fn take(&mut self, contacts: Vec<pb::EnqueueContactRequest>) {
        self.unanswered += contacts.len();
        let mut taken = Taken::default();
        let mut calls: Vec<(TenantId, Vec<usize>, Vec<Request>)> = Vec::new();
        let too_many = contacts.len() > STREAM_ITEMS_MAX;
        for (place, contact) in contacts.into_iter().enumerate() {
            let decoded =
                if too_many { Err(Violations::too_many_items("contacts")) } else { decode::enqueue_contact(contact) };
            taken.outcomes.push(match decoded {
                Ok(Mutation { tenant, request }) => {
                    match calls.last_mut().filter(|(last, ..)| *last == tenant) {
                        Some((_, places, requests)) => {
                            places.push(place);
                            requests.push(request);
                        }
                        None => calls.push((tenant, vec![place], vec![request])),
                    }
                    None
                }
                Err(violations) => Some(Outcome::Refused(status::refusal(violations))),
            });
        }
        for (tenant, places, requests) in calls {
            let admitted = self.admission.arrive(&tenant, requests.len());
            let shard = admitted.and_then(|()| self.directory.shard_of(&tenant));
            match shard.and_then(|shard| shard.call_all(&tenant, requests)) {
                Ok(replies) => taken.waiting.push(Waiting { places, replies }),
                Err(error) => {
                    let refusal = status::refusal(error);
                    places
                        .into_iter()
                        .for_each(|place| taken.outcomes[place] = Some(Outcome::Refused(refusal.clone())));
                }
            }
        }
        self.taken.push_back(taken);
    }

    /// The results of the oldest message, all of whose contacts are answered.
    fn tell(&mut self) -> pb::EnqueueContactsResponse {
        let taken = self.taken.pop_front().expect("a message was answered");
        let first = self.next;
        self.next += taken.outcomes.len() as u64;
        self.unanswered -= taken.outcomes.len();
        let results = (first..).zip(taken.outcomes);
        pb::EnqueueContactsResponse {
            results: results.map(|(index, result)| pb::EnqueueContactResult { index, result }).collect(),
        }
    }
}

/// Waits until every contact of the message has its outcome; for ever without a message. May be dropped and called anew.
async fn answered(taken: Option<&mut Taken>) {
    let Some(taken) = taken else { return std::future::pending().await };
    while let Some(waiting) = taken.waiting.last_mut() {
        let answers = waiting.replies.all().await;
        for (place, answer) in waiting.places.drain(..).zip(answers) {
            taken.outcomes[place] = Some(outcome(answer));
        }
        taken.waiting.pop();
    }
}

fn outcome(answer: Result<Reply, CallError>) -> Outcome {
    let placed = answer.map_err(Status::from).and_then(|reply| encode::queued(&reply));
    match placed {
        Ok((queue, place)) => {
            Outcome::Enqueued(pb::EnqueueContactResponse { queue, virtual_arrival_time: Some(place) })
        }
        Err(refused) => Outcome::Refused(status::refusal(refused)),
    }
}
