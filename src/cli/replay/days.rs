//! A day three times: as it was, simulated under its own document, and under another.
//!
//! Invariant: the second says how far the third is to be trusted, since both are played from the same inputs;
//! differences are those of the two, run by run. Not here: showing them (`rows`, `json`, `report`).

use std::{collections::BTreeSet, path::Path};

use crate::{
    cli::{
        failure::Failure,
        journal::{lived::Records, told},
        simulate,
    },
    journal::codec::Personal,
    model::{document::Document, ids::TenantId, signal::Content},
    sim::{
        history::{History, Inputs, NoDay, Period, Unplayable, Watcher},
        scenario::Scenario,
        study::Study,
    },
};

/// What to play, and how often.
pub struct Wanted<'a> {
    /// Where the day is.
    pub journal: &'a Path,
    /// Whose it is; `None` = of the only tenant there is.
    pub tenant: Option<&'a TenantId>,
    /// Which contacts count.
    pub period: Period,
    /// The other routing document.
    pub document: &'a Path,
    /// How often it is played.
    pub runs: u32,
    /// What chance follows from.
    pub seed: u64,
}

/// All three.
pub struct Days {
    pub history: History,
    /// The other document's file.
    pub document: String,
    pub seed: u64,
    /// The day under its own document.
    pub own: Scenario,
    pub was: Study,
    pub same: Study,
    pub candidate: Study,
    /// What the other document does not know of the day.
    pub left_out: Vec<String>,
    /// Agents by what they can do.
    pub teams: Vec<(String, Vec<usize>)>,
    /// Records in which what was personal is erased.
    pub erased: u64,
    /// What stands for the records before those there are.
    pub beginning: Option<String>,
}

impl Days {
    /// Reads the day and plays it.
    pub fn of(records: Records, wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let candidate = simulate::document(wanted.document)?;
        let beginning = records.beginning();
        let (mut history, erased) = watch(records, wanted)?;
        let other = |history: &History| {
            inputs(history, wanted, candidate.clone()).map_err(|why| {
                let lacks = why.to_string().replace('\n', "\n  ");
                Failure::Invalid(format!("the day cannot be played under {}:\n  {lacks}", wanted.document.display()))
            })
        };
        let under = other(&history)?.scenario;
        history.heed(&under).map_err(|refused| Failure::Declined(refused.to_string()))?;
        let own =
            inputs(&history, wanted, Document::clone(&history.document)).map_err(|why| own_fails(&history, &why))?;
        let other = other(&history)?;
        Ok(Self {
            was: history.study(&own.scenario),
            same: play(&own.scenario)?,
            candidate: play(&other.scenario)?,
            teams: history.teams(&own.scenario),
            document: wanted.document.display().to_string(),
            seed: wanted.seed,
            own: own.scenario,
            left_out: other.left_out,
            history,
            erased,
            beginning,
        })
    }

    /// The three by their names, in the order in which they are shown.
    pub fn named(&self) -> [(&'static str, &Study); 3] {
        [("history", &self.was), ("same", &self.same), ("candidate", &self.candidate)]
    }

    /// The places of all agents.
    pub fn everybody(&self) -> Vec<usize> {
        (0..self.was.groups.len()).collect()
    }
}

fn watch(mut records: Records, wanted: &Wanted<'_>) -> Result<(History, u64), Failure> {
    let begins = records.begins();
    let mut snapshot = records.begun.take().map(|(snapshot, _)| snapshot);
    let mut tenants: BTreeSet<TenantId> =
        snapshot.iter().flat_map(|snapshot| snapshot.worlds.iter().map(|(tenant, _)| tenant.clone())).collect();
    let only = (tenants.len() == 1).then(|| tenants.iter().next().cloned()).flatten();
    let is_open = tenants.is_empty();
    let begin = |tenant, snapshot| Watcher::new(tenant, wanted.period, snapshot);
    let mut watcher = wanted.tenant.cloned().or(only).map(|tenant| begin(tenant, snapshot.take()));
    let mut erased = 0;
    let survey = records.each(begins, |record, personal| {
        if tenants.insert(record.tenant.clone()) && is_open && watcher.is_none() {
            watcher = Some(begin(record.tenant.clone(), None));
        }
        // Of several, one has to be named.
        if wanted.tenant.is_some() || tenants.len() == 1 {
            let is_theirs = wanted.tenant.is_none_or(|tenant| *tenant == record.tenant);
            erased += u64::from(is_theirs && personal == Personal::Erased);
            watcher.iter_mut().for_each(|watcher| watcher.take(&record));
        }
    });
    super::check_tenant(wanted.journal, wanted.tenant, &tenants)?;
    if wanted.tenant.is_none() && tenants.len() > 1 {
        let known: Vec<&str> = tenants.iter().map(TenantId::as_str).collect();
        return Err(Failure::Usage(format!("say whose day with --tenant: {}", known.join(", "))));
    }
    records.check(&survey, u64::MAX)?;
    let history = watcher.map_or(Err(NoDay::Nothing), Watcher::finish);
    Ok((history.map_err(|why| Failure::Declined(format!("{}: {why}", wanted.journal.display())))?, erased))
}

fn inputs(history: &History, wanted: &Wanted<'_>, document: Document) -> Result<Inputs, Unplayable> {
    history.inputs(document, wanted.runs, wanted.seed)
}

/// It was in force, and did not know what came: another came into force in between.
fn own_fails(history: &History, why: &Unplayable) -> Failure {
    let (from, version) = (told::time(history.from), history.version);
    let lacks = why.to_string().replace('\n', "\n  ");
    let hint = "choose a time in which one document was in force, with --from and --to";
    Failure::Declined(match why {
        Unplayable::NothingDone => lacks,
        Unplayable::Lacks(_) => format!("the document in force at {from} (version {version}):\n  {lacks}\n{hint}"),
    })
}

fn play(scenario: &Scenario) -> Result<Study, Failure> {
    // What customers wrote was read as they came, and is in what is told of them.
    let hear = |_: &_| Content::default();
    Study::of(scenario, &hear, |_, _| {}).map_err(|refused| Failure::Declined(refused.to_string()))
}
