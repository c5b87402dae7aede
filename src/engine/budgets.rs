//! What each customer's feelings and words have bought in the line within a day, over all contacts.
//!
//! Somebody who writes angrily every hour is not first for ever: what is inferred of a customer (from words and voice,
//! never what is declared) gives only so many seconds a day. A contact keeps what it got; what others got in the meantime
//! narrows only what may still come.
//!
//! Invariant: what the contacts of a customer got within a day, each at its most, never passes the budget that was in
//! force; nobody in particular has no budget. Bounded by [`CUSTOMERS_MAX`] customers; of more nothing is counted, so that
//! a customer counts as new rather than another as known. Not here: what evidence is worth (`scoring`).

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::model::{
    contact::CustomerId,
    ids::ContactKey,
    limits::{BUDGET_WITHIN_SECS, CUSTOMERS_MAX, FORGOTTEN_AT_ONCE_MAX},
    time::{Span, Timestamp},
};

use super::table::Table;

/// What customers' contacts got within a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budgets {
    granted: Table<String, SmallVec<[Grant; 1]>>,
    /// Every grant and every rise of one, oldest first.
    order: VecDeque<(Timestamp, String)>,
}

/// The same as lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptBudgets {
    pub granted: Vec<(CustomerId, Vec<Grant>)>,
    pub order: Vec<(Timestamp, CustomerId)>,
}

/// The most that a contact got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) contact: ContactKey,
    pub(crate) seconds: u32,
    /// When it last rose.
    pub(crate) at: Timestamp,
}

impl Budgets {
    /// The most that a contact may get: what it had already, and what is left of the day's budget.
    pub fn allowance(&self, now: Timestamp, customer: &str, contact: ContactKey, budget: Span) -> Span {
        if customer.is_empty() {
            return Span(i64::MAX);
        }
        let (mut own, mut all) = (0, 0);
        let granted = self.granted.get(customer).into_iter().flatten();
        for grant in granted.filter(|grant| grant.at > now - Span::from_secs(BUDGET_WITHIN_SECS)) {
            all += i64::from(grant.seconds);
            own += if grant.contact == contact { i64::from(grant.seconds) } else { 0 };
        }
        let left = Span(budget.0 - Span::from_secs(all).0).max(Span::ZERO);
        left + Span::from_secs(own)
    }

    /// A contact has so many seconds now; those it had before are given back to nobody.
    pub fn grant(&mut self, now: Timestamp, customer: &str, contact: ContactKey, seconds: u32) {
        let until = now - Span::from_secs(BUDGET_WITHIN_SECS);
        self.forget(until);
        if customer.is_empty() || seconds == 0 {
            return;
        }
        let grant = Grant { contact, seconds, at: now };
        let is_full = self.granted.len() >= CUSTOMERS_MAX;
        match self.granted.get_mut(customer) {
            Some(grants) => match grants.iter_mut().find(|known| known.contact == contact) {
                Some(known) if known.seconds >= seconds && known.at > until => return,
                Some(known) => *known = grant,
                None => grants.push(grant),
            },
            None if is_full => return,
            None => drop(self.granted.insert(customer.to_owned(), SmallVec::from_slice(&[grant]))),
        }
        self.order.push_back((now, customer.to_owned()));
    }

    /// Every grant and rise, oldest first, and what each customer has, in order of the first of them.
    pub(super) fn into_kept(self, rest: &dyn Fn()) -> KeptBudgets {
        let Self { mut granted, order } = self;
        let first = |customer: &String| Some((CustomerId(customer.clone()), granted.remove(customer)?.to_vec()));
        let grants = order.iter().inspect(|_| rest()).map(|(_, customer)| customer).filter_map(first).collect();
        let order = order.into_iter().map(|(at, customer)| (at, CustomerId(customer)));
        KeptBudgets { granted: grants, order: order.collect() }
    }

    /// The same again.
    pub(super) fn of_kept(kept: KeptBudgets, rest: &dyn Fn()) -> Self {
        let mut granted = Table::default();
        for (customer, grants) in kept.granted {
            rest();
            granted.insert(customer.0, SmallVec::from_vec(grants));
        }
        Self { granted, order: kept.order.into_iter().map(|(at, customer)| (at, customer.0)).collect() }
    }

    /// Forgets a customer.
    pub fn erase(&mut self, customer: &str) {
        if self.granted.remove(customer).is_some() {
            self.order.retain(|(_, other)| other != customer);
        }
    }

    fn forget(&mut self, until: Timestamp) {
        let over = self.order.iter().take(FORGOTTEN_AT_ONCE_MAX).take_while(|(at, _)| *at <= until).count();
        for (_, customer) in self.order.drain(..over) {
            let Some(grants) = self.granted.get_mut(&customer) else { continue };
            grants.retain(|grant| grant.at > until);
            if grants.is_empty() {
                self.granted.remove(&customer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    const BUDGET: Span = Span::from_secs(360);

    #[test]
    fn within_a_day_nobody_gets_more_than_the_budget_and_nothing_is_taken_back() {
        for seed in 0..100 {
            let mut random = StdRng::seed_from_u64(seed);
            let (mut budgets, mut now, mut had) = (Budgets::default(), Timestamp::default(), Vec::new());
            for _ in 0..300 {
                now = now + Span::from_secs(random.random_range(0..7_200));
                let contact = random.random_range(0..20_u64);
                let allowed = budgets.allowance(now, "kim", ContactKey(contact), BUDGET);
                let seconds = random.random_range(0..=180).min(allowed.as_millis() / 1_000);
                let before = had.iter().filter(|(of, at, _)| *of == contact && now - *at < Span::from_secs(86_400));
                let before: i64 = before.map(|(.., seconds)| *seconds).max().unwrap_or(0);
                assert!(allowed >= Span::from_secs(before).min(BUDGET), "seed {seed}: what it had is taken back");
                budgets.grant(now, "kim", ContactKey(contact), u32::try_from(seconds).expect("it is not negative"));
                if seconds > before {
                    had.retain(|(of, ..)| *of != contact);
                    had.push((contact, now, seconds));
                }
                let day = had.iter().filter(|(_, at, _)| now - *at < Span::from_secs(86_400));
                let sum: i64 = day.map(|(.., seconds)| *seconds).sum();
                assert!(Span::from_secs(sum) <= BUDGET, "seed {seed}: {sum} s within a day");
            }
        }
    }

    #[test]
    fn strangers_have_no_budget_and_a_day_later_all_is_forgotten() {
        let (mut budgets, start) = (Budgets::default(), Timestamp::default());
        budgets.grant(start, "", ContactKey(1), 300);
        assert_eq!(budgets.allowance(start, "", ContactKey(2), BUDGET), Span(i64::MAX));
        budgets.grant(start, "kim", ContactKey(1), 300);
        assert_eq!(budgets.allowance(start, "kim", ContactKey(2), BUDGET), Span::from_secs(60));
        assert_eq!(budgets.allowance(start, "kim", ContactKey(1), BUDGET), BUDGET);
        assert_eq!(budgets.allowance(start, "lee", ContactKey(3), BUDGET), BUDGET);
        let later = start + Span::from_secs(86_400);
        assert_eq!(budgets.allowance(later, "kim", ContactKey(2), BUDGET), BUDGET);
        budgets.grant(later, "lee", ContactKey(3), 1);
        assert_eq!((budgets.granted.len(), budgets.order.len()), (1, 1));
    }
}
