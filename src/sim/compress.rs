//! A routing document under compressed time: a day in minutes, with every business time divided by the same number.
//!
//! Invariant: every time that a queue has is divided, also one that the document leaves to its default, so that the
//! proportions of the day stay; only `session_grace` stays real, because connections are. Times are whole milliseconds
//! in a document, so none gets shorter than one; head starts are whole seconds. Not here: the engine's and the wire's own times (delivery, keepalive),
//! which are constants and stay as they are.

use toml::{Table, Value};

use crate::model::{
    document::{
        Document, DocumentError, Empathy, Format, HeadStart, MaxWait, Moment, OfferRules, Protection, Queue,
        RefusalPause, ReserveRules, Step, WrapUp,
    },
    time::Span,
};

/// How long a moment of truth is held where the document leaves it to the engine.
const HOLD: Span = Span::from_secs(10);
/// When a routine contact may take one of the reserve where the document leaves that to the engine.
const RELEASE: Span = Span::from_secs(15);

/// Divides the business times of a TOML document by `scale` (1 or more).
///
/// # Errors
/// Fails if the text is no routing document.
pub fn compressed(text: &str, scale: f64) -> Result<Document, DocumentError> {
    let document = Document::parse(text, Format::Toml)?;
    let mut table: Table = text.parse().expect("what was read as a document is TOML");
    for (name, queue) in &document.queues {
        let written = table.get_mut("queues").and_then(|queues| queues.get_mut(name.as_str()));
        let written = written.and_then(Value::as_table_mut).expect("every queue is a table of the text");
        compress_queue(written, queue, scale);
    }
    compress_care(&mut table, &document, scale);
    let RefusalPause { first, longest } = document.refusal_pause;
    let pause = below(&mut table, "refusal_pause");
    pause.insert("first".to_owned(), Value::String(divided(first, scale)));
    pause.insert("longest".to_owned(), Value::String(divided(longest, scale)));
    let text = toml::to_string(&table).expect("a table is TOML");
    Document::parse(&text, Format::Toml)
}

/// What the document says of empathy, the reserve, head starts and moments. What follows from a queue's service level and
/// from how long people take to answer is written out, since people's times are not the document's.
fn compress_care(table: &mut Table, document: &Document, scale: f64) {
    compress_head_starts(table, document, scale);
    // Without it there is neither a hold nor a reserve.
    let Some(Empathy { skill: _, level: _, hold, protection }) = &document.empathy else { return };
    let Protection { consecutive_max: _, cooldown, share_max: _ } = protection;
    let empathy = below(table, "empathy");
    set(empathy, "hold", hold.unwrap_or(HOLD), scale);
    set(empathy, "cooldown", *cooldown, scale);
    let ReserveRules { mode: _, k: _, target: _, k_by_skill: _, release, floor: _, floor_until, announced_share: _ } =
        &document.reserve;
    let reserve = below(table, "reserve");
    set(reserve, "release", release.unwrap_or(RELEASE), scale);
    set(reserve, "floor_until", *floor_until, scale);
}

fn compress_head_starts(table: &mut Table, document: &Document, scale: f64) {
    let HeadStart { max, text_max, emotion, urgency, repeats, reach, value, effort, budget } = &document.head_start;
    let head_start = below(table, "head_start");
    head_start.insert("max".to_owned(), Value::String(whole(*max, scale, 2)));
    head_start.insert("budget".to_owned(), Value::String(whole(*budget, scale, 2)));
    head_start.insert("text_max".to_owned(), Value::String(whole(*text_max, scale, 1)));
    let parts = [
        ("emotion", emotion),
        ("urgency", urgency),
        ("repeats", repeats),
        ("reach", reach),
        ("value", value),
        ("effort", effort),
    ];
    for (key, worth) in parts {
        below(head_start, key).insert("max".to_owned(), Value::String(whole(worth.max, scale, 2)));
    }
    for (name, moment) in &document.moments {
        let Moment {
            origin,
            description: _,
            triggers: _,
            weight: _,
            half_life,
            head_start,
            empathy: _,
            skills: _,
            hold,
            offer_time,
            handling: _,
        } = moment;
        // What is written of a shipped moment would stand instead of all of it.
        if origin.is_some() {
            continue;
        }
        let written = below(below(table, "moments"), name.as_str());
        written.insert("head_start".to_owned(), Value::String(whole(*head_start, scale, 2)));
        set(written, "half_life", *half_life, scale);
        if let Some(hold) = hold {
            set(written, "hold", *hold, scale);
        }
        if let Some(offer_time) = offer_time {
            set(written, "offer_time", *offer_time, scale);
        }
    }
}

/// Names every part of a queue, so that a new one cannot be forgotten here.
fn compress_queue(written: &mut Table, queue: &Queue, scale: f64) {
    let Queue {
        description: _,
        priority,
        service_level,
        service_level_by: _,
        short_abandon,
        channels: _,
        cost: _,
        members: _,
        rule: _,
        steps,
        offers,
        wrap_up,
        max_wait,
        max_size: _,
        escalate: _,
        drain_after,
    } = queue;
    let set = |table: &mut Table, key: &str, span: Span| set(table, key, span, scale);
    set(written, "priority", *priority);
    set(written, "service_level", *service_level);
    set(written, "short_abandon", *short_abandon);
    set(written, "drain_after", *drain_after);
    let OfferRules { time, extension_max, at_once: _, acceptance: _, declining: _ } = offers;
    let table = below(written, "offers");
    set(table, "time", *time);
    set(table, "extension_max", *extension_max);
    let WrapUp { time, max, cost: _ } = wrap_up;
    let table = below(written, "wrap_up");
    set(table, "time", *time);
    set(table, "max", *max);
    let MaxWait { after, then: _ } = max_wait;
    set(below(written, "max_wait"), "after", *after);
    let places = written.get_mut("steps").and_then(Value::as_array_mut).into_iter().flatten();
    for (place, Step { after, when_wait_over, rule: _ }) in places.zip(steps) {
        let place = place.as_table_mut().expect("a step is a table");
        let mut set_given = |key, span: &Option<Span>| span.iter().for_each(|span| set(place, key, *span));
        set_given("after", after);
        set_given("when_wait_over", when_wait_over);
    }
}

fn set(table: &mut Table, key: &str, span: Span, scale: f64) {
    table.insert(key.to_owned(), Value::String(divided(span, scale)));
}

fn below<'t>(table: &'t mut Table, key: &str) -> &'t mut Table {
    let value = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
    value.as_table_mut().expect("the document was read, so this is a table")
}

#[expect(clippy::cast_possible_truncation, reason = "at most a week, in milliseconds")]
fn divided(span: Span, scale: f64) -> String {
    match span {
        Span::ZERO => "0s".to_owned(),
        span => format!("{}ms", ((span.0 as f64 / scale / 1_000.0).round() as i64).max(1)),
    }
}

/// Head starts are whole seconds, and of each its evidence gives a share: with two at least none that is there gets lost,
/// so at a high pace each is worth more of the day.
#[expect(clippy::cast_possible_truncation, reason = "at most an hour, in seconds")]
fn whole(span: Span, scale: f64, least: i64) -> String {
    match span {
        Span::ZERO => "0s".to_owned(),
        span => format!("{}s", ((span.0 as f64 / scale / 1e6).round() as i64).max(least)),
    }
}

#[cfg(test)]
mod tests {
    use crate::{model::document::DEFAULT_TOML, sim::bank::document_toml};

    use super::*;

    #[test]
    fn every_time_of_every_queue_is_divided_and_nothing_else_changes() {
        let real = Document::embedded_default();
        let played = compressed(DEFAULT_TOML, 180.0).unwrap();
        let close = |real: Span, played: Span| {
            let exact = real.0 as f64 / 180.0;
            (played.0 as f64 - exact).abs() <= 500.0 || (exact < 1_000.0 && played == Span::from_millis(1))
        };
        assert_eq!(played.session_grace, real.session_grace);
        assert!(close(real.refusal_pause.first, played.refusal_pause.first));
        assert!(close(real.refusal_pause.longest, played.refusal_pause.longest));
        assert_eq!((&played.skills, &played.channels), (&real.skills, &real.channels));
        for (name, real) in &real.queues {
            let played = &played.queues[name];
            let spans = |queue: &Queue| {
                let mut spans = vec![queue.priority, queue.service_level, queue.short_abandon, queue.drain_after];
                spans.extend([
                    queue.max_wait.after,
                    queue.offers.time,
                    queue.offers.extension_max,
                    queue.wrap_up.time,
                    queue.wrap_up.max,
                ]);
                spans.extend(queue.steps.iter().flat_map(|step| [step.after, step.when_wait_over]).flatten());
                spans
            };
            for (real, played) in spans(real).into_iter().zip(spans(played)) {
                assert!(close(real, played), "{name}: {real} became {played}");
            }
            assert_eq!((&played.rule, &played.channels), (&real.rule, &real.channels), "{name}");
            assert_eq!(played.steps.len(), real.steps.len(), "{name}");
        }
    }

    #[test]
    fn empathy_and_moments_are_as_fast_as_the_day_and_no_head_start_is_lost() {
        let real = Document::parse(&document_toml(), Format::Toml).unwrap();
        let played = compressed(&document_toml(), 180.0).unwrap();
        assert_eq!(played.empathy.as_ref().unwrap().hold, Some(Span::from_millis(56)));
        assert_eq!((played.reserve.release, played.reserve.k), (Some(Span::from_millis(83)), real.reserve.k));
        let [one, two] = [1, 2].map(Span::from_secs);
        assert_eq!((played.head_start.max, played.head_start.text_max), (two, one));
        for (name, real) in &real.moments {
            let played = &played.moments[name];
            assert_eq!((played.head_start, played.half_life), (two, Span::from_secs(10)), "{name:?}");
            assert_eq!((&played.triggers, played.weight), (&real.triggers, real.weight), "{name:?}");
        }
    }

    #[test]
    fn at_scale_one_nothing_changes() {
        let real = Document::embedded_default();
        assert_eq!(compressed(DEFAULT_TOML, 1.0).unwrap().queues, real.queues);
    }
}
