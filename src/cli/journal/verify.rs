//! `attune journal verify`: whether a daemon would start with a journal, and what is wrong if it would not.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        failure::Failure,
        options::Format,
        output::{Output, table::Table, words::counted},
    },
    journal::{
        codec::{Broken, Personal},
        inspect::{self, Finding, HeadError, Looked, Start, Survey, VERSION},
    },
    model::time::{Span, Timestamp},
};

use super::{Place, opened, told};

/// How often it is looked again for keys that a daemon made meanwhile.
const LOOKS_MAX: usize = 3;

/// Checks every segment, frame and record: whether a daemon would start with it, and what to do if not
///
/// A frame cut short at the end was never acknowledged: the next start repairs it, and beside a running daemon it is one
/// that is being written. A start reads what stands behind the newest snapshot; what is damaged before that can only not be
/// replayed. Everything else that is found wrong makes it exit with 2.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attune journal verify --folder /var/lib/attune/journal")]
pub(super) struct Verify {}

impl Verify {
    pub(super) fn run(&self, folder: &Path, out: &Output) -> Result<(), Failure> {
        let (place, survey, personal) = look(folder)?;
        match out.format {
            Format::Json => out.line(&as_json(&place, &survey, &personal).to_string())?,
            Format::Table => {
                out.table(&table(&place, &survey))?;
                out.line("")?;
                out.line(&verdict(&place, &survey))?;
                if personal.erased > 0 {
                    out.line(&format!("personal fields are erased in {}", counted(personal.erased, "record")))?;
                }
            }
        }
        match survey.is_accepted() {
            true if personal.missing > 0 => Err(Failure::Invalid(without_keys(&personal))),
            true => Ok(()),
            _ if out.format == Format::Json => Err(Failure::Invalid("a daemon would refuse this journal".to_owned())),
            _ => Err(Failure::Invalid(ways_on(&place, &survey))),
        }
    }
}

/// What there is of personal fields.
#[derive(Debug, Clone, Copy)]
struct Fields {
    /// Records of which some are gone.
    erased: u64,
    /// Keys that nobody destroyed, and that are not there.
    missing: usize,
}

fn look(folder: &Path) -> Result<(Place, Survey, Fields), Failure> {
    let mut attempts = LOOKS_MAX;
    loop {
        let place = Place::look(folder)?;
        let (keys, mut erased) = (place.keys()?, 0);
        let survey = inspect::judge(&place.folder, &place.segments, &keys, |_, personal| {
            erased += u64::from(personal == Personal::Erased);
        })
        .map_err(opened)?;
        attempts -= 1;
        // A daemon may have made keys since they were read.
        if keys.missing() == 0 || !place.is_in_use || attempts == 0 {
            return Ok((place, survey, Fields { erased, missing: keys.missing() }));
        }
    }
}

fn without_keys(personal: &Fields) -> String {
    format!(
        "a daemon would refuse this journal: {} of personal fields are missing. Put the folder of keys back from its \
         copy; or start once with journal.lost_keys = \"erase\", after which the customers whose keys they are are erased.",
        counted(personal.missing as u64, "key")
    )
}

fn table(place: &Place, survey: &Survey) -> Table {
    let mut table = Table::new(&["SEGMENT", ">FIRST", ">LAST", ">RECORDS", ">USED", ">SIZE", ">AGE", "HOW"]);
    let now = crate::shard::clock::now();
    for looked in &survey.segments {
        table.row([
            place.name(looked),
            looked.first.to_string(),
            looked.last().map(|last| last.to_string()).unwrap_or_default(),
            looked.records.to_string(),
            told::bytes(looked.used),
            told::bytes(looked.size),
            age(looked, now).map(told::span).unwrap_or_default(),
            looked.finding.to_string(),
        ]);
    }
    table
}

/// How long ago its last record was.
fn age(looked: &Looked, now: Timestamp) -> Option<Span> {
    looked.times.map(|(_, last)| now - last)
}

fn is_torn(survey: &Survey) -> bool {
    survey.segments.iter().any(|looked| matches!(looked.finding, Finding::Torn { .. }))
}

fn verdict(place: &Place, survey: &Survey) -> String {
    let records = counted(survey.records(), "record");
    let daemon = if place.is_in_use { "; a daemon has it open" } else { "" };
    let whole = match survey.faults_of_old().count() {
        0 => "whole".to_owned(),
        faults => format!(
            "a daemon starts with it, from a snapshot; before that {} cannot be replayed whole",
            counted(faults as u64, "segment")
        ),
    };
    match survey.refused_at() {
        _ if survey.start == Some(Start::Nowhere) => {
            format!("no snapshot can be read, and the first records are gone{daemon}")
        }
        Some(at) => format!("whole up to record {} only{daemon}", at.0 - 1),
        None if is_torn(survey) && place.is_in_use => {
            format!("{whole}: {records}, and a frame that is being written{daemon}")
        }
        None if is_torn(survey) => {
            format!(
                "{whole}: {records}; what is cut short at the end was never acknowledged, the next start repairs it"
            )
        }
        None => format!("{whole}: {records}{daemon}"),
    }
}

/// What is wrong, and what can be done.
fn ways_on(place: &Place, survey: &Survey) -> String {
    let faults = survey.faults().map(|looked| {
        let behind = match looked.behind {
            0 => String::new(),
            behind => format!("; behind it {} can be read, which were acknowledged", counted(behind, "record")),
        };
        format!("{}: {}{behind}", place.name(looked), looked.finding)
    });
    let faults: Vec<String> = faults.collect();
    format!("a daemon would refuse this journal:\n  {}\n{}", faults.join("\n  "), advice(survey))
}

fn advice(survey: &Survey) -> String {
    let is_later = |looked: &Looked| {
        matches!(
            looked.finding,
            Finding::Head(HeadError::Later(_)) | Finding::Undecodable { broken: Broken::Unknown { .. }, .. }
        )
    };
    if survey.faults().any(is_later) {
        return format!(
            "A later version wrote it: start that version, or restore a backup from before it ran. This one knows \
             formats up to {VERSION}."
        );
    }
    let Some(at) = survey.refused_at().filter(|_| survey.start != Some(Start::Nowhere)) else {
        return "Restore a backup: what comes before it is not there.".to_owned();
    };
    if survey.records() == 0 || survey.segments.first().is_some_and(|looked| at <= looked.first) {
        return "Restore a backup: what comes before it is not there.".to_owned();
    }
    format!(
        "Restore a backup; or go on with what comes before record {at}, and without that and everything after it: \
         attune journal repair --truncate-at {at}"
    )
}

fn as_json(place: &Place, survey: &Survey, personal: &Fields) -> Value {
    let now = crate::shard::clock::now();
    let segment = |looked: &Looked| {
        json!({
            "name": place.name(looked),
            "archived": looked.is_archived,
            "needed": looked.is_needed,
            "first": looked.first.0,
            "last": looked.last().map(|last| last.0),
            "records": looked.records,
            "readable_behind_damage": looked.behind,
            "used_bytes": looked.used,
            "size_bytes": looked.size,
            "first_time": looked.times.map(|(first, _)| told::time(first)),
            "last_time": looked.times.map(|(_, last)| told::time(last)),
            "age_s": age(looked, now).map(|age| age.0 / 1_000_000),
            "finding": looked.finding.name(),
            "detail": looked.finding.to_string(),
        })
    };
    let verdict = match survey.is_accepted() {
        false => "refused",
        _ if personal.missing > 0 => "refused",
        _ if survey.faults_of_old().next().is_some() => "old_damaged",
        _ if is_torn(survey) => "torn",
        _ => "whole",
    };
    json!({
        "folder": place.folder.display().to_string(),
        "verdict": verdict,
        "in_use": place.is_in_use,
        "records": survey.records(),
        "erased_records": personal.erased,
        "missing_keys": personal.missing,
        "next": survey.next.0,
        "segments": survey.segments.iter().map(segment).collect::<Vec<_>>(),
        "others": place.others.iter().map(|(name, size)| json!({ "name": name, "size_bytes": size })).collect::<Vec<_>>(),
    })
}
