//! `attune config`: the routing document in force, and another one in its place.
//!
//! Invariant: what is wrong with a document is listed whole, each violation with its path. Not here: the daemon's own
//! settings (`attuned check`), of which this prints the schema only, and what applying is made of (`apply`).

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};

use crate::{api::pb, config, model::document::Document};

use super::{
    failure::Failure,
    options::{Format, Options},
    output::{Output, words::word},
    session::{self, Session},
};

mod apply;
mod history;

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
    /// Says everything that is wrong with a document or to be warned of, and changes nothing
    ///
    /// Exits with 0 if the document is valid, with 2 if not.
    #[command(after_help = "Example:\n  attune config validate routing.toml")]
    Validate(File),
    /// Puts a document in force; contacts that wait already follow it
    #[command(after_help = "Examples:\n  attune config apply routing.toml --dry-run\n  \
                            attune config apply routing.toml --etag ETAG --move old_cards=cards --note 'one queue less'")]
    Apply(apply::Apply),
    /// Lists the versions that are remembered, the latest first
    #[command(after_help = "Example:\n  attune config history")]
    History(history::History),
    /// Compares two versions, or a version with a file, value by value
    #[command(after_help = "Examples:\n  attune config diff 6 7\n  attune config diff 0 routing.toml")]
    Diff(history::Diff),
    /// Puts an earlier version in force again
    #[command(after_help = "Example:\n  attune config rollback 6 --note 'too few agents for the new steps'")]
    Rollback(apply::Rollback),
    /// Prints a JSON schema: of routing documents, or of the daemon's settings
    #[command(after_help = "Example:\n  attune config schema document > routing-document.schema.json")]
    Schema(Schema),
}

#[derive(Debug, Args)]
struct Get {
    /// An earlier version
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    at: u64,

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
struct Schema {
    /// Of what
    #[arg(value_enum)]
    of: SchemaOf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SchemaOf {
    /// Routing documents.
    Document,
    /// The daemon's settings.
    Settings,
}

/// Does what was asked for.
pub fn run(arguments: Arguments) -> ExitCode {
    let options = &arguments.options;
    match arguments.verb {
        Verb::Get(get) => session::run(options, async |session| get.run(&session).await),
        Verb::Validate(file) => session::run(options, async |session| validate(&session, &file).await),
        Verb::Apply(apply) => session::run(options, async |session| apply.run(&session).await),
        Verb::History(history) => session::run(options, async |session| history.run(&session).await),
        Verb::Diff(diff) => session::run(options, async |session| diff.run(&session).await),
        Verb::Rollback(rollback) => session::run(options, async |session| rollback.run(&session).await),
        Verb::Schema(Schema { of }) => session::run_unconnected(options, async |out| match of {
            SchemaOf::Settings => out.text(&config::schema()),
            SchemaOf::Document => out.line(&format!("{:#}", Document::schema())),
        }),
    }
}

impl Get {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        let answer = session.client.call(pb::GetDocumentRequest { version: self.at, ..Default::default() }).await?;
        let document = answer.document.clone().unwrap_or_default();
        match self.output {
            Some(path) => {
                let written = fs::File::create(&path).and_then(|mut file| file.write_all(document.text.as_bytes()));
                written.map_err(|error| Failure::io(path.display().to_string(), error))?;
                let format = word(document.format().as_str_name(), "DOCUMENT_FORMAT_");
                let (version, etag, path) = (answer.version, &answer.etag, path.display());
                session.out.say(&answer, || format!("version {version} ({format}) is in {path}, etag {etag}"))
            }
            None if session.out.format == Format::Json => session.out.json(&answer),
            None => session.out.text(&document.text),
        }
    }
}

async fn validate(session: &Session, file: &File) -> Result<(), Failure> {
    let document = Some(file.read()?);
    let answer = session.client.call(pb::ValidateDocumentRequest { document, ..Default::default() }).await?;
    if session.out.format == Format::Json {
        session.out.json(&answer)?;
    }
    if session.out.format == Format::Table {
        let warning = |warning: &pb::DocumentViolation| tell(&session.out, file, "warning: ", warning);
        answer.warnings.iter().try_for_each(warning)?;
    }
    match answer.violations.as_slice() {
        [] if session.out.format == Format::Json => Ok(()),
        [] => session.out.line(&format!("{} is valid", file.file.display())),
        violations => {
            if session.out.format == Format::Table {
                violations.iter().try_for_each(|violation| tell(&session.out, file, "", violation))?;
            }
            let count = violations.len();
            let what = if count == 1 { "1 thing is wrong".to_owned() } else { format!("{count} things are wrong") };
            Err(Failure::Invalid(format!("{what} with {}", file.file.display())))
        }
    }
}

fn tell(out: &Output, file: &File, what: &str, violation: &pb::DocumentViolation) -> Result<(), Failure> {
    let path = match violation.path.as_str() {
        "" => String::new(),
        path => format!("{} ", out.style.bold(path)),
    };
    let (line, column) = (violation.line, violation.column);
    out.line(&format!("{}:{line}:{column}: {what}{path}{}", file.file.display(), violation.message))
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
