//! Restart: how long a daemon with a long line takes from its start until it answers.
//!
//! 5,000 agents have a session and a contact each, and so many contacts more wait in line. The journal of how this came
//! about is written as a daemon would write it, in batches; then a daemon starts from every record, a snapshot is made,
//! and another daemon starts from that. Times are of `Daemon::start`, which returns when calls are answered.
//!
//! `cargo bench --bench restart` takes 10,000 and 100,000; `-- 1000000` whichever are named.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use attune::{
    app::{
        Daemon,
        snapshots::make::{Of, make},
    },
    config::{Durability, Settings},
    engine::{Command, Event, Request},
    journal::{
        LostKeys, Record, disk,
        log::{Log, Making},
        vault::{KEYS, Vault},
        volume::{Folder, Volume},
    },
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::Care,
        contact::NewContact,
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
use tokio::runtime::Runtime;

const DOCUMENT: &str =
    "[channels.voice]\ncost = 100\n[queues.billing]\nmax_wait = { after = '7d', then = 'give_up' }\n";
const AGENTS: usize = 5_000;
const BATCH: usize = 256;
const SEGMENT_BYTES: u64 = 64 << 20;
/// Each start is repeated so often; the median counts.
const STARTS: usize = 3;

fn main() {
    let named: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if named.is_empty() { vec![10_000, 100_000] } else { named };
    println!(
        "{AGENTS} agents with a session and a contact each; milliseconds until calls are answered, median of {STARTS}"
    );
    println!(
        "{:>10} {:>12} {:>12} {:>14} {:>12} {:>12}",
        "waiting", "journal MiB", "all records", "snapshot MiB", "made in", "from it"
    );
    for waiting in sizes {
        measure(waiting);
    }
}

fn measure(waiting: usize) {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::make(place.path()).expect("it is there");
    let written = Writer::of(&folder).write(waiting);
    let everything = median(|| start(place.path()));
    let began = Instant::now();
    let keys = disk::open_keys(place.path(), LostKeys::Refuse).expect("nobody has it open");
    let made = make(&folder, &keys, Of::Everything, || true).expect("it is made").expect("there is news");
    let took = began.elapsed();
    let from_it = median(|| start(place.path()));
    println!(
        "{waiting:>10} {:>12.1} {:>12} {:>14.1} {:>12} {:>12}",
        mib(written),
        everything.as_millis(),
        mib(made.bytes),
        took.as_millis(),
        from_it.as_millis()
    );
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn median(mut start: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..STARTS).map(|_| start()).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Starts a daemon, and ends it as a crash would: without a snapshot of its own.
fn start(journal: &Path) -> Duration {
    let loopback = "127.0.0.1:0".parse().expect("an address");
    let settings = Settings {
        listen: loopback,
        admin_listen: loopback,
        durability: Durability::Sync,
        journal_folder: journal.to_owned(),
        ..Settings::default()
    };
    let runtime = Runtime::new().expect("threads");
    let began = Instant::now();
    let daemon = runtime.block_on(Daemon::start(settings)).expect("it starts");
    let took = began.elapsed();
    drop(daemon);
    drop(runtime);
    took
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
    fn write(mut self, waiting: usize) -> u64 {
        for number in 0..AGENTS {
            let agent = AgentId::new(&format!("agent-{number}")).expect("a name");
            let (profile, expected) = (Arc::new(AgentProfile::default()), Expected::Anything);
            self.call(Command::PutAgent { agent: agent.clone(), profile, expected });
            let (session, connection) = (SessionId::new(&format!("s-{number}")).expect("a name"), number as u64 + 1);
            self.call(Command::OpenSession { agent: agent.clone(), session, connection });
            self.call(Command::SetPresence { agent: agent.clone(), presence: Presence::Available });
            let events = self.call(enqueue(&format!("taken-{number}")));
            let offer = events.iter().find_map(|event| match event {
                Event::OfferMade { offer, .. } => Some(*offer),
                _ => None,
            });
            let offer = offer.expect("the agent is idle");
            self.call(Command::AckOffer { agent: agent.clone(), offer });
            self.call(Command::AcceptOffer { agent, offer });
        }
        for number in 0..waiting {
            self.call(enqueue(&format!("contact-{number}")));
        }
        self.append();
        self.bytes
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
