//! Who came lately: the contacts of each customer within two days, to tell a repeated contact from a first one.
//!
//! Invariant: bounded by [`CUSTOMERS_MAX`] customers and [`REPEATS_MAX`] contacts of each; beyond either nothing is
//! counted, so that a customer counts as new rather than another as known. What is older than two days does not count,
//! and is forgotten bit by bit as others come. Not here: what repetition is worth (`scoring`).

use std::collections::VecDeque;

use smallvec::SmallVec;

use crate::model::{
    contact::CustomerId,
    limits::{CUSTOMERS_MAX, FORGOTTEN_AT_ONCE_MAX, REPEATED_WITHIN_SECS, REPEATS_MAX},
    time::{Span, Timestamp},
};

use super::table::Table;

/// Customers who came within two days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customers {
    visits: Table<String, SmallVec<[Timestamp; 2]>>,
    /// Every visit that is counted, oldest first.
    order: VecDeque<(Timestamp, String)>,
}

impl Customers {
    /// Counts a contact that enters its first queue; which of the customer's it is within two days, from 1. Nobody in
    /// particular always comes for the first time.
    pub fn visit(&mut self, now: Timestamp, customer: &str) -> u8 {
        let since = now - Span::from_secs(REPEATED_WITHIN_SECS);
        self.forget(since);
        if customer.is_empty() {
            return 1;
        }
        let customer = customer.to_owned();
        let visits = self.visits.get(&customer);
        let known = visits.into_iter().flatten().filter(|at| **at >= since).count();
        let is_full = visits.is_none() && self.visits.len() >= CUSTOMERS_MAX;
        if !is_full && known < usize::from(REPEATS_MAX) {
            self.order.push_back((now, customer.clone()));
            match self.visits.get_mut(&customer) {
                Some(visits) => visits.push(now),
                None => drop(self.visits.insert(customer, SmallVec::from_slice(&[now]))),
            }
        }
        u8::try_from(known + 1).unwrap_or(REPEATS_MAX).min(REPEATS_MAX)
    }

    /// Every visit that is counted, oldest first.
    pub(super) fn into_kept(self, rest: &dyn Fn()) -> Vec<(Timestamp, CustomerId)> {
        self.order.into_iter().inspect(|_| rest()).map(|(at, customer)| (at, CustomerId(customer))).collect()
    }

    /// The same again: whose visits they are follows.
    pub(super) fn of_kept(kept: Vec<(Timestamp, CustomerId)>, rest: &dyn Fn()) -> Self {
        let order: VecDeque<_> = kept.into_iter().map(|(at, customer)| (at, customer.0)).collect();
        let mut visits: Table<String, SmallVec<[Timestamp; 2]>> = Table::default();
        for (at, customer) in &order {
            rest();
            match visits.get_mut(customer) {
                Some(visits) => visits.push(*at),
                None => drop(visits.insert(customer.clone(), SmallVec::from_slice(&[*at]))),
            }
        }
        Self { visits, order }
    }

    /// Forgets a customer.
    pub fn erase(&mut self, customer: &str) {
        if self.visits.remove(customer).is_some() {
            self.order.retain(|(_, other)| other != customer);
        }
    }

    fn forget(&mut self, before: Timestamp) {
        let over = self.order.iter().take(FORGOTTEN_AT_ONCE_MAX).take_while(|(at, _)| *at < before).count();
        for (at, customer) in self.order.drain(..over) {
            let Some(visits) = self.visits.get_mut(&customer) else { continue };
            visits.retain(|visit| *visit != at);
            if visits.is_empty() {
                self.visits.remove(&customer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_in_two_days_is_the_third_and_the_past_is_forgotten() {
        let mut customers = Customers::default();
        let hour = |hours: i64| Timestamp(Span::from_secs(hours * 3_600).0);
        assert_eq!([0, 10, 20].map(|at| customers.visit(hour(at), "kim")), [1, 2, 3]);
        assert_eq!(customers.visit(hour(20), "lee"), 1);
        assert_eq!([21, 22].map(|at| customers.visit(hour(at), "")), [1, 1]);
        assert_eq!(customers.visit(hour(50), "kim"), 3, "the first is two days ago");
        assert_eq!(customers.visit(hour(120), "kim"), 1);
        assert_eq!((customers.visits.len(), customers.order.len()), (1, 1));
        for _ in 0..20 {
            customers.visit(hour(121), "kim");
        }
        assert_eq!(customers.visit(hour(121), "kim"), REPEATS_MAX);
        assert_eq!(customers.order.len(), usize::from(REPEATS_MAX));
    }

    #[test]
    fn a_night_is_forgotten_bit_by_bit_and_counts_no_more_at_once() {
        let mut customers = Customers::default();
        (0..500).for_each(|number| _ = customers.visit(Timestamp(0), &format!("c{number}")));
        let later = Timestamp(Span::from_secs(REPEATED_WITHIN_SECS + 1).0);
        assert_eq!(customers.visit(later, "c499"), 1, "nobody is known for what is over");
        assert_eq!(customers.order.len(), 501 - FORGOTTEN_AT_ONCE_MAX);
        assert_eq!(customers.visit(later, "c499"), 2);
        (0..40).for_each(|number| _ = customers.visit(later, &format!("d{number}")));
        assert_eq!((customers.order.len(), customers.visits.len()), (42, 41), "in the end nothing old is left");
    }
}
