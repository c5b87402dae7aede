//! What is told of a tenant to whoever follows it: the newest changes in a ring, read by any number at their own pace.
//!
//! Invariant: a reader misses nothing that came after its place, or is told that it must begin anew; nobody who reads
//! slowly holds anything but its own place. A ring exists while somebody follows the tenant, and for a while after, so
//! that a reader who was cut off finds what it missed. Not here: making changes (`engine`), filters and messages
//! (`api`).

use std::{sync::Arc, time::Duration};

use metrics::Gauge;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::{sync::watch, time::Instant};

use crate::{
    engine::change::Change,
    journal::Seq,
    model::{
        ids::TenantId,
        limits::{FEED_KEPT_SECS, FEED_READ_MAX},
        time::Timestamp,
    },
    telemetry::metrics::WATCHERS,
};

use self::ring::Ring;

mod ring;

/// How long a ring outlives its last reader.
const KEPT: Duration = Duration::from_secs(FEED_KEPT_SECS);

/// A change with the number of its record.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record's.
    pub seq: Seq,
    /// What it came to.
    pub change: Change,
}

/// A place in a tenant's changes: after this record, as numbered since this beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Tells one counting of records from another: a journal that begins anew counts anew.
    pub epoch: u64,
    /// The last record that was taken in.
    pub seq: Seq,
}

/// How a reader began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Where it had stopped.
    Resumed,
    /// With the present, as asked.
    Present,
    /// With the present, because its place was numbered by another counting.
    OtherEpoch,
    /// With the present, because what followed its place is no longer held.
    TooOld,
}

/// What a reader finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedItem {
    /// What came next, in order, without gaps.
    Changes(Vec<Arc<Entry>>),
    /// What came next is no longer held; the place is now the present.
    Behind,
    /// The shard stops.
    Ended,
}

/// A reader of a tenant's changes. Dropping it is all that is needed to stop.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Shared>,
    news: watch::Receiver<()>,
    at: Position,
    beginning: Beginning,
    open: Gauge,
}

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    news: watch::Sender<()>,
}

/// The rings of a shard's tenants.
pub(super) struct Feeds {
    epoch: u64,
    tenants: FxHashMap<TenantId, Arc<Shared>>,
    open: Gauge,
}

impl Feeds {
    /// None yet; `now` tells this shard's counting from every other's.
    pub fn new(now: Timestamp) -> Self {
        Self { epoch: now.0.unsigned_abs(), tenants: FxHashMap::default(), open: WATCHERS.gauge(&[]) }
    }

    /// A reader; what follows `last` is told if nobody has followed the tenant until now.
    pub fn open(&mut self, tenant: &TenantId, after: Option<Position>, last: Seq) -> Feed {
        let shared = self
            .tenants
            .entry(tenant.clone())
            .or_insert_with(|| Arc::new(Shared { ring: Mutex::new(Ring::new(last)), news: watch::Sender::new(()) }));
        let mut ring = shared.ring.lock();
        ring.enter();
        let beginning = match after {
            None => Beginning::Present,
            Some(after) if after.epoch != self.epoch => Beginning::OtherEpoch,
            Some(after) if !ring.holds_after(after.seq) => Beginning::TooOld,
            Some(_) => Beginning::Resumed,
        };
        let seq = match after {
            Some(after) if beginning == Beginning::Resumed => after.seq,
            _ => ring.last(),
        };
        drop(ring);
        self.open.increment(1.0);
        let at = Position { epoch: self.epoch, seq };
        let news = shared.news.subscribe();
        Feed { shared: Arc::clone(shared), news, at, beginning, open: self.open.clone() }
    }

    /// Tells a change that the journal has.
    pub fn tell(&mut self, tenant: &TenantId, seq: Seq, change: Change) {
        if let Some(shared) = self.tenants.get(tenant) {
            shared.ring.lock().push(Arc::new(Entry { seq, change }));
            shared.news.send_replace(());
        }
    }

    /// Lets go of the rings that nobody has read for a while; the tenants whose changes need not be made any more.
    pub fn let_go(&mut self, now: Instant) -> Vec<TenantId> {
        let over = |shared: &Shared| shared.ring.lock().idle_since().is_some_and(|since| since + KEPT <= now);
        let gone: Vec<TenantId> =
            self.tenants.iter().filter(|(_, shared)| over(shared)).map(|(tenant, _)| tenant.clone()).collect();
        for tenant in &gone {
            self.tenants.remove(tenant);
        }
        gone
    }

    /// Tells every reader that nothing more comes.
    pub fn end_all(&mut self) {
        for (_, shared) in self.tenants.drain() {
            shared.ring.lock().end();
            shared.news.send_replace(());
        }
    }
}

/// A shard that is gone tells nothing more.
impl Drop for Feeds {
    fn drop(&mut self) {
        self.end_all();
    }
}

impl Feed {
    /// How it began.
    pub fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// After what it reads on.
    pub fn position(&self) -> Position {
        self.at
    }

    /// Goes to the present, past everything that is yet to be read.
    pub fn skip(&mut self) {
        self.at.seq = self.shared.ring.lock().last();
    }

    /// What comes next, as soon as something does. May be dropped and called anew without losing anything.
    pub async fn next(&mut self) -> FeedItem {
        loop {
            self.news.borrow_and_update();
            if let Some(item) = self.ready() {
                return item;
            }
            if self.news.changed().await.is_err() {
                return FeedItem::Ended;
            }
        }
    }

    /// What there is to read now.
    pub fn ready(&mut self) -> Option<FeedItem> {
        let ring = self.shared.ring.lock();
        if !ring.holds_after(self.at.seq) {
            self.at.seq = ring.last();
            return Some(FeedItem::Behind);
        }
        let changes = ring.after(self.at.seq, FEED_READ_MAX);
        match changes.last() {
            Some(last) => {
                self.at.seq = last.seq;
                Some(FeedItem::Changes(changes))
            }
            None => ring.has_ended().then_some(FeedItem::Ended),
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.ring.lock().leave(Instant::now());
        self.open.decrement(1.0);
    }
}

#[cfg(test)]
mod tests;
