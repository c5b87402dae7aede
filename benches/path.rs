//! The main path over loopback gRPC beside a bare tonic call, in one run: enqueue sent → offer at the agent's stream.
//!
//! Open loop: contacts are sent at their scheduled times whatever the daemon answers. Latency counts from the moment of
//! sending; how late the load itself was (its timer has a grain of a millisecond) is shown beside it. Daemon and load run in one process, each on a thread
//! with a runtime of its own; echo and path alternate round by round, so that the machine's noise hits both.
//! Per contact: one enqueue, one offer on the stream, one acknowledgement (which accepts), one completion.
//!
//! `cargo bench --bench path` runs three rates for about two minutes; `-- --quick` a short look.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use attune::{
    api::pb::{
        self, agent_service_client::AgentServiceClient, config_service_client::ConfigServiceClient,
        contact_service_client::ContactServiceClient, watch_offers_response::Event,
    },
    app::Daemon,
    config::Settings,
};
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::oneshot,
};
use tonic::transport::{Channel, Server, server::TcpIncoming};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

const AGENTS: usize = 400;
const CONNECTIONS: usize = 4;
const RATES: [u64; 3] = [1_000, 3_000, 6_000];

/// A queue that asks for nothing and accepts on delivery, so that only the path is measured.
const DOCUMENT: &str = r#"
    [channels.chat]
    cost = 100
    [queues.path]
    offers = { acceptance = "automatic" }
"#;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, span) = if quick { (1, Duration::from_secs(2)) } else { (3, Duration::from_secs(6)) };
    let daemon = Daemons::start();
    let load = runtime();
    load.block_on(async {
        let mut path = Path::open(&daemon.api).await;
        let mut echo = Echo::open(&daemon.echo).await;
        println!("{AGENTS} agents, {CONNECTIONS} connections, {rounds} rounds of {span:?} each, memory journal");
        println!("latency from sending, µs: median of the rounds' p50 and p99 (lowest-highest); load late at p99, µs");
        println!("{:>8}  {:<28} {:>9} {:>22} {:>9} {:>22} {:>9}", "rate/s", "", "p50", "", "p99", "", "late");
        for rate in RATES {
            let (mut echoed, mut offered) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                echoed.push(echo.round(rate, span).await);
                offered.push(path.round(rate, span).await);
            }
            report(rate, "bare tonic unary call", &echoed);
            report(rate, "enqueue sent -> offer", &offered);
            let ratio = median(&offered, 0.5) as f64 / median(&echoed, 0.5).max(1) as f64;
            println!("{:>8}  path / echo at p50: {ratio:.2}", "");
        }
    });
    daemon.stop();
}

/// What a round measured.
struct Round {
    latency_us: Histogram<u64>,
    sent: Sent,
}

/// What the load did.
struct Sent {
    count: u64,
    late_us: Histogram<u64>,
}

fn report(rate: u64, what: &str, rounds: &[Round]) {
    let spread = |quantile: f64| {
        let values: Vec<u64> = rounds.iter().map(|round| round.latency_us.value_at_quantile(quantile)).collect();
        format!("({}-{})", values.iter().min().unwrap_or(&0), values.iter().max().unwrap_or(&0))
    };
    let missing: u64 = rounds.iter().map(|round| round.sent.count - round.latency_us.len()).sum();
    let late = rounds.iter().map(|round| round.sent.late_us.value_at_quantile(0.99)).max().unwrap_or(0);
    let note = if missing == 0 { String::new() } else { format!("  {missing} never came") };
    println!(
        "{rate:>8}  {what:<28} {:>9} {:>22} {:>9} {:>22} {late:>9}{note}",
        median(rounds, 0.5),
        spread(0.5),
        median(rounds, 0.99),
        spread(0.99)
    );
}

fn median(rounds: &[Round], quantile: f64) -> u64 {
    let mut values: Vec<u64> = rounds.iter().map(|round| round.latency_us.value_at_quantile(quantile)).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// The daemon and a bare server, on a thread of their own.
struct Daemons {
    api: String,
    echo: String,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Daemons {
    fn start() -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            runtime().block_on(async move {
                let loopback = "127.0.0.1:0".parse().expect("it is an address");
                let settings = Settings { listen: loopback, admin_listen: loopback, ..Settings::default() };
                let daemon = Daemon::start(settings).await.expect("the daemon starts");
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
                let echo = listener.local_addr().expect("it is bound");
                let (_, health) = tonic_health::server::health_reporter();
                let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
                tokio::spawn(Server::builder().add_service(health).serve_with_incoming(incoming));
                tell.send((daemon.addresses().api, echo)).expect("the load waits for it");
                stopped.await.ok();
                daemon.shutdown().await;
            });
        });
        let (api, echo) = told.recv().expect("the daemon tells its addresses");
        Self { api: format!("http://{api}"), echo: format!("http://{echo}"), stop, thread }
    }

    fn stop(self) {
        self.stop.send(()).ok();
        self.thread.join().expect("the daemon stops");
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be had")
}

async fn connect(address: &str) -> Vec<Channel> {
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        let endpoint = Channel::from_shared(address.to_owned()).expect("it is an address");
        channels.push(endpoint.tcp_nodelay(true).connect().await.expect("the server answers"));
    }
    channels
}

/// Bare unary calls.
struct Echo {
    channels: Vec<Channel>,
}

impl Echo {
    async fn open(address: &str) -> Self {
        Self { channels: connect(address).await }
    }

    async fn round(&mut self, rate: u64, span: Duration) -> Round {
        let latency = Arc::new(Mutex::new(histogram()));
        let sent = paced(rate, span, |number, due| {
            let mut client = HealthClient::new(self.channels[number as usize % CONNECTIONS].clone());
            let latency = Arc::clone(&latency);
            tokio::spawn(async move {
                client.check(HealthCheckRequest::default()).await.expect("the bare server answers");
                latency.lock().saturating_record(micros(due));
            });
        })
        .await;
        let latency_us = latency.lock().clone();
        Round { latency_us, sent }
    }
}

/// Contacts on their way to agents.
struct Path {
    channels: Vec<Channel>,
    next: u64,
    board: Arc<Board>,
}

/// When each contact of the running round was due, and how long it took.
struct Board {
    began: Instant,
    due_us: Vec<AtomicU64>,
    latency: Mutex<Histogram<u64>>,
    requests: AtomicU64,
}

const SLOTS: usize = 1 << 16;

impl Path {
    async fn open(address: &str) -> Self {
        let channels = connect(address).await;
        let mut config = ConfigServiceClient::new(channels[0].clone());
        let document = pb::ApplyDocumentRequest {
            request_id: "path-document".into(),
            document: Some(pb::DocumentText { text: DOCUMENT.into(), format: pb::DocumentFormat::Toml.into() }),
            ..Default::default()
        };
        config.apply_document(document).await.expect("the document is taken");
        let board = Arc::new(Board {
            began: Instant::now(),
            due_us: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            latency: Mutex::new(histogram()),
            requests: AtomicU64::new(0),
        });
        for agent in 0..AGENTS {
            let channel = channels[agent % CONNECTIONS].clone();
            desktop(channel, format!("agent-{agent}"), Arc::clone(&board)).await;
        }
        Self { channels, next: 0, board }
    }

    async fn round(&mut self, rate: u64, span: Duration) -> Round {
        *self.board.latency.lock() = histogram();
        let (first, board) = (self.next, Arc::clone(&self.board));
        let sent = paced(rate, span, |number, due| {
            let contact = first + number;
            let due_us = due.duration_since(board.began).as_micros() as u64;
            board.due_us[contact as usize % SLOTS].store(due_us, Ordering::Relaxed);
            let mut client = ContactServiceClient::new(self.channels[number as usize % CONNECTIONS].clone());
            tokio::spawn(async move {
                let enqueue = pb::EnqueueContactRequest {
                    request_id: format!("e{contact}"),
                    contact_id: format!("c{contact}"),
                    queue: "path".into(),
                    channel: "chat".into(),
                    ..Default::default()
                };
                client.enqueue_contact(enqueue).await.expect("the contact is taken");
            });
        })
        .await;
        self.next += sent.count;
        let latency_us = self.board.latency.lock().clone();
        Round { latency_us, sent }
    }
}

/// An agent's desktop: takes whatever is offered, and completes it at once.
async fn desktop(channel: Channel, agent: String, board: Arc<Board>) {
    let mut client = AgentServiceClient::new(channel.clone());
    let profile = pb::AgentProfile { skills: BTreeMap::new(), ..Default::default() };
    let put = pb::PutAgentRequest {
        request_id: format!("put-{agent}"),
        agent_id: agent.clone(),
        profile: Some(profile),
        ..Default::default()
    };
    client.put_agent(put).await.expect("the agent is put");
    let watch = pb::WatchOffersRequest { agent_id: agent.clone(), ..Default::default() };
    let mut stream = client.watch_offers(watch).await.expect("the stream opens").into_inner();
    let presence = pb::Presence { state: pb::PresenceState::Available.into(), reason: String::new() };
    let available = pb::SetPresenceRequest {
        request_id: format!("available-{agent}"),
        agent_id: agent.clone(),
        presence: Some(presence),
        ..Default::default()
    };
    client.set_presence(available).await.expect("presence is taken");
    tokio::spawn(async move {
        let mut contacts = ContactServiceClient::new(channel);
        while let Ok(Some(message)) = stream.message().await {
            let Some(Event::Offer(offer)) = message.event else { continue };
            board.record(&offer.contact_id);
            let (agent_id, request_id) = (agent.clone(), board.request());
            let ack = pb::AckOfferRequest { request_id, agent_id, offer_id: offer.offer_id, ..Default::default() };
            client.ack_offer(ack).await.expect("delivery is acknowledged");
            let (contact_id, request_id) = (offer.contact_id, board.request());
            let complete = pb::CompleteContactRequest { request_id, contact_id, ..Default::default() };
            contacts.complete_contact(complete).await.expect("the contact is completed");
        }
    });
}

impl Board {
    fn record(&self, contact: &str) {
        let number: usize = contact[1..].parse().expect("contacts are numbered");
        let due_us = self.due_us[number % SLOTS].load(Ordering::Relaxed);
        let now_us = self.began.elapsed().as_micros() as u64;
        self.latency.lock().saturating_record(now_us.saturating_sub(due_us));
    }

    fn request(&self) -> String {
        format!("r{}", self.requests.fetch_add(1, Ordering::Relaxed))
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are valid")
}

fn micros(due: Instant) -> u64 {
    due.elapsed().as_micros() as u64
}

/// Sends at an even pace and waits a second for what is still under way.
async fn paced(rate: u64, span: Duration, mut send: impl FnMut(u64, Instant)) -> Sent {
    let began = Instant::now();
    let mut late_us = histogram();
    let count = rate * span.as_millis() as u64 / 1_000;
    for number in 0..count {
        let due = began + Duration::from_nanos(number * 1_000_000_000 / rate);
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        } else if number % 16 == 0 {
            tokio::task::yield_now().await;
        }
        let now = Instant::now();
        late_us.saturating_record((now - due).as_micros() as u64);
        send(number, now);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    Sent { count, late_us }
}
