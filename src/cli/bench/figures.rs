//! What a run found, as it is printed in JSON.
//!
//! Invariant: a key is always there; what was not measured is an empty list or `null`. The keys are part of the command
//! line's interface: `attune bench --help` explains them, and a test holds both together.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    office::Mode,
    rounds::{Pace, Round},
};

/// Everything.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// The decision alone.
    pub decision: Vec<Decision>,
    /// The main path through the daemon.
    pub path: Vec<Path>,
    /// The same rates of a bare call, interleaved.
    pub echo: Vec<Path>,
    /// The same loads through the toy daemon, interleaved.
    pub toy: Vec<Path>,
    /// The peers' workloads, by letter.
    pub workloads: BTreeMap<char, Workload>,
    /// What waiting contacts and connected agents weigh.
    pub memory: Memory,
    /// Goals, and whether they are reached.
    pub goals: Vec<Goal>,
    /// Where it was measured.
    pub machine: Machine,
    /// How it was measured.
    pub settings: Settings,
}

/// One kind of decision in one world.
#[derive(Debug, Serialize)]
pub struct Decision {
    /// Agents there.
    pub agents: usize,
    /// Contacts in line.
    pub waiting: usize,
    /// `contact_arrives` or `agent_frees`.
    pub direction: &'static str,
    /// The search for the other side: microseconds.
    pub p50_us: f64,
    /// The same, 99 in 100.
    pub p99_us: f64,
    /// The whole command, with everything that follows from it.
    pub command_p50_us: f64,
    /// The same, 99 in 100.
    pub command_p99_us: f64,
    /// Nodes and candidates looked at for one decision.
    pub examined_p50: u64,
    /// The same, 99 in 100.
    pub examined_p99: u64,
    /// The most for one.
    pub examined_max: u64,
    /// Decisions measured.
    pub decisions: u64,
}

/// A load, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Path {
    /// How calls travel; `echo` for bare calls.
    pub mode: &'static str,
    /// Agents connected.
    pub agents: usize,
    /// `open` (sent on schedule) or `closed` (as fast as it goes).
    pub r#loop: &'static str,
    /// Contacts a second: asked for in an open loop, found in a closed one.
    pub rate: f64,
    /// Contacts a second that came to their end while others were still sent.
    pub achieved: f64,
    /// From the time a contact was due to its offer at the agent's stream; microseconds, median of the rounds.
    pub p50_us: u64,
    /// The same, 99 in 100.
    pub p99_us: u64,
    /// The same, 999 in 1,000.
    pub p999_us: u64,
    /// Contacts sent, over all rounds.
    pub contacts: u64,
    /// Of those, refused.
    pub refused: u64,
    /// Of those, without an end ten seconds after the round.
    pub unfinished: u64,
    /// Offers that were gone when their agent answered.
    pub missed: u64,
    /// Processor time of the server per contact, in microseconds.
    pub server_cpu_us: Option<f64>,
    /// Processor time of the load per contact.
    pub client_cpu_us: Option<f64>,
    /// Bytes from client to server per contact.
    pub sent_bytes: f64,
    /// Bytes from server to client per contact.
    pub received_bytes: f64,
    /// Rounds.
    pub rounds: usize,
}

impl Path {
    /// Adds rounds of one load up: medians of what each round found, sums of what was spent.
    pub fn of(mode: &'static str, agents: usize, pace: Pace, rounds: &[Round]) -> Self {
        let sum = |figure: fn(&Round) -> u64| rounds.iter().map(figure).sum::<u64>();
        let done = sum(|round| round.tally.completed).max(1) as f64;
        let cpu = |figure: fn(&Round) -> Option<std::time::Duration>| {
            let spent: Option<Vec<_>> = rounds.iter().map(figure).collect();
            Some(spent?.into_iter().sum::<std::time::Duration>().as_secs_f64() * 1e6 / done)
        };
        let quantile = |quantile| median(rounds.iter().map(|round| round.tally.offer_us.value_at_quantile(quantile)));
        let achieved = median(rounds.iter().map(|round| round.in_span as f64 / round.span.as_secs_f64()));
        let (r#loop, rate) = match pace {
            Pace::Open { rate } => ("open", rate as f64),
            Pace::Closed { .. } => ("closed", achieved),
        };
        Self {
            mode,
            agents,
            r#loop,
            rate,
            achieved,
            p50_us: quantile(0.5),
            p99_us: quantile(0.99),
            p999_us: quantile(0.999),
            contacts: sum(|round| round.tally.sent),
            refused: sum(|round| round.tally.refused),
            unfinished: sum(|round| round.unfinished),
            missed: sum(|round| round.tally.missed),
            server_cpu_us: cpu(|round| round.server_cpu),
            client_cpu_us: cpu(|round| round.client_cpu),
            sent_bytes: sum(|round| round.bytes[0]) as f64 / done,
            received_bytes: sum(|round| round.bytes[1]) as f64 / done,
            rounds: rounds.len(),
        }
    }
}

/// The middle one; of none, nothing.
pub fn median<T: Copy + Default + PartialOrd>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable_by(|a, b| a.partial_cmp(b).expect("figures can be compared"));
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// One of the peers' workloads.
#[derive(Debug, Serialize)]
pub struct Workload {
    /// What is done.
    pub what: &'static str,
    /// What was found here: figures by name.
    pub ours: Vec<Finding>,
    /// What was measured of others, on another machine.
    pub peers: &'static [Peer],
}

/// What a workload found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Under which conditions.
    pub case: String,
    /// What.
    pub figure: &'static str,
    /// How much.
    pub value: f64,
}

/// What somebody else needs for it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Peer {
    /// Who.
    pub name: &'static str,
    /// How much.
    pub figures: &'static str,
}

/// What the daemon holds for each; `null` where it was not measured.
#[derive(Debug, Default, Serialize)]
pub struct Memory {
    /// Bytes per waiting contact without context.
    pub waiting_contact_bytes: Option<f64>,
    /// Contacts that this was measured with.
    pub waiting_contacts: usize,
    /// Bytes per connected agent, a hundred of them on each connection.
    pub connected_agent_bytes: Option<f64>,
    /// Agents that this was measured with.
    pub connected_agents: usize,
}

/// A goal.
#[derive(Debug, Clone, Serialize)]
pub struct Goal {
    /// What.
    pub goal: String,
    /// What was found.
    pub found: f64,
    /// What is asked.
    pub bound: f64,
    /// Found by asked, or asked by found where more is better: at most 1 is reached.
    pub ratio: f64,
    /// Whether it is.
    pub reached: bool,
}

/// The machine.
#[derive(Debug, Default, Serialize)]
pub struct Machine {
    /// Processors that this process may use.
    pub cores: usize,
    /// Operating system and architecture.
    pub os: String,
    /// The processor's name; empty if the system does not tell.
    pub cpu: String,
    /// Load average when the run began; others at work make every figure worse.
    pub load_average: Option<f64>,
}

/// The settings.
#[derive(Debug, Default, Serialize)]
pub struct Settings {
    /// What is random comes from this.
    pub seed: u64,
    /// Whether sizes and times were cut short.
    pub quick: bool,
    /// How long the whole run took, in seconds.
    pub duration_s: f64,
    /// Rounds of each load.
    pub rounds: usize,
    /// Seconds of each round.
    pub round_s: f64,
    /// The server, if it was given.
    pub server: Option<String>,
    /// Whether daemon and toy kept what they acknowledged on a disk, synced.
    pub durable: bool,
    /// The program's version.
    pub version: &'static str,
}

/// For rows of a mode.
pub fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Unary => "unary",
        Mode::Streamed => "streamed",
        Mode::Gateway => "gateway",
    }
}
