//! A journal decided anew: every command by this engine, from the state before it, against what is recorded.
//!
//! Invariant: nothing is reported as recorded that was not decided and compared; what could not be decided, since a
//! customer is erased, is counted. Not here: the comparison itself (`journal::replay`).

use std::{collections::BTreeSet, path::Path};

use serde_json::{Value, json};

use crate::{
    cli::{
        failure::Failure,
        journal::{lived::Records, told},
        options::Format,
        output::{Output, words::counted},
    },
    engine::{Command, Event},
    journal::{
        Digest, Record,
        codec::Personal,
        replay::{Fault, How, Replay},
    },
    model::{ids::TenantId, time::Timestamp},
};

/// What was lived through so far.
struct Again<'a> {
    replay: Replay,
    tenant: Option<&'a TenantId>,
    tenants: BTreeSet<TenantId>,
    records: u64,
    /// Those of them that somebody asked for, and no timer.
    commands: u64,
    digest: Digest,
    times: Option<(Timestamp, Timestamp)>,
    differs: Option<Box<Differs>>,
}

/// The first record that this engine decides otherwise.
struct Differs {
    record: Record,
    personal: Personal,
    /// The first event that is another, from 0.
    at: usize,
    decided: Option<Box<Event>>,
}

/// Decides all that is there, of one tenant or of all.
pub fn run(mut records: Records, journal: &Path, tenant: Option<&TenantId>, out: &Output) -> Result<(), Failure> {
    let (begins, beginning) = (records.begins(), records.beginning());
    let mut again = Again {
        replay: records.replay(How::Decide),
        tenant,
        tenants: BTreeSet::new(),
        records: 0,
        commands: 0,
        digest: Digest::default(),
        times: None,
        differs: None,
    };
    let survey = records.each(begins, |record, personal| again.take(record, personal));
    if let Some(differs) = &again.differs {
        differs.tell(out)?;
        return Err(Failure::Invalid(format!(
            "record {} is decided otherwise by this version ({}) than it was recorded",
            differs.record.seq,
            env!("CARGO_PKG_VERSION"),
        )));
    }
    super::past::check_tenant(journal, tenant, &again.tenants)?;
    match out.format {
        Format::Json => {
            let mut all = again.as_json();
            if let Some(begins) = begins {
                all["from_snapshot"] = begins.0.into();
            }
            out.line(&all.to_string())?;
        }
        Format::Table => {
            if let Some(beginning) = beginning {
                out.line(&beginning)?;
            }
            again.tell(out)?;
        }
    }
    records.check(&survey, u64::MAX)
}

impl Again<'_> {
    fn take(&mut self, record: Record, personal: Personal) {
        if self.differs.is_some() {
            return;
        }
        self.tenants.insert(record.tenant.clone());
        if self.tenant.is_some_and(|tenant| *tenant != record.tenant) {
            return;
        }
        match self.replay.take(&record, personal) {
            Ok(()) => {}
            Err(Fault::Differs { at, decided }) => {
                self.differs = Some(Box::new(Differs { record, personal, at, decided }));
                return;
            }
            Err(Fault::Broken(_)) => unreachable!("living through a record checks no invariants"),
        }
        self.records += 1;
        self.commands += u64::from(is_asked(&record.input.command));
        self.digest.take(&record);
        let since = self.times.map_or(record.now, |(since, _)| since);
        self.times = Some((since, record.now));
    }

    fn digest(&self) -> String {
        format!("{:016x}", self.digest.value())
    }

    fn tell(&self, out: &Output) -> Result<(), Failure> {
        let (records, commands) = (counted(self.records, "record"), counted(self.commands, "command"));
        let all = if self.replay.undecided() == 0 { "all decided" } else { "decided" };
        let between = self.times.map(|(first, last)| format!("{} to {}", told::time(first), told::time(last)));
        out.line(&format!("{records}, {commands}, {all} as recorded; digest {}", self.digest()))?;
        out.line(&out.style.dim(&between.unwrap_or_default()))?;
        match self.replay.undecided() {
            0 => Ok(()),
            some => out.line(&format!(
                "{} not decided: by what it was decided is erased with a customer",
                counted(some, "record")
            )),
        }
    }

    fn as_json(&self) -> Value {
        json!({
            "as_recorded": true,
            "records": self.records,
            "commands": self.commands,
            "undecided": self.replay.undecided(),
            "digest": self.digest(),
            "tenants": self.tenants.iter().map(TenantId::as_str).collect::<Vec<_>>(),
            "first_time": self.times.map(|(first, _)| told::time(first)),
            "last_time": self.times.map(|(_, last)| told::time(last)),
        })
    }
}

impl Differs {
    fn tell(&self, out: &Output) -> Result<(), Failure> {
        let recorded = self.record.events.get(self.at);
        match out.format {
            Format::Json => out.line(
                &json!({
                    "as_recorded": false,
                    "record": told::object(&self.record, self.personal),
                    "event": self.at + 1,
                    "recorded": recorded.map(told::event),
                    "decided": self.decided.as_deref().map(told::event),
                })
                .to_string(),
            ),
            Format::Table => {
                let shown = |event: Option<&Event>| event.map_or_else(|| "nothing more".to_owned(), told::event);
                let at = self.at + 1;
                out.line(&told::line(&self.record, self.personal))?;
                out.line(&format!("    {}", out.style.bold(&told::command(&self.record.input.command))))?;
                out.line(&format!("event {at} as recorded: {}", shown(recorded)))?;
                out.line(&format!("event {at} as decided:  {}", shown(self.decided.as_deref())))
            }
        }
    }
}

/// Whether somebody asked, and it was not time alone that passed.
fn is_asked(command: &Command) -> bool {
    !matches!(command, Command::Tick | Command::Sweep | Command::Resume { .. } | Command::Stall { .. })
}
