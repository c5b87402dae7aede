//! How long agents who are asked usually take to accept: nine of ten, by queue and channel.
//!
//! Invariant: a queue and channel speak from [`ENOUGH`] acceptances on; the newest few hundred count most. Queues that
//! accept by themselves are not looked at, nor is anything in a document that routes nothing by empathy.

use std::collections::BTreeMap;

use crate::{
    engine::Command,
    model::{
        document::{Acceptance, Document, USUAL_ACCEPTANCE},
        ids::{ChannelKey, ChannelName, QueueKey, QueueName},
        limits::ACCEPTANCE_SECS_MAX,
        time::Span,
    },
};

use super::decay::seconds;

/// So many have to be seen before they say anything.
const ENOUGH: u32 = 30;
/// The share of acceptances that is usual.
const SHARE: f64 = 0.9;
/// What an acceptance counts when the next one has come: some five hundred count.
const KEPT: f64 = 0.998;
/// Times are told apart by a tenth, from a quarter of a second to the longest there is.
const BINS: usize = 78;
const SHORTEST: f64 = 0.25;
const RATIO: f64 = 1.1;
/// What differs by less is the same.
const STEP: Span = Span::from_millis(500);

/// What is known of every queue and channel.
#[derive(Debug, Default)]
pub struct Acceptances {
    lines: BTreeMap<(QueueKey, ChannelKey), Line>,
}

#[derive(Debug)]
struct Line {
    queue: QueueName,
    channel: ChannelName,
    bins: [f64; BINS],
    seen: u32,
    /// What the engine goes by.
    set: Option<Span>,
}

impl Acceptances {
    /// Queues that a document no longer has are forgotten, as the engine forgets them.
    pub fn follow(&mut self, document: &Document) {
        self.lines.retain(|_, line| document.queues.contains_key(&line.queue));
    }

    /// An offer was accepted after so long.
    pub fn note(&mut self, line: (QueueKey, ChannelKey), queue: &QueueName, channel: &ChannelName, took: Span) {
        let line = self.lines.entry(line).or_insert_with(|| Line {
            queue: queue.clone(),
            channel: channel.clone(),
            bins: [0.0; BINS],
            seen: 0,
            set: None,
        });
        line.seen = line.seen.saturating_add(1);
        line.bins.iter_mut().for_each(|bin| *bin *= KEPT);
        line.bins[bin_of(took)] += 1.0;
    }

    /// The engine goes by this.
    pub fn set(&mut self, queue: QueueKey, channel: ChannelKey, usual: Option<Span>) {
        if let Some(line) = self.lines.get_mut(&(queue, channel)) {
            line.set = usual;
        }
    }

    /// What the engine should go by instead.
    pub fn advice(&self, document: &Document) -> Vec<Command> {
        if document.empathy.is_none() {
            return Vec::new();
        }
        let asks = |line: &&Line| {
            let offers = document.queues.get(&line.queue).map(|queue| queue.offers.acceptance);
            offers == Some(Acceptance::ByAgent) && document.channels.contains_key(&line.channel)
        };
        self.lines.values().filter(asks).filter_map(Line::advice).collect()
    }
}

impl Line {
    fn advice(&self) -> Option<Command> {
        let (usual, known) = (self.usual()?, self.set.unwrap_or(USUAL_ACCEPTANCE));
        let is_another = (usual.0 - known.0).abs() >= STEP.0.max(known.0 / 5);
        let (queue, channel) = (self.queue.clone(), self.channel.clone());
        is_another.then_some(Command::LearnAcceptance { queue, channel, usual: Some(usual) })
    }

    /// The time within which nine of ten have accepted, in tenths of a second.
    fn usual(&self) -> Option<Span> {
        if self.seen < ENOUGH {
            return None;
        }
        let mut left = self.bins.iter().sum::<f64>() * SHARE;
        let mut usual = longest_of(BINS - 1);
        for (bin, count) in self.bins.iter().enumerate() {
            if *count >= left {
                let shortest = if bin == 0 { 0.0 } else { longest_of(bin - 1) };
                usual = shortest + (longest_of(bin) - shortest) * left / count;
                break;
            }
            left -= count;
        }
        let tenths = (usual * 10.0).round().clamp(0.0, ACCEPTANCE_SECS_MAX as f64 * 10.0);
        Some(Span::from_millis(tenths as i64 * 100))
    }
}

/// The longest time of a bin, in seconds.
fn longest_of(bin: usize) -> f64 {
    SHORTEST * RATIO.powi(i32::try_from(bin).unwrap_or(i32::MAX))
}

fn bin_of(took: Span) -> usize {
    (0..BINS - 1).find(|bin| seconds(took) <= longest_of(*bin)).unwrap_or(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::Format;

    const LINE: (QueueKey, ChannelKey) = (QueueKey(1), ChannelKey(0));

    fn document(rules: &str) -> Document {
        let text = format!("{rules}\n[skills]\nempathy = ''\n[channels.voice]\n[queues.main]\n");
        Document::parse(&text, Format::Toml).unwrap()
    }

    /// So many acceptances of one to ten seconds, each as frequent.
    fn seen(count: usize) -> Acceptances {
        let (mut all, queue) = (Acceptances::default(), QueueName::new("main").unwrap());
        let channel = ChannelName::new("voice").unwrap();
        for at in 0..count {
            let took = Span::from_millis(1_000 * (at as i64 % 10 + 1));
            all.note(LINE, &queue, &channel, took);
        }
        all
    }

    fn usual(all: &Acceptances) -> Option<Span> {
        match all.advice(&document("empathy = {}")).first()? {
            Command::LearnAcceptance { usual, .. } => *usual,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nine_of_ten_are_as_quick_as_it_says() {
        let found = usual(&seen(1_000)).expect("it is far from three seconds");
        assert!((Span::from_millis(8_500)..=Span::from_millis(9_500)).contains(&found), "{found}");
    }

    #[test]
    fn few_say_nothing_and_what_is_known_is_not_told_again() {
        assert_eq!(usual(&seen(29)), None);
        let mut all = seen(1_000);
        all.set(LINE.0, LINE.1, Some(Span::from_secs(9)));
        assert_eq!(usual(&all), None);
        all.set(LINE.0, LINE.1, Some(Span::from_secs(12)));
        assert!(usual(&all).is_some(), "it has become quicker");
        assert_eq!(all.advice(&document("")), [], "nothing here is routed by empathy");
    }

    #[test]
    fn a_queue_that_is_gone_is_forgotten() {
        let mut all = seen(1_000);
        all.follow(&Document::parse("[channels.voice]\n[queues.other]\n", Format::Toml).unwrap());
        assert!(all.lines.is_empty());
    }
}
