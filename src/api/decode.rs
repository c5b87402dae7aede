//! From messages to commands and queries: each request is validated once, here, and from then on its types carry it.
//!
//! Invariant: a request is either decoded whole, or refused with every field that is wrong, never just the first.
//! Not here: what depends on the time, the state or the document in force (the engine decides that, and refuses).

mod agent;
mod config;
mod contact;
mod field;
mod gateway;
mod insight;
mod requirement;
mod signal;
mod statistics;
mod supervisor;
mod violations;
mod wait;
mod watch;

#[cfg(test)]
mod tests;

use crate::{
    engine::{Request, view::Query},
    model::ids::{AgentId, SessionId, TenantId},
};

pub use self::{
    agent::{
        ImportBatch, accept_offer, ack_offer, decline_offer, delete_agent, end_wrap_up, extend_offer, extend_wrap_up,
        get_agent, import_agents, list_agents, put_agent, report_connect_failed, set_presence, watch_offers,
    },
    config::{
        Comparison, Proposed, Side, apply_document, diff_documents, get_document, list_document_versions,
        roll_back_document, validate_document,
    },
    contact::{
        announce_contact, cancel_contact, complete_contact, enqueue_contact, get_contact, list_contacts, park_contact,
        release_contact, requeue_contact, transfer_contact, update_contact,
    },
    gateway::agent_frame,
    insight::{Learners, explain_agent, explain_contact, explain_offer, explain_pair, list_candidates, list_empathy},
    signal::{Heard, report, signal},
    statistics::{Survey, get_statistics, list_statistics, watch_statistics},
    supervisor::{
        drain_queue, erase_customer, force_presence, list_actions, move_contact, move_queue, pause_queue,
        prioritise_contact, pull_contact, reopen_queue,
    },
    violations::{Subject, Violations},
    wait::{
        WaitAsked, estimate_wait, get_position, get_queue_statistics, list_queue_statistics, list_quickest_channels,
    },
    watch::{Observe, WatchContent, WatchFilter, watch},
};

/// The tenant of a whole call; empty = "default".
pub fn tenant(text: &str) -> Result<TenantId, Violations> {
    let mut v = Violations::default();
    let tenant = v.take_tenant(text);
    v.finish(tenant)
}

/// A decoded mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    /// Whose.
    pub tenant: TenantId,
    /// The command and its id.
    pub request: Request,
}

/// A decoded reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Whose.
    pub tenant: TenantId,
    /// What.
    pub query: Query,
}

/// A decoded wish to follow an agent's offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// Whose.
    pub tenant: TenantId,
    /// Which agent.
    pub agent: AgentId,
    /// The session to open or resume; `None` = a new one.
    pub session: Option<SessionId>,
}
