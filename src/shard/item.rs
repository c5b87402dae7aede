//! What reaches a shard: calls, and the news that a stream's reader is gone.
//!
//! Invariant: everything that was taken gets exactly one answer, and a dropped answer means that the shard is gone.

use tokio::sync::oneshot;

use crate::{
    engine::{Command, Reply, Request, view::Query},
    forecast::{
        Learner,
        waits::{Question, WaitView},
    },
    model::ids::{AgentId, RequestId, SessionId, TenantId},
};

use super::{
    feed::{Feed, Position},
    gather::Report,
    handle::{CallError, Seen, Watch},
    measures::Measures,
    outbox::{self, Outbox},
    statistics::{Rows, Told},
};

/// Where an answer goes.
pub(super) type AnswerTo<T> = oneshot::Sender<Result<T, CallError>>;

/// One call, or several that came together.
pub(super) enum Item {
    /// A command.
    Call { tenant: TenantId, request: Request, to: AnswerTo<Reply> },
    /// Commands, answered together and each for itself.
    Calls { tenant: TenantId, requests: Vec<Request>, to: oneshot::Sender<Vec<Result<Reply, CallError>>> },
    /// What is heard of contacts by a stream; answered together and each for itself.
    Reports { tenant: TenantId, reports: Vec<Report>, to: oneshot::Sender<Vec<Result<Reply, CallError>>> },
    /// A question.
    Query { tenant: TenantId, query: Query, to: AnswerTo<Seen> },
    /// Somebody asks how moments of truth fare.
    Measure { tenant: TenantId, to: AnswerTo<Measures> },
    /// Somebody asks for statistics.
    Statistics { tenant: TenantId, rows: Rows, to: AnswerTo<Told> },
    /// What is known of agents' empathy, by id, after the given one.
    Learners { tenant: TenantId, after: Option<AgentId>, limit: usize, to: AnswerTo<Vec<Learner>> },
    /// How long waits will be.
    Wait { tenant: TenantId, question: Question, to: AnswerTo<Vec<WaitView>> },
    /// Somebody follows a tenant.
    Follow { tenant: TenantId, after: Option<Position>, to: AnswerTo<Feed> },
    /// An agent's stream opens.
    Watch { tenant: TenantId, agent: AgentId, session: SessionId, to: AnswerTo<Watch> },
    /// What agents of a gateway do.
    Acts { tenant: TenantId, acts: Vec<Act>, gateway: Outbox },
}

/// What an agent of a gateway does; answered at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub agent: AgentId,
    /// Refused unless this is the agent's session; `None` = whichever is.
    pub session: Option<SessionId>,
    /// The answer carries it; a command is repeatable under it.
    pub request: RequestId,
    /// What.
    pub action: Action,
}

/// The kinds of what an agent of a gateway does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Opens or resumes a session at the gateway.
    Open(SessionId),
    /// Lets go of the session without ending it.
    Leave,
    /// Any command.
    Command(Command),
}

/// A stream's reader is gone. These pass beside the inbox, since they must not be refused; there is at most one for
/// each open stream.
#[derive(Debug)]
pub(super) struct Lost {
    pub tenant: TenantId,
    pub agent: AgentId,
    pub connection: u64,
}

impl Action {
    /// Its name, for metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open_session",
            Self::Leave => "leave_session",
            Self::Command(command) => command.name(),
        }
    }
}

impl Item {
    /// Whose.
    pub fn tenant(&self) -> &TenantId {
        match self {
            Self::Call { tenant, .. }
            | Self::Calls { tenant, .. }
            | Self::Reports { tenant, .. }
            | Self::Query { tenant, .. }
            | Self::Measure { tenant, .. }
            | Self::Statistics { tenant, .. }
            | Self::Learners { tenant, .. }
            | Self::Wait { tenant, .. }
            | Self::Follow { tenant, .. }
            | Self::Watch { tenant, .. }
            | Self::Acts { tenant, .. } => tenant,
        }
    }

    /// How many calls it stands for.
    pub fn calls(&self) -> usize {
        match self {
            Self::Call { .. }
            | Self::Query { .. }
            | Self::Measure { .. }
            | Self::Statistics { .. }
            | Self::Learners { .. }
            | Self::Wait { .. }
            | Self::Follow { .. }
            | Self::Watch { .. } => 1,
            Self::Calls { requests, .. } => requests.len(),
            Self::Reports { reports, .. } => reports.len(),
            Self::Acts { acts, .. } => acts.len(),
        }
    }

    /// Calls that bring new work, rather than end some; what came together counts as what it begins with. What is heard
    /// of contacts ends none.
    pub fn arrivals(&self) -> usize {
        let brings = |command: &Command| {
            matches!(command, Command::EnqueueContact(_) | Command::AnnounceContact { .. } | Command::PutAgents { .. })
        };
        match self {
            Self::Call { request, .. } if brings(&request.command) => 1,
            Self::Calls { requests, .. } if requests.first().is_some_and(|first| brings(&first.command)) => {
                requests.len()
            }
            Self::Reports { reports, .. } => reports.len(),
            _ => 0,
        }
    }

    /// Whether it brings what a full disk has no room for: new work, or more to know of what is there. What is repeated
    /// brings nothing.
    pub fn brings_more(&self, is_repeated: impl Fn(&Request) -> bool) -> bool {
        let brings = |request: &Request| brings_more(&request.command) && !is_repeated(request);
        match self {
            Self::Call { request, .. } => brings(request),
            Self::Calls { requests, .. } => requests.iter().any(brings),
            Self::Reports { .. } => true,
            // Agents of a gateway do what ends work, and say whether they are there.
            Self::Acts { .. }
            | Self::Query { .. }
            | Self::Measure { .. }
            | Self::Statistics { .. }
            | Self::Learners { .. }
            | Self::Wait { .. }
            | Self::Follow { .. }
            | Self::Watch { .. } => false,
        }
    }

    /// Answers without doing anything.
    pub fn refuse(self, error: CallError) {
        match self {
            Self::Call { to, .. } => drop(to.send(Err(error))),
            Self::Calls { requests, to, .. } => drop(to.send(requests.iter().map(|_| Err(error.clone())).collect())),
            Self::Reports { reports, to, .. } => drop(to.send(vec![Err(error); reports.len()])),
            Self::Query { to, .. } => drop(to.send(Err(error))),
            Self::Measure { to, .. } => drop(to.send(Err(error))),
            Self::Statistics { to, .. } => drop(to.send(Err(error))),
            Self::Learners { to, .. } => drop(to.send(Err(error))),
            Self::Wait { to, .. } => drop(to.send(Err(error))),
            Self::Follow { to, .. } => drop(to.send(Err(error))),
            Self::Watch { to, .. } => drop(to.send(Err(error))),
            Self::Acts { acts, gateway, .. } => {
                for Act { agent, request, .. } in acts {
                    gateway.push(agent, outbox::Told::Answer { request, answer: Err(error.clone()) });
                }
                gateway.wake();
            }
        }
    }
}

fn brings_more(command: &Command) -> bool {
    match command {
        Command::ApplyDocument(_)
        | Command::PutAgent { .. }
        | Command::PutAgents { .. }
        | Command::AnnounceContact { .. }
        | Command::EnqueueContact(_)
        | Command::UpdateContact { .. }
        | Command::ScoreContact { .. }
        | Command::Signal { .. } => true,
        Command::Tick
        | Command::Sweep
        | Command::Resume { .. }
        | Command::Stall { .. }
        | Command::DeleteAgent { .. }
        | Command::OpenSession { .. }
        | Command::LoseSession { .. }
        | Command::SetPresence { .. }
        | Command::ParkContact { .. }
        | Command::ReleaseContact { .. }
        | Command::RequeueContact { .. }
        | Command::TransferContact { .. }
        | Command::CompleteContact { .. }
        | Command::CancelContact { .. }
        | Command::AckOffer { .. }
        | Command::AcceptOffer { .. }
        | Command::DeclineOffer { .. }
        | Command::ExtendOffer { .. }
        | Command::ReportConnectFailed { .. }
        | Command::ExtendWrapUp { .. }
        | Command::EndWrapUp { .. }
        | Command::SetReserve { .. }
        | Command::LearnAcceptance { .. }
        | Command::LearnShowRate { .. }
        | Command::LearnEmpathy { .. }
        | Command::SetOverflow { .. }
        | Command::Supervise(_) => false,
    }
}
