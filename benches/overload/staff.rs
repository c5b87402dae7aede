//! Agents who take whatever is offered and complete it at once, and agents who all sign in at the same time.

use std::{net::SocketAddr, sync::Arc};

use attune::{
    api::pb::{
        self, agent_frame::Action, agent_service_client::AgentServiceClient,
        contact_service_client::ContactServiceClient, gateway_frame::Event,
        gateway_service_client::GatewayServiceClient, watch_offers_response::Event as StreamEvent,
    },
    model::document::{Document, Format},
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Streaming, transport::Channel};

/// A queue that asks for nothing and accepts on delivery, and one that nobody serves.
const DOCUMENT: &str = r#"
    [skills]
    rare = "What nobody knows"
    [channels.chat]
    cost = 100
    [queues.path]
    offers = { acceptance = "automatic" }
    wrap_up = { time = "0s" }
    [queues.nobody]
    require = { all = ["rare>=50"] }
"#;

pub fn document() -> Arc<Document> {
    Arc::new(Document::parse(DOCUMENT, Format::Toml).expect("the document is valid"))
}

/// Agents of one tenant at one gateway.
pub struct Staff {
    _answering: tokio::task::JoinHandle<()>,
}

impl Staff {
    pub async fn open(api: SocketAddr, tenant: &str, agents: usize) -> Self {
        put_agents(api, tenant, "staff", agents).await;
        let (to, mut told) = gateway(api).await;
        let frames = (0..agents).flat_map(|agent| {
            let id = format!("staff-{agent}");
            let presence = pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() };
            let available = Action::SetPresence(pb::SetPresence { presence: Some(presence) });
            [frame(&id, "in", open()), frame(&id, &format!("available-{id}"), available)]
        });
        let frames: Vec<_> = frames.collect();
        for some in frames.chunks(1_000) {
            send(&to, tenant, some.to_vec()).await;
        }
        let mut there = 0;
        while there < agents {
            let message = told.message().await.expect("the call lives").expect("the call goes on");
            there +=
                message.frames.iter().filter(|frame| matches!(frame.event, Some(Event::PresenceChanged(_)))).count();
        }
        let tenant = tenant.to_owned();
        let answering = tokio::spawn(async move {
            let mut requests = 0_u64;
            while let Ok(Some(message)) = told.message().await {
                let mut answers = Vec::new();
                for told in message.frames {
                    let Some(Event::Offer(offer)) = told.event else { continue };
                    requests += 2;
                    let ack = Action::AckOffer(pb::AckOffer { offer_id: offer.offer_id });
                    let complete = Action::CompleteContact(pb::CompleteContact { contact_id: offer.contact_id });
                    answers.push(frame(&told.agent_id, &format!("{tenant}-a{requests}"), ack));
                    answers.push(frame(&told.agent_id, &format!("{tenant}-c{requests}"), complete));
                }
                for some in answers.chunks(1_000) {
                    send(&to, &tenant, some.to_vec()).await;
                }
            }
        });
        Self { _answering: answering }
    }
}

async fn channel(api: SocketAddr) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{api}")).expect("it is an address").tcp_nodelay(true);
    endpoint.connect().await.expect("the daemon answers")
}

type ToGateway = mpsc::Sender<pb::ConnectAgentsRequest>;

async fn gateway(api: SocketAddr) -> (ToGateway, Streaming<pb::ConnectAgentsResponse>) {
    let (to, frames) = mpsc::channel(64);
    let mut client = GatewayServiceClient::new(channel(api).await);
    let told = client.connect_agents(ReceiverStream::new(frames)).await.expect("the call opens");
    (to, told.into_inner())
}

async fn send(to: &ToGateway, tenant: &str, frames: Vec<pb::AgentFrame>) {
    to.send(pb::ConnectAgentsRequest { tenant: tenant.into(), frames }).await.expect("the daemon reads");
}

fn frame(agent: &str, request: &str, action: Action) -> pb::AgentFrame {
    let (agent_id, request_id) = (agent.into(), request.into());
    pb::AgentFrame { agent_id, request_id, action: Some(action), ..Default::default() }
}

fn open() -> Action {
    Action::OpenSession(pb::OpenSession {})
}

pub async fn put_agents(api: SocketAddr, tenant: &str, prefix: &str, agents: usize) {
    let client = AgentServiceClient::new(channel(api).await);
    let mut puts = JoinSet::new();
    for agent in 0..agents {
        let mut client = client.clone();
        let put = pb::PutAgentRequest {
            tenant: tenant.into(),
            request_id: format!("put-{prefix}-{agent}"),
            agent_id: format!("{prefix}-{agent}"),
            profile: Some(pb::AgentProfile::default()),
            ..Default::default()
        };
        puts.spawn(async move { client.put_agent(put).await.expect("the agent is put") });
        if puts.len() >= 500 {
            puts.join_next().await;
        }
    }
    puts.join_all().await;
}

/// Contacts for whom there is nobody.
pub async fn fill(api: SocketAddr, contacts: u64) {
    let (to, messages) = mpsc::channel(4);
    let mut client = ContactServiceClient::new(channel(api).await);
    let mut results =
        client.enqueue_contacts(ReceiverStream::new(messages)).await.expect("the call opens").into_inner();
    let sending = tokio::spawn(async move {
        for first in (0..contacts).step_by(1_000) {
            let contact = |number: u64| pb::EnqueueContactRequest {
                request_id: format!("w{number}"),
                contact_id: format!("w{number}"),
                queue: "nobody".into(),
                channel: "chat".into(),
                ..Default::default()
            };
            let contacts = (first..(first + 1_000).min(contacts)).map(contact).collect();
            to.send(pb::EnqueueContactsRequest { contacts }).await.expect("the daemon reads");
        }
    });
    while let Some(message) = results.message().await.expect("the call lives") {
        let refused = message
            .results
            .iter()
            .filter(|result| matches!(result.result, Some(pb::enqueue_contact_result::Result::Refused(_))));
        assert_eq!(refused.count(), 0, "a stream that waits for its answers is not overload");
    }
    sending.await.expect("all is sent");
}

/// Everything that must live on for the sessions to live.
pub enum Kept {
    Gateway { _to: ToGateway, _told: Box<Streaming<pb::ConnectAgentsResponse>> },
    Streams { _all: Vec<Streaming<pb::WatchOffersResponse>> },
}

pub async fn sign_in_by_gateway(api: SocketAddr, prefix: &str, agents: usize) -> Kept {
    let (to, mut told) = gateway(api).await;
    let frames: Vec<_> = (0..agents).map(|agent| frame(&format!("{prefix}-{agent}"), "in", open())).collect();
    let sending = {
        let to = to.clone();
        tokio::spawn(async move {
            for some in frames.chunks(1_000) {
                send(&to, "default", some.to_vec()).await;
            }
        })
    };
    let mut there = 0;
    while there < agents {
        let message = told.message().await.expect("the call lives").expect("the call goes on");
        there += message.frames.iter().filter(|frame| matches!(frame.event, Some(Event::Welcome(_)))).count();
    }
    sending.await.expect("all is sent");
    Kept::Gateway { _to: to, _told: Box::new(told) }
}

pub async fn sign_in_by_streams(api: SocketAddr, prefix: &str, agents: usize, connections: usize) -> Kept {
    let mut channels = Vec::new();
    for _ in 0..connections {
        channels.push(channel(api).await);
    }
    let mut coming = JoinSet::new();
    for agent in 0..agents {
        let mut client = AgentServiceClient::new(channels[agent % connections].clone());
        let watch = pb::WatchOffersRequest { agent_id: format!("{prefix}-{agent}"), ..Default::default() };
        coming.spawn(async move {
            let mut stream = client.watch_offers(watch).await.expect("the stream opens").into_inner();
            let first = stream.message().await.expect("the stream lives").expect("the stream goes on");
            assert!(matches!(first.event, Some(StreamEvent::Welcome(_))));
            stream
        });
    }
    Kept::Streams { _all: coming.join_all().await }
}
