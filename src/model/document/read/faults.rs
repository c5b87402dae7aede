//! The list of faults found so far: how it grows, how long it may get, and how names and paths are shown in it.
//!
//! Invariant: whatever a document holds, the list, each path in it and the work of suggesting names are bounded.

use std::cell::{Cell, RefCell};

use super::{Position, Violation};
use crate::model::{ids::NAME_BYTES_MAX, limits::VIOLATIONS_MAX, similar::similar};

/// Names for which a "did you mean" is sought; enough for any honest document, too few to keep a core busy.
const SUGGESTIONS_MAX: usize = 100;

/// Everything found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    listed: RefCell<Vec<Violation>>,
    count: Cell<usize>,
    suggestions: Cell<usize>,
}

impl Faults {
    /// How many there are, listed or not.
    pub(super) fn count(&self) -> usize {
        self.count.get()
    }

    /// The list, closed by the number of those left off.
    pub(super) fn into_violations(self) -> Vec<Violation> {
        let count = self.count.get();
        let mut listed = self.listed.into_inner();
        if count > listed.len() {
            let message = format!("has {} more violations, which are not listed", count - listed.len());
            listed.push(Violation { at: Position::START, path: String::new(), message });
        }
        listed
    }

    /// Records one.
    pub(super) fn add(&self, at: Position, path: String, message: String) {
        self.count.set(self.count.get() + 1);
        let mut listed = self.listed.borrow_mut();
        if listed.len() < VIOLATIONS_MAX {
            listed.push(Violation { at, path, message });
        }
    }

    /// `; did you mean "…"?` with the nearest of the known names, or nothing if none is near.
    pub(super) fn suggestion<'k>(&self, given: &str, known: impl Iterator<Item = &'k str>) -> String {
        // Each suggestion looks at every name; a document of nothing but mistakes gets enough of them.
        if self.suggestions.get() == SUGGESTIONS_MAX {
            return String::new();
        }
        self.suggestions.set(self.suggestions.get() + 1);
        similar(given, known).map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
    }
}

/// A key after a path; quoted where it would read as something else.
pub(in crate::model::document) fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let key = if bare { shortened(key) } else { quoted(key) };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// A text of the document, within a message.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

/// As much of a text as a message has room for.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(NAME_BYTES_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
