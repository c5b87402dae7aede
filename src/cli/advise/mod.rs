//! `attune advise`: what to set for moments of truth and where too few people work, by a scenario or by a day of one's own;
//! no daemon is asked.
//!
//! Invariant: every choice is shown beside its neighbours, with what it costs; everything but the seconds it took follows
//! from the scenario, the document and the seed. Not here: formulas and trials (`sim::advice`).

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{
    model::{limits::SPAN_SECS_MAX, time::Span},
    sim::{
        advice::{self, Advice, Wanted},
        scenario::Scenario,
        study::Study,
    },
};

use super::{
    arguments::parse_span,
    failure::Failure,
    journal::told,
    options::Format,
    output::{Output, words::counted},
    replay::past::{self, Past, Whose},
    simulate::{self, Playing, Shown, document},
};

mod json;
mod rows;

/// Fewer runs hardly tell a difference from chance.
const RUNS_MIN: u32 = 4;
/// So many contacts of a run are enough to choose by.
const CONTACTS: u64 = 10_000;
/// The same in haste.
const CONTACTS_QUICK: u64 = 2_500;
/// A day of one's own is played so often, unless another number is asked for.
const RUNS: u32 = 6;
const DAY: Span = Span::from_secs(86_400);
/// As many hours are looked at one by one.
const DAYS_MAX: Span = Span(7 * DAY.0);

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
  attune advise centre.toml --document routing/hold.toml --target 30s --moments 0.95
  attune advise --journal /var/backups/attune-monday --from 2026-11-23T08:00:00Z --to 2026-11-23T18:00:00Z")]
pub struct Arguments {
    /// Who comes and who works, in TOML
    #[arg(required_unless_present = "journal", conflicts_with = "journal")]
    scenario: Option<PathBuf>,

    /// The folder of a journal instead of a scenario: who came and who worked on a day of one's own
    #[arg(long, value_name = "FOLDER", conflicts_with = "load")]
    journal: Option<PathBuf>,

    #[command(flatten)]
    whose: Whose,

    /// A routing document instead of the scenario's own, or of the one that was in force
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,

    /// In time is what is answered within this, instead of the scenario's time, or of each queue's target that day
    #[arg(long, value_name = "TIME", value_parser = parse_target)]
    target: Option<Duration>,

    /// The share of all contacts that is to be answered in time
    #[arg(long, value_name = "SHARE", default_value = "0.8", value_parser = parse_share)]
    service_level: f64,

    /// The share of moments of truth that is to reach an empathetic agent in time; the document's reserve says what may
    /// fail, usually a tenth
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    moments: Option<f64>,

    /// A rough answer: four runs, of a few thousand contacts where the scenario counts them
    #[arg(long)]
    quick: bool,

    #[command(flatten)]
    playing: Playing,

    #[command(flatten)]
    shown: Shown,
}

impl Arguments {
    /// Lets everything be in time within what was asked for, if that was.
    fn aim(&self, scenario: &mut Scenario) {
        if let Some(target) = self.target {
            scenario.within = Span::from_millis(i64::try_from(target.as_millis()).unwrap_or(i64::MAX));
            scenario.targets.clear();
        }
    }
}

/// Advice, and what it is about.
struct Advised {
    asked: Asked,
    service_level: f64,
    advice: Advice,
    took: Duration,
}

/// What advice is asked for.
struct Asked {
    scenario: Scenario,
    /// The day itself, if it is one that was.
    was: Option<Study>,
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
    let mut asked = match (&arguments.scenario, &arguments.journal) {
        (Some(_), _) if arguments.whose.is_given() => {
            return Err(Failure::Usage("--tenant, --from and --to are for a day of a --journal".to_owned()));
        }
        (Some(path), _) => of_scenario(arguments, path)?,
        (None, Some(journal)) => of_journal(arguments, journal)?,
        (None, None) => return Err(Failure::Usage("name a scenario, or a journal with --journal".to_owned())),
    };
    let scenario = &mut asked.scenario;
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
    let hear = if asked.was.is_some() { past::hear } else { simulate::hear };
    let advice = advice::advise(&asked.scenario, wanted, &hear).map_err(|error| Failure::Invalid(error.to_string()))?;
    let advised = Advised { asked, service_level, advice, took: began.elapsed() };
    match out.format {
        Format::Json => out.line(&json::told(&advised).to_string()),
        Format::Table => rows::show(out, &advised),
    }
}

fn of_scenario(arguments: &Arguments, path: &Path) -> Result<Asked, Failure> {
    let given = arguments.document.as_deref().map(document).transpose()?;
    let mut scenario = arguments.playing.load(path, given)?;
    arguments.aim(&mut scenario);
    Ok(Asked { scenario, was: None })
}

fn of_journal(arguments: &Arguments, journal: &Path) -> Result<Asked, Failure> {
    let Past { mut history, .. } = Past::of(journal, &arguments.whose)?;
    let length = history.until - history.from;
    if length > DAYS_MAX {
        return Err(Failure::Usage(format!(
            "the contacts of {} would count; choose a week of them at most, with --from and --to",
            counted(length.0.unsigned_abs().div_ceil(DAY.0.unsigned_abs()), "day")
        )));
    }
    let (runs, seed) = (arguments.playing.runs.unwrap_or(RUNS), arguments.playing.seed.unwrap_or(1));
    let inputs = match &arguments.document {
        Some(path) => past::under_another(&mut history, (&document(path)?, path), runs, seed)?,
        None => past::under_its_own(&history, runs, seed)?,
    };
    let (from, until) = (told::time(history.from), told::time(history.until));
    let contacts = counted(history.counts().contacts, "contact");
    let description = format!("tenant {}, {from} to {until}: {contacts}", history.tenant);
    let mut scenario = Scenario { description, ..inputs.scenario };
    arguments.aim(&mut scenario);
    let was = history.study(&scenario);
    Ok(Asked { scenario, was: Some(was) })
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
