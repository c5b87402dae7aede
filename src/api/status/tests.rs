//! Every refusal has a documented reason, every documented reason is given, and lists fit a trailer.

use std::collections::BTreeSet;

use crate::model::{
    document::DocumentEtag,
    ids::{AgentId, ChannelName, ContactId, OfferKey, QueueName, RequestId, SkillName, TenantId},
    requirement::RequirementError,
    signal::Source,
    time::{Span, Timestamp},
};

use super::*;

const ERRORS_PROTO: &str = include_str!("../../../proto/attune/v1/errors.proto");

/// One of each; `classify` being exhaustive, a new variant without an entry here leaves its reason unused below.
fn every_call_error() -> Vec<CallError> {
    let contact = || ContactId::new("c1").unwrap();
    let agent = || AgentId::new("ana").unwrap();
    let queue = || QueueName::new("claims").unwrap();
    let channel = || ChannelName::new("chat").unwrap();
    let offer = OfferKey(7);
    let rejects = vec![
        Reject::ContactUnknown(contact()),
        Reject::ContactExists(contact()),
        Reject::ContactClosed(contact()),
        Reject::ContactState { contact: contact(), state: "parked", needed: "engaged" },
        Reject::AgentUnknown { field: "agent_id", agent: agent() },
        Reject::AgentExists { agent: agent(), actual: 7 },
        Reject::AgentChanged { agent: agent(), actual: 7 },
        Reject::AgentBusy(agent()),
        Reject::CustomerBusy(vec![contact()]),
        Reject::NoSession(agent()),
        Reject::QueueUnknown { field: "queue", queue: queue(), similar: Some("claim".into()) },
        Reject::SkillUnknown {
            field: "requirement",
            skill: SkillName::new("polsih").unwrap(),
            similar: Some("polish".into()),
        },
        Reject::ChannelUnknown { field: "channel", channel: channel(), similar: None },
        Reject::ChannelNotTaken { queue: queue(), channel: channel() },
        Reject::Requirement { field: "requirement", error: RequirementError::Impossible },
        Reject::QueueFull { queue: queue(), contacts: 10 },
        Reject::QueueDraining(queue()),
        Reject::AgentExcluded { contact: contact(), agent: agent() },
        Reject::QueuesNotEmpty(vec![queue()]),
        Reject::MovesInvalid(vec![MoveFault { from: queue(), to: queue(), problem: MoveProblem::NotRemoved }]),
        Reject::ChannelsInUse(vec![channel()]),
        Reject::DocumentSweeping,
        Reject::VersionMismatch {
            expected: DocumentEtag { version: 3, digest: 7 },
            actual: DocumentEtag { version: 4, digest: 8 },
        },
        Reject::DocumentVersionUnknown { field: "version", version: 3, oldest: 40, latest: 139 },
        Reject::OfferUnknown(offer),
        Reject::OfferExpired { offer, ago: Span::from_secs(2) },
        Reject::OfferTaken(offer),
        Reject::OfferRescinded(offer),
        Reject::DeclineForbidden(queue()),
        Reject::ExtensionTooLong { what: "the offer", latest: Timestamp(1_700_000_000_000_000) },
        Reject::EngagementUnknown { agent: agent(), contact: contact(), needed: "active" },
        Reject::OutOfRange { field: "arrival_time", problem: "must not be in the future" },
        Reject::SignalLate(contact()),
        Reject::SignalSwitchedOff(Source::Voice),
        Reject::RequestReused(RequestId::new("r1").unwrap()),
        Reject::LimitReached { what: "accepted requests", limit: REQUESTS_MAX },
    ];
    let own = [
        CallError::TenantUnknown(TenantId::new("acme").unwrap()),
        CallError::Overloaded { retry_after: Duration::from_millis(100) },
        CallError::Frozen,
        CallError::OutcomeUnknown,
        CallError::DiskFull,
        CallError::ShuttingDown,
    ];
    rejects.into_iter().map(CallError::Reject).chain(own).collect()
}

fn violations(count: usize, subject: Subject) -> Violations {
    let mut violations = Violations { subject, ..Violations::default() };
    for index in 0..count {
        violations.add(format!("queues.claims.steps[{index}].after"), "must be later than the step before it");
    }
    violations
}

/// Every status the daemon gives by this table.
fn every_status() -> Vec<Status> {
    let mut all: Vec<Status> = every_call_error().into_iter().map(Status::from).collect();
    all.extend(
        [Subject::Request, Subject::Document, Subject::AgentEmotion]
            .map(|subject| Status::from(violations(2, subject))),
    );
    all.push(unexpected(&"an answer of another kind"));
    all
}

fn every_reason() -> Vec<ErrorReason> {
    (1..=255).filter_map(|number| ErrorReason::try_from(number).ok()).collect()
}

fn info(status: &Status) -> tonic_types::ErrorInfo {
    status.get_details_error_info().expect("every refusal has a reason")
}

fn of(reason: ErrorReason) -> Status {
    every_status().into_iter().find(|status| info(status).reason == reason_name(reason)).expect("is given")
}

#[test]
fn every_documented_reason_is_given_and_no_other_and_each_once() {
    let given: Vec<String> = every_status().iter().map(|status| info(status).reason).collect();
    let distinct: BTreeSet<&str> = given.iter().map(String::as_str).collect();
    assert_eq!(distinct.len(), given.len(), "two refusals share a reason: {given:?}");
    let documented: BTreeSet<&str> = every_reason().into_iter().map(reason_name).collect();
    assert_eq!(distinct, documented);
    assert!(every_status().iter().all(|status| info(status).domain == "attune.v1" && !status.message().is_empty()));
}

#[test]
fn the_codes_are_those_the_proto_tells() {
    for status in every_status() {
        let reason = info(&status).reason;
        let (before, _) = ERRORS_PROTO.split_once(&format!("  ERROR_REASON_{reason} =")).expect("is declared");
        let comment = before.rsplit(";\n").next().unwrap_or(before);
        let code = snake(&format!("{:?}", status.code()));
        assert!(comment.contains(&format!("// [{code}] ")), "{reason} comes with {code}, and the proto says {comment}");
    }
}

fn snake(camel: &str) -> String {
    let mut words = String::new();
    for (index, letter) in camel.char_indices() {
        if letter.is_uppercase() && index > 0 {
            words.push('_');
        }
        words.push(letter.to_ascii_uppercase());
    }
    words
}

#[test]
fn what_is_unknown_is_named_with_its_field_and_what_was_meant() {
    let status = of(ErrorReason::SkillUnknown);
    let resource = status.get_details_resource_info().expect("names the resource");
    assert_eq!((resource.resource_type.as_str(), resource.resource_name.as_str()), ("attune.v1.Skill", "polsih"));
    assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "requirement");
    assert_eq!(info(&status).metadata["similar"], "polish");
}

#[test]
fn overload_says_when_to_try_again() {
    let retry = |reason| of(reason).get_details_retry_info().and_then(|info| info.retry_delay);
    assert_eq!(retry(ErrorReason::Overloaded), Some(Duration::from_millis(100)));
    assert_eq!(retry(ErrorReason::LimitReached), Some(REQUESTS_RETRY), "request ids leave their window");
    assert_eq!(retry(ErrorReason::QueueFull), None);
}

#[test]
fn what_stands_in_the_way_is_listed() {
    let failure = of(ErrorReason::QueuesNotEmpty).get_details_precondition_failure().expect("lists the queues");
    assert_eq!(
        (failure.violations[0].r#type.as_str(), failure.violations[0].subject.as_str()),
        ("QUEUE_NOT_EMPTY", "claims")
    );
}

#[test]
fn times_are_told_as_people_read_them() {
    let status = of(ErrorReason::ExtensionTooLong);
    assert_eq!(status.message(), "the offer may not be extended beyond 2023-11-14T22:13:20Z");
    assert_eq!(info(&status).metadata["latest"], "2023-11-14T22:13:20Z");
}

#[test]
fn a_long_list_fits_a_trailer_and_says_what_it_leaves_out() {
    let status = Status::from(violations(1_000, Subject::Document));
    assert_eq!(status.message(), "queues.claims.steps[0].after must be later than the step before it (and 999 more)");
    // What travels is the details in base64 and the message.
    assert!(status.details().len() * 4 / 3 + status.message().len() < 8_000, "{} bytes", status.details().len());
    let listed = status.get_details_bad_request().unwrap().field_violations;
    let last = listed.last().unwrap();
    assert_eq!(last.field, "...");
    assert_eq!(
        last.description,
        format!("{} left out: there are more violations than fit in a status", 1_001 - listed.len())
    );

    let queues = (0..10_000).map(|n| QueueName::new(&format!("queue-{n}")).unwrap()).collect();
    let status = Status::from(CallError::Reject(Reject::QueuesNotEmpty(queues)));
    assert!(status.details().len() * 4 / 3 + status.message().len() < 8_000, "{} bytes", status.details().len());
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(clip("żółć", 8), "żółć");
    assert_eq!(clip("żółć", 3), "ż...");
}
