//! Reading a routing document: from text to a valid [`Document`], or to everything that is wrong with it.
//!
//! Invariant: one reading names every violation, each with its path, so that nobody repairs a document fault by fault;
//! a key that is not known is refused, because a misspelt rule would otherwise silently be no rule. TOML, JSON and YAML
//! of the same content give equal documents. Not here: comparing a document with the one before it, or with agents.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AssistRules, Catalogue, Channel, DEFAULT_TOML, Document, HeadStart, Learning, LongestIdle, Moment, OnAgentLost,
    RefusalPause, ReserveRules, SignalRules, Source,
};
use crate::model::{
    ids::{ChannelName, MomentName, SkillName},
    limits::{CAPACITY_MAX, CHANNELS_MAX, DOCUMENT_BYTES_MAX, QUEUES_MAX, SKILLS_MAX},
    time::Span,
};

mod assist;
mod check;
mod empathy;
pub(super) mod faults;
mod moments;
mod overlay;
mod place;
mod queue;
mod rule;
mod schema;
mod span;
pub(super) mod written;

#[cfg(test)]
mod tests;

use faults::Faults;
pub(crate) use place::{Object, Place};
pub use span::written_span;
pub(crate) use span::{SPAN_MAX, SPAN_MIN};
use written::Written;

/// The notation of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people.
    Toml,
    /// For programs.
    Json,
    /// For people whose other configuration is YAML.
    Yaml,
}

impl Format {
    /// The notation that a file's extension stands for: `toml`, `json`, `yaml` or `yml`.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Toml => "TOML",
            Self::Json => "JSON",
            Self::Yaml => "YAML",
        })
    }
}

/// A place in a document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in bytes (TOML, JSON) or characters (YAML).
    pub column: usize,
}

impl Position {
    /// The beginning of every text.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the text: the key at fault, or the table that lacks one.
    pub at: Position,
    /// Which value, such as `queues.claims.steps[1].require.all[0]`; empty for the document as a whole.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

/// Why a text is no routing document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The text is longer than any document may be; it was not read.
    #[error("the document has {bytes} bytes; at most {DOCUMENT_BYTES_MAX} are allowed")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The text does not follow the notation.
    #[error("{at}: not valid {format}: {message}")]
    Syntax {
        /// The notation it was read as.
        format: Format,
        /// Where.
        at: Position,
        /// What the parser expected.
        message: String,
    },
    /// The text follows the notation but not the rules of a document; never empty.
    #[error("{}", on_lines(.0))]
    Violations(Vec<Violation>),
}

impl DocumentError {
    /// Everything that is wrong, in one shape; a syntax error is one violation of the document as a whole.
    pub fn violations(&self) -> Vec<Violation> {
        let whole = |at, message| vec![Violation { at, path: String::new(), message }];
        match self {
            Self::TooLarge { .. } => whole(Position::START, self.to_string()),
            Self::Syntax { format, at, message } => whole(*at, format!("not valid {format}: {message}")),
            Self::Violations(list) => list.clone(),
        }
    }

    /// Everything that is wrong, a line each, in the form in which compilers and editors name places in a file.
    pub fn in_file(&self, file: &str) -> String {
        let line = |violation: &Violation| {
            let Position { line, column } = violation.at;
            format!("{file}:{line}:{column}: {violation}")
        };
        self.violations().iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn on_lines(violations: &[Violation]) -> String {
    violations.iter().map(Violation::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads a text of another kind than a document by the same rules: every violation at once, none without its place.
pub(crate) fn read_by<T>(
    text: &str,
    format: Format,
    read: impl FnOnce(&Place<'_>) -> Option<T>,
) -> Result<T, DocumentError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(DocumentError::TooLarge { bytes: text.len() });
    }
    let written = Written::parse(text, format)?;
    let faults = Faults::default();
    let value = read(&Place::root(&written, &faults));
    let found = faults.into_violations();
    match value {
        Some(value) if found.is_empty() => Ok(value),
        _ => Err(DocumentError::Violations(found)),
    }
}

impl Document {
    /// Reads a document.
    ///
    /// Fails with every violation at once, or with the first place where the text does not follow its notation.
    pub fn parse(text: &str, format: Format) -> Result<Self, DocumentError> {
        read_by(text, format, |root| read_document(root, text, format))
    }

    /// What `look` has to say of it, at paths of keys, each with its place in the text.
    pub fn remarks(&self, look: impl FnOnce(&mut dyn FnMut(&[&str], String))) -> Vec<Violation> {
        let read = Written::parse(&self.source.text, self.source.format);
        let written = read.expect("a document's text follows its notation: it was read before");
        let faults = Faults::default();
        let root = Place::root(&written, &faults);
        look(&mut |keys, remark| root.fault_below(keys, remark));
        faults.into_violations()
    }

    /// No queues, no channels, no skills: what is in force before the first document.
    pub fn empty() -> Self {
        Self {
            source: Source::new("", Format::Toml),
            longest_idle: LongestIdle::default(),
            session_grace: Span::ZERO,
            day_begins: Span::ZERO,
            refusal_pause: RefusalPause::default(),
            empathy: None,
            reserve: ReserveRules::default(),
            learning: Learning::default(),
            signals: SignalRules::default(),
            assist: AssistRules::default(),
            head_start: HeadStart::default(),
            catalogues: Vec::new(),
            moments: BTreeMap::new(),
            skills: BTreeMap::new(),
            channels: BTreeMap::new(),
            queues: BTreeMap::new(),
        }
    }

    /// The document a daemon runs with when it is given none.
    pub fn embedded_default() -> Self {
        Self::parse(DEFAULT_TOML, Format::Toml).expect("the embedded document is valid: a test reads it")
    }
}

/// Reads a shipped catalogue.
pub(super) fn read_catalogue(catalogue: Catalogue) -> BTreeMap<MomentName, Moment> {
    let written =
        Written::parse(catalogue.toml(), Format::Toml).expect("shipped catalogues are valid: a test reads them");
    let faults = Faults::default();
    let moments = moments::read_shipped(&Place::root(&written, &faults), catalogue);
    let found = faults.into_violations();
    assert!(found.is_empty(), "the catalogue {} is at fault:\n{}", catalogue.name(), on_lines(&found));
    moments
}

/// What a document defines, for checking what its rules refer to.
struct Defined {
    skills: BTreeSet<SkillName>,
    channels: BTreeSet<ChannelName>,
}

fn read_document(root: &Place<'_>, text: &str, format: Format) -> Option<Document> {
    let mut top = root.object()?;
    let longest_idle = top.get("longest_idle").and_then(|p| p.choice(LONGEST_IDLE)).unwrap_or_default();
    let session_grace = top.get("session_grace").and_then(|p| p.span(Span::ZERO, SPAN_MAX));
    let day_begins = top.get("day_begins").and_then(|p| p.span(Span::ZERO, DAY_BEGINS_MAX));
    let refusal_pause = read_refusal_pause(top.section("refusal_pause"));
    let empathy = top.get("empathy").and_then(|p| empathy::read_empathy(&p));
    let reserve = top.get("reserve").and_then(|p| empathy::read_reserve(&p));
    let learning = empathy::read_learning(top.section("learning"));
    let signals = moments::read_signals(top.section("signals"));
    let assist = assist::read_assist(top.section("assist"));
    let head_start = moments::read_head_start(top.section("head_start"));
    let catalogues = top.get("catalogues").map(|p| moments::read_catalogues(&p)).unwrap_or_default();
    let shipped = Catalogue::together(&catalogues);
    let moments = match top.get("moments") {
        Some(own) => moments::read_moments(&own, shipped),
        None => shipped,
    };
    let skills = top.get("skills").map(|p| read_skills(&p)).unwrap_or_default();
    let channels = top.need("channels", "define at least one channel").map(|p| read_channels(&p)).unwrap_or_default();
    let defined = Defined { skills: skills.keys().cloned().collect(), channels: channels.keys().cloned().collect() };
    let queues = top.need("queues", "define at least one queue").and_then(|p| {
        let object = non_empty(&p, QUEUES_MAX, "queues")?;
        Some(queue::read_queues(&object, &defined))
    });
    top.finish();
    let document = Document {
        source: Source::new(text, format),
        longest_idle,
        session_grace: session_grace.unwrap_or(Span::from_secs(60)),
        day_begins: day_begins.unwrap_or(Span::ZERO),
        refusal_pause,
        empathy,
        reserve: reserve.unwrap_or_default(),
        learning,
        signals,
        assist,
        head_start,
        catalogues,
        moments,
        skills,
        channels,
        queues: queues.unwrap_or_default(),
    };
    check::check_document(&document, root);
    Some(document)
}

fn read_refusal_pause(mut object: Object<'_>) -> RefusalPause {
    let default = RefusalPause::default();
    let first = object.get("first").and_then(|p| p.span(Span::ZERO, SPAN_MAX)).unwrap_or(default.first);
    let longest = object.get("longest").and_then(|p| p.span(first, SPAN_MAX)).unwrap_or(default.longest.max(first));
    object.finish();
    RefusalPause { first, longest }
}

/// A day later they would begin as early as by no shift at all.
const DAY_BEGINS_MAX: Span = Span::from_secs(86_400);

const LONGEST_IDLE: &[(&str, LongestIdle)] = &[
    ("since_last_contact", LongestIdle::SinceLastContact),
    ("since_available", LongestIdle::SinceAvailable),
    ("lowest_load", LongestIdle::LowestLoad),
];

fn read_skills(place: &Place<'_>) -> BTreeMap<SkillName, String> {
    let Some(object) = place.object() else { return BTreeMap::new() };
    object.at_most(SKILLS_MAX, "skills");
    let entry = |(name, place): (Option<SkillName>, Place<'_>)| {
        let description = place.text().unwrap_or_default().to_owned();
        Some((name?, description))
    };
    object.named(SkillName::new).filter_map(entry).collect()
}

fn read_channels(place: &Place<'_>) -> BTreeMap<ChannelName, Channel> {
    let Some(object) = non_empty(place, CHANNELS_MAX, "channels") else { return BTreeMap::new() };
    let entry = |(name, place): (Option<ChannelName>, Place<'_>)| {
        // A channel whose rules are unreadable is defined all the same: queues that take it are not at fault.
        let channel = read_channel(place.object_or_empty());
        Some((name?, channel))
    };
    object.named(ChannelName::new).filter_map(entry).collect()
}

/// From this cost on a contact fills an agent of the usual capacity, as a call does.
const WHOLE_AGENT_COST: u32 = 100;

const ON_AGENT_LOST: &[(&str, OnAgentLost)] = &[("keep", OnAgentLost::Keep), ("requeue", OnAgentLost::Requeue)];

fn read_channel(mut object: Object<'_>) -> Channel {
    let cost = object.get("cost").and_then(|p| p.number(1..=CAPACITY_MAX)).unwrap_or(WHOLE_AGENT_COST);
    // Side by side with others, one miss is easily an accident; and without the desktop a chat is gone, a call is not.
    let (misses_max, on_agent_lost) =
        if cost < WHOLE_AGENT_COST { (2, OnAgentLost::Requeue) } else { (1, OnAgentLost::Keep) };
    let channel = Channel {
        cost,
        interruptible: object.get("interruptible").and_then(|p| p.flag()).unwrap_or(false),
        misses_max: object.get("misses_max").and_then(|p| p.number(1..=u8::MAX)).unwrap_or(misses_max),
        on_agent_lost: object.get("on_agent_lost").and_then(|p| p.choice(ON_AGENT_LOST)).unwrap_or(on_agent_lost),
    };
    object.finish();
    channel
}

/// An object with one entry at least and `most` at most.
fn non_empty<'a>(place: &Place<'a>, most: usize, what: &str) -> Option<Object<'a>> {
    let object = place.object()?;
    if object.is_empty() {
        place.fault(format!("is empty; define at least one of the {what}"));
    }
    object.at_most(most, what);
    Some(object)
}
