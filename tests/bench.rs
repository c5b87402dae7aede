//! `attune bench` as anybody runs it: one JSON object with the documented keys, whatever was measured.

use std::process::{Command, Output};

use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_attune")).arg("bench").args(arguments).output().expect("the bench runs")
}

fn figures(arguments: &[&str]) -> Value {
    let output = bench(arguments);
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("one JSON object, but {error}: {stderr}"))
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap_or_else(|| panic!("{object} is an object")).keys().map(String::as_str).collect()
}

fn list<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object[key].as_array().unwrap_or_else(|| panic!("{key} is a list in {object}"))
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key} is a number in {row}"))
}

#[test]
fn the_decision_alone_is_one_object_with_every_key_explained_and_nothing_else_measured() {
    let figures = figures(&["--quick", "--only", "decision", "--agents", "100", "--format", "json", "--seed", "7"]);
    let all = ["decision", "echo", "goals", "machine", "memory", "path", "settings", "toy", "workloads"];
    assert_eq!(keys(&figures), all);
    for row in list(&figures, "decision") {
        assert!(["contact_arrives", "agent_frees"].contains(&row["direction"].as_str().expect("text")), "{row}");
        assert_eq!(number(row, "agents"), 100.0);
        assert!(number(row, "waiting") >= 10_000.0, "{row}");
        assert!(number(row, "p50_us") > 0.0 && number(row, "p99_us") >= number(row, "p50_us"), "{row}");
        assert!(number(row, "command_p99_us") >= number(row, "command_p50_us"), "{row}");
        assert!(number(row, "examined_max") >= number(row, "examined_p50") && number(row, "decisions") > 0.0, "{row}");
    }
    assert_eq!(list(&figures, "decision").len(), 4, "two lengths of the line, in both directions");
    for nothing in ["path", "echo", "toy"] {
        assert!(list(&figures, nothing).is_empty(), "{nothing}");
    }
    assert!(figures["memory"]["waiting_contact_bytes"].is_null());
    assert_eq!((figures["settings"]["seed"].as_u64(), figures["settings"]["quick"].as_bool()), (Some(7), Some(true)));
    assert!(number(&figures["machine"], "cores") >= 1.0);

    let help = String::from_utf8(bench(&["--help"]).stdout).expect("text");
    let mut explained = [keys(&figures), keys(&list(&figures, "decision")[0])].concat();
    explained.extend(["memory", "machine", "settings"].iter().flat_map(|object| keys(&figures[object])));
    for key in explained {
        assert!(help.contains(key), "{key} is not explained by the help");
    }
}

#[test]
fn the_path_is_measured_in_every_mode_beside_the_toy_and_the_echo() {
    let arguments = ["--quick", "--only", "path", "--agents", "10", "--rates", "200", "--format", "json"];
    let figures = figures(&arguments);
    let path = list(&figures, "path");
    let loads: Vec<_> = path.iter().map(|row| (row["mode"].as_str().unwrap(), row["loop"].as_str().unwrap())).collect();
    let modes = ["unary", "streamed", "gateway"];
    assert_eq!(loads, modes.map(|mode| [(mode, "open"), (mode, "closed")]).concat());
    assert_eq!(list(&figures, "toy").len(), path.len());
    assert_eq!(list(&figures, "echo").len(), 2);
    for row in [path, list(&figures, "toy")].concat() {
        assert!(number(&row, "contacts") > 10.0 && number(&row, "refused") == 0.0, "{row}");
        // On a machine with a lot to do contacts may come to their ends after the round, or not within its limit.
        assert!(number(&row, "rate") >= 0.0 && number(&row, "achieved") >= 0.0, "{row}");
        assert!(number(&row, "unfinished") < number(&row, "contacts"), "{row}");
        assert!(number(&row, "p99_us") >= number(&row, "p50_us") && number(&row, "p50_us") > 0.0, "{row}");
        // A contact's id and an offer are more than this on any path.
        assert!(number(&row, "sent_bytes") > 40.0 && number(&row, "received_bytes") > 80.0, "{row}");
        if cfg!(target_os = "linux") {
            assert!(number(&row, "server_cpu_us") > 0.0 && number(&row, "client_cpu_us") > 0.0, "{row}");
        }
    }
}

#[test]
fn what_cannot_be_measured_is_said_before_anything_starts() {
    for wrong in [&["--server", "127.0.0.1:7700"][..], &["--rates", "0"], &["--only", "nothing"]] {
        let output = bench(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty());
    }
    let output = bench(&["--server", "127.0.0.1:1", "--tenant", "bench", "--format", "json"]);
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert!(stderr.contains("127.0.0.1:1 cannot be connected to"), "{stderr}");
}
