//! Repeated requests: the same id and command within the window gets the first answer again.
//!
//! Invariant: only accepted requests are remembered, each for the whole window; a full window refuses, it never forgets
//! early.

use std::collections::VecDeque;

use crate::model::{
    ids::RequestId,
    limits::{REQUEST_KEPT_SECS, REQUESTS_MAX},
    time::{Span, Timestamp},
};

use super::{command::Reply, reject::Reject, table::Table};

/// Accepted requests of the last ten minutes in which they could be repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dedup {
    answers: Table<RequestId, (u64, Reply)>,
    by_age: VecDeque<(Timestamp, RequestId)>,
}

/// One of them, with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptRequest {
    pub at: Timestamp,
    pub request: RequestId,
    pub fingerprint: u64,
    pub reply: Reply,
}

impl Dedup {
    /// The first answer, if this is a repetition; a refusal, if the id was used for something else.
    pub fn answer(&self, request: &RequestId, fingerprint: u64) -> Result<Option<Reply>, Reject> {
        match self.answers.get(request) {
            None if self.by_age.len() >= REQUESTS_MAX => {
                Err(Reject::LimitReached { what: "accepted requests within ten minutes", limit: REQUESTS_MAX })
            }
            None => Ok(None),
            Some((first, reply)) if *first == fingerprint => Ok(Some(reply.clone())),
            Some(_) => Err(Reject::RequestReused(request.clone())),
        }
    }

    /// Remembers an accepted request.
    pub fn remember(&mut self, now: Timestamp, request: &RequestId, fingerprint: u64, reply: &Reply) {
        self.answers.insert(request.clone(), (fingerprint, reply.clone()));
        self.by_age.push_back((now, request.clone()));
    }

    /// Forgets the oldest.
    pub fn forget(&mut self, count: u32) {
        for (_, request) in self.by_age.drain(..count as usize) {
            self.answers.remove(&request);
        }
    }

    /// Nobody could repeat a request for so long: the window is longer by that for all that are in it.
    pub fn stall(&mut self, by: Span) {
        self.by_age.iter_mut().for_each(|(at, _)| *at = *at + by);
    }

    /// All of them, oldest first.
    pub(super) fn into_kept(self) -> Vec<KeptRequest> {
        let Self { mut answers, by_age } = self;
        let kept = by_age.into_iter().map(|(at, request)| {
            let (fingerprint, reply) = answers.remove(&request).expect("every request in the window has its answer");
            KeptRequest { at, request, fingerprint, reply }
        });
        kept.collect()
    }

    /// The same again.
    pub(super) fn of_kept(kept: Vec<KeptRequest>) -> Self {
        let mut dedup = Self::default();
        for KeptRequest { at, request, fingerprint, reply } in &kept {
            dedup.remember(*at, request, *fingerprint, reply);
        }
        dedup
    }

    /// When the oldest leaves the window.
    pub fn due(&self) -> Option<Timestamp> {
        self.by_age.front().map(|(at, _)| *at + Span::from_secs(REQUEST_KEPT_SECS))
    }

    /// How many have left the window by now, at most `most`.
    pub fn over(&self, now: Timestamp, most: usize) -> u32 {
        let kept = Span::from_secs(REQUEST_KEPT_SECS);
        let over = self.by_age.iter().take(most).take_while(|(at, _)| *at + kept <= now).count();
        u32::try_from(over).expect("the window is limited well below 2^32")
    }
}
