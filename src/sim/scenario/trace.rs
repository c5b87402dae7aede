//! Contacts as they came once: a CSV file, a contact a row.
//!
//! Invariant: rows are in order of time whatever their order in the file; a cell that is empty is left to the stream;
//! what cannot be read is named with its line and column. Not here: what a row leaves open (`streams`).

use std::{fs::File, path::Path, sync::Arc};

use csv::StringRecord;

use super::messages::Message;
use crate::model::{
    document::{Document, written_span},
    ids::{ChannelName, QueueName},
    limits::SPAN_SECS_MAX,
    time::Span,
};

/// A contact of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When it comes.
    pub at: Span,
    /// Where it goes.
    pub queue: Option<QueueName>,
    /// How it comes.
    pub channel: Option<ChannelName>,
    /// How long it takes.
    pub handling: Option<Span>,
    /// How long the customer waits.
    pub patience: Option<Span>,
    /// Whether it is a moment of truth.
    pub is_moment: Option<bool>,
    /// What the customer writes.
    pub message: Option<Message>,
    /// Its class in reports; `None` = its stream's.
    pub class: Option<Arc<str>>,
}

/// Columns that a trace may have.
const COLUMNS: [&str; 9] = ["time", "queue", "channel", "handling", "patience", "moment", "text", "language", "class"];

/// So many faults are told of one file.
const FAULTS_MAX: usize = 20;

/// Where a row goes that does not say so itself, as far as that is known.
#[derive(Clone, Copy)]
pub(super) struct Usual<'a> {
    /// Its stream's queue.
    pub queue: Option<&'a QueueName>,
    /// Its stream's channel.
    pub channel: Option<&'a ChannelName>,
}

/// Reads a trace. Fails with everything that is wrong, a line each.
pub(super) fn load(path: &Path, usual: Usual<'_>, document: Option<&Document>) -> Result<Vec<Row>, String> {
    let named = |at: &str, what: &str| format!("{}{at}: {what}", path.display());
    let file = File::open(path).map_err(|error| named("", &error.to_string()))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let titles = reader.headers().map_err(|error| named("", &error.to_string()))?.clone();
    let columns = Columns::of(&titles).map_err(|fault| named(":1", &fault))?;
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                match columns.read(&record, document).and_then(|row| usual.check(row, document)) {
                    Ok(row) => rows.push(row),
                    Err(fault) => faults.push(named(&format!(":{line}"), &fault)),
                }
            }
            Err(error) => faults.push(named("", &error.to_string())),
        }
        if faults.len() == FAULTS_MAX {
            break;
        }
    }
    if faults.is_empty() && rows.is_empty() {
        faults.push(named("", "has no contacts"));
    }
    // Stable: who stands first in the file comes first.
    rows.sort_by_key(|row| row.at);
    if faults.is_empty() { Ok(rows) } else { Err(faults.join("\n")) }
}

impl Usual<'_> {
    /// That the row's queue takes its channel; whether the stream's does is known without it.
    fn check(self, row: Row, document: Option<&Document>) -> Result<Row, String> {
        let (queue, channel) = (row.queue.as_ref().or(self.queue), row.channel.as_ref().or(self.channel));
        let is_its_own = row.queue.is_some() || row.channel.is_some();
        if let (true, Some(document), Some(queue), Some(channel)) = (is_its_own, document, queue, channel)
            && document.queues.get(queue).is_some_and(|rules| !rules.takes(channel))
        {
            return Err(format!("channel {:?} is not taken by queue {:?}", channel.as_str(), queue.as_str()));
        }
        Ok(row)
    }
}

/// Where each column stands.
struct Columns([Option<usize>; COLUMNS.len()]);

impl Columns {
    fn of(titles: &StringRecord) -> Result<Self, String> {
        if let Some(unknown) = titles.iter().find(|title| !COLUMNS.contains(title)) {
            return Err(format!("{unknown:?} is not a known column; known are {}", COLUMNS.join(", ")));
        }
        let places = COLUMNS.map(|column| titles.iter().position(|title| title == column));
        if places[0].is_none() {
            return Err("the column time is required; give it as 09:30:00 or in seconds".to_owned());
        }
        Ok(Self(places))
    }

    fn read(&self, record: &StringRecord, document: Option<&Document>) -> Result<Row, String> {
        let cells: Vec<Option<&str>> =
            self.0.iter().map(|at| at.and_then(|at| record.get(at)).filter(|cell| !cell.is_empty())).collect();
        let cell = |name: &str| COLUMNS.iter().position(|column| *column == name).and_then(|at| cells[at]);
        let span = |name: &str| cell(name).map(|text| read_time(name, text)).transpose();
        let queue = cell("queue").map(|text| read_queue(text, document)).transpose()?;
        let channel = cell("channel").map(|text| read_channel(text, document)).transpose()?;
        let message = cell("text")
            .map(|text| Message { text: text.into(), language: cell("language").unwrap_or_default().into() });
        Ok(Row {
            at: span("time")?.ok_or("time is empty; give it as 09:30:00 or in seconds")?,
            queue,
            channel,
            handling: span("handling")?,
            patience: span("patience")?,
            is_moment: cell("moment").map(read_flag).transpose()?,
            message,
            class: cell("class").map(Into::into),
        })
    }
}

fn read_queue(text: &str, document: Option<&Document>) -> Result<QueueName, String> {
    let name = QueueName::new(text).map_err(|error| format!("queue {error}"))?;
    match document {
        Some(document) if !document.queues.contains_key(&name) => {
            Err(format!("queue {text:?} is not one of the routing document"))
        }
        _ => Ok(name),
    }
}

fn read_channel(text: &str, document: Option<&Document>) -> Result<ChannelName, String> {
    let name = ChannelName::new(text).map_err(|error| format!("channel {error}"))?;
    match document {
        Some(document) if !document.channels.contains_key(&name) => {
            Err(format!("channel {text:?} is not one of the routing document"))
        }
        _ => Ok(name),
    }
}

fn read_flag(text: &str) -> Result<bool, String> {
    match text {
        "1" | "true" | "yes" => Ok(true),
        "0" | "false" | "no" => Ok(false),
        _ => Err(format!("moment is {text:?}; write 1 or 0, true or false")),
    }
}

fn read_time(column: &str, text: &str) -> Result<Span, String> {
    let span = time_of_day(text).or_else(|| {
        let seconds: f64 = text.parse().ok().filter(|seconds| (0.0..=SPAN_SECS_MAX as f64).contains(seconds))?;
        Some(super::distribution::span_of(seconds))
    });
    let most = written_span(Span::from_secs(SPAN_SECS_MAX));
    span.ok_or_else(|| format!("{column} is {text:?}; give it as 09:30:00 or in seconds, {most} at most"))
}

/// Reads `09:30` or `09:30:15`, hours up to 167.
pub(super) fn time_of_day(text: &str) -> Option<Span> {
    let mut parts = text.split(':');
    let mut part = |below: i64| {
        let text = parts.next()?;
        let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| is_number && *number < below)
    };
    let (hours, minutes) = (part(168)?, part(60)?);
    let rest: Vec<&str> = parts.collect();
    let seconds = match rest.as_slice() {
        [] => 0,
        [text] if text.len() == 2 => text.parse::<i64>().ok().filter(|seconds| (0..60).contains(seconds))?,
        _ => return None,
    };
    Some(Span::from_secs((hours * 60 + minutes) * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_on_a_clock_or_in_seconds() {
        let secs = |text| read_time("time", text).map(|span| span.0 / 1_000_000);
        assert_eq!([secs("09:30"), secs("09:30:15"), secs("90.5")], [Ok(34_200), Ok(34_215), Ok(90)]);
        for wrong in ["9:60", "-1", "nine", "09:30:5", "170:00", "1e9"] {
            assert!(secs(wrong).is_err(), "{wrong}");
        }
    }
}
