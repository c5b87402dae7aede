//! `attune journal backup` and `restore`: a journal's folder copied and verified.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        failure::Failure,
        options::Format,
        output::{Output, words::counted},
    },
    journal::copy::{self, Copied, CopyError, Keys},
};

use super::{Place, opened, told};

/// Copies a journal to another folder and verifies the copy, also while a daemon writes it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attune journal backup /var/backups/attune-monday")]
pub(super) struct Backup {
    /// Where to: a folder that is not there, or empty
    to: PathBuf,

    /// Copies the keys of personal fields, too; otherwise they are to be copied apart
    ///
    /// Whoever has a backup with its keys has the customers in it, also those who are erased later.
    #[arg(long)]
    with_keys: bool,
}

/// Copies a backup to a journal's folder and verifies it; the daemon is then started there
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attune journal restore /var/backups/attune-monday /var/lib/attune/journal")]
pub(super) struct Restore {
    /// The backup
    from: PathBuf,

    /// Where to: a folder that is not there, or empty; absent = as --folder says
    to: Option<PathBuf>,

    /// Takes the keys of personal fields from the backup; otherwise their folder is to be put beside the rest
    #[arg(long)]
    with_keys: bool,
}

impl Backup {
    pub(super) fn run(&self, folder: &Path, out: &Output) -> Result<(), Failure> {
        Place::look(folder)?;
        tell(out, folder, &self.to, &copy::copy(folder, &self.to, keys(self.with_keys)).map_err(failed)?)
    }
}

impl Restore {
    pub(super) fn run(&self, folder: &Path, out: &Output) -> Result<(), Failure> {
        let to = self.to.as_deref().unwrap_or(folder);
        Place::look(&self.from)?;
        tell(out, &self.from, to, &copy::copy(&self.from, to, keys(self.with_keys)).map_err(failed)?)
    }
}

fn keys(along: bool) -> Keys {
    if along { Keys::Along } else { Keys::Apart }
}

fn tell(out: &Output, from: &Path, to: &Path, copied: &Copied) -> Result<(), Failure> {
    let last = copied.last();
    let at = copied.survey.segments.iter().rev().find_map(|looked| looked.times).map(|(_, last)| told::time(last));
    match out.format {
        Format::Json => {
            let object = json!({
                "from": from.display().to_string(),
                "to": to.display().to_string(),
                "last": last.0,
                "last_time": at,
                "records": copied.survey.records(),
                "segments": copied.survey.segments.len(),
                "others": copied.others,
                "bytes": copied.bytes,
            });
            out.line(&object.to_string())
        }
        Format::Table => {
            let at = at.map(|at| format!(" of {at}")).unwrap_or_default();
            let (records, bytes) = (counted(copied.survey.records(), "record"), told::bytes(copied.bytes));
            out.line(&format!("{}: {records}, up to record {last}{at}; {bytes}, verified", to.display()))
        }
    }
}

fn failed(error: CopyError) -> Failure {
    match error {
        CopyError::Io { path, source } => Failure::io(path.display().to_string(), source),
        CopyError::Open(error) => opened(error),
        CopyError::Faulty { .. } | CopyError::NoStart(_) => {
            Failure::Invalid(format!("{error}; nothing was copied, `attune journal verify` says more"))
        }
        CopyError::Occupied(_) | CopyError::Unfinished(_) | CopyError::Nothing(_) => Failure::Usage(error.to_string()),
    }
}
