//! A study as a page that a manager reads: what it comes to in sentences, then pictures, then the numbers.
//!
//! Invariant: one file that needs nothing else; its numbers are those of the tables and of JSON.

use std::{borrow::Cow, fmt::Write};

use crate::sim::{
    player::outcome::{Figures, Outcome},
    scenario::distribution::seconds,
    study::{Estimate, METRICS, Metric, Of, Study},
    tally::Tally,
};

use super::{
    Played,
    plot::{Axis, Bar, Line, bars, escaped, lines, rounded_up},
    rows::{self, number},
};

/// The colour of moments of truth and of who is there for them …
pub const MOMENTS: &str = "#c2410c";
/// … and that of all others.
pub const OTHERS: &str = "#0369a1";
const GREY: &str = "#94a3b8";
const BY_OTHERS: &str = "#0d9488";
const LEFT: &str = "#7f1d1d";

/// How pages look.
pub const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;color:#1e293b;max-width:780px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .2rem}p{margin:.4rem 0}.dim{color:#64748b}\
svg{width:100%;height:auto;font:12px system-ui,sans-serif;fill:#475569}polyline{fill:none;stroke-width:2.2}\
.grid{stroke:#e2e8f0}.label{fill:#64748b}.on{fill:#fff;font-weight:600}.legend span{margin-right:1.2rem;font-size:.9rem}\
.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.4rem}\
.cards{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}.cards div{flex:1 1 150px;border:1px solid #e2e8f0;\
border-radius:8px;padding:.7rem .9rem}.cards b{display:block;font-size:1.35rem}.cards span{color:#64748b;font-size:.85rem}\
table{border-collapse:collapse;width:100%;font-size:.85rem;display:block;overflow-x:auto}\
td,th{padding:.3rem .6rem;text-align:right;border-bottom:1px solid #e2e8f0;white-space:nowrap}\
td:first-child,th:first-child{text-align:left}";

/// The whole page.
pub fn html(name: &str, played: &Played) -> String {
    let Played { scenario, study, .. } = played;
    let title = if scenario.description.is_empty() { name } else { &scenario.description };
    let within = seconds(scenario.within);
    let mut page = format!(
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' \
         content='width=device-width'><title>{title}</title><style>{STYLE}</style></head><body>\n\
         <h1>{title}</h1><p class='dim'>{}</p>\n",
        escaped(name),
        title = escaped(title),
    );
    cards(&mut page, study, within);
    sentences(&mut page, study, within);
    over_time(&mut page, study, within);
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
         seed {seed} and hash {:016x}: the same scenario, document and version give it again.</p>\n</body></html>\n",
        study.runs.len(),
        study.contacts(),
        scenario.agents(),
        first.digest
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

fn outcomes(study: &Study) -> impl Iterator<Item = &Outcome> {
    study.runs.iter().map(|(_, outcome)| outcome)
}

/// A tally of each slice, of all runs together.
pub fn slices(study: &Study, is_moment: bool) -> Vec<Tally> {
    let mut all = vec![Tally::default(); outcomes(study).map(|outcome| outcome.slices.len()).max().unwrap_or(0)];
    for outcome in outcomes(study) {
        for (sum, slice) in all.iter_mut().zip(&outcome.slices) {
            sum.add(&slice[usize::from(is_moment)]);
        }
    }
    all
}

/// The beginning of each slice, as on a clock.
pub fn times(study: &Study) -> Vec<String> {
    let clock = study.runs[0].1.clock;
    let time = |at: i64| {
        let secs = (clock.from.0 + clock.slice.0 * at) / 1_000_000;
        format!("{}:{:02}", secs / 3_600, secs / 60 % 60)
    };
    (0..outcomes(study).next().map_or(0, |outcome| outcome.slices.len() as i64)).map(time).collect()
}

fn over_time(page: &mut String, study: &Study, within: f64) {
    let names = times(study);
    let of = |is_moment, value: fn(&Tally) -> f64| -> Vec<Option<f64>> {
        let tallies = slices(study, is_moment);
        tallies.iter().map(|tally| (tally.offered > 0).then(|| value(tally))).collect()
    };
    let both = |value: fn(&Tally) -> f64| {
        let mut both = vec![Line { name: "all others".into(), colour: OTHERS, points: of(false, value) }];
        if study.has_moments {
            both.push(Line { name: "moments of truth".into(), colour: MOMENTS, points: of(true, value) });
        }
        both
    };
    let most = |lines: &[Line]| lines.iter().flat_map(|line| &line.points).flatten().fold(0.0f64, |m, v| m.max(*v));
    let waits = both(Tally::mean_wait);
    let axis = Axis { label: "mean wait, s".to_owned(), most: rounded_up(most(&waits)) };
    page.push_str("<h2>Waits over the day</h2>\n");
    page.push_str(&lines("Mean wait by time of arrival", ("came at", &names), &axis, &waits));
    page.push_str("\n<h2>Service level over the day</h2>\n");
    let axis = Axis { label: format!("answered within {within} s, %"), most: 100.0 };
    let mut level = both(Tally::in_time_share);
    if study.has_moments {
        let points = of(true, Tally::empathetic_share);
        level.push(Line { name: "moments of truth, by empathetic agents".into(), colour: BY_OTHERS, points });
    }
    page.push_str(&lines("Share answered in time by time of arrival", ("came at", &names), &axis, &level));
}

/// Points of a curve of waits, from none to the longest.
const POINTS: u32 = 60;

/// Contacts of all runs together, moments of truth or all others.
pub fn together(study: &Study, is_moment: bool) -> Figures {
    let mut all = Figures::default();
    outcomes(study).for_each(|outcome| all.add(&outcome.figures(|leaf| leaf.is_moment == is_moment)));
    all
}

/// What a curve of waits tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// Which share waited no longer.
    NoLonger,
    /// Which share waited longer: where there are several curves, this is what tells them apart.
    Longer,
}

/// Which share of contacts waited so long, over seconds from none to what 99 of 100 of all wait at most.
pub fn curves(title: &str, tells: Curve, of: Vec<(Cow<'static, str>, &'static str, Figures)>) -> String {
    let longest = of.iter().map(|(.., figures)| figures.waits.value_at_quantile(0.99)).max().unwrap_or(0);
    let longest = rounded_up(longest as f64 / 1e3).max(1.0);
    let at = |point: u32| longest * f64::from(point) / f64::from(POINTS);
    let points = |of: &Figures| -> Vec<Option<f64>> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds on an axis")]
        let no_longer = |point| of.waits.percentile_below((at(point) * 1e3) as u64);
        let share = |point| match tells {
            Curve::NoLonger => no_longer(point),
            Curve::Longer => 100.0 - no_longer(point),
        };
        (0..=POINTS).map(|point| (!of.waits.is_empty()).then(|| share(point))).collect()
    };
    let curve = |(name, colour, figures): (Cow<'static, str>, &'static str, Figures)| {
        let points = points(&figures);
        Line { name, colour, points }
    };
    let curves: Vec<Line> = of.into_iter().map(curve).collect();
    let names: Vec<String> = (0..=POINTS).map(|point| format!("{:.0}", at(point))).collect();
    let axis = match tells {
        Curve::NoLonger => Axis { label: "waited no longer, %".to_owned(), most: 100.0 },
        Curve::Longer => {
            let most = curves.iter().flat_map(|curve| &curve.points).flatten().fold(0.0f64, |m, v| m.max(*v));
            Axis { label: "waited longer, %".to_owned(), most: rounded_up(most) }
        }
    };
    lines(title, ("seconds", &names), &axis, &curves)
}

fn distribution(page: &mut String, study: &Study) {
    let mut of = vec![("all others".into(), OTHERS, together(study, false))];
    if study.has_moments {
        of.push(("moments of truth".into(), MOMENTS, together(study, true)));
    }
    page.push_str("\n<h2>How long contacts wait</h2>\n");
    page.push_str(&curves("Share of contacts that waited no longer", Curve::NoLonger, of));
}

/// What became of contacts, in parts of a bar.
pub fn fates(study: &Study, name: &str, of: Of) -> Bar {
    let share = |key| estimate(study, of, key).map_or(0.0, |found| found.mean);
    let (by_empathetic, in_time) = (share("empathetic_in_time_share"), share("in_time_share"));
    let (left, blocked) = (share("abandoned_share"), share("blocked_share"));
    let later = (1.0 - in_time - left - blocked).max(0.0);
    Bar {
        name: name.to_owned(),
        parts: vec![
            ("in time, by an empathetic agent", by_empathetic, MOMENTS),
            ("in time, by another", in_time - by_empathetic, BY_OTHERS),
            ("later", later, GREY),
            ("left, or turned away", left + blocked, LEFT),
        ],
    }
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
