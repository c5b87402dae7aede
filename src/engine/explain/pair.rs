//! A contact and an agent, held against each other: one pair, or a page of agents.
//!
//! Invariant: what is said of a pair is what a list of candidates says of it.

use std::ops::Bound;

use crate::{
    engine::{
        find::agent_of,
        load::Strain,
        matching::settle::best_contact_by,
        reject::Reject,
        state::{Agent, State},
    },
    model::{
        ids::{AgentId, AgentKey, ContactId},
        limits::PAGE_MAX,
    },
};

use super::{
    choice::choices,
    obstacle::candidate,
    sought,
    terms::Terms,
    view::{Candidate, ChoiceExplained, Explained, Obstacle, PairExplained, PairVerdict},
};

/// Lists agents with what removes each.
pub fn candidates(
    state: &State,
    contact: &ContactId,
    after: Option<&AgentId>,
    limit: usize,
) -> Result<Explained, Reject> {
    let (_, terms) = sought(state, contact)?;
    let limit = limit.min(PAGE_MAX);
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let page = state.agent_ids.range::<AgentId>((from, Bound::Unbounded)).take(limit);
    let candidates: Vec<Candidate> = page.map(|(_, key)| candidate(state, &terms, *key)).collect();
    let next = candidates.last().filter(|_| candidates.len() == limit).map(|last| last.agent.clone());
    Ok(Explained::Candidates { candidates, next })
}

/// Explains a pair.
pub fn explain(state: &State, contact: &ContactId, agent: &AgentId) -> Result<PairExplained, Reject> {
    let (key, terms) = sought(state, contact)?;
    let agent_key = agent_of(state, agent)?;
    let candidate = candidate(state, &terms, agent_key);
    let choices: Vec<ChoiceExplained> = choices(state, key);
    let first = best_contact_by(state, agent_key, state.lanes_ever(agent_key)).found;
    let earlier = first.filter(|(place, other)| *place < terms.route.place && *other != key);
    let earlier = earlier.map(|(_, other)| state.contact(other).id.clone());
    let verdict = verdict(&candidate.obstacles, !choices.is_empty());
    let reasons: Vec<String> = candidate.obstacles.iter().map(Obstacle::to_string).collect();
    let reasons = reasons.join("; ");
    let summary = match verdict {
        PairVerdict::Together => {
            let bond = candidate.obstacles.iter().rfind(|bond| is_bond(bond));
            format!("{agent} {}", bond.map(Obstacle::to_string).unwrap_or_default())
        }
        PairVerdict::NotEligible => format!("{agent} cannot take {contact}: {reasons}"),
        PairVerdict::NotNow => {
            let before = earlier.as_ref().map(|other| format!("; {other} stands before it")).unwrap_or_default();
            format!("{agent} could take {contact}, but not now: {reasons}{before}")
        }
        PairVerdict::AnotherWasChosen => {
            let why: Vec<&str> = choices.iter().map(|choice| choice.summary.as_str()).collect();
            let now = if reasons.is_empty() { String::new() } else { format!("; at present {agent} {reasons}") };
            format!("{}{}{}{now}", why.join("; "), rank(&choices, agent), strain(state, &terms, agent_key))
        }
        PairVerdict::Next => format!("nothing keeps {contact} from {agent}: it is being offered"),
    };
    Ok(PairExplained { candidate, verdict, summary, earlier, choices })
}

fn verdict(obstacles: &[Obstacle], with_others: bool) -> PairVerdict {
    if obstacles.iter().any(is_bond) {
        return PairVerdict::Together;
    }
    if obstacles.iter().any(Obstacle::is_lasting) {
        return PairVerdict::NotEligible;
    }
    match (with_others, obstacles.is_empty()) {
        (true, _) => PairVerdict::AnotherWasChosen,
        (false, false) => PairVerdict::NotNow,
        (false, true) => PairVerdict::Next,
    }
}

/// Whether it says that the two are together.
fn is_bond(obstacle: &Obstacle) -> bool {
    matches!(obstacle, Obstacle::Offered | Obstacle::Engaged)
}

/// Why a moment of truth comes to others before an agent who has had many of them, in words.
fn strain(state: &State, terms: &Terms<'_>, key: AgentKey) -> String {
    let Agent { id, load, .. } = state.agent(key);
    match load.strain() {
        _ if !terms.is_moment(state) => String::new(),
        Strain::Light => String::new(),
        Strain::Heavy => {
            let (moments, contacts) = (load.moments(), load.contacts());
            format!("; {id} had {moments} moments of truth among the last {contacts} contacts, so others come first")
        }
        Strain::Cooling => format!("; {id} cools down after moments of truth in a row, so everybody else comes first"),
    }
}

/// Where an agent stood among the runners-up, in words.
fn rank(choices: &[ChoiceExplained], agent: &AgentId) -> String {
    let place = |choice: &ChoiceExplained| choice.runners_up.iter().position(|next| next.as_ref() == Some(agent));
    match choices.iter().find_map(place) {
        Some(place) => format!("; {agent} was runner-up {}", place + 1),
        None => String::new(),
    }
}
