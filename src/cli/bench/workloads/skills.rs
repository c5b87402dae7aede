//! Workloads E and G: who takes what when skills decide.

use std::{sync::Arc, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::index::sample};
use tokio::time::Instant;
use tonic::Status;

use crate::{
    api::pb,
    cli::bench::{
        BenchError,
        board::histogram,
        desk::Desk,
        figures::{Finding, mode_name},
        host::{Host, Kind},
        office::{Mode, Office, Plan, SKILLS, UNNEEDED},
        progress,
        rounds::Load,
        staff::{self, Handling},
        usage::Process,
    },
};

use super::{Extent, finding};

/// Skills of one agent.
const SKILLS_EACH: usize = 4;
/// Different requirements that contacts bring, in turn.
const ASKS: usize = 1_000;
/// Of a hundred contacts, so many need two skills.
const NEED_TWO_PERCENT: u32 = 30;
/// Operations under way at once.
const UNDER_WAY: u64 = 256;
/// How often the agent whom nobody needs becomes free.
const TURNS: u32 = 500;

/// E and G, in one office with a long line.
pub async fn measure(extent: &Extent) -> Result<(Vec<Finding>, Vec<Finding>), BenchError> {
    let [agents, waiting] = extent.skilled;
    progress(&format!("workloads E and G: {agents} agents, {waiting} waiting contacts"));
    let mode = Mode::FASTEST;
    let mut random = StdRng::seed_from_u64(extent.seed);
    let plan = Plan {
        mode,
        agents: (0..agents).map(|_| skills(&mut random, SKILLS_EACH)).collect(),
        handling: Handling::Held,
        asks: (0..ASKS).map(|_| requirement(&mut random)).collect(),
    };
    let host = Host::start(Kind::Attuned, &extent.keeping)?;
    let mut office = Office::open(&host.target(), plan).await?;
    let idler = idler(&office).await?;

    let mut nobody_needs = Vec::new();
    // Every agent takes one; the rest waits.
    office.fill(agents as u64).await?;
    for (filled, fill) in [(waiting / 10, waiting / 10), (waiting, waiting - waiting / 10)] {
        office.fill(fill as u64).await?;
        nobody_needs.extend(become_free(&idler, &host.process, filled).await?);
    }
    let case = format!("{agents} agents, {waiting} waiting, {}", mode_name(mode));
    let operations = operate(&mut office, &host.process, extent.span, &mut random, &case).await?;
    Ok((operations, nobody_needs))
}

/// E: an agent becomes free, takes the best waiting contact, one is enqueued; as fast as it goes.
async fn operate(
    office: &mut Office,
    process: &Process,
    span: Duration,
    random: &mut StdRng,
    case: &str,
) -> Result<Vec<Finding>, BenchError> {
    let board = Arc::clone(office.board());
    board.take();
    let engaged_before = board.look(|tally| tally.engaged);
    let (began, cpu) = (Instant::now(), process.cpu());
    let mut started = 0;
    let done = || board.look(|tally| tally.engaged) - engaged_before;
    while began.elapsed() < span {
        while started - done() < UNDER_WAY
            && let Some((agent, contact)) = board.release(|held| random.random_range(0..held))
        {
            started += 1;
            office.staff.complete(agent, contact);
            office.send(Instant::now());
        }
        let enough = |engaged: u64| started - (engaged - engaged_before) < UNDER_WAY;
        board.wait(began + span, |tally| enough(tally.engaged)).await?;
    }
    let (operations, took) = (done(), began.elapsed());
    let mut found = vec![finding(case, "operations_per_s", operations as f64 / took.as_secs_f64())];
    if let (Some(before), Some(now)) = (cpu, process.cpu()) {
        found.push(finding(case, "server_cpu_us", (now - before).as_secs_f64() * 1e6 / operations.max(1) as f64));
    }
    Ok(found)
}

/// G: how long it takes the daemon to find that there is nothing.
async fn become_free(idler: &Desk, process: &Process, waiting: usize) -> Result<Vec<Finding>, Status> {
    let mut round_trip = histogram();
    let cpu = process.cpu();
    for turn in 0..TURNS {
        idler.set_presence(pb::PresenceState::Away, &format!("{waiting}-{turn}-away")).await?;
        let began = Instant::now();
        idler.set_presence(pb::PresenceState::Available, &format!("{waiting}-{turn}")).await?;
        round_trip.saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    let case = &format!("{waiting} waiting");
    let at = |quantile| round_trip.value_at_quantile(quantile) as f64;
    let mut found = vec![finding(case, "p50_us", at(0.5)), finding(case, "p99_us", at(0.99))];
    if let (Some(before), Some(now)) = (cpu, process.cpu()) {
        let calls = f64::from(TURNS * 2);
        found.push(finding(case, "server_cpu_us", (now - before).as_secs_f64() * 1e6 / calls));
    }
    Ok(found)
}

/// An agent whose one skill no contact asks for.
async fn idler(office: &Office) -> Result<Arc<Desk>, Status> {
    let terms = office.terms();
    let agent = "idler".to_owned();
    staff::put(&office.channel, &terms, [(agent.clone(), vec![UNNEEDED.to_owned()])]).await?;
    let idler = Arc::new(Desk { number: usize::MAX, agent, channel: office.channel.clone(), terms });
    Arc::clone(&idler).sign_in().await?;
    Ok(idler)
}

fn skills(random: &mut StdRng, many: usize) -> Vec<String> {
    sample(random, SKILLS, many).iter().map(|skill| format!("s{skill}")).collect()
}

fn requirement(random: &mut StdRng) -> pb::Requirement {
    let many = if random.random_range(0..100) < NEED_TWO_PERCENT { 2 } else { 1 };
    let all = skills(random, many).into_iter().map(|skill| pb::SkillCondition { skill, proficiency: 1 }).collect();
    pb::Requirement { all, ..Default::default() }
}
