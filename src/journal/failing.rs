//! A volume in memory that fails when told to, and what a journal makes of it.
//!
//! Invariant: as with a real disk, what a failed sync was of is gone for good, whatever is synced later; a crash leaves
//! what was synced. Names are sure at once.

use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use tempfile::TempDir;

use super::{
    AppendError, Journal, LostKeys, Record, Room, Seq,
    conformance::{self, batch},
    disk::{DiskJournal, Settings, Syncing},
    log::{Log, Making, OpenError, segments},
    volume::{Volume, VolumeFile},
};

const SEGMENT: u64 = 4_096;

/// A folder; clones are the same one.
#[derive(Debug, Clone)]
struct Failing(Arc<Mutex<Disk>>);

#[derive(Debug)]
struct Disk {
    files: BTreeMap<String, Arc<Mutex<Content>>>,
    /// Bytes that files may still grow by.
    room: u64,
    /// Syncs and renames that still succeed, and how many fail after them.
    good: u64,
    bad: u64,
}

#[derive(Debug, Clone, Default)]
struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
    /// Written since the last sync.
    dirty: Vec<(usize, Vec<u8>)>,
}

#[derive(Debug)]
struct FailingFile {
    disk: Failing,
    content: Arc<Mutex<Content>>,
}

impl Failing {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Disk { files: BTreeMap::new(), room: u64::MAX, good: u64::MAX, bad: 0 })))
    }

    /// Lets so many syncs and renames succeed, and so many after them fail.
    fn fail(&self, after: u64, times: u64) {
        let mut disk = self.0.lock();
        (disk.good, disk.bad) = (after, times);
    }

    fn set_room(&self, room: u64) {
        self.0.lock().room = room;
    }

    /// What a power cut leaves.
    fn after_a_crash(&self) -> Self {
        let left = |content: &Arc<Mutex<Content>>| {
            let synced = content.lock().synced.clone();
            Arc::new(Mutex::new(Content { seen: synced.clone(), synced, dirty: Vec::new() }))
        };
        let files = self.0.lock().files.iter().map(|(name, content)| (name.clone(), left(content))).collect();
        Self(Arc::new(Mutex::new(Disk { files, room: u64::MAX, good: u64::MAX, bad: 0 })))
    }

    fn may_fail(&self) -> io::Result<()> {
        let mut disk = self.0.lock();
        if disk.good > 0 {
            disk.good -= 1;
        } else if disk.bad > 0 {
            disk.bad -= 1;
            return Err(io::Error::other("a fault was asked for"));
        }
        Ok(())
    }

    fn content(&self, name: &str) -> io::Result<Arc<Mutex<Content>>> {
        self.0.lock().files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Volume for Failing {
    type File = FailingFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().files.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(self.content(name)?.lock().seen.clone())
    }

    fn create(&self, name: &str) -> io::Result<FailingFile> {
        let _ = self.remove(name);
        let content = Arc::<Mutex<Content>>::default();
        self.0.lock().files.insert(name.to_owned(), Arc::clone(&content));
        Ok(FailingFile { disk: self.clone(), content })
    }

    fn open(&self, name: &str) -> io::Result<FailingFile> {
        Ok(FailingFile { disk: self.clone(), content: self.content(name)? })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.may_fail()?;
        let _ = self.remove(to);
        let content = self.content(from)?;
        let mut disk = self.0.lock();
        disk.files.remove(from);
        disk.files.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let freed = self.content(name)?.lock().seen.len() as u64;
        let mut disk = self.0.lock();
        disk.files.remove(name);
        disk.room = disk.room.saturating_add(freed);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.may_fail()
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }
}

impl VolumeFile for FailingFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let at = usize::try_from(at).expect("files are small here");
        let mut content = self.content.lock();
        let grown = (at + bytes.len()).saturating_sub(content.seen.len()) as u64;
        let mut disk = self.disk.0.lock();
        disk.room = disk.room.checked_sub(grown).ok_or(io::ErrorKind::StorageFull)?;
        put(&mut content.seen, at, bytes);
        content.dirty.push((at, bytes.to_vec()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let synced = self.disk.may_fail();
        let mut content = self.content.lock();
        let dirty = std::mem::take(&mut content.dirty);
        if synced.is_ok() {
            dirty.iter().for_each(|(at, bytes)| put(&mut content.synced, *at, bytes));
        }
        synced
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.content.lock().seen.len() as u64)
    }
}

fn put(to: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    to.resize(to.len().max(at + bytes.len()), 0);
    to[at..at + bytes.len()].copy_from_slice(bytes);
}

fn open(disk: &Failing, record: impl FnMut(Record)) -> Result<Log<Failing>, OpenError> {
    Log::open(disk.clone(), None, SEGMENT, Making::WhenNeeded, record)
}

fn settings(folder: &TempDir) -> Settings {
    Settings {
        folder: folder.path().to_owned(),
        segment_bytes: SEGMENT,
        syncing: Syncing::EachBatch,
        lost_keys: LostKeys::Refuse,
    }
}

/// What a journal finds on the disk, as numbers.
fn found(disk: &Failing) -> Vec<u64> {
    let mut seqs = Vec::new();
    open(disk, |record| seqs.push(record.seq.0)).expect("whole");
    seqs
}

#[tokio::test]
async fn a_volume_that_does_not_fail_keeps_what_a_journal_promises() {
    let place = || (tempfile::tempdir().expect("a folder for the lock"), Failing::new());
    conformance::check(place, |(folder, disk)| {
        DiskJournal::open_on(disk.clone(), Failing::new(), settings(folder), drop).expect("it opens")
    })
    .await;
}

#[test]
fn a_batch_that_could_not_be_synced_is_kept_in_the_next_segment() {
    let disk = Failing::new();
    let mut log = open(&disk, drop).expect("empty");
    log.append(&batch(1..4)).expect("all is well");
    disk.fail(0, 1);
    log.append(&batch(4..6)).expect("the next segment takes it");
    log.append(&batch(6..7)).expect("all is well again");
    assert_eq!(segments(&disk).expect("listed").len(), 2);
    assert_eq!(found(&disk), (1..7).collect::<Vec<_>>());
    assert_eq!(found(&disk.after_a_crash()), (1..7).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_not_taken_is_taken_when_the_disk_is_well_again() {
    let (folder, disk) = (tempfile::tempdir().expect("a folder for the lock"), Failing::new());
    let mut journal = DiskJournal::open_on(disk.clone(), Failing::new(), settings(&folder), drop).expect("it opens");
    journal.append(batch(1..4)).await.expect("all is well");
    disk.fail(0, u64::MAX);
    for _ in 0..3 {
        let failed = journal.append(batch(4..6)).await;
        assert!(matches!(failed, Err(AppendError::Failed { first: Seq(4), last: Seq(5), .. })), "{failed:?}");
        assert_eq!(journal.read(Seq(1), 9).expect("what is kept can be read").len(), 3);
    }
    disk.fail(u64::MAX, 0);
    journal.append(batch(4..6)).await.expect("the same batch fits");
    journal.append(batch(6..9)).await.expect("and the next");
    assert_eq!(journal.read(Seq(1), 9).expect("readable"), batch(1..9).to_vec());
    drop(journal);
    assert_eq!(found(&disk.after_a_crash()), (1..9).collect::<Vec<_>>());
}

/// Each sync and rename fails once, each number of times in a row; the batch is appended until it is taken.
#[test]
fn wherever_the_disk_fails_what_was_acknowledged_is_there_once() {
    for (after, times) in (0..60).flat_map(|after| (1..6).map(move |times| (after, times))) {
        let disk = Failing::new();
        disk.fail(after, times);
        let mut log = open(&disk, drop).expect("empty");
        for first in (1..100).step_by(3) {
            while log.append(&batch(first..first + 3)).is_err() {
                let kept = found(&disk.after_a_crash());
                let whole = kept.len() as u64 == first - 1 || kept.len() as u64 == first + 2;
                assert!(whole, "before {first} was taken: {kept:?}, failing {times} times after {after}");
            }
            let kept = found(&disk.after_a_crash());
            assert_eq!(kept, (1..first + 3).collect::<Vec<_>>(), "failing {times} times after {after}");
        }
    }
}

#[test]
fn on_a_full_disk_a_segment_is_left_to_go_on_in_and_room_that_returns_is_found() {
    let disk = Failing::new();
    disk.set_room(4 * SEGMENT);
    let mut log = open(&disk, drop).expect("empty");
    let mut seqs = 1..;
    let mut append = |log: &mut Log<Failing>| {
        let seq = seqs.next().expect("numbers do not end");
        log.append(&batch(seq..seq + 1)).map(|()| seq)
    };
    while log.room() == Room::Ample {
        append(&mut log).expect("there is room");
    }
    let all = segments(&disk).expect("listed").len();
    assert_eq!(all, 4, "the disk is full of segments");
    let mut last = 0;
    for _ in 0..20 {
        last = append(&mut log).expect("the reserve takes what ends work");
    }
    log.tend();
    assert_eq!(log.room(), Room::Reserve, "nothing has changed");
    disk.set_room(SEGMENT);
    log.tend();
    assert_eq!(log.room(), Room::Ample);
    assert_eq!(found(&disk.after_a_crash()), (1..=last).collect::<Vec<_>>());
}

#[test]
fn the_reserve_outlives_the_process_and_a_full_disk_leaves_nothing_half_made() {
    let disk = Failing::new();
    disk.set_room(3 * SEGMENT + SEGMENT / 2);
    drop(open(&disk, drop).expect("empty"));
    let names = disk.list().expect("listed");
    assert_eq!(names, ["spare-1.ready", "spare-2.ready"]);
    disk.set_room(SEGMENT / 2);
    let mut log = open(&disk, drop).expect("empty");
    log.append(&batch(1..2)).expect("one of those that are there");
    assert_eq!(log.room(), Room::Ample, "there is one more");
    assert_eq!(disk.list().expect("listed").len(), 2, "what could not be finished is gone");
    assert_eq!(disk.0.lock().room, SEGMENT / 2);
}
