//! How busy agents were: capacity at work and capacity taken, each times the time it lasted.
//!
//! Invariant: what lasts is counted in the slices in which it lasted, to the microsecond; time in which the daemon was not
//! there counts for nothing. Not here: who is at work (`observe::care`).

use super::windows::{Additive, Window, Windows};
use crate::{
    model::time::{Span, Timestamp},
    shard::measures::GroupMeasures,
};

/// No more of a long silence is counted slice by slice: the day's window is no longer.
const SILENCE_MAX: Span = Span::from_secs(86_400);
/// What is counted at once: the shortest slice.
const STRETCH: Span = Span::from_secs(5);

/// What agents did, by group: empathetic agents, and all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentCounts {
    /// Of empathetic agents and of all others.
    pub groups: [Occupied; 2],
    /// Agents who were set away because they did not answer.
    pub away: u32,
}

/// Capacity times microseconds; an ordinary agent has a capacity of 100. A large centre's would fill 64 bits within days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occupied {
    /// Of agents at work.
    pub capacity: u128,
    /// What engagements took of it.
    pub busy: u128,
}

/// A tenant's agents.
#[derive(Debug, Default)]
pub(in crate::shard) struct AgentWindows {
    windows: Windows<AgentCounts>,
    now_at: [GroupMeasures; 2],
    until: Option<Timestamp>,
    total: [Occupied; 2],
}

impl AgentWindows {
    /// Agents were as they were until now, and are like this from now on.
    pub fn follow(&mut self, now: Timestamp, day_begins: Span, groups: [GroupMeasures; 2]) {
        if groups != self.now_at {
            self.advance(now, day_begins);
            self.now_at = groups;
        }
    }

    /// Agents were as they were until now.
    pub fn advance(&mut self, now: Timestamp, day_begins: Span) {
        let from = self.until.unwrap_or(now);
        self.until = Some(from.max(now));
        let stretch = now - from;
        if stretch <= Span::ZERO || self.now_at == [GroupMeasures::default(); 2] {
            return;
        }
        let levels = self.now_at;
        for (total, level) in self.total.iter_mut().zip(levels) {
            total.add(level.over(stretch));
        }
        let mut at = from.max(now - SILENCE_MAX);
        while at < now {
            let next = Timestamp((at.0.div_euclid(STRETCH.0) + 1) * STRETCH.0).min(now);
            let counts = AgentCounts { groups: levels.map(|level| level.over(next - at)), away: 0 };
            self.windows.count(at, day_begins, |held| held.add(&counts));
            at = next;
        }
    }

    /// Nobody was there to count until now.
    pub fn skip(&mut self, now: Timestamp) {
        self.until = self.until.max(Some(now));
    }

    /// An agent was set away for not answering.
    pub fn set_away(&mut self, now: Timestamp, day_begins: Span) {
        self.windows.count(now, day_begins, |held| held.away += 1);
    }

    /// Since the shard began.
    pub fn total(&self) -> [Occupied; 2] {
        self.total
    }

    /// By window, up to what was counted last.
    pub fn read(&self, now: Timestamp, day_begins: Span) -> [AgentCounts; Window::ALL.len()] {
        self.windows.read(now, day_begins).map(|since| since.held)
    }
}

impl Occupied {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.capacity += other.capacity;
        self.busy += other.busy;
    }
}

impl GroupMeasures {
    /// What this comes to if it lasts so long.
    fn over(self, span: Span) -> Occupied {
        let micros = u128::try_from(span.0).unwrap_or(0);
        let for_so_long = |level: u64| u128::from(level) * micros;
        Occupied { capacity: for_so_long(self.capacity), busy: for_so_long(self.busy) }
    }
}

impl Additive for AgentCounts {
    fn add(&mut self, other: &Self) {
        for (group, more) in self.groups.iter_mut().zip(other.groups) {
            group.add(more);
        }
        self.away += other.away;
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_700_049_600_000_000);

    fn at(seconds: i64) -> Timestamp {
        NOON + Span::from_secs(seconds)
    }

    fn others(capacity: u64, busy: u64) -> [GroupMeasures; 2] {
        [GroupMeasures::default(), GroupMeasures { capacity, busy }]
    }

    /// Agent-seconds of the others in the shortest window and in the day: at work and taken.
    fn read(agents: &mut AgentWindows, now: Timestamp) -> [(u128, u128); 2] {
        agents.advance(now, Span::ZERO);
        let read = agents.read(now, Span::ZERO);
        [read[0], read[4]].map(|counts| {
            let [capacity, busy] = [counts.groups[1].capacity, counts.groups[1].busy].map(|sum| sum / 100_000_000);
            (capacity, busy)
        })
    }

    #[test]
    fn capacity_counts_as_long_as_it_is_there_and_in_the_slices_in_which_it_is() {
        let mut agents = AgentWindows::default();
        agents.follow(at(0), Span::ZERO, others(200, 0));
        agents.follow(at(30), Span::ZERO, others(200, 100));
        assert_eq!(read(&mut agents, at(40)), [(80, 10), (80, 10)]);
        agents.follow(at(50), Span::ZERO, others(100, 100));
        // The window begins at 45 s: five seconds of two agents, then one.
        assert_eq!(read(&mut agents, at(104)), [(10 + 54, 59), (100 + 54, 20 + 54)]);
        agents.follow(at(110), Span::ZERO, others(0, 0));
        assert_eq!(read(&mut agents, at(3_600)), [(0, 0), (160, 80)]);
        assert_eq!(agents.total()[1].busy, 80 * 100_000_000);
    }

    #[test]
    fn what_was_counted_is_not_counted_again_if_a_time_before_it_comes_after() {
        let mut agents = AgentWindows::default();
        agents.follow(at(0), Span::ZERO, others(100, 0));
        agents.advance(at(30), Span::ZERO);
        agents.follow(at(20), Span::ZERO, others(100, 100));
        agents.skip(at(25));
        assert_eq!(read(&mut agents, at(40)), [(40, 10), (40, 10)]);
    }

    #[test]
    fn a_large_centre_is_counted_for_as_long_as_it_likes() {
        let mut agents = AgentWindows::default();
        let level = 100_000 * 10_000;
        agents.follow(at(0), Span::ZERO, others(level, level));
        agents.advance(at(365 * 86_400), Span::ZERO);
        assert_eq!(agents.total()[1].busy, u128::from(level) * 365 * 86_400 * 1_000_000);
    }

    #[test]
    fn an_outage_is_nobodys_work() {
        let mut agents = AgentWindows::default();
        agents.follow(at(0), Span::ZERO, others(100, 100));
        agents.advance(at(10), Span::ZERO);
        agents.skip(at(1_000));
        assert_eq!(read(&mut agents, at(1_010)), [(10, 10), (20, 20)]);
    }
}
