//! The main path: a contact is enqueued, offered at the agent's stream, accepted and completed.
//!
//! Invariant: what is compared is measured in turns (a bare call, the toy, the daemon, and again), each server in a
//! process of its own, all under the same load from the same client.

use std::time::Duration;

use super::{
    BenchError,
    echo::EchoLoad,
    figures::{Path, mode_name},
    host::{Host, Keeping, Kind},
    office::{Mode, Office, Plan, Target},
    progress,
    rounds::{Pace, Round, play},
};

/// Contacts under way in a closed loop.
const UNDER_WAY: u64 = 256;

/// Which loads.
#[derive(Debug, Clone)]
pub struct Extent {
    /// How calls travel.
    pub modes: Vec<Mode>,
    /// How many agents are connected; the first with all rates, the others with the middle one.
    pub agents: Vec<usize>,
    /// Contacts a second, rising.
    pub rates: Vec<u64>,
    /// Rounds of each load.
    pub rounds: usize,
    /// How long a round is.
    pub span: Duration,
    /// Where the daemon and the toy keep what they acknowledge.
    pub keeping: Keeping,
    /// What is random comes from this.
    pub seed: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Through the daemon.
    pub path: Vec<Path>,
    /// Bare calls.
    pub echo: Vec<Path>,
    /// Through the toy.
    pub toy: Vec<Path>,
}

/// Measures the daemon beside the toy and the echo.
pub async fn measure(extent: &Extent) -> Result<Found, BenchError> {
    let mut found = Found::default();
    let bare = Host::start(Kind::Echo, &Keeping::Memory)?;
    let mut echo = EchoLoad::open(&bare).await?;
    for (place, agents) in extent.agents.iter().enumerate() {
        for mode in &extent.modes {
            let (toy, attuned) =
                (Host::start(Kind::Toy, &extent.keeping)?, Host::start(Kind::Attuned, &extent.keeping)?);
            let mut toys = Office::open(&toy.target(), Plan::plain(*mode, *agents)).await?;
            let mut ours = Office::open(&attuned.target(), Plan::plain(*mode, *agents)).await?;
            let beside_echo = place == 0 && *mode == extent.modes[0];
            for pace in paces(extent, place) {
                progress(&describe(*mode, *agents, pace));
                let mut rounds: [Vec<Round>; 3] = Default::default();
                for round in 0..extent.rounds {
                    let seed = extent.seed + round as u64;
                    if beside_echo {
                        rounds[0].push(play(&mut echo, pace, extent.span, seed).await?);
                    }
                    rounds[1].push(play(&mut toys, pace, extent.span, seed).await?);
                    rounds[2].push(play(&mut ours, pace, extent.span, seed).await?);
                }
                let [bare, toy, own] = rounds;
                if beside_echo {
                    found.echo.push(Path::of("echo", 0, pace, &bare));
                }
                found.toy.push(Path::of(mode_name(*mode), *agents, pace, &toy));
                found.path.push(Path::of(mode_name(*mode), *agents, pace, &own));
            }
        }
    }
    Ok(found)
}

/// Measures a daemon that runs already, alone.
pub async fn measure_server(extent: &Extent, target: &Target) -> Result<Vec<Path>, BenchError> {
    let mut found = Vec::new();
    for (place, agents) in extent.agents.iter().enumerate() {
        for mode in &extent.modes {
            let mut office = Office::open(target, Plan::plain(*mode, *agents)).await?;
            for pace in paces(extent, place) {
                progress(&describe(*mode, *agents, pace));
                let mut rounds = Vec::new();
                for round in 0..extent.rounds {
                    rounds.push(play(&mut office, pace, extent.span, extent.seed + round as u64).await?);
                }
                found.push(Path::of(mode_name(*mode), *agents, pace, &rounds));
            }
        }
    }
    Ok(found)
}

fn paces(extent: &Extent, place: usize) -> Vec<Pace> {
    let open = |rate: &u64| Pace::Open { rate: *rate };
    if place > 0 {
        return extent.rates.get(extent.rates.len() / 2).map(open).into_iter().collect();
    }
    extent.rates.iter().map(open).chain([Pace::Closed { under_way: UNDER_WAY }]).collect()
}

fn describe(mode: Mode, agents: usize, pace: Pace) -> String {
    let load = match pace {
        Pace::Open { rate } => format!("{rate} contacts/s"),
        Pace::Closed { .. } => "as many contacts as it takes".to_owned(),
    };
    format!("path: {}, {agents} agents, {load}", mode_name(mode))
}
