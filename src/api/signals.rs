//! What became of a signal, as its sender is told.
//!
//! Invariant: of the parts of a message the worst outcome is told. Not here: taking signals (the engine).

use tonic::Status;

use crate::{
    engine::{Command, Reject, Reply},
    model::{ids::TenantId, limits::FACTS_MAX},
    scoring::Taken,
    shard::CallError,
    telemetry::metrics::SIGNALS,
};

use super::{pb, status};

/// The answer to a signal.
pub fn outcome(tenant: &TenantId, command: &Command, reply: &Reply) -> Result<pb::SignalResponse, Status> {
    let (Command::Signal { contact, signals }, Reply::Signals(taken)) = (command, reply) else {
        return Err(status::unexpected(reply));
    };
    for (signal, taken) in signals.iter().zip(taken.iter()) {
        SIGNALS.counter(&[tenant.as_str(), signal.source.name(), taken.name()]).increment(1);
    }
    for (signal, taken) in signals.iter().zip(taken.iter()) {
        let reject = match taken {
            Taken::New | Taken::Revised | Taken::Known => continue,
            Taken::Late => Reject::SignalLate(contact.clone()),
            Taken::SwitchedOff => Reject::SignalSwitchedOff(signal.source),
            Taken::Full => Reject::LimitReached { what: "facts of a contact", limit: FACTS_MAX },
        };
        return Err(CallError::Reject(reject).into());
    }
    Ok(pb::SignalResponse { news: taken.iter().any(|taken| taken.counts()) })
}
