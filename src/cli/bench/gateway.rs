//! All agents of a platform behind one call.
//!
//! Invariant: as at a desk, an agent completes only what it is told to have. A frame that is refused because the server
//! has too much to do is sent again under the same request id.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};
use tonic::{Code, Status, Streaming, transport::Channel};

use crate::api::pb::{
    self, agent_frame::Action, frame_result::Outcome, gateway_frame::Event,
    gateway_service_client::GatewayServiceClient as Gateways,
};

use super::{
    batches::batches,
    desk::AGAIN_AFTER,
    staff::{Handling, Terms, agent_id, number_of},
};

/// How long signing in may take.
const SIGNED_IN_WITHIN: Duration = Duration::from_secs(60);

/// The call.
#[derive(Debug)]
pub struct Gateway {
    terms: Terms,
    frames: mpsc::UnboundedSender<pb::AgentFrame>,
}

impl Gateway {
    /// Connects, and signs so many agents in.
    pub async fn sign_in(channel: Channel, agents: usize, terms: &Terms) -> Result<Arc<Self>, Status> {
        let (frames, messages) = batches(|frames| pb::ConnectAgentsRequest { tenant: String::new(), frames });
        let gateway = Arc::new(Self { terms: terms.clone(), frames });
        // The first message names the tenant, and the daemon answers a call when it has been heard.
        let first = pb::ConnectAgentsRequest { tenant: terms.tenant.clone(), frames: Vec::new() };
        let messages = tokio_stream::StreamExt::chain(tokio_stream::once(first), messages);
        let stream = Gateways::new(channel).connect_agents(messages).await?.into_inner();
        for number in 0..agents {
            let session_id = format!("s{}-{number}", terms.run);
            let open = Action::OpenSession(pb::OpenSession {});
            gateway.send(number, pb::AgentFrame { session_id, ..frame(format!("o{}-{number}", terms.run), open) });
            let presence = pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() };
            let available = Action::SetPresence(pb::SetPresence { presence: Some(presence) });
            gateway.send(number, frame(format!("p{}-{number}", terms.run), available));
        }
        tokio::spawn(Arc::clone(&gateway).watch(stream));
        let present = |present: u64| present == agents as u64;
        let until = Instant::now() + SIGNED_IN_WITHIN;
        match terms.board.wait(until, |tally| present(tally.present)).await? {
            true => Ok(gateway),
            false => Err(Status::deadline_exceeded("the agents of the gateway were not signed in in time")),
        }
    }

    /// Ends an engagement.
    pub fn complete(&self, agent: usize, contact_id: String) {
        self.terms.board.freed(agent);
        let request_id = format!("d{contact_id}");
        self.send(agent, frame(request_id, Action::CompleteContact(pb::CompleteContact { contact_id })));
    }

    fn send(&self, agent: usize, frame: pb::AgentFrame) {
        // A call that has ended has told the board.
        let _ = self.frames.send(pb::AgentFrame { agent_id: agent_id(agent), ..frame });
    }

    async fn watch(self: Arc<Self>, mut stream: Streaming<pb::ConnectAgentsResponse>) {
        loop {
            match stream.message().await {
                Ok(Some(message)) => message.frames.into_iter().for_each(|frame| self.told(frame)),
                Ok(None) => return self.terms.board.broke(Status::unavailable("the gateway's call ended")),
                Err(status) => return self.terms.board.broke(status),
            }
        }
    }

    fn told(self: &Arc<Self>, frame: pb::GatewayFrame) {
        let Some(agent) = number_of(&frame.agent_id) else { return };
        match frame.event {
            Some(Event::Offer(offer)) => {
                self.terms.board.offered(agent, &offer.contact_id);
                self.accept(agent, offer.offer_id);
            }
            Some(Event::Result(pb::FrameResult { request_id, outcome: Some(outcome) })) => {
                self.done(agent, &request_id, outcome);
            }
            _ => {}
        }
    }

    fn accept(&self, agent: usize, offer_id: String) {
        self.send(agent, frame(format!("a{offer_id}"), Action::AcceptOffer(pb::AcceptOffer { offer_id })));
    }

    fn done(self: &Arc<Self>, agent: usize, request: &str, outcome: Outcome) {
        match outcome {
            Outcome::Engagement(engagement) => self.engaged(agent, engagement.contact_id),
            Outcome::Done(_) | Outcome::WrapUpEndTime(_) => self.terms.board.completed(),
            Outcome::Presence(_) => self.terms.board.present(),
            Outcome::ExpireTime(_) => {}
            Outcome::Refused(refusal) => self.refused(agent, request, refusal),
        }
    }

    fn engaged(self: &Arc<Self>, agent: usize, contact: String) {
        self.terms.board.engaged();
        match self.terms.handling {
            Handling::AtOnce => self.complete(agent, contact),
            Handling::For(span) => {
                let gateway = Arc::clone(self);
                tokio::spawn(async move {
                    sleep(span).await;
                    gateway.complete(agent, contact);
                });
            }
            Handling::Held => self.terms.board.hold(agent, contact),
        }
    }

    fn refused(self: &Arc<Self>, agent: usize, request: &str, refusal: pb::Refusal) {
        let (kind, id) = request.split_at(1);
        let id = id.to_owned();
        match (Code::from(refusal.code), kind) {
            (Code::ResourceExhausted, "a" | "d") => {
                let (gateway, accepts) = (Arc::clone(self), kind == "a");
                tokio::spawn(async move {
                    sleep(AGAIN_AFTER).await;
                    if accepts { gateway.accept(agent, id) } else { gateway.complete(agent, id) }
                });
            }
            // Rescinded, expired or taken: the load was more than one of the two could bear.
            (Code::FailedPrecondition | Code::NotFound, "a") => self.terms.board.missed(),
            (code, _) => self.terms.board.broke(Status::new(code, refusal.message)),
        }
    }
}

fn frame(request_id: String, action: Action) -> pb::AgentFrame {
    pb::AgentFrame { request_id, action: Some(action), ..Default::default() }
}
