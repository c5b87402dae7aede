//! YAML 1.2, core schema: one document, whose keys are scalars.
//!
//! Invariant: anchors are fine, and what their aliases repeat is bounded, so that a short text cannot become a large
//! document. A word is a truth value, null or a number only as YAML 1.2 says: `no` and `on` are text.

use std::{borrow::Cow, collections::BTreeMap};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use crate::model::limits::DOCUMENT_BYTES_MAX;

use super::{DEPTH_MAX, Fault, Position, Value, Written, given_twice, too_deep};

/// What aliases may repeat in all, in bytes: as much as the longest document could spell out.
const REPEATED_BYTES_MAX: usize = DOCUMENT_BYTES_MAX;

pub(super) fn parse(text: &str) -> Result<Written, Fault> {
    let mut reader = Reader { events: Parser::new_from_str(text), anchored: BTreeMap::new(), repeated: 0 };
    let document = reader.document()?;
    Ok(Written { at: Position::START, value: document })
}

struct Reader<'t> {
    events: Parser<'t, StrInput<'t>>,
    /// What each anchor stands for, and how many bytes it holds.
    anchored: BTreeMap<usize, (Value, usize)>,
    /// How many bytes aliases have repeated.
    repeated: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Position), Fault> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Ok((event, position(&span.start))),
            Some(Err(error)) => Err(fault(&error)),
            None => Ok((Event::StreamEnd, Position::START)),
        }
    }

    /// The text's one document; a text without any is null.
    fn document(&mut self) -> Result<Value, Fault> {
        let mut document = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(document.unwrap_or(Value::Null)),
                (Event::DocumentStart(_), at) if document.is_some() => {
                    return Err((at, "a second document begins here; a routing document is one".to_owned()));
                }
                (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
                (event, at) => document = Some(self.value(event, at, 1)?),
            }
        }
    }

    /// The value that begins with this event.
    fn value(&mut self, event: Event<'t>, at: Position, depth: usize) -> Result<Value, Fault> {
        if depth > DEPTH_MAX {
            return Err((at, too_deep()));
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => (anchor, scalar(text, style, tag.as_deref(), at)?),
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), "seq", at)?;
                (anchor, self.list(depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), "map", at)?;
                (anchor, self.table(depth)?)
            }
            Event::Alias(anchor) => return self.repeat(anchor, at, depth),
            other => return Err((at, format!("a value must stand here, not {other:?}"))),
        };
        if anchor > 0 {
            let bytes = bytes_of(&value);
            self.anchored.insert(anchor, (value.clone(), bytes));
        }
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(list)),
                (event, at) => list.push(Written { at, value: self.value(event, at, depth + 1)? }),
            }
        }
    }

    fn table(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut table = BTreeMap::new();
        loop {
            let (event, at) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(Value::Table(table)),
                Event::Scalar(key, ..) => key.into_owned(),
                _ => return Err((at, "a key must be a word".to_owned())),
            };
            if table.contains_key(&key) {
                return Err((at, given_twice(&key)));
            }
            let (event, value_at) = self.next()?;
            let value = self.value(event, value_at, depth + 1)?;
            table.insert(key, Written { at, value });
        }
    }

    fn repeat(&mut self, anchor: usize, at: Position, depth: usize) -> Result<Value, Fault> {
        let Some((value, bytes)) = self.anchored.get(&anchor) else {
            return Err((at, "an alias stands for something that is not finished yet".to_owned()));
        };
        self.repeated += bytes;
        if self.repeated > REPEATED_BYTES_MAX {
            return Err((at, format!("aliases repeat more than {REPEATED_BYTES_MAX} bytes")));
        }
        if depth + depth_of(value) > DEPTH_MAX {
            return Err((at, too_deep()));
        }
        Ok(value.clone())
    }
}

/// A scalar by the core schema.
fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Result<Value, Fault> {
    refuse_tag(tag, "str", at)?;
    if style != ScalarStyle::Plain || tag.is_some() {
        return Ok(Value::Text(text.into_owned()));
    }
    Ok(match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Flag(true),
        "false" | "False" | "FALSE" => Value::Flag(false),
        word => match whole_number(word) {
            Some(Ok(number)) => Value::Number(number),
            Some(Err(())) => return Err((at, format!("{word} is more than a number can be"))),
            None if is_fraction(word) => Value::Fraction(word.into()),
            None => Value::Text(text.into_owned()),
        },
    })
}

/// The number that a word is, if it is one; an error if it is too long for any.
fn whole_number(word: &str) -> Option<Result<i128, ()>> {
    let (digits, radix) = match (word.strip_prefix("0o"), word.strip_prefix("0x")) {
        (Some(octal), _) => (octal, 8),
        (_, Some(hexadecimal)) => (hexadecimal, 16),
        _ => (word, 10),
    };
    let unsigned = if radix == 10 { digits.strip_prefix(['-', '+']).unwrap_or(digits) } else { digits };
    let is_number = !unsigned.is_empty() && unsigned.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| i128::from_str_radix(digits, radix).map_err(|_| ()))
}

/// `1.5`, `.5`, `1.`, `1e3`, `.inf` and `.nan`.
fn is_fraction(word: &str) -> bool {
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    if [".inf", ".Inf", ".INF"].contains(&unsigned) || [".nan", ".NaN", ".NAN"].contains(&word) {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !part.is_empty();
    has_digits
        && digits(whole)
        && digits(part)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

fn refuse_tag(tag: Option<&Tag>, taken: &str, at: Position) -> Result<(), Fault> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == taken) => {
            Err((at, "a tag stands here; write the value without one".to_owned()))
        }
        _ => Ok(()),
    }
}

fn depth_of(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(|item| depth_of(&item.value)).max().unwrap_or(0),
        Value::Table(entries) => 1 + entries.values().map(|entry| depth_of(&entry.value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// What a copy of it takes.
fn bytes_of(value: &Value) -> usize {
    let inner = match value {
        Value::Text(text) => text.len(),
        Value::List(items) => items.iter().map(|item| bytes_of(&item.value)).sum(),
        Value::Table(entries) => entries.iter().map(|(key, entry)| key.len() + bytes_of(&entry.value)).sum(),
        _ => 0,
    };
    size_of::<Written>() + inner
}

fn position(marker: &Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

fn fault(error: &ScanError) -> Fault {
    (position(error.marker()), error.info().to_owned())
}
