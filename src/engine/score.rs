//! What is found out elsewhere about empathy: a contact's score with its head start, and how many agents are kept free.
//!
//! Invariant: the place follows from arrival and head starts alone, so a waiting contact moves in its line at once, either
//! way; what it has waited stays what it was. Not here: where the score comes from.

use std::sync::Arc;

use crate::{
    model::{
        care::Care,
        ids::{ContactId, ContactKey, SkillName},
        limits::{DYNAMIC_HEAD_START_SECS_MAX, RESERVE_MAX},
        time::Span,
    },
    scoring::Scored,
};

use super::{
    command::Reply,
    emit::Emit,
    event::Event,
    find::{nearest, open_contact, wrong_state},
    overflow::overflow,
    reject::Reject,
    signal::heard,
};

/// Takes over a score that was found outside the engine.
pub(super) fn score_contact(out: &mut Emit<'_>, id: &ContactId, dynamic: Span, care: &Care) -> Result<Reply, Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    if contact.route.is_none() {
        return Err(wrong_state(contact, "in a queue or engaged"));
    }
    check_dynamic(dynamic)?;
    rescore(out, key, dynamic, *care, None);
    Ok(Reply::Done)
}

/// A dynamic head start is bounded and never puts anybody back.
pub(super) fn check_dynamic(dynamic: Span) -> Result<(), Reject> {
    if dynamic < Span::ZERO || dynamic > Span::from_secs(DYNAMIC_HEAD_START_SECS_MAX) {
        return Err(Reject::OutOfRange { field: "dynamic_head_start", problem: "must be from zero to one hour" });
    }
    Ok(())
}

/// Gives a contact that has a route another score, if it is another; `why` is what it comes of, if signals gave it.
pub(super) fn rescore(out: &mut Emit<'_>, contact: ContactKey, dynamic: Span, care: Care, why: Option<Arc<Scored>>) {
    let (state, route) = (out.state(), out.state().route(contact));
    if (route.dynamic, route.care) == (dynamic, care) && why.is_none() {
        return;
    }
    let mut place = route.place;
    place.virtual_arrival = route.ordered_from - state.rules_of(route).priority - route.head_start - dynamic;
    let before = heard(state.contact(contact)).map(|heard| heard.scored.moments.as_slice()).unwrap_or_default();
    let other_moments = why.as_ref().is_some_and(|why| why.moments != before);
    out.emit(Event::ContactScored { contact, place, dynamic, care, why, other_moments });
    // It may have gone past those whom an overflow has yet to look at.
    overflow(out, contact);
}

/// Takes over how many empathetic agents are kept free, which was computed outside the engine.
pub(super) fn set_reserve(out: &mut Emit<'_>, skill: Option<&SkillName>, k: Option<u32>) -> Result<Reply, Reject> {
    let state = out.state();
    let unknown = |skill: &&SkillName| !state.document.skills.contains_key(*skill);
    if let Some(skill) = skill.filter(unknown) {
        let similar = nearest(skill.as_str(), state.document.skills.keys().map(|name| name.as_str()));
        return Err(Reject::SkillUnknown { field: "skill", skill: skill.clone(), similar });
    }
    if k.is_some_and(|k| k > RESERVE_MAX) {
        return Err(Reject::OutOfRange { field: "k", problem: "must be from 0 to 1000" });
    }
    out.emit(Event::ReserveSet { skill: skill.cloned(), k });
    Ok(Reply::Done)
}
