//! How agents behave: how soon they answer, what they leave, when they have a break.
//!
//! Invariant: the same agent and contact meet the same mood, whoever plays them and however the contact was routed.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::sim::workload::draw::between;

/// Share of offers that an agent declines, where that is allowed.
const DECLINED: f64 = 0.015;
/// Share of offers that nobody reacts to.
const UNHEARD: f64 = 0.01;
/// What it takes an agent to react, from least to most.
const REACTION: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(8));
/// Between two breaks of an agent, on average.
pub const WORKS_FOR: Duration = Duration::from_secs(3 * 3_600);
/// A break.
pub const BREAK: Duration = Duration::from_secs(10 * 60);
/// What an agent takes to be back after not answering.
pub const BACK_AFTER_RONA: Duration = Duration::from_secs(60);

/// What an agent does with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Takes it.
    Takes,
    /// Says no, if that is allowed.
    Declines,
    /// Does not hear it.
    Misses,
}

/// Randomness for one actor: the same actor has the same every time.
pub fn chance(seed: u64, actor: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ actor)
}

/// What an agent does with a contact that is offered, and after how long; agents count from 1.
pub fn reaction(seed: u64, agent: u64, contact: u32) -> (Mood, Duration) {
    let mut rng = chance(seed, agent << 32 | u64::from(contact));
    let mood = match rng.random::<f64>() {
        mood if mood < UNHEARD => Mood::Misses,
        mood if mood < UNHEARD + DECLINED => Mood::Declines,
        _ => Mood::Takes,
    };
    (mood, between(&mut rng, REACTION.0, REACTION.1))
}
