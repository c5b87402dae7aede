//! What was told to customers who have not joined: for a minute each counts as one more who stands in line, so that not
//! everybody is sent the same way.
//!
//! Invariant: a customer counts once, at the line that was told last, less and less over the minute, and no more once
//! there. At most [`QUOTES_MAX`] are kept, in memory alone. Not here: what is told (`waits`).

use std::{collections::VecDeque, sync::Arc};

use crate::{
    engine::lines::AgentSet,
    forecast::decay::seconds,
    model::{
        contact::CustomerId,
        time::{Span, Timestamp},
    },
};

use super::{picture::Before, work::Line};

/// How long one counts.
const COUNTS_FOR: Span = Span::from_secs(60);
/// The oldest make room.
const QUOTES_MAX: usize = 4_096;

/// What was told of late.
#[derive(Debug, Default)]
pub struct Quotes {
    told: VecDeque<Quote>,
}

#[derive(Debug)]
struct Quote {
    at: Timestamp,
    customer: CustomerId,
    line: Line,
    /// Who could take the customer at once.
    agents: Arc<AgentSet>,
}

impl Quotes {
    /// A customer was told of this line.
    pub fn tell(&mut self, now: Timestamp, customer: &CustomerId, line: Line, agents: &AgentSet) {
        self.let_go(now);
        self.came(&customer.0);
        if self.told.len() == QUOTES_MAX {
            self.told.pop_front();
        }
        // As a rule there are few sets of agents, and the last told of is one of them.
        let known = self.told.iter().rev().take(16).find(|quote| *quote.agents == *agents);
        let agents = known.map_or_else(|| Arc::new(agents.clone()), |quote| Arc::clone(&quote.agents));
        self.told.push_back(Quote { at: now, customer: customer.clone(), line, agents });
    }

    /// A customer joined, somewhere.
    pub fn came(&mut self, customer: &str) {
        if !self.told.is_empty() {
            self.told.retain(|quote| quote.customer.0 != customer);
        }
    }

    /// Adds those who were told of lines that take these agents, but for the customer who asks.
    pub fn add(&mut self, now: Timestamp, asks: Option<&CustomerId>, agents: &AgentSet, before: &mut Before) {
        self.let_go(now);
        for quote in self.told.iter().filter(|quote| Some(&quote.customer) != asks) {
            let left = 1.0 - seconds(now - quote.at).max(0.0) / seconds(COUNTS_FOR);
            let share = quote.agents.common(agents) as f64 / quote.agents.len().max(1) as f64;
            before.add(quote.line, left * share);
        }
    }

    fn let_go(&mut self, now: Timestamp) {
        while self.told.front().is_some_and(|quote| now - quote.at >= COUNTS_FOR) {
            self.told.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{AgentKey, ChannelKey, QueueKey};

    const LINE: Line = (QueueKey(1), ChannelKey(0));

    fn agents(of: &[u32]) -> AgentSet {
        let mut set = AgentSet::default();
        of.iter().for_each(|agent| set.insert(AgentKey(*agent)));
        set
    }

    fn customer(name: &str) -> CustomerId {
        CustomerId(name.to_owned())
    }

    fn counted(quotes: &mut Quotes, at: i64, asks: Option<&str>) -> f64 {
        let (mut before, asks) = (Before::default(), asks.map(customer));
        quotes.add(Timestamp(at * 1_000_000), asks.as_ref(), &agents(&[1]), &mut before);
        before.contacts
    }

    #[test]
    fn a_customer_counts_once_and_less_and_less_until_there() {
        let mut quotes = Quotes::default();
        quotes.tell(Timestamp(0), &customer("ada"), LINE, &agents(&[1, 2]));
        quotes.tell(Timestamp(0), &customer("ada"), LINE, &agents(&[1]));
        quotes.tell(Timestamp(0), &customer("bob"), LINE, &agents(&[1, 2]));
        assert!((counted(&mut quotes, 0, None) - 1.5).abs() < 1e-9, "half of what bob takes is another's");
        assert!((counted(&mut quotes, 0, Some("ada")) - 0.5).abs() < 1e-9, "nobody stands before herself");
        assert!((counted(&mut quotes, 30, None) - 0.75).abs() < 1e-9);
        quotes.came("ada");
        assert!((counted(&mut quotes, 30, None) - 0.25).abs() < 1e-9);
        assert_eq!(counted(&mut quotes, 60, None), 0.0);
        assert!(quotes.told.is_empty());
    }
}
