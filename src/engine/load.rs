//! What an agent has lately taken of moments of truth, and when that is enough for a while.
//!
//! Hard contacts wear people down, and those who are best with them get the most. So an agent whose recent contacts were
//! mostly moments of truth is asked after the others, and one who had several in a row has a cooldown: no moment of truth
//! while somebody else can take it, routine contacts as ever. Neither lets a moment wait for longer than its hold.
//!
//! Invariant: computed from contacts taken and from the time, never from anything inferred about the agent. Time alone
//! changes nothing but the end of a cooldown, which is an event; a share of the last contacts does not fade. Not here: what
//! follows for who takes what (`matching::manner`).

use crate::model::{
    document::Protection,
    time::{Span, Timestamp},
};

/// So many of the last contacts count: about a morning's calls, and few enough for a word of bits.
const RECENT: u32 = 20;
/// Of fewer, no share is told: one moment of truth of one contact says nothing.
const TELLING: u32 = 5;
/// After so long without a contact an agent has slept over what was before.
const NIGHT: Span = Span::from_secs(8 * 3_600);

/// What an agent has taken lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// A bit for each of the last contacts, the latest lowest: whether it was a moment of truth.
    pub(crate) recent: u32,
    /// How many there are.
    pub(crate) contacts: u32,
    /// Moments of truth since the last routine contact or the last cooldown.
    pub(crate) in_a_row: u8,
    pub(crate) last_taken: Timestamp,
    pub(crate) is_heavy: bool,
    pub(crate) cooldown: Option<Cooldown>,
}

/// A pause from moments of truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cooldown {
    pub(crate) lasts: Span,
    /// Counted from the end of the last moment of truth; `None` while the agent is still at one.
    pub(crate) until: Option<Timestamp>,
}

/// How much an agent has had: what matching goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Strain {
    /// No more than others.
    #[default]
    Light,
    /// More moments of truth than are good, of the last contacts.
    Heavy,
    /// So many in a row that there is a cooldown.
    Cooling,
}

impl Load {
    /// The agent takes a contact; `rules` are those of the document that the contact goes by.
    pub fn take(&mut self, now: Timestamp, is_moment: bool, rules: Option<&Protection>) {
        if now - self.last_taken >= NIGHT {
            *self = Self { cooldown: self.cooldown, ..Self::default() };
        }
        let kept = (1 << RECENT) - 1;
        self.recent = ((self.recent << 1) | u32::from(is_moment)) & kept;
        self.contacts = (self.contacts + 1).min(RECENT);
        self.in_a_row = if is_moment { self.in_a_row.saturating_add(1) } else { 0 };
        self.last_taken = now;
        let Some(rules) = rules else {
            self.is_heavy = false;
            return;
        };
        let share = self.moments() * 100;
        self.is_heavy = self.contacts >= TELLING && share > u32::from(rules.share_max) * self.contacts;
        let is_enough = rules.limits_rows() && (self.in_a_row >= rules.consecutive_max || self.cooldown.is_some());
        if is_moment && is_enough {
            self.in_a_row = 0;
            self.cooldown = Some(Cooldown { lasts: rules.cooldown, until: None });
        }
    }

    /// The agent is at no moment of truth any more.
    pub fn finish(&mut self, now: Timestamp) {
        if let Some(cooldown) = &mut self.cooldown {
            cooldown.until = cooldown.until.or(Some(now + cooldown.lasts));
        }
    }

    /// The cooldown is over.
    pub fn rest(&mut self) {
        self.cooldown = None;
    }

    /// What matching goes by.
    pub fn strain(&self) -> Strain {
        match (self.cooldown, self.is_heavy) {
            (Some(_), _) => Strain::Cooling,
            (None, true) => Strain::Heavy,
            (None, false) => Strain::Light,
        }
    }

    /// When the cooldown ends; `None` = there is none, or the agent is still at a moment of truth.
    pub fn cools_until(&self) -> Option<Timestamp> {
        self.cooldown?.until
    }

    /// Moments of truth of the last contacts.
    pub fn moments(&self) -> u32 {
        self.recent.count_ones()
    }

    /// How many last contacts there are.
    pub fn contacts(&self) -> u32 {
        self.contacts
    }

    /// Moments of truth since the last routine contact or cooldown.
    pub fn in_a_row(&self) -> u8 {
        self.in_a_row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Protection = Protection { consecutive_max: 3, cooldown: Span::from_secs(300), share_max: 50 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp(Span::from_secs(seconds).0)
    }

    fn taken(contacts: &str) -> Load {
        let mut load = Load::default();
        for (number, contact) in (1..).zip(contacts.chars()) {
            load.take(at(100 * number), contact == 'm', Some(&RULES));
        }
        load
    }

    #[test]
    fn three_in_a_row_are_followed_by_a_cooldown_from_the_end_of_the_last() {
        assert_eq!(taken("mmrmm").strain(), Strain::Heavy, "four of five, and never three in a row");
        let mut load = taken("rrmmm");
        assert_eq!((load.strain(), load.cools_until(), load.in_a_row()), (Strain::Cooling, None, 0));
        load.finish(at(1_000));
        load.finish(at(1_100));
        assert_eq!(load.cools_until(), Some(at(1_300)), "counted once");
        load.take(at(1_200), true, Some(&RULES));
        assert_eq!(load.cools_until(), None, "nobody else could take it: the pause is still to come");
        load.finish(at(1_250));
        load.take(at(1_260), false, Some(&RULES));
        assert_eq!(load.cools_until(), Some(at(1_550)), "a routine contact does not end it");
        load.rest();
        assert_eq!((load.strain(), load.cools_until()), (Strain::Heavy, None));
    }

    #[test]
    fn the_share_is_of_the_last_contacts_and_sleep_ends_it() {
        assert_eq!(taken("mrm").strain(), Strain::Light, "three contacts tell nothing");
        assert_eq!(taken("mrmrrm").strain(), Strain::Light, "half is not more than half");
        assert_eq!(taken("mrmrm").strain(), Strain::Heavy);
        let mut load = taken("mrmrmrrmrrmrrrrrrrrrmrrrrr");
        assert_eq!((load.moments(), load.contacts()), (3, 20));
        load.take(at(2_600) + NIGHT, false, Some(&RULES));
        assert_eq!((load.moments(), load.contacts()), (0, 1));
    }

    #[test]
    fn without_rules_contacts_are_counted_and_nothing_follows() {
        let mut load = taken("mrmrm");
        load.take(at(1_000), true, None);
        assert_eq!((load.strain(), load.moments()), (Strain::Light, 4));
        let none = Protection { consecutive_max: 0, share_max: 100, ..RULES };
        for number in 0..30 {
            load.take(at(2_000 + number), true, Some(&none));
        }
        assert_eq!((load.strain(), load.moments(), load.in_a_row()), (Strain::Light, 20, 32));
    }
}
