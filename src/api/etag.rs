//! Etags: what a resource is, in one opaque word, so that nobody overwrites a change they have not seen.
//!
//! Invariant: equal etags mean the same content of the same resource, also across a restart of a daemon that keeps
//! nothing. Not here: comparing them (the engine does).

/// The etag of an agent's profile, from its revision.
pub fn agent(revision: u64) -> String {
    format!("a{revision:x}")
}

/// The revision in an agent's etag; `None` if it is none.
pub fn read_agent(etag: &str) -> Option<u64> {
    let digits = etag.strip_prefix('a').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u64::from_str_radix(digits, 16).ok()
}
