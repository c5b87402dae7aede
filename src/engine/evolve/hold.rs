//! The effect of offering being held after a restart, and of its going on.

use std::sync::Arc;

use crate::model::{
    ids::AgentKey,
    time::{Span, Timestamp},
};

use crate::engine::{hold::Hold, state::State, timer::Timer};

impl State {
    pub(super) fn hold_offering(&mut self, until: Timestamp, awaited: &Arc<[AgentKey]>, spared: u32) {
        let sessions = u32::try_from(awaited.len()).expect("agents are limited well below 2^32");
        let hold = Hold { until, awaited: awaited.iter().copied().collect(), spared, sessions };
        let before = self.hold.replace(hold);
        self.timers.move_to(Timer::Hold, before.map(|hold| hold.until), Some(until));
        self.resumed_at = None;
    }

    /// Whatever could be offered meanwhile stands in a line, or has an agent who kept free for it.
    pub(super) fn resume_offering(&mut self, now: Timestamp) {
        let hold = self.hold.take().expect("only what is held goes on");
        self.timers.move_to(Timer::Hold, Some(hold.until), None);
        self.resumed_at = Some(now);
        self.index.mark_lines();
        let kept_free = self.agent_ids.values().copied().filter(|agent| self.drained_for(*agent).is_some());
        self.index.dirty_agents.extend(kept_free.collect::<Vec<_>>());
    }

    /// Nobody could come back for so long.
    pub(super) fn stall_hold(&mut self, by: Span) {
        if let Some(hold) = &mut self.hold {
            let before = hold.until;
            hold.until = before + by;
            self.timers.move_to(Timer::Hold, Some(before), Some(before + by));
        }
    }

    /// An agent is back, or will not come back.
    pub(super) fn await_no_more(&mut self, agent: AgentKey) {
        if let Some(hold) = &mut self.hold {
            hold.awaited.remove(&agent);
        }
    }
}
