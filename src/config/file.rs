//! The settings file, flattened: dotted keys, values as text, each with its line.
//!
//! Invariant: nothing is left out; whether a key is known is for `load` to say.

use std::{ops::Range, path::Path};

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
    /// Its value; none for an empty table.
    pub value: Option<String>,
    /// Where it is.
    pub origin: Origin,
}

/// Reads a file's text; `path` is only for telling where something is.
pub(super) fn entries(path: &Path, text: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let reader = Reader { path, text };
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| reader.line(&span));
        let origin = Origin::File { path: path.to_owned(), line };
        vec![Problem { origin, key: String::new(), message: format!("is not valid TOML: {}", error.message()) }]
    })?;
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    reader.table(table.get_ref(), &mut Vec::new(), &mut entries, &mut problems);
    if problems.is_empty() { Ok(entries) } else { Err(problems) }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn table(
        &self,
        table: &DeTable<'_>,
        above: &mut Vec<String>,
        entries: &mut Vec<Entry>,
        problems: &mut Vec<Problem>,
    ) {
        for (key, value) in table {
            above.push(key.get_ref().to_string());
            match value.get_ref() {
                DeValue::Table(inner) if !inner.is_empty() => self.table(inner, above, entries, problems),
                DeValue::Table(_) => {
                    entries.push(Entry { path: above.clone(), value: None, origin: self.origin(key) });
                }
                value => match scalar(value) {
                    Some(value) => {
                        entries.push(Entry { path: above.clone(), value: Some(value), origin: self.origin(key) });
                    }
                    None => problems.push(Problem {
                        origin: self.origin(key),
                        key: above.join("."),
                        message: format!("must be a text or a number, not {}", value.type_str()),
                    }),
                },
            }
            above.pop();
        }
    }

    fn origin(&self, key: &Spanned<DeString<'_>>) -> Origin {
        Origin::File { path: self.path.to_owned(), line: Some(self.line(&key.span())) }
    }

    fn line(&self, span: &Range<usize>) -> usize {
        1 + self.text.as_bytes()[..span.start.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count()
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}
