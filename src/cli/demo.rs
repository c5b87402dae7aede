//! `attune demo`: a bank's day, compressed in time, against a real daemon in this process.
//!
//! Invariant: the daemon is reached over gRPC only, and every figure is from the clients' own ledger. The run fails if
//! a contact is lost or offered twice. Not here: what the day is like (`sim`), the course of a run (`play`).

use std::{io, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, ValueEnum};

use crate::{
    sim::bank::MessagesError,
    telemetry::logs::{self, LogFormat},
};

mod answer;
mod audit;
mod clock;
mod crew;
mod customer;
mod desktop;
mod engagement;
mod figures;
mod host;
mod ledger;
mod line;
mod office;
mod play;
mod show;
mod summary;
mod twice;

use figures::Figures;
use host::HostError;
use line::CallError;

/// Shortest run that shows anything.
const SHORTEST: Duration = Duration::from_secs(2);
/// Longest run: the day as it is.
const LONGEST: Duration = Duration::from_secs(12 * 3_600);

/// Plays a bank's day against a real daemon in this process, which keeps its journal in memory.
///
/// Agents connect over gRPC, customers write and call in six languages, a day takes four minutes. Ends with a summary
/// from the customers' and agents' own books. Exits with 1 if a contact was lost or offered twice, or if the run failed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attune demo --duration 1m --agents 30")]
pub struct Arguments {
    /// How long contacts keep coming, such as 20s or 4m. Four minutes play the whole day; less plays the time around
    /// the morning's peak at the same pace, more plays the day more slowly.
    #[arg(long, value_name = "TIME", default_value = "4m", value_parser = parse_duration)]
    duration: Duration,

    /// What is random comes from this number: the same seed has the same customers and agents.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Customers' messages instead of those that ship with the demo: JSON lines with "text" and, optionally, "lang",
    /// "queue" and "label"
    #[arg(long, value_name = "FILE")]
    messages: Option<PathBuf>,

    /// What is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// How many agents there are; contacts come in proportion.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=1000))]
    agents: u16,

    /// Keep the daemon running after the summary, until Ctrl-C.
    #[arg(long)]
    stay: bool,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The live view and a summary, for people.
    Text,
    /// One JSON object, last.
    Json,
}

/// Why the demo failed, other than by what it found.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error(transparent)]
    Messages(#[from] MessagesError),
    #[error(transparent)]
    Host(#[from] HostError),
    #[error("the daemon cannot be connected to: {0}")]
    Connect(#[from] tonic::transport::Error),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("calls were still under way long after the end")]
    Unsettled,
    #[error("the demo has nowhere to run: {0}")]
    Runtime(#[from] io::Error),
}

/// Plays, and says how it went.
pub fn run(arguments: &Arguments) -> ExitCode {
    // A day in minutes has as many unanswered offers in seconds as a real one in half an hour: no storm to warn of.
    logs::init(LogFormat::Text, "warn,attune::shard::observe=error").expect("the filter is valid");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(DemoError::from);
    match runtime.and_then(|runtime| runtime.block_on(play::play(arguments))) {
        Ok(figures) if figures.faults.is_empty() => ExitCode::SUCCESS,
        Ok(figures) => {
            let Figures { lost, offered_twice, faults, .. } = &figures;
            eprintln!("attune demo: {lost} contacts lost, {offered_twice} offered twice");
            faults.iter().take(20).for_each(|fault| eprintln!("  {fault}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("attune demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let secs = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => 0,
    };
    let duration = number.parse::<u64>().ok().and_then(|number| number.checked_mul(secs)).map(Duration::from_secs);
    let duration = duration.filter(|duration| (SHORTEST..=LONGEST).contains(duration));
    duration.ok_or_else(|| "say it as 20s, 4m or 1h: from 2s to 12h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit() {
        assert_eq!(parse_duration("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(parse_duration("4m"), Ok(Duration::from_secs(240)));
        assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
        for wrong in ["", "s", "1s", "13h", "5d", "-5s", "1.5s", "99999999999999999999s"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
