//! What the schema says of empathy.
//!
//! Invariant: as of the whole schema, a test compares it with the reader.

use serde_json::Value;

use super::{
    super::{
        empathy::{LEVEL, SKILL},
        span::SPAN_MAX,
    },
    name, number, span, table, with_default,
};
use crate::model::time::Span;

pub(super) fn empathy() -> Value {
    table(
        "Who the empathetic agents are. Moments of truth go to them first, and routine contacts to others. Default: \
         nobody is, and no contact is routed by empathy.",
        &[],
        [
            ("skill", with_default(name("The skill that stands for empathy; it must be defined."), SKILL)),
            ("level", with_default(number("Agents with the skill at this level or above.", 1, 100), LEVEL)),
            (
                "hold",
                span(
                    "How long a moment of truth waits for one of them before anyone may take it. Default: 10s, or less if the queue's service level would be missed.",
                    Span::ZERO,
                    SPAN_MAX,
                    None,
                ),
            ),
        ],
    )
}
