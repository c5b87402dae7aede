//! A routing document under compressed time: a day in minutes, with every business time divided by the same number.
//!
//! Invariant: every time that a queue has is divided, also one that the document leaves to its default, so that the
//! proportions of the day stay; only `session_grace` stays real, because connections are. Times are whole milliseconds
//! in a document, so none gets shorter than one. Not here: the engine's and the wire's own times (delivery, keepalive),
//! which are constants and stay as they are.

use toml::{Table, Value};

use crate::model::{
    document::{Document, DocumentError, Format, MaxWait, OfferRules, Queue, RefusalPause, Step, WrapUp},
    time::Span,
};

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
    let RefusalPause { first, longest } = document.refusal_pause;
    let pause = below(&mut table, "refusal_pause");
    pause.insert("first".to_owned(), Value::String(divided(first, scale)));
    pause.insert("longest".to_owned(), Value::String(divided(longest, scale)));
    let text = toml::to_string(&table).expect("a table is TOML");
    Document::parse(&text, Format::Toml)
}

/// Names every part of a queue, so that a new one cannot be forgotten here.
fn compress_queue(written: &mut Table, queue: &Queue, scale: f64) {
    let Queue {
        description: _,
        priority,
        service_level,
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
    let set = |table: &mut Table, key: &str, span: Span| {
        table.insert(key.to_owned(), Value::String(divided(span, scale)));
    };
    set(written, "priority", *priority);
    set(written, "service_level", *service_level);
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
    for (place, Step { after, rule: _ }) in places.zip(steps) {
        set(place.as_table_mut().expect("a step is a table"), "after", *after);
    }
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

#[cfg(test)]
mod tests {
    use crate::model::document::DEFAULT_TOML;

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
                let mut spans = vec![queue.priority, queue.service_level, queue.drain_after, queue.max_wait.after];
                spans.extend([queue.offers.time, queue.offers.extension_max, queue.wrap_up.time, queue.wrap_up.max]);
                spans.extend(queue.steps.iter().map(|step| step.after));
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
    fn at_scale_one_nothing_changes() {
        let real = Document::embedded_default();
        assert_eq!(compressed(DEFAULT_TOML, 1.0).unwrap().queues, real.queues);
    }
}
