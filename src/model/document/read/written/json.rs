//! JSON, with each value's place taken from how far the parser has read.
//!
//! Invariant: the parser looks one byte ahead and no further, so when it begins a key or an item it has read just the
//! first byte of it. A test holds it to that.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    io::{self, Read},
};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{DEPTH_MAX, Fault, Position, Value, Written, given_twice, lines::Lines, too_deep};

pub(super) fn parse(text: &str) -> Result<Written, Fault> {
    let (lines, read, fault) = (Lines::of(text), Cell::new(0), RefCell::new(None));
    let mut parser = serde_json::Deserializer::from_reader(Counted { text: text.as_bytes(), read: &read });
    let context = Context { lines: &lines, read: &read, fault: &fault, depth: 1 };
    let value = context.deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    let value = value.map_err(|error| {
        if let Some(fault) = fault.take() {
            return fault;
        }
        let whole = error.to_string();
        let message = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(message, _)| message).to_owned();
        (Position { line: error.line().max(1), column: error.column().max(1) }, message)
    })?;
    Ok(Written { at: Position::START, value })
}

/// A text that knows how much of it has been read.
struct Counted<'t> {
    text: &'t [u8],
    read: &'t Cell<usize>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(buffer)?;
        self.read.set(self.read.get() + count);
        Ok(count)
    }
}

/// Where the parser is.
#[derive(Clone, Copy)]
struct Context<'c> {
    lines: &'c Lines,
    read: &'c Cell<usize>,
    /// What we refuse, with the place that the parser's own error cannot carry.
    fault: &'c RefCell<Option<Fault>>,
    depth: usize,
}

impl Context<'_> {
    /// The position of the last byte that was read.
    fn position(self) -> Position {
        self.lines.position(self.read.get().saturating_sub(1))
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth > DEPTH_MAX {
            return Err(self.refuse(self.position(), too_deep()));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn refuse<E: Error>(self, at: Position, message: String) -> E {
        let error = E::custom(&message);
        self.fault.replace(Some((at, message)));
        error
    }
}

impl<'de> DeserializeSeed<'de> for Context<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A key with its position.
struct Key<'c>(Context<'c>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = (Position, String);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let at = self.0.position();
        Ok((at, serde::Deserialize::deserialize(deserializer)?))
    }
}

/// An item with its position.
struct Item<'c>(Context<'c>);

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = Written;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Written, D::Error> {
        let at = self.0.position();
        Ok(Written { at, value: self.0.deserialize(deserializer)? })
    }
}

impl<'de> Visitor<'de> for Context<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Fraction(number.to_string().into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Item(inner))? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut table = BTreeMap::new();
        while let Some((at, key)) = entries.next_key_seed(Key(inner))? {
            if table.contains_key(&key) {
                return Err(self.refuse(at, given_twice(&key)));
            }
            table.insert(key, Written { at, value: entries.next_value_seed(inner)? });
        }
        Ok(Value::Table(table))
    }
}
