//! Dashboards, rules and runbook speak of the metrics that there are, by labels that they have, and of all of them.
//!
//! Invariant: a metric that nobody is shown fails here, as does a name that the daemon does not know. Not here: whether the
//! queries find something (`tests/boards`, with a real Prometheus), whether alerts fire (`promtool test rules`).

use std::{collections::BTreeSet, fs, path::Path};

use attune::telemetry::metrics::{Kind, METRICS, Metric};

/// Labels that Prometheus adds.
const ADDED: [&str; 3] = ["job", "instance", "le"];
/// What Prometheus makes of a histogram.
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];

/// A place in a text where a metric is named.
#[derive(Debug, PartialEq, Eq)]
struct Named<'a> {
    name: &'a str,
    /// Labels that are asked for beside it.
    labels: Vec<&'a str>,
}

/// Every metric that a text names; what is recorded by rules has a colon on either side and is none.
fn named(text: &str) -> Vec<Named<'_>> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (at, _) in text.match_indices("attune_") {
        let rest = &text[at..];
        let (name, after) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        let is_whole = !text[..at].ends_with(|c| is_word(c) || c == ':') && !after.starts_with(':');
        if is_whole {
            let inside = after.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inside, _)| inside);
            let labels = inside.split(',').filter_map(|pair| pair.split(['=', '!']).next()).map(str::trim);
            found.push(Named { name, labels: labels.filter(|label| !label.is_empty()).collect() });
        }
    }
    found
}

/// The metric of that name, or that the name is a part of.
fn metric_of(name: &str) -> Option<&'static Metric> {
    let whole = METRICS.iter().find(|metric| metric.name == name && metric.kind != Kind::Histogram);
    whole.or_else(|| {
        let of = PARTS.iter().find_map(|part| name.strip_suffix(part))?;
        METRICS.iter().find(|metric| metric.name == of && metric.kind == Kind::Histogram)
    })
}

/// What is wrong with a name or its labels, if anything is.
fn fault(named: &Named<'_>) -> Option<String> {
    let Some(metric) = metric_of(named.name) else { return Some(format!("{} is no metric", named.name)) };
    let unknown = named.labels.iter().find(|label| !metric.labels.contains(label) && !ADDED.contains(label));
    unknown.map(|label| format!("{} has no label {label:?}", named.name))
}

/// Files of a folder below `deploy` that end so, with their texts.
fn texts(folder: &str, end: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(folder);
    let entries =
        fs::read_dir(&folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path());
    let files = entries.filter(|path| path.to_str().is_some_and(|path| path.ends_with(end)));
    files.map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("it is text"))).collect()
}

#[test]
fn what_is_deployed_speaks_of_metrics_that_there_are() {
    let files =
        [texts("grafana", ".json"), texts("prometheus", "rules.yml"), texts("prometheus", "alerts.yml")].concat();
    assert!(files.len() >= 6, "only {} files found", files.len());
    // As a panel's expression has them within JSON.
    let plain = |text: &str| text.replace("\\\"", "\"");
    let faults: Vec<_> = files
        .iter()
        .flat_map(|(file, text)| {
            named(&plain(text)).iter().filter_map(fault).map(|fault| format!("{file}: {fault}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_metric_is_on_a_board() {
    let boards = texts("grafana", ".json");
    let shown: BTreeSet<_> = boards
        .iter()
        .flat_map(|(_, text)| named(text))
        .filter_map(|named| metric_of(named.name))
        .map(|metric| metric.name)
        .collect();
    let missing: Vec<_> = METRICS.iter().map(|metric| metric.name).filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "on no board: {missing:?}");
}

#[test]
fn planted_names_and_labels_are_noticed() {
    let names = r#"sum(rate(attune_rona_total{tenant=~"a|b",queue!="c"}[5m])) / x:attune_y:rate5m"#;
    let found = named(names);
    assert_eq!(found, [Named { name: "attune_rona_total", labels: vec!["tenant", "queue"] }]);
    assert_eq!(fault(&found[0]), Some(r#"attune_rona_total has no label "queue""#.to_owned()));
    let fault_of = |name| fault(&Named { name, labels: Vec::new() });
    assert_eq!(fault_of("attune_wait_seconds_bucket"), None);
    assert_eq!(fault_of("attune_wait_seconds"), Some("attune_wait_seconds is no metric".to_owned()), "its parts are");
    assert_eq!(fault_of("attune_ronas_total"), Some("attune_ronas_total is no metric".to_owned()));
}
