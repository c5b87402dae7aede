//! Spans: what took how long, for whoever follows a customer's way through several systems.
//!
//! A span is told once, when it has ended, with the time at which it began: an offer outlives the call that led to it, so
//! nothing is held open meanwhile. Invariant: without the feature `otlp`, or without an endpoint, nothing is put together and
//! nothing is sent; whether a trace is kept is decided where it began. Not here: what the spans say (`api::traced` of calls,
//! `shard::observe` of offers and engagements).

#[cfg(not(feature = "otlp"))]
mod nowhere;
#[cfg(feature = "otlp")]
mod otlp;

use std::time::Duration;

#[cfg(not(feature = "otlp"))]
use nowhere as sender;
#[cfg(feature = "otlp")]
use otlp as sender;

pub use sender::CAN_SEND;

/// A place in somebody's trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The trace; not 0.
    pub trace_id: u128,
    /// The span in it; not 0.
    pub span_id: u64,
    /// Whether it is kept.
    pub is_sampled: bool,
    /// The vendors' part; may be empty.
    pub state: &'a str,
}

/// What kind of work it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A call that was served.
    Server,
    /// Something that came of what others asked earlier.
    Consumer,
}

/// A value that is told with a span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// A truth.
    Truth(bool),
}

/// Something that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// What it was.
    pub name: &'a str,
    /// What kind of work.
    pub kind: Kind,
    /// What it is part of; none if a trace begins with it.
    pub parent: Option<Place<'a>>,
    /// What it came of.
    pub link: Option<Place<'a>>,
    /// When it began, in microseconds since the Unix epoch.
    pub began_us: i64,
    /// When it ended, likewise.
    pub ended_us: i64,
    /// What else there is to say.
    pub attributes: &'a [(&'static str, Value<'a>)],
    /// Why it failed, if it did.
    pub failed: Option<&'a str>,
}

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The collector, as OTLP over gRPC: `http://127.0.0.1:4317`.
    pub endpoint: String,
    /// Percent of the traces that begin here which are kept.
    pub sample_percent: u64,
}

/// Why spans cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("spans cannot be sent to {endpoint}: {why}")]
pub struct SpansError {
    endpoint: String,
    why: String,
}

/// Sends spans from now on, for the whole process, on the present runtime; asked again, nothing changes.
///
/// # Errors
/// The endpoint is no address, or the program was built without the feature. That nobody listens there is no error: spans
/// are lost then, and the log says so.
pub fn start(target: &Target) -> Result<(), SpansError> {
    sender::start(target).map_err(|why| SpansError { endpoint: target.endpoint.clone(), why })
}

/// Whether spans are sent: nothing has to be put together otherwise.
pub fn is_on() -> bool {
    sender::is_on()
}

/// Sends a span, in its own time.
pub fn tell(span: &Span<'_>) {
    sender::tell(span);
}

/// Sends what has not been sent yet, for as long as this at most.
pub async fn flush(longest: Duration) {
    sender::flush(longest).await;
}
