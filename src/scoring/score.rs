//! All evidence together: whether a contact is a moment of truth, and its seconds in the line, each with its reason.
//!
//! Invariant: the contributions add up to the head start, which never passes the document's cap; words alone never pass
//! theirs, and what is inferred never the customer's budget, unless a danger is named. A moment of truth begins at [`ENTER`] and ends below [`LEAVE`], and one unsure signal does not make one. Not
//! here: which place follows (`engine`).

#![deny(clippy::float_arithmetic)]

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{
    care::Grade,
    document::{Document, Handling, Worth},
    ids::{MomentName, SkillName},
    limits::MOMENTS_COUNTED_MAX,
    requirement::{Condition, Level},
    signal::{Happened, Source, Thousandths, WHOLE},
    time::{Span, Timestamp},
};

use super::{
    decay::Left,
    evidence::{Evidence, add},
    moment::{self, Match},
    mood::Mood,
};

/// From this score on a contact is a moment of truth …
pub const ENTER: Thousandths = 700;
/// … until it falls below this one.
pub const LEAVE: Thousandths = 500;
/// A signal as sure as this may make one alone.
const SURE: Thousandths = 600;
/// The customer's contact in two days that counts whole.
const THIRD: u8 = 3;
/// Attempts in self-service that count whole.
const ATTEMPTS: u8 = 3;
/// What nobody has to prove a second time: words alone may give all that evidence can give.
pub const SAFETY: [&str; 7] = [
    "safety_threat",
    "self_harm",
    "medical_emergency",
    "gas_leak",
    "electrical_hazard",
    "dangerous_product",
    "severe_symptoms",
];

/// What is known beside the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Contacts of the customer within two days, this one included.
    pub contacts: u8,
    /// The most that words and voice may give because of what the customer's other contacts got.
    pub budget: Span,
    /// Whether it was a moment of truth before; counts only where signals are remembered in sum.
    pub was_moment: bool,
}

impl Default for Known {
    fn default() -> Self {
        Self { contacts: 1, budget: Span(i64::MAX), was_moment: false }
    }
}

/// What evidence comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scored {
    /// The score, in thousandths.
    pub score: Thousandths,
    /// Whether it is a moment of truth.
    pub is_moment: bool,
    /// The least empathy that its moments ask.
    pub empathy: Level,
    /// The longest wait for an empathetic agent that its moments ask; `None` = what is usual.
    pub hold: Option<Span>,
    /// What its moments ask of that agent's skills; `None` = nothing.
    pub skills: Option<Arc<[Condition]>>,
    /// The least time to answer its offer that its moments ask; `None` = what is usual.
    pub offer_time: Option<Span>,
    /// The moments of the catalogue that it is, the one that is worth most first.
    pub moments: Vec<Met>,
    /// Where the head start comes from; strongest first within a source.
    pub contributions: Vec<Contribution>,
    /// Of them, so many seconds count towards the customer's budget.
    pub budgeted: u32,
    /// So many more there would be, were it not for that budget.
    pub withheld: u32,
    /// When it will be another by time alone.
    pub next_at: Option<Timestamp>,
}

/// A moment that a contact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// Its name.
    pub name: MomentName,
    /// Since when, by the first of its triggers; `None` = since the contact came.
    pub since: Option<Timestamp>,
    /// How its handling is measured.
    pub handling: Handling,
}

/// A part of the head start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// What for.
    pub cause: Cause,
    /// By which evidence.
    pub source: Source,
    /// How strong it is now.
    pub strength: Thousandths,
    /// So many seconds, the caps considered.
    pub seconds: u32,
    /// Until then, when it becomes less; `None` = as long as the evidence stands.
    pub until: Option<Timestamp>,
}

/// What a part of the head start is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A moment of the catalogue.
    Moment(MomentName),
    /// How the customer feels.
    Emotion,
    /// How urgent it is.
    Urgency,
    /// The customer came before.
    Repeats,
    /// Others hear of it.
    Reach,
    /// What the customer is worth to the business.
    Value,
    /// What the customer tried in self-service.
    Effort,
}

impl Cause {
    /// Its name, for people and metrics; a moment's own beside it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Moment(_) => "moment",
            Self::Emotion => "emotion",
            Self::Urgency => "urgency",
            Self::Repeats => "repeats",
            Self::Reach => "reach",
            Self::Value => "value",
            Self::Effort => "effort",
        }
    }
}

impl Scored {
    /// The whole head start.
    pub fn head_start(&self) -> Span {
        Span::from_secs(self.contributions.iter().map(|part| i64::from(part.seconds)).sum())
    }

    /// How probable it is that it is a moment of truth, as far as is known before outcomes teach it better: the square
    /// of the score, so that weak evidence claims little.
    pub fn grade(&self) -> Grade {
        let score = u32::from(self.score);
        let squared = Thousandths::try_from(score * score / u32::from(WHOLE)).unwrap_or(WHOLE);
        if self.is_moment { Grade::MAX } else { Grade::of_thousandths(squared) }
    }
}

/// What evidence comes to at a time.
///
/// The parts fade each in its own steps. A step of the whole is put off until waiting has made up for it since the step
/// before, counted from the last signal; what is in force is what was so at an earlier time.
pub fn assess(document: &Document, evidence: &Evidence, known: Known, now: Timestamp) -> Scored {
    if evidence.is_empty() && known.contacts <= 1 {
        return Scored::default();
    }
    let mood = evidence.mood(now);
    let fixed = moment::matches(document, evidence, &mood, known.contacts);
    let case = Case { document, evidence, mood: &mood, fixed: &fixed, known };
    let began = evidence.latest(now).unwrap_or(now);
    let (mut stepped_at, mut in_force) = (began, case.at(began, None));
    while let Some(next_at) = in_force.next_at {
        let next = case.at(next_at, Some(in_force.is_moment));
        let lost = in_force.head_start() + Span(-next.head_start().0);
        let steps_at = next_at.max(stepped_at + lost);
        if steps_at > now {
            in_force.next_at = Some(steps_at);
            break;
        }
        (stepped_at, in_force) = (steps_at, next);
    }
    in_force
}

/// A contact's evidence, and all that its score goes by beside the time.
struct Case<'a> {
    document: &'a Document,
    evidence: &'a Evidence,
    mood: &'a Mood,
    fixed: &'a [Match<'a>],
    known: Known,
}

impl Case<'_> {
    /// What it comes to at a time; `was` says what it was at an earlier one, if no signal came since.
    fn at(&self, now: Timestamp, was: Option<bool>) -> Scored {
        let Self { document, evidence, mood, fixed, known } = *self;
        let mut parts = parts(document, evidence, mood, fixed, known, now);
        let score = score(&parts);
        let is_moment = match (score, was) {
            (..LEAVE, _) => false,
            (_, Some(was)) => was,
            (ENTER.., None) => is_sure(evidence, mood, known, now),
            (LEAVE..ENTER, None) => was_moment(document, evidence, fixed, known, now),
        };
        let moments = || parts.iter().filter_map(|part| part.matched);
        let next_at = parts.iter().filter_map(|part| part.left.until).min();
        let empathy = moments().map(|m| m.moment.empathy).max().unwrap_or(0);
        let hold = moments().filter_map(|m| m.moment.hold).max();
        let offer_time = moments().filter_map(|m| m.moment.offer_time).max();
        let skills = skills(moments());
        let moments = moments().map(|found| self.met(found)).collect();
        let is_endangered = is_endangered(evidence, mood);
        let is_corroborated = is_endangered || is_corroborated(mood, fixed, known);
        let budget = if is_endangered { Span(i64::MAX) } else { known.budget };
        parts.sort_by_key(|part| part.source == Source::Text);
        let seconds = capped(document, &parts, is_corroborated, budget);
        let unbudgeted = capped(document, &parts, is_corroborated, Span(i64::MAX));
        let withheld = unbudgeted.iter().sum::<u32>().saturating_sub(seconds.iter().sum());
        let contribution = |(part, seconds): (Part<'_>, u32)| {
            let Part { cause, source, left, .. } = part;
            Contribution { cause, source, strength: left.strength, seconds, until: left.until }
        };
        let contributions: Vec<Contribution> = parts.into_iter().zip(seconds).map(contribution).collect();
        let inferred = contributions.iter().filter(|part| part.source != Source::Fact && !is_endangered);
        let budgeted = inferred.map(|part| part.seconds).sum();
        Scored {
            score,
            is_moment,
            empathy,
            hold,
            skills,
            offer_time,
            moments,
            contributions,
            budgeted,
            withheld,
            next_at,
        }
    }

    fn met(&self, found: Match<'_>) -> Met {
        let all = self.fixed.iter().copied().chain(moment::by_feeling(self.document, self.mood));
        let since = all.filter(|other| other.name == found.name).map(|other| other.since()).min();
        Met { name: found.name.clone(), since: since.flatten(), handling: found.moment.handling }
    }
}

/// What moments ask of skills together: of each skill the highest level.
fn skills<'a>(moments: impl Iterator<Item = Match<'a>>) -> Option<Arc<[Condition]>> {
    let mut asked = BTreeMap::new();
    for (skill, level) in moments.flat_map(|found| &found.moment.skills) {
        let most: &mut Level = asked.entry(skill).or_default();
        *most = (*most).max(*level);
    }
    let condition = |(skill, level): (&SkillName, Level)| Condition { skill: skill.clone(), level };
    (!asked.is_empty()).then(|| asked.into_iter().map(condition).collect())
}

/// A kind of evidence at a time.
struct Part<'a> {
    cause: Cause,
    source: Source,
    weight: Thousandths,
    left: Left,
    matched: Option<Match<'a>>,
}

fn parts<'a>(
    document: &'a Document,
    evidence: &Evidence,
    mood: &Mood,
    fixed: &[Match<'a>],
    known: Known,
    now: Timestamp,
) -> Vec<Part<'a>> {
    let worth = &document.head_start;
    let mut parts = moments(document, mood, fixed, now);
    let emotion = mood.emotion(seconds_of(worth.emotion.max)).map(|(decay, source)| (decay.left(now), source));
    let emotion = emotion.max_by_key(|(left, source)| (left.strength, left.seconds, *source));
    let urgency = mood.urgency(seconds_of(worth.urgency.max)).map(|(decay, source)| (decay.left(now), source));
    let fading = [(Cause::Emotion, worth.emotion, emotion), (Cause::Urgency, worth.urgency, urgency)];
    for (cause, worth, found) in fading {
        if let Some((left, source)) = found {
            parts.push(Part { cause, source, weight: worth.weight, left, matched: None });
        }
    }
    let customer = evidence.customer();
    let of = |count: u8, whole: u8| u16::from(count.min(whole)) * WHOLE / u16::from(whole);
    let repeats = of(known.contacts.saturating_sub(1), THIRD - 1);
    let standing = [
        (Cause::Repeats, worth.repeats, repeats),
        (Cause::Reach, worth.reach, customer.reach.unwrap_or(0)),
        (Cause::Value, worth.value, customer.value.unwrap_or(0)),
        (Cause::Effort, worth.effort, of(customer.attempts.unwrap_or(0), ATTEMPTS)),
    ];
    for (cause, Worth { max, weight }, strength) in standing {
        let seconds = seconds_of(max) * u32::from(strength) / u32::from(WHOLE);
        let left = Left { strength, seconds, until: None };
        parts.push(Part { cause, source: Source::Fact, weight, left, matched: None });
    }
    parts.retain(|part| part.left.strength > 0);
    parts
}

/// The moments that count: of each its strongest trigger, of all the few that are worth most.
fn moments<'a>(document: &'a Document, mood: &Mood, fixed: &[Match<'a>], now: Timestamp) -> Vec<Part<'a>> {
    let mut best: Vec<(Match<'a>, Left)> = Vec::new();
    for found in fixed.iter().copied().chain(moment::by_feeling(document, mood)) {
        let left = found.left(now);
        let rank = |found: &Match<'_>, left: &Left| (left.seconds, left.strength, left.until, found.source);
        match best.iter_mut().find(|(other, _)| other.name == found.name) {
            Some(other) if rank(&found, &left) > rank(&other.0, &other.1) => *other = (found, left),
            Some(_) => {}
            None => best.push((found, left)),
        }
    }
    best.sort_by(|(a, x), (b, y)| (y.seconds, y.strength, a.name).cmp(&(x.seconds, x.strength, b.name)));
    best.truncate(MOMENTS_COUNTED_MAX);
    let part = |(found, left): (Match<'a>, Left)| Part {
        cause: Cause::Moment(found.name.clone()),
        source: found.source,
        weight: found.moment.weight,
        left,
        matched: Some(found),
    };
    best.into_iter().map(part).collect()
}

/// 1 − ∏ (1 − weight · strength).
fn score(parts: &[Part<'_>]) -> Thousandths {
    against(parts.iter().map(|part| u64::from(part.weight) * u64::from(part.left.strength)))
}

/// What these weights come to together, each at its strongest.
pub fn joined(weights: impl Iterator<Item = Thousandths>) -> Thousandths {
    against(weights.map(|weight| u64::from(weight) * u64::from(WHOLE)))
}

/// 1 − ∏ (1 − each), of millionths.
fn against(millionths: impl Iterator<Item = u64>) -> Thousandths {
    const MILLION: u64 = 1_000_000;
    let left = millionths.fold(MILLION, |left, each| left * (MILLION - each.min(MILLION)) / MILLION);
    Thousandths::try_from((MILLION - left) / 1_000).unwrap_or(WHOLE)
}

/// More than one signal speaks for it, or one that is sure, or something that is certain.
fn is_sure(evidence: &Evidence, mood: &Mood, known: Known, now: Timestamp) -> bool {
    let declared = evidence.facts().iter().any(|kept| kept.at <= now && kept.signal.content.is_some());
    declared || known.contacts > 1 || mood.count >= 2 || mood.surest >= SURE
}

/// Between the two bounds it is what it was: seen from signal to signal, between which the score only falls.
fn was_moment(document: &Document, evidence: &Evidence, fixed: &[Match<'_>], known: Known, now: Timestamp) -> bool {
    let mut mood = evidence.folded().cloned().unwrap_or_default();
    let mut is_moment = evidence.folded().is_some() && known.was_moment;
    let mut times: Vec<Timestamp> = evidence.window().iter().chain(evidence.facts()).map(|kept| kept.at).collect();
    times.sort_unstable();
    times.dedup();
    let mut next = evidence.window().iter().peekable();
    for at in times.into_iter().filter(|at| *at <= now) {
        let before = score(&parts(document, evidence, &mood, fixed, known, at - Span(1)));
        is_moment &= before >= LEAVE;
        while let Some(kept) = next.next_if(|kept| kept.at <= at) {
            add(&mut mood, kept);
        }
        let after = score(&parts(document, evidence, &mood, fixed, known, at));
        is_moment |= after >= ENTER && is_sure(evidence, &mood, known, at);
    }
    is_moment
}

/// Whether something beside the customer's words speaks for them. Once it does it goes on doing so: otherwise its own
/// fading would take seconds from the words at one blow.
fn is_corroborated(mood: &Mood, fixed: &[Match<'_>], known: Known) -> bool {
    mood.voice_agrees || known.contacts >= THIRD || fixed.iter().any(|found| found.source == Source::Fact)
}

/// Whether a danger was named or declared; that goes on as well.
fn is_endangered(evidence: &Evidence, mood: &Mood) -> bool {
    let is_safety = |happened: &Happened| SAFETY.contains(&happened.event.as_str());
    let declared = evidence.facts().iter().filter_map(|kept| kept.signal.content.as_ref());
    mood.named.iter().any(|named| is_safety(&named.happened))
        || declared.flat_map(|content| &content.events).any(is_safety)
}

/// The seconds of each part as they count, of parts in order: what is declared or spoken first, then words, each as far as
/// there is room.
fn capped(document: &Document, parts: &[Part<'_>], is_corroborated: bool, budget: Span) -> Vec<u32> {
    let mut room = seconds_of(document.head_start.max);
    let mut room_for_words = if is_corroborated { room } else { seconds_of(document.head_start.text_max) };
    let mut room_for_inferred = seconds_of(budget);
    let seconds = |part: &Part<'_>| {
        let (is_words, is_inferred) = (part.source == Source::Text, part.source != Source::Fact);
        let fitting = part.left.seconds.min(room).min(if is_words { room_for_words } else { room });
        let seconds = fitting.min(if is_inferred { room_for_inferred } else { fitting });
        room -= seconds;
        room_for_words -= if is_words { seconds } else { 0 };
        room_for_inferred -= if is_inferred { seconds } else { 0 };
        seconds
    };
    parts.iter().map(seconds).collect()
}

/// Whole seconds, at most an hour.
pub(super) fn seconds_of(span: Span) -> u32 {
    u32::try_from(span.as_millis() / 1_000).unwrap_or(if span < Span::ZERO { 0 } else { 3_600 }).min(3_600)
}
