//! `attune bench`: measured before chosen.
//!
//! Invariant: what is compared is measured in one run, in turns, under the same load; servers are processes of their own
//! and reached only over the wire; a latency counts from the time at which something was due. Standard output has the
//! figures, standard error the progress. The keys of the JSON are in [`figures`], and explained in the command's long
//! help; what is measured of each part is at the head of its file.
//!
//! Not here: the decision's worlds (`sim::decision`, which `cargo bench` uses too).

use std::{
    env, io,
    path::PathBuf,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use tonic::Status;

mod batches;
mod board;
mod decision;
mod desk;
mod door;
mod echo;
mod figures;
mod gateway;
mod goals;
mod host;
mod line;
mod memory;
mod office;
mod path;
mod report;
mod rounds;
mod rpc;
mod schedule;
mod staff;
mod toy;
mod usage;
mod workloads;

pub use host::{ServerArguments, serve};

use super::options::Format;

use figures::{Figures, Machine, Settings};
use host::{HostError, Keeping};
use office::{Mode, OfficeError, Target};
use report::Report;
use usage::{Process, load_average, processor};

/// The keys of `--format json`, for the long help.
const KEYS: &str = "\
JSON (--format json) is one object with these keys; what was not measured is an empty list or null:
  decision   list of {agents, waiting, direction (contact_arrives, agent_frees), p50_us, p99_us (the search),
             command_p50_us, command_p99_us (with all that follows), examined_p50, examined_p99, examined_max, decisions}
  path       list of {mode (unary, streamed, gateway), agents, loop (open, closed), rate (contacts/s: asked in an open
             loop, found in a closed one), achieved, p50_us, p99_us, p999_us (from due to offered), contacts, refused,
             unfinished, missed, server_cpu_us, client_cpu_us, sent_bytes, received_bytes (per contact), rounds}
  echo       a bare call of 100 bytes at the same rates, interleaved; keys as in path, mode echo
  toy        the toy daemon under the same loads, interleaved; keys as in path
  workloads  by letter (A, B, C, D, E, G): {what, ours: list of {case, figure, value}, peers: list of {name, figures}}
  memory     {waiting_contact_bytes, waiting_contacts, connected_agent_bytes, connected_agents}
  goals      list of {goal, found, bound, ratio, reached}
  machine    {cores, os, cpu, load_average}
  settings   {seed, quick, duration_s, rounds, round_s, server, durable, version}

Times are microseconds and processor times are read from /proc, so they are null anywhere but on Linux. The toy daemon
speaks the same calls and bytes as attuned, with one lock and one list of idle agents behind. A goal that is missed
is no failure.

Example:
  attune bench --quick --format json > figures.json";

/// Measures the daemon on this machine, beside a bare call and a toy.
///
/// The decision alone at growing sizes; the main path (enqueue, offer at the agent's stream, accept, complete) at rising
/// rates, sent on schedule whatever the server does, so that latencies are free of coordinated omission; the workloads
/// on which others were measured; memory. Starts its own servers, each a process, on free loopback ports. A full run
/// takes a quarter of an hour, --quick under a minute. Let nothing else run meanwhile.
#[derive(Debug, Args)]
#[command(after_long_help = KEYS)]
pub struct Arguments {
    /// Smaller sizes and shorter rounds.
    #[arg(long)]
    quick: bool,

    /// Tables, bars and verdicts for people, or one JSON object for programs.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::ALL)]
    only: Vec<Part>,

    /// What is random comes from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Contacts per second on the path, rising.
    #[arg(long, value_name = "RATES", value_delimiter = ',', value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rates: Vec<u64>,

    /// Agents connected on the path, and agents of the decision's worlds; on the path the first is measured at all
    /// rates, the others at the middle one.
    #[arg(long, value_name = "AGENTS", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=100_000))]
    agents: Vec<u32>,

    /// Ways on which calls travel on the path.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Mode::ALL)]
    modes: Vec<Mode>,

    /// Daemon and toy on the path, and the daemon of the workloads, keep what they acknowledge on the disk of this folder,
    /// synced; what they write goes away again.
    #[arg(long, value_name = "FOLDER", conflicts_with = "server")]
    durable: Option<PathBuf>,

    /// Measure the path of this daemon instead, as HOST:PORT; alone, without echo and toy.
    #[arg(long, value_name = "ADDRESS", requires = "tenant")]
    server: Option<String>,

    /// A tenant of that daemon for the bench alone: its routing document is replaced.
    #[arg(long, requires = "server")]
    tenant: Option<String>,

    /// That daemon's process, if it runs on this machine, for its processor time.
    #[arg(long, requires = "server")]
    pid: Option<u32>,
}

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The decision alone.
    Decision,
    /// The main path.
    Path,
    /// Memory per contact and agent.
    Memory,
    /// The peers' workloads.
    Workloads,
}

impl Part {
    const ALL: [Self; 4] = [Self::Decision, Self::Path, Self::Memory, Self::Workloads];
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
enum BenchError {
    #[error(transparent)]
    Host(#[from] HostError),
    #[error(transparent)]
    Office(#[from] OfficeError),
    #[error("a call failed that no load explains: {}: {}", .0.code(), .0.message())]
    Call(#[from] Status),
    #[error("the bench has nowhere to run: {0}")]
    Runtime(#[from] io::Error),
}

impl BenchError {
    /// As every verb's, by `failure::EXIT_CODES`.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Office(OfficeError::Connect { .. }) => ExitCode::from(3),
            _ => ExitCode::FAILURE,
        }
    }
}

/// Measures, and prints what was found.
pub fn run(arguments: &Arguments) -> ExitCode {
    let figures = match measure(arguments) {
        Ok(figures) => figures,
        Err(error) => {
            eprintln!("attune bench: {error}");
            return error.exit_code();
        }
    };
    match arguments.format {
        Format::Table => print!("{}", Report(&figures)),
        Format::Json => println!("{}", serde_json::to_string(&figures).expect("figures are plain data")),
    }
    ExitCode::SUCCESS
}

fn measure(arguments: &Arguments) -> Result<Figures, BenchError> {
    // Everything on this side in one thread, so that the server has the other processors for itself.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let path = path_extent(arguments);
    let settings = Settings {
        seed: arguments.seed,
        quick: arguments.quick,
        duration_s: 0.0,
        rounds: path.rounds,
        round_s: path.span.as_secs_f64(),
        server: arguments.server.clone(),
        durable: arguments.durable.is_some(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut figures = Figures { machine: machine(), settings, ..Figures::default() };
    if let (Some(authority), Some(tenant)) = (&arguments.server, &arguments.tenant) {
        let target = Target {
            authority: authority.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            tenant: tenant.clone(),
            process: arguments.pid.map(Process::new),
        };
        figures.path = runtime.block_on(path::measure_server(&path, &target))?;
    } else {
        measure_own(arguments, &path, &runtime, &mut figures)?;
    }
    figures.goals = goals::judge(&figures);
    figures.settings.duration_s = began.elapsed().as_secs_f64();
    Ok(figures)
}

fn measure_own(
    arguments: &Arguments,
    path: &path::Extent,
    runtime: &tokio::runtime::Runtime,
    figures: &mut Figures,
) -> Result<(), BenchError> {
    let asked = |part| arguments.only.contains(&part);
    if asked(Part::Decision) {
        let extent = if arguments.quick { decision::Extent::quick() } else { decision::Extent::full() };
        figures.decision = decision::measure(&extent.with_agents(&arguments.agents));
    }
    runtime.block_on(async {
        if asked(Part::Path) {
            let found = path::measure(path).await?;
            (figures.path, figures.echo, figures.toy) = (found.path, found.echo, found.toy);
        }
        if asked(Part::Memory) {
            let [contacts, agents] = if arguments.quick { [20_000, 1_000] } else { [100_000, 10_000] };
            figures.memory = memory::measure(contacts, agents).await?;
        }
        if asked(Part::Workloads) {
            let extent = workloads::Extent {
                keeping: arguments.keeping(),
                span: Duration::from_secs(if arguments.quick { 2 } else { 20 }),
                free_agents: if arguments.quick { &[1_000] } else { &[1_000, 10_000] },
                skilled: if arguments.quick { [1_000, 20_000] } else { [10_000, 100_000] },
                seed: arguments.seed,
            };
            figures.workloads = workloads::measure(&extent).await?;
        }
        Ok(())
    })
}

fn path_extent(arguments: &Arguments) -> path::Extent {
    let quick = arguments.quick;
    let or = |given: &[u64], usual: &[u64]| if given.is_empty() { usual.to_vec() } else { given.to_vec() };
    let agents: Vec<u64> = arguments.agents.iter().map(|agents| u64::from(*agents)).collect();
    let agents = or(&agents, if quick { &[1_000, 10] } else { &[1_000, 10, 10_000] });
    let usual_rates: &[u64] = match (arguments.durable.is_some(), quick) {
        (true, _) => &[1_000, 10_000],
        (false, true) => &[1_000, 5_000],
        (false, false) => &[1_000, 3_000, 5_000, 10_000],
    };
    path::Extent {
        modes: arguments.modes.clone(),
        agents: agents.into_iter().map(|agents| agents as usize).collect(),
        rates: or(&arguments.rates, usual_rates),
        rounds: if quick { 1 } else { 3 },
        span: Duration::from_millis(if quick { 600 } else { 3_000 }),
        keeping: arguments.keeping(),
        seed: arguments.seed,
    }
}

impl Arguments {
    fn keeping(&self) -> Keeping {
        self.durable.clone().map_or(Keeping::Memory, Keeping::Disk)
    }
}

fn machine() -> Machine {
    Machine {
        cores: thread::available_parallelism().map_or(1, Into::into),
        os: format!("{} {}", env::consts::OS, env::consts::ARCH),
        cpu: processor().unwrap_or_default(),
        load_average: load_average(),
    }
}

/// Says on standard error what is being done.
fn progress(what: &str) {
    eprintln!("{what}");
}
