//! The JSON Schema of what this reader takes, for editors and for those who write documents by program.
//!
//! Invariant: made from the reader's own ranges and words; a test compares it with the reader key by key, value by value
//! and default by default. It cannot say what holds between parts (that a queue named somewhere exists, that a wrap-up's
//! maximum is no shorter than the wrap-up, how long a duration is that is written as text); the reader does.

use serde_json::{Map, Value, json};

mod assist;
mod empathy;
mod moments;

use super::{
    CHANNELS_MAX, DAY_BEGINS_MAX, LONGEST_IDLE, ON_AGENT_LOST, QUEUES_MAX, SKILLS_MAX, WHOLE_AGENT_COST,
    queue::{ACCEPTANCE, CONTACTS_MAX, DECLINING, MEMBERS, PRIORITY_MAX, SERVICE_LEVEL_BY, THEN},
    rule::OWN,
    span::{SPAN_MAX, SPAN_MIN},
};
use crate::model::{
    document::Document,
    ids::NAME_BYTES_MAX,
    limits::{CAPACITY_MAX, OFFERS_AT_ONCE_MAX, STEPS_MAX, TIERS_MAX},
    time::Span,
};

/// What a name is made of, as [`ids`](crate::model::ids) has it.
const NAME_CHARACTERS: &str = "[A-Za-z0-9._:@/+=-]";

impl Document {
    /// The JSON Schema (draft 2020-12) of a routing document, whichever notation it is written in.
    pub fn schema() -> Value {
        let mut schema = table(
            "Channels, skills and queues of one tenant, and the rules of each. Contacts already waiting follow a new \
             document as soon as it is applied.",
            &["channels", "queues"],
            [
                (
                    "longest_idle",
                    with_default(
                        choice("Who is next among agents who fit equally well.", LONGEST_IDLE),
                        "since_last_contact",
                    ),
                ),
                (
                    "session_grace",
                    span(
                        "How long an agent whose connection drops keeps state and contacts.",
                        Span::ZERO,
                        SPAN_MAX,
                        Some("60s"),
                    ),
                ),
                (
                    "day_begins",
                    span(
                        "How long after midnight UTC days begin, for statistics of a day: 17h is midnight in Hanoi.",
                        Span::ZERO,
                        DAY_BEGINS_MAX,
                        Some("0s"),
                    ),
                ),
                ("refusal_pause", refusal_pause()),
                ("empathy", empathy::empathy()),
                ("reserve", empathy::reserve()),
                ("learning", empathy::learning()),
                ("signals", moments::signals()),
                ("assist", assist::assist()),
                ("head_start", moments::head_start()),
                ("catalogues", moments::catalogues()),
                ("moments", moments::moments()),
                (
                    "skills",
                    named(
                        "Words that requirements and agents may use, each with a description.",
                        0,
                        SKILLS_MAX,
                        text("What the skill is."),
                    ),
                ),
                ("channels", named("Channels that contacts come by.", 1, CHANNELS_MAX, channel())),
                ("queues", named("Queues by name.", 1, QUEUES_MAX, queue())),
            ],
        );
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        schema["title"] = json!("attune routing document");
        schema["$defs"] = json!({
            "name": {
                "type": "string",
                "pattern": format!("^{NAME_CHARACTERS}{{1,{NAME_BYTES_MAX}}}$"),
                "description": "ASCII letters, digits and . _ : @ / + = -",
            },
            "duration": {
                "type": "string",
                "pattern": "^[0-9]+(ms|s|m|h|d)$",
                "description": "250ms, 20s, 5m, 1h or 2d.",
            },
            "condition": {
                "type": "string",
                "pattern": format!(
                    "^(\\s*{NAME_CHARACTERS}{{1,{NAME_BYTES_MAX}}}\\s*>=\\s*0*([1-9][0-9]?|100)\\s*|\
                     {NAME_CHARACTERS}{{1,{NAME_BYTES_MAX}}})$"
                ),
                "description": "A skill, or a skill at a proficiency from 1 to 100: cards or cards>=60.",
            },
            "requirement": requirement(),
        });
        schema
    }
}

fn refusal_pause() -> Value {
    table(
        "How long a contact that was declined or not answered stays away from that agent.",
        &[],
        [
            ("first", span("After the first refusal; each further one doubles it.", Span::ZERO, SPAN_MAX, Some("30s"))),
            (
                "longest",
                span(
                    "The longest it becomes; no shorter than the first. Default: 5m, or the first if that is longer.",
                    Span::ZERO,
                    SPAN_MAX,
                    None,
                ),
            ),
        ],
    )
}

fn channel() -> Value {
    table(
        "How contacts of the channel are handled.",
        &[],
        [
            (
                "cost",
                with_default(
                    number("What a contact takes of an agent's capacity, which is usually 100.", 1, CAPACITY_MAX),
                    WHOLE_AGENT_COST,
                ),
            ),
            (
                "interruptible",
                with_default(flag("Whether its work gives way to channels that are not interruptible."), false),
            ),
            (
                "misses_max",
                number(
                    "So many offers in a row may go unanswered before the agent is set away. Default: 1, or 2 if the cost is below 100.",
                    1,
                    u8::MAX.into(),
                ),
            ),
            (
                "on_agent_lost",
                choice(
                    "What becomes of engagements when an agent's connection stays lost. Default: keep, or requeue if the cost is below 100.",
                    ON_AGENT_LOST,
                ),
            ),
        ],
    )
}

fn queue() -> Value {
    table(
        "A queue's rules.",
        &[],
        [
            ("description", text("For people to read.")),
            (
                "priority",
                span(
                    "A head start: its contacts count as having waited so much longer.",
                    Span::ZERO,
                    PRIORITY_MAX,
                    Some("0s"),
                ),
            ),
            ("service_level", span("Answered within this (T) is on time.", Span::ZERO, SPAN_MAX, Some("20s"))),
            (
                "service_level_by",
                with_default(
                    choice(
                        "What the service level is a share of, in statistics: of waits answered; of waits offered without those abandoned within T, all of them, all with those abandoned within T as good, or without short abandons; or of all, each counted when the first of answer, abandonment and T happens.",
                        SERVICE_LEVEL_BY,
                    ),
                    "abandon_negative",
                ),
            ),
            (
                "short_abandon",
                span("Who leaves no later than this is a short abandon.", Span::ZERO, SPAN_MAX, Some("5s")),
            ),
            (
                "channels",
                json!({
                    "description": "Channels it takes. Default: all.",
                    "type": "array",
                    "items": { "$ref": "#/$defs/name" },
                    "uniqueItems": true,
                }),
            ),
            ("cost", number("What its contacts take of an agent, instead of the channel's cost.", 1, CAPACITY_MAX)),
            (
                "members",
                with_default(
                    choice(
                        "Every agent who satisfies the requirement, or of those only agents assigned to the queue.",
                        MEMBERS,
                    ),
                    "open",
                ),
            ),
            ("require", described("What an agent must have. Default: nothing.")),
            ("prefer", tiers()),
            (
                "steps",
                json!({
                    "description": "What changes while a contact waits, in rising order of after and of when_wait_over.",
                    "type": "array",
                    "items": step(),
                    "maxItems": STEPS_MAX,
                }),
            ),
            ("offers", offers()),
            ("wrap_up", wrap_up()),
            ("max_wait", max_wait()),
            (
                "max_size",
                table(
                    "How many contacts may wait. Default: as many as come.",
                    &["contacts"],
                    [
                        ("contacts", number("So many.", 1, CONTACTS_MAX)),
                        ("overflow", name("The queue that one more goes to. Default: it is refused.")),
                    ],
                ),
            ),
            (
                "escalate",
                table(
                    "Going elsewhere after too many offers. Default: never.",
                    &["after_offers", "queue"],
                    [
                        ("after_offers", number("After so many offers without acceptance.", 1, u16::MAX.into())),
                        ("queue", name("The queue to go to, with its place.")),
                    ],
                ),
            ),
            (
                "drain_after",
                span(
                    "When nobody has enough room for a contact for so long, one agent is kept free for it.",
                    Span::ZERO,
                    SPAN_MAX,
                    Some("30s"),
                ),
            ),
        ],
    )
}

fn step() -> Value {
    let mut step = table(
        "A stage of relaxing requirements; what it leaves out stays as it was. It begins after a wait, or when one is expected, whichever comes first.",
        &[],
        [
            (
                "after",
                span(
                    "Waiting time in the queue at which it begins; later than the steps before.",
                    SPAN_MIN,
                    SPAN_MAX,
                    None,
                ),
            ),
            (
                "when_wait_over",
                span(
                    "Overflow: it begins, for those who wait and those who come, while the estimated wait of whoever joins now is longer than this; longer than in the steps before. The estimate is the P50 of the queue and channel without overflow; it is over when that is below four fifths of this.",
                    SPAN_MIN,
                    SPAN_MAX,
                    None,
                ),
            ),
            ("require", described("What an agent must have from then on.")),
            ("prefer", tiers()),
            ("own", choice("Whether what the contact itself asks still counts.", OWN)),
        ],
    );
    step["anyOf"] = json!([{ "required": ["after"] }, { "required": ["when_wait_over"] }]);
    step
}

fn offers() -> Value {
    table(
        "How offers are made.",
        &[],
        [
            (
                "at_once",
                with_default(
                    number(
                        "Agents who may hold an offer of one contact at once; exactly one wins.",
                        1,
                        OFFERS_AT_ONCE_MAX.into(),
                    ),
                    1,
                ),
            ),
            ("time", span("How long an agent has, from acknowledged delivery on.", SPAN_MIN, SPAN_MAX, Some("20s"))),
            ("extension_max", span("How much longer in all an agent may ask for.", Span::ZERO, SPAN_MAX, Some("0s"))),
            (
                "acceptance",
                with_default(
                    choice("Whether the agent is asked, or acknowledged delivery accepts.", ACCEPTANCE),
                    "by_agent",
                ),
            ),
            ("declining", with_default(choice("Whether an agent may say no.", DECLINING), "allowed")),
        ],
    )
}

fn wrap_up() -> Value {
    table(
        "What follows an engagement.",
        &[],
        [
            ("time", span("Its length; zero is none.", Span::ZERO, SPAN_MAX, Some("0s"))),
            (
                "max",
                span(
                    "Its length with all extensions, no shorter than the time. Default: 5m or the time, whichever is longer; none without a time.",
                    Span::ZERO,
                    SPAN_MAX,
                    None,
                ),
            ),
            (
                "cost",
                number("What it takes of the agent, no more than the contact did. Default: as much.", 0, CAPACITY_MAX),
            ),
        ],
    )
}

fn max_wait() -> Value {
    let mut max_wait = table(
        "The end of waiting: every queue has one.",
        &[],
        [
            ("after", span("After so long in the queue.", SPAN_MIN, SPAN_MAX, Some("1h"))),
            (
                "then",
                with_default(
                    choice(
                        "What happens: the contact is closed as expired, or goes to another queue with its place.",
                        THEN,
                    ),
                    "give_up",
                ),
            ),
            ("queue", name("The queue that contacts go to, unless they give up.")),
        ],
    );
    let gives_up = json!({ "properties": { "then": { "const": "give_up" } } });
    max_wait["if"] = gives_up;
    max_wait["then"] = json!({ "properties": { "queue": false } });
    max_wait["else"] = json!({ "required": ["queue"] });
    max_wait
}

fn requirement() -> Value {
    let conditions = |description: &str| {
        json!({
            "description": description,
            "type": "array",
            "items": { "$ref": "#/$defs/condition" },
        })
    };
    let mut of = conditions("The skills that count, each named once.");
    of["uniqueItems"] = json!(true);
    let at_least = [("count", number("How many.", 1, u8::MAX.into())), ("of", of)];
    table(
        "A requirement: every part that is given must hold. None is no requirement.",
        &[],
        [
            ("all", conditions("Every one of these.")),
            ("any", conditions("At least one of these.")),
            ("none", conditions("Not one of these.")),
            ("at_least", table("So many of these.", &["count", "of"], at_least)),
        ],
    )
}

fn tiers() -> Value {
    json!({
        "description": "Who comes first: agents who satisfy the first requirement, then the second, then everybody else.",
        "type": "array",
        "items": { "$ref": "#/$defs/requirement" },
        "maxItems": TIERS_MAX - 1,
    })
}

fn described(description: &str) -> Value {
    json!({ "description": description, "$ref": "#/$defs/requirement" })
}

fn table<const KEYS: usize>(description: &str, required: &[&str], keys: [(&str, Value); KEYS]) -> Value {
    let keys: Map<String, Value> = keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut table = json!({
        "description": description,
        "type": "object",
        "properties": keys,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

fn named(description: &str, least: usize, most: usize, each: Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "propertyNames": { "$ref": "#/$defs/name" },
        "additionalProperties": each,
        "minProperties": least,
        "maxProperties": most,
    })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn flag(description: &str) -> Value {
    json!({ "description": description, "type": "boolean" })
}

fn number(description: &str, least: u32, most: u32) -> Value {
    json!({ "description": description, "type": "integer", "minimum": least, "maximum": most })
}

/// A number, or a word in place of one.
fn number_or(description: &str, word: &str, least: u32, most: u32) -> Value {
    json!({
        "description": description,
        "anyOf": [{ "const": word }, { "type": "integer", "minimum": least, "maximum": most }],
    })
}

fn choice<T>(description: &str, words: &[(&str, T)]) -> Value {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({ "description": description, "enum": words })
}

fn name(description: &str) -> Value {
    json!({ "description": description, "$ref": "#/$defs/name" })
}

/// A duration as text, or as a whole number of seconds.
fn span(description: &str, least: Span, most: Span, default: Option<&str>) -> Value {
    const SECOND: i64 = 1_000_000;
    let (least, most) = ((least.0 + SECOND - 1) / SECOND, most.0 / SECOND);
    let span = json!({
        "description": description,
        "anyOf": [{ "$ref": "#/$defs/duration" }, { "type": "integer", "minimum": least, "maximum": most }],
    });
    match default {
        Some(default) => with_default(span, default),
        None => span,
    }
}

fn with_default(mut schema: Value, default: impl Into<Value>) -> Value {
    schema["default"] = default.into();
    schema
}
