//! A caller's connection, read in turns, which knows how far behind its reading is.
//!
//! Invariant: no connection is read for longer than a turn while others wait, however much it has sent; so a flood on one
//! does not make the others late. Without it one connection is read until it is empty, which may be a megabyte of calls.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use futures_util::{Stream, StreamExt};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tonic::transport::server::{Connected, TcpIncoming};

/// Bytes of one turn: some ten calls. A call waits for several turns of everybody else's before it is answered, so this
/// is what a flood costs those beside it; to read and answer fewer at once costs a call some hundredths.
const TURN_BYTES: usize = 1 << 10;

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

    /// Reads what there is, but no more than what is left of the turn.
    fn read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        let before = buf.filled().len();
        if buf.remaining() <= self.left {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        } else {
            // Nothing is made ready to be read into before there is something.
            ready!(self.stream.poll_read_ready(cx))?;
            let mut part = ReadBuf::new(buf.initialize_unfilled_to(self.left));
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
            let bytes = part.filled().len();
            buf.advance(bytes);
        }
        Poll::Ready(Ok(buf.filled().len() - before))
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
        match self.read(cx, buf) {
            Poll::Ready(Ok(bytes)) => {
                self.set_behind(true);
                self.left -= bytes;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.left = TURN_BYTES;
                self.set_behind(false);
                Poll::Pending
            }
        }
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
