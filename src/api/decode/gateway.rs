//! A gateway's frames.

use crate::{
    api::{
        offer_stream::new_session,
        pb::{self, agent_frame::Action as Written},
    },
    engine::Command,
    model::{
        ids::{AgentId, RequestId, SessionId},
        limits::REASON_BYTES_MAX,
    },
    shard::{Act, Action},
};

use super::Violations;

/// Decodes a frame.
pub fn agent_frame(frame: pb::AgentFrame) -> Result<Act, Violations> {
    let mut v = Violations::default();
    let agent = v.take_agent(&frame.agent_id);
    let session = v.take_optional("session_id", &frame.session_id, SessionId::new);
    let request = v.take("request_id", RequestId::new(&frame.request_id));
    let written = v.take_required("action", frame.action);
    let act = (|| {
        let (agent, session, written) = (agent?, session?, written?);
        let (session, action) = match written {
            Written::OpenSession(_) => (None, Action::Open(session.unwrap_or_else(new_session))),
            Written::LeaveSession(_) => (session, Action::Leave),
            written => (session, Action::Command(v.take_action(&agent, written)?)),
        };
        Some(Act { agent, session, request: request?, action })
    })();
    v.finish(act)
}

impl Violations {
    /// What the agent does.
    fn take_action(&mut self, agent: &AgentId, written: Written) -> Option<Command> {
        let agent = agent.clone();
        match written {
            Written::OpenSession(_) | Written::LeaveSession(_) => unreachable!("these are no commands"),
            Written::SetPresence(set) => self.below("set_presence", |v| {
                let presence = v.take_required("presence", set.presence)?;
                Some(Command::SetPresence { agent, presence: v.take_presence(presence)? })
            }),
            Written::AckOffer(ack) => self.below("ack_offer", |v| {
                Some(Command::AckOffer { agent, offer: v.take_offer("offer_id", &ack.offer_id)? })
            }),
            Written::AcceptOffer(accept) => self.below("accept_offer", |v| {
                Some(Command::AcceptOffer { agent, offer: v.take_offer("offer_id", &accept.offer_id)? })
            }),
            Written::DeclineOffer(decline) => self.below("decline_offer", |v| {
                let offer = v.take_offer("offer_id", &decline.offer_id);
                let reason = v.take_decline_reason(decline.reason);
                Some(Command::DeclineOffer { agent, offer: offer?, reason: reason? })
            }),
            Written::ExtendOffer(extend) => self.below("extend_offer", |v| {
                let offer = v.take_offer("offer_id", &extend.offer_id);
                let by = v.take_extension(extend.by);
                Some(Command::ExtendOffer { agent, offer: offer?, by: by? })
            }),
            Written::ReportConnectFailed(failed) => self.below("report_connect_failed", |v| {
                let contact = v.take_contact(&failed.contact_id);
                let reason = v.take_text("reason", failed.reason, REASON_BYTES_MAX);
                Some(Command::ReportConnectFailed { agent, contact: contact?, reason: reason? })
            }),
            Written::CompleteContact(complete) => self.below("complete_contact", |v| {
                Some(Command::CompleteContact { contact: v.take_contact(&complete.contact_id)? })
            }),
            Written::ExtendWrapUp(extend) => self.below("extend_wrap_up", |v| {
                let contact = v.take_contact(&extend.contact_id);
                let by = v.take_extension(extend.by);
                Some(Command::ExtendWrapUp { agent, contact: contact?, by: by? })
            }),
            Written::EndWrapUp(end) => self.below("end_wrap_up", |v| {
                Some(Command::EndWrapUp { agent, contact: v.take_contact(&end.contact_id)? })
            }),
        }
    }
}
