//! The throughput paths over the wire: contacts enqueued by the stream, and agents behind a gateway.
//!
//! Protects: a result for each item in order, whatever becomes of the others; repeated requests without a second effect;
//! a gateway's sessions, which resume, move and end as those of desktops do; calls that end with all that was read
//! answered.

use std::{collections::BTreeMap, time::Duration};

use attune::{
    api::pb::{
        self, agent_frame::Action, agent_service_client::AgentServiceClient,
        contact_service_client::ContactServiceClient, enqueue_contact_result::Result as Enqueued,
        frame_result::Outcome, gateway_frame::Event, gateway_service_client::GatewayServiceClient,
        watch_offers_response::Event as StreamEvent,
    },
    app::{Daemon, Stop},
};
use prost::Message;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming, transport::Channel};
use tonic_types::pb::{ErrorInfo, Status as RpcStatus};

mod loopback;

struct Wire {
    daemon: Daemon,
    contacts: ContactServiceClient<Channel>,
    agents: AgentServiceClient<Channel>,
    gateways: GatewayServiceClient<Channel>,
}

impl Wire {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        Self {
            daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            agents: AgentServiceClient::new(channel.clone()),
            gateways: GatewayServiceClient::new(channel),
        }
    }

    async fn put_agent(&mut self, agent: &str) {
        let skills = BTreeMap::from([("cards".into(), 80), ("lang_en".into(), 100)]);
        let message = pb::PutAgentRequest {
            request_id: format!("put-{agent}"),
            agent_id: agent.into(),
            profile: Some(pb::AgentProfile { skills, ..Default::default() }),
            ..Default::default()
        };
        self.agents.put_agent(message).await.expect("the agent is put");
    }

    async fn gateway(&mut self) -> Gateway {
        let (to, frames) = mpsc::channel(16);
        let told = self.gateways.connect_agents(ReceiverStream::new(frames)).await.expect("the call opens");
        Gateway { to, told: told.into_inner(), waiting: Vec::new(), sequence: 0 }
    }

    async fn enqueuer(&mut self) -> Enqueuer {
        let (to, contacts) = mpsc::channel(16);
        let results = self.contacts.enqueue_contacts(ReceiverStream::new(contacts)).await.expect("the call opens");
        Enqueuer { to: Some(to), results: results.into_inner() }
    }

    async fn state_of(&mut self, contact: &str) -> pb::ContactState {
        let message = pb::GetContactRequest { contact_id: contact.into(), ..Default::default() };
        let answer = self.contacts.get_contact(message).await.expect("the contact is there").into_inner();
        answer.contact.expect("an answer has the contact").state()
    }

    async fn agent(&mut self, agent: &str) -> pb::Agent {
        let message = pb::GetAgentRequest { agent_id: agent.into(), ..Default::default() };
        self.agents.get_agent(message).await.expect("the agent is there").into_inner().agent.expect("an agent")
    }

    /// Whether the agent's session is connected, once that is so.
    async fn connected_becomes(&mut self, agent: &str, wanted: Option<bool>) {
        while self.agent(agent).await.session.map(|session| session.connected) != wanted {
            tokio::task::yield_now().await;
        }
    }
}

fn contact(id: &str) -> pb::EnqueueContactRequest {
    pb::EnqueueContactRequest {
        request_id: format!("enqueue-{id}"),
        contact_id: id.into(),
        queue: "cards".into(),
        channel: "chat".into(),
        ..Default::default()
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(5), what).await.expect("it happens in time")
}

/// Code and reason.
fn why(refusal: &pb::Refusal) -> (Code, String) {
    let status = RpcStatus::decode(refusal.encode_to_vec().as_slice()).expect("a refusal reads as a google.rpc.Status");
    assert!(!status.message.is_empty());
    let info = status.details.iter().find(|detail| detail.type_url.ends_with("google.rpc.ErrorInfo"));
    let info = ErrorInfo::decode(info.expect("a refusal has a reason").value.as_slice()).expect("an ErrorInfo");
    (Code::from_i32(status.code), info.reason)
}

/// An enqueue stream.
struct Enqueuer {
    to: Option<mpsc::Sender<pb::EnqueueContactsRequest>>,
    results: Streaming<pb::EnqueueContactsResponse>,
}

impl Enqueuer {
    async fn send(&self, contacts: Vec<pb::EnqueueContactRequest>) {
        let to = self.to.as_ref().expect("the stream is open");
        to.send(pb::EnqueueContactsRequest { contacts }).await.expect("the daemon reads");
    }

    async fn results(&mut self) -> Option<Vec<(u64, Enqueued)>> {
        let message = soon(self.results.message()).await.expect("the stream lives")?;
        Some(message.results.into_iter().map(|result| (result.index, result.result.expect("a result"))).collect())
    }
}

fn enqueued(result: &Enqueued) -> &pb::EnqueueContactResponse {
    match result {
        Enqueued::Enqueued(placed) => placed,
        Enqueued::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn refused(result: &Enqueued) -> (Code, String) {
    match result {
        Enqueued::Refused(refusal) => why(refusal),
        Enqueued::Enqueued(placed) => panic!("{placed:?}"),
    }
}

/// A gateway's call, read in order.
struct Gateway {
    to: mpsc::Sender<pb::ConnectAgentsRequest>,
    told: Streaming<pb::ConnectAgentsResponse>,
    waiting: Vec<pb::GatewayFrame>,
    sequence: u64,
}

impl Gateway {
    async fn send(&self, frames: Vec<pb::AgentFrame>) {
        self.to.send(pb::ConnectAgentsRequest { frames, ..Default::default() }).await.expect("the daemon reads");
    }

    /// Reads a message; false once the call has ended with OK.
    async fn read(&mut self) -> bool {
        let Some(message) = soon(self.told.message()).await.expect("the call lives") else { return false };
        assert_eq!(message.first_sequence, self.sequence + 1, "frames are numbered without gaps");
        self.sequence += message.frames.len() as u64;
        self.waiting.extend(message.frames);
        true
    }

    /// The first that is wanted of what is told to an agent; what else is told stays to be found.
    async fn find<T>(&mut self, agent: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let mut at = 0;
        loop {
            while at == self.waiting.len() {
                self.read().await.then_some(()).expect("the call goes on");
            }
            let frame = &self.waiting[at];
            if frame.agent_id == agent
                && let Some(found) = wanted(frame.event.as_ref().expect("a frame tells something"))
            {
                self.waiting.remove(at);
                return found;
            }
            at += 1;
        }
    }

    async fn welcome(&mut self, agent: &str) -> pb::Welcome {
        self.find(agent, |event| if let Event::Welcome(welcome) = event { Some(welcome.clone()) } else { None }).await
    }

    async fn offer(&mut self, agent: &str) -> pb::Offer {
        self.find(agent, |event| if let Event::Offer(offer) = event { Some(offer.clone()) } else { None }).await
    }

    async fn go_away(&mut self, agent: &str) -> pb::GoAwayReason {
        self.find(agent, |event| if let Event::GoAway(end) = event { Some(end.reason()) } else { None }).await
    }

    /// What became of an agent's frame.
    async fn result(&mut self, agent: &str, request: &str) -> Outcome {
        let wanted = |event: &Event| match event {
            Event::Result(result) if result.request_id == request => result.outcome.clone(),
            _ => None,
        };
        self.find(agent, wanted).await
    }

    async fn refusal(&mut self, agent: &str, request: &str) -> (Code, String) {
        match self.result(agent, request).await {
            Outcome::Refused(refusal) => why(&refusal),
            other => panic!("{other:?}"),
        }
    }

    /// Signs an agent in, in one message.
    async fn sign_in(&mut self, agent: &str, session: &str) -> pb::Welcome {
        let open = pb::AgentFrame { session_id: session.into(), ..frame(agent, "in", open()) };
        self.send(vec![open, frame(agent, &format!("available-{agent}-{session}"), available())]).await;
        self.welcome(agent).await
    }
}

fn frame(agent: &str, request: &str, action: Action) -> pb::AgentFrame {
    pb::AgentFrame { agent_id: agent.into(), request_id: request.into(), action: Some(action), ..Default::default() }
}

fn open() -> Action {
    Action::OpenSession(pb::OpenSession {})
}

fn presence(state: pb::PresenceState) -> Action {
    let presence = pb::Presence { state: state.into(), reason: String::new() };
    Action::SetPresence(pb::SetPresence { presence: Some(presence) })
}

fn available() -> Action {
    presence(pb::PresenceState::Available)
}

fn accept(offer: &pb::Offer) -> Action {
    Action::AcceptOffer(pb::AcceptOffer { offer_id: offer.offer_id.clone() })
}

#[tokio::test]
async fn each_contact_of_a_stream_has_its_own_result_in_order() {
    let mut wire = Wire::open().await;
    let mut stream = wire.enqueuer().await;
    let misspelt = pb::EnqueueContactRequest { queue: "crads".into(), ..contact("c2") };
    let empty = pb::EnqueueContactRequest::default();
    let elsewhere = pb::EnqueueContactRequest { tenant: "acme".into(), ..contact("c3") };
    stream.send(vec![contact("c1"), misspelt, empty, elsewhere, contact("c4")]).await;
    stream.send(vec![contact("c5")]).await;

    let first = stream.results().await.expect("results");
    assert_eq!(first.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(enqueued(&first[0].1).queue, "cards");
    assert_eq!(refused(&first[1].1), (Code::NotFound, "QUEUE_UNKNOWN".into()));
    assert_eq!(refused(&first[2].1), (Code::InvalidArgument, "INVALID_REQUEST".into()));
    assert_eq!(refused(&first[3].1), (Code::NotFound, "TENANT_UNKNOWN".into()));
    assert!(enqueued(&first[4].1).virtual_arrival_time.is_some());
    let second = stream.results().await.expect("results");
    assert_eq!(second[0].0, 5, "numbers go on through the call");

    // The same again, by the stream or by a call, is answered as before; under another id the contact exists.
    let other_id = pb::EnqueueContactRequest { request_id: "another".into(), ..contact("c1") };
    stream.send(vec![contact("c1"), other_id]).await;
    let again = stream.results().await.expect("results");
    assert_eq!(enqueued(&again[0].1), enqueued(&first[0].1));
    assert_eq!(refused(&again[1].1), (Code::AlreadyExists, "CONTACT_EXISTS".into()));
    let by_call = wire.contacts.enqueue_contact(contact("c5")).await.expect("is answered").into_inner();
    assert_eq!(&by_call, enqueued(&second[0].1));

    stream.send((0..1_025).map(|id| contact(&format!("many-{id}"))).collect()).await;
    let too_many = stream.results().await.expect("results");
    assert!(too_many.iter().all(|(_, result)| refused(result) == (Code::InvalidArgument, "INVALID_REQUEST".into())));

    stream.send(vec![contact("last")]).await;
    stream.to = None;
    assert_eq!(stream.results().await.expect("what was sent is answered").len(), 1);
    assert_eq!(stream.results().await, None, "and the call ends with OK");
}

#[tokio::test]
async fn a_gateway_carries_its_agents_through_contacts_whole_lives() {
    let mut wire = Wire::open().await;
    for agent in ["ana", "ben"] {
        wire.put_agent(agent).await;
    }
    let mut gateway = wire.gateway().await;
    let ana = gateway.sign_in("ana", "").await;
    assert!(!ana.session_id.is_empty() && !ana.resumed);
    let ben = gateway.sign_in("ben", "ben-1").await;
    assert_eq!(ben.session_id, "ben-1");
    assert!(matches!(gateway.result("ben", "available-ben-ben-1").await, Outcome::Presence(_)));

    for id in ["c1", "c2"] {
        wire.contacts.enqueue_contact(contact(id)).await.expect("is queued");
    }
    let first = gateway.offer("ana").await;
    let second = gateway.offer("ben").await;
    let ack = Action::AckOffer(pb::AckOffer { offer_id: first.offer_id.clone() });
    let no = pb::DeclineOffer { offer_id: second.offer_id.clone(), reason: "busy".into() };
    gateway
        .send(vec![
            frame("ana", "ack", ack),
            frame("ana", "accept", accept(&first)),
            frame("ben", "no", Action::DeclineOffer(no)),
            frame("ben", "late", accept(&first)),
        ])
        .await;
    assert!(matches!(gateway.result("ana", "ack").await, Outcome::ExpireTime(_)));
    let Outcome::Engagement(engagement) = gateway.result("ana", "accept").await else { panic!("an engagement") };
    assert_eq!(engagement.contact_id, "c1");
    gateway.result("ben", "no").await;
    assert_eq!(gateway.refusal("ben", "late").await.0, Code::NotFound);

    let complete = Action::CompleteContact(pb::CompleteContact { contact_id: "c1".into() });
    let end = Action::EndWrapUp(pb::EndWrapUp { contact_id: "c1".into() });
    gateway.send(vec![frame("ana", "complete", complete), frame("ana", "end", end)]).await;
    assert!(matches!(gateway.result("ana", "complete").await, Outcome::WrapUpEndTime(_)));
    assert!(matches!(gateway.result("ana", "end").await, Outcome::Done(_)));
    assert_eq!(wire.state_of("c1").await, pb::ContactState::Closed);
    assert_eq!(gateway.offer("ana").await.contact_id, "c2", "what ben did not want");

    // Signing out ends the session; leaving only loses it.
    gateway.send(vec![frame("ben", "out", presence(pb::PresenceState::Offline))]).await;
    assert_eq!(gateway.go_away("ben").await, pb::GoAwayReason::SignedOut);
    wire.connected_becomes("ben", None).await;
    gateway.send(vec![frame("ana", "leave", Action::LeaveSession(pb::LeaveSession {}))]).await;
    assert!(matches!(gateway.result("ana", "leave").await, Outcome::Done(_)));
    wire.connected_becomes("ana", Some(false)).await;

    let again = gateway.sign_in("ana", &ana.session_id).await;
    assert!(again.resumed && again.open_offers == 1);
    let still = gateway.offer("ana").await;
    assert_eq!(still.contact_id, "c2");
    gateway.send(vec![frame("ana", "accept-2", accept(&still))]).await;
    gateway.result("ana", "accept-2").await;
}

#[tokio::test]
async fn a_gateways_bad_frames_are_refused_one_by_one() {
    let mut wire = Wire::open().await;
    wire.put_agent("ana").await;
    let mut gateway = wire.gateway().await;
    gateway.send(vec![frame("nobody", "nobody", open())]).await;
    assert_eq!(gateway.refusal("nobody", "nobody").await, (Code::NotFound, "AGENT_UNKNOWN".into()));
    gateway.send(vec![pb::AgentFrame { request_id: "empty".into(), ..Default::default() }]).await;
    assert_eq!(gateway.refusal("", "empty").await, (Code::InvalidArgument, "INVALID_REQUEST".into()));
    let wrong = pb::ExtendOffer { offer_id: "7".into(), by: None };
    gateway.send(vec![frame("ana", "wrong", Action::ExtendOffer(wrong))]).await;
    let Outcome::Refused(refusal) = gateway.result("ana", "wrong").await else { panic!("is refused") };
    let text = String::from_utf8_lossy(&refusal.encode_to_vec()).into_owned();
    assert!(text.contains("extend_offer.offer_id") && text.contains("extend_offer.by"), "{text}");
    gateway.send(vec![frame("ana", "early", available())]).await;
    assert_eq!(gateway.refusal("ana", "early").await, (Code::FailedPrecondition, "NO_SESSION".into()));

    gateway.sign_in("ana", "ana-1").await;
    let stale = pb::AgentFrame { session_id: "ana-0".into(), ..frame("ana", "stale", available()) };
    let present = pb::AgentFrame { session_id: "ana-1".into(), ..frame("ana", "present", available()) };
    gateway.send(vec![stale, present]).await;
    assert_eq!(gateway.refusal("ana", "stale").await, (Code::FailedPrecondition, "NO_SESSION".into()));
    assert!(matches!(gateway.result("ana", "present").await, Outcome::Presence(_)));

    let elsewhere = pb::ConnectAgentsRequest { tenant: "acme".into(), frames: Vec::new() };
    gateway.to.send(elsewhere).await.expect("the daemon reads");
    let ended = loop {
        match soon(gateway.told.message()).await {
            Ok(Some(_)) => {}
            other => break other.expect_err("a call has one tenant"),
        }
    };
    assert_eq!(ended.code(), Code::InvalidArgument);
    wire.connected_becomes("ana", Some(false)).await;
}

#[tokio::test]
async fn agents_move_between_gateways_and_streams_of_their_own() {
    let mut wire = Wire::open().await;
    for agent in ["ana", "ben"] {
        wire.put_agent(agent).await;
    }
    let (mut first, mut second) = (wire.gateway().await, wire.gateway().await);
    first.sign_in("ana", "ana-1").await;
    first.sign_in("ben", "ben-1").await;

    // A second gateway takes ana over, with all that she has.
    wire.contacts.enqueue_contact(contact("c1")).await.expect("is queued");
    let offer = first.offer("ana").await;
    let taken = second.sign_in("ana", "ana-1").await;
    assert!(taken.resumed && taken.open_offers == 1);
    assert_eq!(first.go_away("ana").await, pb::GoAwayReason::Replaced);
    let same = second.offer("ana").await;
    assert_eq!(same.offer_id, offer.offer_id);

    // Two desktops of one agent race for one offer under ids of their own: one of them has it.
    first.send(vec![frame("ana", "race-1", accept(&offer))]).await;
    second.send(vec![frame("ana", "race-2", accept(&same))]).await;
    let outcomes = [first.result("ana", "race-1").await, second.result("ana", "race-2").await];
    let won = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Engagement(_))).count();
    assert_eq!(won, 1, "{outcomes:?}");

    // A stream of her own takes her over from the gateway, and a gateway from the stream.
    let watch = pb::WatchOffersRequest { agent_id: "ana".into(), session_id: "ana-1".into(), ..Default::default() };
    let mut own = wire.agents.watch_offers(watch).await.expect("the stream opens").into_inner();
    assert_eq!(second.go_away("ana").await, pb::GoAwayReason::Replaced);
    first.sign_in("ana", "ana-1").await;
    let ended = loop {
        let message = soon(own.message()).await.expect("the stream lives").expect("it ends with go-away");
        if let Some(StreamEvent::GoAway(end)) = message.event {
            break end.reason();
        }
    };
    assert_eq!(ended, pb::GoAwayReason::Replaced);

    // A call that is cut loses all of its agents; each resumes wherever it likes.
    drop(first);
    wire.connected_becomes("ana", Some(false)).await;
    wire.connected_becomes("ben", Some(false)).await;
    let ben = second.sign_in("ben", "ben-1").await;
    assert!(ben.resumed);
    wire.connected_becomes("ben", Some(true)).await;

    // Whoever has sent all is answered to the end.
    second.send(vec![frame("ben", "away", presence(pb::PresenceState::Away))]).await;
    let Gateway { to, told, waiting, sequence } = second;
    let (unused, _) = mpsc::channel(1);
    drop(to);
    let mut second = Gateway { to: unused, told, waiting, sequence };
    assert!(matches!(second.result("ben", "away").await, Outcome::Presence(_)));
    while second.read().await {}
    wire.connected_becomes("ben", Some(false)).await;
}

#[tokio::test]
async fn streams_end_when_the_daemon_drains() {
    let mut wire = Wire::open().await;
    wire.put_agent("ana").await;
    let mut stream = wire.enqueuer().await;
    stream.send(vec![contact("c1")]).await;
    stream.results().await.expect("results");
    let (mut used, mut idle) = (wire.gateway().await, wire.gateway().await);
    used.sign_in("ana", "").await;

    let stopping = tokio::spawn(wire.daemon.shutdown());
    assert_eq!(used.go_away("").await, pb::GoAwayReason::ShuttingDown);
    assert!(!used.read().await);
    assert_eq!(idle.go_away("").await, pb::GoAwayReason::ShuttingDown);
    assert!(!idle.read().await);
    assert_eq!(stream.results().await, None);
    assert_eq!(soon(stopping).await.expect("stopping ends"), Stop::Drained);
}
