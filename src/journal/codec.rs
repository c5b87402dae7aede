//! Records as bytes, for journals that outlive the process.
//!
//! Protobuf's encoding by tables of numbered fields (`model`, `engine`, and `state` for snapshots), so that old records are
//! read by every later version. What is personal is sealed under its customer's key, if there are keys (`personal`). Before
//! its records a frame may say which of those before it were on the disk when it was written.
//! Invariant: a record reads as it was written, but for what is personal of customers who were erased, and bytes that are
//! none are an error with a reason.

mod engine;
mod model;
mod personal;
pub mod state;
pub(super) mod wire;

pub use personal::{Opening, Personal, Sealing};
pub use wire::Broken;
use wire::{Kept, Out, Reader, VARINT, found, put_fields, put_number, put_unless_empty, record};

use crate::{
    engine::{Command, Event},
    model::contact::NewContact,
};

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
/// That of the one that says which records were on the disk.
const SYNCED: u32 = 2;

/// The number under which a command is hashed.
const COMMAND: u32 = 1;

/// The number under which an event is digested, that of a record's field.
const EVENT: u32 = 5;

/// What nearly every command takes.
const COMMAND_BYTES_USUAL: usize = 512;

/// Says of a frame, before its records, that all before this one were on the disk when it was written.
pub fn put_synced(before: Seq, to: &mut Vec<u8>) {
    put_number(SYNCED, before.0, to);
}

/// What a frame says of that; `None` = all before its own were.
pub fn synced(bytes: &[u8]) -> Option<Seq> {
    let mut from = Reader::new(bytes);
    match from.tag() {
        Ok(Some((SYNCED, VARINT))) => from.varint().ok().map(Seq),
        _ => None,
    }
}

/// Appends records, one after the other, with nothing sealed.
pub fn put(records: &[Record], to: &mut Vec<u8>) {
    put_sealed(&Plain, records, to);
}

/// Appends records, one after the other, what is personal in them sealed.
pub fn put_sealed(seal: &dyn Seal, records: &[Record], to: &mut Vec<u8>) {
    let mut out = Out::new(to, Sealing::none());
    for record in records {
        out.sealing.begin(seal, &record.tenant);
        record.put_field(RECORD, &mut out);
        out.sealing.end(record);
    }
}

/// The hash of how a command is kept with nothing sealed ([`Record::fingerprint`]). Its place in a trace is left out: who
/// repeats a request does so from another place.
pub(super) fn fingerprint(command: &Command) -> u64 {
    if let Command::EnqueueContact(new) = command
        && new.trace.is_some()
    {
        let untraced = NewContact { trace: None, ..NewContact::clone(new) };
        return fingerprint(&Command::EnqueueContact(Box::new(untraced)));
    }
    let mut bytes = Vec::with_capacity(COMMAND_BYTES_USUAL);
    command.put_field(COMMAND, &mut Out::new(&mut bytes, Sealing::none()));
    fnv_1a(&bytes)
}

/// Appends an event as a record keeps it.
pub(super) fn event_bytes(event: &Event, to: &mut Vec<u8>, sealing: Sealing<'_>) {
    event.put_field(EVENT, &mut Out::new(to, sealing));
}

/// The hash FNV-1a of 64 bits (Fowler, Noll, Vo, 1991).
fn fnv_1a(bytes: &[u8]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// The records in these bytes; what is sealed in them counts as erased.
pub fn take(bytes: &[u8]) -> Result<Vec<Record>, Broken> {
    take_sealed(&Plain, bytes)
}

/// The records in these bytes, what is sealed in them opened.
pub fn take_sealed(seal: &dyn Seal, bytes: &[u8]) -> Result<Vec<Record>, Broken> {
    Ok(take_told(seal, bytes)?.into_iter().map(|(record, _)| record).collect())
}

/// The same, and of each whether all that is personal in it could be opened.
pub fn take_told(seal: &dyn Seal, bytes: &[u8]) -> Result<Vec<(Record, Personal)>, Broken> {
    let opening = Opening::new(seal);
    let (mut from, mut records) = (Reader::opened_by(&opening, bytes), Vec::new());
    while let Some((number, kind)) = from.tag()? {
        match number {
            RECORD => {
                let mut record: Option<Record> = None;
                Kept::take_field(&mut record, kind, &mut from)?;
                let record = found(record, "a record")?;
                let personal = opening.end(&record);
                records.push((record, personal));
            }
            _ => from.skip(kind)?,
        }
    }
    Ok(records)
}

/// The bytes of the first so many records, as they are.
pub(super) fn first(count: usize, bytes: &[u8]) -> Result<&[u8], Broken> {
    let (mut from, mut left) = (Reader::new(bytes), count);
    while left > 0
        && let Some((number, kind)) = from.tag()?
    {
        from.skip(kind)?;
        left -= usize::from(number == RECORD);
    }
    Ok(&bytes[..bytes.len() - from.left()])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::{
        agent::{AgentProfile, Expected},
        ids::{AgentId, ContactId, OfferKey, SkillName},
        time::Span,
    };

    use super::*;

    fn agent(skills: &[(&str, u8)]) -> Command {
        let skills = skills.iter().map(|(skill, level)| (SkillName::new(skill).unwrap(), *level)).collect();
        let profile = Arc::new(AgentProfile { skills, ..AgentProfile::default() });
        Command::PutAgent { agent: AgentId::new("ana").unwrap(), profile, expected: Expected::Anything }
    }

    /// Values from the authors' own test vectors.
    #[test]
    fn the_hash_is_fnv_1a() {
        let of = |text: &str| fnv_1a(text.as_bytes());
        assert_eq!([of(""), of("a"), of("foobar")], [0xcbf29ce484222325, 0xaf63dc4c8601ec8c, 0x85944171f73967e8]);
    }

    /// These are in journals: a fingerprint that changes makes every request that is repeated across an upgrade look
    /// like another one.
    #[test]
    fn fingerprints_are_the_same_for_ever() {
        let complete = Command::CompleteContact { contact: ContactId::new("c1").unwrap() };
        let accept = Command::AcceptOffer { agent: AgentId::new("ana").unwrap(), offer: OfferKey(7) };
        let kept = [complete, accept, agent(&[("claims", 40), ("cards", 60)])].map(|command| fingerprint(&command));
        assert_eq!(kept, [4_312_215_195_449_372_021, 15_479_277_709_306_881_589, 2_375_211_434_010_729_693]);
    }

    #[test]
    fn fingerprints_tell_commands_apart_and_see_through_the_order_of_what_has_none() {
        let contact = ContactId::new("c1").unwrap();
        let park = |secs| Command::ParkContact { contact: contact.clone(), longest: Span::from_secs(secs) };
        let one = fingerprint(&park(60));
        assert_eq!(one, fingerprint(&park(60)));
        assert_ne!(one, fingerprint(&park(61)));
        assert_ne!(one, fingerprint(&Command::ReleaseContact { contact: contact.clone() }));
        assert_eq!(fingerprint(&agent(&[("a", 1), ("b", 2)])), fingerprint(&agent(&[("b", 2), ("a", 1)])));
    }
}
