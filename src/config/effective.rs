//! The values in force, each with the place it came from: what `attuned check` prints and the admin port shows.
//!
//! Invariant: every key is there once, tenants' documents after the keys of the table. No setting is a secret; one that
//! is will have to be left out here.

use serde_json::{Value, json};

use super::{Change, DocumentSource, Form, KEYS, Loaded, Origin, Problem};

/// One value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Its key, as it is written in the file, with dots between tables.
    pub key: String,
    /// The value, as it would be written.
    pub value: String,
    /// Who set it.
    pub origin: Origin,
    /// What a running daemon does with another one.
    pub change: Change,
    is_number: bool,
}

impl Loaded {
    /// All values.
    pub fn effective(&self) -> Vec<Effective> {
        let keys = KEYS.iter().map(|key| Effective {
            key: key.name.to_owned(),
            value: (key.get)(&self.settings),
            origin: self.provenance.origin(key.name),
            change: key.change,
            is_number: matches!(key.form, Form::Number { .. }),
        });
        let documents = self.settings.tenants.iter().map(|(tenant, source)| {
            let key = format!("tenants.{tenant}.document");
            let origin = self.provenance.origin(&key);
            Effective { key, value: source.to_string(), origin, change: Change::Live, is_number: false }
        });
        keys.chain(documents).collect()
    }
}

impl Effective {
    /// For programs: `key`, `value`, `origin` and `reload` ("live" or "restart").
    pub fn to_json(&self) -> Value {
        let value = match self.value.parse::<u64>() {
            Ok(number) if self.is_number => json!(number),
            _ => json!(self.value),
        };
        let reload = match self.change {
            Change::Live => "live",
            Change::Restart => "restart",
        };
        json!({ "key": self.key, "value": value, "origin": self.origin.to_json(), "reload": reload })
    }
}

impl Problem {
    /// For programs: `key`, `message` and `origin`.
    pub fn to_json(&self) -> Value {
        json!({ "key": self.key, "message": self.message, "origin": self.origin.to_json() })
    }
}

impl Origin {
    /// For programs: `kind` ("default", "file", "env", "flag"), and where it is.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Default => json!({ "kind": "default" }),
            Self::File { path, at: None } => json!({ "kind": "file", "path": path }),
            Self::File { path, at: Some((line, column)) } => {
                json!({ "kind": "file", "path": path, "line": line, "column": column })
            }
            Self::Env(name) => json!({ "kind": "env", "name": name }),
            Self::Flag(name) => json!({ "kind": "flag", "name": name }),
        }
    }
}

impl std::fmt::Display for DocumentSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded => f.write_str("(embedded)"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Given(_) => f.write_str("(given)"),
        }
    }
}
