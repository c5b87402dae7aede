//! Following a tenant over the wire: a client that keeps the rule of the proto holds exactly what the daemon holds, cut
//! lines and resumed streams included, and is told when it must begin anew.

use std::{collections::BTreeMap, time::Duration};

use attune::{
    api::pb::{
        self, WatchEventKind as Kind, agent_service_client::AgentServiceClient,
        config_service_client::ConfigServiceClient, contact_service_client::ContactServiceClient,
        supervisor_service_client::SupervisorServiceClient, wait_service_client::WaitServiceClient,
        watch_response::Message, watch_service_client::WatchServiceClient,
    },
    app::Daemon,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming, transport::Channel};
use tonic_types::StatusExt;

mod loopback;

struct Wire {
    daemon: Daemon,
    channel: Channel,
    contacts: ContactServiceClient<Channel>,
    agents: AgentServiceClient<Channel>,
    waits: WaitServiceClient<Channel>,
    requests: u64,
}

impl Wire {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        Self {
            daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            agents: AgentServiceClient::new(channel.clone()),
            waits: WaitServiceClient::new(channel.clone()),
            channel,
            requests: 0,
        }
    }

    fn request(&mut self) -> String {
        self.requests += 1;
        format!("r{}", self.requests)
    }

    async fn enqueue(&mut self, contact: &str, queue: &str) {
        let details = pb::ContactDetails { customer_id: format!("customer of {contact}"), ..Default::default() };
        let message = pb::EnqueueContactRequest {
            request_id: self.request(),
            contact_id: contact.into(),
            queue: queue.into(),
            channel: "chat".into(),
            details: Some(details),
            ..Default::default()
        };
        self.contacts.enqueue_contact(message).await.expect("is queued");
    }

    async fn cancel(&mut self, contact: &str) -> Result<(), Status> {
        let message = pb::CancelContactRequest {
            request_id: self.request(),
            contact_id: contact.into(),
            reason: pb::CancelReason::CustomerLeft.into(),
            ..Default::default()
        };
        self.contacts.cancel_contact(message).await.map(drop)
    }

    async fn watch(&self, token: &str, filter: Option<pb::WatchFilter>) -> Result<Follower, Status> {
        let message = pb::WatchRequest { resume_token: token.into(), filter, ..Default::default() };
        let stream = WatchServiceClient::new(self.channel.clone()).watch(message).await?.into_inner();
        Ok(Follower { stream })
    }

    async fn pause(&mut self, queue: &str) {
        let message = pb::PauseQueueRequest {
            request_id: self.request(),
            actor: "sam".into(),
            reason: "fire drill".into(),
            queue: queue.into(),
            ..Default::default()
        };
        SupervisorServiceClient::new(self.channel.clone()).pause_queue(message).await.expect("is paused");
    }

    /// An agent who takes whatever is offered, and is done with it at once.
    async fn desktop(&mut self, agent: &str) {
        let profile = pb::AgentProfile {
            skills: BTreeMap::from([("cards".into(), 80), ("lang_en".into(), 100)]),
            ..Default::default()
        };
        let put = pb::PutAgentRequest {
            request_id: self.request(),
            agent_id: agent.into(),
            profile: Some(profile),
            ..Default::default()
        };
        self.agents.put_agent(put).await.expect("the agent is put");
        let watch = pb::WatchOffersRequest { agent_id: agent.into(), ..Default::default() };
        let mut stream = self.agents.watch_offers(watch).await.expect("the stream opens").into_inner();
        let presence = pb::SetPresenceRequest {
            request_id: self.request(),
            agent_id: agent.into(),
            presence: Some(pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() }),
            ..Default::default()
        };
        self.agents.set_presence(presence).await.expect("presence is taken");
        let (mut agents, mut contacts, agent) = (self.agents.clone(), self.contacts.clone(), agent.to_owned());
        tokio::spawn(async move {
            while let Ok(Some(message)) = stream.message().await {
                let Some(pb::watch_offers_response::Event::Offer(offer)) = message.event else { continue };
                let accept = pb::AcceptOfferRequest {
                    request_id: format!("accept-{}", offer.offer_id),
                    agent_id: agent.clone(),
                    offer_id: offer.offer_id.clone(),
                    ..Default::default()
                };
                if agents.accept_offer(accept).await.is_ok() {
                    let complete = pb::CompleteContactRequest {
                        request_id: format!("complete-{}", offer.offer_id),
                        contact_id: offer.contact_id,
                        ..Default::default()
                    };
                    contacts.complete_contact(complete).await.expect("the contact is completed");
                }
            }
        });
    }

    /// What the daemon holds, as its lists tell it.
    async fn held(&mut self) -> Held {
        let (mut contacts, mut page_token) = (Vec::new(), String::new());
        loop {
            let list = pb::ListContactsRequest { page_size: 500, page_token, ..Default::default() };
            let page = self.contacts.list_contacts(list).await.expect("is listed").into_inner();
            contacts.extend(page.contacts);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let agents = self.agents.list_agents(pb::ListAgentsRequest::default()).await.expect("is listed").into_inner();
        let list = pb::ListQueueStatisticsRequest { page_size: 500, ..Default::default() };
        let queues = self.waits.list_queue_statistics(list).await.expect("is listed").into_inner().statistics;
        let open = contacts.into_iter().filter(|contact| contact.state() != pb::ContactState::Closed);
        Held {
            contacts: open.map(|contact| (contact.contact_id.clone(), timeless(contact))).collect(),
            agents: agents.agents.into_iter().map(|agent| (agent.agent_id.clone(), agent)).collect(),
            queues: queues.into_iter().map(|queue| (queue.queue.clone(), ageless(queue))).collect(),
        }
    }
}

/// How long something has lasted changes by itself.
fn timeless(contact: pb::Contact) -> pb::Contact {
    pb::Contact { waited_duration: None, ..contact }
}

fn ageless(queue: pb::QueueStatistics) -> pb::QueueStatistics {
    pb::QueueStatistics { oldest_waited_duration: None, ..queue }
}

struct Follower {
    stream: Streaming<pb::WatchResponse>,
}

impl Follower {
    async fn next(&mut self) -> pb::WatchResponse {
        let message = timeout(Duration::from_secs(20), self.stream.message()).await.expect("something is told in time");
        message.expect("the stream lives").expect("the stream goes on")
    }

    async fn started(&mut self) -> pb::WatchStarted {
        match self.next().await.message.expect("a message tells something") {
            Message::Started(started) => started,
            other => panic!("the stream starts, but {other:?}"),
        }
    }

    /// The next change; nothing else may come before it.
    async fn change(&mut self) -> (pb::WatchChange, String) {
        let response = self.next().await;
        match response.message.expect("a message tells something") {
            Message::Change(change) => (change, response.resume_token),
            other => panic!("a change, and not {other:?}"),
        }
    }

    /// Reads the snapshot; the token after it.
    async fn snapshot(&mut self, mirror: &mut Mirror) -> String {
        loop {
            let response = self.next().await;
            let done = matches!(response.message, Some(Message::SnapshotComplete(_)));
            mirror.take(&response);
            if done {
                return response.resume_token;
            }
        }
    }
}

/// What a tenant holds.
#[derive(Debug, Clone, Default, PartialEq)]
struct Held {
    contacts: BTreeMap<String, pb::Contact>,
    agents: BTreeMap<String, pb::Agent>,
    queues: BTreeMap<String, pb::QueueStatistics>,
}

/// A client that follows the rule: with each row the sequence at which it was told, and only higher ones are taken.
#[derive(Default)]
struct Mirror {
    contacts: BTreeMap<String, (u64, pb::Contact)>,
    agents: BTreeMap<String, (u64, pb::Agent)>,
    queues: BTreeMap<String, (u64, pb::QueueStatistics)>,
    token: String,
    restarts: u32,
    last: u64,
}

fn put<T>(rows: &mut BTreeMap<String, (u64, T)>, id: String, sequence: u64, row: T) {
    match rows.get(&id) {
        Some((known, _)) if *known >= sequence => {}
        _ => drop(rows.insert(id, (sequence, row))),
    }
}

impl Mirror {
    fn take(&mut self, response: &pb::WatchResponse) {
        match response.message.clone().expect("a message tells something") {
            Message::Started(started) => {
                if started.start() == pb::WatchStart::Snapshot {
                    *self = Self { restarts: self.restarts + 1, ..Self::default() };
                }
            }
            Message::SnapshotPage(page) => self.rows(page.sequence, page.contacts, page.agents, page.queues),
            Message::Change(change) => {
                assert!(change.sequence >= self.last, "changes come in order");
                self.last = change.sequence;
                self.rows(change.sequence, change.contacts, change.agents, change.queues);
                change.deleted_agent_ids.iter().for_each(|id| drop(self.agents.remove(id)));
            }
            Message::SnapshotComplete(_) | Message::Checkpoint(_) | Message::Ended(_) => {}
        }
        if !response.resume_token.is_empty() {
            self.token = response.resume_token.clone();
        }
    }

    fn rows(
        &mut self,
        sequence: u64,
        contacts: Vec<pb::Contact>,
        agents: Vec<pb::Agent>,
        queues: Vec<pb::QueueStatistics>,
    ) {
        for mut contact in contacts {
            if contact.details.is_none() {
                contact.details = self.contacts.get(&contact.contact_id).and_then(|(_, known)| known.details.clone());
            }
            put(&mut self.contacts, contact.contact_id.clone(), sequence, timeless(contact));
        }
        for agent in agents {
            put(&mut self.agents, agent.agent_id.clone(), sequence, agent);
        }
        for queue in queues {
            put(&mut self.queues, queue.queue.clone(), sequence, ageless(queue));
        }
    }

    fn held(&self) -> Held {
        fn rows<T: Clone>(rows: &BTreeMap<String, (u64, T)>) -> BTreeMap<String, T> {
            rows.iter().map(|(id, (_, row))| (id.clone(), row.clone())).collect()
        }
        let mut held = Held { contacts: rows(&self.contacts), agents: rows(&self.agents), queues: rows(&self.queues) };
        held.contacts.retain(|_, contact| contact.state() != pb::ContactState::Closed);
        held
    }
}

fn about(queues: &[&str]) -> Option<pb::WatchFilter> {
    Some(pb::WatchFilter { queues: queues.iter().map(|queue| (*queue).into()).collect(), ..Default::default() })
}

fn kinds(change: &pb::WatchChange) -> Vec<Kind> {
    change.events.iter().map(pb::WatchEvent::kind).collect()
}

/// Random life while followers come, go and come back.
#[tokio::test]
async fn who_follows_holds_what_the_daemon_holds() {
    let mut wire = Wire::open().await;
    for agent in ["ana", "ben", "cay"] {
        wire.desktop(agent).await;
    }
    for number in 0..450 {
        wire.enqueue(&format!("before-{number}"), "loans").await;
    }
    let mut random = StdRng::seed_from_u64(7);
    let mut mirror = Mirror::default();
    let mut follower = wire.watch("", None).await.expect("is followed");
    for number in 0..400 {
        match random.random_range(0..10) {
            0..3 => wire.enqueue(&format!("c{number}"), "cards").await,
            3..6 => wire.enqueue(&format!("c{number}"), "loans").await,
            6 => drop(wire.cancel(&format!("before-{}", random.random_range(0..450))).await),
            7 => drop(wire.cancel(&format!("c{}", random.random_range(0..400))).await),
            _ => {
                for _ in 0..random.random_range(0..12) {
                    let Ok(response) = timeout(Duration::from_millis(20), follower.next()).await else { break };
                    mirror.take(&response);
                }
                if random.random_range(0..4) == 0 {
                    // The line is cut, in the middle of a snapshot perhaps.
                    drop(follower);
                    follower = wire.watch(&mirror.token, None).await.expect("is followed again");
                }
            }
        }
    }
    let caught_up = timeout(Duration::from_secs(30), async {
        loop {
            if mirror.held() == wire.held().await {
                return;
            }
            while let Ok(response) = timeout(Duration::from_millis(200), follower.next()).await {
                mirror.take(&response);
            }
        }
    });
    let is_caught_up = caught_up.await.is_ok();
    assert!(is_caught_up, "{:?}\nis not\n{:?}", mirror.held(), wire.held().await);
    assert!(mirror.held().contacts.len() > 300 && mirror.held().agents.len() == 3);
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn a_cut_line_is_resumed_where_it_was_cut() {
    let mut wire = Wire::open().await;
    let mut follower = wire.watch("", None).await.expect("is followed");
    let started = follower.started().await;
    assert_eq!(
        (started.start(), started.restart_reason()),
        (pb::WatchStart::Snapshot, pb::WatchRestartReason::Unspecified)
    );
    let mut mirror = Mirror::default();
    follower.snapshot(&mut mirror).await;
    wire.enqueue("c1", "loans").await;
    let (change, token) = follower.change().await;
    assert_eq!(kinds(&change), [Kind::ContactQueued, Kind::ContactUnreachable], "there is no agent at all");
    assert_eq!(change.contacts[0].details.as_ref().expect("they are news").customer_id, "customer of c1");
    drop(follower);

    wire.pause("loans").await;
    wire.cancel("c1").await.expect("is cancelled");
    let mut follower = wire.watch(&token, None).await.expect("is followed again");
    assert_eq!(follower.started().await.start(), pb::WatchStart::Resumed);
    let (change, _) = follower.change().await;
    assert_eq!(kinds(&change), [Kind::Supervised, Kind::QueueModeSet]);
    let action = change.events[0].action.as_ref().expect("a supervisor did it");
    assert_eq!((action.actor.as_str(), action.reason.as_str()), ("sam", "fire drill"));
    assert_eq!(change.queues[0].mode(), pb::QueueMode::Paused);
    let (change, _) = follower.change().await;
    assert_eq!((kinds(&change), change.events[0].cause.as_str()), (vec![Kind::ContactClosed], "abandoned"));
    assert_eq!(change.contacts[0].details, None, "they are known");

    let mut other = wire.watch(&token, about(&["loans"])).await.expect("is followed");
    assert_eq!(other.started().await.restart_reason(), pb::WatchRestartReason::FilterChanged);

    let stopping = tokio::spawn(wire.daemon.shutdown());
    assert!(matches!(follower.next().await.message, Some(Message::Ended(_))));
    assert!(follower.stream.message().await.expect("the stream ends with OK").is_none());
    drop(other);
    stopping.await.expect("stopping ends");

    let wire = Wire::open().await;
    let mut follower = wire.watch(&token, None).await.expect("is followed");
    let started = follower.started().await;
    assert_eq!(started.start(), pb::WatchStart::Snapshot);
    assert_eq!(started.restart_reason(), pb::WatchRestartReason::OtherEpoch, "another process");
    drop(follower);
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn a_new_document_begins_the_stream_anew() {
    let mut wire = Wire::open().await;
    wire.enqueue("c1", "loans").await;
    let mut follower = wire.watch("", None).await.expect("is followed");
    let mut mirror = Mirror::default();
    follower.snapshot(&mut mirror).await;
    let mut config = ConfigServiceClient::new(wire.channel.clone());
    let in_force = config.get_document(pb::GetDocumentRequest::default()).await.expect("is read").into_inner();
    let mut document = in_force.document.expect("a document");
    document.text = format!("# Monday\n{}", document.text);
    let apply = pb::ApplyDocumentRequest { request_id: "d1".into(), document: Some(document), ..Default::default() };
    config.apply_document(apply).await.expect("is applied");
    let (change, _) = follower.change().await;
    assert_eq!((kinds(&change), change.events[0].document_version), (vec![Kind::DocumentApplied], 2));
    assert_eq!(follower.started().await.restart_reason(), pb::WatchRestartReason::DocumentApplied);
    let mut mirror = Mirror::default();
    follower.snapshot(&mut mirror).await;
    assert_eq!(mirror.held(), wire.held().await);
    drop(follower);
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn a_filter_tells_what_it_names_and_what_leaves_it() {
    let mut wire = Wire::open().await;
    wire.enqueue("c1", "loans").await;
    wire.enqueue("c2", "cards").await;
    let mut follower = wire.watch("", about(&["loans"])).await.expect("is followed");
    follower.started().await;
    let mut mirror = Mirror::default();
    follower.snapshot(&mut mirror).await;
    assert!(mirror.held().contacts.keys().eq(["c1"]) && mirror.held().queues.keys().eq(["loans"]));
    assert!(mirror.held().agents.is_empty());

    wire.enqueue("c3", "cards").await;
    let requeue = pb::RequeueContactRequest {
        request_id: wire.request(),
        contact_id: "c1".into(),
        queue: "cards".into(),
        place: pb::Place::Keep.into(),
        ..Default::default()
    };
    wire.contacts.requeue_contact(requeue).await.expect("is queued again");
    let (change, _) = follower.change().await;
    assert_eq!(kinds(&change), [Kind::ContactRequeued], "c3 is none of its business");
    assert_eq!((change.events[0].from_queue.as_str(), change.contacts[0].queue.as_str()), ("loans", "cards"));

    let audit = pb::WatchFilter {
        event_kinds: vec![Kind::Supervised.into()],
        content: pb::WatchContent::Events.into(),
        ..Default::default()
    };
    let mut auditor = wire.watch("", Some(audit)).await.expect("is followed");
    auditor.started().await;
    wire.cancel("c3").await.expect("is cancelled");
    wire.pause("loans").await;
    let (change, _) = auditor.change().await;
    assert_eq!((kinds(&change), change.queues.len()), (vec![Kind::Supervised], 0));

    let one = pb::WatchFilter { contact_ids: vec!["c2".into(), "nobody".into()], ..Default::default() };
    let mut one = wire.watch("", Some(one)).await.expect("is followed");
    one.started().await;
    let mut mirror = Mirror::default();
    one.snapshot(&mut mirror).await;
    assert!(mirror.held().contacts.keys().eq(["c2"]));
    drop((follower, auditor, one));
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_by_name() {
    let wire = Wire::open().await;
    let refused = |status: Status| {
        let reason = status.get_details_error_info().expect("a refusal has a reason").reason;
        let fields = status.get_details_bad_request().expect("the fields are named").field_violations;
        (status.code(), reason, fields.into_iter().map(|violation| violation.field).collect::<Vec<_>>())
    };
    let unknown = refused(wire.watch("", about(&["laons"])).await.err().expect("is refused"));
    assert_eq!(unknown, (Code::NotFound, "QUEUE_UNKNOWN".to_owned(), vec!["filter.queues".to_owned()]));
    let filter = pb::WatchFilter {
        queues: vec!["no spaces".into()],
        agent_ids: vec!["a".into(); 101],
        event_kinds: vec![1, 0, 99],
        content: 9,
        ..Default::default()
    };
    let wrong = refused(wire.watch("elsewhere", Some(filter)).await.err().expect("is refused"));
    let fields = [
        "resume_token",
        "filter.content",
        "filter.queues[0]",
        "filter.agent_ids",
        "filter.event_kinds[1]",
        "filter.event_kinds[2]",
    ];
    assert_eq!((wrong.0, wrong.2), (Code::InvalidArgument, fields.map(str::to_owned).to_vec()));
    wire.daemon.shutdown().await;
}
