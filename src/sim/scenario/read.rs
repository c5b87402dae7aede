//! Reading a scenario: from TOML, and the files that it names, to a valid [`Scenario`] or to everything wrong with it.
//!
//! Invariant: by the reader of routing documents: one reading names every violation with its place and what would be
//! right, and a key that is not known is refused. Paths are relative to the scenario's own file.

use std::{fs, path::Path};

use super::{Group, Length, Run, Scenario, ScenarioError, agents::read_groups, streams::Streams, trace::time_of_day};
use crate::model::{
    document::{Document, Format, Object, Place, SPAN_MAX, SPAN_MIN, read_by},
    ids::SkillName,
    limits::CONTACTS_ENDED_MAX,
    time::Span,
};

/// Runs, where nothing else is said: enough to tell how far chance reaches.
const RUNS: u32 = 10;
/// Most runs of one scenario.
pub const RUNS_MAX: u32 = 1_000;
/// From this level on an agent is empathetic, if nothing else is said: as in documents.
const EMPATHY_LEVEL: u8 = 70;

/// What a scenario is read with.
pub(super) struct Reading<'a> {
    /// Where its paths begin.
    pub folder: &'a Path,
    /// What names in it must be of: the document that is played; none if that cannot be read.
    pub document: Option<&'a Document>,
    /// What loads are reckoned by: the scenario's own document, or what is played if it names none.
    pub own: Option<&'a Document>,
    /// Who works, once that is read.
    pub groups: &'a [Group],
}

impl Scenario {
    /// Reads a scenario's file, with another routing document than its own if one is given.
    ///
    /// # Errors
    /// Names every violation, or why a file cannot be read.
    pub fn load(path: &Path, document: Option<Document>) -> Result<Self, ScenarioError> {
        let text =
            fs::read_to_string(path).map_err(|source| ScenarioError::Unreadable { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Self::read(&text, folder, document)
            .map_err(|error| ScenarioError::Invalid { file: path.display().to_string(), error })
    }

    /// Reads a scenario's text; files that it names are looked for from this folder on.
    ///
    /// # Errors
    /// Names every violation.
    pub fn read(
        text: &str,
        folder: &Path,
        document: Option<Document>,
    ) -> Result<Self, crate::model::document::DocumentError> {
        read_by(text, Format::Toml, |root| read_scenario(root, folder, document))
    }
}

fn read_scenario(root: &Place<'_>, folder: &Path, given: Option<Document>) -> Option<Scenario> {
    let mut top = root.object()?;
    let description = top.get("description").and_then(|p| p.text()).unwrap_or_default().to_owned();
    let named = top.get("document");
    if given.is_none() && named.is_none() {
        root.fault_below(
            &["document"],
            "is required; name a routing document by document = { file = \"routing.toml\" }, or by --document"
                .to_owned(),
        );
    }
    let own = named.and_then(|place| read_document(&place, folder));
    let document = given.as_ref().or(own.as_ref());
    let reading = Reading { folder, document, own: own.as_ref().or(document), groups: &[] };
    let within = top.get("within").and_then(|p| p.span(Span::ZERO, SPAN_MAX)).unwrap_or(Span::from_secs(20));
    let mut empathy = top.section("empathy");
    let skill = empathy.get("skill").and_then(|p| p.name(SkillName::new));
    let level = empathy.get("level").and_then(|p| p.number(1..=100)).unwrap_or(EMPATHY_LEVEL);
    empathy.finish();
    let skill = skill.unwrap_or_else(|| SkillName::new("empathy").expect("it obeys the grammar"));
    let groups = top
        .need("agents", "say who works, such as [agents.desk] with count = 50")
        .map(|p| read_groups(&p, &reading, &skill, level))
        .unwrap_or_default();
    let reading = Reading { groups: &groups, ..reading };
    let mut streams = Streams::default();
    if let Some(place) = top.need("streams", "say who comes, such as [streams.calls] with load = 0.95") {
        streams.read(&place, &reading);
    }
    let run = read_run(top.section("run"), root, streams.last_of_traces());
    top.finish();
    let (streams, classes) = streams.into_parts();
    Some(Scenario {
        description,
        document: given.or(own)?,
        run: run?,
        within,
        empathy: skill,
        empathy_level: level,
        groups,
        streams,
        classes,
        targets: Vec::new(),
        commands: Vec::new(),
    })
}

fn read_document(place: &Place<'_>, folder: &Path) -> Option<Document> {
    let mut table = place.object()?;
    let (file, text) = (table.get("file"), table.get("text"));
    table.finish();
    match (file, text) {
        (Some(place), None) => {
            let path = folder.join(place.text()?);
            load_document(&path).map_err(|fault| place.fault(fault)).ok()
        }
        (None, Some(place)) => {
            let text = place.text()?;
            let refused = |error: crate::model::document::DocumentError| {
                place.fault(format!("is no routing document, by its own lines:\n{}", error.in_file("text")));
            };
            Document::parse(text, Format::Toml).map_err(refused).ok()
        }
        _ => {
            place.fault("must have either file or text, such as { file = \"routing.toml\" }".to_owned());
            None
        }
    }
}

/// Reads a routing document's file; the error says everything that is wrong with it.
pub fn load_document(path: &Path) -> Result<Document, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let format = Format::of_extension(extension)
        .ok_or_else(|| format!("{}: name it .toml, .yaml or .json, as it is written", path.display()))?;
    Document::parse(&text, format).map_err(|error| error.in_file(&path.display().to_string()))
}

fn read_run(mut run: Object<'_>, root: &Place<'_>, last: Option<Span>) -> Option<Run> {
    let runs = run.get("runs").map_or(Some(RUNS), |p| p.number(1..=RUNS_MAX));
    let seed = run.get("seed").map_or(Some(1), |p| p.number(0..=u64::MAX));
    let from = run.get("from").map_or(Some(Span::ZERO), |p| clock(&p));
    let warm_up = run.get("warm_up").map_or(Some(Span::ZERO), |p| p.span(Span::ZERO, SPAN_MAX));
    let (until, time, contacts) = (run.get("until"), run.get("length"), run.get("contacts"));
    run.finish();
    let (runs, seed, from, warm_up) = (runs?, seed?, from?, warm_up?);
    let length = match (until, time, contacts) {
        (Some(place), None, None) => {
            let until = clock(&place)?;
            if until <= from + warm_up {
                place.fault("is no later than from and warm_up together; nobody would be counted".to_owned());
                return None;
            }
            Length::Time(Span(until.0 - from.0))
        }
        (None, Some(place), None) => {
            let length = place.span(SPAN_MIN, SPAN_MAX)?;
            if length <= warm_up {
                place.fault("is no longer than warm_up; nobody would be counted".to_owned());
                return None;
            }
            Length::Time(length)
        }
        (None, None, Some(place)) => Length::Contacts(place.number(1..=CONTACTS_ENDED_MAX as u64)?),
        // A trace ends with its last contact.
        (None, None, None) if last.is_some_and(|last| last >= from + warm_up) => Length::Time(last? + Span(1 - from.0)),
        _ => {
            let fault = "must have exactly one of until = \"20:00\", length = \"12h\" and contacts = 100000";
            root.fault_below(&["run"], fault.to_owned());
            return None;
        }
    };
    Some(Run { runs, seed, from, warm_up, length })
}

/// A time of day.
pub(super) fn clock(place: &Place<'_>) -> Option<Span> {
    let text = place.text()?;
    let time = time_of_day(text);
    if time.is_none() {
        place.fault(format!("is {text:?}; write a time of day as \"09:30\", up to \"167:59\" for later days"));
    }
    time
}

/// A share.
pub(super) fn share(place: &Place<'_>) -> Option<f64> {
    place.millionths(0..=1_000_000).map(|millionths| millionths as f64 / 1e6)
}
