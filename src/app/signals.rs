//! Running until somebody says stop.
//!
//! Invariant: SIGHUP has the settings read again; the first SIGTERM or SIGINT drains, the second ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

use crate::config::Sources;

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

/// The signals that a daemon answers to; from [`listen`](Self::listen) on none of them ends the process by itself.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens, for as long as the process lives.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one that means stop.
    async fn stop(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// The next one, whichever it is.
    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop("SIGTERM"),
            _ = self.interrupt.recv() => Asked::Stop("SIGINT"),
            _ = self.hang_up.recv() => Asked::Reload,
        }
    }
}

enum Asked {
    Stop(&'static str),
    Reload,
}

impl Daemon {
    /// Serves until SIGTERM or SIGINT and then drains; a second one ends it at once. SIGHUP has `sources` read again.
    pub async fn run_until_signalled(mut self, sources: &Sources, mut signals: Signals) -> Exit {
        let mut status = self.shard.status();
        let broken = loop {
            tokio::select! {
                asked = signals.next() => match asked {
                    Asked::Reload => self.reload_and_tell(sources).await,
                    Asked::Stop(signal) => {
                        info!(signal, "asked to stop");
                        break false;
                    }
                },
                // An error means that the loop is gone without a last word.
                status = status.wait_for(|status| status.is_end()) => {
                    error!(status = ?status.map(|status| *status), "the shard stopped without being asked");
                    break true;
                }
            }
        };
        tokio::select! {
            stop = self.shutdown() => match stop {
                _ if broken => Exit::Broken,
                Stop::Drained => Exit::Drained,
                Stop::CutShort => Exit::CutShort,
            },
            signal = signals.stop() => {
                warn!(signal, "asked again: ending at once");
                Exit::Forced
            }
        }
    }
}
