//! What there is to say of a contact at its end, without saying anything of its customer.
//!
//! Invariant: only what the contact still knows of itself; what its agents did is in the events. Not here: pictures of
//! contacts for callers (`view`).

use crate::model::{
    ids::{ChannelName, ContactId, ContactKey, QueueName},
    time::{Span, Timestamp},
    trace::TraceContext,
};

use super::state::State;

/// A contact, as far as it names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary<'a> {
    /// The platform's id.
    pub id: &'a ContactId,
    /// When it arrived, or was expected.
    pub arrived_at: Timestamp,
    /// Where it began, if its caller said.
    pub trace: Option<&'a TraceContext>,
    /// What queueing made of it; none if it never came.
    pub way: Option<Way<'a>>,
}

/// A contact's way through queues, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way<'a> {
    /// Its queue, or the last.
    pub queue: &'a QueueName,
    /// Its channel.
    pub channel: &'a ChannelName,
    /// When an agent first accepted it.
    pub answered_at: Option<Timestamp>,
    /// Whether it is a moment of truth.
    pub is_moment: bool,
    /// So much earlier its place is than its arrival.
    pub head_start: Span,
}

impl State {
    /// What there is to say of a contact, open or ended within the last ten minutes.
    pub fn summary(&self, key: ContactKey) -> Option<Summary<'_>> {
        let contact = self.contacts.get(&key)?;
        let route = contact.route.as_deref();
        let way = route.map(|route| Way {
            queue: self.queue_name(route.queue),
            channel: self.channel_name(route.channel),
            answered_at: route.answered_at,
            is_moment: route.care.moment_of_truth,
            head_start: route.ordered_from - route.place.virtual_arrival,
        });
        let trace = route.and_then(|route| route.trace.as_deref());
        Some(Summary { id: &contact.id, arrived_at: contact.arrived_at, trace, way })
    }

    /// The number of the next contact that comes.
    pub fn next_contact(&self) -> ContactKey {
        ContactKey(self.next_contact)
    }
}
