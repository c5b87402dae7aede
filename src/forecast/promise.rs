//! What announcements are worth: of the moments of truth that a source promises, how many come in time.
//!
//! Invariant: an announced contact is settled once, when it comes, when nobody is kept free for it any more, or when it is
//! withdrawn; withdrawn before anybody was kept free it counts neither way. A source speaks from [`ENOUGH`] announcements
//! on, and what it is found to keep never exceeds what it says.

use std::collections::BTreeMap;

use crate::{
    engine::Command,
    model::{
        document::Document,
        ids::{ContactKey, SourceName},
        limits::SOURCES_MAX,
    },
};

/// So many have to be settled before they say anything.
const ENOUGH: u32 = 20;
/// What a promise counts when the next one is settled: some two hundred count.
const KEPT: f64 = 0.995;
/// As if so many promises had been kept before.
const TRUST: f64 = 5.0;
/// Thousandths; what differs by less is the same.
const STEP: u16 = 50;

/// What every source promised and kept.
#[derive(Debug, Default)]
pub struct Promises {
    open: BTreeMap<ContactKey, Promise>,
    sources: BTreeMap<SourceName, Source>,
}

#[derive(Debug)]
struct Promise {
    source: SourceName,
    /// How probably it comes, of one.
    probability: f64,
    /// Somebody is kept free for it.
    is_counted: bool,
}

#[derive(Debug, Default)]
struct Source {
    promised: f64,
    came: f64,
    settled: u32,
    /// What the engine goes by, in thousandths.
    set: Option<u16>,
}

impl Promises {
    /// A source announces a moment of truth, so many thousandths probable; somebody may be kept free for it at once.
    pub fn note(&mut self, contact: ContactKey, source: &SourceName, probability: u16, is_counted: bool) {
        if self.sources.contains_key(source) || self.sources.len() < SOURCES_MAX {
            self.sources.entry(source.clone()).or_default();
            let probability = f64::from(probability) / 1_000.0;
            self.open.insert(contact, Promise { source: source.clone(), probability, is_counted });
        }
    }

    /// Agents are kept free for it, or not any more: it has not come in time.
    pub fn expect(&mut self, contact: ContactKey, counted: bool) {
        match self.open.get_mut(&contact) {
            Some(promise) if counted => promise.is_counted = true,
            Some(_) => self.settle(contact, 0.0),
            None => {}
        }
    }

    /// It has come.
    pub fn came(&mut self, contact: ContactKey) {
        self.settle(contact, 1.0);
    }

    /// It ends; it may never have come.
    pub fn ended(&mut self, contact: ContactKey) {
        if self.open.get(&contact).is_some_and(|promise| promise.is_counted) {
            self.settle(contact, 0.0);
        }
        self.open.remove(&contact);
    }

    /// The engine goes by this.
    pub fn set(&mut self, source: &SourceName, thousandths: Option<u16>) {
        if let Some(source) = self.sources.get_mut(source) {
            source.set = thousandths;
        }
    }

    /// What the engine should go by instead; without empathetic agents nobody is kept free for anything announced.
    pub fn advice(&self, document: &Document) -> Vec<Command> {
        if document.empathy.is_none() {
            return Vec::new();
        }
        let advice = self.sources.iter().filter_map(|(name, source)| {
            let rate = source.rate()?;
            let is_another = rate.abs_diff(source.set.unwrap_or(1_000)) >= STEP;
            is_another.then(|| Command::LearnShowRate { source: name.clone(), thousandths: Some(rate) })
        });
        advice.collect()
    }

    fn settle(&mut self, contact: ContactKey, came: f64) {
        let Some(promise) = self.open.remove(&contact) else { return };
        let Some(source) = self.sources.get_mut(&promise.source) else { return };
        source.promised = source.promised * KEPT + promise.probability;
        source.came = source.came * KEPT + came;
        source.settled = source.settled.saturating_add(1);
    }
}

impl Source {
    /// What it keeps of what it promises, in thousandths.
    fn rate(&self) -> Option<u16> {
        let rate = (self.came + TRUST) / (self.promised + TRUST);
        (self.settled >= ENOUGH).then_some((rate.min(1.0) * 1_000.0).round() as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::Format;

    fn source(name: &str) -> SourceName {
        SourceName::new(name).unwrap()
    }

    /// So many promises, each so probable, of which so many of ten come.
    fn promised(promises: &mut Promises, name: &str, count: u64, probability: u16, of_ten: u64) {
        for at in 0..count {
            let contact = ContactKey(at);
            promises.note(contact, &source(name), probability, false);
            promises.expect(contact, true);
            if at % 10 < of_ten {
                promises.came(contact);
            } else {
                promises.expect(contact, false);
            }
            promises.ended(contact);
        }
    }

    fn rate(promises: &Promises) -> Option<u16> {
        let text = "empathy = {}\n[skills]\nempathy = ''\n[channels.voice]\n[queues.main]\n";
        let document = Document::parse(text, Format::Toml).unwrap();
        match promises.advice(&document).first()? {
            Command::LearnShowRate { thousandths, .. } => *thousandths,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_keeps_seven_of_ten_counts_so_much() {
        let mut promises = Promises::default();
        promised(&mut promises, "ivr", 400, 1_000, 7);
        let found = rate(&promises).unwrap();
        assert!((670..=730).contains(&found), "{found}");
        promises.set(&source("ivr"), Some(found));
        assert_eq!(rate(&promises), None, "it is known now");
    }

    #[test]
    fn who_says_seven_of_ten_and_keeps_them_is_trusted() {
        let mut promises = Promises::default();
        promised(&mut promises, "bot", 400, 700, 7);
        assert_eq!(rate(&promises), None);
    }

    #[test]
    fn few_say_nothing_and_what_is_withdrawn_early_counts_neither_way() {
        let mut promises = Promises::default();
        promised(&mut promises, "ivr", 19, 1_000, 0);
        assert_eq!(rate(&promises), None);
        for at in 0..50 {
            promises.note(ContactKey(at), &source("ivr"), 1_000, false);
            promises.ended(ContactKey(at));
        }
        assert_eq!(rate(&promises), None);
        promised(&mut promises, "ivr", 1, 1_000, 0);
        assert!(rate(&promises).is_some());
        assert!(promises.open.is_empty());
    }
}
