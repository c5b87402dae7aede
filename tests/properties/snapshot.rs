//! A world as bytes and back: equal to the one it was taken of after a restart, and driven beside it the same events.

use attune::{
    engine::{Event, State, invariant::check},
    journal::{Record, Seq, Snapshot, codec, seal::Plain},
    model::{ids::TenantId, time::Timestamp},
    sim::driver::Driver,
};

use super::KEYS;

/// Snapshots of one sequence.
#[derive(Default)]
pub struct Snapshots {
    taken: Option<Taken>,
    /// The world that was read last and the one it was taken of, as after a restart: both are asked whatever the live
    /// one is asked.
    beside: Option<(State, State)>,
    /// How many records it has seen or does not need to.
    seen: usize,
    slice_items: Option<usize>,
}

struct Taken {
    next: Seq,
    now: Timestamp,
    bytes: Vec<u8>,
}

impl Snapshots {
    /// Worlds that are read sweep as slowly as the live one.
    pub fn sweep_in_slices_of(&mut self, items: usize) {
        self.slice_items = Some(items);
    }

    /// Takes one of the live world, reads it, and holds both against each other.
    pub fn take(&mut self, driver: &Driver, records: &[Record]) -> Result<(), String> {
        let mut bytes = Vec::new();
        let core = driver.core();
        let tenant = core.tenants().next().expect("the driver has one").clone();
        codec::state::put(&Plain, &tenant, driver.state().clone(), &mut bytes);
        let mut read = read(&bytes)?;
        check(&read).map_err(|broken| format!("as read, {broken}"))?;
        let mut live = driver.state().clone();
        for state in [&mut live, &mut read] {
            state.evolve(driver.now(), &Event::Reindexed {});
        }
        check(&live).map_err(|broken| format!("derived afresh, {broken}"))?;
        if live != read {
            return Err("what was read differs from the live state".to_owned());
        }
        let mut sealed = Vec::new();
        codec::state::put(&*KEYS, &tenant, driver.state().clone(), &mut sealed);
        let opened = codec::state::take(&*KEYS, &sealed).map_err(|broken| format!("sealed, a snapshot {broken}"))?;
        let (_, opened) = opened.into_iter().next().ok_or("sealed, a snapshot has no world")?;
        for (how, world) in [("read", self::read(&bytes)?), ("opened", opened)] {
            let mut again = Vec::new();
            codec::state::put(&Plain, &tenant, world, &mut again);
            if again != bytes {
                return Err(format!("what was {how} is written otherwise"));
            }
        }
        self.taken = Some(Taken { next: core.next_seq(), now: core.now(), bytes });
        self.slice_items.into_iter().for_each(|items| read.sweep_in_slices_of(items));
        (self.beside, self.seen) = (Some((read, live)), records.len());
        Ok(())
    }

    /// The snapshot that was taken last, if there is one and it is wanted.
    pub fn latest(&self, is_wanted: bool) -> Result<Option<Snapshot>, String> {
        let taken = self.taken.as_ref().filter(|_| is_wanted);
        let snapshot = |taken: &Taken| Ok(Snapshot { next: taken.next, now: taken.now, worlds: worlds(&taken.bytes)? });
        taken.map(snapshot).transpose()
    }

    /// What was read decides exactly what the world does that it was taken of, and both what the live one did.
    pub fn follow(&mut self, records: &[Record]) -> Result<(), String> {
        let Some((read, live)) = &mut self.beside else { return Ok(()) };
        for record in &records[self.seen..] {
            let events = read.apply(record.now, &record.input, Record::fingerprint).events;
            if events != live.apply(record.now, &record.input, Record::fingerprint).events {
                return Err(format!("{:?} is decided otherwise by what was read: {events:?}", record.input));
            }
            let (events, were) = (alike(events), alike(record.events.clone()));
            if events != were {
                return Err(format!("the world beside says {events:?}, the live one said {were:?}"));
            }
        }
        self.seen = records.len();
        Ok(())
    }
}

fn read(bytes: &[u8]) -> Result<State, String> {
    let (_, state) = worlds(bytes)?.pop().ok_or("a snapshot has no world")?;
    Ok(state)
}

fn worlds(bytes: &[u8]) -> Result<Vec<(TenantId, State)>, String> {
    codec::state::take(&Plain, bytes).map_err(|broken| format!("a snapshot {broken}"))
}

/// Without what differs until a restart: how much was looked at, and when alerts are reviewed.
fn alike(mut events: Vec<Event>) -> Vec<Event> {
    let is_alert = |event: &Event| {
        use Event as E;
        matches!(event, E::MomentUncovered { .. } | E::ContactReachable { .. } | E::ContactUnreachable { .. })
    };
    events.retain(|event| !is_alert(event));
    for event in &mut events {
        if let Event::OfferMade { choice, .. } = event {
            choice.examined = 0;
        }
    }
    events
}
