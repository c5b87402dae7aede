//! Reading settings again while the daemon runs.
//!
//! Invariant: everything is read and checked before anything is applied; what is wrong anywhere leaves all as it was. A
//! routing document is applied again only if its file has changed since the daemon last read it, so that a reload does
//! not take back what was applied over the API. What cannot change in a running daemon is named and stays.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    sync::watch,
    task::{self, JoinError},
};
use tracing::{error, info, warn};

use crate::{
    config::{Change, KEYS, Loaded, SettingsError, Sources},
    engine::{
        Command, Proposal, Reply, Request,
        view::{Answer, Query},
    },
    model::{
        document::{Document, Origin},
        ids::TenantId,
    },
    shard::{CallError, clock},
    telemetry::{
        logs,
        metrics::{RELOAD_SUCCESS_TIME, RELOAD_SUCCESSFUL, RELOADS},
    },
};

use super::{Daemon, DocumentsError, documents};

/// Why a document is in force that a reload applied.
const READ_AGAIN: &str = "its file had changed when the daemon read its settings again";

/// The settings that a running daemon goes by.
#[derive(Debug)]
pub(super) struct InForce {
    loaded: Loaded,
    /// As they were last read from where the settings say; the API may have replaced them since.
    documents: BTreeMap<TenantId, Arc<Document>>,
    shown: watch::Sender<String>,
}

/// What a reload has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Keys with a new value in force.
    pub changed: Vec<String>,
    /// Tenants whose routing document was applied again, each with the version that it has now.
    pub documents: Vec<(TenantId, u64)>,
    /// Keys with a new value that needs a restart.
    pub need_restart: Vec<String>,
}

/// Why a reload has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Routing documents cannot be used.
    #[error(transparent)]
    Documents(#[from] DocumentsError),
    /// A tenant's shard does not take its document.
    #[error("the routing document of tenant {tenant:?} was not applied: {source}")]
    Refused {
        /// Whose.
        tenant: TenantId,
        /// Why not.
        source: CallError,
    },
    /// Reading broke.
    #[error("reading was broken off: {0}")]
    Broken(#[from] JoinError),
}

impl InForce {
    /// What the daemon starts with, and where the admin port can see it.
    pub(super) fn new(loaded: Loaded, documents: BTreeMap<TenantId, Arc<Document>>) -> (Self, watch::Receiver<String>) {
        let (shown, seen) = watch::channel(as_json(&loaded));
        taken();
        // Whoever alerts on a rise must have seen the nought before it.
        ["applied", "failed"].iter().for_each(|result| RELOADS.counter(&[result]).increment(0));
        (Self { loaded, documents, shown }, seen)
    }

    /// How long stopping may take.
    pub(super) fn drain_max(&self) -> Duration {
        self.loaded.settings.drain_max
    }

    /// Takes what a running daemon can take of new settings.
    fn take(&mut self, new: Loaded, reloaded: &mut Reloaded) {
        for key in KEYS {
            match key.change {
                _ if key.agrees(&self.loaded.settings, &new.settings) => {}
                Change::Live => {
                    key.copy(&new.settings, &mut self.loaded.settings);
                    reloaded.changed.push(key.name.to_owned());
                }
                Change::Restart => reloaded.need_restart.push(key.name.to_owned()),
            }
        }
        let (old_tenants, new_tenants) = (&self.loaded.settings.tenants, &new.settings.tenants);
        if !old_tenants.keys().eq(new_tenants.keys()) {
            reloaded.need_restart.push("tenants".to_owned());
        }
        let kept =
            |(tenant, source): (&TenantId, _)| (tenant.clone(), new_tenants.get(tenant).cloned().unwrap_or(source));
        self.loaded.settings.tenants =
            old_tenants.iter().map(|(tenant, source)| kept((tenant, source.clone()))).collect();
        // Where a value stands may have changed although the value has not; one that waits for a restart came from where
        // it was.
        for (key, origin) in &new.provenance.origins {
            if !reloaded.need_restart.contains(key) {
                self.loaded.provenance.origins.insert(key.clone(), origin.clone());
            }
        }
        let known = |key: &String| {
            new.provenance.origins.contains_key(key)
                || reloaded.need_restart.contains(key)
                || key.starts_with("tenants.")
        };
        self.loaded.provenance.origins.retain(|key, _| known(key));
        logs::set_filter(&self.loaded.settings.log_level).expect("loading has checked the filter");
        self.shown.send_replace(as_json(&self.loaded));
    }
}

impl Daemon {
    /// Reads the settings and documents again and takes what can be taken; with an error nothing has changed.
    pub async fn reload(&mut self, sources: &Sources) -> Result<Reloaded, ReloadError> {
        let sources = sources.clone();
        // A large document takes longer to read than an offer may wait.
        let read = task::spawn_blocking(move || {
            let loaded = sources.load()?;
            let documents = documents::read_all(&loaded.settings.tenants)?;
            Ok::<_, ReloadError>((loaded, documents))
        });
        let (loaded, documents) = read.await??;
        let changed = |(tenant, document): &(TenantId, Arc<Document>)| {
            let before = self.in_force.documents.get(tenant);
            before.is_some_and(|before| before.source != document.source)
        };
        let changed: Vec<_> = documents.into_iter().filter(changed).collect();
        for (tenant, document) in &changed {
            let would = self.preview_document(tenant, document).await;
            would.map_err(|source| ReloadError::Refused { tenant: tenant.clone(), source })?;
        }
        let mut reloaded = Reloaded::default();
        for (tenant, document) in changed {
            let version = self.apply_document(&tenant, &document).await;
            let version = version.map_err(|source| ReloadError::Refused { tenant: tenant.clone(), source })?;
            self.in_force.documents.insert(tenant.clone(), document);
            reloaded.documents.push((tenant, version));
        }
        self.in_force.take(loaded, &mut reloaded);
        Ok(reloaded)
    }

    /// Whether a document would be applied, so that one tenant's refusal is known before another's is changed.
    async fn preview_document(&self, tenant: &TenantId, document: &Arc<Document>) -> Result<(), CallError> {
        let query = Query::Preview(Box::new(Proposal::new(Arc::clone(document))));
        let shard = self.directory.shard_of(tenant)?;
        match shard.query(tenant, query).await? {
            Answer::Preview(preview) => preview.refusals.into_iter().next().map_or(Ok(()), |reject| Err(reject.into())),
            other => unreachable!("a preview is answered by one, not {other:?}"),
        }
    }

    async fn apply_document(&self, tenant: &TenantId, document: &Arc<Document>) -> Result<u64, CallError> {
        let origin = Origin { author: "attuned".to_owned(), note: READ_AGAIN.to_owned(), restores: None };
        let command = Command::ApplyDocument(Box::new(Proposal { origin, ..Proposal::new(Arc::clone(document)) }));
        let shard = self.directory.shard_of(tenant)?;
        match shard.call(tenant, Request { id: None, command }).await? {
            Reply::Document { etag } => Ok(etag.version),
            other => unreachable!("a document applied is answered by its version, not {other:?}"),
        }
    }

    /// Reloads and says in log and metrics how it went.
    pub(super) async fn reload_and_tell(&mut self, sources: &Sources) {
        match self.reload(sources).await {
            Ok(Reloaded { changed, documents, need_restart }) => {
                taken();
                RELOADS.counter(&["applied"]).increment(1);
                for (tenant, version) in documents {
                    info!(%tenant, version, "routing document applied");
                }
                for key in &need_restart {
                    warn!(key, "changed, and needs a restart");
                }
                info!(changed = changed.join(", "), need_restart = need_restart.join(", "), "settings read again");
            }
            Err(error) => {
                RELOADS.counter(&["failed"]).increment(1);
                RELOAD_SUCCESSFUL.gauge(&[]).set(0.0);
                error!("settings were read again and nothing was changed: {error}");
            }
        }
    }
}

/// Tells that settings were taken just now.
fn taken() {
    RELOAD_SUCCESSFUL.gauge(&[]).set(1.0);
    RELOAD_SUCCESS_TIME.gauge(&[]).set(Duration::from_micros(clock::now().0.unsigned_abs()).as_secs_f64());
}

fn as_json(loaded: &Loaded) -> String {
    let settings: Vec<_> = loaded.effective().iter().map(|value| value.to_json()).collect();
    format!("{:#}\n", json!({ "settings": settings }))
}
