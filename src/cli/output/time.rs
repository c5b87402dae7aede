//! Times and durations for people.

use prost_types::{Duration, Timestamp};

/// A time to the second, as RFC 3339; empty if there is none.
pub fn time(time: Option<&Timestamp>) -> String {
    time.map(|time| Timestamp { nanos: 0, ..*time }.to_string()).unwrap_or_default()
}

/// A duration as on a clock: `0:05`, `12:30`, `1:02:03`, `3d 04:05`; empty if there is none.
pub fn span(span: Option<&Duration>) -> String {
    span.map(|span| clock(span.seconds)).unwrap_or_default()
}

/// So many seconds as on a clock.
pub fn clock(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let total = seconds.unsigned_abs();
    let (days, hours, minutes, seconds) = (total / 86_400, total / 3_600 % 24, total / 60 % 60, total % 60);
    match (days, hours) {
        (0, 0) => format!("{sign}{minutes}:{seconds:02}"),
        (0, _) => format!("{sign}{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("{sign}{days}d {hours:02}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_on_a_clock() {
        let spans = [5, 750, 3_723, 273_900, -90].map(clock);
        assert_eq!(spans, ["0:05", "12:30", "1:02:03", "3d 04:05", "-1:30"]);
        assert_eq!(time(Some(&Timestamp { seconds: 0, nanos: 5 })), "1970-01-01T00:00:00Z");
        assert_eq!((time(None), span(None)), (String::new(), String::new()));
    }
}
