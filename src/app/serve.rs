//! The port for calls, as a task.

use tokio::{net::TcpListener, sync::oneshot};
use tonic::transport;

use crate::{api, shard::Directory};

use super::Server;

/// Serves calls until told to stop.
pub(super) fn start(listener: TcpListener, directory: Directory) -> Server<transport::Error> {
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(api::serve(listener, directory, async { drop(stopped.await) }));
    Server { task, stop }
}
