//! A gateway's outbox: what all of its agents are told, in one line, so that many frames cost one wake-up.
//!
//! Invariant: what waits is in the order in which it came about, and bounded: it is brought up to date as it waits (of
//! what replaces itself only the latest stays, an offer that ended unseen is not told), and one that still grows beyond
//! its limit ends. Once the reader is gone every agent open at it is lost, each once.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::Notify;

use crate::{
    engine::{
        Reply,
        view::{AgentView, Notice, OfferView},
    },
    model::{
        ids::{AgentId, ContactId, OfferKey, RequestId, SessionId},
        limits::GATEWAY_BUFFER_MAX,
    },
};

use super::{
    handle::CallError,
    streams::{ReportLoss, StreamEnd},
};

/// Below this nothing is looked through for what has become old.
const CONFLATE_FROM: usize = 1_024;

/// What an agent of a gateway is told.
#[derive(Debug)]
pub enum Told {
    /// The agent's session is open.
    Opened(Box<Opened>),
    /// Something changed for the agent.
    Notice(Notice),
    /// What became of something the agent did.
    Answer { request: RequestId, answer: Result<Reply, CallError> },
    /// The agent's session at this gateway is over.
    End(StreamEnd),
}

/// A session that opened, and all that was so then.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: SessionId,
    /// Whether its earlier state was kept.
    pub resumed: bool,
    /// The agent.
    pub agent: AgentView,
    /// Offers that wait for the agent's answer.
    pub open_offers: Vec<OfferView>,
}

/// The gateway's end; dropping it says that the sessions of all its agents are lost.
#[derive(Debug)]
pub struct Mailbox(Arc<Shared>);

/// The shard's end; clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Outbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    line: Mutex<Line>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Line {
    told: VecDeque<(AgentId, Told)>,
    /// The length at which it is next looked through.
    conflate_at: usize,
    /// Who is open here; dropping an entry reports the loss.
    agents: FxHashMap<AgentId, ReportLoss>,
    end: Option<StreamEnd>,
    end_told: bool,
    reader_gone: bool,
}

/// What became of something told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits behind other news.
    Behind,
    /// It is the first news since the reader was woken: wake it when all is told.
    First,
    /// The outbox has ended, or its reader is gone.
    Nobody,
    /// It does not fit: the outbox must end.
    Full,
}

impl Mailbox {
    /// An empty one.
    pub fn new() -> Self {
        Self(Arc::new(Shared::default()))
    }

    pub(super) fn outbox(&self) -> Outbox {
        Outbox(Arc::clone(&self.0))
    }

    /// What has been told since the last time, in order; waits until there is something. `Err`, once, after the end:
    /// then only answers to what was under way follow. May be dropped and called anew without losing anything.
    pub async fn next(&mut self) -> Result<VecDeque<(AgentId, Told)>, StreamEnd> {
        loop {
            {
                let mut line = self.0.line.lock();
                if !line.told.is_empty() {
                    line.conflate_at = 0;
                    return Ok(std::mem::take(&mut line.told));
                }
                if let Some(end) = line.end.filter(|_| !line.end_told) {
                    line.end_told = true;
                    return Err(end);
                }
            }
            // News between the look and the wait leaves a permit behind.
            self.0.news.notified().await;
        }
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let mut line = self.0.line.lock();
        line.reader_gone = true;
        line.told.clear();
        line.agents.clear();
    }
}

impl Outbox {
    /// Whether both are the same gateway's.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Tells an agent's gateway.
    pub fn push(&self, agent: AgentId, told: Told) -> Pushed {
        self.0.line.lock().push(agent, told)
    }

    /// Tells that an agent's session is open here; `loss` reports when it no longer is.
    pub fn open(&self, agent: AgentId, opened: Box<Opened>, loss: ReportLoss) -> Pushed {
        let mut line = self.0.line.lock();
        if line.reader_gone || line.end.is_some() {
            return Pushed::Nobody;
        }
        line.agents.insert(agent.clone(), loss);
        line.push(agent, Told::Opened(opened))
    }

    /// Tells that an agent's session here is over.
    pub fn close(&self, agent: &AgentId, end: StreamEnd) -> Pushed {
        let mut line = self.0.line.lock();
        line.agents.remove(agent);
        line.push(agent.clone(), Told::End(end))
    }

    /// Lets go of an agent, and tells nobody.
    pub fn leave(&self, agent: &AgentId) {
        self.0.line.lock().agents.remove(agent);
    }

    /// Nothing follows any more but answers; what waits is still read.
    pub fn end(&self, end: StreamEnd) {
        let mut line = self.0.line.lock();
        line.end.get_or_insert(end);
        line.agents.clear();
        drop(line);
        self.wake();
    }

    /// Why it ended, if it has.
    pub fn ended(&self) -> Option<StreamEnd> {
        self.0.line.lock().end
    }

    /// Wakes the reader.
    pub fn wake(&self) {
        self.0.news.notify_one();
    }
}

impl Line {
    fn push(&mut self, agent: AgentId, told: Told) -> Pushed {
        // Answers are as many as the reader has asked for, and always fit.
        let answers = matches!(told, Told::Answer { .. });
        if self.reader_gone || (self.end.is_some() && !answers) {
            return Pushed::Nobody;
        }
        if self.told.len() >= self.conflate_at.max(CONFLATE_FROM) {
            conflate(&mut self.told);
            self.conflate_at = self.told.len() * 2;
        }
        if self.told.len() >= GATEWAY_BUFFER_MAX && !answers {
            return Pushed::Full;
        }
        let first = self.told.is_empty();
        self.told.push_back((agent, told));
        if first { Pushed::First } else { Pushed::Behind }
    }
}

/// Takes out what later news has made old.
fn conflate(told: &mut VecDeque<(AgentId, Told)>) {
    let mut later = Later::default();
    let mut keep: Vec<bool> = told.iter().rev().map(|(agent, told)| !later.replaces(agent, told)).collect();
    keep.reverse();
    let mut keep = keep.into_iter();
    told.retain(|(_, told)| {
        let keep = keep.next().expect("one for each");
        let unseen = matches!(told, Told::Notice(Notice::Rescind { offer, .. }) if later.unseen.contains(offer));
        keep && !unseen
    });
}

/// What has been met, going from the latest news to the earliest.
#[derive(Default)]
struct Later {
    presence: FxHashSet<AgentId>,
    work: FxHashSet<(AgentId, ContactId)>,
    details: FxHashSet<(AgentId, ContactId)>,
    assists: FxHashSet<(AgentId, ContactId)>,
    rescinded: FxHashSet<OfferKey>,
    /// Offers that ended before they were told.
    unseen: FxHashSet<OfferKey>,
}

impl Later {
    /// Whether later news makes this old.
    fn replaces(&mut self, agent: &AgentId, told: &Told) -> bool {
        let Told::Notice(notice) = told else { return false };
        match notice {
            Notice::Presence { .. } => !self.presence.insert(agent.clone()),
            Notice::Work { contact, .. } => !self.work.insert((agent.clone(), contact.clone())),
            Notice::ContactUpdated { contact, .. } => !self.details.insert((agent.clone(), contact.clone())),
            Notice::Assist { contact, .. } => !self.assists.insert((agent.clone(), contact.clone())),
            Notice::Rescind { offer, .. } => {
                self.rescinded.insert(*offer);
                false
            }
            Notice::Offer(view) => self.rescinded.contains(&view.offer) && self.unseen.insert(view.offer),
        }
    }
}
