//! Signals by stream over a real connection, and what follows from signals and announcements for agents.
//!
//! Protects: a result for each signal in order, whatever becomes of the others; one decision a second of each contact,
//! before anything else that ends it; bounds; an agent who is told that the customer at hand feels worse; empathetic agents
//! who are kept free for an announced moment of truth while it may come.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, config_service_client::ConfigServiceClient,
        contact_service_client::ContactServiceClient, signal_result::Result as Outcome,
        watch_offers_response::Event as StreamEvent, watch_response::Message as Watched,
        watch_service_client::WatchServiceClient,
    },
    app::Daemon,
};
use prost::Message;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming, transport::Channel};
use tonic_types::pb::{BadRequest, ErrorInfo, RetryInfo, Status as RpcStatus};

mod loopback;

const DOCUMENT: &str = r#"
    [channels.chat]
    [queues.claims]
    [skills]
    empathy = ""
    [empathy]
    [reserve]
    k = 0
    [moments.card_lost]
    triggers = [{ event = "card_lost" }]
"#;

struct World {
    daemon: Daemon,
    contacts: ContactServiceClient<Channel>,
    agents: AgentServiceClient<Channel>,
    watches: WatchServiceClient<Channel>,
}

impl World {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        let document = pb::DocumentText { format: pb::DocumentFormat::Toml.into(), text: DOCUMENT.into() };
        let apply = pb::ApplyDocumentRequest { request_id: "d".into(), document: Some(document), ..Default::default() };
        ConfigServiceClient::new(channel.clone()).apply_document(apply).await.expect("the document is applied");
        Self {
            daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            agents: AgentServiceClient::new(channel.clone()),
            watches: WatchServiceClient::new(channel),
        }
    }

    async fn enqueue(&mut self, contact: &str, event: Option<&str>) {
        let events = event.map(|name| pb::JourneyEvent { name: name.into(), ..Default::default() });
        let message = pb::EnqueueContactRequest {
            request_id: format!("enqueue-{contact}"),
            contact_id: contact.into(),
            queue: "claims".into(),
            channel: "chat".into(),
            facts: Some(pb::Facts { events: events.into_iter().collect(), ..Default::default() }),
            ..Default::default()
        };
        self.contacts.enqueue_contact(message).await.expect("the contact is taken");
    }

    async fn announce(&mut self, contact: &str, seconds_ahead: i64) {
        let now = prost_types::Timestamp::from(SystemTime::now());
        let message = pb::AnnounceContactRequest {
            request_id: format!("announce-{contact}"),
            contact_id: contact.into(),
            expected_time: Some(prost_types::Timestamp { seconds: now.seconds + seconds_ahead, ..now }),
            moment_of_truth: true,
            ..Default::default()
        };
        self.contacts.announce_contact(message).await.expect("the announcement is taken");
    }

    async fn contact(&mut self, contact: &str) -> pb::Contact {
        let message = pb::GetContactRequest { contact_id: contact.into(), ..Default::default() };
        self.contacts.get_contact(message).await.expect("it is there").into_inner().contact.expect("a contact")
    }

    /// The contact, once it is as wanted.
    async fn becomes(&mut self, contact: &str, wanted: impl Fn(&pb::Contact) -> bool) -> pb::Contact {
        soon(async {
            loop {
                let found = self.contact(contact).await;
                if wanted(&found) {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    /// An agent who is there, and the agent's stream.
    async fn agent(&mut self, agent: &str, empathy: u32) -> Streaming<pb::WatchOffersResponse> {
        let skills = (empathy > 0).then(|| ("empathy".to_owned(), empathy));
        let profile = pb::AgentProfile { skills: BTreeMap::from_iter(skills), ..Default::default() };
        let put = pb::PutAgentRequest {
            request_id: format!("put-{agent}"),
            agent_id: agent.into(),
            profile: Some(profile),
            ..Default::default()
        };
        self.agents.put_agent(put).await.expect("the agent is put");
        let watch = pb::WatchOffersRequest { agent_id: agent.into(), ..Default::default() };
        let stream = self.agents.watch_offers(watch).await.expect("the stream opens").into_inner();
        let presence = pb::Presence { state: pb::PresenceState::Available.into(), ..Default::default() };
        let present = pb::SetPresenceRequest {
            request_id: format!("present-{agent}"),
            agent_id: agent.into(),
            presence: Some(presence),
            ..Default::default()
        };
        self.agents.set_presence(present).await.expect("the agent is there");
        stream
    }

    async fn accept(&mut self, agent: &str, offer: pb::Offer) {
        let (request_id, agent_id) = (format!("accept-{}", offer.offer_id), agent.to_owned());
        let accept = pb::AcceptOfferRequest { request_id, agent_id, offer_id: offer.offer_id, ..Default::default() };
        self.agents.accept_offer(accept).await.expect("it is accepted");
    }

    async fn speaker(&mut self) -> Speaker {
        let (to, signals) = mpsc::channel(16);
        let results = self.contacts.signals(ReceiverStream::new(signals)).await.expect("the call opens");
        Speaker { to: Some(to), results: results.into_inner() }
    }
}

/// A stream of signals.
struct Speaker {
    to: Option<mpsc::Sender<pb::SignalsRequest>>,
    results: Streaming<pb::SignalsResponse>,
}

impl Speaker {
    async fn say(&mut self, signals: Vec<pb::Signal>) -> Vec<(u64, Outcome)> {
        let to = self.to.as_ref().expect("the stream is open");
        to.send(pb::SignalsRequest { signals, ..Default::default() }).await.expect("the daemon reads");
        let message = soon(self.results.message()).await.expect("the stream lives").expect("an answer");
        message.results.into_iter().map(|result| (result.index, result.result.expect("a result"))).collect()
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(5), what).await.expect("it happens in time")
}

/// The first event of an agent's stream that is wanted.
async fn told<T>(stream: &mut Streaming<pb::WatchOffersResponse>, wanted: impl Fn(StreamEvent) -> Option<T>) -> T {
    soon(async {
        loop {
            let message = stream.message().await.expect("the stream lives").expect("it goes on");
            if let Some(found) = message.event.and_then(&wanted) {
                return found;
            }
        }
    })
    .await
}

async fn offer(stream: &mut Streaming<pb::WatchOffersResponse>) -> pb::Offer {
    told(stream, |event| if let StreamEvent::Offer(offer) = event { Some(offer) } else { None }).await
}

fn signal(contact: &str, id: impl ToString) -> pb::Signal {
    pb::Signal { contact_id: contact.into(), signal_id: id.to_string(), ..Default::default() }
}

fn spoken(contact: &str, id: impl ToString, valence: f64) -> pb::Signal {
    let measured = |value| Some(pb::Measurement { value, confidence: Some(0.9), ..Default::default() });
    pb::Signal {
        modality: pb::SignalModality::Acoustic.into(),
        valence: measured(valence),
        arousal: measured(valence.abs().min(1.0)),
        ..signal(contact, id)
    }
}

fn written(contact: &str, id: impl ToString, valence: f64) -> pb::Signal {
    pb::Signal { modality: pb::SignalModality::Text.into(), ..spoken(contact, id, valence) }
}

fn news(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Accepted(accepted) => accepted.news,
        Outcome::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn detail<T: Message + Default>(refusal: &pb::Refusal, name: &str) -> Option<T> {
    let status = RpcStatus::decode(refusal.encode_to_vec().as_slice()).expect("a refusal reads as a google.rpc.Status");
    let found = status.details.iter().find(|detail| detail.type_url.ends_with(name))?;
    Some(T::decode(found.value.as_slice()).expect("a detail of its type"))
}

/// Code, reason and fields.
fn why(outcome: &Outcome) -> (Code, String, Vec<String>) {
    let Outcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
    let reason = detail::<ErrorInfo>(refusal, "google.rpc.ErrorInfo").expect("a refusal has a reason").reason;
    let fields = detail::<BadRequest>(refusal, "google.rpc.BadRequest").unwrap_or_default().field_violations;
    (Code::from_i32(refusal.code), reason, fields.into_iter().map(|violation| violation.field).collect())
}

#[tokio::test]
async fn each_signal_has_its_own_result_and_a_second_s_worth_counts_together() {
    let mut world = World::open().await;
    world.enqueue("c1", None).await;
    world.enqueue("c2", None).await;
    let mut speaker = world.speaker().await;
    let of_agent = pb::Signal { role: pb::ParticipantRole::Agent.into(), ..spoken("c1", "s2", -0.9) };
    let results = speaker
        .say(vec![
            spoken("c1", "s1", -0.9),
            of_agent,
            spoken("c9", "s1", -0.9),
            spoken("c1", "s3", -7.0),
            spoken("c2", "s1", -0.9),
        ])
        .await;
    let indices: Vec<u64> = results.iter().map(|(index, _)| *index).collect();
    assert_eq!(indices, [0, 1, 2, 3, 4]);
    assert!(news(&results[0].1) && news(&results[4].1));
    assert_eq!(why(&results[1].1), (Code::InvalidArgument, "AGENT_EMOTION".into(), vec!["role".into()]));
    assert_eq!(why(&results[2].1), (Code::NotFound, "CONTACT_UNKNOWN".into(), vec!["contact_id".into()]));
    let fields = vec!["valence.value".to_owned()];
    assert_eq!(why(&results[3].1), (Code::InvalidArgument, "INVALID_REQUEST".into(), fields));

    // What is first heard of a contact counts at once.
    let first = world.contact("c1").await.score;
    assert!(first > 0.0 && world.contact("c2").await.score > 0.0);
    // What follows within the second is gathered: the same again is no news, nor is an earlier revision of what waits.
    let results = speaker.say(vec![spoken("c1", "s1", -0.9), spoken("c1", "s4", -1.0)]).await;
    assert_eq!((results[0].0, news(&results[0].1), news(&results[1].1)), (5, false, true));
    let revised = pb::Signal { revision: 2, ..spoken("c1", "s4", -0.95) };
    let earlier = pb::Signal { revision: 1, ..spoken("c1", "s4", -0.1) };
    let results = speaker.say(vec![revised, earlier]).await;
    assert_eq!((news(&results[0].1), news(&results[1].1)), (true, false));
    world.becomes("c1", |contact| contact.score > first).await;

    speaker.to = None;
    assert!(soon(speaker.results.message()).await.expect("it ends with OK").is_none());
}

#[tokio::test]
async fn what_was_gathered_counts_before_whatever_else_is_said_or_done() {
    let mut world = World::open().await;
    world.enqueue("c1", None).await;
    let mut speaker = world.speaker().await;
    speaker.say(vec![spoken("c1", "s1", -0.5)]).await;
    speaker.say(vec![spoken("c1", "s2", -0.9)]).await;
    let message = pb::SignalRequest { signal: Some(spoken("c1", "s2", -0.9)), ..Default::default() };
    assert!(!world.contacts.signal(message).await.expect("it is known").into_inner().news, "the call found it counted");
    let before = world.contact("c1").await.score;
    speaker.say(vec![spoken("c1", "s3", -1.0)]).await;
    let cancel = pb::CancelContactRequest {
        request_id: "cancel".into(),
        contact_id: "c1".into(),
        reason: pb::CancelReason::CustomerLeft.into(),
        ..Default::default()
    };
    world.contacts.cancel_contact(cancel).await.expect("it is cancelled");
    assert!(world.contact("c1").await.score > before, "the customer left as the last signal says");
    let results = speaker.say(vec![spoken("c1", "s4", -0.9)]).await;
    assert_eq!(why(&results[0].1).1, "CONTACT_CLOSED");
}

#[tokio::test]
async fn what_waits_of_a_contact_is_bounded_and_the_refusal_says_until_when() {
    let mut world = World::open().await;
    world.enqueue("c1", None).await;
    world.enqueue("c2", None).await;
    let mut speaker = world.speaker().await;
    speaker.say(vec![spoken("c1", "first", -0.5)]).await;
    let mut many: Vec<pb::Signal> = (0..33).map(|number| spoken("c1", number, -0.5)).collect();
    many.push(spoken("c2", "s1", -0.5));
    let results = speaker.say(many).await;
    assert!(results[..32].iter().all(|(_, outcome)| news(outcome)));
    let Outcome::Refused(refusal) = &results[32].1 else { panic!("32 wait already") };
    assert_eq!(why(&results[32].1).1, "OVERLOADED");
    let retry = detail::<RetryInfo>(refusal, "google.rpc.RetryInfo").and_then(|retry| retry.retry_delay);
    assert!(retry.is_some_and(|delay| delay.seconds <= 1), "{retry:?}");
    assert!(news(&results[33].1), "the other contact has nothing to do with it");

    // Too many at once are refused each.
    let results = speaker.say((0..1_025).map(|number| spoken("c1", number, -0.5)).collect()).await;
    assert_eq!(results.len(), 1_025);
    assert_eq!(why(&results[1_024].1).2, ["signals"]);
}

#[tokio::test]
async fn a_daemon_that_stops_answers_what_it_read_and_ends_the_call() {
    let mut world = World::open().await;
    world.enqueue("c1", None).await;
    let mut speaker = world.speaker().await;
    assert!(news(&speaker.say(vec![spoken("c1", "s1", -0.5)]).await[0].1));
    let daemon = world.daemon;
    let stopped = tokio::spawn(daemon.shutdown());
    assert!(soon(speaker.results.message()).await.expect("it ends with OK").is_none());
    soon(stopped).await.expect("it stops");
}

#[tokio::test]
async fn an_agent_and_whoever_watches_are_told_when_the_customer_comes_to_feel_worse() {
    let mut world = World::open().await;
    let watch = pb::WatchRequest {
        filter: Some(pb::WatchFilter {
            event_kinds: vec![pb::WatchEventKind::AssistSuggested.into()],
            content: pb::WatchContent::Events.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut watched = world.watches.watch(watch).await.expect("the watch opens").into_inner();
    let mut ana = world.agent("ana", 0).await;
    world.enqueue("c1", None).await;
    let offered = offer(&mut ana).await;
    world.accept("ana", offered).await;
    let mut speaker = world.speaker().await;
    // Not badly enough; then badly enough.
    speaker.say(vec![written("c1", "s1", -0.4)]).await;
    speaker.say((2..20).map(|number| written("c1", number, -1.0)).collect()).await;
    let assist = told(&mut ana, |event| match event {
        StreamEvent::AssistSuggested(assist) => Some(assist),
        _ => None,
    })
    .await;
    assert_eq!((assist.contact_id.as_str(), assist.source()), ("c1", pb::SignalSource::Text));
    assert!((0.6..=1.0).contains(&assist.distress), "{assist:?}");
    let event = soon(async {
        loop {
            let message = watched.message().await.expect("the watch lives").expect("it goes on");
            if let Some(Watched::Change(change)) = message.message {
                break change.events[0].clone();
            }
        }
    })
    .await;
    assert_eq!(event.kind(), pb::WatchEventKind::AssistSuggested);
    assert_eq!((event.contact_id.as_str(), event.agent_id.as_str(), event.cause.as_str()), ("c1", "ana", "text"));
}

#[tokio::test]
async fn an_announced_moment_of_truth_finds_an_agent_kept_free_who_is_given_back_if_it_does_not_come() {
    let mut world = World::open().await;
    let mut streams = Vec::new();
    for (agent, empathy) in [("odo", 0), ("e1", 80), ("e2", 80), ("e3", 80), ("e4", 80)] {
        streams.push(world.agent(agent, empathy).await);
    }
    // Of four empathetic ones, one may be kept free for those who are announced.
    world.announce("m1", 20).await;
    for contact in ["r0", "r1", "r2", "r3", "r4"] {
        world.enqueue(contact, None).await;
    }
    for contact in ["r0", "r1", "r2", "r3"] {
        assert_eq!(world.contact(contact).await.state(), pb::ContactState::Offered);
    }
    assert_eq!(world.contact("r4").await.state(), pb::ContactState::Queued, "the last is kept for who is to come");
    world.enqueue("m1", Some("card_lost")).await;
    assert_eq!(world.contact("m1").await.state(), pb::ContactState::Offered, "and takes the one that was kept");

    // Expected 29 s ago: one second more, and nobody is kept free for it.
    let cancel = |contact: &str| pb::CancelContactRequest {
        request_id: format!("cancel-{contact}"),
        contact_id: contact.into(),
        reason: pb::CancelReason::CustomerLeft.into(),
        ..Default::default()
    };
    world.announce("m2", -29).await;
    world.contacts.cancel_contact(cancel("m1")).await.expect("it is cancelled");
    assert_eq!(world.contact("r4").await.state(), pb::ContactState::Queued, "the next one may come still");
    world.becomes("r4", |contact| contact.state() == pb::ContactState::Offered).await;
    assert_eq!(world.contact("m2").await.state(), pb::ContactState::Announced, "that has not come");
}

/// Everything that a provider may emit, at once: taken whole, by a call and by a stream, and taken back whole.
#[tokio::test]
async fn a_full_message_is_taken() {
    let mut world = World::open().await;
    world.enqueue("c1", None).await;
    let span = |seconds| Some(prost_types::Duration { seconds, nanos: 500_000_000 });
    let native = |value: f64, native_value: f64, native_min: f64, native_max: f64| {
        Some(pb::Measurement {
            value,
            confidence: Some(0.8),
            native_value: Some(native_value),
            native_min: Some(native_min),
            native_max: Some(native_max),
        })
    };
    let category = |name: &str, kind: pb::SignalCategoryKind| pb::SignalCategory {
        name: name.into(),
        vocabulary: "ekman".into(),
        score: 73.5,
        kind: kind.into(),
    };
    let full = |id: &str| pb::Signal {
        provider: "speech.example/v2".into(),
        model: "emotion large".into(),
        model_version: "2026-10-01".into(),
        sequence: 41,
        revision: 1,
        r#final: true,
        observed_time: Some(prost_types::Timestamp::from(SystemTime::now())),
        modality: pb::SignalModality::Multimodal.into(),
        role: pb::ParticipantRole::Customer.into(),
        language: "zh-Hant-TW".into(),
        granularity: pb::SignalGranularity::Utterance.into(),
        start_offset: span(12),
        end_offset: span(15),
        valence: native(-0.8, 1.4, 1.0, 5.0),
        arousal: native(0.9, 90.0, 0.0, 100.0),
        dominance: native(0.2, -0.6, -1.0, 1.0),
        urgency: native(0.7, 7.0, 0.0, 10.0),
        polarity: native(-0.9, -0.9, -1.0, 1.0),
        magnitude: native(12.5, 12.5, 0.0, 1e9),
        categories: vec![
            category("anger", pb::SignalCategoryKind::Emotion),
            category("cancel card", pb::SignalCategoryKind::Intent),
            category("卡", pb::SignalCategoryKind::Topic),
            category("sarcasm", pb::SignalCategoryKind::Other),
        ],
        dynamics: Some(pb::ConversationDynamics {
            talk_over_duration: span(1),
            interruptions: 3,
            silence_duration: span(0),
            hold_duration: span(30),
        }),
        acoustic_features: BTreeMap::from([("pitch_mean_hz".into(), 231.4), ("jitter_local".into(), 0.021)]),
        evidence: vec![pb::EvidenceSpan { start: 3, end: 9, label: "anger.term".into() }],
        events: vec![pb::SignalEvent {
            name: "card_lost".into(),
            confidence: Some(0.9),
            attributes: BTreeMap::from([("where".into(), "abroad".into())]),
        }],
        facts: Some(pb::Facts { value: Some(0.9), self_service_attempts: Some(2), ..Default::default() }),
        ..signal("c1", id)
    };
    let message = pb::SignalRequest { signal: Some(full("s1")), ..Default::default() };
    let sent = pb::SignalRequest::decode(message.encode_to_vec().as_slice()).expect("it is a message");
    assert_eq!(sent, message, "nothing is lost on the way");
    assert!(world.contacts.signal(message).await.expect("it is taken").into_inner().news);
    let contact = world.contact("c1").await;
    assert!(contact.moment_of_truth, "{contact:?}");
    let causes: Vec<pb::HeadStartCause> = contact.head_starts.iter().map(pb::HeadStart::cause).collect();
    for cause in [
        pb::HeadStartCause::Moment,
        pb::HeadStartCause::Emotion,
        pb::HeadStartCause::Urgency,
        pb::HeadStartCause::Value,
        pb::HeadStartCause::Effort,
    ] {
        assert!(causes.contains(&cause), "{cause:?} among {causes:?}");
    }
    let taken_back = |id: &str| pb::Signal {
        provider: "speech.example/v2".into(),
        modality: pb::SignalModality::Multimodal.into(),
        revision: 2,
        withdrawn: true,
        ..signal("c1", id)
    };
    let mut speaker = world.speaker().await;
    let results = speaker.say(vec![taken_back("s1"), full("s2"), full("s3"), taken_back("s2"), taken_back("s3")]).await;
    assert!(results.iter().all(|(_, outcome)| news(outcome)), "{results:?}");
    let contact = world.becomes("c1", |contact| contact.score == 0.0).await;
    assert!(!contact.moment_of_truth && contact.head_starts.is_empty(), "{contact:?}");
}
