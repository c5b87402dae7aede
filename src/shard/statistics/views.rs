//! Which rows an answer has, and how many wait now in each: what is looked up in the world.
//!
//! Invariant: `&State` only, and bounded: a page, or as many queues as one call may name. Not here: the counts and who has
//! waited for longest, which wait for the journal (`waits`).

use super::{ROWS_MAX, Rows, Scope};
use crate::{
    engine::{
        Reject, State,
        view::{Answer, Query, QueueView},
    },
    model::{ids::QueueName, time::Timestamp},
};

/// Rows that are to be told, each with how many wait now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::shard) struct Views {
    pub rows: Vec<(Scope, Option<u64>)>,
    pub next: Option<QueueName>,
}

impl Views {
    /// Looks up what is asked for.
    ///
    /// # Errors
    /// Fails if a queue or channel that is named is not in the document in force.
    pub fn of(state: &State, now: Timestamp, rows: &Rows) -> Result<Self, Reject> {
        match rows {
            Rows::One(scope) => {
                if let Some(channel) = &scope.channel {
                    state.check_channel(channel)?;
                }
                let waiting = match &scope.queue {
                    Some(queue) => Some(waiting_in(state, now, queue)?),
                    None => None,
                };
                // Of one channel of a queue it is not known.
                let waiting = waiting.filter(|_| scope.channel.is_none());
                Ok(Self { rows: vec![(scope.clone(), waiting)], next: None })
            }
            Rows::TenantAnd(queues) => {
                let mut rows = vec![(Scope::default(), None)];
                for queue in queues {
                    let waiting = waiting_in(state, now, queue).map_err(in_list)?;
                    rows.push((Scope { queue: Some(queue.clone()), channel: None }, Some(waiting)));
                }
                Ok(Self { rows, next: None })
            }
            Rows::Queues { after, limit } => {
                let query = Query::Queues { after: after.clone(), limit: (*limit).min(ROWS_MAX) };
                let Answer::Queues { queues, next } = state.query(now, &query)? else {
                    unreachable!("queues are asked for")
                };
                let row = |view: QueueView| (Scope { queue: Some(view.name), channel: None }, Some(view.waiting));
                Ok(Self { rows: queues.into_iter().map(row).collect(), next })
            }
            Rows::Channels => {
                let row = |channel: &_| (Scope { queue: None, channel: Some(Clone::clone(channel)) }, None);
                Ok(Self { rows: state.channels_in_force().map(row).collect(), next: None })
            }
        }
    }
}

/// The same refusal of one of several queues.
fn in_list(reject: Reject) -> Reject {
    match reject {
        Reject::QueueUnknown { queue, similar, .. } => Reject::QueueUnknown { field: "queues", queue, similar },
        other => other,
    }
}

fn waiting_in(state: &State, now: Timestamp, queue: &QueueName) -> Result<u64, Reject> {
    match state.query(now, &Query::Queue(queue.clone()))? {
        Answer::Queue(view) => Ok(view.waiting),
        other => unreachable!("a queue is asked for, and the answer is {other:?}"),
    }
}
