//! One number for everything that happened: the same events at the same times give the same, on any machine.
//!
//! Invariant: it is made of each record's time and of its events as a record keeps them with nothing sealed, in order;
//! neither the commands nor how records are numbered go in. Not here: checksums of what is on disk (`segment`).

use crate::model::time::Timestamp;

use super::{
    Record,
    codec::{Sealing, event_bytes},
};

/// A running digest of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    hash: u64,
    bytes: Vec<u8>,
}

impl Default for Digest {
    fn default() -> Self {
        Self { hash: OFFSET_BASIS, bytes: Vec::new() }
    }
}

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Digest {
    /// Adds a record.
    pub fn take(&mut self, record: &Record) {
        self.bytes.clear();
        record.events.iter().for_each(|event| event_bytes(event, &mut self.bytes, Sealing::none()));
        let Timestamp(now) = record.now;
        self.hash = now.to_le_bytes().chunks_exact(8).chain(self.bytes.chunks(8)).fold(self.hash, word);
    }

    /// What they come to.
    pub fn value(&self) -> u64 {
        self.hash
    }
}

/// FNV-1a (Fowler, Noll, Vo 1991) by words of eight bytes, the last filled up with zeros, each folded into the lower half
/// as well, since a multiplication carries upwards only.
fn word(hash: u64, bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let mixed = (hash ^ u64::from_le_bytes(word)).wrapping_mul(PRIME);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::{Command, Event, Request},
        journal::Seq,
        model::{
            ids::{ContactKey, TenantId},
            time::Timestamp,
        },
    };

    use super::*;

    fn record(now: i64, contact: u64) -> Record {
        Record {
            seq: Seq(1),
            now: Timestamp(now),
            tenant: TenantId::new("t").unwrap(),
            customer: None,
            input: Request { id: None, command: Command::Tick },
            events: vec![Event::ContactReleased { contact: ContactKey(contact) }],
        }
    }

    fn digest(records: &[Record]) -> u64 {
        let mut digest = Digest::default();
        records.iter().for_each(|record| digest.take(record));
        digest.value()
    }

    #[test]
    fn times_events_and_their_order_tell() {
        let (one, other) = (record(1, 1), record(1, 2));
        assert_eq!(digest(&[one.clone(), other.clone()]), digest(&[one.clone(), other.clone()]));
        let all = [&[one.clone(), other.clone()][..], &[other, one.clone()], &[record(2, 1)], &[one], &[]].map(digest);
        assert!((0..all.len()).all(|at| !all[at + 1..].contains(&all[at])), "{all:?}");
    }
}
