//! When the load is due, and waiting for it.
//!
//! Invariant: the schedule does not know how the server does: what is late is sent as soon as may be, with the time at
//! which it was due. Latencies that count from there contain all the waiting that customers would have done.

use std::{thread, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until},
};

/// The timer's grain is a millisecond; nearer than this, the time is watched.
const WATCHED: Duration = Duration::from_millis(2);
/// So many may be sent in one go before answers get their turn.
const IN_A_ROW: u64 = 16;

/// Times at which something is due, from a beginning.
#[derive(Debug)]
pub struct Schedule {
    mean: Duration,
    random: StdRng,
    began: Instant,
    number: u64,
    /// After the beginning.
    next: Duration,
}

impl Schedule {
    /// From now on, so many a second on average, independently of each other, as customers come (a Poisson process).
    pub fn new(per_second: u64, seed: u64) -> Self {
        let mean = Duration::from_nanos(1_000_000_000 / per_second.max(1));
        Self { mean, random: StdRng::seed_from_u64(seed), began: Instant::now(), number: 0, next: Duration::ZERO }
    }

    /// Waits for the next and returns when it was due; none once `span` is over.
    pub async fn next(&mut self, span: Duration) -> Option<Instant> {
        let due_after = self.due_after();
        if due_after >= span {
            return None;
        }
        let due = self.began + due_after;
        if due > Instant::now() {
            wait_until(due).await;
        } else if self.number.is_multiple_of(IN_A_ROW) {
            yield_now().await;
        }
        Some(due)
    }

    fn due_after(&mut self) -> Duration {
        self.number += 1;
        let due = self.next;
        let gap = -self.random.random_range(f64::EPSILON..1.0).ln();
        self.next = due + self.mean.mul_f64(gap);
        due
    }
}

/// Waits until `due`, to the microsecond as far as the machine allows; tasks beside it get their turns.
async fn wait_until(due: Instant) {
    if due > Instant::now() + WATCHED {
        sleep_until(due - WATCHED).await;
    }
    while Instant::now() < due {
        yield_now().await;
        // The server may live on this very core.
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seed: u64) -> Vec<Duration> {
        let mut schedule = Schedule::new(1_000, seed);
        (0..10_000).map(|_| schedule.due_after()).collect()
    }

    #[tokio::test]
    async fn arrivals_come_at_the_rate_on_average_and_independently_of_each_other() {
        let times = times(1);
        let took = times[9_999].as_secs_f64();
        assert!((9.5..10.5).contains(&took), "{took}");
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
        let long = gaps.filter(|gap| *gap > Duration::from_millis(1)).count();
        assert!((3_400..3_950).contains(&long), "one gap in e is longer than the mean, not {long}");
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
    }

    #[tokio::test]
    async fn what_is_late_keeps_the_time_at_which_it_was_due() {
        let span = Duration::from_millis(20);
        let planned = times(1).into_iter().take_while(|after| *after < span);
        let mut schedule = Schedule::new(1_000, 1);
        let began = schedule.began;
        let mut due = Vec::new();
        while let Some(at) = schedule.next(span).await {
            due.push(at - began);
            if due.len() == 1 {
                thread::sleep(span);
            }
        }
        assert!(due.len() > 5, "{due:?}");
        assert_eq!(due, planned.collect::<Vec<_>>());
    }
}
