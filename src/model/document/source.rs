//! A document's text and what identifies it: its digest, and the etag of a version.
//!
//! Invariant: the digest follows from text and notation alone, by an algorithm that is written down here, so that an
//! etag means the same in every release.

use std::{fmt, sync::Arc};

use super::Format;

/// The text a document was read from, given back to whoever asks for the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The text.
    pub text: Arc<str>,
    /// Its notation.
    pub format: Format,
    /// 64 bits that stand for both.
    pub digest: u64,
}

impl Source {
    /// Of a text in its notation.
    pub fn new(text: &str, format: Format) -> Self {
        let notation = match format {
            Format::Toml => b't',
            Format::Json => b'j',
            Format::Yaml => b'y',
        };
        Self { text: text.into(), format, digest: fnv1a(std::iter::once(notation).chain(text.bytes())) }
    }
}

/// FNV-1a (Fowler, Noll, Vo 1991), 64 bits: it tells apart what people write, and nobody gains by a collision, because
/// the version stands beside it.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A version and its content in one word. The content is in it because a daemon that keeps nothing counts its versions
/// from 1 again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentEtag {
    /// Counts from 1.
    pub version: u64,
    /// That of the source.
    pub digest: u64,
}

impl DocumentEtag {
    /// Reads the outside form.
    pub fn parse(text: &str) -> Option<Self> {
        let (version, digest) = text.split_once('-')?;
        let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digest = u64::from_str_radix(digest, 16).ok().filter(|_| is_plain(digest))?;
        Some(Self { version: version.parse().ok().filter(|_| is_plain(version))?, digest })
    }
}

impl fmt::Display for DocumentEtag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.version, self.digest)
    }
}

/// Who put a document in force, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Origin {
    /// Who, in the caller's words.
    pub author: String,
    /// Why, in the caller's words.
    pub note: String,
    /// The version whose text it is again, if it rolls back to one.
    pub restores: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_read_as_it_is_written_and_is_the_same_in_every_release() {
        let source = Source::new("[queues.main]", Format::Toml);
        let etag = DocumentEtag { version: 3, digest: source.digest };
        assert_eq!(DocumentEtag::parse(&etag.to_string()), Some(etag));
        assert_eq!(Source::new("", Format::Toml).digest, fnv1a([b't'].into_iter()));
        // The published test vector of "a".
        assert_eq!(fnv1a([b'a'].into_iter()), 0xaf63_dc4c_8601_ec8c);
        assert_ne!(Source::new("[queues.main]", Format::Yaml).digest, source.digest);
        for bad in ["", "3", "3-", "-9", "3-xyz", "+3-9", "3-+9"] {
            assert_eq!(DocumentEtag::parse(bad), None, "{bad:?}");
        }
    }
}
