//! `attune journal`: a daemon's journal looked at, checked, backed up, restored and repaired, by its files.
//!
//! Invariant: nothing but `repair` and `restore` changes a journal, and neither touches one that a daemon has open; all
//! others may run beside it. Not here: the files themselves (`journal`), which a verb of this module alone names.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use crate::{
    config::JOURNAL_FOLDER,
    journal::{
        Seq, disk,
        inspect::{self, ARCHIVE, Looked, SegmentFile},
        log::OpenError,
        snapshot,
        vault::{LostKeys, Vault},
        volume::{Folder, Volume},
    },
};

use super::{
    failure::Failure,
    options::{Colour, Format},
    output::Output,
};

mod copy;
mod list;
pub mod lived;
mod records;
mod repair;
mod replay;
pub mod told;
mod verify;

/// Heading in `--help`.
const HEADING: &str = "Options of every verb";

/// Looks into the folder of a daemon's journal: checks, shows, backs up, restores, repairs and replays it
///
/// No daemon is asked. Verbs that only look, and backup, may run while a daemon writes the folder: they go by what is
/// there, and a frame on its way is no damage.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  attune journal verify\n  attune journal inspect --contact c1 --events\n  \
                        attune journal backup /var/backups/attune-monday")]
pub struct Arguments {
    #[command(flatten)]
    shown: Shown,
    #[command(subcommand)]
    verb: Verb,
}

/// Where the journal is, and how to show what is found.
#[derive(Debug, Clone, Args)]
struct Shown {
    /// The journal's folder, as the setting journal.folder has it
    #[arg(long, global = true, env = "ATTUNE_JOURNAL_FOLDER", hide_env_values = true, default_value = JOURNAL_FOLDER,
        value_name = "FOLDER", help_heading = HEADING)]
    folder: PathBuf,

    /// Text for people, or JSON for programs
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, help_heading = HEADING)]
    format: Format,

    /// Whether text has colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", help_heading = HEADING)]
    color: Colour,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Verify(verify::Verify),
    List(list::List),
    Inspect(records::Inspect),
    Replay(replay::Replayed),
    Backup(copy::Backup),
    Restore(copy::Restore),
    Repair(repair::Repair),
}

/// A journal's folder, for those who look.
#[derive(Debug)]
struct Place {
    folder: PathBuf,
    /// A daemon has it open.
    is_in_use: bool,
    segments: Vec<SegmentFile<Folder>>,
    /// Files that are no segments, and their sizes.
    others: Vec<(String, u64)>,
}

/// Does what was asked for.
pub fn run(arguments: Arguments) -> ExitCode {
    let Arguments { shown: Shown { folder, format, color }, verb } = arguments;
    let out = Output::with(format, color);
    let done = match verb {
        Verb::Verify(verify) => verify.run(&folder, &out),
        Verb::List(list) => list.run(&folder, &out),
        Verb::Inspect(inspect) => inspect.run(&folder, &out),
        Verb::Replay(replay) => replay.run(&folder, &out),
        Verb::Backup(backup) => backup.run(&folder, &out),
        Verb::Restore(restore) => restore.run(&folder, &out),
        Verb::Repair(repair) => repair.run(&folder, &out),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(out.format, out.style);
            failure.exit_code()
        }
    }
}

impl Place {
    fn look(folder: &Path) -> Result<Self, Failure> {
        if !folder.is_dir() {
            let hint = "name the journal's folder with --folder or ATTUNE_JOURNAL_FOLDER";
            return Err(Failure::Usage(format!("{} is no folder; {hint}", folder.display())));
        }
        let failed = |error| Failure::io(folder.display().to_string(), error);
        Ok(Self {
            folder: folder.to_owned(),
            is_in_use: disk::is_in_use(folder).map_err(failed)?,
            segments: inspect::segments_of(folder).map_err(opened)?,
            others: inspect::others_of(folder).map_err(failed)?,
        })
    }

    /// Its snapshots, those of the archive included, each with the first record behind it; oldest first.
    fn snapshots(&self) -> Result<Vec<(Seq, PathBuf)>, Failure> {
        let folders = [self.folder.clone(), self.folder.join(ARCHIVE)];
        let mut all = Vec::new();
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            let volume = Folder::at(folder);
            let names = snapshot::names(&volume).map_err(opened)?;
            all.extend(names.iter().filter_map(|name| Some((snapshot::next_of(name)?, volume.path(name)))));
        }
        all.sort();
        all.dedup_by_key(|(next, _)| *next);
        Ok(all)
    }

    /// With which record the segments have to begin.
    fn begins(&self) -> Option<Seq> {
        inspect::begins(&self.others)
    }

    /// What opens personal fields. Those whose key is missing count as erased, and are counted.
    fn keys(&self) -> Result<Vault<Folder>, Failure> {
        Vault::of(&self.folder, LostKeys::Erase).map_err(opened)
    }

    /// A segment's name, below the folder.
    fn name(&self, looked: &Looked) -> String {
        looked.path.strip_prefix(&self.folder).unwrap_or(&looked.path).display().to_string()
    }
}

fn opened(error: OpenError) -> Failure {
    match error {
        OpenError::Io { path, source } => Failure::io(path.display().to_string(), source),
        OpenError::InUse(folder) => in_use(&folder),
        other => Failure::Invalid(other.to_string()),
    }
}

fn in_use(folder: &Path) -> Failure {
    Failure::Declined(format!("a daemon has {} open: stop it first", folder.display()))
}
