//! A journal in a folder of a local disk: what it took survives the process, and the machine.
//!
//! One thread writes its files (`log`), so that whoever appends goes on with other things meanwhile. Invariant: a folder
//! has one writer (a lock says so), and nothing of an append is under way once the lock is free: with the journal, unless
//! the disk hangs so long that nobody waits for it any more.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use metrics::Gauge;
use rand::{SeedableRng, rngs::StdRng};
use tokio::sync::oneshot;
use tracing::{error, info, warn};

pub use super::log::{OpenError, Syncing};
use super::{
    AppendError, Batch, Found, Journal, Reader, Record, Room, Seq, gap,
    log::{Log, Making},
    reading::{self, Begin, Whole},
    vault::{KEYS, LostKeys, Vault},
    volume::{self, Volume},
};
use crate::{model::time::Timestamp, telemetry::metrics::JOURNAL_UNSYNCED_SECONDS};

#[cfg(feature = "planted-faults")]
use super::forgetful::Forgetful as Folder;
#[cfg(not(feature = "planted-faults"))]
use super::volume::Folder;

/// The file that says who has the folder.
pub const LOCK: &str = "lock";
/// How often a journal with nothing to do says that it is there.
const ALIVE_EVERY: Duration = Duration::from_secs(1);
/// How often room is looked for on a full disk.
const TEND_EVERY: Duration = Duration::from_secs(3);
/// After a sync apart that failed, the next is not tried sooner.
const SYNC_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// How long an end waits for a write that is under way: a disk that hangs may never answer.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);
/// Who only looks whether the folder is in use, or is just ending, lets go of it within this.
const LET_GO_WITHIN: Duration = Duration::from_millis(500);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// How a journal is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder; made if it is not there.
    pub folder: PathBuf,
    /// Bytes of a segment.
    pub segment_bytes: u64,
    /// When a batch that was taken is on the disk.
    pub syncing: Syncing,
    /// What missing keys of personal fields mean.
    pub lost_keys: LostKeys,
}

/// The keys of a journal on disk.
pub type KeyStore = Vault<Folder>;

/// A journal on disk, open for writing.
#[derive(Debug)]
pub struct DiskJournal<V: Volume = Folder> {
    volume: V,
    vault: Arc<Vault<V>>,
    /// That of snapshots and the archive.
    folder: volume::Folder,
    next: Seq,
    alive_at: Option<Timestamp>,
    in_reserve: Arc<AtomicBool>,
    to: Option<mpsc::Sender<Append>>,
    writer: Option<JoinHandle<()>>,
    /// Closed once the writer has nothing open any more.
    ended: mpsc::Receiver<()>,
}

struct Append {
    batch: Batch,
    done: oneshot::Sender<Result<(), AppendError>>,
}

impl DiskJournal {
    /// Opens a folder's journal, repairs what was cut short at its end, and hands over every record in order.
    pub fn open(settings: Settings, record: impl FnMut(Record)) -> Result<Self, OpenError> {
        let (folder, keys) = made(&settings)?;
        Self::open_on(folder, keys, settings, record)
    }

    /// The same from the newest snapshot on, which comes before the records behind it. Without one that can be read
    /// everything is read, as far as segments and archive reach back to the first record.
    pub fn resume(settings: Settings, found: impl FnMut(Found)) -> Result<Self, OpenError> {
        let (folder, keys) = made(&settings)?;
        Self::begin(folder, keys, settings, Begin::ASnapshot, found)
    }
}

/// The journal's folder and that of its keys.
fn made(settings: &Settings) -> Result<(Folder, Folder), OpenError> {
    let made = |path: &Path| Folder::make(path).map_err(|source| OpenError::Io { path: path.to_owned(), source });
    Ok((made(&settings.folder)?, made(&settings.folder.join(KEYS))?))
}

/// The keys of a journal's folder that nobody else has open.
pub fn open_keys(journal: &Path, lost: LostKeys) -> Result<KeyStore, OpenError> {
    let path = journal.join(KEYS);
    let folder = Folder::make(&path).map_err(|source| OpenError::Io { path, source })?;
    Vault::open(folder, lost, StdRng::from_rng(&mut rand::rng()))
}

impl<V: Volume> DiskJournal<V> {
    /// The same for volumes that stand for the folder, which has but the lock, snapshots and the archive, and for the one
    /// of keys.
    pub fn open_on(volume: V, keys: V, settings: Settings, mut record: impl FnMut(Record)) -> Result<Self, OpenError> {
        Self::begin(volume, keys, settings, Begin::TheFirst, |found| match found {
            Found::Record(found) => record(found),
            Found::Snapshot(_) => unreachable!("everything is read, so nothing is skipped"),
        })
    }

    fn begin(
        volume: V,
        keys: V,
        settings: Settings,
        begin: Begin,
        found: impl FnMut(Found),
    ) -> Result<Self, OpenError> {
        let Settings { folder: path, segment_bytes, syncing, lost_keys } = settings;
        let io = |source| OpenError::Io { path: path.clone(), source };
        let alive_at = alive_at(&path);
        let lock = lock(&path)?;
        let folder = volume::Folder::make(&path).map_err(io)?;
        let vault = Arc::new(Vault::open(keys, lost_keys, StdRng::from_rng(&mut rand::rng()))?);
        let kept = (segment_bytes, Making::Beforehand);
        let mut log = reading::resume(&volume, &folder, &vault, begin, kept, found)?;
        log.set_syncing(syncing);
        let next = log.next_seq();
        let (to, appends) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let in_reserve = Arc::new(AtomicBool::new(false));
        let writer = Writer {
            log,
            lock,
            is_failing: false,
            in_reserve: Arc::clone(&in_reserve),
            tended: Instant::now(),
            syncing,
            waiting: None,
            unsynced_seconds: JOURNAL_UNSYNCED_SECONDS.gauge(&[]),
        };
        let writer = thread::Builder::new().name("journal".to_owned()).spawn(move || {
            writer.run(&appends);
            drop(end);
        });
        let writer = Some(writer.map_err(io)?);
        Ok(Self { volume, vault, folder, next, alive_at, in_reserve, to: Some(to), writer, ended })
    }

    /// When the process that had it before was last seen alive, to about a second; `None` = it is new.
    pub fn alive_at(&self) -> Option<Timestamp> {
        self.alive_at
    }

    /// Its keys.
    pub fn vault(&self) -> &Arc<Vault<V>> {
        &self.vault
    }

    /// The number of the record that comes next.
    pub fn next_seq(&self) -> Seq {
        self.next
    }
}

impl<V: Volume> Journal for DiskJournal<V> {
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

    fn reader(&self) -> Reader {
        let (volume, vault) = (self.volume.clone(), Arc::clone(&self.vault));
        Box::new(Whole { volume, vault, folder: self.folder.clone(), next: self.next })
    }

    fn room(&self) -> Room {
        if self.in_reserve.load(Relaxed) { Room::Reserve } else { Room::Ample }
    }

    async fn close(self) {
        // Waiting for the writer would hold up everybody else on this thread.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

/// Waits for the writer, so that nothing of an append is under way once the journal is gone; but not for ever.
impl<V: Volume> Drop for DiskJournal<V> {
    fn drop(&mut self) {
        self.to = None;
        if self.ended.recv_timeout(CLOSED_WITHIN) == Err(RecvTimeoutError::Timeout) {
            warn!("the disk does not answer: the journal is left as it is, and locked until this process ends");
            return;
        }
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            warn!("the journal's thread broke");
        }
    }
}

/// The one who writes.
struct Writer<V: Volume> {
    log: Log<V>,
    /// Keeps others away. Touched while there is nothing to do, so that the next process knows until when this one was
    /// there.
    lock: File,
    /// The last append or sync failed: whoever had to react could not.
    is_failing: bool,
    in_reserve: Arc<AtomicBool>,
    tended: Instant,
    syncing: Syncing,
    waiting: Option<Waiting>,
    unsynced_seconds: Gauge,
}

/// Something was taken that is not synced.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    since: Instant,
    sync_at: Instant,
}

impl<V: Volume> Writer<V> {
    fn run(mut self, appends: &mpsc::Receiver<Append>) {
        loop {
            let until_sync = self.waiting.map(|waiting| waiting.sync_at.saturating_duration_since(Instant::now()));
            match appends.recv_timeout(until_sync.map_or(ALIVE_EVERY, |left| left.min(ALIVE_EVERY))) {
                Ok(Append { batch, done }) => {
                    let result = self.log.append(&batch);
                    self.is_failing = result.is_err();
                    self.tell_room();
                    let result = result.map_err(|problem| AppendError::failed(&batch, problem.to_string()));
                    // Whoever has it last frees it: not this thread, for which the next batch waits.
                    drop(batch);
                    let _ = done.send(result);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.touch();
                    self.log.collect();
                    self.tell_room();
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.sync_in_time();
            if self.tended.elapsed() >= TEND_EVERY {
                self.log.tend();
                self.tell_room();
                self.tended = Instant::now();
            }
        }
        self.touch();
        let (next, had_unsynced) = (self.log.next_seq(), self.log.has_unsynced());
        match self.log.close() {
            Ok(()) => self.unsynced_seconds.set(0.0),
            Err(problem) if had_unsynced => error!(%problem, "what was answered last may not be on the disk"),
            Err(problem) => warn!(%problem, "the key store could not be written; the next start does"),
        }
        info!(%next, "journal closed");
    }

    /// Syncs what was taken before it was on the disk, once that is long enough ago.
    fn sync_in_time(&mut self) {
        let Syncing::Every(every) = self.syncing else { return };
        if !self.log.has_unsynced() {
            return self.all_is_synced();
        }
        let now = Instant::now();
        let waiting = *self.waiting.get_or_insert(Waiting { since: now, sync_at: now + every });
        self.unsynced_seconds.set((now - waiting.since).as_secs_f64());
        if now < waiting.sync_at {
            return;
        }
        let synced = self.log.sync();
        self.is_failing = synced.is_err();
        match synced {
            Ok(()) => self.all_is_synced(),
            Err(problem) => {
                error!(%problem, "what was answered is not on the disk; this is tried again");
                self.waiting = Some(Waiting { sync_at: now + every.max(SYNC_AGAIN_AFTER), ..waiting });
            }
        }
    }

    fn all_is_synced(&mut self) {
        if self.waiting.take().is_some() {
            self.unsynced_seconds.set(0.0);
        }
    }

    fn tell_room(&self) {
        self.in_reserve.store(self.log.room() == Room::Reserve, Relaxed);
    }

    fn touch(&self) {
        if self.is_failing {
            return;
        }
        if let Err(problem) = self.lock.write_all_at(b".", 0) {
            warn!(%problem, "the journal's lock file cannot be written");
        }
    }
}

/// When the lock file was last touched.
fn alive_at(folder: &Path) -> Option<Timestamp> {
    let touched = fs::metadata(folder.join(LOCK)).ok()?.modified().ok()?;
    let since_1970 = touched.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Timestamp(i64::try_from(since_1970.as_micros()).ok()?))
}

/// Whether a process has this folder's journal open.
pub fn is_in_use(folder: &Path) -> io::Result<bool> {
    let lock = match File::open(folder.join(LOCK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        lock => lock?,
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Keeps every other process away from a folder's journal until the file is dropped.
pub fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let io = |source| OpenError::Io { path: path.clone(), source };
    let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(io)?;
    let since = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if since.elapsed() < LET_GO_WITHIN => thread::sleep(LOOK_AGAIN_AFTER),
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use tempfile::TempDir;

    use super::{
        super::{
            codec,
            conformance::{self, batch},
            log::{name_of, read_segment, segments},
            segment::{self, FRAME_HEAD, HEAD, HeadError, Segment},
            volume::Volume,
        },
        *,
    };

    const SEGMENT: u64 = 4096;

    fn settings(folder: &Path) -> Settings {
        settings_of(folder, Syncing::EachBatch)
    }

    fn settings_of(folder: &Path, syncing: Syncing) -> Settings {
        Settings { folder: folder.to_owned(), segment_bytes: SEGMENT, syncing, lost_keys: LostKeys::Refuse }
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

    fn folder_of(place: &TempDir) -> Folder {
        Folder::make(place.path()).expect("it is there")
    }

    fn segment_files(place: &TempDir) -> Vec<PathBuf> {
        let folder = folder_of(place);
        segments(&folder).expect("readable").iter().map(|name| folder.path(name)).collect()
    }

    #[tokio::test]
    async fn a_disk_keeps_what_a_journal_promises() {
        conformance::check(place, open).await;
    }

    #[tokio::test]
    async fn synced_apart_it_keeps_what_a_journal_promises() {
        for every in [Duration::from_millis(1), Duration::from_secs(10)] {
            conformance::check(place, |place| {
                DiskJournal::open(settings_of(place.path(), Syncing::Every(every)), drop).expect("it opens")
            })
            .await;
        }
    }

    /// Closing syncs, whenever it would have been time.
    #[tokio::test]
    async fn what_was_taken_and_not_synced_is_there_after_it_was_closed() {
        let place = place();
        let settings = settings_of(place.path(), Syncing::Every(Duration::from_secs(10)));
        let mut journal = DiskJournal::open(settings, drop).expect("it opens");
        for seq in 1..100 {
            journal.append(batch(seq..seq + 1)).await.expect("room");
        }
        journal.close().await;
        assert_eq!(reopened(&place).expect("whole"), batch(1..100).to_vec());
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
        let (bytes, scanned) = read_segment(&folder_of(&place), &name_of(Seq::FIRST)).expect("readable");
        assert_eq!(segment_files(&place).len(), 1);
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
        let mut frame = Vec::new();
        segment::frame(Seq(3), &mut frame, |to| codec::put(&batch(3..4), to)).expect("small");
        let folder = folder_of(&place);
        let file = Segment::prepare(&folder, "another.new", SEGMENT).expect("made");
        let mut next = Segment::begin(&folder, file, "another.new", name_of(Seq(3)), Seq(3)).expect("begun");
        next.write(&frame).expect("written");
        next.sync().expect("synced");
        assert_eq!(reopened(&place).expect("whole"), batch(1..4).to_vec());
    }
}
