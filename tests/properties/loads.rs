//! What each agent has taken of moments of truth, counted from accepted offers as anybody could who follows events.

use std::collections::BTreeMap;

use attune::{
    engine::{
        Event, State,
        view::{Answer, Query},
    },
    journal::Record,
    model::{
        ids::{AgentId, ContactId},
        limits::PAGE_MAX,
        time::{Span, Timestamp},
    },
};

/// So many of the last contacts count.
const RECENT: usize = 20;

/// After so long without a contact an agent begins anew.
const NIGHT: Span = Span::from_secs(8 * 3_600);

/// When each agent last accepted a contact and, of every contact since the last night, whether it was a moment of truth.
#[derive(Default)]
pub struct Loads {
    taken: BTreeMap<AgentId, (Timestamp, Vec<bool>)>,
}

impl Loads {
    /// Reads an event before it takes effect; `id_of` knows contacts by number.
    pub fn read(&mut self, replica: &State, record: &Record, event: &Event, id_of: impl Fn(u64) -> Option<String>) {
        match event {
            Event::AgentDeleted { id, .. } => _ = self.taken.remove(id),
            Event::OfferAccepted { offer, .. } => {
                let facts = replica.offer_facts(*offer).expect("an offer is accepted while it is open");
                let agent = replica.agent_id(facts.agent).expect("who accepts exists").clone();
                let contact = id_of(facts.contact.0).expect("what is offered came before");
                let contact = ContactId::new(&contact).expect("it obeys the grammar");
                let view = replica.query(record.now, &Query::Contact(contact));
                let Ok(Answer::Contact(view)) = view else { panic!("a contact that is offered is there") };
                let (last, taken) = self.taken.entry(agent).or_default();
                if record.now - *last >= NIGHT {
                    taken.clear();
                }
                *last = record.now;
                taken.push(view.moment_of_truth);
            }
            _ => {}
        }
    }

    /// The engine counts the same.
    pub fn compare(&self, state: &State, now: Timestamp) -> Result<(), String> {
        let Ok(Answer::Agents { agents, .. }) = state.query(now, &Query::Agents { after: None, limit: PAGE_MAX })
        else {
            return Err("the agents are not told".to_owned());
        };
        for agent in agents {
            let taken = self.taken.get(&agent.id).map_or(&[][..], |(_, taken)| taken.as_slice());
            let recent = &taken[taken.len().saturating_sub(RECENT)..];
            let moments = recent.iter().filter(|is_moment| **is_moment).count();
            let (is, should) = ((agent.load.moments(), agent.load.contacts()), (moments, recent.len()));
            if (is.0 as usize, is.1 as usize) != should {
                return Err(format!("{} counts {is:?} moments of truth and contacts, there were {should:?}", agent.id));
            }
        }
        Ok(())
    }
}
