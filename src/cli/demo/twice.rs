//! The day that was played once more in virtual time, twice: as the bank's document routes it, and as a switchboard does
//! that gives the next caller to whoever is idle longest.
//!
//! Invariant: the same customers at the same times, the same agents in the same mood; only the document differs. What
//! the bank's document made a moment of truth is one in both columns. Not here: the run over the wire, whose times are
//! real ones and shake a little (`play`).

use crate::{
    api::words,
    model::signal::{Signal, SignalKey, Source},
    sim::{
        bank,
        day::{self, Day},
        tally::Report,
        workload::Contact,
    },
};

/// How both went.
#[derive(Debug)]
pub struct Twice {
    /// By moments of truth, empathy and reserve.
    pub by_moments: Report,
    /// First come, longest idle.
    pub first_come: Report,
}

/// Plays the day under both documents.
pub fn play(day: &Day) -> Twice {
    let by_moments = day::play(day, bank::document(), hear);
    let first_come = day::play(day, bank::first_come(), hear);
    let report = |outcome: &day::Outcome| outcome.report(&by_moments.moments);
    Twice { by_moments: report(&by_moments), first_come: report(&first_come) }
}

/// What a customer's words say, read as the daemon reads them.
fn hear(contact: &Contact) -> Vec<Signal> {
    let content = words::read(&contact.message.text, contact.message.language.tag());
    vec![Signal {
        key: SignalKey::of("enqueue", "text"),
        revision: 0,
        observed_at: None,
        source: Source::Text,
        content: Some(content),
    }]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::sim::{bank::Messages, workload::Workload};

    use super::*;

    /// What the demo promises of its own customers' words, by a morning of them.
    #[test]
    fn moments_in_the_customers_own_words_reach_empathetic_agents_and_others_do_not_pay() {
        let (messages, seed) = (Messages::shipped(), 1);
        let (from, until) = (Duration::from_secs(32_400), Duration::from_secs(39_600));
        let contacts = Workload::new(seed, messages.clone(), &bank::document(), (from, until), 60, 0.85).collect();
        let day = Day { from, until, contacts, staff: bank::staff(seed, 60, &messages), seed };
        let Twice { by_moments, first_come } = play(&day);
        let (moments, plain) = (&by_moments.moments, &first_come.moments);
        assert_eq!(moments.offered, plain.offered);
        assert!((40..200).contains(&moments.offered), "{}", moments.offered);
        assert!(moments.empathetic_share() > 1.5 * plain.empathetic_share(), "{moments:?} {plain:?}");
        assert!(moments.in_time > plain.in_time && moments.abandoned < plain.abandoned, "{moments:?} {plain:?}");
        // Who does not hang up waits on, and is counted.
        assert!(moments.mean_wait() <= 1.25 * plain.mean_wait(), "{moments:?} {plain:?}");
        let paid = first_come.routine.in_time_share() - by_moments.routine.in_time_share();
        assert!(paid < 5.0, "{paid} points: {:?} {:?}", by_moments.routine, first_come.routine);
    }
}
