//! Why a verb failed, in words and as an exit code.
//!
//! Invariant: whatever the daemon told of a refusal is shown, every violation included, with what to do next.

use std::{io, process::ExitCode};

use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::api;

use super::{options::Format, output::style::Style};

/// What the numbers mean, for `attune help` and the manual page.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or failed for another reason
  2  the command line, a file given to it or a routing document is wrong
  3  the daemon cannot be reached
  4  what was asked for is not there
  5  somebody else changed it first: read it again, then retry
  6  the daemon is overloaded, stopping or too slow: retry later, a change under the same --request-id";

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was given cannot be used.
    #[error("{0}")]
    Usage(String),
    /// There is nobody.
    #[error("the daemon at {server} cannot be reached: {why}")]
    Unreachable {
        /// Where it was looked for.
        server: String,
        /// What the transport says.
        why: String,
    },
    /// The daemon says no, or nothing.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// A document has violations; they have been shown.
    #[error("{0}")]
    Invalid(String),
    /// It is not done, for a reason that lies in how things stand.
    #[error("{0}")]
    Declined(String),
    /// Whoever reads standard output wants no more.
    #[error("standard output is closed")]
    NobodyReads,
    /// The machine does not do as it should.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        source: io::Error,
    },
}

/// A refusal, as the daemon told it.
#[derive(Debug, thiserror::Error)]
#[error("{call} was refused: {}: {}", .reason.as_deref().unwrap_or("no reason given"), status.message())]
pub struct Refusal {
    /// What was asked.
    pub call: &'static str,
    /// Under which id it may be repeated; empty for what changes nothing.
    pub request_id: String,
    /// The API's reason; none if it is not the daemon that speaks.
    pub reason: Option<String>,
    /// All of it.
    pub status: Status,
}

impl Refusal {
    /// Reads a status.
    pub fn new(call: &'static str, request_id: &str, status: Status) -> Self {
        let info = status.get_details_error_info().filter(|info| info.domain == api::DOMAIN);
        let call = call.strip_suffix("Request").unwrap_or(call);
        Self { call, request_id: request_id.to_owned(), reason: info.map(|info| info.reason), status }
    }

    /// Every field or thing at fault, with what is wrong with it.
    fn violations(&self) -> Vec<(String, String)> {
        let details = self.status.get_error_details();
        let fields = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
        let fields = fields.iter().map(|violation| (violation.field.clone(), violation.description.clone()));
        let conditions = details.precondition_failure().map(|failed| failed.violations.as_slice()).unwrap_or_default();
        let conditions = conditions.iter().map(|violation| (violation.subject.clone(), violation.description.clone()));
        fields.chain(conditions).collect()
    }

    /// When the daemon asks to be called again.
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        self.status.get_details_retry_info().and_then(|info| info.retry_delay)
    }

    /// What to do about it.
    fn advice(&self) -> Option<String> {
        let Some(reason) = self.reason.as_deref() else {
            return match self.status.code() {
                Code::DeadlineExceeded | Code::Cancelled => {
                    Some("it took longer than --timeout; whether a change was made is unknown".to_owned())
                }
                Code::Unimplemented => {
                    Some("the daemon is older than this command line, or it is no attuned".to_owned())
                }
                _ => None,
            };
        };
        let advice = match reason {
            "TENANT_UNKNOWN" => "name a tenant of this daemon with --tenant; `attuned check` lists them",
            "CONTACT_UNKNOWN" => "`attune contacts list` shows those there are",
            "AGENT_UNKNOWN" => "`attune agents list` shows those there are",
            "QUEUE_UNKNOWN" => "`attune queues list` shows those there are",
            "SKILL_UNKNOWN" | "CHANNEL_UNKNOWN" => "`attune config get` shows those there are",
            "CONTACT_STATE" | "CONTACT_CLOSED" | "CONTACT_EXISTS" => "`attune contacts get` shows how it stands",
            "AGENT_BUSY" => "`attune agents presence AGENT offline`, and let the work end",
            "NO_SESSION" => "the agent's desktop has to open its stream first",
            "DOCUMENT_INVALID" => "`attune config validate FILE` lists every violation",
            "VERSION_MISMATCH" | "AGENT_CHANGED" => "read it again and make the change to what is in force",
            "QUEUES_NOT_EMPTY" => "say where their contacts go with --move OLD=NEW, or drain them first",
            "REQUEST_REUSED" => "leave --request-id out, or draw a new one",
            "FROZEN" => "an operator has to look after the disk of the daemon's journal; its log says why",
            "DISK_FULL" => "an operator has to make room on the disk of the daemon's journal",
            "OUTCOME_UNKNOWN" => "ask again with the same --request-id: the answer tells what became of it",
            "OVERLOADED" | "SHUTTING_DOWN" => "try again later",
            _ => return None,
        };
        Some(advice.to_owned())
    }
}

impl Failure {
    /// A file that cannot be read or written.
    pub fn io(what: impl Into<String>, source: io::Error) -> Self {
        Self::Io { what: what.into(), source }
    }

    /// For the process.
    pub fn exit_code(&self) -> ExitCode {
        let code = match self {
            Self::Usage(_) | Self::Invalid(_) => 2,
            Self::Unreachable { .. } => 3,
            Self::NobodyReads => 0,
            Self::Io { .. } | Self::Declined(_) => 1,
            Self::Refused(refusal) => match refusal.status.code() {
                Code::InvalidArgument => 2,
                Code::NotFound => 4,
                Code::Aborted => 5,
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => 6,
                Code::ResourceExhausted if refusal.retry_after().is_some() => 6,
                _ => 1,
            },
        };
        ExitCode::from(code)
    }

    /// Says it on standard error.
    pub fn tell(&self, format: Format, style: Style) {
        match format {
            _ if matches!(self, Self::NobodyReads) => {}
            Format::Table => self.tell_people(style),
            Format::Json => eprintln!("{}", json!({ "error": self.to_json() })),
        }
    }

    fn tell_people(&self, style: Style) {
        let error = style.bad("error:");
        let hint = |advice: &str| eprintln!("  {} {advice}", style.dim("hint:"));
        match self {
            Self::Refused(refusal) => {
                let reason = refusal.reason.clone().unwrap_or_else(|| format!("{:?}", refusal.status.code()));
                eprintln!("{error} {} was refused: {}", refusal.call, style.bold(&reason));
                eprintln!("  {}", refusal.status.message());
                for (field, description) in refusal.violations() {
                    eprintln!("  {} {description}", style.bold(&format!("{field}:")));
                }
                refusal.advice().iter().for_each(|advice| hint(advice));
                if let Some(after) = refusal.retry_after() {
                    hint(&format!("the daemon asks to be called again after {after:?}"));
                }
                if !refusal.request_id.is_empty() && self.exit_code() == ExitCode::from(6) {
                    hint(&format!("repeat it without a second effect by --request-id {}", refusal.request_id));
                }
            }
            Self::Unreachable { .. } => {
                eprintln!("{error} {self}");
                hint("start it with `attuned`, or name another with --server or ATTUNE_SERVER");
            }
            _ => eprintln!("{error} {self}"),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let Self::Refused(refusal) = self else { return json!({ "message": self.to_string() }) };
        let violations: Vec<_> = refusal
            .violations()
            .into_iter()
            .map(|(field, description)| json!({ "field": field, "description": description }))
            .collect();
        let metadata = refusal.status.get_details_error_info().map(|info| info.metadata).unwrap_or_default();
        json!({
            "call": refusal.call,
            "code": format!("{:?}", refusal.status.code()),
            "reason": refusal.reason,
            "message": refusal.status.message(),
            "violations": violations,
            "metadata": metadata,
            "request_id": refusal.request_id,
            "retry_after_s": refusal.retry_after().map(|after| after.as_secs_f64()),
        })
    }
}
