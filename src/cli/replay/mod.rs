//! `attune replay`: a day of one's own, as a journal has it, decided again; by the same document or by another.
//!
//! Invariant: a journal is only read, also beside a daemon that writes it. Not here: what came from outside on that
//! day, and playing it (`sim::history`, `sim::player`).

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use crate::sim::scenario::RUNS_MAX;

use super::{failure::Failure, options::Format, output::Output, report::save, simulate::Shown};

mod again;
mod answer;
mod days;
mod json;
pub mod past;
mod report;
mod rows;

pub use rows::CANNOT_KNOW;

use days::{Days, Wanted};
use past::Whose;

/// Decides a journal's day again: bit for bit as it was recorded, or by another routing document
///
/// Alone it gives every recorded command to the engine again, in the state before it: it must lead to the events that
/// are recorded. With another document it takes from the records what came from outside (contacts with all that was
/// told of them, how long work took, how patient customers were, when agents were there and how they took offers), and
/// shows the day as it was, simulated under its own document, and simulated under the other. The journal may be a
/// running daemon's, or a backup; where its first records are gone, it begins behind a snapshot.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  attune replay /var/lib/attune/journal
  attune replay /var/backups/attune-monday --with routing/candidate.toml --from 2026-11-23T08:00:00Z --to 2026-11-23T18:00:00Z
  attune replay /var/lib/attune/journal --with routing/candidate.toml --report monday.html")]
pub struct Arguments {
    /// The journal's folder
    journal: PathBuf,

    /// Another routing document, to play the day under
    #[arg(long = "with", value_name = "DOCUMENT")]
    document: Option<PathBuf>,

    #[command(flatten)]
    whose: Whose,

    /// Independent runs under each document
    #[arg(long, value_name = "NUMBER", default_value_t = 10, requires = "document",
        value_parser = clap::value_parser!(u32).range(2..=i64::from(RUNS_MAX)))]
    runs: u32,

    /// What chance follows from
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "document")]
    seed: u64,

    /// Writes a report with pictures, one HTML file that needs nothing else
    #[arg(long, value_name = "FILE", requires = "document")]
    report: Option<PathBuf>,

    #[command(flatten)]
    shown: Shown,
}

/// Replays what is asked for.
pub fn run(arguments: &Arguments) -> ExitCode {
    let out = Output::with(arguments.shown.format, arguments.shown.color);
    match replay(arguments, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(out.format, out.style);
            failure.exit_code()
        }
    }
}

fn replay(arguments: &Arguments, out: &Output) -> Result<(), Failure> {
    let Arguments { journal, whose, runs, seed, .. } = arguments;
    let Some(document) = &arguments.document else {
        if whose.from.or(whose.to).is_some() {
            let hint = "without --with all of a journal is decided again; --from and --to say which contacts count under \
                        another document";
            return Err(Failure::Usage(hint.to_owned()));
        }
        return again::run(past::open(journal)?, journal, whose.tenant.as_ref(), out);
    };
    let wanted = Wanted { journal, whose, document, runs: *runs, seed: *seed };
    let days = Days::of(&wanted)?;
    if let Some(path) = &arguments.report {
        save(path, &report::html(&days))?;
    }
    match out.format {
        Format::Json => out.line(&json::days(&days).to_string()),
        Format::Table => rows::show(out, &days),
    }
}
