//! Who has been idle for longest, by each of the three definitions.
//!
//! Invariant: looked up once for all agents, when gauges are brought up to date, so that agents who become free or busy
//! cost nothing more.

use crate::{
    engine::{AvailableFacts, SeatFacts},
    shard::statistics::LongestIdle,
};

/// Of these agents.
pub(super) fn longest_idle<'a>(seats: impl Iterator<Item = &'a SeatFacts>) -> LongestIdle {
    let mut found = LongestIdle::default();
    for seat in seats {
        let Some(AvailableFacts { since, last_contact_ended }) = seat.available else { continue };
        // Who never had a contact is idle since the beginning.
        let rested = last_contact_ended.unwrap_or(since);
        let load = (u64::from(seat.busy) * 1_000).checked_div(seat.capacity.into()).unwrap_or(1_000);
        let load = (u32::try_from(load).unwrap_or(u32::MAX), rested);
        found.lowest_load = Some(found.lowest_load.map_or(load, |lowest| lowest.min(load)));
        if seat.busy == 0 {
            found.since_last_contact = Some(found.since_last_contact.map_or(rested, |longest| longest.min(rested)));
            found.since_available = Some(found.since_available.map_or(since, |longest| longest.min(since)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::model::time::Timestamp;

    use super::*;

    fn seat(busy: u32, since: i64, last: Option<i64>) -> SeatFacts {
        let available = AvailableFacts { since: Timestamp(since), last_contact_ended: last.map(Timestamp) };
        SeatFacts { is_empathetic: false, capacity: 200, busy, available: Some(available) }
    }

    #[test]
    fn each_definition_finds_its_own_agent() {
        let away = SeatFacts { capacity: 100, busy: 0, ..SeatFacts::default() };
        let seats = [seat(0, 50, Some(90)), seat(0, 70, Some(40)), seat(100, 10, Some(20)), seat(0, 80, None), away];
        let found = longest_idle(seats.iter());
        assert_eq!(found.since_last_contact, Some(Timestamp(40)));
        assert_eq!(found.since_available, Some(Timestamp(50)));
        assert_eq!(found.lowest_load, Some((0, Timestamp(40))), "load first, then the longest");
        let busy = longest_idle([seat(150, 5, Some(6)), seat(100, 7, Some(8))].iter());
        assert_eq!((busy.since_last_contact, busy.since_available), (None, None));
        assert_eq!(busy.lowest_load, Some((500, Timestamp(8))));
        assert_eq!(longest_idle([away].iter()), LongestIdle::default());
    }
}
