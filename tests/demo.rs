//! `attune demo` as anybody runs it: it ends with one JSON object, loses nothing, offers nothing twice; and in a build
//! that does so on purpose, it notices.

use std::process::{Command, Output};

use serde_json::Value;

fn demo(arguments: &[&str], fault: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.arg("demo").args(arguments).env("ATTUNE_FAULT", fault);
    command.output().expect("the demo runs")
}

/// The last line, as JSON, and what went to standard error.
fn figures(output: &Output) -> (Value, String) {
    let stderr = String::from_utf8(output.stderr.clone()).expect("text");
    let stdout = std::str::from_utf8(&output.stdout).expect("text");
    let last = stdout.lines().last().unwrap_or_else(|| panic!("nothing was printed; {stderr}"));
    (serde_json::from_str(last).unwrap_or_else(|error| panic!("{error} in {last}; {stderr}")), stderr)
}

fn number(figures: &Value, key: &str) -> f64 {
    figures[key].as_f64().unwrap_or_else(|| panic!("{key} is a number in {figures}"))
}

#[test]
fn a_quarter_of_an_hour_at_the_bank_loses_nothing() {
    let output = demo(&["--duration", "5s", "--format", "json"], "");
    let (figures, stderr) = figures(&output);
    assert!(output.status.success(), "{stderr}\n{figures}");
    let get = |key| number(&figures, key);
    assert_eq!((get("lost"), get("offered_twice")), (0.0, 0.0), "{stderr}");
    assert!(get("contacts") > 50.0 && get("answered") > 0.0, "{figures}");
    let all = ["answered", "abandoned", "timed_out", "waiting", "lost"].map(get).iter().sum::<f64>();
    assert_eq!(all, get("contacts"), "every contact has one end or a place: {figures}");
    assert!(get("streams_cut") >= 1.0 && get("streams_resumed") >= 1.0, "{figures}");
    assert!(get("wait_p99_ms") >= get("wait_p50_ms") && get("dispatch_p99_us") >= get("dispatch_p50_us"), "{figures}");
    assert!(get("offers") >= get("answered"), "{figures}");
    assert_eq!((get("scale"), get("seed"), get("duration_s"), get("agents")), (180.0, 1.0, 5.0, 60.0));
    assert_eq!(figures["wait_clock"], "played");
    assert_eq!(figures["languages"].as_object().expect("languages").len(), 6, "{figures}");
    let runs = ["live", "by_moments", "first_come"].map(|run| &figures["moments"][run]);
    for run in runs {
        let came = |kind: &str| number(&run[kind], "contacts");
        assert!(came("moments") > 0.0 && came("routine") > came("moments"), "{figures}");
        assert!(number(&run["moments"], "empathetic_in_time") <= number(&run["moments"], "in_time"), "{figures}");
        assert!(number(run, "service_level") > 0.0, "{figures}");
    }
    let came = |run: usize| [&runs[run]["moments"]["contacts"], &runs[run]["routine"]["contacts"]];
    assert_eq!(came(1), came(2), "the same day under two documents: {figures}");
    for key in ["declined", "expired", "rescinded", "transferred", "connect_failed", "offered_load"] {
        get(key);
    }
}

#[test]
fn what_cannot_be_played_is_said_before_anything_starts() {
    let dir = tempfile::TempDir::new().expect("a directory");
    let path = dir.path().join("messages.jsonl");
    std::fs::write(&path, "{\"text\":\"hello\"}\n{\"txt\":\"hello\"}\n").expect("a file");
    let output = demo(&["--messages", path.to_str().expect("text")], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert!(stderr.contains("messages.jsonl, line 2: ") && stderr.contains("text"), "{stderr}");

    assert_eq!(demo(&["--duration", "5 minutes"], "").status.code(), Some(2));
}

#[cfg(feature = "planted-faults")]
#[test]
fn planted_faults_are_noticed() {
    for (fault, key, words) in
        [("offer-twice", "offered_twice", "is offered twice"), ("drop-contact", "lost", "is lost")]
    {
        let output = demo(&["--duration", "5s", "--format", "json"], fault);
        let (figures, stderr) = figures(&output);
        assert_eq!(output.status.code(), Some(1), "{fault}: {stderr}");
        assert!(number(&figures, key) > 0.0 && stderr.contains(words), "{fault}: {figures}\n{stderr}");
    }
}
