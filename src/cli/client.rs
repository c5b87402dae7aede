//! A connection to the daemon, and calls that are tried again while that can help.
//!
//! Invariant: a change keeps its request id over all tries, so it has one effect at most; a refusal is tried again only
//! if the daemon says when; no call takes longer than `--timeout`.

use std::{error::Error, time::Duration};

use rand::random;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::{
    Code, Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use super::{
    calls::Call,
    failure::{Failure, Refusal},
    options::Options,
};

/// Between two tries after the connection broke.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A daemon, for one tenant.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    server: String,
    tenant: String,
    timeout: Duration,
    request_id: Option<String>,
}

/// Tells the daemon how long the answer is awaited.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Interceptor for Deadline {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.set_timeout(self.0.saturating_duration_since(Instant::now()));
        Ok(request)
    }
}

impl Client {
    /// Connects.
    pub async fn connect(options: &Options) -> Result<Self, Failure> {
        let Options { server, tenant, timeout, request_id, .. } = options.clone();
        let server = if server.contains("://") { server } else { format!("http://{server}") };
        let endpoint = Endpoint::from_shared(server.clone())
            .map_err(|_| Failure::Usage(format!("--server {server} is no address; say it as http://127.0.0.1:7700")))?;
        let unreachable = |why: String| Failure::Unreachable { server: server.clone(), why };
        let connected = timeout_at(Instant::now() + timeout, endpoint.tcp_nodelay(true).connect()).await;
        let channel = connected
            .map_err(|_| unreachable(format!("nobody answered within {timeout:?}")))?
            .map_err(|error| unreachable(innermost(&error)))?;
        Ok(Self { channel, server, tenant, timeout, request_id })
    }

    /// Whose contacts, agents and document.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The connection, for streams.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Makes a call under `--request-id`, or a random id.
    pub async fn call<C: Call>(&self, call: C) -> Result<C::Answer, Failure> {
        let (mut call, request_id) = (call, self.new_request_id());
        call.fill(&self.tenant, &request_id);
        let until = Instant::now() + self.timeout;
        loop {
            let line = InterceptedService::new(self.channel(), Deadline(until));
            let status = match call.clone().send(line).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            let refusal = Refusal::new(C::REQUEST, &request_id, status);
            match again_after(&refusal) {
                Some(after) if Instant::now() + after < until => sleep(after).await,
                _ => return Err(self.failure(refusal)),
            }
        }
    }

    /// `--request-id`, or an id that nobody else draws.
    pub fn new_request_id(&self) -> String {
        let drawn = || format!("attune-{:016x}{:016x}", random::<u64>(), random::<u64>());
        self.request_id.clone().unwrap_or_else(drawn)
    }

    /// How long a call may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What a refusal means to whoever asked.
    pub fn failure(&self, refusal: Refusal) -> Failure {
        let gone = refusal.reason.is_none() && refusal.status.code() == Code::Unavailable;
        match gone {
            true => Failure::Unreachable { server: self.server.clone(), why: innermost(&refusal.status) },
            false => Failure::Refused(Box::new(refusal)),
        }
    }
}

/// When to try again; none if that cannot help.
pub fn again_after(refusal: &Refusal) -> Option<Duration> {
    match (refusal.status.code(), &refusal.reason) {
        (Code::Unavailable, None) => Some(TRY_AGAIN_AFTER),
        (Code::Unavailable | Code::ResourceExhausted, Some(_)) => refusal.retry_after(),
        _ => None,
    }
}

/// What is at the bottom of an error: the transport's own words for the rest say little.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
