//! Admission: which calls are taken while more comes than can be served.
//!
//! A call that brings new work is refused by its headers alone, unread, if it has waited too long already: it came over a
//! connection that sends faster than it is read (`connection`). That costs far less than serving it, so those who wait
//! are soon up to date again. Where everything that is ready waits too long for its turn (`Lag`), those are refused
//! who bring more than their share, and whose that is stands in the message, so it is read first.
//!
//! Invariant: only arrivals are ever refused for being late, never what ends work (answers, completions, presence);
//! nobody because another's connection is behind, and no tenant below its share because another floods. How many calls
//! are open at once has a bound for all, which is that of their memory. Not here: what overload and shares are
//! (`overload`), how much may wait in a shard's inbox (`shard::inbox`).

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use metrics::{Counter, Gauge};
use tokio::sync::Notify;
use tonic::{
    Status,
    body::Body,
    codegen::http::{Request, Response},
};
use tower::{Layer, Service};

use crate::{
    model::ids::TenantId,
    shard::CallError,
    telemetry::metrics::{CALLS_IN_FLIGHT, CALLS_OVERLOADED, LAG_SECONDS},
};

use super::{
    connection::Backlog,
    overload::{Overload, RETRY_MIN, Shares},
};

/// When calls are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest that an arrival may have waited, while all is well.
    pub burst: Duration,
    /// The same while overload lasts.
    pub delay: Duration,
    /// Calls that may be open at once; streams count until they are open.
    pub in_flight_max: usize,
}

/// Calls that bring new work.
const ARRIVALS: [&str; 2] = ["/attune.v1.ContactService/EnqueueContact", "/attune.v1.ContactService/AnnounceContact"];

/// The gate; clones are the same one.
#[derive(Clone)]
pub struct Admission(Arc<Shared>);

struct Shared {
    in_flight_max: usize,
    clock: Clock,
    lag: Arc<Lag>,
    overload: Overload,
    shares: Shares,
    open: AtomicUsize,
    in_flight: Gauge,
    late: Counter,
    too_many: Counter,
}

/// Microseconds since it was made; never 0.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn now_us(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }
}

/// How long what is ready waits for its turn: a task of its own is made ready and tells when it has its turn.
#[derive(Default)]
struct Lag {
    ready: Notify,
    /// When it was made ready; 0 = it was not.
    ready_us: AtomicU64,
    /// What it told last, and when.
    lag_us: AtomicU64,
    told_us: AtomicU64,
    /// Nobody will ask any more.
    over: AtomicBool,
}

impl Lag {
    /// The present lag, as far as known; asks for news of it.
    fn look(&self, now_us: u64) -> Duration {
        let waiting_us = match self.ready_us.compare_exchange(0, now_us, Relaxed, Relaxed) {
            Ok(_) => {
                self.ready.notify_one();
                0
            }
            Err(since_us) => now_us.saturating_sub(since_us),
        };
        let (lag_us, told_us) = (self.lag_us.load(Relaxed), self.told_us.load(Relaxed));
        // What was told before the last wait of that length is history.
        let told_us = if now_us.saturating_sub(told_us) > lag_us { 0 } else { lag_us };
        Duration::from_micros(waiting_us.max(told_us))
    }
}

impl Admission {
    /// A gate with these limits, for calls that are served on the present runtime.
    pub fn new(limits: Limits) -> Self {
        let lag = Arc::new(Lag::default());
        let clock = Clock(Instant::now());
        tokio::spawn(tell_lag(Arc::clone(&lag), clock));
        Self(Arc::new(Shared {
            in_flight_max: limits.in_flight_max,
            clock,
            lag,
            overload: Overload::new(limits.burst, limits.delay),
            shares: Shares::default(),
            open: AtomicUsize::new(0),
            in_flight: CALLS_IN_FLIGHT.gauge(&[]),
            late: CALLS_OVERLOADED.counter(&["late"]),
            too_many: CALLS_OVERLOADED.counter(&["in_flight"]),
        }))
    }

    /// Whether so many contacts of a tenant's, which came together, may be taken now that they are read.
    pub fn arrive(&self, tenant: &TenantId, contacts: usize) -> Result<(), CallError> {
        let now_us = self.0.clock.now_us();
        let lag = self.0.lag.look(now_us);
        self.0.arrive(now_us, lag, tenant, contacts).inspect_err(|_| self.0.late.increment(contacts as u64))
    }

    fn admit(&self, request: &Request<Body>) -> Result<Open, CallError> {
        let open = Open(Arc::clone(&self.0));
        self.0.in_flight.increment(1.0);
        // Counted, and no longer if it is one too many.
        if self.0.open.fetch_add(1, Relaxed) >= self.0.in_flight_max {
            self.0.too_many.increment(1);
            return Err(CallError::Overloaded { retry_after: RETRY_MIN });
        }
        if ARRIVALS.contains(&request.uri().path()) {
            let behind = request.extensions().get().map_or(Duration::ZERO, Backlog::age);
            self.0.begin(self.0.clock.now_us(), behind).inspect_err(|_| self.0.late.increment(1))?;
        }
        Ok(open)
    }
}

impl Shared {
    /// Refuses an arrival that has waited too long to be read.
    fn begin(&self, now_us: u64, behind: Duration) -> Result<(), CallError> {
        if behind <= self.overload.patience(now_us) { Ok(()) } else { self.overload.judge(now_us, behind) }
    }

    /// Takes arrivals, or refuses them if everything waits for so long and their tenant brings more than its share.
    fn arrive(&self, now_us: u64, waits: Duration, tenant: &TenantId, contacts: usize) -> Result<(), CallError> {
        if waits <= self.overload.notable() {
            if self.shares.are_counted() {
                self.shares.fade(now_us);
            }
            return self.overload.judge(now_us, Duration::ZERO);
        }
        let above = self.shares.is_above(now_us, tenant, contacts);
        self.overload.judge(now_us, if above { waits } else { Duration::ZERO })?;
        self.shares.taken(contacts);
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.lag.over.store(true, Relaxed);
        self.lag.ready.notify_one();
    }
}

/// Tells the lag as often as it is asked for, as long as anybody asks.
async fn tell_lag(lag: Arc<Lag>, clock: Clock) {
    let gauge = LAG_SECONDS.gauge(&[]);
    loop {
        lag.ready.notified().await;
        if lag.over.load(Relaxed) {
            return;
        }
        let now_us = clock.now_us();
        let lag_us = now_us.saturating_sub(lag.ready_us.load(Relaxed));
        lag.lag_us.store(lag_us, Relaxed);
        lag.told_us.store(now_us, Relaxed);
        lag.ready_us.store(0, Relaxed);
        gauge.set(lag_us as f64 / 1e6);
    }
}

/// A call that is open until this is dropped.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
        self.0.in_flight.decrement(1.0);
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub struct Gated<S> {
    inner: S,
    gate: Admission,
}

impl<S> Layer<S> for Admission {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated { inner, gate: self.clone() }
    }
}

impl<S> Service<Request<Body>> for Gated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.gate.admit(&request) {
            Ok(open) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let answer = answer.await;
                    drop(open);
                    answer
                })
            }
            Err(refused) => Box::pin(std::future::ready(Ok(Status::from(refused).into_http()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Admission {
        let [burst, delay] = [50, 5].map(Duration::from_millis);
        Admission::new(Limits { burst, delay, in_flight_max: 2 })
    }

    #[tokio::test]
    async fn who_was_not_read_is_refused_by_connection_and_who_was_by_share() {
        let Admission(gate) = gate();
        let [flood, quiet] = ["flood", "quiet"].map(|name| TenantId::new(name).unwrap());
        let [none, all] = [0, 60].map(Duration::from_millis);
        let mut refused = [0; 2];
        // Everything waits for 60 ms, for a second; one tenant brings twenty times as much as the other.
        for ms in 1..=1_000 {
            for _ in 0..20 {
                refused[0] += usize::from(gate.arrive(ms * 1_000, all, &flood, 1).is_err());
            }
            refused[1] += usize::from(gate.arrive(ms * 1_000, all, &quiet, 1).is_err());
        }
        assert!(refused[0] > 10_000 && refused[1] == 0, "{refused:?}");
        assert!(gate.begin(1_000_000, all).is_err(), "whoever sends faster than is read");
        assert_eq!(gate.begin(1_000_000, none), Ok(()), "nobody else");
        assert_eq!(gate.arrive(1_000_000, none, &flood, 1), Ok(()), "nobody waits");
    }

    #[tokio::test]
    async fn calls_beyond_the_bound_are_refused_until_one_ends() {
        let gate = gate();
        let request = Request::new(Body::empty());
        let (first, second) = (gate.admit(&request).ok(), gate.admit(&request).ok());
        assert!(first.is_some() && second.is_some());
        assert!(gate.admit(&request).is_err());
        drop(first);
        assert!(gate.admit(&request).is_ok());
    }
}
