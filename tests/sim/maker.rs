//! Who makes snapshots beside the shard of a simulated machine, as the daemon's thread does, one change of the disk at a
//! time.
//!
//! Invariant: it is the daemon's own code, on a thread of its own that goes on only when it is told to; a machine that is
//! gone changes nothing more. Not here: when it begins (`life`).

use std::{sync::Arc, thread::JoinHandle, time::Duration};

use attune::{
    app::snapshots::make::{Made, Of, SnapshotFailure, make},
    journal::{
        archive::{Archive, Limits},
        log::OpenError,
        vault::Vault,
    },
    model::time::Timestamp,
};

use crate::{disk::Disk, gate::Gate, plan::Plant};

/// Nothing is too old for the archive of a simulated machine.
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);

/// What became of a snapshot.
pub type Outcome = Result<Option<Made>, SnapshotFailure>;

pub struct Maker {
    gate: Arc<Gate>,
    thread: JoinHandle<Outcome>,
}

/// What one goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orders {
    pub of: Of,
    /// Bytes that the archive keeps; `None` = all.
    pub archive_bytes: Option<u64>,
    pub plant: Option<Plant>,
}

impl Maker {
    /// Begins, and waits before the first change.
    pub fn start(disk: &Disk, vault: Arc<Vault<Disk>>, orders: Orders) -> Self {
        let gate = Arc::new(Gate::default());
        let (disk, at) = (disk.of_snapshots(Some(Arc::clone(&gate))), Arc::clone(&gate));
        let thread = std::thread::spawn(move || {
            let _held = at.held();
            keep(&disk, &vault, orders)
        });
        gate.settle();
        Self { gate, thread }
    }

    /// Goes on for so many changes; whether it is over.
    pub fn go_on(&self, changes: u32) -> bool {
        (0..changes).any(|_| !self.gate.let_through()) || !self.gate.settle()
    }

    /// Goes on to its end.
    pub fn end(self) -> Outcome {
        while self.gate.let_through() {}
        self.thread.join().expect("whoever makes snapshots does not break")
    }
}

/// Makes a snapshot and has the archive take what it makes needless.
pub fn keep(disk: &Disk, vault: &Vault<Disk>, orders: Orders) -> Outcome {
    let Orders { of, archive_bytes, plant } = orders;
    let archive = Archive::of(disk).map_err(|source| OpenError::Io { path: "archive".into(), source })?;
    archive.keep_snapshot(disk)?;
    let mut made = make(disk, vault, of, || true)?;
    if plant == Some(Plant::ArchiveFirst) {
        made = made.map(|made| Made { spare_before: Some(made.next), ..made });
    }
    if let Some(before) = made.and_then(|made| made.spare_before) {
        archive.take(disk, before)?;
    }
    archive.trim(Timestamp(0), &Limits { age: FOR_EVER, bytes: archive_bytes })?;
    Ok(made)
}
