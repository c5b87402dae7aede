//! `attune replay`: a day of one's own, as a journal has it, decided again; by the same document or by another.
//!
//! Invariant: a journal is only read, also beside a daemon that writes it. Not here: what came from outside on that day,
//! and playing it (`sim::history`, `sim::player`).

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::model::ids::{NameError, TenantId};

use super::{failure::Failure, journal::lived::Records, output::Output, simulate::Shown};

mod again;

/// Decides a journal's day again: bit for bit as it was recorded
///
/// Every recorded command is given to the engine again, in the state before it, and must lead to the events that are recorded.
/// The journal may be a running daemon's, or a backup; where its first records are gone, it begins behind a snapshot.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  attune replay /var/lib/attune/journal")]
pub struct Arguments {
    /// The journal's folder
    journal: PathBuf,

    /// Whose day; without it, all tenants'
    #[arg(long, value_name = "NAME", value_parser = tenant)]
    tenant: Option<TenantId>,

    #[command(flatten)]
    shown: Shown,
}

fn tenant(text: &str) -> Result<TenantId, NameError> {
    TenantId::new(text)
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
    let records = open(&arguments.journal)?;
    again::run(records, &arguments.journal, arguments.tenant.as_ref(), out)
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
    Err(Failure::Usage(format!("the journal has no records of a tenant {asked:?}; it has {}", known.join(", "))))
}
