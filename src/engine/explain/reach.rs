//! Whether anybody anywhere could ever take a contact: now, or as it waits on.
//!
//! Invariant: as agents and document are, presence and load left aside; how often a contact may still change its queue
//! is left out of account.

use std::collections::BTreeSet;

use crate::{
    engine::{
        event::{MetCondition, Unmet},
        matching::everyone::AgentSet,
        state::State,
    },
    model::{
        document::Queue,
        ids::{AgentKey, ContactKey, QueueKey},
    },
};

use super::{
    count::{self, eligible, holding, members},
    terms::{Asked, Skill, Terms},
    terms_of,
};

/// One who could take a contact at its present step, at any later one, or in any queue that the end of its wait leads
/// to; those excluded do not count.
pub fn ever_taken_by(state: &State, contact: ContactKey, excluded: &[AgentKey]) -> Option<AgentKey> {
    taken_by(state, &terms_of(state, contact), excluded)
}

/// The same of what a contact asks.
pub fn taken_by(state: &State, terms: &Terms<'_>, excluded: &[AgentKey]) -> Option<AgentKey> {
    let route = terms.route;
    let can = |queue: QueueKey, step: u8| {
        Asked::of(state, route, queue, step).and_then(|asked| eligible(state, &asked, excluded).first())
    };
    if let Some(target) = terms.target
        && count::taking(state, &terms.asked).is_some_and(|able| able.contains(target.agent))
        && !excluded.contains(&target.agent)
    {
        return Some(target.agent);
    }
    let for_anyone = terms.target.is_none_or(|target| target.until.is_some());
    let here = (route.step..=steps(terms.asked.rules)).filter(|_| for_anyone).find_map(|step| can(route.queue, step));
    here.or_else(|| {
        let onward = onward(state, route.queue).into_iter();
        onward
            .flat_map(|queue| (0..=steps(state.rules(queue))).map(move |step| (queue, step)))
            .find_map(|(queue, step)| can(queue, step))
    })
}

/// Whether a moment of truth waits for anyone at this step, and of the empathetic agents who could take it none is signed
/// in: nobody whom it could be held for will come free.
pub fn is_uncovered(state: &State, contact: ContactKey) -> bool {
    let terms = terms_of(state, contact);
    let Some(wanted) = terms.empathy_sought(state) else { return false };
    let mut covering = eligible(state, &terms.asked, &terms.route.excluded);
    covering.keep(&holding(state, &wanted));
    covering.keep(&state.index.everyone.signed_in);
    covering.is_empty()
}

/// What of a contact's present terms nobody meets.
pub fn unmet(state: &State, contact: ContactKey) -> Unmet {
    let terms = terms_of(state, contact);
    let (asked, known) = (&terms.asked, &state.index.everyone.known);
    if known.is_empty() {
        return Unmet::Agents;
    }
    if terms.target.is_some() {
        return Unmet::Target;
    }
    if asked.members_only() && members(state, asked.queue).is_empty() {
        return Unmet::Condition(MetCondition::Member(asked.queue));
    }
    if let [only] = asked.alternatives.as_slice() {
        let without = |skill: &&Skill| {
            let mut others = known.clone();
            others.drop(&holding(state, skill));
            others.is_empty()
        };
        let missing = only.must.iter().find(|skill| holding(state, skill).is_empty());
        let missing = missing.and_then(|skill| Some(MetCondition::Skill(skill.key()?, skill.condition.level)));
        let common = only.must_not.iter().find(without);
        let common = common.and_then(|skill| Some(MetCondition::NotSkill(skill.key()?, skill.condition.level)));
        if let Some(condition) = missing.or(common) {
            return Unmet::Condition(condition);
        }
    }
    let skilled = count::skilled(state, asked);
    if skilled.is_empty() {
        return Unmet::Together;
    }
    let mut able = skilled;
    able.keep(count::taking(state, asked).unwrap_or(&AgentSet::default()));
    if able.is_empty() { Unmet::Room } else { Unmet::Excluded }
}

fn steps(queue: &Queue) -> u8 {
    u8::try_from(queue.steps.len()).expect("steps are limited to 16")
}

/// Queues that a contact comes to by waiting alone, from this one on.
fn onward(state: &State, from: QueueKey) -> BTreeSet<QueueKey> {
    let mut found = BTreeSet::new();
    let mut open: Vec<QueueKey> = after_waiting(state, from).collect();
    while let Some(queue) = open.pop() {
        if found.insert(queue) {
            let full = state.rules(queue).max_size.as_ref().and_then(|size| size.overflow.as_ref());
            open.extend(full.and_then(|name| state.find_onward(name)));
            open.extend(after_waiting(state, queue));
        }
    }
    found
}

fn after_waiting(state: &State, queue: QueueKey) -> impl Iterator<Item = QueueKey> + '_ {
    state.rules(queue).sends_on_to().and_then(|name| state.find_onward(name)).into_iter()
}
