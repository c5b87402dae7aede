//! Documents that were in force: their texts, since when, by whom and why.
//!
//! Invariant: versions follow each other without gaps, the last is the one in force; number and size of the texts are
//! bounded, and the oldest goes first. Texts and not what was read from them, which takes several times as much; the text
//! in force is shared with its document.

use std::{collections::VecDeque, sync::Arc};

use crate::model::{
    document::{DocumentEtag, Origin, Source},
    limits::{DOCUMENT_HISTORY_BYTES_MAX, DOCUMENT_VERSIONS_MAX},
    time::Timestamp,
};

use super::{reject::Reject, state::State};

/// A document that is or was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVersion {
    /// Counts from 1.
    pub version: u64,
    /// The text.
    pub source: Source,
    /// Since when.
    pub applied_at: Timestamp,
    /// By whom, and why.
    pub origin: Arc<Origin>,
}

impl DocumentVersion {
    /// What tells it from every other.
    pub fn etag(&self) -> DocumentEtag {
        DocumentEtag { version: self.version, digest: self.source.digest }
    }
}

/// The latest versions, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    versions: VecDeque<Arc<DocumentVersion>>,
    bytes: usize,
}

impl History {
    /// Remembers a version, and forgets the oldest that there is no longer room for.
    pub fn remember(&mut self, version: DocumentVersion) {
        self.bytes += version.source.text.len();
        self.versions.push_back(Arc::new(version));
        let too_many = |history: &Self| {
            history.versions.len() > DOCUMENT_VERSIONS_MAX || history.bytes > DOCUMENT_HISTORY_BYTES_MAX
        };
        while self.versions.len() > 1
            && too_many(self)
            && let Some(oldest) = self.versions.pop_front()
        {
            self.bytes -= oldest.source.text.len();
        }
    }

    /// All of them, oldest first.
    pub(super) fn into_kept(self) -> Vec<Arc<DocumentVersion>> {
        self.versions.into()
    }

    /// The same again.
    pub(super) fn of_kept(kept: Vec<Arc<DocumentVersion>>) -> Self {
        let bytes = kept.iter().map(|kept| kept.source.text.len()).sum();
        Self { versions: kept.into(), bytes }
    }

    /// A version that is remembered.
    pub fn version(&self, version: u64) -> Option<&Arc<DocumentVersion>> {
        let first = self.versions.front()?.version;
        self.versions.get(usize::try_from(version.checked_sub(first)?).ok()?)
    }

    /// Versions before this one, or all, the latest first.
    pub fn before(&self, version: Option<u64>) -> impl Iterator<Item = &Arc<DocumentVersion>> {
        self.versions.iter().rev().skip_while(move |kept| version.is_some_and(|version| kept.version >= version))
    }

    /// Whether what is said of it above holds, for a document of this version in force.
    pub fn is_whole(&self, version: u64) -> bool {
        let bytes: usize = self.versions.iter().map(|kept| kept.source.text.len()).sum();
        let follow = self.versions.iter().zip(self.versions.iter().skip(1));
        bytes == self.bytes
            && self.versions.len() <= DOCUMENT_VERSIONS_MAX
            && (bytes <= DOCUMENT_HISTORY_BYTES_MAX || self.versions.len() == 1)
            && self.versions.back().map_or(0, |last| last.version) == version
            && follow.into_iter().all(|(one, next)| one.version + 1 == next.version)
    }
}

impl State {
    /// What tells the document in force from every other.
    pub fn etag(&self) -> DocumentEtag {
        DocumentEtag { version: self.version, digest: self.document.source.digest }
    }

    /// That a version is not remembered, and which is the oldest that is.
    pub(super) fn version_unknown(&self, field: &'static str, version: u64) -> Reject {
        let oldest = self.history.before(None).last().map_or(0, |oldest| oldest.version);
        Reject::DocumentVersionUnknown { field, version, oldest, latest: self.version }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::Format;

    fn version(number: u64, text: &str) -> DocumentVersion {
        let source = Source::new(text, Format::Toml);
        DocumentVersion { version: number, source, applied_at: Timestamp(0), origin: Arc::default() }
    }

    #[test]
    fn the_oldest_is_forgotten_first_by_number_and_by_size() {
        let mut history = History::default();
        for number in 1..=150 {
            history.remember(version(number, "x"));
            assert!(history.is_whole(number));
        }
        assert_eq!(history.version(50), None);
        assert_eq!(history.version(51).unwrap().version, 51);
        assert_eq!(history.version(151), None);
        let latest: Vec<u64> = history.before(Some(149)).take(2).map(|kept| kept.version).collect();
        assert_eq!(latest, [148, 147]);

        let large = "x".repeat(DOCUMENT_HISTORY_BYTES_MAX / 3);
        (151..155).for_each(|number| history.remember(version(number, &large)));
        assert!(history.is_whole(154));
        assert_eq!(history.before(None).count(), 3);
        history.remember(version(155, &"x".repeat(DOCUMENT_HISTORY_BYTES_MAX + 1)));
        assert_eq!(history.before(None).count(), 1, "the one in force is always there");
        assert!(history.is_whole(155));
    }
}
