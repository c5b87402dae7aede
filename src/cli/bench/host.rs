//! Servers to measure, each a process of its own: this very program under the hidden verb `bench-server`.
//!
//! Invariant: a server ends with its host, also if the bench itself is killed: it serves for as long as its standard
//! input stays open. The daemon among them is composed as `attuned` composes it, on the runtime that its settings ask for:
//! those of the environment where it has some (`ATTUNE_RUNTIME_THREADS=2 attune bench …`), otherwise the defaults.

use std::{
    env, fs,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{self, Child, Command, ExitCode, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use clap::{Args, ValueEnum};
use serde::Serialize;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::oneshot,
};
use tonic::{
    service::Routes,
    transport::{self, Server, server::TcpIncoming},
};

use crate::{
    app::{self, Daemon, StartError},
    config::{Durability, Flags, Settings, SettingsError, Sources},
    telemetry::logs::{self, LogFormat},
};

use super::{echo, office::Target, toy, usage::Process};

/// Streams on one connection, as `attuned` allows them.
const STREAMS_MAX: u32 = 131_072;

/// A server to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A bare unary call.
    Echo,
    /// The toy daemon.
    Toy,
    /// The daemon.
    Attuned,
}

/// Where a server keeps what it acknowledges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// In memory.
    Memory,
    /// On the disk of this folder, synced, in a folder of its own that goes with it.
    Disk(PathBuf),
}

/// Serves for `attune bench`, until standard input ends.
#[derive(Debug, Args)]
pub struct ServerArguments {
    /// What is served.
    kind: Kind,

    /// Where what it acknowledges is kept; in memory unless it is said.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// A server that runs.
#[derive(Debug)]
pub struct Host {
    child: Child,
    folder: Option<PathBuf>,
    /// Where it listens, as a host and a port.
    pub authority: String,
    /// The process.
    pub process: Process,
}

/// Why a server does not run.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The process cannot be had.
    #[error("this program cannot be started as a server: {0}")]
    Spawn(#[from] io::Error),
    /// It ended before it listened.
    #[error("the {0:?} server ended before it said where it listens")]
    Silent(Kind),
}

impl Host {
    /// Starts a server and waits until it listens.
    pub fn start(kind: Kind, keeping: &Keeping) -> Result<Self, HostError> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let name = kind.to_possible_value().expect("no kind is hidden").get_name().to_owned();
        let mut command = Command::new(env::current_exe()?);
        command.args(["bench-server", &name]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let folder = match keeping {
            Keeping::Memory => None,
            Keeping::Disk(below) => {
                let number = STARTED.fetch_add(1, Ordering::Relaxed);
                let folder = below.join(format!("bench-{name}-{}-{number}", process::id()));
                fs::create_dir_all(&folder)?;
                command.arg("--folder").arg(&folder);
                Some(folder)
            }
        };
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().expect("it was asked for");
        let process = Process::new(child.id());
        let mut host = Self { child, folder, authority: String::new(), process };
        BufReader::new(stdout).read_line(&mut host.authority)?;
        host.authority.truncate(host.authority.trim_end().len());
        if host.authority.is_empty() { Err(HostError::Silent(kind)) } else { Ok(host) }
    }

    /// To be measured, in its default tenant.
    pub fn target(&self) -> Target {
        Target { authority: self.authority.clone(), tenant: String::new(), process: Some(self.process.clone()) }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Nobody needs what it keeps, so there is nothing to wait for; it may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Why a server did not serve.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Serve(#[from] transport::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Serves until standard input ends.
pub fn serve(arguments: &ServerArguments) -> ExitCode {
    logs::init(LogFormat::Text, "error").expect("the filter is valid");
    match serve_kind(arguments.kind, arguments.folder.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(arguments.kind, &error),
    }
}

fn failed(kind: Kind, error: &ServeError) -> ExitCode {
    eprintln!("attune bench-server {kind:?}: {error}");
    ExitCode::FAILURE
}

fn serve_kind(kind: Kind, folder: Option<&Path>) -> Result<(), ServeError> {
    match kind {
        Kind::Attuned => {
            let settings = settings(folder)?;
            serve_on(&app::runtime(&settings)?, kind, settings, folder)
        }
        Kind::Echo | Kind::Toy => {
            serve_on(&Builder::new_current_thread().enable_all().build()?, kind, Settings::passing(), folder)
        }
    }
}

/// The daemon's, for any ports and the one tenant of the bench.
fn settings(folder: Option<&Path>) -> Result<Settings, SettingsError> {
    let settings = Sources::of_process(Flags::default()).load()?.settings;
    let Settings { listen, admin_listen, durability, tenants, .. } = Settings::passing();
    let settings = Settings { listen, admin_listen, durability, tenants, ..settings };
    Ok(match folder {
        Some(folder) => Settings { durability: Durability::Sync, journal_folder: folder.to_owned(), ..settings },
        None => settings,
    })
}

fn serve_on(runtime: &Runtime, kind: Kind, settings: Settings, folder: Option<&Path>) -> Result<(), ServeError> {
    let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let ended = stdin_ends();
    runtime.block_on(async {
        match kind {
            Kind::Attuned => {
                let daemon = Daemon::start(settings).await?;
                println!("{}", daemon.addresses().api);
                let _ = ended.await;
            }
            Kind::Echo => serve_routes(any, echo::routes(), ended).await?,
            Kind::Toy => serve_routes(any, toy::routes(folder)?, ended).await?,
        }
        Ok(())
    })
}

async fn serve_routes(any: SocketAddr, routes: Routes, ended: oneshot::Receiver<()>) -> Result<(), ServeError> {
    let listener = TcpListener::bind(any).await?;
    println!("{}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder().max_concurrent_streams(STREAMS_MAX).add_routes(routes);
    tokio::select! {
        served = server.serve_with_incoming(incoming) => Ok(served?),
        _ = ended => Ok(()),
    }
}

/// Comes to its end with standard input.
fn stdin_ends() -> oneshot::Receiver<()> {
    let (end, ended) = oneshot::channel();
    thread::spawn(move || {
        let _end = end;
        // Nobody writes; an error is an end as well.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
    });
    ended
}
