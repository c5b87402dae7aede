//! SupervisorService's requests.

use std::sync::Arc;

use prost_types::Duration;

use crate::{
    api::{page_token::List, pb},
    engine::{Command, view::Query},
    model::{
        contact::CustomerId,
        ids::{ActorId, NAME_BYTES_MAX, QueueName},
        limits::{HEAD_START_SECS_MAX, REASON_BYTES_MAX},
        supervision::{Action, PresenceTiming, QueueMode, Supervision},
        time::Span,
    },
};

use super::{Mutation, Question, Violations};

/// The largest head start, either way.
const HEAD_START_MAX: Span = Span::from_secs(HEAD_START_SECS_MAX);

/// Decodes MoveContact.
pub fn move_contact(message: pb::MoveContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let queue = v.take("queue", QueueName::new(&message.queue));
    let place = v.take_place(message.place());
    let action = (|| Some(Action::MoveContact { contact: contact?, queue: queue?, place: place? }))();
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes MoveQueue.
pub fn move_queue(message: pb::MoveQueueRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let from = v.take("queue", QueueName::new(&message.queue));
    let to = v.take("destination_queue", QueueName::new(&message.destination_queue));
    let place = v.take_place(message.place());
    let action = (|| Some(Action::MoveQueue { from: from?, to: to?, place: place? }))();
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes PullContact.
pub fn pull_contact(message: pb::PullContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let agent = v.take_required("agent", message.agent.as_ref());
    let to = agent.and_then(|agent| v.take_target("agent", agent));
    let action = contact.zip(to).map(|(contact, to)| Action::PullContact { contact, to });
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes PrioritiseContact.
pub fn prioritise_contact(message: pb::PrioritiseContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let head_start = v.take_required("head_start", message.head_start);
    let head_start = head_start.and_then(|head_start| v.take_head_start(head_start));
    let action = contact.zip(head_start).map(|(contact, head_start)| Action::PrioritiseContact { contact, head_start });
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes ForcePresence.
pub fn force_presence(message: pb::ForcePresenceRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let timing = match message.timing() {
        pb::PresenceTiming::Immediately => Some(PresenceTiming::Immediately),
        pb::PresenceTiming::AfterWork => Some(PresenceTiming::AfterWork),
        pb::PresenceTiming::Unspecified => {
            v.add("timing", "must be PRESENCE_TIMING_IMMEDIATELY or PRESENCE_TIMING_AFTER_WORK");
            None
        }
    };
    let agent = v.take_agent(&message.agent_id);
    let presence = v.take_required("presence", message.presence).and_then(|presence| v.take_presence(presence));
    let action = (|| Some(Action::ForcePresence { agent: agent?, presence: presence?, timing: timing? }))();
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes PauseQueue.
pub fn pause_queue(message: pb::PauseQueueRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let action = v.take_mode(&message.queue, QueueMode::Paused);
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes DrainQueue.
pub fn drain_queue(message: pb::DrainQueueRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let action = v.take_mode(&message.queue, QueueMode::Draining);
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes ReopenQueue.
pub fn reopen_queue(message: pb::ReopenQueueRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let action = v.take_mode(&message.queue, QueueMode::Open);
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes EraseCustomer, of ContactService.
pub fn erase_customer(message: pb::EraseCustomerRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    if message.customer_id.is_empty() {
        v.add("customer_id", "is required: nobody in particular cannot be erased");
    }
    let customer = v.take_text("customer_id", message.customer_id, NAME_BYTES_MAX);
    let action = customer.map(|customer| Action::EraseCustomer { customer: CustomerId(customer) });
    v.supervision(&message.tenant, &message.request_id, &message.actor, message.reason, action)
}

/// Decodes ListActions.
pub fn list_actions(message: &pb::ListActionsRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let limit = v.take_page_size(message.page_size);
    let before = v.take_page_token(&message.page_token, List::Actions, |number| number.parse::<u64>());
    let query = limit.zip(before).map(|(limit, before)| Query::Actions { before, limit });
    v.question(&message.tenant, query)
}

impl Violations {
    fn take_mode(&mut self, queue: &str, mode: QueueMode) -> Option<Action> {
        self.take("queue", QueueName::new(queue)).map(|queue| Action::SetQueueMode { queue, mode })
    }

    fn take_head_start(&mut self, span: Duration) -> Option<Span> {
        let nanos = i64::from(span.nanos);
        let same_sign = nanos == 0 || span.seconds == 0 || (nanos > 0) == (span.seconds > 0);
        let micros = span.seconds.checked_mul(1_000_000).map(|micros| micros + nanos / 1_000);
        let micros =
            micros.filter(|micros| nanos.abs() < 1_000_000_000 && same_sign && micros.abs() <= HEAD_START_MAX.0);
        if micros.is_none() {
            self.add("head_start", format!("must be from -{HEAD_START_MAX} to {HEAD_START_MAX}"));
        }
        micros.map(Span)
    }

    /// An action with who takes it and why.
    fn supervision(
        mut self,
        tenant: &str,
        request_id: &str,
        actor: &str,
        reason: String,
        action: Option<Action>,
    ) -> Result<Mutation, Self> {
        let actor = self.take("actor", ActorId::new(actor));
        if reason.is_empty() {
            self.add("reason", "is required: why it is done, in the supervisor's words");
        }
        let reason = self.take_text("reason", reason, REASON_BYTES_MAX);
        let supervision = (|| Some(Supervision { actor: actor?, reason: reason?, action: action? }))();
        self.mutation(tenant, request_id, supervision.map(|supervision| Command::Supervise(Arc::new(supervision))))
    }
}
