//! Documents side by side as a page that a manager reads: what each changes in sentences, then pictures with a line for each,
//! then every difference with its certainty.
//!
//! Invariant: one file that needs nothing else; its numbers are those of the tables and of JSON. No difference is told as
//! one that the family does not let stand.

use std::{borrow::Cow, fmt::Write, path::Path};

use crate::{
    cli::{
        report::{
            self, COMPARED_WITH, MOMENTS, OTHERS,
            pictures::{Curve, Whom, curves, day, fates, over_time, times, together},
            plot::{Bar, Line, bars, escaped},
        },
        simulate::Played,
    },
    sim::{scenario::distribution::seconds, study::Of, tally::Tally},
};

use super::{
    About, Contest, Row, Verdict, certainty, shown_path,
    table::{plain, written},
};

/// A colour for each document, told apart by those who see few colours as well.
const COLOURS: [&str; super::DOCUMENTS_MAX] =
    [COMPARED_WITH, "#0369a1", "#c2410c", "#0d9488", "#7c3aed", "#a16207", "#be185d", "#166534"];

/// What this page has beside what all have.
const OWN_STYLE: &str = "\
body{max-width:980px}td b{font-weight:600}\
.wrap th{white-space:normal;vertical-align:bottom;font-weight:500}td:first-child i{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.4rem}";

/// Measures at a glance: of whom, which, and what it says to people.
const GLANCE: [(Of, &str, &str); 6] = [
    (Of::Moments, "empathetic_in_time_share", "moments with an empathetic agent in time"),
    (Of::Moments, "in_time_share", "moments answered in time"),
    (Of::Moments, "wait_mean", "mean wait of moments"),
    (Of::All, "in_time_share", "all answered in time"),
    (Of::Routine, "wait_mean", "mean wait of all others"),
    (Of::All, "abandoned_share", "all who left"),
];

/// A page in the making.
struct Page<'c> {
    contest: &'c Contest,
    names: Vec<String>,
    within: f64,
    html: String,
}

/// The whole page.
pub fn html(scenario: &Path, contest: &Contest) -> String {
    let first = &contest.played[0];
    let within = seconds(first.scenario.within);
    let mut page = Page { contest, names: contest.names(), within, html: String::new() };
    page.head(scenario);
    page.glance();
    page.sentences();
    page.over_time();
    page.distributions();
    page.fates();
    page.occupancy();
    page.differences();
    page.foot();
    page.html
}

impl Page<'_> {
    fn has_moments(&self) -> bool {
        self.contest.played[0].study.has_moments
    }

    fn head(&mut self, scenario: &Path) {
        let file = shown_path(scenario);
        let said = &self.contest.played[0].scenario.description;
        let title = if said.is_empty() { &file } else { said };
        let documents = self.contest.paths.iter().map(|path| shown_path(path)).collect::<Vec<_>>().join(", ");
        self.html.push_str(&report::begin(title, OWN_STYLE));
        _ = writeln!(
            self.html,
            "<p class='dim'>{} under {}, with the same customers; in time is within {} s</p>",
            escaped(&file),
            escaped(&documents),
            self.within
        );
    }

    fn row(&self, of: Of, key: &'static str) -> Option<&Row> {
        self.contest.row(&About::Contacts(of, key))
    }

    /// A row a document, a column a measure.
    fn glance(&mut self) {
        let columns: Vec<(&Row, &str)> =
            GLANCE.iter().filter_map(|(of, key, said)| Some((self.row(*of, key)?, *said))).collect();
        let mut html = String::from("<h2>At a glance</h2>\n<table class='wrap'><tr><th></th>");
        columns.iter().for_each(|(_, said)| _ = write!(html, "<th>{said}</th>"));
        html.push_str("</tr>\n");
        for (at, (name, colour)) in self.names.iter().zip(COLOURS).enumerate() {
            _ = write!(html, "<tr><td><i style='background:{colour}'></i>{}</td>", escaped(name));
            for (row, _) in &columns {
                let (found, said) = match at.checked_sub(1).map(|other| &row.differences[other]) {
                    None => (row.differences[0].pair.first, "&nbsp;".to_owned()),
                    Some(difference) => (difference.pair.second, difference.verdict(row.more_is_better).marked()),
                };
                _ = write!(html, "<td>{}<small>{said}</small></td>", plain(found, row.unit));
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</table>\n");
        self.html.push_str(&html);
    }

    /// What each document changes, in words.
    fn sentences(&mut self) {
        let mut html = String::new();
        for (other, name) in self.names[1..].iter().enumerate() {
            let clear = |(of, key, said): &(Of, &'static str, &'static str)| {
                let row = self.row(*of, key)?;
                let difference = &row.differences[other];
                let verdict = difference.verdict(row.more_is_better);
                (verdict != Verdict::Unclear)
                    .then(|| format!("{said} {} ({})", verdict.word(), written(difference, row.unit)))
            };
            let told: Vec<String> = GLANCE.iter().filter_map(clear).collect();
            let told = if told.is_empty() { "nothing that chance would not make".to_owned() } else { told.join("; ") };
            let (name, first) = (escaped(name), escaped(&self.names[0]));
            _ = writeln!(html, "<p><b>{name}</b> against {first}: {}.</p>", escaped(&told));
        }
        self.html.push_str(&html);
    }

    /// A line a document, by slices of the day.
    fn day(&mut self, title: &str, axis: (&str, Option<f64>), whom: Whom, value: fn(&Tally) -> f64) {
        let line = |((name, colour), played): ((&String, &'static str), &Played)| {
            let points = over_time(&played.study, whom, value);
            Line { name: Cow::Owned(name.clone()), colour, points }
        };
        let all: Vec<Line> = self.names.iter().zip(COLOURS).zip(&self.contest.played).map(line).collect();
        let names = times(&self.contest.played[0].study);
        self.html.push_str(&day(title, axis, ("came at", &names), &all));
    }

    fn over_time(&mut self) {
        let (within, wait) = (self.within, ("mean wait, s", None));
        if self.has_moments() {
            self.day("Waits of moments of truth over the day", wait, Whom::Moments, Tally::mean_wait);
            self.day("Waits of all others over the day", wait, Whom::Others, Tally::mean_wait);
        } else {
            self.day("Waits over the day", wait, Whom::Others, Tally::mean_wait);
        }
        let label = format!("of all, answered within {within} s, %");
        self.day("Service level over the day", (&label, Some(100.0)), Whom::All, Tally::in_time_share);
        if self.has_moments() {
            let label = format!("within {within} s, %");
            let title = "Moments of truth that reached an empathetic agent in time";
            self.day(title, (&label, Some(100.0)), Whom::Moments, Tally::empathetic_share);
        }
    }

    fn distributions(&mut self) {
        let kinds = [(Whom::Moments, "How long moments of truth wait"), (Whom::Others, "How long all others wait")];
        let has_moments = self.has_moments();
        for (whom, title) in kinds.into_iter().filter(|(whom, _)| *whom != Whom::Moments || has_moments) {
            let of = self.names.iter().zip(COLOURS).zip(&self.contest.played);
            let of =
                of.map(|((name, colour), played)| (Cow::Owned(name.clone()), colour, together(&played.study, whom)));
            let drawn = curves("Share of contacts that waited longer", Curve::Longer, of.collect());
            _ = write!(self.html, "\n<h2>{title}</h2>\n{drawn}");
        }
    }

    fn fates(&mut self) {
        if !self.has_moments() {
            return;
        }
        let both = self.names.iter().zip(&self.contest.played);
        let rows: Vec<Bar> = both.map(|(name, played)| fates(&played.study, name, Of::Moments)).collect();
        let drawn = bars("What became of moments of truth", &rows);
        _ = write!(self.html, "\n<h2>Where moments of truth go</h2>\n{drawn}");
    }

    fn occupancy(&mut self) {
        let mut rows = Vec::new();
        for (name, played) in self.names.iter().zip(&self.contest.played) {
            let Some([empathetic, others]) = played.study.by_empathy() else { continue };
            let kinds = [("empathetic agents", empathetic, MOMENTS), ("other agents", others, OTHERS)];
            for (kind, groups, colour) in kinds {
                if let Some(found) = played.study.occupancy(&groups) {
                    let name = if kind == "empathetic agents" { name.clone() } else { String::new() };
                    rows.push(Bar { name, parts: vec![(kind, found.mean, colour)] });
                }
            }
        }
        if !rows.is_empty() {
            let drawn = bars("Share of their time that agents work", &rows);
            _ = write!(
                self.html,
                "\n<h2>How busy agents are</h2>\n<p class='dim'>Share of the time that they are there.</p>\n{drawn}"
            );
        }
    }

    fn differences(&mut self) {
        let mut html = String::from("\n<h2>Every difference</h2>\n<table><tr><th></th>");
        self.names.iter().for_each(|name| _ = write!(html, "<th>{}</th>", escaped(name)));
        html.push_str("</tr>\n");
        for row in &self.contest.rows {
            let first = plain(row.differences[0].pair.first, row.unit);
            _ = write!(html, "<tr><td>{}: {}</td><td>{first}</td>", escaped(&row.name), row.title);
            for difference in &row.differences {
                let (by, said) = (written(difference, row.unit), difference.verdict(row.more_is_better).marked());
                _ = write!(html, "<td>{by}<small>{said}</small></td>");
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</table>\n");
        self.html.push_str(&html);
    }

    fn foot(&mut self) {
        let (first, contest) = (&self.contest.played[0], self.contest);
        let contacts: u64 = contest.played.iter().map(|played| played.study.contacts()).sum();
        _ = write!(
            self.html,
            "<p class='dim'>Differences are each document's less {}'s on the same customers; ± holds the true one 95 times of a \
             hundred, each by itself; {}.</p>\n<p class='dim'>{} runs of each, {contacts} contacts in all, {} agents, seed {}. \
             The routing is the daemon's own; customers and agents are drawn as the scenario says, and no number here is surer \
             than that is true.</p>\n{}",
            escaped(&self.names[0]),
            certainty(contest),
            first.study.runs.len(),
            first.scenario.agents(),
            first.scenario.run.seed,
            report::END,
        );
    }
}
