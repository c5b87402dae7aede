//! The clock of the played day: a fixed number of times faster than ours.
//!
//! Invariant: one scale for the whole run; real and played time are only converted here.

use std::time::Duration;

use tokio::time::Instant;

/// A whole day takes so long at the usual scale.
pub const DAY_TAKES: Duration = Duration::from_secs(240);

/// Played time beside ours.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    scale: f64,
    began: Instant,
    from: Duration,
}

/// Which part of the day a run plays, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Played seconds in a real one.
    pub scale: f64,
    /// Time of day at the start.
    pub from: Duration,
    /// Time of day at the end.
    pub until: Duration,
}

impl Span {
    /// What a run of this length plays of a day between these times: the whole day if there is time for it, slower if
    /// there is more, and otherwise the time around the peak.
    pub fn of(takes: Duration, opens: Duration, closes: Duration, peak: Duration) -> Self {
        let day = closes - opens;
        let scale = day.as_secs_f64() / DAY_TAKES.max(takes).as_secs_f64();
        let span = takes.mul_f64(scale).min(day);
        let from = peak.saturating_sub(span / 2).max(opens).min(closes - span);
        Self { scale, from, until: from + span }
    }
}

impl Clock {
    /// Starts at the span's beginning, in so long; until then it stands still.
    pub fn start_in(lead: Duration, span: Span) -> Self {
        Self { scale: span.scale, began: Instant::now() + lead, from: span.from }
    }

    /// Time of day.
    pub fn now(&self) -> Duration {
        self.from + self.began.elapsed().mul_f64(self.scale)
    }

    /// The real moment of a time of day.
    pub fn moment(&self, at: Duration) -> Instant {
        self.began + self.real(at.saturating_sub(self.from))
    }

    /// How long a played time really takes.
    pub fn real(&self, played: Duration) -> Duration {
        played.div_f64(self.scale)
    }

    /// What a real time is in the played day.
    pub fn played(&self, real: Duration) -> Duration {
        real.mul_f64(self.scale)
    }
}

/// A time of day, or a length of time, as hours, minutes and seconds.
pub fn hms(time: Duration) -> String {
    let secs = time.as_secs();
    format!("{:02}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
}

/// A wait, as minutes and seconds.
pub fn ms(time: Duration) -> String {
    let secs = time.as_secs_f64().round();
    format!("{}:{:02}", (secs / 60.0).floor(), secs % 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: f64) -> Duration {
        Duration::from_secs_f64(hours * 3_600.0)
    }

    fn span(takes_secs: u64) -> (f64, Duration, Duration) {
        let Span { scale, from, until } =
            Span::of(Duration::from_secs(takes_secs), hours(8.0), hours(20.0), hours(10.5));
        (scale, from, until)
    }

    #[test]
    fn short_runs_play_the_peak_and_long_ones_the_whole_day() {
        assert_eq!(span(20), (180.0, hours(10.0), hours(11.0)));
        assert_eq!(span(240), (180.0, hours(8.0), hours(20.0)));
        assert_eq!(span(480), (90.0, hours(8.0), hours(20.0)));
        assert_eq!(span(120), (180.0, hours(8.0), hours(14.0)));
        assert_eq!((hms(hours(10.5)), ms(Duration::from_millis(64_900))), ("10:30:00".to_owned(), "1:05".to_owned()));
    }
}
