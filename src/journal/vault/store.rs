//! The keys themselves, and the file that has them.
//!
//! Invariant: what is in the file is in memory, and what is not yet in it is known to be. Whoever has the lock has all of
//! it. Not here: when something is written and destroyed (`vault`).

use std::{fmt, io, mem, sync::Arc};

use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, Key, KeyInit, Nonce, Tag};
use rand::{Rng, rngs::StdRng};
use rustc_hash::{FxHashMap, FxHashSet};
use tracing::warn;

use crate::model::ids::TenantId;

use super::{
    super::{
        Seq,
        codec::{
            Broken,
            wire::{Reader, put_bytes},
        },
        log::OpenError,
        seal::{KeyId, key_of},
        segment::{self, HEAD, Segment},
        volume::{Volume, VolumeFile},
    },
    LostKeys,
    lease::Leased,
};

const ENDING: &str = ".keys";
const MADE: &str = "made.new";
const FILLED: &str = "filled.new";

/// The least that a store's file has room for.
const STORE_BYTES: u64 = 1 << 20;

const KEY: u32 = 1;
const GIVEN: u32 = 2;
const DESTROYED: u32 = 3;

pub(super) const NONCE_BYTES: usize = 12;
pub(super) const TAG_BYTES: usize = 16;

/// What is sealed, so that one is never taken for the other.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Record,
    Name,
}

impl Purpose {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Record => b"attune record",
            Self::Name => b"attune name",
        }
    }
}

/// All of them, and the file.
pub(super) struct Keys<V: Volume> {
    volume: V,
    pub(super) lost: LostKeys,
    random: StdRng,
    /// Absent until something is to be written, and after a write failed: then everything is written anew.
    file: Option<Segment<V::File>>,
    generation: u64,
    frames: u64,
    pub(super) kept: FxHashMap<KeyId, Kept>,
    pub(super) of: FxHashMap<Arc<str>, KeyId>,
    /// Of whom a key is looked for.
    name: String,
    pub(super) free: Vec<KeyId>,
    /// So many were given.
    given: u64,
    pub(super) destroyed: FxHashSet<KeyId>,
    pub(super) unwritten: Unwritten,
    /// By the batch at hand, which is not on the disk.
    pub(super) retired: Vec<KeyId>,
    /// Of customers whose erasure is on the disk.
    pub(super) doomed: Vec<KeyId>,
    /// Older files are still there.
    pub(super) has_older: bool,
    /// Of customers who were retired since somebody began to make a snapshot.
    pub(super) leased: Leased,
}

/// One that is there.
pub(super) struct Kept {
    key: [u8; 32],
    /// To whom it was given.
    pub(super) whose: Option<Arc<str>>,
    /// The same as the store has it: sealing it anew for every customer would make an erasure slow. Empty until then.
    entry: Box<[u8]>,
    /// Counts up as keys are given.
    given: u64,
}

impl Kept {
    fn new(key: [u8; 32]) -> Self {
        Self { key, whose: None, entry: Box::default(), given: 0 }
    }
}

/// What the file does not have.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    pub(super) keys: Vec<KeyId>,
    pub(super) given: Vec<KeyId>,
    pub(super) destroyed: Vec<KeyId>,
}

impl<V: Volume> Keys<V> {
    pub(super) fn read(volume: V, lost: LostKeys, random: StdRng) -> Result<(Self, Vec<u8>), OpenError> {
        let generation = generations(&volume)?.last().copied().unwrap_or(0);
        let mut keys = Self {
            volume,
            lost,
            random,
            file: None,
            generation,
            frames: 0,
            kept: FxHashMap::default(),
            of: FxHashMap::default(),
            name: String::new(),
            free: Vec::new(),
            given: 0,
            destroyed: FxHashSet::default(),
            unwritten: Unwritten::default(),
            retired: Vec::new(),
            doomed: Vec::new(),
            has_older: false,
            leased: Leased::default(),
        };
        if generation == 0 {
            return Ok((keys, Vec::new()));
        }
        let name = file_of(generation);
        let path = keys.volume.path(&name);
        let bytes = keys.volume.read(&name).map_err(|source| OpenError::Io { path: path.clone(), source })?;
        let damaged = |problem: String| OpenError::Keys { path: path.clone(), problem };
        let scanned = segment::scan(&bytes).map_err(|error| damaged(error.to_string()))?;
        // A file has its name only once its first frame is on the disk.
        if scanned.goes_on_at.is_some() || scanned.frames.is_empty() {
            return Err(damaged(format!("is damaged at byte {}", scanned.end)));
        }
        for (_, entries) in &scanned.frames {
            keys.frames += 1;
            keys.take(&bytes[entries.clone()]).map_err(|broken| damaged(format!("{broken}")))?;
        }
        keys.free = keys.kept.iter().filter(|(_, kept)| kept.whose.is_none()).map(|(id, _)| *id).collect();
        keys.free.sort_unstable();
        Ok((keys, bytes))
    }

    /// Goes on with the file that was read, and has those removed that are older.
    pub(super) fn resume(&mut self, bytes: &[u8]) -> Result<(), OpenError> {
        let path = self.volume.path("");
        let io = |source| OpenError::Io { path: path.clone(), source };
        if self.generation > 0 {
            let scanned = segment::scan(bytes).expect("it was scanned a moment ago");
            let name = file_of(self.generation);
            self.file = Some(Segment::resume(&self.volume, name, bytes, &scanned).map_err(io)?);
        }
        self.remove_older().map_err(io)
    }

    fn take(&mut self, entries: &[u8]) -> Result<(), Broken> {
        let mut entries = Reader::new(entries);
        while let Some((number, kind)) = entries.tag()? {
            let entry = entries.bytes(kind)?;
            let (id, rest) = key_of(entry)?;
            match number {
                KEY => {
                    let key = rest.try_into().map_err(|_| Broken::Short)?;
                    self.kept.insert(id, Kept::new(key));
                }
                GIVEN => {
                    let Some(name) = self.open(Purpose::Name, entry)? else { continue };
                    let name = String::from_utf8(name).map_err(|error| Broken::Text(error.to_string()))?;
                    self.own(id, name.into(), entry.into());
                }
                DESTROYED => {
                    self.kept.remove(&id);
                    self.destroyed.insert(id);
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn key_for(&mut self, tenant: &TenantId, customer: &str) -> KeyId {
        self.name.clear();
        put_name(tenant, customer, &mut self.name);
        if let Some(id) = self.of.get(self.name.as_str()) {
            return *id;
        }
        let id = self.free.pop().unwrap_or_else(|| self.make());
        self.give(id, self.name.as_str().into());
        id
    }

    pub(super) fn make(&mut self) -> KeyId {
        loop {
            let id = KeyId(self.random.next_u64());
            if self.kept.contains_key(&id) || self.destroyed.contains(&id) {
                continue;
            }
            let mut key = [0; 32];
            self.random.fill_bytes(&mut key);
            self.kept.insert(id, Kept::new(key));
            self.unwritten.keys.push(id);
            return id;
        }
    }

    pub(super) fn give(&mut self, id: KeyId, name: Arc<str>) {
        self.own(id, name, Box::default());
        self.unwritten.given.push(id);
    }

    /// Of several keys of a customer all but the latest await their end.
    fn own(&mut self, id: KeyId, name: Arc<str>, entry: Box<[u8]>) {
        self.given += 1;
        let kept = self.kept.get_mut(&id).expect("only a key that is there is given");
        (kept.whose, kept.entry, kept.given) = (Some(Arc::clone(&name)), entry, self.given);
        self.of.insert(name, id);
    }

    /// From here on it is to be destroyed on the disk.
    pub(super) fn give_up(&mut self, id: KeyId) {
        self.kept.remove(&id);
        self.destroyed.insert(id);
        self.doomed.push(id);
    }

    pub(super) fn seal(&mut self, id: KeyId, purpose: Purpose, plain: &[u8], to: &mut Vec<u8>) {
        let mut nonce = [0; NONCE_BYTES];
        self.random.fill_bytes(&mut nonce);
        to.extend_from_slice(&id.0.to_le_bytes());
        to.extend_from_slice(&nonce);
        let at = to.len();
        to.extend_from_slice(plain);
        let tag = self.cipher(id).encrypt_inout_detached(&Nonce::from(nonce), purpose.name(), (&mut to[at..]).into());
        to.extend_from_slice(&tag.expect("what is sealed is far below 256 GiB"));
    }

    /// What was sealed; `None` = there is no such key.
    pub(super) fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
        let (id, rest) = key_of(sealed)?;
        if !self.kept.contains_key(&id) {
            return Ok(None);
        }
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Broken::Short)?;
        let (bytes, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(Broken::Short)?;
        let mut plain = bytes.to_vec();
        let (nonce, tag) = (Nonce::from(*nonce), Tag::from(*tag));
        let opened = self.cipher(id).decrypt_inout_detached(&nonce, purpose.name(), plain.as_mut_slice().into(), &tag);
        opened.map_err(|_| Broken::Sealed(id))?;
        Ok(Some(plain))
    }

    fn cipher(&self, id: KeyId) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.kept[&id].key))
    }

    /// Writes what is not yet in the file.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let entries = mem::take(&mut self.unwritten);
        let frame = self.frame(&entries);
        let written = match &mut self.file {
            Some(file) if file.has_room(frame.len()) => file.write(&frame).and_then(|()| file.sync()),
            _ => return self.rewrite().inspect_err(|_| self.unwritten.restore(entries)),
        };
        if let Err(problem) = written {
            warn!(%problem, "the key store could not be written; it is written anew");
            self.rewrite().inspect_err(|_| self.unwritten.restore(entries))?;
        }
        Ok(())
    }

    /// Writes all of it to a new file, in place of the one before.
    pub(super) fn rewrite(&mut self) -> io::Result<()> {
        self.file = None;
        let mut all = Unwritten {
            keys: self.kept.keys().copied().collect(),
            given: self.kept.iter().filter(|(_, kept)| kept.whose.is_some()).map(|(id, _)| *id).collect(),
            destroyed: self.destroyed.iter().copied().collect(),
        };
        all.keys.sort_unstable();
        all.given.sort_unstable_by_key(|id| self.kept[id].given);
        all.destroyed.sort_unstable();
        self.frames = 0;
        let frame = self.frame(&all);
        let size = (2 * (HEAD + frame.len()) as u64).max(STORE_BYTES);
        let file = Segment::prepare(&self.volume, MADE, size)?;
        let mut file = Segment::begin(&self.volume, file, MADE, FILLED.to_owned(), Seq::FIRST)?;
        file.write(&frame)?;
        file.sync()?;
        self.volume.rename(FILLED, &file_of(self.generation + 1))?;
        self.volume.sync()?;
        self.generation += 1;
        self.file = Some(file);
        self.unwritten = Unwritten::default();
        self.doomed.clear();
        self.has_older = true;
        self.remove_older()
    }

    fn frame(&mut self, entries: &Unwritten) -> Vec<u8> {
        self.frames += 1;
        let (seq, mut frame) = (Seq(self.frames), Vec::new());
        let framed = segment::frame(seq, &mut frame, |to| self.put(entries, to));
        framed.expect("a store of customers is below 4 GiB");
        frame
    }

    fn put(&mut self, entries: &Unwritten, to: &mut Vec<u8>) {
        for id in &entries.keys {
            if let Some(kept) = self.kept.get(id) {
                put_bytes(KEY, &[&id.0.to_le_bytes()[..], &kept.key].concat(), to);
            }
        }
        for id in &entries.given {
            let whose = self.kept.get(id).filter(|kept| kept.entry.is_empty()).and_then(|kept| kept.whose.clone());
            if let Some(name) = whose {
                let mut sealed = Vec::new();
                self.seal(*id, Purpose::Name, name.as_bytes(), &mut sealed);
                self.kept.get_mut(id).expect("it was there a moment ago").entry = sealed.into();
            }
            if let Some(kept) = self.kept.get(id) {
                put_bytes(GIVEN, &kept.entry, to);
            }
        }
        for id in &entries.destroyed {
            put_bytes(DESTROYED, &id.0.to_le_bytes(), to);
        }
    }

    /// Overwrites and removes whatever stood for this file before.
    pub(super) fn remove_older(&mut self) -> io::Result<()> {
        self.has_older = true;
        let names = self.volume.list()?;
        let is_older = |name: &&String| generation_of(name).is_some_and(|other| other < self.generation);
        let is_left = |name: &&String| *name == MADE || *name == FILLED;
        let mut removed = 0;
        for name in names.iter().filter(|name| is_older(name) || is_left(name)) {
            let file = self.volume.open(name)?;
            let size = usize::try_from(file.size()?).map_err(io::Error::other)?;
            file.write_at(&vec![0; size], 0)?;
            file.sync()?;
            self.volume.remove(name)?;
            removed += 1;
        }
        if removed > 0 {
            self.volume.sync()?;
        }
        self.has_older = false;
        Ok(())
    }
}

impl Unwritten {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.given.is_empty() && self.destroyed.is_empty()
    }

    fn restore(&mut self, entries: Self) {
        self.keys.extend(entries.keys);
        self.given.extend(entries.given);
        self.destroyed.extend(entries.destroyed);
    }
}

/// What is known of it without its secrets.
impl<V: Volume> fmt::Debug for Keys<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Keys");
        shown.field("volume", &self.volume).field("generation", &self.generation).field("given", &self.of.len());
        shown.field("free", &self.free.len()).field("destroyed", &self.destroyed.len()).finish_non_exhaustive()
    }
}

/// A customer's name in the store; no tenant's has a zero.
pub(super) fn name_of(tenant: &TenantId, customer: &str) -> Arc<str> {
    let mut name = String::new();
    put_name(tenant, customer, &mut name);
    name.into()
}

fn put_name(tenant: &TenantId, customer: &str, to: &mut String) {
    [tenant.as_str(), "\0", customer].into_iter().for_each(|part| to.push_str(part));
}

pub(super) fn file_of(generation: u64) -> String {
    format!("{generation:020}{ENDING}")
}

fn generation_of(name: &str) -> Option<u64> {
    name.strip_suffix(ENDING)?.parse().ok()
}

pub(super) fn generations<V: Volume>(volume: &V) -> Result<Vec<u64>, OpenError> {
    let names = match volume.list() {
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Vec::new(),
        listed => listed.map_err(|source| OpenError::Io { path: volume.path(""), source })?,
    };
    let mut found: Vec<u64> = names.iter().filter_map(|name| generation_of(name)).collect();
    found.sort_unstable();
    Ok(found)
}
