//! `attune journal inspect`: records as people and programs can read them.

use std::{ops::RangeInclusive, path::Path};

use clap::Args;

use crate::{
    cli::{failure::Failure, options::Format, output::Output},
    journal::{
        Record, Seq,
        codec::Personal,
        inspect::{self, SegmentFile},
        subject::Subject,
        volume::Folder,
    },
    model::ids::{AgentId, ContactId, NameError, TenantId},
};

use super::{Place, told};

/// Shows records: when, whose, what was asked, what happened
///
/// With --format json each line is a record with everything in it. A record of a customer who was erased says so, and
/// has all but what was personal. --contact and --agent follow a contact or an agent from
/// the journal's beginning on, through offers and engagements.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  attune journal inspect --from 1000 --limit 20\n  \
                        attune journal inspect --contact c1 --events\n  \
                        attune journal inspect --tenant default --format json | jq .asked")]
pub(super) struct Inspect {
    /// From this record on
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    from: u64,

    /// Up to this record
    #[arg(long, value_name = "SEQ", default_value_t = u64::MAX, hide_default_value = true)]
    to: u64,

    /// Only of this tenant
    #[arg(long, value_name = "NAME", value_parser = tenant)]
    tenant: Option<TenantId>,

    /// Only what is about this contact
    #[arg(long, value_name = "ID", value_parser = contact)]
    contact: Option<ContactId>,

    /// Only what is about this agent
    #[arg(long, value_name = "ID", value_parser = agent)]
    agent: Option<AgentId>,

    /// Shows commands and events with all that they hold, each on a line of its own
    #[arg(long)]
    events: bool,

    /// So many records at most
    #[arg(long, value_name = "NUMBER", default_value_t = u64::MAX, hide_default_value = true)]
    limit: u64,
}

fn tenant(text: &str) -> Result<TenantId, NameError> {
    TenantId::new(text)
}

fn contact(text: &str) -> Result<ContactId, NameError> {
    ContactId::new(text)
}

fn agent(text: &str) -> Result<AgentId, NameError> {
    AgentId::new(text)
}

impl Inspect {
    pub(super) fn run(self, folder: &Path, out: &Output) -> Result<(), Failure> {
        let place = Place::look(folder)?;
        let wanted = self.from..=self.to;
        let has_subject = self.contact.is_some() || self.agent.is_some();
        let files = if has_subject { &place.segments[..] } else { about(&place.segments, &wanted) };
        let is_from_the_start = files.first().is_none_or(|file| file.first == place.segments[0].first);
        let begins = if is_from_the_start { place.begins() } else { None };
        let mut subject = Subject::new(self.contact, self.agent);
        let (mut left, mut shown) = (self.limit, Ok(()));
        let survey = inspect::survey(files, begins, &place.keys()?, |record, personal| {
            let is_wanted = subject.is_in(&record)
                && wanted.contains(&record.seq.0)
                && self.tenant.as_ref().is_none_or(|tenant| *tenant == record.tenant);
            if is_wanted && left > 0 && shown.is_ok() {
                left -= 1;
                shown = show(out, &record, personal, self.events);
            }
        });
        shown?;
        match survey.faults().next() {
            Some(looked) if left > 0 => {
                let found = format!("{}: {}", place.name(looked), looked.finding);
                Err(Failure::Invalid(format!("{found}; `attune journal verify` says more")))
            }
            _ => Ok(()),
        }
    }
}

/// The segments in which records of these numbers can be.
fn about<'a>(files: &'a [SegmentFile<Folder>], wanted: &RangeInclusive<u64>) -> &'a [SegmentFile<Folder>] {
    let from = files.partition_point(|file| file.first <= Seq(*wanted.start())).saturating_sub(1);
    let to = files.partition_point(|file| file.first <= Seq(*wanted.end())).max(from);
    // The next one's beginning tells where the last one ends.
    &files[from..files.len().min(to + 1)]
}

/// Prints a record.
pub(super) fn show(out: &Output, record: &Record, personal: Personal, with_events: bool) -> Result<(), Failure> {
    if out.format == Format::Json {
        return out.line(&told::object(record, personal).to_string());
    }
    out.line(&told::line(record, personal))?;
    if with_events {
        out.line(&format!("    {}", out.style.bold(&told::command(&record.input.command))))?;
        for event in &record.events {
            out.line(&format!("    {}", told::event(event)))?;
        }
    }
    Ok(())
}
