//! From views, replies and notices to messages.
//!
//! Invariant: encoding never fails on a value that the engine can produce; spans are told beside times, so that a
//! reader with a wrong clock is not misled. A reply of the wrong kind is a defect and is told as one.

mod agent;
mod config;
mod contact;
mod gateway;
mod insight;
mod measures;
mod offer;
mod reply;
mod statistics;
mod supervisor;
mod wait;
mod watch;

use crate::model::time::{Span, Timestamp};

pub use self::{
    agent::agent,
    config::{differences, document, document_sweep, document_version, document_violation, preview},
    contact::{contact, ended},
    gateway::{frame, outcome},
    insight::{agent_explained, candidates, contact_explained, learners, offer_explained, pair_explained},
    measures::moment_statistics,
    offer::{checkpoint, end, notice, offer, welcome},
    reply::{
        acknowledged, agent_etag, document_etag, engagement, moving, offer_open, pending, queued, wrap_up,
        wrap_up_if_any,
    },
    statistics::{statistics, statistics_now, statistics_page},
    supervisor::action,
    wait::{position, queue, wait},
    watch::{Restart, change, started, watch_checkpoint, watch_ended},
};

/// A time; those outside the years 1 to 9999 are told as the first or last moment of them.
pub fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    const FIRST_SECS: i64 = -62_135_596_800;
    const LAST_SECS: i64 = 253_402_300_799;
    let seconds = time.0.div_euclid(1_000_000);
    if !(FIRST_SECS..=LAST_SECS).contains(&seconds) {
        return prost_types::Timestamp { seconds: seconds.clamp(FIRST_SECS, LAST_SECS), nanos: 0 };
    }
    let nanos = i32::try_from(time.0.rem_euclid(1_000_000) * 1_000).expect("less than a second");
    prost_types::Timestamp { seconds, nanos }
}

/// A span; never negative, because all that is told has a beginning in the past or an end in the future.
pub fn span(span: Span) -> prost_types::Duration {
    let micros = span.0.max(0);
    let nanos = i32::try_from(micros % 1_000_000 * 1_000).expect("less than a second");
    prost_types::Duration { seconds: micros / 1_000_000, nanos }
}

/// A span that may be negative.
pub fn signed_span(span: Span) -> prost_types::Duration {
    let nanos = i32::try_from(span.0 % 1_000_000 * 1_000).expect("less than a second");
    prost_types::Duration { seconds: span.0 / 1_000_000, nanos }
}

#[cfg(test)]
mod tests;
