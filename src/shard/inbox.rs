//! The inbox: what waits for a shard, by tenant.
//!
//! Invariant: bounded, and fair. Arrivals of a tenant may take as much as is still free, so that the first to flood
//! leaves half to others; what ends work may take all. Tenants take turns, and within a tenant's turn what ends work comes
//! before what makes it, three to one. A full inbox refuses at once and never blocks.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::{sync::Notify, time::Instant};

use crate::model::{ids::TenantId, limits::INBOX_MAX};

use super::item::Item;

/// Calls of one tenant before the next has its turn.
const TURN: usize = 64;
/// Of so many items of a tenant, one is taken from the arrivals first.
const ARRIVALS_EVERY: usize = 4;
/// The least and the most that a refused caller waits.
const RETRY: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(5));

/// The way in; the inbox closes when the last one is dropped.
#[derive(Clone)]
pub(super) struct Entrance(Arc<Door>);

/// Closes the inbox behind the last who could come in.
struct Door(Arc<Shared>);

/// The shard's end.
pub(super) struct Inbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lanes: Mutex<Lanes>,
    news: Notify,
}

/// Why an item was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is no room; there will be after this.
    Full { retry_after: Duration },
    /// The shard takes nothing any more.
    Closed,
}

#[derive(Default)]
struct Lanes {
    tenants: FxHashMap<TenantId, Lane>,
    /// Tenants with something to take, the next one first, and what is left of its turn.
    turns: VecDeque<TenantId>,
    left: usize,
    calls: usize,
    /// When something was last taken, or came to an empty inbox.
    taken_at: Option<Instant>,
    closed: bool,
}

/// What waits of one tenant.
#[derive(Default)]
struct Lane {
    arrivals: VecDeque<Item>,
    others: VecDeque<Item>,
    /// Calls among the arrivals.
    arriving: usize,
    /// Items taken, to know whose go it is.
    taken: usize,
}

/// An inbox and the way in.
pub(super) fn inbox() -> (Entrance, Inbox) {
    let shared = Arc::new(Shared::default());
    (Entrance(Arc::new(Door(Arc::clone(&shared)))), Inbox(shared))
}

impl Entrance {
    /// Puts an item in, or gives it up.
    pub fn push(&self, item: Item) -> Result<(), Refused> {
        let shared = &self.0.0;
        let first = shared.lanes.lock().push(item)?;
        if first {
            shared.news.notify_one();
        }
        Ok(())
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Inbox {
    /// The next item; `None` once the inbox is closed and empty. May be dropped and called anew.
    pub async fn recv(&mut self) -> Option<Item> {
        loop {
            {
                let mut lanes = self.0.lanes.lock();
                if let Some(item) = lanes.next() {
                    return Some(item);
                }
                if lanes.closed {
                    return None;
                }
            }
            // What comes between the look and the wait leaves a permit behind.
            self.0.news.notified().await;
        }
    }

    /// The next item, if one waits.
    pub fn try_recv(&mut self) -> Option<Item> {
        self.0.lanes.lock().next()
    }

    /// Calls that wait.
    pub fn calls(&self) -> usize {
        self.0.lanes.lock().calls
    }

    /// Takes nothing more in.
    pub fn close(&mut self) {
        self.0.close();
    }

    /// Whether nothing more is taken in.
    pub fn is_closed(&self) -> bool {
        self.0.lanes.lock().closed
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.0.close();
        // Whoever waits for an answer hears that there will be none.
        *self.0.lanes.lock() = Lanes { closed: true, ..Lanes::default() };
    }
}

impl Shared {
    fn close(&self) {
        self.lanes.lock().closed = true;
        self.news.notify_one();
    }
}

impl Lanes {
    /// Puts an item in; true if the inbox was empty.
    fn push(&mut self, item: Item) -> Result<bool, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        let (calls, arrivals) = (item.calls(), item.arrivals());
        let free = INBOX_MAX.saturating_sub(self.calls);
        let lane = self.tenants.get(item.tenant());
        // What came together is taken together: the last item may be larger than what is free.
        if free == 0 || (arrivals > 0 && lane.is_some_and(|lane| lane.arriving >= free)) {
            return Err(Refused::Full { retry_after: self.retry_after() });
        }
        if self.calls == 0 {
            self.taken_at = Some(Instant::now());
        }
        let first = self.calls == 0;
        self.calls += calls;
        let lane = match self.tenants.get_mut(item.tenant()) {
            Some(lane) => lane,
            None => self.tenants.entry(item.tenant().clone()).or_default(),
        };
        if lane.is_empty() {
            self.turns.push_back(item.tenant().clone());
        }
        lane.arriving += arrivals;
        if arrivals > 0 {
            lane.arrivals.push_back(item);
        } else {
            lane.others.push_back(item);
        }
        Ok(first)
    }

    fn next(&mut self) -> Option<Item> {
        let tenant = self.turns.front()?;
        let lane = self.tenants.get_mut(tenant).expect("whoever has a turn has a lane");
        let item = lane.next().expect("whoever has a turn has something to take");
        let calls = item.calls();
        self.calls -= calls;
        self.left = if self.left == 0 { TURN } else { self.left }.saturating_sub(calls);
        if lane.is_empty() {
            self.turns.pop_front();
            self.left = 0;
        } else if self.left == 0 {
            self.turns.rotate_left(1);
        }
        self.taken_at = Some(Instant::now());
        Some(item)
    }

    /// As long again as nothing has been taken out, at least.
    fn retry_after(&self) -> Duration {
        let stuck = self.taken_at.map_or(Duration::ZERO, |taken_at| taken_at.elapsed());
        (stuck * 2).clamp(RETRY.0, RETRY.1)
    }
}

impl Lane {
    fn is_empty(&self) -> bool {
        self.arrivals.is_empty() && self.others.is_empty()
    }

    fn next(&mut self) -> Option<Item> {
        self.taken += 1;
        let arrival_first = self.taken.is_multiple_of(ARRIVALS_EVERY);
        let (first, second) =
            if arrival_first { (&mut self.arrivals, &mut self.others) } else { (&mut self.others, &mut self.arrivals) };
        let item = first.pop_front().or_else(|| second.pop_front())?;
        self.arriving -= item.arrivals();
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::{Command, Request},
        model::{contact::CancelReason, ids::ContactId},
    };
    use tokio::sync::oneshot;

    use super::*;

    fn call(tenant: &str, command: Command) -> Item {
        let (to, _) = oneshot::channel();
        Item::Call { tenant: TenantId::new(tenant).unwrap(), request: Request { id: None, command }, to }
    }

    fn announce(tenant: &str) -> Item {
        let (contact, expected_at) = (ContactId::new("c").unwrap(), crate::model::time::Timestamp(0));
        call(
            tenant,
            Command::AnnounceContact {
                contact,
                expected_at,
                announced: Default::default(),
                source: None,
                details: Arc::default(),
            },
        )
    }

    fn cancel(tenant: &str) -> Item {
        let (contact, reason) = (ContactId::new("c").unwrap(), CancelReason::Withdrawn);
        call(tenant, Command::CancelContact { contact, reason })
    }

    fn take(inbox: &mut Inbox, items: usize) -> Vec<(String, bool)> {
        let taken = (0..items).map_while(|_| inbox.try_recv());
        taken.map(|item| (item.tenant().to_string(), item.arrivals() > 0)).collect()
    }

    #[test]
    fn a_flood_of_arrivals_leaves_room_for_others_and_for_what_ends_work() {
        let (entrance, inbox) = inbox();
        let flooded = (0..).take_while(|_| entrance.push(announce("flood")).is_ok()).count();
        assert_eq!(flooded, INBOX_MAX / 2);
        let second = (0..).take_while(|_| entrance.push(announce("second")).is_ok()).count();
        assert_eq!(second, INBOX_MAX / 4, "half of what the first has left");
        assert!(matches!(entrance.push(announce("flood")), Err(Refused::Full { .. })));
        assert_eq!(entrance.push(announce("quiet")), Ok(()));
        let answers = (0..).take_while(|_| entrance.push(cancel("flood")).is_ok()).count();
        assert_eq!(inbox.calls(), INBOX_MAX);
        assert_eq!(flooded + second + 1 + answers, INBOX_MAX);
    }

    #[test]
    fn tenants_take_turns_and_what_ends_work_comes_first_without_starving_arrivals() {
        let (entrance, mut inbox) = inbox();
        for _ in 0..1_000 {
            entrance.push(announce("flood")).unwrap();
            entrance.push(cancel("flood")).unwrap();
        }
        entrance.push(announce("quiet")).unwrap();
        let taken = take(&mut inbox, TURN + 1);
        assert_eq!(taken.last(), Some(&("quiet".to_owned(), true)), "after one turn of the flood");
        assert_eq!(taken[..TURN].iter().filter(|(_, arrival)| *arrival).count(), TURN / ARRIVALS_EVERY);
        assert_eq!(take(&mut inbox, usize::MAX).len(), 2_000 - TURN);
    }

    #[tokio::test]
    async fn it_closes_behind_the_last_who_could_come_in() {
        let (entrance, mut inbox) = inbox();
        let other = entrance.clone();
        other.push(cancel("t")).unwrap();
        drop((entrance, other));
        assert!(inbox.is_closed());
        assert!(inbox.recv().await.is_some(), "what had come in is taken");
        assert!(inbox.recv().await.is_none());
    }
}
