//! Who has been idle for longest, by each of the three definitions.
//!
//! Invariant: agents stand in order as they become available, free or busy, and whoever asks looks at the first; an agent
//! who is not available is not here.

use std::collections::BTreeSet;

use crate::{
    engine::{AvailableFacts, SeatFacts},
    model::{ids::AgentKey, time::Timestamp},
    shard::statistics::LongestIdle,
};

/// Available agents, in each order.
#[derive(Debug, Default)]
pub(super) struct Idle {
    /// Without work, by when the last contact ended.
    by_last_contact: BTreeSet<(Timestamp, AgentKey)>,
    /// Without work, by when they became available.
    by_available: BTreeSet<(Timestamp, AgentKey)>,
    /// All of them, by the share of the capacity taken and then by when the last contact ended.
    by_load: BTreeSet<(u32, Timestamp, AgentKey)>,
}

/// Where an available agent stands.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Standing {
    is_free: bool,
    /// In thousandths.
    load: u32,
    /// Since when the last contact ended; of whoever never had one, since the beginning.
    rested: Timestamp,
    available: Timestamp,
}

impl Idle {
    /// An agent was like this, and is like that now.
    pub fn change(&mut self, agent: AgentKey, before: &SeatFacts, after: &SeatFacts) {
        let (before, after) = (Standing::of(before), Standing::of(after));
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.by_load.remove(&(before.load, before.rested, agent));
            self.by_last_contact.remove(&(before.rested, agent));
            self.by_available.remove(&(before.available, agent));
        }
        if let Some(after) = after {
            self.by_load.insert((after.load, after.rested, agent));
            if after.is_free {
                self.by_last_contact.insert((after.rested, agent));
                self.by_available.insert((after.available, agent));
            }
        }
    }

    /// Who has been so for longest.
    pub fn longest(&self) -> LongestIdle {
        LongestIdle {
            since_last_contact: self.by_last_contact.first().map(|(since, _)| *since),
            since_available: self.by_available.first().map(|(since, _)| *since),
            lowest_load: self.by_load.first().map(|(load, since, _)| (*load, *since)),
        }
    }
}

impl Standing {
    fn of(seat: &SeatFacts) -> Option<Self> {
        let AvailableFacts { since, last_contact_ended } = seat.available?;
        let load = (u64::from(seat.busy) * 1_000).checked_div(seat.capacity.into()).unwrap_or(1_000);
        Some(Self {
            is_free: seat.busy == 0,
            load: u32::try_from(load).unwrap_or(u32::MAX),
            rested: last_contact_ended.unwrap_or(since),
            available: since,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(busy: u32, since: i64, last: Option<i64>) -> SeatFacts {
        let available = AvailableFacts { since: Timestamp(since), last_contact_ended: last.map(Timestamp) };
        SeatFacts { is_empathetic: false, capacity: 200, busy, available: Some(available) }
    }

    fn of(seats: &[SeatFacts]) -> Idle {
        let mut idle = Idle::default();
        for (agent, seat) in (0..).zip(seats) {
            idle.change(AgentKey(agent), &SeatFacts::default(), seat);
        }
        idle
    }

    #[test]
    fn each_definition_finds_its_own_agent() {
        let away = SeatFacts { capacity: 100, busy: 0, ..SeatFacts::default() };
        let seats = [seat(0, 50, Some(90)), seat(0, 70, Some(40)), seat(100, 10, Some(20)), seat(0, 80, None), away];
        let found = of(&seats).longest();
        assert_eq!(found.since_last_contact, Some(Timestamp(40)));
        assert_eq!(found.since_available, Some(Timestamp(50)));
        assert_eq!(found.lowest_load, Some((0, Timestamp(40))), "load first, then the longest");
        let busy = of(&[seat(150, 5, Some(6)), seat(100, 7, Some(8))]).longest();
        assert_eq!((busy.since_last_contact, busy.since_available), (None, None));
        assert_eq!(busy.lowest_load, Some((500, Timestamp(8))));
        assert_eq!(of(&[away]).longest(), LongestIdle::default());
    }

    #[test]
    fn whoever_changes_stands_elsewhere_and_whoever_leaves_nowhere() {
        let (free, busy, freed) = (seat(0, 50, Some(10)), seat(100, 50, Some(10)), seat(0, 50, Some(90)));
        let mut idle = of(&[free, seat(0, 60, Some(20))]);
        idle.change(AgentKey(0), &free, &busy);
        assert_eq!(idle.longest(), of(&[seat(0, 60, Some(20))]).longest());
        idle.change(AgentKey(0), &busy, &freed);
        let found = idle.longest();
        assert_eq!((found.since_last_contact, found.since_available), (Some(Timestamp(20)), Some(Timestamp(50))));
        idle.change(AgentKey(1), &seat(0, 60, Some(20)), &SeatFacts::default());
        assert_eq!(idle.longest().lowest_load, Some((0, Timestamp(90))));
        idle.change(AgentKey(0), &freed, &SeatFacts::default());
        assert_eq!(idle.longest(), LongestIdle::default());
        assert!(idle.by_load.is_empty() && idle.by_last_contact.is_empty() && idle.by_available.is_empty());
    }
}
