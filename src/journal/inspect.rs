//! What a journal's files hold and what is wrong with them, told segment by segment.
//!
//! Invariant: nothing is changed, whatever is found is told and not an error, and records are handed over only as far as
//! the journal is whole from its beginning. Not here: opening a journal to write it (`log`), and cutting it (`cut`).

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use crate::model::time::Timestamp;

use super::{
    Record, Seq,
    codec::{self, Broken, Personal},
    disk::LOCK,
    log::{self, OpenError, first_of, segments},
    seal::{Plain, Seal},
    segment::{self, FRAME_HEAD, Scanned},
    snapshot,
    volume::{Folder, Volume},
};

pub use super::{
    archive::ARCHIVE,
    segment::{HeadError, VERSION},
};

/// How names of snapshots end.
pub const SNAPSHOT: &str = ".snapshot";

/// A segment, wherever it is.
#[derive(Debug, Clone)]
pub struct SegmentFile<V> {
    /// The folder that it is in.
    pub volume: V,
    /// Its name there.
    pub name: String,
    /// The first record, by its name.
    pub first: Seq,
    /// Whether it is of those that a daemon needs no more.
    pub is_archived: bool,
    /// Where it is found once it becomes one of those; absent of those that are.
    pub archive: Option<V>,
}

impl<V: Volume> SegmentFile<V> {
    /// Its bytes, wherever it is by now.
    fn read(&mut self) -> io::Result<Vec<u8>> {
        match self.volume.read(&self.name) {
            Err(problem) if problem.kind() == io::ErrorKind::NotFound && self.archive.is_some() => {
                self.volume = self.archive.take().expect("there is one");
                self.is_archived = true;
                self.volume.read(&self.name)
            }
            read => read,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Each segment, in order.
    pub segments: Vec<Looked>,
    /// The record that comes next, as far as the journal is whole.
    pub next: Seq,
    /// Where a start begins; `None` = it was not looked for ([`judge`]).
    pub start: Option<Start>,
}

/// Where a daemon that starts begins to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first record.
    Beginning,
    /// Behind the newest snapshot that can be read: with this record.
    Snapshot(Seq),
    /// Nowhere: there are snapshots, of which none can be read, and records are missing without them.
    Nowhere,
}

/// A segment that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Which.
    pub path: PathBuf,
    /// Its first record, by its name.
    pub first: Seq,
    /// Its bytes, those that are still free included.
    pub size: u64,
    /// Bytes up to the end of its last good frame.
    pub used: u64,
    /// Good records from its beginning on.
    pub records: u64,
    /// When the first and the last of them happened.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Good records behind something that is damaged.
    pub behind: u64,
    /// Whether it is archived.
    pub is_archived: bool,
    /// Whether a start reads it; what is before the newest snapshot is for replays only.
    pub is_needed: bool,
    /// How it is.
    pub finding: Finding,
}

/// How a segment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// As it should be.
    Whole,
    /// A frame at the end was cut short: it was never acknowledged, or is being written now.
    Torn {
        /// Where it begins.
        at: usize,
    },
    /// Something is damaged that was acknowledged.
    Damaged {
        /// Where.
        at: usize,
        /// The first record that cannot be read.
        seq: Seq,
    },
    /// A record is well kept and cannot be decoded.
    Undecodable {
        /// Where its frame's records begin.
        at: usize,
        /// The first of the frame.
        seq: Seq,
        /// Why not.
        broken: Broken,
    },
    /// Records are missing before it, or it begins with another record than its name says.
    Gap {
        /// What should have come.
        expected: Seq,
    },
    /// Its head cannot be read.
    Head(HeadError),
    /// The disk does not give it.
    Unreadable(String),
    /// It was there when the folder was listed.
    Gone,
}

impl Finding {
    /// Whether a daemon would refuse it.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Whole | Self::Torn { .. })
    }

    /// Its name, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Torn { .. } => "torn",
            Self::Damaged { .. } => "damaged",
            Self::Undecodable { .. } => "undecodable",
            Self::Gap { .. } => "gap",
            Self::Head(HeadError::Later(_)) => "later",
            Self::Head(HeadError::NotASegment) => "no_segment",
            Self::Unreadable(_) => "unreadable",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole"),
            Self::Torn { at } => write!(f, "a frame is cut short at byte {at}"),
            Self::Damaged { at, seq } => write!(f, "damaged at byte {at}: record {seq} cannot be read"),
            Self::Undecodable { at, seq, broken } => {
                write!(f, "the frame at byte {at} cannot be decoded: record {seq} or one after it {broken}")
            }
            Self::Gap { expected } => write!(f, "records are missing: {expected} must come next"),
            Self::Head(error) => error.fmt(f),
            Self::Unreadable(problem) => write!(f, "cannot be read: {problem}"),
            Self::Gone => f.write_str("was removed as the journal was looked at; look again"),
        }
    }
}

impl Survey {
    /// Segments that a daemon would refuse.
    pub fn faults(&self) -> impl Iterator<Item = &Looked> {
        self.segments.iter().filter(|looked| looked.finding.is_fault() && looked.is_needed)
    }

    /// Segments that a daemon does not read, and that cannot be replayed.
    pub fn faults_of_old(&self) -> impl Iterator<Item = &Looked> {
        self.segments.iter().filter(|looked| looked.finding.is_fault() && !looked.is_needed)
    }

    /// The first record that a daemon would need and cannot have.
    pub fn refused_at(&self) -> Option<Seq> {
        self.faults().next().map(Looked::fails_at)
    }

    /// Whether a daemon would start with it.
    pub fn is_accepted(&self) -> bool {
        self.faults().next().is_none() && self.start != Some(Start::Nowhere)
    }

    /// The record that comes behind all that can be read.
    fn end(&self) -> Seq {
        self.segments.last().map_or(self.next, |last| Seq(last.first.0 + last.records))
    }

    /// Good records, those behind something damaged not counted.
    pub fn records(&self) -> u64 {
        self.segments.iter().map(|looked| looked.records).sum()
    }
}

impl Looked {
    /// The first record that is missing in it, or before it.
    fn fails_at(&self) -> Seq {
        match self.finding {
            Finding::Damaged { seq, .. } | Finding::Undecodable { seq, .. } => seq,
            Finding::Gap { expected } => expected,
            _ => self.first,
        }
    }

    /// Its last good record; `None` = it has none.
    pub fn last(&self) -> Option<Seq> {
        (self.records > 0).then(|| Seq(self.first.0 + self.records - 1))
    }
}

/// A folder's segments in order, those of its archive included.
pub fn segments_of(folder: &Path) -> Result<Vec<SegmentFile<Folder>>, OpenError> {
    let archive = Folder::at(&folder.join(ARCHIVE));
    let of = |volume: &Folder, is_archived: bool| -> Result<Vec<SegmentFile<Folder>>, OpenError> {
        let file = |name: String| {
            let (first, archive) = (first_of(&name)?, (!is_archived).then(|| archive.clone()));
            Some(SegmentFile { volume: volume.clone(), name, first, is_archived, archive })
        };
        Ok(segments(volume)?.into_iter().filter_map(file).collect())
    };
    let mut all = of(&Folder::at(folder), false)?;
    match of(&archive, true) {
        Ok(archived) => all.extend(archived),
        Err(problem) if problem.is_gone() => {}
        Err(problem) => return Err(problem),
    }
    // One that is on its way to the archive may be in both.
    all.sort_by_key(|file| (file.first, file.is_archived));
    all.dedup_by_key(|file| file.first);
    Ok(all)
}

/// Files of a folder that are no segments, and their sizes; the lock is none of them.
pub fn others_of(folder: &Path) -> io::Result<Vec<(String, u64)>> {
    let mut others = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && first_of(&name).is_none() && name != LOCK {
            others.push((name, entry.metadata()?.len()));
        }
    }
    others.sort();
    Ok(others)
}

/// With which record a folder's files have to begin; `None` = a snapshot stands for those before.
pub fn begins(others: &[(String, u64)]) -> Option<Seq> {
    let has_snapshot = others.iter().any(|(name, _)| name.ends_with(SNAPSHOT));
    (!has_snapshot).then_some(Seq::FIRST)
}

/// Looks at a folder's files as a daemon that starts would: from the newest snapshot on, where one can be read.
pub fn judge(
    folder: &Path,
    files: &[SegmentFile<Folder>],
    seal: &dyn Seal,
    record: impl FnMut(Record, Personal),
) -> Result<Survey, OpenError> {
    let io = |source| OpenError::Io { path: folder.to_owned(), source };
    let begins = begins(&others_of(folder).map_err(io)?);
    let mut survey = survey(files, begins, seal, record);
    let newest = snapshot::newest(&Folder::at(folder), seal, survey.end())?;
    let is_whole_from_the_first = files.first().is_none_or(|file| file.first == Seq::FIRST);
    let start = match newest {
        Some(snapshot) => Start::Snapshot(snapshot.next),
        None if is_whole_from_the_first => Start::Beginning,
        None => Start::Nowhere,
    };
    if let Start::Snapshot(from) = start {
        let ends: Vec<Option<Seq>> =
            survey.segments.iter().skip(1).map(|next| Some(next.first)).chain([None]).collect();
        for (looked, end) in survey.segments.iter_mut().zip(ends) {
            looked.is_needed = end.is_none_or(|end| end > from);
        }
    }
    survey.start = Some(start);
    Ok(survey)
}

/// Looks at these segments, opens what is sealed in them, and hands over their records in order, up to the first fault.
pub fn survey<V: Volume>(
    files: &[SegmentFile<V>],
    begins: Option<Seq>,
    seal: &dyn Seal,
    mut record: impl FnMut(Record, Personal),
) -> Survey {
    let next = begins.or_else(|| files.first().map(|file| file.first)).unwrap_or(Seq::FIRST);
    let mut survey = Survey { segments: Vec::with_capacity(files.len()), next, start: None };
    let (mut expected, mut is_whole) = (next, true);
    for (number, file) in files.iter().enumerate() {
        let upto = files.get(number + 1).map(|next| next.first);
        let looked = look_at(file.clone(), expected, upto, seal, |found, personal| {
            if is_whole {
                survey.next = found.seq.next();
                record(found, personal);
            }
        });
        if let (Finding::Gone, true, Some(first)) =
            (&looked.finding, survey.segments.is_empty() && begins.is_none(), upto)
        {
            // The oldest of the archive goes first.
            (survey.next, expected) = (first, first);
            continue;
        }
        is_whole &= !looked.finding.is_fault();
        // One fault is told once.
        expected = upto.unwrap_or(Seq(looked.first.0 + looked.records));
        survey.segments.push(looked);
    }
    survey
}

/// Looks at a segment that should begin with `expected` and end before `upto`; `None` = it is the last.
fn look_at<V: Volume>(
    mut file: SegmentFile<V>,
    expected: Seq,
    upto: Option<Seq>,
    seal: &dyn Seal,
    mut record: impl FnMut(Record, Personal),
) -> Looked {
    let (bytes, first) = (file.read(), file.first);
    let mut looked = Looked {
        path: file.volume.path(&file.name),
        first,
        size: 0,
        used: 0,
        records: 0,
        times: None,
        behind: 0,
        is_archived: file.is_archived,
        is_needed: true,
        finding: Finding::Whole,
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Looked { finding: Finding::Gone, ..looked },
        Err(error) => return Looked { finding: Finding::Unreadable(error.to_string()), ..looked },
    };
    looked.size = bytes.len() as u64;
    let scanned = match segment::scan(&bytes) {
        Ok(scanned) => scanned,
        Err(error) => return Looked { finding: Finding::Head(error), ..looked },
    };
    looked.used = scanned.end as u64;
    if first != expected || scanned.first != first {
        looked.finding = Finding::Gap { expected };
    }
    let broken = frames(&bytes, &scanned, upto, seal, |found, personal| {
        looked.records += 1;
        let since = looked.times.map_or(found.now, |(since, _)| since);
        looked.times = Some((since, found.now));
        if !looked.finding.is_fault() {
            record(found, personal);
        }
    });
    looked.behind = scanned.goes_on_at.map_or(0, |at| count(&bytes, at));
    let next = Seq(first.0 + looked.records);
    let is_damaged = upto.map_or_else(|| log::is_damaged(&bytes, &scanned, next), |upto| next < upto);
    let how = match broken {
        Some(broken) => broken,
        None if is_damaged => Finding::Damaged { at: scanned.end, seq: next },
        None if upto.is_none() && scanned.has_rest => Finding::Torn { at: scanned.end },
        None => Finding::Whole,
    };
    if !looked.finding.is_fault() {
        looked.finding = how;
    }
    looked
}

/// Hands over the records of the frames before `upto`; what ended it, if something did.
fn frames(
    bytes: &[u8],
    scanned: &Scanned,
    upto: Option<Seq>,
    seal: &dyn Seal,
    mut record: impl FnMut(Record, Personal),
) -> Option<Finding> {
    let mut next = scanned.first;
    for (first, place) in &scanned.frames {
        // What could not be synced was written again, to the next segment.
        if upto.is_some_and(|upto| *first >= upto) {
            break;
        }
        let damaged = Finding::Damaged { at: place.start - FRAME_HEAD, seq: next };
        if *first != next {
            return Some(damaged);
        }
        let records = match codec::take_told(seal, &bytes[place.clone()]) {
            Ok(records) => records,
            Err(broken) => return Some(Finding::Undecodable { at: place.start, seq: next, broken }),
        };
        for (found, personal) in records {
            if found.seq != next {
                return Some(damaged);
            }
            next = next.next();
            record(found, personal);
        }
    }
    None
}

/// Records that can be read from here on.
fn count(bytes: &[u8], at: usize) -> u64 {
    let readable = |place| codec::take_sealed(&Plain, &bytes[place]).map_or(0, |records| records.len() as u64);
    segment::frames_from(bytes, at).map(|(_, place)| readable(place)).sum()
}
