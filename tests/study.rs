//! The example study that is shipped: its files are valid, what the linter says of them is known, and the kept report is of
//! these documents and has what a report made today has.
//!
//! Not here: its numbers, which a short run does not reach; the README beside it tells how to make them again.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use attune::{
    lint::{self, Kind},
    sim::scenario::{Scenario, load_document},
};

const DOCUMENTS: [&str; 5] = ["fifo", "priority", "fit", "reserve", "announce"];

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/study").join(name)
}

/// What stands between two marks, each time.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    text.split(begin).skip(1).filter_map(|rest| rest.split_once(end)).map(|(within, _)| within).collect()
}

/// A page without its numbers: headings, pictures, and the first column of each table's rows.
fn structure(page: &str) -> BTreeMap<&'static str, Vec<String>> {
    let owned = |found: Vec<&str>| found.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let pictures = between(page, "aria-label='", "'");
    BTreeMap::from([
        ("headings", owned(between(page, "<h2>", "</h2>"))),
        ("pictures", owned(pictures)),
        ("rows", owned(between(page, "<tr><td>", "</td>"))),
        ("columns", owned(between(page, "<th>", "</th>"))),
        ("legends", owned(between(page, "<p class='legend'>", "</p>"))),
    ])
}

#[test]
fn every_file_is_valid_and_only_priority_alone_is_remarked_on() {
    for name in DOCUMENTS {
        let document = load_document(&shipped(&format!("{name}.toml"))).unwrap_or_else(|fault| panic!("{fault}"));
        let kinds: Vec<Kind> = lint::document(&document).into_iter().map(|remark| remark.kind).collect();
        // That moments only move up in their lines is what the study shows of it.
        let expected: &[Kind] = if name == "priority" { &[Kind::MomentsWithoutEmpathy] } else { &[] };
        assert_eq!(kinds, expected, "{name}");
        Scenario::load(&shipped("day.toml"), Some(document)).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_kept_report_has_what_one_made_today_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = fs::read_to_string(shipped("day.toml")).expect("it is shipped");
    let own = shipped("").display().to_string();
    let short = text
        .replace("\"21:00\"\n\n[agents", "\"08:15\"\n\n[agents")
        .replace("\"fifo.toml\"", &format!("\"{own}fifo.toml\""));
    let short = short.replace("../../../src", &format!("{own}../../../src"));
    assert!(short.contains("until = \"08:15\""), "{short}");
    fs::write(folder.path().join("day.toml"), short).expect("it is written");
    let documents = DOCUMENTS.map(|name| shipped(&format!("{name}.toml")));
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.env_clear().current_dir(folder.path()).arg("compare").args(documents);
    let told =
        command.args(["--scenario", "day.toml", "--runs", "2", "--report", "report.html"]).output().expect("it runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let table = String::from_utf8(told.stdout).expect("it is text");
    assert!(table.lines().count() <= 26, "{table}");

    let made = fs::read_to_string(folder.path().join("report.html")).expect("it was written");
    let kept = fs::read_to_string(shipped("report.html")).expect("it is shipped");
    assert!(kept.len() < 300_000, "{} bytes", kept.len());
    let (mut kept_parts, mut made_parts) = (structure(&kept), structure(&made));
    let [kept_rows, rows] =
        [&mut kept_parts, &mut made_parts].map(|parts| parts.remove("rows").expect("there are rows"));
    assert_eq!(kept_parts, made_parts, "make it anew, as the README beside it tells");
    // In a short run nobody may leave, and of nobody there is no row.
    assert!(rows.iter().all(|row| kept_rows.contains(row)), "{rows:?} are not all in {kept_rows:?}");
    assert!(!kept.contains("http") && !kept.contains("NaN"), "it needs nothing else");
    for part in ["moments of truth: in time by empathetic", "all others: mean wait", "agents: all empathetic: occupied"]
    {
        assert!(rows.iter().any(|row| row == part), "{part} is not in {rows:?}");
    }
    for name in DOCUMENTS {
        assert!(kept.contains(&format!("</i>{name}</td>")), "{name}");
    }
}

#[test]
fn the_text_beside_it_has_the_numbers_of_the_kept_report() {
    let (kept, readme) = (shipped("report.html"), shipped("README.md"));
    let [kept, readme] = [kept, readme].map(|path| fs::read_to_string(path).expect("it is shipped"));
    let glance = between(&kept, "<table class='wrap'>", "</table>")[0];
    for (name, row) in DOCUMENTS.iter().zip(glance.split("<tr><td>").skip(1)) {
        let written = readme.lines().find(|line| line.starts_with(&format!("| {name} "))).expect("each has a row");
        for cell in between(row, "<td>", "<small>") {
            assert!(written.contains(&format!("| {cell} ")), "{name}: {cell} is not in {written}");
        }
    }
}
