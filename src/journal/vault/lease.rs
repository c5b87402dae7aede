//! Keys for as long as a snapshot is made, while the journal's writer goes on with them.
//!
//! A world that was read a while ago may tell of a customer who is erased by now. To seal that under a new key would bring
//! the customer back for good. Invariant: what a lease seals of a customer is sealed under the key that the customer had
//! when it began or a later one; of one that is destroyed meanwhile the number is all that is written, which reads as
//! erased, as records of the customer do. Not here: snapshots (`snapshot`).

use std::{fmt, io, sync::Arc};

use rustc_hash::FxHashMap;

use crate::{journal::codec::Broken, model::ids::TenantId};

use super::{
    super::{
        seal::{KeyId, Opened, Seal},
        volume::Volume,
    },
    Vault,
    store::{Purpose, name_of},
};

/// What whoever makes a snapshot still goes by.
#[derive(Default)]
pub(super) struct Leased {
    pub(super) leases: usize,
    pub(super) retired: FxHashMap<Arc<str>, KeyId>,
}

/// Keys on loan. Dropped, those of erased customers are forgotten.
pub struct Lease<'a, V: Volume>(&'a Vault<V>);

impl<V: Volume> Vault<V> {
    /// Begins to make a snapshot.
    pub fn lease(&self) -> Lease<'_, V> {
        let keys = &mut *self.0.lock();
        keys.leased.leases += 1;
        for id in &keys.retired {
            if let Some(whose) = keys.kept.get(id).and_then(|kept| kept.whose.clone()) {
                keys.leased.retired.insert(whose, *id);
            }
        }
        Lease(self)
    }
}

impl<V: Volume> Drop for Lease<'_, V> {
    fn drop(&mut self) {
        let leased = &mut self.0.0.lock().leased;
        leased.leases -= 1;
        if leased.leases == 0 {
            leased.retired.clear();
        }
    }
}

impl<V: Volume> Seal for Lease<'_, V> {
    fn seal(&self, tenant: &TenantId, customer: &str, plain: &[u8], to: &mut Vec<u8>) -> Option<KeyId> {
        let mut keys = self.0.0.lock();
        let retired = keys.leased.retired.get(&*name_of(tenant, customer)).copied();
        let id = retired.unwrap_or_else(|| keys.key_for(tenant, customer));
        if keys.kept.contains_key(&id) {
            keys.seal(id, Purpose::Record, plain, to);
        } else {
            to.extend_from_slice(&id.0.to_le_bytes());
        }
        Some(id)
    }

    fn open(&self, sealed: &[u8]) -> Result<Opened, Broken> {
        self.0.open(sealed)
    }

    fn learn(&self, key: KeyId, tenant: &TenantId, customer: &str) {
        self.0.learn(key, tenant, customer);
    }

    fn retire(&self, key: KeyId) {
        self.0.retire(key);
    }

    fn keep(&self) -> io::Result<()> {
        self.0.keep()
    }
}

impl<V: Volume> fmt::Debug for Lease<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(self.0).finish()
    }
}
