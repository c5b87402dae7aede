//! Reading what a document says of empathy.
//!
//! Invariant: as everywhere, each key is asked for and each fault told. Not here: whether the skill exists (`check`).

use std::ops::RangeInclusive;

use super::{
    place::{Object, Place},
    span::SPAN_MAX,
};
use crate::model::{
    document::{Empathy, Learning, Protection, ReserveMode, ReserveRules},
    ids::SkillName,
    limits::{RESERVE_MAX, SKILLS_MAX},
    requirement::Level,
    time::Span,
};

/// The skill that stands for empathy if none is named.
pub(super) const SKILL: &str = "empathy";
/// From here on an agent is empathetic, if nothing else is said.
pub(super) const LEVEL: Level = 70;
/// No row of moments of truth is longer, if rows end at all.
pub(super) const CONSECUTIVE_MAX: u8 = 100;

/// Reads `[empathy]`.
pub(super) fn read_empathy(place: &Place<'_>) -> Option<Empathy> {
    let mut object: Object<'_> = place.object()?;
    let default = || SkillName::new(SKILL).expect("the name obeys the grammar");
    let skill = object.get("skill").and_then(|p| p.name(SkillName::new));
    let level = object.get("level").and_then(|p| p.number(1..=100)).unwrap_or(LEVEL);
    let hold = object.get("hold").and_then(|p| p.span(Span::ZERO, SPAN_MAX));
    let usual = Protection::default();
    let protection = Protection {
        consecutive_max: object
            .get("consecutive_max")
            .and_then(|p| p.number(0..=CONSECUTIVE_MAX))
            .unwrap_or(usual.consecutive_max),
        cooldown: object.get("cooldown").and_then(|p| p.span(Span::ZERO, SPAN_MAX)).unwrap_or(usual.cooldown),
        share_max: object.get("share_max").and_then(|p| p.number(1..=100)).unwrap_or(usual.share_max),
    };
    object.finish();
    Some(Empathy { skill: skill.unwrap_or_else(default), level, hold, protection })
}

/// How many are kept free follows the load.
pub(super) const AUTO: &str = "auto";
/// Of a hundred empathetic agents at work, so many are kept free for announced moments of truth.
pub(super) const ANNOUNCED_SHARES: RangeInclusive<u8> = 0..=100;
/// Of a hundred moments of truth, so many may find nobody.
pub(super) const TARGETS: RangeInclusive<u8> = 1..=50;

pub(super) const MODES: &[(&str, ReserveMode)] = &[
    ("soft", ReserveMode::Soft),
    ("fixed", ReserveMode::Fixed),
    ("graded", ReserveMode::Graded),
    ("off", ReserveMode::Off),
];

/// Reads `[reserve]`.
pub(super) fn read_reserve(place: &Place<'_>) -> Option<ReserveRules> {
    let (mut object, default) = (place.object()?, ReserveRules::default());
    let k_by_skill = object.get("k_by_skill").and_then(|p| {
        let object = p.object()?;
        object.at_most(SKILLS_MAX, "skills");
        let entry = |(name, place): (Option<SkillName>, Place<'_>)| Some((name?, place.number(0..=RESERVE_MAX)?));
        Some(object.named(SkillName::new).filter_map(entry).collect())
    });
    let rules = ReserveRules {
        mode: object.get("mode").and_then(|p| p.choice(MODES)).unwrap_or_default(),
        k: object.get("k").and_then(|p| p.number_or(AUTO, 0..=RESERVE_MAX)).flatten(),
        target: object.get("target").and_then(|p| p.number(TARGETS)).unwrap_or(default.target),
        k_by_skill: k_by_skill.unwrap_or_default(),
        release: object.get("release").and_then(|p| p.span(Span::ZERO, SPAN_MAX)),
        floor: object.get("floor").and_then(|p| p.number(0..=RESERVE_MAX)).unwrap_or(default.floor),
        floor_until: object
            .get("floor_until")
            .and_then(|p| p.span(Span::ZERO, SPAN_MAX))
            .unwrap_or(default.floor_until),
        announced_share: object
            .get("announced_share")
            .and_then(|p| p.number(ANNOUNCED_SHARES))
            .unwrap_or(default.announced_share),
    };
    object.finish();
    Some(rules)
}

/// Reads `[learning]`.
pub(super) fn read_learning(mut object: Object<'_>) -> Learning {
    let empathy = object.get("empathy").and_then(|p| p.flag()).unwrap_or(false);
    object.finish();
    Learning { empathy }
}
