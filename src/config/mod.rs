//! The daemon's settings: file < environment < flags, each value with the place it came from.
//!
//! Invariant: settings are complete and valid or there is an error that names every wrong one with its origin; nothing
//! is read from the process itself, so that loading can be tested. Not here: tenants' routing documents (`model`), which
//! the settings only point to, and what a running daemon does with new values (`app::reload`).

use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use crate::{
    engine::HoldRules,
    journal::LostKeys,
    model::{document::Document, ids::TenantId},
    telemetry::{logs::LogFormat, tenants::TENANTS_MAX_DEFAULT},
};

mod effective;
mod file;
mod flags;
mod keys;
mod load;
mod schema;

#[cfg(test)]
mod tests;

pub use effective::Effective;
pub use flags::Flags;
pub use keys::{Change, Form, KEYS, Key};
pub use load::{Reading, Sources};
pub use schema::schema;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where calls are taken.
    pub listen: SocketAddr,
    /// Where metrics and health are shown.
    pub admin_listen: SocketAddr,
    /// How long stopping may take before it is cut short.
    pub drain_max: Duration,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged, as a filter such as `info` or `warn,attune::shard=debug`.
    pub log_level: String,
    /// Whether each contact gets a line in it when it has ended.
    pub log_contacts: Switch,
    /// Where spans go.
    pub tracing: Tracing,
    /// Queues with metrics of their own.
    pub metrics_queues_max: usize,
    /// Tenants with metrics of their own.
    pub metrics_tenants_max: usize,
    /// Whether histograms are native ones as well.
    pub metrics_native_histograms: Switch,
    /// When calls are refused.
    pub overload: Overload,
    /// Threads that serve calls; 0 = one on up to two cores, otherwise one for each core but one.
    pub threads: usize,
    /// Where routing is decided.
    pub shard_thread: ShardThread,
    /// What survives the process, and the machine.
    pub durability: Durability,
    /// After how long what was answered is on the disk, if it was answered before.
    pub async_sync: Duration,
    /// Where the journal is, if any survives.
    pub journal_folder: PathBuf,
    /// How offering waits for agents after a restart.
    pub hold: HoldRules,
    /// MiB of a file of the journal.
    pub segment_mib: u64,
    /// A snapshot is made after so many MiB of journal.
    pub snapshot_mib: u64,
    /// Days for which the journal is kept behind snapshots.
    pub archive_days: u32,
    /// The same in MiB; 0 = without limit.
    pub archive_mib: u64,
    /// What it means if keys of personal fields are missing from it.
    pub lost_keys: LostKeys,
    /// Tenants, each with the routing document it starts with.
    pub tenants: BTreeMap<TenantId, DocumentSource>,
}

/// When calls are refused because more comes than can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overload {
    /// The longest that new contacts may have waited to be read, while all is well.
    pub burst: Duration,
    /// The same while overload lasts.
    pub delay: Duration,
    /// Calls that may be read and unanswered at once, streams not counted.
    pub in_flight_max: usize,
}

impl Default for Overload {
    fn default() -> Self {
        Self { burst: Duration::from_millis(50), delay: Duration::from_millis(3), in_flight_max: 32_768 }
    }
}

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On => "on",
            Self::Off => "off",
        })
    }
}

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("is neither on nor off"),
        }
    }
}

/// Where spans go, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracing {
    /// A collector, as OTLP over gRPC; none = nowhere.
    pub otlp_endpoint: Option<String>,
    /// Percent of the traces that begin here which are kept.
    pub sample_percent: u64,
}

impl Default for Tracing {
    fn default() -> Self {
        Self { otlp_endpoint: None, sample_percent: 100 }
    }
}

/// Where the journal is unless it is said: in the folder from which the daemon is started.
pub const JOURNAL_FOLDER: &str = "attune-journal";

/// Where routing is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShardThread {
    /// On the threads that serve calls.
    #[default]
    Shared,
    /// On a thread of its own.
    Own,
}

impl fmt::Display for ShardThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared => "shared",
            Self::Own => "own",
        })
    }
}

impl FromStr for ShardThread {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "shared" => Ok(Self::Shared),
            "own" => Ok(Self::Own),
            _ => Err("is neither shared nor own"),
        }
    }
}

/// What of an acknowledged change survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Nothing survives the process.
    Memory,
    /// All of it survives the process; the machine, what was answered before the last sync.
    Async,
    /// All of it survives the process, and the machine.
    #[default]
    Sync,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Async => "async",
            Self::Sync => "sync",
        })
    }
}

impl FromStr for Durability {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "memory" => Ok(Self::Memory),
            "async" => Ok(Self::Async),
            "sync" => Ok(Self::Sync),
            _ => Err("is none of memory, async and sync"),
        }
    }
}

/// Where a tenant's first routing document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentSource {
    /// In the daemon: the routing of a small bank, to start with.
    Embedded,
    /// In a file, as TOML, or as JSON if its name ends so.
    File(PathBuf),
    /// Handed in by whoever starts the daemon in its own process; valid by construction.
    Given(Arc<Document>),
}

impl Default for Settings {
    fn default() -> Self {
        let tenant = TenantId::new("default").expect("it obeys the grammar of names");
        Self {
            listen: (Ipv4Addr::LOCALHOST, 7700).into(),
            admin_listen: (Ipv4Addr::LOCALHOST, 7701).into(),
            drain_max: Duration::from_secs(10),
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
            log_contacts: Switch::On,
            tracing: Tracing::default(),
            metrics_queues_max: 1_000,
            metrics_tenants_max: TENANTS_MAX_DEFAULT,
            metrics_native_histograms: Switch::Off,
            overload: Overload::default(),
            threads: 0,
            shard_thread: ShardThread::default(),
            durability: Durability::default(),
            async_sync: Duration::from_millis(100),
            journal_folder: PathBuf::from(JOURNAL_FOLDER),
            hold: HoldRules::default(),
            segment_mib: 64,
            snapshot_mib: 256,
            archive_days: 14,
            archive_mib: 0,
            lost_keys: LostKeys::default(),
            tenants: BTreeMap::from([(tenant, DocumentSource::Embedded)]),
        }
    }
}

impl Settings {
    /// For a daemon inside of another program, which it does not outlive: on any free ports, for this machine only, and with
    /// nothing kept.
    pub fn passing() -> Self {
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        Self { listen: any, admin_listen: any, durability: Durability::Memory, ..Self::default() }
    }
}

/// Settings that can be used, and where each came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The values.
    pub settings: Settings,
    /// Their places.
    pub provenance: Provenance,
}

impl From<Settings> for Loaded {
    /// Settings that a program made itself: no place is known.
    fn from(settings: Settings) -> Self {
        Self { settings, provenance: Provenance::default() }
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The settings file, or a place in it.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// Line and column of the key, each counted from 1; none if it is about the whole file.
        at: Option<(usize, usize)>,
    },
    /// A variable of the environment.
    Env(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, at: Some((line, column)) } => write!(f, "{}:{line}:{column}", path.display()),
            Self::File { path, at: None } => write!(f, "{}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Where each value came from, and what looked odd on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// By key, for every key that somebody set.
    pub origins: BTreeMap<String, Origin>,
    /// Worth a line in the log.
    pub warnings: Vec<String>,
}

impl Provenance {
    /// Who set this key.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was set.
    pub origin: Origin,
    /// Its key; empty if it is about the whole origin.
    pub key: String,
    /// What is wrong and what would be right, to be read after the key.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.origin, self.message),
            key => write!(f, "{}: {key} {}", self.origin, self.message),
        }
    }
}

/// Everything that is wrong with the settings; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings cannot be used:\n  {}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n  "))]
pub struct SettingsError(pub Vec<Problem>);
