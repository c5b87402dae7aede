//! `attune simulate`: what a scenario comes to under a routing document, in virtual time; no daemon is asked.
//!
//! Invariant: everything but its speed follows from the scenario, the document and the seed. Standard output has the
//! result, in tables or in one line of JSON with the same numbers. Not here: playing it (`sim::player`), the measures
//! (`sim::study`), two documents (`compare`).

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{
    api::words,
    model::{document::Document, signal::Content},
    sim::{
        scenario::{Message, RUNS_MAX, Scenario, ScenarioError, load_document},
        study::Study,
    },
};

use super::{
    failure::Failure,
    options::{Colour, Format},
    output::Output,
    report::save,
};

mod json;
mod report;
mod rows;

pub use json::{estimate as estimate_json, rows as rows_json};
pub use rows::{contacts_note, number};

/// Plays a scenario in virtual time: who waits how long, who leaves, where moments of truth go
///
/// The engine that routes is the one of the daemon. The same scenario, document, seed and version give the same numbers, and
/// the same hash over all that happened: on every machine, or on machines of one kind where the document has k = "auto" or
/// words are read, because both take exponentials as the platform gives them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  attune simulate deploy/examples/simulate/centre.toml
  attune simulate centre.toml --document routing/reserve-1.toml --load 1.1 --report monday.html")]
pub struct Arguments {
    /// The scenario, in TOML
    scenario: PathBuf,

    #[command(flatten)]
    playing: Playing,

    /// A routing document instead of the scenario's own
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,

    /// Writes a report with pictures, one HTML file that needs nothing else
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    shown: Shown,
}

/// How a scenario is played, where that is to be otherwise than it says.
#[derive(Debug, Clone, Args)]
pub struct Playing {
    /// Independent runs, instead of the scenario's
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=i64::from(RUNS_MAX)))]
    pub runs: Option<u32>,

    /// The seed, instead of the scenario's
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,

    /// How much comes, as a share of what the agents can do, of the streams that are given by their load
    #[arg(long, value_name = "SHARE", value_parser = parse_load)]
    load: Option<f64>,
}

/// How to show it.
#[derive(Debug, Clone, Args)]
pub struct Shown {
    /// Tables for people, or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,

    /// Whether tables have colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
}

/// A scenario that was played.
pub struct Played {
    /// What was played.
    pub scenario: Scenario,
    /// What came of it.
    pub study: Study,
    /// How long that took.
    pub took: Duration,
}

/// Plays what is asked for.
pub fn run(arguments: &Arguments) -> ExitCode {
    let out = Output::with(arguments.shown.format, arguments.shown.color);
    match simulate(arguments, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(out.format, out.style);
            failure.exit_code()
        }
    }
}

fn simulate(arguments: &Arguments, out: &Output) -> Result<(), Failure> {
    let document = arguments.document.as_deref().map(document).transpose()?;
    let scenario = arguments.playing.load(&arguments.scenario, document)?;
    let played = play(scenario)?;
    if let Some(path) = &arguments.report {
        let name = title(&arguments.scenario, arguments.document.as_deref());
        save(path, &report::html(&name, &played))?;
    }
    match out.format {
        Format::Json => out.line(&json::study(&played).to_string()),
        Format::Table => rows::show(out, &played),
    }
}

fn title(scenario: &Path, document: Option<&Path>) -> String {
    match document {
        None => scenario.display().to_string(),
        Some(document) => format!("{} under {}", scenario.display(), document.display()),
    }
}

impl Playing {
    /// Reads the scenario as it is to be played.
    pub fn load(&self, path: &Path, document: Option<Document>) -> Result<Scenario, Failure> {
        let mut scenario = read(path, document)?;
        scenario.run.runs = self.runs.unwrap_or(scenario.run.runs);
        scenario.run.seed = self.seed.unwrap_or(scenario.run.seed);
        if let Some(load) = self.load
            && !scenario.set_load(load)
        {
            let hint = "no stream of the scenario is given by its load; change its rates";
            return Err(Failure::Usage(format!("--load {load}: {hint}")));
        }
        Ok(scenario)
    }
}

/// Reads a scenario, with another routing document than its own if one is given.
pub fn read(path: &Path, document: Option<Document>) -> Result<Scenario, Failure> {
    Scenario::load(path, document).map_err(|error| match error {
        ScenarioError::Unreadable { path, source } => Failure::io(format!("failed to read {}", path.display()), source),
        ScenarioError::Invalid { .. } => Failure::Invalid(error.to_string()),
    })
}

/// Reads a routing document.
pub fn document(path: &Path) -> Result<Document, Failure> {
    load_document(path).map_err(Failure::Invalid)
}

/// Plays all runs.
pub fn play(scenario: Scenario) -> Result<Played, Failure> {
    let began = Instant::now();
    let study = Study::of(&scenario, &hear, |_, _| {}).map_err(|refused| Failure::Invalid(refused.to_string()))?;
    Ok(Played { scenario, study, took: began.elapsed() })
}

/// What a customer's words say, read as the daemon reads them.
pub fn hear(message: &Message) -> Content {
    words::read(&message.text, &message.language)
}

fn parse_load(text: &str) -> Result<f64, String> {
    let load = text.parse::<f64>().ok().filter(|load| (0.001..=100.0).contains(load));
    load.ok_or_else(|| "say it as a share of what the agents can do, such as 0.95".to_owned())
}
