//! When queues overflow: which of the spans that their steps name the wait of whoever joins now is expected to exceed.
//!
//! What is compared is the P50 of a routine contact as if nobody of its queue overflowed. That is as likely to be too short
//! as too long, and it is as near the truth after a restart or a change of shifts, when ranges are wide: not to know how
//! long waits will be is no reason to overflow. While a queue overflows, those who wait count wholly for its own agents,
//! and those whom others have taken count as well; so overflow does not end itself, but when its own agents could do without.
//!
//! Invariant: a span is exceeded from above it on and until below [`STAYS`] of it; a line changes at most once in [`HOLDS`];
//! an estimate that is unknown changes nothing. Lines are looked at as something happens, each at most once in [`EVERY`]
//! and so many of them at a time that it costs about the same however many there are. What was advised is known from the
//! state alone, so that a restart changes nothing. Not here: estimates (`waits`), and what comes of it (`engine::overflow`).

use std::collections::VecDeque;

use crate::{
    engine::State,
    model::{
        document::DocumentEtag,
        time::{Span, Timestamp},
    },
};

use super::work::Line;

/// How often a line is looked at.
const EVERY: Span = Span::from_secs(1);
/// How often lines are looked at at all …
const LOOKS_EVERY: Span = Span::from_millis(100);
/// … and at how many of them then.
const LOOKS_MAX: usize = 16;
/// How long a line stays as it is after a change.
const HOLDS: Span = Span::from_secs(10);
/// The part of a span above which the estimate stays beyond it.
const STAYS: f64 = 0.8;

/// Lines that may overflow, the one whose turn it is first.
#[derive(Debug, Default)]
pub struct Watch {
    /// The document that says so.
    document: Option<DocumentEtag>,
    lines: VecDeque<Watched>,
    looked_at: Option<Timestamp>,
}

#[derive(Debug)]
struct Watched {
    line: Line,
    /// Shortest first.
    spans: Vec<Span>,
    looked_at: Option<Timestamp>,
    changed_at: Option<Timestamp>,
}

impl Watch {
    /// Whether any line may overflow.
    pub fn is_watching(&mut self, state: &State) -> bool {
        self.follow(state);
        !self.lines.is_empty()
    }

    /// The lines to be looked at now.
    pub fn due(&mut self, now: Timestamp, state: &State) -> Vec<Line> {
        self.follow(state);
        if self.lines.is_empty() || !is_over(self.looked_at, LOOKS_EVERY, now) {
            return Vec::new();
        }
        self.looked_at = Some(now);
        let mut due = Vec::new();
        for _ in 0..self.lines.len().min(LOOKS_MAX) {
            let Some(watched) = self.lines.front_mut().filter(|first| is_over(first.looked_at, EVERY, now)) else {
                break;
            };
            watched.looked_at = Some(now);
            if is_over(watched.changed_at, HOLDS, now) {
                due.push(watched.line);
            }
            self.lines.rotate_left(1);
        }
        due
    }

    /// What a line's waits are expected to exceed with this estimate, if that is another span than before.
    pub fn judge(&mut self, now: Timestamp, line: Line, estimate: Span, state: &State) -> Option<Option<Span>> {
        let watched = self.lines.iter_mut().find(|watched| watched.line == line)?;
        let before = state.overflows_beyond(line.0, line.1);
        let beyond = exceeded(&watched.spans, before, estimate);
        if beyond == before {
            return None;
        }
        watched.changed_at = Some(now);
        Some(beyond)
    }

    /// Takes over the lines of the document in force.
    fn follow(&mut self, state: &State) {
        if self.document.is_some_and(|known| known == state.etag()) {
            return;
        }
        let (document, rules) = state.overflow_rules();
        let watched = rules.into_iter().map(|rule| Watched {
            line: (rule.queue, rule.channel),
            spans: rule.spans,
            looked_at: None,
            changed_at: None,
        });
        (self.document, self.lines) = (Some(document), watched.collect());
    }
}

/// The longest of these spans, shortest first, that an estimate exceeds, where it was known to exceed one.
fn exceeded(spans: &[Span], before: Option<Span>, estimate: Span) -> Option<Span> {
    let is_exceeded = |span: &&Span| {
        let was = before.is_some_and(|before| **span <= before);
        let bound = if was { span.0 as f64 * STAYS } else { span.0 as f64 };
        estimate.0 as f64 > bound
    };
    spans.iter().rfind(is_exceeded).copied()
}

/// Whether so long has passed; a clock that was set back holds nothing up.
fn is_over(since: Option<Timestamp>, lasts: Span, now: Timestamp) -> bool {
    !since.is_some_and(|since| (Span::ZERO..lasts).contains(&(now - since)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: i64) -> Span {
        Span::from_secs(secs)
    }

    #[test]
    fn a_span_is_exceeded_from_above_it_on_and_until_well_below_it() {
        let spans = [secs(100), secs(300)];
        let mut beyond = None;
        let mut after = |estimate| {
            beyond = exceeded(&spans, beyond, secs(estimate));
            beyond.map(|beyond| beyond.0 / 1_000_000)
        };
        assert_eq!([90, 100, 101].map(&mut after), [None, None, Some(100)]);
        assert_eq!([99, 81, 80, 99].map(&mut after), [Some(100), Some(100), None, None], "four fifths of it end it");
        assert_eq!([400, 299, 241].map(&mut after), [Some(300); 3], "both at once");
        assert_eq!([240, 81, 79].map(&mut after), [Some(100), Some(100), None], "the longer one ends first");
    }

    #[test]
    fn a_span_of_an_earlier_document_stands_for_shorter_ones() {
        assert_eq!(exceeded(&[secs(200)], Some(secs(300)), secs(190)), Some(secs(200)));
        assert_eq!(exceeded(&[secs(400)], Some(secs(300)), secs(390)), None);
        assert_eq!(exceeded(&[], Some(secs(300)), secs(390)), None);
    }
}
