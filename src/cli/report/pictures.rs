//! Pictures of a study: waits over the day, how long contacts wait, what became of them.
//!
//! Invariant: a picture is of all runs of a study together. Not here: drawing (`plot`), and which pictures a page has.

use std::borrow::Cow;

use crate::{
    model::time::Timestamp,
    sim::{
        player::outcome::{Figures, Outcome},
        study::{Metric, Of, Study},
        tally::Tally,
    },
};

use super::{
    MOMENTS,
    plot::{Axis, Bar, Line, lines, rounded_up},
};

const LATER: &str = "#94a3b8";
const BY_OTHERS: &str = "#0d9488";
const LEFT: &str = "#7f1d1d";
const UNSERVED: &str = "#cbd5e1";
/// A smaller share is no part of a bar.
const SHOWN_MIN: f64 = 0.0005;

/// Whom a picture is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// All contacts.
    All,
    /// Moments of truth.
    Moments,
    /// All others.
    Others,
}

impl Whom {
    fn has(self, is_moment: bool) -> bool {
        match self {
            Self::All => true,
            Self::Moments => is_moment,
            Self::Others => !is_moment,
        }
    }
}

fn outcomes(study: &Study) -> impl Iterator<Item = &Outcome> {
    study.runs.iter().map(|(_, outcome)| outcome)
}

/// A tally of each slice of the watched time.
pub fn slices(study: &Study, whom: Whom) -> Vec<Tally> {
    let mut all = vec![Tally::default(); outcomes(study).map(|outcome| outcome.slices.len()).max().unwrap_or(0)];
    for outcome in outcomes(study) {
        for (sum, slice) in all.iter_mut().zip(&outcome.slices) {
            let kinds = [false, true].into_iter().zip(slice);
            kinds.filter(|(is_moment, _)| whom.has(*is_moment)).for_each(|(_, tally)| sum.add(tally));
        }
    }
    all
}

/// A measure of each slice, and nothing where nobody came.
pub fn over_time(study: &Study, whom: Whom, value: fn(&Tally) -> f64) -> Vec<Option<f64>> {
    slices(study, whom).iter().map(|tally| (tally.offered > 0).then(|| value(tally))).collect()
}

/// A line for each study over the watched time, under a heading; `most` ends the axis, which else ends where the lines do.
pub fn day(title: &str, axis: (&str, Option<f64>), names: (&str, &[String]), of: &[Line]) -> String {
    let highest = of.iter().flat_map(|line| &line.points).flatten().fold(0.0f64, |most, value| most.max(*value));
    let (label, most) = axis;
    let axis = Axis { label: label.to_owned(), most: most.unwrap_or_else(|| rounded_up(highest)) };
    format!("\n<h2>{title}</h2>\n{}", lines(title, names, &axis, of))
}

/// When each slice begins.
pub fn begins(study: &Study) -> Vec<Timestamp> {
    let slices = outcomes(study).next().map_or(0, |outcome| outcome.slices.len() as i64);
    let clock = study.runs[0].1.clock;
    (0..slices).map(|at| Timestamp(clock.from.0 + clock.slice.0 * at)).collect()
}

/// When each slice begins, as on a clock that goes on after midnight.
pub fn times(study: &Study) -> Vec<String> {
    let time = |at: Timestamp| {
        let secs = at.0 / 1_000_000;
        format!("{}:{:02}", secs / 3_600, secs / 60 % 60)
    };
    begins(study).into_iter().map(time).collect()
}

/// Points of a curve of waits, from none to the longest.
const POINTS: u32 = 60;

/// Contacts of all runs together.
pub fn together(study: &Study, whom: Whom) -> Figures {
    let mut all = Figures::default();
    outcomes(study).for_each(|outcome| all.add(&outcome.figures(|leaf| whom.has(leaf.is_moment))));
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

/// What became of contacts, in parts of a bar.
pub fn fates(study: &Study, name: &str, of: Of) -> Bar {
    let mean = |key| study.estimate(of, Metric::named(key)).map_or(0.0, |found| found.mean);
    let (by_empathetic, in_time) = (mean("empathetic_in_time_share"), mean("in_time_share"));
    let (left, blocked) = (mean("abandoned_share"), mean("blocked_share"));
    let later = (mean("answered") / mean("offered").max(1.0) - in_time).max(0.0);
    let unserved = 1.0 - in_time - later - left - blocked;
    let mut parts = vec![
        ("in time, by an empathetic agent", by_empathetic, MOMENTS),
        ("in time, by another", in_time - by_empathetic, BY_OTHERS),
        ("later", later, LATER),
        ("left, or turned away", left + blocked, LEFT),
    ];
    if unserved > SHOWN_MIN {
        parts.push(("taken back, or still waiting", unserved, UNSERVED));
    }
    Bar { name: name.to_owned(), parts }
}
