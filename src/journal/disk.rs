//! A journal in a folder of a local disk: what it took survives the process, and the machine.
//!
//! Segments of zero-filled bytes, named after their first record. One thread writes: it encodes a batch, appends it as
//! one frame and syncs it before the append returns. The next segment is prepared beforehand. Invariant: a folder has
//! one writer (a lock says so), frames follow each other without a gap, and a frame that was never acknowledged is the
//! only one that may be lost. After a failed write or sync nothing is written to that segment again, since pages may
//! count as clean that never reached the disk: the batch goes to a new one, and only if that fails, too, has the append
//! failed.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use tokio::sync::oneshot;
use tracing::{info, warn};

use super::{
    AppendError, Batch, Journal, ReadError, Record, Seq,
    codec::{self, Broken},
    gap,
    segment::{self, FRAME_HEAD, HEAD, HeadError, Scanned, Segment},
};
use crate::model::time::Timestamp;

const ENDING: &str = "journal";
const SPARE: &str = "spare.new";
const LOCK: &str = "lock";
/// How often a journal with nothing to do says that it is there.
const ALIVE_EVERY: Duration = Duration::from_secs(1);

/// How a journal is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder; made if it is not there.
    pub folder: PathBuf,
    /// Bytes of a segment.
    pub segment_bytes: u64,
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
}

/// A journal on disk, open for writing.
#[derive(Debug)]
pub struct DiskJournal {
    folder: PathBuf,
    next: Seq,
    alive_at: Option<Timestamp>,
    to: Option<mpsc::Sender<Append>>,
    writer: Option<JoinHandle<()>>,
    _lock: File,
}

struct Append {
    batch: Batch,
    done: oneshot::Sender<Result<(), AppendError>>,
}

impl DiskJournal {
    /// Opens a folder's journal, repairs what was cut short at its end, and hands over every record in order.
    pub fn open(settings: Settings, mut record: impl FnMut(Record)) -> Result<Self, OpenError> {
        let folder = settings.folder.clone();
        fs::create_dir_all(&folder).map_err(|source| OpenError::Io { path: folder.clone(), source })?;
        let alive_at = alive_at(&folder);
        let lock = lock(&folder)?;
        let mark = lock.try_clone().map_err(|source| OpenError::Io { path: folder.clone(), source })?;
        let mut next = Seq::FIRST;
        let mut last = None;
        let files = segments(&folder).map_err(|source| OpenError::Io { path: folder.clone(), source })?;
        for (number, path) in files.iter().enumerate() {
            let upto = files.get(number + 1).and_then(|path| first_of(path));
            let (bytes, scanned) = read_segment(path)?;
            if scanned.first != next {
                return Err(OpenError::Gap { path: path.clone(), expected: next, found: scanned.first });
            }
            next = each(path, &bytes, &scanned, upto, &mut record)?;
            if let (None, Some(_)) = (upto, scanned.goes_on_at) {
                return Err(OpenError::Damaged { path: path.clone(), at: scanned.end });
            }
            if scanned.has_rest && upto.is_none() {
                warn!(path = %path.display(), at = scanned.end, "a frame was cut short; it was never acknowledged");
            }
            last = Some((path.clone(), bytes, scanned));
        }
        let segment = match last {
            Some((path, bytes, scanned)) => {
                let resumed = Segment::resume(path.clone(), &bytes, &scanned);
                Some(resumed.map_err(|source| OpenError::Io { path, source })?)
            }
            None => None,
        };
        let (to, appends) = mpsc::channel();
        let writer = Writer { settings, segment, spare: None, mark, next, frame: Vec::new() };
        let writer = std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run(&appends));
        let writer = writer.map_err(|source| OpenError::Io { path: folder.clone(), source })?;
        Ok(Self { folder, next, alive_at, to: Some(to), writer: Some(writer), _lock: lock })
    }

    /// When the process that had it before was last seen alive, to about a second; `None` = it is new.
    pub fn alive_at(&self) -> Option<Timestamp> {
        self.alive_at
    }

    /// The number of the record that comes next.
    pub fn next_seq(&self) -> Seq {
        self.next
    }
}

impl Journal for DiskJournal {
    async fn append(&mut self, batch: Batch) -> Result<(), AppendError> {
        if let Some(problem) = gap(self.next, &batch) {
            return Err(AppendError::failed(&batch, problem));
        }
        let Some(last) = batch.last() else { return Ok(()) };
        let next = last.seq.next();
        let (done, answer) = oneshot::channel();
        let to = self.to.as_ref().expect("only dropping ends the writer");
        let gone = || AppendError::failed(&batch, "the journal's thread is gone");
        to.send(Append { batch: batch.clone(), done }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())??;
        self.next = next;
        Ok(())
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, ReadError> {
        let unreadable = |problem: String| ReadError::Unreadable { problem };
        let files = segments(&self.folder).map_err(|error| unreadable(error.to_string()))?;
        let begins = |path: &PathBuf| first_of(path).unwrap_or(Seq(0));
        let oldest = files.first().map_or(self.next, begins);
        if from < oldest {
            return Err(ReadError::Gone { asked: from, oldest });
        }
        let mut records = Vec::new();
        let start = files.partition_point(|path| begins(path) <= from).saturating_sub(1);
        for (number, path) in files.iter().enumerate().skip(start) {
            if records.len() >= limit {
                break;
            }
            let upto = files.get(number + 1).and_then(|path| first_of(path)).unwrap_or(self.next);
            let (bytes, scanned) = read_segment(path).map_err(|error| unreadable(error.to_string()))?;
            let take = |record: Record| {
                if record.seq >= from && records.len() < limit {
                    records.push(record);
                }
            };
            each(path, &bytes, &scanned, Some(upto), take).map_err(|error| unreadable(error.to_string()))?;
        }
        Ok(records)
    }
}

/// Waits for the writer, so that nothing of an append is under way once the journal is gone.
impl Drop for DiskJournal {
    fn drop(&mut self) {
        self.to = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            warn!("the journal's thread broke");
        }
    }
}

/// The one who writes.
struct Writer {
    settings: Settings,
    segment: Option<Segment>,
    spare: Option<JoinHandle<io::Result<File>>>,
    /// Touched while there is nothing to do, so that the next process knows until when this one was there.
    mark: File,
    next: Seq,
    frame: Vec<u8>,
}

impl Writer {
    fn run(mut self, appends: &mpsc::Receiver<Append>) {
        self.prepare();
        loop {
            match appends.recv_timeout(ALIVE_EVERY) {
                Ok(Append { batch, done }) => {
                    let result = self.append(&batch);
                    let _ = done.send(result.map_err(|problem| AppendError::failed(&batch, problem.to_string())));
                }
                Err(RecvTimeoutError::Timeout) => self.touch(),
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
        }
    }

    fn append(&mut self, batch: &[Record]) -> io::Result<()> {
        let first = batch.first().expect("an empty batch is not sent").seq;
        let framed = segment::frame(first, &mut self.frame, |to| codec::put(batch, to));
        framed.ok_or_else(|| io::Error::other("the batch has more than 4 GiB"))?;
        if let Err(problem) = self.write(first) {
            let path = self.segment.as_ref().map(|segment| segment.path().display().to_string());
            warn!(%problem, ?path, "the journal could not be written; the batch goes to a new segment");
            self.segment = None;
            self.write(first)?;
        }
        self.next = batch.last().expect("an empty batch is not sent").seq.next();
        Ok(())
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

    fn touch(&self) {
        if let Err(problem) = self.mark.write_all_at(b".", 0) {
            warn!(%problem, "the journal's lock file cannot be written");
        }
    }

    fn begin(&mut self, first: Seq) -> io::Result<Segment> {
        let (spare, path) = (self.settings.folder.join(SPARE), self.settings.folder.join(name_of(first)));
        let prepared = self.spare.take().map(|spare| spare.join().unwrap_or_else(|_| Err(io::Error::other("broke"))));
        let needed = (HEAD + self.frame.len()) as u64;
        let file = match prepared {
            Some(Ok(file)) if file.metadata()?.len() >= needed => file,
            _ => Segment::prepare(&spare, needed.max(self.settings.segment_bytes))?,
        };
        Segment::begin(file, &spare, path, first)
    }

    /// Has the next segment made while this one is written.
    fn prepare(&mut self) {
        let (path, size) = (self.settings.folder.join(SPARE), self.settings.segment_bytes);
        let made = std::thread::Builder::new().name("journal-spare".to_owned());
        self.spare = made.spawn(move || Segment::prepare(&path, size)).ok();
    }

    fn end(mut self) {
        self.touch();
        if let Some(spare) = self.spare.take() {
            let _ = spare.join();
        }
        info!(next = %self.next, "journal closed");
    }
}

/// When the lock file was last touched.
fn alive_at(folder: &Path) -> Option<Timestamp> {
    let touched = fs::metadata(folder.join(LOCK)).ok()?.modified().ok()?;
    let since_1970 = touched.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Timestamp(i64::try_from(since_1970.as_micros()).ok()?))
}

fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let io = |source| OpenError::Io { path: path.clone(), source };
    let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(io)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

fn name_of(first: Seq) -> String {
    format!("{:020}.{ENDING}", first.0)
}

fn first_of(path: &Path) -> Option<Seq> {
    if path.extension()? != ENDING {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok().map(Seq)
}

/// A folder's segments, in order.
fn segments(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if first_of(&path).is_some() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_segment(path: &Path) -> Result<(Vec<u8>, Scanned), OpenError> {
    let bytes = fs::read(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    let scanned = segment::scan(&bytes).map_err(|error| OpenError::Head { path: path.to_owned(), error })?;
    Ok((bytes, scanned))
}

/// Hands over a segment's records, up to where the next one begins; the number that comes next.
fn each(
    path: &Path,
    bytes: &[u8],
    scanned: &Scanned,
    upto: Option<Seq>,
    mut record: impl FnMut(Record),
) -> Result<Seq, OpenError> {
    let mut next = scanned.first;
    for (first, records) in &scanned.frames {
        // What could not be synced was written again, to the next segment.
        if upto.is_some_and(|upto| *first >= upto) {
            break;
        }
        if *first != next {
            return Err(OpenError::Damaged { path: path.to_owned(), at: records.start - FRAME_HEAD });
        }
        let broken = |broken| OpenError::Record { path: path.to_owned(), at: records.start, broken };
        for found in codec::take(&bytes[records.clone()]).map_err(broken)? {
            if found.seq != next {
                return Err(OpenError::Damaged { path: path.to_owned(), at: records.start });
            }
            next = next.next();
            record(found);
        }
    }
    match upto {
        Some(upto) if next != upto => Err(OpenError::Damaged { path: path.to_owned(), at: scanned.end }),
        _ => Ok(next),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use tempfile::TempDir;

    use super::{
        super::conformance::{self, batch},
        *,
    };

    const SEGMENT: u64 = 4096;

    fn settings(folder: &Path) -> Settings {
        Settings { folder: folder.to_owned(), segment_bytes: SEGMENT }
    }

    fn open(folder: &TempDir) -> DiskJournal {
        DiskJournal::open(settings(folder.path()), drop).expect("it opens")
    }

    fn reopened(folder: &TempDir) -> Result<Vec<Record>, OpenError> {
        let mut records = Vec::new();
        DiskJournal::open(settings(folder.path()), |record| records.push(record)).map(|_| records)
    }

    fn place() -> TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn segment_files(folder: &TempDir) -> Vec<PathBuf> {
        segments(folder.path()).expect("readable")
    }

    #[tokio::test]
    async fn a_disk_keeps_what_a_journal_promises() {
        conformance::check(place, open).await;
    }

    #[tokio::test]
    async fn another_process_is_refused_until_the_first_is_gone() {
        let place = place();
        let first = open(&place);
        let second = DiskJournal::open(settings(place.path()), drop);
        assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
        drop(first);
        open(&place);
    }

    #[tokio::test]
    async fn records_come_back_after_it_was_closed_over_many_segments() {
        let place = place();
        let mut from = 1;
        for round in 1..6 {
            let mut journal = open(&place);
            for _ in 0..30 {
                journal.append(batch(from..from + round)).await.expect("room");
                from += round;
            }
        }
        assert!(segment_files(&place).len() > 2, "it takes several segments");
        assert_eq!(reopened(&place).expect("whole"), batch(1..from).to_vec());
    }

    #[tokio::test]
    async fn a_batch_larger_than_a_segment_has_one_of_its_own() {
        let place = place();
        let mut journal = open(&place);
        journal.append(batch(1..2)).await.expect("room");
        journal.append(batch(2..2_000)).await.expect("room");
        journal.append(batch(2_000..2_001)).await.expect("room");
        drop(journal);
        assert_eq!(reopened(&place).expect("whole").len(), 2_000);
    }

    /// A segment of three records in as many frames, and where in it the last one is.
    async fn three_frames() -> (Vec<u8>, Range<usize>) {
        let place = place();
        let mut journal = open(&place);
        for seq in 1..4 {
            journal.append(batch(seq..seq + 1)).await.expect("room");
        }
        drop(journal);
        let [path] = &segment_files(&place)[..] else { panic!("one segment") };
        let (bytes, scanned) = read_segment(path).expect("readable");
        let last = scanned.frames.last().expect("three frames").1.clone();
        (bytes, last)
    }

    #[tokio::test]
    async fn whatever_is_cut_off_the_last_frame_only_that_frame_is_lost() {
        let (bytes, last) = three_frames().await;
        for cut in last.start - FRAME_HEAD..last.end {
            let torn = place();
            let mut copy = bytes.clone();
            copy[cut..].fill(0);
            fs::write(torn.path().join(name_of(Seq::FIRST)), &copy).expect("written");
            assert_eq!(reopened(&torn).expect("repaired"), batch(1..3).to_vec(), "cut at {cut}");
            let mut journal = open(&torn);
            journal.append(batch(3..5)).await.expect("it goes on");
            drop(journal);
            assert_eq!(reopened(&torn).expect("whole"), batch(1..5).to_vec());
        }
    }

    #[tokio::test]
    async fn a_flipped_bit_before_the_last_frame_is_damage_and_in_it_a_torn_tail() {
        let (bytes, last) = three_frames().await;
        for at in HEAD..last.end {
            let flipped = place();
            let mut copy = bytes.clone();
            copy[at] ^= 0x10;
            fs::write(flipped.path().join(name_of(Seq::FIRST)), &copy).expect("written");
            let result = reopened(&flipped);
            let is_padding = bytes[at] == 0 && result.as_ref().is_ok_and(|records| records.len() == 3);
            if at < last.start - FRAME_HEAD {
                assert!(matches!(result, Err(OpenError::Damaged { .. })) || is_padding, "at {at}: {result:?}");
            } else {
                assert_eq!(result.expect("repaired").len(), 2, "at {at}");
            }
        }
    }

    #[tokio::test]
    async fn a_missing_segment_is_a_gap_and_a_later_version_is_named() {
        let place = place();
        let mut journal = open(&place);
        for seq in 1..400 {
            journal.append(batch(seq..seq + 1)).await.expect("room");
        }
        drop(journal);
        let files = segment_files(&place);
        let file = OpenOptions::new().write(true).open(files.last().expect("several")).expect("writable");
        file.write_all_at(&9u32.to_le_bytes(), 8).expect("written");
        assert!(matches!(reopened(&place), Err(OpenError::Head { error: HeadError::Later(9), .. })));
        fs::remove_file(&files[1]).expect("removed");
        let result = reopened(&place);
        assert!(matches!(result, Err(OpenError::Gap { .. } | OpenError::Damaged { .. })), "{result:?}");
    }

    /// What is left of a batch that could not be synced, and was acknowledged from the next segment.
    #[tokio::test]
    async fn what_was_written_again_to_the_next_segment_counts_once() {
        let place = place();
        let mut journal = open(&place);
        journal.append(batch(1..3)).await.expect("room");
        journal.append(batch(3..5)).await.expect("room");
        drop(journal);
        let other = self::place();
        let mut frame = Vec::new();
        segment::frame(Seq(3), &mut frame, |to| codec::put(&batch(3..4), to)).expect("small");
        let spare = other.path().join(SPARE);
        let file = Segment::prepare(&spare, SEGMENT).expect("made");
        let path = place.path().join(name_of(Seq(3)));
        let mut next = Segment::begin(file, &spare, path, Seq(3)).expect("begun");
        next.write(&frame).expect("written");
        next.sync().expect("synced");
        assert_eq!(reopened(&place).expect("whole"), batch(1..4).to_vec());
    }
}
