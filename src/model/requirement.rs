//! What an agent must have to take a contact: boolean requirements over skills and proficiencies.
//!
//! Invariant: a [`Requirement`] is what people write; a [`Dnf`] is what is matched: alternatives ("conjuncts"), each a
//! list of conditions that must all hold. Expansion is exact and bounded, or refused.

use std::collections::BTreeMap;

use super::{
    ids::SkillName,
    limits::{CONJUNCT_ATOMS_MAX, CONJUNCTS_MAX},
};

/// A proficiency, 0-100; 0 means "does not have the skill".
pub type Level = u8;

/// One condition: the skill at this level or above; written `billing` (level 1) or `billing>=60`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Condition {
    /// The skill.
    pub skill: SkillName,
    /// The least proficiency that satisfies, 1-100.
    pub level: Level,
}

/// At least `count` of the conditions hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct AtLeast {
    /// How many.
    pub count: u8,
    /// Of which.
    pub of: Vec<Condition>,
}

/// A requirement: all four parts hold; an empty part always does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Requirement {
    /// Every one of these.
    pub all: Vec<Condition>,
    /// One of these at least.
    pub any: Vec<Condition>,
    /// None of these.
    pub none: Vec<Condition>,
    /// So many of these.
    pub at_least: Option<AtLeast>,
}

/// One alternative: every `must` holds and no `must_not`. Both sorted, without repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Conjunct {
    /// Conditions that hold.
    pub must: Vec<Condition>,
    /// Conditions that do not.
    pub must_not: Vec<Condition>,
}

/// Disjunctive normal form: satisfied when one conjunct is. Sorted, so equal requirements are equal values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dnf {
    /// The alternatives, 1-8.
    pub conjuncts: Vec<Conjunct>,
}

/// Why a requirement cannot be matched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// Expansion gives too many alternatives.
    #[error("expands to {0} alternatives; at most {CONJUNCTS_MAX} can be matched, so use fewer any/at_least skills")]
    TooManyAlternatives(usize),
    /// One alternative has too many conditions.
    #[error("has an alternative of {0} conditions; at most {CONJUNCT_ATOMS_MAX} are allowed")]
    TooManyConditions(usize),
    /// No agent can ever satisfy it.
    #[error("can never hold: it demands and forbids the same skill, or asks for more skills than it lists")]
    Impossible,
    /// Two requirements whose choices do not fit into one.
    #[error("together with what the contact asks has more any/at_least parts than one requirement holds")]
    TooManyChoices,
}

impl Requirement {
    /// True if it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.any.is_empty() && self.none.is_empty() && self.at_least.is_none()
    }

    /// Every condition it mentions.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let at_least = self.at_least.iter().flat_map(|part| &part.of);
        self.all.iter().chain(&self.any).chain(&self.none).chain(at_least)
    }

    /// What both ask.
    ///
    /// Refuses with [`RequirementError::TooManyChoices`] where their `any` and `at_least` do not fit into one of each.
    pub fn and(&self, other: &Self) -> Result<Self, RequirementError> {
        let (mut both, mut choices) = (self.clone(), Vec::new());
        both.all.extend(other.all.iter().filter(|condition| !self.all.contains(condition)).cloned());
        both.none.extend(other.none.iter().filter(|condition| !self.none.contains(condition)).cloned());
        for part in [self, other] {
            let any = (!part.any.is_empty()).then(|| AtLeast { count: 1, of: part.any.clone() });
            for choice in any.into_iter().chain(part.at_least.clone()) {
                if !choices.contains(&choice) {
                    choices.push(choice);
                }
            }
        }
        // "Any" is "at least one": it goes first, so that whatever can stand beside it does.
        choices.sort_by_key(|choice| choice.count);
        let one = choices.first().is_some_and(|choice| choice.count == 1);
        both.any = if one { choices.remove(0).of } else { Vec::new() };
        both.at_least = choices.pop();
        if choices.is_empty() { Ok(both) } else { Err(RequirementError::TooManyChoices) }
    }

    /// Expands to the normal form.
    pub fn to_dnf(&self) -> Result<Dnf, RequirementError> {
        let mut sets: Vec<Vec<Condition>> = vec![self.all.clone()];
        if !self.any.is_empty() {
            sets = product(&sets, &self.any.iter().map(|c| vec![c.clone()]).collect::<Vec<_>>())?;
        }
        if let Some(part) = &self.at_least {
            let choices = combinations(&part.of, usize::from(part.count))?;
            sets = product(&sets, &choices)?;
        }
        let conjuncts = sets.into_iter().map(|must| Conjunct { must, must_not: self.none.clone() }).collect();
        Dnf { conjuncts }.normalised()
    }
}

impl Dnf {
    /// Satisfied by everybody.
    pub fn anyone() -> Self {
        Self { conjuncts: vec![Conjunct::default()] }
    }

    /// Both hold.
    pub fn and(&self, other: &Self) -> Result<Self, RequirementError> {
        let mut conjuncts = Vec::with_capacity(self.conjuncts.len() * other.conjuncts.len());
        for a in &self.conjuncts {
            for b in &other.conjuncts {
                conjuncts.push(Conjunct {
                    must: a.must.iter().chain(&b.must).cloned().collect(),
                    must_not: a.must_not.iter().chain(&b.must_not).cloned().collect(),
                });
            }
        }
        Self { conjuncts }.normalised()
    }

    /// Whether an agent with these skills satisfies it.
    pub fn holds(&self, skills: &BTreeMap<SkillName, Level>) -> bool {
        let has = |condition: &Condition| skills.get(&condition.skill).is_some_and(|level| *level >= condition.level);
        self.conjuncts.iter().any(|one| one.must.iter().all(has) && !one.must_not.iter().any(has))
    }

    /// Whether surely everybody who satisfies this one satisfies the other: each alternative of this one asks no less than
    /// some alternative of the other. Where it takes several of those together to cover one of these, it is not said.
    pub fn implies(&self, other: &Self) -> bool {
        self.conjuncts.iter().all(|own| other.conjuncts.iter().any(|theirs| own.implies(theirs)))
    }

    fn normalised(self) -> Result<Self, RequirementError> {
        let mut conjuncts: Vec<Conjunct> = self.conjuncts.into_iter().filter_map(Conjunct::normalised).collect();
        conjuncts.sort_unstable();
        conjuncts.dedup();
        if conjuncts.is_empty() {
            return Err(RequirementError::Impossible);
        }
        if conjuncts.len() > CONJUNCTS_MAX {
            return Err(RequirementError::TooManyAlternatives(conjuncts.len()));
        }
        let most = conjuncts.iter().map(|c| c.must.len() + c.must_not.len()).max().unwrap_or(0);
        if most > CONJUNCT_ATOMS_MAX {
            return Err(RequirementError::TooManyConditions(most));
        }
        Ok(Self { conjuncts })
    }
}

impl Conjunct {
    fn implies(&self, other: &Self) -> bool {
        let demands =
            |asked: &Condition| self.must.iter().any(|own| own.skill == asked.skill && own.level >= asked.level);
        let forbids =
            |not: &Condition| self.must_not.iter().any(|own| own.skill == not.skill && own.level <= not.level);
        other.must.iter().all(demands) && other.must_not.iter().all(forbids)
    }

    /// Keeps the highest demanded and the lowest forbidden level per skill; `None` if they contradict each other.
    fn normalised(mut self) -> Option<Self> {
        self.must.sort_unstable_by(|a, b| a.skill.cmp(&b.skill).then(b.level.cmp(&a.level)));
        self.must.dedup_by(|later, first| later.skill == first.skill);
        self.must_not.sort_unstable();
        self.must_not.dedup_by(|later, first| later.skill == first.skill);
        let contradicts =
            |must: &Condition| self.must_not.iter().any(|not| not.skill == must.skill && not.level <= must.level);
        if self.must.iter().any(contradicts) { None } else { Some(self) }
    }
}

/// More sets than this are refused while expanding, before they cost anything.
const SETS_MAX: usize = 1_024;

fn product(left: &[Vec<Condition>], right: &[Vec<Condition>]) -> Result<Vec<Vec<Condition>>, RequirementError> {
    let size = left.len() * right.len();
    if size > SETS_MAX {
        return Err(RequirementError::TooManyAlternatives(size));
    }
    Ok(left.iter().flat_map(|a| right.iter().map(move |b| a.iter().chain(b).cloned().collect())).collect())
}

fn combinations(of: &[Condition], count: usize) -> Result<Vec<Vec<Condition>>, RequirementError> {
    if count > of.len() {
        return Err(RequirementError::Impossible);
    }
    let mut sets: Vec<Vec<Condition>> = vec![Vec::new()];
    for (index, condition) in of.iter().enumerate() {
        let left = of.len() - index - 1;
        let mut next = Vec::new();
        for set in sets {
            if set.len() + left >= count {
                next.push(set.clone());
            }
            if set.len() < count {
                let mut with = set;
                with.push(condition.clone());
                next.push(with);
            }
        }
        if next.len() > SETS_MAX {
            return Err(RequirementError::TooManyAlternatives(next.len()));
        }
        sets = next;
    }
    sets.retain(|set| set.len() == count);
    Ok(sets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> Condition {
        let (skill, level) = text.split_once(">=").unwrap_or((text, "1"));
        Condition { skill: SkillName::new(skill).unwrap(), level: level.parse().unwrap() }
    }

    fn list(texts: &[&str]) -> Vec<Condition> {
        texts.iter().map(|t| condition(t)).collect()
    }

    #[test]
    fn two_of_three_and_one_of_two_expand_to_six_alternatives() {
        let requirement = Requirement {
            any: list(&["d", "e"]),
            at_least: Some(AtLeast { count: 2, of: list(&["a", "b", "c"]) }),
            ..Requirement::default()
        };
        let dnf = requirement.to_dnf().unwrap();
        assert_eq!(dnf.conjuncts.len(), 6);
        assert_eq!(dnf.conjuncts[0].must, list(&["a", "b", "d"]));
    }

    #[test]
    fn levels_of_one_skill_fold_and_contradictions_are_impossible() {
        let folded = Requirement { all: list(&["a>=20", "a>=60"]), ..Requirement::default() }.to_dnf().unwrap();
        assert_eq!(folded.conjuncts[0].must, list(&["a>=60"]));
        let impossible = Requirement { all: list(&["a>=20"]), none: list(&["a>=10"]), ..Requirement::default() };
        assert_eq!(impossible.to_dnf(), Err(RequirementError::Impossible));
        let more_than_listed =
            Requirement { at_least: Some(AtLeast { count: 3, of: list(&["a", "b"]) }), ..Requirement::default() };
        assert_eq!(more_than_listed.to_dnf(), Err(RequirementError::Impossible));
    }

    #[test]
    fn both_of_two_requirements_are_asked_as_long_as_one_can_say_it() {
        let polish = Requirement { all: list(&["polish>=50"]), any: list(&["a", "b"]), ..Requirement::default() };
        let fraud = Requirement { all: list(&["fraud"]), any: list(&["c", "d"]), ..Requirement::default() };
        let both = polish.and(&fraud).unwrap();
        assert_eq!(both.to_dnf().unwrap(), polish.to_dnf().unwrap().and(&fraud.to_dnf().unwrap()).unwrap());
        assert_eq!(both.and(&fraud).unwrap(), both);
        assert_eq!(polish.and(&Requirement::default()).unwrap(), polish);
        let third = Requirement { any: list(&["e", "f"]), ..Requirement::default() };
        assert_eq!(both.and(&third), Err(RequirementError::TooManyChoices));
    }

    #[test]
    fn nine_alternatives_are_refused_with_their_number() {
        let nine: Vec<String> = (0..9).map(|i| format!("s{i}")).collect();
        let nine: Vec<&str> = nine.iter().map(String::as_str).collect();
        let requirement = Requirement { any: list(&nine), ..Requirement::default() };
        assert_eq!(requirement.to_dnf(), Err(RequirementError::TooManyAlternatives(9)));
    }
}
