//! Overload: what becomes of those who are taken when more comes than can be served.
//!
//! Everything is measured in one run, so the ratios hold on a noisy machine. Daemon and load run in one process, each on
//! threads of its own; calls are written as HTTP/2 frames (`flood`), since no client library could overload a daemon from
//! the same two cores. Per contact: one unary enqueue, one offer at a gateway, one acknowledgement (which accepts) and one
//! completion.
//!
//! First capacity, in a closed loop; then an open loop at 70 % of it, at 150 %, and at 70 % again; then a quiet tenant
//! alone and beside one that floods; then 10,000 agents who sign in at once while 100,000 contacts wait.
//!
//! `cargo bench --bench overload` takes about two minutes; `-- --quick` a short look.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::mpsc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use attune::{
    api::pb,
    app::Daemon,
    config::{DocumentSource, Settings},
    model::ids::TenantId,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

mod flood;
mod staff;

use flood::{Flood, Flooded, Pace, encode};
use staff::Staff;

const CONNECTIONS: usize = 4;
const AGENTS: usize = 2_000;
const ENQUEUE: &str = "/attune.v1.ContactService/EnqueueContact";
const TENANTS: [&str; 2] = ["default", "quiet"];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let span = Duration::from_secs(if quick { 2 } else { 8 });
    let host = Host::start();
    let load = runtime();
    let mut next = 0;
    let _staffs = TENANTS.map(|tenant| load.block_on(Staff::open(host.api, tenant, AGENTS)));
    // The staff answers on a thread of its own, whatever this one does.
    let (stop, stopped) = oneshot::channel::<()>();
    let answering = std::thread::spawn(move || load.block_on(async { drop(stopped.await) }));

    println!("{CONNECTIONS} connections, {AGENTS} agents at a gateway, {span:?} each; from sending to the answer");
    header();
    let mut flood = Flood::open(host.api, CONNECTIONS);
    let mut run = |what: &str, tenant: &'static str, flood: &mut Flood, pace: Pace, span: Duration| {
        let first = next;
        next += 100_000_000;
        let flooded = flood.run(ENQUEUE, pace, span, first, &|number| enqueue(tenant, number));
        row(what, &flooded);
        flooded
    };
    run("warm-up", "default", &mut flood, Pace::Closed(64), Duration::from_secs(1));
    let closed = run("closed loop, 64 at once", "default", &mut flood, Pace::Closed(64), span);
    let capacity = (closed.taken as f64 / closed.seconds) as u64;
    let at = |percent: u64| Pace::Open(capacity * percent / 100);
    let calm = run("70 % of it", "default", &mut flood, at(70), span);
    let over = run("150 % of it", "default", &mut flood, at(150), span);
    let after = run("70 %, in the second after", "default", &mut flood, at(70), Duration::from_secs(1));
    let again = run("70 %, then", "default", &mut flood, at(70), span);
    ratio("p99 of who is taken at 150 % to that at 70 %", p99(&over), p99(&calm), 3.0);
    ratio("p99 in the second after to that before", p99(&after), p99(&calm), 3.0);
    ratio("p99 afterwards to that before", p99(&again), p99(&calm), 3.0);
    println!("  refused in the second after: {} of {}", after.refused, after.refused + after.taken);

    header();
    let mut second = Flood::open(host.api, 1);
    let alone = run("a quiet tenant, 5 %, alone", "quiet", &mut second, at(5), span);
    let (beside, flooding) = std::thread::scope(|scope| {
        let flooding = scope.spawn(|| {
            flood.run(ENQUEUE, at(150), span + Duration::from_secs(1), 1 << 40, &|number| enqueue("default", number))
        });
        std::thread::sleep(Duration::from_millis(500));
        let beside = second.run(ENQUEUE, at(5), span, 1 << 41, &|number| enqueue("quiet", number));
        (beside, flooding.join().expect("the flood runs through"))
    });
    row("the same beside a flood", &beside);
    row("the flood, 150 %", &flooding);
    ratio("the quiet tenant's p99 beside a flood to that alone", p99(&beside), p99(&alone), 2.0);

    stop.send(()).ok();
    answering.join().expect("the staff goes home");
    drop((flood, second));
    sign_ins(&host, if quick { 10_000 } else { 100_000 });
    host.stop();
}

/// Many agents at once, by streams of their own and through a gateway, while contacts wait for somebody else.
fn sign_ins(host: &Host, waiting: u64) {
    const COMING: usize = 10_000;
    let load = runtime();
    load.block_on(staff::fill(host.api, waiting));
    println!("\n{COMING} agents sign in at once while {waiting} contacts wait");
    for (what, own) in [("through one gateway", false), ("by streams of their own", true)] {
        let prefix = if own { "own" } else { "gateway" };
        load.block_on(staff::put_agents(host.api, "default", prefix, COMING));
        let began = Instant::now();
        let kept = load.block_on(async {
            if own {
                staff::sign_in_by_streams(host.api, prefix, COMING, CONNECTIONS).await
            } else {
                staff::sign_in_by_gateway(host.api, prefix, COMING).await
            }
        });
        println!("  {what:<28} all have their welcome after {:>6} ms", began.elapsed().as_millis());
        drop(kept);
    }
}

fn enqueue(tenant: &str, number: u64) -> Vec<u8> {
    encode(&pb::EnqueueContactRequest {
        tenant: tenant.into(),
        request_id: format!("e{number}"),
        contact_id: format!("c{number}"),
        queue: "path".into(),
        channel: "chat".into(),
        ..Default::default()
    })
}

fn header() {
    let columns = ["taken/s", "refused/s", "unanswered", "p50 µs", "p99", "p99.9", "ref. p50", "ref. p99", "late p99"];
    let columns: String = columns.iter().map(|column| format!(" {column:>10}")).collect();
    println!("\n{:<28}{columns}", "");
}

fn row(what: &str, flooded: &Flooded) {
    let rate = |calls: u64| (calls as f64 / flooded.seconds) as u64;
    let taken = |quantile| flooded.taken_us.value_at_quantile(quantile);
    let refused = |quantile| flooded.refused_us.value_at_quantile(quantile);
    let values = [
        rate(flooded.taken),
        rate(flooded.refused),
        flooded.unanswered,
        taken(0.5),
        taken(0.99),
        taken(0.999),
        refused(0.5),
        refused(0.99),
        flooded.late_us.value_at_quantile(0.99),
    ];
    let values: String = values.iter().map(|value| format!(" {value:>10}")).collect();
    println!("{what:<28}{values}");
}

fn p99(flooded: &Flooded) -> u64 {
    flooded.taken_us.value_at_quantile(0.99)
}

fn ratio(what: &str, value: u64, base: u64, goal: f64) {
    println!("  {what}: {:.2} (goal: at most {goal})", value as f64 / base.max(1) as f64);
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime can be had")
}

/// The daemon, on a thread of its own.
struct Host {
    api: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Host {
    fn start() -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let tenants = TENANTS.map(|tenant| {
                (
                    TenantId::new(tenant).expect("it obeys the grammar of names"),
                    DocumentSource::Given(staff::document()),
                )
            });
            let settings = Settings { tenants: BTreeMap::from(tenants), ..Settings::passing() };
            let runtime = attune::app::runtime(&settings).expect("a runtime can be had");
            runtime.block_on(async {
                let daemon = Daemon::start(settings).await.expect("the daemon starts");
                tell.send(daemon.addresses().api).expect("the load waits for it");
                stopped.await.ok();
                daemon.shutdown().await;
            });
        });
        let api = told.recv().expect("the daemon tells its address");
        Self { api, stop, thread }
    }

    fn stop(self) {
        self.stop.send(()).ok();
        self.thread.join().expect("the daemon stops");
    }
}
