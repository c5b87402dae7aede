//! The stream behind the wall: opened again whenever it breaks, after the last message that was taken in.
//!
//! Invariant: nobody is asked again and again for what the stream tells; only sums that it does not carry are read, once
//! a second, and queues' service levels, every five seconds. A stream that is silent for longer than the daemon said is
//! broken. Ends when the daemon refuses for good, or when nobody listens.

use std::{collections::BTreeMap, time::Duration};

use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tonic::{Status, Streaming};

use crate::{
    api::pb::{self, watch_response::Message, watch_service_client::WatchServiceClient},
    cli::{
        client::{Client, again_after},
        failure::{Failure, Refusal},
    },
};

use super::alerts;

/// Until the daemon has said how often it shows that it lives.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Before a broken stream is opened again, unless the daemon says when.
const OPEN_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How often sums are read that the stream does not carry.
const READ_EVERY: Duration = Duration::from_secs(1);
/// How often service levels are: they change slowly, and are a row of each queue.
const LEVELS_EVERY: Duration = Duration::from_secs(5);
/// Pages of a hundred queues, in the order of their names; those of later ones are not shown.
const LEVEL_PAGES_MAX: usize = 10;
/// Messages that may wait to be taken in; then the daemon waits, or begins anew.
const WAITING_MAX: usize = 1_024;
/// Bytes of a message: a page of contacts at their largest.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// What the wall is told.
#[derive(Debug)]
pub enum Told {
    /// A message of the stream.
    Message(Box<pb::WatchResponse>),
    /// The sums.
    Statistics(Box<pb::GetMomentStatisticsResponse>),
    /// The event-timed service level of queues over half an hour, in percent, of those that have one.
    Levels(BTreeMap<String, u64>),
    /// The stream broke, or could not be opened.
    Lost(String),
    /// The daemon will not have it.
    Refused(Failure),
}

/// Follows the daemon until the receiver is dropped.
pub fn follow(client: &Client) -> Receiver<Told> {
    let (to, told) = mpsc::channel(WAITING_MAX);
    let filter = pb::WatchFilter {
        event_kinds: alerts::KINDS.iter().map(|kind| (*kind).into()).collect(),
        ..Default::default()
    };
    let request =
        pb::WatchRequest { tenant: client.tenant().to_owned(), resume_token: String::new(), filter: Some(filter) };
    let stream = Stream { client: client.clone(), request, silence_max: SILENCE_MAX, to: to.clone() };
    tokio::spawn(stream.run());
    tokio::spawn(read(client.clone(), to.clone()));
    tokio::spawn(read_levels(client.clone(), to));
    told
}

/// Reads the sums; that they cannot be read is told by the stream.
async fn read(client: Client, to: Sender<Told>) {
    let mut every = interval(READ_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !to.is_closed() {
        every.tick().await;
        if let Ok(statistics) = client.call(pb::GetMomentStatisticsRequest::default()).await {
            let _ = to.send(Told::Statistics(Box::new(statistics))).await;
        }
    }
}

/// Reads service levels; as long as they cannot be read, the last ones stand.
async fn read_levels(client: Client, to: Sender<Told>) {
    let mut every = interval(LEVELS_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !to.is_closed() {
        every.tick().await;
        if let Ok(levels) = levels(&client).await {
            let _ = to.send(Told::Levels(levels)).await;
        }
    }
}

async fn levels(client: &Client) -> Result<BTreeMap<String, u64>, Failure> {
    let mut request = pb::ListStatisticsRequest {
        rows: pb::StatisticsRows::Queues.into(),
        windows: vec![pb::StatisticsWindow::ThirtyMinutes.into()],
        ..Default::default()
    };
    let mut levels = BTreeMap::new();
    for _ in 0..LEVEL_PAGES_MAX {
        let page = client.call(request.clone()).await?;
        for row in page.statistics {
            let level = row.windows.first().and_then(|window| window.service_levels?.event_timed);
            if let Some(pb::ServiceLevel { part, whole: whole @ 1.., .. }) = level {
                levels.insert(row.queue, part * 100 / whole);
            }
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    Ok(levels)
}

struct Stream {
    client: Client,
    request: pb::WatchRequest,
    silence_max: Duration,
    to: Sender<Told>,
}

impl Stream {
    async fn run(mut self) {
        while !self.to.is_closed() {
            let status = match self.open().await {
                Ok(stream) => self.listen(stream).await,
                Err(status) => status,
            };
            let refusal = Refusal::new("Watch", "", status);
            let again = again_after(&refusal);
            if refusal.reason.is_some() && again.is_none() {
                let _ = self.to.send(Told::Refused(self.client.failure(refusal))).await;
                return;
            }
            let _ = self.to.send(Told::Lost(refusal.status.message().to_owned())).await;
            sleep(again.unwrap_or_default().max(OPEN_AGAIN_AFTER)).await;
        }
    }

    async fn open(&self) -> Result<Streaming<pb::WatchResponse>, Status> {
        let mut client = WatchServiceClient::new(self.client.channel()).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let opened = timeout(self.client.timeout(), client.watch(self.request.clone())).await;
        Ok(opened.map_err(|_| Status::unavailable("nobody answers"))??.into_inner())
    }

    /// Passes on what is told; why it ended.
    async fn listen(&mut self, mut stream: Streaming<pb::WatchResponse>) -> Status {
        loop {
            let message = match timeout(self.silence_max, stream.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => return Status::unavailable("the stream ended"),
                Ok(Err(status)) => return status,
                Err(_) => return Status::unavailable("the stream was silent for too long"),
            };
            if let Some(Message::Started(started)) = &message.message {
                let interval = started.heartbeat_interval.and_then(|interval| interval.try_into().ok());
                self.silence_max = interval.unwrap_or(SILENCE_MAX);
            }
            let token = message.resume_token.clone();
            if self.to.send(Told::Message(Box::new(message))).await.is_err() {
                return Status::cancelled("nobody listens");
            }
            // Only now: what was not passed on is asked for again.
            if !token.is_empty() {
                self.request.resume_token = token;
            }
        }
    }
}
