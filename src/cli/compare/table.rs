//! Documents side by side, as tables that fit on one screen.
//!
//! Invariant: the rows are the family of differences that certainty is corrected for; numbers are those of JSON.

use crate::{
    cli::{
        failure::Failure,
        output::{Output, table::Table},
        simulate::{contacts_note, number},
    },
    sim::study::{Estimate, Unit},
};

use super::{Contest, Difference, Verdict, certainty, shown_path};

/// Columns of the documents, with the word for each difference behind the number.
const TITLES: [&str; 17] =
    ["CONTACTS", "MEASURE", ">1", ">2", "", ">3", "", ">4", "", ">5", "", ">6", "", ">7", "", ">8", ""];

/// Shows two documents with their differences, or several side by side.
pub fn show(out: &Output, contest: &Contest) -> Result<(), Failure> {
    let runs = contest.played[0].study.runs.len();
    let (differences, over) = match contest.paths.as_slice() {
        [first, second] => {
            out.line(&format!("first: {}\nsecond: {}", shown_path(first), shown_path(second)))?;
            out.table(&two(contest))?;
            ("second less first", "with 95 % intervals over")
        }
        paths => {
            for (number, path) in (1..).zip(paths) {
                out.line(&format!("{number}: {}", shown_path(path)))?;
            }
            out.table(&several(contest))?;
            ("each less the first", "~ where none is clear, over")
        }
    };
    let first = &contest.played[0];
    out.line(&format!(
        "\n{}\ndifferences: {differences} on the same customers, {over} {runs} pairs of runs\n{}",
        contacts_note(&first.study, first.scenario.within).split(';').next().unwrap_or_default(),
        certainty(contest),
    ))
}

fn two(contest: &Contest) -> Table {
    let mut table = Table::new(&["CONTACTS", "MEASURE", ">FIRST", ">SECOND", ">DIFFERENCE", ""]);
    for row in &contest.rows {
        let difference = &row.differences[0];
        table.row([
            row.name.clone(),
            row.title.to_owned(),
            plain(difference.pair.first, row.unit),
            plain(difference.pair.second, row.unit),
            written(difference, row.unit),
            difference.verdict(row.more_is_better).word().to_owned(),
        ]);
    }
    table
}

fn several(contest: &Contest) -> Table {
    let mut table = Table::new(&TITLES[..contest.paths.len() * 2 + 1]);
    for row in &contest.rows {
        let cells = row.differences.iter().flat_map(|difference| {
            let word = match difference.verdict(row.more_is_better) {
                Verdict::Unclear => "~",
                verdict => verdict.word(),
            };
            [plain(difference.pair.second, row.unit), word.to_owned()]
        });
        let first = [row.name.clone(), row.title.to_owned(), plain(row.differences[0].pair.first, row.unit)];
        table.row(first.into_iter().chain(cells));
    }
    table
}

/// A number without its error.
pub fn plain(estimate: Estimate, unit: Unit) -> String {
    number(Some(Estimate { error: None, ..estimate }), Some(unit))
}

/// A difference with half of its interval, which holds the true one 95 times of a hundred.
pub fn written(Difference { pair, .. }: &Difference, unit: Unit) -> String {
    let (factor, suffix, digits) = match unit {
        Unit::Share => (100.0, " points", 1),
        Unit::Seconds => (1.0, " s", if pair.first.mean.abs() < 10.0 { 2 } else { 1 }),
        Unit::Contacts => (1.0, "", 0),
    };
    let half = pair.difference.half_width().unwrap_or(f64::NAN) * factor;
    let mean = pair.difference.mean * factor;
    format!("{mean:+.digits$} ±{half:.digits$}{suffix}")
}
