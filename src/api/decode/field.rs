//! The kinds of fields that several messages share: offers' ids, times, spans, texts, attributes, pages.
//!
//! Invariant: `None` always comes with a violation.

use std::{collections::BTreeMap, fmt::Display};

use prost_types::{Duration, Timestamp as WireTimestamp};

use crate::{
    api::page_token,
    model::{
        ids::{NAME_BYTES_MAX, NameError, OfferKey},
        limits::{ATTRIBUTES_MAX, PAGE_MAX, SPAN_SECS_MAX},
        time::{Span, Timestamp},
    },
};

use super::Violations;

/// The longest span a document or a call may name.
pub(super) const SPAN_MAX: Span = Span::from_secs(SPAN_SECS_MAX);

/// Rows on a page of a caller who says nothing.
const PAGE_DEFAULT: usize = 100;

/// The last second of the year 9999, where `google.protobuf.Timestamp` ends.
const LATEST_SECS: i64 = 253_402_300_799;

const REQUIRED: &str = "is required";

impl Violations {
    pub(super) fn take_offer(&mut self, field: &str, text: &str) -> Option<OfferKey> {
        let found = OfferKey::parse(text);
        if found.is_none() {
            self.add(field, if text.is_empty() { REQUIRED } else { "is no offer's id; send it as the stream gave it" });
        }
        found
    }

    /// A part of the message that must be there.
    pub(super) fn take_required<T>(&mut self, field: &str, part: Option<T>) -> Option<T> {
        if part.is_none() {
            self.add(field, REQUIRED);
        }
        part
    }

    pub(super) fn take_time(&mut self, field: &str, time: &WireTimestamp) -> Option<Timestamp> {
        let nanos = i64::from(time.nanos);
        if !(0..=LATEST_SECS).contains(&time.seconds) || !(0..1_000_000_000).contains(&nanos) {
            self.add(field, "is outside the years 1970 to 9999, or its nanos are outside 0 to 999,999,999");
            return None;
        }
        Some(Timestamp(time.seconds * 1_000_000 + nanos / 1_000))
    }

    /// A probability, in thousandths; none given is certainty.
    pub(super) fn take_probability(&mut self, field: &str, probability: Option<f64>) -> Option<u16> {
        let probability = probability.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&probability) {
            self.add(field, "must be from 0 to 1");
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1000")]
        Some((probability * 1_000.0).round() as u16)
    }

    /// A span of at least a microsecond and at most `longest`.
    pub(super) fn take_span(&mut self, field: &str, span: Duration, longest: Span) -> Option<Span> {
        let nanos = i64::from(span.nanos);
        if !(-999_999_999..=999_999_999).contains(&nanos) || span.seconds.signum() * nanos.signum() < 0 {
            self.add(field, "has nanos outside 0 to 999,999,999, or of another sign than its seconds");
            return None;
        }
        let micros = span.seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(nanos / 1_000));
        match micros {
            Some(micros) if (1..=longest.0).contains(&micros) => Some(Span(micros)),
            _ => {
                self.add(field, format!("must be more than zero and at most {longest}"));
                None
            }
        }
    }

    pub(super) fn take_text(&mut self, field: &str, text: String, bytes_max: usize) -> Option<String> {
        if text.len() > bytes_max {
            self.add(field, format!("has {} bytes; at most {bytes_max} are allowed", text.len()));
            return None;
        }
        Some(text)
    }

    /// The platform's facts; what they may weigh together is the caller's to check.
    pub(super) fn take_attributes(
        &mut self,
        field: &str,
        attributes: BTreeMap<String, String>,
    ) -> Option<BTreeMap<String, String>> {
        if !self.at_most(field, attributes.len(), ATTRIBUTES_MAX) {
            return None;
        }
        let mut good = true;
        for key in attributes.keys().filter(|key| key.is_empty() || key.len() > NAME_BYTES_MAX) {
            good = false;
            self.add(entry(field, key), format!("has a key of {} bytes; 1 to {NAME_BYTES_MAX} are allowed", key.len()));
        }
        good.then_some(attributes)
    }

    /// Entries of a map with names for keys.
    pub(super) fn take_map<K: Ord, V>(
        &mut self,
        field: &str,
        map: BTreeMap<String, u32>,
        most: usize,
        name: impl Fn(&str) -> Result<K, NameError>,
        mut value: impl FnMut(&mut Self, &str, u32) -> Option<V>,
    ) -> Option<BTreeMap<K, V>> {
        if !self.at_most(field, map.len(), most) {
            return None;
        }
        let mut taken = Some(BTreeMap::new());
        for (key, number) in map {
            let path = entry(field, &key);
            let name = self.take(&path, name(&key));
            let value = value(self, &path, number);
            match (&mut taken, name.zip(value)) {
                (Some(taken), Some((name, value))) => _ = taken.insert(name, value),
                _ => taken = None,
            }
        }
        taken
    }

    /// Names in a list, sorted and without repeats.
    pub(super) fn take_names<T: Ord>(
        &mut self,
        field: &str,
        texts: &[String],
        most: usize,
        name: impl Fn(&str) -> Result<T, NameError>,
    ) -> Option<Vec<T>> {
        if !self.at_most(field, texts.len(), most) {
            return None;
        }
        let mut names = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            names.extend(self.take(&item(field, index), name(text)));
        }
        let whole = names.len() == texts.len();
        names.sort_unstable();
        names.dedup();
        whole.then_some(names)
    }

    pub(super) fn take_number(&mut self, field: &str, number: u32, from: u32, to: u32) -> Option<u32> {
        let good = (from..=to).contains(&number);
        if !good {
            self.add(field, format!("is {number}; {from} to {to} are allowed"));
        }
        good.then_some(number)
    }

    /// Rows on a page: 0 = 100, more than a page holds = a full page.
    pub(super) fn take_page_size(&mut self, size: i32) -> Option<usize> {
        match usize::try_from(size) {
            Ok(0) => Some(PAGE_DEFAULT),
            Ok(size) => Some(size.min(PAGE_MAX)),
            Err(_) => {
                self.add(
                    "page_size",
                    format!("is {size}; 0 stands for {PAGE_DEFAULT}, and at most {PAGE_MAX} are given"),
                );
                None
            }
        }
    }

    /// What a page continues after: `Some(None)` from the beginning.
    pub(super) fn take_page_token<T, E>(
        &mut self,
        token: &str,
        list: page_token::List,
        name: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        if token.is_empty() {
            return Some(None);
        }
        let after = page_token::decode(list, token).and_then(|text| name(&text).ok());
        if after.is_none() {
            self.add("page_token", "is no token of this list; send next_page_token as it was given, or nothing");
        }
        after.map(Some)
    }

    pub(super) fn at_most(&mut self, field: &str, count: usize, most: usize) -> bool {
        if count > most {
            self.add(field, format!("has {count} entries; at most {most} are allowed"));
        }
        count <= most
    }
}

/// The path of a list's item.
pub(super) fn item(field: &str, index: usize) -> String {
    format!("{field}[{index}]")
}

/// The path of a map's entry.
pub(super) fn entry(field: &str, key: &str) -> String {
    format!("{field}[{key:?}]")
}

/// The path of a message's part.
pub(super) fn part(field: impl Display, name: &str) -> String {
    format!("{field}.{name}")
}
