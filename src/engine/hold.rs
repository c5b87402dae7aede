//! Offering after a restart: it waits until most of the agents who were there are back, and never long.
//!
//! Whoever comes back first would otherwise get whatever waits, though a better agent is a second behind. Invariant: no
//! offer is made while offering is held; a hold has a timer, its end moves only by as long as nobody could come back
//! (`stall`), and it ends as soon as enough of those it waits for are back. Everything else goes on meanwhile: contacts
//! come, reach their steps and their ends, and offers that are open are answered.
//!
//! What waits is then offered slice by slice, so that thousands of agents who come back do not stop the shard: the command
//! that ends the hold makes the first offers, and recorded commands (`Sweep`) the rest, in the order in which one command
//! would make them, contact by contact in line. Until nothing is left no other command offers what is in line: whoever
//! comes, becomes free or leaves between two slices is in the next one, or is not, as if it had always been so. Not here:
//! keeping offers back (`matching::settle`).

use std::{collections::BTreeSet, sync::Arc};

use crate::model::{
    ids::AgentKey,
    time::{Span, Timestamp},
};

use super::{
    command::Command,
    emit::Emit,
    event::Event,
    matching::settle::{self, Settled},
    state::State,
};

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
    /// Whether something is done slice by slice: a document comes into force, or offering goes on after a restart.
    pub fn has_slices(&self) -> bool {
        self.is_sweeping() || self.resumed_at.is_some()
    }

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

/// Matches what a command made possible, or as much of it as it may; `resumed_at` is what the state said of it before.
pub(super) fn settle(out: &mut Emit<'_>, command: &Command, resumed_at: Option<Timestamp>) {
    let offers_max = match out.state().resumed_at {
        None => usize::MAX,
        is if is != resumed_at || matches!(command, Command::Sweep) => out.state().slice_items,
        Some(_) => 0,
    };
    let settled = settle::settle(out, offers_max);
    if settled == Settled::Wholly && out.state().resumed_at.is_some() {
        out.emit(Event::OfferingCaughtUp {});
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::{Proposal, Request, invariant::check},
        model::{
            agent::{AgentProfile, Expected, Presence},
            document::{Document, Format},
            ids::{AgentId, SessionId},
        },
    };

    use super::*;

    #[test]
    fn nine_of_ten_have_to_be_back_and_of_a_few_all() {
        let spared = |sessions| HoldRules::default().spared(sessions);
        assert_eq!([0, 1, 9, 10, 19, 20, 5_000].map(spared), [0, 0, 0, 1, 1, 2, 500]);
    }

    fn request(command: Command) -> Request {
        Request { id: None, command }
    }

    /// A world in which so many agents had a session, and which holds offering from then on.
    fn held(agents: u64, at: Timestamp) -> State {
        let document = "channels.voice.cost = 100\n[queues.billing]\n";
        let document = Document::parse(document, Format::Toml).expect("valid");
        let mut state = State::new();
        let mut call = |now, command| {
            state.apply(now, &request(command), |_| 0).reply.expect("nothing is refused here");
        };
        call(Timestamp(0), Command::ApplyDocument(Box::new(Proposal::new(Arc::new(document)))));
        for number in 1..=agents {
            let agent = AgentId::new(&format!("a{number}")).expect("a name");
            let (profile, expected) = (Arc::new(AgentProfile::default()), Expected::Anything);
            call(Timestamp(0), Command::PutAgent { agent: agent.clone(), profile, expected });
            let session = SessionId::new(&format!("s{number}")).expect("a name");
            call(Timestamp(0), Command::OpenSession { agent: agent.clone(), session, connection: number });
            call(Timestamp(0), Command::SetPresence { agent, presence: Presence::Available });
        }
        call(at, Command::Resume { since: at, hold: Some(HoldRules::default()) });
        state
    }

    #[test]
    fn who_could_not_come_back_for_a_while_gets_that_while() {
        let (at, by) = (Timestamp(Span::from_secs(60).0), Span::from_secs(5));
        let mut state = held(20, at);
        let until = at + HoldRules::default().longest;
        assert_eq!(state.offering_held().map(|held| held.until), Some(until));
        let stalled_at = at + Span::from_secs(3);
        state.apply(stalled_at + by, &request(Command::Stall { since: stalled_at }), |_| 0);
        assert_eq!(state.offering_held().map(|held| held.until), Some(until + by));
        check(&state).expect("the timer has moved as well");
        state.apply(until, &request(Command::Tick), |_| 0);
        assert!(state.offering_held().is_some(), "it would have been over");
        state.apply(until + by, &request(Command::Tick), |_| 0);
        assert_eq!(state.offering_held(), None);
        assert!(!state.has_slices(), "nothing waits that could be offered");
    }

    #[test]
    fn nobody_has_to_be_back_at_no_percent_and_everybody_at_a_hundred() {
        let rules = |sessions_percent| HoldRules { sessions_percent, ..HoldRules::default() };
        assert_eq!((rules(0).spared(7), rules(100).spared(7)), (7, 0));
    }
}
