//! Putting a document in force: `apply` and `rollback`, and what either would do.
//!
//! Invariant: a dry run changes nothing, shows everything that would happen and every refusal, and fails if there is one.

use clap::Args;
use prost::Message;
use tonic::{Code, Status};

use crate::{
    api::pb,
    cli::{
        arguments::parse_attribute,
        failure::{Failure, Refusal},
        options::Format,
        output::{table::Table, words::word},
        session::Session,
        supervise::user,
    },
};

use super::File;

#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    file: File,

    #[command(flatten)]
    terms: Terms,
}

#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The version whose text is applied again, as a new version
    version: u64,

    #[command(flatten)]
    terms: Terms,
}

/// On which terms a document is put in force.
#[derive(Debug, Args)]
struct Terms {
    /// Changes nothing, and shows what would happen
    #[arg(long)]
    dry_run: bool,

    /// Only if the document in force still has this etag
    #[arg(long)]
    etag: Option<String>,

    /// Where the contacts of a queue go that the document removes; may be given several times
    #[arg(long = "move", value_name = "OLD=NEW", value_parser = parse_attribute)]
    moves: Vec<(String, String)>,

    /// Who does it, for the history
    #[arg(long, value_name = "NAME", default_value_t = user())]
    author: String,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

impl Terms {
    fn moves(&self) -> Vec<pb::QueueMove> {
        let queue_move = |(from, to): &(String, String)| pb::QueueMove { from: from.clone(), to: to.clone() };
        self.moves.iter().map(queue_move).collect()
    }
}

impl Apply {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let document = Some(self.file.read()?);
        let terms = self.terms;
        let moves = terms.moves();
        let call = pb::ApplyDocumentRequest {
            document,
            moves,
            etag: terms.etag.unwrap_or_default(),
            author: terms.author,
            note: terms.note.unwrap_or_default(),
            validate_only: terms.dry_run,
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        match (session.out.format, answer.preview) {
            (Format::Table, Some(preview)) => told(session, &preview),
            (Format::Json, Some(ref preview)) => {
                session.out.json(preview)?;
                refused(preview)
            }
            (_, None) => {
                let answer = pb::ApplyDocumentResponse { preview: None, ..answer };
                session.out.say(&answer, || format!("version {} is in force, etag {}", answer.version, answer.etag))
            }
        }
    }
}

impl Rollback {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self { version, terms } = self;
        let moves = terms.moves();
        let call = pb::RollBackDocumentRequest {
            version,
            moves,
            etag: terms.etag.unwrap_or_default(),
            author: terms.author,
            note: terms.note.unwrap_or_default(),
            validate_only: terms.dry_run,
            ..Default::default()
        };
        let answer = session.client.call(call).await?;
        match (session.out.format, answer.preview) {
            (Format::Table, Some(preview)) => told(session, &preview),
            (Format::Json, Some(ref preview)) => {
                session.out.json(preview)?;
                refused(preview)
            }
            (_, None) => {
                let answer = pb::RollBackDocumentResponse { preview: None, ..answer };
                session.out.say(&answer, || {
                    format!("version {version} is in force again, as version {}, etag {}", answer.version, answer.etag)
                })
            }
        }
    }
}

/// What would happen, in words.
fn told(session: &Session, preview: &pb::DocumentPreview) -> Result<(), Failure> {
    let out = &session.out;
    if preview.queues.is_empty() {
        out.line("no queue changes")?;
    } else {
        let mut table = Table::new(&["QUEUE", "CHANGE", "GOES TO", ">MOVED", ">REORDERED", ">REMATCHED"]);
        for queue in &preview.queues {
            table.row([
                queue.queue.clone(),
                word(queue.change().as_str_name(), "QUEUE_CHANGE_"),
                queue.to.clone(),
                queue.moved.to_string(),
                queue.reordered.to_string(),
                queue.rematched.to_string(),
            ]);
        }
        out.table(&table)?;
    }
    for (what, names) in [
        ("skills added", &preview.added_skills),
        ("skills removed", &preview.removed_skills),
        ("channels added", &preview.added_channels),
        ("channels removed", &preview.removed_channels),
    ] {
        if !names.is_empty() {
            out.line(&format!("{what}: {}", names.join(", ")))?;
        }
    }
    refused(preview)
}

/// The first refusal that would be met fails the verb; the others are told before it.
fn refused(preview: &pb::DocumentPreview) -> Result<(), Failure> {
    let refusals = preview.refusals.iter().map(|refused| {
        let details = refused.encode_to_vec().into();
        let status = Status::with_details(Code::from(refused.code), refused.message.clone(), details);
        Refusal::new("ApplyDocument", "", status)
    });
    let mut refusals: Vec<Refusal> = refusals.collect();
    let Some(last) = refusals.pop() else { return Ok(()) };
    refusals.iter().for_each(|refusal| eprintln!("{refusal}"));
    Err(Failure::Refused(Box::new(last)))
}
