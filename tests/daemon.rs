//! The daemon as a whole: it starts on any port, is ready, serves, and stops.

use std::{fs, net::SocketAddr, time::Duration};

use attune::{
    app::{Daemon, StartError, Stop},
    config::{DocumentSource, Settings},
    model::ids::TenantId,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::transport::Endpoint;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

fn settings() -> Settings {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    Settings { listen: any, admin_listen: any, drain_max: Duration::from_secs(5), ..Settings::default() }
}

async fn fetch(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_daemon_that_has_started_is_ready_and_stops_in_time() {
    let daemon = Daemon::start(settings()).await.unwrap();
    let addresses = daemon.addresses();
    let ready = fetch(addresses.admin, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.0 200"), "{ready}");
    let metrics = fetch(addresses.admin, "/metrics").await;
    assert!(metrics.contains("attune_durability_info{mode=\"memory\"} 1"), "{metrics}");

    let channel = Endpoint::from_shared(format!("http://{}", addresses.api)).unwrap().connect().await.unwrap();
    let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);

    assert_eq!(daemon.shutdown().await, Stop::Drained);
    assert!(TcpStream::connect(addresses.api).await.is_err(), "nobody listens any more");
    assert!(TcpStream::connect(addresses.admin).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_setting() {
    let daemon = Daemon::start(settings()).await.unwrap();
    let taken = Settings { admin_listen: daemon.addresses().admin, ..settings() };
    match Daemon::start(taken).await.map(drop) {
        Err(error @ StartError::Listen { setting: "admin.listen", .. }) => {
            assert!(error.to_string().starts_with("admin.listen 127.0.0.1:"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    daemon.shutdown().await;
}

#[tokio::test]
async fn a_wrong_document_is_named_with_its_tenant_and_file_before_any_port_opens() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("acme.toml");
    fs::write(&path, "[queues.billing]\npriorty = '5s'\n").unwrap();
    let acme = TenantId::new("acme").unwrap();
    let with = |source| Settings { tenants: [(acme.clone(), source)].into(), ..settings() };

    let error = Daemon::start(with(DocumentSource::File(path))).await.map(drop).unwrap_err().to_string();
    assert!(error.contains("tenant acme") || error.contains("tenant \"acme\""), "{error}");
    assert!(error.contains("acme.toml") && error.contains("queues.billing.priorty"), "{error}");
    let missing = with(DocumentSource::File(dir.path().join("nowhere.toml")));
    assert!(Daemon::start(missing).await.map(drop).unwrap_err().to_string().contains("nowhere.toml"));
}
