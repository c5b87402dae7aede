//! What is personal in a record or a world, field by field: sealed as it is written, opened as it is read.
//!
//! A personal part is one field: the fields it holds sealed together, or the number (from 0) of the same part of the same
//! customer earlier in its record, since a command and its events mostly say the same. Invariant: a part is sealed under the key of the
//! customer it tells of, by the details before it or by the record itself; of nobody in particular, under the tenant's.
//! Without keys the same fields are written as they are, and either form is read. Not here: keys (`vault`).

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    mem,
    ops::Range,
    rc::Rc,
};

use crate::{
    engine::Event,
    model::{
        contact::{ContactDetails, CustomerId},
        ids::TenantId,
        signal::Happened,
    },
};

use super::{
    super::{
        Record,
        seal::{KeyId, Opened, Seal},
    },
    wire::{Broken, Kept, Out, Reader, Rest, VARINT, found, put_bytes, put_fields, put_number, put_unless_empty},
};

/// So many parts of a record are remembered in case they come again: as many as its signals may have. A whole state has
/// more parts than can be compared.
const PARTS_MAX: usize = 64;

/// What became of what is personal in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// Whatever there was of it is there.
    There,
    /// Some of it is gone with its key.
    Erased,
}

/// What was sealed of a record.
#[derive(Debug)]
pub struct Sealing<'a> {
    /// Absent if nothing is sealed.
    keys: Option<(&'a dyn Seal, &'a TenantId)>,
    /// Whom it tells of.
    customer: String,
    parts: Vec<Part>,
    /// Their customers and fields, one after the other.
    said: Vec<u8>,
    /// The last one, sealed.
    sealed: Vec<u8>,
    /// The key of the customer who was named for the sake of the name.
    named: Option<KeyId>,
}

/// Where in what was said a part is.
#[derive(Debug)]
struct Part {
    customer: Range<usize>,
    fields: Range<usize>,
}

impl<'a> Sealing<'a> {
    /// Nothing yet, of a tenant's record.
    pub fn new(seal: &'a dyn Seal, tenant: &'a TenantId) -> Self {
        Self { keys: Some((seal, tenant)), ..Self::none() }
    }

    /// Nothing, now and later.
    pub fn none() -> Self {
        Self {
            keys: None,
            customer: String::new(),
            parts: Vec::new(),
            said: Vec::new(),
            sealed: Vec::new(),
            named: None,
        }
    }

    /// A record of this tenant begins, and nothing is sealed of it yet.
    pub fn begin(&mut self, seal: &'a dyn Seal, tenant: &'a TenantId) {
        self.keys = Some((seal, tenant));
        self.customer.clear();
        self.parts.clear();
        self.said.clear();
        self.named = None;
    }

    /// The record is whole.
    pub fn end(&mut self, record: &Record) {
        if let (Some(key), Some((seal, _))) = (self.named, self.keys)
            && erases(record)
        {
            seal.retire(key);
        }
    }

    /// Which of the parts before says the same of the same customer.
    fn same(&self, fields: &[u8]) -> Option<usize> {
        let is_same = |part: &Part| {
            self.said[part.fields.clone()] == *fields && self.said[part.customer.clone()] == *self.customer.as_bytes()
        };
        self.parts.iter().position(is_same)
    }

    /// Notes a part, in case it comes again.
    fn note(&mut self, fields: &[u8]) {
        if self.parts.len() < PARTS_MAX {
            let at = self.said.len();
            self.said.extend_from_slice(self.customer.as_bytes());
            let from = self.said.len();
            self.said.extend_from_slice(fields);
            self.parts.push(Part { customer: at..from, fields: from..self.said.len() });
        }
    }
}

/// What was opened of a record.
#[derive(Debug)]
pub struct Opening<'a> {
    seal: &'a dyn Seal,
    parts: RefCell<Vec<Rc<Opened>>>,
    /// Customers and their keys.
    learnt: RefCell<Vec<(KeyId, String)>>,
    named: Cell<Option<KeyId>>,
    misses: Cell<bool>,
    /// What is called between the items of lists.
    pub rest: Rest<'a>,
}

impl<'a> Opening<'a> {
    /// Nothing yet.
    pub fn new(seal: &'a dyn Seal) -> Self {
        let (parts, learnt) = (RefCell::default(), RefCell::default());
        Self { seal, parts, learnt, named: Cell::default(), misses: Cell::default(), rest: Rest::default() }
    }

    /// The same with rests between items.
    pub fn resting(self, rest: Rest<'a>) -> Self {
        Self { rest, ..self }
    }

    /// The record is whole; another may begin.
    pub fn end(&self, record: &Record) -> Personal {
        let personal = self.end_world(&record.tenant);
        if let (Some(key), true) = (self.named.take(), erases(record)) {
            self.seal.retire(key);
        }
        personal
    }

    /// A tenant's world is whole; another may begin.
    pub fn end_world(&self, tenant: &TenantId) -> Personal {
        self.parts.borrow_mut().clear();
        for (key, customer) in mem::take(&mut *self.learnt.borrow_mut()) {
            self.seal.learn(key, tenant, &customer);
        }
        if self.misses.replace(false) { Personal::Erased } else { Personal::There }
    }

    fn learn(&self, key: KeyId, customer: &str) {
        self.learnt.borrow_mut().push((key, customer.to_owned()));
    }
}

/// Whether a record says that a customer is erased.
fn erases(record: &Record) -> bool {
    record.events.iter().any(|event| matches!(event, Event::CustomerErased { .. }))
}

/// Appends a personal part; without keys, its fields as they are.
fn put_personal(number: u32, to: &mut Out<'_>, put: impl FnOnce(&mut Out<'_>)) -> Option<KeyId> {
    let at = to.len();
    put(to);
    let (to, sealing) = to.parts();
    let (seal, tenant) = sealing.keys?;
    if let Some(same) = sealing.same(&to[at..]) {
        to.truncate(at);
        put_number(number, same as u64, to);
        return None;
    }
    sealing.sealed.clear();
    let key = seal.seal(tenant, &sealing.customer, &to[at..], &mut sealing.sealed)?;
    sealing.note(&to[at..]);
    to.truncate(at);
    put_bytes(number, &sealing.sealed, to);
    Some(key)
}

/// Takes a personal part.
fn take_personal(kind: u8, from: &mut Reader<'_>) -> Result<Rc<Opened>, Broken> {
    let opening = from.opening().ok_or(Broken::Kind)?;
    if kind == VARINT {
        let same = usize::try_from(from.varint()?).map_err(|_| Broken::Range)?;
        return opening.parts.borrow().get(same).cloned().ok_or(Broken::Range);
    }
    let opened = Rc::new(opening.seal.open(from.bytes(kind)?)?);
    if matches!(*opened, Opened::Erased(_)) {
        opening.misses.set(true);
    }
    let mut parts = opening.parts.borrow_mut();
    if parts.len() < PARTS_MAX {
        parts.push(Rc::clone(&opened));
    }
    Ok(opened)
}

/// Fields 1 to 3 as they are, or sealed as 4; 5 says that no customer is named.
impl Kept for ContactDetails {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        to.sealing.customer.clone_from(&self.customer_id);
        put_fields(number, to, |to| {
            if *self == Self::default() {
                return;
            }
            let sealed = put_personal(4, to, |to| self.put_plain(to));
            if sealed.is_some() && self.customer_id.is_empty() {
                put_number(5, 1, to);
            }
        });
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut fields = from.fields(kind)?;
        let (mut details, mut erased, mut is_nobody) = (Self::default(), None, false);
        while let Some((number, kind)) = fields.tag()? {
            match number {
                4 => match &*take_personal(kind, &mut fields)? {
                    Opened::Plain(key, plain) => {
                        details.take_plain(plain)?;
                        if let Some(opening) = fields.opening() {
                            opening.learn(*key, &details.customer_id);
                        }
                    }
                    Opened::Erased(key) => erased = Some(*key),
                },
                5 => is_nobody = fields.varint()? != 0,
                _ => details.take_one(number, kind, &mut fields)?,
            }
        }
        if let (Some(key), false) = (erased, is_nobody) {
            details.customer_id = key.pseudonym().0;
        }
        *slot = Some(details);
        Ok(())
    }
}

impl ContactDetails {
    fn put_plain(&self, to: &mut Out<'_>) {
        let Self { customer_id, attributes, context } = self;
        put_unless_empty(1, customer_id, to);
        put_unless_empty(2, attributes, to);
        put_unless_empty(3, context, to);
    }

    fn take_plain(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let mut fields = Reader::new(bytes);
        while let Some((number, kind)) = fields.tag()? {
            self.take_one(number, kind, &mut fields)?;
        }
        Ok(())
    }

    fn take_one(&mut self, number: u32, kind: u8, fields: &mut Reader<'_>) -> Result<(), Broken> {
        match number {
            1 => self.customer_id = taken(kind, fields)?,
            2 => add_pair(&mut self.attributes, kind, fields)?,
            3 => self.context = taken(kind, fields)?,
            _ => fields.skip(kind)?,
        }
        Ok(())
    }
}

/// Field 3 as it is, or sealed as 4.
impl Kept for Happened {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        let Self { event, confidence, attributes } = self;
        put_fields(number, to, |to| {
            put_unless_empty(1, event, to);
            put_unless_empty(2, confidence, to);
            if !attributes.is_empty() {
                put_personal(4, to, |to| put_unless_empty(3, attributes, to));
            }
        });
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut fields = from.fields(kind)?;
        let (mut event, mut confidence, mut attributes) = (None, None, BTreeMap::new());
        while let Some((number, kind)) = fields.tag()? {
            match number {
                1 => Kept::take_field(&mut event, kind, &mut fields)?,
                2 => Kept::take_field(&mut confidence, kind, &mut fields)?,
                3 => add_pair(&mut attributes, kind, &mut fields)?,
                4 => {
                    if let Opened::Plain(_, plain) = &*take_personal(kind, &mut fields)? {
                        let mut inner = Reader::new(plain);
                        while let Some((_, kind)) = inner.tag()? {
                            add_pair(&mut attributes, kind, &mut inner)?;
                        }
                    }
                }
                _ => fields.skip(kind)?,
            }
        }
        *slot = Some(Self { event: found(event, "event")?, confidence: found(confidence, "confidence")?, attributes });
        Ok(())
    }
}

/// Field 1 as it is, or sealed as 2.
impl Kept for CustomerId {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        to.sealing.customer.clone_from(&self.0);
        put_fields(number, to, |to| {
            if let Some(key) = put_personal(2, to, |to| put_unless_empty(1, &self.0, to)) {
                to.sealing.named = Some(key);
            }
        });
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut fields = from.fields(kind)?;
        let mut customer = Self::default();
        while let Some((number, kind)) = fields.tag()? {
            match number {
                1 => customer.0 = taken(kind, &mut fields)?,
                2 => match &*take_personal(kind, &mut fields)? {
                    Opened::Plain(key, plain) => {
                        let mut inner = Reader::new(plain);
                        while let Some((_, kind)) = inner.tag()? {
                            customer.0 = taken(kind, &mut inner)?;
                        }
                        if let Some(opening) = fields.opening() {
                            opening.learn(*key, &customer.0);
                            opening.named.set(Some(*key));
                        }
                    }
                    Opened::Erased(key) => customer = key.pseudonym(),
                },
                _ => fields.skip(kind)?,
            }
        }
        *slot = Some(customer);
        Ok(())
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn taken<T: Kept>(kind: u8, from: &mut Reader<'_>) -> Result<T, Broken> {
    let mut slot = None;
    T::take_field(&mut slot, kind, from)?;
    found(slot, "a value")
}

fn add_pair(pairs: &mut BTreeMap<String, String>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
    let (key, value) = taken(kind, from)?;
    pairs.insert(key, value);
    Ok(())
}
