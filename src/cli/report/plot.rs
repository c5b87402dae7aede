//! Pictures as inline SVG: lines over an axis, and bars.
//!
//! Invariant: a picture says in words what it shows, in a title and a legend, so that it can be read without colours; text
//! is escaped. Not here: what is shown (`pictures`, and each page).

use std::{borrow::Cow, fmt::Write};

use crate::cli::output::shorten::shorten;

/// A line of a picture.
pub struct Line {
    /// Its name in the legend.
    pub name: Cow<'static, str>,
    /// Its colour.
    pub colour: &'static str,
    /// Its points, from left to right; a gap where nothing is known.
    pub points: Vec<Option<f64>>,
}

/// An axis of numbers.
pub struct Axis {
    /// What it counts.
    pub label: String,
    /// The largest number on it; it begins at 0.
    pub most: f64,
}

/// A bar, and what it stands for.
pub struct Bar {
    /// Its name; without one it belongs to the bar above it.
    pub name: String,
    /// Its parts from left to right, as shares of 1, each with its name and colour.
    pub parts: Vec<(&'static str, f64, &'static str)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
/// Room for what stands beside the picture: left, top, right, below.
const EDGE: (f64, f64, f64, f64) = (56.0, 14.0, 12.0, 40.0);

/// A number that people like to see on an axis, no smaller than this one.
pub fn rounded_up(number: f64) -> f64 {
    if number <= 0.0 || !number.is_finite() {
        return 1.0;
    }
    let power = 10f64.powi(number.log10().floor() as i32);
    let steps = [1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= number * 0.999_999).unwrap_or(number)
}

/// Lines over equal steps, labelled from left to right.
pub fn lines(title: &str, x: (&str, &[String]), y: &Axis, lines: &[Line]) -> String {
    let (left, top, right, below) = EDGE;
    let (width, height) = (WIDTH - left - right, HEIGHT - top - below);
    let across = |at: usize, of: usize| left + width * (at as f64 + 0.5) / of.max(1) as f64;
    let up = |value: f64| top + height * (1.0 - (value / y.most).clamp(0.0, 1.0));
    let mut svg = begin(title, HEIGHT);
    for tick in 0..=4u8 {
        let value = y.most * f64::from(tick) / 4.0;
        let at = up(value);
        _ = write!(
            svg,
            "<line x1='{left}' x2='{:.1}' y1='{at:.1}' y2='{at:.1}' class='grid'/>\
             <text x='{:.1}' y='{:.1}' text-anchor='end'>{}</text>",
            left + width,
            left - 6.0,
            at + 4.0,
            shortest(value)
        );
    }
    let (x_label, names) = x;
    let every = names.len().div_ceil(8).max(1);
    for (at, name) in names.iter().enumerate().step_by(every) {
        let x = across(at, names.len());
        _ = write!(svg, "<text x='{x:.1}' y='{:.1}' text-anchor='middle'>{}</text>", HEIGHT - 22.0, escaped(name));
    }
    _ = write!(
        svg,
        "<text x='{:.1}' y='{:.1}' text-anchor='middle' class='label'>{}</text>\
         <text transform='translate(13 {:.1}) rotate(-90)' text-anchor='middle' class='label'>{}</text>",
        left + width / 2.0,
        HEIGHT - 4.0,
        escaped(x_label),
        top + height / 2.0,
        escaped(&y.label)
    );
    for line in lines {
        let known = |(at, point): (usize, &Option<f64>)| {
            point.map_or_else(String::new, |value| format!("{:.1},{:.1}", across(at, line.points.len()), up(value)))
        };
        let points: Vec<String> = line.points.iter().enumerate().map(known).collect();
        for run in points.split(String::is_empty).filter(|run| !run.is_empty()) {
            let colour = line.colour;
            _ = write!(
                svg,
                "<polyline points='{}' stroke='{colour}'><title>{}</title></polyline>",
                run.join(" "),
                escaped(&line.name)
            );
        }
    }
    svg.push_str("</svg>");
    svg.push_str(&legend(lines.iter().map(|line| (&*line.name, line.colour))));
    svg
}

/// Bars below each other, each in parts.
pub fn bars(title: &str, bars: &[Bar]) -> String {
    const ROW: f64 = 34.0;
    // Without a name of its own it belongs to the one above.
    const NEXT: f64 = 27.0;
    const NAMES: f64 = 170.0;
    const NAME_COLUMNS: usize = 25;
    let width = WIDTH - NAMES - 30.0;
    let row = |bar: &Bar| if bar.name.is_empty() { NEXT } else { ROW };
    let height = bars.iter().map(row).sum::<f64>() + 26.0;
    let mut svg = begin(title, height);
    for percent in [0, 25, 50, 75, 100u8] {
        let x = NAMES + width * f64::from(percent) / 100.0;
        _ = write!(
            svg,
            "<line x1='{x:.1}' x2='{x:.1}' y1='4' y2='{:.1}' class='grid'/>\
             <text x='{x:.1}' y='{:.1}' text-anchor='middle'>{percent} %</text>",
            height - 22.0,
            height - 6.0
        );
    }
    let mut y = 6.0 - ROW;
    for bar in bars {
        y += row(bar);
        let name = escaped(&shorten(&bar.name, NAME_COLUMNS));
        _ = write!(svg, "<text x='{:.1}' y='{:.1}' text-anchor='end'>{name}</text>", NAMES - 8.0, y + 16.0);
        let mut from = NAMES;
        for (part, share, colour) in &bar.parts {
            let long = width * share.clamp(0.0, 1.0);
            _ = write!(
                svg,
                "<rect x='{from:.1}' y='{y:.1}' width='{long:.1}' height='24' fill='{colour}'>\
                 <title>{part}: {:.1} %</title></rect>",
                share * 100.0
            );
            if long > 44.0 {
                let middle = from + long / 2.0;
                let said = share * 100.0;
                _ = write!(
                    svg,
                    "<text x='{middle:.1}' y='{:.1}' text-anchor='middle' class='on'>{said:.1} %</text>",
                    y + 16.0
                );
            }
            from += long;
        }
    }
    svg.push_str("</svg>");
    let mut named: Vec<(&'static str, &'static str)> = Vec::new();
    for (name, _, colour) in bars.iter().flat_map(|bar| &bar.parts) {
        if !named.contains(&(*name, *colour)) {
            named.push((*name, *colour));
        }
    }
    svg.push_str(&legend(named.into_iter()));
    svg
}

fn begin(title: &str, height: f64) -> String {
    let title = escaped(title);
    format!("<svg viewBox='0 0 {WIDTH} {height:.0}' role='img' aria-label='{title}'>")
}

fn legend<'n>(names: impl Iterator<Item = (&'n str, &'static str)>) -> String {
    let item =
        |(name, colour): (&str, &str)| format!("<span><i style='background:{colour}'></i>{}</span>", escaped(name));
    format!("<p class='legend'>{}</p>", names.map(item).collect::<String>())
}

fn shortest(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text within HTML.
pub fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '\'' => "&#39;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_where_people_like_it() {
        let ends = [0.0, 0.07, 1.0, 3.0, 12.0, 480.0].map(rounded_up);
        let expected = [1.0, 0.08, 1.0, 3.0, 12.0, 500.0];
        assert!(ends.iter().zip(expected).all(|(end, expected)| (end - expected).abs() < 1e-9), "{ends:?}");
    }

    #[test]
    fn bars_that_belong_together_are_closer_and_long_names_are_cut() {
        let bar = |name: &str| Bar { name: name.to_owned(), parts: vec![("a", 0.5, "#000")] };
        let svg = super::bars("load", &[bar("one"), bar(""), bar("a name of more than there is room for")]);
        let tops: Vec<f64> = svg
            .split("<rect ")
            .skip(1)
            .map(|bar| bar.split(" y='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap().parse().unwrap())
            .collect();
        assert_eq!(tops, [6.0, 33.0, 67.0]);
        assert!(svg.contains("viewBox='0 0 720 121'"), "{svg}");
        assert!(svg.contains(">a name of more than ther…<"), "{svg}");
    }

    #[test]
    fn a_line_has_gaps_where_nothing_is_known_and_text_is_escaped() {
        let line = Line { name: "a".into(), colour: "#000", points: vec![Some(1.0), None, Some(2.0), Some(3.0)] };
        let axis = Axis { label: "s".to_owned(), most: 5.0 };
        let svg = lines("<waits>", ("x", &["1".to_owned()]), &axis, &[line]);
        assert_eq!(svg.matches("<polyline").count(), 2, "{svg}");
        assert!(svg.contains("&lt;waits&gt;") && !svg.contains("<waits>"), "{svg}");
    }
}
