//! The settings file, flattened: dotted keys, values as text, each with its place.
//!
//! Invariant: nothing is left out; whether a key is known, and whether its value will do, is for `load` to say.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{Origin, Problem};

/// One key of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its tables' names and its own.
    pub path: Vec<String>,
    /// What stands there.
    pub value: Written,
    /// Where it is.
    pub origin: Origin,
}

/// A value as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// A text or a whole number.
    Text(String),
    /// A table with nothing in it.
    EmptyTable,
    /// What no setting is, by its name.
    Other(&'static str),
}

/// Reads a file's text; `path` is only for telling where something is. Without valid TOML there are no keys, but every
/// place where it goes wrong.
pub(super) fn entries(path: &Path, text: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let reader = Reader { path, text };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem = |error: toml::de::Error| Problem {
            origin: reader.origin(error.span().map(|span| span.start)),
            key: String::new(),
            message: format!("is not valid TOML: {}", error.message()),
        };
        return Err(errors.into_iter().map(problem).collect());
    }
    let mut entries = Vec::new();
    reader.table(table.get_ref(), &mut Vec::new(), &mut entries);
    // In the order of the file, so that what is said of it can be worked through from top to bottom.
    entries.sort_by_key(|(start, _)| *start);
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn table(&self, table: &DeTable<'_>, above: &mut Vec<String>, entries: &mut Vec<(usize, Entry)>) {
        for (key, value) in table {
            above.push(key.get_ref().to_string());
            match value.get_ref() {
                DeValue::Table(inner) if !inner.is_empty() => self.table(inner, above, entries),
                DeValue::Table(_) => self.entry(key, above, Written::EmptyTable, entries),
                DeValue::String(text) => self.entry(key, above, Written::Text(text.to_string()), entries),
                DeValue::Integer(number) => self.entry(key, above, Written::Text(number.to_string()), entries),
                other => self.entry(key, above, Written::Other(other.type_str()), entries),
            }
            above.pop();
        }
    }

    fn entry(&self, key: &Spanned<DeString<'_>>, path: &[String], value: Written, entries: &mut Vec<(usize, Entry)>) {
        let start = key.span().start;
        entries.push((start, Entry { path: path.to_vec(), value, origin: self.origin(Some(start)) }));
    }

    /// Columns count characters, as editors do.
    fn origin(&self, start: Option<usize>) -> Origin {
        let place = |start: usize| {
            let before = self.text.get(..start).unwrap_or(self.text);
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            (1 + before.matches('\n').count(), 1 + before[line_start..].chars().count())
        };
        Origin::File { path: self.path.to_owned(), at: start.map(place) }
    }
}
