//! The daemon under the demo: a real one, in a thread of its own, reached only through its ports.
//!
//! Invariant: it is composed and started exactly as `attuned` composes and starts it; only its settings differ: any
//! free loopback ports, and the embedded document under compressed time.

use std::{
    collections::BTreeMap,
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    app::{Addresses, Daemon, StartError},
    config::{DocumentSource, Settings},
    model::{document::Document, ids::TenantId},
};

/// A daemon that runs in this process.
#[derive(Debug)]
pub struct Host {
    /// Where it listens.
    pub addresses: Addresses,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

/// Why there is no daemon.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// It did not start.
    #[error("the daemon did not start: {0}")]
    Start(#[from] StartError),
    /// There is no thread or no runtime for it.
    #[error("the daemon has nowhere to run: {0}")]
    Thread(#[from] io::Error),
}

impl Host {
    /// Starts a daemon with this routing document and waits until it answers calls.
    pub async fn start(document: Document) -> Result<Self, HostError> {
        let tenant = TenantId::new("default").expect("it obeys the grammar of names");
        let settings = Settings {
            drain_max: Duration::from_secs(3),
            tenants: BTreeMap::from([(tenant, DocumentSource::Given(Arc::new(document)))]),
            ..Settings::passing()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (started_to, started) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let (ended_to, ended) = oneshot::channel::<()>();
        let thread = thread::Builder::new().name("attuned".to_owned()).spawn(move || {
            let _ended = ended_to;
            runtime.block_on(async {
                match Daemon::start(settings).await {
                    Ok(daemon) => {
                        let _ = started_to.send(Ok(daemon.addresses()));
                        // Whether asked to stop or forgotten.
                        let _ = stopped.await;
                        daemon.shutdown().await;
                    }
                    Err(error) => drop(started_to.send(Err(error))),
                }
            });
        })?;
        let addresses = started.await.expect("the thread answers, or its panic has ended the process")?;
        Ok(Self { addresses, stop, ended, thread })
    }

    /// Stops it and waits until it has; meanwhile connections to it may come to their ends.
    pub async fn stop(self) {
        drop(self.stop);
        // The thread drops its end last of all.
        let _ = self.ended.await;
        self.thread.join().expect("a panic has ended the process");
    }
}
