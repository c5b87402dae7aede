//! Three days as a page that a manager reads: what the candidate changes in sentences, then pictures with a line for each
//! day, then every number, and what a replay cannot know.
//!
//! Invariant: one file that needs nothing else; its numbers are those of the tables and of JSON. Not here: which changes
//! are clear (`answer`), and drawing (`cli::report`).

use std::{fmt::Write, ops::Range};

use crate::{
    cli::{
        journal::told,
        output::words::counted,
        report::{
            self, COMPARED_WITH, MOMENTS, OTHERS,
            pictures::{Curve, Whom, begins, curves, day, fates, over_time, together},
            plot::{Bar, Line, bars, escaped},
        },
    },
    model::time::{Span, Timestamp},
    sim::{
        player::outcome::Load,
        study::{Estimate, Metric, Of, Pair, Study, Unit, compare, compare_occupancy},
        tally::Tally,
    },
};

use super::{
    answer::{Change, changes, clear, trust, unclear, with_unit},
    days::Days,
    rows::{CANNOT_KNOW, columns, paired, plain, remarks, rows},
};

/// History's, the same document's and the candidate's, as in `Days::named`.
const COLOURS: [&str; 3] = [COMPARED_WITH, OTHERS, MOMENTS];

/// What this page has beside what all have.
const OWN_STYLE: &str = "\
.wrap td:first-child{white-space:normal}tbody th{padding-top:.9rem}.answer{font-size:1.05rem}li{margin:.2rem 0}";

/// Most queues that a picture has room for.
const QUEUES_DRAWN_MAX: usize = 8;
/// Most queues that the tables have room for; JSON has all.
const QUEUES_MAX: usize = 50;

/// The whole page.
pub fn html(days: &Days) -> String {
    let changes = changes(days);
    let mut page = head(days);
    answer(&mut page, &changes);
    over_the_day(&mut page, days);
    distributions(&mut page, days);
    queues(&mut page, days);
    if days.was.has_moments {
        moments(&mut page, days);
    }
    loads(&mut page, days);
    contacts(&mut page, days);
    agents(&mut page, days);
    limits(&mut page, days);
    foot(&mut page, days, changes.len());
    page
}

fn head(days: &Days) -> String {
    let Days { history, .. } = days;
    let counts = history.counts();
    let mut page = report::begin(&format!("A day again: tenant {}", history.tenant), OWN_STYLE);
    _ = writeln!(
        page,
        "<p>{} to {} UTC: {}, {}</p><p class='dim'>history: as it was. same: simulated under the document in force, version \
         {}. candidate: simulated under {}.</p>",
        shown(history.from, 0..16),
        shown(history.until, 0..16),
        counted(counts.contacts, "contact"),
        counted(counts.agents, "agent"),
        history.version,
        escaped(&days.document),
    );
    page
}

fn answer(page: &mut String, changes: &[Change]) {
    // A number and its unit stay together.
    let unbroken = |text: &str| escaped(text).replace(" %", "\u{a0}%");
    let mut paragraph = |class: &str, text: &str| _ = writeln!(page, "<p class='{class}'>{}</p>", unbroken(text));
    paragraph("answer", &clear(changes));
    unclear(changes).iter().for_each(|text| paragraph("answer", text));
    paragraph("trust", &trust(changes));
    page.push_str("<h2>At a glance</h2>\n<table class='wrap'>");
    page.push_str(HEADS);
    for change in changes {
        let [same, candidate] = [change.pair.first, change.pair.second].map(|found| plain(Some(found), change.unit));
        let difference = format!("{}<small>{}</small>", change.difference(), change.verdict.marked());
        row(page, change.said, [plain(change.was, change.unit), same, candidate, difference]);
    }
    page.push_str("</table>\n");
}

const HEADS: &str = "<tr><th></th><th>history</th><th>same</th><th>candidate</th><th>difference</th></tr>\n";

fn row(page: &mut String, name: &str, cells: [String; 4]) {
    _ = write!(page, "<tr><td>{}</td>", escaped(name));
    cells.iter().for_each(|cell| _ = write!(page, "<td>{cell}</td>"));
    page.push_str("</tr>\n");
}

fn each_day(days: &Days) -> impl Iterator<Item = (&'static str, &'static str, &Study)> {
    days.named().into_iter().zip(COLOURS).map(|((name, study), colour)| (name, colour, study))
}

fn over_the_day(page: &mut String, days: &Days) {
    let names = times(&begins(&days.was), days.history.until - days.history.from);
    let mut drawn = |title: &str, axis: (&str, Option<f64>), whom: Whom, value: fn(&Tally) -> f64| {
        let line = |(name, colour, study): (&'static str, &'static str, &Study)| Line {
            name: name.into(),
            colour,
            points: over_time(study, whom, value),
        };
        let of: Vec<Line> = each_day(days).map(line).collect();
        page.push_str(&day(title, axis, ("came at, UTC", &names), &of));
    };
    let wait = ("mean wait, s", None);
    drawn("Waits over the day", wait, Whom::All, Tally::mean_wait);
    if days.was.has_moments {
        drawn("Waits of moments of truth over the day", wait, Whom::Moments, Tally::mean_wait);
    }
    let level = ("answered in time, %", Some(100.0));
    drawn("Service level over the day", level, Whom::All, Tally::in_time_share);
}

/// When each slice begins: with the day where there are several, with the second where a minute is too long.
fn times(begins: &[Timestamp], whole: Span) -> Vec<String> {
    let step = begins.get(1).zip(begins.first()).map_or(Span::ZERO, |(second, first)| *second - *first);
    let part = match (whole > Span::from_secs(24 * 3_600), step < Span::from_secs(60)) {
        (true, _) => 5..16,
        (false, true) => 11..19,
        (false, false) => 11..16,
    };
    begins.iter().map(|at| shown(*at, part.clone())).collect()
}

/// Part of a time as RFC 3339 writes it.
fn shown(at: Timestamp, part: Range<usize>) -> String {
    let whole = told::time(at);
    whole.get(part).unwrap_or(&whole).replace('T', " ")
}

fn distributions(page: &mut String, days: &Days) {
    let kinds = [(Whom::All, "How long contacts wait"), (Whom::Moments, "How long moments of truth wait")];
    for (whom, title) in kinds.into_iter().filter(|(whom, _)| *whom != Whom::Moments || days.was.has_moments) {
        let of = each_day(days).map(|(name, colour, study)| (name.into(), colour, together(study, whom)));
        let drawn = curves("Share of contacts that waited longer", Curve::Longer, of.collect());
        _ = write!(page, "\n<h2>{title}</h2>\n{drawn}");
    }
}

/// A bar for each day, of whatever has a name; what has no value has no bar.
fn three(days: &Days, name: &str, value: impl Fn(&Study) -> Option<Estimate>) -> Vec<Bar> {
    let found = each_day(days).filter_map(|(day, colour, study)| Some((day, value(study)?.mean, colour)));
    let bar =
        |(at, part): (usize, _)| Bar { name: if at == 0 { name.to_owned() } else { String::new() }, parts: vec![part] };
    found.enumerate().map(bar).collect()
}

fn queues(page: &mut String, days: &Days) {
    let metric = Metric::named("in_time_share");
    let mut shown = rows(days, QUEUES_DRAWN_MAX);
    shown.retain(|(_, of)| matches!(of, Of::All | Of::Class(_)));
    let all: Vec<Bar> =
        shown.iter().flat_map(|(name, of)| three(days, name, |study| study.estimate(*of, metric))).collect();
    let busiest = if days.was.classes.len() > QUEUES_DRAWN_MAX { ", of the queues to which most came" } else { "" };
    _ = write!(
        page,
        "\n<h2>Service level by queue</h2>\n<p class='dim'>Answered within the queue's target, of all that came{busiest}.\
         </p>\n{}",
        bars("Service level by queue", &all)
    );
}

fn moments(page: &mut String, days: &Days) {
    let all: Vec<Bar> = days.named().into_iter().map(|(name, study)| fates(study, name, Of::Moments)).collect();
    let drawn = bars("What became of moments of truth", &all);
    _ = write!(page, "\n<h2>Where moments of truth go</h2>\n{drawn}");
}

fn loads(page: &mut String, days: &Days) {
    let bars_of = |(name, groups): &(String, Vec<usize>)| three(days, name, |study| study.occupancy(groups));
    let all: Vec<Bar> = days.teams.iter().flat_map(bars_of).collect();
    if !all.is_empty() {
        let drawn = bars("Share of their time that agents work", &all);
        let what = "Share of the time that they are there, by team.";
        _ = write!(page, "\n<h2>How busy agents are</h2>\n<p class='dim'>{what}</p>\n{drawn}");
    }
}

/// A difference as the terminal has it, and its unit.
fn told_of(pair: Option<Pair>, unit: Unit) -> String {
    let clear = |pair: &Pair| if pair.is_clear() { " *" } else { "" };
    pair.map_or_else(|| "-".to_owned(), |pair| format!("{}{}", with_unit(&pair, unit), clear(&pair)))
}

fn section(page: &mut String, name: &str) {
    _ = writeln!(page, "<tr><th colspan='5'>{}</th></tr>", escaped(name));
}

fn contacts(page: &mut String, days: &Days) {
    let shown = rows(days, QUEUES_MAX);
    _ = write!(page, "\n<h2>Contacts</h2>\n<table>{HEADS}");
    for (name, of) in &shown {
        section(page, name);
        for (key, title) in columns(days) {
            let metric = Metric::named(key);
            let [was, same, candidate] = days.named().map(|(_, study)| plain(study.estimate(*of, metric), metric.unit));
            let difference = told_of(compare(&days.same, &days.candidate, *of, metric), metric.unit);
            row(page, &title_of(title), [was, same, candidate, difference]);
        }
    }
    page.push_str("</table>\n");
    if days.was.classes.len() > QUEUES_MAX {
        _ = writeln!(page, "<p class='dim'>The {QUEUES_MAX} queues to which most came; JSON has all.</p>");
    }
}

/// A column's title of the terminal as a row's.
fn title_of(column: &str) -> String {
    column.trim_start_matches('>').to_lowercase()
}

/// What a team did, in counts.
type Counted = (&'static str, fn(&Load) -> f64);
const COUNTED: [Counted; 2] = [("answered", |load| load.answered as f64), ("moments", |load| load.moments as f64)];

fn agents(page: &mut String, days: &Days) {
    _ = write!(page, "\n<h2>Agents by team</h2>\n<table>{HEADS}");
    for (name, groups) in &days.teams {
        section(page, &format!("{name}: {}", counted(groups.len() as u64, "agent")));
        for (title, of) in COUNTED {
            let count = |study: &Study| plain(Estimate::of(study.loads(groups).iter().map(of)), Unit::Contacts);
            let [was, same, candidate] = days.named().map(|(_, study)| count(study));
            row(page, title, [was, same, candidate, told_of(paired(days, groups, of), Unit::Contacts)]);
        }
        let [was, same, candidate] = days.named().map(|(_, study)| plain(study.occupancy(groups), Unit::Share));
        let difference = told_of(compare_occupancy(&days.same, &days.candidate, groups), Unit::Share);
        row(page, "occupied", [was, same, candidate, difference]);
    }
    page.push_str("</table>\n");
}

fn limits(page: &mut String, days: &Days) {
    let remarks = remarks(days);
    if !remarks.is_empty() {
        page.push_str("\n<h2>What was otherwise on the day</h2>\n<ul>");
        remarks.iter().for_each(|remark| _ = writeln!(page, "<li>{}.</li>", escaped(remark)));
        page.push_str("</ul>\n");
    }
    let text = escaped(&CANNOT_KNOW.replace('\n', " "));
    _ = write!(page, "\n<h2>What a replay cannot know</h2>\n<p>{text}</p>\n");
}

fn foot(page: &mut String, days: &Days, family: usize) {
    let hash = |study: &Study| study.runs.first().map_or(0, |(_, outcome)| outcome.digest);
    _ = write!(
        page,
        "<p class='dim'>In time is answered within the queue's target by the document in force, of all that came; moments of \
         truth are those that history or the candidate took for ones. A difference is the candidate's less that of same on \
         the same inputs; ± holds the true one 95 times of a hundred, over {} pairs of runs. * is clear by itself; better, \
         worse, more and less, and whatever the sentences say changes, is so among all {family} that are there (Holm 1979).</p>\n\
         <p class='dim'>Seed {}; the first runs have the hashes {:016x} (same) and {:016x} (candidate).</p>\n{}",
        days.same.runs.len(),
        days.seed,
        hash(&days.same),
        hash(&days.candidate),
        report::END,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_named_as_finely_as_they_are_long() {
        let labels = |step: i64| {
            let at = |slice: i64| Timestamp((1_795_478_400 + step * slice) * 1_000_000);
            times(&[at(0), at(1)], Span::from_secs(step * 24))
        };
        assert_eq!(labels(1_800), ["00:00", "00:30"]);
        assert_eq!(labels(20), ["00:00:00", "00:00:20"]);
        assert_eq!(labels(7_200), ["11-24 00:00", "11-24 02:00"]);
    }
}
