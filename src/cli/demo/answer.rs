//! What an agent does with an offer: mostly takes it, sometimes says no, sometimes lets it ring.
//!
//! Invariant: whatever the daemon answers is in the books; an offer that is over meanwhile is left alone.

use std::sync::Arc;

use crate::{
    api::pb::{self, agent_service_client::AgentServiceClient as Agents},
    shard::clock,
    sim::bank::habits::{self, Mood},
};

use super::{
    desktop::{Desktop, timestamp},
    engagement,
    ledger::Over,
    line::CallError,
    office::take_one,
};

/// One offer at one desktop.
struct Call {
    desktop: Arc<Desktop>,
    number: u32,
    offer: pb::Offer,
}

/// Answers an offer, and handles the contact if it becomes the agent's.
pub async fn answer(desktop: Arc<Desktop>, number: u32, offer: pb::Offer) -> Result<(), CallError> {
    let call = Call { desktop, number, offer };
    let engaged = call.react().await?;
    let Call { desktop, number, offer } = call;
    desktop.forget_offer(&offer.offer_id);
    if engaged { engagement::handle(&desktop, number, &offer).await } else { Ok(()) }
}

impl Call {
    /// True if the contact is the agent's now.
    async fn react(&self) -> Result<bool, CallError> {
        let Some(engaged) = self.acknowledge().await? else { return Ok(false) };
        if engaged {
            return Ok(true);
        }
        let (mood, after) = habits::reaction(self.desktop.office.seed, self.desktop.number, self.number);
        let reacts = self.desktop.pause(after).await;
        let (office, agent, offer) = (&self.desktop.office, &self.desktop.agent.id, &self.offer.offer_id);
        if !reacts || !office.ledger().is_open(self.number, agent, offer) || mood == Mood::Misses {
            return Ok(false);
        }
        if mood == Mood::Declines && self.offer.may_decline {
            return self.decline().await.map(|()| false);
        }
        self.accept().await
    }

    /// Whether delivery made it the agent's already; `None` if the offer is over.
    async fn acknowledge(&self) -> Result<Option<bool>, CallError> {
        let sent_at = clock::now();
        let request = pb::AckOfferRequest {
            request_id: self.request("ack"),
            agent_id: self.desktop.agent.id.clone(),
            offer_id: self.offer.offer_id.clone(),
            ..Default::default()
        };
        let acked = self.desktop.line.call("AckOffer", |channel| {
            let request = request.clone();
            async move { Agents::new(channel).ack_offer(request).await }
        });
        let Some(acked) = self.unless_over(acked.await)? else { return Ok(None) };
        let (agent, offer) = (&self.desktop.agent.id, &self.offer.offer_id);
        let mut ledger = self.desktop.office.ledger();
        match acked.result {
            Some(pb::ack_offer_response::Result::Engagement(_)) => {
                ledger.accepted(self.number, agent, offer, sent_at, clock::now());
                Ok(Some(true))
            }
            Some(pb::ack_offer_response::Result::ExpireTime(at)) => {
                ledger.delivered(self.number, agent, offer, sent_at, timestamp(Some(at)));
                Ok(Some(false))
            }
            None => Ok(Some(false)),
        }
    }

    async fn accept(&self) -> Result<bool, CallError> {
        let sent_at = clock::now();
        let request = pb::AcceptOfferRequest {
            request_id: self.request("accept"),
            agent_id: self.desktop.agent.id.clone(),
            offer_id: self.offer.offer_id.clone(),
            ..Default::default()
        };
        // From here on the daemon may set it aside.
        drop(self.desktop.follow_set_aside(self.number));
        let accepted = self.desktop.line.call("AcceptOffer", |channel| {
            let request = request.clone();
            async move { Agents::new(channel).accept_offer(request).await }
        });
        let accepted = self.unless_over(accepted.await)?;
        if accepted.is_none() {
            self.desktop.forget_engagement(self.number);
            return Ok(false);
        }
        let office = &self.desktop.office;
        office.ledger().accepted(self.number, &self.desktop.agent.id, &self.offer.offer_id, sent_at, clock::now());
        if take_one(&office.cuts.on_engagement) {
            self.desktop.cut();
        }
        Ok(true)
    }

    async fn decline(&self) -> Result<(), CallError> {
        let sent_at = clock::now();
        let request = pb::DeclineOfferRequest {
            request_id: self.request("decline"),
            agent_id: self.desktop.agent.id.clone(),
            offer_id: self.offer.offer_id.clone(),
            reason: "not now".to_owned(),
            ..Default::default()
        };
        let declined = self.desktop.line.call("DeclineOffer", |channel| {
            let request = request.clone();
            async move { Agents::new(channel).decline_offer(request).await }
        });
        if self.unless_over(declined.await)?.is_some() {
            let mut ledger = self.desktop.office.ledger();
            ledger.confirmed(self.number, &self.desktop.agent.id, &self.offer.offer_id, sent_at);
            ledger.over(self.number, &self.desktop.agent.id, &self.offer.offer_id, Over::Declined);
        }
        Ok(())
    }

    /// The answer, or nothing if the offer was over before the call.
    fn unless_over<T>(&self, answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.reason().is_some_and(|reason| reason.starts_with("OFFER_")) => {
                let over = if error.reason() == Some("OFFER_EXPIRED") { Over::Expired } else { Over::Refused };
                let office = &self.desktop.office;
                office.ledger().over(self.number, &self.desktop.agent.id, &self.offer.offer_id, over);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn request(&self, what: &str) -> String {
        format!("{what}-{}-{}", self.desktop.agent.id, self.offer.offer_id)
    }
}
