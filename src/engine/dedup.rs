//! Repeated requests: the same id and command within the window gets the first answer again.
//!
//! Invariant: only accepted requests are remembered, each for the whole window; a full window refuses, it never forgets
//! early, and one pass forgets a limited number.

use std::collections::VecDeque;

use crate::model::{
    ids::RequestId,
    limits::{FORGET_PAUSE_MILLIS, FORGOTTEN_PER_PASS_MAX, REQUEST_KEPT_SECS, REQUESTS_MAX},
    time::{Span, Timestamp},
};

use super::{command::Reply, reject::Reject, table::Table};

/// Accepted requests of the last ten minutes in which they could be repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dedup {
    answers: Table<RequestId, (u64, Reply)>,
    by_age: VecDeque<(Timestamp, RequestId)>,
    /// No more is forgotten before that: the last pass left something over.
    not_before: Option<Timestamp>,
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
    pub fn forget(&mut self, now: Timestamp, count: u32) {
        for (_, request) in self.by_age.drain(..count as usize) {
            self.answers.remove(&request);
        }
        self.not_before = next_pass(now, count);
    }

    /// Nobody could repeat a request for so long: the window is longer by that for all that are in it.
    pub fn stall(&mut self, by: Span) {
        self.by_age.iter_mut().for_each(|(at, _)| *at = *at + by);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_age.len()
    }

    /// All of them, oldest first, and when more may be forgotten.
    pub(super) fn into_kept(self, rest: &dyn Fn()) -> (Vec<KeptRequest>, Option<Timestamp>) {
        let Self { mut answers, by_age, not_before } = self;
        let kept = by_age.into_iter().inspect(|_| rest()).map(|(at, request)| {
            let (fingerprint, reply) = answers.remove(&request).expect("every request in the window has its answer");
            KeptRequest { at, request, fingerprint, reply }
        });
        (kept.collect(), not_before)
    }

    /// The same again.
    pub(super) fn of_kept(kept: Vec<KeptRequest>, not_before: Option<Timestamp>, rest: &dyn Fn()) -> Self {
        let mut dedup = Self { not_before, ..Self::default() };
        for KeptRequest { at, request, fingerprint, reply } in &kept {
            dedup.remember(*at, request, *fingerprint, reply);
            rest();
        }
        dedup
    }

    /// When the oldest is to be forgotten.
    pub fn due(&self) -> Option<Timestamp> {
        let over = self.by_age.front().map(|(at, _)| *at + Span::from_secs(REQUEST_KEPT_SECS))?;
        Some(self.not_before.map_or(over, |at| at.max(over)))
    }

    /// How many have left the window by now, at most as many as one pass forgets.
    pub fn over(&self, now: Timestamp) -> u32 {
        let kept = Span::from_secs(REQUEST_KEPT_SECS);
        let over = self.by_age.iter().take(FORGOTTEN_PER_PASS_MAX).take_while(|(at, _)| *at + kept <= now).count();
        u32::try_from(over).expect("a pass is limited well below 2^32")
    }
}

/// When more may be forgotten after a pass that forgot so many; `None` = whenever it is due.
pub(super) fn next_pass(now: Timestamp, forgotten: u32) -> Option<Timestamp> {
    (forgotten as usize >= FORGOTTEN_PER_PASS_MAX).then(|| now + Span::from_millis(FORGET_PAUSE_MILLIS))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    const KEPT: Span = Span::from_secs(REQUEST_KEPT_SECS);

    fn id(number: usize) -> RequestId {
        RequestId::new(&format!("r{number}")).expect("it obeys the grammar")
    }

    /// A window into which so many requests came, in bursts.
    fn filled(random: &mut StdRng, count: usize) -> (Dedup, Vec<Timestamp>) {
        let (mut dedup, mut now, mut came) = (Dedup::default(), Timestamp(0), Vec::new());
        for number in 0..count {
            now = now + Span::from_millis(if random.random_range(0..300) == 0 { 20_000 } else { 0 });
            dedup.remember(now, &id(number), 7, &Reply::Done);
            came.push(now);
        }
        (dedup, came)
    }

    #[test]
    fn whatever_came_together_is_forgotten_in_passes_and_never_early() {
        for seed in 0..20 {
            let mut random = StdRng::seed_from_u64(seed);
            let (mut dedup, came) = filled(&mut random, 5_000);
            let bursts = 1 + came.windows(2).filter(|pair| pair[0] != pair[1]).count();
            let (mut forgotten, mut passes, mut last) = (0, 0, Timestamp(i64::MIN));
            while let Some(due) = dedup.due() {
                assert!(due > last, "a pass is never due again at once");
                let count = dedup.over(due) as usize;
                assert!((1..=FORGOTTEN_PER_PASS_MAX).contains(&count), "{count} in one pass");
                assert!(
                    came[forgotten..forgotten + count].iter().all(|at| *at + KEPT <= due),
                    "one is forgotten early"
                );
                let next = came.get(forgotten + count).map(|at| *at + KEPT);
                dedup.forget(due, count as u32);
                assert!(dedup.answer(&id(forgotten), 7) == Ok(None), "it is forgotten");
                let soon = due + Span::from_millis(FORGET_PAUSE_MILLIS);
                assert!(
                    next.is_none_or(|next| dedup.due() <= Some(next.max(soon))),
                    "what is due waits for a pause only"
                );
                (forgotten, passes, last) = (forgotten + count, passes + 1, due);
            }
            assert_eq!(forgotten, 5_000, "seed {seed}");
            assert!(passes <= bursts + 5_000 / FORGOTTEN_PER_PASS_MAX, "{passes} passes for {bursts} bursts");
        }
    }

    #[test]
    fn a_window_that_is_kept_in_the_middle_of_its_passes_goes_on_there() {
        let mut dedup = Dedup::default();
        (0..600).for_each(|number| dedup.remember(Timestamp(0), &id(number), 7, &Reply::Done));
        let due = dedup.due().expect("it is not empty");
        dedup.forget(due, dedup.over(due));
        assert_eq!((dedup.len(), dedup.due()), (344, Some(due + Span::from_millis(FORGET_PAUSE_MILLIS))));
        let (kept, not_before) = dedup.clone().into_kept(&|| ());
        assert!(Dedup::of_kept(kept, not_before, &|| ()) == dedup);
    }
}
