//! What the schema says of evidence, of what it is worth, and of the catalogue of moments.
//!
//! Invariant: as of the whole schema, a test compares it with the reader.

use serde_json::{Value, json};

use super::{
    super::{
        moments::{BUDGET_MAX, FROM, HANDLING, HEAD_START_MAX, WEIGHT, catalogue_words},
        span::{SPAN_MAX, SPAN_MIN},
    },
    choice, flag, name, named, number, span, table, text, with_default,
};
use crate::model::{
    document::{HeadStart, Worth},
    ids::NAME_BYTES_MAX,
    limits::{ATTRIBUTES_MAX, MOMENT_SKILLS_MAX, MOMENT_TRIGGERS_MAX, MOMENTS_MAX, REPEATS_MAX},
    time::Span,
};

pub(super) fn signals() -> Value {
    let on = |description| with_default(flag(description), true);
    table(
        "The kinds of signals that count; what is switched off is refused and never kept.",
        &[],
        [
            ("facts", on("What was declared: events, and what is known of the customer.")),
            ("text", on("The words used.")),
            ("voice", on("How they were spoken.")),
        ],
    )
}

pub(super) fn head_start() -> Value {
    let default = HeadStart::default();
    let worth = |description: &str, worth: Worth| {
        let (seconds, weight) = (worth.max.to_string(), worth.weight / 10);
        table(
            description,
            &[],
            [
                (
                    "max",
                    span("At its strongest, in whole seconds.", Span::ZERO, HEAD_START_MAX, Some(seconds.as_str())),
                ),
                (
                    "weight",
                    with_default(
                        number("What it counts in deciding whether a contact is a moment of truth.", 0, 100),
                        weight,
                    ),
                ),
            ],
        )
    };
    table(
        "What signals are worth in the line: contacts count as having waited so much longer.",
        &[],
        [
            ("max", span("The most that all of it gives together.", Span::ZERO, HEAD_START_MAX, Some("180s"))),
            (
                "text_max",
                span(
                    "The most that words alone give while no fact, repeat or voice goes with them; no more than max. Default: half of max.",
                    Span::ZERO,
                    HEAD_START_MAX,
                    None,
                ),
            ),
            (
                "budget",
                span(
                    "The most that a customer's words and voice give within a day, over all contacts, each at its most; what is declared, and whoever names a danger, is exempt.",
                    Span::ZERO,
                    BUDGET_MAX,
                    Some("6m"),
                ),
            ),
            ("emotion", worth("How the customer feels, by words or voice.", default.emotion)),
            ("urgency", worth("How urgent it is.", default.urgency)),
            ("repeats", worth("Contacts of the same customer within two days.", default.repeats)),
            ("reach", worth("How many others hear of it.", default.reach)),
            ("value", worth("What the customer is worth to the business.", default.value)),
            ("effort", worth("What the customer tried in self-service before.", default.effort)),
        ],
    )
}

pub(super) fn catalogues() -> Value {
    let names = catalogue_words().map(|(word, _)| word);
    json!({
        "description": "Shipped catalogues whose moments the document takes over, the common ones always with them; \
                        of two moments with one name that of the catalogue named later. Default: none.",
        "type": "array",
        "items": { "enum": names },
    })
}

pub(super) fn moments() -> Value {
    let description = "What the business calls moments of truth, by name: each in place of the one that a shipped \
                       catalogue has under this name.";
    named(description, 0, MOMENTS_MAX, moment())
}

fn moment() -> Value {
    let mut moment = table(
        "A moment, what makes a contact one, and what it asks.",
        &[],
        [
            (
                "off",
                with_default(
                    flag("Leaves out a moment that a shipped catalogue has; nothing else goes with it."),
                    false,
                ),
            ),
            ("description", text("For people to read.")),
            (
                "triggers",
                json!({
                    "description": "Each of them alone makes a contact this moment.",
                    "type": "array",
                    "items": trigger(),
                    "minItems": 1,
                    "maxItems": MOMENT_TRIGGERS_MAX,
                }),
            ),
            (
                "weight",
                with_default(number("What it counts; from 70 on it makes a moment of truth alone.", 0, 100), WEIGHT),
            ),
            ("half_life", span("After so long it counts half.", SPAN_MIN, SPAN_MAX, Some("30m"))),
            (
                "head_start",
                span("What it gives in the line, in whole seconds.", Span::ZERO, HEAD_START_MAX, Some("90s")),
            ),
            ("empathy", number("The least empathy it asks, where that is more than the document's level.", 1, 100)),
            (
                "hold",
                span(
                    "How long it waits for an empathetic agent before anyone may take it. Default: that of [empathy].",
                    Span::ZERO,
                    SPAN_MAX,
                    None,
                ),
            ),
            (
                "skills",
                named(
                    "What that agent must know as well; once the hold is over, nobody need.",
                    0,
                    MOMENT_SKILLS_MAX,
                    number("At this proficiency or above.", 1, 100),
                ),
            ),
            (
                "offer_time",
                span(
                    "The least time that an agent has to answer its offer. Default: what the queue gives.",
                    SPAN_MIN,
                    SPAN_MAX,
                    None,
                ),
            ),
            (
                "handling",
                with_default(
                    choice("Whether a target of handling time goes with it; agents are told.", HANDLING),
                    "timed",
                ),
            ),
        ],
    );
    moment["if"] = json!({ "properties": { "off": { "const": true } }, "required": ["off"] });
    moment["then"] = json!({ "maxProperties": 1 });
    moment["else"] = json!({ "required": ["triggers"] });
    moment
}

fn trigger() -> Value {
    let words: Vec<&str> = FROM.iter().map(|(word, _)| *word).collect();
    let mut distress = number("The customer feels at least so badly; 10, 20, … 100.", 10, 100);
    distress["multipleOf"] = json!(10);
    let mut trigger = table(
        "One of event, distress and repeats.",
        &[],
        [
            ("event", name("Something that happened, declared or named in the customer's words.")),
            (
                "attributes",
                json!({
                    "description": "Facts about the event that must be so.",
                    "type": "object",
                    "propertyNames": { "type": "string", "minLength": 1, "maxLength": NAME_BYTES_MAX },
                    "additionalProperties": { "type": "string" },
                    "maxProperties": ATTRIBUTES_MAX,
                }),
            ),
            (
                "from",
                json!({
                    "description": "From where the event counts. Default: from anywhere.",
                    "type": "array",
                    "items": { "enum": words },
                }),
            ),
            ("distress", distress),
            (
                "repeats",
                number(
                    "It is the customer's so-manieth contact within two days, or a later one.",
                    2,
                    REPEATS_MAX.into(),
                ),
            ),
        ],
    );
    trigger["oneOf"] = json!([{ "required": ["event"] }, { "required": ["distress"] }, { "required": ["repeats"] }]);
    trigger["dependentRequired"] = json!({ "attributes": ["event"], "from": ["event"] });
    trigger
}
