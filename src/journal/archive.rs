//! Where segments go that recovery needs no more: a folder below the journal's, kept for a time and up to a size.
//!
//! Invariant: what is archived goes on without a gap into what is in the journal's folder; the oldest goes first. Not
//! here: how far back recovery needs them (`snapshot`).

use std::{io, time::Duration};

use super::{
    Seq,
    log::{OpenError, first_of, segments},
    volume::{Folder, Tree, VolumeFile},
};
use crate::model::time::Timestamp;

/// The archive's folder, within the journal's.
pub const ARCHIVE: &str = "archive";

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

    /// Removes what is too old or too much, the oldest first; how many segments.
    pub fn trim(&self, now: Timestamp, limits: &Limits) -> Result<usize, OpenError> {
        let mut kept = Vec::new();
        for name in segments(&self.0)? {
            let about = self.0.open(&name).and_then(|file| Ok((file.size()?, self.0.written_at(&name)?)));
            let (size, written) = about.map_err(|source| OpenError::Io { path: self.0.path(&name), source })?;
            kept.push((name, size, age(now, written)));
        }
        let mut bytes: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
        let mut removed = 0;
        for (name, size, age) in &kept {
            if *age <= limits.age && limits.bytes.is_none_or(|most| bytes <= most) {
                break;
            }
            self.0.remove(name).map_err(|source| OpenError::Io { path: self.0.path(name), source })?;
            (bytes, removed) = (bytes - size, removed + 1);
        }
        Ok(removed)
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
}
