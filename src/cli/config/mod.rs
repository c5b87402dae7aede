//! `attune config`: the routing document in force, and another one in its place.
//!
//! Invariant: what is wrong with a document is listed whole, each violation with its path. Not here: the daemon's own
//! settings (`attuned check`), of which this prints the schema only.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};

use crate::{api::pb, config};

use super::{
    arguments::parse_attribute,
    failure::Failure,
    options::{Format, Options},
    output::{Output, words::word},
    session::{self, Session},
};

/// Reads, checks and replaces the routing document of a tenant
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Prints the document in force, to the byte as it was applied
    #[command(after_help = "Example:\n  attune config get > routing.toml")]
    Get(Get),
    /// Says everything that is wrong with a document, and changes nothing
    ///
    /// Exits with 0 if the document is valid, with 2 if not.
    #[command(after_help = "Example:\n  attune config validate routing.toml")]
    Validate(File),
    /// Puts a document in force; contacts that wait already follow it
    #[command(after_help = "Example:\n  attune config apply new.toml --etag 7-9f4c21d0a7b3e865 --move old_cards=cards")]
    Apply(Apply),
    /// Prints the JSON schema of the daemon's settings
    #[command(after_help = "Example:\n  attune config schema settings > settings.schema.json")]
    Schema(Schema),
}

#[derive(Debug, Args)]
struct Get {
    /// Write it to this file instead
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct File {
    /// The document: TOML, or YAML or JSON if its name ends so; - reads TOML from standard input
    file: PathBuf,
}

#[derive(Debug, Args)]
struct Apply {
    #[command(flatten)]
    file: File,

    /// Only if the document in force has this etag
    #[arg(long, default_value = "", hide_default_value = true)]
    etag: String,

    /// Where the contacts of a queue go that the document removes; may be given several times
    #[arg(long = "move", value_name = "OLD=NEW", value_parser = parse_attribute)]
    moves: Vec<(String, String)>,
}

#[derive(Debug, Args)]
struct Schema {
    /// Of what
    #[arg(value_enum)]
    of: SchemaOf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SchemaOf {
    /// The daemon's settings.
    Settings,
}

/// Does what was asked for.
pub fn run(arguments: Arguments) -> ExitCode {
    let options = &arguments.options;
    match arguments.verb {
        Verb::Get(Get { output }) => session::run(options, async |session| get(&session, output.as_deref()).await),
        Verb::Validate(file) => session::run(options, async |session| validate(&session, &file).await),
        Verb::Apply(apply) => session::run(options, async |session| apply.run(&session).await),
        Verb::Schema(Schema { of: SchemaOf::Settings }) => {
            session::run_unconnected(options, async |out| out.text(&config::schema()))
        }
    }
}

async fn get(session: &Session, output: Option<&Path>) -> Result<(), Failure> {
    let answer = session.client.call(pb::GetDocumentRequest::default()).await?;
    let document = answer.document.clone().unwrap_or_default();
    match output {
        Some(path) => {
            let written = fs::File::create(path).and_then(|mut file| file.write_all(document.text.as_bytes()));
            written.map_err(|error| Failure::io(path.display().to_string(), error))?;
            let format = word(document.format().as_str_name(), "DOCUMENT_FORMAT_");
            session.out.say(&answer, || format!("version {} ({format}) is in {}", answer.version, path.display()))
        }
        None if session.out.format == Format::Json => session.out.json(&answer),
        None => session.out.text(&document.text),
    }
}

async fn validate(session: &Session, file: &File) -> Result<(), Failure> {
    let document = Some(file.read()?);
    let answer = session.client.call(pb::ValidateDocumentRequest { document, ..Default::default() }).await?;
    if session.out.format == Format::Json {
        session.out.json(&answer)?;
    }
    match answer.violations.as_slice() {
        [] if session.out.format == Format::Json => Ok(()),
        [] => session.out.line(&format!("{} is valid", file.file.display())),
        violations => {
            if session.out.format == Format::Table {
                violations.iter().try_for_each(|violation| tell(&session.out, file, violation))?;
            }
            let count = violations.len();
            let what = if count == 1 { "1 thing is wrong".to_owned() } else { format!("{count} things are wrong") };
            Err(Failure::Invalid(format!("{what} with {}", file.file.display())))
        }
    }
}

fn tell(out: &Output, file: &File, violation: &pb::DocumentViolation) -> Result<(), Failure> {
    let path = match violation.path.as_str() {
        "" => String::new(),
        path => format!("{} ", out.style.bold(path)),
    };
    let (line, column) = (violation.line, violation.column);
    out.line(&format!("{}:{line}:{column}: {path}{}", file.file.display(), violation.message))
}

impl Apply {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let document = Some(self.file.read()?);
        let moves = self.moves.into_iter().map(|(from, to)| pb::QueueMove { from, to }).collect();
        let call = pb::ApplyDocumentRequest { document, etag: self.etag, moves, ..Default::default() };
        let answer = session.client.call(call).await?;
        session.out.say(&answer, || format!("version {} is in force", answer.version))
    }
}

impl File {
    fn read(&self) -> Result<pb::DocumentText, Failure> {
        let text = match self.file.as_os_str() == "-" {
            true => io::read_to_string(io::stdin()),
            false => fs::read_to_string(&self.file),
        };
        let text = text.map_err(|error| Failure::io(self.file.display().to_string(), error))?;
        let ending = self.file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        let format = match ending.as_str() {
            "json" => pb::DocumentFormat::Json,
            "yaml" | "yml" => pb::DocumentFormat::Yaml,
            _ => pb::DocumentFormat::Toml,
        };
        Ok(pb::DocumentText { format: format.into(), text })
    }
}
