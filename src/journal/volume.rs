//! Where a journal's files are: a folder of a disk, or of one that a test makes forget, fail and fill up.
//!
//! Invariant: what was written is sure to be there after a crash only once the file was synced, and a name only once the
//! folder was. Not here: what is in the files (`segment`).

use std::{
    fmt::Debug,
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::model::time::Timestamp;

/// Bytes that are read at a time, where that counts.
const PART: usize = 1 << 20;

/// A folder. Clones are the same folder.
pub trait Volume: Clone + Debug + Send + Sync + 'static {
    /// A file that is open for writing.
    type File: VolumeFile;

    /// The names of its files, without folders below, in no order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// All of a file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// The same in parts of about a MiB, one after the other.
    fn read_in_parts(&self, name: &str, part: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        part(&self.read(name)?);
        Ok(())
    }

    /// Makes an empty file, in place of any that has this name.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file that is there.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name, in place of any that has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// What was made, renamed and removed is so on the disk when this returns.
    fn sync(&self) -> io::Result<()>;

    /// Where a file is, for messages.
    fn path(&self, name: &str) -> PathBuf;
}

/// A folder that has others below it, on the same disk.
pub trait Tree: Volume {
    /// A folder below it, made if it is not there.
    fn below(&self, name: &str) -> io::Result<Self>;

    /// Moves a file to another folder of the tree, in place of any that has its name there. It is in one of the two at any
    /// time; in which of them it is after a crash is sure once both are synced.
    fn hand_over(&self, name: &str, to: &Self) -> io::Result<()>;

    /// When a file was last written to.
    fn written_at(&self, name: &str) -> io::Result<Timestamp>;
}

/// A file of a volume.
pub trait VolumeFile: Debug + Send + 'static {
    /// Writes all of it there.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// What was written is on the disk when this returns.
    fn sync(&self) -> io::Result<()>;

    /// Its size in bytes.
    fn size(&self) -> io::Result<u64>;
}

/// A folder of a local disk.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// This folder, made if it is not there.
    pub fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    /// This folder as it is, to be read; it may not be there, which is an error of whatever is asked of it.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl Volume for Folder {
    type File = File;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            // What has no name in Unicode is none of ours.
            if !entry.file_type()?.is_dir()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(name))
    }

    fn read_in_parts(&self, name: &str, part: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let (mut file, mut bytes) = (File::open(self.path(name))?, vec![0; PART]);
        loop {
            match file.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(read) => part(&bytes[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).open(self.path(name))
    }

    fn open(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).open(self.path(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Tree for Folder {
    fn below(&self, name: &str) -> io::Result<Self> {
        Self::make(&self.path(name))
    }

    fn hand_over(&self, name: &str, to: &Self) -> io::Result<()> {
        fs::rename(self.path(name), to.path(name))
    }

    fn written_at(&self, name: &str) -> io::Result<Timestamp> {
        let modified = fs::metadata(self.path(name))?.modified()?;
        let since_1970 = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Timestamp(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl VolumeFile for File {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}
