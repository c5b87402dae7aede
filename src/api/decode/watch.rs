//! WatchService's requests.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::{
    api::{pb, watch_token::WatchToken},
    engine::change::{ContactRow, Happening},
    model::{
        ids::{AgentId, ContactId, QueueName, TenantId},
        limits::FILTER_NAMES_MAX,
    },
};

use super::{
    Violations,
    field::{item, part},
};

/// A decoded wish to follow a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observe {
    /// Whose.
    pub tenant: TenantId,
    /// Where to go on.
    pub after: Option<WatchToken>,
    /// What of it.
    pub filter: WatchFilter,
}

/// What a follower is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WatchFilter {
    /// Queues with their contacts; sorted.
    pub queues: Vec<QueueName>,
    /// Agents; sorted.
    pub agents: Vec<AgentId>,
    /// Contacts; sorted.
    pub contacts: Vec<ContactId>,
    /// Kinds of events by their numbers; sorted, empty = all.
    pub kinds: Vec<i32>,
    /// Rows, events or both.
    pub content: WatchContent,
}

/// Rows, events or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WatchContent {
    /// Both.
    All,
    /// How things stand.
    Rows,
    /// What happens.
    Events,
}

/// Decodes Watch.
pub fn watch(message: &pb::WatchRequest) -> Result<Observe, Violations> {
    let mut v = Violations::default();
    let tenant = v.take_tenant(&message.tenant);
    let after = match message.resume_token.as_str() {
        "" => Some(None),
        text => {
            let token = WatchToken::decode(text);
            if token.is_none() {
                v.add("resume_token", "is no token of this stream; send the last one as it was given, or nothing");
            }
            token.map(Some)
        }
    };
    let filter = v.take_filter(message.filter.clone().unwrap_or_default());
    let observe = (|| Some(Observe { tenant: tenant?, after: after?, filter: filter? }))();
    v.finish(observe)
}

impl Violations {
    fn take_filter(&mut self, message: pb::WatchFilter) -> Option<WatchFilter> {
        let content = match pb::WatchContent::try_from(message.content) {
            Ok(pb::WatchContent::Unspecified) => Some(WatchContent::All),
            Ok(pb::WatchContent::Rows) => Some(WatchContent::Rows),
            Ok(pb::WatchContent::Events) => Some(WatchContent::Events),
            Err(_) => {
                self.add("filter.content", "must be WATCH_CONTENT_ROWS, WATCH_CONTENT_EVENTS or nothing");
                None
            }
        };
        let queues = self.take_names("filter.queues", &message.queues, FILTER_NAMES_MAX, QueueName::new);
        let agents = self.take_names("filter.agent_ids", &message.agent_ids, FILTER_NAMES_MAX, AgentId::new);
        let contacts = self.take_names("filter.contact_ids", &message.contact_ids, FILTER_NAMES_MAX, ContactId::new);
        let kinds = self.take_kinds(message.event_kinds);
        Some(WatchFilter { queues: queues?, agents: agents?, contacts: contacts?, kinds: kinds?, content: content? })
    }

    fn take_kinds(&mut self, mut kinds: Vec<i32>) -> Option<Vec<i32>> {
        let mut whole = true;
        for (index, kind) in kinds.iter().enumerate() {
            if pb::WatchEventKind::try_from(*kind).unwrap_or_default() == pb::WatchEventKind::Unspecified {
                whole = false;
                self.add(item(&part("filter", "event_kinds"), index), "must be a kind; leave the list empty for all");
            }
        }
        kinds.sort_unstable();
        kinds.dedup();
        whole.then_some(kinds)
    }
}

impl WatchFilter {
    /// Tells it, and the tenant, from every other.
    pub fn fingerprint(&self, tenant: &TenantId) -> u64 {
        let mut hasher = DefaultHasher::new();
        (tenant, self).hash(&mut hasher);
        hasher.finish()
    }

    /// Whether nothing is left out for its name.
    pub fn names_nobody(&self) -> bool {
        self.queues.is_empty() && self.agents.is_empty() && self.contacts.is_empty()
    }

    /// Whether a queue is told.
    pub fn takes_queue(&self, queue: &QueueName) -> bool {
        self.names_nobody() || self.queues.binary_search(queue).is_ok()
    }

    /// Whether an agent is told.
    pub fn takes_agent(&self, agent: &AgentId) -> bool {
        self.names_nobody() || self.agents.binary_search(agent).is_ok()
    }

    /// Whether a contact is told that is in, or left, these queues.
    pub fn takes_contact<'a>(&self, contact: &ContactId, mut queues: impl Iterator<Item = &'a QueueName>) -> bool {
        self.names_nobody()
            || self.contacts.binary_search(contact).is_ok()
            || queues.any(|queue| self.queues.binary_search(queue).is_ok())
    }

    /// Whether a contact's row is told.
    pub fn takes_row(&self, row: &ContactRow) -> bool {
        self.takes_contact(&row.view.id, row.view.queue.iter().chain(&row.left))
    }

    /// Whether something that happened is told; `rows` are the contacts that its change touched.
    pub fn takes_happening(&self, kind: i32, happening: &Happening, rows: &[ContactRow]) -> bool {
        let of_kind = self.kinds.is_empty() || self.kinds.binary_search(&kind).is_ok();
        let Happening { contact, agent, queue, from_queue, .. } = happening;
        let names_nobody = contact.is_none() && agent.is_none() && queue.is_none();
        let about = self.names_nobody()
            || names_nobody
            || queue.iter().chain(from_queue).any(|queue| self.takes_queue(queue))
            || agent.as_ref().is_some_and(|agent| self.takes_agent(agent))
            || contact.as_ref().is_some_and(|contact| {
                let row = rows.iter().find(|row| row.view.id == *contact);
                row.map_or_else(|| self.contacts.binary_search(contact).is_ok(), |row| self.takes_row(row))
            });
        of_kind && about
    }
}
