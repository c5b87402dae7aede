//! How values are written on the command line: durations, times, requirements, agents' skills.
//!
//! Invariant: what is refused is refused with an example of what would be right. Not here: rules that the daemon has (it
//! answers with every violation).

use std::{str::FromStr, time::Duration};

use prost_types::Timestamp;

use crate::api::pb;

/// Reads `500ms`, `20s`, `4m`, `1h` or `2d`.
pub fn parse_span(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let millis = match unit {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    let span = number.parse::<u64>().ok().filter(|_| millis > 0).and_then(|number| number.checked_mul(millis));
    span.map(Duration::from_millis).ok_or_else(|| "say it as 500ms, 20s, 4m, 1h or 2d".to_owned())
}

/// As [`parse_span`], also backwards: `-5m`.
pub fn parse_signed_span(text: &str) -> Result<prost_types::Duration, String> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let span = span(parse_span(text)?);
    Ok(prost_types::Duration { seconds: i64::from(sign) * span.seconds, nanos: sign * span.nanos })
}

/// A duration of the wire.
pub fn span(span: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(span.subsec_nanos()).unwrap_or_default(),
    }
}

/// Reads a time as RFC 3339, such as `2026-11-22T14:00:00Z`.
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::from_str(text).map_err(|_| "say it as 2026-11-22T14:00:00Z".to_owned())
}

/// Reads `cards` or `cards>=60`.
pub fn parse_condition(text: &str) -> Result<pb::SkillCondition, String> {
    let (skill, proficiency) = match text.split_once(">=") {
        Some((skill, proficiency)) => (skill, proficiency.trim().parse().ok()),
        None => (text, Some(0)),
    };
    match (skill.trim(), proficiency) {
        ("", _) | (_, None) => Err("say it as cards, or as cards>=60 with a proficiency of 1 to 100".to_owned()),
        (skill, Some(proficiency)) => Ok(pb::SkillCondition { skill: skill.to_owned(), proficiency }),
    }
}

/// Reads `key=value`; the key ends at the first `=`.
pub fn parse_attribute(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| "say it as key=value".to_owned())?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads `name=number`, such as `cards=80`; the number is what follows the last `=`.
pub fn parse_level(text: &str) -> Result<(String, u32), String> {
    let level = text.rsplit_once('=').and_then(|(name, number)| Some((name.to_owned(), number.trim().parse().ok()?)));
    level.ok_or_else(|| "say it as name=number, such as cards=80".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit() {
        assert_eq!(parse_span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_span("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(parse_span("20"), Ok(Duration::from_secs(20)));
        assert_eq!(parse_span("2d"), Ok(Duration::from_secs(172_800)));
        for wrong in ["", "s", "-5s", "1.5s", "5 minutes", "99999999999999999999s", "99999999999999999d"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn head_starts_may_be_negative() {
        let back = parse_signed_span("-90s").unwrap();
        assert_eq!((back.seconds, back.nanos), (-90, 0));
        assert_eq!(parse_signed_span("5m").unwrap().seconds, 300);
    }

    #[test]
    fn conditions_and_levels_end_where_they_should() {
        let condition = |skill: &str, proficiency| Ok(pb::SkillCondition { skill: skill.into(), proficiency });
        assert_eq!(parse_condition("cards"), condition("cards", 0));
        assert_eq!(parse_condition("lang=pl >= 60"), condition("lang=pl", 60));
        assert!(parse_condition(">=60").is_err() && parse_condition("cards>=much").is_err());
        assert_eq!(parse_level("lang=pl=60"), Ok(("lang=pl".to_owned(), 60)));
        assert!(parse_level("cards").is_err());
        assert!(parse_time("14:00").is_err() && parse_time("2026-11-22T14:00:00Z").is_ok());
    }
}
