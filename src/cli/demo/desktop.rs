//! An agent's desktop: its session, its offer stream, and coming back when either breaks.
//!
//! Invariant: one stream at a time, resumed by its session's id for as long as the run lasts; an offer starts one
//! answer, however often the stream shows it. Not here: what the agent does with an offer (`answer`) and with a contact
//! (`engagement`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rand::RngExt;
use tokio::{sync::watch, time::Instant};
use tonic::Streaming;

use crate::{
    api::pb::{self, agent_service_client::AgentServiceClient as Agents, watch_offers_response::Event},
    model::time::Timestamp,
    shard::clock,
    sim::{
        bank::{
            Agent,
            habits::{BACK_AFTER_RONA, BREAK, WORKS_FOR, chance},
        },
        workload::draw::{between, exponential},
    },
};

use super::{
    answer,
    ledger::{Over, Shown},
    line::{CallError, Line},
    office::{Office, take_one},
};

/// How long a cut connection stays away, in real time: sessions are real.
const OUTAGE: Duration = Duration::from_millis(150);

/// One agent at the desk.
#[derive(Debug)]
pub struct Desktop {
    /// Who.
    pub agent: Agent,
    /// The desktop's connection.
    pub line: Line,
    /// Everybody's room.
    pub office: Arc<Office>,
    /// Counts from 1.
    pub number: u64,
    /// Offers that are being answered.
    answering: Mutex<BTreeSet<String>>,
    /// Engagements, and whether each is set aside just now.
    set_aside: Mutex<BTreeMap<u32, watch::Sender<bool>>>,
}

impl Desktop {
    /// Signs an agent in: profile, stream, presence; from then on the crew has it.
    pub async fn sign_in(office: &Arc<Office>, line: Line, agent: Agent, number: u64) -> Result<(), CallError> {
        let (answering, set_aside) = (Mutex::default(), Mutex::default());
        let desktop = Self { agent, line, office: Arc::clone(office), number, answering, set_aside };
        let desktop = Arc::new(desktop);
        desktop.put_profile().await?;
        let stream = desktop.open_stream("").await?;
        desktop.set_presence(pb::PresenceState::Available, "").await?;
        office.crew.send(Arc::clone(&desktop).watch(stream));
        office.crew.send(Arc::clone(&desktop).take_breaks());
        Ok(())
    }

    /// Whether the daemon has set this engagement aside, to follow.
    pub fn follow_set_aside(&self, number: u32) -> watch::Receiver<bool> {
        self.set_aside.lock().entry(number).or_insert_with(|| watch::Sender::new(false)).subscribe()
    }

    /// The engagement is over.
    pub fn forget_engagement(&self, number: u32) {
        self.set_aside.lock().remove(&number);
    }

    /// The answer was given.
    pub fn forget_offer(&self, offer: &str) {
        self.answering.lock().remove(offer);
    }

    /// Pulls the plug.
    pub fn cut(&self) {
        self.office.show().cut(self.office.clock.now(), &self.agent.id);
        self.line.cut(OUTAGE);
    }

    async fn watch(self: Arc<Self>, mut stream: Streaming<pb::WatchOffersResponse>) -> Result<(), CallError> {
        let mut session = String::new();
        loop {
            tokio::select! {
                () = self.office.crew.stopped() => return Ok(()),
                message = stream.message() => match message {
                    Ok(Some(pb::WatchOffersResponse { event: Some(event), .. })) => self.told(event, &mut session),
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => {
                        self.office.ledger().stream_broke(&self.agent.id);
                        stream = self.open_stream(&session).await?;
                    }
                },
            }
        }
    }

    fn told(self: &Arc<Self>, event: Event, session: &mut String) {
        match event {
            Event::Welcome(welcome) => {
                if welcome.resumed {
                    self.office.ledger().counts.streams_resumed += 1;
                }
                *session = welcome.session_id;
                let agent = welcome.agent.unwrap_or_default();
                agent.work.iter().for_each(|work| self.work_is(&work.contact_id, work.state()));
                self.presence_is(&agent.presence.unwrap_or_default());
            }
            Event::Offer(offer) => self.offered(offer),
            Event::Rescind(rescind) => self.rescinded(&rescind),
            Event::PresenceChanged(changed) => self.presence_is(&changed.presence.unwrap_or_default()),
            Event::WorkChanged(changed) => {
                let state = changed.work.map(|work| work.state()).unwrap_or_default();
                self.work_is(&changed.contact_id, state);
            }
            Event::ContactUpdated(_) | Event::AssistSuggested(_) | Event::Checkpoint(_) | Event::GoAway(_) => {}
        }
    }

    fn offered(self: &Arc<Self>, offer: pb::Offer) {
        let Some(number) = self.office.ledger().number_of(&offer.contact_id) else { return };
        let found_free_agent = offer
            .choice
            .as_ref()
            .is_some_and(|choice| choice.rule() == pb::ChoiceRule::LongestIdle && choice.step == 0)
            // Who waits for an empathetic agent, or leaves the last of them to others, is not to be offered yet.
            && offer.offer_time == offer.arrival_time;
        let shown = Shown {
            agent: self.agent.id.clone(),
            offer: offer.offer_id.clone(),
            queue: offer.queue.clone(),
            made_at: timestamp(offer.offer_time),
            deliver_by: timestamp(offer.deliver_by_time),
            seen_at: clock::now(),
            found_free_agent,
        };
        self.office.ledger().offered(number, shown);
        if take_one(&self.office.cuts.on_offer) {
            return self.cut();
        }
        if self.answering.lock().insert(offer.offer_id.clone()) {
            self.office.crew.send(answer::answer(Arc::clone(self), number, offer));
        }
    }

    fn rescinded(&self, rescind: &pb::Rescind) {
        let mut ledger = self.office.ledger();
        let Some(number) = ledger.number_of(&rescind.contact_id) else { return };
        let over = match rescind.reason() {
            pb::RescindReason::Expired => Over::Expired,
            pb::RescindReason::Undelivered => Over::Undelivered,
            _ => Over::Withdrawn,
        };
        ledger.over(number, &self.agent.id, &rescind.offer_id, over);
    }

    fn work_is(&self, contact: &str, state: pb::WorkState) {
        let Some(number) = self.office.ledger().number_of(contact) else { return };
        if let Some(set_aside) = self.set_aside.lock().get(&number) {
            set_aside.send_replace(state == pb::WorkState::Interrupted);
        }
    }

    fn presence_is(self: &Arc<Self>, presence: &pb::Presence) {
        if presence.state() == pb::PresenceState::Away && presence.reason == "rona" {
            self.office.show().rona(self.office.clock.now(), &self.agent.id);
            let desktop = Arc::clone(self);
            self.office.crew.send(async move { desktop.come_back(BACK_AFTER_RONA).await });
        }
    }

    /// Works, has a break, works again.
    async fn take_breaks(self: Arc<Self>) -> Result<(), CallError> {
        let mut rng = chance(self.office.seed, self.number << 32);
        // Not all at once, and whoever starts the day may be due soon.
        let mut works_for = exponential(&mut rng, WORKS_FOR);
        while self.pause(works_for).await {
            self.set_presence(pb::PresenceState::Away, "break").await?;
            self.come_back(between(&mut rng, BREAK / 2, BREAK * 3 / 2)).await?;
            works_for = WORKS_FOR.mul_f64(rng.random_range(0.5..1.5));
        }
        Ok(())
    }

    async fn come_back(&self, after: Duration) -> Result<(), CallError> {
        match self.pause(after).await {
            true => self.set_presence(pb::PresenceState::Available, "").await,
            false => Ok(()),
        }
    }

    /// Lets played time pass; false if the run ends before.
    pub async fn pause(&self, played: Duration) -> bool {
        self.office.crew.wait_until(Instant::now() + self.office.clock.real(played)).await
    }

    async fn put_profile(&self) -> Result<(), CallError> {
        let request = pb::PutAgentRequest {
            request_id: format!("put-{}", self.agent.id),
            agent_id: self.agent.id.clone(),
            profile: Some(pb::AgentProfile { skills: self.agent.skills.clone(), ..Default::default() }),
            ..Default::default()
        };
        let put = self.line.call("PutAgent", |channel| {
            let request = request.clone();
            async move { Agents::new(channel).put_agent(request).await }
        });
        put.await.map(drop)
    }

    async fn open_stream(&self, session: &str) -> Result<Streaming<pb::WatchOffersResponse>, CallError> {
        let request = pb::WatchOffersRequest {
            agent_id: self.agent.id.clone(),
            session_id: session.to_owned(),
            ..Default::default()
        };
        let open = self.line.call("WatchOffers", |channel| {
            let request = request.clone();
            async move { Agents::new(channel).watch_offers(request).await }
        });
        open.await
    }

    async fn set_presence(&self, state: pb::PresenceState, reason: &str) -> Result<(), CallError> {
        let presence = pb::Presence { state: state.into(), reason: reason.to_owned() };
        let request = pb::SetPresenceRequest {
            request_id: format!("presence-{}-{}", self.agent.id, clock::now().0),
            agent_id: self.agent.id.clone(),
            presence: Some(presence),
            ..Default::default()
        };
        let set = self.line.call("SetPresence", |channel| {
            let request = request.clone();
            async move { Agents::new(channel).set_presence(request).await }
        });
        set.await.map(drop)
    }
}

/// A time of the wire in the daemon's clock; absent counts as long ago.
pub fn timestamp(time: Option<prost_types::Timestamp>) -> Timestamp {
    time.map_or(Timestamp(0), |time| Timestamp(time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000))
}
