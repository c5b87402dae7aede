//! `attune replay`: a day of one's own, as a journal has it, decided again; by the same document or by another.
//!
//! Invariant: a journal is only read, also beside a daemon that writes it. Not here: what came from outside on that
//! day, and playing it (`sim::history`, `sim::player`).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::{
    model::{
        ids::{NameError, TenantId},
        time::Timestamp,
    },
    sim::{history::Period, scenario::RUNS_MAX},
};

use super::{
    arguments::parse_time, failure::Failure, journal::lived::Records, options::Format, output::Output, report::save,
    simulate::Shown,
};

mod again;
mod answer;
mod days;
mod json;
mod report;
mod rows;

use days::{Days, Wanted};

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

    /// Whose day; needed with --with where there are several tenants
    #[arg(long, value_name = "NAME", value_parser = tenant)]
    tenant: Option<TenantId>,

    /// Another routing document, to play the day under
    #[arg(long = "with", value_name = "DOCUMENT")]
    document: Option<PathBuf>,

    /// Contacts count that came from this time on; what came in the two hours before is played as well
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "document")]
    from: Option<Timestamp>,

    /// Contacts count that came before this time
    #[arg(long, value_name = "TIME", value_parser = instant, requires = "document")]
    to: Option<Timestamp>,

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

fn tenant(text: &str) -> Result<TenantId, NameError> {
    TenantId::new(text)
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let time = parse_time(text)?;
    Ok(Timestamp(time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos) / 1_000)))
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
    let Arguments { journal, from, to, runs, seed, .. } = arguments;
    let tenant = arguments.tenant.as_ref();
    let Some(document) = &arguments.document else {
        return again::run(open(journal)?, journal, tenant, out);
    };
    if from.zip(*to).is_some_and(|(from, to)| to <= from) {
        return Err(Failure::Usage("--to is no later than --from; nobody would be counted".to_owned()));
    }
    let period = Period { from: *from, until: *to };
    let wanted = Wanted { journal, tenant, period, document, runs: *runs, seed: *seed };
    let days = Days::of(open(journal)?, &wanted)?;
    if let Some(path) = &arguments.report {
        save(path, &report::html(&days))?;
    }
    match out.format {
        Format::Json => out.line(&json::days(&days).to_string()),
        Format::Table => rows::show(out, &days),
    }
}

fn open(folder: &Path) -> Result<Records, Failure> {
    if !folder.is_dir() {
        let hint = "name the folder of a journal, as the setting journal.folder has it";
        return Err(Failure::Usage(format!("{} is no folder; {hint}", folder.display())));
    }
    Records::open(folder, None)
}

/// That there are records, and those of the tenant who is asked for among them.
fn check_tenant(journal: &Path, asked: Option<&TenantId>, known: &BTreeSet<TenantId>) -> Result<(), Failure> {
    if known.is_empty() {
        let hint = "`attune journal verify` says what there is";
        return Err(Failure::Declined(format!("{} has no records; {hint}", journal.display())));
    }
    let Some(asked) = asked.filter(|asked| !known.contains(*asked)) else { return Ok(()) };
    let known: Vec<&str> = known.iter().map(TenantId::as_str).collect();
    let asked = asked.as_str();
    Err(Failure::Usage(format!("the journal has no records of a tenant {asked:?}; it has {}", known.join(", "))))
}
