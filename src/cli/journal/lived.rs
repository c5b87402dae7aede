//! A journal's records as somebody can live through them: from the first on, or behind a snapshot.
//!
//! Invariant: nothing is changed, and beside a daemon that writes, what is handed over ends with what there was as this
//! began, so that the keys of all of it are known. Not here: what is done with a record (`replay`, `cli::replay`).

use std::{
    collections::BTreeSet,
    fs, panic,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    cli::failure::Failure,
    journal::{
        Record, Seq, Snapshot,
        codec::Personal,
        inspect::{self, SegmentFile, Survey},
        replay::{How, Replay},
        snapshot::{self, SnapshotError},
        vault::Vault,
        volume::Folder,
    },
    model::ids::TenantId,
};

use super::{Place, opened};

/// The record that is lived through, for the message of a panic.
static AT: AtomicU64 = AtomicU64::new(0);

/// A snapshot, and the tenants of whose worlds something is erased in it.
type Begun = (Snapshot, BTreeSet<TenantId>);

/// The records of a journal from where they begin to make sense.
pub(in crate::cli) struct Records {
    place: Place,
    keys: Vault<Folder>,
    /// The last one that is handed over.
    upto: Seq,
    /// What stands for the records before, if the first of all is not among them.
    pub begun: Option<Begun>,
}

impl Records {
    /// Of a journal's folder; behind the last snapshot before `from_snapshot`, if that is given.
    pub fn open(folder: &Path, from_snapshot: Option<u64>) -> Result<Self, Failure> {
        let place = Place::look(folder)?;
        let mut keys = place.keys()?;
        let mut upto = Seq(u64::MAX);
        if place.is_in_use {
            let first = place.segments.first().map(|file| file.first);
            upto = Seq(inspect::survey(&place.segments, first, &keys, |_, _| {}).next.0.saturating_sub(1));
            keys = Vault::of(&place.folder, crate::journal::LostKeys::Erase).map_err(opened)?;
        }
        let begun = begin(&place, &keys, from_snapshot)?;
        Ok(Self { place, keys, upto, begun })
    }

    /// The first record behind the snapshot that stands for those before.
    pub fn begins(&self) -> Option<Seq> {
        self.begun.as_ref().map(|(snapshot, _)| snapshot.next)
    }

    /// What a snapshot stands for, in words; nothing if there is none.
    pub fn beginning(&self) -> Option<String> {
        let from = self.begins()?;
        let first = self.place.segments.first().map(|file| file.first).filter(|first| *first != Seq::FIRST);
        let gone = first.map(|first| format!("; records before {first} are gone")).unwrap_or_default();
        Some(format!("begins with record {from}: a snapshot stands for what came before{gone}"))
    }

    /// Worlds in which nothing behind the beginning has happened yet.
    pub fn replay(&mut self, how: How) -> Replay {
        match self.begun.take() {
            Some((snapshot, erased)) => Replay::behind(how, snapshot, &erased),
            None => Replay::new(how),
        }
    }

    /// Hands over one record after the other, up to the first fault. What the engine takes for impossible ends the
    /// process; the message says at which record.
    pub fn each(&self, from: Option<Seq>, mut record: impl FnMut(Record, Personal)) -> Survey {
        name_record_on_panic();
        let from = from.unwrap_or(Seq::FIRST);
        let segments: &[SegmentFile<Folder>] = &self.place.segments;
        let before = segments.partition_point(|file| file.first <= from).saturating_sub(1);
        let segments = &segments[before..];
        let first = segments.first().map_or(Seq::FIRST, |file| file.first);
        inspect::survey(segments, Some(first), &self.keys, |found, personal| {
            if (from..=self.upto).contains(&found.seq) {
                AT.store(found.seq.0, Ordering::Relaxed);
                record(found, personal);
            }
        })
    }

    /// Whatever is wrong with what was read, up to this record.
    pub fn check(&self, survey: &Survey, to: u64) -> Result<(), Failure> {
        match survey.faults().next() {
            Some(looked) if survey.next.0 <= to => {
                let found = format!("{}: {}", self.place.name(looked), looked.finding);
                Err(Failure::Invalid(format!("{found}; `attune journal verify` says more")))
            }
            _ => Ok(()),
        }
    }
}

/// What stands for the records before those there are, if the first is not among them or a snapshot is asked for.
fn begin(place: &Place, keys: &Vault<Folder>, from_snapshot: Option<u64>) -> Result<Option<Begun>, Failure> {
    let first = place.segments.first().map_or(Seq::FIRST, |file| file.first);
    if from_snapshot.is_none() && first == Seq::FIRST {
        return Ok(None);
    }
    let mut snapshots = place.snapshots()?;
    // Behind an older one records are missing.
    snapshots.retain(|(next, _)| *next >= first);
    if let Some(before) = from_snapshot {
        snapshots.retain(|(next, _)| next.0 <= before);
        snapshots.reverse();
    }
    for (_, path) in snapshots {
        let bytes = fs::read(&path).map_err(|error| Failure::io(path.display().to_string(), error))?;
        match snapshot::read_told(keys, &bytes, &|| ()) {
            Ok(begun) => return Ok(Some(begun)),
            Err(error @ SnapshotError::Later(_)) => {
                return Err(Failure::Invalid(format!("{} {error}", path.display())));
            }
            // A damaged one is passed over, as by a daemon that starts.
            Err(_) => {}
        }
    }
    let why = match from_snapshot {
        Some(before) => format!("no snapshot before record {before} can be read, of those that records go on from"),
        None => format!("records before {first} are not here, and no snapshot stands for them"),
    };
    Err(Failure::Declined(format!("{}: {why}", place.folder.display())))
}

fn name_record_on_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        eprintln!("error: record {} breaks the engine", AT.load(Ordering::Relaxed));
        report(info);
    }));
}
