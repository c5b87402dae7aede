//! The effect of a restart: what follows from contacts, agents and documents is derived afresh.
//!
//! Invariant: what is kept decides alone what comes of it, however it came about. So a world that was read from a
//! snapshot and one that saw every event are the same from the restart on, numbers of classes and kinds included. Each
//! part is derived by what derives it when something changes. Not here: what is kept (`engine::kept`).

use std::sync::Arc;

use crate::{
    engine::{
        erase::ContactsOf,
        kinds::Kinds,
        matching::index::Index,
        state::{EngagementPhase, QueueState, State},
        sweep::{Rules, Stage, Sweep},
        timer::{Timer, Timers},
    },
    model::{
        document::{Channel, Document, Queue},
        ids::{AgentKey, QueueKey, QueueName},
        supervision::QueueMode,
    },
};

use super::{session_due, sweep::least_cost};

impl State {
    /// Derives everything again that follows from other things; calls `rest` between small pieces.
    pub(in crate::engine) fn reindex(&mut self, rest: &dyn Fn()) {
        (self.index, self.kinds, self.timers) = (Index::default(), Kinds::default(), Timers::default());
        (self.open_contacts, self.sessions, self.announced) = (0, 0, 0);
        self.contacts_of = ContactsOf::default();
        for queue in &mut self.queues {
            let QueueState { mode, mode_set, .. } = std::mem::take(queue);
            *queue = QueueState { mode, mode_set, ..QueueState::default() };
        }
        // Agents may be strained by a document that is gone.
        self.index.know_strains();
        self.reindex_documents();
        for agent in (0u32..).map(AgentKey).take(self.agents.len()) {
            self.reindex_agent(agent);
            rest();
        }
        let contacts: Vec<_> = self.contact_ids.values().copied().collect();
        for contact in &contacts {
            let details = Arc::clone(&self.contact(*contact).details);
            self.contacts_of.add(&details.customer_id, *contact);
            self.reindex_contact(*contact);
            rest();
        }
        // Only now is it known who is in front of a line.
        for contact in &contacts {
            self.refresh_due(*contact);
            rest();
        }
        self.timers.move_to(Timer::Requests, None, self.dedup.due());
        self.timers.move_to(Timer::Move, None, self.moves.due());
        self.timers.move_to(Timer::Overflow, None, self.overflows.due());
        self.timers.move_to(Timer::Hold, None, self.hold.as_ref().map(|hold| hold.until));
        self.timers.move_to(Timer::Tombstones, None, self.tombstones.due());
        self.end_recovery();
    }

    fn reindex_documents(&mut self) {
        let (version, document) = (self.version, Arc::clone(&self.document));
        (self.channels, self.cost_min) = (self.numbered_channels(&document), least_cost(&document));
        for (queue, rules) in self.numbered_queues(&document).into_iter().zip(&mut self.queues) {
            rules.rules = queue;
        }
        let paused = (0u32..).map(QueueKey).zip(&self.queues).filter(|(_, queue)| queue.mode == QueueMode::Paused);
        paused.for_each(|(queue, _)| self.index.pause(queue));
        match self.sweep.take() {
            None => self.bring_into_use(version, &document),
            Some(sweep) if sweep.stage.is_preparing() => {
                self.bring_into_use(version, &document);
                self.prepare_again(*sweep);
            }
            Some(mut sweep) => {
                sweep.other = self.numbered(sweep.other.version, Arc::clone(&sweep.other.document));
                self.bring_into_use(sweep.other.version, &sweep.other.document);
                sweep.lanes_before = self.index.lanes().to_vec();
                self.bring_into_use(version, &document);
                self.sweep = Some(sweep);
            }
        }
    }

    /// A document that is in force, or was until a moment ago.
    fn bring_into_use(&mut self, version: u64, document: &Document) {
        self.found_reserve(version, document);
        self.index.know_below(version, u32::MAX);
        self.index.prepare_moments(document, &mut self.skill_names);
        document.queues.iter().for_each(|(name, rules)| self.prepare_queue(document, name, rules));
        self.index.conditions_are_ready();
    }

    /// A document that is on its way, as far as it has come.
    fn prepare_again(&mut self, mut sweep: Sweep) {
        sweep.lanes_before = self.index.lanes().to_vec();
        let Rules { version, document, .. } = &sweep.other;
        let (version, document) = (*version, Arc::clone(document));
        self.found_reserve(version, &document);
        let last = match &sweep.stage {
            Stage::Queues { after } => after.clone(),
            _ => document.queues.keys().next_back().cloned(),
        };
        if let Stage::Agents { next } = sweep.stage {
            self.index.know_below(version, next);
        }
        sweep.other = self.numbered(version, Arc::clone(&document));
        let is_known = |name: &QueueName| last.as_ref().is_some_and(|last| name <= last);
        for (queue, rules) in (0u32..).zip(&mut sweep.other.queues) {
            *rules = rules.take().filter(|_| is_known(self.queue_names.name(queue)));
        }
        if last.is_some() || matches!(sweep.stage, Stage::Agents { .. }) {
            self.index.prepare_moments(&document, &mut self.skill_names);
        }
        let known = document.queues.iter().filter(|(name, _)| is_known(name));
        known.for_each(|(name, rules)| self.prepare_queue(&document, name, rules));
        self.sweep = Some(Box::new(sweep));
    }

    fn numbered(&self, version: u64, document: Arc<Document>) -> Rules {
        Rules {
            version,
            queues: self.numbered_queues(&document),
            channels: self.numbered_channels(&document),
            cost_min: least_cost(&document),
            document,
        }
    }

    fn numbered_queues(&self, document: &Document) -> Vec<Option<Arc<Queue>>> {
        let mut numbered = vec![None; self.queues.len()];
        for (name, rules) in &document.queues {
            let number = self.queue_names.find(name).and_then(|number| numbered.get_mut(number as usize));
            number.into_iter().for_each(|slot| *slot = Some(Arc::new(rules.clone())));
        }
        numbered
    }

    fn numbered_channels(&self, document: &Document) -> Vec<Option<Channel>> {
        let mut numbered = vec![None; self.channel_names.len()];
        for (name, rules) in &document.channels {
            let number =
                self.channel_names.find(name).expect("a document's channels were numbered when it was applied");
            numbered[number as usize] = Some(rules.clone());
        }
        numbered
    }

    fn reindex_agent(&mut self, key: AgentKey) {
        let Some(agent) = &self.agents[key.0 as usize] else {
            self.index.describe_agent(key, Vec::new(), Vec::new());
            return self.index.everyone.leave(key);
        };
        self.sessions += u32::from(agent.session.is_some());
        self.timers.move_to(Timer::Session(key), None, session_due(agent));
        self.timers.move_to(Timer::Rest(key), None, agent.load.cools_until());
        for offer in &agent.offers {
            let held = self.offers.get(offer).expect("an agent's open offers exist");
            self.timers.move_to(Timer::Offer(*offer), None, Some(held.expires_at.unwrap_or(held.deliver_by)));
        }
        for engagement in &agent.engagements {
            let engaged = self.engagements.get(engagement).expect("an agent's engagements exist");
            self.queues[engaged.queue.0 as usize].engagements += 1;
            if let EngagementPhase::WrapUp { until, .. } = engaged.phase {
                self.timers.move_to(Timer::WrapUp(*engagement), None, Some(until));
            }
        }
        let strain = agent.load.strain();
        self.describe_agent(key);
        self.index.strain(key, strain);
        self.refresh_agent(key);
    }
}
