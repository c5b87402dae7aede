//! The clients' own books: what was promised, seen and answered, contact by contact.
//!
//! Invariant: nothing is entered that the daemon merely claims about itself; an entry is what a customer or an agent
//! saw. Times are of the clock that the daemon stamps offers with (`shard::clock`), since both are one process. A
//! contact without an end has a place that somebody has looked up, or it is lost.
//! Not here: what counts as offered twice (`double`), how the sums are shown (`summary`).

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::sync::watch;

use crate::{
    model::time::Timestamp,
    sim::{day::Answered, workload::Contact},
};

pub mod double;
mod hold;

pub use hold::{Hold, Over, Shown};

/// Everybody's books.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By number, from 1.
    entries: Vec<Entry>,
    /// What happened, in numbers.
    pub counts: Counts,
}

/// Sums that belong to no contact.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Counts {
    /// Contacts that the daemon had no room for; not among those acknowledged.
    pub refused: u64,
    /// Offers shown to agents.
    pub offers: u64,
    /// Declined.
    pub declined: u64,
    /// Left to ring until they expired.
    pub expired: u64,
    /// Withdrawn by the daemon, for any other reason.
    pub rescinded: u64,
    /// Engagements passed on.
    pub transferred: u64,
    /// Engagements that did not come about.
    pub connect_failed: u64,
    /// Agents' streams cut on the way.
    pub streams_cut: u64,
    /// Of those, resumed with everything kept.
    pub streams_resumed: u64,
}

/// Where a contact stands, for its customer to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// With the daemon.
    Waiting,
    /// With an agent.
    Engaged,
    /// Over.
    Ended,
}

/// How a contact ended, as its customer or its agent saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The agent's completion was acknowledged.
    Completed,
    /// The customer left, and that was acknowledged.
    Abandoned,
    /// Its queue's longest wait was over.
    TimedOut,
}

/// One contact's page.
#[derive(Debug)]
pub struct Entry {
    /// What it is.
    pub contact: Arc<Contact>,
    /// When it was sent to the daemon.
    pub sent_at: Timestamp,
    /// Whether the daemon has taken it.
    pub acknowledged: bool,
    /// Whether the daemon took it for a moment of truth when it came.
    pub is_moment: bool,
    /// Who answered first.
    pub answered_by: Option<Answered>,
    /// When the agent who took it had the answer; connecting that failed is no answer.
    pub answered_at: Option<Timestamp>,
    /// Whom it was offered to.
    pub holds: Vec<Hold>,
    /// How it ended, and when that was acknowledged.
    pub ending: Option<(Ending, Timestamp)>,
    /// At the end of the run the daemon still had it.
    pub has_place: bool,
    /// Why it is lost, if it is.
    pub lost: Option<String>,
    stage: watch::Sender<Stage>,
}

impl Entry {
    /// How long it waited for an answer.
    pub fn waited(&self) -> Option<Duration> {
        let waited = self.answered_at? - self.sent_at;
        Some(Duration::from_micros(u64::try_from(waited.0).unwrap_or(0)))
    }

    /// How long it waited for an answer, or until it ended without one; `None` if it still waits or is lost.
    pub fn waited_in_all(&self) -> Option<Duration> {
        let until = self.answered_at.or(self.ending.map(|(_, at)| at)).filter(|_| self.lost.is_none())?;
        Some(Duration::from_micros(u64::try_from((until - self.sent_at).0).unwrap_or(0)))
    }

    /// Whether this agent accepted it last.
    pub fn is_with(&self, agent: &str) -> bool {
        let accepted = self.holds.iter().filter(|hold| hold.engaged_since.is_some());
        accepted.max_by_key(|hold| hold.engaged_since).is_some_and(|hold| hold.agent == agent)
    }

    /// Whether its customer left.
    pub fn was_abandoned(&self) -> bool {
        self.ending.is_some_and(|(ending, _)| ending == Ending::Abandoned)
    }

    /// Where it stands.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }
}

impl Ledger {
    /// A customer comes; returns where the contact stands, to follow.
    pub fn arrived(&mut self, contact: Arc<Contact>, now: Timestamp) -> watch::Receiver<Stage> {
        assert_eq!(contact.number as usize, self.entries.len() + 1, "contacts come in the order of their numbers");
        let (stage, follow) = watch::channel(Stage::Waiting);
        self.entries.push(Entry {
            contact,
            sent_at: now,
            acknowledged: false,
            is_moment: false,
            answered_by: None,
            answered_at: None,
            holds: Vec::new(),
            ending: None,
            has_place: false,
            lost: None,
            stage,
        });
        follow
    }

    /// The daemon has taken it.
    pub fn acknowledged(&mut self, number: u32) {
        self.entry(number).acknowledged = true;
    }

    /// An agent's stream shows an offer; true if the agent has not seen it before.
    pub fn offered(&mut self, number: u32, shown: Shown) -> bool {
        let holds = &mut self.entry(number).holds;
        match holds.iter_mut().find(|hold| hold.is(&shown.agent, &shown.offer)) {
            Some(hold) => {
                hold.reopen();
                false
            }
            None => {
                holds.push(Hold::new(shown));
                self.counts.offers += 1;
                true
            }
        }
    }

    /// An agent's call about an offer was answered with OK: it was open when the call was first sent.
    pub fn confirmed(&mut self, number: u32, agent: &str, offer: &str, sent_at: Timestamp) {
        self.with_hold(number, agent, offer, |hold| hold.confirm(sent_at));
    }

    /// Delivery was acknowledged: the offer was open then, and will be until it is answered or this time comes.
    pub fn delivered(&mut self, number: u32, agent: &str, offer: &str, sent_at: Timestamp, expires_at: Timestamp) {
        self.with_hold(number, agent, offer, |hold| hold.deliver(sent_at, expires_at));
    }

    /// An offer is over for its agent.
    pub fn over(&mut self, number: u32, agent: &str, offer: &str, over: Over) {
        if self.with_hold(number, agent, offer, |hold| hold.end(over)) != Some(true) {
            return;
        }
        match over {
            Over::Expired => self.counts.expired += 1,
            Over::Undelivered | Over::Withdrawn => self.counts.rescinded += 1,
            Over::Declined => self.counts.declined += 1,
            Over::Refused => {}
        }
    }

    /// An agent's stream broke: which of the offers are still open is told when it is resumed.
    pub fn stream_broke(&mut self, agent: &str) {
        self.counts.streams_cut += 1;
        let holds = self.entries.iter_mut().filter(|entry| entry.ending.is_none()).flat_map(|entry| &mut entry.holds);
        holds.filter(|hold| hold.agent == agent).for_each(Hold::lose_sight);
    }

    /// Whether the offer is still open, as far as its agent can see.
    pub fn is_open(&mut self, number: u32, agent: &str, offer: &str) -> bool {
        self.with_hold(number, agent, offer, |hold| hold.is_open()).unwrap_or(false)
    }

    /// An agent's acceptance, sent at that time, was answered with OK.
    pub fn accepted(&mut self, number: u32, agent: &str, offer: &str, sent_at: Timestamp, now: Timestamp) {
        self.with_hold(number, agent, offer, |hold| hold.accept(sent_at, now));
        self.entry(number).stage.send_replace(Stage::Engaged);
    }

    /// The accepting agent and the customer talk. How long the customer waited, the first time.
    pub fn answered(&mut self, number: u32, by: Answered, now: Timestamp) -> Option<Duration> {
        let entry = self.entry(number);
        let first = entry.answered_at.is_none();
        entry.answered_by.get_or_insert(by);
        entry.answered_at.get_or_insert(now);
        entry.waited().filter(|_| first)
    }

    /// The agent's engagement is over and the contact waits again; `sent_at` is when the agent said so.
    pub fn passed_on(&mut self, number: u32, agent: &str, sent_at: Timestamp) {
        let entry = self.entry(number);
        entry.holds.iter_mut().filter(|hold| hold.agent == agent).for_each(|hold| hold.release(sent_at));
        // The next agent's acceptance may have been answered first.
        if entry.stage() == Stage::Engaged && entry.is_with(agent) {
            entry.stage.send_replace(Stage::Waiting);
        }
    }

    /// The agent's completion, sent at that time, was acknowledged at `now`.
    pub fn completed(&mut self, number: u32, agent: &str, sent_at: Timestamp, now: Timestamp) {
        let holds = self.entry(number).holds.iter_mut();
        holds.filter(|hold| hold.agent == agent).for_each(|hold| hold.release(sent_at));
        self.ended(number, Ending::Completed, now);
    }

    /// The contact is over, and that was acknowledged at `now`.
    pub fn ended(&mut self, number: u32, ending: Ending, now: Timestamp) {
        let entry = self.entry(number);
        entry.ending.get_or_insert((ending, now));
        entry.stage.send_replace(Stage::Ended);
    }

    /// The daemon denies what it has acknowledged.
    pub fn lost(&mut self, number: u32, why: String) {
        let entry = self.entry(number);
        entry.lost.get_or_insert(why);
        entry.stage.send_replace(Stage::Ended);
    }

    /// Asked at that time, the daemon still had it where the books have it.
    pub fn has_place(&mut self, number: u32, asked_at: Timestamp) {
        let entry = self.entry(number);
        entry.has_place = true;
        entry.holds.iter_mut().for_each(|hold| hold.release(asked_at));
    }

    /// All pages, by number.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One page.
    pub fn entry(&mut self, number: u32) -> &mut Entry {
        let entry = (number as usize).checked_sub(1).and_then(|at| self.entries.get_mut(at));
        entry.expect("contacts are numbered here and looked up by `number_of`")
    }

    /// The number in a contact's id, if it is one of ours.
    pub fn number_of(&self, id: &str) -> Option<u32> {
        let number: u32 = id.strip_prefix('c')?.parse().ok()?;
        (1..=self.entries.len()).contains(&(number as usize)).then_some(number)
    }

    fn with_hold<T>(&mut self, number: u32, agent: &str, offer: &str, act: impl FnOnce(&mut Hold) -> T) -> Option<T> {
        self.entry(number).holds.iter_mut().find(|hold| hold.is(agent, offer)).map(act)
    }
}
