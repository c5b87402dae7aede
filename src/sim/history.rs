//! A day of one tenant, as a journal has it: what came from outside, ready to be played under another document, and
//! what came of it.
//!
//! Invariant: whatever routing decided that day is in the outcome and in nothing that is played again; what routing cut
//! short (a customer's patience by an answer) is known to be longer, and no more. Not here: reading a journal (`cli`),
//! and playing (`player`).

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    engine::{
        Command, Event, State,
        view::{Answer, Query},
    },
    journal::{Record, Snapshot},
    model::{
        document::Document,
        ids::{AgentKey, ContactId, SkillName, TenantId},
        limits::PAGE_MAX,
        requirement::Level,
        supervision::Action,
        time::{Span, Timestamp},
    },
};

mod agents;
mod contacts;
mod curves;
mod inputs;
mod lacks;
mod moments;
mod outcome;

use agents::Seats;
use contacts::Contacts;

pub use inputs::{Counts, Inputs, Unplayable};

/// A day is played from so long before it: a centre that begins empty is as busy as it was after that.
pub const WARM_UP: Span = Span::from_secs(2 * 3_600);

/// Which contacts count: those that came from `from` on and before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// `None` = from the first record on.
    pub from: Option<Timestamp>,
    /// `None` = to the last record.
    pub until: Option<Timestamp>,
}

/// A day that was.
#[derive(Debug)]
pub struct History {
    /// Whose.
    pub tenant: TenantId,
    /// What comes before this is not looked at.
    pub begins: Timestamp,
    /// Contacts count from here on …
    pub from: Timestamp,
    /// … to here.
    pub until: Timestamp,
    /// The document in force as that begins.
    pub document: Arc<Document>,
    /// Its version.
    pub version: u64,
    /// What else there is to say of it.
    pub remarks: Remarks,
    /// What stands for empathy, and from which level on.
    empathy: Option<(SkillName, Level)>,
    seats: Seats,
    contacts: Contacts,
    commands: Vec<(Timestamp, Command)>,
    /// When the last record was decided.
    ended: Timestamp,
}

/// What happened on a day that is played otherwise, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Remarks {
    /// Contacts that waited or were worked for as it begins.
    pub at_hand: u64,
    /// Other documents that came into force.
    pub documents: u64,
    /// Actions of supervisors on contacts.
    pub supervised: u64,
    /// Restarts of the daemon.
    pub restarts: u64,
}

/// Why there is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDay {
    /// Nothing happened in that time.
    #[error("the journal has no records of that time")]
    Nothing,
    /// Nobody came.
    #[error("no contact came in that time")]
    Nobody,
}

/// Follows one tenant's records.
#[derive(Debug)]
pub struct Watcher {
    tenant: TenantId,
    period: Period,
    /// The world, until the day begins.
    state: Option<State>,
    begins: Option<Timestamp>,
    documents: Documents,
    seats: Seats,
    contacts: Contacts,
    commands: Vec<(Timestamp, Command)>,
    /// Contacts on their way.
    announced: BTreeSet<ContactId>,
    remarks: Remarks,
    ended: Timestamp,
}

/// The document in force, and how often that changed.
#[derive(Debug, Default)]
struct Documents {
    in_force: Option<(u64, Arc<Document>)>,
    changes: u64,
}

impl Watcher {
    /// Of a tenant whose records begin here, or behind a snapshot.
    pub fn new(tenant: TenantId, period: Period, snapshot: Option<Snapshot>) -> Self {
        let world = snapshot.into_iter().flat_map(|snapshot| snapshot.worlds).find(|(whose, _)| *whose == tenant);
        Self {
            tenant,
            period,
            state: Some(world.map_or_else(State::new, |(_, state)| state)),
            begins: None,
            documents: Documents::default(),
            seats: Seats::default(),
            contacts: Contacts::default(),
            commands: Vec::new(),
            announced: BTreeSet::new(),
            remarks: Remarks::default(),
            ended: Timestamp(i64::MIN),
        }
    }

    /// Takes in one more record; others' are passed over.
    pub fn take(&mut self, record: &Record) {
        if record.tenant != self.tenant {
            return;
        }
        if let Some(state) = &mut self.state {
            let begins = self.period.from.map_or(record.now, |from| from - WARM_UP);
            if record.now < begins {
                return record.events.iter().for_each(|event| state.evolve(record.now, event));
            }
            self.begin(record.now);
        }
        self.ended = record.now;
        self.ask(record);
        for event in &record.events {
            self.follow(record, event);
        }
    }

    /// All that there is to know of the day.
    ///
    /// # Errors
    /// If nothing happened, or nobody came.
    pub fn finish(self) -> Result<History, NoDay> {
        let (Some(begins), Some((version, document))) = (self.begins, self.documents.in_force) else {
            return Err(NoDay::Nothing);
        };
        let from = self.period.from.unwrap_or(begins).max(begins);
        let until = self.period.until.unwrap_or(self.ended + Span(1));
        let mut contacts = self.contacts;
        contacts.all.retain(|contact| contact.came_at < until);
        if !contacts.all.iter().any(|contact| contact.came_at >= from) {
            return Err(NoDay::Nobody);
        }
        let empathy = document.empathy.as_ref().map(|empathy| (empathy.skill.clone(), empathy.level));
        Ok(History {
            tenant: self.tenant,
            empathy,
            begins,
            from,
            until,
            document,
            version,
            remarks: Remarks { documents: self.documents.changes, ..self.remarks },
            seats: self.seats,
            contacts,
            commands: self.commands,
            ended: self.ended,
        })
    }

    /// From now on everything counts; who is there by now, and what is in force, follows from the world so far.
    fn begin(&mut self, now: Timestamp) {
        let Some(state) = self.state.take() else { return };
        self.begins = Some(now);
        if let Ok(Answer::Document { version, .. }) = state.query(now, &Query::Document { version: None, field: "" })
            && let Ok(document) = Document::parse(&version.source.text, version.source.format)
        {
            self.documents.in_force = Some((version.version, Arc::new(document)));
        }
        let mut after = None;
        let mut known = Vec::new();
        while let Ok(Answer::Agents { agents, next }) = state.query(now, &Query::Agents { after, limit: PAGE_MAX }) {
            known.extend(agents);
            after = next;
            if after.is_none() {
                break;
            }
        }
        let mut keys = (0..).map(AgentKey);
        while self.seats.len() < known.len() {
            let Some(key) = keys.next() else { break };
            let Some(id) = state.agent_id(key) else { continue };
            let Some(view) = known.iter().find(|view| view.id == *id) else { continue };
            let is_lost = view.session.as_ref().is_none_or(|(_, is_open)| !is_open);
            let said = view.pending.as_ref().unwrap_or(&view.presence).clone();
            self.seats.put(now, key, &view.id, &view.profile);
            self.seats.begin_with(now, key, said, is_lost);
        }
        let mut after = None;
        loop {
            let query = Query::Contacts { after, limit: PAGE_MAX, filter: Default::default() };
            let Ok(Answer::Contacts { contacts, next }) = state.query(now, &query) else { break };
            self.remarks.at_hand += contacts.iter().filter(|view| view.closed.is_none()).count() as u64;
            after = next;
            if after.is_none() {
                break;
            }
        }
    }

    /// What was asked that comes again as it is, and what cannot.
    fn ask(&mut self, record: &Record) {
        let command = &record.input.command;
        let comes_again = match command {
            Command::AnnounceContact { contact, .. } => self.announced.insert(contact.clone()),
            Command::EnqueueContact(new) => {
                self.announced.remove(&new.id);
                false
            }
            Command::CancelContact { contact, .. } => self.announced.remove(contact),
            Command::Supervise(supervision) => match supervision.action {
                Action::SetQueueMode { .. } => true,
                Action::ForcePresence { .. } | Action::EraseCustomer { .. } => false,
                Action::MoveContact { .. }
                | Action::MoveQueue { .. }
                | Action::PullContact { .. }
                | Action::PrioritiseContact { .. } => {
                    self.remarks.supervised += 1;
                    false
                }
            },
            Command::Resume { .. } => {
                self.remarks.restarts += 1;
                false
            }
            _ => false,
        };
        if comes_again {
            self.commands.push((record.now, command.clone()));
        }
    }

    fn follow(&mut self, record: &Record, event: &Event) {
        if let Event::DocumentApplied { version, document, .. } = event {
            let is_before = self.period.from.is_some_and(|from| record.now <= from);
            match self.documents.in_force {
                Some(_) if !is_before => {
                    let counts = self.period.until.is_none_or(|until| record.now < until);
                    self.documents.changes += u64::from(counts);
                }
                _ => self.documents.in_force = Some((*version, Arc::clone(document))),
            }
        }
        self.seats.follow(record.now, event);
        self.contacts.follow(record, event, &mut self.seats);
    }
}
