//! Where in a trace a contact began is kept with it and handed on with its offers, whoever offers them.

use std::{collections::BTreeMap, time::Duration};

use attune::{
    api::pb::{
        self, agent_frame::Action, agent_service_client::AgentServiceClient,
        contact_service_client::ContactServiceClient, gateway_service_client::GatewayServiceClient,
        watch_offers_response::Event,
    },
    app::Daemon,
};
use tokio::time::timeout;
use tonic::{Code, Request, Streaming, transport::Channel};
use tonic_types::StatusExt;

mod loopback;

const ONE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

struct Desk {
    _daemon: Daemon,
    contacts: ContactServiceClient<Channel>,
    agents: AgentServiceClient<Channel>,
    gateways: GatewayServiceClient<Channel>,
}

impl Desk {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        Self {
            _daemon: daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            agents: AgentServiceClient::new(channel.clone()),
            gateways: GatewayServiceClient::new(channel),
        }
    }

    async fn put(&mut self, agent: &str) {
        let skills = BTreeMap::from([("cards".into(), 80), ("lang_en".into(), 100)]);
        let profile = pb::AgentProfile { skills, ..Default::default() };
        let message = pb::PutAgentRequest {
            request_id: format!("put-{agent}"),
            agent_id: agent.into(),
            profile: Some(profile),
            ..Default::default()
        };
        self.agents.put_agent(message).await.expect("the agent is put");
    }

    async fn watch(&mut self, agent: &str) -> Streaming<pb::WatchOffersResponse> {
        let message = pb::WatchOffersRequest { agent_id: agent.into(), session_id: "s".into(), ..Default::default() };
        self.agents.watch_offers(message).await.expect("the stream opens").into_inner()
    }

    async fn set_available(&mut self, agent: &str) {
        let presence = pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() };
        let message = pb::SetPresenceRequest {
            request_id: format!("available-{agent}"),
            agent_id: agent.into(),
            presence: Some(presence),
            ..Default::default()
        };
        self.agents.set_presence(message).await.expect("presence is taken");
    }
}

fn enqueue(contact: &str, field: Option<(&str, &str)>) -> pb::EnqueueContactRequest {
    let place =
        |(parent, state): (&str, &str)| pb::TraceContext { traceparent: parent.into(), tracestate: state.into() };
    pb::EnqueueContactRequest {
        request_id: format!("enqueue-{contact}"),
        contact_id: contact.into(),
        queue: "cards".into(),
        channel: "chat".into(),
        trace_context: field.map(place),
        ..Default::default()
    }
}

/// The same, from a caller who stands there.
fn from(place: &str, state: &'static str, message: pb::EnqueueContactRequest) -> Request<pb::EnqueueContactRequest> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", place.parse().unwrap());
    request.metadata_mut().insert("tracestate", state.parse().unwrap());
    request
}

async fn offered(stream: &mut Streaming<pb::WatchOffersResponse>) -> pb::Offer {
    loop {
        let message = timeout(Duration::from_secs(10), stream.message()).await.expect("it is told in time");
        if let Some(Event::Offer(offer)) = message.expect("the stream lives").expect("it goes on").event {
            return offer;
        }
    }
}

fn place_of(offer: &pb::Offer) -> Option<(&str, &str)> {
    offer.trace_context.as_ref().map(|place| (place.traceparent.as_str(), place.tracestate.as_str()))
}

#[tokio::test]
async fn an_offer_says_where_its_contact_began() {
    let mut desk = Desk::open().await;
    desk.put("ana").await;
    let mut stream = desk.watch("ana").await;
    let placed = desk.contacts.enqueue_contact(from(ONE, "vendor=1", enqueue("c1", None))).await.unwrap().into_inner();
    // A retry is another place of the same work, and no other request.
    let again = desk.contacts.enqueue_contact(from(OTHER, "", enqueue("c1", None))).await.unwrap().into_inner();
    assert_eq!(again, placed);
    // What the request says comes before what its call says.
    let both = from(OTHER, "", enqueue("c2", Some((ONE, "vendor=2"))));
    desk.contacts.enqueue_contact(both).await.unwrap();
    // A caller's place that cannot be read is none.
    desk.contacts.enqueue_contact(from("nonsense", "", enqueue("c3", None))).await.unwrap();
    desk.set_available("ana").await;
    let first = offered(&mut stream).await;
    assert_eq!((first.contact_id.as_str(), place_of(&first)), ("c1", Some((ONE, "vendor=1"))));

    // The stream breaks; the offer comes again as it was.
    drop(stream);
    let mut stream = desk.watch("ana").await;
    assert_eq!(offered(&mut stream).await.trace_context, first.trace_context);
    let decline = |offer: &pb::Offer| pb::DeclineOfferRequest {
        request_id: format!("decline-{}", offer.offer_id),
        agent_id: "ana".into(),
        offer_id: offer.offer_id.clone(),
        reason: "not now".into(),
        ..Default::default()
    };
    let mut seen = vec![(first.contact_id.clone(), first.trace_context.clone())];
    let mut last = first;
    while seen.len() < 3 {
        let ack = pb::AckOfferRequest {
            request_id: format!("ack-{}", last.offer_id),
            agent_id: "ana".into(),
            offer_id: last.offer_id.clone(),
            ..Default::default()
        };
        desk.agents.ack_offer(ack).await.expect("it is open");
        desk.agents.decline_offer(decline(&last)).await.expect("it may be declined");
        last = offered(&mut stream).await;
        seen.push((last.contact_id.clone(), last.trace_context.clone()));
    }
    let of = |id: &str| &seen.iter().find(|(contact, _)| contact == id).expect("it was offered").1;
    assert_eq!(of("c2").as_ref().map(|place| place.tracestate.as_str()), Some("vendor=2"));
    assert_eq!(of("c3"), &None);
}

#[tokio::test]
async fn items_of_a_stream_have_their_own_places_and_gateways_hear_of_them() {
    let mut desk = Desk::open().await;
    desk.put("ben").await;
    let frame = |request: &str, action| pb::AgentFrame {
        agent_id: "ben".into(),
        request_id: request.into(),
        action: Some(action),
        ..Default::default()
    };
    let presence = Some(pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() });
    let frames = vec![
        frame("1", Action::OpenSession(pb::OpenSession {})),
        frame("2", Action::SetPresence(pb::SetPresence { presence })),
    ];
    let (gateway, messages) = tokio::sync::mpsc::channel(4);
    let messages = tokio_stream::wrappers::ReceiverStream::new(messages);
    gateway.send(pb::ConnectAgentsRequest { tenant: String::new(), frames }).await.unwrap();
    let mut told = desk.gateways.connect_agents(messages).await.expect("the call opens").into_inner();

    let contacts = vec![enqueue("c1", Some((ONE, "")))];
    let mut items = Request::new(tokio_stream::once(pb::EnqueueContactsRequest { contacts }));
    // The stream's own place is no contact's.
    items.metadata_mut().insert("traceparent", OTHER.parse().unwrap());
    let mut results = desk.contacts.enqueue_contacts(items).await.expect("the call opens").into_inner();
    results.message().await.expect("it is answered").expect("a result");
    let offer = loop {
        let message = timeout(Duration::from_secs(10), told.message()).await.expect("it is told in time");
        let frames = message.expect("the call lives").expect("it goes on").frames;
        let offer = frames.into_iter().find_map(|frame| match frame.event {
            Some(pb::gateway_frame::Event::Offer(offer)) => Some(offer),
            _ => None,
        });
        if let Some(offer) = offer {
            break offer;
        }
    };
    assert_eq!(place_of(&offer), Some((ONE, "")));
}

#[tokio::test]
async fn a_place_that_is_said_wrong_is_refused_with_its_field() {
    let mut desk = Desk::open().await;
    for (parent, state, field) in
        [("00-nonsense", "", "trace_context.traceparent"), (ONE, "nonsense", "trace_context.tracestate")]
    {
        let refused = desk.contacts.enqueue_contact(enqueue("c1", Some((parent, state)))).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let bad = refused.get_details_bad_request().expect("it names fields");
        let fields: Vec<&str> = bad.field_violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, [field]);
    }
}
