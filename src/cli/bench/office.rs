//! An office: a server, agents who are signed in there, and a way for contacts to come in.
//!
//! Invariant: an office is used by one thread, talks to the server only over the wire, and brings its own routing
//! document: skills, a channel that takes an agent's whole attention, and a queue without further rules.

use std::{fmt::Write, sync::Arc, time::Duration};

use clap::ValueEnum;
use serde::Serialize;
use tokio::time::Instant;
use tonic::{
    Status,
    transport::{self, Channel},
};

use crate::{
    api::pb::{self, config_service_client::ConfigServiceClient as Config},
    shard::clock,
};

use super::{
    board::{Board, Tally, contact_id},
    door::Door,
    gateway::Gateway,
    line::{Traffic, connect},
    rounds::Load,
    staff::{self, Handling, Staff, Terms, agent_id},
    usage::Process,
};

/// Connections that contacts come by.
pub const DOORS: usize = 4;
/// Agents' streams that share a connection, as behind a platform's front end.
const STREAMS_PER_CONNECTION: usize = 100;
/// Contacts sent at once to fill a line …
const FILLING: u64 = 512;
/// … and how long they may take.
const FILLED_WITHIN: Duration = Duration::from_secs(30);
/// Skills in the document, named `s0` and so on …
pub const SKILLS: usize = 20;
/// … and one that no contact asks for.
pub const UNNEEDED: &str = "unneeded";

/// How calls travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Every call on its own; agents have streams of their own.
    Unary,
    /// Contacts come over one call; agents have streams of their own, and a call for each thing they do.
    Streamed,
    /// Contacts come over one call, and all agents are behind another.
    Gateway,
}

impl Mode {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Unary, Self::Streamed, Self::Gateway];
    /// The one that costs least.
    pub const FASTEST: Self = Self::Gateway;
}

/// A server to measure, wherever it is.
#[derive(Debug, Clone)]
pub struct Target {
    /// A host and a port.
    pub authority: String,
    /// The tenant; empty is the server's default one.
    pub tenant: String,
    /// Its process, if it is on this machine and known.
    pub process: Option<Process>,
}

/// What an office is like.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How calls travel.
    pub mode: Mode,
    /// Each agent's skills.
    pub agents: Vec<Vec<String>>,
    /// What agents do with contacts.
    pub handling: Handling,
    /// What contacts ask for, in turn; if empty, nothing.
    pub asks: Vec<pb::Requirement>,
}

/// An office that is open.
#[derive(Debug)]
pub struct Office {
    target: Target,
    door: Door,
    /// Those who work there.
    pub staff: Staff,
    /// A connection for whatever else there is to ask.
    pub channel: Channel,
    asks: Vec<pb::Requirement>,
    terms: Terms,
    traffic: Arc<Traffic>,
    next: u64,
}

/// Why an office does not open.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The server cannot be connected to.
    #[error("{authority} cannot be connected to: {source}")]
    Connect {
        /// Which.
        authority: String,
        /// Why.
        source: transport::Error,
    },
    /// A call was refused that must not be.
    #[error("the server refused: {0}")]
    Call(#[from] Status),
}

impl Plan {
    /// Agents without skills who complete whatever they are offered at once.
    pub fn plain(mode: Mode, agents: usize) -> Self {
        Self { mode, agents: vec![Vec::new(); agents], handling: Handling::AtOnce, asks: Vec::new() }
    }
}

impl Office {
    /// Opens one: connections, document, agents.
    pub async fn open(target: &Target, plan: Plan) -> Result<Self, OfficeError> {
        let Plan { mode, agents, handling, asks } = plan;
        let traffic = Arc::new(Traffic::default());
        let doors = lines(&target.authority, DOORS, &traffic).await?;
        let channel = doors[0].clone();
        let many = agents.len();
        let run = format!("{:x}", clock::now().0 / 1_000 % 0x1000_0000);
        let terms = Terms { tenant: target.tenant.clone(), run, handling, board: Arc::new(Board::new(many)) };
        apply_document(&channel, &terms).await?;
        let numbered = agents.into_iter().enumerate().map(|(number, skills)| (agent_id(number), skills));
        staff::put(&channel, &terms, numbered).await?;
        let staff = match mode {
            Mode::Unary | Mode::Streamed => {
                let connections = many.div_ceil(STREAMS_PER_CONNECTION).max(1);
                Staff::at_desks(&lines(&target.authority, connections, &traffic).await?, many, &terms).await?
            }
            Mode::Gateway => {
                let line = lines(&target.authority, 1, &traffic).await?.remove(0);
                Staff::Gateway(Gateway::sign_in(line, many, &terms).await?)
            }
        };
        let door = match mode {
            Mode::Unary => Door::Unary(doors),
            Mode::Streamed | Mode::Gateway => Door::streamed(doors[1].clone(), &terms.board).await?,
        };
        Ok(Self { target: target.clone(), door, staff, channel, asks, terms, traffic, next: 0 })
    }

    /// What its agents have in common.
    pub fn terms(&self) -> Terms {
        self.terms.clone()
    }

    /// Lets so many contacts in, and waits until all have their place or their agent.
    pub async fn fill(&mut self, contacts: u64) -> Result<(), Status> {
        let board = Arc::clone(&self.terms.board);
        board.take();
        let unanswered = |tally: &Tally, sent: u64| sent - tally.taken - tally.refused;
        for sent in 1..=contacts {
            self.send(Instant::now());
            if board.look(|tally| unanswered(tally, sent)) >= FILLING {
                let until = Instant::now() + FILLED_WITHIN;
                board.wait(until, |tally| unanswered(tally, sent) < FILLING / 2).await?;
            }
        }
        let filled = board.wait(Instant::now() + FILLED_WITHIN, |tally| unanswered(tally, contacts) == 0).await?;
        let refused = board.look(|tally| tally.refused);
        if filled && refused == 0 {
            return Ok(());
        }
        Err(Status::resource_exhausted(format!("of {contacts} contacts to wait {refused} were refused")))
    }
}

impl Load for Office {
    fn board(&self) -> &Arc<Board> {
        &self.terms.board
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    fn process(&self) -> Option<&Process> {
        self.target.process.as_ref()
    }

    fn send(&mut self, due: Instant) {
        let number = self.next;
        self.next += 1;
        self.terms.board.sent(number, due);
        let contact_id = contact_id(&self.terms.run, number);
        let request = pb::EnqueueContactRequest {
            tenant: self.target.tenant.clone(),
            request_id: format!("e{contact_id}"),
            contact_id,
            queue: "bench".into(),
            channel: "chat".into(),
            requirement: (!self.asks.is_empty()).then(|| self.asks[number as usize % self.asks.len()].clone()),
            ..Default::default()
        };
        self.door.enqueue(number, request, &self.terms.board);
    }
}

/// So many connections to a host and a port.
pub async fn lines(authority: &str, many: usize, traffic: &Arc<Traffic>) -> Result<Vec<Channel>, OfficeError> {
    let mut lines = Vec::new();
    for _ in 0..many {
        let line = connect(authority, traffic).await;
        lines.push(line.map_err(|source| OfficeError::Connect { authority: authority.to_owned(), source })?);
    }
    Ok(lines)
}

async fn apply_document(channel: &Channel, terms: &Terms) -> Result<(), Status> {
    let mut text = format!("[skills]\n{UNNEEDED} = \"\"\n");
    (0..SKILLS).for_each(|skill| writeln!(text, "s{skill} = \"\"").expect("a string takes everything"));
    text.push_str("[channels.chat]\ncost = 100\n[queues.bench]\n");
    let request = pb::ApplyDocumentRequest {
        tenant: terms.tenant.clone(),
        request_id: format!("bench-document-{}", terms.run),
        document: Some(pb::DocumentText { text, format: pb::DocumentFormat::Toml.into() }),
        ..Default::default()
    };
    Config::new(channel.clone()).apply_document(request).await.map(drop)
}
