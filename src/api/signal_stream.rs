//! Signals that come by a stream.
//!
//! Invariant: each is checked whole and refused by itself; what is accepted was gathered by its contact's shard. Not here:
//! the course of the stream (`item_stream`), gathering (`shard`).

use tonic::Status;

use crate::{
    engine::Reply,
    model::limits::STREAM_ITEMS_MAX,
    shard::{CallError, Directory},
};

use super::{
    decode::{self, Violations},
    item_stream::{Asked, Carries},
    pb::{self, signal_result::Result as Outcome},
    signals, status,
};

/// Takes signals, on the shards of this directory.
pub struct Signals {
    pub directory: Directory,
}

impl Carries for Signals {
    type Request = pb::SignalsRequest;
    type Response = pb::SignalsResponse;
    type Outcome = Outcome;

    fn ask(&self, message: pb::SignalsRequest) -> Asked<Outcome> {
        let pb::SignalsRequest { tenant, signals } = message;
        let mut asked = Asked::new(signals.len());
        let too_many = signals.len() > STREAM_ITEMS_MAX;
        let (mut places, mut reports) = (Vec::with_capacity(signals.len()), Vec::with_capacity(signals.len()));
        for (place, signal) in signals.into_iter().enumerate() {
            let decoded =
                if too_many { Err(Violations::too_many_items("signals")) } else { decode::report(&tenant, signal) };
            match decoded {
                Ok(report) => {
                    places.push(place);
                    reports.push(report);
                }
                Err(violations) => asked.decide(place, Outcome::Refused(status::refusal(violations))),
            }
        }
        // All are of one tenant, whose name was found to be one with each of them.
        if let Ok(tenant) = decode::tenant(&tenant)
            && !reports.is_empty()
        {
            let shard = self.directory.shard_of(&tenant);
            let replies = shard.and_then(|shard| shard.report(&tenant, reports));
            asked.wait(places, replies.map_err(|error| Outcome::Refused(status::refusal(error))));
        }
        asked
    }

    fn outcome(answer: Result<Reply, CallError>) -> Outcome {
        match answer.map_err(Status::from).and_then(|reply| signals::accepted(&reply)) {
            Ok(accepted) => Outcome::Accepted(accepted),
            Err(refused) => Outcome::Refused(status::refusal(refused)),
        }
    }

    fn response(first: u64, outcomes: Vec<Outcome>) -> pb::SignalsResponse {
        let results = (first..).zip(outcomes);
        pb::SignalsResponse {
            results: results.map(|(index, result)| pb::SignalResult { index, result: Some(result) }).collect(),
        }
    }
}
