//! InsightService over a real connection: nobody yet, somebody else, why this one; pages, refusals, the alert's metrics.

use std::collections::BTreeMap;

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, config_service_client::ConfigServiceClient,
        contact_service_client::ContactServiceClient, insight_service_client::InsightServiceClient,
        wait_service_client::WaitServiceClient, watch_offers_response::Event,
    },
    app::Daemon,
};
use tonic::{Code, Streaming, transport::Channel};
use tonic_types::StatusExt;

mod loopback;

struct World {
    _daemon: Daemon,
    contacts: ContactServiceClient<Channel>,
    agents: AgentServiceClient<Channel>,
    insight: InsightServiceClient<Channel>,
    waits: WaitServiceClient<Channel>,
    config: ConfigServiceClient<Channel>,
}

impl World {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        Self {
            _daemon: daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            agents: AgentServiceClient::new(channel.clone()),
            insight: InsightServiceClient::new(channel.clone()),
            waits: WaitServiceClient::new(channel.clone()),
            config: ConfigServiceClient::new(channel),
        }
    }

    async fn put_agent(&mut self, agent: &str, cards: u32) {
        let skills = BTreeMap::from([("cards".to_owned(), cards), ("lang_en".to_owned(), 100)]);
        let profile = pb::AgentProfile { skills, ..Default::default() };
        let message = pb::PutAgentRequest {
            request_id: format!("put-{agent}-{cards}"),
            agent_id: agent.into(),
            profile: Some(profile),
            ..Default::default()
        };
        self.agents.put_agent(message).await.expect("the agent is put");
    }

    /// Signs an agent in and makes it available; the stream stays open as long as it is held.
    async fn sign_in(&mut self, agent: &str) -> Streaming<pb::WatchOffersResponse> {
        let message = pb::WatchOffersRequest { agent_id: agent.into(), ..Default::default() };
        let mut stream = self.agents.watch_offers(message).await.expect("the stream opens").into_inner();
        assert!(matches!(next(&mut stream).await, Event::Welcome(_)));
        let presence = pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() };
        let message = pb::SetPresenceRequest {
            request_id: format!("available-{agent}"),
            agent_id: agent.into(),
            presence: Some(presence),
            ..Default::default()
        };
        self.agents.set_presence(message).await.expect("presence is taken");
        stream
    }

    async fn enqueue(&mut self, contact: &str, excluded: &[&str]) {
        self.enqueue_by("chat", contact, excluded).await;
    }

    async fn enqueue_by(&mut self, channel: &str, contact: &str, excluded: &[&str]) {
        let message = pb::EnqueueContactRequest {
            request_id: format!("enqueue-{contact}"),
            contact_id: contact.into(),
            queue: "cards".into(),
            channel: channel.into(),
            excluded_agent_ids: excluded.iter().map(|agent| (*agent).to_owned()).collect(),
            ..Default::default()
        };
        self.contacts.enqueue_contact(message).await.expect("the contact is taken");
    }

    async fn why(&mut self, contact: &str) -> pb::ExplainContactResponse {
        let message = pb::ExplainContactRequest { contact_id: contact.into(), ..Default::default() };
        self.insight.explain_contact(message).await.expect("a contact is explained").into_inner()
    }

    async fn pair(&mut self, agent: &str, contact: &str) -> pb::ExplainPairResponse {
        let (contact_id, agent_id) = (contact.into(), agent.into());
        let message = pb::ExplainPairRequest { contact_id, agent_id, ..Default::default() };
        self.insight.explain_pair(message).await.expect("a pair is explained").into_inner()
    }

    async fn unreachable(&mut self) -> u64 {
        self.cards().await.unreachable
    }

    async fn cards(&mut self) -> pb::QueueStatistics {
        let message = pb::GetQueueStatisticsRequest { queue: "cards".into(), ..Default::default() };
        let answer = self.waits.get_queue_statistics(message).await.expect("a queue is counted").into_inner();
        answer.statistics.expect("an answer has the counts")
    }

    /// Puts a document in force that is told in JSON.
    async fn apply(&mut self, text: &str) {
        let document = pb::DocumentText { format: pb::DocumentFormat::Json.into(), text: text.into() };
        let message =
            pb::ApplyDocumentRequest { request_id: "apply".into(), document: Some(document), ..Default::default() };
        self.config.apply_document(message).await.expect("the document is taken");
    }

    /// Lets the agent take what is offered next.
    async fn accept(&mut self, agent: &str, desk: &mut Streaming<pb::WatchOffersResponse>) -> String {
        let offer = loop {
            if let Event::Offer(offer) = next(desk).await {
                break offer;
            }
        };
        let (agent_id, offer_id) = (agent.to_owned(), offer.offer_id);
        let request_id = format!("ack-{offer_id}");
        let message = pb::AckOfferRequest { request_id, agent_id: agent_id.clone(), offer_id, ..Default::default() };
        self.agents.ack_offer(message.clone()).await.expect("the offer is shown");
        let request_id = format!("accept-{}", message.offer_id);
        let message = pb::AcceptOfferRequest { request_id, agent_id, offer_id: message.offer_id, ..Default::default() };
        self.agents.accept_offer(message).await.expect("the offer is accepted");
        offer.contact_id
    }

    async fn complete(&mut self, contact: String) {
        let request_id = format!("complete-{contact}");
        let message = pb::CompleteContactRequest { request_id, contact_id: contact, ..Default::default() };
        self.contacts.complete_contact(message).await.expect("the contact is completed");
    }
}

async fn next(stream: &mut Streaming<pb::WatchOffersResponse>) -> Event {
    let message = stream.message().await.expect("the stream lives").expect("the stream goes on");
    message.event.expect("a message says something")
}

#[tokio::test]
async fn a_supervisor_learns_why() {
    let mut world = World::open().await;
    world.put_agent("ana", 90).await;
    world.put_agent("ben", 90).await;

    // Nobody is signed in; and one contact that nobody could ever take.
    world.enqueue("c1", &[]).await;
    let why = world.why("c1").await;
    assert_eq!(why.verdict(), pb::ContactVerdict::NobodySignedIn, "{}", why.summary);
    assert_eq!(why.conditions.last().expect("conditions are told").left, 0);
    let removed: u64 = why.conditions.iter().map(|count| count.removed).sum();
    assert_eq!(removed, 2, "every agent is removed by something: {:?}", why.conditions);
    assert!(!why.prospects.is_empty());
    world.enqueue("c2", &["ana", "ben"]).await;
    let why = world.why("c2").await;
    assert_eq!(why.verdict(), pb::ContactVerdict::Unreachable, "{}", why.summary);
    assert_eq!(why.place.expect("it has a place").ahead_contact_ids, ["c1"]);
    assert_eq!(world.unreachable().await, 1);

    // Ana gets it, and it is told why her, and why not Ben.
    let mut desk = world.sign_in("ana").await;
    let offer = loop {
        if let Event::Offer(offer) = next(&mut desk).await {
            break offer;
        }
    };
    assert_eq!(offer.contact_id, "c1");
    let why = world.why("c1").await;
    assert_eq!((why.verdict(), why.choices.len()), (pb::ContactVerdict::Offered, 1), "{}", why.summary);
    assert_eq!((why.choices[0].agent_id.as_str(), why.choices[0].agents), ("ana", 2));
    let message = pb::ExplainOfferRequest { offer_id: offer.offer_id.clone(), ..Default::default() };
    let kept = world.insight.explain_offer(message).await.expect("an offer is explained").into_inner();
    assert_eq!(kept.choice, Some(why.choices[0].clone()));
    assert_eq!(kept.outcome(), pb::OfferOutcome::Unspecified);
    let ben = world.pair("ben", "c1").await;
    assert_eq!(ben.verdict(), pb::PairVerdict::AnotherWasChosen, "{}", ben.summary);
    let kinds: Vec<_> = ben.candidate.expect("he is a candidate").obstacles.iter().map(pb::Obstacle::kind).collect();
    assert_eq!(kinds, [pb::ObstacleKind::SignedOut, pb::ObstacleKind::NotAvailable]);
    assert_eq!(world.pair("ana", "c1").await.verdict(), pb::PairVerdict::Together);
    assert_eq!(world.pair("ana", "c2").await.verdict(), pb::PairVerdict::NotEligible);

    // Somebody comes whom it does not exclude: the alert is over.
    world.put_agent("cay", 90).await;
    assert_eq!(world.unreachable().await, 0);
    assert_eq!(world.why("c2").await.verdict(), pb::ContactVerdict::NobodySignedIn);
}

#[tokio::test]
async fn candidates_and_queues_come_in_pages() {
    let mut world = World::open().await;
    for (agent, cards) in [("ana", 90), ("ben", 1), ("cay", 90)] {
        world.put_agent(agent, cards).await;
    }
    world.enqueue("c1", &["cay"]).await;
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let message =
            pb::ListCandidatesRequest { contact_id: "c1".into(), page_size: 2, page_token, ..Default::default() };
        let page = world.insight.list_candidates(message).await.expect("candidates are listed").into_inner();
        listed.extend(page.candidates);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let agents: Vec<&str> = listed.iter().map(|candidate| candidate.agent_id.as_str()).collect();
    assert_eq!(agents, ["ana", "ben", "cay"]);
    assert!(listed[2].obstacles.iter().any(|obstacle| obstacle.kind() == pb::ObstacleKind::Excluded));

    let message = pb::ExplainAgentRequest { agent_id: "ana".into(), page_size: 1, ..Default::default() };
    let why = world.insight.explain_agent(message).await.expect("an agent is explained").into_inner();
    assert_eq!((why.verdict(), why.next_contact_id.as_str()), (pb::AgentVerdict::SignedOut, "c1"), "{}", why.summary);
    assert_eq!(why.queues.len(), 1);
    let again = pb::ListCandidatesRequest {
        contact_id: "c1".into(),
        page_token: why.next_page_token.clone(),
        ..Default::default()
    };
    let status = world.insight.list_candidates(again).await.expect_err("a token of another list is refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    let (agent_id, page_token) = ("ana".into(), why.next_page_token);
    let message = pb::ExplainAgentRequest { agent_id, page_token, ..Default::default() };
    let rest = world.insight.explain_agent(message).await.expect("the next page").into_inner();
    assert!(rest.queues.iter().all(|queue| queue.queue > why.queues[0].queue));
}

#[tokio::test]
async fn what_cannot_be_explained_is_refused_by_name() {
    let mut world = World::open().await;
    let unknown = pb::ExplainContactRequest { contact_id: "c9".into(), ..Default::default() };
    let refused = [
        world.insight.explain_contact(unknown).await.map(drop).expect_err("nobody knows it"),
        world
            .insight
            .explain_agent(pb::ExplainAgentRequest { agent_id: "zoe".into(), ..Default::default() })
            .await
            .map(drop)
            .expect_err("nobody knows her"),
        world
            .insight
            .explain_offer(pb::ExplainOfferRequest { offer_id: "o99".into(), ..Default::default() })
            .await
            .map(drop)
            .expect_err("there was none"),
        world
            .insight
            .explain_pair(pb::ExplainPairRequest::default())
            .await
            .map(drop)
            .expect_err("both ids are missing"),
    ];
    let reasons: Vec<String> =
        refused.iter().map(|status| status.get_details_error_info().expect("a reason").reason).collect();
    assert_eq!(reasons, ["CONTACT_UNKNOWN", "AGENT_UNKNOWN", "OFFER_UNKNOWN", "INVALID_REQUEST"]);
    let fields = refused[3].get_details_bad_request().expect("fields").field_violations;
    assert_eq!(fields.len(), 2, "both are named at once: {fields:?}");
}

#[tokio::test]
async fn nobody_is_listed_where_empathy_is_not_learnt() {
    let mut world = World::open().await;
    world.put_agent("ana", 80).await;
    let listed = world.insight.list_empathy(pb::ListEmpathyRequest::default()).await.expect("the list is given");
    assert_eq!(listed.into_inner(), pb::ListEmpathyResponse::default());
}

/// A document by which cards overflow to whoever has payments as soon as a wait is to be expected.
const OVERFLOWING: &str = r#"{
    "skills": { "cards": "", "payments": "", "lang_en": "" },
    "channels": { "voice": {} },
    "queues": { "cards": {
        "require": { "all": ["cards"] },
        "steps": [{ "when_wait_over": "1ms", "require": { "any": ["cards", "payments"] } }]
    } }
}"#;

#[tokio::test]
async fn a_queue_overflows_by_what_the_daemon_itself_expects() {
    let mut world = World::open().await;
    world.apply(OVERFLOWING).await;
    world.put_agent("ana", 90).await;
    let mut desk = world.sign_in("ana").await;
    for number in 0..5 {
        world.enqueue_by("voice", &format!("c{number}"), &[]).await;
        let contact = world.accept("ana", &mut desk).await;
        world.complete(contact).await;
    }
    // Ana is busy from here on, and more and more wait for her.
    world.enqueue_by("voice", "busy", &[]).await;
    world.accept("ana", &mut desk).await;
    let mut came = 0;
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    let overflow = loop {
        world.enqueue_by("voice", &format!("d{came}"), &[]).await;
        came += 1;
        if let [overflow] = world.cards().await.overflows.as_slice() {
            break overflow.clone();
        }
        assert!(tokio::time::Instant::now() < until, "{came} wait for one agent, and nobody is let in beside her");
    };
    let millisecond = Some(prost_types::Duration { seconds: 0, nanos: 1_000_000 });
    assert_eq!((overflow.channel.as_str(), &overflow.beyond_duration), ("voice", &millisecond));
    assert!(overflow.begin_time.is_some());
    let why = world.why("d0").await;
    let terms = why.terms.expect("it waits");
    assert_eq!((terms.step, terms.overflow_beyond_duration), (1, millisecond), "{}", why.summary);
    assert!(terms.overflow_time.is_some() && why.summary.contains("; overflow: at "), "{}", why.summary);
}
