//! What a document would do to those who are there, told before it is applied.
//!
//! Invariant: `&State` only, and by counts: its cost grows with the documents, not with the contacts.

use std::collections::BTreeMap;

use crate::{
    engine::{
        command::Proposal,
        state::State,
        view::{Names, Preview, QueueChange, QueuePreview},
    },
    model::{
        document::Queue,
        ids::{QueueKey, QueueName},
    },
};

use super::fit;

impl State {
    /// What applying this document would do, and every reason for which it would be refused.
    pub fn preview(&self, proposal: &Proposal) -> Preview {
        let Proposal { document, moves, .. } = proposal;
        let open = self.open_by_queue();
        let removed = self.document.queues.keys().filter(|name| !document.queues.contains_key(*name));
        let removed = removed.map(|name| {
            let change = QueueChange::Removed { to: moves.get(name).cloned() };
            let moved = self.find_queue(name).map_or(0, |queue| open[queue.0 as usize]);
            QueuePreview { name: name.clone(), change, moved, reordered: 0, rematched: 0 }
        });
        let kept = document.queues.iter().filter_map(|(name, after)| self.preview_queue(name, after));
        let mut queues: Vec<QueuePreview> = removed.chain(kept).collect();
        queues.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Preview {
            version: self.version + 1,
            queues,
            skills: names(&self.document.skills, &document.skills),
            channels: names(&self.document.channels, &document.channels),
            refusals: fit::refusals(self, proposal),
        }
    }

    /// A queue that stays or comes; `None` if nothing changes for it.
    fn preview_queue(&self, name: &QueueName, after: &Queue) -> Option<QueuePreview> {
        let preview = |change| QueuePreview { name: name.clone(), change, moved: 0, reordered: 0, rematched: 0 };
        let Some(before) = self.document.queues.get(name) else { return Some(preview(QueueChange::Added)) };
        if before == after {
            return None;
        }
        let waiting = self.find_queue(name).map_or(0, |queue| self.queues[queue.0 as usize].places.len() as u64);
        let if_changed = |is_changed: bool| if is_changed { waiting } else { 0 };
        let same_rules = (before.members, &before.rule, &before.steps) == (after.members, &after.rule, &after.steps);
        Some(QueuePreview {
            reordered: if_changed(before.priority != after.priority),
            rematched: if_changed(!same_rules),
            ..preview(QueueChange::Changed)
        })
    }

    /// Open contacts of each queue, those at agents included, by the queue's number.
    fn open_by_queue(&self) -> Vec<u64> {
        let mut open = vec![0; self.queues.len()];
        for kind in self.kinds.iter() {
            let QueueKey(queue) = kind.id.queue;
            open[queue as usize] += kind.open;
        }
        open
    }
}

fn names<N: Ord + Clone, T>(before: &BTreeMap<N, T>, after: &BTreeMap<N, T>) -> Names<N> {
    let only =
        |of: &BTreeMap<N, T>, not: &BTreeMap<N, T>| of.keys().filter(|n| !not.contains_key(n)).cloned().collect();
    Names { added: only(after, before), removed: only(before, after) }
}
