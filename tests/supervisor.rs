//! Supervisors over the wire: every action, who and why, what it changes, and what is refused.

use std::time::Duration;

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, contact_service_client::ContactServiceClient,
        supervisor_service_client::SupervisorServiceClient, wait_service_client::WaitServiceClient,
        watch_offers_response::Event,
    },
    app::Daemon,
};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming, transport::Channel};
use tonic_types::StatusExt;

mod loopback;

struct Wire {
    daemon: Daemon,
    contacts: ContactServiceClient<Channel>,
    agents: AgentServiceClient<Channel>,
    waits: WaitServiceClient<Channel>,
    supervisors: SupervisorServiceClient<Channel>,
}

impl Wire {
    async fn open() -> Self {
        let (daemon, channel) = loopback::daemon().await;
        Self {
            daemon,
            contacts: ContactServiceClient::new(channel.clone()),
            agents: AgentServiceClient::new(channel.clone()),
            waits: WaitServiceClient::new(channel.clone()),
            supervisors: SupervisorServiceClient::new(channel),
        }
    }

    async fn enqueue(&mut self, contact: &str, queue: &str) -> Result<(), Status> {
        let message = pb::EnqueueContactRequest {
            request_id: format!("enqueue-{contact}"),
            contact_id: contact.into(),
            queue: queue.into(),
            channel: "chat".into(),
            ..Default::default()
        };
        self.contacts.enqueue_contact(message).await.map(drop)
    }

    /// An agent who can do nothing, signed in and available.
    async fn sign_in(&mut self, agent: &str) -> Streaming<pb::WatchOffersResponse> {
        let put = pb::PutAgentRequest {
            request_id: format!("put-{agent}"),
            agent_id: agent.into(),
            profile: Some(pb::AgentProfile::default()),
            ..Default::default()
        };
        self.agents.put_agent(put).await.expect("the agent is put");
        let watch = pb::WatchOffersRequest { agent_id: agent.into(), ..Default::default() };
        let stream = self.agents.watch_offers(watch).await.expect("the stream opens").into_inner();
        let presence = pb::SetPresenceRequest {
            request_id: format!("available-{agent}"),
            agent_id: agent.into(),
            presence: Some(pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() }),
            ..Default::default()
        };
        self.agents.set_presence(presence).await.expect("presence is taken");
        stream
    }

    async fn ahead(&mut self, contact: &str) -> (String, u64) {
        let message = pb::GetPositionRequest { contact_id: contact.into(), ..Default::default() };
        let position = self.waits.get_position(message).await.expect("it waits").into_inner();
        (position.queue, position.ahead)
    }

    async fn queue(&mut self, queue: &str) -> pb::QueueStatistics {
        let message = pb::GetQueueStatisticsRequest { queue: queue.into(), ..Default::default() };
        let answer = self.waits.get_queue_statistics(message).await.expect("it is counted").into_inner();
        answer.statistics.expect("an answer has statistics")
    }

    fn prioritise(request_id: &str, contact: &str, head_start: prost_types::Duration) -> pb::PrioritiseContactRequest {
        pb::PrioritiseContactRequest {
            request_id: request_id.into(),
            actor: "sam".into(),
            reason: "she is in danger".into(),
            contact_id: contact.into(),
            head_start: Some(head_start),
            ..Default::default()
        }
    }
}

/// The next message of an agent's stream that `wanted` takes.
async fn told<T>(stream: &mut Streaming<pb::WatchOffersResponse>, wanted: impl Fn(Event) -> Option<T>) -> T {
    loop {
        let message = timeout(Duration::from_secs(5), stream.message()).await.expect("something is told in time");
        let message = message.expect("the stream lives").expect("the stream goes on");
        if let Some(found) = wanted(message.event.expect("a message tells something")) {
            return found;
        }
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String, Vec<String>) {
    let status = answer.expect_err("is refused");
    let reason = status.get_details_error_info().expect("a refusal has a reason").reason;
    let fields = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    (status.code(), reason, fields.into_iter().map(|violation| violation.field).collect())
}

fn secs(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

#[tokio::test]
async fn supervisors_move_pull_and_prioritise() {
    let mut wire = Wire::open().await;
    for contact in ["c1", "c2", "c3"] {
        wire.enqueue(contact, "loans").await.expect("is queued");
    }

    wire.supervisors.prioritise_contact(Wire::prioritise("p1", "c3", secs(60))).await.expect("is done");
    wire.supervisors.prioritise_contact(Wire::prioritise("p2", "c1", secs(-60))).await.expect("is done");
    assert_eq!(wire.ahead("c3").await.1, 0);
    assert_eq!(wire.ahead("c1").await.1, 2);

    let move_contact = pb::MoveContactRequest {
        request_id: "m1".into(),
        actor: "sam".into(),
        reason: "wrong queue".into(),
        contact_id: "c2".into(),
        queue: "cards".into(),
        place: pb::Place::Keep.into(),
        ..Default::default()
    };
    let moved = wire.supervisors.move_contact(move_contact).await.expect("is done").into_inner();
    assert_eq!(moved.queue, "cards");
    assert_eq!(wire.ahead("c2").await, ("cards".to_owned(), 0));

    let move_queue = pb::MoveQueueRequest {
        request_id: "m2".into(),
        actor: "sam".into(),
        reason: "loans is down".into(),
        queue: "loans".into(),
        destination_queue: "cards".into(),
        place: pb::Place::Keep.into(),
        ..Default::default()
    };
    assert_eq!(wire.supervisors.move_queue(move_queue).await.expect("is done").into_inner().waiting, 2);
    assert_eq!(wire.queue("loans").await.waiting, 0);
    assert_eq!(wire.ahead("c3").await, ("cards".to_owned(), 0), "the head start goes with the place");

    let pull = |request_id: &str, agent: &str| pb::PullContactRequest {
        request_id: request_id.into(),
        actor: "sam".into(),
        reason: "she knows him".into(),
        contact_id: "c1".into(),
        agent: Some(pb::TargetAgent { agent_id: agent.into(), window: None }),
        ..Default::default()
    };
    let nobody = refused(wire.supervisors.pull_contact(pull("p3", "ana")).await);
    assert_eq!(nobody, (Code::NotFound, "AGENT_UNKNOWN".to_owned(), vec!["agent.agent_id".to_owned()]));
    let mut ana = wire.sign_in("ana").await;
    wire.supervisors.pull_contact(pull("p4", "ana")).await.expect("is done");
    let offer = told(&mut ana, |event| match event {
        Event::Offer(offer) => Some(offer),
        _ => None,
    })
    .await;
    assert_eq!(offer.contact_id, "c1", "whatever it asks for, and last in line");
    assert_eq!(offer.choice.expect("a choice").rule(), pb::ChoiceRule::Pulled);

    let sign_out = pb::ForcePresenceRequest {
        request_id: "f1".into(),
        actor: "sam".into(),
        reason: "end of shift".into(),
        agent_id: "ana".into(),
        presence: Some(pb::Presence { state: pb::PresenceState::Offline.into(), reason: String::new() }),
        timing: pb::PresenceTiming::Immediately.into(),
        ..Default::default()
    };
    assert!(!wire.supervisors.force_presence(sign_out).await.expect("is done").into_inner().pending);
    let end = told(&mut ana, |event| match event {
        Event::GoAway(end) => Some(end),
        _ => None,
    })
    .await;
    assert_eq!(end.reason(), pb::GoAwayReason::SignedOut);

    let list = pb::ListActionsRequest { page_size: 4, ..Default::default() };
    let page = wire.supervisors.list_actions(list).await.expect("is read").into_inner();
    let kinds: Vec<_> = page.actions.iter().map(pb::SupervisorAction::kind).collect();
    use pb::SupervisorActionKind as Kind;
    assert_eq!(kinds, [Kind::ForcePresence, Kind::PullContact, Kind::MoveQueue, Kind::MoveContact]);
    let newest = &page.actions[0];
    assert_eq!((newest.number, newest.actor.as_str(), newest.reason.as_str()), (6, "sam", "end of shift"));
    let rest = pb::ListActionsRequest { page_token: page.next_page_token, ..Default::default() };
    let rest = wire.supervisors.list_actions(rest).await.expect("is read").into_inner();
    assert_eq!(rest.actions.len(), 2);
    assert_eq!(rest.actions[0].head_start, Some(secs(-60)));
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn supervisors_pause_drain_and_reopen_queues() {
    let mut wire = Wire::open().await;
    let pause = pb::PauseQueueRequest {
        request_id: "q1".into(),
        actor: "sam".into(),
        reason: "fire drill".into(),
        queue: "loans".into(),
        ..Default::default()
    };
    wire.supervisors.pause_queue(pause).await.expect("is done");
    wire.enqueue("c1", "loans").await.expect("a paused queue takes contacts");
    let loans = wire.queue("loans").await;
    assert_eq!((loans.mode(), loans.waiting), (pb::QueueMode::Paused, 1));
    let setting = loans.mode_setting.expect("somebody set it");
    assert_eq!((setting.actor.as_str(), setting.reason.as_str()), ("sam", "fire drill"));

    let drain = pb::DrainQueueRequest {
        request_id: "q2".into(),
        actor: "kim".into(),
        reason: "end of shift".into(),
        queue: "loans".into(),
        ..Default::default()
    };
    wire.supervisors.drain_queue(drain).await.expect("is done");
    let late = refused(wire.enqueue("c2", "loans").await);
    assert_eq!((late.0, late.1.as_str()), (Code::FailedPrecondition, "QUEUE_DRAINING"));

    let reopen = |request_id: &str, queue: &str| pb::ReopenQueueRequest {
        request_id: request_id.into(),
        actor: "kim".into(),
        reason: "next shift".into(),
        queue: queue.into(),
        ..Default::default()
    };
    let unknown = refused(wire.supervisors.reopen_queue(reopen("q3", "laons")).await);
    assert_eq!(unknown, (Code::NotFound, "QUEUE_UNKNOWN".to_owned(), vec!["queue".to_owned()]));
    wire.supervisors.reopen_queue(reopen("q4", "loans")).await.expect("is done");
    wire.enqueue("c2", "loans").await.expect("an open queue takes contacts");
    assert_eq!(wire.queue("loans").await.mode(), pb::QueueMode::Open);
    assert_eq!(wire.queue("cards").await.mode_setting, None, "nobody touched it");
    wire.daemon.shutdown().await;
}

#[tokio::test]
async fn who_and_why_are_required_and_every_fault_is_named_at_once() {
    let mut wire = Wire::open().await;
    let nothing = refused(wire.supervisors.move_contact(pb::MoveContactRequest::default()).await);
    assert_eq!(nothing.2, ["contact_id", "queue", "place", "actor", "reason", "request_id"]);
    let far = Wire::prioritise("p1", "c1", secs(3_601));
    assert_eq!(refused(wire.supervisors.prioritise_contact(far).await).2, ["head_start"]);
    let mixed = prost_types::Duration { seconds: 1, nanos: -1 };
    assert_eq!(
        refused(wire.supervisors.prioritise_contact(Wire::prioritise("p1", "c1", mixed)).await).2,
        ["head_start"]
    );
    let long = pb::PrioritiseContactRequest { reason: "x".repeat(257), ..Wire::prioritise("p1", "c1", secs(1)) };
    assert_eq!(refused(wire.supervisors.prioritise_contact(long).await).2, ["reason"]);
    let force = pb::ForcePresenceRequest { actor: "no spaces".into(), reason: "so".into(), ..Default::default() };
    let force = refused(wire.supervisors.force_presence(force).await);
    assert_eq!(force.2, ["timing", "agent_id", "presence", "actor", "request_id"]);
    let pull = pb::PullContactRequest { contact_id: "c1".into(), ..Default::default() };
    assert_eq!(refused(wire.supervisors.pull_contact(pull).await).2, ["agent", "actor", "reason", "request_id"]);
    let list = pb::ListActionsRequest { page_size: -1, page_token: "s-".into(), ..Default::default() };
    assert_eq!(refused(wire.supervisors.list_actions(list).await).2, ["page_size", "page_token"]);

    wire.enqueue("c1", "loans").await.expect("is queued");
    let unknown = refused(wire.supervisors.prioritise_contact(Wire::prioritise("p1", "c9", secs(1))).await);
    assert_eq!((unknown.0, unknown.1.as_str()), (Code::NotFound, "CONTACT_UNKNOWN"));
    let list = wire.supervisors.list_actions(pb::ListActionsRequest::default()).await.expect("is read").into_inner();
    assert!(list.actions.is_empty(), "what was refused was not done");
    wire.daemon.shutdown().await;
}
