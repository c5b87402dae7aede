//! A journal's files, written and read by whoever calls: no thread, no lock.
//!
//! Segments of zero-filled bytes, named after their first record. A batch is appended as one frame and synced. Invariant:
//! frames follow each other without a gap, and a frame that was never acknowledged is the only one that may be lost. After
//! a failed write or sync nothing is written to that segment again, since pages may count as clean that never reached the
//! disk: the batch goes to a new one, and only if that fails, too, has the append failed.

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
};

use tracing::warn;

use super::{
    Record, Seq,
    codec::{self, Broken},
    seal::{Plain, Seal},
    segment::{self, FRAME_HEAD, HEAD, HeadError, Scanned, Segment},
    vault::Vault,
    volume::{Volume, VolumeFile},
};

const ENDING: &str = ".journal";
const SPARE: &str = "spare.new";

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk says no.
    #[error("{path}: {source}")]
    Io {
        /// Of what.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// A segment cannot be read.
    #[error("{path} {error}")]
    Head {
        /// Which.
        path: PathBuf,
        /// Why.
        error: HeadError,
    },
    /// Something in the middle is damaged: what stands behind it was acknowledged.
    #[error(
        "{path} is damaged at byte {at}, and there are records behind it; restore the folder from a copy, or move it away \
         to start without what it has"
    )]
    Damaged {
        /// Which segment.
        path: PathBuf,
        /// Where.
        at: usize,
    },
    /// Records are missing between two segments.
    #[error("{path} begins with record {found}, but {expected} must come next; a segment is missing or cut short")]
    Gap {
        /// The later segment.
        path: PathBuf,
        /// What should have come.
        expected: Seq,
        /// What came.
        found: Seq,
    },
    /// A frame's records cannot be decoded.
    #[error("{path} at byte {at}: a record {broken}")]
    Record {
        /// Which segment.
        path: PathBuf,
        /// Where.
        at: usize,
        /// What is wrong.
        broken: Broken,
    },
    /// The keys of personal fields cannot be read.
    #[error(
        "the key store {path} {problem}; restore it from its copy, or move it away and start once with \
         journal.lost_keys = \"erase\", after which the customers whose keys it had are erased"
    )]
    Keys {
        /// The store's file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A record's key is missing.
    #[error(
        "{path} at byte {at}: a record {broken}; restore the folder of keys from its copy, or start once with \
         journal.lost_keys = \"erase\", after which the customers whose keys are missing are erased"
    )]
    KeyLost {
        /// Which segment.
        path: PathBuf,
        /// Where.
        at: usize,
        /// Which key.
        broken: Broken,
    },
}

/// The files of a volume, open for writing.
#[derive(Debug)]
pub struct Log<V: Volume> {
    volume: V,
    vault: Option<Arc<Vault<V>>>,
    segment_bytes: u64,
    making: Making,
    segment: Option<Segment<V::File>>,
    spare: Option<JoinHandle<io::Result<V::File>>>,
    next: Seq,
    frame: Vec<u8>,
}

/// Who makes the next segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// A thread, while this one is written.
    Beforehand,
    /// The one who appends, when it is needed.
    WhenNeeded,
}

impl<V: Volume> Log<V> {
    /// Reads everything, repairs what was cut short at the end, and hands over every record in order. Without a vault
    /// nothing is sealed.
    pub fn open(
        volume: V,
        vault: Option<Arc<Vault<V>>>,
        segment_bytes: u64,
        making: Making,
        mut record: impl FnMut(Record),
    ) -> Result<Self, OpenError> {
        let seal = seal_of(&vault);
        let mut next = Seq::FIRST;
        let mut last = None;
        let names = segments(&volume)?;
        for (number, name) in names.iter().enumerate() {
            let upto = names.get(number + 1).and_then(|name| first_of(name));
            let (bytes, scanned) = read_segment(&volume, name)?;
            if scanned.first != next {
                return Err(OpenError::Gap { path: volume.path(name), expected: next, found: scanned.first });
            }
            next = each(&volume, seal, name, &bytes, &scanned, upto, &mut record)?;
            if let (None, Some(_)) = (upto, scanned.goes_on_at) {
                return Err(OpenError::Damaged { path: volume.path(name), at: scanned.end });
            }
            if scanned.has_rest && upto.is_none() {
                let path = volume.path(name);
                warn!(path = %path.display(), at = scanned.end, "a frame was cut short; it was never acknowledged");
            }
            last = Some((name.clone(), bytes, scanned));
        }
        let segment = match last {
            Some((name, bytes, scanned)) => {
                let resumed = Segment::resume(&volume, name.clone(), &bytes, &scanned);
                Some(resumed.map_err(|source| OpenError::Io { path: volume.path(&name), source })?)
            }
            None => None,
        };
        // Only now are all records that were read sure to be on the disk, those that erase among them.
        if let Some(vault) = &vault {
            let kept = vault.destroy().and_then(|()| vault.settle());
            kept.map_err(|source| OpenError::Io { path: volume.path(""), source })?;
        }
        let mut log = Self { volume, vault, segment_bytes, making, segment, spare: None, next, frame: Vec::new() };
        log.prepare();
        Ok(log)
    }

    /// The number of the record that comes next.
    pub fn next_seq(&self) -> Seq {
        self.next
    }

    /// Appends a batch that continues it; it is on the disk when this returns.
    pub fn append(&mut self, batch: &[Record]) -> io::Result<()> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(()) };
        if let Some(vault) = &self.vault {
            vault.begin();
        }
        let seal = seal_of(&self.vault);
        let framed = segment::frame(first.seq, &mut self.frame, |to| codec::put_sealed(seal, batch, to));
        framed.ok_or_else(|| io::Error::other("the batch has more than 4 GiB"))?;
        if let Some(vault) = &self.vault {
            vault.secure()?;
        }
        if let Err(problem) = self.write(first.seq) {
            let path = self.segment.as_ref().map(|segment| self.volume.path(segment.name()));
            warn!(%problem, ?path, "the journal could not be written; the batch goes to a new segment");
            self.segment = None;
            self.write(first.seq)?;
        }
        self.next = last.seq.next();
        if let Some(vault) = &self.vault
            && let Err(problem) = vault.destroy()
        {
            warn!(%problem, "keys of erased customers are still there; this is tried again with the next batch");
        }
        Ok(())
    }

    /// Ends in good order: to whom keys were given need not be found out again.
    pub fn close(self) -> io::Result<()> {
        self.vault.as_ref().map_or(Ok(()), |vault| vault.settle())
    }

    /// Writes the frame, to a new segment if there is no room in this one.
    fn write(&mut self, first: Seq) -> io::Result<()> {
        let segment = match &mut self.segment {
            Some(segment) if segment.has_room(self.frame.len()) => segment,
            _ => {
                self.segment = Some(self.begin(first)?);
                self.prepare();
                self.segment.as_mut().expect("it was begun a moment ago")
            }
        };
        segment.write(&self.frame)?;
        segment.sync()
    }

    fn begin(&mut self, first: Seq) -> io::Result<Segment<V::File>> {
        if let Some(vault) = &self.vault {
            vault.settle()?;
        }
        let prepared = self.spare.take().map(|spare| spare.join().unwrap_or_else(|_| Err(io::Error::other("broke"))));
        let needed = (HEAD + self.frame.len()) as u64;
        let file = match prepared {
            Some(Ok(file)) if file.size()? >= needed => file,
            _ => Segment::prepare(&self.volume, SPARE, needed.max(self.segment_bytes))?,
        };
        Segment::begin(&self.volume, file, SPARE, name_of(first), first)
    }

    /// Has the next segment made while this one is written.
    fn prepare(&mut self) {
        if self.making == Making::Beforehand {
            let (volume, size) = (self.volume.clone(), self.segment_bytes);
            let made = thread::Builder::new().name("journal-spare".to_owned());
            self.spare = made.spawn(move || Segment::prepare(&volume, SPARE, size)).ok();
        }
    }
}

/// Waits for the thread that makes the next segment, so that nothing is under way once the log is gone.
impl<V: Volume> Drop for Log<V> {
    fn drop(&mut self) {
        if let Some(spare) = self.spare.take() {
            let _ = spare.join();
        }
    }
}

/// What seals and opens; without a vault nothing does.
fn seal_of<V: Volume>(vault: &Option<Arc<Vault<V>>>) -> &dyn Seal {
    match vault {
        Some(vault) => &**vault,
        None => &Plain,
    }
}

/// At most `limit` records from `from` on, of a volume whose next record is `next`; `Err` in the first place = they are
/// gone, and this is the oldest there is.
pub fn read<V: Volume>(
    volume: &V,
    seal: &dyn Seal,
    next: Seq,
    from: Seq,
    limit: usize,
) -> Result<Result<Vec<Record>, Seq>, OpenError> {
    let names = segments(volume)?;
    let begins = |name: &String| first_of(name).unwrap_or(Seq(0));
    let oldest = names.first().map_or(next, begins);
    if from < oldest {
        return Ok(Err(oldest));
    }
    let mut records = Vec::new();
    let start = names.partition_point(|name| begins(name) <= from).saturating_sub(1);
    for (number, name) in names.iter().enumerate().skip(start) {
        if records.len() >= limit {
            break;
        }
        let upto = names.get(number + 1).and_then(|name| first_of(name)).unwrap_or(next);
        let (bytes, scanned) = read_segment(volume, name)?;
        let take = |record: Record| {
            if record.seq >= from && records.len() < limit {
                records.push(record);
            }
        };
        each(volume, seal, name, &bytes, &scanned, Some(upto), take)?;
    }
    Ok(Ok(records))
}

/// The name of the segment that begins with this record.
pub fn name_of(first: Seq) -> String {
    format!("{:020}{ENDING}", first.0)
}

/// With which record the segment of this name begins; `None` = it is no segment's name.
pub fn first_of(name: &str) -> Option<Seq> {
    name.strip_suffix(ENDING)?.parse().ok().map(Seq)
}

/// The names of a volume's segments, in order.
pub fn segments<V: Volume>(volume: &V) -> Result<Vec<String>, OpenError> {
    let mut names = volume.list().map_err(|source| OpenError::Io { path: volume.path(""), source })?;
    names.retain(|name| first_of(name).is_some());
    names.sort();
    Ok(names)
}

/// A segment's bytes, and what they are.
pub fn read_segment<V: Volume>(volume: &V, name: &str) -> Result<(Vec<u8>, Scanned), OpenError> {
    let bytes = volume.read(name).map_err(|source| OpenError::Io { path: volume.path(name), source })?;
    let scanned = segment::scan(&bytes).map_err(|error| OpenError::Head { path: volume.path(name), error })?;
    Ok((bytes, scanned))
}

/// Hands over a segment's records, up to where the next one begins; the number that comes next.
fn each<V: Volume>(
    volume: &V,
    seal: &dyn Seal,
    name: &str,
    bytes: &[u8],
    scanned: &Scanned,
    upto: Option<Seq>,
    mut record: impl FnMut(Record),
) -> Result<Seq, OpenError> {
    let damaged = |at| OpenError::Damaged { path: volume.path(name), at };
    let mut next = scanned.first;
    for (first, records) in &scanned.frames {
        // What could not be synced was written again, to the next segment.
        if upto.is_some_and(|upto| *first >= upto) {
            break;
        }
        if *first != next {
            return Err(damaged(records.start - FRAME_HEAD));
        }
        let broken = |broken| match broken {
            Broken::KeyLost(_) => OpenError::KeyLost { path: volume.path(name), at: records.start, broken },
            _ => OpenError::Record { path: volume.path(name), at: records.start, broken },
        };
        for found in codec::take_sealed(seal, &bytes[records.clone()]).map_err(broken)? {
            if found.seq != next {
                return Err(damaged(records.start));
            }
            next = next.next();
            record(found);
        }
    }
    match upto {
        Some(upto) if next != upto => Err(damaged(scanned.end)),
        _ => Ok(next),
    }
}
