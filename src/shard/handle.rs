//! The way into a shard, for everybody who serves callers.
//!
//! Invariant: an answer means that what it tells is in the journal, but for what is reported of contacts; a full inbox
//! refuses at once and never blocks.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::{
    engine::{
        Reject, Reply, Request,
        view::{AgentView, Answer, OfferView, Query},
    },
    forecast::{
        Learner,
        waits::{Question, WaitView},
    },
    journal::Seq,
    model::ids::{AgentId, SessionId, TenantId},
    telemetry::metrics::CALLS_OVERLOADED,
};

use super::{
    core::TenantUnknown,
    feed::{Feed, Position},
    gather::Report,
    inbox::{Entrance, Inbox, Refused, inbox},
    item::{Act, AnswerTo, Item},
    measures::Measures,
    outbox::Mailbox,
    statistics::{Rows, Told},
    streams::NoticeStream,
};

/// A shard, to those who call it.
#[derive(Clone)]
pub struct ShardHandle {
    inbox: Entrance,
    full: metrics::Counter,
}

/// An agent's stream, and all that was so when it opened; the notices tell what has changed since.
#[derive(Debug)]
pub struct Watch {
    /// Whether the session's earlier state was kept.
    pub resumed: bool,
    /// The agent.
    pub agent: AgentView,
    /// Offers that wait for the agent's answer.
    pub open_offers: Vec<OfferView>,
    /// What follows. Dropping it tells the shard that the session is lost.
    pub notices: NoticeStream,
}

/// An answer, and when it was so.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The answer.
    pub answer: Answer,
    /// The last record that it shows.
    pub as_of: Seq,
}

/// Answers to several commands that wait together.
#[derive(Debug)]
pub struct Replies {
    answers: oneshot::Receiver<Vec<Result<Reply, CallError>>>,
    count: usize,
}

impl Replies {
    /// One for each command, in their order; to be had once. Until then it may be dropped and called anew.
    pub async fn all(&mut self) -> Vec<Result<Reply, CallError>> {
        (&mut self.answers).await.unwrap_or_else(|_| vec![Err(CallError::ShuttingDown); self.count])
    }
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
    /// More comes than can be served.
    #[error("more comes than can be served; try again in {} ms", retry_after.as_millis())]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The journal takes nothing at present, so nothing may change. This call has changed nothing.
    #[error(
        "the journal takes nothing at present: the disk fails; nothing was changed, and what is durable can be read"
    )]
    Frozen,
    /// The journal has failed to take what this call led to, and tries on.
    #[error("the journal has not taken this yet, and may still; ask again under the same request id")]
    OutcomeUnknown,
    /// The journal's disk is full, and what is left is kept for ending the work there is.
    #[error("the journal's disk is full: work that is there can be ended, but nothing new is taken")]
    DiskFull,
    /// The shard stops here; it may go on elsewhere.
    #[error("this shard is shutting down")]
    ShuttingDown,
}

impl From<TenantUnknown> for CallError {
    fn from(TenantUnknown(tenant): TenantUnknown) -> Self {
        Self::TenantUnknown(tenant)
    }
}

impl ShardHandle {
    pub(super) fn new() -> (Self, Inbox) {
        let (entrance, inbox) = inbox();
        let full = CALLS_OVERLOADED.counter(&["inbox"]);
        (Self { inbox: entrance, full }, inbox)
    }

    /// Has a command decided; answered once its effect is in the journal.
    pub async fn call(&self, tenant: &TenantId, request: Request) -> Result<Reply, CallError> {
        self.ask(|to| Item::Call { tenant: tenant.clone(), request, to }).await
    }

    /// Has commands decided in their order, each for itself. They are taken, all of them, when this returns.
    pub fn call_all(&self, tenant: &TenantId, requests: Vec<Request>) -> Result<Replies, CallError> {
        let (to, answers) = oneshot::channel();
        let count = requests.len();
        self.push(Item::Calls { tenant: tenant.clone(), requests, to })?;
        Ok(Replies { answers, count })
    }

    /// Has what is heard of contacts gathered, and decided within about a second. They are taken in, all of them, when
    /// this returns; what is accepted of them is the one exception to an answer's meaning that it is in the journal.
    pub fn report(&self, tenant: &TenantId, reports: Vec<Report>) -> Result<Replies, CallError> {
        let (to, answers) = oneshot::channel();
        let count = reports.len();
        self.push(Item::Reports { tenant: tenant.clone(), reports, to })?;
        Ok(Replies { answers, count })
    }

    /// Has what agents of a gateway do decided in its order; each is answered at the gateway.
    pub fn act(&self, tenant: &TenantId, acts: Vec<Act>, gateway: &Mailbox) -> Result<(), CallError> {
        self.push(Item::Acts { tenant: tenant.clone(), acts, gateway: gateway.outbox() })
    }

    /// Reads; answered once everything that the answer shows is in the journal.
    pub async fn query(&self, tenant: &TenantId, query: Query) -> Result<Answer, CallError> {
        Ok(self.look(tenant, query).await?.answer)
    }

    /// The same, with the record after which it was so.
    pub async fn look(&self, tenant: &TenantId, query: Query) -> Result<Seen, CallError> {
        self.ask(|to| Item::Query { tenant: tenant.clone(), query, to }).await
    }

    /// How a tenant's moments of truth and all other contacts fare, by what is in the journal.
    pub async fn measures(&self, tenant: &TenantId) -> Result<Measures, CallError> {
        self.ask(|to| Item::Measure { tenant: tenant.clone(), to }).await
    }

    /// Statistics of a tenant, by what is in the journal.
    pub async fn statistics(&self, tenant: &TenantId, rows: Rows) -> Result<Told, CallError> {
        self.ask(|to| Item::Statistics { tenant: tenant.clone(), rows, to }).await
    }

    /// Lists what is known of agents' empathy, by id, after the given one.
    pub async fn learners(
        &self,
        tenant: &TenantId,
        after: Option<AgentId>,
        limit: usize,
    ) -> Result<Vec<Learner>, CallError> {
        self.ask(|to| Item::Learners { tenant: tenant.clone(), after, limit, to }).await
    }

    /// Says how long waits will be, by what is in the journal; the quickest first where several are asked of. What a
    /// customer is told counts from then on.
    pub async fn wait(&self, tenant: &TenantId, question: Question) -> Result<Vec<WaitView>, CallError> {
        self.ask(|to| Item::Wait { tenant: tenant.clone(), question, to }).await
    }

    /// Follows a tenant's changes, from a place in them or from now on.
    pub async fn follow(&self, tenant: &TenantId, after: Option<Position>) -> Result<Feed, CallError> {
        self.ask(|to| Item::Follow { tenant: tenant.clone(), after, to }).await
    }

    /// Opens or resumes an agent's session and follows it; nothing falls between what [`Watch`] shows and its notices.
    pub async fn watch(&self, tenant: &TenantId, agent: AgentId, session: SessionId) -> Result<Watch, CallError> {
        self.ask(|to| Item::Watch { tenant: tenant.clone(), agent, session, to }).await
    }

    async fn ask<T>(&self, item: impl FnOnce(AnswerTo<T>) -> Item) -> Result<T, CallError> {
        let (to, answer) = oneshot::channel();
        self.push(item(to))?;
        answer.await.unwrap_or(Err(CallError::ShuttingDown))
    }

    fn push(&self, item: Item) -> Result<(), CallError> {
        let calls = item.calls() as u64;
        self.inbox.push(item).map_err(|refused| match refused {
            Refused::Full { retry_after } => {
                self.full.increment(calls);
                CallError::Overloaded { retry_after }
            }
            Refused::Closed => CallError::ShuttingDown,
        })
    }
}
