//! Records as bytes, for journals that outlive the process.
//!
//! Protobuf's encoding by tables of numbered fields (`model`, `engine`, and `state` for snapshots), so that old records are
//! read by every later version. Invariant: a record reads as it was written, and bytes that are none are an error with a reason.

mod engine;
mod model;
pub mod state;
mod wire;

pub use wire::Broken;
use wire::{Kept, Reader, found, put_fields, put_unless_empty, record};

use super::{Record, Seq};

wire::stands_for! {
    Seq: u64, |seq| seq.0, |number| Ok(Seq(number));
}

record! {
    Record { 1: seq, 2: now, 3: tenant, 4: input, 5: events }
}

/// The number of a frame's field that holds a record.
const RECORD: u32 = 1;

/// Appends records, one after the other.
pub fn put(records: &[Record], to: &mut Vec<u8>) {
    for record in records {
        record.put_field(RECORD, to);
    }
}

/// The records in these bytes.
pub fn take(bytes: &[u8]) -> Result<Vec<Record>, Broken> {
    let mut from = Reader::new(bytes);
    let mut records: Option<Vec<Record>> = None;
    while let Some((number, kind)) = from.tag()? {
        match number {
            RECORD => Kept::take_field(&mut records, kind, &mut from)?,
            _ => from.skip(kind)?,
        }
    }
    Ok(records.unwrap_or_default())
}
