//! `attune journal repair`: a journal that a daemon refuses cut off before what is wrong.

use std::path::Path;

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        failure::Failure,
        options::Format,
        output::{Output, words::counted},
    },
    journal::{
        Seq,
        cut::{Cut, CutError},
    },
};

use super::{Place, in_use, opened};

/// Cuts a journal off before a record, so that a daemon can go on with what comes before it
///
/// What is cut off stays beside the journal under other names. Everything in it was acknowledged and is lost for the
/// daemon: a backup may have more. `attune journal verify` says where to cut.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attune journal repair --truncate-at 4711 --yes")]
pub(super) struct Repair {
    /// The first record that goes
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    truncate_at: u64,

    /// Does it; otherwise it says what would be lost
    #[arg(long)]
    yes: bool,
}

impl Repair {
    pub(super) fn run(&self, folder: &Path, out: &Output) -> Result<(), Failure> {
        let place = Place::look(folder)?;
        if place.is_in_use {
            return Err(in_use(folder));
        }
        let cut = Cut::plan(folder, Seq(self.truncate_at)).map_err(failed)?;
        let names: Vec<String> = cut.names().iter().map(|name| name.display().to_string()).collect();
        if self.yes {
            cut.make().map_err(failed)?;
        }
        match out.format {
            Format::Json => {
                let object = json!({
                    "done": self.yes,
                    "stays": cut.stays,
                    "lost": cut.goes,
                    "unreadable": cut.has_unreadable,
                    "aside": names,
                });
                out.line(&object.to_string())?;
            }
            Format::Table => {
                let (would, go) = if self.yes { ("", "are") } else { ("would ", "be") };
                let more = if cut.has_unreadable { ", and what cannot be read" } else { "" };
                let lost = counted(cut.goes, "acknowledged record");
                out.line(&format!(
                    "{lost} {would}{go} lost for the daemon{more}; {} {would}stay",
                    counted(cut.stays, "record")
                ))?;
                out.line(&format!("what is cut off {}:", if self.yes { "is in" } else { "would be in" }))?;
                names.iter().try_for_each(|name| out.line(&format!("  {name}")))?;
            }
        }
        if self.yes { Ok(()) } else { Err(Failure::Declined("nothing was changed; say --yes to do it".to_owned())) }
    }
}

fn failed(error: CutError) -> Failure {
    match error {
        CutError::Io { path, source } => Failure::io(path.display().to_string(), source),
        CutError::Open(error) => opened(error),
        CutError::BehindTheEnd { .. } | CutError::NotWhole { .. } => Failure::Usage(error.to_string()),
        CutError::Archived(_) => Failure::Declined(error.to_string()),
    }
}
