//! A folder whose disk forgets with the process what it was not asked to sync, as it would at a power cut.
//!
//! `kill -9` alone never tests a sync: what a process wrote stays in the machine's memory. Here it stays in the process's
//! own. Invariant: compiled under the feature `planted-faults` only, and a plain folder unless ATTUNE_DISK says otherwise:
//! `forgetful`, or `deaf`, which in addition takes no notice of syncs of what the journal appends: kills must then be found
//! to lose what was acknowledged.

use std::{
    collections::BTreeMap,
    env,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use super::{
    log::first_of,
    volume::{Folder, Volume, VolumeFile},
};

/// Files that have no name yet that the disk knows of.
const NAMELESS: &str = "nameless-";

/// A folder; clones are the same one.
#[derive(Debug, Clone)]
pub struct Forgetful {
    folder: Folder,
    /// What the disk does not have; none if it is a plain folder.
    memory: Option<Arc<Mutex<Memory>>>,
}

#[derive(Debug)]
struct Memory {
    is_deaf: bool,
    /// Files by the names that the process sees.
    names: BTreeMap<String, Arc<Pages>>,
    /// What was made of names since the folder was synced.
    unsynced: Vec<Naming>,
    nameless: u64,
}

#[derive(Debug)]
enum Naming {
    Create { file: String, name: String },
    Rename { from: String, to: String },
    Remove { name: String },
}

/// A file, and what was written to it since it was synced.
#[derive(Debug)]
struct Pages {
    file: File,
    unsynced: Mutex<Vec<(u64, Vec<u8>)>>,
}

/// A file of it.
#[derive(Debug)]
pub enum ForgetfulFile {
    /// Of a plain folder.
    Plain(File),
    /// Of one that forgets.
    Remembered(Remembered),
}

/// A file, and the folder that knows its name.
#[derive(Debug)]
pub struct Remembered {
    pages: Arc<Pages>,
    memory: Arc<Mutex<Memory>>,
}

impl Forgetful {
    /// This folder, made if it is not there; on a disk as ATTUNE_DISK says.
    pub fn make(path: &Path) -> io::Result<Self> {
        match env::var("ATTUNE_DISK").as_deref() {
            Ok("forgetful") => Self::forgetting(path, false),
            Ok("deaf") => Self::forgetting(path, true),
            Ok(other) => Err(io::Error::other(format!("ATTUNE_DISK is forgetful or deaf, not {other}"))),
            Err(_) => Ok(Self { folder: Folder::make(path)?, memory: None }),
        }
    }

    fn forgetting(path: &Path, is_deaf: bool) -> io::Result<Self> {
        let folder = Folder::make(path)?;
        let mut names = BTreeMap::new();
        for name in folder.list()? {
            if name.starts_with(NAMELESS) {
                folder.remove(&name)?;
            } else {
                let file = OpenOptions::new().read(true).write(true).open(folder.path(&name))?;
                names.insert(name, Arc::new(Pages::of(file)));
            }
        }
        let memory = Memory { is_deaf, names, unsynced: Vec::new(), nameless: 0 };
        Ok(Self { folder, memory: Some(Arc::new(Mutex::new(memory))) })
    }
}

impl Volume for Forgetful {
    type File = ForgetfulFile;

    fn list(&self) -> io::Result<Vec<String>> {
        match &self.memory {
            None => self.folder.list(),
            Some(memory) => Ok(memory.lock().names.keys().cloned().collect()),
        }
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        match &self.memory {
            None => self.folder.read(name),
            Some(memory) => memory.lock().pages(name)?.read(),
        }
    }

    fn create(&self, name: &str) -> io::Result<ForgetfulFile> {
        let Some(memory) = &self.memory else { return self.folder.create(name).map(ForgetfulFile::Plain) };
        let mut at = memory.lock();
        at.nameless += 1;
        let nameless = format!("{NAMELESS}{}", at.nameless);
        let path = self.folder.path(&nameless);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        let pages = Arc::new(Pages::of(file));
        at.unsynced.push(Naming::Create { file: nameless, name: name.to_owned() });
        at.names.insert(name.to_owned(), Arc::clone(&pages));
        Ok(ForgetfulFile::Remembered(Remembered { pages, memory: Arc::clone(memory) }))
    }

    fn open(&self, name: &str) -> io::Result<ForgetfulFile> {
        let Some(memory) = &self.memory else { return self.folder.open(name).map(ForgetfulFile::Plain) };
        let pages = memory.lock().pages(name)?;
        Ok(ForgetfulFile::Remembered(Remembered { pages, memory: Arc::clone(memory) }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let Some(memory) = &self.memory else { return self.folder.rename(from, to) };
        let mut at = memory.lock();
        let pages = at.pages(from)?;
        at.names.remove(from);
        at.names.insert(to.to_owned(), pages);
        at.unsynced.push(Naming::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let Some(memory) = &self.memory else { return self.folder.remove(name) };
        let mut at = memory.lock();
        at.pages(name)?;
        at.names.remove(name);
        at.unsynced.push(Naming::Remove { name: name.to_owned() });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let Some(memory) = &self.memory else { return self.folder.sync() };
        for naming in std::mem::take(&mut memory.lock().unsynced) {
            match naming {
                Naming::Create { file, name } => self.folder.rename(&file, &name)?,
                Naming::Rename { from, to } => self.folder.rename(&from, &to)?,
                Naming::Remove { name } => self.folder.remove(&name)?,
            }
        }
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }
}

impl Memory {
    fn pages(&self, name: &str) -> io::Result<Arc<Pages>> {
        self.names.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_heard(&self, pages: &Arc<Pages>) -> bool {
        let appended_to = |(name, at): (&String, &Arc<Pages>)| first_of(name).is_some() && Arc::ptr_eq(at, pages);
        !(self.is_deaf && self.names.iter().any(appended_to))
    }
}

impl Pages {
    fn of(file: File) -> Self {
        Self { file, unsynced: Mutex::default() }
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let unsynced = self.unsynced.lock();
        let length = usize::try_from(self.file.metadata()?.len()).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, 0)?;
        for (at, written) in unsynced.iter() {
            let at = usize::try_from(*at).map_err(io::Error::other)?;
            bytes.resize(bytes.len().max(at + written.len()), 0);
            bytes[at..at + written.len()].copy_from_slice(written);
        }
        Ok(bytes)
    }
}

impl VolumeFile for ForgetfulFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        match self {
            Self::Plain(file) => VolumeFile::write_at(file, bytes, at),
            Self::Remembered(Remembered { pages, .. }) => {
                pages.unsynced.lock().push((at, bytes.to_vec()));
                Ok(())
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        match self {
            Self::Plain(file) => VolumeFile::sync(file),
            Self::Remembered(Remembered { pages, memory }) if memory.lock().is_heard(pages) => {
                let mut unsynced = pages.unsynced.lock();
                unsynced.drain(..).try_for_each(|(at, bytes)| pages.file.write_all_at(&bytes, at))
            }
            Self::Remembered(_) => Ok(()),
        }
    }

    fn size(&self) -> io::Result<u64> {
        match self {
            Self::Plain(file) => file.size(),
            Self::Remembered(Remembered { pages, .. }) => {
                let written = pages.unsynced.lock().iter().map(|(at, bytes)| at + bytes.len() as u64).max();
                Ok(pages.file.size()?.max(written.unwrap_or(0)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::{
        super::{
            Journal, LostKeys, Record,
            conformance::{self, batch},
            disk::{DiskJournal, Settings, Syncing},
            vault::KEYS,
        },
        *,
    };

    fn journal(place: &TempDir, is_deaf: bool, record: impl FnMut(Record)) -> DiskJournal<Forgetful> {
        let folder = place.path().to_owned();
        let settings =
            Settings { folder, segment_bytes: 1 << 16, syncing: Syncing::EachBatch, lost_keys: LostKeys::Refuse };
        let keys = Forgetful::forgetting(&place.path().join(KEYS), is_deaf).expect("a folder");
        let disk = Forgetful::forgetting(place.path(), is_deaf).expect("a folder");
        DiskJournal::open_on(disk, keys, settings, record).expect("it opens")
    }

    fn place() -> TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[tokio::test]
    async fn a_disk_that_forgets_keeps_what_a_journal_promises() {
        conformance::check(place, |place| journal(place, false, drop)).await;
    }

    #[test]
    fn what_was_not_synced_is_forgotten_and_names_are_what_the_folder_was_synced_with() {
        let place = place();
        let disk = Forgetful::forgetting(place.path(), false).expect("a folder");
        let file = disk.create("a").expect("made");
        file.write_at(b"kept", 0).expect("written");
        file.sync().expect("synced");
        file.write_at(b"lost", 4).expect("written");
        assert_eq!((disk.read("a").expect("there"), file.size().expect("known")), (b"keptlost".to_vec(), 8));
        let after_a_kill = || Forgetful::forgetting(place.path(), false).expect("a folder");
        assert_eq!(after_a_kill().list().expect("listed"), Vec::<String>::new(), "the folder was not synced");

        let disk = after_a_kill();
        let file = disk.create("a").expect("made");
        file.write_at(b"kept", 0).expect("written");
        file.sync().expect("synced");
        disk.sync().expect("synced");
        file.write_at(b"lost", 4).expect("written");
        disk.rename("a", "b").expect("renamed");
        assert_eq!(disk.list().expect("listed"), ["b"]);
        let disk = after_a_kill();
        assert_eq!(
            (disk.list().expect("listed"), disk.read("a").expect("there")),
            (vec!["a".to_owned()], b"kept".to_vec())
        );
    }

    #[tokio::test]
    async fn what_was_acknowledged_is_on_a_disk_that_forgets_and_not_on_one_that_is_deaf() {
        for is_deaf in [false, true] {
            let place = place();
            let mut first = journal(&place, is_deaf, drop);
            for seq in 1..200 {
                first.append(batch(seq..seq + 1)).await.expect("taken");
            }
            drop(first);
            let mut found = 0;
            journal(&place, is_deaf, |_| found += 1);
            assert_eq!(found, if is_deaf { 0 } else { 199 });
        }
    }
}
