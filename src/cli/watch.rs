//! `attune watch`: what happens, as it happens.
//!
//! Invariant: a broken stream is resumed after the last message that was printed, so nothing is missed; where the daemon
//! must begin anew it says so, and so does this. Ends by Ctrl-C, after `--limit`, or when the daemon refuses.

use std::{process::ExitCode, time::Duration};

use clap::{Args, ValueEnum};
use tokio::{
    signal::ctrl_c,
    time::{Instant, sleep, timeout},
};
use tonic::{Status, Streaming};

use crate::api::pb::{self, watch_response::Message, watch_service_client::WatchServiceClient};

use super::{
    client::again_after,
    failure::{Failure, Refusal},
    options::{Format, Options},
    output::{time::time, words::word},
    session::{self, Session},
};

/// Until the daemon has said how often it shows that it lives.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// What stands before every kind of event in the API.
const KIND: &str = "WATCH_EVENT_KIND_";

/// Follows what happens: a line an event, until Ctrl-C
///
/// A stream that breaks is resumed where it was; --resume goes on where an earlier run ended, as long as the daemon still
/// holds what came since (about a minute). With --format json each line is one message of WatchService, whose
/// resume_token can be kept.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  attune watch --queue cards --kind contact-queued --kind offer-made\n  \
                        attune watch --content both --format json")]
pub struct Arguments {
    #[command(flatten)]
    options: Options,

    /// Only this queue, with the contacts in it; may be given several times
    #[arg(long = "queue", value_name = "NAME")]
    queues: Vec<String>,

    /// Only this agent; may be given several times
    #[arg(long = "agent", value_name = "ID")]
    agents: Vec<String>,

    /// Only this contact; may be given several times
    #[arg(long = "contact", value_name = "ID")]
    contacts: Vec<String>,

    /// Only events of this kind, such as contact-queued or offer-made; may be given several times
    #[arg(long = "kind", value_name = "KIND", value_parser = parse_kind)]
    kinds: Vec<pb::WatchEventKind>,

    /// What to tell: what happens, how things stand, or both
    #[arg(long, value_enum, default_value_t = Content::Events)]
    content: Content,

    /// Go on after the message that had this token
    #[arg(long, value_name = "TOKEN")]
    resume: Option<String>,

    /// End after so many events
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u64>,
}

/// What to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Content {
    /// What happens.
    Events,
    /// How things stand.
    Rows,
    /// Both.
    Both,
}

fn parse_kind(text: &str) -> Result<pb::WatchEventKind, String> {
    let name = format!("{KIND}{}", text.to_uppercase().replace('-', "_"));
    pb::WatchEventKind::from_str_name(&name)
        .ok_or_else(|| "say it as contact-queued, offer-made, presence-set".to_owned())
}

/// Where a watch stands.
struct Watch<'a> {
    session: &'a Session,
    request: pb::WatchRequest,
    /// Events that may still be told.
    left: Option<u64>,
    silence_max: Duration,
}

/// Why a stream is left.
enum Left {
    /// Enough was told.
    Done,
    /// It broke, or the daemon ended it.
    Broken(Status),
}

/// Does what was asked for.
pub fn run(arguments: Arguments) -> ExitCode {
    let Arguments { options, queues, agents, contacts, kinds, content, resume, limit } = arguments;
    let content = match content {
        Content::Events => pb::WatchContent::Events,
        Content::Rows => pb::WatchContent::Rows,
        Content::Both => pb::WatchContent::Unspecified,
    };
    let filter = pb::WatchFilter {
        queues,
        agent_ids: agents,
        contact_ids: contacts,
        event_kinds: kinds.into_iter().map(Into::into).collect(),
        content: content.into(),
    };
    session::run(&options, async |session| {
        let request = pb::WatchRequest {
            tenant: session.client.tenant().to_owned(),
            resume_token: resume.unwrap_or_default(),
            filter: Some(filter),
        };
        let mut watch = Watch { session: &session, request, left: limit, silence_max: SILENCE_MAX };
        let ended = tokio::select! {
            ended = watch.run() => ended,
            _ = ctrl_c() => Ok(()),
        };
        let token = &watch.request.resume_token;
        if !token.is_empty() && session.out.format == Format::Table {
            eprintln!("go on with --resume {token}");
        }
        ended
    })
}

impl Watch<'_> {
    async fn run(&mut self) -> Result<(), Failure> {
        let mut until = Instant::now() + self.session.client.timeout();
        loop {
            let before = self.request.resume_token.clone();
            let status = match self.open().await {
                Ok(stream) => match self.follow(stream).await? {
                    Left::Done => return Ok(()),
                    Left::Broken(status) => status,
                },
                Err(status) => status,
            };
            if self.request.resume_token != before {
                until = Instant::now() + self.session.client.timeout();
            }
            let refusal = Refusal::new("Watch", "", status);
            match again_after(&refusal) {
                Some(after) if Instant::now() + after < until => sleep(after).await,
                _ => return Err(self.session.client.failure(refusal)),
            }
        }
    }

    async fn open(&self) -> Result<Streaming<pb::WatchResponse>, Status> {
        let mut client = WatchServiceClient::new(self.session.client.channel()).max_decoding_message_size(64 << 20);
        Ok(client.watch(self.request.clone()).await?.into_inner())
    }

    async fn follow(&mut self, mut stream: Streaming<pb::WatchResponse>) -> Result<Left, Failure> {
        loop {
            let message = match timeout(self.silence_max, stream.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => return Ok(Left::Broken(Status::unavailable("the stream ended"))),
                Ok(Err(status)) => return Ok(Left::Broken(status)),
                Err(_) => return Ok(Left::Broken(Status::unavailable("the stream was silent for too long"))),
            };
            if let Some(Message::Started(started)) = &message.message {
                let interval = started.heartbeat_interval.and_then(|interval| interval.try_into().ok());
                self.silence_max = interval.unwrap_or(SILENCE_MAX);
            }
            let told = self.tell(&message)?;
            // Only now: what was not printed is asked for again.
            if !message.resume_token.is_empty() {
                self.request.resume_token = message.resume_token;
            }
            if let Told::Enough = told {
                return Ok(Left::Done);
            }
        }
    }

    fn tell(&mut self, message: &pb::WatchResponse) -> Result<Told, Failure> {
        let out = &self.session.out;
        let change = match &message.message {
            Some(Message::Change(change)) => Some(change),
            _ => None,
        };
        match (out.format, &message.message) {
            (Format::Json, _) => out.json(message)?,
            (Format::Table, Some(Message::Started(started))) => {
                if started.restart_reason() != pb::WatchRestartReason::Unspecified {
                    let why = word(started.restart_reason().as_str_name(), "WATCH_RESTART_REASON_");
                    out.line(&out.style.dim(&format!("-- began anew, something may be missing: {why}")))?;
                }
            }
            (Format::Table, Some(Message::SnapshotPage(page))) => {
                self.rows(&page.contacts, &page.agents, &page.queues)?;
            }
            (Format::Table, Some(Message::Change(change))) => {
                for event in &change.events {
                    out.line(&line(change, event))?;
                }
                if change.events.is_empty() {
                    self.rows(&change.contacts, &change.agents, &change.queues)?;
                }
            }
            (Format::Table, _) => {}
        }
        let events = change.map_or(0, |change| change.events.len() as u64);
        self.left = self.left.map(|left| left.saturating_sub(events));
        Ok(if self.left == Some(0) { Told::Enough } else { Told::More })
    }

    fn rows(
        &self,
        contacts: &[pb::Contact],
        agents: &[pb::Agent],
        queues: &[pb::QueueStatistics],
    ) -> Result<(), Failure> {
        let out = &self.session.out;
        for contact in contacts {
            let state = word(contact.state().as_str_name(), "CONTACT_STATE_");
            out.line(&format!("contact {} {state} {}", contact.contact_id, contact.queue))?;
        }
        for agent in agents {
            let state = agent.presence.as_ref().map(pb::Presence::state).unwrap_or_default();
            let state = word(state.as_str_name(), "PRESENCE_STATE_");
            out.line(&format!("agent {} {state}, {} at work", agent.agent_id, agent.work.len()))?;
        }
        for queue in queues {
            out.line(&format!("queue {} waiting {}, engaged {}", queue.queue, queue.waiting, queue.engaged))?;
        }
        Ok(())
    }
}

/// Whether there is more to tell.
enum Told {
    More,
    Enough,
}

/// An event in a line: when, what, and to whom.
fn line(change: &pb::WatchChange, event: &pb::WatchEvent) -> String {
    let kind = word(event.kind().as_str_name(), KIND);
    let mut line = format!("{}  {kind:20}", time(change.change_time.as_ref()));
    let mut tell = |word: &str, name: &str| {
        if !name.is_empty() {
            line.push_str(&format!(" {word}{name}"));
        }
    };
    tell("", &event.contact_id);
    tell("queue ", &event.queue);
    tell("out of ", &event.from_queue);
    tell("agent ", &event.agent_id);
    tell("offer ", &event.offer_id);
    if let Some(presence) = &event.presence {
        tell("", &word(presence.state().as_str_name(), "PRESENCE_STATE_"));
        tell("for ", &presence.reason);
    }
    tell("because ", &event.cause);
    tell("until ", &time(event.end_time.as_ref()));
    if event.document_version > 0 {
        tell("document version ", &event.document_version.to_string());
    }
    if event.step > 0 {
        tell("step ", &event.step.to_string());
    }
    if let Some(action) = &event.action {
        tell("by ", &action.actor);
        tell("for ", &action.reason);
    }
    line
}
