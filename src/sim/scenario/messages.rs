//! Customers' own words, for scenarios in which the analyser reads them.
//!
//! Invariant: every line is a message or is named with its number. Not here: reading them (`api::words`).

use std::{fs, path::Path, sync::Arc};

use rand::{Rng, RngExt};
use serde_json::Value;

use super::distribution::index;

/// What a customer writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The words.
    pub text: Arc<str>,
    /// Their language as BCP 47 has it; empty = the analyser finds out.
    pub language: Arc<str>,
}

/// Messages to draw from: of moments of truth, and of others.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    moments: Vec<Message>,
    others: Vec<Message>,
}

/// So many faults are told of one file.
const FAULTS_MAX: usize = 20;

impl Messages {
    /// One of those that fit what the contact truly is.
    pub fn draw(&self, is_moment: bool, rng: &mut impl Rng) -> &Message {
        let of = if is_moment { &self.moments } else { &self.others };
        &of[index(rng.random(), of.len())]
    }

    /// Reads JSON lines {"text": …, "lang": …, "moment": true or false}, or where another field says what is a moment,
    /// that field: true, or a number above 0. Fails with everything that is wrong.
    pub(super) fn load(path: &Path, moment: &str) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (mut messages, mut faults) = (Self::default(), Vec::new());
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            match read_line(line, moment) {
                Ok((true, message)) => messages.moments.push(message),
                Ok((false, message)) => messages.others.push(message),
                Err(fault) if faults.len() < FAULTS_MAX => {
                    faults.push(format!("{}:{number}: {fault}", path.display()));
                }
                Err(_) => {}
            }
        }
        if faults.is_empty() && (messages.moments.is_empty() || messages.others.is_empty()) {
            let counts = format!("{} of {}", messages.moments.len(), messages.moments.len() + messages.others.len());
            faults.push(format!(
                "{}: {counts} messages are of moments of truth by the field {moment:?}; of both kinds one is needed",
                path.display()
            ));
        }
        if faults.is_empty() { Ok(messages) } else { Err(faults.join("\n")) }
    }
}

fn read_line(line: &str, moment: &str) -> Result<(bool, Message), String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    let text = value.get("text").and_then(Value::as_str).ok_or("text is missing, or not a string")?;
    let is_moment = match value.get(moment) {
        None => return Err(format!("{moment} is missing; true or a number above 0 is a moment of truth")),
        Some(Value::Bool(is_moment)) => *is_moment,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|number| number > 0.0),
        Some(other) => return Err(format!("{moment} is {other}; write true, false or a number")),
    };
    let language = value.get("lang").and_then(Value::as_str).unwrap_or_default();
    Ok((is_moment, Message { text: text.into(), language: language.into() }))
}
