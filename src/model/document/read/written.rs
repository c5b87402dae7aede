//! A document as written: the values of TOML and JSON in one shape.
//!
//! Invariant: no key is given twice (JSON would let the last one win and lose a queue in silence); a fraction is kept
//! as the fact that there is one, because no setting takes it. Not here: what any of the values means.

use std::{collections::BTreeMap, fmt};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{DocumentError, Format};

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    Null,
    Flag(bool),
    Number(i128),
    Fraction,
    Text(String),
    List(Vec<Written>),
    Table(BTreeMap<String, Written>),
}

impl Written {
    /// Reads a whole text in its notation.
    pub(super) fn parse(text: &str, format: Format) -> Result<Self, DocumentError> {
        match format {
            Format::Toml => toml::from_str(text).map_err(|error| {
                let (line, column) = position(text, error.span().map_or(0, |span| span.start));
                DocumentError::Syntax { format, line, column, message: error.message().to_owned() }
            }),
            Format::Json => serde_json::from_str(text).map_err(|error| {
                let whole = error.to_string();
                let message = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(message, _)| message).to_owned();
                DocumentError::Syntax { format, line: error.line(), column: error.column(), message }
            }),
        }
    }

    /// What a person would call it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a whole number",
            Self::Fraction => "a number with a fraction",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Written, E> {
        Ok(Written::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Written, E> {
        Ok(Written::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Written, E> {
        Ok(Written::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Written, E> {
        Ok(Written::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Written, E> {
        Ok(Written::Fraction)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Written, E> {
        Ok(Written::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Written, E> {
        Ok(Written::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Written, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Written::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Written, A::Error> {
        let mut table = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            // Before its value is read, so that the parser's position is still that of the key.
            if table.contains_key(&key) {
                return Err(A::Error::custom(format!("the key {key:?} is given twice")));
            }
            let value = entries.next_value()?;
            table.insert(key, value);
        }
        Ok(Written::Table(table))
    }
}
