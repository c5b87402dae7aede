//! The effect of what supervisors do to queues and to the order in them.
//!
//! Invariant: pausing and reopening touch a queue's classes and its reserved contacts, never the contacts in its lines
//! one by one.

use std::sync::Arc;

use crate::model::{
    ids::{ContactKey, QueueKey},
    supervision::{QueueMode, Supervision},
    time::{Span, Timestamp},
};

use crate::engine::{
    event::{Place, Target},
    state::State,
};

impl State {
    pub(super) fn pull_contact(&mut self, key: ContactKey, target: Target) {
        self.change_route(key, |route| {
            route.refusals.retain(|refusal| refusal.agent != target.agent);
            route.target = Some(target);
        });
        // Pulled to the same agent again it stays in its line, but maybe for good.
        self.seek_again(key);
    }

    pub(super) fn prioritise_contact(&mut self, key: ContactKey, head_start: Span, place: Place) {
        self.change_route(key, |route| (route.head_start, route.place) = (head_start, place));
    }

    pub(super) fn set_queue_mode(
        &mut self,
        now: Timestamp,
        key: QueueKey,
        mode: QueueMode,
        supervision: &Arc<Supervision>,
    ) {
        let queue = &mut self.queues[key.0 as usize];
        let was = std::mem::replace(&mut queue.mode, mode);
        queue.mode_set = Some((now, Arc::clone(supervision)));
        self.follow_mode(key, was, mode);
    }

    /// A queue that a document dropped is as good as new when it comes back.
    pub(super) fn forget_mode(&mut self, key: QueueKey) {
        let queue = &mut self.queues[key.0 as usize];
        queue.mode_set = None;
        let was = std::mem::take(&mut queue.mode);
        self.follow_mode(key, was, QueueMode::Open);
    }

    fn follow_mode(&mut self, key: QueueKey, was: QueueMode, is: QueueMode) {
        if (was == QueueMode::Paused) == (is == QueueMode::Paused) {
            return;
        }
        if is == QueueMode::Paused {
            self.index.pause(key);
            self.end_drains_for(key);
        } else {
            self.index.reopen(key);
        }
        // Who stands in front may be drained for, or no longer.
        for contact in self.index.fronts(key) {
            self.refresh_due(contact);
        }
        let reserved: Vec<ContactKey> =
            self.queues[key.0 as usize].reserved.iter().map(|(_, contact)| *contact).collect();
        for contact in reserved {
            self.refresh_due(contact);
            self.mark_contact(contact);
        }
    }

    /// Agents who kept their capacity for a contact of this queue get it back.
    fn end_drains_for(&mut self, queue: QueueKey) {
        let drained: Vec<ContactKey> = self.agents.iter().flatten().filter_map(|agent| agent.draining).collect();
        for contact in drained {
            if self.route(contact).queue == queue {
                self.change_route(contact, |_| ());
            }
        }
    }
}
