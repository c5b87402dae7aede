//! How often it is estimated what contacts that come are to expect: that is what estimates are judged by, and a part of
//! the contacts is enough for it.
//!
//! Invariant: of one line at most once in [`EVERY`], of all lines at most [`LINES_MAX`] times; whoever asks is answered
//! all the same. Not here: estimates (`waits`).

use smallvec::SmallVec;

use crate::model::time::{Span, Timestamp};

use super::work::Line;

/// How long a line is left alone.
const EVERY: Span = Span::from_millis(100);
/// Lines of which something is told meanwhile.
const LINES_MAX: usize = 16;

/// Lines of which something was told of late.
#[derive(Debug, Default)]
pub struct Pace {
    since: Option<Timestamp>,
    lines: SmallVec<[Line; LINES_MAX]>,
}

impl Pace {
    /// Whether a contact that comes to this line is to be told; from then on one was.
    pub fn admits(&mut self, now: Timestamp, line: Line) -> bool {
        if !self.since.is_some_and(|since| (Span::ZERO..EVERY).contains(&(now - since))) {
            self.since = Some(now);
            self.lines.clear();
        }
        let is_admitted = self.lines.len() < LINES_MAX && !self.lines.contains(&line);
        if is_admitted {
            self.lines.push(line);
        }
        is_admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{ChannelKey, QueueKey};

    fn at(millis: i64) -> Timestamp {
        Timestamp(Span::from_millis(millis).0)
    }

    #[test]
    fn a_line_has_its_turn_ten_times_a_second_and_no_burst_takes_more_than_its_part() {
        let mut pace = Pace::default();
        let line = |queue: u32| (QueueKey(queue), ChannelKey(0));
        let admitted = |pace: &mut Pace, millis| (0..100).filter(|queue| pace.admits(at(millis), line(*queue))).count();
        assert_eq!(admitted(&mut pace, 0), LINES_MAX);
        assert_eq!(admitted(&mut pace, 99), 0);
        let alone = (100..1_100).filter(|millis| pace.admits(at(*millis), line(0))).count();
        assert_eq!(alone, 10);
        assert!(pace.admits(at(0), line(0)), "a clock that was set back holds nothing up");
    }
}
