//! How moments of truth and all other contacts fare, since the daemon began.
//!
//! Not here: statistics over windows (`stats`).

use crate::api::pb;

use crate::cli::{
    failure::Failure,
    output::{table::Table, time::span},
    session::Session,
};

/// As tables.
pub fn show(session: &Session, statistics: &pb::GetMomentStatisticsResponse) -> Result<(), Failure> {
    let mut kinds = Table::new(&["CONTACTS", ">ACCEPTED", ">IN TIME", ">EMPATHETIC", ">BOTH", ">LEFT", ">MEAN WAIT"]);
    for (name, kind) in [("moments of truth", statistics.moments_of_truth), ("routine", statistics.routine)] {
        let kind = kind.unwrap_or_default();
        let all = kind.accepted + kind.abandoned;
        kinds.row([
            name.to_owned(),
            kind.accepted.to_string(),
            share(kind.accepted_in_time, all),
            share(kind.accepted_by_empathetic, all),
            share(kind.accepted_in_time_by_empathetic, all),
            share(kind.abandoned, all),
            span(kind.mean_wait_duration.as_ref()),
        ]);
    }
    session.out.table(&kinds)?;

    let mut agents = Table::new(&["AGENTS", ">CAPACITY", ">TAKEN"]);
    for (name, group) in [("empathetic", statistics.empathetic_agents), ("others", statistics.other_agents)] {
        let group = group.unwrap_or_default();
        agents.row([name.to_owned(), group.capacity.to_string(), share(group.capacity_used, group.capacity)]);
    }
    session.out.table(&agents)?;

    let texts = statistics.texts.unwrap_or_default();
    let mut words = Table::new(&["TEXTS", ">NEGATIVE", ">URGENT", ">CONTACTS", ">LIFTED BY WORDS ALONE"]);
    words.row([
        texts.read.to_string(),
        share(texts.negative, texts.read),
        share(texts.urgent, texts.read),
        texts.contacts.to_string(),
        share(texts.lifted_by_words_alone, texts.contacts),
    ]);
    session.out.table(&words)?;
    if statistics.moments.is_empty() {
        return Ok(());
    }
    let mut moments = Table::new(&["MOMENT", ">CONTACTS"]);
    for pb::MomentCount { moment, contacts } in &statistics.moments {
        moments.row([moment.clone(), contacts.to_string()]);
    }
    session.out.table(&moments)
}

/// A part of a whole, in percent; nothing of nothing.
pub fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => String::new(),
        whole => format!("{:.1} %", 100.0 * part as f64 / whole as f64),
    }
}
