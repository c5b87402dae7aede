//! What the daemon's own absence does, or a disk that stood still: nobody is sent away for it.
//!
//! Invariant: deadlines on others' reaction (delivery, answer, wrap-up, a lost session's grace, repeating a request, coming
//! back after a restart) move by as long as nobody could react; what contacts wait for (steps, holds, maximum waits) does not, and is due at once. By an absence every
//! session is lost as well: the streams ended with the process.

use crate::model::time::Timestamp;

use super::{
    agent::lose,
    command::Reply,
    emit::Emit,
    event::Event,
    hold::{self, HoldRules},
    reject::Reject,
    state::State,
};

impl State {
    /// All events are repeated. What they left to be settled and reviewed was, each time, in events that followed; only
    /// who could ever take what waits is found again, pass by pass.
    pub fn end_recovery(&mut self) {
        let waiting: Vec<_> =
            self.contact_ids.values().copied().filter(|key| self.contact(*key).is_waiting()).collect();
        self.index.forget_work();
        if self.resumed_at.is_some() {
            self.index.mark_lines();
        }
        waiting.into_iter().for_each(|contact| self.index.reach.note_waiting(contact));
    }
}

/// Goes on after a time since which nobody was heard.
pub(super) fn stall(out: &mut Emit<'_>, since: Timestamp) -> Result<Reply, Reject> {
    let by = out.now - since;
    if by.0 > 0 {
        out.emit(Event::Stalled { by });
    }
    Ok(Reply::Done)
}

/// Goes on after an absence that began then: every stream ended with the process, and offering waits for those who had one
/// as these rules say.
pub(super) fn resume(out: &mut Emit<'_>, since: Timestamp, rules: Option<HoldRules>) -> Result<Reply, Reject> {
    out.emit(Event::Reindexed {});
    stall(out, since)?;
    let state = out.state();
    let open = state
        .agent_ids
        .values()
        .copied()
        .filter(|agent| state.agent(*agent).session.as_ref().is_some_and(|session| session.lost.is_none()));
    for agent in open.collect::<Vec<_>>() {
        lose(out, agent);
    }
    hold::begin(out, rules);
    Ok(Reply::Done)
}
