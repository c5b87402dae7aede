//! Reading when agents are told that a customer feels worse.
//!
//! Invariant: as everywhere, each key is asked for and each fault told. Levels are written in hundredths, as those of
//! moments are.

use super::{place::Object, span::SPAN_MAX};
use crate::model::{document::AssistRules, signal::Thousandths, time::Span};

/// How far below the level at which it is told distress counts as settled, in hundredths, if nothing else is said.
const MARGIN: u8 = 20;

/// Reads `[assist]`.
pub(super) fn read_assist(mut object: Object<'_>) -> AssistRules {
    let default = AssistRules::default();
    let hundredths = |level: u8| Thousandths::from(level) * 10;
    let on = object.get("on").and_then(|p| p.flag()).unwrap_or(default.on);
    let distress = object.get("distress").and_then(|p| p.number(1..=100u8)).unwrap_or(60);
    let settled = object.get("settled").and_then(|p| p.number(0..=distress - 1));
    let rules = AssistRules {
        on,
        distress: hundredths(distress),
        settled: hundredths(settled.unwrap_or(distress.saturating_sub(MARGIN))),
        every: object.get("every").and_then(|p| p.span(Span::ZERO, SPAN_MAX)).unwrap_or(default.every),
    };
    object.finish();
    rules
}
