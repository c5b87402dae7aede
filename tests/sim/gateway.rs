//! A gateway of a tenant's agents: their frames go together in a message, and what they are told comes together.
//!
//! Invariant: every frame that was sent is answered, or the gateway or the machine is gone. Not here: what agents do
//! (`clients`).

use std::{
    collections::{BTreeMap, VecDeque},
    pin::pin,
    task::{Context, Poll, Waker},
};

use attune::{
    engine::Command,
    model::ids::{AgentId, RequestId, SessionId, TenantId},
    shard::{Act, Action, Mailbox, ShardHandle, StreamEnd, Told},
};

#[derive(Default)]
pub struct Gateway {
    mailbox: Mailbox,
    /// What agents have done since the last message.
    acts: Vec<Act>,
    told: VecDeque<(AgentId, Told)>,
    /// Requests whose frames are not answered, each with its number and whether it named a session.
    asked: BTreeMap<RequestId, VecDeque<Asked>>,
    opened: u32,
}

/// A request that went in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub number: usize,
    /// It is refused unless the agent's session is still the one that it names.
    pub is_bound: bool,
}

impl Gateway {
    /// An agent does something that was asked under this number.
    pub fn ask(&mut self, number: usize, agent: &AgentId, session: Option<SessionId>, request: RequestId, of: Command) {
        let asked = Asked { number, is_bound: session.is_some() };
        self.asked.entry(request.clone()).or_default().push_back(asked);
        self.acts.push(Act { agent: agent.clone(), session, request, action: Action::Command(of) });
    }

    /// An agent's session opens here.
    pub fn open(&mut self, agent: &AgentId, session: SessionId) {
        self.act(agent, Action::Open(session));
    }

    /// An agent goes, and keeps the session.
    pub fn leave(&mut self, agent: &AgentId) {
        self.act(agent, Action::Leave);
    }

    fn act(&mut self, agent: &AgentId, action: Action) {
        self.opened += 1;
        let request = RequestId::new(&format!("frame-{}", self.opened)).expect("it obeys the grammar");
        self.acts.push(Act { agent: agent.clone(), session: None, request, action });
    }

    /// Sends what agents have done; what could not be sent.
    pub fn send(&mut self, shard: &ShardHandle, tenant: &TenantId) -> Vec<Act> {
        let acts = std::mem::take(&mut self.acts);
        if acts.is_empty() || shard.act(tenant, acts.clone(), &self.mailbox).is_ok() { Vec::new() } else { acts }
    }

    /// How many agents' frames wait to be sent.
    pub fn waiting(&self) -> usize {
        self.acts.len()
    }

    /// What came next, if anything has; an error is its end.
    pub fn next(&mut self) -> Option<Result<(AgentId, Told), StreamEnd>> {
        if self.told.is_empty() {
            let mut news = pin!(self.mailbox.next());
            match news.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => return None,
                Poll::Ready(Err(end)) => return Some(Err(end)),
                Poll::Ready(Ok(told)) => self.told = told,
            }
        }
        self.told.pop_front().map(Ok)
    }

    /// A request's frame was answered, or could not be sent; none if it opened or left.
    pub fn answered(&mut self, request: &RequestId) -> Option<Asked> {
        let waiting = self.asked.get_mut(request)?;
        let asked = waiting.pop_front();
        if waiting.is_empty() {
            self.asked.remove(request);
        }
        asked
    }

    /// Requests that nobody will answer now that it is gone.
    pub fn unanswered(self) -> impl Iterator<Item = usize> {
        self.asked.into_values().flatten().map(|asked| asked.number)
    }
}
