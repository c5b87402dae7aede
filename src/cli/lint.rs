//! `attune lint`: what a routing document says and cannot mean, alone, beside the agents there are, and hour by hour
//! beside a scenario's; no daemon is asked.
//!
//! Invariant: a document that is not valid is told as `attune config validate` tells it; remarks alone are no failure
//! unless they are asked to be. Not here: the remarks (`lint`), who is there when (`sim::scenario`).

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use serde_json::json;

use crate::{
    api::{FieldViolation, agent_row, pb},
    lint::{self, Agent, Kind, Remark},
    model::document::{Document, Format as Notation},
};

use super::{
    agents::rows,
    failure::Failure,
    options::{Colour, Format},
    output::{Output, words::counted},
    simulate,
};

/// Says what a valid routing document cannot mean: steps that never apply, queues nobody serves, overflows that go round
///
/// Each remark has its place, why it matters, and what would put it right. Exits with 0 whatever is remarked, or with 1
/// if --deny is given and there is a remark; with 2 if the document, the file of agents or the scenario is wrong.
#[derive(Debug, Args)]
#[command(after_help = examples())]
pub struct Arguments {
    /// The document: TOML, or YAML or JSON if its name ends so; - reads TOML from standard input
    document: PathBuf,

    /// Everybody who works, in a file as `attune agents import` takes it
    #[arg(long, value_name = "FILE")]
    agents: Option<PathBuf>,

    /// Who works when and who comes when, as `attune simulate` takes it: its agents are looked at as those of --agents, and
    /// queues hour by hour; its own document has to be valid, since loads are reckoned by it, and is not remarked on
    // It says itself who works, and of agents in a file nobody knows when.
    #[arg(long, value_name = "FILE", conflicts_with = "agents")]
    scenario: Option<PathBuf>,

    /// Exits with 1 if there is a remark
    #[arg(long)]
    deny: bool,

    /// A line for each remark and why it matters, or JSON: one object a line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

fn examples() -> String {
    let kinds: Vec<String> = Kind::ALL.iter().map(|kind| format!("  {:26} {}", kind.name(), kind.why())).collect();
    format!(
        "Remarks:\n{}\n\nExamples:\n  attune lint routing.toml --agents agents.csv\n  \
         attune lint routing.toml --scenario weekday.toml",
        kinds.join("\n")
    )
}

/// Reads, looks and prints.
pub fn run(arguments: &Arguments) -> ExitCode {
    let out = Output::with(arguments.format, Colour::Auto);
    let failure = match look(arguments, &out) {
        Ok(remarks) if remarks > 0 && arguments.deny => Failure::Declined(counted(remarks, "remark")),
        Ok(_) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    failure.tell(out.format, out.style);
    failure.exit_code()
}

fn look(arguments: &Arguments, out: &Output) -> Result<u64, Failure> {
    let path = &arguments.document;
    let document = read_document(path)?;
    let agents = arguments.agents.as_deref().map(read_agents).transpose()?;
    let read_day = |path: &Path| simulate::read(path, Some(document.clone())).map(|scenario| scenario.day());
    let day = arguments.scenario.as_deref().map(read_day).transpose()?;
    let mut remarks = lint::document(&document);
    remarks.extend(agents.iter().flat_map(|agents| lint::staffing(&document, agents)));
    remarks.extend(day.iter().flat_map(|day| lint::day(&document, day)));
    for remark in &remarks {
        show(remark, path, arguments.agents.as_deref().or(arguments.scenario.as_deref()), out)?;
    }
    if out.format == Format::Table {
        match remarks.len() as u64 {
            0 => out.line(&format!("{}: nothing to remark", path.display()))?,
            count => out.line(&format!("\n{}: {}", path.display(), counted(count, "remark")))?,
        }
    }
    Ok(remarks.len() as u64)
}

fn show(Remark { kind, said }: &Remark, document: &Path, agents: Option<&Path>, out: &Output) -> Result<(), Failure> {
    let (line, column) = (said.at.line, said.at.column);
    // What an agent's record says has no place in the document.
    let of_agent = agents.filter(|_| said.path.starts_with("agents."));
    match out.format {
        Format::Json => {
            let mut remark =
                json!({ "kind": kind.name(), "path": said.path, "message": said.message, "why": kind.why() });
            if of_agent.is_none() {
                (remark["line"], remark["column"]) = (json!(line), json!(column));
            }
            out.line(&remark.to_string())
        }
        Format::Table => {
            let place = match of_agent {
                Some(file) => file.display().to_string(),
                None => format!("{}:{line}:{column}", document.display()),
            };
            let path = out.style.bold(&said.path);
            out.line(&format!("{place}: {path} {}\n    {kind}: {}", said.message, kind.why()))
        }
    }
}

fn read_document(path: &Path) -> Result<Document, Failure> {
    let (text, name) = read(path)?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    let notation = extension.and_then(Notation::of_extension).unwrap_or(Notation::Toml);
    Document::parse(&text, notation).map_err(|error| Failure::Invalid(format!("not valid:\n{}", error.in_file(&name))))
}

fn read_agents(path: &Path) -> Result<Vec<Agent>, Failure> {
    let (text, name) = read(path)?;
    let wrong = |faults: Vec<String>| Failure::Usage(format!("{name} cannot be read:\n  {}", faults.join("\n  ")));
    let rows = rows::read(path, &text).map_err(|faults| wrong(faults.iter().map(ToString::to_string).collect()))?;
    let mut faults = Vec::new();
    let mut agents = Vec::with_capacity(rows.len());
    for row in rows {
        let written = pb::AgentRow { agent_id: row.agent, profile: Some(row.profile), ..Default::default() };
        match agent_row(written) {
            Ok(read) => agents.push(Agent { id: read.agent, profile: Arc::unwrap_or_clone(read.profile) }),
            Err(violations) => {
                let told = |wrong: FieldViolation| format!("line {}: {} {}", row.line, wrong.field, wrong.problem);
                faults.extend(violations.fields.into_iter().map(told));
            }
        }
    }
    if faults.is_empty() { Ok(agents) } else { Err(wrong(faults)) }
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let is_standard = path.as_os_str() == "-";
    let text = if is_standard { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    let name = if is_standard { "standard input".to_owned() } else { path.display().to_string() };
    text.map(|text| (text, name.clone())).map_err(|error| Failure::io(name, error))
}
