//! Requests that are wrong in every way they can be, and requests that are right.

use std::collections::BTreeMap;

use prost_types::{Duration, Timestamp as WireTimestamp};

use crate::{
    api::pb,
    engine::{
        Command,
        command::Destination,
        view::{ContactState, Query},
    },
    model::{
        agent::Presence,
        contact::KeepPlace,
        document::DEFAULT_TOML,
        ids::{AgentId, ContactId},
        time::{Span, Timestamp},
    },
};

use super::*;
use crate::api::page_token;

/// Fields and problems, one a line, as a caller reads them.
#[track_caller]
fn refused<T: std::fmt::Debug>(decoded: Result<T, Violations>) -> Vec<String> {
    let violations = decoded.expect_err("is refused");
    violations.fields.into_iter().map(|violation| format!("{} {}", violation.field, violation.problem)).collect()
}

/// The fields that are wrong.
#[track_caller]
fn fields<T: std::fmt::Debug>(decoded: Result<T, Violations>) -> Vec<String> {
    decoded.expect_err("is refused").fields.into_iter().map(|violation| violation.field).collect()
}

#[track_caller]
fn command(decoded: Result<Mutation, Violations>) -> Command {
    let mutation = decoded.expect("is decoded");
    assert_eq!(mutation.tenant.as_str(), "default");
    assert_eq!(mutation.request.id.expect("mutations carry their id").as_str(), "r1");
    mutation.request.command
}

fn condition(skill: &str, proficiency: u32) -> pb::SkillCondition {
    pb::SkillCondition { skill: skill.into(), proficiency }
}

fn secs(seconds: i64) -> Duration {
    Duration { seconds, nanos: 0 }
}

fn enqueue() -> pb::EnqueueContactRequest {
    pb::EnqueueContactRequest {
        request_id: "r1".into(),
        contact_id: "c1".into(),
        queue: "claims".into(),
        channel: "chat".into(),
        ..Default::default()
    }
}

#[test]
fn every_field_of_an_enqueue_that_is_wrong_is_named_at_once() {
    let message = pb::EnqueueContactRequest {
        tenant: "no spaces".into(),
        request_id: String::new(),
        contact_id: "x".repeat(129),
        queue: String::new(),
        channel: "ch*t".into(),
        requirement: Some(pb::Requirement {
            all: vec![condition("", 101)],
            at_least: Some(pb::AtLeast { count: 3, of: vec![condition("a", 1), condition("b", 0)] }),
            ..Default::default()
        }),
        target: Some(pb::TargetAgent { agent_id: String::new(), window: Some(secs(0)) }),
        excluded_agent_ids: vec!["ana".into(), "b n".into()],
        arrival_time: Some(WireTimestamp { seconds: -1, nanos: 0 }),
        facts: None,
        text: String::new(),
        text_language: String::new(),
        trace_context: Some(pb::TraceContext { traceparent: "00-1-2-3".into(), tracestate: String::new() }),
        details: Some(pb::ContactDetails {
            customer_id: "k".repeat(129),
            attributes: BTreeMap::from([(String::new(), "v".into())]),
            context: String::new(),
        }),
    };
    assert_eq!(
        refused(enqueue_contact(message)),
        [
            "contact_id has 129 bytes; at most 128 are allowed",
            "queue is required",
            "channel contains '*'; allowed are letters and digits of ASCII and . _ : @ / + = -",
            "requirement.all[0].skill is required",
            "requirement.all[0].proficiency is 101; 1 to 100 are allowed",
            "requirement.at_least.count is 3; 1 to 2 are allowed",
            "target.agent_id is required",
            "target.window must be more than zero and at most 604800s",
            "excluded_agent_ids[1] contains ' '; allowed are letters and digits of ASCII and . _ : @ / + = -",
            "arrival_time is outside the years 1970 to 9999, or its nanos are outside 0 to 999,999,999",
            "details.customer_id has 129 bytes; at most 128 are allowed",
            "details.attributes[\"\"] has a key of 0 bytes; 1 to 128 are allowed",
            "trace_context.traceparent is no traceparent such as \
             00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "tenant contains ' '; allowed are letters and digits of ASCII and . _ : @ / + = -",
            "request_id is required",
        ]
    );
}

#[test]
fn an_enqueue_that_is_right_says_what_it_says() {
    let message = pb::EnqueueContactRequest {
        requirement: Some(pb::Requirement { all: vec![condition("polish", 0)], ..Default::default() }),
        target: Some(pb::TargetAgent { agent_id: "ana".into(), window: Some(secs(30)) }),
        excluded_agent_ids: vec!["cid".into(), "ben".into(), "cid".into()],
        arrival_time: Some(WireTimestamp { seconds: 7, nanos: 1_500 }),
        ..enqueue()
    };
    let Command::EnqueueContact(contact) = command(enqueue_contact(message)) else { panic!("an enqueue") };
    assert_eq!(contact.requirement.all[0].level, 1, "a proficiency left out means: has the skill at all");
    assert_eq!(contact.target.unwrap().window, Some(Span::from_secs(30)));
    assert_eq!(contact.excluded, [AgentId::new("ben").unwrap(), AgentId::new("cid").unwrap()], "sorted, no repeats");
    assert_eq!(contact.arrived_at, Some(Timestamp(7_000_001)));
}

#[test]
fn details_are_weighed_together() {
    let details = |context: usize| pb::ContactDetails {
        attributes: BTreeMap::from([("order".into(), "4711".into())]),
        context: "x".repeat(context),
        ..Default::default()
    };
    command(enqueue_contact(pb::EnqueueContactRequest { details: Some(details(8_183)), ..enqueue() }));
    assert_eq!(
        refused(enqueue_contact(pb::EnqueueContactRequest { details: Some(details(8_184)), ..enqueue() })),
        ["details has 8193 bytes of attributes and context; at most 8192 are allowed"]
    );
}

#[test]
fn a_requirement_that_cannot_be_matched_is_refused_before_it_costs_anything() {
    let with = |requirement| enqueue_contact(pb::EnqueueContactRequest { requirement: Some(requirement), ..enqueue() });
    let any = |count: usize| (0..count).map(|n| condition(&format!("s{n}"), 1)).collect();
    let many = refused(with(pb::Requirement { any: any(9), ..Default::default() }));
    assert!(many[0].starts_with("requirement expands to 9 alternatives"), "{many:?}");
    let never = pb::Requirement { all: vec![condition("a", 50)], none: vec![condition("a", 1)], ..Default::default() };
    assert!(refused(with(never))[0].starts_with("requirement can never hold"));
    let long = pb::Requirement { all: any(129), ..Default::default() };
    assert_eq!(refused(with(long)), ["requirement has 129 entries; at most 128 are allowed"]);
    let nothing = pb::Requirement { at_least: Some(pb::AtLeast::default()), ..Default::default() };
    assert_eq!(refused(with(nothing)), ["requirement.at_least.of is required"]);
}

#[test]
fn unspecified_and_unknown_enum_values_are_refused() {
    let requeue = |place| pb::RequeueContactRequest {
        request_id: "r1".into(),
        contact_id: "c1".into(),
        place,
        ..Default::default()
    };
    assert_eq!(refused(requeue_contact(&requeue(0))), ["place must be PLACE_KEEP or PLACE_NEW"]);
    assert_eq!(fields(requeue_contact(&requeue(99))), ["place"]);
    let Command::RequeueContact { queue: None, place: KeepPlace::New, .. } = command(requeue_contact(&requeue(2)))
    else {
        panic!("an empty queue is the contact's own");
    };
    let cancel = pb::CancelContactRequest { request_id: "r1".into(), contact_id: "c1".into(), ..Default::default() };
    assert_eq!(fields(cancel_contact(&cancel)), ["reason"]);
    let list = pb::ListContactsRequest { states: vec![7, 0, 2, 42, 2], ..Default::default() };
    assert_eq!(fields(list_contacts(&list)), ["states[1]", "states[3]"]);
    let presence = pb::Presence { state: 0, reason: "lunch".into() };
    let message = pb::SetPresenceRequest {
        request_id: "r1".into(),
        agent_id: "ana".into(),
        presence: Some(presence),
        ..Default::default()
    };
    assert_eq!(fields(set_presence(message)), ["presence.reason", "presence.state"]);
}

#[test]
fn a_transfer_goes_to_one_of_three() {
    use pb::transfer_contact_request::Destination as To;
    let transfer = |destination| pb::TransferContactRequest {
        request_id: "r1".into(),
        contact_id: "c1".into(),
        place: pb::Place::Keep.into(),
        destination,
        ..Default::default()
    };
    assert_eq!(refused(transfer_contact(&transfer(None))), ["destination is required: one of queue, agent and skills"]);
    assert_eq!(fields(transfer_contact(&transfer(Some(To::Queue(String::new()))))), ["queue"]);
    assert_eq!(fields(transfer_contact(&transfer(Some(To::Agent(Default::default()))))), ["agent.agent_id"]);
    let skills = pb::Requirement { all: vec![condition("refunds", 40)], ..Default::default() };
    let Command::TransferContact { to: Destination::Skills(asked), .. } =
        command(transfer_contact(&transfer(Some(To::Skills(skills)))))
    else {
        panic!("a transfer to skills");
    };
    assert_eq!(asked.all[0].level, 40);
}

#[test]
fn an_update_changes_something() {
    let update = pb::UpdateContactRequest { request_id: "r1".into(), contact_id: "c1".into(), ..Default::default() };
    assert_eq!(refused(update_contact(update.clone())), ["details is required unless requirement is given"]);
    let update = pb::UpdateContactRequest { requirement: Some(Default::default()), ..update };
    let Command::UpdateContact { details: None, requirement: Some(requirement), .. } = command(update_contact(update))
    else {
        panic!("an update of the requirement");
    };
    assert!(requirement.is_empty(), "an empty requirement takes the old one away");
}

#[test]
fn parking_has_an_end_even_if_nothing_is_said() {
    let park = |longest| pb::ParkContactRequest {
        request_id: "r1".into(),
        contact_id: "c1".into(),
        longest,
        ..Default::default()
    };
    let day = Span::from_secs(86_400);
    assert!(matches!(command(park_contact(&park(None))), Command::ParkContact { longest, .. } if longest == day));
    for wrong in [secs(0), secs(-5), secs(86_401), secs(i64::MAX), Duration { seconds: 0, nanos: 999 }] {
        assert_eq!(refused(park_contact(&park(Some(wrong)))), ["longest must be more than zero and at most 86400s"]);
    }
}

#[test]
fn every_field_of_a_profile_that_is_wrong_is_named_at_once() {
    let profile = pb::AgentProfile {
        display_name: "x".repeat(257),
        skills: BTreeMap::from([("polish".into(), 0), ("s p".into(), 50)]),
        queues: vec![String::new()],
        capacity: Some(10_001),
        channel_limits: BTreeMap::from([("chat".into(), 65_536)]),
        attributes: BTreeMap::from([("a".into(), "x".repeat(8_192))]),
        empathy_fixed: true,
    };
    let put = pb::PutAgentRequest { profile: Some(profile), ..Default::default() };
    assert_eq!(
        fields(put_agent(put)),
        [
            "agent_id",
            "profile.display_name",
            "profile.skills[\"polish\"]",
            "profile.skills[\"s p\"]",
            "profile.queues[0]",
            "profile.capacity",
            "profile.channel_limits[\"chat\"]",
            "profile.attributes",
            "request_id",
        ]
    );
    assert_eq!(
        refused(put_agent(pb::PutAgentRequest {
            request_id: "r1".into(),
            agent_id: "ana".into(),
            ..Default::default()
        })),
        ["profile is required"]
    );
}

#[test]
fn a_profile_left_empty_has_the_usual_capacity() {
    let put = pb::PutAgentRequest {
        request_id: "r1".into(),
        agent_id: "ana".into(),
        profile: Some(Default::default()),
        ..Default::default()
    };
    assert!(matches!(command(put_agent(put)), Command::PutAgent { profile, .. } if profile.capacity == 100));
}

#[test]
fn offers_are_named_as_the_stream_named_them() {
    let decline = |offer: &str, reason: &str| pb::DeclineOfferRequest {
        request_id: "r1".into(),
        agent_id: "ana".into(),
        offer_id: offer.into(),
        reason: reason.into(),
        ..Default::default()
    };
    assert_eq!(
        refused(decline_offer(decline("7", ""))),
        [
            "offer_id is no offer's id; send it as the stream gave it",
            "reason is required: what the agent says, in the platform's words",
        ]
    );
    assert_eq!(fields(decline_offer(decline("", &"x".repeat(257)))), ["offer_id", "reason"]);
    assert!(
        matches!(command(decline_offer(decline("o7", "busy"))), Command::DeclineOffer { offer, .. } if offer.0 == 7)
    );
    let extend = pb::ExtendOfferRequest::default();
    assert_eq!(fields(extend_offer(&extend)), ["agent_id", "offer_id", "by", "request_id"]);
}

#[test]
fn presence_away_keeps_its_reason() {
    let presence = pb::Presence { state: pb::PresenceState::Away.into(), reason: "lunch".into() };
    let message = pb::SetPresenceRequest {
        request_id: "r1".into(),
        agent_id: "ana".into(),
        presence: Some(presence),
        ..Default::default()
    };
    let Command::SetPresence { presence, .. } = command(set_presence(message)) else { panic!("a presence") };
    assert_eq!(presence, Presence::Away { reason: "lunch".into() });
}

#[test]
fn pages_are_bounded_and_tokens_belong_to_their_list() {
    let list = |page_size, page_token: &str| pb::ListContactsRequest {
        states: vec![7, 2, 2],
        page_size,
        page_token: page_token.into(),
        ..Default::default()
    };
    for (asked, given) in [(0, 100), (7, 7), (500, 500), (i32::MAX, 500)] {
        let question = list_contacts(&list(asked, "")).expect("is decoded");
        let Query::Contacts { after: None, limit, filter } = question.query else { panic!("a list") };
        assert_eq!(limit, given);
        assert_eq!(filter.states, [ContactState::Queued, ContactState::Closed], "sorted, no repeats");
    }
    let token = page_token::encode(page_token::List::Contacts, Some("c9"));
    let Query::Contacts { after, .. } = list_contacts(&list(0, &token)).expect("is decoded").query else {
        panic!("a list")
    };
    assert_eq!(after, Some(ContactId::new("c9").unwrap()));
    assert_eq!(fields(list_contacts(&list(-1, "elsewhere"))), ["page_size", "page_token"]);
    let agents = pb::ListAgentsRequest { page_token: token, ..Default::default() };
    assert_eq!(fields(list_agents(&agents)), ["page_token"], "a token of another list");
}

#[test]
fn a_stream_may_bring_its_session_or_none() {
    let watch = |session: &str| pb::WatchOffersRequest {
        agent_id: "ana".into(),
        session_id: session.into(),
        ..Default::default()
    };
    assert_eq!(watch_offers(&watch("")).expect("is decoded").session, None);
    assert_eq!(watch_offers(&watch("s1")).expect("is decoded").session.unwrap().as_str(), "s1");
    assert_eq!(fields(watch_offers(&watch("s 1"))), ["session_id"]);
}

#[test]
fn a_document_is_refused_with_every_violation_and_validated_as_an_answer() {
    let text = |text: &str| Some(pb::DocumentText { format: pb::DocumentFormat::Toml.into(), text: text.into() });
    let apply =
        |document| apply_document(pb::ApplyDocumentRequest { request_id: "r1".into(), document, ..Default::default() });
    let Ok(Proposed::Apply(mutation)) = apply(text(DEFAULT_TOML)) else { panic!("a mutation") };
    assert!(matches!(mutation.request.command, Command::ApplyDocument(proposal) if proposal.expected.is_none()));
    assert_eq!(refused(apply(None)), ["document is required"]);

    let wrong = "nonsense = 1\n[queues.claims]\npriority = \"soon\"\n";
    let found = apply(text(wrong)).expect_err("is refused");
    assert_eq!(found.subject, Subject::Document);
    assert!(found.fields.len() >= 2 && found.fields.iter().all(|v| v.field.starts_with("document.")), "{found:?}");
    let unreadable = apply(text("= =")).expect_err("is refused");
    assert_eq!(unreadable.fields[0].field, "document.text");

    let validate = |document| validate_document(&pb::ValidateDocumentRequest { document, ..Default::default() });
    assert_eq!(validate(text(DEFAULT_TOML)).expect("is an answer").1.violations, []);
    assert_eq!(validate(text(wrong)).expect("is an answer").1.violations.len(), found.fields.len());
    let unspecified = Some(pb::DocumentText { format: 0, text: DEFAULT_TOML.into() });
    assert_eq!(fields(validate(unspecified)), ["document.format"]);
}
