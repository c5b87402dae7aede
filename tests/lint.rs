//! `attune lint` as people and programs run it: no daemon, by its exit codes and what it prints.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use attune::{
    lint,
    model::document::{DEFAULT_TOML, Document, Format},
    sim::scenario::Scenario,
};
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

const SCENARIO: &str = "\
run = { from = '08:00', until = '18:00' }
agents.ana = { skills = { cards = 80 }, shifts = [{ from = '08:00', until = '12:00' }, { from = '12:10', until = '18:00' }] }
agents.desk = { count = 2 }
streams.chats = { queue = 'main', channel = 'chat', per_hour = 60, handling = '5m' }
";

#[test]
fn a_scenarios_day_is_looked_at_under_the_given_document() {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it is written");
    write("routing.toml", "[skills]\ncards = ''\n[channels.chat]\n[queues.main]\nrequire = { all = ['cards>=60'] }\n");
    write("day.toml", SCENARIO);
    let told = lint(folder.path(), &["routing.toml", "--scenario", "day.toml"]);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    let expected = "\
routing.toml:5:1: queues.main.require is satisfied by ana alone, at every step; train a second agent, or add a step that asks less
    queue-one-agent: when that agent is ill, at lunch or in a call, nobody takes its contacts
day.toml: agents.desk may take no contact of any queue at any step; give the agent the skills, the channels or the capacity of one
    agent-unreached: the agent signs in, waits, and is never offered anything
routing.toml:4:9: queues.main gets 10 contacts from 12:00 to 12:10 (who stays waits until 12:10), when nobody is there who may \
take them at any step; let those who are there take them by a step, or somebody who may work then
    queue-nobody-there: its contacts wait for the next shift, longer than the service level allows, or until their wait is over

routing.toml: 3 remarks
";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(text(&told.stdout)), sorted(expected), "{}", text(&told.stdout));
    let told = lint(folder.path(), &["routing.toml", "--scenario", "day.toml", "--format", "json", "--deny"]);
    assert_eq!(told.status.code(), Some(1));
    let remarks: Vec<Value> =
        text(&told.stdout).lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let of = |kind: &str| remarks.iter().find(|remark| remark["kind"] == kind).expect("it is told");
    assert_eq!(
        (&of("queue-nobody-there")["path"], &of("queue-nobody-there")["line"]),
        (&"queues.main".into(), &4.into())
    );
    assert!(of("agent-unreached").get("line").is_none());
}

#[test]
fn a_scenario_that_the_document_does_not_know_is_wrong_and_so_are_agents_beside_it() {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it is written");
    write("routing.toml", "[channels.chat]\n[queues.main]\n");
    write("day.toml", SCENARIO);
    let told = lint(folder.path(), &["routing.toml", "--scenario", "day.toml"]);
    assert_eq!(told.status.code(), Some(2));
    assert!(text(&told.stderr).contains("day.toml:2:"), "{}", text(&told.stderr));
    assert!(text(&told.stderr).contains("agents.ana.skills.cards"), "{}", text(&told.stderr));
    write("agents.csv", "agent_id\nana\n");
    let told = lint(folder.path(), &["routing.toml", "--scenario", "day.toml", "--agents", "agents.csv"]);
    assert_eq!(told.status.code(), Some(2));
    assert!(text(&told.stderr).contains("cannot be used with"), "{}", text(&told.stderr));
    assert!(lint(folder.path(), &["routing.toml", "--scenario", "none.toml"]).status.code() > Some(0));
}

/// Documents and texts of scenarios, each with its file's name.
#[derive(Default)]
struct Examples {
    documents: Vec<(String, Document)>,
    scenarios: Vec<(String, String)>,
}

/// All of a folder, documents in `routing` below it included.
fn examples(folder: &Path) -> Examples {
    let mut examples = Examples::default();
    for folder in [folder.to_owned(), folder.join("routing")].iter().filter(|folder| folder.exists()) {
        for path in fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("it is there").path()) {
            if path.extension().is_some_and(|extension| extension == "toml") {
                let (name, text) = (path.display().to_string(), fs::read_to_string(&path).expect("it can be read"));
                match Document::parse(&text, Format::Toml) {
                    Ok(document) => examples.documents.push((name, document)),
                    Err(_) => examples.scenarios.push((name, text)),
                }
            }
        }
    }
    examples
}

#[test]
fn every_shipped_scenario_is_without_a_remark_under_every_document_beside_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples");
    let (mut looked, mut told) = (0, Vec::new());
    let mut look = |name: &str, document: &Document, scenario: &Scenario| {
        let remarks = lint::day(document, &scenario.day());
        told.extend(remarks.iter().map(|remark| format!("{name}: {remark}")));
        looked += 1;
    };
    for folder in ["simulate", "study"].map(|name| root.join(name)) {
        let Examples { documents, scenarios } = examples(&folder);
        for (name, text) in &scenarios {
            // Messages that are not part of the repository: what they say does not matter to who is there.
            let text = text.replace(
                "\"../../../../shared/data/en_banking77.jsonl\", moment = \"urgent\"",
                "\"../../../src/sim/bank/messages.jsonl\"",
            );
            let own = Scenario::read(&text, &folder, None).unwrap_or_else(|error| panic!("{name}: {error}"));
            look(name, &own.document, &own);
            for (of, document) in &documents {
                // Those of other scenarios do not know its names.
                if let Ok(scenario) = Scenario::read(&text, &folder, Some(document.clone())) {
                    look(&format!("{name} under {of}"), document, &scenario);
                }
            }
        }
    }
    assert_eq!(told, [""; 0]);
    assert!(looked >= 40, "{looked} pairs were looked at");
}
