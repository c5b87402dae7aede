//! Reading what a document says of empathy.
//!
//! Invariant: as everywhere, each key is asked for and each fault told. Not here: whether the skill exists (`check`).

use super::{
    place::{Object, Place},
    span::SPAN_MAX,
};
use crate::model::{document::Empathy, ids::SkillName, requirement::Level, time::Span};

/// The skill that stands for empathy if none is named.
pub(super) const SKILL: &str = "empathy";
/// From here on an agent is empathetic, if nothing else is said.
pub(super) const LEVEL: Level = 70;

/// Reads `[empathy]`.
pub(super) fn read_empathy(place: &Place<'_>) -> Option<Empathy> {
    let mut object: Object<'_> = place.object()?;
    let default = || SkillName::new(SKILL).expect("the name obeys the grammar");
    let skill = object.get("skill").and_then(|p| p.name(SkillName::new));
    let level = object.get("level").and_then(|p| p.number(1..=100)).unwrap_or(LEVEL);
    let hold = object.get("hold").and_then(|p| p.span(Span::ZERO, SPAN_MAX));
    object.finish();
    Some(Empathy { skill: skill.unwrap_or_else(default), level, hold })
}
