//! AgentService's requests.

use std::sync::Arc;

use prost_types::Duration;

use crate::{
    api::{etag, page_token::List, pb},
    engine::{Command, view::Query},
    model::{
        agent::{AgentProfile, AgentRow, Expected, Presence},
        ids::{AgentId, ChannelName, OfferKey, QueueName, RequestId, SessionId, SkillName, TenantId},
        limits::{
            AGENT_QUEUES_MAX, AGENT_SKILLS_MAX, AGENTS_PER_BATCH_MAX, CAPACITY_MAX, CHANNELS_MAX, CONTEXT_BYTES_MAX,
            REASON_BYTES_MAX,
        },
        time::Span,
    },
};

use super::{Follow, Mutation, Question, Violations, field::SPAN_MAX};

/// A decoded batch of an import.
#[derive(Debug)]
pub struct ImportBatch {
    /// Whose.
    pub tenant: TenantId,
    /// The batch's id.
    pub id: RequestId,
    /// Each row, or everything that is wrong with it.
    pub rows: Vec<Result<AgentRow, Violations>>,
    /// Whether anything is to change.
    pub validate_only: bool,
}

/// Decodes PutAgent.
pub fn put_agent(message: pb::PutAgentRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let (tenant, request_id, mode) = (message.tenant, message.request_id, message.mode);
    let row = pb::AgentRow { agent_id: message.agent_id, profile: message.profile, etag: message.etag, mode };
    let row = v.take_row(row);
    let command = row.map(|AgentRow { agent, profile, expected }| Command::PutAgent { agent, profile, expected });
    v.mutation(&tenant, &request_id, command)
}

/// Decodes one row of a batch, or of a file of agents.
pub fn agent_row(row: pb::AgentRow) -> Result<AgentRow, Violations> {
    let mut v = Violations::default();
    let row = v.take_row(row);
    v.finish(row)
}

/// Decodes a batch of ImportAgents; a row that is wrong is no reason to refuse the others.
pub fn import_agents(message: pb::ImportAgentsRequest) -> Result<ImportBatch, Violations> {
    let mut v = Violations::default();
    let tenant = v.take_tenant(&message.tenant);
    let id = v.take("request_id", RequestId::new(&message.request_id));
    let is_a_batch = v.at_most("agents", message.agents.len(), AGENTS_PER_BATCH_MAX);
    let decoded = tenant.zip(id).filter(|_| is_a_batch).map(|(tenant, id)| ImportBatch {
        tenant,
        id,
        rows: message.agents.into_iter().map(agent_row).collect(),
        validate_only: message.validate_only,
    });
    v.finish(decoded)
}

/// Decodes GetAgent.
pub fn get_agent(message: &pb::GetAgentRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let query = v.take_agent(&message.agent_id).map(Query::Agent);
    v.question(&message.tenant, query)
}

/// Decodes ListAgents.
pub fn list_agents(message: &pb::ListAgentsRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let limit = v.take_page_size(message.page_size);
    let after = v.take_page_token(&message.page_token, List::Agents, AgentId::new);
    let query = limit.zip(after).map(|(limit, after)| Query::Agents { after, limit });
    v.question(&message.tenant, query)
}

/// Decodes DeleteAgent.
pub fn delete_agent(message: &pb::DeleteAgentRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let asked = v.take_agent(&message.agent_id).zip(v.take_agent_etag(&message.etag));
    let command = asked.map(|(agent, etag)| Command::DeleteAgent { agent, expected: etag.unwrap_or_default() });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes WatchOffers.
pub fn watch_offers(message: &pb::WatchOffersRequest) -> Result<Follow, Violations> {
    let mut v = Violations::default();
    let tenant = v.take_tenant(&message.tenant);
    let agent = v.take_agent(&message.agent_id);
    let session = v.take_optional("session_id", &message.session_id, SessionId::new);
    let follow = (|| Some(Follow { tenant: tenant?, agent: agent?, session: session? }))();
    v.finish(follow)
}

/// Decodes AckOffer.
pub fn ack_offer(message: &pb::AckOfferRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let asked = v.take_agent_and_offer(&message.agent_id, &message.offer_id);
    let command = asked.map(|(agent, offer)| Command::AckOffer { agent, offer });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes AcceptOffer.
pub fn accept_offer(message: &pb::AcceptOfferRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let asked = v.take_agent_and_offer(&message.agent_id, &message.offer_id);
    let command = asked.map(|(agent, offer)| Command::AcceptOffer { agent, offer });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes DeclineOffer.
pub fn decline_offer(message: pb::DeclineOfferRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let asked = v.take_agent_and_offer(&message.agent_id, &message.offer_id);
    let reason = v.take_decline_reason(message.reason);
    let command = asked.zip(reason).map(|((agent, offer), reason)| Command::DeclineOffer { agent, offer, reason });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes ExtendOffer.
pub fn extend_offer(message: &pb::ExtendOfferRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let asked = v.take_agent_and_offer(&message.agent_id, &message.offer_id);
    let by = v.take_extension(message.by);
    let command = asked.zip(by).map(|((agent, offer), by)| Command::ExtendOffer { agent, offer, by });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes ReportConnectFailed.
pub fn report_connect_failed(message: pb::ReportConnectFailedRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let agent = v.take_agent(&message.agent_id);
    let contact = v.take_contact(&message.contact_id);
    let reason = v.take_text("reason", message.reason, REASON_BYTES_MAX);
    let command = (|| Some(Command::ReportConnectFailed { agent: agent?, contact: contact?, reason: reason? }))();
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes SetPresence.
pub fn set_presence(message: pb::SetPresenceRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let agent = v.take_agent(&message.agent_id);
    let presence = v.take_required("presence", message.presence).and_then(|presence| v.take_presence(presence));
    let command = agent.zip(presence).map(|(agent, presence)| Command::SetPresence { agent, presence });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes ExtendWrapUp.
pub fn extend_wrap_up(message: &pb::ExtendWrapUpRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let agent = v.take_agent(&message.agent_id);
    let contact = v.take_contact(&message.contact_id);
    let by = v.take_extension(message.by);
    let command = (|| Some(Command::ExtendWrapUp { agent: agent?, contact: contact?, by: by? }))();
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes EndWrapUp.
pub fn end_wrap_up(message: &pb::EndWrapUpRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let agent = v.take_agent(&message.agent_id);
    let contact = v.take_contact(&message.contact_id);
    let command = agent.zip(contact).map(|(agent, contact)| Command::EndWrapUp { agent, contact });
    v.mutation(&message.tenant, &message.request_id, command)
}

impl Violations {
    pub(super) fn take_agent(&mut self, text: &str) -> Option<AgentId> {
        self.take("agent_id", AgentId::new(text))
    }

    fn take_agent_and_offer(&mut self, agent: &str, offer: &str) -> Option<(AgentId, OfferKey)> {
        let agent = self.take_agent(agent);
        let offer = self.take_offer("offer_id", offer);
        agent.zip(offer)
    }

    fn take_row(&mut self, message: pb::AgentRow) -> Option<AgentRow> {
        let agent = self.take_agent(&message.agent_id);
        let mode = pb::PutMode::try_from(message.mode).ok();
        if mode.is_none() {
            self.add("mode", "must be PUT_MODE_CREATE, PUT_MODE_REPLACE or left out");
        }
        let etag = self.take_agent_etag(&message.etag);
        let expected = mode.zip(etag).and_then(|asked| match asked {
            (pb::PutMode::Unspecified, etag) => Some(etag.unwrap_or_default()),
            (pb::PutMode::Replace, etag) => Some(etag.unwrap_or(Expected::Present)),
            (pb::PutMode::Create, None) => Some(Expected::Absent),
            (pb::PutMode::Create, Some(_)) => {
                self.add("etag", "must be empty with PUT_MODE_CREATE: an agent who is not there has none");
                None
            }
        });
        let profile = self.take_required("profile", message.profile).and_then(|profile| self.take_profile(profile));
        Some(AgentRow { agent: agent?, profile: Arc::new(profile?), expected: expected? })
    }

    /// `Some(None)` if there is none.
    fn take_agent_etag(&mut self, text: &str) -> Option<Option<Expected>> {
        if text.is_empty() {
            return Some(None);
        }
        let revision = etag::read_agent(text);
        if revision.is_none() {
            self.add("etag", "is no agent's etag; send it as GetAgent gave it");
        }
        revision.map(|revision| Some(Expected::Revision(revision)))
    }

    pub(super) fn take_decline_reason(&mut self, reason: String) -> Option<String> {
        if reason.is_empty() {
            self.add("reason", "is required: what the agent says, in the platform's words");
        }
        self.take_text("reason", reason, REASON_BYTES_MAX)
    }

    pub(super) fn take_extension(&mut self, by: Option<Duration>) -> Option<Span> {
        self.take_required("by", by).and_then(|by| self.take_span("by", by, SPAN_MAX))
    }

    fn take_profile(&mut self, message: pb::AgentProfile) -> Option<AgentProfile> {
        let display_name = self.take_text("profile.display_name", message.display_name, REASON_BYTES_MAX);
        let skills =
            self.take_map("profile.skills", message.skills, AGENT_SKILLS_MAX, SkillName::new, Self::take_level);
        let queues = self.take_names("profile.queues", &message.queues, AGENT_QUEUES_MAX, QueueName::new);
        let capacity = match message.capacity {
            None => Some(AgentProfile::default().capacity),
            Some(capacity) => self.take_number("profile.capacity", capacity, 1, CAPACITY_MAX),
        };
        let channel_limits = self.take_map(
            "profile.channel_limits",
            message.channel_limits,
            CHANNELS_MAX,
            ChannelName::new,
            |v, path, limit| v.take_number(path, limit, 0, u16::MAX.into()).and_then(|limit| u16::try_from(limit).ok()),
        );
        let attributes = self.take_attributes("profile.attributes", message.attributes);
        let facts: usize = attributes.iter().flatten().map(|(key, value)| key.len() + value.len()).sum();
        if facts > CONTEXT_BYTES_MAX {
            self.add("profile.attributes", format!("has {facts} bytes; at most {CONTEXT_BYTES_MAX} are allowed"));
        }
        Some(AgentProfile {
            display_name: display_name?,
            skills: skills?,
            queues: queues?,
            capacity: capacity?,
            channel_limits: channel_limits?,
            empathy_fixed: message.empathy_fixed,
            attributes: attributes?,
        })
    }

    pub(super) fn take_presence(&mut self, message: pb::Presence) -> Option<Presence> {
        let state = message.state();
        if state != pb::PresenceState::Away && !message.reason.is_empty() {
            self.add("presence.reason", "must be empty unless state is PRESENCE_STATE_AWAY");
        }
        match state {
            pb::PresenceState::Offline => Some(Presence::Offline),
            pb::PresenceState::Available => Some(Presence::Available),
            pb::PresenceState::Away => {
                let reason = self.take_text("presence.reason", message.reason, REASON_BYTES_MAX)?;
                Some(Presence::Away { reason })
            }
            pb::PresenceState::Unspecified => {
                let states = "PRESENCE_STATE_OFFLINE, PRESENCE_STATE_AVAILABLE or PRESENCE_STATE_AWAY";
                self.add("presence.state", format!("must be {states}"));
                None
            }
        }
    }
}
