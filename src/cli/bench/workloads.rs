//! The workloads on which Asterisk, FreeSWITCH, Redis and PostgreSQL were measured, under the same letters.
//!
//! Invariant: the peers' figures stand beside ours as they were measured, on another machine of this kind; those of the
//! two telephone systems carry the calls' media and signalling, ours carry none. (F was a workload of peers alone.)

use std::{collections::BTreeMap, time::Duration};

use super::{
    BenchError,
    figures::{Finding, Peer, Workload},
    host::Keeping,
};

mod calls;
mod skills;

/// How much of each.
#[derive(Debug, Clone)]
pub struct Extent {
    /// How long a load lasts.
    pub span: Duration,
    /// Agents of workload A, in turn.
    pub free_agents: &'static [usize],
    /// Agents and waiting contacts of workload E.
    pub skilled: [usize; 2],
    /// Where the daemon keeps what it acknowledges.
    pub keeping: Keeping,
    /// What is random comes from this.
    pub seed: u64,
}

/// Plays all of them.
pub async fn measure(extent: &Extent) -> Result<BTreeMap<char, Workload>, BenchError> {
    let mut found = BTreeMap::new();
    let mut workload = |letter, what, ours, peers| found.insert(letter, Workload { what, ours, peers });
    workload(
        'A',
        "free agents, ten contacts a second: arrival to agent called",
        calls::arrivals(extent).await?,
        &[
            Peer { name: "Asterisk, 1,000 agents", figures: "p50 0.57 ms, p99 1.7 ms" },
            Peer { name: "FreeSWITCH, 1,000 agents", figures: "p50 60 ms, p99 100 ms" },
        ],
    );
    workload(
        'B',
        "highest rate through one queue, closed loop",
        calls::highest_rate(extent).await?,
        &[
            Peer { name: "Asterisk, 100 / 1,000 agents", figures: "908 / 449 per second" },
            Peer { name: "FreeSWITCH, 100 / 1,000 agents", figures: "96 / 111 per second" },
        ],
    );
    workload(
        'C',
        "100 agents, contacts of 1 s, 50 always waiting: agent free to next contact",
        calls::back_to_back(extent, 100, Duration::from_secs(1), 50).await?,
        &[
            Peer { name: "Asterisk", figures: "p50 368 ms, p99 1,024 ms; 69 of 100 possible contacts/s" },
            Peer { name: "FreeSWITCH", figures: "p50 660 ms, p99 1,000 ms; 55 of 100 possible contacts/s" },
        ],
    );
    workload(
        'D',
        "1 agent, contacts of 0.1 s, 10 always waiting",
        calls::back_to_back(extent, 1, Duration::from_millis(100), 10).await?,
        &[
            Peer { name: "Asterisk", figures: "1.0 of 10 possible contacts/s" },
            Peer { name: "FreeSWITCH", figures: "1.0 of 10 possible contacts/s" },
        ],
    );
    let (operations, nobody_needs) = skills::measure(extent).await?;
    workload(
        'E',
        "20 skills, 4 per agent, contacts need 1 (7 in 10) or 2 (3 in 10): an agent becomes free, takes the best waiting \
         contact, one is enqueued",
        operations,
        &[
            Peer { name: "Redis 7.0 with Lua, not durable", figures: "9,000-25,000 per second, 30-40 µs of CPU each" },
            Peer { name: "PostgreSQL 15, not durable", figures: "8,000-12,500 per second" },
            Peer { name: "PostgreSQL 15, durable", figures: "1,000-2,600 per second" },
        ],
    );
    workload(
        'G',
        "an agent whose skill nobody needs becomes free",
        nobody_needs,
        &[Peer { name: "Redis 7.0 with Lua, 10,000 / 100,000 waiting", figures: "16.7 / 195 ms, server blocked" }],
    );
    Ok(found)
}

/// A number of agents as a case.
fn agents_case(agents: usize) -> String {
    match agents {
        1 => "1 agent".to_owned(),
        many => format!("{many} agents"),
    }
}

/// A figure under a condition.
fn finding(case: &str, figure: &'static str, value: f64) -> Finding {
    Finding { case: case.to_owned(), figure, value }
}
