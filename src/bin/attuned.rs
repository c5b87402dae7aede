//! The daemon: settings, logs, start, serve, drain.

use std::process::ExitCode;

use attune::{
    app::{self, Daemon},
    config::{Flags, Provenance, Settings, process_env},
    telemetry::logs,
};
use clap::Parser;
use tracing::{error, info, warn};

/// Decides who takes which contact, and when.
///
/// Takes calls over gRPC (attune.v1) on one port and shows metrics and health on another: /metrics, /livez, /readyz,
/// /startupz. SIGTERM or SIGINT drains and stops; a second one stops at once. Exits with 0 when everything taken was
/// answered, with 2 when the settings cannot be used.
#[derive(Parser)]
#[command(name = "attuned", version)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
}

fn main() -> ExitCode {
    let Arguments { flags } = Arguments::parse();
    let (settings, provenance) = match Settings::load(&flags, process_env()) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("attuned: {error}");
            return ExitCode::from(2);
        }
    };
    logs::init(settings.log_format, &settings.log_level).expect("loading has checked the filter");
    announce(&provenance);
    app::stop_on_panic();
    // One thread: measured faster than several on two cores, and the shard is one writer anyway.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a process that may open ports may have a runtime");
    runtime.block_on(serve(settings))
}

async fn serve(settings: Settings) -> ExitCode {
    let daemon = match Daemon::start(settings).await {
        Ok(daemon) => daemon,
        Err(error) => {
            error!("attuned cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match daemon.run_until_signalled().await {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(error) => {
            error!(%error, "signals cannot be listened for");
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
