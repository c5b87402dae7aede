//! Positions, estimates of waits, and queues' counts.

use crate::{
    api::pb,
    engine::view::{OverflowView, PositionView, QueueView},
    forecast::waits::{Basis, Estimate, Unknown, WaitView},
    model::time::{Span, Timestamp},
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
        overflows: view.overflows.iter().map(overflow).collect(),
    }
}

fn overflow(view: &OverflowView) -> pb::QueueOverflow {
    pb::QueueOverflow {
        channel: view.channel.to_string(),
        beyond_duration: Some(span(view.beyond)),
        begin_time: Some(timestamp(view.since)),
    }
}

/// How long a wait will be.
pub fn wait(view: &WaitView) -> pb::WaitEstimate {
    let of = |known: fn(&Estimate) -> Span| view.estimate.as_ref().ok().map(|estimate| span(known(estimate)));
    pb::WaitEstimate {
        queue: view.queue.to_string(),
        channel: view.channel.to_string(),
        ahead: view.ahead,
        waiting: view.waiting,
        waited_duration: Some(span(view.waited)),
        served_before: view.estimate.map_or(0, |estimate| estimate.before),
        mean_duration: of(|estimate| estimate.mean),
        p50_duration: of(|estimate| estimate.waits[0]),
        p80_duration: of(|estimate| estimate.waits[1]),
        p90_duration: of(|estimate| estimate.waits[2]),
        pooled: view.estimate.is_ok_and(|estimate| estimate.basis == Basis::Pooled),
        unknown: view.estimate.err().map_or(pb::WaitUnknown::Unspecified, unknown).into(),
    }
}

fn unknown(why: Unknown) -> pb::WaitUnknown {
    match why {
        Unknown::FewStarts => pb::WaitUnknown::FewStarts,
        Unknown::NobodyThere => pb::WaitUnknown::NobodyThere,
        Unknown::NotOffered => pb::WaitUnknown::NotOffered,
        Unknown::NotTaken => pb::WaitUnknown::NotTaken,
    }
}
