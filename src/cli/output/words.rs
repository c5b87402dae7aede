//! The API's words in plain writing.

/// An enum's value without its prefix: `CONTACT_STATE_WRAP_UP` is `wrap-up`.
pub fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', "-")
}

/// `1 contact`, `2 contacts`.
pub fn counted(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
