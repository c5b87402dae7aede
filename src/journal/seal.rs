//! Personal fields under a key of their customer: what a codec asks of whoever has the keys.
//!
//! Personal is what names or describes a customer: a contact's customer id, attributes and context, and the attributes of
//! what happened to the customer. Everything else of a record (contact and agent ids, queues, times, scores, and the 64 bits
//! by which a repeated request is known) is plain.
//!
//! Invariant: whoever reads records without a key gets them all the same, with these fields empty and the customer under
//! a name that is always the same. Not here: where keys are kept (`vault`), which fields are sealed (`codec`).

use std::{
    fmt::{self, Debug},
    io,
};

use crate::model::{contact::CustomerId, ids::TenantId};

use super::codec::Broken;

/// The number of a key: random, so that it says nothing of its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u64);

impl KeyId {
    /// What its customer is called once the key is gone. Contacts of one customer stay those of one customer.
    pub fn pseudonym(self) -> CustomerId {
        CustomerId(format!("erased-{self}"))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The key is there, and these are the bytes.
    Plain(KeyId, Vec<u8>),
    /// The key is gone, and they with it.
    Erased(KeyId),
}

/// Seals and opens. Readers and the one writer share it.
pub trait Seal: Debug + Send + Sync {
    /// Appends what is sealed under the key of a tenant's customer, or under the tenant's own if the customer is not
    /// named; `None` = nothing is sealed here, and nothing was appended.
    fn seal(&self, tenant: &TenantId, customer: &str, plain: &[u8], to: &mut Vec<u8>) -> Option<KeyId>;

    /// Opens it.
    fn open(&self, sealed: &[u8]) -> Result<Opened, Broken>;

    /// A record said whose key it is.
    fn learn(&self, _key: KeyId, _tenant: &TenantId, _customer: &str) {}

    /// A record said that the customer of this key is erased: what comes later of the customer gets another key.
    fn retire(&self, _key: KeyId) {}

    /// Whatever was sealed can be opened after a crash, too, once this returns.
    fn keep(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Seals nothing. What others sealed counts as erased.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Seal for Plain {
    fn seal(&self, _tenant: &TenantId, _customer: &str, _plain: &[u8], _to: &mut Vec<u8>) -> Option<KeyId> {
        None
    }

    fn open(&self, sealed: &[u8]) -> Result<Opened, Broken> {
        Ok(Opened::Erased(key_of(sealed)?.0))
    }
}

/// The key that opens it, and what it opens.
pub(super) fn key_of(sealed: &[u8]) -> Result<(KeyId, &[u8]), Broken> {
    let (key, rest) = sealed.split_first_chunk().ok_or(Broken::Short)?;
    Ok((KeyId(u64::from_le_bytes(*key)), rest))
}
