//! Frames to a gateway.

use crate::{
    api::pb::{self, frame_result::Outcome, gateway_frame::Event},
    engine::Reply,
};

use super::timestamp;

/// A frame; without an agent it is about the call as a whole.
pub fn frame(agent: impl ToString, event: impl Into<Event>) -> pb::GatewayFrame {
    pb::GatewayFrame { agent_id: agent.to_string(), event: Some(event.into()) }
}

/// What became of an accepted frame; none if a frame cannot ask for what has this reply.
pub fn outcome(reply: &Reply) -> Option<Outcome> {
    match reply {
        // A contact that waits again: its connection failed, and the agent has no part in its place.
        Reply::Done | Reply::Queued { .. } => Some(Outcome::Done(pb::Done {})),
        Reply::Presence { pending } => Some(Outcome::Presence(pb::SetPresenceResponse { pending: *pending })),
        Reply::OfferOpen { expires_at } => Some(Outcome::ExpireTime(timestamp(*expires_at))),
        Reply::Engaged { contact, channel } => {
            let (contact_id, channel) = (contact.to_string(), channel.to_string());
            Some(Outcome::Engagement(pb::Engagement { contact_id, channel }))
        }
        Reply::WrapUp { until } => Some(Outcome::WrapUpEndTime(timestamp(*until))),
        _ => None,
    }
}
