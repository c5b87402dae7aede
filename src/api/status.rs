//! The one table from refusals to gRPC: a code and a documented reason for each, and the details that go with it.
//!
//! Invariant: every refusal carries an `ErrorInfo` whose reason stands in `errors.proto`; its message reads as the
//! engine says it. Details travel in trailers, of which many clients and proxies take 8 KiB in all, so lists are cut
//! to [`LISTED_BYTES_MAX`] and say how many entries are left out. Not here: when something is refused (the engine, or `decode`).

use std::{collections::HashMap, fmt::Debug, time::Duration};

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use crate::{
    engine::{
        Reject,
        reject::{MoveFault, MoveProblem},
    },
    model::limits::REQUESTS_MAX,
    shard::CallError,
};

use super::{
    decode::{Subject, Violations},
    encode, etag,
    pb::{self, ErrorReason},
};

/// The domain of every reason.
pub const DOMAIN: &str = "attune.v1";

/// Bytes of all entries of a list in a status: base64 and the message included, the trailers stay below 8 KiB.
const LISTED_BYTES_MAX: usize = 4_096;
/// Bytes that an entry adds to its two texts on its way: lengths, tags and the kind of what stands in the way.
const ENTRY_OVERHEAD_BYTES: usize = 32;
/// Bytes of one path or description in a list.
const ENTRY_BYTES_MAX: usize = 320;
/// Bytes of a status message.
const MESSAGE_BYTES_MAX: usize = 512;

/// With 100,000 contacts and 10,000 agents a sweep takes about as long.
const SWEEP_RETRY: Duration = Duration::from_millis(500);
/// A full window of request ids frees about one in six hundred of them in this time.
const REQUESTS_RETRY: Duration = Duration::from_secs(1);
/// A frozen shard offers its journal the batch anew every few seconds.
const FROZEN_RETRY: Duration = Duration::from_secs(2);
/// How often room is looked for on a full disk, and a little.
const DISK_FULL_RETRY: Duration = Duration::from_secs(5);

impl From<CallError> for Status {
    fn from(error: CallError) -> Self {
        let (code, reason) = classify(&error);
        let mut details = details(reason);
        match &error {
            CallError::Reject(reject) => describe(reject, &mut details),
            CallError::TenantUnknown(tenant) => unknown(&mut details, "Tenant", "tenant", tenant.as_str(), &error),
            CallError::Overloaded { retry_after } => _ = details.set_retry_info(Some(*retry_after)),
            CallError::Frozen | CallError::OutcomeUnknown => _ = details.set_retry_info(Some(FROZEN_RETRY)),
            CallError::DiskFull => _ = details.set_retry_info(Some(DISK_FULL_RETRY)),
            CallError::ShuttingDown => {}
        }
        let message = match &error {
            // The wire tells times as RFC 3339.
            CallError::Reject(Reject::ExtensionTooLong { what, latest }) => {
                format!("{what} may not be extended beyond {}", encode::timestamp(*latest))
            }
            error => error.to_string(),
        };
        Self::with_error_details(code, clip(&message, MESSAGE_BYTES_MAX), details)
    }
}

impl From<Violations> for Status {
    fn from(violations: Violations) -> Self {
        let reason = match violations.subject {
            Subject::Request => ErrorReason::InvalidRequest,
            Subject::Document => ErrorReason::DocumentInvalid,
            Subject::AgentEmotion => ErrorReason::AgentEmotion,
        };
        let first = violations.fields.first().map(|first| format!("{} {}", first.field, first.problem));
        let message = match (first, violations.fields.len()) {
            (Some(first), 1) => first,
            (Some(first), more) => format!("{} (and {} more)", clip(&first, ENTRY_BYTES_MAX), more - 1),
            (None, _) => "the request is invalid".to_owned(),
        };
        let mut details = details(reason);
        let mut list = Listed::default();
        for violation in &violations.fields {
            list.push(&violation.field, &violation.problem);
        }
        details.set_bad_request(list.violations("there are more violations than fit in a status"));
        Self::with_error_details(Code::InvalidArgument, clip(&message, MESSAGE_BYTES_MAX), details)
    }
}

/// A refusal inside a stream, with the details that the call's own status would have.
pub fn refusal(refused: impl Into<Status>) -> pb::Refusal {
    let status = refused.into();
    // The details of a status are a google.rpc.Status as a whole, and so is a refusal.
    pb::Refusal::decode(status.details()).unwrap_or_else(|_| pb::Refusal {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    })
}

/// An answer of a kind that the question does not have: a defect, told as such.
pub fn unexpected(answer: &impl Debug) -> Status {
    tracing::error!(?answer, "an answer of the wrong kind");
    Status::with_error_details(
        Code::Internal,
        "the daemon contradicts itself; repeat the call, and a mutation under its request id",
        details(ErrorReason::Internal),
    )
}

/// A request that cannot be read at all, in the words of whoever tried.
pub fn unreadable(why: &str) -> Status {
    let message = clip(&format!("the request cannot be read: {why}"), MESSAGE_BYTES_MAX);
    Status::with_error_details(Code::InvalidArgument, message, details(ErrorReason::InvalidRequest))
}

/// The table.
fn classify(error: &CallError) -> (Code, ErrorReason) {
    use ErrorReason as Reason;
    match error {
        CallError::TenantUnknown(_) => (Code::NotFound, Reason::TenantUnknown),
        CallError::Overloaded { .. } => (Code::ResourceExhausted, Reason::Overloaded),
        CallError::Frozen => (Code::Unavailable, Reason::Frozen),
        CallError::OutcomeUnknown => (Code::Unavailable, Reason::OutcomeUnknown),
        CallError::DiskFull => (Code::ResourceExhausted, Reason::DiskFull),
        CallError::ShuttingDown => (Code::Unavailable, Reason::ShuttingDown),
        CallError::Reject(reject) => match reject {
            Reject::ContactUnknown(_) => (Code::NotFound, Reason::ContactUnknown),
            Reject::ContactExists(_) => (Code::AlreadyExists, Reason::ContactExists),
            Reject::ContactClosed(_) => (Code::FailedPrecondition, Reason::ContactClosed),
            Reject::ContactState { .. } => (Code::FailedPrecondition, Reason::ContactState),
            Reject::AgentUnknown { .. } => (Code::NotFound, Reason::AgentUnknown),
            Reject::AgentExists { .. } => (Code::AlreadyExists, Reason::AgentExists),
            Reject::AgentChanged { .. } => (Code::Aborted, Reason::AgentChanged),
            Reject::AgentBusy(_) => (Code::FailedPrecondition, Reason::AgentBusy),
            Reject::CustomerBusy(_) => (Code::FailedPrecondition, Reason::CustomerBusy),
            Reject::NoSession(_) => (Code::FailedPrecondition, Reason::NoSession),
            Reject::QueueUnknown { .. } => (Code::NotFound, Reason::QueueUnknown),
            Reject::SkillUnknown { .. } => (Code::NotFound, Reason::SkillUnknown),
            Reject::ChannelUnknown { .. } => (Code::NotFound, Reason::ChannelUnknown),
            Reject::ChannelNotTaken { .. } => (Code::FailedPrecondition, Reason::ChannelNotTaken),
            Reject::Requirement { .. } => (Code::InvalidArgument, Reason::RequirementUnmatchable),
            Reject::QueueFull { .. } => (Code::ResourceExhausted, Reason::QueueFull),
            Reject::QueueDraining(_) => (Code::FailedPrecondition, Reason::QueueDraining),
            Reject::AgentExcluded { .. } => (Code::FailedPrecondition, Reason::AgentExcluded),
            Reject::QueuesNotEmpty(_) => (Code::FailedPrecondition, Reason::QueuesNotEmpty),
            Reject::MovesInvalid(_) => (Code::FailedPrecondition, Reason::QueueMovesInvalid),
            Reject::ChannelsInUse(_) => (Code::FailedPrecondition, Reason::ChannelsInUse),
            Reject::DocumentVersionUnknown { .. } => (Code::NotFound, Reason::DocumentVersionUnknown),
            Reject::DocumentSweeping => (Code::Aborted, Reason::DocumentSweeping),
            Reject::VersionMismatch { .. } => (Code::Aborted, Reason::VersionMismatch),
            Reject::OfferUnknown(_) => (Code::NotFound, Reason::OfferUnknown),
            Reject::OfferExpired { .. } => (Code::FailedPrecondition, Reason::OfferExpired),
            Reject::OfferTaken(_) => (Code::FailedPrecondition, Reason::OfferTaken),
            Reject::OfferRescinded(_) => (Code::FailedPrecondition, Reason::OfferRescinded),
            Reject::DeclineForbidden(_) => (Code::FailedPrecondition, Reason::DeclineForbidden),
            Reject::ExtensionTooLong { .. } => (Code::OutOfRange, Reason::ExtensionTooLong),
            Reject::EngagementUnknown { .. } => (Code::NotFound, Reason::EngagementUnknown),
            Reject::OutOfRange { .. } => (Code::OutOfRange, Reason::OutOfRange),
            Reject::SignalLate(_) => (Code::FailedPrecondition, Reason::SignalLate),
            Reject::SignalSwitchedOff(_) => (Code::FailedPrecondition, Reason::SignalSwitchedOff),
            Reject::RequestReused(_) => (Code::InvalidArgument, Reason::RequestReused),
            Reject::LimitReached { .. } => (Code::ResourceExhausted, Reason::LimitReached),
        },
    }
}

/// What goes with a refusal of the engine, beyond its reason.
fn describe(reject: &Reject, details: &mut ErrorDetails) {
    match reject {
        Reject::ContactUnknown(contact) => unknown(details, "Contact", "contact_id", contact.as_str(), reject),
        Reject::AgentUnknown { field, agent } => unknown(details, "Agent", field, agent.as_str(), reject),
        Reject::QueueUnknown { field, queue, similar } => {
            unknown(details, "Queue", field, queue.as_str(), reject);
            similar.iter().for_each(|similar| tell(details, "similar", similar));
        }
        Reject::SkillUnknown { field, skill, similar } => {
            unknown(details, "Skill", field, skill.as_str(), reject);
            similar.iter().for_each(|similar| tell(details, "similar", similar));
        }
        Reject::ChannelUnknown { field, channel, similar } => {
            unknown(details, "Channel", field, channel.as_str(), reject);
            similar.iter().for_each(|similar| tell(details, "similar", similar));
        }
        Reject::OfferUnknown(offer) => unknown(details, "Offer", "offer_id", &offer.to_string(), reject),
        Reject::EngagementUnknown { contact, .. } => {
            unknown(details, "Engagement", "contact_id", contact.as_str(), reject);
        }
        Reject::ContactState { state, needed, .. } => {
            tell(details, "state", state);
            tell(details, "needed", needed);
        }
        Reject::AgentExists { actual, .. } | Reject::AgentChanged { actual, .. } => {
            tell(details, "actual", etag::agent(*actual));
        }
        Reject::DocumentVersionUnknown { field, version, oldest, latest } => {
            unknown(details, "DocumentVersion", field, &version.to_string(), reject);
            tell(details, "oldest", oldest);
            tell(details, "latest", latest);
        }
        Reject::VersionMismatch { expected, actual } => {
            tell(details, "expected", expected);
            tell(details, "actual", actual);
        }
        Reject::OfferExpired { ago, .. } => tell(details, "expired_ago", ago),
        Reject::ExtensionTooLong { latest, .. } => {
            tell(details, "latest", encode::timestamp(*latest));
            details.add_bad_request_violation("by", "is longer than the queue allows");
        }
        Reject::Requirement { field, error } => _ = details.add_bad_request_violation(*field, error.to_string()),
        Reject::OutOfRange { field, problem } => _ = details.add_bad_request_violation(*field, *problem),
        Reject::RequestReused(_) => {
            details.add_bad_request_violation("request_id", "was used before for another command");
        }
        Reject::ChannelNotTaken { channel, .. } => {
            details.add_bad_request_violation("channel", format!("is {channel}, which the queue does not take"));
        }
        Reject::QueuesNotEmpty(queues) => {
            stand_in_the_way(details, "QUEUE_NOT_EMPTY", queues, "still holds contacts; name in `moves` where they go");
        }
        Reject::MovesInvalid(faults) => {
            let mut list = Listed::default();
            faults.iter().for_each(|fault| list.push(&move_field(fault), &fault.problem.to_string()));
            details.set_bad_request(list.violations("there are more moves at fault than fit in a status"));
        }
        Reject::AgentExcluded { agent, .. } => {
            details.add_bad_request_violation("agent.agent_id", format!("is {agent}, whom the contact excludes"));
        }
        Reject::ChannelsInUse(channels) => {
            stand_in_the_way(details, "CHANNEL_IN_USE", channels, "is still used by contacts");
        }
        Reject::CustomerBusy(contacts) => stand_in_the_way(details, "CONTACT_OPEN", contacts, "is not closed; end it"),
        Reject::DocumentSweeping => _ = details.set_retry_info(Some(SWEEP_RETRY)),
        Reject::LimitReached { limit, .. } => {
            tell(details, "limit", limit);
            // The only limit that passes by itself, and soon: ids leave the window every second.
            if *limit == REQUESTS_MAX {
                details.set_retry_info(Some(REQUESTS_RETRY));
            }
        }
        Reject::ContactExists(_)
        | Reject::ContactClosed(_)
        | Reject::AgentBusy(_)
        | Reject::NoSession(_)
        | Reject::QueueFull { .. }
        | Reject::QueueDraining(_)
        | Reject::OfferTaken(_)
        | Reject::OfferRescinded(_)
        | Reject::DeclineForbidden(_)
        | Reject::SignalLate(_)
        | Reject::SignalSwitchedOff(_) => {}
    }
}

fn details(reason: ErrorReason) -> ErrorDetails {
    ErrorDetails::with_error_info(reason_name(reason), DOMAIN, HashMap::new())
}

/// A reason as `ErrorInfo` carries it, without the enum's prefix.
fn reason_name(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

/// Adds to the metadata of the `ErrorInfo`.
fn tell(details: &mut ErrorDetails, key: &str, value: impl ToString) {
    let Some(info) = details.error_info() else { return };
    let (reason, domain, mut metadata) = (info.reason.clone(), info.domain.clone(), info.metadata.clone());
    metadata.insert(key.to_owned(), value.to_string());
    details.set_error_info(reason, domain, metadata);
}

/// Names what is unknown, and the field that named it.
fn unknown(details: &mut ErrorDetails, kind: &str, field: &str, name: &str, why: &impl ToString) {
    details.set_resource_info(format!("{DOMAIN}.{kind}"), name, "", why.to_string());
    details.add_bad_request_violation(field, format!("names nothing that exists: {name}"));
}

/// The part of a move that is at fault: moves are told by the queue they lead from, which names each one.
fn move_field(fault: &MoveFault) -> String {
    let part = if fault.problem == MoveProblem::NotRemoved { "from" } else { "to" };
    format!("moves[{:?}].{part}", fault.from)
}

fn stand_in_the_way(details: &mut ErrorDetails, kind: &str, names: &[impl ToString], why: &str) {
    let mut list = Listed::default();
    names.iter().for_each(|name| list.push(&name.to_string(), why));
    let entries = list.finish("there are more than fit in a status");
    let entries: Vec<_> = entries.into_iter().map(|(name, why)| PreconditionViolation::new(kind, name, why)).collect();
    details.set_precondition_failure(entries);
}

/// A list that stops growing when a status can carry no more, and says so.
#[derive(Default)]
struct Listed {
    entries: Vec<(String, String)>,
    bytes: usize,
    left_out: usize,
}

impl Listed {
    fn push(&mut self, subject: &str, description: &str) {
        let entry = (clip(subject, ENTRY_BYTES_MAX), clip(description, ENTRY_BYTES_MAX));
        self.bytes += entry.0.len() + entry.1.len() + ENTRY_OVERHEAD_BYTES;
        if self.bytes > LISTED_BYTES_MAX {
            self.left_out += 1;
        } else {
            self.entries.push(entry);
        }
    }

    /// The entries as faults of fields.
    fn violations(self, why: &str) -> Vec<FieldViolation> {
        let entries = self.finish(why).into_iter();
        entries.map(|(field, problem)| FieldViolation::new(field, problem)).collect()
    }

    fn finish(mut self, why: &str) -> Vec<(String, String)> {
        if self.left_out > 0 {
            self.entries.push(("...".to_owned(), format!("{} left out: {why}", self.left_out)));
        }
        self.entries
    }
}

/// The text, or as much of it as fits, cut between characters.
fn clip(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...", &text[..end])
}

#[cfg(test)]
mod tests;
