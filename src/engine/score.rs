//! A contact's score changes: what it asks of empathy, and the dynamic part of its head start.
//!
//! Invariant: the place follows from arrival and head starts alone, so a waiting contact moves in its line at once, either
//! way; what it has waited stays what it was. Not here: where the score comes from.

use crate::model::{
    care::Care,
    ids::{ContactId, ContactKey},
    limits::DYNAMIC_HEAD_START_SECS_MAX,
    time::Span,
};

use super::{command::Reply, emit::Emit, event::Event, find::open_contact, find::wrong_state, reject::Reject};

/// Takes over a score that was found outside the engine.
pub(super) fn score_contact(out: &mut Emit<'_>, id: &ContactId, dynamic: Span, care: &Care) -> Result<Reply, Reject> {
    let (key, contact) = open_contact(out.state(), id)?;
    if contact.route.is_none() {
        return Err(wrong_state(contact, "in a queue or engaged"));
    }
    check_dynamic(dynamic)?;
    rescore(out, key, dynamic, *care);
    Ok(Reply::Done)
}

/// A dynamic head start is bounded and never puts anybody back.
pub(super) fn check_dynamic(dynamic: Span) -> Result<(), Reject> {
    if dynamic < Span::ZERO || dynamic > Span::from_secs(DYNAMIC_HEAD_START_SECS_MAX) {
        return Err(Reject::OutOfRange { field: "dynamic_head_start", problem: "must be from zero to one hour" });
    }
    Ok(())
}

/// Gives a contact that has a route another score, if it is another.
pub(super) fn rescore(out: &mut Emit<'_>, contact: ContactKey, dynamic: Span, care: Care) {
    let (state, route) = (out.state(), out.state().route(contact));
    if (route.dynamic, route.care) == (dynamic, care) {
        return;
    }
    let mut place = route.place;
    place.virtual_arrival = route.ordered_from - state.rules_of(route).priority - route.head_start - dynamic;
    out.emit(Event::ContactScored { contact, place, dynamic, care });
}
