//! Durations as people write them: `"250ms"`, `"20s"`, `"5m"`, `"1h"`, `"2d"`, or a whole number of seconds.
//!
//! Invariant: integers only, one unit each; what cannot be counted saturates and then fails its range.

use crate::model::{limits::SPAN_SECS_MAX, time::Span};

/// Longest span a document may hold.
pub(crate) const SPAN_MAX: Span = Span::from_secs(SPAN_SECS_MAX);

/// Shortest span where none at all would make no sense.
pub(crate) const SPAN_MIN: Span = Span::from_millis(1);

/// Units with their microseconds, longest first.
const UNITS: [(&str, i64); 5] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)];

/// Reads digits followed by a unit; `None` if it is anything else.
pub(super) fn parse_span(text: &str) -> Option<Span> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(unit_at);
    let (_, micros) = UNITS.iter().find(|(name, _)| *name == unit)?;
    if digits.is_empty() {
        return None;
    }
    // Only digits are left, so failing to parse means too many of them.
    Some(Span(digits.parse().unwrap_or(i64::MAX).saturating_mul(*micros)))
}

/// Reads a bare number of seconds.
pub(super) fn span_of_secs(secs: i128) -> Span {
    let clamped = secs.clamp(i64::MIN.into(), i64::MAX.into());
    Span::from_secs(i64::try_from(clamped).unwrap_or(i64::MAX))
}

/// Writes a span in the longest unit that divides it, as [`parse_span`] reads it.
pub fn written_span(span: Span) -> String {
    match UNITS.iter().find(|(_, micros)| span.0 != 0 && span.0 % micros == 0) {
        Some((unit, micros)) => format!("{}{unit}", span.0 / micros),
        None => span.to_string(),
    }
}
