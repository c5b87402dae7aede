//! Making a snapshot beside a shard that runs: the last one, the segments that are written no more, and the next one.
//!
//! Then what it makes needless goes to the archive. Invariant: the shard takes no part and notices nothing but the processor and the disk, of which this leaves as much as
//! it takes. It needs the memory of the worlds while it works. A snapshot that fails leaves the ones before as they are.
//! Not here: when one is made, and how it is read
//! (`shard::recover`).

use std::{
    io,
    time::{Duration, Instant},
};

use crate::{
    journal::{
        Seq,
        archive::{Archive, Limits},
        log::{self, OpenError, Which},
        reading, snapshot,
        vault::Vault,
        volume::{Tree, Volume, VolumeFile},
    },
    model::time::Timestamp,
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
    let mut core = match snapshot::newest(volume, &seal, log::end(volume)?)? {
        Some(snapshot) => Core::of_snapshot(snapshot),
        None => Core::new(),
    };
    let (before, mut pace) = (core.next_seq(), Pace::new(of));
    let mut repeated = Ok(());
    let mut repeat = |core: &mut Core, record| {
        if repeated.is_ok() {
            repeated = core.repeat(&record);
            pace.keep();
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
    let bytes = snapshot::write(volume, &seal, core.into_snapshot()).map_err(SnapshotFailure::Write)?;
    Ok(Some(Made { next, bytes, spare_before: snapshot::keep_newest(volume)? }))
}

/// Has the archive take what a snapshot that was made just now makes needless, if one was, and let go of what it has kept
/// for long enough.
pub fn put_away<V: Tree>(
    journal: &V,
    archive: &Archive<V>,
    made: Option<Made>,
    now: Timestamp,
    limits: &Limits,
) -> Result<(), OpenError> {
    if let Some(before) = made.and_then(|made| made.spare_before) {
        archive.take(journal, before)?;
    }
    archive.trim(now, limits)?;
    Ok(())
}

/// Rests for as long as it works.
struct Pace {
    of: Of,
    since: Instant,
}

impl Pace {
    fn new(of: Of) -> Self {
        Self { of, since: Instant::now() }
    }

    fn keep(&mut self) {
        let worked = self.since.elapsed();
        if self.of == Of::WhatIsSealed && worked >= AT_ONCE {
            std::thread::sleep(worked);
            self.since = Instant::now();
        }
    }
}
