//! The effect of offering being held after a restart, and of its going on.

use std::sync::Arc;

use crate::model::{ids::AgentKey, time::Timestamp};

use crate::engine::{hold::Hold, state::State, timer::Timer};

impl State {
    pub(super) fn hold_offering(&mut self, until: Timestamp, awaited: &Arc<[AgentKey]>, spared: u32) {
        let sessions = u32::try_from(awaited.len()).expect("agents are limited well below 2^32");
        let hold = Hold { until, awaited: awaited.iter().copied().collect(), spared, sessions };
        let before = self.hold.replace(hold);
        self.timers.move_to(Timer::Hold, before.map(|hold| hold.until), Some(until));
    }

    /// Whatever could be offered meanwhile has an agent who takes work: each of them is looked at.
    pub(super) fn resume_offering(&mut self) {
        let hold = self.hold.take().expect("only what is held goes on");
        self.timers.move_to(Timer::Hold, Some(hold.until), None);
        let working = self.agent_ids.values().copied().filter(|agent| self.agent(*agent).takes_work());
        self.index.dirty_agents.extend(working.collect::<Vec<_>>());
    }

    /// An agent is back, or will not come back.
    pub(super) fn await_no_more(&mut self, agent: AgentKey) {
        if let Some(hold) = &mut self.hold {
            hold.awaited.remove(&agent);
        }
    }
}
