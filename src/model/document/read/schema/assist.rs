//! What the schema says of telling agents that a customer feels worse.
//!
//! Invariant: as of the whole schema, a test compares it with the reader.

use serde_json::Value;

use super::{super::span::SPAN_MAX, flag, number, span, table, with_default};
use crate::model::{document::AssistRules, time::Span};

pub(super) fn assist() -> Value {
    let default = AssistRules::default();
    table(
        "When an agent, and whoever follows the tenant, is told that the customer at hand feels worse.",
        &[],
        [
            ("on", with_default(flag("False: nobody is told."), default.on)),
            (
                "distress",
                with_default(
                    number("Told when distress, from 0 to 100, rises to this.", 1, 100),
                    default.distress / 10,
                ),
            ),
            (
                "settled",
                number(
                    "Told again only after distress was no more than this; below distress. Default: 20 less than distress.",
                    0,
                    99,
                ),
            ),
            ("every", span("Of one contact at most once in this time.", Span::ZERO, SPAN_MAX, Some("5m"))),
        ],
    )
}
