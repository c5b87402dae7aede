//! The public API over a real connection: a contact's way to an agent and back, refusals as clients see them, and the
//! standard services.

use std::{collections::BTreeMap, time::Duration};

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, config_service_client::ConfigServiceClient,
        contact_service_client::ContactServiceClient, wait_service_client::WaitServiceClient,
        watch_offers_response::Event,
    },
    app::{Daemon, Stop},
};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use tonic_types::StatusExt;

mod loopback;

struct Wire {
    daemon: Daemon,
    contacts: ContactServiceClient<Channel>,
    agents: AgentServiceClient<Channel>,
    waits: WaitServiceClient<Channel>,
    config: ConfigServiceClient<Channel>,
    health: HealthClient<Channel>,
    reflection: ServerReflectionClient<Channel>,
}

/// One agent's stream, read in order.
struct Desktop {
    stream: Streaming<pb::WatchOffersResponse>,
    sequence: u64,
}

impl Wire {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        Self {
            daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            agents: AgentServiceClient::new(channel.clone()),
            waits: WaitServiceClient::new(channel.clone()),
            config: ConfigServiceClient::new(channel.clone()),
            health: HealthClient::new(channel.clone()),
            reflection: ServerReflectionClient::new(channel),
        }
    }

    async fn put_agent(&mut self, agent: &str) {
        let profile = pb::AgentProfile {
            skills: BTreeMap::from([("cards".into(), 80), ("lang_en".into(), 100)]),
            ..Default::default()
        };
        let message = pb::PutAgentRequest {
            request_id: format!("put-{agent}"),
            agent_id: agent.into(),
            profile: Some(profile),
            ..Default::default()
        };
        self.agents.put_agent(message).await.expect("the agent is put");
    }

    async fn watch(&mut self, agent: &str, session: &str) -> (Desktop, pb::Welcome) {
        let message =
            pb::WatchOffersRequest { agent_id: agent.into(), session_id: session.into(), ..Default::default() };
        let stream = self.agents.watch_offers(message).await.expect("the stream opens").into_inner();
        let mut desktop = Desktop { stream, sequence: 0 };
        match desktop.next().await {
            Event::Welcome(welcome) => (desktop, welcome),
            other => panic!("the first message is a welcome, not {other:?}"),
        }
    }

    async fn set_available(&mut self, agent: &str) {
        let presence = pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() };
        let message = pb::SetPresenceRequest {
            request_id: format!("available-{agent}"),
            agent_id: agent.into(),
            presence: Some(presence),
            ..Default::default()
        };
        let pending = self.agents.set_presence(message).await.expect("presence is taken").into_inner().pending;
        assert!(!pending);
    }

    fn enqueue(contact: &str) -> pb::EnqueueContactRequest {
        let details = pb::ContactDetails { context: "lost at the airport".into(), ..Default::default() };
        pb::EnqueueContactRequest {
            request_id: format!("enqueue-{contact}"),
            contact_id: contact.into(),
            queue: "cards".into(),
            channel: "chat".into(),
            details: Some(details),
            ..Default::default()
        }
    }

    async fn state_of(&mut self, contact: &str) -> pb::ContactState {
        let message = pb::GetContactRequest { contact_id: contact.into(), ..Default::default() };
        let answer = self.contacts.get_contact(message).await.expect("the contact is there").into_inner();
        answer.contact.expect("an answer has the contact").state()
    }
}

impl Desktop {
    /// What is told next; numbers follow each other without gaps.
    async fn next(&mut self) -> Event {
        let message = timeout(Duration::from_secs(5), self.stream.message()).await.expect("something is told in time");
        let message = message.expect("the stream lives").expect("the stream goes on");
        self.sequence += 1;
        assert_eq!(message.sequence, self.sequence);
        message.event.expect("a message tells something")
    }

    async fn offer(&mut self) -> pb::Offer {
        loop {
            if let Event::Offer(offer) = self.next().await {
                return offer;
            }
        }
    }

    /// Reads on to the end, which comes with OK and right after go-away.
    async fn go_away(&mut self) -> pb::GoAwayReason {
        loop {
            if let Event::GoAway(go_away) = self.next().await {
                let after = timeout(Duration::from_secs(5), self.stream.message()).await.expect("the stream ends");
                assert!(after.expect("the stream ends with OK").is_none());
                return go_away.reason();
            }
        }
    }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("a refusal has a reason").reason
}

#[tokio::test]
async fn contacts_find_agents_over_the_wire() {
    let mut wire = Wire::open().await;
    standard_services_answer(&mut wire).await;
    let mut ana = a_contact_is_offered_accepted_and_completed(&mut wire).await;
    refusals_say_why(&mut wire).await;
    what_waits_can_be_read(&mut wire).await;
    the_document_travels_as_text(&mut wire).await;

    let (mut newer, welcome) = wire.watch("ana", "another").await;
    assert!(!welcome.resumed);
    assert_eq!(ana.go_away().await, pb::GoAwayReason::Replaced);

    let stopping = tokio::spawn(wire.daemon.shutdown());
    assert_eq!(newer.go_away().await, pb::GoAwayReason::ShuttingDown);
    assert_eq!(stopping.await.expect("stopping ends"), Stop::Drained);
}

async fn standard_services_answer(wire: &mut Wire) {
    for service in ["", "attune.v1.ContactService", "attune.v1.AgentService", "attune.v1.WaitService"] {
        let asked = HealthCheckRequest { service: service.into() };
        let health = wire.health.check(asked).await.expect("health is told").into_inner();
        assert_eq!(health.status(), ServingStatus::Serving, "{service:?}");
    }
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = wire.reflection.server_reflection_info(tokio_stream::once(list)).await.expect("reflects");
    let answer = answers.get_mut().message().await.expect("reflects").expect("an answer").message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("services, not {answer:?}") };
    let services: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    for service in ["AgentService", "ConfigService", "ContactService", "WaitService"] {
        assert!(services.contains(&format!("attune.v1.{service}").as_str()), "{service} is not in {services:?}");
    }
}

async fn a_contact_is_offered_accepted_and_completed(wire: &mut Wire) -> Desktop {
    wire.put_agent("ana").await;
    let (mut ana, welcome) = wire.watch("ana", "").await;
    assert!(!welcome.session_id.is_empty() && !welcome.resumed && welcome.open_offers == 0);
    wire.set_available("ana").await;

    let placed = wire.contacts.enqueue_contact(Wire::enqueue("c1")).await.expect("is queued").into_inner();
    assert_eq!(placed.queue, "cards");
    let again = wire.contacts.enqueue_contact(Wire::enqueue("c1")).await.expect("a retry is answered").into_inner();
    assert_eq!(again, placed, "the same request has the same answer");

    let offer = ana.offer().await;
    assert_eq!((offer.contact_id.as_str(), offer.queue.as_str(), offer.channel.as_str()), ("c1", "cards", "chat"));
    assert_eq!(offer.details.as_ref().expect("details").context, "lost at the airport");
    assert_eq!(offer.choice.as_ref().expect("a choice").rule(), pb::ChoiceRule::LongestIdle);
    assert!(offer.deliver_by_remaining.is_some() && offer.expire_time.is_none());

    // The network drops; the session comes back and the offer with it.
    drop(ana);
    let (mut ana, welcome) = wire.watch("ana", &welcome.session_id).await;
    assert!(welcome.resumed && welcome.open_offers == 1);
    assert_eq!(ana.offer().await.offer_id, offer.offer_id);

    let ack = pb::AckOfferRequest {
        request_id: "ack".into(),
        agent_id: "ana".into(),
        offer_id: offer.offer_id.clone(),
        ..Default::default()
    };
    let acked = wire.agents.ack_offer(ack).await.expect("is acknowledged").into_inner();
    assert!(matches!(acked.result, Some(pb::ack_offer_response::Result::ExpireTime(_))));
    let accept = pb::AcceptOfferRequest {
        request_id: "accept".into(),
        agent_id: "ana".into(),
        offer_id: offer.offer_id,
        ..Default::default()
    };
    let accepted = wire.agents.accept_offer(accept).await.expect("is accepted").into_inner();
    assert_eq!(accepted.engagement.expect("an engagement").contact_id, "c1");
    assert_eq!(wire.state_of("c1").await, pb::ContactState::Engaged);

    let complete =
        pb::CompleteContactRequest { request_id: "done".into(), contact_id: "c1".into(), ..Default::default() };
    let completed = wire.contacts.complete_contact(complete).await.expect("is completed").into_inner();
    assert!(completed.wrap_up_end_time.is_some(), "the queue gives wrap-up");
    let end = pb::EndWrapUpRequest {
        request_id: "wrapped".into(),
        agent_id: "ana".into(),
        contact_id: "c1".into(),
        ..Default::default()
    };
    wire.agents.end_wrap_up(end).await.expect("wrap-up ends");
    assert_eq!(wire.state_of("c1").await, pb::ContactState::Closed);
    ana
}

async fn refusals_say_why(wire: &mut Wire) {
    let wrong = pb::EnqueueContactRequest::default();
    let refused = wire.contacts.enqueue_contact(wrong).await.expect_err("is refused");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    let named = refused.get_details_bad_request().expect("names the fields").field_violations;
    let named: Vec<&str> = named.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(named, ["contact_id", "queue", "channel", "request_id"]);

    let misspelt = pb::EnqueueContactRequest { queue: "crads".into(), ..Wire::enqueue("c9") };
    let refused = wire.contacts.enqueue_contact(misspelt).await.expect_err("is refused");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "QUEUE_UNKNOWN"));
    assert_eq!(refused.get_details_error_info().expect("a reason").metadata["similar"], "cards");

    let elsewhere = pb::GetContactRequest { tenant: "acme".into(), contact_id: "c1".into() };
    let refused = wire.contacts.get_contact(elsewhere).await.expect_err("is refused");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "TENANT_UNKNOWN"));

    let gone = pb::AcceptOfferRequest {
        request_id: "late".into(),
        agent_id: "ana".into(),
        offer_id: "o999".into(),
        ..Default::default()
    };
    let refused = wire.agents.accept_offer(gone).await.expect_err("is refused");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "OFFER_UNKNOWN"));
}

async fn what_waits_can_be_read(wire: &mut Wire) {
    // Nobody has loans, so these wait.
    for contact in ["w1", "w2", "w3"] {
        let message = pb::EnqueueContactRequest { queue: "loans".into(), ..Wire::enqueue(contact) };
        wire.contacts.enqueue_contact(message).await.expect("is queued");
    }
    let message = pb::GetPositionRequest { contact_id: "w2".into(), ..Default::default() };
    let position = wire.waits.get_position(message).await.expect("has a position").into_inner();
    assert_eq!((position.queue.as_str(), position.ahead, position.waiting), ("loans", 1, 3));

    let of = Some(pb::estimate_wait_request::Of::ContactId("w2".into()));
    let message = pb::EstimateWaitRequest { of, ..Default::default() };
    let wait = wire.waits.estimate_wait(message).await.expect("is answered").into_inner().wait.expect("an estimate");
    assert_eq!((wait.queue.as_str(), wait.ahead, wait.waiting), ("loans", 1, 3));
    assert_eq!((wait.unknown(), wait.p50_duration), (pb::WaitUnknown::NobodyThere, None), "nobody has loans");

    let message = pb::GetQueueStatisticsRequest { queue: "loans".into(), ..Default::default() };
    let statistics = wire.waits.get_queue_statistics(message).await.expect("is counted").into_inner().statistics;
    let statistics = statistics.expect("statistics");
    assert_eq!((statistics.waiting, statistics.engaged), (3, 0));
    assert!(statistics.oldest_time.is_some() && statistics.oldest_waited_duration.is_some());

    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let message = pb::ListContactsRequest {
            queue: "loans".into(),
            states: vec![pb::ContactState::Queued.into()],
            page_size: 2,
            page_token,
            ..Default::default()
        };
        let page = wire.contacts.list_contacts(message).await.expect("is listed").into_inner();
        listed.extend(page.contacts.into_iter().map(|contact| contact.contact_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, ["w1", "w2", "w3"]);
}

async fn the_document_travels_as_text(wire: &mut Wire) {
    let in_force = wire.config.get_document(pb::GetDocumentRequest::default()).await.expect("is read").into_inner();
    let document = in_force.document.expect("a document");
    assert_eq!((in_force.version, document.format()), (1, pb::DocumentFormat::Toml));

    let changed = pb::DocumentText { text: format!("# Monday\n{}", document.text), ..document };
    let apply = |request_id: &str, document: &pb::DocumentText, etag: &str| pb::ApplyDocumentRequest {
        request_id: request_id.into(),
        document: Some(document.clone()),
        etag: etag.into(),
        ..Default::default()
    };
    let refused =
        wire.config.apply_document(apply("d1", &changed, "7-0000000000000000")).await.expect_err("is refused");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "VERSION_MISMATCH"));
    let applied =
        wire.config.apply_document(apply("d2", &changed, &in_force.etag)).await.expect("is applied").into_inner();
    assert_eq!(applied.version, 2);
    let in_force = wire.config.get_document(pb::GetDocumentRequest::default()).await.expect("is read").into_inner();
    assert_eq!(in_force.document.as_ref(), Some(&changed), "to the byte");

    let broken = pb::DocumentText { text: "nonsense = 1\n".into(), ..changed };
    let message = pb::ValidateDocumentRequest { document: Some(broken.clone()), ..Default::default() };
    let found = wire.config.validate_document(message).await.expect("an answer").into_inner().violations;
    assert!(found.iter().any(|violation| violation.path == "nonsense"), "{found:?}");
    let refused = wire.config.apply_document(apply("d3", &broken, &in_force.etag)).await.expect_err("is refused");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "DOCUMENT_INVALID"));
}
