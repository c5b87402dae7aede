//! What a contact takes of agents' time, line by line, how long agents take to accept, and how soon customers leave.
//!
//! A line is a queue and a channel. What agents give to a line is counted as it is given, agent-seconds from the offer to
//! the end of wrap-up, and divided by how many ended: the mean of what one takes, whatever its distribution, with nobody
//! counted too short because the long ones are not over.
//!
//! Some two thousand ends count, older ones less: the mean is steady as long as contacts are. Where they are found to have
//! changed (`change`) only what was seen since then counts, and for a while fewer ends do, since what changes may go on to.
//!
//! Invariant: bounded by the document's queues and channels, and nobody is remembered.

use std::collections::BTreeMap;

use crate::{
    forecast::decay::seconds,
    model::{
        ids::{ChannelKey, QueueKey},
        time::{Span, Timestamp},
    },
};

use super::{
    change::{Lookout, Seen},
    flow::Wait,
};

/// A queue and a channel.
pub type Line = (QueueKey, ChannelKey);

/// Ends that count at the most.
const ENDS_MAX: f64 = 2_000.0;
/// By so many more with each end, after a change.
const ENDS_MORE: f64 = 0.25;
/// Of fewer it is not known well enough how long contacts take to say that it has changed.
const ENDS_KNOWN: f64 = 30.0;
/// What an acceptance counts when the next one has come.
const ACCEPTED_KEPT: f64 = 1.0 - 1.0 / 200.0;
/// The same of whoever left the line, by an agent or without.
const LEFT_KEPT: f64 = 1.0 - 1.0 / 2_000.0;

/// What contacts take, by line.
#[derive(Debug, Default)]
pub struct Works {
    lines: BTreeMap<Line, Work>,
    all: Work,
}

/// What is known of one line, or of all together.
#[derive(Debug, Clone, Copy)]
struct Work {
    /// Agents who are at it, parts of agents added up.
    agents: f64,
    at: Timestamp,
    /// Agent-seconds since the last one ended …
    since_end: f64,
    /// … and of those that ended.
    spent: f64,
    ended: f64,
    /// So many ends count, older ones less.
    counts: f64,
    lookout: Lookout,
    accepted: f64,
    took: f64,
    took_squared: f64,
}

impl Default for Work {
    fn default() -> Self {
        Self {
            agents: 0.0,
            at: Timestamp::default(),
            since_end: 0.0,
            spent: 0.0,
            ended: 0.0,
            counts: ENDS_MAX,
            lookout: Lookout::default(),
            accepted: 0.0,
            took: 0.0,
            took_squared: 0.0,
        }
    }
}

/// Agent-seconds that one contact takes, and how many were seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// On average.
    pub seconds: f64,
    /// So many ended, older ones counted less.
    pub seen: f64,
}

impl Works {
    /// A line is given so much of an agent.
    pub fn give(&mut self, now: Timestamp, line: Line, share: f64) {
        self.each(line, |work| work.change(now, share));
    }

    /// It is taken back before anything was done with it.
    pub fn take_back(&mut self, now: Timestamp, line: Line, share: f64) {
        self.each(line, |work| work.change(now, -share));
    }

    /// A contact is done with, which took so many agent-seconds itself.
    pub fn end(&mut self, now: Timestamp, line: Line, share: f64, took: f64) {
        self.each(line, |work| {
            work.change(now, -share);
            work.end(now, took);
        });
    }

    /// An agent accepted after so long.
    pub fn accept(&mut self, line: Line, took: Span) {
        let took = seconds(took);
        self.each(line, |work| {
            work.accepted = work.accepted * ACCEPTED_KEPT + 1.0;
            work.took = work.took * ACCEPTED_KEPT + took;
            work.took_squared = work.took_squared * ACCEPTED_KEPT + took * took;
        });
    }

    /// What a contact of a line takes; nothing if none ended.
    pub fn taken(&self, line: Line) -> Option<Taken> {
        self.lines.get(&line).and_then(Work::taken)
    }

    /// What any contact takes; nothing if none ended.
    pub fn taken_by_any(&self) -> Option<Taken> {
        self.all.taken()
    }

    /// How long agents take to accept a contact of a line.
    pub fn accepting(&self, line: Line) -> Wait {
        let Some(work) = self.lines.get(&line).filter(|work| work.accepted > 0.0) else { return Wait::NONE };
        let mean = work.took / work.accepted;
        Wait { mean, variance: (work.took_squared / work.accepted - mean * mean).max(0.0) }
    }

    /// Lets go of lines of queues that are no more.
    pub fn retain(&mut self, is_kept: impl Fn(QueueKey) -> bool) {
        self.lines.retain(|(queue, _), _| is_kept(*queue));
    }

    fn each(&mut self, line: Line, change: impl Fn(&mut Work)) {
        change(self.lines.entry(line).or_default());
        change(&mut self.all);
    }
}

impl Work {
    fn change(&mut self, now: Timestamp, share: f64) {
        if self.agents > 0.0 {
            self.since_end += self.agents * seconds((now - self.at).max(Span::ZERO));
        }
        self.at = now;
        // What is over was begun before; what is left of sums of parts is none.
        self.agents += share;
        if self.agents < 1e-6 {
            self.agents = 0.0;
        }
    }

    fn end(&mut self, now: Timestamp, took: f64) {
        let spent = std::mem::take(&mut self.since_end);
        let known = self.taken().filter(|known| known.seen >= ENDS_KNOWN);
        self.counts = (self.counts + ENDS_MORE).min(ENDS_MAX);
        let kept = 1.0 - 1.0 / self.counts;
        self.spent = self.spent * kept + spent;
        self.ended = self.ended * kept + 1.0;
        let seen = Seen { ended: 1.0, spent, took };
        if let Some(Seen { ended, spent, .. }) = known.and_then(|known| self.lookout.note(now, known.seconds, seen)) {
            (self.ended, self.spent, self.counts) = (ended, spent, ended.max(ENDS_KNOWN));
        }
    }

    fn taken(&self) -> Option<Taken> {
        (self.ended > 0.0).then(|| Taken { seconds: (self.spent / self.ended).max(1e-3), seen: self.ended })
    }
}

/// How soon customers who wait in a line leave: of all the time that they wait, how often one does (the maximum
/// likelihood of exponential patience; whoever was served, or went elsewhere, is censored).
#[derive(Debug, Clone, Copy, Default)]
pub struct Patience {
    waited: f64,
    left: f64,
}

/// How a contact's wait in a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The customer left.
    Left,
    /// In any other way.
    Otherwise,
}

impl Patience {
    /// A contact waits no more, after so long.
    pub fn note(&mut self, waited: Span, end: End) {
        self.waited = self.waited * LEFT_KEPT + seconds(waited.max(Span::ZERO));
        self.left = self.left * LEFT_KEPT + f64::from(u8::from(end == End::Left));
    }

    /// How many of those who wait leave, a second each.
    pub fn leaving(self) -> f64 {
        if self.left < 0.5 || self.waited <= 0.0 { 0.0 } else { self.left / self.waited }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Line = (QueueKey(1), ChannelKey(0));

    fn at(secs: i64) -> Timestamp {
        Timestamp(Span::from_secs(secs).0)
    }

    #[test]
    fn what_a_contact_takes_is_agents_time_not_its_own() {
        let mut works = Works::default();
        assert_eq!(works.taken(LINE), None);
        // One agent has three chats of ten minutes at a time, one begun every 200 seconds.
        for chat in 0..90 {
            works.give(at(chat * 200), LINE, 1.0 / 3.0);
            if chat >= 3 {
                works.end(at(chat * 200), LINE, 1.0 / 3.0, 200.0);
            }
        }
        let taken = works.taken(LINE).unwrap();
        assert!((taken.seconds - 200.0).abs() < 6.0, "{taken:?}");
        assert!((taken.seen - 87.0).abs() < 3.0, "{taken:?}");
    }

    #[test]
    fn an_offer_that_comes_to_nothing_takes_time_but_starts_nothing() {
        let mut works = Works::default();
        for call in 0..50 {
            works.give(at(call * 100), LINE, 1.0);
            works.take_back(at(call * 100 + 20), LINE, 1.0);
            works.give(at(call * 100 + 20), LINE, 1.0);
            works.end(at(call * 100 + 100), LINE, 1.0, 80.0);
        }
        let taken = works.taken(LINE).unwrap();
        assert!((taken.seconds - 100.0).abs() < 1e-6, "{taken:?}");
    }

    #[test]
    fn what_takes_twice_as_long_is_known_long_before_two_thousand_ended() {
        let (mut works, mut now) = (Works::default(), 0);
        let mut calls = |count: i64, takes: i64| {
            for _ in 0..count {
                works.give(at(now), LINE, 1.0);
                now += takes;
                works.end(at(now), LINE, 1.0, takes as f64);
            }
            works.taken(LINE).unwrap()
        };
        let before = calls(1_000, 300);
        assert!((before.seconds - 300.0).abs() < 1e-6, "{before:?}");
        let after = calls(60, 600);
        assert!((after.seconds - 600.0).abs() < 30.0 && (30.0..=60.0).contains(&after.seen), "{after:?}");
        let later = calls(4_000, 600);
        assert!((later.seconds - 600.0).abs() < 1.0 && later.seen > 700.0, "what is steady is known better: {later:?}");
    }

    #[test]
    fn patience_counts_all_waiting_and_those_who_left() {
        let mut patience = Patience::default();
        (0..90).for_each(|_| patience.note(Span::from_secs(20), End::Otherwise));
        assert_eq!(patience.leaving(), 0.0);
        (0..10).for_each(|_| patience.note(Span::from_secs(20), End::Left));
        assert!((patience.leaving() - 0.005).abs() < 0.0005, "{}", patience.leaving());
    }

    #[test]
    fn accepting_takes_its_mean() {
        let mut works = Works::default();
        assert_eq!(works.accepting(LINE), Wait::NONE);
        for second in [2, 4].iter().cycle().take(1_000) {
            works.accept(LINE, Span::from_secs(*second));
        }
        let accepting = works.accepting(LINE);
        assert!((accepting.mean - 3.0).abs() < 0.05 && (accepting.variance - 1.0).abs() < 0.05, "{accepting:?}");
    }
}
