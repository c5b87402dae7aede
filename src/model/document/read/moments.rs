//! Reading what a document says of evidence: which kinds count, what they are worth, and the catalogue of moments.
//!
//! Invariant: as everywhere, each key is asked for and each fault told. Weights and levels are written in hundredths,
//! as proficiencies are. Not here: what the seconds mean (`scoring`).

use std::collections::BTreeMap;

use super::{
    place::{Object, Place},
    span::{SPAN_MAX, SPAN_MIN},
};
use crate::model::{
    document::{Catalogue, Handling, HeadStart, Moment, SignalRules, Trigger, Worth},
    ids::{EventName, MomentName, NAME_BYTES_MAX, SkillName},
    limits::{
        ATTRIBUTES_MAX, BUDGET_WITHIN_SECS, DYNAMIC_HEAD_START_SECS_MAX, MOMENT_SKILLS_MAX, MOMENT_TRIGGERS_MAX,
        MOMENTS_MAX, REPEATS_MAX,
    },
    requirement::Level,
    signal::{Source, Thousandths},
    time::Span,
};

/// The most head start that evidence may ever give.
pub(super) const HEAD_START_MAX: Span = Span::from_secs(DYNAMIC_HEAD_START_SECS_MAX);
/// The most that a customer's contacts may ever get of it within a day.
pub(super) const BUDGET_MAX: Span = Span::from_secs(BUDGET_WITHIN_SECS);
/// Half of it is over after this, if nothing else is said.
pub(super) const HALF_LIFE: Span = Span::from_secs(1_800);
/// What an entry of the catalogue counts, in hundredths: alone, it makes a moment of truth.
pub(super) const WEIGHT: u8 = 80;
/// What an entry gives in the line, if nothing else is said.
pub(super) const HEAD_START: Span = Span::from_secs(90);

pub(super) const HANDLING: &[(&str, Handling)] = &[("timed", Handling::Timed), ("untimed", Handling::Untimed)];

pub(super) const FROM: &[(&str, Source)] = &[("fact", Source::Fact), ("text", Source::Text), ("voice", Source::Voice)];

/// Reads `[signals]`.
pub(super) fn read_signals(mut object: Object<'_>) -> SignalRules {
    let mut flag = |key| object.get(key).and_then(|p| p.flag()).unwrap_or(true);
    let rules = SignalRules { facts: flag("facts"), text: flag("text"), voice: flag("voice") };
    object.finish();
    rules
}

/// Reads `[head_start]`.
pub(super) fn read_head_start(mut object: Object<'_>) -> HeadStart {
    let default = HeadStart::default();
    let max = span(&mut object, "max", HEAD_START_MAX).unwrap_or(default.max);
    let half = Span(max.0 / 2_000_000 * 1_000_000);
    let text_max = span(&mut object, "text_max", max).unwrap_or(half);
    let budget = span(&mut object, "budget", BUDGET_MAX).unwrap_or(default.budget);
    let mut worth = |key, default: Worth| read_worth(object.section(key), default, max);
    let head_start = HeadStart {
        max,
        text_max,
        budget,
        emotion: worth("emotion", default.emotion),
        urgency: worth("urgency", default.urgency),
        repeats: worth("repeats", default.repeats),
        reach: worth("reach", default.reach),
        value: worth("value", default.value),
        effort: worth("effort", default.effort),
    };
    object.finish();
    head_start
}

fn read_worth(mut object: Object<'_>, default: Worth, most: Span) -> Worth {
    let max = span(&mut object, "max", most).unwrap_or(default.max.min(most));
    let weight = weight(&mut object, "weight").unwrap_or(default.weight);
    object.finish();
    Worth { max, weight }
}

/// The words for catalogues that a document may name.
pub(super) fn catalogue_words() -> [(&'static str, Catalogue); Catalogue::ALL.len()] {
    Catalogue::ALL.map(|catalogue| (catalogue.name(), catalogue))
}

/// Reads `catalogues`.
pub(super) fn read_catalogues(place: &Place<'_>) -> Vec<Catalogue> {
    let mut named = Vec::new();
    for catalogue in place.items().unwrap_or_default().iter().filter_map(|p| p.choice(&catalogue_words())) {
        if !named.contains(&catalogue) {
            named.push(catalogue);
        }
    }
    named
}

/// Reads `[moments]` on top of those of shipped catalogues: an entry stands instead of the shipped one of its name.
pub(super) fn read_moments(place: &Place<'_>, shipped: BTreeMap<MomentName, Moment>) -> BTreeMap<MomentName, Moment> {
    let mut moments = shipped;
    let Some(object) = place.object() else { return moments };
    object.at_most(MOMENTS_MAX, "moments");
    for (name, place) in object.named(MomentName::new) {
        let mut entry = place.object_or_empty();
        let is_off = entry.get("off").and_then(|p| p.flag()).unwrap_or(false);
        match name {
            Some(name) if is_off => leave_out(&place, &entry, &name, &mut moments),
            Some(name) => _ = moments.insert(name, read_moment(entry, None)),
            None => _ = read_moment(entry, None),
        }
    }
    moments
}

/// Reads the text of a shipped catalogue.
pub(super) fn read_shipped(place: &Place<'_>, catalogue: Catalogue) -> BTreeMap<MomentName, Moment> {
    let Some(mut top) = place.object() else { return BTreeMap::new() };
    let moments = top.get("moments").and_then(|p| p.object());
    top.finish();
    let entry = |(name, place): (Option<MomentName>, Place<'_>)| {
        Some((name?, read_moment(place.object_or_empty(), Some(catalogue))))
    };
    moments.iter().flat_map(|moments| moments.named(MomentName::new)).filter_map(entry).collect()
}

/// Leaves a shipped moment out, which must be there and of which nothing else may be said.
fn leave_out(place: &Place<'_>, entry: &Object<'_>, name: &MomentName, moments: &mut BTreeMap<MomentName, Moment>) {
    if entry.entries().count() > 1 {
        place.fault("is off, so that nothing else can be said of it; write off = true alone".to_owned());
    }
    if moments.remove(name).is_none() {
        let shipped = moments.iter().filter(|(_, moment)| moment.origin.is_some());
        place.unknown_name(name.as_str(), "catalogues", shipped.map(|(name, _)| name.as_str()));
    }
}

fn read_moment(mut object: Object<'_>, origin: Option<Catalogue>) -> Moment {
    let description = object.get("description").and_then(|p| p.text()).unwrap_or_default().to_owned();
    let triggers = object.need("triggers", "say what makes a contact this moment").map(|p| read_triggers(&p));
    let moment = Moment {
        origin,
        description,
        triggers: triggers.unwrap_or_default(),
        weight: weight(&mut object, "weight").unwrap_or(Thousandths::from(WEIGHT) * 10),
        half_life: object.get("half_life").and_then(|p| p.span(SPAN_MIN, SPAN_MAX)).unwrap_or(HALF_LIFE),
        head_start: span(&mut object, "head_start", HEAD_START_MAX).unwrap_or(HEAD_START),
        empathy: object.get("empathy").and_then(|p| p.number(1..=100)).unwrap_or(0),
        hold: object.get("hold").and_then(|p| p.span(Span::ZERO, SPAN_MAX)),
        skills: object.get("skills").map(|p| read_skills(&p)).unwrap_or_default(),
        offer_time: object.get("offer_time").and_then(|p| p.span(SPAN_MIN, SPAN_MAX)),
        handling: object.get("handling").and_then(|p| p.choice(HANDLING)).unwrap_or_default(),
    };
    object.finish();
    moment
}

/// Skills with the level that is asked of each; whether they exist is looked at in `check`.
fn read_skills(place: &Place<'_>) -> BTreeMap<SkillName, Level> {
    let Some(object) = place.object() else { return BTreeMap::new() };
    object.at_most(MOMENT_SKILLS_MAX, "skills");
    let entry = |(name, place): (Option<SkillName>, Place<'_>)| Some((name?, place.number(1..=100)?));
    object.named(SkillName::new).filter_map(entry).collect()
}

fn read_triggers(place: &Place<'_>) -> Vec<Trigger> {
    let items = place.items_at_most(MOMENT_TRIGGERS_MAX, "triggers").unwrap_or_default();
    if items.is_empty() {
        place.fault("is empty; give at least one, such as { event = \"card_lost\" }".to_owned());
    }
    items.iter().filter_map(read_trigger).collect()
}

fn read_trigger(place: &Place<'_>) -> Option<Trigger> {
    let mut object = place.object()?;
    let (event, distress, repeats) = (object.get("event"), object.get("distress"), object.get("repeats"));
    let given = [&event, &distress, &repeats].into_iter().flatten().count();
    if given != 1 {
        place.fault("must have exactly one of event, distress and repeats".to_owned());
    }
    let (attributes, from) = (object.get("attributes"), object.get("from"));
    if event.is_none() {
        let of_events = [&attributes, &from].into_iter().flatten();
        of_events.for_each(|given| given.fault("is given, but only an event has it; leave it out".to_owned()));
    }
    object.finish();
    let trigger = match (event, distress, repeats) {
        (Some(event), ..) => Trigger::Event {
            event: event.name(EventName::new)?,
            attributes: attributes.map(|p| read_attributes(&p)).unwrap_or_default(),
            from: from.map(|p| read_from(&p)).unwrap_or_default(),
        },
        (_, Some(distress), _) => Trigger::Distress(read_distress(&distress)?),
        (.., Some(repeats)) => Trigger::Repeats(repeats.number(2..=REPEATS_MAX)?),
        _ => return None,
    };
    (given == 1).then_some(trigger)
}

fn read_distress(place: &Place<'_>) -> Option<Thousandths> {
    let level = place.number(10..=100u8)?;
    if level % 10 != 0 {
        place.fault(format!("is {level}; must be one of 10, 20, 30 … 100"));
        return None;
    }
    Some(Thousandths::from(level) * 10)
}

fn read_attributes(place: &Place<'_>) -> BTreeMap<String, String> {
    let Some(object) = place.object() else { return BTreeMap::new() };
    object.at_most(ATTRIBUTES_MAX, "attributes");
    let entry = |(key, place): (String, Place<'_>)| {
        if key.is_empty() || key.len() > NAME_BYTES_MAX {
            place.fault(format!("has a key of {} bytes; 1 to {NAME_BYTES_MAX} are allowed", key.len()));
        }
        Some((key, place.text()?.to_owned()))
    };
    object.entries().filter_map(entry).collect()
}

fn read_from(place: &Place<'_>) -> Vec<Source> {
    let mut from: Vec<Source> = place.items().unwrap_or_default().iter().filter_map(|p| p.choice(FROM)).collect();
    from.sort_unstable();
    from.dedup();
    from
}

/// A head start in whole seconds.
fn span(object: &mut Object<'_>, key: &'static str, most: Span) -> Option<Span> {
    let place = object.get(key)?;
    let span = place.span(Span::ZERO, most)?;
    if span.0 % 1_000_000 != 0 {
        place.fault("must be whole seconds".to_owned());
        return None;
    }
    Some(span)
}

fn weight(object: &mut Object<'_>, key: &'static str) -> Option<Thousandths> {
    object.get(key).and_then(|p| p.number(0..=100u8)).map(|hundredths| Thousandths::from(hundredths) * 10)
}
