//! A document as written: the values of TOML, JSON and YAML in one shape, each with its place in the text.
//!
//! Invariant: no key is given twice (JSON would let the last one win and lose a queue in silence); a fraction is kept
//! as it stands, because no setting of a document takes it; nesting is bounded. Not here: what any of the values
//! means.

use std::collections::BTreeMap;

use super::{DocumentError, Format, Position};

mod json;
mod lines;
mod toml;
mod yaml;

/// Deepest nesting of lists and tables: many times what a document needs, and safe on any stack.
const DEPTH_MAX: usize = 64;

/// One value, and where it begins; in a table, where its key does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::model::document) struct Written {
    pub at: Position,
    pub value: Value,
}

/// A value without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::model::document) enum Value {
    Null,
    Flag(bool),
    Number(i128),
    /// As it is written.
    Fraction(Box<str>),
    /// A date or a time of TOML.
    Date,
    Text(String),
    List(Vec<Written>),
    Table(BTreeMap<String, Written>),
}

impl Written {
    /// Reads a whole text in its notation.
    pub fn parse(text: &str, format: Format) -> Result<Self, DocumentError> {
        let parsed = match format {
            Format::Toml => toml::parse(text),
            Format::Json => json::parse(text),
            Format::Yaml => yaml::parse(text),
        };
        parsed.map_err(|(at, message)| DocumentError::Syntax { format, at, message })
    }
}

/// Where a text does not follow its notation, and what was expected.
type Fault = (Position, String);

fn given_twice(key: &str) -> String {
    format!("the key {key:?} is given twice")
}

fn too_deep() -> String {
    format!("lists and tables are nested more than {DEPTH_MAX} deep")
}

impl Value {
    /// What a person would call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a whole number",
            Self::Fraction(_) => "a number with a fraction",
            Self::Date => "a date or time",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}
