//! How patient customers of a day were, and how long its work took, of what was seen of either.
//!
//! Invariant: whoever was answered was at least as patient as that, and whoever left was no more; work that was under way as
//! the records end takes longer. Not here: the estimate (`scenario::survival`).

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    model::ids::QueueName,
    sim::scenario::survival::{Seen, Survival},
};

use super::{
    History,
    contacts::{End, Leg, Past},
    inputs::Unplayable,
};

/// So many of a kind have to have left for their patience to be told apart from their queue's.
const LEFT_MIN: usize = 30;

/// How patient customers are, and how long work takes, as far as that was seen.
pub(super) struct Curves<'h> {
    patience: BTreeMap<(&'h QueueName, bool), Arc<Survival>>,
    handling: BTreeMap<&'h QueueName, Arc<Survival>>,
    /// For queues in which no work came to its end.
    all_handling: Arc<Survival>,
}

impl<'h> Curves<'h> {
    /// Of everybody who came and all that agents did.
    pub fn of(history: &'h History) -> Result<Self, Unplayable> {
        let mut stayed: BTreeMap<(&QueueName, bool), Vec<Seen>> = BTreeMap::new();
        let mut worked: BTreeMap<&QueueName, Vec<Seen>> = BTreeMap::new();
        for past in &history.contacts.all {
            let (at, ended) = match past.waited {
                Some((at, end)) => (at, end == End::Left),
                None => (history.ended, false),
            };
            let lasted = at - past.came_at;
            stayed.entry((&past.new.queue, past.is_moment)).or_default().push(Seen { lasted, ended });
            let of = |leg: &Leg| Seen { lasted: leg.worked_by(history.ended), ended: leg.is_over };
            worked.entry(&past.new.queue).or_default().extend(past.legs.iter().map(of));
        }
        let all: Vec<Seen> = worked.values().flatten().copied().collect();
        let all_handling = Arc::new(Survival::of(all));
        if !all_handling.is_known() {
            return Err(Unplayable::NothingDone);
        }
        let handling = worked.into_iter().map(|(queue, seen)| (queue, Arc::new(Survival::of(seen)))).collect();
        Ok(Self { patience: told_apart(&stayed), handling, all_handling })
    }

    /// How long others of this one's kind stay.
    pub fn patience(&self, past: &Past) -> Arc<Survival> {
        Arc::clone(&self.patience[&(&past.new.queue, past.is_moment)])
    }

    /// How long work of a queue takes.
    pub fn handling(&self, queue: &QueueName) -> Arc<Survival> {
        let own = self.handling.get(queue).filter(|curve| curve.is_known());
        Arc::clone(own.unwrap_or(&self.all_handling))
    }
}

/// A curve for each kind of which enough left, and its queue's for the others.
fn told_apart<'h>(
    stayed: &BTreeMap<(&'h QueueName, bool), Vec<Seen>>,
) -> BTreeMap<(&'h QueueName, bool), Arc<Survival>> {
    let whole = |queue: &QueueName| {
        let all = stayed.iter().filter(|((of, _), _)| *of == queue).flat_map(|(_, seen)| seen);
        Survival::of(all.copied().collect())
    };
    let curve = |((queue, is_moment), seen): (&(&'h QueueName, bool), &Vec<Seen>)| {
        let is_enough = seen.iter().filter(|seen| seen.ended).count() >= LEFT_MIN;
        let curve = if is_enough { Survival::of(seen.clone()) } else { whole(queue) };
        ((*queue, *is_moment), Arc::new(curve))
    };
    stayed.iter().map(curve).collect()
}
