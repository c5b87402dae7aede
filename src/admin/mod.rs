//! The admin port: metrics, health and the settings in force, over plain HTTP.
//!
//! Invariant: reads only; answers as long as the process does, also while it drains. Not here: calls (`api`).

use std::{future::Future, io};

use axum::{
    Router,
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::IntoResponse,
    routing::get,
};
use tokio::{net::TcpListener, sync::watch, task::spawn_blocking};

use crate::telemetry::exposition::{Exposition, binary};

mod readiness;

pub use readiness::{Latch, Readiness};

/// Prometheus's text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the port shows.
#[derive(Clone)]
pub struct Shown {
    /// Whether calls are welcome.
    pub readiness: Readiness,
    /// Every metric.
    pub metrics: Exposition,
    /// The settings in force, as JSON.
    pub settings: watch::Receiver<String>,
}

/// Serves the admin port until `shutdown`.
pub async fn run(
    listener: TcpListener,
    shown: Shown,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, routes(shown)).with_graceful_shutdown(shutdown).await
}

fn routes(shown: Shown) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/startupz", get(startupz))
        .route("/config", get(config))
        .with_state(shown)
}

async fn metrics(State(shown): State<Shown>, headers: HeaderMap) -> impl IntoResponse {
    let takes_binary = |accept: &HeaderValue| accept.to_str().is_ok_and(|accept| accept.contains(binary::ACCEPTED));
    let is_binary = shown.metrics.is_native() && headers.get_all(ACCEPT).iter().any(takes_binary);
    // Thousands of queues take milliseconds, in which no call would be served on this thread.
    let rendered = spawn_blocking(move || match is_binary {
        true => (binary::TYPE, shown.metrics.render_binary()),
        false => (METRICS_TYPE, shown.metrics.render().into_bytes()),
    });
    match rendered.await {
        Ok((kind, bytes)) => (StatusCode::OK, [(CONTENT_TYPE, kind)], bytes),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, METRICS_TYPE)], b"# the daemon ends\n".to_vec()),
    }
}

/// Whether the process runs at all; an orchestrator restarts it if not.
async fn livez() -> &'static str {
    "ok\n"
}

/// Whether calls should be sent here.
async fn readyz(State(shown): State<Shown>) -> (StatusCode, String) {
    match shown.readiness.missing().as_slice() {
        [] => (
            StatusCode::OK,
            ["ok"].into_iter().chain(shown.readiness.remarks()).map(|line| format!("{line}\n")).collect(),
        ),
        missing => (StatusCode::SERVICE_UNAVAILABLE, format!("missing: {}\n", missing.join(", "))),
    }
}

/// Whether the daemon has been ready once; until then an orchestrator has patience.
async fn startupz(State(shown): State<Shown>) -> (StatusCode, &'static str) {
    if shown.readiness.was_ready() { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "starting\n") }
}

/// Every setting with its value and where it came from.
async fn config(State(shown): State<Shown>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], shown.settings.borrow().clone())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::oneshot,
    };

    use crate::telemetry::metrics::install;

    use super::*;

    /// Status line, headers and body of one request.
    async fn fetch(address: std::net::SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: attuned\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn health_follows_the_latches_and_metrics_are_prometheus_text() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let readiness = Readiness::new();
        let (journal, api) = (readiness.latch("journal"), readiness.latch("api"));
        let remarks = readiness.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { drop(stopped.await) };
        let (_settings, settings) = watch::channel("{\"settings\":[]}".to_owned());
        let server = tokio::spawn(run(listener, Shown { readiness, metrics: install().unwrap(), settings }, shutdown));

        assert!(fetch(address, "/livez").await.starts_with("HTTP/1.1 200"));
        let starting = fetch(address, "/readyz").await;
        assert!(starting.starts_with("HTTP/1.1 503") && starting.ends_with("missing: api, journal\n"), "{starting}");
        assert!(fetch(address, "/startupz").await.starts_with("HTTP/1.1 503"));
        journal.set();
        api.set();
        assert!(fetch(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(fetch(address, "/startupz").await.starts_with("HTTP/1.1 200"));
        remarks.remark("agents are awaited", true);
        let remarked = fetch(address, "/readyz").await;
        assert!(remarked.starts_with("HTTP/1.1 200") && remarked.ends_with("ok\nagents are awaited\n"), "{remarked}");
        remarks.remark("agents are awaited", false);
        assert!(fetch(address, "/readyz").await.ends_with("\r\n\r\nok\n"));
        journal.clear();
        assert!(fetch(address, "/readyz").await.ends_with("missing: journal\n"));
        assert!(fetch(address, "/startupz").await.starts_with("HTTP/1.1 200"), "it has been ready once");

        let metrics = fetch(address, "/metrics").await;
        assert!(metrics.contains("content-type: text/plain; version=0.0.4"), "{metrics}");
        assert!(metrics.contains("# TYPE attune_build_info gauge"), "{metrics}");
        let config = fetch(address, "/config").await;
        assert!(config.contains("content-type: application/json") && config.ends_with("{\"settings\":[]}"), "{config}");
        drop(stop);
        server.await.unwrap().unwrap();
    }
}
