//! A document with some of its keys said anew, as if whoever wrote it had changed them.
//!
//! Invariant: the outcome is read as every document is, so that it is valid or every violation is named. Its source is
//! JSON, the one notation that all three can be written in. Not here: what is to change.

use super::{
    DocumentError, Format,
    written::{Value, Written},
};
use crate::model::document::Document;

impl Document {
    /// This document with what a text in TOML says besides or instead, key by key.
    ///
    /// Fails as [`Document::parse`] does; places are then those in the JSON that the two give together.
    pub fn overlaid(&self, text: &str) -> Result<Self, DocumentError> {
        let mut own = Written::parse(&self.source.text, self.source.format)?;
        lay_over(&mut own, Written::parse(text, Format::Toml)?);
        let mut json = String::new();
        write(&own.value, &mut json);
        Self::parse(&json, Format::Json)
    }
}

fn lay_over(own: &mut Written, other: Written) {
    match (&mut own.value, other.value) {
        (Value::Table(own), Value::Table(other)) => {
            for (key, written) in other {
                match own.get_mut(&key) {
                    Some(own) => lay_over(own, written),
                    None => _ = own.insert(key, written),
                }
            }
        }
        (own, other) => *own = other,
    }
}

fn write(value: &Value, json: &mut String) {
    match value {
        Value::Null => json.push_str("null"),
        Value::Flag(flag) => json.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => json.push_str(&number.to_string()),
        Value::Fraction(number) => json.push_str(number),
        // No key of a document takes one.
        Value::Date => json.push_str("\"\""),
        Value::Text(text) => write_text(text, json),
        Value::List(items) => {
            json.push('[');
            for (at, item) in items.iter().enumerate() {
                json.push_str(if at > 0 { "," } else { "" });
                write(&item.value, json);
            }
            json.push(']');
        }
        Value::Table(entries) => {
            json.push('{');
            for (at, (key, entry)) in entries.iter().enumerate() {
                json.push_str(if at > 0 { "," } else { "" });
                write_text(key, json);
                json.push(':');
                write(&entry.value, json);
            }
            json.push('}');
        }
    }
}

fn write_text(text: &str, json: &mut String) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{document::DEFAULT_TOML, time::Span};

    /// Everything but the text that it was read from.
    fn plain(document: Document) -> Document {
        Document { source: Document::empty().source, ..document }
    }

    #[test]
    fn nothing_laid_over_it_leaves_every_document_as_it_is() {
        let own = Document::embedded_default();
        assert_eq!(plain(own.overlaid("").unwrap()), plain(own));
        let yaml =
            "empathy: {level: 60}\nskills: {empathy: \"say \\\"yes\\\"\"}\nchannels: {voice: {}}\nqueues: {main: {}}\n";
        let own = Document::parse(yaml, Format::Yaml).unwrap();
        assert_eq!(plain(own.overlaid("").unwrap()), plain(own));
    }

    #[test]
    fn keys_are_said_anew_one_by_one_and_what_is_wrong_is_named() {
        let own = Document::parse(DEFAULT_TOML, Format::Toml).unwrap().overlaid("[empathy]\nlevel = 60").unwrap();
        let other = own.overlaid("[empathy]\nhold = '7s'\n[reserve]\nk = 3").unwrap();
        let (empathy, before) = (other.empathy.clone().unwrap(), own.empathy.clone().unwrap());
        assert_eq!((empathy.hold, empathy.level), (Some(Span::from_secs(7)), before.level));
        assert_eq!((other.reserve.k, other.reserve.mode), (Some(3), own.reserve.mode));
        assert_eq!(other.queues, own.queues);
        let wrong = own.overlaid("[reserve]\nk = 'many'\nhold = 1").unwrap_err().violations();
        assert_eq!(wrong.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(), ["reserve.k", "reserve.hold"]);
    }
}
