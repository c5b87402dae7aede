//! `attuned check`: whether the daemon could start with these settings and documents, and what it would go by.
//!
//! Invariant: opens no port, changes nothing, and names everything that is wrong at once.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    config::{DocumentSource, Effective, Loaded, Problem, Reading, Sources},
    lint::{self, Remark},
    model::{document::Violation, ids::TenantId},
};

use super::{documents, program::UNUSABLE};

/// Checks settings and the routing documents they name, and prints the values in force with their origin
///
/// Reads what the daemon would read (settings file, ATTUNE_… variables, flags) and starts nothing. Exits with 0 if the
/// daemon could start with it, with 2 if not; then standard error has everything that is wrong, each with its place.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attuned check --config /etc/attuned.toml")]
pub(super) struct Arguments {
    /// What is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One object: "valid", "settings", "problems", "warnings", "documents".
    Json,
}

/// One tenant's document, looked at.
struct Looked {
    tenant: String,
    source: DocumentSource,
    /// What it holds, or everything that is wrong with it, each with its place.
    found: Result<Holds, Vec<Violation>>,
}

struct Holds {
    queues: usize,
    skills: usize,
    channels: usize,
    /// What it says and cannot mean.
    warnings: Vec<Remark>,
}

/// Checks and prints.
pub(super) fn run(arguments: &Arguments, sources: &Sources) -> ExitCode {
    let Reading { loaded, problems } = sources.read();
    let documents: Vec<Looked> = loaded.settings.tenants.iter().map(|(tenant, source)| look(tenant, source)).collect();
    let valid = problems.is_empty() && documents.iter().all(|looked| looked.found.is_ok());
    match arguments.format {
        Format::Text => print_text(&loaded, &problems, &documents),
        Format::Json => println!("{:#}", as_json(valid, &loaded, &problems, &documents)),
    }
    if valid { ExitCode::SUCCESS } else { ExitCode::from(UNUSABLE) }
}

fn look(tenant: &TenantId, source: &DocumentSource) -> Looked {
    let found = match documents::read(tenant, source) {
        Ok(document) => Ok(Holds {
            queues: document.queues.len(),
            skills: document.skills.len(),
            channels: document.channels.len(),
            warnings: lint::document(&document),
        }),
        Err(error) => Err(error.violations()),
    };
    Looked { tenant: tenant.to_string(), source: source.clone(), found }
}

fn print_text(loaded: &Loaded, problems: &[Problem], documents: &[Looked]) {
    let effective = loaded.effective();
    let width = |of: fn(&Effective) -> usize| effective.iter().map(of).max().unwrap_or_default();
    let (keys, values) = (width(|one| one.key.len()), width(|one| one.value.len()));
    for Effective { key, value, origin, .. } in &effective {
        println!("{key:keys$}  {value:values$}  {origin}");
    }
    println!();
    for Looked { tenant, source, found } in documents {
        match found {
            Ok(Holds { queues, skills, channels, warnings }) => {
                println!("tenant {tenant}: {source}: {queues} queues, {skills} skills, {channels} channels");
                for warning in warnings {
                    let (line, column) = (warning.said.at.line, warning.said.at.column);
                    eprintln!("{source}:{line}:{column}: warning: {warning} (tenant {tenant})");
                }
            }
            Err(violations) => {
                for violation in violations {
                    eprintln!("{source}:{}:{}: {violation} (tenant {tenant})", violation.at.line, violation.at.column);
                }
            }
        }
    }
    loaded.provenance.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    let wrong =
        problems.len() + documents.iter().filter_map(|looked| looked.found.as_ref().err()).map(Vec::len).sum::<usize>();
    match wrong {
        0 => println!("attuned can start with this"),
        1 => eprintln!("attuned cannot start with this: 1 thing is wrong"),
        _ => eprintln!("attuned cannot start with this: {wrong} things are wrong"),
    }
}

fn place(Violation { at, path, message }: &Violation) -> Value {
    json!({ "path": path, "message": message, "line": at.line, "column": at.column })
}

fn listed(violations: &[Violation]) -> Vec<Value> {
    violations.iter().map(place).collect()
}

fn as_json(valid: bool, loaded: &Loaded, problems: &[Problem], documents: &[Looked]) -> Value {
    let document = |looked: &Looked| {
        let mut document = json!({ "tenant": looked.tenant, "source": looked.source.to_string() });
        let more = match &looked.found {
            Ok(Holds { queues, skills, channels, warnings }) => {
                let warnings: Vec<Value> = warnings
                    .iter()
                    .map(|Remark { kind, said }| {
                        let mut warning = place(said);
                        warning["kind"] = json!(kind.name());
                        warning
                    })
                    .collect();
                json!({ "valid": true, "queues": queues, "skills": skills, "channels": channels, "warnings": warnings })
            }
            Err(violations) => json!({ "valid": false, "violations": listed(violations) }),
        };
        for (key, value) in more.as_object().into_iter().flatten() {
            document[key] = value.clone();
        }
        document
    };
    json!({
        "valid": valid,
        "settings": loaded.effective().iter().map(Effective::to_json).collect::<Vec<_>>(),
        "problems": problems.iter().map(Problem::to_json).collect::<Vec<_>>(),
        "warnings": loaded.provenance.warnings,
        "documents": documents.iter().map(document).collect::<Vec<_>>(),
    })
}
