//! The effect of an absence: deadlines on others' reaction move, a request's repetition and a hold for those who come back
//! among them.

use crate::model::{ids::AgentKey, time::Span};

use crate::engine::{
    state::{EngagementPhase, State},
    timer::Timer,
};

impl State {
    pub(super) fn stalled(&mut self, by: Span) {
        let due = self.dedup.due();
        self.dedup.stall(by);
        self.timers.move_to(Timer::Requests, due, self.dedup.due());
        self.stall_hold(by);
        for key in self.agent_ids.values().copied().collect::<Vec<_>>() {
            self.stall_session(key, by);
            for offer in self.agent(key).offers.clone() {
                let offered = self.offers.get_mut(&offer).expect("an agent's open offers exist");
                let before = offered.expires_at.unwrap_or(offered.deliver_by);
                offered.deliver_by = offered.deliver_by + by;
                offered.expires_at = offered.expires_at.map(|at| at + by);
                offered.delivered_at = offered.delivered_at.map(|at| at + by);
                self.timers.move_to(Timer::Offer(offer), Some(before), Some(before + by));
            }
            for engagement in self.agent(key).engagements.clone() {
                let engaged = self.engagements.get_mut(&engagement).expect("an agent's engagements exist");
                if let EngagementPhase::WrapUp { until, latest } = &mut engaged.phase {
                    let before = *until;
                    (*until, *latest) = (*until + by, *latest + by);
                    self.timers.move_to(Timer::WrapUp(engagement), Some(before), Some(before + by));
                }
            }
        }
    }

    fn stall_session(&mut self, key: AgentKey, by: Span) {
        let session = self.agent(key).session.as_ref();
        if session.is_none_or(|session| session.lost.is_none()) {
            return;
        }
        self.change_session(key, |agent| {
            let lost = agent.session.as_mut().and_then(|session| session.lost.as_mut());
            let lost = lost.expect("it was lost a moment ago");
            lost.rescind_at = lost.rescind_at.map(|at| at + by);
            lost.grace_ends_at = lost.grace_ends_at + by;
        });
    }
}
