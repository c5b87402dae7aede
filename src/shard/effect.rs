//! What a batch leads to outside: answers, and what agents are told.
//!
//! Invariant: an effect happens once, by `release` when the journal has its batch, or by `refuse`, which tells whoever
//! waits for an answer that there is none and nobody anything else.

use tokio::sync::oneshot;

use crate::{
    engine::{
        Reject, Reply,
        change::Change,
        view::{AgentView, Notice, OfferView},
    },
    journal::Seq,
    model::{
        ids::{AgentId, RequestId, SessionId, TenantId},
        signal::Source,
    },
};

use super::{
    core::{Folded, Outcome},
    feed::{Feed, Feeds, Position},
    handle::{CallError, Watch},
    item::AnswerTo,
    measures::Measures,
    observe::Observer,
    outbox::{Opened, Outbox, Told},
    streams::{StreamEnd, Streams},
};

/// One effect.
pub(super) enum Effect {
    /// Agents are told.
    Notices { tenant: TenantId, notices: Vec<(AgentId, Notice)> },
    /// A command is answered.
    Reply { command: &'static str, reply: Result<Reply, Reject>, to: To<Reply> },
    /// Commands are answered together.
    Replies { replies: Vec<(&'static str, Result<Reply, Reject>)>, to: oneshot::Sender<Vec<Result<Reply, CallError>>> },
    /// What was heard of contacts by a stream is answered; `outcomes` are of signals that were not gathered.
    Heard {
        tenant: TenantId,
        answers: Vec<Result<Reply, CallError>>,
        outcomes: Vec<(Source, Outcome)>,
        to: oneshot::Sender<Vec<Result<Reply, CallError>>>,
    },
    /// What was gathered of a contact was decided.
    Folded(Folded),
    /// A stream opens.
    Open(Box<Opening>),
    /// A stream is refused.
    Closed { reject: Reject, to: To<Watch> },
    /// A gateway lets go of an agent.
    Leave { tenant: TenantId, from: GatewayAgent },
    /// Followers are told.
    Change { tenant: TenantId, seq: Seq, change: Change },
    /// Somebody asks how moments of truth fare.
    Measure { tenant: TenantId, to: AnswerTo<Measures> },
    /// Somebody follows, from here or from an earlier place.
    Follow { tenant: TenantId, after: Option<Position>, last: Seq, to: AnswerTo<Feed> },
    /// An agent has signed out, which ends the stream and with it the session.
    SignOut { tenant: TenantId, agent: AgentId },
}

/// A session that opens, and all that is so when it does.
pub(super) struct Opening {
    pub tenant: TenantId,
    pub connection: u64,
    pub session: SessionId,
    pub resumed: bool,
    pub agent: AgentView,
    pub open_offers: Vec<OfferView>,
    pub to: To<Watch>,
}

/// Where an answer goes.
pub(super) enum To<T> {
    Caller(AnswerTo<T>),
    Gateway(GatewayAgent),
}

/// An agent of a gateway, who asked under this id.
pub(super) struct GatewayAgent {
    pub gateway: Outbox,
    pub agent: AgentId,
    pub request: RequestId,
}

impl Effect {
    /// Lets it out.
    pub fn release(self, streams: &mut Streams, feeds: &mut Feeds, observer: &mut Observer) {
        match self {
            Self::Notices { tenant, notices } => {
                for (agent, notice) in notices {
                    #[cfg(feature = "planted-faults")]
                    super::fault::tell_another(streams, &tenant, &agent, &notice);
                    streams.tell(&tenant, &agent, notice);
                }
            }
            Self::Reply { command, reply, to } => {
                observer.command(command, reply.as_ref().err());
                to.answer(streams, reply.map_err(CallError::Reject));
            }
            Self::Replies { replies, to } => {
                replies.iter().for_each(|(command, reply)| observer.command(command, reply.as_ref().err()));
                let _ = to.send(replies.into_iter().map(|(_, reply)| reply.map_err(CallError::Reject)).collect());
            }
            Self::Heard { tenant, answers, outcomes, to } => {
                observer.signals(&tenant, &outcomes);
                let _ = to.send(answers);
            }
            Self::Folded(folded) => observer.folded(&folded),
            Self::Open(opening) => {
                observer.command("open_session", None);
                opening.open(streams);
            }
            Self::Closed { reject, to } => {
                observer.command("open_session", Some(&reject));
                to.refuse(reject.into());
            }
            Self::Leave { tenant, from } => {
                streams.leave(&from.gateway, &tenant, &from.agent);
                from.answer(streams, Ok(Reply::Done));
            }
            Self::Change { tenant, seq, change } => feeds.tell(&tenant, seq, change),
            Self::Measure { tenant, to } => drop(to.send(Ok(observer.measures(&tenant)))),
            Self::Follow { tenant, after, last, to } => {
                // A caller that has gone away has dropped the reader with it.
                let _ = to.send(Ok(feeds.open(&tenant, after, last)));
            }
            Self::SignOut { tenant, agent } => streams.dismiss(&tenant, &agent, StreamEnd::SignedOut),
        }
    }

    /// Answers with this, and tells nobody anything.
    pub fn refuse(self, error: &CallError) {
        match self {
            Self::Reply { to, .. } => to.refuse(error.clone()),
            Self::Replies { replies, to } => drop(to.send(vec![Err(error.clone()); replies.len()])),
            Self::Heard { answers, to, .. } => drop(to.send(vec![Err(error.clone()); answers.len()])),
            Self::Open(opening) => opening.to.refuse(error.clone()),
            Self::Closed { to, .. } => to.refuse(error.clone()),
            Self::Leave { from, .. } => from.refuse(error.clone()),
            Self::Measure { to, .. } => drop(to.send(Err(error.clone()))),
            Self::Follow { to, .. } => drop(to.send(Err(error.clone()))),
            Self::Notices { .. } | Self::Folded(_) | Self::Change { .. } | Self::SignOut { .. } => {}
        }
    }
}

impl Effect {
    /// Tells who waits for an answer that there is none yet; what streams and followers are to be told, and those that
    /// open, wait on.
    pub fn give_up(self, error: &CallError) -> Option<Self> {
        match self {
            Self::Reply { .. }
            | Self::Replies { .. }
            | Self::Heard { .. }
            | Self::Closed { .. }
            | Self::Measure { .. } => {
                self.refuse(error);
                None
            }
            Self::Notices { .. }
            | Self::Folded(_)
            | Self::Open(_)
            | Self::Leave { .. }
            | Self::Change { .. }
            | Self::Follow { .. }
            | Self::SignOut { .. } => Some(self),
        }
    }
}

impl Opening {
    fn open(self, streams: &mut Streams) {
        let Self { tenant, connection, session, resumed, agent, open_offers, to } = self;
        match to {
            To::Caller(to) => {
                let notices = streams.open(&tenant, &agent.id, connection);
                // Unsent, it is dropped, which loses the session just as a reader that goes away does.
                let _ = to.send(Ok(Watch { resumed, agent, open_offers, notices }));
            }
            To::Gateway(from) => {
                let opened = Box::new(Opened { session, resumed, agent, open_offers });
                if !streams.open_at(&from.gateway, &tenant, &from.agent, connection, opened) {
                    from.refuse(CallError::ShuttingDown);
                }
            }
        }
    }
}

impl To<Reply> {
    /// Says how it went, in the order of what else is told.
    pub fn answer(self, streams: &mut Streams, answer: Result<Reply, CallError>) {
        match self {
            // A caller that has gone away learns the outcome by asking again under the same request id.
            Self::Caller(to) => drop(to.send(answer)),
            Self::Gateway(from) => from.answer(streams, answer),
        }
    }
}

impl<T> To<T> {
    /// Says no, at once.
    pub fn refuse(self, error: CallError) {
        match self {
            Self::Caller(to) => drop(to.send(Err(error))),
            Self::Gateway(from) => from.refuse(error),
        }
    }
}

impl GatewayAgent {
    /// Answers in the order of what else the gateway is told.
    fn answer(self, streams: &mut Streams, answer: Result<Reply, CallError>) {
        let Self { gateway, agent, request } = self;
        streams.answer(&gateway, agent, Told::Answer { request, answer });
    }

    /// Says no, at once.
    fn refuse(self, error: CallError) {
        let Self { gateway, agent, request } = self;
        gateway.push(agent, Told::Answer { request, answer: Err(error) });
        gateway.wake();
    }
}
