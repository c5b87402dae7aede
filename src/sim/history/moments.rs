//! Which contacts of a day are moments of truth, where another document finds other ones than its own did.
//!
//! Invariant: a contact is one in every column of a comparison or in none: if history took it for one while it waited,
//! or if the other document does as it is played once. Not here: what makes one (`scoring`).

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::{
    engine::Event,
    journal::Record,
    model::{
        ids::{ContactId, ContactKey, OfferKey},
        signal::Content,
    },
    sim::{
        player::{self, Refused, seed_of},
        scenario::Scenario,
    },
};

use super::History;

/// Contacts that wait, and those of all that were taken for moments of truth as they did.
#[derive(Debug, Default)]
struct Found {
    waiting: FxHashMap<ContactKey, ContactId>,
    offers: FxHashMap<OfferKey, ContactKey>,
    moments: BTreeSet<ContactId>,
}

impl History {
    /// Counts as moments of truth also what another document takes for ones, and goes by what stands for empathy there
    /// if nothing did on that day.
    ///
    /// # Errors
    /// Ends with the first contact that could never have come.
    pub fn heed(&mut self, other: &Scenario) -> Result<(), Refused> {
        let mut found = Found::default();
        // What customers wrote was read as they came, and is in what is told of them.
        let hear = |_: &_| Content::default();
        player::play(other, seed_of(other, 0), &hear, &mut |record| found.take(record))?;
        for past in &mut self.contacts.all {
            past.is_moment |= found.moments.contains(&past.new.id);
        }
        if self.empathy.is_none() {
            let empathy = other.document.empathy.as_ref();
            self.empathy = empathy.map(|empathy| (empathy.skill.clone(), empathy.level));
        }
        Ok(())
    }
}

impl Found {
    fn take(&mut self, record: &Record) {
        for event in &record.events {
            match event {
                Event::ContactQueued { contact, queued } => {
                    self.waiting.insert(*contact, queued.id.clone());
                    self.note(*contact, queued.care.moment_of_truth);
                }
                Event::ContactScored { contact, care, .. } => self.note(*contact, care.moment_of_truth),
                Event::OfferMade { offer, contact, .. } => drop(self.offers.insert(*offer, *contact)),
                Event::OfferAccepted { offer, .. } => {
                    let contact = self.offers.remove(offer);
                    contact.into_iter().for_each(|contact| drop(self.waiting.remove(&contact)));
                }
                Event::ContactClosed { contact, .. } => drop(self.waiting.remove(contact)),
                _ => {}
            }
        }
    }

    fn note(&mut self, contact: ContactKey, is_moment: bool) {
        if let Some(id) = self.waiting.get(&contact).filter(|_| is_moment) {
            self.moments.insert(id.clone());
        }
    }
}
