//! Where recovery begins: the worlds after a record, in a file, so that only the records behind it are read.
//!
//! ```text
//! head    magic 8 · version 4 · reserved 4 · next sequence 8 · now 8 · checksum of these 4 · zero 4
//! chunk   length 4 · checksum of its number, length and bytes 4 · bytes, at most a MiB
//! end     a chunk of length 0
//! ```
//!
//! All numbers are little-endian; the chunks' bytes together are the worlds, one after the other, by the tables of
//! `codec`. Invariant: a file with a snapshot's name was whole and synced before it got that name, so one that is not
//! whole was damaged since, and is passed over for the one before. What takes long calls `rest` between small pieces, and
//! reaches the disk bit by bit, so that whoever makes a snapshot beside a shard leaves it the processor and the disk. Not
//! here: who makes one and when (`app::snapshots`).

use std::{collections::BTreeSet, io};

use tracing::warn;

use super::{
    Seq, Snapshot,
    codec::{self, Broken, Personal},
    log::OpenError,
    reading::LOOKS_MAX,
    seal::Seal,
    volume::{Volume, VolumeFile},
};
use crate::model::{ids::TenantId, time::Timestamp};

const MAGIC: &[u8; 8] = b"ATTUNE-S";
/// Raised when a snapshot of this version could not be read by the program before.
pub const VERSION: u32 = 1;
const HEAD: usize = 40;
const CHUNK_HEAD: usize = 8;
const CHUNK: usize = 1 << 20;
/// So much is written before it is synced: a whole snapshot at once would keep the journal's own syncs waiting.
const SYNC_EVERY: u64 = 4 << 20;
const ENDING: &str = ".snapshot";
const UNDER_WAY: &str = "snapshot.new";
/// What is added to the name of one that was set aside, by the reason.
const AHEAD: &str = ".ahead";
const DAMAGED: &str = ".damaged";
/// So many are kept: if the newest is damaged, recovery begins with the one before.
pub const KEPT: usize = 2;

/// Why a file is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Its head is damaged or another program's.
    #[error("is no snapshot, or its head is damaged")]
    NotASnapshot,
    /// A later version wrote it.
    #[error("was written by a later version (format {0}; this program knows up to {VERSION}); start that version")]
    Later(u32),
    /// A chunk is damaged, or it ends too early.
    #[error("is damaged at byte {0}")]
    Damaged(usize),
    /// Its bytes are whole, and no worlds.
    #[error("{0}")]
    Broken(#[from] Broken),
}

/// Writes a snapshot beside the segments, what is personal in it sealed; whole and on the disk when this returns, and so
/// are its keys. How many bytes it has.
pub fn write<V: Volume>(volume: &V, seal: &dyn Seal, snapshot: Snapshot) -> io::Result<u64> {
    write_resting(volume, seal, snapshot, &|| ())
}

/// The same with rests in between.
pub fn write_resting<V: Volume>(volume: &V, seal: &dyn Seal, snapshot: Snapshot, rest: &dyn Fn()) -> io::Result<u64> {
    write_whole(volume, seal, snapshot, rest).inspect_err(|_| {
        // The room that it takes is the journal's; the next attempt writes it anew.
        let _ = volume.remove(UNDER_WAY);
    })
}

fn write_whole<V: Volume>(volume: &V, seal: &dyn Seal, snapshot: Snapshot, rest: &dyn Fn()) -> io::Result<u64> {
    let Snapshot { next, now, worlds } = snapshot;
    let mut to = Chunks::begin(volume.create(UNDER_WAY)?, next, now, rest)?;
    for (tenant, state) in worlds {
        codec::state::put_resting(seal, &tenant, state, rest, &mut to.waiting);
        to.write_full()?;
    }
    let bytes = to.end()?;
    seal.keep()?;
    volume.rename(UNDER_WAY, &name_of(next))?;
    volume.sync()?;
    Ok(bytes)
}

/// The newest snapshot that is whole and not ahead of the journal, which ends at `end`; those that are not are passed
/// over with a warning.
pub fn newest<V: Volume>(volume: &V, seal: &dyn Seal, end: Seq) -> Result<Option<Snapshot>, OpenError> {
    newest_resting(volume, seal, end, &|| ())
}

/// The same with rests in between.
pub fn newest_resting<V: Volume>(
    volume: &V,
    seal: &dyn Seal,
    end: Seq,
    rest: &dyn Fn(),
) -> Result<Option<Snapshot>, OpenError> {
    for _ in 1..LOOKS_MAX {
        match newest_of(volume, seal, end, rest) {
            // Newer ones took its place as it was read.
            Err(problem) if problem.is_gone() => {}
            found => return found,
        }
    }
    newest_of(volume, seal, end, rest)
}

fn newest_of<V: Volume>(volume: &V, seal: &dyn Seal, end: Seq, rest: &dyn Fn()) -> Result<Option<Snapshot>, OpenError> {
    for name in names(volume)?.iter().rev() {
        let path = volume.path(name);
        if next_of(name).is_some_and(|next| next > end) {
            warn!(path = %path.display(), %end, "a snapshot is ahead of the journal: recovery begins before it");
            continue;
        }
        let mut bytes = Vec::new();
        let read = volume.read_in_parts(name, &mut |part| {
            bytes.extend_from_slice(part);
            rest();
        });
        read.map_err(|source| OpenError::Io { path: path.clone(), source })?;
        match read_told(seal, &bytes, rest) {
            Ok((snapshot, _)) => return Ok(Some(snapshot)),
            Err(SnapshotError::Broken(broken @ Broken::KeyLost(_))) => return Err(OpenError::KeyLost { path, broken }),
            Err(error @ SnapshotError::Later(_)) => return Err(OpenError::Snapshot { path, error }),
            Err(problem) => {
                warn!(path = %path.display(), %problem, "a snapshot cannot be read: recovery begins before it");
            }
        }
    }
    Ok(None)
}

/// Sets those aside that are ahead of a journal that was cut back: what comes now is not what led to them.
pub fn set_ahead_aside<V: Volume>(volume: &V, end: Seq) -> Result<(), OpenError> {
    for name in names(volume)?.iter().filter(|name| next_of(name).is_some_and(|next| next > end)) {
        warn!(path = %volume.path(name).display(), "a snapshot is ahead of the journal, which was cut back");
        set_aside(volume, name, AHEAD)?;
    }
    Ok(())
}

/// Sets those aside that were passed over for the newest that is whole, behind which `newest` comes, in a journal
/// that ends at `end`: they would count among the few that are kept.
pub fn set_damaged_aside<V: Volume>(volume: &V, newest: Seq, end: Seq) -> Result<(), OpenError> {
    let is_damaged = |name: &&String| next_of(name).is_some_and(|next| next > newest && next <= end);
    names(volume)?.iter().filter(is_damaged).try_for_each(|name| set_aside(volume, name, DAMAGED))
}

fn set_aside<V: Volume>(volume: &V, name: &str, ending: &str) -> Result<(), OpenError> {
    let (path, aside) = (volume.path(name), format!("{name}{ending}"));
    warn!(path = %path.display(), %aside, "a snapshot is set aside");
    let set = volume.rename(name, &aside).and_then(|()| volume.sync());
    set.map_err(|source| OpenError::Io { path, source })
}

/// Removes all but the newest few; the first record behind the oldest that is left, if there are as many as are kept.
pub fn keep_newest<V: Volume>(volume: &V) -> Result<Option<Seq>, OpenError> {
    let names = names(volume)?;
    let spare = names.len().saturating_sub(KEPT);
    for name in &names[..spare] {
        volume.remove(name).map_err(|source| OpenError::Io { path: volume.path(name), source })?;
    }
    let oldest = names.get(spare).and_then(|name| next_of(name));
    Ok(oldest.filter(|_| names.len() >= KEPT))
}

/// The first record behind the newest snapshot, by its name alone.
pub fn newest_next<V: Volume>(volume: &V) -> Result<Seq, OpenError> {
    Ok(names(volume)?.last().and_then(|name| next_of(name)).unwrap_or(Seq::FIRST))
}

/// The names of a volume's snapshots, oldest first.
pub fn names<V: Volume>(volume: &V) -> Result<Vec<String>, OpenError> {
    let mut names = volume.list().map_err(|source| OpenError::Io { path: volume.path(""), source })?;
    names.retain(|name| next_of(name).is_some());
    names.sort();
    Ok(names)
}

fn name_of(next: Seq) -> String {
    format!("{:020}{ENDING}", next.0)
}

/// The first record behind the snapshot of this name; `None` = it is no snapshot's name.
pub fn next_of(name: &str) -> Option<Seq> {
    name.strip_suffix(ENDING)?.parse().ok().map(Seq)
}

/// The snapshot in a file's bytes.
pub fn read(seal: &dyn Seal, bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    read_told(seal, bytes, &|| ()).map(|(snapshot, _)| snapshot)
}

/// The same, and the tenants of whose worlds something is erased; with rests in between.
pub fn read_told(
    seal: &dyn Seal,
    bytes: &[u8],
    rest: &dyn Fn(),
) -> Result<(Snapshot, BTreeSet<TenantId>), SnapshotError> {
    let (next, now) = read_head(bytes)?;
    let (mut worlds, mut at) = (Vec::new(), HEAD);
    for number in 0.. {
        let chunk = chunk_at(bytes, at, number).ok_or(SnapshotError::Damaged(at))?;
        if chunk.is_empty() {
            let told = codec::state::take_told(seal, &worlds, rest)?;
            let is_erased = |personal: &Personal| *personal == Personal::Erased;
            let erased = told.iter().filter(|(.., personal)| is_erased(personal)).map(|(tenant, ..)| tenant.clone());
            let erased = erased.collect();
            let worlds = told.into_iter().map(|(tenant, state, _)| (tenant, state)).collect();
            return Ok((Snapshot { next, now, worlds }, erased));
        }
        worlds.extend_from_slice(chunk);
        rest();
        at += CHUNK_HEAD + chunk.len();
    }
    unreachable!("chunks end with the bytes")
}

fn read_head(bytes: &[u8]) -> Result<(Seq, Timestamp), SnapshotError> {
    let head = bytes.get(..HEAD).filter(|head| head[..8] == *MAGIC).ok_or(SnapshotError::NotASnapshot)?;
    let version = u32::from_le_bytes(part(head, 8));
    if version > VERSION {
        return Err(SnapshotError::Later(version));
    }
    if u32::from_le_bytes(part(head, 32)) != crc32fast::hash(&head[..32]) {
        return Err(SnapshotError::NotASnapshot);
    }
    Ok((Seq(u64::from_le_bytes(part(head, 16))), Timestamp(i64::from_le_bytes(part(head, 24)))))
}

/// The good chunk that begins here.
fn chunk_at(bytes: &[u8], at: usize, number: u64) -> Option<&[u8]> {
    let head = bytes.get(at..at + CHUNK_HEAD)?;
    let length = usize::try_from(u32::from_le_bytes(part(head, 0))).ok()?;
    let from = at + CHUNK_HEAD;
    let chunk = bytes.get(from..from.checked_add(length)?)?;
    (u32::from_le_bytes(part(head, 4)) == checksum(number, chunk)).then_some(chunk)
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("as many bytes as were asked for")
}

fn checksum(number: u64, chunk: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(&(chunk.len() as u64).to_le_bytes());
    hasher.update(chunk);
    hasher.finalize()
}

/// A file that is written chunk by chunk.
struct Chunks<'a, F> {
    file: F,
    at: u64,
    /// What was written before is on the disk.
    synced: u64,
    number: u64,
    /// What is not written yet.
    waiting: Vec<u8>,
    rest: &'a dyn Fn(),
}

impl<'a, F: VolumeFile> Chunks<'a, F> {
    fn begin(file: F, next: Seq, now: Timestamp, rest: &'a dyn Fn()) -> io::Result<Self> {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&VERSION.to_le_bytes());
        head[16..24].copy_from_slice(&next.0.to_le_bytes());
        head[24..32].copy_from_slice(&now.0.to_le_bytes());
        let sum = crc32fast::hash(&head[..32]);
        head[32..36].copy_from_slice(&sum.to_le_bytes());
        file.write_at(&head, 0)?;
        Ok(Self { file, at: HEAD as u64, synced: 0, number: 0, waiting: Vec::new(), rest })
    }

    /// Writes as many full chunks as there are.
    fn write_full(&mut self) -> io::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut chunks = waiting.chunks_exact(CHUNK);
        chunks.by_ref().try_for_each(|chunk| self.write(chunk))?;
        self.waiting = chunks.remainder().to_vec();
        Ok(())
    }

    fn end(mut self) -> io::Result<u64> {
        let last = std::mem::take(&mut self.waiting);
        if !last.is_empty() {
            self.write(&last)?;
        }
        self.write(&[])?;
        self.file.sync()?;
        Ok(self.at)
    }

    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        let mut head = [0; CHUNK_HEAD];
        let length = u32::try_from(chunk.len()).expect("a chunk has at most a MiB");
        head[..4].copy_from_slice(&length.to_le_bytes());
        head[4..].copy_from_slice(&checksum(self.number, chunk).to_le_bytes());
        self.file.write_at(&head, self.at)?;
        self.file.write_at(chunk, self.at + CHUNK_HEAD as u64)?;
        (self.at, self.number) = (self.at + (CHUNK_HEAD + chunk.len()) as u64, self.number + 1);
        if self.at - self.synced >= SYNC_EVERY {
            self.file.sync()?;
            self.synced = self.at;
        }
        (self.rest)();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{
        super::{seal::Plain, volume::Folder},
        *,
    };
    use crate::{engine::State, model::ids::TenantId};

    fn place() -> (TempDir, Folder) {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::make(place.path()).expect("it is there");
        (place, folder)
    }

    fn snapshot(next: u64) -> Snapshot {
        let worlds = ["one", "two"].map(|tenant| (TenantId::new(tenant).expect("a name"), State::new()));
        Snapshot { next: Seq(next), now: Timestamp(7), worlds: worlds.into() }
    }

    fn nexts(volume: &Folder) -> Vec<u64> {
        names(volume).expect("readable").iter().filter_map(|name| Some(next_of(name)?.0)).collect()
    }

    #[test]
    fn a_snapshot_comes_back_and_the_newest_is_read() {
        let (_place, volume) = place();
        assert_eq!(newest(&volume, &Plain, Seq(100)).expect("readable"), None);
        for next in [3, 20, 100] {
            let bytes = write(&volume, &Plain, snapshot(next)).expect("room");
            let file = fs::metadata(volume.path(&name_of(Seq(next)))).expect("it is there");
            assert_eq!(file.len(), bytes);
        }
        assert_eq!(newest(&volume, &Plain, Seq(100)).expect("readable"), Some(snapshot(100)));
        assert_eq!(keep_newest(&volume).expect("writable"), Some(Seq(20)));
        assert_eq!(nexts(&volume), [20, 100]);
        assert_eq!(newest_next(&volume).expect("readable"), Seq(100));
    }

    #[test]
    fn one_that_is_ahead_of_the_journal_is_passed_over_and_can_be_set_aside() {
        let (_place, volume) = place();
        for next in [3, 20] {
            write(&volume, &Plain, snapshot(next)).expect("room");
        }
        assert_eq!(newest(&volume, &Plain, Seq(19)).expect("readable"), Some(snapshot(3)));
        assert_eq!(nexts(&volume), [3, 20]);
        set_ahead_aside(&volume, Seq(19)).expect("writable");
        assert_eq!(nexts(&volume), [3]);
    }

    #[test]
    fn whatever_is_flipped_or_cut_off_the_one_before_is_read() {
        let (_place, volume) = place();
        for next in [3, 20] {
            write(&volume, &Plain, snapshot(next)).expect("room");
        }
        let path = volume.path(&name_of(Seq(20)));
        let whole = fs::read(&path).expect("readable");
        for at in (0..whole.len()).filter(|at| !is_unread(*at)) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            let cut = whole[..at].to_vec();
            for bytes in [flipped, cut] {
                assert!(read(&Plain, &bytes).is_err(), "at {at}");
            }
        }
        fs::write(&path, &whole[..whole.len() - 1]).expect("written");
        assert_eq!(newest(&volume, &Plain, Seq(100)).expect("readable"), Some(snapshot(3)));
        fs::write(volume.path(&name_of(Seq(3))), b"").expect("written");
        assert_eq!(newest(&volume, &Plain, Seq(100)).expect("readable"), None);
    }

    #[test]
    fn a_damaged_one_is_not_kept_in_place_of_one_that_is_whole() {
        let (_place, volume) = place();
        for next in [3, 20, 30] {
            write(&volume, &Plain, snapshot(next)).expect("room");
        }
        fs::write(volume.path(&name_of(Seq(20))), b"").expect("written");
        let found = newest(&volume, &Plain, Seq(29)).expect("readable").expect("one is whole");
        set_damaged_aside(&volume, found.next, Seq(29)).expect("writable");
        assert_eq!(nexts(&volume), [3, 30], "one that is ahead is not damaged");
        assert_eq!(keep_newest(&volume).expect("writable"), Some(Seq(3)));
        let aside = volume.read(&format!("{}{DAMAGED}", name_of(Seq(20))));
        assert_eq!(aside.expect("it is kept for whoever looks into it"), b"");
    }

    /// The zeros behind the head's checksum.
    fn is_unread(at: usize) -> bool {
        (36..HEAD).contains(&at)
    }

    #[test]
    fn a_later_version_is_refused_and_not_passed_over() {
        let (_place, volume) = place();
        for next in [3, 20] {
            write(&volume, &Plain, snapshot(next)).expect("room");
        }
        let path = volume.path(&name_of(Seq(20)));
        let mut bytes = fs::read(&path).expect("readable");
        bytes[8] = 9;
        fs::write(&path, &bytes).expect("written");
        let refused = newest(&volume, &Plain, Seq(100));
        assert!(matches!(refused, Err(OpenError::Snapshot { error: SnapshotError::Later(9), .. })), "{refused:?}");
    }
}
