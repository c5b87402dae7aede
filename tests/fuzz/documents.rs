//! The configuration: routing documents in three notations, and the daemon's settings.

use std::{
    fs,
    time::{Duration, Instant},
};

use attune::{
    config::{Flags, Sources},
    model::document::{DEFAULT_TOML, Document, Format},
};
use tempfile::TempDir;

use super::{corpus, play};

/// What a text of the corpus's size may take, on a machine that has other things to do.
const LONGEST: Duration = Duration::from_secs(5);

/// Marks and words that mean something to one parser or another.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    "\"",
    "\"\"\"",
    "'",
    "'''",
    "#",
    "=",
    ":",
    ": ",
    ",",
    "-",
    "- ",
    "---",
    "...",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!binary ",
    "|",
    ">",
    "? ",
    "%YAML 9.9",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\u{feff}",
    "\\u0000",
    "\\uD800",
    "\\",
    "null",
    "~",
    "true",
    "yes",
    "1e999",
    "-1",
    "0x10",
    "99999999999999999999",
    "NaN",
    "inf",
    "1979-05-27T07:32:00Z",
    ".",
    "..",
    "require",
    "queues",
    "all",
    "any>=101",
    "after",
    "9999999d",
    "é",
    "漢",
    "\u{202e}",
];

/// Reads a text, in bounded time; what is wrong with it has a place in it.
fn read(text: &str, format: Format) {
    let started = Instant::now();
    let read = Document::parse(text, format);
    let took = started.elapsed();
    assert!(took < LONGEST, "{} bytes of {format} took {took:?}", text.len());
    let Err(error) = read else { return };
    // YAML ends a line at a carriage return as well.
    let lines = text.matches(['\n', '\r']).count() + 1;
    let violations = error.violations();
    assert!(!violations.is_empty(), "refused for nothing: {error}");
    for violation in violations {
        assert!(violation.at.line >= 1 && violation.at.column >= 1, "{violation:?}");
        // A parser that misses something says so behind the last line.
        assert!(violation.at.line <= lines + 1, "{violation:?} is behind the last of {lines} lines: {text:?}");
        assert!(!violation.message.trim().is_empty(), "{violation:?}");
    }
}

fn seeds() -> Vec<(Format, String)> {
    let of = |(name, bytes): (String, Vec<u8>)| {
        let extension = name.rsplit('.').next().expect("a name has an end");
        let format = Format::of_extension(extension).unwrap_or_else(|| panic!("{name}: of which notation?"));
        (format, String::from_utf8_lossy(&bytes).into_owned())
    };
    let built_in = (Format::Toml, DEFAULT_TOML.to_owned());
    let office = (Format::Toml, super::world::OFFICE.to_owned());
    corpus("documents").into_iter().map(of).chain([built_in, office]).collect()
}

#[test]
fn documents_may_be_any_text() {
    let seeds = seeds();
    for (format, text) in &seeds {
        read(text, *format);
    }
    play("documents_may_be_any_text", 1_500, |mutator| {
        let (format, text) = mutator.pick(&seeds);
        let (_, other) = mutator.pick(&seeds);
        read(&mutator.text_of(text, other, WORDS), *format);
    });
}

#[test]
fn documents_may_be_as_deep_and_as_wide_as_they_like() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let json = [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(200_000), "{\"a\":[".repeat(50_000)];
    let toml = [
        format!("a = {}", deep("[", "]")),
        format!("a = {}", deep("{ a = ", "}")),
        format!("{} = 1", ["a"; 50_000].join(".")),
        format!("[{}]", ["a"; 50_000].join(".")),
    ];
    let indented: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let bomb: String = std::iter::once("a0: &a0 [x, x]\n".to_owned())
        .chain((1..40).map(|n| format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1)))
        .collect();
    let yaml = [deep("[", "]"), deep("{a: ", "}"), "- ".repeat(50_000), indented, bomb, "? ".repeat(20_000)];
    json.iter().for_each(|text| read(text, Format::Json));
    toml.iter().for_each(|text| read(text, Format::Toml));
    yaml.iter().for_each(|text| read(text, Format::Yaml));
}

#[test]
fn settings_may_be_any_text() {
    let shipped = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/attuned.toml")).expect("it is there");
    let mut seeds: Vec<String> =
        corpus("settings").into_iter().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned()).collect();
    seeds.push(shipped);
    let place = TempDir::new().expect("a folder");
    let path = place.path().join("attuned.toml");
    let read = |text: &[u8], env: Vec<(String, String)>| {
        fs::write(&path, text).expect("written");
        let flags = Flags { config: Some(path.clone()), ..Flags::default() };
        let started = Instant::now();
        let reading = Sources::new(flags, env).read();
        assert!(started.elapsed() < LONGEST, "{} bytes took {:?}", text.len(), started.elapsed());
        for problem in &reading.problems {
            assert!(!problem.message.trim().is_empty() && !problem.origin.to_string().is_empty(), "{problem:?}");
        }
        // Whatever is wrong, there are values for all, which can be shown.
        assert!(!reading.loaded.effective().is_empty());
    };
    seeds.iter().for_each(|text| read(text.as_bytes(), Vec::new()));
    play("settings_may_be_any_text", 1_500, |mutator| {
        let (text, other) = (mutator.pick(&seeds).clone(), mutator.pick(&seeds).clone());
        let mut text = mutator.text_of(&text, &other, WORDS).into_bytes();
        if mutator.chance(10) {
            mutator.bytes_of(&mut text, other.as_bytes());
        }
        let name =
            *mutator.pick(&["ATTUNE_LISTEN", "ATTUNE_TENANTS", "ATTUNE_LOG_LEVEL", "ATTUNE_DRAIN_SECS_MAX", "ATTUNE_"]);
        let value = mutator.text_of("127.0.0.1:0,a=b", &other, WORDS);
        read(&text, vec![(name.to_owned(), value)]);
    });
}
