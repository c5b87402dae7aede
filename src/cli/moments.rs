//! `attune moments`: the catalogue in force, or one that is shipped.
//!
//! Invariant: what is listed is read from the document that the daemon has in force; moments of shipped catalogues are
//! those of this program's release. Not here: changing it (`config apply`).

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    api::pb,
    model::{
        document::{Catalogue, Document, Format as Notation, Handling, Moment, Trigger, written_span},
        ids::MomentName,
    },
};

use super::{
    failure::Failure,
    options::{Format, Options},
    output::{Output, table::Table},
    session::{self, Session},
};

/// Lists the moments of the document in force, or prints a shipped catalogue
#[derive(Debug, Args)]
#[command(after_help = "\
FROM says of which shipped catalogue a moment is; it is empty for the document's own.

Examples:
  attune moments
  attune moments --catalogue bank > my-moments.toml")]
pub struct Arguments {
    #[command(flatten)]
    options: Options,

    /// Prints this catalogue as it is shipped, to be copied; no daemon is asked
    #[arg(long, value_enum, value_name = "NAME")]
    catalogue: Option<Shipped>,
}

/// A shipped catalogue, by its name in documents.
#[derive(Debug, Clone, Copy)]
struct Shipped(Catalogue);

impl ValueEnum for Shipped {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: [Shipped; Catalogue::ALL.len()] = {
            let mut all = [Shipped(Catalogue::Common); Catalogue::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = Shipped(Catalogue::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}

/// Lists or prints.
pub fn run(arguments: &Arguments) -> ExitCode {
    match arguments.catalogue {
        Some(Shipped(catalogue)) => {
            session::run_unconnected(&arguments.options, async |out| out.text(catalogue.toml()))
        }
        None => session::run(&arguments.options, async |session| list(&session).await),
    }
}

async fn list(session: &Session) -> Result<(), Failure> {
    let answer = session.client.call(pb::GetDocumentRequest::default()).await?;
    let text = answer.document.unwrap_or_default();
    let notation = match text.format() {
        pb::DocumentFormat::Json => Notation::Json,
        pb::DocumentFormat::Yaml => Notation::Yaml,
        pb::DocumentFormat::Toml | pb::DocumentFormat::Unspecified => Notation::Toml,
    };
    let read = Document::parse(&text.text, notation);
    let document = read.map_err(|error| {
        Failure::Invalid(format!("this release does not read the document in force, as another does:\n{error}"))
    })?;
    show(&session.out, &document)
}

fn show(out: &Output, document: &Document) -> Result<(), Failure> {
    if out.format == Format::Json {
        let mut moments = document.moments.iter();
        return moments.try_for_each(|(name, moment)| out.line(&as_json(name, moment).to_string()));
    }
    if document.moments.is_empty() {
        return out.line("no moments; a document names shipped ones as in: catalogues = [\"bank\"]");
    }
    let mut table = Table::new(&["MOMENT", "FROM", ">WEIGHT", ">HEAD START", ">HALF-LIFE", "ASKS", "TRIGGERS"]);
    for (name, moment) in &document.moments {
        table.row([
            name.to_string(),
            moment.origin.map(Catalogue::name).unwrap_or_default().to_owned(),
            (moment.weight / 10).to_string(),
            written_span(moment.head_start),
            written_span(moment.half_life),
            asks(moment),
            moment.triggers.iter().map(trigger).collect::<Vec<_>>().join(", "),
        ]);
    }
    out.table(&table)
}

/// What it asks of agents and offers, beside what every moment of truth does.
fn asks(moment: &Moment) -> String {
    let empathy = (moment.empathy > 0).then(|| format!("empathy>={}", moment.empathy));
    let skills = moment.skills.iter().map(|(skill, level)| format!("{skill}>={level}"));
    let hold = moment.hold.map(|hold| format!("hold {}", written_span(hold)));
    let offer_time = moment.offer_time.map(|time| format!("offer {}", written_span(time)));
    let handling = (moment.handling == Handling::Untimed).then(|| "untimed".to_owned());
    let all = empathy.into_iter().chain(skills).chain(hold).chain(offer_time).chain(handling);
    all.collect::<Vec<_>>().join(" ")
}

fn trigger(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Event { event, attributes, from } => {
            let attributes: String = attributes.iter().map(|(key, value)| format!(" {key}={value}")).collect();
            let from: Vec<&str> = from.iter().map(|source| source.name()).collect();
            let from = if from.is_empty() { String::new() } else { format!(" by {}", from.join("/")) };
            format!("{event}{attributes}{from}")
        }
        Trigger::Distress(level) => format!("distress>={}", level / 10),
        Trigger::Repeats(times) => format!("repeats>={times}"),
    }
}

fn as_json(name: &MomentName, moment: &Moment) -> Value {
    json!({
        "moment": name.as_str(),
        "catalogue": moment.origin.map(Catalogue::name),
        "description": moment.description,
        "weight": moment.weight / 10,
        "head_start": written_span(moment.head_start),
        "half_life": written_span(moment.half_life),
        "empathy": moment.empathy,
        "hold": moment.hold.map(written_span),
        "skills": moment.skills.iter().map(|(skill, level)| (skill.to_string(), json!(level))).collect::<serde_json::Map<_, _>>(),
        "offer_time": moment.offer_time.map(written_span),
        "untimed": moment.handling == Handling::Untimed,
        "triggers": moment.triggers.iter().map(trigger).collect::<Vec<_>>(),
    })
}
