//! Keys of customers, in a small store beside the log: whoever destroys a key erases a customer from every record.
//!
//! A key is 32 random bytes under a random number. Records carry the number and what is sealed under the key (ChaCha20 and
//! Poly1305, RFC 8439, with a random nonce); to whom it belongs is said in the store, sealed under the very key. The store
//! is one file in the form of a journal's segment:
//!
//! ```text
//! frame   fields of   1: number 8, key 32   ·   2: number 8, nonce 12, tenant and customer, tag 16   ·   3: number 8
//!         which are   a key                     to whom it was given, sealed under it                    one destroyed
//! sealed  number 8 · nonce 12 · the bytes · tag 16
//! ```
//!
//! * A key is on the disk before any record uses it. So that hardly a batch waits for a second sync, keys are made by the
//!   thousand, and given to customers as these come.
//! * To whom a key was given is said by the first record that uses it. The store has it before a snapshot has its name,
//!   since a start from there does not read what is older; it should have it before the log begins another segment.
//! * A key is destroyed once the record that says so is on the disk: the store is written again without it, under another
//!   name, and what was there before is overwritten and removed. After a crash in between, the record is read again and
//!   has the key destroyed then; no snapshot that stands for the record has its name before. Whatever copies the disk
//!   itself keeps (copies on write, worn blocks) are out of reach.
//!   All of the store is written again, about 100 bytes a customer, while the log waits.
//! * Whoever makes a snapshot beside the writer has the keys on loan (`lease`), so that nobody comes back who is erased
//!   meanwhile. A snapshot has its name once its keys are on the disk.
//! * Contacts of nobody in particular are sealed under a key of their tenant. Nobody can ask for their erasure by name;
//!   they end with the records.
//!
//! Invariant: a number is never used twice, and a key that is not there was destroyed by name, or the store is not the
//! whole one, which is an error. Not here: the file (`store`), which fields are sealed (`codec`), when customers are erased
//! (`engine`).

use std::{
    fmt, io, mem,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use parking_lot::Mutex;
use rand::{SeedableRng, rngs::StdRng};

use crate::model::ids::TenantId;

use super::{
    codec::Broken,
    log::OpenError,
    seal::{KeyId, Opened, Seal, key_of},
    volume::{Folder, Volume},
};
use store::{Keys, NONCE_BYTES, Purpose, TAG_BYTES, file_of, generations, name_of};

mod lease;
mod store;

pub use lease::Lease;

/// The folder of the store, within the journal's.
pub const KEYS: &str = "keys";
/// How many keys are made at once.
const MADE_AT_ONCE: usize = 1_000;
/// What sealing adds.
pub const SEALED_BYTES: usize = 8 + NONCE_BYTES + TAG_BYTES;

/// What a record without its key means, if nothing says that the key was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LostKeys {
    /// The store is not the whole one: an error.
    #[default]
    Refuse,
    /// The customer counts as erased, from now on for good.
    Erase,
}

impl fmt::Display for LostKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "refuse",
            Self::Erase => "erase",
        })
    }
}

impl FromStr for LostKeys {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "erase" => Ok(Self::Erase),
            _ => Err("is neither refuse nor erase"),
        }
    }
}

/// The keys of a journal.
#[derive(Debug)]
pub struct Vault<V: Volume>(Mutex<Keys<V>>);

impl Vault<Folder> {
    /// The keys of the journal in this folder, to read its records and nothing else. Where there are none, whatever is
    /// sealed has lost its key.
    pub fn of(journal: &Path, lost: LostKeys) -> Result<Self, OpenError> {
        let folder = Folder::at(&journal.join(KEYS));
        Self::read(folder, lost, StdRng::from_rng(&mut rand::rng()))
    }
}

impl<V: Volume> Vault<V> {
    /// Reads a store and writes nothing.
    pub fn read(volume: V, lost: LostKeys, random: StdRng) -> Result<Self, OpenError> {
        Keys::read(volume, lost, random).map(|(keys, _)| Self(Mutex::new(keys)))
    }

    /// Reads a store and goes on with it.
    pub fn open(volume: V, lost: LostKeys, random: StdRng) -> Result<Self, OpenError> {
        let (mut keys, bytes) = Keys::read(volume, lost, random)?;
        keys.resume(&bytes)?;
        Ok(Self(Mutex::new(keys)))
    }

    /// A batch is about to be sealed. What an earlier one said that never came to the disk was not said.
    pub fn begin(&self) {
        let keys = &mut *self.0.lock();
        // The first of a customer's has records; those that came in its place have none.
        for id in mem::take(&mut keys.retired).into_iter().rev() {
            let Some(whose) = keys.kept.get(&id).and_then(|kept| kept.whose.clone()) else { continue };
            if let Some(unused) = keys.of.insert(whose, id) {
                keys.give_up(unused);
            }
        }
    }

    /// Whether the batch at hand says of somebody to be erased.
    pub fn is_erasing(&self) -> bool {
        !self.0.lock().retired.is_empty()
    }

    /// Has every key on the disk that was used so far.
    pub fn secure(&self) -> io::Result<()> {
        let mut keys = self.0.lock();
        if keys.unwritten.keys.is_empty() {
            return Ok(());
        }
        for _ in 0..MADE_AT_ONCE {
            let id = keys.make();
            keys.free.push(id);
        }
        keys.write()
    }

    /// Notes to whom keys were given.
    pub fn settle(&self) -> io::Result<()> {
        let mut keys = self.0.lock();
        let is_settled = keys.unwritten.given.is_empty() && keys.unwritten.destroyed.is_empty();
        if is_settled { Ok(()) } else { keys.write() }
    }

    /// What was said of erased customers is on the disk: their keys go. What fails is tried again the next time.
    pub fn destroy(&self) -> io::Result<()> {
        let keys = &mut *self.0.lock();
        mem::take(&mut keys.retired).into_iter().for_each(|id| keys.give_up(id));
        if !keys.doomed.is_empty() {
            keys.rewrite()?;
        }
        if keys.has_older { keys.remove_older() } else { Ok(()) }
    }

    /// How many keys were asked for that are neither there nor destroyed by name.
    pub fn missing(&self) -> usize {
        self.0.lock().unwritten.destroyed.len()
    }

    /// How many customers and tenants have a key.
    pub fn given(&self) -> usize {
        self.0.lock().of.len()
    }
}

impl<V: Volume> Seal for Vault<V> {
    fn seal(&self, tenant: &TenantId, customer: &str, plain: &[u8], to: &mut Vec<u8>) -> Option<KeyId> {
        let mut keys = self.0.lock();
        let id = keys.key_for(tenant, customer);
        keys.seal(id, Purpose::Record, plain, to);
        Some(id)
    }

    fn open(&self, sealed: &[u8]) -> Result<Opened, Broken> {
        let (id, _) = key_of(sealed)?;
        let mut keys = self.0.lock();
        if let Some(plain) = keys.open(Purpose::Record, sealed)? {
            return Ok(Opened::Plain(id, plain));
        }
        if keys.destroyed.contains(&id) {
            return Ok(Opened::Erased(id));
        }
        match keys.lost {
            LostKeys::Refuse => Err(Broken::KeyLost(id)),
            LostKeys::Erase => {
                keys.destroyed.insert(id);
                keys.unwritten.destroyed.push(id);
                Ok(Opened::Erased(id))
            }
        }
    }

    fn learn(&self, key: KeyId, tenant: &TenantId, customer: &str) {
        let mut keys = self.0.lock();
        if keys.kept.get(&key).is_some_and(|kept| kept.whose.is_none()) {
            keys.free.retain(|free| *free != key);
            keys.give(key, name_of(tenant, customer));
        }
    }

    fn retire(&self, key: KeyId) {
        let keys = &mut *self.0.lock();
        let Some(kept) = keys.kept.get(&key) else { return };
        if let Some(whose) = &kept.whose
            && keys.of.get(whose) == Some(&key)
        {
            keys.of.remove(whose);
        }
        if let (Some(whose), true) = (&kept.whose, keys.leased.leases > 0) {
            keys.leased.retired.entry(Arc::clone(whose)).or_insert(key);
        }
        if !keys.retired.contains(&key) {
            keys.retired.push(key);
        }
    }

    /// No key that is to be destroyed is on the disk then, either.
    fn keep(&self) -> io::Result<()> {
        let mut keys = self.0.lock();
        if !keys.doomed.is_empty() {
            return keys.rewrite();
        }
        if keys.unwritten.is_empty() { Ok(()) } else { keys.write() }
    }
}

/// The file of a journal's store; `None` = there is none.
pub fn store_of(journal: &Path) -> Result<Option<PathBuf>, OpenError> {
    let folder = Folder::at(&journal.join(KEYS));
    Ok(generations(&folder)?.last().map(|generation| folder.path(&file_of(*generation))))
}
