//! Faults on request, in builds made to be caught: the demo's own checks must notice them.
//!
//! Invariant: compiled under the feature `planted-faults` only; ATTUNE_FAULT says which fault, and every 20th occasion
//! has it.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    engine::{Command, Reply, Request, view::Notice},
    model::{
        ids::{AgentId, TenantId},
        time::Timestamp,
    },
};

use super::streams::Streams;

const EVERY: u64 = 20;

static OFFERS: AtomicU64 = AtomicU64::new(0);
static CONTACTS: AtomicU64 = AtomicU64::new(0);

fn planted(fault: &str) -> bool {
    static PLANTED: OnceLock<String> = OnceLock::new();
    PLANTED.get_or_init(|| std::env::var("ATTUNE_FAULT").unwrap_or_default()) == fault
}

fn every_20th(counter: &AtomicU64) -> bool {
    (counter.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(EVERY)
}

/// `drop-contact`: a contact is acknowledged that nobody has taken.
pub(super) fn swallow(request: &Request, now: Timestamp) -> Option<Reply> {
    let Command::EnqueueContact(contact) = &request.command else { return None };
    let fault = planted("drop-contact") && every_20th(&CONTACTS);
    fault.then(|| Reply::Queued { queue: contact.queue.clone(), virtual_arrival: now })
}

/// `offer-twice`: somebody else is shown the offer, too.
pub(super) fn tell_another(streams: &mut Streams, tenant: &TenantId, agent: &AgentId, notice: &Notice) {
    if matches!(notice, Notice::Offer(_))
        && planted("offer-twice")
        && every_20th(&OFFERS)
        && let Some(other) = streams.another(tenant, agent)
    {
        streams.tell(tenant, &other, notice.clone());
    }
}
