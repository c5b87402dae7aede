//! A journal lived through again: each command is given to the engine once more, at its time.
//!
//! Invariant: a record holds if the engine comes to the same events and nothing that must always hold is broken after it.
//! What was decided by what is erased since cannot be decided again: such records, and later ones that name their
//! contacts, happen as they stand, and are counted. Behind a snapshot all of this holds but for alerts, and for how much a
//! choice had looked at: both follow from what was looked at before, which a snapshot does not say.
//! Not here: reading records (`inspect`), and recovery, which never decides again (`shard::core`).

use std::{borrow::Cow, collections::BTreeSet, fmt};

use crate::{
    engine::{
        Event, State,
        invariant::{self, Broken},
        view::{AgentView, Answer, Query, QueueView, WorkState},
    },
    model::{
        ids::{ContactKey, TenantId},
        limits::PAGE_MAX,
        time::Timestamp,
    },
};

use super::{Record, Snapshot, codec::Personal, subject::contact_named};

/// What is done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its command is decided again, and must lead to the same events.
    Decide,
    /// Its events happen as they stand: decisions may differ between versions.
    Repeat,
}

/// Why a record does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The engine comes to other events now.
    Differs {
        /// The first of the record's events that is another, from 0.
        at: usize,
        /// What the engine comes to in its place.
        decided: Option<Box<Event>>,
    },
    /// Something that must always hold does not.
    Broken(Broken),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { at, decided: Some(decided) } => {
                write!(f, "event {} should be {decided:?} by the rules of this version", at + 1)
            }
            Self::Differs { at, decided: None } => {
                write!(f, "by the rules of this version nothing happens from event {} on", at + 1)
            }
            Self::Broken(broken) => broken.fmt(f),
        }
    }
}

/// What there is in a tenant's world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Contacts that wait, those with an offer and parked ones included.
    pub waiting: u64,
    /// Of those, with an offer open.
    pub offered: u64,
    /// Of those, parked.
    pub parked: u64,
    /// Contacts with an agent.
    pub engaged: u64,
    /// Agents, signed in or not.
    pub agents: u64,
    /// Of those, with a stream open.
    pub signed_in: u64,
    /// Offers open.
    pub offers: u64,
}

/// The worlds of a journal, as far as it was lived through.
#[derive(Debug)]
pub struct Replay {
    how: How,
    worlds: Vec<World>,
    undecided: u64,
}

#[derive(Debug)]
struct World {
    tenant: TenantId,
    state: State,
    /// Contacts of which something is erased.
    erased: BTreeSet<ContactKey>,
    now: Timestamp,
    begun: Begun,
}

/// How a world began.
#[derive(Debug)]
enum Begun {
    /// Empty.
    First,
    /// As a snapshot has it.
    Snapshot,
    /// The same, and something in it is erased: of contacts that came before it nothing can be decided again. These came
    /// later.
    Erased(BTreeSet<ContactKey>),
}

impl Replay {
    /// Before the first record.
    pub fn new(how: How) -> Self {
        Self { how, worlds: Vec::new(), undecided: 0 }
    }

    /// Behind a snapshot; of these tenants' worlds something is erased in it.
    pub fn behind(how: How, snapshot: Snapshot, erased: &BTreeSet<TenantId>) -> Self {
        let now = snapshot.now;
        let world = |(tenant, state): (TenantId, State)| {
            let begun = if erased.contains(&tenant) { Begun::Erased(BTreeSet::new()) } else { Begun::Snapshot };
            World { tenant, state, erased: BTreeSet::new(), now, begun }
        };
        Self { how, worlds: snapshot.worlds.into_iter().map(world).collect(), undecided: 0 }
    }

    /// Lives through one more record.
    pub fn take(&mut self, record: &Record, personal: Personal) -> Result<(), Fault> {
        let asked = self.how;
        let world = self.world(&record.tenant);
        world.now = record.now;
        let how = if world.is_told_whole(record, personal) { asked } else { How::Repeat };
        match how {
            How::Repeat => record.events.iter().for_each(|event| world.state.evolve(record.now, event)),
            How::Decide => {
                let decided = world.state.apply(record.now, &record.input, Record::fingerprint).events;
                world.begun.compare(&record.events, decided)?;
            }
        }
        self.undecided += u64::from(how != asked);
        Ok(())
    }

    /// Records that were to be decided again, and could not be since something is erased.
    pub fn undecided(&self) -> u64 {
        self.undecided
    }

    /// Checks what must always hold in a tenant's world; takes as long as the world is large.
    pub fn check(&self, tenant: &TenantId) -> Result<(), Fault> {
        let state = self.state(tenant);
        state.map_or(Ok(()), |state| invariant::check(state).map_err(Fault::Broken))
    }

    /// A tenant's world.
    pub fn state(&self, tenant: &TenantId) -> Option<&State> {
        self.worlds.iter().find(|world| world.tenant == *tenant).map(|world| &world.state)
    }

    /// What there is, tenant by tenant.
    pub fn tallies(&self) -> Vec<(TenantId, Tally)> {
        self.worlds.iter().map(|world| (world.tenant.clone(), world.tally())).collect()
    }

    fn world(&mut self, tenant: &TenantId) -> &mut World {
        let at = self.worlds.iter().position(|world| world.tenant == *tenant).unwrap_or_else(|| {
            let (state, erased, now) = (State::new(), BTreeSet::new(), Timestamp(i64::MIN));
            self.worlds.push(World { tenant: tenant.clone(), state, erased, now, begun: Begun::First });
            self.worlds.len() - 1
        });
        &mut self.worlds[at]
    }
}

impl Begun {
    /// Holds what was decided against what is recorded.
    fn compare(&self, recorded: &[Event], decided: Vec<Event>) -> Result<(), Fault> {
        let counts = |event: &Event| matches!(self, Self::First) || !is_alert(event);
        let mut decided = decided.into_iter().filter(counts);
        for (at, recorded) in recorded.iter().enumerate().filter(|(_, event)| counts(event)) {
            match decided.next() {
                Some(event) if self.is_same(recorded, &event) => {}
                other => return Err(Fault::Differs { at, decided: other.map(Box::new) }),
            }
        }
        let more = decided.next().map(|event| Fault::Differs { at: recorded.len(), decided: Some(event.into()) });
        more.map_or(Ok(()), Err)
    }

    fn is_same(&self, recorded: &Event, decided: &Event) -> bool {
        match self {
            Self::First => recorded == decided,
            Self::Snapshot | Self::Erased(_) => unexamined(recorded) == unexamined(decided),
        }
    }
}

fn is_alert(event: &Event) -> bool {
    matches!(event, Event::MomentUncovered { .. } | Event::ContactReachable { .. } | Event::ContactUnreachable { .. })
}

/// An event without how much was looked at for it.
fn unexamined(event: &Event) -> Cow<'_, Event> {
    let mut event = Cow::Borrowed(event);
    if let Event::OfferMade { choice, .. } = &*event
        && choice.examined != 0
        && let Event::OfferMade { choice, .. } = event.to_mut()
    {
        choice.examined = 0;
    }
    event
}

impl World {
    /// Whether everything is known by which a record was decided.
    fn is_told_whole(&mut self, record: &Record, personal: Personal) -> bool {
        let mut named = record.events.iter().filter_map(contact_named);
        if let Begun::Erased(came) = &mut self.begun {
            came.extend(record.events.iter().filter_map(|event| match event {
                Event::ContactAnnounced { contact, .. } | Event::ContactQueued { contact, .. } => Some(*contact),
                _ => None,
            }));
        }
        let is_erased = |contact: ContactKey| {
            let was_there = matches!(&self.begun, Begun::Erased(came) if !came.contains(&contact));
            was_there || self.erased.contains(&contact)
        };
        match personal {
            Personal::There => !named.any(is_erased),
            Personal::Erased => {
                self.erased.extend(named);
                false
            }
        }
    }

    fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let mut after = None;
        loop {
            let query = Query::Queues { after, limit: PAGE_MAX };
            let Ok(Answer::Queues { queues, next }) = self.state.query(self.now, &query) else { break };
            queues.iter().for_each(|queue| tally.queue(queue));
            after = next;
            if after.is_none() {
                break;
            }
        }
        let mut after = None;
        loop {
            let query = Query::Agents { after, limit: PAGE_MAX };
            let Ok(Answer::Agents { agents, next }) = self.state.query(self.now, &query) else { break };
            agents.iter().for_each(|agent| tally.agent(agent));
            after = next;
            if after.is_none() {
                break;
            }
        }
        tally
    }
}

impl Tally {
    fn queue(&mut self, queue: &QueueView) {
        self.waiting += queue.waiting;
        self.offered += queue.offered;
        self.parked += queue.parked;
        self.engaged += queue.engaged;
    }

    fn agent(&mut self, agent: &AgentView) {
        self.agents += 1;
        self.signed_in += u64::from(agent.session.as_ref().is_some_and(|(_, is_open)| *is_open));
        self.offers += agent.work.iter().filter(|work| matches!(work.state, WorkState::Offered(_))).count() as u64;
    }
}
