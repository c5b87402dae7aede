//! What can be read of a shard whose journal takes nothing: the worlds as the journal has them.
//!
//! Invariant: no answer shows anything of the batch that the journal has not taken. Tenants of which the batch has nothing
//! are read as they stand; of the others the journal's records are repeated, beside the shard and once somebody asks. Not
//! here: offering the batch anew (`run`).

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;
use tracing::{error, info};

use crate::{
    engine::{State, view::Query},
    journal::{ReadError, Reader, Record, Seq, Snapshot},
    model::ids::TenantId,
};

use super::{
    advice::Advisers,
    clock::Clock,
    core::Core,
    handle::{CallError, Seen},
    item::Item,
    observe::Observer,
    statistics::{Rows, Views},
};

/// Records that are read at once: about a segment's.
const READ_AT_ONCE: usize = 200_000;

/// What of a frozen shard can be read.
pub(super) struct Frozen {
    clock: Clock,
    /// The last record that the journal has.
    last: Seq,
    /// Tenants whose worlds are ahead of it.
    ahead: BTreeSet<TenantId>,
    behind: Behind,
}

type Worlds = FxHashMap<TenantId, State>;

/// The worlds of those tenants as the journal has them.
enum Behind {
    /// Nobody has asked yet.
    Unasked(Reader),
    Coming(oneshot::Receiver<Result<Worlds, ReadError>>),
    There(Worlds),
    Unreadable,
}

impl Frozen {
    /// Of a shard that is ahead of its journal by these records.
    pub fn new(clock: Clock, ahead: &[Record], reader: Reader) -> Self {
        let last = ahead.first().map_or(Seq(0), |first| Seq(first.seq.0 - 1));
        let ahead = ahead.iter().map(|record| record.tenant.clone()).collect();
        Self { clock, last, ahead, behind: Behind::Unasked(reader) }
    }

    /// Answers what is asked and refuses everything else.
    pub fn take(&mut self, core: &Core, advisers: &Advisers, observer: &mut Observer, item: Item) {
        if core.state(item.tenant()).is_none() {
            let unknown = CallError::TenantUnknown(item.tenant().clone());
            return item.refuse(unknown);
        }
        match item {
            Item::Query { tenant, query, to } => drop(to.send(self.look(core, &tenant, &query))),
            // Counts and forecasts have seen nothing that the journal has not, and time that passes is not counted before
            // what happened in it.
            Item::Measure { tenant, to } => drop(to.send(Ok(observer.measures(&tenant)))),
            Item::Statistics { tenant, rows, to } => {
                let views = self.views(core, &tenant, &rows);
                let _ = to.send(views.map(|views| observer.statistics_so_far(&tenant, views)));
            }
            Item::Learners { tenant, after, limit, to } => {
                let _ = to.send(Ok(advisers.learners(&tenant, after.as_ref(), limit)));
            }
            other => other.refuse(CallError::Frozen),
        }
    }

    fn views(&mut self, core: &Core, tenant: &TenantId, rows: &Rows) -> Result<Views, CallError> {
        let now = self.clock.now();
        Views::of(self.state(core, tenant)?, now, rows).map_err(CallError::Reject)
    }

    fn look(&mut self, core: &Core, tenant: &TenantId, query: &Query) -> Result<Seen, CallError> {
        let now = self.clock.now();
        let answer = self.state(core, tenant)?.query(now, query)?;
        Ok(Seen { answer, as_of: self.last })
    }

    /// A tenant's world as the journal has it.
    fn state<'a>(&'a mut self, core: &'a Core, tenant: &TenantId) -> Result<&'a State, CallError> {
        match self.ahead.contains(tenant) {
            true => self.behind(tenant),
            false => core.state(tenant).ok_or_else(|| CallError::TenantUnknown(tenant.clone())),
        }
    }

    /// A tenant's world as the journal has it; refused while that is being found out.
    fn behind(&mut self, tenant: &TenantId) -> Result<&State, CallError> {
        if let Behind::Unasked(_) = self.behind {
            let Behind::Unasked(reader) = std::mem::replace(&mut self.behind, Behind::Unreadable) else {
                unreachable!("it was looked at just now")
            };
            let (to, coming) = oneshot::channel();
            let (tenants, last) = (self.ahead.clone(), self.last);
            tokio::task::spawn_blocking(move || repeat(&reader, &tenants, last, to));
            self.behind = Behind::Coming(coming);
        }
        if let Behind::Coming(coming) = &mut self.behind {
            self.behind = match coming.try_recv() {
                Ok(Ok(worlds)) => Behind::There(worlds),
                Ok(Err(problem)) => {
                    error!(%problem, "what the journal has cannot be read while the shard is frozen");
                    Behind::Unreadable
                }
                Err(oneshot::error::TryRecvError::Empty) => return Err(CallError::Frozen),
                Err(oneshot::error::TryRecvError::Closed) => Behind::Unreadable,
            };
        }
        match &self.behind {
            Behind::There(worlds) => worlds.get(tenant).ok_or_else(|| CallError::TenantUnknown(tenant.clone())),
            _ => Err(CallError::Frozen),
        }
    }
}

/// Repeats what the journal has of these tenants, unless nobody waits for it any more.
fn repeat(reader: &Reader, tenants: &BTreeSet<TenantId>, last: Seq, to: oneshot::Sender<Result<Worlds, ReadError>>) {
    let repeated = worlds_at(reader, tenants, last, || to.is_closed());
    if let Ok(worlds) = &repeated {
        info!(%last, tenants = worlds.len(), "what the journal has can be read while the shard is frozen");
    }
    let _ = to.send(repeated);
}

/// These tenants' worlds after a record: from the newest snapshot on, where there is one.
fn worlds_at(
    reader: &Reader,
    tenants: &BTreeSet<TenantId>,
    last: Seq,
    is_needless: impl Fn() -> bool,
) -> Result<Worlds, ReadError> {
    let (mut worlds, mut next) = match reader.snapshot()? {
        Some(Snapshot { next, worlds, .. }) => {
            (worlds.into_iter().filter(|(tenant, _)| tenants.contains(tenant)).collect(), next)
        }
        None => (Worlds::default(), Seq::FIRST),
    };
    while next <= last && !is_needless() {
        let records = reader.records(next, READ_AT_ONCE)?;
        let Some(end) = records.last().map(|record| record.seq) else { break };
        for record in records.iter().filter(|record| record.seq <= last && tenants.contains(&record.tenant)) {
            let state = worlds.entry(record.tenant.clone()).or_insert_with(State::new);
            record.events.iter().for_each(|event| state.evolve(record.now, event));
        }
        next = end.next();
    }
    worlds.values_mut().for_each(State::end_recovery);
    Ok(worlds)
}
