//! How far one contact may pass another, held against every contact that the agent could have taken instead.
//!
//! The bound: among contacts of equal capacity cost that an agent may take at that instant, none is passed by one that
//! arrived more than `max(head start) − min(head start)` of those contacts later. Whatever else can pass a contact (its
//! cost, skills, a hold, the reserve, a refusal, a target agent's window, a supervisor's hand) has a limit in time of its
//! own, so that nobody waits for ever.
//!
//! Invariant: arrivals and head starts are read from contacts and document, never from their places in line.

use crate::{
    engine::state::{Route, State},
    model::{
        ids::{AgentKey, ContactKey},
        time::Span,
    },
};

use super::{Broken, in_line, may_take};

/// The offer about to be made passes nobody by more than the bound. Returns how many contacts that came before it are
/// passed, so that a test may see that there were any.
pub fn check_bound(state: &State, contact: ContactKey, agent: AgentKey) -> Result<usize, Broken> {
    // Who drains for a contact takes nothing else, whatever stands in line: that is what the agent is kept free for.
    if state.agent(agent).draining == Some(contact) {
        return Ok(0);
    }
    let cost = state.cost_of(state.route(contact));
    let rivals = in_line(state).filter(|other| {
        *other == contact || (state.cost_of(state.route(*other)) == cost && may_take(state, *other, agent))
    });
    let rivals: Vec<&Route> = rivals.map(|other| state.route(other)).collect();
    let head_starts = || rivals.iter().map(|route| head_start(state, route));
    let (most, least) = (head_starts().max().unwrap_or_default(), head_starts().min().unwrap_or_default());
    let arrived_at = state.route(contact).ordered_from;
    let passed: Vec<Span> =
        rivals.iter().filter(|r| r.ordered_from < arrived_at).map(|r| arrived_at - r.ordered_from).collect();
    let by = passed.iter().max().copied().unwrap_or_default();
    let bound = Span(most.0 - least.0);
    let id = &state.contact(contact).id;
    must!(by <= bound, "contact {id:?} passes one that came {by:?} before it; the head starts allow {bound:?}");
    Ok(passed.len())
}

/// All parts of a head start: the queue's, a supervisor's, and what the contact's evidence gives.
fn head_start(state: &State, route: &Route) -> Span {
    state.rules_of(route).priority + route.head_start + route.dynamic
}
