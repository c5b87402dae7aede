//! `attune analyze`: what the built-in analyser says of messages; no daemon is asked.
//!
//! Invariant: every line that comes in has one line that goes out, in order; one that cannot be read says why and is
//! counted. Not here: the analysis (`scoring::text`).

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use serde_json::{Map, Value, json};

use crate::scoring::text::{
    Analyser, Analysis, Scratch,
    evidence::{Evidence, Source},
    language::Language,
    model::Model,
};

use super::{failure::Failure, options::Format, output::style::Style};

/// How much evidence a line has at most, strongest first.
const EVIDENCE_MAX: usize = 12;

/// Says how customers feel, how urgent it is and what happened, by the built-in analyser
#[derive(Debug, Args)]
#[command(after_help = "\
Reads JSON lines {\"text\": …, \"lang\": optional, \"id\": optional} and writes one JSON line for each: id, lang, \
negative (0-1), valence (-1 to 1), arousal, urgency, confidence (0-1), events, and evidence whose contributions add up to \
the log odds of negative. Places are counted in characters.

Example:
  echo '{\"text\": \"My card was stolen, please help\"}' | attune analyze")]
pub struct Arguments {
    /// A file of JSON lines; absent or `-` = standard input
    file: Option<PathBuf>,

    /// Weights that `attune adapt` wrote, instead of those that are built in
    #[arg(long, value_name = "DIRECTORY")]
    weights: Option<PathBuf>,

    /// Leaves the evidence out
    #[arg(long)]
    no_evidence: bool,
}

/// Analyses what is given.
pub fn run(arguments: &Arguments) -> ExitCode {
    let failure = match analyse_all(arguments) {
        Ok(0) => return ExitCode::SUCCESS,
        Ok(wrong) => Failure::Usage(format!("lines that could not be read: {wrong}; each says why")),
        Err(failure) => failure,
    };
    failure.tell(Format::Table, Style::new(false));
    failure.exit_code()
}

fn analyse_all(arguments: &Arguments) -> Result<u64, Failure> {
    let input: Box<dyn BufRead> = match arguments.file.as_deref().filter(|file| file.as_os_str() != "-") {
        None => Box::new(io::stdin().lock()),
        Some(path) => {
            let failed = |error| Failure::io(format!("failed to read {}", path.display()), error);
            Box::new(BufReader::new(File::open(path).map_err(failed)?))
        }
    };
    let own = arguments.weights.as_deref().map(adapted).transpose()?;
    let analyser = own.as_ref().unwrap_or_else(|| Analyser::embedded());
    let mut output = BufWriter::new(io::stdout().lock());
    let mut scratch = Scratch::default();
    let mut wrong = 0;
    for (number, line) in (1u64..).zip(input.split(b'\n')) {
        let line = line.map_err(|error| Failure::io(format!("failed to read line {number}"), error))?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = match Message::read(&line) {
            Ok(message) => message.analysed(analyser, &mut scratch, arguments),
            Err(error) => {
                wrong += 1;
                json!({ "line": number, "error": error })
            }
        };
        writeln!(output, "{answer}").map_err(closed)?;
    }
    output.flush().map_err(closed)?;
    Ok(wrong)
}

/// The built-in analyser with an operator's own weights, where there are some.
fn adapted(directory: &Path) -> Result<Analyser, Failure> {
    let mut models = [const { None }; 5];
    for language in Language::ALL {
        let path = directory.join(format!("{}.weights", language.code()));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Failure::io(format!("failed to read {}", path.display()), error)),
        };
        let model = Model::read(&bytes).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        models[language.index()] = Some(model);
    }
    if models.iter().all(Option::is_none) {
        let problem = "has no weights: a file such as en.weights, as attune adapt writes it, is looked for";
        return Err(Failure::Usage(format!("{} {problem}", directory.display())));
    }
    Ok(Analyser::with(models))
}

fn closed(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::NobodyReads,
        _ => Failure::io("failed to write", error),
    }
}

/// A message as it is given.
pub struct Message {
    id: Option<Value>,
    /// Its text.
    pub text: String,
    /// The language it is said to be in.
    pub language: Option<Language>,
}

impl Message {
    /// Reads a line.
    pub fn read(line: &[u8]) -> Result<Self, String> {
        let example = r#"say it as {"text": "…", "lang": "en", "id": 1}; lang and id may be absent"#;
        let value: Value = serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}; {example}"))?;
        let Value::Object(mut fields) = value else { return Err(format!("not an object; {example}")) };
        let Some(Value::String(text)) = fields.remove("text") else {
            return Err(format!("text is missing, or not a string; {example}"));
        };
        let language = match fields.remove("lang") {
            None | Some(Value::Null) => None,
            Some(Value::String(tag)) => Language::of_tag(&tag),
            Some(_) => return Err(format!("lang is not a string; {example}")),
        };
        Ok(Self { id: fields.remove("id"), text, language })
    }

    fn analysed(self, analyser: &Analyser, scratch: &mut Scratch, arguments: &Arguments) -> Value {
        let analysis = analyser.analyse(&self.text, self.language, scratch);
        let Analysis { language, negative, valence, arousal, urgency, confidence } = analysis;
        let lexicon = &analyser.reader(language.language).lexicon;
        let events: Vec<&str> = scratch.events.named.iter().map(|named| lexicon.event(named.event)).collect();
        let mut answer = Map::new();
        if let Some(id) = self.id {
            answer.insert("id".to_owned(), id);
        }
        let round = |number: f32| (f64::from(number) * 1e6).round() / 1e6;
        answer.insert("lang".to_owned(), json!(language.language.code()));
        for (name, number) in [
            ("negative", negative),
            ("valence", valence),
            ("arousal", arousal),
            ("urgency", urgency),
            ("confidence", confidence),
        ] {
            answer.insert(name.to_owned(), json!(round(number)));
        }
        answer.insert("events".to_owned(), json!(events));
        if !arguments.no_evidence {
            let evidence = analyser.evidence(language.language, scratch);
            answer.insert("evidence".to_owned(), shown(&self.text, &evidence));
        }
        Value::Object(answer)
    }
}

/// The strongest pieces, and the rest in one, so that they still add up.
fn shown(text: &str, evidence: &[Evidence]) -> Value {
    let (first, rest) = evidence.split_at(evidence.len().min(EVIDENCE_MAX));
    let rounded = |number: f32| (f64::from(number) * 1e4).round() / 1e4;
    let mut all: Vec<Value> = first
        .iter()
        .map(|piece| {
            let mut shown = Map::new();
            let source = match piece.source {
                Source::Term { class, applied } => {
                    shown.insert("class".to_owned(), json!(class.name()));
                    if applied.negated {
                        shown.insert("negated".to_owned(), json!(true));
                    }
                    if applied.hundredths != 100 {
                        shown.insert("weighed".to_owned(), json!(f64::from(applied.hundredths) / 100.0));
                    }
                    "term"
                }
                Source::Balance => "balance",
                Source::Event => "event",
                Source::Model => "model",
                Source::Base => "base",
            };
            shown.insert("source".to_owned(), json!(source));
            let (from, to) = piece.place;
            if from < to {
                let start = text[..from].chars().count();
                shown.insert("text".to_owned(), json!(&text[from..to]));
                shown.insert("start".to_owned(), json!(start));
                shown.insert("end".to_owned(), json!(start + text[from..to].chars().count()));
            }
            shown.insert("contribution".to_owned(), json!(rounded(piece.contribution)));
            Value::Object(shown)
        })
        .collect();
    if !rest.is_empty() {
        let sum = rest.iter().map(|piece| piece.contribution).sum();
        all.push(json!({ "source": "rest", "contribution": rounded(sum) }));
    }
    Value::Array(all)
}
