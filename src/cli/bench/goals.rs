//! What the figures should be, and whether they are.
//!
//! Invariant: a goal is judged by what this run measured, a ratio only by what was measured in turns; a goal whose
//! figures were not measured is left out. Each goal is what a contact centre notices, or what the toy shows possible.

use std::slice;

use super::figures::{Figures, Goal, Path, Workload};

/// The decision alone, at 10,000 agents and 100,000 waiting contacts: microseconds.
const DECISION_P50_US: f64 = 2.0;
const DECISION_P99_US: f64 = 20.0;
/// The decision's time from the smallest world to the largest: times as much.
const DECISION_GROWTH: f64 = 10.0;
/// Against the toy: times as much.
const PATH_CPU: f64 = 1.5;
const PATH_P50: f64 = 1.3;
const PATH_P99: f64 = 2.0;
/// Of the toy's highest rate.
const PATH_RATE: f64 = 2.0 / 3.0;
/// How much slower A may be with ten times the agents and still count as flat, on a noisy machine.
const FLAT: f64 = 1.5;
/// Bytes.
const WAITING_CONTACT_BYTES: f64 = 1_024.0;
const CONNECTED_AGENT_BYTES: f64 = 16_384.0;

/// A workload's goal: letter, figure, whether more is better, and the bound.
type Bound = (char, &'static str, Better, f64);

/// The peers' workloads; A's are Asterisk's figures at 1,000 agents.
const WORKLOADS: &[Bound] = &[
    ('A', "p50_us", Better::Less, 570.0),
    ('A', "p99_us", Better::Less, 1_700.0),
    ('B', "contacts_per_s", Better::More, 4_500.0),
    ('C', "p50_us", Better::Less, 1_000.0),
    ('C', "p99_us", Better::Less, 5_000.0),
    ('C', "contacts_per_s", Better::More, 99.0),
    ('D', "contacts_per_s", Better::More, 9.5),
    ('E', "operations_per_s", Better::More, 26_000.0),
    ('G', "server_cpu_us", Better::Less, 100.0),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Better {
    Less,
    More,
}

/// All goals of which there are figures.
pub fn judge(figures: &Figures) -> Vec<Goal> {
    let mut goals = decision(figures);
    goals.extend(path(figures));
    goals.extend(WORKLOADS.iter().flat_map(|bound| workload(figures, bound)));
    goals.extend(figures.workloads.get(&'A').and_then(flat));
    let memory = &figures.memory;
    goals.extend(
        memory
            .waiting_contact_bytes
            .map(|bytes| goal("memory: bytes per waiting contact".into(), Better::Less, bytes, WAITING_CONTACT_BYTES)),
    );
    goals.extend(
        memory
            .connected_agent_bytes
            .map(|bytes| goal("memory: bytes per connected agent".into(), Better::Less, bytes, CONNECTED_AGENT_BYTES)),
    );
    goals
}

fn decision(figures: &Figures) -> Vec<Goal> {
    let mut goals = Vec::new();
    for direction in ["contact_arrives", "agent_frees"] {
        let rows = || figures.decision.iter().filter(move |row| row.direction == direction);
        if let Some(row) = rows().find(|row| (row.agents, row.waiting) == (10_000, 100_000)) {
            let name = |which| format!("decision, {direction}: {which} µs at 10,000 agents, 100,000 waiting");
            goals.push(goal(name("p50"), Better::Less, row.p50_us, DECISION_P50_US));
            goals.push(goal(name("p99"), Better::Less, row.p99_us, DECISION_P99_US));
        }
        let size = |row: &&super::figures::Decision| row.agents * row.waiting;
        if let (Some(first), Some(last)) = (rows().min_by_key(size), rows().max_by_key(size))
            && size(&first) < size(&last)
        {
            let times = last.p50_us / first.p50_us;
            let name = format!("decision, {direction}: p50, largest world / smallest");
            goals.push(goal(name, Better::Less, times, DECISION_GROWTH));
        }
    }
    goals
}

/// By mode, at the first number of agents: latency at the middle rate, or at all where a disk has its part in it; the rest
/// in the closed loop.
fn path(figures: &Figures) -> Vec<Goal> {
    let Some(first) = figures.path.first() else { return Vec::new() };
    let mut modes: Vec<_> = figures.path.iter().map(|row| row.mode).collect();
    modes.dedup();
    modes.sort_unstable();
    modes.dedup();
    let mut goals = Vec::new();
    for mode in modes {
        let pairs = |r#loop: &'static str| {
            let here = move |row: &&Path| row.mode == mode && row.agents == first.agents && row.r#loop == r#loop;
            let ours: Vec<&Path> = figures.path.iter().filter(here).collect();
            let toys: Vec<&Path> = figures.toy.iter().filter(here).collect();
            ours.into_iter().zip(toys).collect::<Vec<_>>()
        };
        let open = pairs("open");
        let middle = || open.get(open.len() / 2).map(slice::from_ref).unwrap_or_default();
        let judged = if figures.settings.durable { &open[..] } else { middle() };
        for (ours, toy) in judged {
            let name = |which| format!("path, {mode} at {}/s: {which} / the toy's", ours.rate);
            let ratio = |figure: fn(&Path) -> u64| figure(ours) as f64 / figure(toy).max(1) as f64;
            goals.push(goal(name("p50"), Better::Less, ratio(|row| row.p50_us), PATH_P50));
            goals.push(goal(name("p99"), Better::Less, ratio(|row| row.p99_us), PATH_P99));
        }
        if let Some((ours, toy)) = pairs("closed").first() {
            let name = |which| format!("path, {mode}, closed loop: {which} / the toy's");
            if let (Some(cpu), Some(toy)) = (ours.server_cpu_us, toy.server_cpu_us) {
                goals.push(goal(name("server CPU per contact"), Better::Less, cpu / toy, PATH_CPU));
            }
            goals.push(goal(name("contacts/s"), Better::More, ours.achieved / toy.achieved, PATH_RATE));
        }
    }
    goals
}

fn workload(figures: &Figures, (letter, figure, better, bound): &Bound) -> Vec<Goal> {
    let Some(workload) = figures.workloads.get(letter) else { return Vec::new() };
    let found = workload.ours.iter().filter(|finding| finding.figure == *figure);
    found.map(|found| goal(format!("{letter}, {}: {figure}", found.case), *better, found.value, *bound)).collect()
}

/// A: as fast with many agents as with few.
fn flat(workload: &Workload) -> Option<Goal> {
    let mut found = workload.ours.iter().filter(|finding| finding.figure == "p50_us");
    let (few, many) = (found.next()?, found.next_back()?);
    Some(goal(format!("A: p50, {} / {}", many.case, few.case), Better::Less, many.value / few.value, FLAT))
}

fn goal(goal: String, better: Better, found: f64, bound: f64) -> Goal {
    let ratio = match better {
        Better::Less => found / bound,
        Better::More => bound / found,
    };
    Goal { goal, found, bound, ratio, reached: ratio <= 1.0 }
}
