//! Records in words: a line for people, an object for programs.
//!
//! Invariant: kinds have the names that `attune watch` gives them; a routing document is told by its size.

use std::fmt::{self, Debug, Write};

use serde_json::{Value, json};

use crate::{
    engine::{Command, Event},
    journal::{Record, codec::Personal},
    model::time::{Span, Timestamp},
};

/// A time with all its digits, as RFC 3339.
pub fn time(at: Timestamp) -> String {
    let (seconds, micros) = (at.0.div_euclid(1_000_000), at.0.rem_euclid(1_000_000));
    let nanos = i32::try_from(micros * 1_000).expect("below a second");
    prost_types::Timestamp { seconds, nanos }.to_string()
}

/// A length of time as on a clock.
pub fn span(span: Span) -> String {
    let span = prost_types::Duration { seconds: span.0.div_euclid(1_000_000), nanos: 0 };
    crate::cli::output::time::span(Some(&span))
}

/// Bytes as people read them.
pub fn bytes(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    match bytes {
        0..KIB => format!("{bytes} B"),
        _ if bytes < KIB * KIB => format!("{} KiB", bytes / KIB),
        _ => format!("{}.{} MiB", bytes >> 20, (bytes % (KIB * KIB)) * 10 / (KIB * KIB)),
    }
}

/// What happened, in a word: `contact-queued`.
pub fn kind(event: &Event) -> String {
    let name = variant(event);
    let mut word = String::with_capacity(name.len() + 3);
    for (at, letter) in name.char_indices() {
        if letter.is_uppercase() && at > 0 {
            word.push('-');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

/// What was asked, in a word: `enqueue-contact`.
pub fn asked(command: &Command) -> String {
    command.name().replace('_', "-")
}

/// A command with all that it holds.
pub fn command(command: &Command) -> String {
    match command {
        Command::ApplyDocument(proposal) => {
            let source = &proposal.document.source;
            let (bytes, format) = (source.text.len(), source.format);
            let (moves, origin, expected) = (&proposal.moves, &proposal.origin, &proposal.expected);
            format!(
                "ApplyDocument {{ format: {format:?}, bytes: {bytes}, expected: {expected:?}, moves: {moves:?}, origin: \
                 {origin:?} }}"
            )
        }
        other => format!("{other:?}"),
    }
}

/// An event with all that it holds.
pub fn event(event: &Event) -> String {
    match event {
        Event::DocumentApplied { version, document, moves, origin } => {
            let (bytes, format) = (document.source.text.len(), document.source.format);
            format!(
                "DocumentApplied {{ version: {version}, format: {format:?}, bytes: {bytes}, moves: {moves:?}, origin: \
                 {origin:?} }}"
            )
        }
        other => format!("{other:?}"),
    }
}

/// When, which, whose, what was asked and what happened.
pub fn line(record: &Record, personal: Personal) -> String {
    let Record { seq, now, tenant, customer: _, input, events } = record;
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for kind in events.iter().map(kind) {
        match kinds.last_mut() {
            Some((last, times)) if *last == kind => *times += 1,
            _ => kinds.push((kind, 1)),
        }
    }
    let counted = |(kind, times): (String, usize)| if times == 1 { kind } else { format!("{kind} ×{times}") };
    let kinds: Vec<String> = kinds.into_iter().map(counted).collect();
    let request = input.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let erased = if personal == Personal::Erased { " (personal fields erased)" } else { "" };
    format!("{}  {seq:>8}  {tenant}  {}{request}: {}{erased}", time(*now), asked(&input.command), kinds.join(", "))
}

/// The same for programs, with everything in it.
pub fn object(record: &Record, personal: Personal) -> Value {
    let Record { seq, now, tenant, customer, input, events } = record;
    let events: Vec<Value> =
        events.iter().map(|happened| json!({ "kind": kind(happened), "event": event(happened) })).collect();
    let mut object = json!({
        "seq": seq.0,
        "time": time(*now),
        "tenant": tenant.as_str(),
        "request_id": input.id.as_ref().map(|id| id.as_str()),
        "asked": asked(&input.command),
        "command": command(&input.command),
        "events": events,
    });
    if let Some(customer) = customer {
        object["customer"] = customer.0.clone().into();
    }
    if personal == Personal::Erased {
        object["erased"] = true.into();
    }
    object
}

/// The name of a value's variant, without writing all of the value.
fn variant(value: &impl Debug) -> String {
    struct Name(String);

    impl Write for Name {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let name = text.find(|c: char| !c.is_alphanumeric()).map_or(text, |end| &text[..end]);
            self.0.push_str(name);
            if name.len() == text.len() { Ok(()) } else { Err(fmt::Error) }
        }
    }

    let mut name = Name(String::new());
    // It ends with an error on purpose, behind the name.
    let _ = write!(name, "{value:?}");
    name.0
}

#[cfg(test)]
mod tests {
    use crate::model::ids::{AgentKey, ContactKey};

    use super::*;

    #[test]
    fn kinds_are_words_whatever_the_event_holds() {
        assert_eq!(kind(&Event::ContactReleased { contact: ContactKey(1) }), "contact-released");
        assert_eq!(kind(&Event::RonaSuspended { until: Timestamp(1) }), "rona-suspended");
        assert_eq!(kind(&Event::SessionEnded { agent: AgentKey(1) }), "session-ended");
    }

    #[test]
    fn sizes_and_times_are_readable() {
        let sizes = [0, 1_023, 1_024, 5 << 20, (64 << 20) + (1 << 19)].map(bytes);
        assert_eq!(sizes, ["0 B", "1023 B", "1 KiB", "5.0 MiB", "64.5 MiB"]);
        assert_eq!(time(Timestamp(1_764_000_000_000_001)), "2025-11-24T16:00:00.000001Z");
        assert_eq!(span(Span::from_secs(3_723)), "1:02:03");
    }
}
