//! A connection to the daemon that can be cut as a pulled plug cuts it, and calls that survive it.
//!
//! Invariant: a cut says no goodbye: the socket is shut below HTTP/2. A call whose answer was lost is made again under
//! the same request id until there is an answer, so its effect is never in doubt. Not here: agents' streams, which their
//! desktops open again (`desktop`).

use std::{
    future::Future,
    io,
    net::{Shutdown, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, sleep_until};
use tonic::{
    Response, Status,
    transport::{self, Channel, Endpoint},
};
use tonic_types::StatusExt;
use tower::service_fn;

use crate::api;

/// How long a call is tried before the demo gives up.
const TRIED_FOR: Duration = Duration::from_secs(10);
/// Between two tries.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// A connection that comes back by itself.
#[derive(Debug, Clone)]
pub struct Line {
    channel: Channel,
    wire: Arc<Wire>,
}

#[derive(Debug)]
struct Wire {
    socket: Mutex<Option<TcpStream>>,
    down_until: Mutex<Instant>,
}

/// Why a call has no answer that helps.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The daemon says no.
    #[error("{what} was refused: {reason}: {message}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// Why, as the API names it.
        reason: String,
        /// And in words.
        message: String,
    },
    /// There is no answer.
    #[error("{what} was not answered: {status}")]
    Broken {
        /// What was asked.
        what: &'static str,
        /// What the transport says.
        status: Box<Status>,
    },
}

impl CallError {
    /// The API's reason, if the daemon refused.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            Self::Broken { .. } => None,
        }
    }
}

impl Line {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Result<Self, transport::Error> {
        let wire = Arc::new(Wire { socket: Mutex::new(None), down_until: Mutex::new(Instant::now()) });
        let connector = {
            let wire = Arc::clone(&wire);
            service_fn(move |_| {
                let wire = Arc::clone(&wire);
                async move { wire.plug_in(address).await.map(TokioIo::new) }
            })
        };
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address is an authority");
        let channel = endpoint.connect_with_connector(connector).await?;
        Ok(Self { channel, wire })
    }

    /// For a client.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Cuts the connection; it can be had again after `outage`.
    pub fn cut(&self, outage: Duration) {
        *self.wire.down_until.lock() = Instant::now() + outage;
        if let Some(socket) = self.wire.socket.lock().take() {
            // It may have broken by itself.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Calls until there is an answer: `what` names it in errors, `make` makes it.
    pub async fn call<T, F>(&self, what: &'static str, make: impl Fn(Channel) -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let until = Instant::now() + TRIED_FOR;
        loop {
            let status = match make(self.channel()).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            match refusal(&status) {
                Some(reason) if reason != "OVERLOADED" => {
                    return Err(CallError::Refused { what, reason, message: status.message().to_owned() });
                }
                _ if Instant::now() >= until => return Err(CallError::Broken { what, status: Box::new(status) }),
                _ => sleep(TRY_AGAIN_AFTER).await,
            }
        }
    }
}

impl Wire {
    async fn plug_in(&self, address: SocketAddr) -> io::Result<tokio::net::TcpStream> {
        let down_until = *self.down_until.lock();
        sleep_until(down_until).await;
        let stream = tokio::net::TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        *self.socket.lock() = Some(stream.try_clone()?);
        tokio::net::TcpStream::from_std(stream)
    }
}

/// The daemon's reason, unless it is the transport that speaks.
fn refusal(status: &Status) -> Option<String> {
    status.get_details_error_info().filter(|info| info.domain == api::DOMAIN).map(|info| info.reason)
}
