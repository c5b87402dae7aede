//! What became of a signal, as its sender is told.
//!
//! Invariant: of the parts of a message the worst outcome is told. Not here: taking signals (the engine), those that come
//! by stream (`signal_stream`, counted by the shard).

use tonic::Status;

use crate::{
    engine::{Command, Reply, refused_signals},
    model::ids::TenantId,
    shard::CallError,
    telemetry::metrics::SIGNALS,
};

use super::{pb, status};

/// The answer to a signal that came by a call of its own.
pub fn outcome(tenant: &TenantId, command: &Command, reply: &Reply) -> Result<pb::SignalResponse, Status> {
    let (Command::Signal { contact, signals }, Reply::Signals(taken)) = (command, reply) else {
        return Err(status::unexpected(reply));
    };
    for (signal, taken) in signals.iter().zip(taken.iter()) {
        SIGNALS.counter(&[tenant.as_str(), signal.source.name(), taken.name()]).increment(1);
    }
    match refused_signals(contact, signals.iter().map(|signal| signal.source), taken) {
        Some(reject) => Err(CallError::Reject(reject).into()),
        None => accepted(reply),
    }
}

/// The answer to a signal of which nothing is refused.
pub fn accepted(reply: &Reply) -> Result<pb::SignalResponse, Status> {
    match reply {
        Reply::Signals(taken) => Ok(pb::SignalResponse { news: taken.iter().any(|taken| taken.counts()) }),
        reply => Err(status::unexpected(reply)),
    }
}
