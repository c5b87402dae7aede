//! `attune queues`: what waits in them.
//!
//! Invariant: counts are the daemon's, as they stood at one moment.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::api::pb;

use super::{
    failure::Failure,
    options::{Format, Options},
    output::{table::Table, time::span},
    session::{self, Session},
};

/// Looks at queues
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists queues with what waits in them, in the order of their names
    #[command(after_help = "Example:\n  attune queues list")]
    List(List),
    /// Shows one queue
    #[command(after_help = "Example:\n  attune queues get cards")]
    Get(One),
}

#[derive(Debug, Args)]
struct List {
    /// Only those in which somebody waits
    #[arg(long)]
    waiting: bool,
}

#[derive(Debug, Args)]
struct One {
    /// The queue
    queue: String,
}

/// Does what was asked for.
pub fn run(arguments: Arguments) -> ExitCode {
    session::run(&arguments.options, async |session| match arguments.verb {
        Verb::List(List { waiting }) => {
            let mut queues = all(&session).await?;
            queues.retain(|queue| !waiting || queue.waiting > 0);
            show(&session, &queues)
        }
        Verb::Get(One { queue }) => {
            let answer = session.client.call(pb::GetQueueStatisticsRequest { queue, ..Default::default() }).await?;
            show(&session, &[answer.statistics.unwrap_or_default()])
        }
    })
}

async fn all(session: &Session) -> Result<Vec<pb::QueueStatistics>, Failure> {
    let (mut queues, mut page_token) = (Vec::new(), String::new());
    loop {
        let call = pb::ListQueueStatisticsRequest { page_size: 500, page_token, ..Default::default() };
        let page = session.client.call(call).await?;
        queues.extend(page.statistics);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(queues);
        }
    }
}

fn show(session: &Session, queues: &[pb::QueueStatistics]) -> Result<(), Failure> {
    match session.out.format {
        Format::Json => queues.iter().try_for_each(|queue| session.out.json(queue)),
        Format::Table => {
            let mut table = Table::new(&["QUEUE", ">WAITING", ">OFFERED", ">PARKED", ">ENGAGED", ">LONGEST WAIT"]);
            for queue in queues {
                table.row([
                    queue.queue.clone(),
                    queue.waiting.to_string(),
                    queue.offered.to_string(),
                    queue.parked.to_string(),
                    queue.engaged.to_string(),
                    span(queue.oldest_waited_duration.as_ref()),
                ]);
            }
            session.out.table(&table)
        }
    }
}
