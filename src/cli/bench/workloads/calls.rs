//! Workloads A to D: a telephone system's queue.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::cli::bench::{
    BenchError,
    board::Tally,
    figures::{Finding, Path, mode_name},
    host::{Host, Kind},
    office::{Mode, Office, Plan},
    progress,
    rounds::{Load, Pace, play},
    staff::Handling,
};

use super::{Extent, agents_case, finding};

/// Arrivals a second of workload A.
const RATE: u64 = 10;
/// Contacts under way in workload B.
const UNDER_WAY: u64 = 256;

/// A: contacts arrive now and then, and everybody is free.
pub async fn arrivals(extent: &Extent) -> Result<Vec<Finding>, BenchError> {
    let mut found = Vec::new();
    for agents in extent.free_agents {
        progress(&format!("workload A: {agents} agents"));
        let host = Host::start(Kind::Attuned, &extent.keeping)?;
        let mut office = Office::open(&host.target(), Plan::plain(Mode::Unary, *agents)).await?;
        let pace = Pace::Open { rate: RATE };
        let round = play(&mut office, pace, extent.span, extent.seed).await?;
        let case = agents_case(*agents);
        let at = |quantile| round.tally.offer_us.value_at_quantile(quantile) as f64;
        found.extend([finding(&case, "p50_us", at(0.5)), finding(&case, "p99_us", at(0.99))]);
    }
    Ok(found)
}

/// B: as many as it takes.
pub async fn highest_rate(extent: &Extent) -> Result<Vec<Finding>, BenchError> {
    let mut found = Vec::new();
    for agents in [100, 1_000] {
        for mode in Mode::ALL {
            let case = format!("{agents} agents, {}", mode_name(mode));
            progress(&format!("workload B: {case}"));
            let host = Host::start(Kind::Attuned, &extent.keeping)?;
            let mut office = Office::open(&host.target(), Plan::plain(mode, agents)).await?;
            let pace = Pace::Closed { under_way: UNDER_WAY };
            let round = play(&mut office, pace, extent.span / 2, extent.seed).await?;
            let path = Path::of(mode_name(mode), agents, pace, &[round]);
            found.push(finding(&case, "contacts_per_s", path.achieved));
            found.extend(path.server_cpu_us.map(|us| finding(&case, "server_cpu_us", us)));
        }
    }
    Ok(found)
}

/// C and D: everybody is busy, and so many always wait.
pub async fn back_to_back(
    extent: &Extent,
    agents: usize,
    handling: Duration,
    waiting: u64,
) -> Result<Vec<Finding>, BenchError> {
    progress(&format!("workload {}", if agents > 1 { 'C' } else { 'D' }));
    let host = Host::start(Kind::Attuned, &extent.keeping)?;
    let plan = Plan { handling: Handling::For(handling), ..Plan::plain(Mode::Unary, agents) };
    let mut office = Office::open(&host.target(), plan).await?;
    let board = Arc::clone(office.board());
    let until_full = |tally: &Tally| tally.sent - tally.offered < waiting;
    // Agents start one after the other, as they would after a while; then the measured time begins.
    for _ in 0..agents {
        office.send(Instant::now());
        sleep(handling / u32::try_from(agents).unwrap_or(u32::MAX)).await;
    }
    let mut counted = Tally::default();
    let mut began = Instant::now();
    let mut ends = began + handling;
    for warm in [true, false] {
        while Instant::now() < ends {
            while board.look(until_full) {
                office.send(Instant::now());
            }
            board.wait(ends, until_full).await?;
        }
        counted = board.take();
        if warm {
            began = Instant::now();
            ends = began + extent.span;
        }
    }
    let possible = agents as f64 / handling.as_secs_f64();
    let rate = counted.completed as f64 / began.elapsed().as_secs_f64();
    let case = agents_case(agents);
    let at = |quantile| counted.freed_us.value_at_quantile(quantile) as f64;
    Ok(vec![
        finding(&case, "p50_us", at(0.5)),
        finding(&case, "p99_us", at(0.99)),
        finding(&case, "contacts_per_s", rate),
        finding(&case, "possible_per_s", possible),
    ])
}
