//! A caller's connection, read in turns, which knows how far behind its reading is.
//!
//! Invariant: no connection is read for longer than a turn while others wait, however much it has sent; so a flood on one
//! does not make the others late. Without it one connection is read until it is empty, which may be a megabyte of calls.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_util::{Stream, StreamExt};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tonic::transport::server::{Connected, TcpIncoming};

/// Bytes of one turn: some hundred calls, half a millisecond.
const TURN_BYTES: usize = 16 << 10;

/// Connections as they come in.
pub fn connections(incoming: TcpIncoming) -> impl Stream<Item = io::Result<Connection>> {
    incoming.map(|stream| {
        stream.map(|stream| Connection { stream, left: TURN_BYTES, behind: false, backlog: Backlog::default() })
    })
}

/// What a connection has sent and nobody has read yet; each of its calls carries this, and clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Backlog(Arc<Mutex<Option<Instant>>>);

impl Backlog {
    /// How long there has always been something: whatever is read now came at most so long ago.
    pub fn age(&self) -> Duration {
        self.0.lock().map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// One of them.
pub struct Connection {
    stream: TcpStream,
    /// Bytes left of the present turn.
    left: usize,
    /// Whether there is a backlog.
    behind: bool,
    backlog: Backlog,
}

impl Connection {
    fn set_behind(&mut self, behind: bool) {
        if self.behind != behind {
            self.behind = behind;
            *self.backlog.0.lock() = behind.then(Instant::now);
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Backlog;

    fn connect_info(&self) -> Backlog {
        self.backlog.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            // Its next turn comes after whatever else is ready.
            self.left = TURN_BYTES;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let Poll::Ready(result) = read else {
            self.left = TURN_BYTES;
            self.set_behind(false);
            return Poll::Pending;
        };
        self.set_behind(true);
        self.left = self.left.saturating_sub(buf.filled().len() - before);
        Poll::Ready(result)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
