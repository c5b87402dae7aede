//! What time alone does: deadlines come due, each by the rule of the thing that is due.
//!
//! Invariant: one pass handles at most [`TIMERS_PER_TICK_MAX`]; what is left is due at once and handled by the next, so
//! that other work gets its turn. Handling a timer always moves or clears it.

use crate::model::{
    contact::ClosedBecause, document::WaitOutcome, ids::ContactKey, limits::TIMERS_PER_TICK_MAX, time::Span,
};

use super::{
    agent::session_due,
    derive::{next_step_at, step_at, wait_ends_at},
    emit::Emit,
    engagement::finish_wrap_up,
    event::{Event, Requeued},
    hold,
    matching::settle::agent_to_drain,
    moving::move_due,
    offer::offer_due,
    overflow,
    signal::{fades_at, refresh},
    state::{Counted, Stage},
    timer::Timer,
    waiting::{close_contact, release, send_on},
};

/// Lets everything happen that is due.
pub(super) fn tick(out: &mut Emit<'_>) {
    for _ in 0..TIMERS_PER_TICK_MAX {
        let Some(timer) = out.state().timers.due(out.now) else { return };
        match timer {
            Timer::Contact(contact) => contact_due(out, contact),
            Timer::Offer(offer) => offer_due(out, offer),
            Timer::WrapUp(engagement) => finish_wrap_up(out, engagement),
            Timer::Session(agent) => session_due(out, agent),
            Timer::Rest(agent) => out.emit(Event::AgentRested { agent }),
            Timer::Move => move_due(out),
            Timer::Hold => hold::end(out),
            Timer::Overflow => overflow::spread_due(out),
            Timer::Tombstones => {
                let (contacts, offers) = out.state().tombstones.over(out.now);
                out.emit(Event::TombstonesForgotten { contacts, offers });
            }
            Timer::Requests => {
                let count = out.state().dedup.over(out.now);
                out.emit(Event::RequestsForgotten { count });
            }
        }
    }
}

fn contact_due(out: &mut Emit<'_>, contact: ContactKey) {
    let now = out.now;
    match out.state().contact(contact).stage {
        Stage::Announced { forget_at, .. } if forget_at <= now => close_contact(out, contact, ClosedBecause::NeverCame),
        Stage::Announced { counted, .. } => {
            out.emit(Event::MomentExpected { contact, counted: counted == Counted::NotYet });
        }
        Stage::Closed { .. } => out.emit(Event::ContactForgotten { contact }),
        Stage::Parked { until, .. } if until <= now => release(out, contact),
        Stage::Parked { .. } => refresh(out, contact),
        Stage::Engaged(_) | Stage::WrapUp(_) => unreachable!("an engaged contact has no timer"),
        Stage::Waiting => {
            let route = out.state().route(contact);
            let rules = out.state().rules_of(route);
            if wait_ends_at(route, rules).is_some_and(|at| at <= now) {
                let then = rules.max_wait.then.clone();
                return end_wait(out, contact, &then);
            }
            if next_step_at(route, rules).is_some_and(|at| at <= now) {
                let step = step_at(rules, now - route.queued_at);
                return out.emit(Event::StepReached { contact, step, beyond: None });
            }
            let waits = out.state().waits(route);
            if waits.next_after(route.phase).is_some_and(|at| at <= now) {
                let phase = waits.phase_at(now).max(route.phase.next());
                return out.emit(Event::PhaseReached { contact, phase });
            }
            if route.target.and_then(|target| target.until).is_some_and(|until| until <= now) {
                return out.emit(Event::TargetReleased { contact });
            }
            let over = route.refusals.iter().find(|refusal| refusal.until.is_some_and(|until| until <= now));
            if let Some(agent) = over.map(|refusal| refusal.agent) {
                return out.emit(Event::RefusalEnded { contact, agent });
            }
            if fades_at(out.state().contact(contact)).is_some_and(|at| at <= now) {
                return refresh(out, contact);
            }
            drain_for(out, contact);
        }
    }
}

/// The queue's maximum wait is over.
fn end_wait(out: &mut Emit<'_>, contact: ContactKey, then: &WaitOutcome) {
    let sent = match then {
        WaitOutcome::Overflow(queue) => send_on(out, contact, queue, Requeued::Overflowed),
        WaitOutcome::Escalate(queue) => send_on(out, contact, queue, Requeued::Escalated),
        WaitOutcome::GiveUp => false,
    };
    if !sent {
        close_contact(out, contact, ClosedBecause::Expired);
    }
}

/// A contact that smaller ones keep passing gets an agent who takes nothing else until it fits.
fn drain_for(out: &mut Emit<'_>, contact: ContactKey) {
    match agent_to_drain(out.state(), contact) {
        Some(agent) => out.emit(Event::DrainStarted { contact, agent }),
        None => {
            let route = out.state().route(contact);
            let again = out.now + out.state().rules_of(route).drain_after.max(Span::from_secs(1));
            out.emit(Event::DrainPostponed { contact, until: again });
        }
    }
}
