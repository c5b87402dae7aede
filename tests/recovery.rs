//! A daemon that was started again waits for the agents who were there, says so wherever one looks, and never for long.

use std::{path::Path, time::Duration};

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, contact_service_client::ContactServiceClient,
        insight_service_client::InsightServiceClient, wait_service_client::WaitServiceClient,
        watch_offers_response::Event,
    },
    app::Daemon,
    config::{Durability, Settings},
    engine::HoldRules,
    model::time::Span,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tonic::{Streaming, transport::Channel};

struct Wire {
    daemon: Daemon,
    contacts: ContactServiceClient<Channel>,
    agents: AgentServiceClient<Channel>,
    waits: WaitServiceClient<Channel>,
    insight: InsightServiceClient<Channel>,
}

impl Wire {
    /// A daemon on the journal in this folder, which waits no longer than this.
    async fn start(folder: &Path, longest: Span) -> Self {
        let loopback = "127.0.0.1:0".parse().unwrap();
        let settings = Settings {
            listen: loopback,
            admin_listen: loopback,
            durability: Durability::Sync,
            journal_folder: folder.to_owned(),
            hold: HoldRules { longest, ..HoldRules::default() },
            ..Settings::default()
        };
        let daemon = Daemon::start(settings).await.expect("the daemon starts");
        let channel = Channel::from_shared(format!("http://{}", daemon.addresses().api)).unwrap();
        let channel = channel.connect().await.expect("the daemon answers");
        Self {
            daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            agents: AgentServiceClient::new(channel.clone()),
            waits: WaitServiceClient::new(channel.clone()),
            insight: InsightServiceClient::new(channel),
        }
    }

    async fn watch(&mut self, agent: &str) -> Streaming<pb::WatchOffersResponse> {
        let session_id = format!("session-{agent}");
        let watch = pb::WatchOffersRequest { agent_id: agent.into(), session_id, ..Default::default() };
        self.agents.watch_offers(watch).await.expect("the stream opens").into_inner()
    }

    async fn sign_in(&mut self, agent: &str) -> Streaming<pb::WatchOffersResponse> {
        let skills = [("cards".into(), 80), ("lang_en".into(), 100)].into();
        let put = pb::PutAgentRequest {
            request_id: format!("put-{agent}"),
            agent_id: agent.into(),
            profile: Some(pb::AgentProfile { skills, ..Default::default() }),
            ..Default::default()
        };
        self.agents.put_agent(put).await.expect("the agent is put");
        let stream = self.watch(agent).await;
        let available = pb::SetPresenceRequest {
            request_id: format!("available-{agent}"),
            agent_id: agent.into(),
            presence: Some(pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() }),
            ..Default::default()
        };
        self.agents.set_presence(available).await.expect("presence is taken");
        stream
    }

    async fn enqueue(&mut self, contact: &str) {
        let message = pb::EnqueueContactRequest {
            request_id: format!("enqueue-{contact}"),
            contact_id: contact.into(),
            queue: "cards".into(),
            channel: "chat".into(),
            ..Default::default()
        };
        self.contacts.enqueue_contact(message).await.expect("it is taken in");
    }

    async fn held_until(&mut self) -> Option<prost_types::Timestamp> {
        let message = pb::GetQueueStatisticsRequest { queue: "cards".into(), ..Default::default() };
        let answer = self.waits.get_queue_statistics(message).await.expect("it is counted").into_inner();
        answer.statistics.expect("an answer has statistics").offering_held_until_time
    }

    async fn explained(&mut self, contact: &str) -> (pb::ContactVerdict, String) {
        let message = pb::ExplainContactRequest { contact_id: contact.into(), ..Default::default() };
        let answer = self.insight.explain_contact(message).await.expect("it is explained").into_inner();
        (answer.verdict(), answer.summary)
    }

    /// What the admin port says, in full.
    async fn admin(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.daemon.addresses().admin).await.expect("the port is open");
        let request = format!("GET {path} HTTP/1.1\r\nhost: attuned\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        answer
    }

    /// Waits until the admin port says this.
    async fn admin_says(&self, path: &str, words: &str) {
        let says = async {
            while !self.admin(path).await.contains(words) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(5), says).await.unwrap_or_else(|_| panic!("{path} never says {words:?}"));
    }
}

/// The next contact that an agent is offered.
async fn offered(stream: &mut Streaming<pb::WatchOffersResponse>) -> String {
    loop {
        let message = timeout(Duration::from_secs(10), stream.message()).await.expect("something is told in time");
        let message = message.expect("the stream lives").expect("the stream goes on");
        if let Some(Event::Offer(offer)) = message.event {
            return offer.contact_id;
        }
    }
}

#[tokio::test]
async fn offering_is_held_until_the_agents_are_back() {
    let folder = TempDir::new().unwrap();
    let mut wire = Wire::start(folder.path(), Span::from_secs(60)).await;
    assert_eq!(wire.held_until().await, None, "nobody was there before");
    let streams = [wire.sign_in("ana").await, wire.sign_in("ben").await];
    wire.daemon.shutdown().await;
    drop(streams);

    let mut wire = Wire::start(folder.path(), Span::from_secs(60)).await;
    wire.enqueue("c1").await;
    let mut ana = wire.watch("ana").await;
    assert!(wire.held_until().await.is_some(), "one of two is back");
    let (verdict, summary) = wire.explained("c1").await;
    assert_eq!(verdict, pb::ContactVerdict::OfferingHeld);
    assert!(summary.contains("1 of 2 agents are not back"), "{summary}");
    let readiness = wire.admin("/readyz").await;
    assert!(readiness.starts_with("HTTP/1.1 200") && readiness.contains("offering is held"), "{readiness}");
    wire.admin_says("/metrics", "attune_offering_held{tenant=\"default\"} 1").await;
    let one_of_a_million = "attune_window_filled_ratio{tenant=\"default\",window=\"contacts_open\"} 0.000001";
    wire.admin_says("/metrics", one_of_a_million).await;

    let ben = wire.watch("ben").await;
    assert_eq!(offered(&mut ana).await, "c1", "whoever was idle for longest, not who came last");
    assert_eq!(wire.held_until().await, None);
    wire.admin_says("/readyz", "\r\n\r\nok\n").await;
    wire.admin_says("/metrics", "attune_offering_held{tenant=\"default\"} 0").await;
    assert!(!wire.admin("/readyz").await.contains("held"));
    drop(ben);
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_the_settings_say() {
    let folder = TempDir::new().unwrap();
    let mut wire = Wire::start(folder.path(), Span::ZERO).await;
    let streams = [wire.sign_in("ana").await, wire.sign_in("ben").await];
    wire.daemon.shutdown().await;
    drop(streams);

    let mut wire = Wire::start(folder.path(), Span::ZERO).await;
    assert_eq!(wire.held_until().await, None, "the settings ask for no wait");
    let streams = [wire.watch("ana").await, wire.watch("ben").await];
    wire.daemon.shutdown().await;
    drop(streams);

    let mut wire = Wire::start(folder.path(), Span::from_secs(1)).await;
    wire.enqueue("c1").await;
    assert!(wire.held_until().await.is_some());
    let mut ana = wire.watch("ana").await;
    assert_eq!(offered(&mut ana).await, "c1", "after a second, though nobody else is back");
    assert_eq!(wire.held_until().await, None);
    wire.daemon.shutdown().await;
}
