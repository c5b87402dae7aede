//! A disk that forgets: what was not synced may be gone after a crash, or be there in part, or in another order.
//!
//! Invariant: what a file showed at its last sync that succeeded is there after a crash; of everything else each sector of
//! 512 bytes by itself is there or not. All is decided by the seed. A sync that failed leaves its pages clean: whatever of
//! them did not reach the disk is lost at the crash, however often the file is synced again. Not here: what is called how
//! (`names`), when what happens (`plan`).

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    ops::Range,
    path::PathBuf,
    sync::Arc,
};

use attune::{
    journal::{
        vault::KEYS,
        volume::{Tree, Volume, VolumeFile},
    },
    model::time::Timestamp,
};
use parking_lot::Mutex;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::sync::Notify;

use crate::{coverage::Faults, gate::Gate, names::Names, plan::Plant};

/// Operations on files and names, by what they are called among the faults.
pub const MAKING: &str = "making a file";
pub const RENAMING: &str = "renaming";
pub const REMOVING: &str = "removing";
pub const ARCHIVING: &str = "archiving";
pub const WRITING: &str = "writing";
pub const SYNCING: &str = "syncing";
pub const SYNCING_NAMES: &str = "syncing the folder";

/// What a disk writes whole or not at all.
pub const SECTOR: usize = 512;

/// A folder of a disk, to one who writes there. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct Disk {
    inside: Arc<Mutex<Inside>>,
    gone: Arc<Notify>,
    /// With a slash at its end; the disk's own has none.
    folder: String,
    work: Work,
    /// Before whatever changes something this one waits to be told.
    gate: Option<Arc<Gate>>,
}

/// What something is done for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Records,
    Keys,
    Snapshots,
}

/// When, counted in operations that change something, and how the machine goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// Only these are counted.
    pub of: Of,
    /// So many of them happen before.
    pub after: u32,
    /// Where in the operation it comes.
    pub at: At,
}

/// Which operations are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    All,
    Operation(&'static str),
    Work(Work),
}

impl Of {
    fn counts(self, what: &'static str, work: Work) -> bool {
        match self {
            Self::All => true,
            Self::Operation(counted) => counted == what,
            Self::Work(counted) => counted == work,
        }
    }
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Self::Records => "a change for the sake of records",
            Self::Keys => "a change of the keys",
            Self::Snapshots => "a change for the sake of a snapshot",
        }
    }
}

/// A place in an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Before,
    Within,
    After,
}

/// How the disk misbehaves as long as the machine is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mood {
    /// One in so many syncs fails; 0 = none.
    pub sync_fails: u32,
    /// The same of writes.
    pub write_fails: u32,
    /// Bytes for which there is room beyond what is there.
    pub room: Option<usize>,
}

/// An open file.
#[derive(Debug)]
pub struct DiskFile {
    disk: Disk,
    id: u64,
}

#[derive(Debug)]
struct Inside {
    random: StdRng,
    plant: Option<Plant>,
    faults: Faults,
    mood: Mood,
    /// Bytes that fit; `None` = no end of them.
    capacity: Option<usize>,
    crash: Option<Crash>,
    is_gone: bool,
    names: Names,
    files: BTreeMap<u64, Pages>,
    next_file: u64,
    /// What files that are written now have as their time.
    wall: Timestamp,
}

/// A file: what reading shows, what is on the disk, and what has changed since.
#[derive(Debug, Clone, Default)]
struct Pages {
    written_at: Timestamp,
    shown: Vec<u8>,
    kept: Vec<u8>,
    dirty: BTreeSet<usize>,
}

impl Disk {
    pub fn new(seed: u64, plant: Option<Plant>) -> Self {
        let inside = Inside {
            random: StdRng::seed_from_u64(seed),
            plant,
            faults: Faults::default(),
            mood: Mood::default(),
            capacity: None,
            crash: None,
            is_gone: false,
            names: Names::default(),
            files: BTreeMap::new(),
            next_file: 1,
            wall: Timestamp(0),
        };
        let (inside, gone) = (Arc::new(Mutex::new(inside)), Arc::new(Notify::new()));
        Self { inside, gone, folder: String::new(), work: Work::Records, gate: None }
    }

    /// The same folder, to whoever makes snapshots, and waits at this gate if there is one.
    pub fn of_snapshots(&self, gate: Option<Arc<Gate>>) -> Self {
        Self { work: Work::Snapshots, gate, ..self.clone() }
    }

    /// A machine starts over it.
    pub fn start(&self, mood: Mood, crash: Option<Crash>) {
        let mut inside = self.inside.lock();
        let used = inside.used();
        inside.capacity = mood.room.map(|room| used + room);
        (inside.mood, inside.crash, inside.is_gone) = (mood, crash, false);
    }

    /// What the machine's clock says now.
    pub fn set_wall(&self, wall: Timestamp) {
        self.inside.lock().wall = wall;
    }

    /// Waits for the crash.
    pub async fn gone(&self) {
        loop {
            let told = self.gone.notified();
            if self.is_gone() {
                return;
            }
            told.await;
        }
    }

    /// Whether the machine is gone.
    pub fn is_gone(&self) -> bool {
        self.inside.lock().is_gone
    }

    /// Whatever is written from here on is written no more.
    pub fn kill(&self) {
        self.go(&mut self.inside.lock());
    }

    /// What of it survives an end that no operation brought about.
    pub fn end(&self, end: End) {
        self.inside.lock().lose(end);
    }

    /// The same, if the machine went in an operation, by chance.
    pub fn survive(&self) {
        let mut inside = self.inside.lock();
        let end = *pick(&mut inside.random, &[End::Process, End::Power, End::Power, End::Power]);
        inside.lose(end);
    }

    /// What it did.
    pub fn faults(&self) -> Faults {
        self.inside.lock().faults.clone()
    }

    /// What its files hold.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let inside = self.inside.lock();
        inside.names.files().map(|(path, file)| (path.to_owned(), inside.files[&file].shown.clone())).collect()
    }

    /// Another disk with what this one holds, but for one bit of a file with one of these endings; `None` = there is none.
    pub fn flipped(&self, endings: &[&str]) -> Option<(Self, String, usize)> {
        let mut inside = self.inside.lock();
        let Inside { names, random, files, .. } = &mut *inside;
        let fits = |path: &str| endings.iter().any(|ending| path.ends_with(ending));
        let names: Vec<(&str, u64)> = names.files().filter(|(path, _)| fits(path)).collect();
        let (path, file) = (!names.is_empty()).then(|| *pick(random, &names))?;
        let (path, used) = (path.to_owned(), files[&file].shown.iter().rposition(|byte| *byte != 0)? + 1);
        let (at, bit) = (random.random_range(0..used), random.random_range(0..8));
        drop(inside);
        let copy = self.copy();
        let mut other = copy.inside.lock();
        let pages = other.pages(file);
        pages.shown[at] ^= 1 << bit;
        pages.kept = pages.shown.clone();
        drop(other);
        Some((copy, path, at))
    }

    /// Another disk with what this one holds.
    pub fn copy(&self) -> Self {
        let inside = self.inside.lock();
        let copy = Self::new(0, None);
        let mut other = copy.inside.lock();
        (other.names, other.next_file) = (inside.names.clone(), inside.next_file);
        other.files = inside.files.clone();
        drop(other);
        copy
    }

    fn full_path(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }

    /// Waits until it is this one's turn to change something.
    fn take_turn(&self) {
        if let Some(gate) = &self.gate {
            gate.wait();
        }
    }

    /// Begins an operation that changes something: whether it happens at all, and whether only half of it.
    fn begin(&self, inside: &mut Inside, what: &'static str) -> io::Result<Option<At>> {
        if inside.is_gone {
            return Err(gone());
        }
        let Some(crash) = inside.crash.as_mut().filter(|crash| crash.of.counts(what, self.work)) else {
            return Ok(None);
        };
        if crash.after > 0 {
            crash.after -= 1;
            return Ok(None);
        }
        let at = crash.at;
        inside.faults.count_in(at.name(), what);
        inside.faults.count_in(at.name(), self.work.name());
        if at == At::Before {
            self.go(inside);
            return Err(gone());
        }
        Ok(Some(at))
    }

    /// Ends it.
    fn finish(&self, inside: &mut Inside, at: Option<At>) -> io::Result<()> {
        if at.is_some() {
            self.go(inside);
            return Err(gone());
        }
        Ok(())
    }

    fn go(&self, inside: &mut Inside) {
        inside.is_gone = true;
        self.gone.notify_waiters();
    }
}

impl At {
    fn name(self) -> &'static str {
        match self {
            Self::Before => "crash before",
            Self::Within => "crash within",
            Self::After => "crash after",
        }
    }
}

/// How a machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The process alone: what it wrote is there.
    Process,
    /// The whole machine: what it synced is there.
    Power,
}

impl Inside {
    fn used(&self) -> usize {
        // A file may have several names.
        let files: BTreeSet<u64> = self.names.files().map(|(_, file)| file).collect();
        files.iter().map(|file| self.files[file].shown.len()).sum()
    }

    fn file_of(&self, path: &str) -> io::Result<u64> {
        self.names.get(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn pages(&mut self, id: u64) -> &mut Pages {
        self.files.get_mut(&id).expect("an open file is there")
    }

    fn has_luck(&mut self, one_in: u32) -> bool {
        one_in == 0 || self.random.random_range(0..one_in) > 0
    }

    /// Some of a file's changed sectors reach the disk, and which; the rest stays changed.
    fn spill(&mut self, id: u64) {
        let dirty: Vec<usize> = self.pages(id).dirty.iter().copied().collect();
        let (kind, reach) = survivors(&mut self.random, &dirty);
        if !dirty.is_empty() {
            self.faults.count(kind);
        }
        self.pages(id).keep(&reach);
    }

    /// The machine ends; what it had not synced is there or not.
    fn lose(&mut self, end: End) {
        self.is_gone = true;
        if end == End::Power {
            for id in self.files.keys().copied().collect::<Vec<_>>() {
                self.spill(id);
                let pages = self.pages(id);
                pages.shown = pages.kept.clone();
                pages.dirty.clear();
            }
            if self.names.lose(&mut self.random) {
                self.faults.count("names are lost");
            }
        } else {
            // The system outlives the process and writes what it has, some day.
            self.faults.count("the process alone ends");
        }
        let named = self.names.referenced();
        self.files.retain(|id, _| named.contains(id));
    }
}

impl Pages {
    fn write(&mut self, bytes: &[u8], at: usize) {
        let end = at + bytes.len();
        if self.shown.len() < end {
            self.shown.resize(end, 0);
        }
        self.shown[at..end].copy_from_slice(bytes);
        self.dirty.extend(at / SECTOR..end.div_ceil(SECTOR));
    }

    fn empty(&mut self) {
        self.dirty.extend(0..self.shown.len().max(self.kept.len()).div_ceil(SECTOR));
        self.shown.clear();
    }

    /// These sectors are on the disk as they are shown.
    fn keep(&mut self, sectors: &[usize]) {
        for sector in sectors {
            let from = sector * SECTOR;
            let shown = from.min(self.shown.len())..(from + SECTOR).min(self.shown.len());
            if self.kept.len() < shown.end {
                self.kept.resize(shown.end, 0);
            }
            let Range { start, end } = shown;
            self.kept[start..end].copy_from_slice(&self.shown[start..end]);
            self.dirty.remove(sector);
        }
    }

    /// What has changed since the last sync, and only that, reaches the disk.
    fn sync(&mut self) {
        let dirty: Vec<usize> = self.dirty.iter().copied().collect();
        self.kept.truncate(self.shown.len());
        self.keep(&dirty);
        self.dirty.clear();
    }
}

/// Which of some sectors survive: none, all, the first, or any.
fn survivors(random: &mut StdRng, sectors: &[usize]) -> (&'static str, Vec<usize>) {
    match random.random_range(0..4) {
        0 => ("nothing unsynced survives", Vec::new()),
        1 => ("everything unsynced survives", sectors.to_vec()),
        2 => {
            let first = random.random_range(0..=sectors.len());
            ("the first sectors survive", sectors[..first].to_vec())
        }
        _ => ("any sectors survive", sectors.iter().copied().filter(|_| random.random_range(0..2) == 0).collect()),
    }
}

fn pick<'a, T>(random: &mut StdRng, from: &'a [T]) -> &'a T {
    &from[random.random_range(0..from.len())]
}

fn gone() -> io::Error {
    io::Error::other("the machine is gone")
}

impl Volume for Disk {
    type File = DiskFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.inside.lock().names.of(&self.folder))
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let inside = self.inside.lock();
        Ok(inside.files[&inside.file_of(&self.full_path(name))?].shown.clone())
    }

    fn create(&self, name: &str) -> io::Result<DiskFile> {
        self.take_turn();
        let mut inside = self.inside.lock();
        let at = self.begin(&mut inside, MAKING)?;
        let path = self.full_path(name);
        let id = match inside.names.get(&path) {
            Some(id) => {
                inside.pages(id).empty();
                id
            }
            None => {
                let id = inside.next_file;
                inside.next_file += 1;
                let pages = Pages { written_at: inside.wall, ..Pages::default() };
                inside.files.insert(id, pages);
                inside.names.set(path, id);
                id
            }
        };
        self.finish(&mut inside, at)?;
        Ok(DiskFile { disk: self.clone(), id })
    }

    fn open(&self, name: &str) -> io::Result<DiskFile> {
        let path = self.full_path(name);
        let id = self.inside.lock().file_of(&path)?;
        Ok(DiskFile { disk: self.clone(), id })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.take_turn();
        let mut inside = self.inside.lock();
        let at = self.begin(&mut inside, RENAMING)?;
        inside.file_of(&self.full_path(from))?;
        let (from, to) = (self.full_path(from), self.full_path(to));
        if inside.plant == Some(Plant::ArchiveFirst) && self.work == Work::Snapshots {
            inside.names.rename_late(from, to);
        } else {
            inside.names.rename(from, to);
        }
        self.finish(&mut inside, at)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.take_turn();
        let mut inside = self.inside.lock();
        let at = self.begin(&mut inside, REMOVING)?;
        inside.file_of(&self.full_path(name))?;
        if inside.plant != Some(Plant::KeepOldKeys) || self.work != Work::Keys {
            inside.names.remove(self.full_path(name));
        }
        self.finish(&mut inside, at)
    }

    fn sync(&self) -> io::Result<()> {
        self.take_turn();
        let mut inside = self.inside.lock();
        let at = self.begin(&mut inside, SYNCING_NAMES)?;
        if at == Some(At::Within) {
            return self.finish(&mut inside, at);
        }
        let one_in = inside.mood.sync_fails;
        if !inside.has_luck(one_in) {
            inside.faults.count("a folder's sync fails");
            return Err(io::Error::other("the folder could not be synced"));
        }
        inside.names.sync(&self.folder);
        self.finish(&mut inside, at)
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("disk").join(self.full_path(name))
    }
}

impl Tree for Disk {
    fn below(&self, name: &str) -> io::Result<Self> {
        let work = if name == KEYS { Work::Keys } else { self.work };
        let below = Self { folder: format!("{}{name}/", self.folder), work, ..self.clone() };
        let is_there = self.inside.lock().names.get(&below.folder).is_some();
        if !is_there {
            self.take_turn();
            let mut inside = self.inside.lock();
            let at = self.begin(&mut inside, MAKING)?;
            inside.names.make(&below.folder);
            self.finish(&mut inside, at)?;
        }
        Ok(below)
    }

    fn hand_over(&self, name: &str, to: &Self) -> io::Result<()> {
        self.take_turn();
        let mut inside = self.inside.lock();
        let at = self.begin(&mut inside, ARCHIVING)?;
        inside.file_of(&self.full_path(name))?;
        inside.names.rename(self.full_path(name), to.full_path(name));
        self.finish(&mut inside, at)
    }

    fn link(&self, name: &str, to: &Self) -> io::Result<()> {
        self.take_turn();
        let mut inside = self.inside.lock();
        let at = self.begin(&mut inside, ARCHIVING)?;
        let file = inside.file_of(&self.full_path(name))?;
        inside.names.set(to.full_path(name), file);
        self.finish(&mut inside, at)
    }

    fn written_at(&self, name: &str) -> io::Result<Timestamp> {
        let inside = self.inside.lock();
        Ok(inside.files[&inside.file_of(&self.full_path(name))?].written_at)
    }
}

impl DiskFile {
    fn try_sync(&self) -> io::Result<()> {
        self.disk.take_turn();
        let mut inside = self.disk.inside.lock();
        let at = self.disk.begin(&mut inside, SYNCING)?;
        if at == Some(At::Within) {
            inside.spill(self.id);
            return self.disk.finish(&mut inside, at);
        }
        let one_in = inside.mood.sync_fails;
        if !inside.has_luck(one_in) {
            inside.faults.count("a sync fails");
            inside.spill(self.id);
            inside.pages(self.id).dirty.clear();
            return Err(io::Error::other("it could not be synced"));
        }
        inside.pages(self.id).sync();
        self.disk.finish(&mut inside, at)
    }
}

impl VolumeFile for DiskFile {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.disk.take_turn();
        let mut inside = self.disk.inside.lock();
        let from = usize::try_from(at).expect("files are small");
        let at = self.disk.begin(&mut inside, WRITING)?;
        let grows = (from + bytes.len()).saturating_sub(inside.pages(self.id).shown.len());
        let room = inside.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(inside.used()));
        let one_in = inside.mood.write_fails;
        let (written, failure) = if grows > room {
            (bytes.len() - (grows - room), Some("the disk is full"))
        } else if !inside.has_luck(one_in) {
            (inside.random.random_range(0..bytes.len().max(1)), Some("a write fails"))
        } else if at == Some(At::Within) {
            (inside.random.random_range(0..bytes.len().max(1)), None)
        } else {
            (bytes.len(), None)
        };
        let wall = inside.wall;
        let pages = inside.pages(self.id);
        pages.write(&bytes[..written], from);
        pages.written_at = wall;
        if let Some(failure) = failure {
            inside.faults.count(failure);
            self.disk.finish(&mut inside, at)?;
            return Err(io::Error::other(failure));
        }
        self.disk.finish(&mut inside, at)
    }

    fn sync(&self) -> io::Result<()> {
        let plant = self.disk.inside.lock().plant;
        match plant {
            Some(Plant::SkipTheSync) if self.disk.work == Work::Records => Ok(()),
            Some(Plant::SkipSyncOfKeys) if self.disk.work == Work::Keys => Ok(()),
            Some(Plant::SkipSyncOfSnapshots) if self.disk.work == Work::Snapshots => Ok(()),
            Some(Plant::SyncAgain) => self.try_sync().or_else(|_| self.try_sync()),
            _ => self.try_sync(),
        }
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.inside.lock().pages(self.id).shown.len() as u64)
    }
}
