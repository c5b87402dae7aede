//! Which shard a tenant lives in.
//!
//! Invariant: a tenant is in one shard at most. Read by every call, changed when tenants come or move.

use std::{fmt, sync::Arc};

use dashmap::DashMap;
use rustc_hash::FxBuildHasher;

use crate::model::ids::TenantId;

use super::handle::{CallError, ShardHandle};

/// Tenants and their shards; clones are the same directory.
#[derive(Clone, Default)]
pub struct Directory {
    shards: Arc<DashMap<TenantId, ShardHandle, FxBuildHasher>>,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Directory").field(&self.tenants()).finish()
    }
}

impl Directory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Places a tenant in a shard; it leaves the one it was in.
    pub fn place(&self, tenant: TenantId, shard: ShardHandle) {
        self.shards.insert(tenant, shard);
    }

    /// Forgets a tenant.
    pub fn remove(&self, tenant: &TenantId) {
        self.shards.remove(tenant);
    }

    /// The shard that answers for a tenant.
    pub fn shard_of(&self, tenant: &TenantId) -> Result<ShardHandle, CallError> {
        let shard = self.shards.get(tenant).ok_or_else(|| CallError::TenantUnknown(tenant.clone()))?;
        Ok(shard.clone())
    }

    /// All tenants, by name.
    pub fn tenants(&self) -> Vec<TenantId> {
        let mut tenants: Vec<TenantId> = self.shards.iter().map(|entry| entry.key().clone()).collect();
        tenants.sort_unstable();
        tenants
    }
}
