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
/// So much of a copy is written before it is synced: all of it at once would keep the journal's own syncs waiting.
const SYNC_EVERY: u64 = 4 << 20;

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

    /// Has a file, which is written no more, in another folder of the tree as well, with its time and in place of any that has
    /// its name there. It is sure to be there once that is synced.
    fn link(&self, name: &str, to: &Self) -> io::Result<()>;

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
    /// This folder, made if it is not there, and then sure to be there after a crash.
    pub fn make(path: &Path) -> io::Result<Self> {
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
        fs::create_dir_all(path)?;
        for parent in missing.into_iter().filter_map(Path::parent) {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Self::at(parent).sync()?;
        }
        Ok(Self(path.to_owned()))
    }

    /// This folder as it is, to be read; it may not be there, which is an error of whatever is asked of it.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Copies a file with its time; under another name until it is whole.
    fn copy(&self, name: &str, to: &Self) -> io::Result<()> {
        let under_way = format!("{name}.new");
        self.copy_as(&under_way, name, to).inspect_err(|_| {
            // The room that it takes is the journal's.
            let _ = to.remove(&under_way);
        })
    }

    fn copy_as(&self, under_way: &str, name: &str, to: &Self) -> io::Result<()> {
        let from = File::open(self.path(name))?;
        let copy = to.create(under_way)?;
        while io::copy(&mut (&from).take(SYNC_EVERY), &mut &copy)? > 0 {
            copy.sync_data()?;
        }
        copy.set_modified(from.metadata()?.modified()?)?;
        copy.sync_all()?;
        to.rename(under_way, name)
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

    fn link(&self, name: &str, to: &Self) -> io::Result<()> {
        // Not every file system has links, and none replaces what is there.
        fs::hard_link(self.path(name), to.path(name)).or_else(|_| self.copy(name, to))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;

    const LONG_AGO: Duration = Duration::from_secs(1_000_000_000);

    /// A folder with a file that was written long ago, and one below it.
    fn folders(bytes: &[u8]) -> (TempDir, Folder, Folder) {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::make(place.path()).expect("it is there");
        let file = folder.create("a").expect("made");
        file.write_all_at(bytes, 0).expect("room");
        file.set_modified(SystemTime::UNIX_EPOCH + LONG_AGO).expect("its owner may");
        let below = folder.below("below").expect("made");
        (place, folder, below)
    }

    #[test]
    fn a_copy_is_whole_has_the_times_of_what_it_is_of_and_takes_its_place() {
        let bytes: Vec<u8> = (0..2 * SYNC_EVERY + 3).map(|at| (at % 251) as u8).collect();
        let (_place, folder, below) = folders(&bytes);
        below.create("a").and_then(|file| file.write_all_at(b"before", 0)).expect("room");
        folder.copy("a", &below).expect("copied");
        assert_eq!(below.read("a").expect("readable"), bytes);
        assert_eq!(below.written_at("a").expect("it is there"), Timestamp(LONG_AGO.as_micros() as i64));
        assert_eq!(below.list().expect("readable"), ["a"]);
    }

    #[test]
    fn a_link_takes_no_room_and_takes_the_place_of_what_has_its_name() {
        let (_place, folder, below) = folders(b"bytes");
        for _ in 0..2 {
            folder.link("a", &below).expect("linked");
            assert_eq!(below.read("a").expect("readable"), b"bytes");
            assert_eq!(below.written_at("a").expect("it is there"), folder.written_at("a").expect("it is there"));
        }
        folder.remove("a").expect("it is there");
        assert_eq!(below.read("a").expect("readable"), b"bytes");
    }

    #[test]
    fn a_copy_that_fails_leaves_nothing() {
        let (_place, folder, below) = folders(b"bytes");
        folder.below("no file").expect("made");
        assert!(folder.link("no file", &below).is_err());
        assert!(folder.link("nowhere", &below).is_err());
        assert_eq!(below.list().expect("readable"), Vec::<String>::new());
    }
}
