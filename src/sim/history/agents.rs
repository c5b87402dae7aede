//! Who was there when, and how they took offers.
//!
//! Invariant: being there is what agents and supervisors said, less the time without a stream; that the engine set
//! somebody away for not answering is its decision, and not among it. Not here: what they did with contacts
//! (`contacts`).

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{
    engine::{Event, event::PresenceBecause},
    model::{
        agent::{AgentProfile, Presence},
        ids::{AgentId, AgentKey, EngagementKey},
        requirement::Level,
        time::{Span, Timestamp},
    },
    sim::scenario::Turn,
};

/// All agents, in the order in which they were first known.
#[derive(Debug, Default)]
pub(super) struct Seats {
    pub all: Vec<Seat>,
    by_id: FxHashMap<AgentId, usize>,
    by_key: FxHashMap<AgentKey, usize>,
    /// What they were busy with, and whether they were there, in order.
    pub marks: Vec<Mark>,
}

/// An agent.
#[derive(Debug)]
pub(super) struct Seat {
    pub id: AgentId,
    /// What became of them, in order; the first is the profile they were first known by.
    pub turns: Vec<(Timestamp, Turn)>,
    pub learnt: Option<Level>,
    pub offers: Offers,
    /// What was last said of being there.
    said: Presence,
    /// Without a stream.
    is_lost: bool,
    /// Presence as the engine has it.
    is_available: bool,
    /// Both together, as they were last marked.
    is_there: bool,
    shown: Presence,
    missed_at: Option<Timestamp>,
}

/// What somebody did with offers.
#[derive(Debug, Clone, Default)]
pub(super) struct Offers {
    /// How long each acceptance took.
    pub accepted: Vec<Span>,
    pub missed: u64,
    pub declined: u64,
    /// How long each time that not answering sent them away lasted.
    pub away: Vec<Span>,
}

impl Offers {
    /// How many were there to be answered.
    pub fn len(&self) -> u64 {
        self.accepted.len() as u64 + self.missed + self.declined
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.accepted.extend(&other.accepted);
        self.away.extend(&other.away);
        self.missed += other.missed;
        self.declined += other.declined;
    }
}

/// A moment at which an agent's load or presence became another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub at: Timestamp,
    pub agent: usize,
    pub what: Marked,
}

/// What became another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Marked {
    There(bool),
    /// An engagement with the contact of this place.
    Load(EngagementKey, usize, Doing),
}

/// What an agent does with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Work,
    WrapUp,
    Nothing,
}

impl Seats {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The place of an agent.
    pub fn of(&self, key: AgentKey) -> Option<usize> {
        self.by_key.get(&key).copied()
    }

    /// An agent exists with this profile.
    pub fn put(&mut self, now: Timestamp, key: AgentKey, id: &AgentId, profile: &Arc<AgentProfile>) {
        let new = self.all.len();
        let place = *self.by_id.entry(id.clone()).or_insert(new);
        self.by_key.insert(key, place);
        if place == new {
            self.all.push(Seat::new(id.clone()));
        }
        self.all[place].turns.push((now, Turn::Profile(Arc::clone(profile))));
    }

    /// An agent whose presence was said before anything is followed.
    pub fn begin_with(&mut self, now: Timestamp, key: AgentKey, said: Presence, is_lost: bool) {
        let Some(place) = self.of(key) else { return };
        let seat = &mut self.all[place];
        (seat.is_available, seat.is_lost, seat.said) = (said == Presence::Available, is_lost, said);
        self.show(now, place);
    }

    /// Takes in what happened to agents.
    pub fn follow(&mut self, now: Timestamp, event: &Event) {
        match event {
            Event::AgentPut { agent, id, profile, .. } => self.put(now, *agent, id, profile),
            Event::AgentDeleted { agent, .. } => drop(self.by_key.remove(agent)),
            Event::EmpathyLearnt { agent, level } => {
                if let Some(place) = self.of(*agent) {
                    self.all[place].learnt = *level;
                    self.all[place].turns.push((now, Turn::Empathy(*level)));
                }
            }
            Event::SessionOpened { agent, .. } => self.change(now, *agent, |seat| seat.is_lost = false),
            Event::SessionLost { agent, .. } => self.change(now, *agent, |seat| seat.is_lost = true),
            Event::PresencePending { agent, presence } => {
                self.change(now, *agent, |seat| seat.said = presence.clone());
            }
            Event::PresenceSet { agent, presence, because } => {
                self.change(now, *agent, |seat| seat.set_presence(now, presence, *because));
            }
            _ => {}
        }
    }

    /// Somebody does something else with a contact.
    pub fn mark(&mut self, at: Timestamp, agent: usize, engagement: EngagementKey, contact: usize, doing: Doing) {
        self.marks.push(Mark { at, agent, what: Marked::Load(engagement, contact, doing) });
    }

    fn change(&mut self, now: Timestamp, key: AgentKey, change: impl FnOnce(&mut Seat)) {
        let Some(place) = self.of(key) else { return };
        change(&mut self.all[place]);
        self.show(now, place);
    }

    fn show(&mut self, now: Timestamp, place: usize) {
        let seat = &mut self.all[place];
        let is_gone = seat.is_lost && seat.said != Presence::Offline;
        let shown = if is_gone { Presence::Away { reason: "session lost".to_owned() } } else { seat.said.clone() };
        if shown != seat.shown {
            seat.shown = shown.clone();
            seat.turns.push((now, Turn::Presence(shown)));
        }
        let is_there = seat.is_available && !seat.is_lost;
        if is_there != seat.is_there {
            seat.is_there = is_there;
            self.marks.push(Mark { at: now, agent: place, what: Marked::There(is_there) });
        }
    }
}

impl Seat {
    fn new(id: AgentId) -> Self {
        Self {
            id,
            turns: Vec::new(),
            learnt: None,
            offers: Offers::default(),
            said: Presence::Offline,
            is_lost: true,
            is_available: false,
            is_there: false,
            shown: Presence::Offline,
            missed_at: None,
        }
    }

    fn set_presence(&mut self, now: Timestamp, presence: &Presence, because: PresenceBecause) {
        self.is_available = *presence == Presence::Available;
        match because {
            PresenceBecause::Rona => self.missed_at = Some(now),
            PresenceBecause::RonaWithdrawn => self.missed_at = None,
            PresenceBecause::Asked
            | PresenceBecause::WorkEnded
            | PresenceBecause::SessionLost
            | PresenceBecause::Supervised => {
                let missed_at = self.missed_at.take().filter(|_| self.is_available);
                self.offers.away.extend(missed_at.map(|missed_at| now - missed_at));
                self.said = presence.clone();
            }
        }
    }

    /// The profile that was in force then, or the first.
    pub fn profile_at(&self, at: Timestamp) -> &Arc<AgentProfile> {
        let profile = |(_, turn): &'_ (Timestamp, Turn)| matches!(turn, Turn::Profile(_));
        let before = self.turns.iter().take_while(|(from, _)| *from <= at).filter(|turn| profile(turn)).last();
        match before.or(self.turns.iter().find(|turn| profile(turn))) {
            Some((_, Turn::Profile(profile))) => profile,
            _ => unreachable!("whoever is known has a profile"),
        }
    }
}
