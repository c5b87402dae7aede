//! Bad calls over the wire: each refusal has its code, its reason and the field at fault, and none changes anything.
//!
//! Protects: unknown tenants, queues, skills, channels, agents, contacts and offers; states that do not fit; missing and
//! out-of-range values; reused request ids.

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, config_service_client::ConfigServiceClient,
        contact_service_client::ContactServiceClient,
    },
    app::Daemon,
    config::Settings,
};
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;

type Contacts = ContactServiceClient<Channel>;
type Agents = AgentServiceClient<Channel>;

/// Everything a refused call could have changed.
#[derive(Debug, PartialEq)]
struct Picture {
    contacts: Vec<pb::Contact>,
    agents: Vec<pb::Agent>,
    version: u64,
}

struct World {
    contacts: Contacts,
    agents: Agents,
    config: ConfigServiceClient<Channel>,
    failures: Vec<String>,
}

impl World {
    async fn picture(&mut self) -> Picture {
        let listed =
            self.contacts.list_contacts(pb::ListContactsRequest::default()).await.expect("contacts are listed");
        let mut contacts = listed.into_inner().contacts;
        // How long a contact has waited changes by itself.
        contacts.iter_mut().for_each(|contact| contact.waited_duration = None);
        let agents = self.agents.list_agents(pb::ListAgentsRequest::default()).await.expect("agents are listed");
        let document = self.config.get_document(pb::GetDocumentRequest::default()).await.expect("a document is read");
        let (agents, version) = (agents.into_inner().agents, document.into_inner().version);
        Picture { contacts, agents, version }
    }

    async fn refused<T>(&mut self, what: &str, answer: Result<T, Status>, code: Code, reason: &str, field: &str) {
        let Err(status) = answer else { return self.failures.push(format!("{what}: was accepted")) };
        let is = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
        let fields: Vec<String> = status
            .get_details_bad_request()
            .map(|bad| bad.field_violations.into_iter().map(|violation| violation.field).collect())
            .unwrap_or_default();
        let named = field.is_empty() || fields.iter().any(|is| is == field);
        if (status.code(), is.as_str()) != (code, reason) || !named || status.message().is_empty() {
            let found = format!("{:?} {is} {fields:?}: {}", status.code(), status.message());
            self.failures.push(format!("{what}: expected {code:?} {reason} at {field:?}, found {found}"));
        }
    }
}

fn enqueue(id: &str) -> pb::EnqueueContactRequest {
    pb::EnqueueContactRequest {
        request_id: format!("enqueue-{id}"),
        contact_id: id.into(),
        queue: "loans".into(),
        channel: "chat".into(),
        ..Default::default()
    }
}

fn condition(skill: &str, proficiency: u32) -> pb::SkillCondition {
    pb::SkillCondition { skill: skill.into(), proficiency }
}

fn all_of(conditions: Vec<pb::SkillCondition>) -> Option<pb::Requirement> {
    Some(pb::Requirement { all: conditions, ..Default::default() })
}

fn agent(id: &str) -> pb::PutAgentRequest {
    let profile = pb::AgentProfile { skills: [("loans".to_owned(), 80)].into(), ..Default::default() };
    pb::PutAgentRequest {
        request_id: format!("put-{id}"),
        agent_id: id.into(),
        profile: Some(profile),
        ..Default::default()
    }
}

#[tokio::test]
async fn every_refusal_names_what_is_wrong_and_changes_nothing() {
    let loopback = "127.0.0.1:0".parse().unwrap();
    let settings = Settings { listen: loopback, admin_listen: loopback, ..Settings::default() };
    let daemon = Daemon::start(settings).await.expect("the daemon starts");
    let address = format!("http://{}", daemon.addresses().api);
    let channel = Channel::from_shared(address).unwrap().connect().await.expect("the daemon answers");
    let mut world = World {
        contacts: ContactServiceClient::new(channel.clone()),
        agents: AgentServiceClient::new(channel.clone()),
        config: ConfigServiceClient::new(channel),
        failures: Vec::new(),
    };
    world.contacts.enqueue_contact(enqueue("waiting")).await.expect("is queued");
    world.contacts.enqueue_contact(enqueue("gone")).await.expect("is queued");
    let cancel = pb::CancelContactRequest {
        request_id: "cancel-gone".into(),
        contact_id: "gone".into(),
        reason: pb::CancelReason::Withdrawn.into(),
        ..Default::default()
    };
    world.contacts.cancel_contact(cancel.clone()).await.expect("is cancelled");
    world.agents.put_agent(agent("ana")).await.expect("is put");
    let before = world.picture().await;

    unknown_names(&mut world).await;
    states_that_do_not_fit(&mut world, cancel).await;
    missing_and_out_of_range(&mut world).await;
    reused_request_ids(&mut world).await;

    assert_eq!(world.picture().await, before, "a refused call changed something");
    assert!(world.failures.is_empty(), "{:#?}", world.failures);
    daemon.shutdown().await;
}

async fn unknown_names(world: &mut World) {
    let (mut contacts, mut agents) = (world.contacts.clone(), world.agents.clone());
    let call = pb::EnqueueContactRequest { tenant: "nobody".into(), ..enqueue("u1") };
    let answer = contacts.enqueue_contact(call).await;
    world.refused("unknown tenant", answer, Code::NotFound, "TENANT_UNKNOWN", "tenant").await;
    let call = pb::EnqueueContactRequest { queue: "laons".into(), ..enqueue("u2") };
    let answer = contacts.enqueue_contact(call).await;
    world.refused("unknown queue", answer, Code::NotFound, "QUEUE_UNKNOWN", "queue").await;
    let call = pb::EnqueueContactRequest { channel: "fax".into(), ..enqueue("u3") };
    let answer = contacts.enqueue_contact(call).await;
    world.refused("unknown channel", answer, Code::NotFound, "CHANNEL_UNKNOWN", "channel").await;
    let requirement = all_of(vec![condition("juggling", 50)]);
    let answer = contacts.enqueue_contact(pb::EnqueueContactRequest { requirement, ..enqueue("u4") }).await;
    world.refused("unknown skill", answer, Code::NotFound, "SKILL_UNKNOWN", "requirement").await;
    let target = Some(pb::TargetAgent { agent_id: "nobody".into(), ..Default::default() });
    let answer = contacts.enqueue_contact(pb::EnqueueContactRequest { target, ..enqueue("u5") }).await;
    world.refused("unknown target", answer, Code::NotFound, "AGENT_UNKNOWN", "target.agent_id").await;
    let call = pb::ReleaseContactRequest { request_id: "u6".into(), contact_id: "no".into(), ..Default::default() };
    let answer = contacts.release_contact(call).await;
    world.refused("unknown contact", answer, Code::NotFound, "CONTACT_UNKNOWN", "").await;
    let call = pb::AcceptOfferRequest {
        request_id: "u7".into(),
        agent_id: "ana".into(),
        offer_id: "o77".into(),
        ..Default::default()
    };
    world.refused("unknown offer", agents.accept_offer(call).await, Code::NotFound, "OFFER_UNKNOWN", "").await;
    let mut call = agent("ben");
    call.profile.as_mut().unwrap().skills.insert("juggling".into(), 10);
    let answer = agents.put_agent(call).await;
    world.refused("unknown skill of an agent", answer, Code::NotFound, "SKILL_UNKNOWN", "profile.skills").await;
    let mut call = agent("ben");
    call.profile.as_mut().unwrap().queues.push("nowhere".into());
    let answer = agents.put_agent(call).await;
    world.refused("unknown queue of an agent", answer, Code::NotFound, "QUEUE_UNKNOWN", "profile.queues").await;
}

async fn states_that_do_not_fit(world: &mut World, cancel: pb::CancelContactRequest) {
    let (mut contacts, mut agents) = (world.contacts.clone(), world.agents.clone());
    let call = pb::EnqueueContactRequest { request_id: "another".into(), ..enqueue("waiting") };
    let answer = contacts.enqueue_contact(call).await;
    world.refused("a contact that is there", answer, Code::AlreadyExists, "CONTACT_EXISTS", "").await;
    let call = pb::CancelContactRequest { request_id: "again".into(), ..cancel };
    let answer = contacts.cancel_contact(call).await;
    world.refused("a closed contact", answer, Code::FailedPrecondition, "CONTACT_CLOSED", "").await;
    let call =
        pb::CompleteContactRequest { request_id: "s3".into(), contact_id: "waiting".into(), ..Default::default() };
    let answer = contacts.complete_contact(call).await;
    world.refused("completing what waits", answer, Code::FailedPrecondition, "CONTACT_STATE", "").await;
    let call =
        pb::ReleaseContactRequest { request_id: "s4".into(), contact_id: "waiting".into(), ..Default::default() };
    let answer = contacts.release_contact(call).await;
    world.refused("releasing what is not parked", answer, Code::FailedPrecondition, "CONTACT_STATE", "").await;
    let call = pb::EnqueueContactRequest { channel: "email".into(), ..enqueue("s5") };
    let answer = contacts.enqueue_contact(call).await;
    world.refused("a channel not taken", answer, Code::FailedPrecondition, "CHANNEL_NOT_TAKEN", "").await;
    let presence = Some(pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() });
    let call =
        pb::SetPresenceRequest { request_id: "s6".into(), agent_id: "ana".into(), presence, ..Default::default() };
    let answer = agents.set_presence(call).await;
    world.refused("available without a stream", answer, Code::FailedPrecondition, "NO_SESSION", "").await;
}

async fn missing_and_out_of_range(world: &mut World) {
    let (mut contacts, mut agents) = (world.contacts.clone(), world.agents.clone());
    for (field, call) in [
        ("request_id", pb::EnqueueContactRequest { request_id: String::new(), ..enqueue("m1") }),
        ("contact_id", pb::EnqueueContactRequest { contact_id: String::new(), ..enqueue("m2") }),
        ("queue", pb::EnqueueContactRequest { queue: String::new(), ..enqueue("m3") }),
        ("channel", pb::EnqueueContactRequest { channel: "voice mail".into(), ..enqueue("m4") }),
        ("contact_id", pb::EnqueueContactRequest { contact_id: "x".repeat(200), ..enqueue("m5") }),
        (
            "requirement.all[0].proficiency",
            pb::EnqueueContactRequest { requirement: all_of(vec![condition("loans", 101)]), ..enqueue("m6") },
        ),
    ] {
        let answer = contacts.enqueue_contact(call).await;
        world.refused(field, answer, Code::InvalidArgument, "INVALID_REQUEST", field).await;
    }
    let details = pb::ContactDetails { context: "x".repeat(9_000), ..Default::default() };
    let answer = contacts.enqueue_contact(pb::EnqueueContactRequest { details: Some(details), ..enqueue("m7") }).await;
    world.refused("too much context", answer, Code::InvalidArgument, "INVALID_REQUEST", "details").await;
    let arrival_time = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
    let answer = contacts.enqueue_contact(pb::EnqueueContactRequest { arrival_time, ..enqueue("m8") }).await;
    world.refused("arrived in the future", answer, Code::OutOfRange, "OUT_OF_RANGE", "arrival_time").await;
    let mut call = agent("ben");
    let profile = call.profile.as_mut().unwrap();
    profile.skills.insert("cards".into(), 0);
    profile.capacity = Some(20_000);
    let answer = agents.put_agent(call).await;
    world
        .refused("a proficiency of 0", answer, Code::InvalidArgument, "INVALID_REQUEST", "profile.skills[\"cards\"]")
        .await;
    let call = pb::CancelContactRequest { request_id: "m9".into(), contact_id: "waiting".into(), ..Default::default() };
    let answer = contacts.cancel_contact(call).await;
    world.refused("no reason", answer, Code::InvalidArgument, "INVALID_REQUEST", "reason").await;
    let call = pb::ListContactsRequest { page_token: "garbage".into(), ..Default::default() };
    let answer = contacts.list_contacts(call).await;
    world.refused("a foreign token", answer, Code::InvalidArgument, "INVALID_REQUEST", "page_token").await;
}

async fn reused_request_ids(world: &mut World) {
    let mut contacts = world.contacts.clone();
    let call = pb::EnqueueContactRequest { request_id: "enqueue-waiting".into(), ..enqueue("r1") };
    let answer = contacts.enqueue_contact(call).await;
    world.refused("a request id used before", answer, Code::InvalidArgument, "REQUEST_REUSED", "request_id").await;
}
