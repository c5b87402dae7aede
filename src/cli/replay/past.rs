//! A tenant's day read from a journal, as it is asked for on a command line.
//!
//! Invariant: a journal is only read. Not here: what of it is played again (`sim::history`).

use std::{collections::BTreeSet, path::Path};

use clap::Args;

use crate::{
    cli::{
        arguments::parse_time,
        failure::Failure,
        journal::{lived::Records, told},
    },
    journal::codec::Personal,
    model::{
        document::Document,
        ids::{NameError, TenantId},
        signal::Content,
        time::Timestamp,
    },
    sim::{
        history::{History, Inputs, NoDay, Period, Unplayable, Watcher},
        scenario::Message,
    },
};

/// Whose contacts, and which of them.
#[derive(Debug, Clone, Args)]
pub struct Whose {
    /// Whose day of the journal; needed where there are several tenants
    #[arg(long, value_name = "NAME", value_parser = tenant)]
    pub tenant: Option<TenantId>,

    /// Contacts count that came from this time on; what came in the two hours before is played as well
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub from: Option<Timestamp>,

    /// Contacts count that came before this time
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub to: Option<Timestamp>,
}

impl Whose {
    /// Whether anything is said.
    pub fn is_given(&self) -> bool {
        self.tenant.is_some() || self.from.or(self.to).is_some()
    }
}

/// A day that was.
pub struct Past {
    pub history: History,
    /// Records in which what was personal is erased.
    pub erased: u64,
    /// What stands for the records before those there are.
    pub beginning: Option<String>,
}

impl Past {
    /// Reads it.
    pub fn of(journal: &Path, whose: &Whose) -> Result<Self, Failure> {
        if whose.from.zip(whose.to).is_some_and(|(from, to)| to <= from) {
            return Err(Failure::Usage("--to is no later than --from; nobody would be counted".to_owned()));
        }
        let mut records = open(journal)?;
        let (begins, beginning) = (records.begins(), records.beginning());
        let mut snapshot = records.begun.take().map(|(snapshot, _)| snapshot);
        let mut tenants: BTreeSet<TenantId> =
            snapshot.iter().flat_map(|snapshot| snapshot.worlds.iter().map(|(tenant, _)| tenant.clone())).collect();
        let only = (tenants.len() == 1).then(|| tenants.iter().next().cloned()).flatten();
        let is_open = tenants.is_empty();
        let period = Period { from: whose.from, until: whose.to };
        let begin = |tenant, snapshot| Watcher::new(tenant, period, snapshot);
        let mut watcher = whose.tenant.clone().or(only).map(|tenant| begin(tenant, snapshot.take()));
        let mut erased = 0;
        let survey = records.each(begins, |record, personal| {
            if tenants.insert(record.tenant.clone()) && is_open && watcher.is_none() {
                watcher = Some(begin(record.tenant.clone(), None));
            }
            // Of several, one has to be named.
            if whose.tenant.is_some() || tenants.len() == 1 {
                let is_theirs = whose.tenant.as_ref().is_none_or(|tenant| *tenant == record.tenant);
                erased += u64::from(is_theirs && personal == Personal::Erased);
                watcher.iter_mut().for_each(|watcher| watcher.take(&record));
            }
        });
        check_tenant(journal, whose.tenant.as_ref(), &tenants)?;
        if whose.tenant.is_none() && tenants.len() > 1 {
            let known: Vec<&str> = tenants.iter().map(TenantId::as_str).collect();
            return Err(Failure::Usage(format!("say whose day with --tenant: {}", known.join(", "))));
        }
        records.check(&survey, u64::MAX)?;
        let history = watcher.map_or(Err(NoDay::Nothing), Watcher::finish);
        let history = history.map_err(|why| Failure::Declined(format!("{}: {why}", journal.display())))?;
        Ok(Self { history, erased, beginning })
    }
}

/// The day under the document that was in force, to be played.
pub fn under_its_own(history: &History, runs: u32, seed: u64) -> Result<Inputs, Failure> {
    history.inputs(Document::clone(&history.document), runs, seed).map_err(|why| {
        let (from, version) = (told::time(history.from), history.version);
        let lacks = why.to_string().replace('\n', "\n  ");
        // It was in force, and did not know what came: another came into force in between.
        let hint = "choose a time in which one document was in force, with --from and --to";
        Failure::Declined(match why {
            Unplayable::NothingDone => lacks,
            Unplayable::Lacks(_) => format!("the document in force at {from} (version {version}):\n  {lacks}\n{hint}"),
        })
    })
}

/// The day under another document, to be played; moments of truth are also those that it finds.
pub fn under_another(
    history: &mut History,
    (document, name): (&Document, &Path),
    runs: u32,
    seed: u64,
) -> Result<Inputs, Failure> {
    let inputs = |history: &History| {
        history.inputs(document.clone(), runs, seed).map_err(|why| {
            let lacks = why.to_string().replace('\n', "\n  ");
            Failure::Invalid(format!("the day cannot be played under {}:\n  {lacks}", name.display()))
        })
    };
    let under = inputs(history)?.scenario;
    history.heed(&under).map_err(|refused| Failure::Declined(refused.to_string()))?;
    inputs(history)
}

/// What customers wrote was read as they came, and is in what is told of them.
pub fn hear(_: &Message) -> Content {
    Content::default()
}

/// The records of a folder.
pub fn open(folder: &Path) -> Result<Records, Failure> {
    if !folder.is_dir() {
        let hint = "name the folder of a journal, as the setting journal.folder has it";
        return Err(Failure::Usage(format!("{} is no folder; {hint}", folder.display())));
    }
    Records::open(folder, None)
}

/// That there are records, and those of the tenant who is asked for among them.
pub fn check_tenant(journal: &Path, asked: Option<&TenantId>, known: &BTreeSet<TenantId>) -> Result<(), Failure> {
    if known.is_empty() {
        let hint = "`attune journal verify` says what there is";
        return Err(Failure::Declined(format!("{} has no records; {hint}", journal.display())));
    }
    let Some(asked) = asked.filter(|asked| !known.contains(*asked)) else { return Ok(()) };
    let known: Vec<&str> = known.iter().map(TenantId::as_str).collect();
    let asked = asked.as_str();
    Err(Failure::Usage(format!("the journal has no records of a tenant {asked:?}; it has {}", known.join(", "))))
}

fn tenant(text: &str) -> Result<TenantId, NameError> {
    TenantId::new(text)
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let time = parse_time(text)?;
    Ok(Timestamp(time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos) / 1_000)))
}
