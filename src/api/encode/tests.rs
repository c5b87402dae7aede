//! Times and spans at their edges.

use super::*;

#[test]
fn times_before_and_after_the_epoch_keep_their_microseconds() {
    assert_eq!(timestamp(Timestamp(1_000_001)), prost_types::Timestamp { seconds: 1, nanos: 1_000 });
    assert_eq!(timestamp(Timestamp(-1)), prost_types::Timestamp { seconds: -1, nanos: 999_999_000 });
    assert_eq!(timestamp(Timestamp::FAR).to_string(), "9999-12-31T23:59:59Z");
    assert_eq!(timestamp(Timestamp(i64::MIN)).to_string(), "0001-01-01T00:00:00Z");
}

#[test]
fn what_is_past_is_no_time_left() {
    assert_eq!(span(Span(-5)), prost_types::Duration::default());
    assert_eq!(span(Span(2_000_003)), prost_types::Duration { seconds: 2, nanos: 3_000 });
}
