//! Offering after a restart: it waits until most of the agents who were there are back, and never long.
//!
//! Whoever comes back first would otherwise get whatever waits, though a better agent is a second behind. Invariant: no
//! offer is made while offering is held; a hold has a timer, its end never moves, and it ends as soon as enough of those
//! it waits for are back. Everything else goes on meanwhile: contacts come, reach their steps and their ends, and offers
//! that are open are answered. Not here: keeping offers back (`matching::settle`).

use std::{collections::BTreeSet, sync::Arc};

use crate::model::{
    ids::AgentKey,
    time::{Span, Timestamp},
};

use super::{emit::Emit, event::Event, state::State};

/// How offering waits for agents after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HoldRules {
    /// The share of the sessions that there were which has to be back, 0-100.
    pub sessions_percent: u8,
    /// After this offering goes on, whoever is back.
    pub longest: Span,
}

impl Default for HoldRules {
    fn default() -> Self {
        Self { sessions_percent: 90, longest: Span::from_secs(10) }
    }
}

impl HoldRules {
    /// How many of so many sessions may stay away.
    fn spared(self, sessions: usize) -> usize {
        sessions * usize::from(100 - self.sessions_percent.min(100)) / 100
    }
}

/// Offering that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// It goes on then, whoever is back.
    pub until: Timestamp,
    /// Agents who had a session and are not back.
    pub awaited: BTreeSet<AgentKey>,
    /// It goes on once no more than so many are awaited.
    pub spared: u32,
    /// How many sessions there were.
    pub sessions: u32,
}

impl Hold {
    /// Whether enough are back.
    pub fn is_over(&self) -> bool {
        self.awaited.len() <= self.spared as usize
    }
}

/// Offering that waits, for those who look at it from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferingHeld {
    /// It goes on then at the latest.
    pub until: Timestamp,
    /// Sessions that there were before the restart.
    pub sessions: u32,
    /// Of those, sessions that are not back.
    pub missing: u32,
}

impl State {
    /// Whether offering is held after a restart, and for whom.
    pub fn offering_held(&self) -> Option<OfferingHeld> {
        let Hold { until, awaited, sessions, .. } = self.hold.as_ref()?;
        let missing = u32::try_from(awaited.len()).expect("agents are limited well below 2^32");
        Some(OfferingHeld { until: *until, sessions: *sessions, missing })
    }
}

/// Holds offering back for everybody who has a session: by an absence each of them is lost, if it was not before. Who
/// stops a daemon in order loses them a moment earlier.
pub(super) fn begin(out: &mut Emit<'_>, rules: Option<HoldRules>) {
    let state = out.state();
    let has_session = |agent: &AgentKey| state.agent(*agent).session.is_some();
    let awaited: Arc<[AgentKey]> = state.agent_ids.values().copied().filter(has_session).collect();
    let held = rules.map(|rules| (out.now + rules.longest, rules.spared(awaited.len())));
    match held.filter(|(until, spared)| awaited.len() > *spared && *until > out.now) {
        Some((until, spared)) => {
            let spared = u32::try_from(spared).expect("agents are limited well below 2^32");
            out.emit(Event::OfferingHeld { until, awaited, spared });
        }
        None if out.state().hold.is_some() => end(out),
        None => {}
    }
}

/// Goes on with offering if enough agents are back.
pub(super) fn review(out: &mut Emit<'_>) {
    if out.state().hold.as_ref().is_some_and(Hold::is_over) {
        end(out);
    }
}

/// Goes on with offering.
pub(super) fn end(out: &mut Emit<'_>) {
    let missing = out.state().offering_held().map_or(0, |held| held.missing);
    out.emit(Event::OfferingResumed { missing });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_have_to_be_back_and_of_a_few_all() {
        let spared = |sessions| HoldRules::default().spared(sessions);
        assert_eq!([0, 1, 9, 10, 19, 20, 5_000].map(spared), [0, 0, 0, 1, 1, 2, 500]);
    }

    #[test]
    fn nobody_has_to_be_back_at_no_percent_and_everybody_at_a_hundred() {
        let rules = |sessions_percent| HoldRules { sessions_percent, ..HoldRules::default() };
        assert_eq!((rules(0).spared(7), rules(100).spared(7)), (7, 0));
    }
}
