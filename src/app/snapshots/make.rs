//! Making a snapshot beside a shard that runs: the last one, the segments that are written no more, and the next one.
//!
//! Invariant: the shard takes no part and notices nothing but the processor and the disk, of which this leaves as much as
//! it takes at every step: reading, decoding, repeating, taking worlds apart, encoding, writing, syncing. It needs the memory
//! of the worlds while it works. A snapshot that fails leaves the ones before as they are. Not here: when one is made, and
//! how it is read (`shard::recover`).

use std::{
    cell::Cell,
    io,
    time::{Duration, Instant},
};

use crate::{
    journal::{
        Seq,
        log::{self, OpenError, Which},
        reading, snapshot,
        vault::Vault,
        volume::{Tree, Volume, VolumeFile},
    },
    shard::core::{Core, RecoverError},
};

/// How long work goes on before it rests for as long.
const AT_ONCE: Duration = Duration::from_millis(5);

/// Of what there is to be a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Segments that are written no more, while others want the processor and the disk.
    WhatIsSealed,
    /// Everything, of a journal that nobody writes, as fast as it goes.
    Everything,
}

/// A snapshot that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The first record behind it.
    pub next: Seq,
    /// Its size.
    pub bytes: u64,
    /// Segments wholly before this record are needed no more to begin with it or with the one before.
    pub spare_before: Option<Seq>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFailure {
    /// What is there cannot be read.
    #[error(transparent)]
    Read(#[from] OpenError),
    /// Records do not follow the last snapshot.
    #[error(transparent)]
    Repeat(#[from] RecoverError),
    /// It cannot be written.
    #[error("the snapshot cannot be written: {0}")]
    Write(io::Error),
}

/// Bytes of segments that are written no more and that the newest snapshot does not have.
pub fn waiting<V: Volume>(volume: &V) -> Result<u64, OpenError> {
    let parts = log::parts(volume, snapshot::newest_next(volume)?, Which::Sealed)?;
    let size = |name: &str| {
        let size = volume.open(name).and_then(|file| file.size());
        size.map_err(|source| OpenError::Io { path: volume.path(name), source })
    };
    parts.iter().map(|part| size(&part.name)).sum()
}

/// Makes a snapshot and keeps the one before; `None` = there is nothing new, or `is_wanted` said no in between.
pub fn make<V: Tree, K: Volume>(
    volume: &V,
    vault: &Vault<K>,
    of: Of,
    is_wanted: impl Fn() -> bool,
) -> Result<Option<Made>, SnapshotFailure> {
    let which = match of {
        Of::WhatIsSealed => Which::Sealed,
        Of::Everything => Which::All,
    };
    let seal = vault.lease();
    let pace = Pace { of, is_wanted: &is_wanted, since: Cell::new(Instant::now()) };
    let rest = || pace.keep();
    let end = log::end(volume)?;
    let mut core = match snapshot::newest_resting(volume, &seal, end, &rest)? {
        Some(snapshot) => Core::of_snapshot(snapshot),
        None => Core::new(),
    };
    let before = core.next_seq();
    snapshot::set_damaged_aside(volume, before, end)?;
    let mut repeated = Ok(());
    let mut repeat = |core: &mut Core, record| {
        if repeated.is_ok() {
            repeated = core.repeat(&record);
            rest();
        }
    };
    if before == Seq::FIRST {
        // Snapshots that were there may all be damaged.
        reading::read_archive(volume, &seal, |record| repeat(&mut core, record))?;
    }
    for part in log::parts(volume, core.next_seq(), which)? {
        if !is_wanted() {
            return Ok(None);
        }
        log::read_part(volume, &seal, &part, core.next_seq(), |record| repeat(&mut core, record))?;
    }
    repeated?;
    let next = core.next_seq();
    if next == before || !is_wanted() {
        return Ok(None);
    }
    if of == Of::Everything {
        // Whoever wrote the records may not have come to it, and whoever begins with the snapshot does not read them.
        vault.destroy().map_err(SnapshotFailure::Write)?;
    }
    let bytes = snapshot::write_resting(volume, &seal, core.into_snapshot(), &rest).map_err(SnapshotFailure::Write)?;
    Ok(Some(Made { next, bytes, spare_before: snapshot::keep_newest(volume)? }))
}

/// Rests for as long as it works, unless somebody waits for it to end.
struct Pace<'a, W> {
    of: Of,
    is_wanted: &'a W,
    since: Cell<Instant>,
}

impl<W: Fn() -> bool> Pace<'_, W> {
    /// To be called between small pieces of work.
    fn keep(&self) {
        if self.of == Of::Everything {
            return;
        }
        let worked = self.since.get().elapsed();
        if worked >= AT_ONCE {
            if (self.is_wanted)() {
                std::thread::sleep(worked);
            }
            self.since.set(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long so many pieces of a millisecond of work take.
    fn taken(of: Of, is_wanted: bool) -> Duration {
        let (wanted, began) = (|| is_wanted, Instant::now());
        let pace = Pace { of, is_wanted: &wanted, since: Cell::new(began) };
        for _ in 0..50 {
            let piece = Instant::now();
            while piece.elapsed() < Duration::from_millis(1) {
                std::hint::spin_loop();
            }
            pace.keep();
        }
        began.elapsed()
    }

    #[test]
    fn beside_a_shard_half_of_the_time_is_rest() {
        let paced = taken(Of::WhatIsSealed, true);
        // The last pieces may be too few for another rest.
        assert!(paced >= Duration::from_millis(90), "{paced:?} for 50 ms of work");
    }
}
