//! Erasing a customer: what names or describes somebody leaves the state at once, and the journal with the record of it.
//!
//! Invariant: a customer with an open contact is not erased, since whoever serves the contact needs to know whom; the
//! action is remembered with who took it and why, and not of whom. Not here: keys, which the journal destroys.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use rustc_hash::FxHasher;
use smallvec::SmallVec;

use crate::model::{
    contact::CustomerId,
    ids::ContactKey,
    supervision::{Action, Supervision},
};

use super::{command::Reply, emit::Emit, event::Event, reject::Reject, state::State, table::Table};

/// Contacts by their customers. A hash stands for a customer, so that no name is kept twice; of whom a contact is, it says
/// itself.
#[derive(Debug, Clone, Default)]
pub struct ContactsOf {
    found: Table<u64, SmallVec<[ContactKey; 2]>>,
    contacts: usize,
}

impl ContactsOf {
    /// A contact is a customer's; nobody in particular has none.
    pub fn add(&mut self, customer: &str, contact: ContactKey) {
        if customer.is_empty() {
            return;
        }
        self.contacts += 1;
        let hash = hash_of(customer);
        match self.found.get_mut(&hash) {
            Some(contacts) => contacts.push(contact),
            None => drop(self.found.insert(hash, SmallVec::from_slice(&[contact]))),
        }
    }

    /// It is no more.
    pub fn remove(&mut self, customer: &str, contact: ContactKey) {
        let hash = hash_of(customer);
        let Some(contacts) = self.found.get_mut(&hash) else { return };
        let before = contacts.len();
        contacts.retain(|other| *other != contact);
        self.contacts -= before - contacts.len();
        if contacts.is_empty() {
            self.found.remove(&hash);
        }
    }

    /// How many contacts have a customer.
    pub fn len(&self) -> usize {
        self.contacts
    }

    /// Whether a contact is found by its customer.
    pub fn contains(&self, customer: &str, contact: ContactKey) -> bool {
        self.found.get(&hash_of(customer)).is_some_and(|contacts| contacts.contains(&contact))
    }
}

fn hash_of(customer: &str) -> u64 {
    let mut hasher = FxHasher::default();
    customer.hash(&mut hasher);
    hasher.finish()
}

/// Erases a customer whose contacts are all closed.
pub(super) fn erase_customer(
    out: &mut Emit<'_>,
    supervision: &Supervision,
    customer: &CustomerId,
) -> Result<Reply, Reject> {
    let state = out.state();
    let contacts = state.contacts_of(customer);
    let open: Vec<_> = contacts.iter().map(|key| state.contact(*key)).filter(|contact| !contact.is_closed()).collect();
    if !open.is_empty() {
        return Err(Reject::CustomerBusy(open.iter().map(|contact| contact.id.clone()).collect()));
    }
    let Supervision { actor, reason, .. } = supervision.clone();
    let action = Action::EraseCustomer { customer: CustomerId::default() };
    out.emit(Event::Supervised { supervision: Arc::new(Supervision { actor, reason, action }) });
    out.emit(Event::CustomerErased { customer: customer.clone(), contacts });
    Ok(Reply::Done)
}

impl State {
    /// A customer's contacts that are remembered, in order.
    fn contacts_of(&self, customer: &CustomerId) -> Vec<ContactKey> {
        let found = self.contacts_of.found.get(&hash_of(&customer.0));
        let is_theirs = |key: &ContactKey| self.contact(*key).details.customer_id == customer.0;
        let mut contacts: Vec<_> = found.into_iter().flatten().copied().filter(is_theirs).collect();
        contacts.sort_unstable();
        contacts
    }

    /// Forgets whatever names or describes a customer. What was learnt of closed contacts' signals goes with it.
    pub(super) fn erase(&mut self, customer: &CustomerId, contacts: &[ContactKey]) {
        for key in contacts {
            let contact = self.contacts.get_mut(key).expect("contacts are erased while they are remembered");
            self.contacts_of.remove(&contact.details.customer_id, *key);
            contact.details = Arc::default();
            contact.heard = None;
        }
        self.customers.erase(&customer.0);
        self.budgets.erase(&customer.0);
    }
}
