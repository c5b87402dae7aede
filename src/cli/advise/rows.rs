//! Advice as tables and sentences for people.
//!
//! Invariant: a choice stands beside its neighbours and beside nothing at all, with the difference on the same customers
//! and its 95 % interval; what the simulation does not confirm is said.

use crate::{
    cli::{
        failure::Failure,
        journal::told,
        output::{Output, table::Table, words::counted},
        replay::CANNOT_KNOW,
        simulate::number,
    },
    forecast::Group,
    model::time::{Span, Timestamp},
    sim::{
        advice::{Care, Finding, Hour, Lever, Met, Need, Tried, Tries, met},
        study::{Estimate, Pair, Study, Unit},
    },
};

use super::{Advised, Asked};

/// No scenario's time of day is so late, and no journal's so early.
const RECORDED: Span = Span::from_secs(366 * 86_400);

/// Shows everything.
pub fn show(out: &Output, advised: &Advised) -> Result<(), Failure> {
    let Advised { asked: Asked { scenario, was }, service_level, advice, took } = advised;
    if !scenario.description.is_empty() {
        out.line(&out.style.bold(&scenario.description))?;
    }
    let within = match scenario.targets.is_empty() {
        true => scenario.within.to_string(),
        false => "the time that each queue has for it".to_owned(),
    };
    out.line(&format!("Staff: who is asked what, for {} in {within}", percent(*service_level)))?;
    out.table(&needs(&advice.needs))?;
    out.line("needed: if those agents did nothing else; in time: of those who ask that, with whoever is there\n")?;
    if advice.needs.iter().any(|need| need.hours.len() > 1) {
        out.table(&hours(&advice.needs))?;
        out.line("")?;
    }
    if let Some(care) = &advice.care {
        moments(out, care, was.as_ref())?;
    }
    for finding in &advice.findings {
        out.line(&format!("{} {}", out.style.bad("!"), sentence(finding)))?;
    }
    if let Some(care) = &advice.care {
        out.line("\nIn the routing document, instead of the keys of these names that are there:\n")?;
        out.line(care.text.trim_end())?;
    }
    let contacts = advice.contacts.map_or_else(String::new, |contacts| format!(" of {contacts} contacts"));
    if was.is_some() {
        out.line(&format!("\n{}", out.style.dim(CANNOT_KNOW)))?;
    }
    out.line(&out.style.dim(&format!(
        "\n{} played, {} each{contacts}, {:.1} s",
        counted(advice.played as u64, "choice"),
        counted(u64::from(advice.runs), "run"),
        took.as_secs_f64(),
    )))
}

fn needs(needs: &[Need]) -> Table {
    let titles =
        ["ASKED", "BUSIEST", ">CONTACTS/H", ">ERLANGS", ">THERE", ">NEEDED", ">IN TIME", ">ON AVERAGE", ">HOURS SHORT"];
    let mut table = Table::new(&titles);
    for need in needs {
        let Hour { from, contacts, erlangs, there, .. } = need.at_worst();
        let (load, staff) = need.over_all();
        table.row([
            need.to_string(),
            clock(*from),
            format!("{contacts:.0}"),
            format!("{erlangs:.1}"),
            agents(*there),
            needed(need.at_worst()),
            share(need.at_worst().in_time),
            format!("{load:.1} of {}", agents(staff)),
            format!("{} of {}", need.short(), need.hours.len()),
        ]);
    }
    table
}

/// Everybody, and beside them moments of truth.
fn hours(needs: &[Need]) -> Table {
    let all = &needs[0];
    let moments = needs.iter().find(|need| need.of_moments);
    let usual = ["HOUR", ">CONTACTS/H", ">ERLANGS", ">THERE", ">NEEDED", ">IN TIME"];
    let of_moments = [">MOMENTS/H", ">ERLANGS", ">EMPATHETIC", ">NEEDED"];
    let titles: Vec<&'static str> =
        usual.into_iter().chain(of_moments.into_iter().filter(|_| moments.is_some())).collect();
    let mut table = Table::new(&titles);
    for (at, hour) in all.hours.iter().enumerate() {
        let usual = [format!("{:.0}", hour.contacts), format!("{:.1}", hour.erlangs), agents(hour.there), needed(hour)];
        let of_moments = moments.map(|need| &need.hours[at]).map(|hour| {
            [format!("{:.0}", hour.contacts), format!("{:.1}", hour.erlangs), agents(hour.there), needed(hour)]
        });
        let cells = std::iter::once(clock(hour.from)).chain(usual).chain([share(hour.in_time)]);
        table.row(cells.chain(of_moments.into_iter().flatten()));
    }
    table
}

fn moments(out: &Output, care: &Care, was: Option<&Study>) -> Result<(), Failure> {
    let found = care.needed.map_or_else(|| "more than could be trained".to_owned(), |count| count.to_string());
    let formula = care.needed_by_formula.map_or_else(|| "none enough".to_owned(), |count| count.to_string());
    out.line(&format!(
        "Moments of truth: {:.1} Erlangs at {}, {} empathetic there; needed with what is advised: {found} ({formula} by \
         the formula)\nwhile none is kept free, {} of them find nobody empathetic in time",
        care.erlangs,
        clock(care.from),
        care.there,
        percent(care.fail),
    ))?;
    if care.reserves.len() > 1 {
        let mut table = Table::new(&["KEPT FREE FOR", ">EMPATHETIC", ">ERLANGS", ">BY FORMULA", ">ADVISED"]);
        for reserve in &care.reserves {
            table.row([
                group(&reserve.group),
                reserve.agents.to_string(),
                format!("{:.2}", reserve.erlangs),
                reserve.by_formula.to_string(),
                care.setting.kept.get(&reserve.group).copied().unwrap_or(0).to_string(),
            ]);
        }
        out.line("")?;
        out.table(&table)?;
    }
    out.line("")?;
    out.table(&choices(care, was.and_then(met).as_ref()))?;
    out.line(
        "reached: moments of truth that an empathetic agent answers in time; differences are on the same customers, \
         against the row of\nthe same choice that has none, with 95 % intervals; while a choice varies, all others are as \
         advised\n",
    )
}

fn choices(care: &Care, was: Option<&Met>) -> Table {
    let titles = [
        "CHOICE",
        ">VALUE",
        ">REACHED",
        ">MORE BY",
        ">MOMENTS WAIT",
        ">OTHERS WAIT",
        ">LONGER BY",
        ">OTHERS IN TIME",
        ">MORE BY",
        "",
    ];
    let mut table = Table::new(&titles);
    let played = [("as it is", &care.before), ("as advised", &care.after)];
    for (name, met) in was.map(|met| ("as it was", met)).into_iter().chain(played) {
        let [reached, moments, others, in_time] = cells(met);
        let none = String::new;
        table.row([name.to_owned(), none(), reached, none(), moments, others, none(), in_time, none(), none()]);
    }
    for tries in &care.levers {
        for row in &tries.rows {
            table.row(tried(tries, row));
        }
    }
    table
}

fn tried(tries: &Tries, row: &Tried) -> [String; 10] {
    let [reached, moments, others, in_time] = cells(&row.met);
    let than = |of: fn(&crate::sim::advice::Than) -> Pair, unit| {
        row.than.as_ref().map_or_else(String::new, |than| difference(&of(than), unit))
    };
    let marks = [(tries.advised, "advised"), (tries.formula, "formula")];
    let marks: Vec<&str> = marks.iter().filter(|(of, _)| *of == Some(row.value)).map(|(_, mark)| *mark).collect();
    [
        lever(&tries.lever),
        row.value.to_string(),
        reached,
        than(|than| than.reached, Unit::Share),
        moments,
        others,
        than(|than| than.routine_wait, Unit::Seconds),
        in_time,
        than(|than| than.routine_in_time, Unit::Share),
        marks.join(", "),
    ]
}

fn cells(met: &Met) -> [String; 4] {
    let plain = |of: Estimate, unit| number(Some(Estimate { error: None, ..of }), Some(unit));
    [
        plain(met.reached, Unit::Share),
        plain(met.moment_wait, Unit::Seconds),
        plain(met.routine_wait, Unit::Seconds),
        plain(met.routine_in_time, Unit::Share),
    ]
}

fn difference(pair: &Pair, unit: Unit) -> String {
    let (factor, suffix) = match unit {
        Unit::Share => (100.0, " points"),
        Unit::Seconds => (1.0, " s"),
        Unit::Contacts => (1.0, ""),
    };
    let half = pair.difference.half_width().unwrap_or(f64::NAN) * factor;
    format!("{:+.1} ±{half:.1}{suffix}", pair.difference.mean * factor)
}

/// What a lever is called.
pub fn lever(lever: &Lever) -> String {
    match lever {
        Lever::Reserve(None) => "kept free".to_owned(),
        Lever::Reserve(Some(skill)) => format!("kept free for {skill}"),
        Lever::Hold => "hold".to_owned(),
        Lever::Release => "release".to_owned(),
        Lever::Empathetic => "empathetic agents".to_owned(),
    }
}

fn group(group: &Group) -> String {
    group.as_ref().map_or_else(|| "no other skill".to_owned(), ToString::to_string)
}

/// A finding in a sentence.
pub fn sentence(finding: &Finding) -> String {
    match finding {
        Finding::TooFew { need, from, there, needed, hours } => {
            let needed =
                needed.map_or_else(|| "and no number is enough".to_owned(), |needed| format!("{needed} needed"));
            let more = if *hours > 1 { format!("; too few in {hours} hours") } else { String::new() };
            let with = if need == "anyone" { String::new() } else { format!(" with {need}") };
            format!("too few agents{with}: {} at {}, {needed}{more}", agents(*there), clock(*from))
        }
        Finding::TooFewEmpathetic { erlangs, there, group: of } => format!(
            "too few empathetic agents ({}): moments take {erlangs:.1} of {there}, more than seven tenths; keeping more \
             free does not make up for that",
            group(of)
        ),
        Finding::NotReached { wanted, reached } => format!(
            "nothing that was tried lets {} of moments reach an empathetic agent in time; what is advised comes to {}",
            percent(*wanted),
            percent(*reached)
        ),
        Finding::Disagree { lever: of, formula, simulated } => format!(
            "{}: the formula says {formula}; as played, {simulated} is the cheapest that is enough, or as good as any",
            lever(of)
        ),
        Finding::OtherEmpathy => {
            "the scenario's reports and the document find other agents empathetic; shares reached are \
                                  by the scenario's [empathy]"
                .to_owned()
        }
        Finding::Unchecked(groups) => {
            let names: Vec<String> = groups.iter().map(group).collect();
            format!("kept free for {}: by the formula alone", names.join(", "))
        }
        Finding::Unseen => "no moment of truth was seen in the runs, or nothing else; play more contacts".to_owned(),
        Finding::Lint(remark) => format!("of the document as advised, attune lint says: {remark}"),
    }
}

fn needed(hour: &Hour) -> String {
    match (hour.in_time, hour.needed) {
        (None, _) => "0".to_owned(),
        (Some(_), None) => "no number".to_owned(),
        (Some(_), Some(needed)) => needed.to_string(),
    }
}

fn agents(count: f64) -> String {
    if count.fract() == 0.0 { format!("{count:.0}") } else { format!("{count:.1}") }
}

fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), percent)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A time of day; of a journal, whose times count from 1970, with the day.
fn clock(at: Span) -> String {
    if at >= RECORDED {
        let time = told::time(Timestamp(0) + at);
        return time.chars().take("2026-11-23T08:00".len()).map(|c| if c == 'T' { ' ' } else { c }).collect();
    }
    let minutes = at.0 / 60_000_000;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
