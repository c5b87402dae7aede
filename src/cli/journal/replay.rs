//! `attune journal replay`: a journal lived through again, with everything checked that must always hold.
//!
//! Invariant: it begins with the first record there ever was, or behind a snapshot, and says which.

use std::{collections::VecDeque, path::Path};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        failure::Failure,
        options::Format,
        output::{Output, table::Table, words::counted},
    },
    journal::{
        Record, Seq,
        codec::Personal,
        replay::{Fault, How, Replay, Tally},
    },
    model::ids::TenantId,
};

use super::{lived::Records, records::show, told};

/// Records that are shown before one that does not hold.
const BEFORE: usize = 10;

/// Gives every command to the engine again, at its time: it must come to the same events, and all invariants must hold
///
/// Begins with the first record; once that is gone, behind the oldest snapshot that is left, which stands for what came
/// before. Ends with what every tenant has in the end, or at the first record that does not hold, with the ten before it.
/// What was decided by what is erased since happens as it was recorded.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  attune journal replay --to 1000\n  attune journal replay --recorded --check-every 1000\n  \
                  attune journal replay --from-snapshot 250000 --to 250100 --step"
)]
pub(super) struct Replayed {
    /// Begins behind the last snapshot before this record; those of the archive are looked through as well
    #[arg(long, value_name = "SEQ")]
    from_snapshot: Option<u64>,

    /// Up to this record
    #[arg(long, value_name = "SEQ", default_value_t = u64::MAX, hide_default_value = true)]
    to: u64,

    /// Shows each record with its events and what there is after it
    #[arg(long)]
    step: bool,

    /// Lets the recorded events happen and decides nothing: for a journal of another version, whose rules may be others
    #[arg(long)]
    recorded: bool,

    /// Checks invariants after every so many records, and at the end: checking a large world takes long
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    check_every: u64,
}

/// A replay under way.
struct Running<'a> {
    replay: Replay,
    /// The first record behind the snapshot that it began with.
    begins: Option<Seq>,
    out: &'a Output,
    step: bool,
    check_every: u64,
    count: u64,
    last: Option<Lived>,
    before: VecDeque<Lived>,
}

/// A record, and whether it is as it was written.
type Lived = (Record, Personal);

/// Why it ended early.
enum Ended {
    Fault(Box<Lived>, Fault),
    Failure(Failure),
}

impl Replayed {
    pub(super) fn run(&self, folder: &Path, out: &Output) -> Result<(), Failure> {
        let mut records = Records::open(folder, self.from_snapshot)?;
        let begins = records.begins();
        if let (Format::Table, Some(beginning)) = (out.format, records.beginning()) {
            out.line(&format!("{beginning}\n"))?;
        }
        let how = if self.recorded { How::Repeat } else { How::Decide };
        let mut running = Running {
            replay: records.replay(how),
            begins,
            out,
            step: self.step,
            check_every: self.check_every,
            count: 0,
            last: None,
            before: VecDeque::new(),
        };
        let mut so_far = Ok(());
        let survey = records.each(begins, |record, personal| {
            if so_far.is_ok() && record.seq.0 <= self.to {
                so_far = running.take(record, personal);
            }
        });
        match so_far.and_then(|()| running.check_all()) {
            Ok(()) => {}
            Err(Ended::Failure(failure)) => return Err(failure),
            Err(Ended::Fault(lived, fault)) => return Err(running.tell_fault(&lived, &fault)?),
        }
        running.tell_end()?;
        records.check(&survey, self.to)
    }
}

impl Running<'_> {
    fn take(&mut self, record: Record, personal: Personal) -> Result<(), Ended> {
        let tenants = if self.step { self.replay.tallies() } else { Vec::new() };
        let fault = |fault| Ended::Fault(Box::new((record.clone(), personal)), fault);
        self.replay.take(&record, personal).map_err(fault)?;
        self.count += 1;
        if self.count.is_multiple_of(self.check_every) {
            self.replay.check(&record.tenant).map_err(fault)?;
        }
        if self.step {
            self.show_step(&record, personal, &tenants).map_err(Ended::Failure)?;
        }
        if let Some(last) = self.last.replace((record, personal)) {
            self.before.push_back(last);
            if self.before.len() > BEFORE {
                self.before.pop_front();
            }
        }
        Ok(())
    }

    fn check_all(&self) -> Result<(), Ended> {
        let Some(last) = &self.last else { return Ok(()) };
        for (tenant, _) in self.replay.tallies() {
            self.replay.check(&tenant).map_err(|fault| Ended::Fault(Box::new(last.clone()), fault))?;
        }
        Ok(())
    }

    fn show_step(&self, record: &Record, personal: Personal, before: &[(TenantId, Tally)]) -> Result<(), Failure> {
        show(self.out, record, personal, true)?;
        let of = |tallies: &[(TenantId, Tally)]| {
            tallies.iter().find(|(tenant, _)| *tenant == record.tenant).map(|(_, tally)| *tally).unwrap_or_default()
        };
        let (was, is) = (of(before), of(&self.replay.tallies()));
        match self.out.format {
            Format::Table if was != is => self.out.line(&format!("    {}", self.out.style.dim(&changed(&was, &is)))),
            _ => Ok(()),
        }
    }

    fn tell_fault(&self, (record, personal): &Lived, fault: &Fault) -> Result<Failure, Failure> {
        let mut before: Vec<&Lived> = self.before.iter().chain(&self.last).collect();
        before.retain(|(earlier, _)| earlier.seq < record.seq);
        for (earlier, personal) in &before[before.len().saturating_sub(BEFORE)..] {
            show(self.out, earlier, *personal, false)?;
        }
        show(self.out, record, *personal, true)?;
        Ok(Failure::Invalid(format!("record {} does not hold: {fault}", record.seq)))
    }

    fn tell_end(&self) -> Result<(), Failure> {
        let tallies = self.replay.tallies();
        if self.out.format == Format::Json {
            let tenants: Vec<Value> = tallies.iter().map(|(tenant, tally)| as_json(tenant, tally)).collect();
            let last = self.last.as_ref().map(|(last, _)| last.seq.0);
            let undecided = self.replay.undecided();
            let mut object = json!({ "records": self.count, "undecided": undecided, "last": last, "tenants": tenants });
            if let Some(begins) = self.begins {
                object["from_snapshot"] = begins.0.into();
            }
            return self.out.line(&object.to_string());
        }
        let mut table =
            Table::new(&["TENANT", ">WAITING", ">OFFERED", ">PARKED", ">ENGAGED", ">AGENTS", ">SIGNED IN", ">OFFERS"]);
        for (tenant, tally) in &tallies {
            let Tally { waiting, offered, parked, engaged, agents, signed_in, offers } = tally;
            let counts = [waiting, offered, parked, engaged, agents, signed_in, offers].map(u64::to_string);
            table.row([tenant.to_string()].into_iter().chain(counts));
        }
        self.out.table(&table)?;
        let until = self.last.as_ref().map(|(last, _)| format!(", up to {}", told::time(last.now)));
        self.out.line(&format!("\n{} hold{}", counted(self.count, "record"), until.unwrap_or_default()))?;
        match self.replay.undecided() {
            0 => Ok(()),
            some => self.out.line(&format!(
                "{} of them as recorded: by what they were decided is erased with a customer",
                counted(some, "record")
            )),
        }
    }
}

fn changed(was: &Tally, is: &Tally) -> String {
    let count = |name: &str, was: u64, is: u64| (was != is).then(|| format!("{name} {was} -> {is}"));
    let counts = [
        count("waiting", was.waiting, is.waiting),
        count("offered", was.offered, is.offered),
        count("parked", was.parked, is.parked),
        count("engaged", was.engaged, is.engaged),
        count("agents", was.agents, is.agents),
        count("signed in", was.signed_in, is.signed_in),
        count("offers", was.offers, is.offers),
    ];
    counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn as_json(tenant: &TenantId, tally: &Tally) -> Value {
    let Tally { waiting, offered, parked, engaged, agents, signed_in, offers } = tally;
    json!({
        "tenant": tenant.as_str(),
        "waiting": waiting,
        "offered": offered,
        "parked": parked,
        "engaged": engaged,
        "agents": agents,
        "signed_in": signed_in,
        "offers": offers,
    })
}
