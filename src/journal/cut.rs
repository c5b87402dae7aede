//! A journal cut off before a record, so that a daemon can go on without what cannot be read.
//!
//! Invariant: what is cut off stays beside the journal under another name; whenever it is interrupted, the journal has
//! everything before the cut, and cutting again finishes it. Not here: a frame that was never acknowledged, which a start
//! repairs by itself (`log`).

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Seq,
    archive::ARCHIVE,
    codec, disk,
    inspect::{self, SNAPSHOT, SegmentFile, Survey},
    log::OpenError,
    seal::Plain,
    segment::{self, FRAME_HEAD, HEAD},
    volume::{Folder, Tree, Volume, VolumeFile},
};

/// What the part that stays is called until it takes the segment's place.
const KEPT: &str = "cut.new";

/// Why a journal is not cut.
#[derive(Debug, thiserror::Error)]
pub enum CutError {
    /// There is nothing to cut off.
    #[error("there is no record {at}: the journal ends before {next}")]
    BehindTheEnd {
        /// What was asked for.
        at: Seq,
        /// What would come next.
        next: Seq,
    },
    /// What would stay cannot be read.
    #[error("records from {next} on cannot be kept, so the cut cannot be later: --truncate-at {next}")]
    NotWhole {
        /// The first that cannot be kept.
        next: Seq,
    },
    /// It is too far back.
    #[error("record {0} is in the archive or before it; restore a backup instead")]
    Archived(Seq),
    /// The folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk says no.
    #[error("{path}: {source}")]
    Io {
        /// Of what.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
}

/// A cut that can be made.
#[derive(Debug)]
pub struct Cut {
    folder: PathBuf,
    /// What names of files that go aside end with: no earlier cut has used it.
    ending: String,
    /// The segment that ends with the cut, if any stays of it, with what stays.
    kept: Option<(String, Vec<u8>)>,
    /// Files that go aside, in this order; the archive's with its name.
    aside: Vec<String>,
    /// Good records before the cut.
    pub stays: u64,
    /// Records that can be read and go aside; all of them were acknowledged.
    pub goes: u64,
    /// Whether there is more among it that cannot be read.
    pub has_unreadable: bool,
}

impl Cut {
    /// Looks at what cutting would do; changes nothing.
    pub fn plan(folder: &Path, at: Seq) -> Result<Self, CutError> {
        let io = |source| CutError::Io { path: folder.to_owned(), source };
        let files = inspect::segments_of(folder)?;
        let others = inspect::others_of(folder).map_err(io)?;
        let survey = inspect::survey(&files, inspect::begins(&others), &Plain, |_, _| {});
        let is_faulty = survey.faults().next().is_some();
        if at > survey.next {
            let next = survey.next;
            return Err(if is_faulty { CutError::NotWhole { next } } else { CutError::BehindTheEnd { at, next } });
        }
        if at == survey.next && !is_faulty {
            return Err(CutError::BehindTheEnd { at, next: at });
        }
        let Some(number) = files.iter().rposition(|file| file.first <= at) else { return Err(CutError::Archived(at)) };
        if files[number].is_archived {
            return Err(CutError::Archived(at));
        }
        let kept = if files[number].first < at { Some(part_before(&files[number], at)?) } else { None };
        let ending = free_ending(&others, at);
        let of_archive = match inspect::others_of(&folder.join(ARCHIVE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            others => others.map_err(io)?.into_iter().map(|(name, _)| format!("{ARCHIVE}/{name}")).collect(),
        };
        let mut aside: Vec<String> = others.into_iter().map(|(name, _)| name).collect();
        aside.splice(0..0, of_archive);
        aside.retain(|name| is_later(name, at));
        // From the end, so that what is left is a journal at any moment.
        let later = number + usize::from(kept.is_some());
        aside.extend(files[later..].iter().rev().map(|file| file.name.clone()));
        let (stays, goes) = counts(&survey, at);
        Ok(Self { folder: folder.to_owned(), ending, kept, aside, stays, goes, has_unreadable: is_faulty })
    }

    /// Where what is cut off will be.
    pub fn names(&self) -> Vec<PathBuf> {
        let of_segment = self.kept.iter().map(|(name, _)| name);
        self.aside.iter().chain(of_segment).map(|name| self.folder.join(self.aside_name(name))).collect()
    }

    /// Cuts. Nobody else has the folder meanwhile.
    pub fn make(&self) -> Result<(), CutError> {
        let _lock = disk::lock(&self.folder)?;
        let volume = Folder::at(&self.folder);
        self.cut(&volume).map_err(|(name, source)| CutError::Io { path: volume.path(&name), source })
    }

    fn cut<V: Tree>(&self, volume: &V) -> Result<(), (String, io::Error)> {
        let named = |name: &str| {
            let name = name.to_owned();
            move |error| (name, error)
        };
        for name in &self.aside {
            let put = volume.rename(name, &self.aside_name(name)).and_then(|()| sync_folder_of(volume, name));
            put.map_err(named(name))?;
        }
        let Some((name, kept)) = &self.kept else { return Ok(()) };
        let whole = volume.read(name).map_err(named(name))?;
        let aside = self.aside_name(name);
        write(volume, &aside, &whole).map_err(named(&aside))?;
        write(volume, KEPT, kept).map_err(named(KEPT))?;
        volume.rename(KEPT, name).and_then(|()| volume.sync()).map_err(named(name))
    }

    fn aside_name(&self, name: &str) -> String {
        format!("{name}{}", self.ending)
    }
}

fn free_ending(others: &[(String, u64)], at: Seq) -> String {
    let is_free = |ending: &String| others.iter().all(|(name, _)| !name.ends_with(ending.as_str()));
    let again = (2..).map(|time| format!(".cut-{at}-{time}"));
    let mut endings = std::iter::once(format!(".cut-{at}")).chain(again);
    endings.find(is_free).expect("a folder has fewer files than there are numbers")
}

/// Has the names of the folder in which this file is on the disk.
fn sync_folder_of<V: Tree>(volume: &V, name: &str) -> io::Result<()> {
    match name.split_once('/') {
        Some((folder, _)) => volume.below(folder)?.sync(),
        None => volume.sync(),
    }
}

fn write<V: Volume>(volume: &V, name: &str, bytes: &[u8]) -> io::Result<()> {
    let file = volume.create(name)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    volume.sync()
}

/// Whether this is a snapshot of a time after the cut, or of one that nobody can tell.
fn is_later(name: &str, at: Seq) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let Some(stem) = name.strip_suffix(SNAPSHOT) else { return false };
    stem.parse().map_or(true, |next: u64| next > at.0)
}

/// Good records before and from the cut on.
fn counts(survey: &Survey, at: Seq) -> (u64, u64) {
    let before = |first: Seq, records: u64| at.0.saturating_sub(first.0).min(records);
    let stays = survey.segments.iter().map(|looked| before(looked.first, looked.records)).sum();
    let all: u64 = survey.segments.iter().map(|looked| looked.records + looked.behind).sum();
    (stays, all - stays)
}

/// A segment's bytes up to a record; if that is in the middle of a frame, the frame is made again of those before.
fn part_before(file: &SegmentFile<Folder>, at: Seq) -> Result<(String, Vec<u8>), CutError> {
    let failed = |source| CutError::Io { path: file.volume.path(&file.name), source };
    let mut bytes = file.volume.read(&file.name).map_err(failed)?;
    let frames: Vec<_> = segment::frames_from(&bytes, HEAD).take_while(|(first, _)| *first < at).collect();
    let Some((first, place)) = frames.last().cloned() else { return Ok((file.name.clone(), bytes[..HEAD].to_vec())) };
    let broken = |broken| failed(io::Error::other(format!("a record {broken}")));
    // As they are: what is sealed in them stays sealed under the same keys.
    let count = usize::try_from(at.0 - first.0).unwrap_or(usize::MAX);
    let records = codec::first(count, &bytes[place.clone()]).map_err(broken)?.to_vec();
    if records.len() == place.len() {
        bytes.truncate(segment::aligned(place.end).min(bytes.len()));
        return Ok((file.name.clone(), bytes));
    }
    let mut frame = Vec::new();
    segment::frame(first, &mut frame, |to| to.extend_from_slice(&records))
        .expect("a part of a frame is smaller than it");
    bytes.truncate(place.start - FRAME_HEAD);
    bytes.extend_from_slice(&frame);
    Ok((file.name.clone(), bytes))
}
