//! What was told to customers who have not joined: for a minute each counts as one more who stands in line, so that not
//! everybody is sent the same way, and whoever joins that line meanwhile was told that.
//!
//! Invariant: a customer counts as one, at the line that was told last, for a minute or until there. At most
//! [`QUOTES_MAX`] customers are kept, who were sent to at most [`GROUPS_MAX`] lines and sets of agents, in memory alone;
//! the oldest make room. Not here: what is told (`waits`).

use std::collections::BTreeMap;

use crate::{
    engine::lines::AgentSet,
    model::{
        contact::CustomerId,
        time::{Span, Timestamp},
    },
};

use super::{picture::Before, range::QUANTILES, work::Line};

/// How long one counts.
const COUNTS_FOR: Span = Span::from_secs(60);
/// Customers who were told.
const QUOTES_MAX: usize = 4_096;
/// Lines and sets of agents that they were told of; each is looked at for every estimate that a newcomer asks for.
const GROUPS_MAX: usize = 128;

/// What was told of late.
#[derive(Debug, Default)]
pub struct Quotes {
    /// The next number of a quote or a group.
    next: u64,
    /// In the order in which they were told.
    told: BTreeMap<u64, Quote>,
    /// By customer.
    customers: BTreeMap<String, u64>,
    groups: BTreeMap<u64, Group>,
}

#[derive(Debug)]
struct Quote {
    at: Timestamp,
    customer: String,
    group: u64,
    waits: [Span; QUANTILES.len()],
}

/// What a customer was told of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// Of which.
    pub line: Line,
    /// In the order of [`QUANTILES`].
    pub waits: [Span; QUANTILES.len()],
}

/// Customers who were sent to one line, where the same agents could take them at once.
#[derive(Debug)]
struct Group {
    line: Line,
    agents: AgentSet,
    /// How many agents.
    count: usize,
    customers: usize,
}

impl Quotes {
    /// A customer was told this of a line, whom these agents could take at once.
    pub fn tell(&mut self, now: Timestamp, customer: &CustomerId, quoted: Quoted, agents: &AgentSet) {
        self.let_go(now);
        self.take(&customer.0);
        if self.told.len() == QUOTES_MAX {
            self.forget_oldest();
        }
        let group = self.group(quoted.line, agents);
        let number = self.number();
        self.told.insert(number, Quote { at: now, customer: customer.0.clone(), group, waits: quoted.waits });
        self.customers.insert(customer.0.clone(), number);
    }

    /// A customer joined somewhere, or is erased: counts no more, and is forgotten. What the customer was told.
    pub fn take(&mut self, customer: &str) -> Option<Quoted> {
        // Most contacts are of nobody in particular.
        if customer.is_empty() {
            return None;
        }
        let number = self.customers.remove(customer)?;
        Some(self.remove(number))
    }

    /// Adds those who were told of lines that take these agents, but for the customer who asks.
    pub fn add(&mut self, now: Timestamp, asks: Option<&CustomerId>, agents: &AgentSet, before: &mut Before) {
        self.let_go(now);
        let own = asks.and_then(|customer| self.customers.get(&customer.0)).map(|number| self.told[number].group);
        for (number, group) in &self.groups {
            let customers = group.customers - usize::from(own == Some(*number));
            if customers > 0 {
                let share = group.agents.common(agents) as f64 / group.count.max(1) as f64;
                before.add(group.line, customers as f64 * share);
            }
        }
    }

    /// Lets go of what was told a minute ago.
    pub fn let_go(&mut self, now: Timestamp) {
        while self.told.first_key_value().is_some_and(|(_, quote)| now - quote.at >= COUNTS_FOR) {
            self.forget_oldest();
        }
    }

    /// The number of the group of this line and these agents, with one customer more.
    fn group(&mut self, line: Line, agents: &AgentSet) -> u64 {
        let known = self.groups.iter_mut().find(|(_, group)| group.line == line && group.agents == *agents);
        if let Some((number, group)) = known {
            group.customers += 1;
            return *number;
        }
        while self.groups.len() >= GROUPS_MAX {
            self.forget_oldest();
        }
        let number = self.number();
        self.groups.insert(number, Group { line, agents: agents.clone(), count: agents.len(), customers: 1 });
        number
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn forget_oldest(&mut self) {
        let (number, oldest) =
            self.told.first_key_value().expect("somebody was told while there is something to forget");
        let number = *number;
        self.customers.remove(&oldest.customer);
        self.remove(number);
    }

    fn remove(&mut self, number: u64) -> Quoted {
        let quote = self.told.remove(&number).expect("a quote is kept as long as its customer");
        let group = self.groups.get_mut(&quote.group).expect("a group is kept as long as its customers");
        let quoted = Quoted { line: group.line, waits: quote.waits };
        group.customers -= 1;
        if group.customers == 0 {
            self.groups.remove(&quote.group);
        }
        quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{AgentKey, ChannelKey, QueueKey};

    const LINE: Line = (QueueKey(1), ChannelKey(0));
    const TOLD: Quoted = Quoted { line: LINE, waits: [Span::from_secs(60); QUANTILES.len()] };

    fn agents(of: &[u32]) -> AgentSet {
        let mut set = AgentSet::default();
        of.iter().for_each(|agent| set.insert(AgentKey(*agent)));
        set
    }

    fn customer(name: &str) -> CustomerId {
        CustomerId(name.to_owned())
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp(Span::from_secs(secs).0)
    }

    fn counted(quotes: &mut Quotes, secs: i64, asks: Option<&str>) -> f64 {
        let (mut before, asks) = (Before::default(), asks.map(customer));
        quotes.add(at(secs), asks.as_ref(), &agents(&[1]), &mut before);
        before.contacts
    }

    fn check(quotes: &Quotes) {
        assert_eq!(quotes.customers.len(), quotes.told.len());
        assert_eq!(quotes.groups.values().map(|group| group.customers).sum::<usize>(), quotes.told.len());
        assert!(quotes.told.len() <= QUOTES_MAX && quotes.groups.len() <= GROUPS_MAX);
    }

    #[test]
    fn a_customer_counts_once_for_a_minute_or_until_there() {
        let mut quotes = Quotes::default();
        quotes.tell(at(0), &customer("ada"), TOLD, &agents(&[1, 2]));
        quotes.tell(at(0), &customer("ada"), TOLD, &agents(&[1]));
        quotes.tell(at(0), &customer("bob"), TOLD, &agents(&[1, 2]));
        check(&quotes);
        assert!((counted(&mut quotes, 0, None) - 1.5).abs() < 1e-9, "half of what bob takes is another's");
        assert!((counted(&mut quotes, 0, Some("ada")) - 0.5).abs() < 1e-9, "nobody stands before herself");
        assert!((counted(&mut quotes, 59, None) - 1.5).abs() < 1e-9, "to the end of the minute");
        assert_eq!(quotes.take("ada"), Some(TOLD));
        assert_eq!((quotes.take("ada"), quotes.take("")), (None, None), "once, and nobody in particular was told");
        assert!((counted(&mut quotes, 59, None) - 0.5).abs() < 1e-9);
        quotes.let_go(at(60));
        check(&quotes);
        assert_eq!(counted(&mut quotes, 60, None), 0.0);
        assert!(quotes.told.is_empty() && quotes.groups.is_empty());
    }

    #[test]
    fn the_oldest_make_room() {
        let mut quotes = Quotes::default();
        for number in 0..=QUOTES_MAX {
            quotes.tell(at(0), &customer(&format!("c{number}")), TOLD, &agents(&[1]));
        }
        check(&quotes);
        assert_eq!(counted(&mut quotes, 0, None), QUOTES_MAX as f64);
        assert_eq!(counted(&mut quotes, 0, Some("c0")), QUOTES_MAX as f64, "the first is forgotten");
        for number in 0..=GROUPS_MAX {
            let other = u32::try_from(number).unwrap() + 2;
            quotes.tell(at(1), &customer(&format!("d{number}")), TOLD, &agents(&[other]));
        }
        check(&quotes);
        assert_eq!(quotes.groups.len(), GROUPS_MAX);
        assert_eq!(counted(&mut quotes, 1, None), 0.0, "whoever was told before has made room");
    }
}
