//! Contacts that come by a stream.
//!
//! Invariant: each is let in or refused as by a call of its own. Not here: the course of the stream (`item_stream`).

use tonic::Status;

use crate::{
    engine::{Reply, Request},
    model::{ids::TenantId, limits::STREAM_ITEMS_MAX},
    shard::{CallError, Directory},
};

use super::{
    admission::Admission,
    decode::{self, Mutation, Violations},
    encode,
    item_stream::{Asked, Carries},
    pb::{self, enqueue_contact_result::Result as Outcome},
    status,
};

/// Lets contacts in, on the shards of this directory.
pub struct Enqueues {
    pub directory: Directory,
    pub admission: Admission,
}

impl Carries for Enqueues {
    type Request = pb::EnqueueContactsRequest;
    type Response = pb::EnqueueContactsResponse;
    type Outcome = Outcome;

    fn ask(&self, message: pb::EnqueueContactsRequest) -> Asked<Outcome> {
        let contacts = message.contacts;
        let mut asked = Asked::new(contacts.len());
        let mut calls: Vec<(TenantId, Vec<usize>, Vec<Request>)> = Vec::new();
        let too_many = contacts.len() > STREAM_ITEMS_MAX;
        for (place, contact) in contacts.into_iter().enumerate() {
            let decoded =
                if too_many { Err(Violations::too_many_items("contacts")) } else { decode::enqueue_contact(contact) };
            match decoded {
                Ok(Mutation { tenant, request }) => match calls.last_mut().filter(|(last, ..)| *last == tenant) {
                    Some((_, places, requests)) => {
                        places.push(place);
                        requests.push(request);
                    }
                    None => calls.push((tenant, vec![place], vec![request])),
                },
                Err(violations) => asked.decide(place, Outcome::Refused(status::refusal(violations))),
            }
        }
        for (tenant, places, requests) in calls {
            let admitted = self.admission.arrive(&tenant, requests.len());
            let shard = admitted.and_then(|()| self.directory.shard_of(&tenant));
            let replies = shard.and_then(|shard| shard.call_all(&tenant, requests));
            asked.wait(places, replies.map_err(|error| Outcome::Refused(status::refusal(error))));
        }
        asked
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

    fn response(first: u64, outcomes: Vec<Outcome>) -> pb::EnqueueContactsResponse {
        let results = (first..).zip(outcomes);
        pb::EnqueueContactsResponse {
            results: results.map(|(index, result)| pb::EnqueueContactResult { index, result: Some(result) }).collect(),
        }
    }
}
