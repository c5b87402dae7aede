//! The toy daemon: what the daemon is compared with. It speaks the same calls and bytes, and routes as simply as can be.
//!
//! One lock around everything, one list of idle agents, one line of contacts. It answers exactly the calls that the
//! bench makes (put an agent, watch offers, set presence, enqueue, accept, complete), tells agents the same messages in
//! the same order as the daemon does, and appends a record of the same size to its journal for each change. It knows no
//! skills, queues, timers, limits, idempotency, refusals or sessions, and is wrong about everything that does not happen
//! in the bench: it shows what the wire costs, so that the daemon's own share can be seen.

use std::{io, path::Path, pin::Pin, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::UnboundedReceiverStream};
use tonic::{Status, Streaming, service::Routes};

use crate::api::pb::{
    self, agent_frame::Action, enqueue_contact_result::Result as Taken, frame_result::Outcome, gateway_frame,
    watch_offers_response::Event,
};

use super::{
    batches::batches,
    rpc::{Answer, server_stream, streams, unary},
};

mod floor;
mod journal;

use floor::All;
use journal::Journal;

/// Calls of the toy, as paths. It keeps its records in this folder, and acknowledges nothing before they are synced; without
/// one, in memory.
pub fn routes(folder: Option<&Path>) -> io::Result<Routes> {
    let journal = folder.map(Journal::on_disk).transpose()?.unwrap_or_default();
    let toy = Arc::new(Toy { all: Mutex::new(All::new(journal)) });
    let router = axum::Router::new();
    let router = unary(router, "/attune.v1.ConfigService/ApplyDocument", &toy, Toy::apply_document);
    let router = unary(router, "/attune.v1.AgentService/PutAgent", &toy, Toy::put_agent);
    let router = unary(router, "/attune.v1.AgentService/SetPresence", &toy, Toy::set_presence);
    let router = unary(router, "/attune.v1.AgentService/AcceptOffer", &toy, Toy::accept_offer);
    let router = unary(router, "/attune.v1.ContactService/EnqueueContact", &toy, Toy::enqueue_contact);
    let router = unary(router, "/attune.v1.ContactService/CompleteContact", &toy, Toy::complete_contact);
    let router = server_stream(router, "/attune.v1.AgentService/WatchOffers", &toy, Toy::watch_offers);
    let router = streams(router, "/attune.v1.ContactService/EnqueueContacts", &toy, Toy::enqueue_contacts);
    Ok(streams(router, "/attune.v1.GatewayService/ConnectAgents", &toy, Toy::connect_agents).into())
}

/// Messages of a stream that may be taken before the first is answered.
const MESSAGES_UNANSWERED: usize = 256;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

struct Toy {
    all: Mutex<All>,
}

impl Toy {
    fn apply_document(&self, _: pb::ApplyDocumentRequest) -> Result<pb::ApplyDocumentResponse, Status> {
        Ok(pb::ApplyDocumentResponse::default())
    }

    fn put_agent(&self, _: pb::PutAgentRequest) -> Answer<pb::PutAgentResponse> {
        let journal = &mut self.all.lock().journal;
        journal.keep();
        journal.answer(Ok(pb::PutAgentResponse::default()))
    }

    fn watch_offers(&self, request: pb::WatchOffersRequest) -> Result<Answers<pb::WatchOffersResponse>, Status> {
        let (to, events) = mpsc::unbounded_channel();
        // Whoever has gone need not be told.
        let desk = Arc::new(move |event| drop(to.send(event)));
        self.all.lock().connect(request.agent_id, desk);
        let mut sequence = 0;
        let messages = UnboundedReceiverStream::new(events).map(move |event| {
            sequence += 1;
            Ok(pb::WatchOffersResponse { sequence, event: Some(event) })
        });
        Ok(Box::pin(messages))
    }

    fn set_presence(&self, request: pb::SetPresenceRequest) -> Answer<pb::SetPresenceResponse> {
        self.all.lock().answer(|all| Ok(all.set_presence(request.agent_id, request.presence)))
    }

    fn enqueue_contact(&self, request: pb::EnqueueContactRequest) -> Answer<pb::EnqueueContactResponse> {
        self.all.lock().answer(|all| Ok(all.enqueue(request)))
    }

    fn accept_offer(&self, request: pb::AcceptOfferRequest) -> Answer<pb::AcceptOfferResponse> {
        self.all.lock().answer(|all| {
            let engagement = all.accept(&request.agent_id, &request.offer_id)?;
            Ok(pb::AcceptOfferResponse { engagement: Some(engagement) })
        })
    }

    fn complete_contact(&self, request: pb::CompleteContactRequest) -> Answer<pb::CompleteContactResponse> {
        self.all.lock().answer(|all| {
            all.complete(request.contact_id)?;
            Ok(pb::CompleteContactResponse { wrap_up_end_time: None })
        })
    }

    /// Each message is taken under one lock and answered with one.
    fn enqueue_contacts(
        self: Arc<Self>,
        messages: Streaming<pb::EnqueueContactsRequest>,
    ) -> Answers<pb::EnqueueContactsResponse> {
        let mut index = 0;
        let answers = messages.map(move |message| {
            let answer = self.all.lock().answer(|all| {
                let results = message?.contacts.into_iter().map(|contact| {
                    index += 1;
                    pb::EnqueueContactResult { index: index - 1, result: Some(Taken::Enqueued(all.enqueue(contact))) }
                });
                Ok(pb::EnqueueContactsResponse { results: results.collect() })
            });
            answer.get()
        });
        Box::pin(futures_util::StreamExt::buffered(answers, MESSAGES_UNANSWERED))
    }

    /// Each message is taken under one lock; what is told waits for company only while the connection is busy.
    fn connect_agents(
        self: Arc<Self>,
        mut messages: Streaming<pb::ConnectAgentsRequest>,
    ) -> Answers<pb::ConnectAgentsResponse> {
        let (to, told) = batches(|frames: Vec<pb::GatewayFrame>| frames);
        tokio::spawn(async move {
            while let Ok(Some(message)) = messages.message().await {
                let all = &mut *self.all.lock();
                message.frames.into_iter().for_each(|frame| act(all, frame, &to));
            }
        });
        let mut sequence = 1;
        Box::pin(told.map(move |frames| {
            let first_sequence = sequence;
            sequence += frames.len() as u64;
            Ok(pb::ConnectAgentsResponse { first_sequence, frames })
        }))
    }
}

/// What one agent of a gateway does.
fn act(all: &mut All, frame: pb::AgentFrame, to: &mpsc::UnboundedSender<pb::GatewayFrame>) {
    let pb::AgentFrame { agent_id, request_id, action, .. } = frame;
    let outcome = match action {
        Some(Action::OpenSession(_)) => {
            let (to, agent) = (to.clone(), agent_id.clone());
            let tell = move |event| {
                // Whoever has gone need not be told.
                let _ = to.send(pb::GatewayFrame { agent_id: agent.clone(), event: for_gateway(event) });
            };
            return all.connect(agent_id, Arc::new(tell));
        }
        Some(Action::SetPresence(set)) => Ok(Outcome::Presence(all.set_presence(agent_id.clone(), set.presence))),
        Some(Action::AcceptOffer(accept)) => all.accept(&agent_id, &accept.offer_id).map(Outcome::Engagement),
        Some(Action::CompleteContact(done)) => all.complete(done.contact_id).map(|()| Outcome::Done(pb::Done {})),
        _ => Err(Status::unimplemented("the bench does not do that")),
    };
    let outcome = outcome.unwrap_or_else(|status| {
        let (code, message) = (status.code().into(), status.message().to_owned());
        Outcome::Refused(pb::Refusal { code, message, details: Vec::new() })
    });
    let result = pb::FrameResult { request_id, outcome: Some(outcome) };
    let (to, frame) = (to.clone(), pb::GatewayFrame { agent_id, event: Some(gateway_frame::Event::Result(result)) });
    all.journal.release(move || drop(to.send(frame)));
}

fn for_gateway(event: Event) -> Option<gateway_frame::Event> {
    Some(match event {
        Event::Welcome(welcome) => gateway_frame::Event::Welcome(welcome),
        Event::Offer(offer) => gateway_frame::Event::Offer(offer),
        Event::PresenceChanged(changed) => gateway_frame::Event::PresenceChanged(changed),
        Event::WorkChanged(changed) => gateway_frame::Event::WorkChanged(changed),
        // The toy tells nothing else.
        _ => return None,
    })
}
