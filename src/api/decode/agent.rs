//! AgentService's requests.

use std::sync::Arc;

use crate::{
    api::{page_token::List, pb},
    engine::{Command, view::Query},
    model::{
        agent::{AgentProfile, Presence},
        ids::{AgentId, ChannelName, OfferKey, QueueName, SessionId, SkillName},
        limits::{AGENT_QUEUES_MAX, AGENT_SKILLS_MAX, CAPACITY_MAX, CHANNELS_MAX, CONTEXT_BYTES_MAX, REASON_BYTES_MAX},
    },
};

use super::{Follow, Mutation, Question, Violations, field::SPAN_MAX};

/// Decodes PutAgent.
pub fn put_agent(message: pb::PutAgentRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let agent = v.take_agent(&message.agent_id);
    let profile = v.take_required("profile", message.profile).and_then(|profile| v.take_profile(profile));
    let command = agent.zip(profile).map(|(agent, profile)| Command::PutAgent { agent, profile: Arc::new(profile) });
    v.mutation(&message.tenant, &message.request_id, command)
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
    let command = v.take_agent(&message.agent_id).map(|agent| Command::DeleteAgent { agent });
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
    if message.reason.is_empty() {
        v.add("reason", "is required: what the agent says, in the platform's words");
    }
    let reason = v.take_text("reason", message.reason, REASON_BYTES_MAX);
    let command = asked.zip(reason).map(|((agent, offer), reason)| Command::DeclineOffer { agent, offer, reason });
    v.mutation(&message.tenant, &message.request_id, command)
}

/// Decodes ExtendOffer.
pub fn extend_offer(message: &pb::ExtendOfferRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let asked = v.take_agent_and_offer(&message.agent_id, &message.offer_id);
    let by = v.take_required("by", message.by).and_then(|by| v.take_span("by", by, SPAN_MAX));
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
    let by = v.take_required("by", message.by).and_then(|by| v.take_span("by", by, SPAN_MAX));
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
    fn take_agent(&mut self, text: &str) -> Option<AgentId> {
        self.take("agent_id", AgentId::new(text))
    }

    fn take_agent_and_offer(&mut self, agent: &str, offer: &str) -> Option<(AgentId, OfferKey)> {
        let agent = self.take_agent(agent);
        let offer = self.take_offer("offer_id", offer);
        agent.zip(offer)
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
            attributes: attributes?,
        })
    }

    fn take_presence(&mut self, message: pb::Presence) -> Option<Presence> {
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
