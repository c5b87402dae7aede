//! The composition root: builds the daemon from its settings, starts it and stops it.
//!
//! Invariant: everything that can be wrong with settings and documents is found before a port opens; calls are taken
//! only when the shards serve; stopping loses nothing that was taken, and ends within its limit. Only this module knows
//! which journal there is. `program` is the daemon's command line; `attune demo` starts a [`Daemon`] in its own process.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tonic::transport;
use tracing::{info, warn};

use crate::{
    admin::{self, Latch, Readiness, Shown},
    api::words,
    config::{Durability, Loaded, Settings, Switch},
    journal::{
        disk::{self, DiskJournal, Syncing},
        memory::{MemoryStorage, Retention},
    },
    model::{document::Document, ids::TenantId},
    shard::{
        Directory,
        clock::{self, Clock},
        core::{AddTenantError, Applied, Core, RecoverError},
        observe::Observer,
        recover::Recovered,
        run::{self, Offering, ShardTask, Status},
    },
    telemetry::{
        metrics::{self, DURABILITY, InstallError},
        spans::{self, SpansError},
        tenants,
    },
};

mod check;
mod doctor;
mod documents;
mod program;
mod reload;
mod serve;
mod signals;
pub mod snapshots;
mod stop_on_panic;
mod threads;

pub use documents::{DocumentFileError, DocumentsError};
pub use program::Program;
pub use reload::{ReloadError, Reloaded};
pub use signals::{Exit, Signals};
pub use stop_on_panic::stop_on_panic;
pub use threads::runtime;

use snapshots::Snapshots;
use threads::ShardRuntime;

use reload::InForce;

/// How long the last spans may take, beside the limit on stopping.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// A daemon that runs. Dropped without [`shutdown`](Self::shutdown), it stops in its own time.
#[derive(Debug)]
pub struct Daemon {
    addresses: Addresses,
    accepting: Latch,
    shard: ShardTask,
    /// Absent without a journal on disk.
    snapshots: Option<Snapshots>,
    /// Holds the shard's thread, if it has one of its own.
    _shard_runtime: ShardRuntime,
    api: Server<transport::Error>,
    admin: Server<io::Error>,
    directory: Directory,
    in_force: InForce,
}

/// Where a daemon really listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For calls.
    pub api: SocketAddr,
    /// For metrics and health.
    pub admin: SocketAddr,
}

/// A server's task; it stops when `stop` is dropped.
#[derive(Debug)]
struct Server<E> {
    task: JoinHandle<Result<(), E>>,
    stop: oneshot::Sender<()>,
}

/// How stopping went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Everything taken was answered.
    Drained,
    /// The limit came first; calls under way were cut off.
    CutShort,
}

/// Why a daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Routing documents cannot be used.
    #[error(transparent)]
    Documents(#[from] DocumentsError),
    /// The engine refuses a tenant.
    #[error(transparent)]
    Tenant(#[from] AddTenantError),
    /// Metrics cannot be recorded.
    #[error(transparent)]
    Metrics(#[from] InstallError),
    /// Spans cannot be sent.
    #[error("tracing.otlp_endpoint: {0}")]
    Spans(#[from] SpansError),
    /// A port is not to be had.
    #[error("{setting} {address} cannot be opened: {source}")]
    Listen {
        /// The setting that names it.
        setting: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// There is no thread to be had for the shard.
    #[error("the shard has no thread to run on: {0}")]
    Thread(io::Error),
    /// The journal cannot be opened.
    #[error("journal.folder: {0}")]
    Open(#[from] disk::OpenError),
    /// There is no thread to be had for snapshots, or no folder for the archive.
    #[error("journal.folder: no snapshots can be made: {0}")]
    Snapshots(io::Error),
    /// The journal's records are not those of a daemon.
    #[error("journal.folder: {0}")]
    Recover(#[from] RecoverError),
    /// The journal does not keep the tenants.
    #[error("the journal took nothing: the shard is {0:?}")]
    Journal(Status),
}

impl Daemon {
    /// Starts a daemon; when this returns, calls are answered.
    pub async fn start(loaded: impl Into<Loaded>) -> Result<Self, StartError> {
        let loaded = loaded.into();
        let settings = &loaded.settings;
        tenants::limit(settings.metrics_tenants_max);
        let handle = metrics::install()?;
        if settings.metrics_native_histograms == Switch::On {
            handle.also_native();
        }
        if let Some(endpoint) = settings.tracing.otlp_endpoint.clone() {
            spans::start(&spans::Target { endpoint, sample_percent: settings.tracing.sample_percent })?;
        }
        let documents = documents::read_all(&settings.tenants)?;
        let api = listen("listen", settings.listen).await?;
        let admin = listen("admin.listen", settings.admin_listen).await?;
        // Beside what takes as long: whoever finds the daemon ready finds it quick.
        let warmed_up = tokio::task::spawn_blocking(words::warm_up);
        let (mut recovered, journal) = open_journal(settings)?;
        if recovered.core.tenants().next().is_some() {
            // What was read of the journal was counted by the process that wrote it.
            handle.begin_anew();
        }
        let alive_at = journal.as_ref().and_then(DiskJournal::alive_at);
        // Time goes on from what was last known of it, though the machine's clock may have been set back since.
        Clock::machine().rise_to(alive_at.map_or(recovered.core.now(), |alive_at| recovered.core.now().max(alive_at)));
        let mut founding = recovered.core.resume(clock::now(), alive_at, Some(settings.hold));
        founding.extend(found(&mut recovered.core, &documents)?);
        info!(tenants = documents.len(), "routing documents read");
        let snapshots =
            journal.as_ref().map(|journal| Snapshots::start(settings, Arc::clone(journal.vault()))).transpose();
        let snapshots = snapshots.map_err(StartError::Snapshots)?;

        let addresses = Addresses { api: address_of(&api), admin: address_of(&admin) };
        let readiness = Readiness::new();
        let (keeping, accepting) = (readiness.latch("journal"), readiness.latch("api"));
        let Settings { shard_thread, overload, durability, .. } = *settings;
        let remarks = readiness.clone();
        let (in_force, settings) = InForce::new(loaded, documents);
        let admin = serve_admin(admin, Shown { readiness, metrics: handle, settings });

        let directory = Directory::new();
        let tenants: Vec<_> = recovered.core.tenants().cloned().collect();
        DURABILITY.gauge(&[&durability.to_string()]).set(1.0);
        let shard_runtime = ShardRuntime::new(shard_thread).map_err(StartError::Thread)?;
        let (shard_handle, shard) = {
            let _there = shard_runtime.enter();
            match journal {
                Some(journal) => run::resume(recovered, founding, journal),
                // Nobody but this process could read it, which does not; and what is kept a while only to be dropped has
                // left the processor's caches by then, as has what it drove out of them.
                None => run::resume(recovered, founding, MemoryStorage::new(Retention::Last(0)).open()),
            }
        };
        await_serving(&shard).await?;
        let _ = warmed_up.await;
        tokio::spawn(follow(shard.status(), keeping));
        tokio::spawn(remark(shard.offering(), remarks));
        for tenant in tenants {
            directory.place(tenant, shard_handle.clone());
        }
        match durability {
            Durability::Memory => info!(%durability, "shard serves; nothing survives the process"),
            Durability::Async => {
                info!(%durability, "shard serves; a power cut loses what was answered since the last sync");
            }
            Durability::Sync => info!(%durability, "shard serves"),
        }

        let api = serve::start(api, directory.clone(), overload);
        accepting.set();
        info!(api = %addresses.api, admin = %addresses.admin, "ready");
        let _shard_runtime = shard_runtime;
        Ok(Self { addresses, accepting, shard, snapshots, _shard_runtime, api, admin, directory, in_force })
    }

    /// Where it listens: the real ports, also where the settings said 0.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Stops: no new calls, agents are told to go elsewhere, what was taken is answered; within the settings' limit.
    pub async fn shutdown(self) -> Stop {
        info!("draining");
        self.accepting.clear();
        let drain_max = self.in_force.drain_max();
        let started = Instant::now();
        let mut stop = Stop::Drained;
        self.shard.drain();
        // Calls get most of the time; the rest is for the shard to keep what they asked for.
        if !self.api.stop(started + drain_max.mul_f64(0.8)).await {
            warn!("calls under way are cut off");
            stop = Stop::CutShort;
        }
        let ended = timeout_at(started + drain_max, self.shard.stop()).await;
        match &ended {
            Ok(Ok(status)) => info!(?status, "shard stopped"),
            Ok(Err(panic)) => warn!(%panic, "the shard broke"),
            Err(_) => {
                warn!("the journal took too long; what it had not yet taken was not acknowledged");
                stop = Stop::CutShort;
            }
        }
        if let Some(snapshots) = self.snapshots {
            // A batch that was not acknowledged may be in the files all the same, and on the disk or not.
            let is_whole = matches!(ended, Ok(Ok(Status::Stopped)));
            let made = is_whole && timeout_at(started + drain_max, snapshots.stop()).await.is_ok();
            if !made {
                warn!(is_whole, "there is no last snapshot: the next start has more to read");
            }
        }
        spans::flush(FLUSH_MAX).await;
        self.admin.stop(Instant::now() + Duration::from_millis(100)).await;
        info!(?stop, took = ?started.elapsed(), "stopped");
        stop
    }
}

impl<E> Server<E> {
    /// Stops gracefully until the deadline and then at once; says whether it was in time.
    async fn stop(self, deadline: Instant) -> bool {
        let Self { mut task, stop } = self;
        drop(stop);
        let in_time = timeout_at(deadline, &mut task).await.is_ok();
        task.abort();
        in_time
    }
}

/// The shard as the journal left it, and the journal, unless it is in memory.
fn open_journal(settings: &Settings) -> Result<(Recovered, Option<DiskJournal>), StartError> {
    let observer = Observer::new(settings.metrics_queues_max).with_lines(settings.log_contacts == Switch::On);
    let mut recovered = Recovered::new(observer);
    if settings.durability == Durability::Memory {
        return Ok((recovered, None));
    }
    let (folder, lost_keys) = (settings.journal_folder.clone(), settings.lost_keys);
    let syncing = match settings.durability {
        Durability::Async => Syncing::Every(settings.async_sync),
        Durability::Sync | Durability::Memory => Syncing::EachBatch,
    };
    let kept = disk::Settings { folder, segment_bytes: settings.segment_mib << 20, syncing, lost_keys };
    let (started, mut so_far) = (Instant::now(), Ok(()));
    let journal = DiskJournal::resume(kept, |found| {
        if so_far.is_ok() {
            so_far = recovered.take(found);
        }
    })?;
    so_far?;
    recovered.core.end_recovery();
    info!(next = %journal.next_seq(), took = ?started.elapsed(), "journal read");
    Ok((recovered, Some(journal)))
}

/// Founds the tenants that the journal does not know; of those that it knows, its document stands.
fn found(core: &mut Core, documents: &BTreeMap<TenantId, Arc<Document>>) -> Result<Vec<Applied>, AddTenantError> {
    let known: BTreeSet<TenantId> = core.tenants().cloned().collect();
    for tenant in &known {
        let in_force = core.state(tenant).map(|state| state.etag().digest);
        match documents.get(tenant) {
            Some(document) if in_force == Some(document.source.digest) => {}
            Some(_) => warn!(%tenant, "the journal has another routing document than the settings: it stands"),
            None => warn!(%tenant, "the journal has a tenant that the settings do not name; it is served"),
        }
    }
    let new = documents.iter().filter(|(tenant, _)| !known.contains(*tenant));
    let add = |(tenant, document): (&TenantId, &Arc<Document>)| {
        core.add_tenant(clock::now(), tenant.clone(), Arc::clone(document))
    };
    new.map(add).collect()
}

async fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| StartError::Listen { setting, address, source })
}

fn address_of(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("a bound listener has an address")
}

fn serve_admin(listener: TcpListener, shown: Shown) -> Server<io::Error> {
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(admin::run(listener, shown, async { drop(stopped.await) }));
    Server { task, stop }
}

async fn await_serving(shard: &ShardTask) -> Result<(), StartError> {
    let mut status = shard.status();
    let now = status.wait_for(|status| *status != Status::Starting).await.map(|status| *status);
    match now {
        Ok(Status::Serving) => Ok(()),
        Ok(other) => Err(StartError::Journal(other)),
        Err(_) => Err(StartError::Journal(Status::Stopped)),
    }
}

/// Keeps readiness in step with the shard.
async fn follow(mut status: tokio::sync::watch::Receiver<Status>, journal: Latch) {
    loop {
        match *status.borrow_and_update() {
            Status::Serving => journal.set(),
            _ => journal.clear(),
        }
        if status.changed().await.is_err() {
            return journal.clear();
        }
    }
}

/// Says beside readiness that offering is held, for as long as it is.
async fn remark(mut offering: tokio::sync::watch::Receiver<Offering>, readiness: Readiness) {
    loop {
        let is_held = *offering.borrow_and_update() == Offering::Held;
        readiness.remark("offering is held until agents' sessions are back after the restart", is_held);
        if !is_held || offering.changed().await.is_err() {
            return;
        }
    }
}
