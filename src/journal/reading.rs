//! A journal's folder read as one: the newest snapshot, the log behind it, and the archive before it.
//!
//! Invariant: whoever begins with a snapshot and whoever begins with the first record come to the same, and what moves to
//! the archive, or is replaced by a newer snapshot, while somebody reads is looked for again. Not here: who writes
//! (`disk`), what moves, and when (`archive`, `app::snapshots`).

use std::sync::Arc;

use super::{
    Found, Read, ReadError, Record, Seq, Snapshot,
    archive::Archive,
    log::{self, Log, Making, OpenError, Part, Which},
    seal::Seal,
    snapshot,
    vault::Vault,
    volume::{Tree, Volume},
};

/// How often it is looked again for what moved as it was read.
pub(super) const LOOKS_MAX: usize = 4;

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// With the first record, wherever that is.
    TheFirst,
    /// With the newest snapshot; without one that can be read, with the first record.
    ASnapshot,
}

/// Opens the log of a journal's folder and hands over all that a start goes by, in order. The folder has segments, as
/// `volume` sees them, and snapshots and the archive, as `folder` does.
pub fn resume<V: Volume, F: Tree>(
    volume: &V,
    folder: &F,
    vault: &Arc<Vault<V>>,
    begin: Begin,
    (segment_bytes, making): (u64, Making),
    mut found: impl FnMut(Found),
) -> Result<Log<V>, OpenError> {
    let newest = match begin {
        Begin::TheFirst => None,
        Begin::ASnapshot => snapshot::newest(folder, &**vault, log::end(volume)?)?,
    };
    let from = match newest {
        Some(snapshot) => {
            let next = snapshot.next;
            found(Found::Snapshot(snapshot));
            next
        }
        None => read_archive(folder, &**vault, |record| found(Found::Record(record)))?,
    };
    let record = |record| found(Found::Record(record));
    let log = Log::open_from(volume.clone(), Some(Arc::clone(vault)), from, segment_bytes, making, record)?;
    snapshot::set_ahead_aside(folder, log.next_seq())?;
    Ok(log)
}

/// Hands over what is archived, if the journal's own folder does not begin with the first record; with which it goes on.
pub fn read_archive<F: Tree>(folder: &F, seal: &dyn Seal, mut record: impl FnMut(Record)) -> Result<Seq, OpenError> {
    let oldest = log::segments(folder)?.first().and_then(|name| log::first_of(name)).unwrap_or(Seq::FIRST);
    if oldest == Seq::FIRST {
        return Ok(oldest);
    }
    let archive = Archive::of(folder).map_err(|source| OpenError::Io { path: folder.path(""), source })?;
    let mut next = Seq::FIRST;
    for part in log::parts(archive.folder(), Seq::FIRST, Which::All)? {
        let part = Part { upto: part.upto.or(Some(oldest)), ..part };
        next = log::read_part(archive.folder(), seal, &part, next, &mut record)?;
    }
    Ok(next)
}

/// What a journal has up to a record, read beside the one who writes.
#[derive(Debug)]
pub struct Whole<V: Volume, F: Tree> {
    /// The segments.
    pub volume: V,
    /// Snapshots and the archive.
    pub folder: F,
    /// What opens them.
    pub vault: Arc<Vault<V>>,
    /// The record that comes next.
    pub next: Seq,
}

impl<V: Volume, F: Tree> Whole<V, F> {
    fn look(&self, from: Seq, limit: usize) -> Result<Result<Vec<Record>, Seq>, OpenError> {
        let seal = &*self.vault;
        let oldest = match log::read(&self.volume, seal, self.next, from, limit)? {
            Ok(records) => return Ok(Ok(records)),
            Err(oldest) => oldest,
        };
        let archive = Archive::of(&self.folder);
        let archive = archive.map_err(|source| OpenError::Io { path: self.folder.path(""), source })?;
        let mut records = match log::read(archive.folder(), seal, oldest, from, limit)? {
            Ok(records) => records,
            gone => return Ok(gone),
        };
        let left = limit - records.len();
        if left > 0 {
            match log::read(&self.volume, seal, self.next, oldest, left)? {
                Ok(more) => records.extend(more),
                gone => return Ok(gone),
            }
        }
        Ok(Ok(records))
    }
}

impl<V: Volume, F: Tree> Read for Whole<V, F> {
    fn records(&self, from: Seq, limit: usize) -> Result<Vec<Record>, ReadError> {
        for _ in 1..LOOKS_MAX {
            match self.look(from, limit) {
                Ok(Ok(records)) => return Ok(records),
                // It may have come to the archive meanwhile.
                Ok(Err(_)) => {}
                Err(problem) if problem.is_gone() => {}
                Err(problem) => return Err(unreadable(problem)),
            }
        }
        let looked = self.look(from, limit).map_err(unreadable)?;
        looked.map_err(|oldest| ReadError::Gone { asked: from, oldest })
    }

    fn snapshot(&self) -> Result<Option<Snapshot>, ReadError> {
        snapshot::newest(&self.folder, &*self.vault, self.next).map_err(unreadable)
    }
}

fn unreadable(problem: impl std::fmt::Display) -> ReadError {
    ReadError::Unreadable { problem: problem.to_string() }
}
