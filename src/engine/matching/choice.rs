//! What an offer's event keeps of the choice: the terms, the counts at hand, and the runners-up.
//!
//! Invariant: constant work and no allocation. What the search had not to look at is not looked at for this either: the
//! runners-up are those who stand near the winner in idle order, and a count is one that is kept anyway.

use crate::{
    engine::{
        event::{Choice, ChoiceRule, Met, MetCondition, RunnerUp},
        state::State,
    },
    model::{
        ids::{AgentKey, ContactKey},
        limits::{MET_MAX, RUNNERS_UP_MAX},
        time::Timestamp,
    },
};

use super::{
    atoms::{ANYONE, Atom, AtomKey},
    class::{Class, satisfies},
    index::InLine,
    settle::{Chosen, is_claimed, passes_over, pulled_for},
};

/// How far runners-up are looked for, in chunks of 64 agents.
const NEAR_CHUNKS: usize = 2;

/// Why this agent gets this contact.
pub(super) fn choice(
    state: &State,
    now: Timestamp,
    contact: ContactKey,
    chosen: Chosen,
    rule: ChoiceRule,
    examined: u32,
) -> Choice {
    let route = state.route(contact);
    let standing = state.index.stand(chosen.agent).standing;
    let class = match route.line {
        Some(InLine::Class(class)) => Some(state.index.class(class)),
        Some(InLine::Private(_) | InLine::Pulled(_)) | None => None,
    };
    let own = match route.line {
        Some(InLine::Private(_)) => Some(ChoiceRule::Target),
        Some(InLine::Pulled(_)) => Some(ChoiceRule::Pulled),
        Some(InLine::Class(_)) | None => None,
    };
    let mut choice = Choice {
        rule: own.unwrap_or(rule),
        tier: if own.is_some() { 0 } else { chosen.tier },
        step: route.step,
        load: standing.map_or(0, |standing| standing.key.load),
        idle_since: standing.map_or(now, |standing| standing.key.since),
        document: route.document,
        examined,
        agents: u32::try_from(state.agent_ids.len()).expect("agents are limited to 100,000"),
        met: [None; MET_MAX],
        runners_up: [None; RUNNERS_UP_MAX],
    };
    if let Some(class) = class {
        choice.tier = class.tier_of(&state.index.stand(chosen.agent).signature);
        choice.met = met(state, class, chosen.agent);
        choice.runners_up = runners_up(state, contact, class, chosen.agent, choice.tier);
    }
    choice
}

/// What the alternative that the agent satisfies asks, and how many agents have it.
fn met(state: &State, class: &Class, agent: AgentKey) -> [Option<Met>; MET_MAX] {
    let signature = &state.index.stand(agent).signature;
    let holds = |alternative: &&_| satisfies(signature, std::slice::from_ref(*alternative));
    let mut all = [None; MET_MAX];
    let Some(alternative) = class.required.iter().find(holds) else { return all };
    let everyone = u32::try_from(state.agent_ids.len()).expect("agents are limited to 100,000");
    let must = alternative.must.iter().filter(|atom| **atom != ANYONE).filter_map(|atom| {
        let condition = condition(state.index.atoms.meaning(*atom))?;
        Some(Met { condition, agents: state.index.atoms.holders(*atom) })
    });
    let must_not = alternative.must_not.iter().filter_map(|atom: &AtomKey| {
        let Atom::Skill(skill, level) = state.index.atoms.meaning(*atom) else { return None };
        let agents = everyone - state.index.atoms.holders(*atom);
        Some(Met { condition: MetCondition::NotSkill(skill, level), agents })
    });
    for (slot, met) in all.iter_mut().zip(must.chain(must_not)) {
        *slot = Some(met);
    }
    all
}

fn condition(atom: Atom) -> Option<MetCondition> {
    match atom {
        Atom::Anyone | Atom::Kept(..) | Atom::Strained(_) => None,
        Atom::Skill(skill, level) => Some(MetCondition::Skill(skill, level)),
        Atom::Member(queue) => Some(MetCondition::Member(queue)),
    }
}

/// The next in order of tier and idleness, as far as they stand near.
fn runners_up(
    state: &State,
    contact: ContactKey,
    class: &Class,
    winner: AgentKey,
    best: u8,
) -> [Option<RunnerUp>; RUNNERS_UP_MAX] {
    let (route, standing) = (state.route(contact), state.index.stand(winner).standing);
    let mut found = [None; RUNNERS_UP_MAX];
    let mut count = 0;
    let tiers = class.tiers.iter().map(|tier| Some(tier.as_slice())).chain([None]);
    for (tier, alternatives) in (0u8..).zip(tiers).skip(usize::from(best)) {
        // Nobody of the winner's tier stands before the winner but those who are passed over.
        let from = standing.filter(|_| tier == best).map(|standing| standing.key);
        for key in state.index.idle.near(from, class.id.lane, &class.required, alternatives, NEAR_CHUNKS) {
            let known = |other: &Option<RunnerUp>| other.is_some_and(|other| other.agent == key.agent);
            let taken = pulled_for(state, key.agent).is_some()
                || passes_over(state, route, contact, key.agent)
                || is_claimed(state, key.agent, class);
            if key.agent == winner || found.iter().any(known) || taken {
                continue;
            }
            found[count] = Some(RunnerUp { agent: key.agent, tier, load: key.load, idle_since: key.since });
            count += 1;
            if count == RUNNERS_UP_MAX {
                return found;
            }
        }
    }
    found
}
