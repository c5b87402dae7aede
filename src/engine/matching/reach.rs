//! Who could ever take what waits: what is known of it, and what is to be looked at again.
//!
//! Each class that somebody waits in has a witness: one agent, signed in or not, who could take its contacts now or as
//! they wait on. Contacts with exclusions or a target have one of their own. Only where a witness changes is another
//! sought, and only those without one are looked at again when an agent changes: the idea of watched literals (Moskewicz
//! et al. 2001, "Chaff: Engineering an Efficient SAT Solver"). Nothing is done for contacts that are offered at once.
//!
//! Invariant: work lists and what they led to, never part of the state: it is found again from contacts and agents at any
//! time. What follows for a contact is an event (`alert`).

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    engine::table::Table,
    model::{
        ids::{AgentKey, ContactKey},
        time::Timestamp,
    },
};

use super::{class::ClassKey, heads::Head};

/// For whom an agent is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Seeker {
    /// Every contact of the class that excludes nobody.
    Class(ClassKey),
    /// One contact, with exclusions or a target of its own.
    Contact(ContactKey),
}

/// What is known, and what is to be looked at.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Who could take it; `None` = nobody.
    witnesses: Table<Seeker, Option<AgentKey>>,
    /// For whom each agent is the witness.
    witnessed: BTreeMap<AgentKey, BTreeSet<Seeker>>,
    /// Those without a witness.
    lost: BTreeSet<Seeker>,
    /// Contacts that wait in vain since the last look.
    waiting: BTreeSet<ContactKey>,
    /// Agents who can do other things than before, or are no more.
    changed: BTreeSet<AgentKey>,
    /// Whose witness is to be sought again.
    stale: BTreeSet<Seeker>,
    /// Lines to be told of a change, each with the contact up to which that is done.
    lines: BTreeMap<ClassKey, Option<Head>>,
    /// When what a pass has left goes on.
    again_at: Option<Timestamp>,
}

impl Reach {
    /// A contact waits in vain.
    pub fn note_waiting(&mut self, contact: ContactKey) {
        self.waiting.insert(contact);
    }

    /// An agent can do other things than before, or is no more.
    pub fn note_agent(&mut self, agent: AgentKey) {
        self.changed.insert(agent);
    }

    /// Whether there is anything to look at.
    pub fn has_work(&self) -> bool {
        !(self.waiting.is_empty() && self.changed.is_empty() && self.stale.is_empty() && self.lines.is_empty())
    }

    /// When what a pass has left is to go on, if it has left anything.
    pub fn due(&self) -> Option<Timestamp> {
        self.again_at
    }

    /// A pass is over; what it has left goes on then.
    pub fn end_pass(&mut self, again_at: Timestamp) {
        self.again_at = self.has_work().then_some(again_at);
    }

    /// What is known of a seeker: `None` = nothing yet, `Some(None)` = nobody could take it.
    pub fn known(&self, seeker: Seeker) -> Option<Option<AgentKey>> {
        self.witnesses.get(&seeker).copied()
    }

    /// Enters what was found.
    pub fn learn(&mut self, seeker: Seeker, witness: Option<AgentKey>) {
        self.forget(seeker);
        self.witnesses.insert(seeker, witness);
        match witness {
            Some(agent) => _ = self.witnessed.entry(agent).or_default().insert(seeker),
            None => _ = self.lost.insert(seeker),
        }
    }

    /// A seeker is no more.
    pub fn forget(&mut self, seeker: Seeker) {
        self.stale.remove(&seeker);
        match self.witnesses.remove(&seeker) {
            Some(Some(agent)) => {
                if let Some(seekers) = self.witnessed.get_mut(&agent) {
                    seekers.remove(&seeker);
                    if seekers.is_empty() {
                        self.witnessed.remove(&agent);
                    }
                }
            }
            Some(None) => _ = self.lost.remove(&seeker),
            None => {}
        }
    }

    /// Takes in which agents changed: whoever they were the witness of, and those who had none, are sought for again.
    pub fn sort_out(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        for agent in &changed {
            self.stale.extend(self.witnessed.get(agent).into_iter().flatten());
        }
        if !changed.is_empty() {
            self.stale.extend(&self.lost);
        }
    }

    /// The next seeker to be sought for again.
    pub fn next_stale(&mut self) -> Option<Seeker> {
        self.stale.pop_first()
    }

    /// The next contact that waits in vain.
    pub fn next_waiting(&mut self) -> Option<ContactKey> {
        self.waiting.pop_first()
    }

    /// A class's contacts are to be told.
    pub fn tell_line(&mut self, class: ClassKey, after: Option<Head>) {
        self.lines.insert(class, after);
    }

    /// The next line to be told, and after whom.
    pub fn next_line(&mut self) -> Option<(ClassKey, Option<Head>)> {
        self.lines.pop_first()
    }
}
