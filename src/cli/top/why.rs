//! Why a contact stands where it does, in a few words.
//!
//! Invariant: only what the daemon says of it: causes and evidence, never words of a customer.

use crate::{
    api::pb::{HeadStart, HeadStartCause, SignalSource},
    cli::output::time::clock,
};

use super::wall::length;

/// The parts of a head start, the largest first: `card_stolen +4:00, upset +0:30 by text`.
pub fn why(parts: &[HeadStart]) -> String {
    let seconds = |part: &HeadStart| part.head_start_duration.as_ref().map_or(0, |span| length(span).0 / 1_000_000);
    let mut parts: Vec<&HeadStart> = parts.iter().collect();
    parts.sort_by_key(|part| -seconds(part));
    let part = |part: &&HeadStart| {
        let source = match part.source() {
            SignalSource::Fact | SignalSource::Unspecified => "",
            SignalSource::Text => " by text",
            SignalSource::Voice => " by voice",
        };
        format!("{} +{}{source}", cause(part), clock(seconds(part)))
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn cause(part: &HeadStart) -> &str {
    match part.cause() {
        HeadStartCause::Moment => &part.moment,
        HeadStartCause::Emotion => "upset",
        HeadStartCause::Urgency => "urgent",
        HeadStartCause::Repeats => "came before",
        HeadStartCause::Reach => "others hear of it",
        HeadStartCause::Value => "worth",
        HeadStartCause::Effort => "tried alone",
        HeadStartCause::Unspecified => "?",
    }
}
