//! `attune lint` as people and programs run it: no daemon, by its exit codes and what it prints.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use attune::model::document::DEFAULT_TOML;
use serde_json::Value;
use tempfile::TempDir;

const FAULTY: &str = "\
[skills]
cards = ''
[channels.chat]
[queues.main]
require = { all = ['cards>=60'] }
max_wait = { after = '5m' }
steps = [{ after = '6m', require = { all = ['cards'] } }]
";

fn lint(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_attune"))
        .arg("lint")
        .args(words)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("it is text")
}

#[test]
fn a_remark_has_its_place_a_reason_and_a_way_out() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("routing.toml"), FAULTY).expect("it is written");
    let told = lint(folder.path(), &["routing.toml"]);
    assert_eq!(told.status.code(), Some(0));
    let expected = "\
routing.toml:7:12: queues.main.steps[0].after is 6m, and max_wait ends at 5m; let it be shorter, or the wait longer
    step-never-applies: nobody waits as long as that, so the agents whom the step would let in are never asked

routing.toml: 1 remark
";
    assert_eq!(text(&told.stdout), expected);
    assert_eq!(lint(folder.path(), &["routing.toml", "--deny"]).status.code(), Some(1));
}

#[test]
fn agents_are_looked_at_too_and_programs_read_json() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("routing.toml"), FAULTY).expect("it is written");
    fs::write(folder.path().join("agents.csv"), "agent_id,skills\nana,cards=50\nben,crads=70\n")
        .expect("it is written");
    let told = lint(folder.path(), &["routing.toml", "--agents", "agents.csv", "--format", "json"]);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    let remarks: Vec<Value> =
        text(&told.stdout).lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let kinds: Vec<&str> = remarks.iter().filter_map(|remark| remark["kind"].as_str()).collect();
    for kind in
        ["step-never-applies", "queue-nobody-serves", "level-nobody-has", "agent-names-unknown", "agent-unreached"]
    {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let unknown = remarks.iter().find(|remark| remark["kind"] == "agent-names-unknown").expect("it is there");
    assert_eq!(unknown["path"], "agents.ben");
    assert!(unknown["message"].as_str().is_some_and(|said| said.contains("did you mean \"cards\"?")), "{unknown}");
    assert!(unknown.get("line").is_none() && remarks.iter().all(|remark| remark["why"].is_string()));
}

#[test]
fn what_is_wrong_is_no_remark() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("routing.toml"), "[queues.main]\nchanels = []\n").expect("it is written");
    let told = lint(folder.path(), &["routing.toml"]);
    assert_eq!(told.status.code(), Some(2));
    assert!(text(&told.stderr).contains("routing.toml:2:1: queues.main.chanels"), "{}", text(&told.stderr));
    fs::write(folder.path().join("routing.toml"), DEFAULT_TOML).expect("it is written");
    fs::write(folder.path().join("agents.csv"), "agent_id,skills\nana,cards=500\n").expect("it is written");
    let told = lint(folder.path(), &["routing.toml", "--agents", "agents.csv"]);
    assert_eq!(told.status.code(), Some(2));
    assert!(text(&told.stderr).contains("line 2"), "{}", text(&told.stderr));
    assert_eq!(lint(folder.path(), &["routing.toml"]).stdout, b"routing.toml: nothing to remark\n");
}
