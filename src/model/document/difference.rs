//! What differs between two documents, value by value and not line by line.
//!
//! Invariant: order of keys, comments and notation make no difference; what a text leaves out differs from a default that
//! is written out. Differences come in the order of the new text, each thing removed where the old one had it; their
//! number and the length of each value are bounded.

use std::collections::BTreeMap;

use crate::model::limits::{DIFFERENCE_VALUE_BYTES_MAX, DIFFERENCES_MAX};

use super::{
    DocumentError, Source,
    read::{
        faults::join,
        written::{Value, Written},
    },
};

/// All differences, as far as they are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Differences {
    /// One by one.
    pub listed: Vec<Difference>,
    /// How many more there are.
    pub left_out: usize,
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which, such as `queues.claims.steps[1].after`.
    pub path: String,
    /// What became of it.
    pub change: Change,
}

/// What became of a value; values are written as JSON, cut where they are long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only the new document has it.
    Added {
        /// The value.
        new: String,
    },
    /// Only the old document has it.
    Removed {
        /// The value.
        old: String,
    },
    /// Both have it, with different values.
    Changed {
        /// The old value.
        old: String,
        /// The new value.
        new: String,
    },
}

/// Compares two texts.
///
/// # Errors
/// Fails if one of them does not follow its notation, which that of a valid document does.
pub fn differences(old: &Source, new: &Source) -> Result<Differences, DocumentError> {
    let mut found = Differences::default();
    let (old, new) = (Written::parse(&old.text, old.format)?, Written::parse(&new.text, new.format)?);
    found.compare("", &old.value, &new.value);
    Ok(found)
}

impl Differences {
    fn add(&mut self, path: String, change: impl FnOnce() -> Change) {
        if self.listed.len() < DIFFERENCES_MAX {
            self.listed.push(Difference { path, change: change() });
        } else {
            self.left_out += 1;
        }
    }

    fn compare(&mut self, path: &str, old: &Value, new: &Value) {
        match (old, new) {
            (Value::Table(old), Value::Table(new)) => self.compare_tables(path, old, new),
            (Value::List(old), Value::List(new)) if has_tables(old) || has_tables(new) => {
                self.compare_lists(path, old, new);
            }
            _ if is_same(old, new) => {}
            _ => self.add(path.to_owned(), || Change::Changed { old: written(old), new: written(new) }),
        }
    }

    fn compare_tables(&mut self, path: &str, old: &BTreeMap<String, Written>, new: &BTreeMap<String, Written>) {
        let before = in_order(old);
        let place: BTreeMap<&str, usize> = before.iter().enumerate().map(|(at, (key, _))| (*key, at)).collect();
        let mut told = 0;
        for (key, value) in in_order(new) {
            if let Some(&at) = place.get(key) {
                self.remove(path, &before[told.min(at)..at], new);
                told = told.max(at + 1);
                self.compare(&join(path, key), &before[at].1.value, &value.value);
            } else {
                self.add(join(path, key), || Change::Added { new: written(&value.value) });
            }
        }
        self.remove(path, &before[told..], new);
    }

    /// Tells which of these entries the new table no longer has.
    fn remove(&mut self, path: &str, before: &[(&str, &Written)], new: &BTreeMap<String, Written>) {
        for (key, value) in before.iter().filter(|(key, _)| !new.contains_key(*key)) {
            self.add(join(path, key), || Change::Removed { old: written(&value.value) });
        }
    }

    fn compare_lists(&mut self, path: &str, old: &[Written], new: &[Written]) {
        for at in 0..old.len().max(new.len()) {
            let path = format!("{path}[{at}]");
            match (old.get(at), new.get(at)) {
                (Some(old), Some(new)) => self.compare(&path, &old.value, &new.value),
                (Some(old), None) => self.add(path, || Change::Removed { old: written(&old.value) }),
                (None, Some(new)) => self.add(path, || Change::Added { new: written(&new.value) }),
                (None, None) => unreachable!("the longer of the two has an item here"),
            }
        }
    }
}

/// A table's entries as its text has them.
fn in_order(table: &BTreeMap<String, Written>) -> Vec<(&str, &Written)> {
    let mut entries: Vec<_> = table.iter().map(|(key, value)| (key.as_str(), value)).collect();
    entries.sort_by_key(|(_, value)| value.at);
    entries
}

/// A list of plain values, such as channels, is one value: nobody counts its items.
fn has_tables(list: &[Written]) -> bool {
    list.iter().any(|item| matches!(item.value, Value::Table(_) | Value::List(_)))
}

fn is_same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::List(old), Value::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same(&old.value, &new.value))
        }
        (old, new) => old == new,
    }
}

/// A value as JSON, as much of it as a difference shows.
fn written(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    if text.len() > DIFFERENCE_VALUE_BYTES_MAX {
        let end = (0..=DIFFERENCE_VALUE_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

fn write(value: &Value, text: &mut String) {
    if text.len() > DIFFERENCE_VALUE_BYTES_MAX {
        return;
    }
    match value {
        Value::Null => text.push_str("null"),
        Value::Flag(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        // No document that is valid has one.
        Value::Fraction(_) | Value::Date => text.push_str(value.kind()),
        Value::Text(word) => text.push_str(&quoted(word)),
        Value::List(items) => {
            let begin = |text: &mut String, at| text.push_str(if at == 0 { "[" } else { ", " });
            for (at, item) in items.iter().enumerate() {
                begin(text, at);
                write(&item.value, text);
            }
            text.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Table(entries) => {
            for (at, (key, entry)) in in_order(entries).into_iter().enumerate() {
                text.push_str(if at == 0 { "{" } else { ", " });
                text.push_str(&quoted(key));
                text.push_str(": ");
                write(&entry.value, text);
            }
            text.push_str(if entries.is_empty() { "{}" } else { "}" });
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text can always be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::{super::Format, *};

    fn told(old: &str, new: &str) -> Vec<String> {
        let found = differences(&Source::new(old, Format::Toml), &Source::new(new, Format::Toml)).unwrap();
        assert_eq!(found.left_out, 0);
        let tell = |difference: Difference| match difference.change {
            Change::Added { new } => format!("+ {} {new}", difference.path),
            Change::Removed { old } => format!("- {} {old}", difference.path),
            Change::Changed { old, new } => format!("~ {} {old} -> {new}", difference.path),
        };
        found.listed.into_iter().map(tell).collect()
    }

    #[test]
    fn differences_are_told_in_the_order_of_the_texts() {
        let old = "
            session_grace = 60
            [channels.voice]
            [queues.zeta]
            [queues.gone]
            cost = 5
            [queues.main]
            channels = ['voice', 'chat']
            steps = [{ after = '10s' }, { after = '20s', own = 'waived' }]
        ";
        let new = "
            session_grace = '60s'
            [channels.voice]
            [queues.main]
            # A comment is none.
            description = 'die \"Erste\"'
            channels = ['voice']
            steps = [{ after = '15s' }]
            [queues.new]
            offers = { time = '5s', at_once = 2 }
            [queues.zeta]
        ";
        let expected = [
            "~ session_grace 60 -> \"60s\"",
            "- queues.gone {\"cost\": 5}",
            "+ queues.main.description \"die \\\"Erste\\\"\"",
            "~ queues.main.channels [\"voice\", \"chat\"] -> [\"voice\"]",
            "~ queues.main.steps[0].after \"10s\" -> \"15s\"",
            "- queues.main.steps[1] {\"after\": \"20s\", \"own\": \"waived\"}",
            "+ queues.new {\"offers\": {\"time\": \"5s\", \"at_once\": 2}}",
        ];
        assert_eq!(told(old, new), expected);
        assert!(told(old, old).is_empty());
    }

    #[test]
    fn notation_makes_no_difference() {
        let toml = Source::new("[queues.main]\ncost = 5\n[channels.voice]", Format::Toml);
        let yaml = Source::new("channels: {voice: {}}\nqueues:\n  main: {cost: 5}", Format::Yaml);
        assert_eq!(differences(&toml, &yaml), Ok(Differences::default()));
    }

    #[test]
    fn what_differs_much_gets_a_bounded_answer() {
        let queues: String = (0..3_000).map(|number| format!("[queues.q{number}]\ncost = 7\n")).collect();
        let (some, none) = (Source::new(&queues, Format::Toml), Source::new("queues = {}", Format::Toml));
        let found = differences(&some, &none).unwrap();
        assert_eq!((found.listed.len(), found.left_out), (1_000, 2_000));
        let whole = differences(&some, &Source::new("", Format::Toml)).unwrap();
        let Change::Removed { old } = &whole.listed[0].change else { panic!("{whole:?}") };
        assert!(old.len() < 1_100 && old.ends_with('…'), "{}", old.len());
    }
}
