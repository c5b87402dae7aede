//! `attuned doctor`: whether this machine and this configuration will carry the daemon.
//!
//! Invariant: looks and changes nothing; ports that it tries it lets go again. Every finding that is not well says what
//! to do. Not here: what the settings are (`check`).

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::config::{Problem, Sources};

use super::documents;

mod machine;
mod network;

/// Looks at the machine and the configuration, and says what would go wrong
///
/// Checks settings and routing documents, ports, the limit on open files, clocks, memory, processors and the kernel's TCP
/// settings. Each line is ok, warn or fail, with what to do. Exits with 1 if anything fails. Best run on the machine, as
/// the user and with the settings of the daemon, before it starts.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attuned doctor --config /etc/attuned.toml")]
pub(super) struct Arguments {
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each check.
    Text,
    /// One object: "healthy", and "checks" with "check", "state", "found" and "advice".
    Json,
}

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it should be.
    Ok,
    /// The daemon runs, and somebody will regret it.
    Warn,
    /// The daemon does not start, or not for long.
    Fail,
}

/// What was looked at, and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    check: &'static str,
    state: State,
    /// How it is.
    found: String,
    /// What to do; empty if all is well.
    advice: String,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, state: State::Ok, found: found.into(), advice: String::new() }
    }

    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Warn, found: found.into(), advice: advice.into() }
    }

    fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Fail, found: found.into(), advice: advice.into() }
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// Looks at everything and prints.
pub(super) fn run(arguments: &Arguments, sources: &Sources) -> ExitCode {
    let findings = examine(sources);
    let healthy = findings.iter().all(|finding| finding.state != State::Fail);
    match arguments.format {
        Format::Text => {
            for Finding { check, state, found, advice } in &findings {
                println!("{:4}  {check:10}  {found}", state.word());
                if !advice.is_empty() {
                    println!("                  {advice}");
                }
            }
        }
        Format::Json => {
            let check = |Finding { check, state, found, advice }: &Finding| {
                let state = state.word();
                json!({ "check": check, "state": state, "found": found, "advice": advice })
            };
            let checks: Vec<_> = findings.iter().map(check).collect();
            println!("{:#}", json!({ "healthy": healthy, "checks": checks }));
        }
    }
    if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn examine(sources: &Sources) -> Vec<Finding> {
    let reading = sources.read();
    let settings = &reading.loaded.settings;
    let mut findings = vec![of_settings(&reading.problems)];
    findings.extend(
        reading
            .loaded
            .provenance
            .warnings
            .iter()
            .map(|warning| Finding::warn("settings", warning.clone(), "unset it, or name the setting that was meant")),
    );
    findings.push(match documents::read_all(&settings.tenants) {
        Ok(documents) => {
            let queues = documents.values().map(|document| document.queues.len()).sum::<usize>();
            Finding::ok("documents", format!("{} valid, {queues} queues", documents.len()))
        }
        Err(error) => Finding::fail("documents", error.to_string(), "`attuned check` lists every violation"),
    });
    findings.extend(network::examine(settings));
    findings.extend(machine::examine());
    findings
}

fn of_settings(problems: &[Problem]) -> Finding {
    let found = match problems {
        [] => return Finding::ok("settings", "valid"),
        [only] => only.to_string(),
        [first, others @ ..] => format!("{first} (and {} more)", others.len()),
    };
    Finding::fail("settings", found, "`attuned check` lists everything that is wrong")
}
