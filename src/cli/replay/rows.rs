//! Three days as tables for people: history, the same document, the other one, and what differs between the last two.
//!
//! Invariant: one screen; where there are more queues than that, those to which most came. JSON has all.

use crate::{
    cli::{
        failure::Failure,
        journal::told,
        output::{Output, table::Table, words::counted},
        simulate::number,
    },
    sim::{
        player::outcome::Load,
        study::{Estimate, Metric, Of, Pair, Study, Unit, compare, compare_occupancy},
    },
};

use super::days::Days;

/// What a replay cannot know; the README says the same.
pub const CANNOT_KNOW: &str = "\
A replay cannot know how long customers who were answered would have stayed (that is drawn from those who left), who would have
come back after leaving, which breaks agents took because of the load, how long another agent would have taken, what customers
would have said had they waited longer, nor their words, of which scores alone are kept; who was refused at the door is in no
journal. The intervals say what chance does to this one day, not how days differ.";

/// The measures of contacts, by their keys, and their titles.
const COLUMNS: [(&str, &str); 7] = [
    ("offered", ">CAME"),
    ("answered", ">ANSWERED"),
    ("abandoned_share", ">LEFT"),
    ("wait_mean", ">MEAN WAIT"),
    ("wait_p80", ">8 OF 10 WITHIN"),
    ("in_time_share", ">IN TIME"),
    ("empathetic_in_time_share", ">BY EMPATHETIC"),
];
/// Most queues that a screen has room for.
const QUEUES_MAX: usize = 4;

/// Shows everything.
pub fn show(out: &Output, days: &Days) -> Result<(), Failure> {
    let Days { history, .. } = days;
    let counts = history.counts();
    let (from, until) = (told::time(history.from), told::time(history.until));
    out.line(&out.style.bold(&format!(
        "tenant {}, {from} to {until}: {}, {}",
        history.tenant,
        counted(counts.contacts, "contact"),
        counted(counts.agents, "agent"),
    )))?;
    out.line(&format!(
        "history: as it was\nsame: the document in force, version {}, simulated\ncandidate: {}\n",
        history.version, days.document
    ))?;
    out.table(&contacts(days))?;
    out.line("")?;
    out.table(&agents(days))?;
    out.line(&format!(
        "\nin time: answered within the queue's target by the document in force, of all that came; moments of truth: those\n\
         that history or the candidate took for ones. difference: candidate less same on the same inputs, with 95 %\n\
         intervals over {} pairs of runs, * where it is clear. Where same is off from history, so is candidate.",
        days.same.runs.len(),
    ))?;
    for remark in remarks(days) {
        out.line(&format!("{remark}."))?;
    }
    out.line(&format!("\n{}", out.style.dim(CANNOT_KNOW)))
}

/// What was otherwise on the day than it is played, in sentences.
pub fn remarks(days: &Days) -> Vec<String> {
    let (counts, remarks) = (days.history.counts(), days.history.remarks);
    let said = |count: u64, what: &str, then: &str| (count > 0).then(|| format!("{}{then}", counted(count, what)));
    let passed_on = "passed on or given back by agents: further handling follows, and the first wait alone is counted";
    let mut all: Vec<String> = [
        days.beginning.clone(),
        said(remarks.at_hand, "contact", " at hand as it begins, which are not played"),
        said(counts.passed_on, "contact", &format!(" {passed_on}")),
        said(counts.withdrawn, "contact", " taken back by the platform, and again at the same time"),
        said(counts.unfinished, "contact", " still waiting as the records end"),
        said(remarks.documents, "other document", " came into force meanwhile, which same is played without"),
        said(remarks.supervised, "action", " of supervisors on contacts, which are not repeated"),
        said(remarks.restarts, "restart", " of the daemon, which are not repeated"),
        said(days.erased, "record", " in which what was personal is erased"),
    ]
    .into_iter()
    .flatten()
    .collect();
    all.extend(days.left_out.iter().map(|what| format!("the candidate is played without {what}")));
    for (name, study) in [("same", &days.same), ("candidate", &days.candidate)] {
        let refused: u64 = study.runs.iter().flat_map(|(_, outcome)| outcome.refused.values()).sum();
        all.extend(said(refused, "command", &format!(" that the engine refused in the runs of {name}")));
    }
    all
}

/// The rows that there are, the queues to which most came first, and as many of those as there is room for.
pub fn rows(days: &Days, queues_max: usize) -> Vec<(String, Of)> {
    let offered = |of: Of| days.was.estimate(of, Metric::named("offered")).map_or(0.0, |estimate| estimate.mean);
    let (mut queues, mut rows): (Vec<_>, Vec<_>) =
        days.was.rows().into_iter().partition(|(_, of)| matches!(of, Of::Class(_) | Of::ClassMoments(_)));
    rows.retain(|(_, of)| matches!(of, Of::All | Of::Moments | Of::Routine));
    queues.retain(|(_, of)| matches!(of, Of::Class(_)));
    queues.sort_by(|(_, one), (_, other)| offered(*other).total_cmp(&offered(*one)));
    rows.extend(queues.into_iter().take(queues_max));
    rows
}

/// The measures that say something of the day.
pub fn columns(days: &Days) -> Vec<(&'static str, &'static str)> {
    let has_moments = days.was.has_moments;
    COLUMNS.into_iter().filter(|(key, _)| has_moments || *key != "empathetic_in_time_share").collect()
}

fn contacts(days: &Days) -> Table {
    let shown = columns(days);
    let titles: Vec<&'static str> = ["CONTACTS", ""].into_iter().chain(shown.iter().map(|(_, title)| *title)).collect();
    let mut table = Table::new(&titles);
    for (name, of) in rows(days, QUEUES_MAX) {
        let cells = |study: &Study| -> Vec<String> {
            shown
                .iter()
                .map(|(key, _)| plain(study.estimate(of, Metric::named(key)), Metric::named(key).unit))
                .collect()
        };
        let difference = |key: &str| {
            let metric = Metric::named(key);
            compare(&days.same, &days.candidate, of, metric)
                .map_or_else(String::new, |pair| told_of(&pair, metric.unit))
        };
        for (at, (column, study)) in days.named().into_iter().enumerate() {
            let name = if at == 0 { name.clone() } else { String::new() };
            table.row([name, column.to_owned()].into_iter().chain(cells(study)));
        }
        let differences = shown.iter().map(|(key, _)| difference(key));
        table.row([String::new(), "difference".to_owned()].into_iter().chain(differences));
    }
    table
}

fn agents(days: &Days) -> Table {
    let mut table = Table::new(&["AGENTS", "", ">COUNT", ">ANSWERED", ">MOMENTS", ">OCCUPIED"]);
    for (name, groups) in &days.teams {
        for (at, (column, study)) in days.named().into_iter().enumerate() {
            let (name, count) =
                if at == 0 { (name.clone(), groups.len().to_string()) } else { (String::new(), String::new()) };
            let loads = study.loads(groups);
            let answered = Estimate::of(loads.iter().map(|load| load.answered as f64));
            let moments = Estimate::of(loads.iter().map(|load| load.moments as f64));
            let [answered, moments] = [answered, moments].map(|count| plain(count, Unit::Contacts));
            let occupied = plain(study.occupancy(groups), Unit::Share);
            table.row([name, column.to_owned(), count, answered, moments, occupied]);
        }
        let [answered, moments] = [|load: &Load| load.answered as f64, |load: &Load| load.moments as f64]
            .map(|of| paired(days, groups, of).map_or_else(String::new, |pair| told_of(&pair, Unit::Contacts)));
        let occupied = compare_occupancy(&days.same, &days.candidate, groups);
        let occupied = occupied.map_or_else(String::new, |pair| told_of(&pair, Unit::Share));
        table.row([String::new(), "difference".to_owned(), String::new(), answered, moments, occupied]);
    }
    table
}

/// What some agents did in the runs of both documents, by a count.
pub fn paired(days: &Days, groups: &[usize], of: fn(&Load) -> f64) -> Option<Pair> {
    let values = |study: &Study| -> Vec<f64> { study.loads(groups).iter().map(of).collect() };
    let (first, second) = (values(&days.same), values(&days.candidate));
    let difference = first.iter().zip(&second).map(|(first, second)| second - first);
    Some(Pair {
        difference: Estimate::of(difference)?,
        first: Estimate::of(first.iter().copied())?,
        second: Estimate::of(second)?,
    })
}

/// A number without its error.
pub fn plain(estimate: Option<Estimate>, unit: Unit) -> String {
    number(estimate.map(|estimate| Estimate { error: None, ..estimate }), Some(unit))
}

fn told_of(pair: &Pair, unit: Unit) -> String {
    format!("{}{}", difference(pair, unit), if pair.is_clear() { " *" } else { "" })
}

/// A difference with its interval: shares in points of a hundred.
pub fn difference(pair: &Pair, unit: Unit) -> String {
    let (factor, digits) = match unit {
        Unit::Share => (100.0, 1),
        Unit::Seconds => (1.0, 1),
        Unit::Contacts => (1.0, 0),
    };
    let (mean, half) = (pair.difference.mean * factor, pair.difference.half_width().unwrap_or(f64::NAN) * factor);
    if mean == 0.0 && half == 0.0 {
        return "0".to_owned();
    }
    // What rounds to nothing has no sign.
    let rounds_to_nothing = mean.abs() * 10f64.powi(i32::try_from(digits).unwrap_or(0)) < 0.5;
    let mean = if rounds_to_nothing { format!("{:.digits$}", 0.0) } else { format!("{mean:+.digits$}") };
    format!("{mean} ±{half:.digits$}")
}
