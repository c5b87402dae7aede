//! Who is erased, and what of records is personal: what may be gone of a record that came back, and what has to be.
//!
//! Invariant: of a record nothing is ever missing but what is personal, and that only of customers whose erasure is kept.

use std::collections::{BTreeMap, BTreeSet};

use attune::{
    engine::Event,
    journal::{
        Record, Seq, Snapshot, codec,
        codec::Broken,
        seal::{KeyId, Opened, Plain, Seal},
    },
    model::ids::TenantId,
};
use parking_lot::Mutex;

/// A tenant's customer.
pub type Customer = (TenantId, String);

/// Seals everything into nothing, and writes down whose it was.
#[derive(Debug, Default)]
struct Censor(Mutex<BTreeSet<Customer>>);

impl Seal for Censor {
    fn seal(&self, tenant: &TenantId, customer: &str, _plain: &[u8], to: &mut Vec<u8>) -> Option<KeyId> {
        to.extend_from_slice(&KeyId(0).0.to_le_bytes());
        if !customer.is_empty() {
            self.0.lock().insert((tenant.clone(), customer.to_owned()));
        }
        Some(KeyId(0))
    }

    fn open(&self, sealed: &[u8]) -> Result<Opened, Broken> {
        Plain.open(sealed)
    }
}

/// Everybody of whom a record has something personal.
pub fn named(record: &Record) -> BTreeSet<Customer> {
    let censor = Censor::default();
    codec::put_sealed(&censor, std::slice::from_ref(record), &mut Vec::new());
    censor.0.into_inner()
}

/// Everybody of whom a snapshot has something personal.
pub fn named_in(snapshot: Snapshot) -> BTreeSet<Customer> {
    let censor = Censor::default();
    for (tenant, state) in snapshot.worlds {
        codec::state::put(&censor, &tenant, state, &mut Vec::new());
    }
    censor.0.into_inner()
}

/// A record without anything personal.
fn censored(record: &Record) -> Result<Vec<Record>, Broken> {
    let mut bytes = Vec::new();
    codec::put_sealed(&Censor::default(), std::slice::from_ref(record), &mut bytes);
    codec::take(&bytes)
}

/// Whom each record names, and who of them is erased.
#[derive(Debug, Default)]
pub struct Erasures {
    /// Of each record, from the first on.
    named: Vec<BTreeSet<Customer>>,
    /// By the last record that erases them.
    erased: BTreeMap<Customer, Seq>,
}

impl Erasures {
    /// A record is kept; it is the next.
    pub fn take(&mut self, record: &Record) {
        self.named.push(named(record));
        for event in &record.events {
            if let Event::CustomerErased { customer, .. } = event {
                self.erased.insert((record.tenant.clone(), customer.0.clone()), record.seq);
            }
        }
    }

    /// How many customers are erased.
    pub fn count(&self) -> usize {
        self.erased.len()
    }

    fn is_erased(&self, customer: &Customer, at: Seq) -> bool {
        self.erased.get(customer).is_some_and(|erased| *erased >= at)
    }

    /// A record that came back is the one that was kept, but for what is personal of who is erased.
    pub fn check_same(&self, kept: &Record, found: &Record) -> Result<(), String> {
        let may_differ = || {
            let named = usize::try_from(kept.seq.0 - 1).ok().and_then(|at| self.named.get(at));
            named.is_some_and(|named| named.iter().any(|customer| self.is_erased(customer, kept.seq)))
        };
        let same = |one: &Record, other: &Record| -> Result<bool, Broken> { Ok(censored(one)? == censored(other)?) };
        if kept == found || may_differ() && same(kept, found).map_err(|broken| broken.to_string())? {
            return Ok(());
        }
        Err(format!("kept {kept:?}, and {found:?} came back"))
    }

    /// Nothing that is found of a record is of somebody who was erased with it or later.
    pub fn check_gone(&self, kept: Seq, found: &Record) -> Result<(), String> {
        let was_named = usize::try_from(kept.0 - 1).ok().and_then(|at| self.named.get(at));
        if was_named.is_none_or(|named| named.iter().all(|customer| !self.is_erased(customer, kept))) {
            return Ok(());
        }
        match named(found).iter().find(|customer| self.is_erased(customer, kept)) {
            Some((_, customer)) => Err(format!("{customer} is erased, and record {kept} still has {found:?}")),
            None => Ok(()),
        }
    }

    /// A snapshot of what comes before `next` has nobody who was erased and did not come again.
    pub fn check_snapshot(&self, snapshot: Snapshot) -> Result<(), String> {
        let next = snapshot.next;
        for customer in named_in(snapshot) {
            let Some(erased) = self.erased.get(&customer) else { continue };
            let before = usize::try_from(next.0 - 1).unwrap_or(usize::MAX).min(self.named.len());
            let after = usize::try_from(erased.0).unwrap_or(usize::MAX).min(before);
            if !self.named[after..before].iter().any(|named| named.contains(&customer)) {
                return Err(format!("{} is erased, and the snapshot up to {next} still has who it was", customer.1));
            }
        }
        Ok(())
    }
}
