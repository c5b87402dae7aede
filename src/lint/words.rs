//! Times and numbers of contacts in words.
//!
//! Invariant: times are as scenarios write them: `22:00`, and `30:00` for six in the morning of the day after.

use super::{
    Kind,
    day::{Flow, Gap},
    staffing::shown,
};
use crate::model::time::Span;

/// So many times are named of each remark; of more their number.
const TIMES_MAX: usize = 4;

/// A gap, and what is to be said of it alone.
#[derive(Debug)]
pub(super) struct Piece {
    /// When.
    pub gap: Gap,
    /// What else; empty = nothing.
    pub beside: String,
}

/// What is said of contacts of a queue: the same for all flows of which it is so.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    /// What sort of thing.
    pub kind: Kind,
    when: String,
    rest: String,
}

impl Told {
    /// Tells of all pieces together, if there is one.
    pub fn tell(kind: Kind, pieces: &[Piece], rest: String, tell: &mut dyn FnMut(Self, u64)) {
        if !pieces.is_empty() {
            let count_milli = pieces.iter().map(|piece| piece.gap.count_milli).sum();
            tell(Self { kind, when: when(pieces), rest }, count_milli);
        }
    }

    /// The whole sentence, of these flows with what comes of each; which they are if they are `named`.
    pub fn words(&self, of: &[(&Flow, u64)], named: bool) -> String {
        let count_milli = of.iter().map(|(_, count_milli)| count_milli).sum();
        let by = |(flow, _): &(&Flow, u64)| {
            let asks: Vec<String> = flow.asks.iter().map(shown).collect();
            let asking = if asks.is_empty() { String::new() } else { format!(" asking {}", asks.join(" and ")) };
            (named || !asks.is_empty()).then(|| format!("{}{asking}", flow.channel))
        };
        let by: Vec<String> = of.iter().filter_map(by).collect();
        let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
        let (one, many) = match self.kind {
            Kind::EmpathyNotThere => ("moment of truth", "moments of truth"),
            _ => ("contact", "contacts"),
        };
        format!("gets {}{by} {}, {}", counted(count_milli, one, many), self.when, self.rest)
    }
}

fn when(pieces: &[Piece]) -> String {
    let time = |Piece { gap, beside }: &Piece| {
        let time = match (clock(gap.from), clock(gap.until)) {
            (from, until) if from == until => format!("at {from}"),
            (from, until) => format!("from {from} to {until}"),
        };
        if beside.is_empty() { time } else { format!("{time} ({beside})") }
    };
    let mut times: Vec<String> = pieces.iter().take(TIMES_MAX).map(time).collect();
    match pieces.len().saturating_sub(TIMES_MAX) {
        0 => {}
        1 => times.push("once more".to_owned()),
        more => times.push(format!("{more} times more")),
    }
    let last = times.pop().unwrap_or_default();
    if times.is_empty() { last } else { format!("{} and {last}", times.join(", ")) }
}

/// A number in thousandths, in whole ones: at least one, because none would be no remark.
fn counted(count_milli: u64, one: &str, many: &str) -> String {
    match (count_milli + 500) / 1_000 {
        0 | 1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// A time of day, to the second where it is not on the minute.
pub(super) fn clock(at: Span) -> String {
    let secs = at.0.div_euclid(1_000_000);
    let (hours, minutes, secs) = (secs / 3_600, secs / 60 % 60, secs % 60);
    if secs == 0 { format!("{hours:02}:{minutes:02}") } else { format!("{hours:02}:{minutes:02}:{secs:02}") }
}
