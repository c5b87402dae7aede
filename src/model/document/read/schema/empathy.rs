//! What the schema says of empathy.
//!
//! Invariant: as of the whole schema, a test compares it with the reader.

use serde_json::Value;

use super::{
    super::{
        empathy::{ANNOUNCED_SHARES, AUTO, CONSECUTIVE_MAX, LEVEL, MODES, SKILL, TARGETS},
        span::SPAN_MAX,
    },
    choice, flag, name, named, number, number_or, span, table, with_default,
};
use crate::model::{
    document::{Protection, ReserveRules},
    limits::{RESERVE_MAX, SKILLS_MAX},
    time::Span,
};

pub(super) fn empathy() -> Value {
    let protection = Protection::default();
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
            (
                "consecutive_max",
                with_default(
                    number(
                        "After so many moments of truth in a row an agent has a cooldown; 0 = never.",
                        0,
                        CONSECUTIVE_MAX.into(),
                    ),
                    protection.consecutive_max,
                ),
            ),
            (
                "cooldown",
                span(
                    "So long after the last of them the agent takes none while anybody else can. A moment of truth waits for somebody else no longer than its hold.",
                    Span::ZERO,
                    SPAN_MAX,
                    Some("5m"),
                ),
            ),
            (
                "share_max",
                with_default(
                    number(
                        "An agent of whose last 20 contacts more percent were moments of truth is asked after the others; 100 = nobody is.",
                        1,
                        100,
                    ),
                    protection.share_max,
                ),
            ),
        ],
    )
}

pub(super) fn reserve() -> Value {
    table(
        "How many empathetic agents are kept free for moments of truth: a routine contact may take one only while more \
         of them are idle, counted for every skill of the one taken. Skills that nobody else has keep nobody free.",
        &[],
        [
            (
                "mode",
                with_default(
                    choice(
                        "soft gives way in time for a routine contact's service level; fixed only after floor_until; \
                         graded lets a contact take one the sooner the more probably it is a moment of truth; off keeps nobody free.",
                        MODES,
                    ),
                    "soft",
                ),
            ),
            (
                "k",
                with_default(
                    number_or(
                        "So many are kept free. auto follows the load of moments of truth, skill by skill; 1 until that \
                         is known, and 0 with fewer than 15 agents.",
                        AUTO,
                        0,
                        RESERVE_MAX,
                    ),
                    AUTO,
                ),
            ),
            (
                "target",
                with_default(
                    number(
                        "With k = auto: of a hundred moments of truth so many may find none of them.",
                        (*TARGETS.start()).into(),
                        (*TARGETS.end()).into(),
                    ),
                    ReserveRules::default().target,
                ),
            ),
            (
                "k_by_skill",
                named("The same for agents with a skill.", 0, SKILLS_MAX, number("So many.", 0, RESERVE_MAX)),
            ),
            (
                "release",
                span(
                    "With soft: after this wait a routine contact may take one. Default: the queue's service level less what accepting takes and a second.",
                    Span::ZERO,
                    SPAN_MAX,
                    None,
                ),
            ),
            ("floor", with_default(number("With soft: so many are kept free even then.", 0, RESERVE_MAX), 0)),
            (
                "floor_until",
                span("After this wait a routine contact may take any of them.", Span::ZERO, SPAN_MAX, Some("5m")),
            ),
            (
                "announced_share",
                with_default(
                    number(
                        "Of a hundred of them at work, so many at most are kept free for announced moments of truth, \
                         beside those above; 0 = announcements keep nobody free.",
                        (*ANNOUNCED_SHARES.start()).into(),
                        (*ANNOUNCED_SHARES.end()).into(),
                    ),
                    ReserveRules::default().announced_share,
                ),
            ),
        ],
    )
}

pub(super) fn learning() -> Value {
    table(
        "What is learnt of agents. Default: nothing.",
        &[],
        [(
            "empathy",
            with_default(
                flag(
                    "Whether an agent's level of the skill that stands for empathy follows how customers left, compared \
                     with what was to be expected of contacts like theirs.",
                ),
                false,
            ),
        )],
    )
}
