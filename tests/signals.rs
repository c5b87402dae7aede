//! Signals over a real connection: facts and words at enqueue, signals while waiting, what they are worth, and what is
//! refused.

use attune::{
    api::pb::{
        self, config_service_client::ConfigServiceClient, contact_service_client::ContactServiceClient,
        insight_service_client::InsightServiceClient,
    },
    app::Daemon,
};
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt;

mod loopback;

const DOCUMENT: &str = r#"
    [channels.chat]
    [queues.claims]
    [signals]
    voice = true
    [moments.card_lost]
    triggers = [{ event = "card_lost" }, { event = "card_stolen" }]
    [moments.stranded]
    triggers = [{ event = "flight_cancelled", attributes = { at = "gate" } }]
    head_start = "60s"
"#;

struct World {
    _daemon: Daemon,
    contacts: ContactServiceClient<Channel>,
    config: ConfigServiceClient<Channel>,
    insight: InsightServiceClient<Channel>,
}

impl World {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        let mut world = Self {
            _daemon: daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            config: ConfigServiceClient::new(channel.clone()),
            insight: InsightServiceClient::new(channel),
        };
        world.apply("d1", DOCUMENT).await;
        world
    }

    async fn apply(&mut self, id: &str, text: &str) {
        let document = pb::DocumentText { format: pb::DocumentFormat::Toml.into(), text: text.into() };
        let message =
            pb::ApplyDocumentRequest { request_id: id.into(), document: Some(document), ..Default::default() };
        self.config.apply_document(message).await.expect("the document is applied");
    }

    async fn enqueue(&mut self, contact: &str, facts: Option<pb::Facts>, text: &str) {
        let message = pb::EnqueueContactRequest {
            request_id: format!("enqueue-{contact}"),
            contact_id: contact.into(),
            queue: "claims".into(),
            channel: "chat".into(),
            facts,
            text: text.into(),
            ..Default::default()
        };
        self.contacts.enqueue_contact(message).await.expect("the contact is taken");
    }

    async fn signal(&mut self, signal: pb::Signal) -> Result<bool, Status> {
        let message = pb::SignalRequest { signal: Some(signal), ..Default::default() };
        Ok(self.contacts.signal(message).await?.into_inner().news)
    }

    async fn contact(&mut self, contact: &str) -> pb::Contact {
        let message = pb::GetContactRequest { contact_id: contact.into(), ..Default::default() };
        self.contacts.get_contact(message).await.expect("it is there").into_inner().contact.expect("a contact")
    }

    async fn why(&mut self, contact: &str) -> pb::ExplainContactResponse {
        let message = pb::ExplainContactRequest { contact_id: contact.into(), ..Default::default() };
        self.insight.explain_contact(message).await.expect("a contact is explained").into_inner()
    }
}

fn facts(event: &str, attributes: &[(&str, &str)]) -> Option<pb::Facts> {
    let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let events = vec![pb::JourneyEvent { name: event.into(), attributes }];
    Some(pb::Facts { events, ..Default::default() })
}

fn signal(contact: &str, id: &str) -> pb::Signal {
    pb::Signal { contact_id: contact.into(), signal_id: id.into(), ..Default::default() }
}

fn measured(value: f64, confidence: f64) -> Option<pb::Measurement> {
    Some(pb::Measurement { value, confidence: Some(confidence), ..Default::default() })
}

fn reason(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().expect("a refusal has a reason").reason)
}

#[tokio::test]
async fn a_declared_fact_moves_a_contact_and_says_so() {
    let mut world = World::open().await;
    world.enqueue("c1", None, "").await;
    world.enqueue("c2", facts("card_lost", &[]), "").await;
    let why = world.why("c2").await;
    let place = why.place.expect("it waits");
    assert_eq!((place.ahead, place.dynamic_head_start_duration.expect("a span").seconds), (0, 90), "{}", why.summary);
    let [part] = place.head_starts.as_slice() else { panic!("one part: {:?}", place.head_starts) };
    assert_eq!((part.cause(), part.moment.as_str()), (pb::HeadStartCause::Moment, "card_lost"));
    assert_eq!((part.source(), part.until_time.is_some()), (pb::SignalSource::Fact, true));
    assert!(why.summary.contains("90s of head start from moment card_lost by fact until "), "{}", why.summary);
    let contact = world.contact("c2").await;
    assert!(contact.moment_of_truth && contact.score >= 0.7 && contact.head_starts.len() == 1, "{contact:?}");

    // A signal moves another before it; the same again is no news; withdrawn it leaves no trace.
    let lost = pb::Signal { facts: facts("card_stolen", &[]), ..signal("c1", "s1") };
    assert!(world.signal(lost.clone()).await.expect("it is taken"));
    assert!(!world.signal(lost).await.expect("it is known"));
    assert_eq!(world.why("c1").await.place.expect("it waits").ahead, 0);
    let withdrawn = pb::Signal { withdrawn: true, revision: 1, ..signal("c1", "s1") };
    assert!(world.signal(withdrawn).await.expect("it is taken back"));
    let contact = world.contact("c1").await;
    assert!(!contact.moment_of_truth && contact.head_starts.is_empty() && contact.score == 0.0, "{contact:?}");

    // Where the catalogue asks for more, more is needed.
    world.enqueue("c3", facts("flight_cancelled", &[("at", "home")]), "").await;
    world.enqueue("c4", facts("flight_cancelled", &[("at", "gate")]), "").await;
    assert!(!world.contact("c3").await.moment_of_truth);
    assert!(world.contact("c4").await.moment_of_truth);
}

#[tokio::test]
async fn words_lift_by_half_and_are_dropped() {
    let mut world = World::open().await;
    world.enqueue("c1", None, "Hello, what are your opening hours tomorrow?").await;
    world.enqueue("c2", None, "My card was stolen on the train and I am really scared, please help me now!!!").await;
    let calm = world.contact("c1").await;
    assert!(!calm.moment_of_truth, "{calm:?}");
    let seconds = |contact: &pb::Contact| -> i64 {
        contact.head_starts.iter().map(|part| part.head_start_duration.expect("a span").seconds).sum()
    };
    let urgent = world.contact("c2").await;
    assert!((30..=90).contains(&seconds(&urgent)) && seconds(&calm) < 10, "{calm:?}\n{urgent:?}");
    assert!(urgent.head_starts.iter().all(|part| part.source() == pb::SignalSource::Text), "{urgent:?}");
    assert_eq!(world.why("c2").await.place.expect("it waits").ahead, 0);
    // With the fact beside them they count whole.
    let fact = pb::Signal { facts: facts("card_stolen", &[]), ..signal("c2", "s1") };
    assert!(world.signal(fact).await.expect("it is taken"));
    let certain = world.contact("c2").await;
    assert!(certain.moment_of_truth && (90..=180).contains(&seconds(&certain)), "{certain:?}");
}

#[tokio::test]
async fn what_a_provider_sends_is_checked_whole() {
    let mut world = World::open().await;
    world.enqueue("c1", None, "").await;
    let spoken = |id: &str| pb::Signal {
        modality: pb::SignalModality::Acoustic.into(),
        role: pb::ParticipantRole::Customer.into(),
        valence: measured(-0.9, 0.9),
        arousal: measured(0.9, 0.9),
        ..signal("c1", id)
    };
    assert!(world.signal(spoken("s1")).await.expect("it is taken"));
    let of_agent = pb::Signal { role: pb::ParticipantRole::Agent.into(), ..spoken("s2") };
    let status = world.signal(of_agent).await.expect_err("an agent's feelings are nobody's business");
    assert_eq!(reason(&status), (Code::InvalidArgument, "AGENT_EMOTION".to_owned()));

    let wrong = pb::Signal {
        contact_id: "no good".into(),
        modality: pb::SignalModality::Unspecified.into(),
        valence: measured(-1.5, 1.5),
        arousal: Some(pb::Measurement { native_min: Some(5.0), native_max: Some(1.0), ..Default::default() }),
        text: "x".repeat(65_537),
        categories: vec![pb::SignalCategory { score: f64::NAN, ..Default::default() }],
        evidence: vec![pb::EvidenceSpan { start: 5, end: 2, label: String::new() }],
        ..signal("c1", "s3")
    };
    let status = world.signal(wrong).await.expect_err("everything is wrong");
    let fields = status.get_details_bad_request().expect("fields").field_violations;
    let fields: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    let expected = [
        "signal.contact_id",
        "signal.categories[0].name",
        "signal.categories[0].score",
        "signal.evidence[0].end",
        "signal.valence.value",
        "signal.valence.confidence",
        "signal.arousal.native_max",
        "signal.text",
        "signal.text",
    ];
    assert_eq!(fields, expected);

    let unknown = world.signal(spoken("s4")).await.map(drop);
    assert!(unknown.is_ok());
    let unknown = pb::Signal { contact_id: "c9".into(), ..spoken("s4") };
    let status = world.signal(unknown).await.expect_err("nobody knows it");
    assert_eq!(reason(&status), (Code::NotFound, "CONTACT_UNKNOWN".to_owned()));
    world.apply("d2", &DOCUMENT.replace("voice = true", "voice = false")).await;
    let status = world.signal(spoken("s5")).await.expect_err("voice is switched off");
    assert_eq!(reason(&status), (Code::FailedPrecondition, "SIGNAL_SWITCHED_OFF".to_owned()));
}

/// Signals count by their times, whenever they come; what is older than those remembered one by one is refused.
#[tokio::test]
async fn late_signals_are_refused_by_name() {
    let mut world = World::open().await;
    world.enqueue("c1", None, "").await;
    let at = |second: i64| Some(prost_types::Timestamp { seconds: 1_700_000_000 + second, nanos: 0 });
    let spoken = |second: i64| pb::Signal {
        modality: pb::SignalModality::Multimodal.into(),
        valence: measured(-0.5, 0.9),
        observed_time: at(second),
        ..signal("c1", &format!("s{second}"))
    };
    for second in (10..43).rev() {
        assert!(world.signal(spoken(second)).await.expect("it is taken"), "{second}");
    }
    let status = world.signal(spoken(5)).await.expect_err("it comes too late");
    assert_eq!(reason(&status), (Code::FailedPrecondition, "SIGNAL_LATE".to_owned()));
    assert!(world.signal(spoken(60)).await.expect("it is taken"));
}
