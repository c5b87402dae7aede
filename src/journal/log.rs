//! A journal's files, written and read by whoever calls: no thread, no lock.
//!
//! Segments of zero-filled bytes, named after their first record. A batch is appended as one frame and synced. Invariant:
//! frames follow each other without a gap, and a frame that was never acknowledged is the only one that may be lost. After
//! a failed write or sync nothing is written to that segment again, since pages may count as clean that never reached the
//! disk: the batch goes to a new one, and only if that fails, too, has the append failed. The same batch may then be
//! appended again, which begins another.
//!
//! Where batches are synced apart ([`Syncing::Every`]), those that were taken since the last sync may be lost as well, from
//! any of them on. A disk may have kept later ones of them without the earlier, so each says which records were on the disk
//! when it was written: a hole before one that was written while the hole was synced is damage, any other is an end. What
//! is not synced is kept in memory, too, until it is; a segment is synced before another begins. Not here: the segments
//! made beforehand (`spare`), when it is time to sync (`disk`).

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use metrics::{Counter, Gauge};
use tracing::warn;

use super::{
    Record, Room, Seq,
    codec::{self, Broken},
    seal::{Plain, Seal},
    segment::{self, FRAME_HEAD, HEAD, HeadError, Scanned, Segment},
    snapshot::SnapshotError,
    spare::Spares,
    vault::Vault,
    volume::Volume,
};
use crate::telemetry::metrics::{JOURNAL_BYTES, JOURNAL_FAILURES, JOURNAL_SEGMENT_BYTES, JOURNAL_UNSYNCED_BYTES};

pub use super::spare::Making;

const ENDING: &str = ".journal";
/// So many bytes may be written and not synced: what is in memory for them, and what a batch may find to be synced.
const UNSYNCED_BYTES_MAX: usize = 8 << 20;

/// When a batch that was taken is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Syncing {
    /// Before it counts as taken.
    #[default]
    EachBatch,
    /// Up to so much later.
    Every(Duration),
}

/// What an append has to do before it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Written,
    Synced,
}

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
        "{path} is damaged at byte {at}, and there are records behind it; `attune journal verify` says what is whole: \
         restore a backup, or have `attune journal repair` cut the journal off there"
    )]
    Damaged {
        /// Which segment.
        path: PathBuf,
        /// Where.
        at: usize,
    },
    /// A snapshot cannot be read.
    #[error("{path} {error}")]
    Snapshot {
        /// Which.
        path: PathBuf,
        /// Why.
        error: SnapshotError,
    },
    /// Recovery is to go on with records of which no segment is there.
    #[error("{path} has a snapshot up to record {next} and nothing that goes on from there; a segment is missing")]
    NothingBehind {
        /// The folder.
        path: PathBuf,
        /// What should have come.
        next: Seq,
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
    /// The key of a record or of a snapshot is missing.
    #[error(
        "{path} {broken}; restore the folder of keys from its copy, or start once with journal.lost_keys = \"erase\", \
         after which the customers whose keys are missing are erased"
    )]
    KeyLost {
        /// Which file.
        path: PathBuf,
        /// Which key.
        broken: Broken,
    },
}

impl OpenError {
    /// Whether a file was listed and then not there: whoever writes has moved or replaced it.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The files of a volume, open for writing.
#[derive(Debug)]
pub struct Log<V: Volume> {
    volume: V,
    vault: Option<Arc<Vault<V>>>,
    segment: Option<Segment<V::File>>,
    spares: Spares<V>,
    next: Seq,
    frame: Vec<u8>,
    /// Of the batch in the frame: its first record, and the one that comes behind it.
    encoded: Option<(Seq, Seq)>,
    syncing: Syncing,
    unsynced: Unsynced,
    meters: Meters,
}

/// Frames that were taken and may not be on the disk.
#[derive(Debug)]
struct Unsynced {
    /// With which record they begin.
    first: Option<Seq>,
    frames: Vec<u8>,
    bytes: Gauge,
}

impl Unsynced {
    fn push(&mut self, first: Seq, frame: &[u8]) {
        self.first.get_or_insert(first);
        self.frames.extend_from_slice(frame);
        self.bytes.set(self.frames.len() as f64);
    }

    fn clear(&mut self) {
        if self.first.take().is_some() {
            self.frames.clear();
            self.bytes.set(0.0);
        }
    }
}

#[derive(Debug)]
struct Meters {
    bytes: Counter,
    failures: Counter,
    segment_bytes: Gauge,
}

impl<V: Volume> Log<V> {
    /// Reads everything, repairs what was cut short at the end, and hands over every record in order. Without a vault
    /// nothing is sealed.
    pub fn open(
        volume: V,
        vault: Option<Arc<Vault<V>>>,
        segment_bytes: u64,
        making: Making,
        record: impl FnMut(Record),
    ) -> Result<Self, OpenError> {
        Self::open_from(volume, vault, Seq::FIRST, segment_bytes, making, record)
    }

    /// The same from a record on: what is wholly before it is not even looked at.
    pub fn open_from(
        volume: V,
        vault: Option<Arc<Vault<V>>>,
        from: Seq,
        segment_bytes: u64,
        making: Making,
        mut record: impl FnMut(Record),
    ) -> Result<Self, OpenError> {
        let seal = seal_of(&vault);
        let mut next = from;
        let mut last = None;
        for Part { name, upto } in &parts(&volume, from, Which::All)? {
            let (bytes, scanned) = read_segment(&volume, name)?;
            let goes_on = if last.is_none() { scanned.first <= from } else { scanned.first == next };
            if !goes_on {
                return Err(OpenError::Gap { path: volume.path(name), expected: next, found: scanned.first });
            }
            let upto = *upto;
            next = each(&volume, seal, name, &bytes, &scanned, (from, upto), &mut record)?;
            if upto.is_none() && is_damaged(&bytes, &scanned, next) {
                return Err(OpenError::Damaged { path: volume.path(name), at: scanned.end });
            }
            if scanned.has_rest && upto.is_none() {
                let path = volume.path(name);
                warn!(path = %path.display(), at = scanned.end, "a frame was cut short; it was never acknowledged");
            }
            last = Some((name.clone(), bytes, scanned));
        }
        if next < from || (last.is_none() && from != Seq::FIRST) {
            return Err(OpenError::NothingBehind { path: volume.path(""), next: from });
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
        let meters = Meters {
            bytes: JOURNAL_BYTES.counter(&[]),
            failures: JOURNAL_FAILURES.counter(&[]),
            segment_bytes: JOURNAL_SEGMENT_BYTES.gauge(&[]),
        };
        let spares = Spares::open(volume.clone(), segment_bytes, making);
        let unsynced = Unsynced { first: None, frames: Vec::new(), bytes: JOURNAL_UNSYNCED_BYTES.gauge(&[]) };
        let (frame, syncing) = (Vec::new(), Syncing::EachBatch);
        Ok(Self { volume, vault, segment, spares, next, frame, encoded: None, syncing, unsynced, meters })
    }

    /// From now on batches are synced like this. Whoever has them synced apart calls [`sync`](Self::sync) in time.
    pub fn set_syncing(&mut self, syncing: Syncing) {
        self.syncing = syncing;
    }

    /// Whether something was taken that may not be on the disk.
    pub fn has_unsynced(&self) -> bool {
        self.unsynced.first.is_some()
    }

    /// The number of the record that comes next.
    pub fn next_seq(&self) -> Seq {
        self.next
    }

    /// How much it can still take.
    pub fn room(&self) -> Room {
        self.spares.room()
    }

    /// Takes over the segments that were made meanwhile.
    pub fn collect(&mut self) {
        self.spares.collect();
    }

    /// The same, and tries again to make the segments that a full disk had no room for; to be called every few seconds.
    pub fn tend(&mut self) {
        self.spares.tend();
    }

    /// Appends a batch that continues it; it is on the disk when this returns, unless batches are synced apart.
    pub fn append(&mut self, batch: &[Record]) -> io::Result<()> {
        self.encode(batch)?;
        self.keep()
    }

    /// The first half of appending: the batch becomes bytes.
    pub fn encode(&mut self, batch: &[Record]) -> io::Result<()> {
        self.encoded = None;
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return Ok(()) };
        if let Some(vault) = &self.vault {
            vault.begin();
        }
        let (seal, synced) = (seal_of(&self.vault), self.unsynced.first);
        let framed = segment::frame(first.seq, &mut self.frame, |to| {
            if let Some(synced) = synced {
                codec::put_synced(synced, to);
            }
            codec::put_sealed(seal, batch, to);
        });
        framed.ok_or_else(|| io::Error::other("the batch has more than 4 GiB"))?;
        self.encoded = Some((first.seq, last.seq.next()));
        Ok(())
    }

    /// The second half: the bytes are kept.
    pub fn keep(&mut self) -> io::Result<()> {
        let Some((first, next)) = self.encoded.take() else { return Ok(()) };
        self.collect();
        if let Some(vault) = &self.vault {
            vault.secure()?;
        }
        let until = self.until();
        if self.write(first, until).is_err() {
            self.write(first, until)?;
        }
        self.next = next;
        self.meters.bytes.increment(self.frame.len() as u64);
        self.meters.segment_bytes.set(self.segment.as_ref().map_or(0, Segment::used) as f64);
        if let Some(vault) = &self.vault
            && let Err(problem) = vault.destroy()
        {
            warn!(%problem, "keys of erased customers are still there; this is tried again with the next batch");
        }
        Ok(())
    }

    /// Whatever was taken is on the disk when this returns. What fails is tried again the next time, in a new segment.
    pub fn sync(&mut self) -> io::Result<()> {
        let Some(first) = self.unsynced.first else { return Ok(()) };
        if let Some(segment) = self.segment.take() {
            match self.sync_segment(&segment) {
                Ok(()) => {
                    self.segment = Some(segment);
                    return Ok(());
                }
                Err(_) => self.meters.failures.increment(1),
            }
        }
        let begun = self.begin(first, 0).inspect_err(|_| self.meters.failures.increment(1));
        self.segment = Some(begun?);
        Ok(())
    }

    /// Ends in good order: nothing is unsynced, and to whom keys were given need not be found out again.
    pub fn close(mut self) -> io::Result<()> {
        self.sync()?;
        self.vault.as_ref().map_or(Ok(()), |vault| vault.settle())
    }

    /// Keys are destroyed once what says so is on the disk, so who erases does not wait for others.
    fn until(&self) -> Until {
        let is_erasing = self.vault.as_ref().is_some_and(|vault| vault.is_erasing());
        let bytes = self.unsynced.frames.len() + self.frame.len();
        match self.syncing {
            Syncing::Every(_) if !is_erasing && bytes <= UNSYNCED_BYTES_MAX => Until::Written,
            _ => Until::Synced,
        }
    }

    /// Writes the frame, to a new segment if there is no room in this one. After a failure there is none any more.
    fn write(&mut self, first: Seq, until: Until) -> io::Result<()> {
        let written = self.segment_for(first).and_then(|mut segment| {
            segment.write(&self.frame).inspect_err(|problem| self.warn_of(&segment, problem))?;
            match until {
                Until::Written => self.unsynced.push(first, &self.frame),
                Until::Synced => self.sync_segment(&segment)?,
            }
            Ok(segment)
        });
        if written.is_err() {
            self.meters.failures.increment(1);
        }
        self.segment = Some(written?);
        Ok(())
    }

    fn segment_for(&mut self, first: Seq) -> io::Result<Segment<V::File>> {
        if let Some(segment) = self.segment.take() {
            if segment.has_room(self.frame.len()) {
                return Ok(segment);
            }
            if self.has_unsynced() {
                self.sync_segment(&segment)?;
            }
        }
        self.begin(first, self.frame.len())
    }

    /// Syncs the segment to which everything went that is not synced.
    fn sync_segment(&mut self, segment: &Segment<V::File>) -> io::Result<()> {
        segment.sync().inspect_err(|problem| self.warn_of(segment, problem))?;
        self.unsynced.clear();
        Ok(())
    }

    fn warn_of(&self, segment: &Segment<V::File>, problem: &io::Error) {
        let path = self.volume.path(segment.name());
        warn!(%problem, path = %path.display(), "the journal could not be written; the batch goes to a new segment");
    }

    /// Takes a segment into use that has room for so much, and has it begin with what could not be synced elsewhere.
    fn begin(&mut self, first: Seq, room: usize) -> io::Result<Segment<V::File>> {
        if let Some(vault) = &self.vault
            && let Err(problem) = vault.settle()
        {
            warn!(%problem, "to whom keys were given is not in the key store yet; records still say it");
        }
        let first = self.unsynced.first.unwrap_or(first);
        let (name, file) = self.spares.take((HEAD + self.unsynced.frames.len() + room) as u64)?;
        let frames = &self.unsynced.frames;
        let begun = Segment::begin_with(&self.volume, file, &name, name_of(first), first, frames);
        match &begun {
            Ok(_) => self.unsynced.clear(),
            // If it is there still, it is not to be trusted again.
            Err(_) => drop(self.volume.remove(&name)),
        }
        self.spares.provide();
        begun
    }
}

/// What seals and opens; without a vault nothing does.
fn seal_of<V: Volume>(vault: &Option<Arc<Vault<V>>>) -> &dyn Seal {
    match vault {
        Some(vault) => &**vault,
        None => &Plain,
    }
}

/// Whether a segment's good part, behind which record `next` should come, ends with damage: a frame behind it was written
/// when that record was on the disk.
pub fn is_damaged(bytes: &[u8], scanned: &Scanned, next: Seq) -> bool {
    let mut behind = segment::frames_behind(bytes, scanned);
    behind.any(|(first, records)| codec::synced(&bytes[records]).unwrap_or(first) > next)
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
        each(volume, seal, name, &bytes, &scanned, (from, Some(upto)), take)?;
    }
    Ok(Ok(records))
}

/// A segment that has to be read, and with which record the one after it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Absent of the last.
    pub upto: Option<Seq>,
}

/// Of which segments there is talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those that are written no more.
    Sealed,
}

/// The segments that have records from this one on, in order.
pub fn parts<V: Volume>(volume: &V, from: Seq, which: Which) -> Result<Vec<Part>, OpenError> {
    let names = segments(volume)?;
    let before = names.partition_point(|name| first_of(name).is_some_and(|first| first <= from)).saturating_sub(1);
    let ends = names.iter().skip(1).map(|name| first_of(name)).chain([None]);
    let all = names.iter().zip(ends).map(|(name, upto)| Part { name: name.clone(), upto });
    let is_asked = |part: &Part| match which {
        Which::All => true,
        Which::Sealed => part.upto.is_some_and(|upto| upto > from),
    };
    Ok(all.skip(before).filter(is_asked).collect())
}

/// Hands over the records of a segment from this one on; the number that comes next.
pub fn read_part<V: Volume>(
    volume: &V,
    seal: &dyn Seal,
    part: &Part,
    from: Seq,
    record: impl FnMut(Record),
) -> Result<Seq, OpenError> {
    let (bytes, scanned) = read_segment(volume, &part.name)?;
    if scanned.first > from {
        return Err(OpenError::Gap { path: volume.path(&part.name), expected: from, found: scanned.first });
    }
    each(volume, seal, &part.name, &bytes, &scanned, (from, part.upto), record)
}

/// The number of the record that comes behind all that can be read.
pub fn end<V: Volume>(volume: &V) -> Result<Seq, OpenError> {
    let Some(last) = segments(volume)?.pop() else { return Ok(Seq::FIRST) };
    let (bytes, scanned) = read_segment(volume, &last)?;
    let from = scanned.frames.last().map_or(scanned.first, |(first, _)| *first);
    // Numbers are plain, whoever is erased.
    each(volume, &Plain, &last, &bytes, &scanned, (from, None), drop)
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

/// Hands over a segment's records from one on, up to where the next one begins; the number that comes next.
fn each<V: Volume>(
    volume: &V,
    seal: &dyn Seal,
    name: &str,
    bytes: &[u8],
    scanned: &Scanned,
    (from, upto): (Seq, Option<Seq>),
    mut record: impl FnMut(Record),
) -> Result<Seq, OpenError> {
    let damaged = |at| OpenError::Damaged { path: volume.path(name), at };
    let mut next = scanned.first;
    for (number, (first, records)) in scanned.frames.iter().enumerate() {
        // What could not be synced was written again, to the next segment.
        if upto.is_some_and(|upto| *first >= upto) {
            break;
        }
        if *first != next {
            return Err(damaged(records.start - FRAME_HEAD));
        }
        if let Some((after, _)) = scanned.frames.get(number + 1).filter(|(after, _)| *after <= from) {
            next = *after;
            continue;
        }
        let broken = |broken| match broken {
            Broken::KeyLost(_) => OpenError::KeyLost { path: volume.path(name), broken },
            _ => OpenError::Record { path: volume.path(name), at: records.start, broken },
        };
        for found in codec::take_sealed(seal, &bytes[records.clone()]).map_err(broken)? {
            if found.seq != next {
                return Err(damaged(records.start));
            }
            next = next.next();
            if found.seq >= from {
                record(found);
            }
        }
    }
    match upto {
        Some(upto) if next != upto => Err(damaged(scanned.end)),
        _ => Ok(next),
    }
}
