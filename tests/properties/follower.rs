//! Somebody who is told changes and nothing else, and must come to hold what the state holds.

use std::collections::BTreeMap;

use attune::{
    engine::{
        change::{Change, HappeningKind},
        view::{AgentView, Answer, ContactFilter, ContactState, ContactView, Query, QueueView},
    },
    model::{
        ids::{AgentId, ContactId, QueueName},
        limits::PAGE_MAX,
        time::Span,
    },
    sim::driver::Driver,
};

/// Rows as a follower holds them.
#[derive(Debug, Default, PartialEq)]
pub struct Follower {
    contacts: BTreeMap<ContactId, ContactView>,
    agents: BTreeMap<AgentId, AgentView>,
    queues: BTreeMap<QueueName, QueueView>,
}

impl Follower {
    /// How everything stands.
    pub fn new(driver: &Driver) -> Self {
        let mut all = Self::default();
        let ask = |query| driver.state().query(driver.now(), &query).expect("a list is answered");
        let filter = ContactFilter::default();
        if let Answer::Contacts { contacts, .. } = ask(Query::Contacts { after: None, limit: PAGE_MAX, filter }) {
            contacts.into_iter().for_each(|view| all.put(view));
        }
        if let Answer::Agents { agents, .. } = ask(Query::Agents { after: None, limit: PAGE_MAX }) {
            all.agents = agents.into_iter().map(|view| (view.id.clone(), view)).collect();
        }
        if let Answer::Queues { queues, .. } = ask(Query::Queues { after: None, limit: PAGE_MAX }) {
            all.queues = queues.into_iter().map(|view| (view.name.clone(), view)).collect();
        }
        all
    }

    /// Takes what it is told; after a new document it begins anew.
    pub fn take(&mut self, changes: &[Change], driver: &Driver) {
        for change in changes {
            if change.happenings.iter().any(|happening| happening.kind == HappeningKind::DocumentApplied) {
                *self = Self::new(driver);
                continue;
            }
            change.contacts.iter().for_each(|row| self.put(row.view.clone()));
            self.agents.extend(change.agents.iter().map(|view| (view.id.clone(), view.clone())));
            change.gone.iter().for_each(|id| drop(self.agents.remove(id)));
            self.queues.extend(change.queues.iter().map(|view| (view.name.clone(), view.clone())));
        }
    }

    /// A contact's end is the last that is told of it.
    fn put(&mut self, view: ContactView) {
        if view.state == ContactState::Closed {
            self.contacts.remove(&view.id);
        } else {
            // How long it has waited changes by itself.
            self.contacts.insert(view.id.clone(), ContactView { waited: Span::ZERO, ..view });
        }
    }

    /// Whether it holds what the state holds.
    pub fn compare(&self, driver: &Driver) -> Result<(), String> {
        let is = Self::new(driver);
        if *self == is { Ok(()) } else { Err(format!("a follower holds\n{self:#?}\nand the state\n{is:#?}")) }
    }
}
