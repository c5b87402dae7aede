//! A journal's folder copied to another, also while a daemon writes it: for backup, and for restoring one.
//!
//! Invariant: the copy has its name only once it is whole, verified and on the disk; what is copied is only read. What
//! was acknowledged before the copy began is in it. Files that are not known here are taken along; keys of personal fields
//! only if they are asked for, since whoever has them has what they seal.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    Seq,
    disk::LOCK,
    inspect::{self, ARCHIVE, Finding, SegmentFile, Survey},
    log::{OpenError, first_of},
    seal::Plain,
    segment,
    vault::{self, KEYS},
    volume::{Folder, Volume},
};

/// What a copy is called until it is whole.
const UNFINISHED: &str = ".unfinished";
/// How names of files end that are being made, or made beforehand.
const IN_THE_MAKING: [&str; 3] = [".new", ".part", ".ready"];

/// Why a folder was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is something already.
    #[error("{0} is there and not empty")]
    Occupied(PathBuf),
    /// An earlier copy was cut short.
    #[error("{0} is there: a copy that was cut short; remove it first")]
    Unfinished(PathBuf),
    /// There is no journal.
    #[error("{0} has no journal")]
    Nothing(PathBuf),
    /// Its snapshots cannot be read, and not all records are there.
    #[error("{0}: no snapshot can be read, and the first records are gone")]
    NoStart(PathBuf),
    /// Something that a daemon would refuse; a copy of it would be no backup.
    #[error("{path}: {finding}")]
    Faulty {
        /// Which segment.
        path: PathBuf,
        /// What is wrong.
        finding: Finding,
    },
    /// The folder cannot be read.
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

/// What becomes of the keys of personal fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// They are copied by other means, to another place.
    Apart,
    /// They are in the copy.
    Along,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What the copy holds, segment by segment.
    pub survey: Survey,
    /// Other files in it.
    pub others: usize,
    /// Bytes written.
    pub bytes: u64,
}

impl Copied {
    /// The last record in it.
    pub fn last(&self) -> Seq {
        Seq(self.survey.next.0 - 1)
    }
}

/// Copies a folder to one that is not there, or empty.
pub fn copy(from: &Path, to: &Path, keys: Keys) -> Result<Copied, CopyError> {
    // Without a slash at its end, behind which another name would be one within.
    let to = &to.components().collect::<PathBuf>();
    if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) || to.is_file() {
        return Err(CopyError::Occupied(to.to_owned()));
    }
    let unfinished = with_ending(to, UNFINISHED);
    if unfinished.exists() {
        return Err(CopyError::Unfinished(unfinished));
    }
    make(&unfinished)?;
    let copied = fill(from, &unfinished, keys).inspect_err(|_| {
        // Nothing that could be taken for a copy stays; if it cannot go, its name says what it is.
        let _ = fs::remove_dir_all(&unfinished);
    })?;
    let failed = |source| CopyError::Io { path: to.to_owned(), source };
    fs::rename(&unfinished, to).map_err(failed)?;
    sync_folder(to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    Ok(copied)
}

fn fill(from: &Path, to: &Path, keys: Keys) -> Result<Copied, CopyError> {
    let mut copying = Copying { others: 0, bytes: 0 };
    // Snapshots first: whatever follows them is copied after them. The archive last: what moves there meanwhile is found.
    copying.others(from, to)?;
    copying.segments(from, to)?;
    let archive = from.join(ARCHIVE);
    if archive.is_dir() {
        make(&to.join(ARCHIVE))?;
        copying.folder(&archive, &to.join(ARCHIVE))?;
    }
    if keys == Keys::Along {
        // Behind all records, since a key is there before the first of its records.
        copying.keys(from, to)?;
    }
    sync_folder(to)?;
    let files = inspect::segments_of(to)?;
    if files.is_empty() {
        return Err(CopyError::Nothing(from.to_owned()));
    }
    let survey = inspect::judge(to, &files, &Plain, |_, _| {})?;
    if let Some(looked) = survey.faults().next() {
        let name = looked.path.strip_prefix(to).unwrap_or(&looked.path);
        return Err(CopyError::Faulty { path: from.join(name), finding: looked.finding.clone() });
    }
    if !survey.is_accepted() {
        return Err(CopyError::NoStart(from.to_owned()));
    }
    Ok(Copied { survey, others: copying.others, bytes: copying.bytes })
}

/// A copy under way.
struct Copying {
    others: usize,
    bytes: u64,
}

impl Copying {
    /// All but segments, the archive, keys, and what belongs to whoever writes.
    fn others(&mut self, from: &Path, to: &Path) -> Result<(), CopyError> {
        for (path, name) in entries(from)? {
            let text = name.to_string_lossy();
            let is_of_others = [LOCK, ARCHIVE, KEYS].contains(&&*text) || first_of(&text).is_some();
            if !is_of_others && !is_in_the_making(&text) {
                self.entry(&path, &to.join(&name))?;
            }
        }
        Ok(())
    }

    fn folder(&mut self, from: &Path, to: &Path) -> Result<(), CopyError> {
        for (path, name) in entries(from)? {
            if !is_in_the_making(&name.to_string_lossy()) {
                self.entry(&path, &to.join(&name))?;
            }
        }
        sync_folder(to)
    }

    fn entry(&mut self, from: &Path, to: &Path) -> Result<(), CopyError> {
        if from.is_dir() {
            make(to)?;
            return self.folder(from, to);
        }
        match fs::read(from) {
            // It was replaced by a newer one, or moved, since the folder was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(CopyError::Io { path: from.to_owned(), source }),
            Ok(bytes) => {
                self.others += usize::from(first_of(&to.file_name().unwrap_or_default().to_string_lossy()).is_none());
                self.write(to, &bytes)
            }
        }
    }

    /// The last of them as far as it is good: behind that, a frame may be on its way.
    fn segments(&mut self, from: &Path, to: &Path) -> Result<(), CopyError> {
        let mut files = inspect::segments_of(from)?;
        files.retain(|file| !file.is_archived);
        let last = files.last().map(|file| file.first);
        for SegmentFile { volume, name, first, .. } in files {
            let bytes = match Volume::read(&volume, &name) {
                // On its way to the archive, which is copied later.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                bytes => bytes.map_err(|source| CopyError::Io { path: Folder::path(&volume, &name), source })?,
            };
            let good = match segment::scan(&bytes) {
                Ok(scanned) if Some(first) == last && scanned.goes_on_at.is_none() => scanned.end,
                _ => bytes.len(),
            };
            self.write(&to.join(&name), &bytes[..good])?;
        }
        Ok(())
    }

    /// The store that is in force, which is overwritten once there is a newer one.
    fn keys(&mut self, from: &Path, to: &Path) -> Result<(), CopyError> {
        while let Some(store) = vault::store_of(from)? {
            let read = fs::read(&store);
            if vault::store_of(from)?.as_ref() != Some(&store) {
                continue;
            }
            let bytes = read.map_err(|source| CopyError::Io { path: store.clone(), source })?;
            let folder = to.join(KEYS);
            make(&folder)?;
            self.others += 1;
            self.write(&folder.join(store.file_name().unwrap_or_default()), &bytes)?;
            return sync_folder(&folder);
        }
        Ok(())
    }

    fn write(&mut self, to: &Path, bytes: &[u8]) -> Result<(), CopyError> {
        let written = File::create_new(to).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        self.bytes += bytes.len() as u64;
        written.map_err(|source| CopyError::Io { path: to.to_owned(), source })
    }
}

fn is_in_the_making(name: &str) -> bool {
    IN_THE_MAKING.iter().any(|ending| name.ends_with(ending))
}

fn entries(folder: &Path) -> Result<Vec<(PathBuf, OsString)>, CopyError> {
    let failed = |source| CopyError::Io { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let entry = |entry: io::Result<fs::DirEntry>| entry.map(|entry| (entry.path(), entry.file_name()));
    entries.map(entry).collect::<io::Result<_>>().map_err(failed)
}

fn make(folder: &Path) -> Result<(), CopyError> {
    Folder::make(folder).map(drop).map_err(|source| CopyError::Io { path: folder.to_owned(), source })
}

fn sync_folder(folder: &Path) -> Result<(), CopyError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| CopyError::Io { path: folder.to_owned(), source })
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
