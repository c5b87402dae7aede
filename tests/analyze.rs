//! `attune analyze` and `attune adapt` as programs run them: JSON lines in, JSON lines out.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

fn attune(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("attune starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("attune ends");
    // Whoever is refused at once need not read.
    let written = writing.join().expect("no panic");
    assert!(written.is_ok() || !output.status.success(), "attune reads it all: {written:?}");
    output
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn every_line_in_has_its_line_out() {
    let input = [
        json!({"id": 7, "lang": "en", "text": "My card was stolen an hour ago, please block it now, I am scared"})
            .to_string(),
        json!({"id": "b", "text": "Dziękuję, wszystko świetnie działa"}).to_string(),
        json!({"text": "航班取消了，我們被困在機場，孩子在哭"}).to_string(),
    ];
    let output = attune(&["analyze"], &input.join("\n"));
    assert!(output.status.success(), "{output:?}");
    let said = lines(&output);
    assert_eq!(said.len(), 3);

    assert_eq!((&said[0]["id"], &said[0]["lang"]), (&json!(7), &json!("en")));
    assert!(said[0]["urgency"].as_f64() > Some(0.5), "{}", said[0]);
    assert!(said[0]["events"].as_array().is_some_and(|events| events.contains(&json!("card_stolen"))), "{}", said[0]);
    let evidence = said[0]["evidence"].as_array().expect("a list");
    let sum: f64 = evidence.iter().filter_map(|piece| piece["contribution"].as_f64()).sum();
    let negative = said[0]["negative"].as_f64().expect("a number");
    assert!((1.0 / (1.0 + (-sum).exp()) - negative).abs() < 0.01, "contributions add up: {sum}, {negative}");
    let scared = evidence.iter().find(|piece| piece["class"] == "fear").expect("a term of fear");
    assert_eq!(scared["text"], "scared");
    assert_eq!(scared["start"], 58);

    assert_eq!((&said[1]["id"], &said[1]["lang"]), (&json!("b"), &json!("pl")));
    assert!(said[1]["negative"].as_f64() < Some(0.3) && said[1]["valence"].as_f64() > Some(0.0), "{}", said[1]);
    assert!(said[2].get("id").is_none() && said[2]["lang"] == "zh", "{}", said[2]);
    for said in said {
        for (name, low) in
            [("negative", 0.0), ("valence", -1.0), ("arousal", 0.0), ("urgency", 0.0), ("confidence", 0.0)]
        {
            let number = said[name].as_f64().expect("a number");
            assert!((low..=1.0).contains(&number), "{name} of {said}");
        }
    }
}

#[test]
fn a_line_that_cannot_be_read_says_why_and_keeps_no_other_back() {
    let input = "{\"text\": 5}\nnot json\n{\"text\": \"fine\", \"lang\": 3}\n\n{\"text\": \"fine\"}";
    let output = attune(&["analyze", "--no-evidence"], input);
    assert_eq!(output.status.code(), Some(2));
    let said = lines(&output);
    assert_eq!(said.len(), 4);
    for (said, (line, problem)) in
        said.iter().zip([(1, "text is missing, or not a string"), (2, "not JSON"), (3, "lang is not a string")])
    {
        assert_eq!(said["line"], line);
        assert!(said["error"].as_str().is_some_and(|error| error.starts_with(problem)), "{said}");
    }
    assert!(said[3].get("error").is_none() && said[3].get("evidence").is_none(), "{}", said[3]);
}

#[test]
fn an_operator_s_own_log_gives_weights_that_are_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let log: String = (0..300)
        .map(|number| {
            let text = match number % 2 {
                0 => format!("gizmo {number} wobbled again and I am furious, it is terrible"),
                _ => format!("lovely, order {number} came early, thank you, great"),
            };
            format!("{}\n", json!({"text": text, "lang": "en"}))
        })
        .collect();
    let path = folder.path().join("log.jsonl");
    fs::write(&path, log).expect("it is written");
    let (log, out) = (path.to_str().expect("a name"), folder.path().join("weights"));
    let out = out.to_str().expect("a name");
    let adapted = attune(&["adapt", log, "--out", out], "");
    assert!(adapted.status.success(), "{adapted:?}");
    let bytes = fs::read(folder.path().join("weights/en.weights")).expect("weights are written");
    let again = attune(&["adapt", log, "--out", out], "");
    assert!(again.status.success(), "{again:?}");
    assert_eq!(
        fs::read(folder.path().join("weights/en.weights")).expect("weights"),
        bytes,
        "the same log, the same bytes"
    );

    let message = json!({"text": "the gizmo wobbled", "lang": "en"}).to_string();
    let [before, after] = [&["analyze"][..], &["analyze", "--weights", out]].map(|arguments| {
        let output = attune(arguments, &message);
        assert!(output.status.success(), "{output:?}");
        lines(&output)[0]["negative"].as_f64().expect("a number")
    });
    assert!(after > before, "a gizmo that wobbles is bad news here: {before} to {after}");

    let few = attune(&["adapt", "-", "--out", out], &message);
    assert_eq!(few.status.code(), Some(2));
    let said = String::from_utf8(few.stderr).expect("text");
    assert!(said.contains("at least 200 messages; the log has 1 of en"), "{said}");
    let empty = folder.path().join("nothing");
    fs::create_dir(&empty).expect("a folder");
    let none = attune(&["analyze", "--weights", empty.to_str().expect("a name")], &message);
    assert_eq!(none.status.code(), Some(2));
}
