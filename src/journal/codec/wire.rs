//! Fields as bytes: protobuf's encoding, straight from the engine's types and back.
//!
//! A type is a table of numbered fields ([`record!`](super::record), [`choice!`](super::choice)); numbers are for ever, names are not.
//! What is zero, empty or absent is left out. Invariant: a field with an unknown number is skipped, one that is left out
//! has its type's empty value, and one that has none is an error; nothing that is read panics, whatever the bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, LazyLock},
};

use parking_lot::Mutex;

use super::{
    super::seal::KeyId,
    personal::{Opening, Sealing},
};

/// Why bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// They end too early.
    #[error("ends in the middle of a field")]
    Short,
    /// A field is encoded as fields of its type are not.
    #[error("has a field of another kind than expected")]
    Kind,
    /// A number is larger than its type.
    #[error("has a number out of range")]
    Range,
    /// A text is not UTF-8, or no name.
    #[error("has a text that is not allowed: {0}")]
    Text(String),
    /// A field that every version writes.
    #[error("lacks {0}")]
    Missing(&'static str),
    /// A later version wrote it.
    #[error("has {of} {number}, which this version does not know")]
    Unknown {
        /// What has such numbers.
        of: &'static str,
        /// The number.
        number: u64,
    },
    /// Personal fields that are not what was sealed under this key.
    #[error("has personal fields that key {0} does not open")]
    Sealed(KeyId),
    /// Personal fields whose key was not destroyed, and is not there.
    #[error("has personal fields whose key {0} is missing from the key store")]
    KeyLost(KeyId),
    /// A routing document that this version refuses.
    #[error("has a routing document that cannot be read: {0}")]
    Document(String),
}

/// Something that can be a field.
pub trait Kept: Sized {
    /// Appends the field.
    fn put_field(&self, number: u32, to: &mut Out<'_>);
    /// Takes what a field of this kind holds; repeated fields gather in the slot.
    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken>;
    /// What it is if it is left out; `None` = it never is.
    fn empty() -> Option<Self> {
        None
    }
    /// Whether it is left out.
    fn is_empty(&self) -> bool {
        false
    }
}

/// A number.
pub const VARINT: u8 = 0;
/// Bytes with their length before them.
pub const BYTES: u8 = 2;
const FIXED_64: u8 = 1;
const FIXED_32: u8 = 5;

/// What is called between the items of lists, so that whoever goes through something large may let others go on; nothing
/// by default.
#[derive(Clone, Copy, Default)]
pub struct Rest<'a>(pub Option<&'a dyn Fn()>);

impl Rest<'_> {
    /// An item is done.
    pub fn take(self) {
        if let Some(rest) = self.0 {
            rest();
        }
    }
}

impl fmt::Debug for Rest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Rest(called)" } else { "Rest(none)" })
    }
}

/// Where fields go, and what seals those that are personal.
#[derive(Debug)]
pub struct Out<'a> {
    to: &'a mut Vec<u8>,
    /// What was sealed of the record at hand.
    pub sealing: Sealing<'a>,
    rest: Rest<'a>,
}

impl<'a> Out<'a> {
    /// Appends to these.
    pub fn new(to: &'a mut Vec<u8>, sealing: Sealing<'a>) -> Self {
        Self { to, sealing, rest: Rest::default() }
    }

    /// The same with rests between items.
    pub fn resting(self, rest: Rest<'a>) -> Self {
        Self { rest, ..self }
    }

    /// An item is done.
    pub fn rest(&self) {
        self.rest.take();
    }

    /// The bytes and what seals them, each by itself.
    pub fn parts(&mut self) -> (&mut Vec<u8>, &mut Sealing<'a>) {
        (self.to, &mut self.sealing)
    }
}

impl Deref for Out<'_> {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        self.to
    }
}

impl DerefMut for Out<'_> {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        self.to
    }
}

/// Bytes that are read from front to back.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    opening: Option<&'a Opening<'a>>,
}

impl<'a> Reader<'a> {
    /// Of all of these, of which none are sealed.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, opening: None }
    }

    /// Of all of these, of which some may be sealed.
    pub fn opened_by(opening: &'a Opening<'a>, bytes: &'a [u8]) -> Self {
        Self { bytes, opening: Some(opening) }
    }

    /// So many bytes are not read yet.
    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    /// What was opened of the record at hand.
    pub fn opening(&self) -> Option<&'a Opening<'a>> {
        self.opening
    }

    /// An item is done.
    pub fn rest(&self) {
        if let Some(opening) = self.opening {
            opening.rest.take();
        }
    }

    /// The next field's number and kind.
    pub fn tag(&mut self) -> Result<Option<(u32, u8)>, Broken> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).map_err(|_| Broken::Range)?;
        Ok(Some((number, (tag & 7) as u8)))
    }

    /// A number.
    pub fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.bytes.split_first().ok_or(Broken::Short)?;
            self.bytes = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Broken::Range);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Broken::Range)
    }

    /// What a field of bytes holds.
    pub fn bytes(&mut self, kind: u8) -> Result<&'a [u8], Broken> {
        if kind != BYTES {
            return Err(Broken::Kind);
        }
        let length = usize::try_from(self.varint()?).map_err(|_| Broken::Range)?;
        let (bytes, rest) = self.bytes.split_at_checked(length).ok_or(Broken::Short)?;
        self.bytes = rest;
        Ok(bytes)
    }

    /// The fields that a field holds.
    pub fn fields(&mut self, kind: u8) -> Result<Reader<'a>, Broken> {
        Ok(Reader { bytes: self.bytes(kind)?, opening: self.opening })
    }

    /// Passes over a field.
    pub fn skip(&mut self, kind: u8) -> Result<(), Broken> {
        let fixed = match kind {
            VARINT => return self.varint().map(|_| ()),
            BYTES => return self.bytes(kind).map(|_| ()),
            FIXED_64 => 8,
            FIXED_32 => 4,
            _ => return Err(Broken::Kind),
        };
        self.bytes = self.bytes.get(fixed..).ok_or(Broken::Short)?;
        Ok(())
    }
}

/// Appends a number.
pub fn put_varint(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn put_tag(number: u32, kind: u8, to: &mut Vec<u8>) {
    put_varint(u64::from(number) << 3 | u64::from(kind), to);
}

/// Appends a field of number kind.
pub fn put_number(number: u32, value: u64, to: &mut Vec<u8>) {
    put_tag(number, VARINT, to);
    put_varint(value, to);
}

/// Appends a field of bytes.
pub fn put_bytes(number: u32, bytes: &[u8], to: &mut Vec<u8>) {
    put_tag(number, BYTES, to);
    put_varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

/// Appends a field that holds fields.
pub fn put_fields(number: u32, to: &mut Out<'_>, put: impl FnOnce(&mut Out<'_>)) {
    put_tag(number, BYTES, to);
    let at = to.len();
    // Most are short: one byte is kept for the length, and what is longer moves over.
    to.push(0);
    put(to);
    let end = to.len();
    let length = end - at - 1;
    if length < 0x80 {
        to[at] = length as u8;
        return;
    }
    let more = (usize::BITS - length.leading_zeros()).div_ceil(7) as usize - 1;
    to.resize(end + more, 0);
    to.copy_within(at + 1..end, at + 1 + more);
    for place in 0..more {
        to[at + place] = (length >> (7 * place)) as u8 | 0x80;
    }
    to[at + more] = (length >> (7 * more)) as u8;
}

/// What a slot holds, or what its type is if left out.
pub fn found<T: Kept>(slot: Option<T>, name: &'static str) -> Result<T, Broken> {
    slot.or_else(T::empty).ok_or(Broken::Missing(name))
}

/// Numbers, as they are.
macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Kept for $type {
            fn put_field(&self, number: u32, to: &mut Out<'_>) {
                put_number(number, u64::from(*self), to);
            }

            fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
                if kind != VARINT {
                    return Err(Broken::Kind);
                }
                *slot = Some(Self::try_from(from.varint()?).map_err(|_| Broken::Range)?);
                Ok(())
            }

            fn empty() -> Option<Self> {
                Some(0)
            }

            fn is_empty(&self) -> bool {
                *self == 0
            }
        }
    )+};
}

numbers!(u8, u16, u32, u64);

/// What stands for another type on disk.
macro_rules! stands_for {
    ($($type:ty: $other:ty, $to:expr, $from:expr);+ $(;)?) => {$(
        impl Kept for $type {
            fn put_field(&self, number: u32, to: &mut Out<'_>) {
                let to_other: fn(&$type) -> $other = $to;
                to_other(self).put_field(number, to);
            }

            fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
                let mut other: Option<$other> = None;
                Kept::take_field(&mut other, kind, from)?;
                let of_other: fn($other) -> Result<$type, Broken> = $from;
                *slot = other.map(of_other).transpose()?;
                Ok(())
            }

            fn empty() -> Option<Self> {
                let of_other: fn($other) -> Result<$type, Broken> = $from;
                <$other>::empty().and_then(|other| of_other(other).ok())
            }

            fn is_empty(&self) -> bool {
                let to_other: fn(&$type) -> $other = $to;
                to_other(self).is_empty()
            }
        }
    )+};
}
pub(super) use stands_for;

stands_for! {
    bool: u8, |is_so| u8::from(*is_so), |number| Ok(number != 0);
    usize: u64, |size| *size as u64, |number| usize::try_from(number).map_err(|_| Broken::Range);
    // Small numbers of either sign stay short.
    i64: u64, |value| ((value << 1) ^ (value >> 63)) as u64, |bits| Ok((bits >> 1) as i64 ^ -((bits & 1) as i64));
    i16: i64, |value| i64::from(*value), |value| i16::try_from(value).map_err(|_| Broken::Range);
    &'static str: String, |text| (*text).to_owned(), |text| Ok(known(text));
}

/// A text that a refusal states: there are few of them, all from this program.
fn known(text: String) -> &'static str {
    static KNOWN: LazyLock<Mutex<BTreeSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock();
    if let Some(found) = known.get(text.as_str()) {
        return found;
    }
    let text: &'static str = text.leak();
    known.insert(text);
    text
}

impl Kept for String {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        put_bytes(number, self.as_bytes(), to);
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let text = std::str::from_utf8(from.bytes(kind)?).map_err(|error| Broken::Text(error.to_string()))?;
        *slot = Some(text.to_owned());
        Ok(())
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }

    fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}

impl<T: Kept> Kept for Option<T> {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        if let Some(value) = self {
            value.put_field(number, to);
        }
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        T::take_field(slot.get_or_insert_default(), kind, from)
    }

    fn empty() -> Option<Self> {
        Some(None)
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

impl<T: Kept> Kept for Vec<T> {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        for item in self {
            item.put_field(number, to);
            to.rest();
        }
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut item = None;
        T::take_field(&mut item, kind, from)?;
        slot.get_or_insert_default().extend(item);
        from.rest();
        Ok(())
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }

    fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

/// A list in which a few places are free at the end.
impl<T: Kept, const N: usize> Kept for [Option<T>; N] {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        for item in self.iter().flatten() {
            item.put_field(number, to);
        }
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut item = None;
        T::take_field(&mut item, kind, from)?;
        let list = slot.get_or_insert_with(|| std::array::from_fn(|_| None));
        let free = list.iter_mut().find(|place| place.is_none()).ok_or(Broken::Range)?;
        *free = item;
        Ok(())
    }

    fn empty() -> Option<Self> {
        Some(std::array::from_fn(|_| None))
    }

    fn is_empty(&self) -> bool {
        self.iter().all(Option::is_none)
    }
}

impl<K: Kept + Ord, V: Kept> Kept for BTreeMap<K, V> {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        for (key, value) in self {
            put_fields(number, to, |to| put_pair(key, value, to));
        }
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let (key, value) = take_pair(from.fields(kind)?)?;
        slot.get_or_insert_default().insert(key, value);
        Ok(())
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<A: Kept, B: Kept> Kept for (A, B) {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        put_fields(number, to, |to| put_pair(&self.0, &self.1, to));
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        *slot = Some(take_pair(from.fields(kind)?)?);
        Ok(())
    }
}

fn put_pair<A: Kept, B: Kept>(first: &A, second: &B, to: &mut Out<'_>) {
    put_unless_empty(1, first, to);
    put_unless_empty(2, second, to);
}

fn take_pair<A: Kept, B: Kept>(mut fields: Reader<'_>) -> Result<(A, B), Broken> {
    let (mut first, mut second) = (None, None);
    while let Some((number, kind)) = fields.tag()? {
        match number {
            1 => A::take_field(&mut first, kind, &mut fields)?,
            2 => B::take_field(&mut second, kind, &mut fields)?,
            _ => fields.skip(kind)?,
        }
    }
    Ok((found(first, "the first of a pair")?, found(second, "the second of a pair")?))
}

/// Appends a field, if there is something in it.
pub fn put_unless_empty<T: Kept>(number: u32, value: &T, to: &mut Out<'_>) {
    if !value.is_empty() {
        value.put_field(number, to);
    }
}

/// A shared list is one field that holds its items, each as field 1.
impl<T: Kept> Kept for Arc<[T]> {
    fn put_field(&self, number: u32, to: &mut Out<'_>) {
        put_fields(number, to, |to| self.iter().for_each(|item| item.put_field(1, to)));
    }

    fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
        let mut fields = from.fields(kind)?;
        let mut items: Option<Vec<T>> = None;
        while let Some((number, kind)) = fields.tag()? {
            match number {
                1 => Kept::take_field(&mut items, kind, &mut fields)?,
                _ => fields.skip(kind)?,
            }
        }
        *slot = Some(items.unwrap_or_default().into());
        Ok(())
    }

    fn empty() -> Option<Self> {
        Some(Arc::from([]))
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

macro_rules! pointers {
    ($($pointer:ident),+) => {$(
        impl<T: Kept> Kept for $pointer<T> {
            fn put_field(&self, number: u32, to: &mut Out<'_>) {
                T::put_field(self, number, to);
            }

            fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
                let mut value = None;
                T::take_field(&mut value, kind, from)?;
                *slot = value.map($pointer::new);
                Ok(())
            }

            fn empty() -> Option<Self> {
                T::empty().map($pointer::new)
            }

            fn is_empty(&self) -> bool {
                T::is_empty(self)
            }
        }
    )+};
}

pointers!(Arc, Box);

/// A type by its fields: `record!(Type { 1: field, 2: another })`; behind a semicolon those that follow from others and
/// are their type's default until they are derived.
macro_rules! record {
    ($($type:ty { $($number:literal: $field:ident),* $(,)? $(; $($derived:ident),+ $(,)?)? })+) => {$(
        impl Kept for $type {
            fn put_field(&self, number: u32, to: &mut Out<'_>) {
                let Self { $($field,)* $($($derived: _,)+)? } = self;
                put_fields(number, to, |_to| { $(put_unless_empty($number, $field, _to);)* });
            }

            fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
                let mut fields = from.fields(kind)?;
                $(let mut $field = None;)*
                while let Some((number, kind)) = fields.tag()? {
                    match number {
                        $($number => Kept::take_field(&mut $field, kind, &mut fields)?,)*
                        _ => fields.skip(kind)?,
                    }
                }
                *slot = Some(Self {
                    $($field: found($field, stringify!($field))?,)*
                    $($($derived: Default::default(),)+)?
                });
                Ok(())
            }
        }
    )+};
}
pub(super) use record;

/// A type by its variants: first those with named fields or none, then, after a semicolon, those that hold one value.
macro_rules! choice {
    ($type:ty {
        $($number:literal: $variant:ident { $($part:literal: $field:ident),* $(,)? }),* $(,)?
        $(; $($holding:literal: $holder:ident),* $(,)?)?
    }) => {
        impl Kept for $type {
            fn put_field(&self, number: u32, to: &mut Out<'_>) {
                put_fields(number, to, |to| match self {
                    $(Self::$variant { $($field),* } => {
                        put_fields($number, to, |_to| { $(put_unless_empty($part, $field, _to);)* });
                    })*
                    $($(Self::$holder(value) => put_fields($holding, to, |to| put_unless_empty(1, value, to)),)*)?
                });
            }

            fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
                let mut choice = from.fields(kind)?;
                let (number, kind) = choice.tag()?.ok_or(Broken::Missing(stringify!($type)))?;
                let mut _fields = choice.fields(kind)?;
                *slot = Some(match number {
                    $($number => {
                        $(let mut $field = None;)*
                        while let Some((number, kind)) = _fields.tag()? {
                            match number {
                                $($part => Kept::take_field(&mut $field, kind, &mut _fields)?,)*
                                _ => _fields.skip(kind)?,
                            }
                        }
                        Self::$variant { $($field: found($field, stringify!($field))?),* }
                    })*
                    $($($holding => {
                        let mut value = None;
                        while let Some((number, kind)) = _fields.tag()? {
                            match number {
                                1 => Kept::take_field(&mut value, kind, &mut _fields)?,
                                _ => _fields.skip(kind)?,
                            }
                        }
                        Self::$holder(found(value, stringify!($holder))?)
                    })*)?
                    other => return Err(Broken::Unknown { of: stringify!($type), number: other.into() }),
                });
                Ok(())
            }
        }
    };
}
pub(super) use choice;

/// A type whose variants hold nothing, by their numbers.
macro_rules! plain {
    ($($type:ty { $($number:literal: $variant:ident),+ $(,)? })+) => {$(
        impl Kept for $type {
            fn put_field(&self, number: u32, to: &mut Out<'_>) {
                let value = match self { $(Self::$variant => $number),+ };
                put_number(number, value, to);
            }

            fn take_field(slot: &mut Option<Self>, kind: u8, from: &mut Reader<'_>) -> Result<(), Broken> {
                let mut number = None;
                u64::take_field(&mut number, kind, from)?;
                *slot = match number {
                    $(Some($number) => Some(Self::$variant),)+
                    Some(number) => return Err(Broken::Unknown { of: stringify!($type), number }),
                    None => None,
                };
                Ok(())
            }
        }
    )+};
}
pub(super) use plain;
