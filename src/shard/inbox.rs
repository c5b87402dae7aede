//! What reaches a shard: calls through a bounded inbox, and the news that a stream's reader is gone.
//!
//! Invariant: everything in the inbox gets exactly one answer, and a dropped answer means that the shard is gone.

use tokio::sync::oneshot;

use crate::{
    engine::{
        Reply, Request,
        view::{Answer, Query},
    },
    model::ids::{AgentId, SessionId, TenantId},
};

use super::handle::{CallError, Watch};

/// Where an answer goes.
pub(super) type AnswerTo<T> = oneshot::Sender<Result<T, CallError>>;

/// One call.
pub(super) enum Item {
    /// A command.
    Call { tenant: TenantId, request: Request, to: AnswerTo<Reply> },
    /// A question.
    Query { tenant: TenantId, query: Query, to: AnswerTo<Answer> },
    /// An agent's stream opens.
    Watch { tenant: TenantId, agent: AgentId, session: SessionId, to: AnswerTo<Watch> },
}

/// A stream's reader is gone. These pass beside the inbox, since they must not be refused; there is at most one for
/// each open stream.
#[derive(Debug)]
pub(super) struct Lost {
    pub tenant: TenantId,
    pub agent: AgentId,
    pub connection: u64,
}

impl Item {
    /// Answers without doing anything.
    pub fn refuse(self, error: CallError) {
        match self {
            Self::Call { to, .. } => drop(to.send(Err(error))),
            Self::Query { to, .. } => drop(to.send(Err(error))),
            Self::Watch { to, .. } => drop(to.send(Err(error))),
        }
    }
}
