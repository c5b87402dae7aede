//! Where segments go that recovery needs no more: a folder below the journal's, kept for a time and up to a size. A snapshot
//! a day goes with them, so that a replay has where to begin once the first records are gone.
//!
//! Invariant: what is archived goes on without a gap into what is in the journal's folder; the oldest goes first, and a
//! snapshot with the segment that goes on from it. Ages are by the machine's clock, by which files have their times. Not
//! here: how far back recovery needs them (`snapshot`).

use std::{io, time::Duration};

use super::{
    Seq,
    log::{OpenError, first_of, segments},
    snapshot::{self, next_of},
    volume::{Folder, Tree, VolumeFile},
};
use crate::model::time::{Span, Timestamp};

/// The archive's folder, within the journal's.
pub const ARCHIVE: &str = "archive";
/// How far apart snapshots are that are kept for replays.
const APART: Span = Span::from_secs(86_400);

/// An archive's folder.
#[derive(Debug, Clone)]
pub struct Archive<V: Tree = Folder>(V);

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For so long after the last record of a segment.
    pub age: Duration,
    /// At most so many bytes; `None` = any.
    pub bytes: Option<u64>,
}

impl<V: Tree> Archive<V> {
    /// That of a journal's folder; made if it is not there.
    pub fn of(journal: &V) -> io::Result<Self> {
        journal.below(ARCHIVE).map(Self)
    }

    /// The folder, to be read like a journal's.
    pub fn folder(&self) -> &V {
        &self.0
    }

    /// Takes over the segments all of whose records are before this one; how many.
    pub fn take(&self, journal: &V, before: Seq) -> Result<usize, OpenError> {
        let names = segments(journal)?;
        let ends = names.iter().skip(1).map_while(|name| first_of(name));
        let spare = ends.take_while(|end| *end <= before).count();
        for name in &names[..spare] {
            let moved = journal.hand_over(name, &self.0);
            moved.map_err(|source| OpenError::Io { path: journal.path(name), source })?;
        }
        if spare > 0 {
            let synced = self.0.sync().and_then(|()| journal.sync());
            synced.map_err(|source| OpenError::Io { path: journal.path(""), source })?;
        }
        Ok(spare)
    }

    /// Keeps the journal's oldest snapshot, which the next one will take the place of, if the last that is kept here is a day
    /// older; whether it did.
    pub fn keep_snapshot(&self, journal: &V) -> Result<bool, OpenError> {
        let there = snapshot::names(journal)?;
        let Some(oldest) = there.first().filter(|_| there.len() >= snapshot::KEPT) else { return Ok(false) };
        let of = |source| OpenError::Io { path: journal.path(oldest), source };
        if let Some(last) = snapshot::names(&self.0)?.pop() {
            let last = self.0.written_at(&last).map_err(of)?;
            if journal.written_at(oldest).map_err(of)? - last < APART {
                return Ok(false);
            }
        }
        journal.link(oldest, &self.0).and_then(|()| self.0.sync()).map_err(of)?;
        Ok(true)
    }

    /// Removes what is too old or too much at this time of the machine's, the oldest first; how many files.
    pub fn trim(&self, now: Timestamp, limits: &Limits) -> Result<usize, OpenError> {
        let mut kept = Vec::new();
        for (name, at) in self.files()? {
            let about = self.0.open(&name).and_then(|file| Ok((file.size()?, self.0.written_at(&name)?)));
            let (size, written) = about.map_err(|source| OpenError::Io { path: self.0.path(&name), source })?;
            kept.push((name, at, size, age(now, written)));
        }
        let mut bytes: u64 = kept.iter().map(|(_, _, bytes, _)| bytes).sum();
        let too_much = kept.iter().take_while(|(_, _, size, age)| {
            let is_too_much = *age > limits.age || limits.bytes.is_some_and(|most| bytes > most);
            bytes -= if is_too_much { *size } else { 0 };
            is_too_much
        });
        let removed = too_much.count();
        // What a snapshot goes on with is gone with the segment in which that began.
        let first = kept[removed..].iter().find_map(|(name, ..)| first_of(name));
        let is_left_over = |at: &Seq| removed > 0 && first.is_none_or(|first| *at < first);
        let left_over =
            kept[removed..].iter().take_while(|(name, at, ..)| first_of(name).is_none() && is_left_over(at));
        let removed = removed + left_over.count();
        for (name, ..) in &kept[..removed] {
            self.0.remove(name).map_err(|source| OpenError::Io { path: self.0.path(name), source })?;
        }
        Ok(removed)
    }

    /// Its segments and snapshots, each with the record that it begins with or that comes behind it, in order.
    fn files(&self) -> Result<Vec<(String, Seq)>, OpenError> {
        let segments = segments(&self.0)?.into_iter().filter_map(|name| first_of(&name).map(|at| (name, at)));
        let snapshots = snapshot::names(&self.0)?.into_iter().filter_map(|name| next_of(&name).map(|at| (name, at)));
        let mut files: Vec<(String, Seq)> = segments.chain(snapshots).collect();
        // A segment before the snapshot behind which it begins.
        files.sort_by_key(|(name, at)| (*at, first_of(name).is_none()));
        Ok(files)
    }
}

fn age(now: Timestamp, written: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from((now - written).0).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::{fs::File, time::SystemTime};

    use tempfile::TempDir;

    use super::{
        super::{log::name_of, volume::Volume},
        *,
    };

    const DAY: Duration = Duration::from_secs(86_400);

    /// Segments that begin with these records, of 100 bytes each, the first a day old, the second two days, and so on
    /// backwards from `now`.
    fn journal(firsts: &[u64], now: SystemTime) -> (TempDir, Folder) {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::make(place.path()).expect("it is there");
        for (days, first) in (1u32..).zip(firsts.iter().rev()) {
            let file = File::create(folder.path(&name_of(Seq(*first)))).expect("made");
            file.set_len(100).expect("room");
            file.set_modified(now - DAY * days).expect("its owner may");
        }
        (place, folder)
    }

    fn firsts(folder: &Folder) -> Vec<u64> {
        segments(folder).expect("readable").iter().filter_map(|name| Some(first_of(name)?.0)).collect()
    }

    fn now() -> (SystemTime, Timestamp) {
        let now = Duration::from_secs(2_000_000_000);
        (SystemTime::UNIX_EPOCH + now, Timestamp(now.as_micros() as i64))
    }

    #[test]
    fn only_what_ends_before_goes_and_never_the_last() {
        let (_place, folder) = journal(&[1, 10, 20, 30], now().0);
        let archive = Archive::of(&folder).expect("made");
        assert_eq!(archive.take(&folder, Seq(19)).expect("moved"), 1);
        assert_eq!((firsts(archive.folder()), firsts(&folder)), (vec![1], vec![10, 20, 30]));
        assert_eq!(archive.take(&folder, Seq(1_000)).expect("moved"), 2);
        assert_eq!((firsts(archive.folder()), firsts(&folder)), (vec![1, 10, 20], vec![30]));
    }

    #[test]
    fn the_oldest_goes_first_by_age_and_by_size() {
        let (written, at) = now();
        let (_place, folder) = journal(&[1, 10, 20, 30], written);
        let archive = Archive::of(&folder).expect("made");
        archive.take(&folder, Seq(30)).expect("moved");
        let limits = |days: u32, bytes| Limits { age: DAY * days, bytes };
        assert_eq!(archive.trim(at, &limits(14, None)).expect("trimmed"), 0);
        assert_eq!(archive.trim(at, &limits(3, None)).expect("trimmed"), 1, "the first is four days old");
        assert_eq!(archive.trim(at, &limits(14, Some(199))).expect("trimmed"), 1);
        assert_eq!(firsts(archive.folder()), [20]);
        assert_eq!(archive.trim(at, &limits(0, None)).expect("trimmed"), 1);
    }

    /// A snapshot up to this record, written so many days before `now`.
    fn snapshot(folder: &Folder, next: u64, now: SystemTime, days: u32) {
        let file = File::create(folder.path(&format!("{next:020}.snapshot"))).expect("made");
        file.set_len(50).expect("room");
        file.set_modified(now - DAY * days).expect("its owner may");
    }

    fn nexts(folder: &Folder) -> Vec<u64> {
        snapshot::names(folder).expect("readable").iter().filter_map(|name| Some(next_of(name)?.0)).collect()
    }

    #[test]
    fn a_snapshot_a_day_is_kept_before_another_takes_its_place() {
        let (written, _) = now();
        let (_place, folder) = journal(&[1, 10, 20, 30], written);
        let archive = Archive::of(&folder).expect("made");
        snapshot(&folder, 10, written, 3);
        assert!(!archive.keep_snapshot(&folder).expect("readable"), "the next one takes no place");
        snapshot(&folder, 20, written, 2);
        assert!(archive.keep_snapshot(&folder).expect("linked"));
        folder.remove(&format!("{:020}.snapshot", 10)).expect("it is there");
        snapshot(&folder, 30, written, 2);
        assert!(archive.keep_snapshot(&folder).expect("linked"), "a day later");
        folder.remove(&format!("{:020}.snapshot", 20)).expect("it is there");
        snapshot(&folder, 40, written, 1);
        assert!(!archive.keep_snapshot(&folder).expect("readable"), "of the same day");
        assert_eq!((nexts(archive.folder()), nexts(&folder)), (vec![10, 20], vec![30, 40]));
    }

    #[test]
    fn a_snapshot_goes_with_the_segment_that_goes_on_from_it() {
        let (written, at) = now();
        let (_place, folder) = journal(&[1, 10, 20, 30], written);
        let archive = Archive::of(&folder).expect("made");
        archive.take(&folder, Seq(30)).expect("moved");
        [5, 10, 15, 20].into_iter().for_each(|next| snapshot(archive.folder(), next, written, 0));
        let limits = |bytes| Limits { age: DAY * 14, bytes: Some(bytes) };
        assert_eq!(archive.trim(at, &limits(500)).expect("trimmed"), 0);
        assert_eq!(archive.trim(at, &limits(499)).expect("trimmed"), 2, "nothing goes on from record 5 any more");
        assert_eq!((firsts(archive.folder()), nexts(archive.folder())), (vec![10, 20], vec![10, 15, 20]));
        assert_eq!(archive.trim(at, &limits(0)).expect("trimmed"), 5);
    }

    #[test]
    fn a_snapshot_that_is_kept_is_as_old_as_it_was() {
        let (written, at) = now();
        let (_place, folder) = journal(&[1, 10, 20, 30], written);
        let archive = Archive::of(&folder).expect("made");
        snapshot(&folder, 10, written, 3);
        snapshot(&folder, 20, written, 2);
        assert!(archive.keep_snapshot(&folder).expect("linked"));
        archive.take(&folder, Seq(30)).expect("moved");
        let limits = Limits { age: DAY * 2 + DAY / 2, bytes: None };
        assert_eq!(archive.trim(at, &limits).expect("trimmed"), 3, "nothing young stands before what is too old");
        assert_eq!((firsts(archive.folder()), nexts(archive.folder())), (vec![20], vec![]));
    }
}
