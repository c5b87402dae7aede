//! Every command that the README shows is run: `.ci/run` takes each block from the README by its name.
//!
//! Invariant: a block of commands without a name, or with one that `.ci/run` does not run, fails here; so does a name
//! that `.ci/run` asks for and the README has lost. Not here: running them, which takes a bare machine and minutes.

use std::{collections::BTreeMap, fs, path::Path};

/// How `.ci/run` takes a block from the README.
const RUNNERS: [&str; 3] = ["run_readme ", "start_readme ", "start_daemon "];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// Blocks of commands by name, and what is wrong with them.
fn blocks(readme: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut blocks, mut faults) = (BTreeMap::new(), Vec::new());
    let mut lines = readme.lines().enumerate().map(|(index, line)| (index + 1, line));
    let mut before = "";
    while let Some((number, line)) = lines.next() {
        if line.starts_with("```") {
            let body: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            let name = before.strip_prefix("<!-- ci: ").and_then(|rest| rest.strip_suffix(" -->"));
            match (line, name) {
                ("```text" | "```json" | "```toml", _) => {}
                ("```sh", Some(name)) if !blocks.contains_key(name) => {
                    blocks.insert(name.to_owned(), body.join("\n"));
                }
                ("```sh", Some(name)) => faults.push(format!("README.md:{number}: the name {name} is taken")),
                ("```sh", None) => faults.push(format!("README.md:{number}: nothing runs this block: name it")),
                (other, _) => faults.push(format!("README.md:{number}: {other:?} is no kind of block; sh, text, …")),
            }
        }
        before = line;
    }
    (blocks, faults)
}

/// The names that the script runs.
fn run_by(script: &str) -> Vec<&str> {
    let words = script.lines().flat_map(|line| RUNNERS.iter().filter_map(move |runner| line.split_once(*runner)));
    let names = words.filter_map(|(_, rest)| rest.split_whitespace().next());
    names.filter(|name| name.starts_with(char::is_alphabetic)).collect()
}

#[test]
fn every_command_is_run() {
    let (script, readme) = (read(".ci/run"), read("README.md"));
    let (blocks, mut faults) = blocks(&readme);
    let run = run_by(&script);
    faults
        .extend(blocks.keys().filter(|name| !run.contains(&name.as_str())).map(|name| format!("{name} is never run")));
    faults.extend(run.iter().filter(|name| !blocks.contains_key(**name)).map(|name| format!("{name} is not there")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(blocks["test"], "cargo test", "the README's test command is the plain one");
    assert_eq!(blocks["demo"], "cargo run --release -- demo");
    assert_eq!(blocks["daemon"], "cargo run --release --bin attuned");
}

#[test]
fn planted_blocks_are_noticed() {
    let (found, faults) = blocks("<!-- ci: a -->\n```sh\none\ntwo\n```\n\n```sh\nthree\n```\n```bash\n```\n");
    assert_eq!(found, BTreeMap::from([("a".to_owned(), "one\ntwo".to_owned())]));
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("README.md:7: nothing runs this block"), "{faults:?}");
    assert_eq!(
        run_by("section 'x' run_readme a\n    start_readme watch \"$log\"\n run_readme \"$1\"\n"),
        ["a", "watch"]
    );
}
