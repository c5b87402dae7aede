//! What is heard of contacts by stream: accepted is gathered, and not yet kept. This is the one exception.
//!
//! Invariant: what was accepted is decided within seconds as long as the machine is there and the contact open, a machine
//! that is asked to stop decides it first, and nothing is decided that nobody told.

use std::collections::BTreeMap;

use attune::{
    engine::{Command, Reply},
    journal::Record,
    model::{
        ids::{ContactId, TenantId},
        signal::{Signal, SignalKey, Source},
        time::{Span, Timestamp},
    },
    shard::Report,
};

/// A second between folds, and what a disk takes that is not slow.
const WITHIN: Span = Span::from_secs(3);

type Contact = (TenantId, ContactId);

/// A signal of a contact, in whatever revision; facts are remembered apart.
type Of = (Contact, SignalKey, bool);

#[derive(Debug, Default)]
pub struct Reports {
    told: BTreeMap<Contact, Vec<Signal>>,
    /// Revisions that were decided.
    decided: BTreeMap<Of, u32>,
    /// Revisions that were accepted and await that, and since when.
    gathered: BTreeMap<Of, (u32, Timestamp)>,
}

impl Reports {
    /// Something is said, and may be decided from now on.
    pub fn told(&mut self, tenant: &TenantId, reports: &[Report]) {
        for Report { contact, signals } in reports {
            self.told.entry((tenant.clone(), contact.clone())).or_default().extend(signals.iter().cloned());
        }
    }

    /// It was answered.
    pub fn accepted(&mut self, tenant: &TenantId, report: &Report, reply: &Reply, now: Timestamp) {
        let Reply::Signals(taken) = reply else { return };
        for (signal, _) in report.signals.iter().zip(taken.iter()).filter(|(_, taken)| taken.counts()) {
            let of = of(tenant, &report.contact, signal);
            if self.decided.get(&of).is_none_or(|decided| *decided < signal.revision) {
                self.gathered.insert(of, (signal.revision, now));
            }
        }
    }

    /// A record is kept.
    pub fn take(&mut self, record: &Record) -> Result<(), String> {
        let Command::Signal { contact, signals } = &record.input.command else { return Ok(()) };
        let told = self.told.get(&(record.tenant.clone(), contact.clone())).map_or(&[][..], Vec::as_slice);
        for signal in signals.iter() {
            let is_told = |told: &Signal| {
                let observed_at = signal.observed_at;
                Signal { observed_at, ..told.clone() } == *signal
            };
            if record.input.id.is_none() && !told.iter().any(is_told) {
                return Err(format!("record {} decides what nobody told: {signal:?}", record.seq));
            }
            let of = of(&record.tenant, contact, signal);
            let decided = self.decided.entry(of.clone()).or_default();
            *decided = signal.revision.max(*decided);
            if self.gathered.get(&of).is_some_and(|(gathered, _)| gathered <= decided) {
                self.gathered.remove(&of);
            }
        }
        Ok(())
    }

    /// Nothing waits for longer than it may, of contacts that are open.
    pub fn check(&mut self, now: Timestamp, is_open: impl Fn(&TenantId, &ContactId) -> bool) -> Result<(), String> {
        self.gathered.retain(|(contact, _, _), _| is_open(&contact.0, &contact.1));
        match self.gathered.iter().find(|(_, (_, since))| *since + WITHIN < now) {
            Some((of, (revision, since))) => {
                Err(format!("{of:?} in revision {revision} was accepted at {since:?}, and is not decided at {now:?}"))
            }
            None => Ok(()),
        }
    }

    /// The machine is gone; whether something that was accepted went with it.
    pub fn lose(&mut self) -> bool {
        !std::mem::take(&mut self.gathered).is_empty()
    }
}

fn of(tenant: &TenantId, contact: &ContactId, signal: &Signal) -> Of {
    ((tenant.clone(), contact.clone()), signal.key, signal.source == Source::Fact)
}
