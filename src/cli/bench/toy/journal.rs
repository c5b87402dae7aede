//! Where the toy keeps its records: in memory, or on a disk, where nobody hears of a change before it is synced.
//!
//! Invariant: on a disk, records and what follows from them stand in one queue; whatever has gathered in it is written and
//! synced at once, and only then let out, in order.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use tokio::sync::oneshot;
use tonic::Status;

use crate::cli::bench::rpc::Answer;

/// Bytes of a record: a command and what followed from it, as figures for journals assume.
const RECORD_BYTES: usize = 200;
/// Bytes of records that are kept in memory; then it begins anew.
const MEMORY_BYTES: usize = 2_000_000;
/// Bytes of the file, zero-filled; then it begins anew.
const FILE_BYTES: usize = 64 << 20;

/// What is let out once the records before it are kept.
pub type Effect = Box<dyn FnOnce() + Send>;

/// Where records are.
pub enum Journal {
    /// In memory.
    Memory(Vec<u8>),
    /// On a disk, behind a thread that writes.
    Disk(Sender<Entry>),
}

/// What the thread that writes is given.
pub enum Entry {
    /// A change.
    Record,
    /// What follows from those before.
    Effect(Effect),
}

impl Journal {
    /// A file in this folder.
    pub fn on_disk(folder: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(folder.join("toy"))?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..FILE_BYTES / zeros.len() {
            file.write_all(&zeros)?;
        }
        file.sync_all()?;
        let (to, entries) = channel();
        thread::Builder::new().name("toy-journal".to_owned()).spawn(move || write(&file, &entries))?;
        Ok(Self::Disk(to))
    }

    /// Appends a record.
    pub fn keep(&mut self) {
        match self {
            Self::Memory(bytes) => {
                if bytes.len() + RECORD_BYTES > MEMORY_BYTES {
                    bytes.clear();
                }
                bytes.extend_from_slice(&[7; RECORD_BYTES]);
            }
            Self::Disk(to) => to.send(Entry::Record).expect("the thread that writes lives as long"),
        }
    }

    /// Lets something out once all records are kept.
    pub fn release(&self, effect: impl FnOnce() + Send + 'static) {
        match self {
            Self::Memory(_) => effect(),
            Self::Disk(to) => {
                to.send(Entry::Effect(Box::new(effect))).expect("the thread that writes lives as long");
            }
        }
    }

    /// Answers once all records are kept.
    pub fn answer<T: Send + 'static>(&self, answer: Result<T, Status>) -> Answer<T> {
        if let Self::Memory(_) = self {
            return Answer::Now(answer);
        }
        let (to, kept) = oneshot::channel();
        // Who asked may have gone.
        self.release(move || drop(to.send(answer)));
        Answer::Kept(kept)
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self::Memory(Vec::new())
    }
}

/// Whatever has gathered at once: one write, one sync.
fn write(file: &File, entries: &Receiver<Entry>) {
    let mut at = 0;
    while let Ok(first) = entries.recv() {
        let (mut records, mut effects) = (0, Vec::new());
        for entry in std::iter::once(first).chain(entries.try_iter()) {
            match entry {
                Entry::Record => records += RECORD_BYTES,
                Entry::Effect(effect) => effects.push(effect),
            }
        }
        if records > 0 {
            if at + records > FILE_BYTES {
                at = 0;
            }
            let written = file.write_all_at(&vec![7; records], at as u64).and_then(|()| file.sync_data());
            written.expect("the disk that is measured takes what is written");
            at += records;
        }
        effects.into_iter().for_each(|effect| effect());
    }
}
