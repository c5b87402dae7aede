//! The course of an agent's offer stream: welcome, open offers, what happens, go-away.
//!
//! Invariant: sequence numbers have no gaps; after go-away nothing follows and the call ends with OK. The stream holds
//! the shard's watch, so however the call ends, the shard hears of it. Not here: backpressure; the shard's bounded
//! buffer ends a stream that reads too slowly.

use std::{collections::VecDeque, hash::BuildHasher, hash::RandomState, pin::Pin, time::Duration};

use futures_util::{Stream, stream};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use crate::{
    model::ids::SessionId,
    shard::{Directory, NoticeStream, StreamItem, Watch, clock},
};

use super::{
    decode::Follow,
    encode,
    pb::{self, watch_offers_response::Event},
};

/// A stream that was quiet for so long gets a checkpoint.
pub const CHECKPOINT_AFTER: Duration = Duration::from_secs(10);
/// A desktop that heard nothing for so long may take the stream for broken: a checkpoint can be a little late.
pub const HEARTBEAT: Duration = Duration::from_secs(20);

/// What the call answers with.
pub type OfferStream = Pin<Box<dyn Stream<Item = Result<pb::WatchOffersResponse, Status>> + Send>>;

/// Opens or resumes the agent's session.
pub async fn open(directory: &Directory, follow: Follow) -> Result<OfferStream, Status> {
    let session = follow.session.unwrap_or_else(new_session);
    let shard = directory.shard_of(&follow.tenant)?;
    let watch = shard.watch(&follow.tenant, follow.agent, session.clone()).await?;
    let course = Course::new(&session, watch);
    Ok(Box::pin(stream::unfold(course, |mut course| async move {
        let message = course.next().await?;
        Some((Ok(message), course))
    })))
}

struct Course {
    /// What was so when the stream opened and is yet to be sent.
    opening: VecDeque<Event>,
    /// What follows; `None` after go-away.
    notices: Option<NoticeStream>,
    /// The last number given.
    sequence: u64,
    /// The number of the last message that was not a checkpoint.
    last_told: u64,
    quiet: Quiet,
}

/// When a stream has been quiet for long enough. Its timer is set once in that time, not for every message: an agent
/// gets several for each contact.
struct Quiet {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Quiet {
    fn new() -> Self {
        let since = Instant::now();
        Self { since, timer: Box::pin(sleep_until(since + CHECKPOINT_AFTER)) }
    }

    fn broken(&mut self) {
        self.since = Instant::now();
    }

    /// Returns when it is time for a checkpoint. May be dropped and called anew.
    async fn lasts(&mut self) {
        loop {
            self.timer.as_mut().await;
            let until = self.since + CHECKPOINT_AFTER;
            if until <= Instant::now() {
                return;
            }
            self.timer.as_mut().reset(until);
        }
    }
}

impl Course {
    fn new(session: &SessionId, watch: Watch) -> Self {
        let now = clock::now();
        let welcome = encode::welcome(session, watch.resumed, watch.agent, watch.open_offers.len(), HEARTBEAT);
        let offers = watch.open_offers.into_iter().map(|view| encode::offer(view, now).into());
        let opening = std::iter::once(welcome.into()).chain(offers).collect();
        Self { opening, notices: Some(watch.notices), sequence: 0, last_told: 0, quiet: Quiet::new() }
    }

    async fn next(&mut self) -> Option<pb::WatchOffersResponse> {
        let event = match self.opening.pop_front() {
            Some(event) => event,
            None => self.follow().await?,
        };
        self.sequence += 1;
        if !matches!(event, Event::Checkpoint(_)) {
            self.last_told = self.sequence;
        }
        Some(pb::WatchOffersResponse { sequence: self.sequence, event: Some(event) })
    }

    async fn follow(&mut self) -> Option<Event> {
        let notices = self.notices.as_mut()?;
        let item = tokio::select! {
            biased;
            item = notices.next() => Some(item),
            () = self.quiet.lasts() => None,
        };
        self.quiet.broken();
        let now = clock::now();
        Some(match item {
            Some(StreamItem::Notice(notice)) => encode::notice(notice, now),
            Some(StreamItem::End(end)) => {
                self.notices = None;
                encode::end(end).into()
            }
            None => encode::checkpoint(self.last_told, now).into(),
        })
    }
}

/// A session id that no other has: 128 bits from the process's random hash keys. It tells streams apart and proves
/// nothing, so it need not be secret.
pub fn new_session() -> SessionId {
    let random = || RandomState::new().hash_one(clock::now().0);
    SessionId::new(&format!("s-{:016x}{:016x}", random(), random())).expect("hexadecimal digits obey the grammar")
}
