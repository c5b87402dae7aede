//! An agent's desktop as most will be: a stream of offers, and a call for each thing the agent does.
//!
//! Invariant: a call that is refused because the server has too much to do is made again under the same request id, so
//! no agent is lost to the bench.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tonic::{Code, Status, Streaming, transport::Channel};

use crate::api::pb::{
    self, agent_service_client::AgentServiceClient as Agents, contact_service_client::ContactServiceClient as Contacts,
    watch_offers_response::Event,
};

use super::staff::{Handling, Terms};

/// Before a call that met too much load is made again.
pub const AGAIN_AFTER: Duration = Duration::from_millis(2);

/// One agent.
#[derive(Debug)]
pub struct Desk {
    /// Who, counting from 0.
    pub number: usize,
    /// The agent's id.
    pub agent: String,
    /// The connection.
    pub channel: Channel,
    /// What it has in common with the others.
    pub terms: Terms,
}

impl Desk {
    /// Signs the agent in, who then takes whatever is offered.
    pub async fn sign_in(self: Arc<Self>) -> Result<(), Status> {
        let mut agents = Agents::new(self.channel.clone());
        let (tenant, agent_id) = (self.terms.tenant.clone(), self.agent.clone());
        let watch =
            pb::WatchOffersRequest { tenant, agent_id, session_id: format!("s{}-{}", self.terms.run, self.agent) };
        let stream = agents.watch_offers(watch).await?.into_inner();
        tokio::spawn(Arc::clone(&self).watch(stream));
        self.set_presence(pb::PresenceState::Available, "").await
    }

    /// Says whether the agent is there; `turn` tells one request from the next.
    pub async fn set_presence(&self, state: pb::PresenceState, turn: &str) -> Result<(), Status> {
        let request = pb::SetPresenceRequest {
            tenant: self.terms.tenant.clone(),
            request_id: format!("p{}-{}-{turn}", self.terms.run, self.agent),
            agent_id: self.agent.clone(),
            presence: Some(pb::Presence { state: state.into(), reason: String::new() }),
        };
        Agents::new(self.channel.clone()).set_presence(request).await.map(drop)
    }

    /// Ends an engagement.
    pub async fn complete(&self, contact_id: String) {
        let request = pb::CompleteContactRequest {
            tenant: self.terms.tenant.clone(),
            request_id: format!("d{contact_id}"),
            contact_id,
        };
        self.terms.board.freed(self.number);
        let mut contacts = Contacts::new(self.channel.clone());
        loop {
            match contacts.complete_contact(request.clone()).await {
                Ok(_) => return self.terms.board.completed(),
                Err(status) if status.code() == Code::ResourceExhausted => sleep(AGAIN_AFTER).await,
                Err(status) => return self.terms.board.broke(status),
            }
        }
    }

    async fn watch(self: Arc<Self>, mut stream: Streaming<pb::WatchOffersResponse>) {
        loop {
            match stream.message().await {
                Ok(Some(pb::WatchOffersResponse { event: Some(Event::Offer(offer)), .. })) => {
                    self.terms.board.offered(self.number, &offer.contact_id);
                    tokio::spawn(Arc::clone(&self).answer(offer));
                }
                Ok(Some(_)) => {}
                Ok(None) => return self.terms.board.broke(Status::unavailable("an agent's stream ended")),
                Err(status) => return self.terms.board.broke(status),
            }
        }
    }

    async fn answer(self: Arc<Self>, offer: pb::Offer) {
        let request = pb::AcceptOfferRequest {
            tenant: self.terms.tenant.clone(),
            request_id: format!("a{}", offer.offer_id),
            agent_id: self.agent.clone(),
            offer_id: offer.offer_id,
        };
        let mut agents = Agents::new(self.channel.clone());
        loop {
            match agents.accept_offer(request.clone()).await {
                Ok(_) => break,
                Err(status) if status.code() == Code::ResourceExhausted => sleep(AGAIN_AFTER).await,
                // Rescinded, expired or taken: the load was more than one of the two could bear.
                Err(status) if matches!(status.code(), Code::FailedPrecondition | Code::NotFound) => {
                    return self.terms.board.missed();
                }
                Err(status) => return self.terms.board.broke(status),
            }
        }
        self.terms.board.engaged();
        match self.terms.handling {
            Handling::AtOnce => {}
            Handling::For(span) => sleep(span).await,
            Handling::Held => return self.terms.board.hold(self.number, offer.contact_id),
        }
        self.complete(offer.contact_id).await;
    }
}
