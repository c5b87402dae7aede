//! The texts that may be used: labelled sets from a folder that is given, and messages written for the project.

use std::{fs, path::Path};

use attune::scoring::text::{fit::Example, language::Language};
use serde_json::Value;

/// A text of a set, with what is known of it.
#[derive(Debug, Clone)]
pub struct Row {
    pub language: Language,
    pub set: &'static str,
    pub text: String,
    /// The situation it is about; absent in sets.
    pub idea: Option<String>,
    pub negative: Option<bool>,
    pub angry: Option<bool>,
    pub urgent: Option<bool>,
    /// Trouble of any kind, where the set says so.
    pub trouble: Option<bool>,
    /// The published test split.
    pub is_test: bool,
}

/// The labelled sets, by file.
pub const SETS: [(&str, Language); 8] = [
    ("en_banking77", Language::En),
    ("en_clinc150", Language::En),
    ("en_goemotions", Language::En),
    ("en_xed", Language::En),
    ("pl_xed", Language::Pl),
    ("vi_xed", Language::Vi),
    ("zh_xed", Language::Zh),
    ("zhtw_xed", Language::Zh),
];

/// The project's own lines of everyday feelings.
pub const FEELINGS: &str = "feelings";

/// Where the project's own messages are.
pub const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/analyser");

/// Reads all sets of a folder.
pub fn sets(folder: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for (set, language) in SETS {
        let path = folder.join(format!("{set}.jsonl"));
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()));
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).expect("a set has an object a line");
            let flag = |name: &str| row.get(name).and_then(Value::as_i64).map(|flag| flag == 1);
            rows.push(Row {
                language,
                set,
                text: row["text"].as_str().expect("a row has a text").to_owned(),
                idea: None,
                negative: flag("neg"),
                angry: flag("anger"),
                urgent: flag("urgent"),
                trouble: flag("trouble"),
                is_test: row["split"].as_str() == Some("test"),
            });
        }
    }
    rows
}

/// Reads what was written for the project to learn from: messages, and everyday lines with and without bad feelings.
pub fn learnt_from() -> Vec<Row> {
    let mut rows = own("messages");
    for language in Language::ALL {
        let path = format!("{OWN}/messages/{}.feelings.tsv", language.code());
        rows.extend(written(&path).into_iter().map(|[idea, label, text]| Row {
            language,
            set: FEELINGS,
            text,
            idea: Some(idea),
            negative: Some(label == "negative"),
            angry: None,
            urgent: None,
            trouble: None,
            is_test: false,
        }));
    }
    rows
}

/// Reads messages written for the project: `messages` to learn from, `unseen` to be judged by.
pub fn own(folder: &'static str) -> Vec<Row> {
    let mut rows = Vec::new();
    for language in Language::ALL {
        let path = format!("{OWN}/{folder}/{}.tsv", language.code());
        rows.extend(written(&path).into_iter().map(|[idea, label, text]| Row {
            language,
            set: folder,
            text,
            idea: Some(idea),
            negative: Some(label != "routine"),
            angry: None,
            urgent: Some(label == "urgent"),
            trouble: Some(label != "routine"),
            is_test: folder == "unseen",
        }));
    }
    rows
}

/// The lines of a file of idea, label, event, text, without the event; none where there is no file.
fn written(path: &str) -> Vec<[String; 3]> {
    let Ok(text) = fs::read_to_string(path) else { return Vec::new() };
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let split = lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [idea, label, _, text] = fields[..] else { panic!("{path}: four fields, not {line:?}") };
        [idea, label, text].map(str::to_owned)
    });
    split.collect()
}

/// What a row teaches; of large sets each row counts less, so that no set drowns the others.
pub fn example(row: &Row, size: usize) -> Example {
    let truth = |flag: Option<bool>| flag.map(|flag| if flag { 1.0 } else { 0.0 });
    let weight = (4000.0 / size as f32).sqrt().min(2.0);
    // Where only urgent intents count as negative, that teaches little about feelings.
    let weight = if row.set != "messages" && row.urgent.is_some() { weight * 0.3 } else { weight };
    Example {
        text: row.text.clone(),
        negative: truth(row.negative),
        angry: truth(row.angry),
        urgent: truth(row.urgent),
        weight,
        source: SETS.iter().position(|(set, _)| *set == row.set).map_or(u8::MAX, |set| set as u8),
    }
}
