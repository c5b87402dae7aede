//! Many offers expiring at once: a stalled gateway, not idle people, so nobody is set away for it.
//!
//! Invariant: counts are of the present window only.

use crate::model::{
    ids::AgentKey,
    limits::{STORM_EXPIRIES_MIN, STORM_SHARE, STORM_SUSPENDS_SECS, STORM_WINDOW_SECS},
    time::{Span, Timestamp},
};

/// Expired offers of the running window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storm {
    pub(crate) window_began: Timestamp,
    pub(crate) expiries: u32,
    pub(crate) suspended_until: Option<Timestamp>,
    /// Set away in the running window, before it was known for a storm.
    pub(crate) sent_away: Vec<AgentKey>,
}

impl Storm {
    /// Whether the RONA rule is suspended.
    pub fn suspends(&self, now: Timestamp) -> bool {
        self.suspended_until.is_some_and(|until| now < until)
    }

    /// Until when one more expiry now would suspend the rule, if it would.
    pub fn would_suspend(&self, now: Timestamp, sessions: u32) -> Option<Timestamp> {
        let expiries = self.in_window(now) + 1;
        let many =
            expiries >= STORM_EXPIRIES_MIN && u64::from(expiries) * u64::from(STORM_SHARE) >= u64::from(sessions);
        let until = now + Span::from_secs(STORM_SUSPENDS_SECS);
        // While it goes on, once a second says enough.
        let is_news = self.suspended_until.is_none_or(|known| until - known >= Span::from_secs(1));
        (many && is_news).then_some(until)
    }

    /// Counts an expiry.
    pub fn count(&mut self, now: Timestamp) {
        self.expiries = self.in_window(now) + 1;
        if self.expiries == 1 {
            self.window_began = now;
            self.sent_away.clear();
        }
    }

    /// Remembers who was set away by the rule.
    pub fn note_away(&mut self, agent: AgentKey) {
        self.sent_away.push(agent);
    }

    /// Who was set away in the running window.
    pub fn sent_away(&self) -> &[AgentKey] {
        &self.sent_away
    }

    /// Suspends the rule.
    pub fn suspend(&mut self, until: Timestamp) {
        self.suspended_until = Some(until);
        self.sent_away.clear();
    }

    fn in_window(&self, now: Timestamp) -> u32 {
        if now - self.window_began < window() { self.expiries } else { 0 }
    }
}

fn window() -> Span {
    Span::from_secs(STORM_WINDOW_SECS)
}
