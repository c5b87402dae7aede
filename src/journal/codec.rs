//! Records as bytes, for journals that outlive the process.
//!
//! Protobuf's encoding by tables of numbered fields (`model`, `engine`), so that old records are read by every later
//! version. What is personal in a record is sealed under its customer's key, if there are keys (`personal`). Invariant: a
//! record reads as it was written, but for what is personal of customers who were erased, and bytes that are none are an
//! error with a reason.

mod engine;
mod model;
mod personal;
pub(super) mod wire;

pub use personal::{Opening, Sealing};
pub use wire::Broken;
use wire::{Kept, Out, Reader, found, put_fields, put_unless_empty, record};

use super::{
    Record, Seq,
    seal::{Plain, Seal},
};

wire::stands_for! {
    Seq: u64, |seq| seq.0, |number| Ok(Seq(number));
}

record! {
    // Whom it is about comes before what is said of the customer.
    Record { 1: seq, 2: now, 3: tenant, 6: customer, 4: input, 5: events }
}

/// The number of a frame's field that holds a record.
const RECORD: u32 = 1;

/// Appends records, one after the other, with nothing sealed.
pub fn put(records: &[Record], to: &mut Vec<u8>) {
    put_sealed(&Plain, records, to);
}

/// Appends records, one after the other, what is personal in them sealed.
pub fn put_sealed(seal: &dyn Seal, records: &[Record], to: &mut Vec<u8>) {
    for record in records {
        let mut out = Out::new(to, Sealing::new(seal, &record.tenant));
        record.put_field(RECORD, &mut out);
        out.sealing.end(record);
    }
}

/// The records in these bytes; what is sealed in them counts as erased.
pub fn take(bytes: &[u8]) -> Result<Vec<Record>, Broken> {
    take_sealed(&Plain, bytes)
}

/// The records in these bytes, what is sealed in them opened.
pub fn take_sealed(seal: &dyn Seal, bytes: &[u8]) -> Result<Vec<Record>, Broken> {
    let opening = Opening::new(seal);
    let mut from = Reader::opened_by(&opening, bytes);
    let mut records: Option<Vec<Record>> = None;
    while let Some((number, kind)) = from.tag()? {
        match number {
            RECORD => {
                Kept::take_field(&mut records, kind, &mut from)?;
                records.iter().flatten().last().into_iter().for_each(|record| opening.end(record));
            }
            _ => from.skip(kind)?,
        }
    }
    Ok(records.unwrap_or_default())
}
