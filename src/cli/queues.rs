//! `attune queues`: what waits in them, and whether they take contacts in and give them out.
//!
//! Invariant: counts are the daemon's, as they stood at one moment. Not here: what supervisors' actions are made of
//! (`supervise`).

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::api::pb;

use super::{
    failure::Failure,
    options::{Format, Options},
    output::{table::Table, time::span, words::word},
    session::{self, Session},
    supervise,
};

/// Looks at queues; as a supervisor pauses, drains, reopens and empties them
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
    /// As a supervisor: stops a queue's offers; contacts keep waiting and may enter
    #[command(after_help = "Example:\n  attune queues pause loans --reason 'system is down'")]
    Pause(supervise::OneQueue),
    /// As a supervisor: takes no new contacts in; those that wait are served
    #[command(after_help = "Example:\n  attune queues drain loans --reason 'closes at six'")]
    Drain(supervise::OneQueue),
    /// As a supervisor: takes contacts in and offers them again
    #[command(after_help = "Example:\n  attune queues reopen loans --reason 'system is back'")]
    Reopen(supervise::OneQueue),
    /// As a supervisor: sends everything that waits in a queue to another
    #[command(after_help = "Example:\n  attune queues move loans --to general --reason 'nobody is left for loans'")]
    Move(supervise::MoveQueue),
    /// Shows what supervisors did to contacts, agents and queues, newest first
    #[command(after_help = "Example:\n  attune queues actions --limit 20")]
    Actions(supervise::Actions),
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
        Verb::Pause(supervised) => supervised.pause(&session).await,
        Verb::Drain(supervised) => supervised.drain(&session).await,
        Verb::Reopen(supervised) => supervised.reopen(&session).await,
        Verb::Move(supervised) => supervised.run(&session).await,
        Verb::Actions(actions) => actions.run(&session).await,
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
            let mut table =
                Table::new(&["QUEUE", ">WAITING", ">OFFERED", ">PARKED", ">ENGAGED", ">FIRST WAITS", "MODE"]);
            for queue in queues {
                table.row([
                    queue.queue.clone(),
                    queue.waiting.to_string(),
                    queue.offered.to_string(),
                    queue.parked.to_string(),
                    queue.engaged.to_string(),
                    span(queue.oldest_waited_duration.as_ref()),
                    mode(queue),
                ]);
            }
            session.out.table(&table)
        }
    }
}

/// The mode unless it is the usual one, where contacts are going, and by which channels they overflow.
fn mode(queue: &pb::QueueStatistics) -> String {
    let mode = match queue.mode() {
        pb::QueueMode::Open | pb::QueueMode::Unspecified => None,
        mode => Some(word(mode.as_str_name(), "QUEUE_MODE_")),
    };
    let to = &queue.moving_to_queue;
    let moving = (!to.is_empty()).then(|| format!("moving to {to}"));
    let channels: Vec<&str> = queue.overflows.iter().map(|overflow| overflow.channel.as_str()).collect();
    let overflowing = (!channels.is_empty()).then(|| format!("overflowing by {}", channels.join(", ")));
    [mode, moving, overflowing].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
