//! Connections to a server that count the bytes that pass.
//!
//! Invariant: what is counted is what the sockets carry, HTTP/2 framing and headers included; TCP's own headers are not.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tonic::transport::{self, Channel, Endpoint, Uri};
use tower::service_fn;

/// Bytes that have passed, seen from the client.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Traffic {
    /// Bytes sent and received so far.
    pub fn so_far(&self) -> [u64; 2] {
        [self.sent.load(Relaxed), self.received.load(Relaxed)]
    }
}

/// Connects to `authority` (a host and a port); what passes is added to `traffic`.
pub async fn connect(authority: &str, traffic: &Arc<Traffic>) -> Result<Channel, transport::Error> {
    let traffic = Arc::clone(traffic);
    let connector = service_fn(move |uri: Uri| {
        let traffic = Arc::clone(&traffic);
        async move {
            let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
            let stream = TcpStream::connect(authority).await?;
            // Without it a small request waits for the peer's delayed acknowledgement, 44 ms.
            stream.set_nodelay(true)?;
            Ok::<_, io::Error>(TokioIo::new(Counted { stream, traffic }))
        }
    });
    Endpoint::from_shared(format!("http://{authority}"))?.connect_with_connector(connector).await
}

struct Counted {
    stream: TcpStream,
    traffic: Arc<Traffic>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.traffic.received.fetch_add((buffer.filled().len() - before) as u64, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.traffic.sent.fetch_add(written as u64, Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        self.traffic.sent.fetch_add(written as u64, Relaxed);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
