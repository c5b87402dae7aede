//! Spans as a collector gets them: of calls, of offers and of engagements, each with the right place in the right trace.
#![cfg(feature = "otlp")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, contact_service_client::ContactServiceClient,
        watch_offers_response::Event,
    },
    app::{Daemon, Stop},
    config::{Settings, Tracing},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind},
};
use tokio::{net::TcpListener, time::timeout};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Channel, Server, server::TcpIncoming},
};

/// A customer's call, kept by whoever began the trace.
const KEPT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// One that is not.
const NOT_KEPT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
/// The desktop's click.
const CLICK: &str = "00-11111111111111111111111111111111-2222222222222222-01";

/// Everything that was exported.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// A collector that listens, and where.
    async fn open() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let collector = Self::default();
        let service = TraceServiceServer::new(collector.clone());
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener)));
        (collector, endpoint)
    }

    fn spans(&self) -> Vec<Span> {
        let exported = self.0.lock().unwrap();
        let scopes = exported.iter().flat_map(|request| &request.resource_spans).flat_map(|spans| &spans.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The texts that every export says of the daemon.
    fn services(&self) -> Vec<BTreeMap<String, String>> {
        let exported = self.0.lock().unwrap();
        let resources = exported.iter().flat_map(|request| &request.resource_spans);
        resources.map(|spans| texts(&spans.resource.as_ref().expect("it says who").attributes)).collect()
    }
}

fn texts(attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        other => format!("{other:?}"),
    };
    let value = |attribute: &opentelemetry_proto::tonic::common::v1::KeyValue| {
        text(attribute.value.as_ref().and_then(|value| value.value.as_ref()).expect("a value"))
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), value(attribute))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The trace and the span of a place.
fn place(parent: &str) -> (String, String) {
    let parts: Vec<&str> = parent.split('-').collect();
    (parts[1].to_owned(), parts[2].to_owned())
}

fn at<T>(place: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", place.parse().unwrap());
    request
}

fn enqueue(contact: &str) -> pb::EnqueueContactRequest {
    let details = pb::ContactDetails { customer_id: "customer-4711".into(), ..Default::default() };
    pb::EnqueueContactRequest {
        request_id: format!("enqueue-{contact}"),
        contact_id: contact.into(),
        queue: "cards".into(),
        channel: "chat".into(),
        details: Some(details),
        ..Default::default()
    }
}

async fn offered(stream: &mut Streaming<pb::WatchOffersResponse>) -> pb::Offer {
    loop {
        let message = timeout(Duration::from_secs(10), stream.message()).await.expect("it is told in time");
        if let Some(Event::Offer(offer)) = message.expect("the stream lives").expect("it goes on").event {
            return offer;
        }
    }
}

/// Two contacts that ana takes, one in a trace that is kept.
async fn work(channel: Channel) {
    let (mut contacts, mut agents) = (ContactServiceClient::new(channel.clone()), AgentServiceClient::new(channel));
    let skills = BTreeMap::from([("cards".into(), 80), ("lang_en".into(), 100)]);
    let profile = Some(pb::AgentProfile { skills, ..Default::default() });
    let put = pb::PutAgentRequest { request_id: "put".into(), agent_id: "ana".into(), profile, ..Default::default() };
    agents.put_agent(put).await.expect("the agent is put");
    let watch = pb::WatchOffersRequest { agent_id: "ana".into(), ..Default::default() };
    let mut stream = agents.watch_offers(watch).await.expect("the stream opens").into_inner();
    let presence = Some(pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() });
    let available =
        pb::SetPresenceRequest { request_id: "p".into(), agent_id: "ana".into(), presence, ..Default::default() };
    agents.set_presence(available).await.expect("presence is taken");
    for (contact, trace) in [("c1", KEPT), ("c2", NOT_KEPT)] {
        contacts.enqueue_contact(at(trace, enqueue(contact))).await.expect("it is queued");
        let offer = offered(&mut stream).await;
        let ack = pb::AckOfferRequest {
            request_id: format!("ack-{contact}"),
            agent_id: "ana".into(),
            offer_id: offer.offer_id.clone(),
            ..Default::default()
        };
        agents.ack_offer(ack).await.expect("it is open");
        let accept = pb::AcceptOfferRequest {
            request_id: format!("accept-{contact}"),
            agent_id: "ana".into(),
            offer_id: offer.offer_id,
            ..Default::default()
        };
        agents.accept_offer(at(CLICK, accept)).await.expect("it is taken");
        let request = format!("complete-{contact}");
        let complete =
            pb::CompleteContactRequest { request_id: request, contact_id: contact.into(), ..Default::default() };
        contacts.complete_contact(complete).await.expect("it is done");
        let end = pb::EndWrapUpRequest {
            request_id: format!("end-{contact}"),
            agent_id: "ana".into(),
            contact_id: contact.into(),
            ..Default::default()
        };
        agents.end_wrap_up(end).await.expect("it is wrapped up");
    }
    let unknown = pb::GetContactRequest { contact_id: "nobody".into(), ..Default::default() };
    contacts.get_contact(at(KEPT, unknown)).await.expect_err("there is none");
}

#[tokio::test]
async fn a_collector_sees_calls_offers_and_engagements_in_their_traces() {
    let (collector, endpoint) = Collector::open().await;
    let tracing = Tracing { otlp_endpoint: Some(endpoint), sample_percent: 0 };
    let daemon = Daemon::start(Settings { tracing, ..Settings::passing() }).await.expect("the daemon starts");
    let address = format!("http://{}", daemon.addresses().api);
    work(Channel::from_shared(address).unwrap().connect().await.expect("the daemon answers")).await;
    assert_eq!(daemon.shutdown().await, Stop::Drained);

    let spans = collector.spans();
    let named = |name: &str| -> Vec<&Span> { spans.iter().filter(|span| span.name == name).collect() };
    let place_of = |trace: &[u8], span: &[u8]| (hex(trace), hex(span));
    let services = collector.services();
    assert!(!services.is_empty());
    assert!(services.iter().all(|service| service["service.name"] == "attuned"), "{services:?}");

    // The call is part of its caller's trace; the one that is not kept is not told.
    let [enqueued] = named("attune.v1.ContactService/EnqueueContact")[..] else { panic!("one of two: {spans:#?}") };
    assert_eq!(place_of(&enqueued.trace_id, &enqueued.parent_span_id), place(KEPT));
    assert_eq!(enqueued.kind(), SpanKind::Server);
    assert!(enqueued.end_time_unix_nano >= enqueued.start_time_unix_nano);
    let accepted = named("attune.v1.AgentService/AcceptOffer");
    assert_eq!(accepted.len(), 2, "both clicks are of a trace that is kept");
    assert!(accepted.iter().all(|span| place_of(&span.trace_id, &span.parent_span_id) == place(CLICK)));
    assert!(named("attune.v1.AgentService/SetPresence").is_empty(), "of traces that begin here none is kept");
    let [failed] = named("attune.v1.ContactService/GetContact")[..] else { panic!("one: {spans:#?}") };
    assert_eq!(texts(&failed.attributes)["rpc.grpc.status_code"], "IntValue(5)");
    assert_eq!(failed.status.as_ref().expect("it failed").code, 2);

    // What came of it later has a trace of its own, and says what it came of.
    for (name, outcome) in [("offer", "accepted"), ("engagement", "wrapped_up")] {
        let [span] = named(name)[..] else { panic!("one {name} of two: {spans:#?}") };
        assert_ne!(hex(&span.trace_id), place(KEPT).0);
        assert_eq!(span.kind(), SpanKind::Consumer);
        let links: Vec<_> = span.links.iter().map(|link| place_of(&link.trace_id, &link.span_id)).collect();
        assert_eq!(links, [place(KEPT)]);
        let said = texts(&span.attributes);
        let said =
            ["tenant", "contact", "queue", "agent", "outcome"].map(|key| said[&format!("attune.{key}")].as_str());
        assert_eq!(said, ["default", "c1", "cards", "ana", outcome]);
    }
    assert!(!format!("{spans:?}").contains("4711"), "a customer is named");
}
