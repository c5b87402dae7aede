//! `attune adapt`: re-fits the built-in analyser to an operator's own log; no daemon is asked.
//!
//! Invariant: nothing of a text goes into the file but weights of hashed features; one tenant's file is made of one
//! tenant's log. Not here: how (`scoring::text::fit`).

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::scoring::text::{
    Analyser, Scratch,
    fit::{LOG_TEXTS_MIN, Options, adapt},
    language::{Language, guess},
};

use super::{analyze::Message, failure::Failure, options::Format, output::style::Style};

/// Re-fits the built-in analyser to messages of your own, without labels
#[derive(Debug, Args)]
#[command(after_help = "\
Reads JSON lines {\"text\": …, \"lang\": optional}, learns from what the lexicon says of them, and writes one weights file \
for each language with at least 200 messages. Show the effect with `attune analyze --weights DIRECTORY`. The same log \
gives the same bytes.

Example:
  attune adapt log.jsonl --out weights/acme")]
pub struct Arguments {
    /// A file of JSON lines; `-` = standard input
    log: PathBuf,

    /// The directory to write to; it is made if it is not there
    #[arg(long, value_name = "DIRECTORY")]
    out: PathBuf,
}

/// Re-fits to what is given.
pub fn run(arguments: &Arguments) -> ExitCode {
    match adapted(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(Format::Table, Style::new(false));
            failure.exit_code()
        }
    }
}

fn adapted(arguments: &Arguments) -> Result<(), Failure> {
    let texts = texts(&arguments.log)?;
    if !texts.values().any(|texts| texts.len() >= LOG_TEXTS_MIN) {
        let counts = texts.iter().map(|(language, texts)| format!("{} of {}", texts.len(), language.code()));
        let counts = counts.collect::<Vec<_>>().join(", ");
        return Err(Failure::Usage(format!(
            "a language needs at least {LOG_TEXTS_MIN} messages; the log has {}",
            if counts.is_empty() { "none".to_owned() } else { counts }
        )));
    }
    let failed = |error| Failure::io(format!("failed to write to {}", arguments.out.display()), error);
    fs::create_dir_all(&arguments.out).map_err(failed)?;
    for (language, texts) in texts {
        if texts.len() < LOG_TEXTS_MIN {
            eprintln!("{}: only {} messages; at least {LOG_TEXTS_MIN} are needed", language.code(), texts.len());
            continue;
        }
        let model = adapt(Analyser::embedded().reader(language), language, &texts, &Options::default());
        let path = arguments.out.join(format!("{}.weights", language.code()));
        fs::write(&path, model.write()).map_err(failed)?;
        println!("{}: {} messages, {}", language.code(), texts.len(), path.display());
    }
    Ok(())
}

/// The log's texts by language.
fn texts(log: &Path) -> Result<BTreeMap<Language, Vec<String>>, Failure> {
    let failed = |error| Failure::io(format!("failed to read {}", log.display()), error);
    let input: Box<dyn BufRead> = match log.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => Box::new(BufReader::new(fs::File::open(log).map_err(failed)?)),
    };
    let mut texts = BTreeMap::<Language, Vec<String>>::new();
    let mut scratch = Scratch::default();
    for (number, line) in (1u64..).zip(input.split(b'\n')) {
        let line = line.map_err(failed)?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let message = Message::read(&line).map_err(|error| Failure::Usage(format!("line {number}: {error}")))?;
        let language = message.language.unwrap_or_else(|| match guess(&message.text) {
            certain if certain.certainty >= 600 => certain.language,
            _ => Analyser::embedded().analyse(&message.text, None, &mut scratch).language.language,
        });
        texts.entry(language).or_default().push(message.text);
    }
    Ok(texts)
}
