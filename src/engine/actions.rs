//! What supervisors did lately, for whoever asks.
//!
//! Invariant: at most [`ACTIONS_MAX`], the newest; numbers count from 1 and are never given twice. Not here: everything
//! they ever did, which is in the journal.

use std::{collections::VecDeque, sync::Arc};

use crate::model::{limits::ACTIONS_MAX, supervision::Supervision, time::Timestamp};

use super::view::ActionView;

/// The newest actions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actions {
    pub(crate) newest: VecDeque<(Timestamp, Arc<Supervision>)>,
    pub(crate) taken: u64,
}

impl Actions {
    /// Remembers one, and forgets the oldest beyond the limit.
    pub fn remember(&mut self, now: Timestamp, supervision: &Arc<Supervision>) {
        if self.newest.len() == ACTIONS_MAX {
            self.newest.pop_front();
        }
        self.newest.push_back((now, Arc::clone(supervision)));
        self.taken += 1;
    }

    /// Those before the given number (or all), newest first.
    pub fn before(&self, number: Option<u64>, limit: usize) -> Vec<ActionView> {
        let numbered = (1..=self.taken).rev().zip(self.newest.iter().rev());
        let older = numbered.filter(|(at, _)| number.is_none_or(|number| *at < number));
        let view = |(number, (at, supervision)): (u64, &(Timestamp, Arc<Supervision>))| ActionView {
            number,
            at: *at,
            supervision: Arc::clone(supervision),
        };
        older.take(limit).map(view).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        ids::{ActorId, QueueName},
        supervision::{Action, QueueMode},
    };

    #[test]
    fn the_newest_are_kept_under_the_numbers_they_had() {
        let queue = QueueName::new("claims").unwrap();
        let action = Action::SetQueueMode { queue, mode: QueueMode::Paused };
        let supervision =
            Arc::new(Supervision { actor: ActorId::new("sam").unwrap(), reason: "fire drill".to_owned(), action });
        let mut actions = Actions::default();
        let taken = ACTIONS_MAX as u64 + 5;
        for number in 1..=taken {
            actions.remember(Timestamp(number as i64), &supervision);
        }
        let numbers =
            |before, limit| -> Vec<u64> { actions.before(before, limit).iter().map(|view| view.number).collect() };
        assert_eq!(numbers(None, 2), [taken, taken - 1]);
        assert_eq!(numbers(Some(8), 5), [7, 6], "older ones are forgotten");
        assert_eq!(actions.before(Some(8), 1)[0].at, Timestamp(7));
    }
}
