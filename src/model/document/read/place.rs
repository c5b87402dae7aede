//! A value with its path: every way of reading one.
//!
//! Invariant: a reading that fails has recorded why, at its path, before it answers `None`; callers then go on with a
//! default, so that one fault hides no other. Not here: which keys there are and what they mean.

use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive};

use super::{
    Position,
    faults::{Faults, join, quoted, shortened},
    span::{parse_span, span_of_secs, written_span},
    written::{Value, Written},
};
use crate::model::{ids::NameError, time::Span};

/// A value and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    path: String,
    written: &'a Written,
    faults: &'a Faults,
}

impl<'a> Place<'a> {
    /// The whole document.
    pub(super) fn root(written: &'a Written, faults: &'a Faults) -> Self {
        Self { path: String::new(), written, faults }
    }

    /// Records a fault here.
    pub(crate) fn fault(&self, message: String) {
        self.faults.add(self.written.at, self.path.clone(), message);
    }

    /// Records a fault below here, at a path of keys; in a list, of numbers from 0.
    pub(crate) fn fault_below(&self, keys: &[&str], message: String) {
        let mut path = self.path.clone();
        // A section that was left out is at fault where it would stand.
        let (mut nearest, mut is_written) = (self.written, true);
        for key in keys {
            let (deeper, below) = match &nearest.value {
                Value::List(items) if is_written => {
                    (format!("{path}[{key}]"), key.parse().ok().and_then(|at: usize| items.get(at)))
                }
                Value::Table(entries) if is_written => (join(&path, key), entries.get(*key)),
                _ => (join(&path, key), None),
            };
            path = deeper;
            is_written = below.is_some();
            nearest = below.unwrap_or(nearest);
        }
        self.faults.add(nearest.at, path, message);
    }

    /// Records that a name given here is defined nowhere, with the nearest that is.
    pub(crate) fn unknown_name<'k>(&self, given: &str, table: &str, known: impl Iterator<Item = &'k str>) {
        let suggestion = self.faults.suggestion(given, known);
        self.fault(unknown_name(given, table, &suggestion));
    }

    /// As [`Self::unknown_name`], at a path of keys below here.
    pub(crate) fn unknown_name_below<'k>(
        &self,
        keys: &[&str],
        given: &str,
        table: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        let suggestion = self.faults.suggestion(given, known);
        self.fault_below(keys, unknown_name(given, table, &suggestion));
    }

    /// What `read` answers, unless it records a fault.
    pub(crate) fn faultless<T>(&self, read: impl FnOnce() -> T) -> Option<T> {
        let before = self.faults.count();
        let value = read();
        (self.faults.count() == before).then_some(value)
    }

    /// A table.
    pub(crate) fn object(&self) -> Option<Object<'a>> {
        match &self.written.value {
            Value::Table(entries) => {
                let (at, path) = (self.written.at, self.path.clone());
                Some(Object { at, path, entries, asked: Vec::new(), faults: self.faults })
            }
            _ => self.wrong_kind("a table"),
        }
    }

    /// A table; anything else is at fault, and read as an empty one.
    pub(crate) fn object_or_empty(&self) -> Object<'a> {
        self.object().unwrap_or_else(|| Object::empty(self.written.at, self.path.clone(), self.faults))
    }

    /// A list's values.
    pub(crate) fn items(&self) -> Option<Vec<Place<'a>>> {
        let Value::List(list) = &self.written.value else { return self.wrong_kind("a list") };
        let place = |(index, written)| Place { path: format!("{}[{index}]", self.path), written, faults: self.faults };
        Some(list.iter().enumerate().map(place).collect())
    }

    /// A list's values, of which there may be only so many; those beyond are not read.
    pub(crate) fn items_at_most(&self, most: usize, what: &str) -> Option<Vec<Place<'a>>> {
        let mut items = self.items()?;
        if items.len() > most {
            self.fault(format!("has {} {what}; at most {most} are allowed", items.len()));
            items.truncate(most);
        }
        Some(items)
    }

    /// Text.
    pub(crate) fn text(&self) -> Option<&'a str> {
        match &self.written.value {
            Value::Text(text) => Some(text),
            _ => self.wrong_kind("text"),
        }
    }

    /// True or false.
    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.written.value {
            Value::Flag(flag) => Some(*flag),
            _ => self.wrong_kind("true or false"),
        }
    }

    /// A whole number within a range.
    pub(crate) fn number<T>(&self, range: RangeInclusive<T>) -> Option<T>
    where
        T: Copy + Display + PartialOrd + TryFrom<i128>,
    {
        let (least, most) = (range.start(), range.end());
        let Value::Number(number) = &self.written.value else {
            return self.wrong_kind(&format!("a whole number from {least} to {most}"));
        };
        let within = T::try_from(*number).ok().filter(|number| range.contains(number));
        if within.is_none() {
            self.fault(format!("is {number}; must be from {least} to {most}"));
        }
        within
    }

    /// A whole number within a range, or a word that stands for none.
    pub(crate) fn number_or<T>(&self, word: &str, range: RangeInclusive<T>) -> Option<Option<T>>
    where
        T: Copy + Display + PartialOrd + TryFrom<i128>,
    {
        match &self.written.value {
            Value::Number(_) => self.number(range).map(Some),
            Value::Text(text) if text == word => Some(None),
            Value::Text(text) => {
                let (least, most) = (range.start(), range.end());
                self.fault(format!("is {}; must be {word:?} or a whole number from {least} to {most}", quoted(text)));
                None
            }
            _ => {
                let (least, most) = (range.start(), range.end());
                self.wrong_kind(&format!("{word:?} or a whole number from {least} to {most}"))
            }
        }
    }

    /// A decimal number within a range, to the nearest millionth: `0.95` is 950,000.
    pub(crate) fn millionths(&self, range: RangeInclusive<i64>) -> Option<i64> {
        let (least, most) = (written_millionths(*range.start()), written_millionths(*range.end()));
        let (read, shown) = match &self.written.value {
            Value::Number(number) => {
                (i64::try_from(*number).ok().and_then(|n| n.checked_mul(MILLION)), number.to_string())
            }
            Value::Fraction(text) => (parse_millionths(text), shortened(text)),
            _ => return self.wrong_kind(&format!("a number from {least} to {most}")),
        };
        let within = read.filter(|number| range.contains(number));
        if within.is_none() {
            self.fault(format!("is {shown}; must be a number from {least} to {most}"));
        }
        within
    }

    /// Whether it is a list.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.written.value, Value::List(_))
    }

    /// Whether it is a table.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.written.value, Value::Table(_))
    }

    /// A duration within a range.
    pub(crate) fn span(&self, least: Span, most: Span) -> Option<Span> {
        let span = match &self.written.value {
            Value::Number(secs) => span_of_secs(*secs),
            Value::Text(text) => match parse_span(text) {
                Some(span) => span,
                None => {
                    let forms = "\"250ms\", \"20s\", \"5m\", \"1h\" or \"2d\"";
                    self.fault(format!("is {}; write a duration as {forms}", quoted(text)));
                    return None;
                }
            },
            _ => return self.wrong_kind("a duration such as \"20s\""),
        };
        if span < least || span > most {
            let shown = match &self.written.value {
                Value::Text(text) => shortened(text),
                _ => written_span(span),
            };
            self.fault(format!("is {shown}; must be from {} to {}", written_span(least), written_span(most)));
            return None;
        }
        Some(span)
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, options: &[(&str, T)]) -> Option<T> {
        let words = || {
            let words: Vec<String> = options.iter().map(|(word, _)| format!("{word:?}")).collect();
            match words.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                _ => words.join(""),
            }
        };
        let Value::Text(text) = &self.written.value else { return self.wrong_kind(&words()) };
        let chosen = options.iter().find(|(word, _)| word == text).map(|(_, value)| *value);
        if chosen.is_none() {
            self.fault(format!("is {}; must be {}", quoted(text), words()));
        }
        chosen
    }

    /// A name.
    pub(crate) fn name<N>(&self, new: fn(&str) -> Result<N, NameError>) -> Option<N> {
        self.checked_name(self.text()?, new)
    }

    /// A name that is part of the text here.
    pub(crate) fn checked_name<N>(&self, text: &str, new: fn(&str) -> Result<N, NameError>) -> Option<N> {
        new(text).map_err(|error| self.fault(error.to_string())).ok()
    }

    fn wrong_kind<T>(&self, expected: &str) -> Option<T> {
        self.fault(format!("must be {expected}, and is {}", self.written.value.kind()));
        None
    }
}

/// A table of which each key must be asked for before [`Object::finish`], or is refused as unknown.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    at: Position,
    path: String,
    entries: &'a BTreeMap<String, Written>,
    asked: Vec<&'static str>,
    faults: &'a Faults,
}

impl<'a> Object<'a> {
    /// The value of a key, if it is there.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Place<'a>> {
        self.asked.push(key);
        self.entries.get(key).map(|written| self.place(key, written))
    }

    /// The table of a key; one that is not there reads as an empty one.
    pub(crate) fn section(&mut self, key: &'static str) -> Object<'a> {
        match self.get(key) {
            Some(place) => place.object_or_empty(),
            None => Object::empty(self.at, join(&self.path, key), self.faults),
        }
    }

    /// The value of a key that must be there; `remedy` says what to write.
    pub(crate) fn need(&mut self, key: &'static str, remedy: &str) -> Option<Place<'a>> {
        let place = self.get(key);
        if place.is_none() {
            self.faults.add(self.at, join(&self.path, key), format!("is required; {remedy}"));
        }
        place
    }

    /// Refuses every key that was not asked for.
    pub(crate) fn finish(self) {
        for (key, written) in self.entries.iter().filter(|(key, _)| !self.asked.contains(&key.as_str())) {
            let suggestion = match self.faults.suggestion(key, self.asked.iter().copied()) {
                none if none.is_empty() => format!("; known here are {}", self.asked.join(", ")),
                some => some,
            };
            self.faults.add(written.at, join(&self.path, key), format!("is not a known key{suggestion}"));
        }
    }

    /// Every entry of a table whose keys are names; a key that is no name is at fault, and its value still read.
    pub(crate) fn named<N>(
        &self,
        new: fn(&str) -> Result<N, NameError>,
    ) -> impl Iterator<Item = (Option<N>, Place<'a>)> {
        self.entries.iter().map(move |(key, written)| {
            let place = self.place(key, written);
            (place.checked_name(key, new), place)
        })
    }

    /// Every entry of a table whose keys are free text.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (String, Place<'a>)> {
        self.entries.iter().map(|(key, written)| (key.clone(), self.place(key, written)))
    }

    /// True if there is no entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Records a fault if there are more entries.
    pub(crate) fn at_most(&self, most: usize, what: &str) {
        let count = self.entries.len();
        if count > most {
            self.faults.add(self.at, self.path.clone(), format!("has {count} {what}; at most {most} are allowed"));
        }
    }

    fn empty(at: Position, path: String, faults: &'a Faults) -> Self {
        static NOTHING: BTreeMap<String, Written> = BTreeMap::new();
        Self { at, path, entries: &NOTHING, asked: Vec::new(), faults }
    }

    fn place(&self, key: &str, written: &'a Written) -> Place<'a> {
        Place { path: join(&self.path, key), written, faults: self.faults }
    }
}

/// One, in millionths.
const MILLION: i64 = 1_000_000;
/// Its zeros.
const MILLION_DIGITS: i64 = 6;
/// No number in range has a higher power of ten …
const EXPONENT_MAX: i64 = 40;
/// … or more digits before its point.
const DIGITS_MAX: usize = 40;

/// Reads a decimal number as TOML has it, rounded to the nearest millionth; `inf` and `nan` are none.
fn parse_millionths(text: &str) -> Option<i64> {
    let text = text.replace('_', "").to_ascii_lowercase();
    let (sign, number) = match text.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (mantissa, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let exponent: i64 = exponent.parse().ok().filter(|exponent: &i64| exponent.abs() <= EXPONENT_MAX)?;
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > DIGITS_MAX {
        return None;
    }
    let digits = format!("{whole}{part}");
    // So many of the digits stand before the point of the number of millionths.
    let before = i64::try_from(whole.len()).ok()? + exponent + MILLION_DIGITS;
    let (kept, next) = match usize::try_from(before) {
        Ok(before) => match digits.split_at_checked(before) {
            Some((kept, rest)) => (kept.to_owned(), rest.bytes().next()),
            None => (format!("{digits:0<before$}"), None),
        },
        Err(_) => (String::new(), None),
    };
    let rounded_up = i64::from(next.is_some_and(|digit| digit >= b'5'));
    let millionths: i64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    millionths.checked_add(rounded_up)?.checked_mul(sign)
}

fn written_millionths(millionths: i64) -> String {
    let (whole, part) = (millionths / MILLION, (millionths % MILLION).abs());
    if part == 0 { whole.to_string() } else { format!("{whole}.{}", format!("{part:06}").trim_end_matches('0')) }
}

fn unknown_name(given: &str, table: &str, suggestion: &str) -> String {
    format!("names {}, which is not defined under {table}{suggestion}", quoted(given))
}

#[cfg(test)]
mod tests {
    use super::{parse_millionths, written_millionths};

    #[test]
    fn decimals_are_read_to_the_nearest_millionth() {
        for (text, expected) in [
            ("0.95", 950_000),
            ("3.0", 3_000_000),
            ("-0.25", -250_000),
            ("1_000.5", 1_000_500_000),
            // As programs write what they have computed.
            ("9.600000000000001", 9_600_000),
            ("0.30000000000000004", 300_000),
            ("8.399999999999999", 8_400_000),
            ("0.0000004999", 0),
            ("0.0000005", 1),
            ("-0.0000015", -2),
            ("1e-05", 10),
            ("1.5E3", 1_500_000_000),
            ("2.5e-7", 0),
            ("6e-7", 1),
            ("0.0000000000000000000000000000000000000000001", 0),
        ] {
            assert_eq!(parse_millionths(text), Some(expected), "{text}");
        }
        assert_eq!(parse_millionths(&format!("{}1.5", "0".repeat(70_000))), Some(1_500_000));
        assert_eq!(parse_millionths(&format!("{}.0", "1".repeat(70_000))), None);
        for text in ["inf", "-nan", ".5", "1e", "1e99", "12345678901234567890.0", "0x10"] {
            assert_eq!(parse_millionths(text), None, "{text}");
        }
        assert_eq!([0, 950_000, 3_000_000, 1].map(written_millionths), ["0", "0.95", "3", "0.000001"]);
    }
}
