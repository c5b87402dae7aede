//! Positions and queues' counts.

use crate::{
    api::pb,
    engine::view::{PositionView, QueueView},
    model::time::Timestamp,
};

use super::{
    span,
    supervisor::{mode, mode_setting},
    timestamp,
};

/// A waiting contact's position.
pub fn position(view: &PositionView) -> pb::GetPositionResponse {
    pb::GetPositionResponse {
        queue: view.queue.to_string(),
        ahead: view.ahead,
        waiting: view.waiting,
        waited_duration: Some(span(view.waited)),
    }
}

/// A queue's counts; `now` is the time of answering.
pub fn queue(view: &QueueView, now: Timestamp) -> pb::QueueStatistics {
    pb::QueueStatistics {
        queue: view.name.to_string(),
        waiting: view.waiting,
        offered: view.offered,
        parked: view.parked,
        engaged: view.engaged,
        unreachable: view.unreachable,
        oldest_time: view.oldest_since.map(timestamp),
        oldest_waited_duration: view.oldest_since.map(|since| span(now - since)),
        mode: mode(view.mode).into(),
        mode_setting: view.mode_set.as_ref().map(mode_setting),
        moving_to_queue: view.moving_to.as_ref().map(ToString::to_string).unwrap_or_default(),
        offering_held_until_time: view.held_until.map(timestamp),
    }
}
