//! Plays a scenario in virtual time: customers come, wait, hang up and try again, agents accept, work and go home, and the
//! production shard decides everything in between.
//!
//! Invariant: the engine alone decides, by a document and commands as in production ([`Driver`] over the shard's own
//! core); what is chance about a contact is drawn before anybody routes it, so that two documents meet the same
//! customers. The same scenario, seed and version come to the same digest, on every machine; with an automatic reserve or
//! overflow by estimate (`forecast`), or words to read (`scoring::text`) on machines of one kind, because both take exponentials as the platform
//! gives them. Not here: several runs and what they say together (`study`).

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use rustc_hash::FxHashMap;

use super::{
    driver::{Driver, Step},
    scenario::{Announced, Length, Message, Scenario, Turn, WaitingRoom, detector::Said},
};
use crate::{
    engine::{Command, Event, Reject, Request},
    journal::{Digest, Record},
    model::{
        agent::{Expected, Presence},
        care::{self, Care},
        contact::{CancelReason, ContactDetails, NewContact},
        ids::{ContactId, ContactKey, EngagementKey, OfferKey, SessionId},
        signal::Content,
        time::{Span, Timestamp},
    },
};

mod commands;
mod follow;
mod guest;
pub mod outcome;
mod source;
pub(super) mod staff;
pub(super) mod watch;

use guest::{Guests, Told};
use outcome::{Fate, Outcome};
use source::Source;
use staff::Staff;
use watch::Waiting;

/// What the built-in analyser makes of a customer's words.
pub type Hear<'h> = &'h dyn Fn(&Message) -> Content;

/// The generator's steps between two runs' seeds (the golden ratio, as Weyl sequences take it).
const SEED_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Where chance of one kind begins.
fn chance(seed: u64, of: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(SEED_STEP) ^ of)
}

/// The seed of a run of a scenario, counted from 0.
pub fn seed_of(scenario: &Scenario, run: u32) -> u64 {
    scenario.run.seed.wrapping_add(u64::from(run).wrapping_mul(SEED_STEP))
}

/// A contact that the engine does not take, for another reason than that its queue has no room: the scenario is at fault,
/// and what came of it would say nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("contact {contact:?} was refused: {reject}")]
pub struct Refused {
    /// Whose.
    pub contact: ContactId,
    /// Why.
    pub reject: Reject,
}

/// Plays one run; `watch` sees every record in order.
///
/// # Errors
/// Ends with the first contact that could never have come.
pub fn play(
    scenario: &Scenario,
    seed: u64,
    hear: Hear<'_>,
    watch: &mut dyn FnMut(&Record),
) -> Result<Outcome, Refused> {
    let mut player = Player::open(scenario, seed, hear, watch);
    player.run();
    match player.refused.take() {
        Some(refused) => Err(refused),
        None => Ok(player.close()),
    }
}

/// What comes next. `u64` is the stamp of what it was planned for: it is off if that has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// The next contact of a stream is known, its announcement's time before it comes.
    Known(usize),
    /// It, or one that never comes, is announced.
    Announced(usize, u64),
    AnnouncedInVain(usize, Timestamp),
    Comes(usize, u64),
    HangsUp(usize, u64),
    Finishes(usize, u64),
    WrapsUp(usize, u64),
    WritesOn(usize, u64, Span),
    Accepts(OfferKey),
    Declines(OfferKey),
    Begins(usize),
    GoesHome(usize),
    Returns(usize),
    /// What is recorded of an agent, of a contact that waits, of a platform or a supervisor, by its place.
    Turns(usize, usize),
    Told(usize, u64, usize),
    TakenBack(usize, u64),
    Commanded(usize),
}

struct Player<'a> {
    scenario: &'a Scenario,
    seed: u64,
    hear: Hear<'a>,
    watch: &'a mut dyn FnMut(&Record),
    driver: Driver,
    digest: Digest,
    agenda: BinaryHeap<Reverse<(Timestamp, u64, Happening)>>,
    planned: u64,
    sources: Vec<Source<'a>>,
    guests: Guests,
    /// Whoever is entering a queue at this moment.
    coming: Option<usize>,
    staff: Staff<'a>,
    keys: FxHashMap<ContactKey, usize>,
    offers: FxHashMap<OfferKey, (usize, usize)>,
    engagements: FxHashMap<EngagementKey, AtWork>,
    unanswered: Vec<OfferKey>,
    details: Arc<ContactDetails>,
    window: Window,
    waiting: Vec<Waiting>,
    outcome: Outcome,
    /// Announcements of contacts that never come.
    in_vain: u64,
    /// What ends the run.
    refused: Option<Refused>,
}

/// An agent's work with a contact, until all that it took is given back.
#[derive(Debug, Clone, Copy)]
struct AtWork {
    slot: usize,
    agent: usize,
    /// What it takes of the agent's capacity now.
    load: f64,
}

/// Which contacts count.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// From here on …
    from: Timestamp,
    /// … to here, if that is known …
    until: Option<Timestamp>,
    /// … or so many.
    left: u64,
    /// Counted contacts without a fate.
    open: u64,
    /// When the last of so many came.
    closed_at: Option<Timestamp>,
}

impl Window {
    fn of(scenario: &Scenario) -> Self {
        let begins = Timestamp(0) + scenario.run.from;
        let (until, left) = match scenario.run.length {
            Length::Time(length) => (Some(begins + length), u64::MAX),
            Length::Contacts(contacts) => (None, contacts),
        };
        Self { from: begins + scenario.run.warm_up, until, left, open: 0, closed_at: None }
    }

    fn counts(&mut self, comes_at: Timestamp) -> bool {
        let counts = comes_at >= self.from && self.left > 0 && self.until.is_none_or(|until| comes_at < until);
        self.left -= u64::from(counts);
        self.open += u64::from(counts);
        if self.left == 0 {
            self.closed_at.get_or_insert(comes_at);
        }
        counts
    }

    /// Nobody else counts, and whoever did has a fate.
    fn is_over(&self, now: Timestamp) -> bool {
        let is_closed = self.until.map_or(self.left == 0, |until| now >= until);
        is_closed && self.open == 0
    }
}

impl<'a> Player<'a> {
    fn open(scenario: &'a Scenario, seed: u64, hear: Hear<'a>, watch: &'a mut dyn FnMut(&Record)) -> Self {
        let begins = Timestamp(0) + scenario.run.from;
        let (mut driver, founded) = Driver::new(begins, scenario.document.clone());
        driver.learn(&founded);
        let mut digest = Digest::default();
        digest.take(&founded);
        watch(&founded);
        let (outcome, window) = (Outcome::new(scenario), Window::of(scenario));
        let sources = (0..).zip(&scenario.streams).map(|(at, stream)| Source::new(scenario, stream, at, seed));
        let mut player = Self {
            scenario,
            seed,
            hear,
            watch,
            driver,
            digest,
            agenda: BinaryHeap::new(),
            planned: 0,
            sources: sources.collect(),
            guests: Guests::default(),
            coming: None,
            staff: Staff::new(scenario, (window.from, window.until), outcome.clock()),
            keys: FxHashMap::default(),
            offers: FxHashMap::default(),
            engagements: FxHashMap::default(),
            unanswered: Vec::new(),
            details: Arc::default(),
            window,
            waiting: vec![Waiting::new(window.from, window.until); scenario.classes.len() * 2],
            outcome,
            in_vain: 0,
            refused: None,
        };
        (0..player.staff.len()).for_each(|agent| player.hire(agent));
        for (at, (time, _)) in scenario.commands.iter().enumerate() {
            player.plan(Timestamp(0) + *time, Happening::Commanded(at));
        }
        (0..scenario.streams.len()).for_each(|stream| player.await_next(stream));
        player
    }

    fn run(&mut self) {
        while self.refused.is_none() && !self.window.is_over(self.driver.now()) {
            if self.agenda.is_empty() && self.window.open == 0 {
                break;
            }
            let next = self.agenda.peek().map(|Reverse((at, ..))| *at);
            let due = self.driver.state().next_deadline();
            // What the engine does of itself may plan something that comes before whatever is planned now.
            match (due, next) {
                (Some(due), next) if next.is_none_or(|next| due <= next) => {
                    let step = self.driver.pass_until(due);
                    self.follow(step);
                }
                (_, Some(at)) => {
                    let step = self.driver.pass_until(at);
                    self.follow(step);
                    if let Some(Reverse((_, _, what))) = self.agenda.pop() {
                        self.happen(what);
                    }
                }
                _ => break,
            }
        }
    }

    fn close(mut self) -> Outcome {
        for slot in self.guests.slots() {
            self.settle(slot, Fate::Unserved, Span::ZERO);
        }
        // Whoever is there when nothing happens any more stays to the end.
        let until = self.window.until.or(self.window.closed_at).unwrap_or(self.driver.now());
        self.stop_watching(until);
        self.outcome.waiting = self.waiting.iter().map(Waiting::area).collect();
        self.outcome.observed = until - self.window.from;
        self.staff.into_loads().iter().zip(&mut self.outcome.groups).for_each(|(worked, load)| load.add(worked));
        self.outcome.digest = self.digest.value();
        self.outcome
    }

    /// Who waits and who works counts no more.
    fn stop_watching(&mut self, now: Timestamp) {
        self.waiting.iter_mut().for_each(|waiting| waiting.stop(now));
        self.staff.stop(now);
    }

    fn plan(&mut self, at: Timestamp, what: Happening) {
        self.planned += 1;
        self.agenda.push(Reverse((at.max(self.driver.now()), self.planned, what)));
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Known(stream) => self.know(stream),
            Happening::Announced(slot, stamp) if self.guests.is(slot, stamp) => self.announce(slot),
            Happening::AnnouncedInVain(stream, expected_at) => self.announce_in_vain(stream, expected_at),
            Happening::Comes(slot, stamp) if self.guests.is(slot, stamp) => self.come(slot),
            Happening::HangsUp(slot, stamp) if self.guests.is(slot, stamp) => self.hang_up(slot),
            Happening::Finishes(slot, stamp) if self.guests.is(slot, stamp) => self.finish(slot),
            Happening::WrapsUp(slot, stamp) if self.guests.is(slot, stamp) => self.wrap_up(slot),
            Happening::WritesOn(slot, stamp, by) if self.guests.is(slot, stamp) => self.write_on(slot, by),
            Happening::Accepts(offer) => self.accept(offer),
            Happening::Declines(offer) => self.decline(offer),
            Happening::Begins(agent) => self.set_presence(agent, Presence::Available),
            Happening::Returns(agent) if self.staff.is_on_shift(agent, self.driver.now()) => {
                self.set_presence(agent, Presence::Available);
            }
            Happening::GoesHome(agent) => self.set_presence(agent, Presence::Offline),
            Happening::Turns(agent, turn) => self.turn(agent, turn),
            Happening::Told(slot, stamp, said) if self.guests.is(slot, stamp) => self.tell(slot, said),
            Happening::TakenBack(slot, stamp) if self.guests.is(slot, stamp) => self.take_back(slot),
            Happening::Commanded(at) => self.command(at),
            Happening::Announced(..)
            | Happening::Comes(..)
            | Happening::HangsUp(..)
            | Happening::Finishes(..)
            | Happening::WrapsUp(..)
            | Happening::WritesOn(..)
            | Happening::Told(..)
            | Happening::TakenBack(..)
            | Happening::Returns(_) => {}
        }
    }

    /// Plans when the next contact of a stream gets known.
    fn await_next(&mut self, stream: usize) {
        if let Some(known_at) = self.sources[stream].known_at() {
            self.plan(known_at, Happening::Known(stream));
        }
    }

    fn know(&mut self, stream: usize) {
        let Some(guest) = self.sources[stream].take() else { return };
        let announced = guest.announced;
        let comes_at = guest.comes_at;
        let slot = self.guests.put(guest);
        let stamp = self.guests[slot].stamp;
        if let Some(ahead) = announced {
            self.plan(comes_at - ahead, Happening::Announced(slot, stamp));
        }
        match comes_at <= self.driver.now() {
            true => self.come(slot),
            false => self.plan(comes_at, Happening::Comes(slot, stamp)),
        }
        self.await_next(stream);
    }
}
