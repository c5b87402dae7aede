//! Whether more comes than can be served, and who brings it.
//!
//! Overload begins when an arrival has waited longer than a burst may. It goes on as long as more than a few are refused
//! for having waited longer than they may meanwhile, which is much shorter: who is taken in lasting overload is taken
//! early, and the rest not at all.
//!
//! A wait of everybody is the work of those who bring more than their share: the tenants above the level to which all can
//! be served when nobody gets more (max-min fairness). Only they are refused for it.
//!
//! Invariant: time is an argument; in calm weather one look at two numbers, and no lock. Not here: how long anybody has
//! waited (`admission`, `connection`).

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::{model::ids::TenantId, shard::CallError};

/// How long overload is on the mind after the last sign of it.
const ALERT_US: u64 = 500_000;
/// How often is looked whether it goes on: refusals in this time …
const LOOK_EVERY_US: u64 = 100_000;
/// … one in so many arrivals are a sign of it.
const SIGN: u64 = 20;

/// What a refused caller waits: at least what it takes to catch up …
pub const RETRY_MIN: Duration = Duration::from_millis(20);
/// … and at most this, however long overload has lasted.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// How often shares are looked over.
const SHARES_EVERY_US: u64 = 20_000;
/// What counts of a tenant's arrivals fades by one part of so many each time.
const FADE: u64 = 4;
/// An arrival, in the numbers that fade.
const ONE: u64 = 1_024;
/// Of what was taken, so many parts in ten are handed out as shares: somebody must be above it while all wait.
const HANDED_OUT: u64 = 9;

/// Overload as such.
pub struct Overload {
    /// The longest that an arrival may have waited, while all is well.
    burst: Duration,
    /// The same while overload is on the mind.
    delay: Duration,
    /// Since when it is, and until when if nothing more happens.
    since_us: AtomicU64,
    until_us: AtomicU64,
    /// When signs were last looked for, and what has come since.
    looked_us: AtomicU64,
    arrived: AtomicU64,
    refused: AtomicU64,
}

impl Overload {
    pub fn new(burst: Duration, delay: Duration) -> Self {
        let [since_us, until_us, looked_us, arrived, refused] = Default::default();
        Self { burst, delay, since_us, until_us, looked_us, arrived, refused }
    }

    /// The longest that an arrival may have waited now.
    pub fn patience(&self, now_us: u64) -> Duration {
        if now_us < self.until_us.load(Relaxed) { self.delay } else { self.burst }
    }

    /// The shortest wait that is ever looked at.
    pub fn notable(&self) -> Duration {
        self.delay.min(self.burst)
    }

    /// Takes or refuses an arrival that has waited for so long, now.
    pub fn judge(&self, now_us: u64, waited: Duration) -> Result<(), CallError> {
        let alert = now_us < self.until_us.load(Relaxed);
        if !alert && waited <= self.burst {
            return Ok(());
        }
        if !alert {
            self.since_us.store(now_us, Relaxed);
            self.until_us.store(now_us + ALERT_US, Relaxed);
            self.look(now_us);
        }
        let late = waited > self.delay;
        self.arrived.fetch_add(1, Relaxed);
        self.refused.fetch_add(u64::from(late), Relaxed);
        if now_us.saturating_sub(self.looked_us.load(Relaxed)) >= LOOK_EVERY_US && self.look(now_us) {
            self.until_us.store(now_us + ALERT_US, Relaxed);
        }
        if late { Err(self.refusal(now_us, waited)) } else { Ok(()) }
    }

    /// Whether enough was refused lately for overload to go on; begins to count anew.
    fn look(&self, now_us: u64) -> bool {
        self.looked_us.store(now_us, Relaxed);
        let (arrived, refused) = (self.arrived.swap(0, Relaxed), self.refused.swap(0, Relaxed));
        refused > 0 && refused * SIGN >= arrived
    }

    fn refusal(&self, now_us: u64, waited: Duration) -> CallError {
        // The longer overload has lasted, the longer it will: hints grow with it, so that retries do not feed it.
        let lasted_us = now_us.saturating_sub(self.since_us.load(Relaxed));
        let retry_after = (waited * 2 + Duration::from_micros(lasted_us / 4)).clamp(RETRY_MIN, RETRY_MAX);
        CallError::Overloaded { retry_after }
    }
}

/// Who brings how much. Counted only while arrivals wait: before that nobody asks.
#[derive(Default)]
pub struct Shares {
    counted: AtomicBool,
    count: Mutex<Count>,
}

#[derive(Default)]
struct Count {
    /// What came of each tenant lately, and whether that was more than its share when it was last looked at.
    tenants: FxHashMap<TenantId, Brought>,
    /// What was taken of all.
    taken: u64,
    looked_us: u64,
}

#[derive(Default)]
struct Brought {
    arrivals: u64,
    above: bool,
}

impl Shares {
    /// Whether arrivals are counted at present, so that who waits for nothing need not be.
    pub fn are_counted(&self) -> bool {
        self.counted.load(Relaxed)
    }

    /// Counts what a tenant brings; true if that is more than its share.
    pub fn is_above(&self, now_us: u64, tenant: &TenantId, arrivals: usize) -> bool {
        let mut count = self.count.lock();
        self.counted.store(true, Relaxed);
        count.look(now_us);
        let brought = match count.tenants.get_mut(tenant) {
            Some(brought) => brought,
            None => count.tenants.entry(tenant.clone()).or_default(),
        };
        brought.arrivals += arrivals as u64 * ONE;
        brought.above
    }

    /// Arrivals were taken.
    pub fn taken(&self, arrivals: usize) {
        self.count.lock().taken += arrivals as u64 * ONE;
    }

    /// Nobody waits: what was counted fades, and then it is no longer counted.
    pub fn fade(&self, now_us: u64) {
        let mut count = self.count.lock();
        count.look(now_us);
        if count.tenants.is_empty() {
            self.counted.store(false, Relaxed);
        }
    }
}

impl Count {
    /// Looks who is above the level, and lets what was counted fade, if it is time.
    fn look(&mut self, now_us: u64) {
        let rounds = now_us.saturating_sub(self.looked_us) / SHARES_EVERY_US;
        if rounds == 0 {
            return;
        }
        let first = self.looked_us == 0;
        self.looked_us = now_us;
        if first {
            return;
        }
        let level = level(self.tenants.values().map(|brought| brought.arrivals), self.taken * HANDED_OUT / 10);
        let all: u64 = self.tenants.values().map(|brought| brought.arrivals).sum();
        let many = self.tenants.len() as u64;
        for brought in self.tenants.values_mut() {
            // Where hardly anything is taken the level is low; who brings less than most is not the one to refuse even so.
            let much = brought.arrivals * many >= all;
            brought.above = much && level.is_some_and(|level| brought.arrivals > level);
            (0..rounds.min(32)).for_each(|_| brought.arrivals -= brought.arrivals / FADE);
        }
        (0..rounds.min(32)).for_each(|_| self.taken -= self.taken / FADE);
        self.tenants.retain(|_, brought| brought.arrivals >= ONE / 4);
    }
}

/// The most that anybody gets when so much is handed out, nobody gets more than was asked for, and what one leaves is
/// the others'; `None` if it is enough for all.
fn level(asked: impl Iterator<Item = u64>, mut handed_out: u64) -> Option<u64> {
    let mut asked: Vec<u64> = asked.collect();
    asked.sort_unstable();
    for (before, one) in asked.iter().enumerate() {
        let share = handed_out / (asked.len() - before) as u64;
        if *one > share {
            return Some(share);
        }
        handed_out -= one;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    fn overload() -> Overload {
        let [burst, delay] = [50, 5].map(Duration::from_millis);
        Overload::new(burst, delay)
    }

    fn tenant(name: &str) -> TenantId {
        TenantId::new(name).unwrap()
    }

    #[test]
    fn a_burst_may_wait_and_lasting_overload_is_refused_early() {
        let overload = overload();
        let judge = |at_ms, waited_ms| overload.judge(at_ms * MS, Duration::from_millis(waited_ms));
        assert_eq!(judge(1, 40), Ok(()), "a burst");
        let Err(CallError::Overloaded { retry_after }) = judge(2, 60) else { panic!("is refused") };
        assert!(retry_after >= Duration::from_millis(120), "twice what it would have had to wait: {retry_after:?}");
        assert!(judge(3, 10).is_err(), "overload is on the mind: no second burst");
        assert_eq!(judge(4, 4), Ok(()), "who has hardly waited is taken");
    }

    #[test]
    fn overload_lasts_while_some_are_refused_and_ends_when_few_are() {
        let overload = overload();
        let judge = |at_ms, waited_ms| overload.judge(at_ms * MS, Duration::from_millis(waited_ms));
        assert!(judge(1, 60).is_err());
        // One in ten has waited a little too long, for ten seconds, and none as long as a burst may.
        for at in 2..10_000 {
            assert_eq!(judge(at, if at % 10 == 0 { 6 } else { 1 }).is_err(), at % 10 == 0, "{at}");
        }
        // Then one in a hundred: it has ended within a second, and who waits a little is taken again.
        (10_000..11_000).for_each(|at| drop(judge(at, if at % 100 == 0 { 6 } else { 1 })));
        assert_eq!(judge(11_000, 20), Ok(()));
    }

    #[test]
    fn hints_grow_while_overload_lasts() {
        let overload = overload();
        let hint = |at_ms| match overload.judge(at_ms * MS, Duration::from_millis(60)) {
            Err(CallError::Overloaded { retry_after }) => retry_after,
            other => panic!("is refused, not {other:?}"),
        };
        let first = hint(1);
        let later: Vec<_> = (1..=60).map(|at| hint(at * 100)).collect();
        assert!(later[20] > first * 3, "{later:?}");
        assert!(later.iter().all(|hint| *hint <= RETRY_MAX), "{later:?}");
    }

    #[test]
    fn what_is_handed_out_goes_to_the_modest_first_and_the_rest_evenly() {
        let level = |asked: &[u64], handed_out| level(asked.iter().copied(), handed_out);
        assert_eq!(level(&[], 10), None);
        assert_eq!(level(&[10, 20, 30], 60), None, "enough for all");
        assert_eq!(level(&[150, 5], 90), Some(85));
        assert_eq!(level(&[100, 5, 40], 90), Some(45), "who asks for less than an even share is above none");
        assert_eq!(level(&[75, 75], 90), Some(45));
        assert_eq!(level(&[7], 0), Some(0), "somebody alone is above any share");
    }

    #[test]
    fn only_those_above_their_share_are_refused_for_everybodys_wait() {
        let shares = Shares::default();
        let [flood, medium, quiet] = ["flood", "medium", "quiet"].map(tenant);
        let mut refused = [0; 3];
        // A hundred a millisecond can be served; nobody is refused before shares are known.
        for ms in 1..=1_000 {
            for (at, (tenant, brings)) in [(&flood, 100), (&medium, 40), (&quiet, 5)].into_iter().enumerate() {
                for _ in 0..brings {
                    match shares.is_above(ms * MS, tenant, 1) {
                        true => refused[at] += 1,
                        false => shares.taken(1),
                    }
                }
            }
        }
        assert!(refused[0] > 50_000, "{refused:?}");
        assert_eq!(refused[1..], [0, 0], "they ask for less than an even share");
    }

    #[test]
    fn who_brings_little_is_taken_also_where_those_who_bring_much_are_not_at_all() {
        let shares = Shares::default();
        let [flood, quiet] = ["flood", "quiet"].map(tenant);
        for ms in 1..1_000 {
            let flooding = (0..20).filter(|_| shares.is_above(ms * MS, &flood, 1)).count();
            assert!(ms < 100 || flooding == 20, "at {ms} ms: {flooding}");
            assert!(!shares.is_above(ms * MS, &quiet, 1), "at {ms} ms");
            shares.taken(1);
        }
    }

    #[test]
    fn a_tenant_alone_is_above_its_share_and_what_was_counted_is_forgotten() {
        let shares = Shares::default();
        let flood = tenant("flood");
        for ms in 1..200 {
            shares.is_above(ms * MS, &flood, 10);
            shares.taken(10);
        }
        assert!(shares.is_above(200 * MS, &flood, 1));
        assert!(shares.are_counted());
        (200..2_000).for_each(|ms| shares.fade(ms * MS));
        assert!(!shares.are_counted());
        assert!(!shares.is_above(2_000 * MS, &flood, 1), "nothing is known of it yet");
    }
}
