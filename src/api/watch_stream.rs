//! The course of a follower's stream: started, a snapshot in pages, changes, checkpoints, and anew where it must be.
//!
//! Invariant: whatever the follower has not been told since its last token is told, or it is told to begin anew. Rows of
//! a snapshot are read page by page, each as of a sequence of its own, and changes follow from before the first page.
//! Nothing is buffered beyond what one reading brings: a slow follower waits for nobody and nobody for it.

use std::{collections::VecDeque, pin::Pin};

use futures_util::{Stream, stream};
use tokio::time::{Instant, timeout_at};
use tonic::Status;

use crate::{
    engine::{
        Reject,
        change::HappeningKind,
        view::{Answer, ContactFilter, ContactState, Query},
    },
    journal::Seq,
    model::{
        ids::{AgentId, ContactId, QueueName},
        limits::SNAPSHOT_PAGE_ROWS,
    },
    shard::{Beginning, CallError, Directory, Feed, FeedItem, Position, Seen, ShardHandle, clock},
    telemetry::metrics::WATCH_RESTARTS,
};

use super::{
    decode::{Observe, WatchContent},
    encode::{self, Restart},
    offer_stream::{CHECKPOINT_AFTER, HEARTBEAT},
    pb::{self, watch_response::Message},
    status,
    watch_token::WatchToken,
};

/// What the call answers with.
pub type WatchStream = Pin<Box<dyn Stream<Item = Result<pb::WatchResponse, Status>> + Send>>;

/// States of contacts that a snapshot shows.
const OPEN: [ContactState; 6] = [
    ContactState::Announced,
    ContactState::Queued,
    ContactState::Parked,
    ContactState::Offered,
    ContactState::Engaged,
    ContactState::WrapUp,
];

/// Follows a tenant.
pub async fn open(directory: &Directory, observe: Observe) -> Result<WatchStream, Status> {
    let shard = directory.shard_of(&observe.tenant)?;
    for queue in &observe.filter.queues {
        let found = shard.query(&observe.tenant, Query::Queue(queue.clone())).await;
        found.map_err(|error| match error {
            CallError::Reject(Reject::QueueUnknown { queue, similar, .. }) => {
                CallError::Reject(Reject::QueueUnknown { field: "filter.queues", queue, similar })
            }
            error => error,
        })?;
    }
    let filter = observe.filter.fingerprint(&observe.tenant);
    let same = observe.after.filter(|token| token.filter == filter);
    let feed = shard.follow(&observe.tenant, same.map(|token| token.position)).await?;
    let mut course = Course {
        shard,
        feed,
        fingerprint: filter,
        outbox: VecDeque::new(),
        snapshot: None,
        last_told: Instant::now(),
        ended: false,
        observe,
    };
    course.begin(same.is_some());
    Ok(Box::pin(stream::unfold(course, |mut course| async move {
        let message = course.next().await?;
        Some((message, course))
    })))
}

struct Course {
    shard: ShardHandle,
    observe: Observe,
    feed: Feed,
    /// Of tenant and filter.
    fingerprint: u64,
    /// What is yet to be sent of the last reading.
    outbox: VecDeque<pb::WatchResponse>,
    /// The page that comes next, while a snapshot is being told.
    snapshot: Option<Page>,
    last_told: Instant,
    ended: bool,
}

/// A page of a snapshot; names are the last row of the page before.
enum Page {
    Contacts(Option<ContactId>),
    /// Contacts and agents that the filter names one by one, and have yet to be looked up.
    Named(VecDeque<Query>),
    Agents(Option<AgentId>),
    Queues(Option<QueueName>),
}

impl Course {
    fn begin(&mut self, asked_to_resume: bool) {
        let beginning = self.feed.beginning();
        if beginning == Beginning::Resumed {
            let started = encode::started(pb::WatchStart::Resumed, None, self.feed.position().seq, HEARTBEAT);
            return self.tell(started);
        }
        let other = self.observe.after.is_some() && !asked_to_resume;
        self.restart(Restart::of(beginning).or(other.then_some(Restart::FilterChanged)));
    }

    /// Begins with how things stand.
    fn restart(&mut self, because: Option<Restart>) {
        if let Some(because) = because {
            WATCH_RESTARTS.counter(&[because.name()]).increment(1);
        }
        let after = self.feed.position().seq;
        let started = encode::started(pb::WatchStart::Snapshot, because, after, HEARTBEAT);
        if self.observe.filter.content == WatchContent::Events {
            return self.tell(started);
        }
        self.push(String::new(), started);
        let filter = &self.observe.filter;
        self.snapshot =
            Some(if filter.names_nobody() || !filter.queues.is_empty() { Page::Contacts(None) } else { self.named() });
    }

    async fn next(&mut self) -> Option<Result<pb::WatchResponse, Status>> {
        loop {
            if let Some(message) = self.outbox.pop_front() {
                self.last_told = Instant::now();
                return Some(Ok(message));
            }
            if self.ended {
                return None;
            }
            match self.snapshot.take() {
                Some(page) => {
                    if let Err(status) = self.read_page(page).await {
                        self.ended = true;
                        return Some(Err(status));
                    }
                }
                None => self.read_changes().await,
            }
        }
    }

    async fn read_changes(&mut self) {
        let quiet_until = self.last_told + CHECKPOINT_AFTER;
        match timeout_at(quiet_until, self.feed.next()).await {
            Ok(FeedItem::Changes(entries)) => {
                for entry in entries {
                    let told = encode::change(&entry, &self.observe.filter);
                    let token = self.token(entry.seq);
                    let last = told.len();
                    for (part, message) in (1..).zip(told) {
                        // Only after its last part a change is taken in.
                        self.push(if part == last { token.clone() } else { String::new() }, message);
                    }
                    let mut happened = entry.change.happenings.iter().map(|happening| happening.kind);
                    let moved_all = happened.any(|kind| kind == HappeningKind::DocumentApplied);
                    if moved_all && self.observe.filter.content != WatchContent::Events {
                        self.feed.skip();
                        return self.restart(Some(Restart::DocumentApplied));
                    }
                }
            }
            Ok(FeedItem::Behind) => self.restart(Some(Restart::FellBehind)),
            Ok(FeedItem::Ended) => {
                self.ended = true;
                self.tell(encode::watch_ended());
            }
            Err(_quiet) => self.tell(encode::watch_checkpoint(self.feed.position().seq, clock::now())),
        }
    }

    async fn read_page(&mut self, page: Page) -> Result<(), Status> {
        match page {
            Page::Contacts(after) => {
                let queue = match self.observe.filter.queues.as_slice() {
                    [only] if self.observe.filter.contacts.is_empty() => Some(only.clone()),
                    _ => None,
                };
                let filter = ContactFilter { queue, states: OPEN.to_vec() };
                let seen = self.look(Query::Contacts { after, limit: SNAPSHOT_PAGE_ROWS, filter }).await?;
                let Answer::Contacts { contacts, next } = seen.answer else {
                    return Err(status::unexpected(&seen.answer));
                };
                let taken =
                    contacts.into_iter().filter(|view| self.observe.filter.takes_contact(&view.id, view.queue.iter()));
                let contacts = taken.map(encode::contact).collect();
                self.tell_page(seen.as_of, pb::WatchSnapshotPage { contacts, ..Default::default() });
                let done = next.is_none();
                self.snapshot = Some(if !done {
                    Page::Contacts(next)
                } else if self.observe.filter.names_nobody() {
                    Page::Agents(None)
                } else {
                    self.named()
                });
            }
            Page::Named(mut queries) => match queries.pop_front() {
                Some(query) => {
                    self.read_named(query).await?;
                    self.snapshot = Some(Page::Named(queries));
                }
                None => self.complete(),
            },
            Page::Agents(after) => {
                let seen = self.look(Query::Agents { after, limit: SNAPSHOT_PAGE_ROWS }).await?;
                let Answer::Agents { agents, next } = seen.answer else {
                    return Err(status::unexpected(&seen.answer));
                };
                let agents = agents.into_iter().map(encode::agent).collect();
                self.tell_page(seen.as_of, pb::WatchSnapshotPage { agents, ..Default::default() });
                self.snapshot = Some(if next.is_some() { Page::Agents(next) } else { Page::Queues(None) });
            }
            Page::Queues(after) => {
                let seen = self.look(Query::Queues { after, limit: SNAPSHOT_PAGE_ROWS }).await?;
                let Answer::Queues { queues, next } = seen.answer else {
                    return Err(status::unexpected(&seen.answer));
                };
                let now = clock::now();
                let queues = queues.iter().map(|view| encode::queue(view, now)).collect();
                self.tell_page(seen.as_of, pb::WatchSnapshotPage { queues, ..Default::default() });
                match next {
                    Some(_) => self.snapshot = Some(Page::Queues(next)),
                    None => self.complete(),
                }
            }
        }
        Ok(())
    }

    /// What the filter names one by one.
    fn named(&self) -> Page {
        let filter = &self.observe.filter;
        let contacts = filter.contacts.iter().cloned().map(Query::Contact);
        let agents = filter.agents.iter().cloned().map(Query::Agent);
        let queues = filter.queues.iter().cloned().map(Query::Queue);
        Page::Named(contacts.chain(agents).chain(queues).collect())
    }

    async fn read_named(&mut self, query: Query) -> Result<(), Status> {
        let seen = match self.shard.look(&self.observe.tenant, query).await {
            Ok(seen) => seen,
            // What is named need not be there, or no longer.
            Err(CallError::Reject(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let page = match seen.answer {
            Answer::Contact(view) if view.state == ContactState::Closed => return Ok(()),
            Answer::Ended { .. } => return Ok(()),
            Answer::Contact(view) => {
                pb::WatchSnapshotPage { contacts: vec![encode::contact(*view)], ..Default::default() }
            }
            Answer::Agent(view) => pb::WatchSnapshotPage { agents: vec![encode::agent(*view)], ..Default::default() },
            Answer::Queue(view) => {
                pb::WatchSnapshotPage { queues: vec![encode::queue(&view, clock::now())], ..Default::default() }
            }
            other => return Err(status::unexpected(&other)),
        };
        self.tell_page(seen.as_of, page);
        Ok(())
    }

    /// Reads a page, however busy the shard is: a follower can wait.
    async fn look(&self, query: Query) -> Result<Seen, Status> {
        loop {
            match self.shard.look(&self.observe.tenant, query.clone()).await {
                Err(CallError::Overloaded { retry_after }) => tokio::time::sleep(retry_after).await,
                seen => return Ok(seen?),
            }
        }
    }

    fn complete(&mut self) {
        let sequence = self.feed.position().seq.0;
        self.tell(Message::SnapshotComplete(pb::WatchSnapshotComplete { sequence }));
    }

    fn tell_page(&mut self, as_of: Seq, page: pb::WatchSnapshotPage) {
        let empty = page.contacts.is_empty() && page.agents.is_empty() && page.queues.is_empty();
        if !empty {
            self.push(String::new(), Message::SnapshotPage(pb::WatchSnapshotPage { sequence: as_of.0, ..page }));
        }
    }

    /// Tells something after which the stream may be resumed where the feed stands.
    fn tell(&mut self, message: Message) {
        let token = self.token(self.feed.position().seq);
        self.push(token, message);
    }

    fn token(&self, seq: Seq) -> String {
        let position = Position { seq, ..self.feed.position() };
        WatchToken { position, filter: self.fingerprint }.encode()
    }

    fn push(&mut self, resume_token: String, message: Message) {
        self.outbox.push_back(pb::WatchResponse { resume_token, message: Some(message) });
    }
}
