//! `attuned`: the daemon's own command line.
//!
//! Invariant: without a verb it is the daemon; verbs look at the machine and the configuration and change neither. Not
//! here: what is asked of a daemon that runs (`attune`).

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing::{error, info, warn};

use crate::{
    config::{self, Flags, Loaded, Provenance, Sources},
    telemetry::logs,
};

use super::{Daemon, Signals, check, doctor, runtime, stop_on_panic};

/// The process cannot begin: settings or documents are invalid.
pub(super) const UNUSABLE: u8 = 2;

/// Decides who takes which contact, and when.
///
/// Takes calls over gRPC (attune.v1) on one port and shows metrics, health and the settings in force on another:
/// /metrics, /livez, /readyz, /startupz, /config.
///
/// SIGTERM or SIGINT drains and stops; a second one stops at once. SIGHUP has settings and routing documents read again:
/// what can change in a running daemon is applied, what cannot is named in the log, and if anything is invalid nothing
/// changes.
#[derive(Debug, Parser)]
#[command(name = "attuned", version, after_help = EXITS)]
pub struct Program {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    verb: Option<Verb>,
}

const EXITS: &str = "\
Exit codes:
  0    everything taken was answered
  1    it could not start, calls were cut off by the limit on stopping, or the shard broke
  2    settings or routing documents cannot be used
  130  a second signal ended it at once

Example:
  attuned check --config /etc/attuned.toml && attuned --config /etc/attuned.toml";

#[derive(Debug, Subcommand)]
enum Verb {
    Check(check::Arguments),
    Doctor(doctor::Arguments),
    /// Prints the JSON schema of the settings file, for editors and for those who write settings by program
    #[command(after_help = "Example:\n  attuned schema > settings.schema.json")]
    Schema,
}

impl Program {
    /// Does what was asked for.
    pub fn run(self) -> ExitCode {
        let sources = Sources::of_process(self.flags);
        match self.verb {
            None => serve(&sources),
            Some(Verb::Check(arguments)) => check::run(&arguments, &sources),
            Some(Verb::Doctor(arguments)) => doctor::run(&arguments, &sources),
            Some(Verb::Schema) => {
                print!("{}", config::schema());
                ExitCode::SUCCESS
            }
        }
    }
}

fn serve(sources: &Sources) -> ExitCode {
    let loaded = match sources.load() {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("attuned: {error}");
            return ExitCode::from(UNUSABLE);
        }
    };
    logs::init(loaded.settings.log_format, &loaded.settings.log_level).expect("loading has checked the filter");
    announce(&loaded.provenance);
    stop_on_panic();
    let runtime = runtime(&loaded.settings).expect("a process that may open ports may have a runtime");
    runtime.block_on(run(loaded, sources))
}

async fn run(loaded: Loaded, sources: &Sources) -> ExitCode {
    let signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            error!(%error, "signals cannot be listened for");
            return ExitCode::FAILURE;
        }
    };
    match Daemon::start(loaded).await {
        Ok(daemon) => ExitCode::from(daemon.run_until_signalled(sources, signals).await.code()),
        Err(error) => {
            error!("attuned cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn announce(provenance: &Provenance) {
    info!(version = env!("CARGO_PKG_VERSION"), "attuned starts");
    for (key, origin) in &provenance.origins {
        info!(key, %origin, "set");
    }
    for warning in &provenance.warnings {
        warn!("{warning}");
    }
}
