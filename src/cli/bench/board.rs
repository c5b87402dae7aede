//! What the load knows of its contacts: when each was due, when it was offered, what became of it.
//!
//! Invariant: a latency counts from the time at which a contact was *due*, so that a server that holds up its callers
//! cannot hide it, and it counts once per contact, at its first offer. Everything is counted at the client.

use std::{
    fmt, mem,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant, time::timeout_at};
use tonic::{Code, Status};

/// Contacts whose due times are known at once; more are never on their way.
const SLOTS: usize = 1 << 20;
/// In place of a due time: the contact has been offered already.
const OFFERED: u64 = u64::MAX;

/// The contacts of one office.
pub struct Board {
    began: Instant,
    due_us: Vec<AtomicU64>,
    /// By agent: when the contact before was let go.
    freed: Mutex<Vec<Option<Instant>>>,
    /// Contacts that stay with their agents until they are called for.
    held: Mutex<Vec<(usize, String)>>,
    tally: Mutex<Tally>,
    broken: Mutex<Option<Status>>,
    changed: Notify,
}

/// What has been counted since the last round; contacts that were under way then count on.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Agents of a gateway who are signed in.
    pub present: u64,
    /// Contacts sent.
    pub sent: u64,
    /// Of those, acknowledged.
    pub taken: u64,
    /// Refused because the server has too much to do.
    pub refused: u64,
    /// Offered for the first time.
    pub offered: u64,
    /// Taken by an agent.
    pub engaged: u64,
    /// Handled to the end.
    pub completed: u64,
    /// Offers that were gone when their agent answered.
    pub missed: u64,
    /// From the time at which a contact was due to its offer at the agent's stream, in microseconds.
    pub offer_us: Histogram<u64>,
    /// From the time at which an agent became free to the next offer there, in microseconds.
    pub freed_us: Histogram<u64>,
}

impl Tally {
    /// Contacts that are sent and have no end yet.
    pub fn under_way(&self) -> u64 {
        self.sent - self.completed - self.refused
    }
}

impl Default for Tally {
    fn default() -> Self {
        let (offer_us, freed_us) = (histogram(), histogram());
        Self {
            present: 0,
            sent: 0,
            taken: 0,
            refused: 0,
            offered: 0,
            engaged: 0,
            completed: 0,
            missed: 0,
            offer_us,
            freed_us,
        }
    }
}

/// Microseconds, up to a minute.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are valid")
}

impl Board {
    /// An empty one, for so many agents.
    pub fn new(agents: usize) -> Self {
        Self {
            began: Instant::now(),
            due_us: (0..SLOTS).map(|_| AtomicU64::new(OFFERED)).collect(),
            freed: Mutex::new(vec![None; agents]),
            held: Mutex::default(),
            tally: Mutex::default(),
            broken: Mutex::new(None),
            changed: Notify::new(),
        }
    }

    /// Another agent of a gateway is signed in.
    pub fn present(&self) {
        self.count(|tally| tally.present += 1);
    }

    /// A contact is sent that was due then.
    pub fn sent(&self, number: u64, due: Instant) {
        self.due_us[slot(number)].store(self.micros(due), Relaxed);
        self.tally.lock().sent += 1;
    }

    /// A contact has its place.
    pub fn taken(&self) {
        self.count(|tally| tally.taken += 1);
    }

    /// An enqueue was refused; anything but overload ends the bench.
    pub fn refused(&self, status: Status) {
        if status.code() == Code::ResourceExhausted {
            self.count(|tally| tally.refused += 1);
        } else {
            self.broke(status);
        }
    }

    /// A contact is offered at an agent's stream.
    pub fn offered(&self, agent: usize, contact: &str) {
        let now = Instant::now();
        let freed = self.freed.lock().get_mut(agent).and_then(Option::take);
        let due_us = number_of(contact).map_or(OFFERED, |number| self.due_us[slot(number)].swap(OFFERED, Relaxed));
        self.count(|tally| {
            if due_us != OFFERED {
                tally.offered += 1;
                tally.offer_us.saturating_record(self.micros(now).saturating_sub(due_us));
            }
            if let Some(freed) = freed {
                tally.freed_us.saturating_record(micros(now - freed));
            }
        });
    }

    /// An agent has a contact.
    pub fn engaged(&self) {
        self.count(|tally| tally.engaged += 1);
    }

    /// A contact stays with its agent until it is called for.
    pub fn hold(&self, agent: usize, contact: String) {
        self.held.lock().push((agent, contact));
    }

    /// Calls for a contact that is held; `choose` is given how many there are.
    pub fn release(&self, choose: impl FnOnce(usize) -> usize) -> Option<(usize, String)> {
        let mut held = self.held.lock();
        if held.is_empty() {
            return None;
        }
        let at = choose(held.len());
        Some(held.swap_remove(at))
    }

    /// An agent lets a contact go.
    pub fn freed(&self, agent: usize) {
        if let Some(freed) = self.freed.lock().get_mut(agent) {
            *freed = Some(Instant::now());
        }
    }

    /// A contact is handled to the end.
    pub fn completed(&self) {
        self.count(|tally| tally.completed += 1);
    }

    /// An offer was gone when its agent answered; the contact will be offered again.
    pub fn missed(&self) {
        self.count(|tally| tally.missed += 1);
    }

    /// Something is wrong that no load explains; the first such ends the bench.
    pub fn broke(&self, status: Status) {
        self.broken.lock().get_or_insert(status);
        self.changed.notify_one();
    }

    /// Contacts that are sent and have no end yet.
    pub fn under_way(&self) -> u64 {
        self.look(Tally::under_way)
    }

    /// Looks at the tally as it stands.
    pub fn look<T>(&self, at: impl FnOnce(&Tally) -> T) -> T {
        at(&self.tally.lock())
    }

    /// Waits until the tally is as it should be; false if it is not so by then, an error if something broke.
    pub async fn wait(&self, until: Instant, holds: impl Fn(&Tally) -> bool) -> Result<bool, Status> {
        loop {
            if let Some(status) = self.broken.lock().clone() {
                return Err(status);
            }
            if holds(&self.tally.lock()) {
                return Ok(true);
            }
            if timeout_at(until, self.changed.notified()).await.is_err() {
                return Ok(holds(&self.tally.lock()));
            }
        }
    }

    /// Hands out what was counted and begins anew; contacts that are still under way stay so.
    pub fn take(&self) -> Tally {
        let mut tally = self.tally.lock();
        let under_way = Tally {
            sent: tally.under_way(),
            offered: tally.offered - tally.completed,
            engaged: tally.engaged - tally.completed,
            ..Tally::default()
        };
        mem::replace(&mut tally, under_way)
    }

    fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.tally.lock());
        self.changed.notify_one();
    }

    fn micros(&self, at: Instant) -> u64 {
        micros(at.saturating_duration_since(self.began))
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").field("tally", &self.tally).field("broken", &self.broken).finish_non_exhaustive()
    }
}

/// A contact's id; `run` tells offices apart that open at one server after another.
pub fn contact_id(run: &str, number: u64) -> String {
    format!("c{run}-{number}")
}

fn number_of(contact: &str) -> Option<u64> {
    contact.rsplit_once('-')?.1.parse().ok()
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is below the number of slots")]
fn slot(number: u64) -> usize {
    (number % SLOTS as u64) as usize
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(OFFERED - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server answers in a millisecond, but stands still for the first second. Whoever measures from the moment at
    /// which a held-up caller gets to send sees one slow answer; the customers who were due meanwhile saw a thousand.
    #[test]
    fn a_stall_counts_for_everybody_who_was_due_in_it() {
        let began = Instant::now() - Duration::from_secs(1);
        let board = Board { began, ..Board::new(1) };
        for number in 0..1_000 {
            board.sent(number, began + Duration::from_millis(number));
        }
        // All are offered now, a second after the first was due.
        for number in 0..1_000 {
            board.offered(0, &contact_id("1", number));
        }
        let mut tally = board.take();
        let at = |quantile| tally.offer_us.value_at_quantile(quantile) / 1_000;
        // However long this machine took over it, so much later is everybody at most.
        let late = u64::try_from(began.elapsed().as_millis()).expect("a moment") - 1_000;
        assert!((495..=510 + late).contains(&at(0.5)), "{} of {late}", at(0.5));
        assert!((985..=1_010 + late).contains(&at(0.99)), "{} of {late}", at(0.99));

        board.offered(0, &contact_id("1", 7));
        tally = board.take();
        let counted = (tally.offered, tally.offer_us.len());
        assert_eq!(counted, (1_000, 0), "still those under way: an offer made again is not a second arrival");
    }

    #[tokio::test]
    async fn what_is_under_way_is_known_across_rounds() {
        let board = Board::new(1);
        let now = Instant::now();
        (0..3).for_each(|number| board.sent(number, now));
        (0..2).for_each(|number| board.offered(0, &contact_id("1", number)));
        (0..2).for_each(|_| board.engaged());
        board.completed();
        board.refused(Status::resource_exhausted("too much"));
        assert_eq!(board.under_way(), 1);
        let tally = board.take();
        assert_eq!((tally.sent, tally.completed, tally.refused), (3, 1, 1));
        assert_eq!(board.under_way(), 1);
        assert!(!board.wait(now, |tally| tally.completed == tally.sent).await.unwrap());
        board.completed();
        assert!(board.wait(now, |tally| tally.completed == tally.sent).await.unwrap());
        board.refused(Status::invalid_argument("no"));
        assert!(board.wait(now, |_| true).await.is_err(), "a fault is told, whatever was waited for");
    }
}
