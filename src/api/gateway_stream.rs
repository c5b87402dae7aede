//! The course of a gateway's call: agents' frames in, results and what happens to them out, many in a message.
//!
//! Invariant: frames are numbered without gaps; every frame that was read gets its result as long as the call lives; the
//! call ends with go-away and OK. The course holds the agents' mailbox, so however the call ends, the shard hears of it.
//! No more is read while [`STREAM_UNANSWERED_MAX`] frames are unanswered, or while the gateway does not read.

use std::{collections::VecDeque, pin::Pin};

use futures_util::{Stream, stream};
use prost::Message;
use tonic::{Status, Streaming};

use crate::{
    model::{
        ids::{AgentId, TenantId},
        limits::{STREAM_ITEMS_MAX, STREAM_UNANSWERED_MAX},
    },
    shard::{Directory, Mailbox, Opened, ShardHandle, StreamEnd, Told, clock},
};

use super::{
    Draining,
    decode::{self, Violations},
    drained, encode,
    offer_stream::{CHECKPOINT_AFTER, HEARTBEAT},
    pb::{self, frame_result::Outcome, gateway_frame::Event},
    status, unread,
};

/// What the call answers with.
pub type GatewayStream = Pin<Box<dyn Stream<Item = Result<pb::ConnectAgentsResponse, Status>> + Send>>;

/// Bytes of one message, unless a single frame is larger: clients take 4 MiB.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Frames of one message: what is encoded in one go while others wait.
const MESSAGE_FRAMES_MAX: usize = 1_024;

/// Serves the gateway until its call ends or the daemon drains.
pub fn open(directory: Directory, incoming: Streaming<pb::ConnectAgentsRequest>, draining: Draining) -> GatewayStream {
    let course = Course {
        directory,
        at: None,
        incoming: Some(incoming),
        closing: None,
        draining,
        mailbox: Some(Mailbox::new()),
        unanswered: 0,
        frames: VecDeque::new(),
        sequence: 0,
    };
    Box::pin(stream::try_unfold(course, |mut course| async move {
        let response = course.next().await?;
        Ok(response.map(|response| (response, course)))
    }))
}

struct Course {
    directory: Directory,
    /// The call's tenant and its shard, once a message has named it.
    at: Option<(TenantId, ShardHandle)>,
    /// What is still to be read; `None` once nothing more is.
    incoming: Option<Streaming<pb::ConnectAgentsRequest>>,
    /// Why nothing more is read: the call ends once everything that was read is answered.
    closing: Option<Closing>,
    draining: Draining,
    /// What the agents are told; `None` after go-away.
    mailbox: Option<Mailbox>,
    /// Frames that the shard has and has not answered.
    unanswered: usize,
    /// What is yet to be sent.
    frames: VecDeque<pb::GatewayFrame>,
    /// The last frame's number.
    sequence: u64,
}

/// Why a call ends.
#[derive(Clone, Copy)]
enum Closing {
    /// The gateway has sent all it wanted to.
    Done,
    /// The shard or the daemon ends it.
    End(StreamEnd),
}

/// What ended a wait.
enum Woken {
    Message(pb::ConnectAgentsRequest),
    News(VecDeque<(AgentId, Told)>),
    Closing(Closing),
    Quiet,
}

impl Course {
    /// The next message; `None` after the last.
    async fn next(&mut self) -> Result<Option<pb::ConnectAgentsResponse>, Status> {
        while self.frames.is_empty() {
            if self.mailbox.is_none() {
                return Ok(None);
            }
            match self.closing {
                Some(closing) if self.unanswered == 0 => self.close(closing),
                _ => self.go_on().await?,
            }
        }
        Ok(Some(self.message()))
    }

    async fn go_on(&mut self) -> Result<(), Status> {
        match self.wait().await? {
            Woken::Message(message) => self.take(message)?,
            Woken::News(told) => told.into_iter().for_each(|(agent, told)| self.tell(&agent, told)),
            Woken::Closing(closing) => {
                self.incoming = None;
                self.closing.get_or_insert(closing);
            }
            Woken::Quiet => self.push("", encode::checkpoint(self.sequence, clock::now())),
        }
        Ok(())
    }

    async fn wait(&mut self) -> Result<Woken, Status> {
        let mailbox = self.mailbox.as_mut().expect("nothing is waited for after the end");
        let reads = self.unanswered < STREAM_UNANSWERED_MAX;
        tokio::select! {
            news = mailbox.next() => Ok(news.map_or_else(|end| Woken::Closing(Closing::End(end)), Woken::News)),
            message = read(&mut self.incoming), if reads => {
                Ok(message?.map_or(Woken::Closing(Closing::Done), Woken::Message))
            }
            () = drained(&mut self.draining), if self.closing.is_none() => {
                Ok(Woken::Closing(Closing::End(StreamEnd::ShuttingDown)))
            }
            () = tokio::time::sleep(CHECKPOINT_AFTER) => Ok(Woken::Quiet),
        }
    }

    /// The last frame; from now on the agents are lost.
    fn close(&mut self, closing: Closing) {
        self.mailbox = None;
        if let Closing::End(end) = closing {
            self.push("", encode::end(end));
        }
    }

    fn take(&mut self, message: pb::ConnectAgentsRequest) -> Result<(), Status> {
        let (tenant, shard) = self.arrive_at(&message.tenant)?;
        if message.frames.len() > STREAM_ITEMS_MAX {
            return Err(Violations::too_many_items("frames").into());
        }
        let mut acts = Vec::with_capacity(message.frames.len());
        for frame in message.frames {
            let (agent, request) = (frame.agent_id.clone(), frame.request_id.clone());
            match decode::agent_frame(frame) {
                Ok(act) => acts.push(act),
                Err(violations) => self.refuse(agent, request, violations),
            }
        }
        let asked: Vec<_> = acts.iter().map(|act| (act.agent.clone(), act.request.clone())).collect();
        let mailbox = self.mailbox.as_ref().expect("nothing is read after go-away");
        match shard.act(&tenant, acts, mailbox) {
            Ok(()) => self.unanswered += asked.len(),
            Err(error) => {
                asked.into_iter().for_each(|(agent, request)| self.refuse(agent, request, error.clone()));
            }
        }
        Ok(())
    }

    /// The call's tenant, which its first message names.
    fn arrive_at(&mut self, tenant: &str) -> Result<(TenantId, ShardHandle), Status> {
        match &self.at {
            Some(at) if tenant.is_empty() || at.0.as_str() == tenant => Ok(at.clone()),
            Some((first, _)) => {
                let mut violations = Violations::default();
                violations.add("tenant", format!("is another than the call's, {first}; open a call for each tenant"));
                Err(violations.into())
            }
            None => {
                let tenant = decode::tenant(tenant)?;
                let shard = self.directory.shard_of(&tenant)?;
                Ok(self.at.insert((tenant, shard)).clone())
            }
        }
    }

    fn refuse(&mut self, agent: impl ToString, request: impl ToString, why: impl Into<Status>) {
        let outcome = Some(Outcome::Refused(status::refusal(why)));
        let result = pb::FrameResult { request_id: request.to_string(), outcome };
        self.push(agent, Event::Result(result));
    }

    fn tell(&mut self, agent: &AgentId, told: Told) {
        let now = clock::now();
        match told {
            Told::Notice(notice) => self.push(agent, encode::notice::<Event>(notice, now)),
            Told::End(end) => self.push(agent, encode::end(end)),
            Told::Answer { request, answer } => {
                self.unanswered -= 1;
                match answer.map(|reply| (encode::outcome(&reply), reply)) {
                    Ok((Some(outcome), _)) => {
                        let result = pb::FrameResult { request_id: request.to_string(), outcome: Some(outcome) };
                        self.push(agent, Event::Result(result));
                    }
                    Ok((None, reply)) => self.refuse(agent, request, status::unexpected(&reply)),
                    Err(error) => self.refuse(agent, request, error),
                }
            }
            Told::Opened(opened) => {
                self.unanswered -= 1;
                let Opened { session, resumed, agent: view, open_offers, .. } = *opened;
                self.push(agent, encode::welcome(&session, resumed, view, open_offers.len(), HEARTBEAT));
                open_offers.into_iter().for_each(|view| self.push(agent, encode::offer(view, now)));
            }
        }
    }

    fn push(&mut self, agent: impl ToString, event: impl Into<Event>) {
        self.frames.push_back(encode::frame(agent, event));
    }

    /// As much of what is to be sent as one message takes.
    fn message(&mut self) -> pb::ConnectAgentsResponse {
        let mut bytes = 0;
        let fits = self.frames.iter().take(MESSAGE_FRAMES_MAX).take_while(|frame| {
            bytes += frame.encoded_len();
            bytes <= MESSAGE_BYTES_MAX
        });
        let fits = fits.count().max(1);
        let frames: Vec<_> = self.frames.drain(..fits).collect();
        let first_sequence = self.sequence + 1;
        self.sequence += frames.len() as u64;
        pb::ConnectAgentsResponse { first_sequence, frames }
    }
}

/// The next message; for ever if nothing more is read. May be dropped and called anew.
async fn read(
    incoming: &mut Option<Streaming<pb::ConnectAgentsRequest>>,
) -> Result<Option<pb::ConnectAgentsRequest>, Status> {
    match incoming {
        Some(incoming) => incoming.message().await.map_err(unread::explained),
        None => std::future::pending().await,
    }
}
