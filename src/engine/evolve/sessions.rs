//! The effect of streams opening and breaking.
//!
//! Invariant: an agent has at most one session, and its timer stands at the next thing that happens to a lost one.

use crate::model::{ids::AgentKey, time::Timestamp};

use crate::engine::{
    state::{Agent, LostSession, Session, State},
    timer::Timer,
};

impl State {
    pub(super) fn open_session(&mut self, key: AgentKey, session: Session) {
        self.change_session(key, |agent| agent.session = Some(session));
        self.await_no_more(key);
    }

    pub(super) fn lose_session(&mut self, key: AgentKey, lost: LostSession) {
        self.change_session(key, |agent| {
            agent.session.as_mut().expect("only an open session is lost").lost = Some(lost);
        });
    }

    pub(super) fn session_rescinded(&mut self, key: AgentKey) {
        self.change_session(key, |agent| {
            let lost = agent.session.as_mut().and_then(|session| session.lost.as_mut());
            lost.expect("only a lost session's offers are rescinded").rescind_at = None;
        });
    }

    pub(super) fn end_session(&mut self, key: AgentKey) {
        self.change_session(key, |agent| agent.session = None);
        self.await_no_more(key);
    }

    pub(super) fn change_session(&mut self, key: AgentKey, change: impl FnOnce(&mut Agent)) {
        let (was, before) = (self.agent(key).session.is_some(), session_due(self.agent(key)));
        self.change_agent(key, change);
        let (is, after) = (self.agent(key).session.is_some(), session_due(self.agent(key)));
        self.timers.move_to(Timer::Session(key), before, after);
        self.sessions = self.sessions - u32::from(was) + u32::from(is);
    }
}

/// When something next happens to a lost session.
pub(in crate::engine) fn session_due(agent: &Agent) -> Option<Timestamp> {
    let lost = agent.session.as_ref()?.lost?;
    Some(lost.rescind_at.unwrap_or(lost.grace_ends_at))
}
