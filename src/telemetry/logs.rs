//! The daemon's log: lines for people or JSON for machines, on standard error.
//!
//! Invariant: standard output stays free for what a command was asked to print.

use std::{
    fmt,
    io::{self, IsTerminal},
    str::FromStr,
    sync::OnceLock,
};

use tracing_subscriber::{
    EnvFilter, Registry,
    filter::ParseError,
    fmt::layer,
    layer::SubscriberExt,
    registry,
    reload::{self, Handle},
    util::SubscriberInitExt,
};

/// The filter in force, once there is a log.
static FILTER: OnceLock<Handle<EnvFilter, Registry>> = OnceLock::new();

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("is neither text nor json"),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Why a filter cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// Its parser counts on ASCII, and panics on some other texts.
    #[error("contains {0:?}; a filter is ASCII, such as info or warn,attune::shard=debug")]
    NotAscii(char),
    /// It is no filter.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// Says whether a filter (`info`, or `warn,attune::shard=debug`) can be read, and if not, why.
pub fn check_filter(filter: &str) -> Result<(), FilterError> {
    parse(filter).map(drop)
}

fn parse(filter: &str) -> Result<EnvFilter, FilterError> {
    match filter.chars().find(|letter| !letter.is_ascii()) {
        Some(letter) => Err(FilterError::NotAscii(letter)),
        None => Ok(EnvFilter::try_new(filter)?),
    }
}

/// Logs from now on, for the whole process; asked again, nothing changes.
pub fn init(format: LogFormat, filter: &str) -> Result<(), FilterError> {
    let colours = io::stderr().is_terminal();
    let (filter, handle) = reload::Layer::new(parse(filter)?);
    let lines = layer().with_ansi(colours).with_writer(io::stderr);
    // A second start in one process (tests, `attune demo`) goes on with the first one's log.
    let started = match format {
        LogFormat::Text => registry().with(filter).with(lines).try_init(),
        LogFormat::Json => registry().with(filter).with(lines.json().flatten_event(true)).try_init(),
    };
    if started.is_ok() {
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// Logs by another filter from now on; without [`init`], nothing changes.
pub fn set_filter(filter: &str) -> Result<(), FilterError> {
    let filter = parse(filter)?;
    if let Some(handle) = FILTER.get() {
        handle.reload(filter).expect("the log lives as long as the process");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_ascii() {
        assert!(check_filter("warn,attune::shard=debug").is_ok());
        assert!(matches!(check_filter("\n12é[0.0.1:0"), Err(FilterError::NotAscii('é'))));
        assert!(matches!(check_filter("attune=loudly"), Err(FilterError::Parse(_))));
    }
}
