//! Running until somebody says stop.
//!
//! Invariant: the first signal drains, the second ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use crate::shard::run::Status;

use super::{Daemon, Stop};

/// How a daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It was asked to stop and has answered everything.
    Drained,
    /// It was asked to stop and the limit came first.
    CutShort,
    /// It was asked twice.
    Forced,
    /// Its shard stopped without being asked.
    Broken,
}

impl Exit {
    /// For the process: 0 is as it should be.
    pub fn code(self) -> u8 {
        match self {
            Self::Drained => 0,
            Self::CutShort | Self::Broken => 1,
            Self::Forced => 130,
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

impl Daemon {
    /// Serves until SIGTERM or SIGINT and then drains; a second one ends it at once.
    pub async fn run_until_signalled(self) -> io::Result<Exit> {
        let mut signals = Signals::listen()?;
        let mut status = self.shard.status();
        let broken = tokio::select! {
            signal = signals.next() => {
                info!(signal, "asked to stop");
                false
            }
            // An error means that the loop is gone without a last word.
            status = status.wait_for(|status| matches!(status, Status::Fenced | Status::Stopped)) => {
                error!(status = ?status.map(|status| *status), "the shard stopped without being asked");
                true
            }
        };
        let exit = tokio::select! {
            stop = self.shutdown() => match stop {
                _ if broken => Exit::Broken,
                Stop::Drained => Exit::Drained,
                Stop::CutShort => Exit::CutShort,
            },
            signal = signals.next() => {
                warn!(signal, "asked again: ending at once");
                Exit::Forced
            }
        };
        Ok(exit)
    }
}
