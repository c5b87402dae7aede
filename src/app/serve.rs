//! The port for calls, as a task.

use tokio::{net::TcpListener, sync::oneshot};
use tonic::transport;

use crate::{
    api::{self, Limits},
    config::Overload,
    shard::Directory,
};

use super::Server;

/// Serves calls until told to stop.
pub(super) fn start(listener: TcpListener, directory: Directory, overload: Overload) -> Server<transport::Error> {
    let Overload { burst, delay, in_flight_max } = overload;
    let limits = Limits { burst, delay, in_flight_max };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(api::serve(listener, directory, limits, async { drop(stopped.await) }));
    Server { task, stop }
}
