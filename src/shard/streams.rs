//! Agents' streams: who listens, by a stream of their own or through a gateway, and how listening ends.
//!
//! Invariant: an agent has one stream at most, and a stream that is open has missed nothing: one whose buffer is full
//! ends and says so. The end always arrives, after what was told before it.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
};

use metrics::{Counter, Gauge};
use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};

use crate::{
    engine::view::Notice,
    model::{
        ids::{AgentId, TenantId},
        limits::STREAM_BUFFER_MAX,
    },
    telemetry::metrics::{STREAMS_CLOSED, STREAMS_OPEN},
};

use super::{
    item::Lost,
    outbox::{Opened, Outbox, Pushed, Told},
};

/// What comes down a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem {
    /// Something changed for the agent.
    Notice(Notice),
    /// Nothing more follows.
    End(StreamEnd),
}

/// Why a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamEnd {
    /// The same agent opened another.
    Replaced,
    /// Its reader did not keep up; the session may be resumed.
    TooSlow,
    /// The daemon stops; the session may be resumed when it, or another, serves again.
    ShuttingDown,
    /// The agent's session is over.
    SignedOut,
}

impl StreamEnd {
    const fn name(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::TooSlow => "too_slow",
            Self::ShuttingDown => "shutting_down",
            Self::SignedOut => "signed_out",
        }
    }
}

/// One agent's notices; dropping it says that the session is lost.
#[derive(Debug)]
pub struct NoticeStream {
    notices: mpsc::Receiver<Notice>,
    end: oneshot::Receiver<StreamEnd>,
    ended: Option<StreamEnd>,
    _loss: ReportLoss,
}

/// Reports, when dropped, that nobody listens any more.
#[derive(Debug)]
pub(super) struct ReportLoss {
    to: mpsc::UnboundedSender<Lost>,
    lost: Option<Lost>,
}

impl Drop for ReportLoss {
    fn drop(&mut self) {
        if let Some(lost) = self.lost.take() {
            // Without a shard there is nobody to tell.
            let _ = self.to.send(lost);
        }
    }
}

impl NoticeStream {
    /// The next item; after the end, the end again. May be dropped and called anew without losing anything.
    pub async fn next(&mut self) -> StreamItem {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`next`](Self::next) for those who poll.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StreamItem> {
        if let Some(end) = self.ended {
            return Poll::Ready(StreamItem::End(end));
        }
        if let Some(notice) = ready!(self.notices.poll_recv(cx)) {
            return Poll::Ready(StreamItem::Notice(notice));
        }
        // The shard names the end before it lets go of the notices; if it did not, the shard itself is gone.
        let end = self.end.try_recv().unwrap_or(StreamEnd::ShuttingDown);
        self.ended = Some(end);
        Poll::Ready(StreamItem::End(end))
    }
}

/// All streams of a shard, from the shard's side.
pub(super) struct Streams {
    tenants: FxHashMap<TenantId, FxHashMap<AgentId, Stream>>,
    /// Gateways with news, to be woken when all is told.
    to_wake: Vec<Outbox>,
    losses: mpsc::UnboundedSender<Lost>,
    open: Gauge,
    closed: FxHashMap<&'static str, Counter>,
}

/// A stream stays listed after its end until its reader has let go, so that the loss is told to the engine once.
struct Stream {
    connection: u64,
    to: Option<Outlet>,
}

/// How an agent listens.
enum Outlet {
    Own(mpsc::Sender<Notice>, oneshot::Sender<StreamEnd>),
    Gateway(Outbox),
}

impl Streams {
    pub fn new(losses: mpsc::UnboundedSender<Lost>) -> Self {
        let reasons = ["replaced", "too_slow", "shutting_down", "signed_out", "lost"];
        let closed = reasons.map(|reason| (reason, STREAMS_CLOSED.counter(&[reason]))).into_iter().collect();
        let open = STREAMS_OPEN.gauge(&[]);
        Self { tenants: FxHashMap::default(), to_wake: Vec::new(), losses, open, closed }
    }

    /// Opens a stream of the agent's own; the one before is replaced.
    pub fn open(&mut self, tenant: &TenantId, agent: &AgentId, connection: u64) -> NoticeStream {
        self.end(tenant, agent, StreamEnd::Replaced);
        let (to, notices) = mpsc::channel(STREAM_BUFFER_MAX);
        let (end_to, end) = oneshot::channel();
        let loss = self.list(tenant, agent, connection, Outlet::Own(to, end_to));
        NoticeStream { notices, end, ended: None, _loss: loss }
    }

    /// Opens the agent's session at a gateway; the stream before is replaced. False if the gateway has ended: then the
    /// session is lost at once.
    pub fn open_at(
        &mut self,
        gateway: &Outbox,
        tenant: &TenantId,
        agent: &AgentId,
        connection: u64,
        opened: Box<Opened>,
    ) -> bool {
        // At the same gateway the new welcome says enough.
        if !self.is_at(gateway, tenant, agent) {
            self.end(tenant, agent, StreamEnd::Replaced);
        } else if self.stream(tenant, agent).is_some_and(|stream| stream.to.take().is_some()) {
            self.count_closed(StreamEnd::Replaced.name());
        }
        let loss = self.list(tenant, agent, connection, Outlet::Gateway(gateway.clone()));
        let pushed = gateway.open(agent.clone(), opened, loss);
        self.told(gateway, pushed);
        matches!(pushed, Pushed::First | Pushed::Behind)
    }

    /// Answers a gateway's agent.
    pub fn answer(&mut self, gateway: &Outbox, agent: AgentId, told: Told) {
        let pushed = gateway.push(agent, told);
        self.told(gateway, pushed);
    }

    /// Tells the agent, if somebody listens.
    pub fn tell(&mut self, tenant: &TenantId, agent: &AgentId, notice: Notice) {
        let Some(stream) = self.tenants.get(tenant).and_then(|agents| agents.get(agent)) else { return };
        match &stream.to {
            // A closed channel means that the reader is gone; the news of it is on its way.
            Some(Outlet::Own(to, _)) => {
                if let Err(mpsc::error::TrySendError::Full(_)) = to.try_send(notice) {
                    self.dismiss(tenant, agent, StreamEnd::TooSlow);
                }
            }
            Some(Outlet::Gateway(gateway)) => {
                let gateway = gateway.clone();
                let pushed = gateway.push(agent.clone(), Told::Notice(notice));
                self.told(&gateway, pushed);
            }
            None => {}
        }
    }

    /// Wakes the gateways that have news.
    pub fn wake(&mut self) {
        self.to_wake.drain(..).for_each(|gateway| gateway.wake());
    }

    /// Ends the agent's stream, if it is open, and reports the loss at once: a stuck reader may never let go, and the
    /// engine must know now that nothing arrives.
    pub fn dismiss(&mut self, tenant: &TenantId, agent: &AgentId, end: StreamEnd) {
        let Some(stream) = self.tenants.get(tenant).and_then(|agents| agents.get(agent)) else { return };
        let lost = Lost { tenant: tenant.clone(), agent: agent.clone(), connection: stream.connection };
        self.end(tenant, agent, end);
        // Without a shard there is nobody to tell.
        let _ = self.losses.send(lost);
    }

    /// A gateway lets go of an agent, if it still has the agent.
    pub fn leave(&mut self, gateway: &Outbox, tenant: &TenantId, agent: &AgentId) {
        if self.is_at(gateway, tenant, agent) {
            gateway.leave(agent);
        }
    }

    /// Ends the agent's stream, if it is open.
    pub fn end(&mut self, tenant: &TenantId, agent: &AgentId, end: StreamEnd) {
        let Some(outlet) = self.stream(tenant, agent).and_then(|stream| stream.to.take()) else { return };
        match outlet {
            // The reader may have gone a moment ago.
            Outlet::Own(_, to) => drop(to.send(end)),
            Outlet::Gateway(gateway) => {
                let pushed = gateway.close(agent, end);
                self.told(&gateway, pushed);
            }
        }
        self.count_closed(end.name());
    }

    /// Ends every stream.
    pub fn end_all(&mut self, end: StreamEnd) {
        for stream in self.tenants.values_mut().flat_map(|agents| agents.values_mut()) {
            match stream.to.take() {
                Some(Outlet::Own(_, to)) => drop(to.send(end)),
                Some(Outlet::Gateway(gateway)) => gateway.end(end),
                None => continue,
            }
            self.open.decrement(1.0);
            self.closed[end.name()].increment(1);
        }
    }

    /// Strikes a stream whose reader is gone off the list; false if another has long taken its place.
    pub fn forget(&mut self, lost: &Lost) -> bool {
        let Some(agents) = self.tenants.get_mut(&lost.tenant) else { return false };
        if agents.get(&lost.agent).is_none_or(|stream| stream.connection != lost.connection) {
            return false;
        }
        let stream = agents.remove(&lost.agent).expect("looked up just now");
        match stream.to {
            Some(Outlet::Own(..)) => self.count_closed("lost"),
            Some(Outlet::Gateway(gateway)) => self.count_closed(gateway.ended().map_or("lost", StreamEnd::name)),
            None => {}
        }
        true
    }

    fn list(&mut self, tenant: &TenantId, agent: &AgentId, connection: u64, to: Outlet) -> ReportLoss {
        let stream = Stream { connection, to: Some(to) };
        self.tenants.entry(tenant.clone()).or_default().insert(agent.clone(), stream);
        self.open.increment(1.0);
        let lost = Lost { tenant: tenant.clone(), agent: agent.clone(), connection };
        ReportLoss { to: self.losses.clone(), lost: Some(lost) }
    }

    fn stream(&mut self, tenant: &TenantId, agent: &AgentId) -> Option<&mut Stream> {
        self.tenants.get_mut(tenant)?.get_mut(agent)
    }

    fn is_at(&mut self, gateway: &Outbox, tenant: &TenantId, agent: &AgentId) -> bool {
        let stream = self.stream(tenant, agent);
        stream.is_some_and(|stream| matches!(&stream.to, Some(Outlet::Gateway(at)) if at.is(gateway)))
    }

    fn told(&mut self, gateway: &Outbox, pushed: Pushed) {
        match pushed {
            Pushed::Behind | Pushed::Nobody => {}
            Pushed::First => self.to_wake.push(gateway.clone()),
            Pushed::Full => gateway.end(StreamEnd::TooSlow),
        }
    }

    /// Somebody else who listens, for a fault that tells the wrong agent.
    #[cfg(feature = "planted-faults")]
    pub fn another(&self, tenant: &TenantId, agent: &AgentId) -> Option<AgentId> {
        let mut agents = self.tenants.get(tenant)?.iter();
        agents.find(|(id, stream)| *id != agent && stream.to.is_some()).map(|(id, _)| id.clone())
    }

    fn count_closed(&self, reason: &'static str) {
        self.open.decrement(1.0);
        self.closed[reason].increment(1);
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::{event::Rescinded, view::Notice},
        model::ids::{ContactId, OfferKey},
    };

    use super::*;

    struct Bench {
        streams: Streams,
        losses: mpsc::UnboundedReceiver<Lost>,
        tenant: TenantId,
        ana: AgentId,
    }

    fn bench() -> Bench {
        let (to, losses) = mpsc::unbounded_channel();
        let (tenant, ana) = (TenantId::new("t").unwrap(), AgentId::new("ana").unwrap());
        Bench { streams: Streams::new(to), losses, tenant, ana }
    }

    fn notice(offer: u64) -> Notice {
        let contact = ContactId::new("c").unwrap();
        Notice::Rescind { offer: OfferKey(offer), contact, because: Some(Rescinded::Taken) }
    }

    #[tokio::test]
    async fn a_reader_that_does_not_keep_up_gets_what_was_buffered_and_the_reason() {
        let Bench { mut streams, mut losses, tenant, ana } = bench();
        let mut stream = streams.open(&tenant, &ana, 7);
        for offer in 0..STREAM_BUFFER_MAX as u64 + 5 {
            streams.tell(&tenant, &ana, notice(offer));
        }
        for offer in 0..STREAM_BUFFER_MAX as u64 {
            assert_eq!(stream.next().await, StreamItem::Notice(notice(offer)));
        }
        assert_eq!(stream.next().await, StreamItem::End(StreamEnd::TooSlow));
        assert_eq!(stream.next().await, StreamItem::End(StreamEnd::TooSlow), "the end stays the end");
        let lost = losses.try_recv().expect("told before the reader lets go");
        assert!(streams.forget(&lost), "the engine is to hear of it");
        drop(stream);
        assert!(!streams.forget(&losses.try_recv().unwrap()), "but once only");
    }

    #[tokio::test]
    async fn another_stream_of_the_same_agent_replaces_the_first() {
        let Bench { mut streams, mut losses, tenant, ana } = bench();
        let mut first = streams.open(&tenant, &ana, 1);
        streams.tell(&tenant, &ana, notice(1));
        let mut second = streams.open(&tenant, &ana, 2);
        streams.tell(&tenant, &ana, notice(2));
        assert_eq!(first.next().await, StreamItem::Notice(notice(1)));
        assert_eq!(first.next().await, StreamItem::End(StreamEnd::Replaced));
        assert_eq!(second.next().await, StreamItem::Notice(notice(2)));
        drop(first);
        assert!(!streams.forget(&losses.try_recv().unwrap()), "the agent is not lost: the second stream is open");
        streams.tell(&tenant, &ana, notice(3));
        assert_eq!(second.next().await, StreamItem::Notice(notice(3)));
    }

    #[tokio::test]
    async fn streams_of_a_shard_that_vanishes_end_as_in_a_shutdown() {
        let Bench { mut streams, losses, tenant, ana } = bench();
        let mut stream = streams.open(&tenant, &ana, 1);
        drop((streams, losses));
        assert_eq!(stream.next().await, StreamItem::End(StreamEnd::ShuttingDown));
    }
}
