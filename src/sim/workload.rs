//! A day's customers, seeded: who comes when, by which channel, in which language, with what on their mind.
//!
//! Invariant: the same seed and messages give the same day, contact by contact, whatever the daemon does with it. A
//! contact brings everything that is chance about it (how long it takes, how long the customer waits), so that two
//! runs differ only in routing. Not here: what the business is like (`bank`), who plays the customers (`cli::demo`).

use std::{sync::Arc, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::bank::{self, CHANNELS, Channel, Language, Message, Messages};
use crate::model::document::{Document, Queue};

pub mod draw;
pub mod profile;

use draw::{exponential, lognormal, weighted};
use profile::Profile;

/// Share of contacts that an agent passes on to another queue.
const TRANSFERRED: f64 = 0.02;
/// Share of accepted contacts whose customer cannot be connected.
const CONNECT_FAILED: f64 = 0.003;
/// Contacts drawn to learn how much work the average one is.
const PROBE: u32 = 4_000;

/// One customer's contact.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Counts from 1.
    pub number: u32,
    /// When it comes, as time of day.
    pub at: Duration,
    /// What the customer writes or says.
    pub message: Arc<Message>,
    /// The queue it asks for.
    pub queue: String,
    /// How it comes.
    pub channel: &'static Channel,
    /// How long an agent has to do with it, without wrap-up.
    pub handling: Duration,
    /// How long the customer waits; `None` = as long as it takes.
    pub patience: Option<Duration>,
    /// What becomes of it once an agent has accepted.
    pub course: Course,
    /// Agent time it takes, wrap-up included; a contact that leaves room for others counts in proportion.
    pub work: Duration,
}

/// What becomes of an accepted contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It is handled.
    Handled,
    /// Half-way it turns out to be for another queue.
    Transferred,
    /// Agent and customer cannot be connected; once.
    ConnectFails,
}

/// The contacts of a span of the day, in order.
#[derive(Debug)]
pub struct Workload {
    profile: Profile,
    per_hour: f64,
    until: Duration,
    at: Duration,
    contacts: Contacts,
    arrivals: StdRng,
}

impl Workload {
    /// From `from` to `until` of the day, so many contacts that `agents` are busy with a share `load` of their time on
    /// the average of the whole day.
    pub fn new(
        seed: u64,
        messages: Messages,
        document: &Document,
        (from, until): (Duration, Duration),
        agents: usize,
        load: f64,
    ) -> Self {
        let mut probe = Contacts::new(seed ^ 1, messages.clone(), document);
        let work: Duration = (0..PROBE).map(|_| probe.draw(Duration::ZERO).work).sum();
        let mean = work.as_secs_f64() / f64::from(PROBE);
        let per_hour = 3_600.0 * load * agents as f64 / mean;
        let contacts = Contacts::new(seed, messages, document);
        Self { profile: bank::profile(), per_hour, until, at: from, contacts, arrivals: StdRng::seed_from_u64(!seed) }
    }

    /// Contacts expected in a mean hour.
    pub fn per_hour(&self) -> f64 {
        self.per_hour
    }
}

impl Iterator for Workload {
    type Item = Contact;

    fn next(&mut self) -> Option<Contact> {
        self.at = self.profile.next_arrival(&mut self.arrivals, self.at, self.per_hour)?;
        (self.at < self.until).then(|| self.contacts.draw(self.at))
    }
}

/// Contacts one by one, without their times.
#[derive(Debug)]
struct Contacts {
    rng: StdRng,
    messages: Messages,
    languages: Vec<(Language, f64)>,
    /// By name: which channels a queue takes, how long wrap-up is there, and what it costs.
    queues: Vec<(String, Queue)>,
    costs: Vec<u32>,
    drawn: u32,
}

impl Contacts {
    fn new(seed: u64, mut messages: Messages, document: &Document) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        messages.shuffle(&mut rng);
        let cost = |channel: &Channel| {
            let known = document.channels.iter().find(|(name, _)| name.as_str() == channel.name);
            known.map_or(100, |(_, channel)| channel.cost)
        };
        let queues = document.queues.iter().map(|(name, queue)| (name.as_str().to_owned(), queue.clone())).collect();
        let languages = messages.languages();
        Self { rng, languages, messages, queues, costs: CHANNELS.iter().map(cost).collect(), drawn: 0 }
    }

    fn draw(&mut self, at: Duration) -> Contact {
        self.drawn += 1;
        let rng = &mut self.rng;
        let shares: Vec<f64> = self.languages.iter().map(|(_, share)| *share).collect();
        let message = self.messages.next(self.languages[weighted(rng, &shares)].0);
        let (mut queue, mut rules) = find(&self.queues, &message.queue);
        let takes = |rules: &Queue, channel: &Channel| {
            rules.channels.is_empty() || rules.channels.iter().any(|name| name.as_str() == channel.name)
        };
        let possible = |channel: &Channel| takes(rules, channel) || channel.name == bank::EMAIL;
        let shares = CHANNELS.iter().map(|channel| if possible(channel) { channel.share } else { 0.0 });
        let drawn = weighted(rng, &shares.collect::<Vec<f64>>());
        let channel = &CHANNELS[drawn];
        if !takes(rules, channel) {
            (queue, rules) = find(&self.queues, bank::MAILBOX);
        }
        let handling = lognormal(rng, channel.handling, bank::HANDLING_VARIATION);
        let patience = channel.patience.map(|mean| exponential(rng, mean));
        let course = match rng.random::<f64>() {
            draw if draw < CONNECT_FAILED => Course::ConnectFails,
            draw if draw < CONNECT_FAILED + TRANSFERRED => Course::Transferred,
            _ => Course::Handled,
        };
        let cost = rules.cost.unwrap_or(self.costs[drawn]);
        let wrap_up = Duration::from_micros(u64::try_from(rules.wrap_up.time.0).unwrap_or(0));
        let work = handling.mul_f64(share_of_agent(cost))
            + wrap_up.mul_f64(share_of_agent(rules.wrap_up.cost.unwrap_or(cost)));
        Contact { number: self.drawn, at, queue: queue.to_owned(), message, channel, handling, patience, course, work }
    }
}

fn find<'q>(queues: &'q [(String, Queue)], name: &str) -> (&'q str, &'q Queue) {
    let found = queues.iter().find(|(known, _)| known == name);
    let (name, queue) = found.expect("messages name queues of the document: reading them has checked it");
    (name, queue)
}

/// What a contact takes of an agent who has as many of its kind as fit.
fn share_of_agent(cost: u32) -> f64 {
    1.0 / f64::from((bank::CAPACITY / cost.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(seed: u64) -> Vec<Contact> {
        let document = Document::embedded_default();
        let profile = bank::profile();
        let hours = (profile.opens(), profile.closes());
        Workload::new(seed, Messages::shipped(), &document, hours, 60, 0.92).collect()
    }

    #[test]
    fn a_day_is_full_mixed_and_the_same_again() {
        let contacts = day(1);
        let key =
            |contacts: &[Contact]| contacts.iter().map(|c| (c.at, c.queue.clone(), c.handling)).collect::<Vec<_>>();
        assert_eq!(key(&contacts), key(&day(1)));
        assert_ne!(key(&contacts), key(&day(2)));
        assert!(contacts.len() > 4_000, "{}", contacts.len());
        let work: f64 = contacts.iter().map(|contact| contact.work.as_secs_f64()).sum();
        let load = work / (60.0 * 12.0 * 3_600.0);
        assert!((0.88..0.96).contains(&load), "{load}");
        for language in Language::ALL {
            assert!(contacts.iter().any(|contact| contact.message.language == language), "{language:?}");
        }
        let document = Document::embedded_default();
        for (name, rules) in &document.queues {
            let mut of_queue = contacts.iter().filter(|contact| contact.queue == name.as_str()).peekable();
            assert!(of_queue.peek().is_some(), "{name} has contacts");
            let takes =
                |c: &Contact| rules.channels.is_empty() || rules.channels.iter().any(|n| n.as_str() == c.channel.name);
            assert!(of_queue.all(takes), "{name} is given only what it takes");
        }
    }
}
