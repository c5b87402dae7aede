//! The wire: gRPC in, gRPC out.
//!
//! A call is decoded (`decode`: validated once, every violation named), passed to its tenant's shard (`call`) and its
//! answer encoded (`encode`); refusals leave by one table (`status`). A file a service; `pb` is the one door to
//! generated code. Invariant: nothing is decided here. Not here: who may call (later), the admin port (`admin`).

pub mod pb;

mod agent_service;
mod call;
mod config_service;
mod contact_service;
mod decode;
mod encode;
mod offer_stream;
mod page_token;
mod status;
mod wait_service;

use std::time::Duration;

use tokio::net::TcpListener;
use tonic::{
    server::NamedService,
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{model::limits::DOCUMENT_BYTES_MAX, shard::Directory};

use self::{
    agent_service::Agents,
    config_service::Config,
    contact_service::Contacts,
    pb::{
        agent_service_server::AgentServiceServer, config_service_server::ConfigServiceServer,
        contact_service_server::ContactServiceServer, wait_service_server::WaitServiceServer,
    },
    wait_service::Waits,
};

pub use self::status::DOMAIN;

/// A silent connection is asked whether it lives after this, and closed after as long again: a lost desktop is noticed
/// well within the grace period.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// Calls open at once on one connection: a gateway carries the streams of all its agents over one.
const STREAMS_MAX: u32 = 131_072;
/// Calls a connection may cancel before they were looked at; a gateway that lets go of its agents cancels many at once
/// and must not be taken for an attack.
const RESETS_MAX: usize = 4_096;
/// Bytes of a request: several times the largest valid one, an agent's profile at all its limits.
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// Bytes of a request that carries a document, its envelope included.
const DOCUMENT_REQUEST_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + (64 << 10);

/// Everything that is served on the API's port, and the switch of its health.
///
/// Nothing is reported as serving until [`report_health`] says so.
///
/// # Errors
/// Fails if the embedded descriptors cannot be served by reflection, which a test rules out.
pub async fn routes(directory: Directory) -> Result<(Routes, HealthReporter), tonic_reflection::server::Error> {
    let (reporter, health) = tonic_health::server::health_reporter();
    report_health(&reporter, ServingStatus::NotServing).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let contacts =
        ContactServiceServer::new(Contacts::new(directory.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let agents = AgentServiceServer::new(Agents::new(directory.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let waits = WaitServiceServer::new(Waits::new(directory.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let config = ConfigServiceServer::new(Config::new(directory)).max_decoding_message_size(DOCUMENT_REQUEST_BYTES_MAX);
    let routes = Routes::new(contacts)
        .add_service(agents)
        .add_service(waits)
        .add_service(config)
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .prepare();
    Ok((routes, reporter))
}

/// Says of the daemon as a whole, and of each service, whether it serves.
pub async fn report_health(reporter: &HealthReporter, status: ServingStatus) {
    let services = [
        "",
        <ContactServiceServer<Contacts> as NamedService>::NAME,
        <AgentServiceServer<Agents> as NamedService>::NAME,
        <WaitServiceServer<Waits> as NamedService>::NAME,
        <ConfigServiceServer<Config> as NamedService>::NAME,
    ];
    for service in services {
        reporter.set_service_status(service, status).await;
    }
}

/// Serves until `shutdown` completes and the calls that are open then have ended.
///
/// # Errors
/// Fails if the listener does.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    shutdown: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    // Offers are small and must not wait for company.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .max_concurrent_streams(STREAMS_MAX)
        .http2_max_pending_accept_reset_streams(Some(RESETS_MAX))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_descriptors_can_be_reflected() {
        let text = String::from_utf8_lossy(pb::DESCRIPTORS);
        for service in ["AgentService", "ConfigService", "ContactService", "WaitService", "ErrorReason"] {
            assert!(text.contains(service), "{service} is described");
        }
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
            .build_v1()
            .map(drop)
            .expect("the descriptors are whole");
    }
}
