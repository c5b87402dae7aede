//! ContactService's requests.

use std::sync::Arc;

use crate::{
    api::{page_token::List, pb},
    engine::{
        Command,
        command::Destination,
        view::{ContactFilter, ContactState, Query},
    },
    model::{
        care::{Announced, Care},
        contact::{CancelReason, ContactDetails, KeepPlace, NewContact, TargetAgent},
        ids::{AgentId, ChannelName, ContactId, NAME_BYTES_MAX, QueueName, SourceName},
        limits::{CONTEXT_BYTES_MAX, EXCLUDED_AGENTS_MAX, PARKED_SECS_MAX},
        time::Span,
    },
};

use super::{
    Mutation, Question, Violations,
    field::{SPAN_MAX, item, part},
};

/// The longest a contact may stay parked, which is also how long it stays if nothing is said.
const PARKED_MAX: Span = Span::from_secs(PARKED_SECS_MAX);

/// Decodes AnnounceContact.
pub fn announce_contact(message: pb::AnnounceContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let expected_at =
        v.take_required("expected_time", message.expected_time).and_then(|time| v.take_time("expected_time", &time));
    let details = v.take_details(message.details.unwrap_or_default());
    let probability = v.take_probability("probability", message.probability);
    let moment_of_truth = message.moment_of_truth;
    let announced = probability.map(|probability| Announced { moment_of_truth, probability });
    let source = match message.source.as_str() {
        "" => Some(None),
        source => v.take("source", SourceName::new(source)).map(Some),
    };
    let command = (|| {
        let (contact, expected_at, announced) = (contact?, expected_at?, announced?);
        Some(Command::AnnounceContact { contact, expected_at, announced, source: source?, details: details? })
    })();
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes EnqueueContact.
pub fn enqueue_contact(message: pb::EnqueueContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let id = v.take_contact(&message.contact_id);
    let queue = v.take("queue", QueueName::new(&message.queue));
    let channel = v.take("channel", ChannelName::new(&message.channel));
    let requirement = v.take_requirement("requirement", &message.requirement.unwrap_or_default());
    let target = match message.target {
        None => Some(None),
        Some(target) => v.take_target("target", &target).map(Some),
    };
    let excluded = v.take_names("excluded_agent_ids", &message.excluded_agent_ids, EXCLUDED_AGENTS_MAX, AgentId::new);
    if let (Some(Some(target)), Some(excluded)) = (&target, &excluded)
        && excluded.contains(&target.agent)
    {
        v.add("target.agent_id", "is one of excluded_agent_ids; an agent can be asked for or excluded, not both");
    }
    let arrived_at = match message.arrival_time {
        None => Some(None),
        Some(time) => v.take_time("arrival_time", &time).map(Some),
    };
    let details = v.take_details(message.details.unwrap_or_default());
    let signals = v.take_heard(message.facts.as_ref(), &message.text, &message.text_language);
    let trace = match &message.trace_context {
        None => Some(None),
        Some(trace) => v.take_trace("trace_context", trace).map(Some),
    };
    let contact = (|| {
        Some(NewContact {
            id: id?,
            queue: queue?,
            channel: channel?,
            requirement: requirement?,
            target: target?,
            excluded: excluded?,
            care: Care::default(),
            dynamic: Span::ZERO,
            signals: signals?,
            arrived_at: arrived_at?,
            details: details?,
            trace: trace?,
        })
    })();
    let command = contact.map(|contact| Command::EnqueueContact(Box::new(contact)));
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes GetContact.
pub fn get_contact(message: &pb::GetContactRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let query = v.take_contact(&message.contact_id).map(Query::Contact);
    v.question(&message.tenant, query)
}

/// Decodes ListContacts.
pub fn list_contacts(message: &pb::ListContactsRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let queue = v.take_optional("queue", &message.queue, QueueName::new);
    let states = v.take_states(&message.states);
    let limit = v.take_page_size(message.page_size);
    let after = v.take_page_token(&message.page_token, List::Contacts, ContactId::new);
    let query = (|| {
        Some(Query::Contacts { after: after?, limit: limit?, filter: ContactFilter { queue: queue?, states: states? } })
    })();
    v.question(&message.tenant, query)
}

/// Decodes UpdateContact.
pub fn update_contact(message: pb::UpdateContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    if message.details.is_none() && message.requirement.is_none() {
        v.add("details", "is required unless requirement is given");
    }
    let details = match message.details {
        None => Some(None),
        Some(details) => v.take_details(details).map(Some),
    };
    let requirement = match &message.requirement {
        None => Some(None),
        Some(requirement) => v.take_requirement("requirement", requirement).map(Some),
    };
    let command =
        (|| Some(Command::UpdateContact { contact: contact?, details: details?, requirement: requirement? }))();
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes ParkContact.
pub fn park_contact(message: &pb::ParkContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let longest = match message.longest {
        None => Some(PARKED_MAX),
        Some(longest) => v.take_span("longest", longest, PARKED_MAX),
    };
    let command = contact.zip(longest).map(|(contact, longest)| Command::ParkContact { contact, longest });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes ReleaseContact.
pub fn release_contact(message: &pb::ReleaseContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let command = v.take_contact(&message.contact_id).map(|contact| Command::ReleaseContact { contact });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes RequeueContact.
pub fn requeue_contact(message: &pb::RequeueContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let queue = v.take_optional("queue", &message.queue, QueueName::new);
    let place = v.take_place(message.place());
    let command = (|| Some(Command::RequeueContact { contact: contact?, queue: queue?, place: place? }))();
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes TransferContact.
pub fn transfer_contact(message: &pb::TransferContactRequest) -> Result<Mutation, Violations> {
    use pb::transfer_contact_request::Destination as To;
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let to = match &message.destination {
        None => {
            v.add("destination", "is required: one of queue, agent and skills");
            None
        }
        Some(To::Queue(queue)) => v.take("queue", QueueName::new(queue)).map(Destination::Queue),
        Some(To::Agent(target)) => v.take_target("agent", target).map(Destination::Agent),
        Some(To::Skills(skills)) => v.take_requirement("skills", skills).map(Destination::Skills),
    };
    let place = v.take_place(message.place());
    let command = (|| Some(Command::TransferContact { contact: contact?, to: to?, place: place? }))();
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes CompleteContact.
pub fn complete_contact(message: &pb::CompleteContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let command = v.take_contact(&message.contact_id).map(|contact| Command::CompleteContact { contact });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes CancelContact.
pub fn cancel_contact(message: &pb::CancelContactRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let reason = match message.reason() {
        pb::CancelReason::CustomerLeft => Some(CancelReason::CustomerLeft),
        pb::CancelReason::Withdrawn => Some(CancelReason::Withdrawn),
        pb::CancelReason::Unspecified => {
            v.add("reason", "must be CANCEL_REASON_CUSTOMER_LEFT or CANCEL_REASON_WITHDRAWN");
            None
        }
    };
    let command = contact.zip(reason).map(|(contact, reason)| Command::CancelContact { contact, reason });
    v.mutation(&message.tenant, &message.request_id, command)
}

impl Violations {
    pub(super) fn take_contact(&mut self, text: &str) -> Option<ContactId> {
        self.take("contact_id", ContactId::new(text))
    }

    pub(super) fn take_target(&mut self, field: &str, message: &pb::TargetAgent) -> Option<TargetAgent> {
        let agent = self.take(&part(field, "agent_id"), AgentId::new(&message.agent_id));
        let window = match message.window {
            None => Some(None),
            Some(window) => self.take_span(&part(field, "window"), window, SPAN_MAX).map(Some),
        };
        Some(TargetAgent { agent: agent?, window: window? })
    }

    fn take_details(&mut self, message: pb::ContactDetails) -> Option<Arc<ContactDetails>> {
        let customer_id = self.take_text("details.customer_id", message.customer_id, NAME_BYTES_MAX);
        let attributes = self.take_attributes("details.attributes", message.attributes);
        let facts: usize = attributes.iter().flatten().map(|(key, value)| key.len() + value.len()).sum();
        let bytes = facts + message.context.len();
        if bytes > CONTEXT_BYTES_MAX {
            let problem =
                format!("has {bytes} bytes of attributes and context; at most {CONTEXT_BYTES_MAX} are allowed");
            self.add("details", problem);
            return None;
        }
        let details = ContactDetails { customer_id: customer_id?, attributes: attributes?, context: message.context };
        Some(Arc::new(details))
    }

    pub(super) fn take_place(&mut self, place: pb::Place) -> Option<KeepPlace> {
        match place {
            pb::Place::Keep => Some(KeepPlace::Keep),
            pb::Place::New => Some(KeepPlace::New),
            pb::Place::Unspecified => {
                self.add("place", "must be PLACE_KEEP or PLACE_NEW");
                None
            }
        }
    }

    /// The states of a filter, sorted and without repeats.
    fn take_states(&mut self, numbers: &[i32]) -> Option<Vec<ContactState>> {
        use pb::ContactState as State;
        let mut states = Vec::with_capacity(numbers.len());
        let mut whole = true;
        for (index, number) in numbers.iter().enumerate() {
            states.push(match State::try_from(*number).unwrap_or_default() {
                State::Announced => ContactState::Announced,
                State::Queued => ContactState::Queued,
                State::Parked => ContactState::Parked,
                State::Offered => ContactState::Offered,
                State::Engaged => ContactState::Engaged,
                State::WrapUp => ContactState::WrapUp,
                State::Closed => ContactState::Closed,
                State::Unspecified => {
                    whole = false;
                    self.add(item("states", index), "must be a state; leave the list empty for contacts in any state");
                    continue;
                }
            });
        }
        states.sort_unstable();
        states.dedup();
        whole.then_some(states)
    }
}
