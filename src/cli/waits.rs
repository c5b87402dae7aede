//! `attune waits`: how long a wait will be, and where it would be shortest.
//!
//! Invariant: estimates are the daemon's; one that nobody can say is shown with the reason, never as zero.

use std::{process::ExitCode, time::Duration};

use clap::{Args, Subcommand};

use crate::api::pb;

use super::{
    arguments::{parse_condition, parse_span, span as wire_span},
    failure::Failure,
    options::{Format, Options},
    output::{table::Table, time::span, words::word},
    session::{self, Session},
};

/// Says how long a contact still waits, how long a newcomer would, and where that is quickest
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// How long a contact that waits still will
    #[command(after_help = "Example:\n  attune waits contact c1")]
    Contact(One),
    /// How long one would wait that has not joined
    #[command(after_help = "Example:\n  attune waits newcomer cards --channel chat --require english")]
    Newcomer(Newcomer),
    /// Which queue and channel is quickest for a customer now
    #[command(after_help = "Example:\n  attune waits quickest cards general")]
    Quickest(Quickest),
}

#[derive(Debug, Args)]
struct One {
    /// The contact
    contact: String,
}

#[derive(Debug, Args)]
struct Newcomer {
    /// The queue
    queue: String,

    /// The channel
    #[arg(long)]
    channel: String,

    #[command(flatten)]
    asks: Asks,
}

#[derive(Debug, Args)]
struct Quickest {
    /// Queues to compare
    #[arg(required = true)]
    queues: Vec<String>,

    /// Only this channel; without it, each that a queue takes
    #[arg(long)]
    channel: Option<String>,

    #[command(flatten)]
    asks: Asks,
}

/// What the newcomer would be, and who is told.
#[derive(Debug, Args)]
struct Asks {
    /// A skill that an agent must have, with the least proficiency if it counts; may be given several times
    #[arg(long = "require", value_name = "SKILL[>=LEVEL]", value_parser = parse_condition)]
    all: Vec<pb::SkillCondition>,

    /// It would be a moment of truth
    #[arg(long)]
    moment: bool,

    /// The head start it would have beside its queue's
    #[arg(long, value_name = "TIME", value_parser = parse_span)]
    head_start: Option<Duration>,

    /// The customer who is told: counts as one more in line for a minute
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
}

/// Asks and shows.
pub fn run(arguments: Arguments) -> ExitCode {
    session::run(&arguments.options, async |session| match arguments.verb {
        Verb::Contact(One { contact }) => {
            let of = Some(pb::estimate_wait_request::Of::ContactId(contact));
            one(&session, pb::EstimateWaitRequest { of, ..Default::default() }).await
        }
        Verb::Newcomer(Newcomer { queue, channel, asks }) => {
            let of = Some(pb::estimate_wait_request::Of::Newcomer(asks.newcomer(queue, channel)));
            let customer_id = asks.customer.unwrap_or_default();
            one(&session, pb::EstimateWaitRequest { of, customer_id, ..Default::default() }).await
        }
        Verb::Quickest(Quickest { queues, channel, asks }) => {
            let channel = channel.unwrap_or_default();
            let options = queues.into_iter().map(|queue| asks.newcomer(queue, channel.clone())).collect();
            let customer_id = asks.customer.unwrap_or_default();
            let call = pb::ListQuickestChannelsRequest { options, customer_id, ..Default::default() };
            let answer = session.client.call(call).await?;
            show(&session, &answer.waits)
        }
    })
}

async fn one(session: &Session, call: pb::EstimateWaitRequest) -> Result<(), Failure> {
    let answer = session.client.call(call).await?;
    show(session, &[answer.wait.unwrap_or_default()])
}

impl Asks {
    fn newcomer(&self, queue: String, channel: String) -> pb::Newcomer {
        let requirement = pb::Requirement { all: self.all.clone(), ..Default::default() };
        pb::Newcomer {
            queue,
            channel,
            requirement: (!self.all.is_empty()).then_some(requirement),
            moment_of_truth: self.moment,
            head_start_duration: self.head_start.map(wire_span),
        }
    }
}

fn show(session: &Session, waits: &[pb::WaitEstimate]) -> Result<(), Failure> {
    match session.out.format {
        Format::Json => waits.iter().try_for_each(|wait| session.out.json(wait)),
        Format::Table => {
            let mut table = Table::new(&["QUEUE", "CHANNEL", ">AHEAD", ">WAITED", ">HALF", ">80 %", ">90 %", "NOTE"]);
            for wait in waits {
                table.row([
                    wait.queue.clone(),
                    wait.channel.clone(),
                    wait.ahead.to_string(),
                    span(wait.waited_duration.as_ref()),
                    span(wait.p50_duration.as_ref()),
                    span(wait.p80_duration.as_ref()),
                    span(wait.p90_duration.as_ref()),
                    note(wait),
                ]);
            }
            session.out.table(&table)
        }
    }
}

/// Why nobody can say, or that the queue has too few waits behind it.
fn note(wait: &pb::WaitEstimate) -> String {
    match wait.unknown() {
        pb::WaitUnknown::Unspecified if wait.pooled => "range of all queues".to_owned(),
        pb::WaitUnknown::Unspecified => String::new(),
        why => format!("unknown: {}", word(why.as_str_name(), "WAIT_UNKNOWN_").replace('-', " ")),
    }
}
