//! The wire: gRPC in, gRPC out.
//!
//! A call is decoded (`decode`: validated once, every violation named), passed to its tenant's shard (`call`) and its
//! answer encoded (`encode`); refusals leave by one table (`status`). A file a service; `pb` is the one door to
//! generated code. Invariant: nothing is decided here. Not here: who may call (later), the admin port (`admin`).

pub mod pb;

mod admission;
mod agent_service;
mod call;
mod config_service;
mod connection;
mod contact_service;
mod decode;
mod direct;
mod encode;
mod enqueue_stream;
mod etag;
mod gateway_service;
mod gateway_stream;
mod import_stream;
mod insight_service;
mod item_stream;
mod offer_stream;
mod overload;
mod page_token;
mod signal_stream;
mod signals;
mod statistics_service;
mod status;
mod supervisor_service;
mod unread;
mod wait_service;
mod watch_service;
mod watch_stream;
mod watch_token;
pub mod words;

use std::time::Duration;

use tokio::{net::TcpListener, sync::watch};
use tonic::{
    server::NamedService,
    service::Routes,
    transport::{self, Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::util::MapResponseLayer;

use crate::{model::limits::DOCUMENT_BYTES_MAX, shard::Directory};

use self::{
    admission::Admission,
    agent_service::Agents,
    config_service::Config,
    connection::connections,
    contact_service::Contacts,
    direct::Direct,
    gateway_service::Gateways,
    insight_service::Insights,
    pb::{
        agent_service_server::AgentServiceServer, config_service_server::ConfigServiceServer,
        contact_service_server::ContactServiceServer, gateway_service_server::GatewayServiceServer,
        insight_service_server::InsightServiceServer, statistics_service_server::StatisticsServiceServer,
        supervisor_service_server::SupervisorServiceServer, wait_service_server::WaitServiceServer,
        watch_service_server::WatchServiceServer,
    },
    statistics_service::StatisticsTold,
    supervisor_service::Supervisors,
    wait_service::Waits,
    watch_service::Watches,
};

pub use self::{admission::Limits, status::DOMAIN};

/// A silent connection is asked whether it lives after this …
const PING_EVERY: Duration = Duration::from_secs(10);
/// … and closed if it does not answer in this: a lost desktop is noticed well within the grace period.
const PING_ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// Calls open at once on one connection: a gateway carries the streams of all its agents over one.
const STREAMS_MAX: u32 = 131_072;
/// Calls a connection may cancel before they were looked at; a gateway that lets go of its agents cancels many at once
/// and must not be taken for an attack.
const RESETS_MAX: usize = 4_096;
/// Bytes of a request: several times the largest valid one, an agent's profile at all its limits.
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// Bytes of a request that carries a document, its envelope included.
const DOCUMENT_REQUEST_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + (64 << 10);
/// Why reflection cannot fail.
const DESCRIPTORS_ARE_WHOLE: &str = "the descriptors are the ones this program was compiled from";

/// Serves calls until `shutdown` completes and the calls that are open then have ended. Health says "serving" from the
/// start, so the shards must serve before; from `shutdown` on it says "not serving".
///
/// # Errors
/// Fails if the listener does.
pub async fn serve(
    listener: TcpListener,
    directory: Directory,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), transport::Error> {
    let (drain, draining) = watch::channel(false);
    let admission = Admission::new(limits);
    let direct = direct(&directory, admission.clone(), draining.clone());
    let (routes, health) = routes(directory, draining);
    report_health(&health, ServingStatus::Serving).await;
    let draining = async {
        shutdown.await;
        drain.send_replace(true);
        report_health(&health, ServingStatus::NotServing).await;
    };
    // Without it a small answer waits for the peer's delayed acknowledgement, 44 ms.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PING_ANSWERED_WITHIN))
        .max_concurrent_streams(STREAMS_MAX)
        .http2_max_pending_accept_reset_streams(Some(RESETS_MAX))
        .layer(admission)
        .layer(MapResponseLayer::new(unread::explain))
        .layer(direct)
        .add_routes(routes)
        .serve_with_incoming_shutdown(connections(incoming), draining)
        .await
}

/// Whether the daemon drains; for calls that would otherwise never end.
type Draining = watch::Receiver<bool>;

/// Returns once the daemon drains.
async fn drained(draining: &mut Draining) {
    // Without a sender the server is gone, and its calls with it.
    let _ = draining.wait_for(|draining| *draining).await;
}

/// What is called most.
fn direct(directory: &Directory, admission: Admission, draining: Draining) -> Direct {
    let contacts = Contacts::new(directory.clone(), admission, draining);
    let agents = Agents::new(directory.clone());
    Direct {
        contacts: ContactServiceServer::new(contacts).max_decoding_message_size(REQUEST_BYTES_MAX),
        agents: AgentServiceServer::new(agents).max_decoding_message_size(REQUEST_BYTES_MAX),
    }
}

/// Everything else that is served, and the switch of the health of all.
fn routes(directory: Directory, draining: Draining) -> (Routes, HealthReporter) {
    let (reporter, health) = tonic_health::server::health_reporter();
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let gateways = GatewayServiceServer::new(Gateways::new(directory.clone(), draining.clone()))
        .max_decoding_message_size(REQUEST_BYTES_MAX);
    let waits = WaitServiceServer::new(Waits::new(directory.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let insights =
        InsightServiceServer::new(Insights::new(directory.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let statistics = StatisticsServiceServer::new(StatisticsTold::new(directory.clone(), draining))
        .max_decoding_message_size(REQUEST_BYTES_MAX);
    let supervisors =
        SupervisorServiceServer::new(Supervisors::new(directory.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let watches = WatchServiceServer::new(Watches::new(directory.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let config = ConfigServiceServer::new(Config::new(directory)).max_decoding_message_size(DOCUMENT_REQUEST_BYTES_MAX);
    let routes = Routes::new(gateways)
        .add_service(waits)
        .add_service(insights)
        .add_service(statistics)
        .add_service(supervisors)
        .add_service(watches)
        .add_service(config)
        .add_service(health)
        .add_service(reflection().build_v1().expect(DESCRIPTORS_ARE_WHOLE))
        .add_service(reflection().build_v1alpha().expect(DESCRIPTORS_ARE_WHOLE))
        .prepare();
    (routes, reporter)
}

/// Says of the daemon as a whole, and of each service, whether it serves.
async fn report_health(reporter: &HealthReporter, status: ServingStatus) {
    let services = [
        "",
        <ContactServiceServer<Contacts> as NamedService>::NAME,
        <AgentServiceServer<Agents> as NamedService>::NAME,
        <GatewayServiceServer<Gateways> as NamedService>::NAME,
        <WaitServiceServer<Waits> as NamedService>::NAME,
        <InsightServiceServer<Insights> as NamedService>::NAME,
        <StatisticsServiceServer<StatisticsTold> as NamedService>::NAME,
        <SupervisorServiceServer<Supervisors> as NamedService>::NAME,
        <WatchServiceServer<Watches> as NamedService>::NAME,
        <ConfigServiceServer<Config> as NamedService>::NAME,
    ];
    for service in services {
        reporter.set_service_status(service, status).await;
    }
}
