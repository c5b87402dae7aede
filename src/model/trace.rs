//! A place in a trace, as callers hand one on: W3C Trace Context, level 1 (2021).
//!
//! Invariant: only what the recommendation allows; bounded. Carried and handed back, never read by routing; nothing in
//! it may be personal (section 6.2), so it is journalled as it is.

use std::fmt;

/// Bytes of the vendors' part that are handed on at most, as the recommendation asks of everybody.
pub const TRACESTATE_BYTES_MAX: usize = 512;
/// Vendors in it at most.
const MEMBERS_MAX: usize = 32;
/// Whoever came before keeps this trace.
const SAMPLED: u8 = 1;

/// Where in a trace something began.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
    state: String,
}

/// Why a text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TraceContextError {
    /// The part that all understand.
    #[error("is no traceparent such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    Parent,
    /// The vendors' part.
    #[error("is no tracestate such as vendor=value,other=value; at most 32 entries and 512 bytes")]
    State,
}

impl TraceContext {
    /// Reads `traceparent` and `tracestate`; the latter may be empty. A later version is read as far as this one goes.
    pub fn parse(parent: &str, state: &str) -> Result<Self, TraceContextError> {
        let (trace_id, span_id, flags) = parse_parent(parent).ok_or(TraceContextError::Parent)?;
        if !is_state(state) {
            return Err(TraceContextError::State);
        }
        Ok(Self { trace_id, span_id, flags, state: state.to_owned() })
    }

    /// The part that all understand, in the version that this is.
    pub fn parent(&self) -> String {
        format!("00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }

    /// The vendors' part; may be empty.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The trace.
    pub fn trace_id(&self) -> TraceId {
        TraceId(self.trace_id)
    }

    /// The place in it.
    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    /// Whether whoever came before keeps this trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// A trace; shown as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// `VERSION-TRACE-SPAN-FLAGS`, what a later version adds after them left out.
fn parse_parent(text: &str) -> Option<(u128, u64, u8)> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| parts.next().filter(|part| part.len() == digits && part.bytes().all(is_digit));
    let (version, trace_id, span_id, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let has_more = parts.next().is_some();
    if version == "ff" || (version == "00" && has_more) {
        return None;
    }
    let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
    let span_id = u64::from_str_radix(span_id, 16).ok().filter(|id| *id != 0)?;
    Some((trace_id, span_id, u8::from_str_radix(flags, 16).ok()?))
}

/// Hexadecimal, in lower case only.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn is_state(text: &str) -> bool {
    let entries = text.split(',').map(|entry| entry.trim_matches([' ', '\t']));
    text.len() <= TRACESTATE_BYTES_MAX
        && entries.clone().count() <= MEMBERS_MAX
        // Empty entries are allowed, so that lists can be put together.
        && entries.filter(|entry| !entry.is_empty()).all(is_entry)
}

fn is_entry(entry: &str) -> bool {
    let Some((key, value)) = entry.split_once('=') else { return false };
    let in_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    let in_value = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    let begins = key.bytes().next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit());
    begins
        && key.len() <= 256
        && key.bytes().all(in_key)
        && (1..=256).contains(&value.len())
        && value.bytes().all(in_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_read_is_written_again() {
        let trace = TraceContext::parse(PARENT, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7").unwrap();
        assert_eq!(trace.parent(), PARENT);
        assert_eq!(trace.state(), "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
        assert_eq!(trace.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert!(trace.is_sampled());
        let later = TraceContext::parse("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-what", "").unwrap();
        assert_eq!(later.parent(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
        assert!(!later.is_sampled());
    }

    #[test]
    fn what_the_recommendation_forbids_is_refused() {
        for parent in [
            "",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(parent, ""), Err(TraceContextError::Parent), "{parent}");
        }
        let long = format!("a={}", "x".repeat(256));
        let many = vec!["a=1"; 33].join(",");
        for (state, is_one) in [
            ("", true),
            ("a=1, b@c=2,,", true),
            (long.as_str(), true),
            ("a", false),
            ("A=1", false),
            ("a=", false),
            ("a=é", false),
            (many.as_str(), false),
            (&format!("{long},{long}"), false),
        ] {
            assert_eq!(TraceContext::parse(PARENT, state).is_ok(), is_one, "{state}");
        }
    }
}
