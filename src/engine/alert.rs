//! The live alerts: a contact waits, and no agent anywhere, signed in or not, could ever take it; a moment of truth waits,
//! and of the empathetic agents who could take it none is signed in.
//!
//! "Ever" means as agents and document are: now, at any later step of its queue, or in any queue that the end of its wait
//! leads to. That nobody is signed in, available or idle raises no alert, and neither does a requirement that a later
//! step will relax; Explain shows both. How often a contact may still change its queue is left out of account.
//!
//! That nobody empathetic is signed in is looked at when a moment of truth begins to wait and when its hold is over, and is
//! told once in each queue: it says that the roster is short, and is not taken back when somebody comes.
//!
//! Invariant: between commands, but for what is left of a mass change, exactly those contacts in line are marked whom
//! nobody could ever take. One pass looks at a limited number; what is left goes on a moment later, so that other work
//! gets its turn. Not here: what is remembered from one look to the next (`matching::reach`).

use std::ops::Bound;

use crate::model::{
    ids::{AgentKey, ContactKey},
    limits::{ALERTS_PAUSE_MILLIS, ALERTS_PER_PASS_MAX, WITNESSES_PER_PASS_MAX},
    time::Span,
};

use super::{
    emit::Emit,
    event::Event,
    explain::reach,
    matching::{
        class::{ClassKey, satisfies},
        index::InLine,
        reach::Seeker,
    },
    state::State,
};

/// Raises and ends alerts after a command has settled.
pub(super) fn review(out: &mut Emit<'_>) {
    if !out.state().index.reach.has_work() {
        return;
    }
    out.work().reach.sort_out();
    let mut pass = Pass { contacts: ALERTS_PER_PASS_MAX, witnesses: WITNESSES_PER_PASS_MAX };
    pass.seek_again(out);
    pass.look_at_waiting(out);
    pass.tell_lines(out);
    let again_at = out.now + Span::from_millis(ALERTS_PAUSE_MILLIS);
    out.work().reach.end_pass(again_at);
}

/// What one pass may still do.
struct Pass {
    contacts: usize,
    witnesses: usize,
}

impl Pass {
    fn seek_again(&mut self, out: &mut Emit<'_>) {
        while self.witnesses > 0 {
            let Some(seeker) = out.work().reach.next_stale() else { return };
            let (state, before) = (out.state(), out.state().index.reach.known(seeker));
            let before = before.expect("only a seeker of whom something is known becomes stale");
            if !is_seeking(state, seeker) {
                out.work().reach.forget(seeker);
                continue;
            }
            if before.is_some_and(|witness| still_could(state, seeker, witness)) {
                continue;
            }
            let witness = self.learn(out, seeker);
            match seeker {
                Seeker::Class(class) if before.is_some() != witness.is_some() => {
                    out.work().reach.tell_line(class, None);
                }
                Seeker::Class(_) => {}
                Seeker::Contact(contact) => self.tell(out, contact, witness),
            }
        }
    }

    fn look_at_waiting(&mut self, out: &mut Emit<'_>) {
        while self.contacts > 0 && self.witnesses > 0 {
            let Some(contact) = out.work().reach.next_waiting() else { return };
            let Some(seeker) = seeker_of(out.state(), contact) else { continue };
            self.tell_uncovered(out, contact);
            let known = out.state().index.reach.known(seeker);
            let witness = known.unwrap_or_else(|| self.learn(out, seeker));
            self.tell(out, contact, witness);
        }
    }

    fn tell_uncovered(&mut self, out: &mut Emit<'_>, contact: ContactKey) {
        let route = out.state().route(contact);
        if route.care.moment_of_truth && !route.uncovered && reach::is_uncovered(out.state(), contact) {
            out.emit(Event::MomentUncovered { contact });
        }
    }

    fn tell_lines(&mut self, out: &mut Emit<'_>) {
        while self.contacts > 0 {
            let Some((class, after)) = out.work().reach.next_line() else { return };
            let Some(witness) = out.state().index.reach.known(Seeker::Class(class)) else { continue };
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let line = out.state().index.class(class).line.range((from, Bound::Unbounded));
            let next: Vec<_> = line.take(self.contacts).copied().collect();
            if next.len() == self.contacts {
                out.work().reach.tell_line(class, next.last().copied());
            }
            for (_, contact) in next {
                if seeker_of(out.state(), contact) == Some(Seeker::Class(class)) {
                    self.tell(out, contact, witness);
                }
            }
        }
    }

    fn learn(&mut self, out: &mut Emit<'_>, seeker: Seeker) -> Option<AgentKey> {
        self.witnesses = self.witnesses.saturating_sub(1);
        let witness = seek(out.state(), seeker);
        out.work().reach.learn(seeker, witness);
        witness
    }

    /// Raises or ends a contact's alert.
    fn tell(&mut self, out: &mut Emit<'_>, contact: ContactKey, witness: Option<AgentKey>) {
        self.contacts = self.contacts.saturating_sub(1);
        match (out.state().route(contact).unreachable, witness) {
            (true, Some(_)) => out.emit(Event::ContactReachable { contact }),
            (false, None) => {
                let unmet = reach::unmet(out.state(), contact);
                out.emit(Event::ContactUnreachable { contact, unmet });
            }
            _ => {}
        }
    }
}

/// For whom an agent is sought on behalf of a contact; `None` if it is not in line.
fn seeker_of(state: &State, key: ContactKey) -> Option<Seeker> {
    let route = state.contacts.get(&key)?.route.as_deref()?;
    match route.line? {
        InLine::Class(class) if route.excluded.is_empty() => Some(Seeker::Class(class)),
        InLine::Class(_) | InLine::Private(_) | InLine::Pulled(_) => Some(Seeker::Contact(key)),
    }
}

fn is_seeking(state: &State, seeker: Seeker) -> bool {
    match seeker {
        Seeker::Class(class) => !state.index.class(class).line.is_empty(),
        Seeker::Contact(contact) => seeker_of(state, contact) == Some(seeker),
    }
}

/// Whether a witness who changed is one still, at a glance.
fn still_could(state: &State, seeker: Seeker, witness: AgentKey) -> bool {
    let Seeker::Class(class) = seeker else { return false };
    let class = state.index.class(class);
    let everyone = &state.index.everyone;
    everyone.with_lane(class.id.lane.0).contains(witness)
        && satisfies(&state.index.stand(witness).signature, &class.required)
}

/// Somebody who could ever take what is sought for; first those who could at this step, where bitmaps know.
fn seek(state: &State, seeker: Seeker) -> Option<AgentKey> {
    let at_this_step = |class: ClassKey, barred: &[AgentKey]| {
        let at = state.index.class(class);
        state.index.everyone.find(&at.required, at.id.lane.0, barred, class.0 as usize)
    };
    match seeker {
        Seeker::Class(class) => at_this_step(class, &[]).or_else(|| {
            let (_, first) = state.index.class(class).line.first()?;
            reach::ever_taken_by(state, *first, &[])
        }),
        Seeker::Contact(contact) => {
            let route = state.route(contact);
            let now = match route.line {
                Some(InLine::Class(class)) => at_this_step(class, &route.excluded),
                Some(InLine::Private(_) | InLine::Pulled(_)) | None => None,
            };
            now.or_else(|| reach::ever_taken_by(state, contact, &route.excluded))
        }
    }
}
