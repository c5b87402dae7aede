//! `attune advise`: what to set for a scenario's moments of truth and where too few people work; no daemon is asked.
//!
//! Invariant: every choice is shown beside its neighbours, with what it costs; everything but the seconds it took follows
//! from the scenario, the document and the seed. Not here: formulas and trials (`sim::advice`).

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{
    model::{limits::SPAN_SECS_MAX, time::Span},
    sim::{
        advice::{self, Advice, Wanted},
        scenario::Scenario,
    },
};

use super::{
    arguments::parse_span,
    failure::Failure,
    options::Format,
    output::Output,
    simulate::{Playing, Shown, document, hear},
};

mod json;
mod rows;

/// Fewer runs hardly tell a difference from chance.
const RUNS_MIN: u32 = 4;
/// So many contacts of a run are enough to choose by.
const CONTACTS: u64 = 10_000;
/// The same in haste.
const CONTACTS_QUICK: u64 = 2_500;

/// Says what to set for moments of truth, what it costs, and where too few people work
///
/// Loads and staff, hour by hour and skill by skill, by the Erlang formulas; how many empathetic agents are needed, how
/// many to keep free, how long to hold a moment for one and when to give way to routine contacts, by the daemon's own
/// formulas, each played beside its neighbours on the same customers. Ends with the part of the routing document that says
/// so.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  attune advise deploy/examples/simulate/centre.toml --quick
  attune advise centre.toml --document routing/hold.toml --target 30s --moments 0.95")]
pub struct Arguments {
    /// Who comes and who works, in TOML
    scenario: PathBuf,

    /// A routing document instead of the scenario's own
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,

    /// In time is what is answered within this, instead of the scenario's
    #[arg(long, value_name = "TIME", value_parser = parse_target)]
    target: Option<Duration>,

    /// The share of all contacts that is to be answered in time
    #[arg(long, value_name = "SHARE", default_value = "0.8", value_parser = parse_share)]
    service_level: f64,

    /// The share of moments of truth that is to reach an empathetic agent in time; the document's reserve says what may
    /// fail, usually a tenth
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    moments: Option<f64>,

    /// A rough answer: four runs of a few thousand contacts
    #[arg(long)]
    quick: bool,

    #[command(flatten)]
    playing: Playing,

    #[command(flatten)]
    shown: Shown,
}

/// Advice, and what it is about.
struct Advised {
    scenario: Scenario,
    service_level: f64,
    advice: Advice,
    took: Duration,
}

/// Reads, plays and prints.
pub fn run(arguments: &Arguments) -> ExitCode {
    let out = Output::with(arguments.shown.format, arguments.shown.color);
    match advise(arguments, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(out.format, out.style);
            failure.exit_code()
        }
    }
}

fn advise(arguments: &Arguments, out: &Output) -> Result<(), Failure> {
    let given = arguments.document.as_deref().map(document).transpose()?;
    let mut scenario = arguments.playing.load(&arguments.scenario, given)?;
    if let Some(target) = arguments.target {
        scenario.within = Span::from_millis(i64::try_from(target.as_millis()).unwrap_or(i64::MAX));
    }
    if scenario.run.runs < RUNS_MIN {
        return Err(Failure::Usage(format!(
            "{} runs hardly tell a difference from chance; ask for --runs {RUNS_MIN} or more",
            scenario.run.runs
        )));
    }
    let contacts_max = if arguments.quick { CONTACTS_QUICK } else { CONTACTS };
    if arguments.quick {
        scenario.run.runs = RUNS_MIN;
    }
    let service_level = arguments.service_level;
    let wanted = Wanted { service_level, reached: arguments.moments, contacts_max };
    let began = Instant::now();
    let advice = advice::advise(&scenario, wanted, &hear).map_err(|error| Failure::Invalid(error.to_string()))?;
    let advised = Advised { scenario, service_level, advice, took: began.elapsed() };
    match out.format {
        Format::Json => out.line(&json::advice(&advised).to_string()),
        Format::Table => rows::show(out, &advised),
    }
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.01..=0.999).contains(share));
    share.ok_or_else(|| "say it as a share, such as 0.8, from 0.01 to 0.999".to_owned())
}

fn parse_target(text: &str) -> Result<Duration, String> {
    let longest = Duration::from_secs(SPAN_SECS_MAX.unsigned_abs());
    let target = parse_span(text)?;
    match (Duration::from_millis(1)..=longest).contains(&target) {
        true => Ok(target),
        false => Err("say it as 20s, more than nothing and at most as long as a document may say".to_owned()),
    }
}
