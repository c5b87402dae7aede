//! A journal lived through again: each command is given to the engine once more, at its time.
//!
//! Invariant: a record holds if the engine comes to the same events and nothing that must always hold is broken after it.
//! What was decided by what is erased since cannot be decided again: such records, and later ones that name their
//! contacts, happen as they stand, and are counted.
//! Not here: reading records (`inspect`), and recovery, which never decides again (`shard::core`).

use std::{collections::BTreeSet, fmt};

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

use super::{Record, codec::Personal, subject::contact_named};

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
}

impl Replay {
    /// Before the first record.
    pub fn new(how: How) -> Self {
        Self { how, worlds: Vec::new(), undecided: 0 }
    }

    /// Lives through one more record.
    pub fn take(&mut self, record: &Record, personal: Personal) -> Result<(), Fault> {
        let asked = self.how;
        let world = self.world(&record.tenant);
        world.now = record.now;
        let how = if world.is_told_whole(record, personal) { asked } else { How::Repeat };
        let state = &mut world.state;
        match how {
            How::Repeat => record.events.iter().for_each(|event| state.evolve(record.now, event)),
            How::Decide => {
                let mut decided = state.apply(record.now, &record.input, Record::fingerprint).events.into_iter();
                let differs = record.events.iter().enumerate().find_map(|(at, recorded)| match decided.next() {
                    Some(event) if event == *recorded => None,
                    decided => Some(Fault::Differs { at, decided: decided.map(Box::new) }),
                });
                let more =
                    decided.next().map(|event| Fault::Differs { at: record.events.len(), decided: Some(event.into()) });
                differs.or(more).map_or(Ok(()), Err)?;
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
            self.worlds.push(World { tenant: tenant.clone(), state, erased, now });
            self.worlds.len() - 1
        });
        &mut self.worlds[at]
    }
}

impl World {
    /// Whether everything is known by which a record was decided.
    fn is_told_whole(&mut self, record: &Record, personal: Personal) -> bool {
        let mut named = record.events.iter().filter_map(contact_named);
        match personal {
            Personal::There => !named.any(|contact| self.erased.contains(&contact)),
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
