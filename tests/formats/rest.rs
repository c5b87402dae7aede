//! What hardly a day of a contact centre has in its records: every refusal, a disk that stalled, a storm, a long move.

use std::sync::Arc;

use attune::{
    engine::{
        Command, Event, Reject, Reply, Request,
        event::Place,
        reject::{MoveFault, MoveProblem},
    },
    journal::{Record, Seq},
    model::{
        document::DocumentEtag,
        ids::{AgentId, ChannelName, ContactId, OfferKey, QueueKey, QueueName, RequestId, SkillName, TenantId},
        requirement::RequirementError,
        signal::Source,
        time::{Span, Timestamp},
    },
};

const NOW: Timestamp = Timestamp(1_764_000_000_000_000);

/// One of each.
pub fn rejects() -> Vec<Reject> {
    let (contact, agent) = (contact("c1"), agent("ana"));
    let (queue, channel, skill) = (queue("calls"), channel("voice"), skill("a"));
    let fault = |problem| MoveFault { from: queue.clone(), to: self::queue("rest"), problem };
    let problems = [
        MoveProblem::NotRemoved,
        MoveProblem::DestinationUnknown { similar: Some("rest".to_owned()) },
        MoveProblem::ChannelNotTaken(channel.clone()),
        MoveProblem::Unmatchable(RequirementError::TooManyAlternatives(9)),
        MoveProblem::Unmatchable(RequirementError::TooManyConditions(17)),
        MoveProblem::Unmatchable(RequirementError::TooManyChoices),
    ];
    vec![
        Reject::ContactUnknown(contact.clone()),
        Reject::ContactExists(contact.clone()),
        Reject::ContactClosed(contact.clone()),
        Reject::ContactState { contact: contact.clone(), state: "engaged", needed: "parked" },
        Reject::AgentUnknown { field: "agent_id", agent: agent.clone() },
        Reject::AgentExists { agent: agent.clone(), actual: 3 },
        Reject::AgentChanged { agent: agent.clone(), actual: 4 },
        Reject::AgentBusy(agent.clone()),
        Reject::CustomerBusy(vec![contact.clone(), self::contact("c2")]),
        Reject::NoSession(agent.clone()),
        Reject::QueueUnknown { field: "queue", queue: queue.clone(), similar: Some("call".to_owned()) },
        Reject::SkillUnknown { field: "skills", skill, similar: None },
        Reject::ChannelUnknown { field: "channel", channel: channel.clone(), similar: Some("video".to_owned()) },
        Reject::ChannelNotTaken { queue: queue.clone(), channel: channel.clone() },
        Reject::Requirement { field: "requirement", error: RequirementError::Impossible },
        Reject::QueueFull { queue: queue.clone(), contacts: 4 },
        Reject::QueueDraining(queue.clone()),
        Reject::AgentExcluded { contact: contact.clone(), agent: agent.clone() },
        Reject::QueuesNotEmpty(vec![queue.clone(), self::queue("rest")]),
        Reject::MovesInvalid(problems.map(fault).into()),
        Reject::ChannelsInUse(vec![channel]),
        Reject::DocumentSweeping,
        Reject::VersionMismatch {
            expected: DocumentEtag { version: 1, digest: 7 },
            actual: DocumentEtag { version: 2, digest: u64::MAX },
        },
        Reject::DocumentVersionUnknown { field: "version", version: 9, oldest: 1, latest: 3 },
        Reject::OfferUnknown(OfferKey(7)),
        Reject::OfferExpired { offer: OfferKey(8), ago: Span::from_millis(1_500) },
        Reject::OfferTaken(OfferKey(9)),
        Reject::OfferRescinded(OfferKey(10)),
        Reject::DeclineForbidden(queue),
        Reject::ExtensionTooLong { what: "the offer", latest: NOW },
        Reject::EngagementUnknown { agent, contact: contact.clone(), needed: "active" },
        Reject::OutOfRange { field: "by", problem: "has to be positive" },
        Reject::SignalLate(contact),
        Reject::SignalSwitchedOff(Source::Voice),
        Reject::RequestReused(request("r1")),
        Reject::LimitReached { what: "open contacts", limit: 1_000_000 },
    ]
}

/// Records with these refusals, and of what is rare.
pub fn records(rejects: Vec<Reject>) -> Vec<Record> {
    let rows: Vec<Result<u64, Reject>> = [Ok(1)].into_iter().chain(rejects.into_iter().map(Err)).collect();
    let reply = Reply::Agents(Arc::from(rows));
    let refused = record(
        Some("import"),
        Command::PutAgents { rows: Arc::from([]) },
        [Event::RequestAccepted { request: request("import"), fingerprint: u64::MAX, reply }],
    );
    let stalled = record(None, Command::Stall { since: NOW }, [Event::Stalled { by: Span::from_secs(2) }]);
    let through = Place { virtual_arrival: NOW - Span::from_secs(90), sequence: 1_000 };
    let next_at = NOW + Span::from_millis(5);
    let rare = record(
        None,
        Command::Tick,
        [
            Event::RonaSuspended { until: NOW + Span::from_secs(60) },
            Event::QueueMoveAdvanced { from: QueueKey(1), through, moved: 998, left: 2, next_at },
            Event::OverflowSpread { queue: QueueKey(2), through, next_at },
            Event::OverflowSpreadEnded { queue: QueueKey(2) },
        ],
    );
    vec![refused, stalled, rare]
}

fn record<const N: usize>(id: Option<&str>, command: Command, events: [Event; N]) -> Record {
    Record {
        seq: Seq::FIRST,
        now: NOW,
        tenant: TenantId::new("default").expect("it obeys the grammar"),
        customer: None,
        input: Request { id: id.map(request), command },
        events: events.into(),
    }
}

fn request(name: &str) -> RequestId {
    RequestId::new(name).expect("it obeys the grammar")
}

fn contact(name: &str) -> ContactId {
    ContactId::new(name).expect("it obeys the grammar")
}

fn agent(name: &str) -> AgentId {
    AgentId::new(name).expect("it obeys the grammar")
}

fn queue(name: &str) -> QueueName {
    QueueName::new(name).expect("it obeys the grammar")
}

fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).expect("it obeys the grammar")
}

fn skill(name: &str) -> SkillName {
    SkillName::new(name).expect("it obeys the grammar")
}
