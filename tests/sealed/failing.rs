//! A folder that fails when told to.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use attune::journal::volume::{Folder, Volume, VolumeFile};

/// A folder that says no when told to.
#[derive(Debug, Clone)]
pub struct Failing {
    folder: Folder,
    fails: Arc<AtomicBool>,
}

#[derive(Debug)]
pub struct FailingFile {
    file: File,
    fails: Arc<AtomicBool>,
}

impl Failing {
    pub fn of(folder: &Path) -> Self {
        Self { folder: Folder::make(folder).expect("made"), fails: Arc::default() }
    }

    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) { Err(io::Error::other("as told")) } else { Ok(()) }
    }

    fn file(&self, file: File) -> FailingFile {
        FailingFile { file, fails: Arc::clone(&self.fails) }
    }
}

impl Volume for Failing {
    type File = FailingFile;

    fn list(&self) -> io::Result<Vec<String>> {
        self.folder.list()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.folder.read(name)
    }

    fn create(&self, name: &str) -> io::Result<FailingFile> {
        self.check()?;
        self.folder.create(name).map(|file| self.file(file))
    }

    fn open(&self, name: &str) -> io::Result<FailingFile> {
        self.folder.open(name).map(|file| self.file(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.check()?;
        self.folder.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.check()?;
        self.folder.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        self.check()?;
        self.folder.sync()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }
}

impl VolumeFile for FailingFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        VolumeFile::write_at(&self.file, bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        if self.fails.load(Ordering::Relaxed) { Err(io::Error::other("as told")) } else { VolumeFile::sync(&self.file) }
    }

    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
}
