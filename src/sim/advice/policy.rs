//! What may be set for moments of truth, as keys of a routing document: how many empathetic agents are kept free, how
//! long a moment is held for one, how long a routine contact leaves them alone.
//!
//! Invariant: what is tried is what is advised, a text laid over the document and read as every document is. Keys that are
//! not about these stay as they are. Not here: which values (`trial`).

use std::{collections::BTreeMap, fmt::Write as _};

use super::demand::Demand;
use crate::{
    forecast::Group,
    model::{
        document::{
            Document, DocumentError, Empathy, Moment, Protection, Queue, ReserveMode, ReserveRules, written_span,
        },
        ids::{EventName, MomentName, SkillName},
        requirement::Condition,
        time::Span,
    },
    sim::scenario::{Arrivals, Detector, Scenario, Stream},
};

/// One choice of all of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    /// How many are kept free, by the skill for which they are counted; `None` = of those without another skill.
    pub kept: BTreeMap<Group, u32>,
    /// How long a moment of truth is held.
    pub hold: Span,
    /// How long a routine contact leaves them alone.
    pub release: Span,
    /// How many agents are empathetic; `None` = as many as there are.
    pub empathetic: Option<u32>,
}

impl Setting {
    /// Whether anybody is kept free.
    pub fn keeps(&self) -> bool {
        self.kept.values().any(|k| *k > 0)
    }
}

/// A document, and what is to be said besides.
#[derive(Debug)]
pub struct Policy<'s> {
    document: &'s Document,
    empathy: Condition,
    /// Events of the scenario that no moment of the document goes by, each with the moment that is to.
    adds: Vec<(MomentName, EventName)>,
    /// Moments of the document that say themselves how long they are held.
    holds: Vec<MomentName>,
}

impl<'s> Policy<'s> {
    /// Of a scenario's document.
    pub fn of(scenario: &'s Scenario, demand: &Demand<'_>) -> Self {
        let document = &scenario.document;
        let mut adds: Vec<(MomentName, EventName)> = Vec::new();
        for event in scenario.streams.iter().filter(|stream| stream.triggered(document).is_empty()).filter_map(declares)
        {
            if !adds.iter().any(|(_, known)| known == event) {
                adds.push((unused(document, event), event.clone()));
            }
        }
        let goes_by = |moment: &Moment| {
            let moments = scenario.streams.iter().flat_map(|stream| stream.triggered(document));
            moments.into_iter().any(|known| known == moment)
        };
        // A shipped moment is said anew as a whole or not at all.
        let own = document.moments.iter().filter(|(_, moment)| moment.origin.is_none() && moment.hold.is_some());
        let holds = own.filter(|(_, moment)| goes_by(moment)).map(|(name, _)| name.clone()).collect();
        Self { document, empathy: demand.empathy.clone(), adds, holds }
    }

    /// The document with a setting laid over it.
    ///
    /// Fails where the two together are more than a document may hold.
    pub fn document(&self, setting: &Setting) -> Result<Document, DocumentError> {
        self.document.overlaid(&self.text(setting))
    }

    /// A setting with nothing said that means nothing: where nobody is kept free, nothing is held or released.
    pub fn plain(&self, setting: &Setting) -> Setting {
        let by_others = &self.document.reserve.k_by_skill;
        let keeps_others =
            by_others.iter().any(|(skill, k)| *k > 0 && !setting.kept.contains_key(&Some(skill.clone())));
        match setting.keeps() || keeps_others {
            true => setting.clone(),
            false => Setting { hold: Span::ZERO, release: Span::ZERO, ..setting.clone() },
        }
    }

    /// The setting as a part of the document, in TOML.
    pub fn text(&self, setting: &Setting) -> String {
        let mut text = String::new();
        let mut line = |words: String| writeln!(text, "{words}").expect("a text takes all that is written");
        let keeps = self.plain(setting).hold > Span::ZERO || setting.keeps();
        let Condition { skill, level } = &self.empathy;
        line("[empathy]".to_owned());
        if self.document.empathy.is_none() {
            line(format!("skill = {}\nlevel = {level}", quoted(skill.as_str())));
        }
        if keeps {
            line(format!("hold = {}", quoted(&written_span(setting.hold))));
        }
        let usual = self.usual(setting);
        line(format!("\n[reserve]\nmode = \"soft\"\nk = {usual}"));
        let is_other = |(group, k): &(&Group, &u32)| {
            let said = group.as_ref().is_some_and(|skill| self.document.reserve.k_by_skill.contains_key(skill));
            group.is_some() && (said || **k != usual)
        };
        let others = setting.kept.iter().filter(is_other);
        let others: Vec<String> = others
            .filter_map(|(group, k)| group.as_ref().map(|skill| format!("{} = {k}", key(skill.as_str()))))
            .collect();
        if !others.is_empty() {
            line(format!("k_by_skill = {{ {} }}", others.join(", ")));
        }
        if keeps {
            line(format!("release = {}", quoted(&written_span(setting.release))));
        }
        for name in self.holds.iter().filter(|_| keeps) {
            line(format!("\n[moments.{}]\nhold = {}", key(name.as_str()), quoted(&written_span(setting.hold))));
        }
        for (name, event) in &self.adds {
            line(format!("\n[moments.{}]\ntriggers = [{{ event = {} }}]", key(name.as_str()), quoted(event.as_str())));
        }
        if !self.document.skills.contains_key(skill) {
            line(format!("\n[skills]\n{} = \"How well an agent handles emotion\"", key(skill.as_str())));
        }
        text
    }

    /// What counts for every skill of which nothing else is said.
    fn usual(&self, setting: &Setting) -> u32 {
        let of_none = setting.kept.get(&None).copied();
        of_none.or(setting.kept.values().copied().max()).unwrap_or(0)
    }
}

/// The event by which a stream's moments are told of; none where customers' own words tell.
fn declares(stream: &Stream) -> Option<&EventName> {
    let moments = stream.moments.as_ref()?;
    let are_words = match &stream.arrivals {
        Arrivals::Trace(rows) => rows.iter().all(|row| row.message.is_some()),
        Arrivals::Load { .. } | Arrivals::Rates(_) | Arrivals::Recorded(_) => false,
    };
    (!are_words && !matches!(moments.detector, Detector::Words(_))).then_some(&moments.event)
}

fn unused(document: &Document, event: &EventName) -> MomentName {
    let names = (0..).map(|at: u32| if at == 0 { event.to_string() } else { format!("{at}-{event}") });
    let short = names.map(|name| name.chars().take(100).collect::<String>());
    let mut names = short.filter_map(|name| MomentName::new(&name).ok());
    names.find(|name| !document.moments.contains_key(name)).expect("numbers do not run out")
}

/// How long a moment of truth is held by the usual rule, where it is to be answered within this and accepting usually
/// takes so long: ten seconds, but in time for somebody else.
pub fn usual_hold(queue: &Queue, within: Span, accepting: Span) -> Span {
    let skill = SkillName::new("empathy").expect("it obeys the grammar");
    let empathy = Empathy { skill, level: 1, hold: None, protection: Protection::default() };
    whole(empathy.hold_in(&Queue { service_level: within, ..queue.clone() }, accepting))
}

/// How long a routine contact leaves the reserve alone by the usual rule: as long as it is still in time.
pub fn usual_release(document: &Document, queue: &Queue, within: Span, accepting: Span) -> Span {
    let rules = ReserveRules { mode: ReserveMode::Soft, release: None, ..document.reserve.clone() };
    whole(rules.release_in(&Queue { service_level: within, ..queue.clone() }, accepting))
}

/// Whole seconds, as people write them.
fn whole(span: Span) -> Span {
    Span(span.0 / 1_000_000 * 1_000_000)
}

/// A key of TOML.
fn key(name: &str) -> String {
    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A text of TOML; names and times have nothing to escape.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
