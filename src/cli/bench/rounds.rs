//! Rounds of load, and what they measure.
//!
//! Invariant: an open loop sends when it is due, whatever the server does; a closed loop sends when something came to
//! its end, so it finds the highest rate and its latencies say little. A round ends when all it sent has come to an end,
//! or after a limit; what has not is counted.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tonic::Status;

use super::{
    board::{Board, Tally},
    line::Traffic,
    schedule::Schedule,
    usage::Process,
};

/// How long a round waits for what it sent.
const DRAINED_WITHIN: Duration = Duration::from_secs(10);

/// Something that contacts can be sent into.
pub trait Load {
    /// Where everything is noted.
    fn board(&self) -> &Arc<Board>;
    /// What the connections carry.
    fn traffic(&self) -> &Traffic;
    /// The server's process, if it is known.
    fn process(&self) -> Option<&Process>;
    /// Sends one that was due then.
    fn send(&mut self, due: Instant);
}

/// A round's load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So many a second, whatever comes of them.
    Open {
        /// How many a second.
        rate: u64,
    },
    /// As many as the server takes, with so many under way.
    Closed {
        /// Contacts sent that have no end yet.
        under_way: u64,
    },
}

/// What a round measured.
#[derive(Debug, Clone)]
pub struct Round {
    /// For how long was sent.
    pub span: Duration,
    /// Of those sent, how many came to an end while others were still sent.
    pub in_span: u64,
    /// Everything that was counted, the time after sending included.
    pub tally: Tally,
    /// What had no end when the round did.
    pub unfinished: u64,
    /// Time on the processor.
    pub server_cpu: Option<Duration>,
    /// The same of the load itself.
    pub client_cpu: Option<Duration>,
    /// Bytes sent and received by the client.
    pub bytes: [u64; 2],
}

/// Plays a round.
pub async fn play(load: &mut impl Load, pace: Pace, span: Duration, seed: u64) -> Result<Round, Status> {
    load.board().take();
    let own = Process::own();
    let before = (load.traffic().so_far(), load.process().and_then(Process::cpu), own.cpu());
    let began = Instant::now();
    match pace {
        Pace::Open { rate } => {
            let mut schedule = Schedule::new(rate, seed);
            while let Some(due) = schedule.next(span).await {
                load.send(due);
            }
        }
        Pace::Closed { under_way } => {
            while began.elapsed() < span {
                while load.board().under_way() < under_way {
                    load.send(Instant::now());
                }
                let room = |tally: &Tally| tally.under_way() < under_way;
                load.board().wait(began + span, room).await?;
            }
        }
    }
    let sent_for = began.elapsed();
    let board = Arc::clone(load.board());
    let in_span = board.look(|tally| tally.completed);
    let done = |tally: &Tally| tally.under_way() == 0;
    board.wait(Instant::now() + DRAINED_WITHIN, done).await?;
    let unfinished = board.under_way();
    let spent = |now: Option<Duration>, then: Option<Duration>| Some(now?.saturating_sub(then?));
    let bytes = load.traffic().so_far();
    Ok(Round {
        span: sent_for,
        in_span,
        tally: board.take(),
        unfinished,
        server_cpu: spent(load.process().and_then(Process::cpu), before.1),
        client_cpu: spent(own.cpu(), before.2),
        bytes: [bytes[0] - before.0[0], bytes[1] - before.0[1]],
    })
}
