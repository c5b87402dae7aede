//! "Did you mean": the nearest of the names that would have been right.
//!
//! Invariant: a name is suggested only if it differs by so little that it was probably meant.

/// The nearest of the known names, if one is near: one change in a short name, two in a longer one.
pub fn similar<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let within = match given.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let near = known.into_iter().filter(|name| name.len().abs_diff(given.len()) <= within);
    let distances = near.map(|name| (strsim::osa_distance(given, name), name));
    distances.filter(|(distance, _)| *distance <= within).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn only_what_was_probably_meant_is_suggested() {
        let known = ["listen", "log.level", "log.format"];
        assert_eq!(similar("lisen", known), Some("listen"));
        assert_eq!(similar("log.fromat", known), Some("log.format"));
        assert_eq!(similar("log.colour", known), None);
        assert_eq!(similar("lo", known), None);
    }
}
