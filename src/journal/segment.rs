//! One file of a journal on disk: zero-filled beforehand, frames one after the other.
//!
//! ```text
//! head    magic 8 · version 4 · reserved 4 · first sequence 8 · checksum of these 4 · zero 4
//! frame   length 4 · checksum of length, sequence and records 4 · first sequence 8 · records, to the next multiple of 8
//! ```
//!
//! All numbers are little-endian. Files are filled with zeros before they are used, since then a sync need not write
//! the file's size as well. Invariant: whatever the bytes, scanning ends and says where the good part does.

use std::{io, ops::Range};

use super::{
    Seq,
    volume::{Volume, VolumeFile},
};

const MAGIC: &[u8; 8] = b"ATTUNE-J";
/// Raised when a file of this version could not be read by the program before.
pub const VERSION: u32 = 1;
/// Where the first frame begins.
pub const HEAD: usize = 32;
/// What stands before a frame's records.
pub const FRAME_HEAD: usize = 16;
const ALIGN: usize = 8;
/// How much of a new file is filled with zeros at once.
const ZEROS: usize = 1 << 20;
static PAGE: [u8; 4_096] = [0; 4_096];
/// A segment has fewer records than this.
const NEAR: u64 = 1 << 32;

/// What a file holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The sequence number with which it begins.
    pub first: Seq,
    /// Its frames: each one's first number, and where its records are.
    pub frames: Vec<(Seq, Range<usize>)>,
    /// Where the good part ends.
    pub end: usize,
    /// Behind it there is something else than zeros.
    pub has_rest: bool,
    /// Where behind it another good frame begins: then what is between was good once.
    pub goes_on_at: Option<usize>,
}

/// Why a file is none of a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Its head is damaged or another program's.
    #[error("is no journal segment, or its head is damaged")]
    NotASegment,
    /// A later version wrote it.
    #[error("was written by a later version (format {0}; this program knows up to {VERSION}); start that version")]
    Later(u32),
}

/// Reads a file's structure.
pub fn scan(bytes: &[u8]) -> Result<Scanned, HeadError> {
    let first = read_head(bytes)?;
    let (mut frames, mut at) = (Vec::new(), HEAD);
    while let Some((seq, records)) = frame_at(bytes, at) {
        at = aligned(records.end);
        frames.push((seq, records));
    }
    let rest = bytes.get(at..).unwrap_or_default();
    // Most of a segment is zeros when it is opened: they are compared by the page.
    let has_rest = rest.chunks(PAGE.len()).any(|page| *page != PAGE[..page.len()]);
    let least = frames.last().map_or(first, |(seq, _): &(Seq, _)| *seq);
    let goes_on_at = if has_rest { good_from(bytes, at, least) } else { None };
    // A file may have lost the zeros behind its last frame.
    Ok(Scanned { first, frames, end: at.min(bytes.len()), has_rest, goes_on_at })
}

/// Where from here on a good frame begins that is not numbered before `least`.
fn good_from(bytes: &[u8], from: usize, least: Seq) -> Option<usize> {
    // A checksum for each place would take minutes; a number that could be there is rare where there is none.
    let is_near = |offset: &usize| {
        let head = bytes.get(*offset..*offset + FRAME_HEAD);
        head.is_some_and(|head| (least.0..least.0 + NEAR).contains(&seq_at(head, 8).0))
    };
    (from..bytes.len()).step_by(ALIGN).filter(is_near).find(|offset| frame_at(bytes, *offset).is_some())
}

/// All good frames behind the good part, whatever is between them.
pub fn frames_behind(bytes: &[u8], scanned: &Scanned) -> impl Iterator<Item = (Seq, Range<usize>)> {
    let least = scanned.frames.last().map_or(scanned.first, |(seq, _)| *seq);
    let frame_from = move |from: usize| frame_at(bytes, good_from(bytes, from, least)?);
    let first = scanned.goes_on_at.and_then(|at| frame_at(bytes, at));
    std::iter::successors(first, move |(_, records)| frame_from(aligned(records.end)))
}

fn read_head(bytes: &[u8]) -> Result<Seq, HeadError> {
    let head = bytes.get(..HEAD).ok_or(HeadError::NotASegment)?;
    if head[..8] != *MAGIC {
        return Err(HeadError::NotASegment);
    }
    let version = number_at(head, 8);
    if version > VERSION {
        return Err(HeadError::Later(version));
    }
    let is_whole = number_at(head, 24) == crc32fast::hash(&head[..24]);
    if is_whole { Ok(seq_at(head, 16)) } else { Err(HeadError::NotASegment) }
}

/// The good frames that follow each other from here on.
pub fn frames_from(bytes: &[u8], at: usize) -> impl Iterator<Item = (Seq, Range<usize>)> {
    std::iter::successors(frame_at(bytes, at), |(_, records)| frame_at(bytes, aligned(records.end)))
}

/// The frame that begins here, if there is a good one.
fn frame_at(bytes: &[u8], at: usize) -> Option<(Seq, Range<usize>)> {
    let head = bytes.get(at..at.checked_add(FRAME_HEAD)?)?;
    let length = usize::try_from(number_at(head, 0)).ok().filter(|length| *length > 0)?;
    let from = at + FRAME_HEAD;
    let records = from..from.checked_add(length)?;
    let content = bytes.get(records.clone())?;
    (number_at(head, 4) == checksum(&head[..4], &head[8..], content)).then(|| (seq_at(head, 8), records))
}

fn checksum(length: &[u8], seq: &[u8], records: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in [length, seq, records] {
        hasher.update(part);
    }
    hasher.finalize()
}

fn number_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn seq_at(bytes: &[u8], at: usize) -> Seq {
    Seq(u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")))
}

/// The next place at which a frame may begin.
pub fn aligned(at: usize) -> usize {
    at.next_multiple_of(ALIGN)
}

/// Makes a frame of what `put` appends; `None` = it is too large for any.
pub fn frame(first: Seq, to: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
    to.clear();
    to.resize(FRAME_HEAD, 0);
    put(to);
    let length = u32::try_from(to.len() - FRAME_HEAD).ok()?;
    let (length, seq) = (length.to_le_bytes(), first.0.to_le_bytes());
    let sum = checksum(&length, &seq, &to[FRAME_HEAD..]);
    to[..4].copy_from_slice(&length);
    to[4..8].copy_from_slice(&sum.to_le_bytes());
    to[8..FRAME_HEAD].copy_from_slice(&seq);
    to.resize(aligned(to.len()), 0);
    Some(())
}

/// A file that is written.
#[derive(Debug)]
pub struct Segment<F> {
    file: F,
    name: String,
    size: u64,
    at: u64,
}

impl<F: VolumeFile> Segment<F> {
    /// Makes a file of zeros under another name; to be called where time does not matter.
    pub fn prepare<V: Volume<File = F>>(volume: &V, name: &str, size: u64) -> io::Result<F> {
        let file = volume.create(name)?;
        let zeros = vec![0; ZEROS];
        for at in (0..size).step_by(ZEROS) {
            let part = usize::try_from(size - at).map_or(ZEROS, |left| left.min(ZEROS));
            file.write_at(&zeros[..part], at)?;
        }
        file.sync()?;
        Ok(file)
    }

    /// Takes a prepared file into use, beginning with this number.
    pub fn begin<V: Volume<File = F>>(
        volume: &V,
        file: F,
        prepared: &str,
        name: String,
        first: Seq,
    ) -> io::Result<Self> {
        Self::begin_with(volume, file, prepared, name, first, &[])
    }

    /// The same with these frames, which are in it from the moment on at which it has its name.
    pub fn begin_with<V: Volume<File = F>>(
        volume: &V,
        file: F,
        prepared: &str,
        name: String,
        first: Seq,
        frames: &[u8],
    ) -> io::Result<Self> {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&VERSION.to_le_bytes());
        head[16..24].copy_from_slice(&first.0.to_le_bytes());
        let sum = crc32fast::hash(&head[..24]);
        head[24..28].copy_from_slice(&sum.to_le_bytes());
        file.write_at(&head, 0)?;
        if !frames.is_empty() {
            file.write_at(frames, HEAD as u64)?;
        }
        file.sync()?;
        volume.rename(prepared, &name)?;
        volume.sync()?;
        let size = file.size()?;
        Ok(Self { file, name, size, at: (HEAD + frames.len()) as u64 })
    }

    /// Goes on behind a file's good part, which is written again: what could be read may be in memory alone, and so may the
    /// file's name. What is there of a frame that was cut short becomes zeros.
    pub fn resume<V: Volume<File = F>>(volume: &V, name: String, bytes: &[u8], scanned: &Scanned) -> io::Result<Self> {
        let file = volume.open(&name)?;
        file.write_at(&bytes[..scanned.end], 0)?;
        if scanned.has_rest {
            let last = bytes.iter().rposition(|byte| *byte != 0).map_or(scanned.end, |last| last + 1);
            file.write_at(&vec![0; last - scanned.end], scanned.end as u64)?;
        }
        file.sync()?;
        volume.sync()?;
        Ok(Self { file, name, size: bytes.len() as u64, at: scanned.end as u64 })
    }

    /// Whether so many bytes have room.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.at + bytes as u64 <= self.size
    }

    /// Writes a frame behind the last one.
    pub fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        self.file.write_at(frame, self.at)?;
        self.at += frame.len() as u64;
        Ok(())
    }

    /// What was written is on the disk when this returns.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of it that are written.
    pub fn used(&self) -> u64 {
        self.at
    }
}
