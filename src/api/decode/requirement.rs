//! Requirements, as contacts and transfers carry them.
//!
//! Invariant: a decoded requirement can be matched when taken alone; together with its queue's, the engine checks.

use crate::{
    api::pb,
    model::{
        ids::SkillName,
        limits::{CONJUNCT_ATOMS_MAX, CONJUNCTS_MAX},
        requirement::{AtLeast, Condition, Level, Requirement},
    },
};

use super::{
    Violations,
    field::{item, part},
};

/// Conditions as written: as many as the largest normal form has, so that expanding is never more work than matching.
const CONDITIONS_MAX: usize = CONJUNCTS_MAX * CONJUNCT_ATOMS_MAX;

impl Violations {
    pub(super) fn take_requirement(&mut self, field: &str, message: &pb::Requirement) -> Option<Requirement> {
        let of = message.at_least.as_ref().map_or(0, |part| part.of.len());
        let written = message.all.len() + message.any.len() + message.none.len() + of;
        if !self.at_most(field, written, CONDITIONS_MAX) {
            return None;
        }
        let all = self.take_conditions(&part(field, "all"), &message.all);
        let any = self.take_conditions(&part(field, "any"), &message.any);
        let none = self.take_conditions(&part(field, "none"), &message.none);
        let at_least = match &message.at_least {
            None => Some(None),
            Some(message) => self.take_at_least(&part(field, "at_least"), message).map(Some),
        };
        let requirement = Requirement { all: all?, any: any?, none: none?, at_least: at_least? };
        if requirement.is_empty() {
            return Some(requirement);
        }
        self.take(field, requirement.to_dnf()).map(|_| requirement)
    }

    fn take_at_least(&mut self, field: &str, message: &pb::AtLeast) -> Option<AtLeast> {
        let of = self.take_conditions(&part(field, "of"), &message.of);
        let most = u8::try_from(message.of.len()).unwrap_or(u8::MAX);
        if most == 0 {
            self.add(part(field, "of"), "is required");
            return None;
        }
        let count = self.take_number(&part(field, "count"), message.count, 1, u32::from(most));
        Some(AtLeast { count: count.and_then(|count| u8::try_from(count).ok())?, of: of? })
    }

    fn take_conditions(&mut self, field: &str, messages: &[pb::SkillCondition]) -> Option<Vec<Condition>> {
        let mut conditions = Vec::with_capacity(messages.len());
        for (index, message) in messages.iter().enumerate() {
            let path = item(field, index);
            let skill = self.take(&part(&path, "skill"), SkillName::new(&message.skill));
            // A proficiency that is left out is zero on the wire and means "has the skill at all".
            let level = self.take_level(&part(&path, "proficiency"), message.proficiency.max(1));
            conditions.extend(skill.zip(level).map(|(skill, level)| Condition { skill, level }));
        }
        (conditions.len() == messages.len()).then_some(conditions)
    }

    pub(super) fn take_level(&mut self, field: &str, proficiency: u32) -> Option<Level> {
        self.take_number(field, proficiency, 1, 100).and_then(|level| Level::try_from(level).ok())
    }
}
