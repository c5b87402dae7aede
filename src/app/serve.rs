//! The port for calls: HTTP/2 as it should be tuned, and the services behind it.
//!
//! Invariant: small messages leave at once, a connection may carry as many streams as a gateway has agents, and a peer
//! that has vanished is noticed.

use std::time::Duration;

use tokio::{net::TcpListener, sync::oneshot};
use tonic::transport::{self, server::TcpIncoming};

use crate::{api, shard::Directory};

use super::Server;

/// Streams on one connection: a gateway with all its agents, where the usual 100 to 200 would hold calls back.
const STREAMS_PER_CONNECTION: u32 = 65_536;

/// A peer that answers no ping for this long, every so often asked, is gone.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// Serves calls until told to stop.
pub(super) fn start(listener: TcpListener, directory: Directory) -> Server<transport::Error> {
    let (stop, stopped) = oneshot::channel::<()>();
    let router = transport::Server::builder()
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PING_ANSWERED_WITHIN))
        .add_routes(api::routes(directory));
    // Without it a small answer waits for the peer's delayed acknowledgement, 44 ms.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let task = tokio::spawn(router.serve_with_incoming_shutdown(incoming, async { drop(stopped.await) }));
    Server { task, stop }
}
