//! Spans to a collector, by OpenTelemetry's own exporter: in batches, from a thread of its own.
//!
//! Invariant: who tells a span never waits; what the collector does not take in time is dropped, and the exporter logs that.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry::{
    Context, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{
        Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TraceState, Tracer as _,
        TracerProvider as _,
    },
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use tokio::{sync::oneshot, time::timeout};
use tracing::warn;

use super::{Kind, Place, Span, Target, Value};

/// Whether this program can send spans at all.
pub const CAN_SEND: bool = true;

/// The exporter, once there is one.
static SENDER: OnceLock<Sender> = OnceLock::new();

struct Sender {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    sample_percent: u64,
    /// Traces that began here.
    begun: AtomicU64,
}

impl Sender {
    /// Whether a span is kept: as its trace is, or as what it came of is; of traces that begin here, every so manieth.
    fn keeps(&self, span: &Span<'_>) -> bool {
        if let Some(place) = span.parent.or(span.link) {
            return place.is_sampled;
        }
        let before = self.begun.fetch_add(1, Relaxed);
        let kept = |begun: u64| begun.wrapping_mul(self.sample_percent) / 100;
        kept(before) != kept(before.wrapping_add(1))
    }
}

pub fn start(target: &Target) -> Result<(), String> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(&target.endpoint).build();
    let exporter = exporter.map_err(|error| error.to_string())?;
    let resource = Resource::builder()
        .with_service_name("attuned")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        // What is not kept is not even begun.
        .with_sampler(Sampler::AlwaysOn)
        .with_resource(resource.build())
        .build();
    let tracer = provider.tracer("attune");
    let sender = Sender { provider, tracer, sample_percent: target.sample_percent, begun: AtomicU64::new(0) };
    // A second start in one process goes on with the first one's.
    let _ = SENDER.set(sender);
    Ok(())
}

pub fn is_on() -> bool {
    SENDER.get().is_some()
}

pub fn tell(span: &Span<'_>) {
    let Some(sender) = SENDER.get().filter(|sender| sender.keeps(span)) else { return };
    let attributes = span.attributes.iter().map(|(name, value)| match value {
        Value::Text(text) => KeyValue::new(*name, (*text).to_owned()),
        Value::Number(number) => KeyValue::new(*name, *number),
        Value::Truth(truth) => KeyValue::new(*name, *truth),
    });
    let builder = SpanBuilder::from_name(span.name.to_owned())
        .with_kind(match span.kind {
            Kind::Server => SpanKind::Server,
            Kind::Consumer => SpanKind::Consumer,
        })
        .with_start_time(time(span.began_us))
        .with_attributes(attributes)
        .with_links(span.link.map(|link| Link::with_context(context_of(link))).into_iter().collect());
    let parent = match span.parent {
        Some(parent) => Context::new().with_remote_span_context(context_of(parent)),
        None => Context::new(),
    };
    let mut told = sender.tracer.build_with_context(builder, &parent);
    if let Some(why) = span.failed {
        told.set_status(Status::error(why.to_owned()));
    }
    told.end_with_timestamp(time(span.ended_us));
}

pub async fn flush(longest: Duration) {
    let Some(sender) = SENDER.get() else { return };
    let (done, flushed) = oneshot::channel();
    // It blocks until the collector has answered, which the present runtime has to hear; and nobody waits for a thread of
    // its own when the process ends.
    let flush = move || drop(done.send(sender.provider.force_flush()));
    if let Err(error) = thread::Builder::new().name("spans".to_owned()).spawn(flush) {
        return warn!(%error, "the last spans are not sent: there is no thread");
    }
    match timeout(longest, flushed).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => warn!(%error, "the last spans were not taken"),
        Ok(Err(_)) | Err(_) => warn!("the last spans were not taken in time"),
    }
}

fn context_of(place: Place<'_>) -> SpanContext {
    let flags = if place.is_sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    let (trace, span) =
        (TraceId::from_bytes(place.trace_id.to_be_bytes()), SpanId::from_bytes(place.span_id.to_be_bytes()));
    SpanContext::new(trace, span, flags, true, place.state.parse::<TraceState>().unwrap_or_default())
}

fn time(us: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(us.max(0).unsigned_abs())
}
