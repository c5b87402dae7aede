//! Admission: which calls are taken while more comes than can be served.
//!
//! A call that brings new work is refused by its headers alone, unread, if it has waited too long already: it came over a
//! connection that sends faster than it is read (`connection`), or everything that is ready waits too long for its turn
//! (`Lag`). What is refused costs far less than what is served, so those who wait are soon up to date again. A burst may
//! wait longer than what comes while overload lasts, which is taken late or not at all.
//!
//! Invariant: only arrivals are ever refused for being late, never what ends work (answers, completions, presence), and
//! nobody because another's connection is behind. How many calls are open at once has a bound for all, which is that of
//! their memory. Not here: how much may wait in a shard's inbox (`shard::inbox`).

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
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
    shard::CallError,
    telemetry::metrics::{CALLS_IN_FLIGHT, CALLS_OVERLOADED, LAG_SECONDS},
};

use super::connection::Backlog;

/// When calls are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest that an arrival may have waited, while all is well.
    pub burst: Duration,
    /// The same for [`ALERT`] after the last time that the other was exceeded.
    pub delay: Duration,
    /// Calls that may be open at once; streams count until they are open.
    pub in_flight_max: usize,
}

/// Calls that bring new work.
const ARRIVALS: [&str; 2] = ["/attune.v1.ContactService/EnqueueContact", "/attune.v1.ContactService/AnnounceContact"];

/// How long overload is on the mind.
const ALERT: Duration = Duration::from_secs(1);
/// What a refused caller waits: at least what it takes to catch up …
const RETRY_MIN: Duration = Duration::from_millis(20);
/// … and at most this, however long overload has lasted.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// The gate; clones are the same one.
#[derive(Clone)]
pub struct Admission(Arc<Shared>);

struct Shared {
    limits: Limits,
    clock: Clock,
    lag: Lag,
    /// Since when overload is on the mind, and until when if nothing more happens.
    alert_since_us: AtomicU64,
    alert_until_us: AtomicU64,
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
        let shared = Arc::new(Shared {
            limits,
            clock: Clock(Instant::now()),
            lag: Lag::default(),
            alert_since_us: AtomicU64::new(0),
            alert_until_us: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            in_flight: CALLS_IN_FLIGHT.gauge(&[]),
            late: CALLS_OVERLOADED.counter(&["late"]),
            too_many: CALLS_OVERLOADED.counter(&["in_flight"]),
        });
        tokio::spawn(tell_lag(Arc::downgrade(&shared)));
        Self(shared)
    }

    /// Whether contacts that came by a stream may be taken. A stream is not read faster than it is answered, so nothing
    /// waits in it that its sender does not know of.
    pub fn admit_from_stream(&self, contacts: usize) -> Result<(), CallError> {
        self.0.arrive(Duration::ZERO).inspect_err(|_| self.0.late.increment(contacts as u64))
    }

    fn admit(&self, request: &Request<Body>) -> Result<Open, CallError> {
        let open = Open(Arc::clone(&self.0));
        self.0.in_flight.increment(1.0);
        // Counted, and no longer if it is one too many.
        if self.0.open.fetch_add(1, Relaxed) >= self.0.limits.in_flight_max {
            self.0.too_many.increment(1);
            return Err(CallError::Overloaded { retry_after: RETRY_MIN });
        }
        if ARRIVALS.contains(&request.uri().path()) {
            let behind = request.extensions().get().map_or(Duration::ZERO, Backlog::age);
            self.0.arrive(behind).inspect_err(|_| self.0.late.increment(1))?;
        }
        Ok(open)
    }
}

impl Shared {
    /// Takes or refuses an arrival that has waited for so long to be read.
    fn arrive(&self, behind: Duration) -> Result<(), CallError> {
        let now_us = self.clock.now_us();
        let waited = behind + self.lag.look(now_us);
        let mut alert = now_us < self.alert_until_us.load(Relaxed);
        if waited > self.limits.burst {
            if !alert {
                self.alert_since_us.store(now_us, Relaxed);
            }
            self.alert_until_us.store(now_us + micros(ALERT), Relaxed);
            alert = true;
        }
        if waited <= if alert { self.limits.delay } else { self.limits.burst } {
            return Ok(());
        }
        // The longer overload has lasted, the longer it will: hints grow with it, so that retries do not feed it.
        let lasted_us = now_us.saturating_sub(self.alert_since_us.load(Relaxed));
        let retry_after = (waited * 2 + Duration::from_micros(lasted_us / 4)).clamp(RETRY_MIN, RETRY_MAX);
        Err(CallError::Overloaded { retry_after })
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Tells the lag as often as it is asked for, as long as there is a gate.
async fn tell_lag(gate: std::sync::Weak<Shared>) {
    let gauge = LAG_SECONDS.gauge(&[]);
    while let Some(shared) = gate.upgrade() {
        let asked = tokio::time::timeout(ALERT, shared.lag.ready.notified()).await;
        if asked.is_err() {
            // Nobody came; the gate may be gone.
            continue;
        }
        let now_us = shared.clock.now_us();
        let lag_us = now_us.saturating_sub(shared.lag.ready_us.load(Relaxed));
        shared.lag.lag_us.store(lag_us, Relaxed);
        shared.lag.told_us.store(now_us, Relaxed);
        shared.lag.ready_us.store(0, Relaxed);
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
    async fn a_burst_may_wait_and_lasting_overload_is_refused_early() {
        let gate = gate();
        let arrive = |ms| gate.0.arrive(Duration::from_millis(ms));
        assert_eq!(arrive(40), Ok(()), "a burst");
        let Err(CallError::Overloaded { retry_after }) = arrive(60) else { panic!("is refused") };
        assert!(retry_after >= Duration::from_millis(120), "twice what it would have had to wait: {retry_after:?}");
        assert!(arrive(10).is_err(), "overload is on the mind: no second burst");
        assert_eq!(arrive(4), Ok(()), "who has hardly waited is taken");
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
