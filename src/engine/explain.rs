//! Why: why a contact waits where it waits, why this agent, why not that one, and what would change it.
//!
//! Everything is recomputed from the state as it is when somebody asks; only what cannot be is kept with the offer
//! (`event::Choice`). Counts over all agents come from bitmaps (`matching::everyone`), lists from a page of agents, so
//! that an explanation among 100,000 agents holds the shard for less than a millisecond.
//!
//! Invariant: `&State` only; an agent is said to have nothing in the way exactly if the matching may offer it the
//! contact, and what the conditions remove is exactly those whom they are in the way of (`invariant::check_explained`).
//! Not here: the past beyond what offers keep; that is replay up to a record.

mod agent;
mod choice;
mod contact;
mod count;
mod obstacle;
mod pair;
pub(super) mod reach;
mod terms;
pub mod view;

use crate::model::{
    ids::{ContactId, ContactKey},
    time::Timestamp,
};

use super::{find::open_contact, reject::Reject, state::State, view::Answer};

use terms::Terms;
use view::{Explain, Explained};

impl State {
    /// Answers a question for a reason.
    pub(super) fn explain(&self, now: Timestamp, question: &Explain) -> Result<Answer, Reject> {
        let explained = match question {
            Explain::Contact(id) => Explained::Contact(contact::explain(self, now, id)?),
            Explain::Candidates { contact, after, limit } => pair::candidates(self, contact, after.as_ref(), *limit)?,
            Explain::Agent { agent, after, limit } => {
                Explained::Agent(agent::explain(self, agent, after.as_ref(), *limit)?)
            }
            Explain::Pair { contact, agent } => Explained::Pair(pair::explain(self, contact, agent)?),
            Explain::Offer(offer) => Explained::Offer(choice::explain(self, *offer)?),
        };
        Ok(Answer::Explained(Box::new(explained)))
    }
}

/// An open contact that has been in a queue, and what it asks.
fn sought<'a>(state: &'a State, id: &ContactId) -> Result<(ContactKey, Terms<'a>), Reject> {
    let (key, contact) = open_contact(state, id)?;
    if contact.route.is_none() {
        let (contact, state) = (id.clone(), contact.stage_name());
        return Err(Reject::ContactState { contact, state, needed: "in a queue" });
    }
    Ok((key, terms_of(state, key)))
}

fn terms_of(state: &State, key: ContactKey) -> Terms<'_> {
    Terms::of(state, key).expect("what a contact asks is checked before it enters a queue")
}

/// A number with its noun: `1 agent`, `3 agents`.
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
