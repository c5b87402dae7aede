//! A study as a page that a manager reads: what it comes to in sentences, then pictures, then the numbers.
//!
//! Invariant: one file that needs nothing else; its numbers are those of the tables and of JSON.

use std::fmt::Write;

use crate::{
    cli::report::{
        self, MOMENTS, OTHERS,
        pictures::{Curve, Whom, curves, day, fates, over_time, times, together},
        plot::{Bar, Line, bars, escaped},
    },
    sim::{
        scenario::distribution::seconds,
        study::{Estimate, METRICS, Metric, Of, Study},
        tally::Tally,
    },
};

use super::{
    Played,
    rows::{self, number},
};

/// The colour of moments of truth that reach an empathetic agent.
const REACHED: &str = "#0d9488";

/// The whole page.
pub fn html(name: &str, played: &Played) -> String {
    let Played { scenario, study, .. } = played;
    let title = if scenario.description.is_empty() { name } else { &scenario.description };
    let within = seconds(scenario.within);
    let mut page = report::begin(title, "");
    _ = writeln!(page, "<p class='dim'>{}</p>", escaped(name));
    cards(&mut page, study, within);
    sentences(&mut page, study, within);
    over_the_day(&mut page, study, within);
    distribution(&mut page, study);
    if study.has_moments {
        moments(&mut page, study, within);
    }
    occupancy(&mut page, study);
    numbers(&mut page, study);
    let (seed, first) = &study.runs[0];
    _ = write!(
        page,
        "<p class='dim'>{} runs, {} contacts in all, {} agents; ± is one standard error over runs. The first run has \
         seed {seed} and hash {:016x}: the same scenario, document and version give it again.</p>\n{}",
        study.runs.len(),
        study.contacts(),
        scenario.agents(),
        first.digest,
        report::END,
    );
    page
}

fn estimate(study: &Study, of: Of, key: &str) -> Option<Estimate> {
    study.estimate(of, Metric::named(key))
}

fn said(study: &Study, of: Of, key: &str) -> String {
    let plain = estimate(study, of, key).map(|found| Estimate { error: None, ..found });
    number(plain, Some(Metric::named(key).unit))
}

fn cards(page: &mut String, study: &Study, within: f64) {
    let mut cards = vec![
        ("in_time_share", Of::All, format!("of all contacts answered within {within} s")),
        ("wait_mean", Of::All, "mean wait of all contacts".to_owned()),
        ("abandoned_share", Of::All, "left before they were answered".to_owned()),
    ];
    if study.has_moments {
        let what = format!("of the moments of truth with an empathetic agent within {within} s");
        cards.push(("empathetic_in_time_share", Of::Moments, what));
    }
    page.push_str("<div class='cards'>");
    for (key, of, what) in cards {
        _ = write!(page, "<div><b>{}</b><span>{what}</span></div>", said(study, of, key));
    }
    page.push_str("</div>\n");
}

fn sentences(page: &mut String, study: &Study, within: f64) {
    if !study.has_moments {
        return;
    }
    let of = |of, key| said(study, of, key);
    _ = write!(
        page,
        "<p>Of the moments of truth {} reached an empathetic agent within {within} s and {} anybody; they waited {} on \
         average, and {} left. All others waited {}, {} of them were answered within {within} s, and {} left.",
        of(Of::Moments, "empathetic_in_time_share"),
        of(Of::Moments, "in_time_share"),
        of(Of::Moments, "wait_mean"),
        of(Of::Moments, "abandoned_share"),
        of(Of::Routine, "wait_mean"),
        of(Of::Routine, "in_time_share"),
        of(Of::Routine, "abandoned_share"),
    );
    if let Some(gap) = study.occupancy_gap() {
        let points = gap.mean * 100.0;
        let than = if points < 0.0 { "less" } else { "more" };
        _ = write!(page, " Empathetic agents work {:.1} points {than} of their time than others.", points.abs());
    }
    page.push_str("</p>\n");
}

fn over_the_day(page: &mut String, study: &Study, within: f64) {
    let names = times(study);
    let both = |value: fn(&Tally) -> f64| {
        let line = |name: &'static str, colour, whom| Line {
            name: name.into(),
            colour,
            points: over_time(study, whom, value),
        };
        let moments = study.has_moments.then(|| line("moments of truth", MOMENTS, Whom::Moments));
        [line("all others", OTHERS, Whom::Others)].into_iter().chain(moments).collect::<Vec<_>>()
    };
    let names = ("came at", names.as_slice());
    page.push_str(&day("Waits over the day", ("mean wait, s", None), names, &both(Tally::mean_wait)));
    let mut level = both(Tally::in_time_share);
    if study.has_moments {
        let points = over_time(study, Whom::Moments, Tally::empathetic_share);
        level.push(Line { name: "moments of truth, by empathetic agents".into(), colour: REACHED, points });
    }
    let label = format!("answered within {within} s, %");
    page.push_str(&day("Service level over the day", (&label, Some(100.0)), names, &level));
}

fn distribution(page: &mut String, study: &Study) {
    let mut of = vec![("all others".into(), OTHERS, together(study, Whom::Others))];
    if study.has_moments {
        of.push(("moments of truth".into(), MOMENTS, together(study, Whom::Moments)));
    }
    page.push_str("\n<h2>How long contacts wait</h2>\n");
    page.push_str(&curves("Share of contacts that waited no longer", Curve::NoLonger, of));
}

fn moments(page: &mut String, study: &Study, within: f64) {
    let mut rows = vec![fates(study, "moments of truth", Of::Moments)];
    if study.flags_err() {
        rows.push(fates(study, "taken for moments", Of::Flagged));
    }
    rows.push(fates(study, "all others", Of::Routine));
    _ = write!(page, "\n<h2>Where moments of truth go</h2>\n<p class='dim'>In time is within {within} s.</p>\n");
    page.push_str(&bars("What became of moments of truth and of all others", &rows));
}

fn occupancy(page: &mut String, study: &Study) {
    let bar = |(name, groups): (String, Vec<usize>)| {
        let is_empathetic = groups.iter().all(|group| study.groups[*group].1);
        let (of, colour) = if is_empathetic { ("empathetic agents", MOMENTS) } else { ("other agents", OTHERS) };
        study.occupancy(&groups).map(|found| Bar { name, parts: vec![(of, found.mean, colour)] })
    };
    let rows: Vec<Bar> = study.group_rows().into_iter().filter_map(bar).collect();
    page.push_str("\n<h2>How busy agents are</h2>\n<p class='dim'>Share of the time that they are there.</p>\n");
    page.push_str(&bars("Occupancy by group of agents", &rows));
}

fn numbers(page: &mut String, study: &Study) {
    page.push_str("\n<h2>The numbers</h2>\n<table><tr><th></th>");
    let rows: Vec<_> = rows::shown(study).into_iter().map(|(name, of)| (name, study.estimates(of))).collect();
    rows.iter().for_each(|(name, _)| _ = write!(page, "<th>{}</th>", escaped(name)));
    page.push_str("</tr>\n");
    for (at, metric) in METRICS.iter().enumerate() {
        _ = write!(page, "<tr><td>{}</td>", metric.key.replace('_', " "));
        rows.iter().for_each(|(_, row)| _ = write!(page, "<td>{}</td>", number(row[at], Some(metric.unit))));
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
}
