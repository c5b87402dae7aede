//! Replies: each takes the one kind of reply that its command has.

use prost_types::Timestamp;
use tonic::Status;

use crate::{
    api::{etag, pb, status},
    engine::Reply,
    model::document::DocumentEtag,
};

use super::timestamp;

/// The queue a contact is in, and its virtual arrival.
pub fn queued(reply: &Reply) -> Result<(String, Timestamp), Status> {
    match reply {
        Reply::Queued { queue, virtual_arrival } => Ok((queue.to_string(), timestamp(*virtual_arrival))),
        other => Err(status::unexpected(other)),
    }
}

/// When the wrap-up ends, if the queue gives one.
pub fn wrap_up_if_any(reply: &Reply) -> Result<Option<Timestamp>, Status> {
    match reply {
        Reply::Done => Ok(None),
        reply => wrap_up(reply).map(Some),
    }
}

/// When the wrap-up ends.
pub fn wrap_up(reply: &Reply) -> Result<Timestamp, Status> {
    match reply {
        Reply::WrapUp { until } => Ok(timestamp(*until)),
        other => Err(status::unexpected(other)),
    }
}

/// When the offer expires.
pub fn offer_open(reply: &Reply) -> Result<Timestamp, Status> {
    match reply {
        Reply::OfferOpen { expires_at } => Ok(timestamp(*expires_at)),
        other => Err(status::unexpected(other)),
    }
}

/// What an acceptance brought.
pub fn engagement(reply: &Reply) -> Result<pb::Engagement, Status> {
    match reply {
        Reply::Engaged { contact, channel } => {
            Ok(pb::Engagement { contact_id: contact.to_string(), channel: channel.to_string() })
        }
        other => Err(status::unexpected(other)),
    }
}

/// What an acknowledgement brought: time to answer, or the contact.
pub fn acknowledged(reply: &Reply) -> Result<pb::ack_offer_response::Result, Status> {
    match reply {
        Reply::OfferOpen { .. } => offer_open(reply).map(pb::ack_offer_response::Result::ExpireTime),
        reply => engagement(reply).map(pb::ack_offer_response::Result::Engagement),
    }
}

/// The etag of a profile in force.
pub fn agent_etag(reply: &Reply) -> Result<String, Status> {
    match reply {
        Reply::Agent { revision } => Ok(etag::agent(*revision)),
        other => Err(status::unexpected(other)),
    }
}

/// How many contacts waited in a queue that is being moved.
pub fn moving(reply: &Reply) -> Result<u64, Status> {
    match reply {
        Reply::Moving { waiting } => Ok(*waiting),
        other => Err(status::unexpected(other)),
    }
}

/// Whether presence waits for work to end.
pub fn pending(reply: &Reply) -> Result<bool, Status> {
    match reply {
        Reply::Presence { pending } => Ok(*pending),
        other => Err(status::unexpected(other)),
    }
}

/// The document's version and content.
pub fn document_etag(reply: &Reply) -> Result<DocumentEtag, Status> {
    match reply {
        Reply::Document { etag } => Ok(*etag),
        other => Err(status::unexpected(other)),
    }
}
