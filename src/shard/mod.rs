//! The driver of the engine (placeholder with the interface that `api` is written against).

use std::time::Duration;

use crate::{
    engine::{
        Reject, Reply, Request,
        view::{AgentView, Answer, Notice, OfferView, Query},
    },
    model::ids::{AgentId, SessionId, TenantId},
};

/// The wall clock.
pub mod clock {
    use crate::model::time::Timestamp;

    /// Now.
    pub fn now() -> Timestamp {
        unimplemented!()
    }
}

/// A shard, to those who call it.
#[derive(Clone, Debug)]
pub struct ShardHandle;

#[expect(clippy::unused_async, reason = "placeholder")]
impl ShardHandle {
    /// Has a command decided.
    pub async fn call(&self, _tenant: &TenantId, _request: Request) -> Result<Reply, CallError> {
        unimplemented!()
    }
    /// Reads.
    pub async fn query(&self, _tenant: &TenantId, _query: Query) -> Result<Answer, CallError> {
        unimplemented!()
    }
    /// Opens or resumes an agent's session and follows it.
    pub async fn watch(&self, _tenant: &TenantId, _agent: AgentId, _session: SessionId) -> Result<Watch, CallError> {
        unimplemented!()
    }
}

/// An agent's stream, and all that was so when it opened.
#[derive(Debug)]
pub struct Watch {
    /// Whether the session's earlier state was kept.
    pub resumed: bool,
    /// The agent.
    pub agent: AgentView,
    /// Offers that wait for the agent's answer.
    pub open_offers: Vec<OfferView>,
    /// What follows.
    pub notices: NoticeStream,
}

/// What follows.
#[derive(Debug)]
pub struct NoticeStream;

#[expect(clippy::unused_async, reason = "placeholder")]
impl NoticeStream {
    /// The next.
    pub async fn next(&mut self) -> StreamItem {
        unimplemented!()
    }
}

/// One item of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem {
    /// Something happened.
    Notice(Notice),
    /// It is over.
    End(StreamEnd),
}

/// Why a stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// A newer stream.
    Replaced,
    /// A slow reader.
    TooSlow,
    /// The daemon stops.
    ShuttingDown,
    /// The agent left.
    SignedOut,
}

/// Why a call was not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The engine refuses.
    #[error(transparent)]
    Reject(#[from] Reject),
    /// No shard has this tenant.
    #[error("there is no tenant {0:?}")]
    TenantUnknown(TenantId),
    /// More calls wait than may.
    #[error("overloaded")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The journal failed.
    #[error("frozen")]
    Frozen,
    /// The shard stops.
    #[error("shutting down")]
    ShuttingDown,
}

/// Which shard a tenant lives in.
#[derive(Clone, Debug)]
pub struct Directory;

impl Directory {
    /// The tenant's shard.
    pub fn shard_of(&self, _tenant: &TenantId) -> Result<ShardHandle, CallError> {
        unimplemented!()
    }
    /// Every tenant.
    pub fn tenants(&self) -> Vec<TenantId> {
        unimplemented!()
    }
}
