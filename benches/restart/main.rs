//! Restart: how long a daemon with a long line takes from its start until it answers, and until it offers again.
//!
//! Of 5,000 agents every other has a contact; the rest are idle, have lost their streams once already, and so many contacts
//! have come into line since that wait for them to come back. The journal of how this came about is written as a daemon
//! would write it, in batches. Then a daemon starts from every record, a snapshot is made, and another daemon starts from
//! that: the times are of `Daemon::start`, which returns when calls are answered. At last one starts to which all agents
//! come back over the wire, over one gateway's call, as soon as calls are answered: when nine of ten are back offering goes
//! on, and every idle agent gets an offer and says that it was delivered. The agents are in the daemon's process and
//! share its processor.
//!
//! `cargo bench --bench restart` takes 10,000 and 100,000 waiting contacts, with `-- --million` a million as well, with
//! `-- 20000` whichever are named; `-- --quick` takes few of everything, to see that it works.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use attune::{
    api::pb::{self, agent_frame::Action, gateway_frame::Event as Told, gateway_service_client::GatewayServiceClient},
    app::{
        Daemon,
        snapshots::make::{Of, make},
    },
    config::{Durability, Settings},
    engine::{Command, Event, HoldRules, Request},
    journal::{
        LostKeys, Record,
        copy::{Keys, copy},
        disk,
        log::{Log, Making},
        vault::{KEYS, Vault},
        volume::{Folder, Volume},
    },
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::{NewContact, TargetAgent},
        document::{Document, Format},
        ids::{AgentId, ChannelName, ContactId, QueueName, SessionId, TenantId},
        requirement::Requirement,
        time::{Span, Timestamp},
    },
    shard::{
        clock,
        core::{Applied, Core},
    },
};
use rand::{SeedableRng, rngs::StdRng};
use tokio::{runtime::Runtime, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

/// Sessions outlive the writing of a million contacts.
const DOCUMENT: &str = "session_grace = '1h'\n[channels.voice]\ncost = 100\n[queues.billing]\n\
                        max_wait = { after = '7d', then = 'give_up' }\noffers = { time = '60s' }\n";
const BATCH: usize = 256;
const SEGMENT_BYTES: u64 = 64 << 20;
/// Frames that a gateway sends in a message.
const FRAMES: usize = 1_000;
/// All offers are made by then, or something is wrong.
const OFFERED_WITHIN: Duration = Duration::from_secs(120);

/// How much is measured.
struct Plan {
    agents: usize,
    sizes: Vec<usize>,
    /// Each start is repeated so often; the median counts.
    starts: usize,
}

impl Plan {
    fn of_arguments() -> Self {
        let has = |flag: &str| std::env::args().any(|argument| argument == flag);
        if has("--quick") {
            return Self { agents: 200, sizes: vec![2_000], starts: 1 };
        }
        let named: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
        let mut sizes = if named.is_empty() { vec![10_000, 100_000] } else { named };
        sizes.extend(has("--million").then_some(1_000_000));
        Self { agents: 5_000, sizes, starts: 3 }
    }

    /// Agents without a contact.
    fn idle(&self) -> usize {
        self.agents / 2
    }

    /// Sessions after which offering goes on.
    fn enough(&self) -> usize {
        let spared = self.agents * usize::from(100 - HoldRules::default().sessions_percent) / 100;
        self.agents - spared
    }

    fn median<T: Ord + Copy>(&self, mut measured: impl FnMut() -> T) -> T {
        let mut all: Vec<T> = (0..self.starts).map(|_| measured()).collect();
        all.sort_unstable();
        all[all.len() / 2]
    }
}

fn main() {
    let plan = Plan::of_arguments();
    println!(
        "{} agents, half of them with a contact, half idle; milliseconds, each the median of {}",
        plan.agents, plan.starts
    );
    println!(
        "{:>10} {:>12} | {:>12} {:>14} {:>12} {:>12} | {:>12} {:>12} {:>12} {:>12}",
        "", "", "answering", "", "", "answering", "answering", "90 % back", "first offer", "all offers"
    );
    println!(
        "{:>10} {:>12} | {:>12} {:>14} {:>12} {:>12} | {:>12} {:>12} {:>12} {:>12}",
        "waiting",
        "journal MiB",
        "all records",
        "snapshot MiB",
        "made in",
        "from it",
        "",
        "after that",
        "after that",
        "after that"
    );
    plan.sizes.iter().for_each(|waiting| measure(&plan, *waiting));
}

fn measure(plan: &Plan, waiting: usize) {
    let place = tempfile::tempdir().expect("a folder");
    let journal = place.path().join("journal");
    let folder = Folder::make(&journal).expect("it is made");
    let written = Writer::of(&folder).write(plan, waiting);
    // What a start adds to the journal is no part of the next.
    let fresh = |name: &str| {
        let folder = place.path().join(name);
        copy(&journal, &folder, Keys::Along).expect("there is room");
        folder
    };
    let everything = plan.median(|| in_copy(&fresh("start"), start));
    let began = Instant::now();
    let keys = disk::open_keys(&journal, LostKeys::Refuse).expect("nobody has it open");
    let made = make(&folder, &keys, Of::Everything, || true).expect("it is made").expect("there is news");
    let took = began.elapsed();
    let from_it = plan.median(|| in_copy(&fresh("start"), start));
    // Sorted by when all offers were there.
    let back = plan.median(|| in_copy(&fresh("start"), |journal| come_back(plan, journal)));
    println!(
        "{waiting:>10} {:>12.1} | {:>12} {:>14.1} {:>12} {:>12} | {:>12} {:>12} {:>12} {:>12}",
        mib(written),
        everything.as_millis(),
        mib(made.bytes),
        took.as_millis(),
        from_it.as_millis(),
        back.answering.as_millis(),
        (back.enough - back.answering).as_millis(),
        (back.first - back.enough).as_millis(),
        (back.all - back.first).as_millis()
    );
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Measures on a copy, and removes it.
fn in_copy<T>(journal: &Path, measured: impl FnOnce(&Path) -> T) -> T {
    let measured = measured(journal);
    std::fs::remove_dir_all(journal).expect("it is there");
    measured
}

fn settings(journal: &Path) -> Settings {
    let loopback = "127.0.0.1:0".parse().expect("an address");
    Settings {
        listen: loopback,
        admin_listen: loopback,
        durability: Durability::Sync,
        journal_folder: journal.to_owned(),
        ..Settings::default()
    }
}

/// Starts a daemon, and ends it as a crash would: without a snapshot of its own.
fn start(journal: &Path) -> Duration {
    let runtime = Runtime::new().expect("threads");
    let began = Instant::now();
    let daemon = runtime.block_on(Daemon::start(settings(journal))).expect("it starts");
    let took = began.elapsed();
    drop(daemon);
    drop(runtime);
    took
}

/// When something had happened, counted from a daemon's start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Back {
    /// Every idle agent had an offer.
    all: Duration,
    /// The first one had.
    first: Duration,
    /// Enough sessions were back.
    enough: Duration,
    /// Calls were answered.
    answering: Duration,
}

/// Starts a daemon and has all agents come back to it.
fn come_back(plan: &Plan, journal: &Path) -> Back {
    let runtime = Runtime::new().expect("threads");
    let began = Instant::now();
    let daemon = runtime.block_on(Daemon::start(settings(journal))).expect("it starts");
    let answering = began.elapsed();
    let back = runtime.block_on(async {
        let told = sign_in_again(plan, daemon.addresses().api, began);
        let told = tokio::time::timeout(OFFERED_WITHIN, told).await;
        let (enough, first, all) = told.expect("offers are made in time");
        Back { all, first, enough, answering }
    });
    drop(daemon);
    drop(runtime);
    back
}

/// All agents over one call; when enough were back, and when the first and the last idle agent had an offer.
async fn sign_in_again(plan: &Plan, api: SocketAddr, began: Instant) -> (Duration, Duration, Duration) {
    let endpoint = Channel::from_shared(format!("http://{api}")).expect("it is an address").tcp_nodelay(true);
    let channel = endpoint.connect().await.expect("the daemon answers");
    let (to, messages) = mpsc::channel(64);
    let mut client = GatewayServiceClient::new(channel);
    let mut told = client.connect_agents(ReceiverStream::new(messages)).await.expect("the call opens").into_inner();
    let sending = to.clone();
    let sessions: Vec<pb::AgentFrame> = (0..plan.agents).map(open).collect();
    tokio::spawn(async move {
        for frames in sessions.chunks(FRAMES) {
            send(&sending, frames.to_vec()).await;
        }
    });
    let (mut welcome, mut enough, mut first) = (0, None, None);
    let mut offered = BTreeSet::new();
    while offered.len() < plan.idle() {
        let message = told.message().await.expect("the call lives").expect("the call goes on");
        let mut acks = Vec::new();
        for frame in message.frames {
            match frame.event {
                Some(Told::Welcome(_)) => {
                    welcome += 1;
                    if welcome == plan.enough() {
                        enough = Some(began.elapsed());
                    }
                }
                Some(Told::Offer(offer)) => {
                    first.get_or_insert_with(|| began.elapsed());
                    acks.push(ack(&frame.agent_id, offer.offer_id));
                    offered.insert(frame.agent_id);
                }
                _ => {}
            }
        }
        for frames in acks.chunks(FRAMES) {
            send(&to, frames.to_vec()).await;
        }
    }
    let all = began.elapsed();
    // The welcome that ends the hold and the first offers travel together, and either may be read first.
    let first = first.expect("agents were offered something");
    (enough.map_or(first, |enough| enough.min(first)), first, all)
}

async fn send(to: &mpsc::Sender<pb::ConnectAgentsRequest>, frames: Vec<pb::AgentFrame>) {
    to.send(pb::ConnectAgentsRequest { tenant: "default".into(), frames }).await.expect("the daemon reads");
}

fn open(number: usize) -> pb::AgentFrame {
    pb::AgentFrame {
        agent_id: agent(number).to_string(),
        session_id: format!("s-{number}"),
        request_id: format!("back-{number}"),
        action: Some(Action::OpenSession(pb::OpenSession {})),
    }
}

fn ack(agent: &str, offer_id: String) -> pb::AgentFrame {
    pb::AgentFrame {
        agent_id: agent.to_owned(),
        request_id: format!("ack-{offer_id}"),
        action: Some(Action::AckOffer(pb::AckOffer { offer_id })),
        ..Default::default()
    }
}

fn agent(number: usize) -> AgentId {
    AgentId::new(&format!("agent-{number}")).expect("a name")
}

/// Writes the journal of an office that fills up.
struct Writer {
    log: Log<Folder>,
    core: Core,
    tenant: TenantId,
    now: Timestamp,
    batch: Vec<Record>,
    bytes: u64,
}

impl Writer {
    fn of(folder: &Folder) -> Self {
        let keys = Folder::make(&folder.path(KEYS)).expect("it is made");
        let keys = Vault::open(keys, LostKeys::Refuse, StdRng::seed_from_u64(1)).map(Arc::new).expect("it is new");
        let log = Log::open(folder.clone(), Some(keys), SEGMENT_BYTES, Making::WhenNeeded, drop).expect("it opens");
        let (tenant, now) = (TenantId::new("default").expect("a name"), clock::now());
        let document = Arc::new(Document::parse(DOCUMENT, Format::Toml).expect("valid"));
        let mut writer = Self { log, core: Core::new(), tenant, now, batch: Vec::new(), bytes: 0 };
        let founded = writer.core.add_tenant(now, writer.tenant.clone(), document).expect("valid");
        writer.keep([founded]);
        writer
    }

    /// Fills the office; how many bytes its records have.
    fn write(mut self, plan: &Plan, waiting: usize) -> u64 {
        for number in 0..plan.agents {
            self.sign_in(number);
            if number >= plan.idle() {
                self.engage(number);
            }
        }
        // A daemon that was gone for a moment: what comes from now on waits for the idle agents.
        let resumed = self.core.resume(self.now, None, Some(HoldRules::default()));
        self.keep(resumed);
        for number in 0..waiting {
            self.call(enqueue(&format!("contact-{number}")));
        }
        self.append();
        self.bytes
    }

    fn sign_in(&mut self, number: usize) {
        let (profile, expected) = (Arc::new(AgentProfile::default()), Expected::Anything);
        self.call(Command::PutAgent { agent: agent(number), profile, expected });
        let (session, connection) = (SessionId::new(&format!("s-{number}")).expect("a name"), number as u64 + 1);
        self.call(Command::OpenSession { agent: agent(number), session, connection });
        self.call(Command::SetPresence { agent: agent(number), presence: Presence::Available });
    }

    /// Gives an agent a contact that asks for nobody else.
    fn engage(&mut self, number: usize) {
        let mut contact = enqueue(&format!("taken-{number}"));
        if let Command::EnqueueContact(contact) = &mut contact {
            contact.target = Some(TargetAgent { agent: agent(number), window: None });
        }
        let events = self.call(contact);
        let offer = events.iter().find_map(|event| match event {
            Event::OfferMade { offer, .. } => Some(*offer),
            _ => None,
        });
        let offer = offer.expect("the agent is idle");
        self.call(Command::AckOffer { agent: agent(number), offer });
        self.call(Command::AcceptOffer { agent: agent(number), offer });
    }

    fn call(&mut self, command: Command) -> Vec<Event> {
        let stepped = self.core.step(self.now, &self.tenant, Request { id: None, command }).expect("it is there");
        stepped.reply.expect("nothing is refused here");
        let applied: Vec<Applied> = stepped.ticks.into_iter().chain(stepped.applied).collect();
        let events = applied.iter().flat_map(|applied| applied.record.events.iter().cloned()).collect();
        self.keep(applied);
        events
    }

    fn keep(&mut self, applied: impl IntoIterator<Item = Applied>) {
        self.batch.extend(applied.into_iter().map(|applied| applied.record));
        if self.batch.len() >= BATCH {
            self.append();
        }
    }

    fn append(&mut self) {
        let mut bytes = Vec::new();
        attune::journal::codec::put(&self.batch, &mut bytes);
        self.bytes += bytes.len() as u64;
        self.log.append(&self.batch).expect("room");
        self.batch.clear();
    }
}

fn enqueue(id: &str) -> Command {
    Command::EnqueueContact(Box::new(NewContact {
        id: ContactId::new(id).expect("a name"),
        queue: QueueName::new("billing").expect("a name"),
        channel: ChannelName::new("voice").expect("a name"),
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        details: Arc::default(),
        trace: None,
    }))
}
