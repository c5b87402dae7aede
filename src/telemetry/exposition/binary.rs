//! The same metrics in Prometheus's binary format, which alone has native histograms.
//!
//! Messages are those of `io.prometheus.client` (client_model's `metrics.proto`, fields as of 2022), of which only what is
//! used is here. A histogram has its classic buckets and the native ones, and who reads takes which it wants. Invariant:
//! counts and sum of a native histogram are of one moment. Not here: who asks for it (`admin`).

use prost::Message;
use prost_types::Timestamp;

use super::{
    Families, Family, Value,
    native::{NOUGHT_MAX, SCHEMA},
    unwritten,
};
use crate::telemetry::metrics::Kind;

/// What it is called where a reader says what it takes.
pub const ACCEPTED: &str = "application/vnd.google.protobuf";
/// What it is called in an answer.
pub const TYPE: &str = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

#[derive(Clone, PartialEq, Message)]
struct MetricFamily {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    help: Option<String>,
    #[prost(enumeration = "MetricType", optional, tag = "3")]
    r#type: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    metric: Vec<Metric>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
enum MetricType {
    Counter = 0,
    Gauge = 1,
    Histogram = 4,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    label: Vec<LabelPair>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Number>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Number>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct LabelPair {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    value: Option<String>,
}

/// A gauge or a counter.
#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(double, optional, tag = "1")]
    value: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    sample_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sample_sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    bucket: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    zero_count: Option<u64>,
    #[prost(message, repeated, tag = "12")]
    positive_span: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "13")]
    positive_delta: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, optional, tag = "1")]
    cumulative_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    upper_bound: Option<f64>,
    #[prost(message, optional, tag = "3")]
    exemplar: Option<Exemplar>,
}

#[derive(Clone, PartialEq, Message)]
struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    label: Vec<LabelPair>,
    #[prost(double, optional, tag = "2")]
    value: Option<f64>,
    #[prost(message, optional, tag = "3")]
    timestamp: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, optional, tag = "1")]
    offset: Option<i32>,
    #[prost(uint32, optional, tag = "2")]
    length: Option<u32>,
}

/// Every family that has series, each with its length before it.
pub(super) fn render(families: &Families) -> Vec<u8> {
    let mut bytes = Vec::new();
    for family in &families.all {
        let message = of_family(family);
        if !message.metric.is_empty() {
            message.encode_length_delimited(&mut bytes).expect("a vector has room");
        }
    }
    bytes
}

fn of_family(family: &Family) -> MetricFamily {
    let mut metric = Vec::new();
    loop {
        let page = family.page(metric.len());
        if page.is_empty() {
            break;
        }
        metric.extend(page.iter().map(|(labels, value)| of_series(labels, value)));
    }
    let kind = match family.metric.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    };
    MetricFamily {
        name: Some(family.metric.name.to_owned()),
        help: Some(family.metric.help.to_owned()),
        r#type: Some(kind.into()),
        metric,
    }
}

fn of_series(labels: &str, value: &Value) -> Metric {
    let pair = |(name, value)| LabelPair { name: Some(name), value: Some(value) };
    let mut metric = Metric { label: unwritten(labels).map(pair).collect(), ..Metric::default() };
    match value {
        Value::Counter(count) => metric.counter = Some(Number { value: Some(count.get() as f64) }),
        Value::Gauge(level) => metric.gauge = Some(Number { value: Some(level.get()) }),
        Value::Histogram(buckets) => metric.histogram = Some(of_histogram(buckets)),
    }
    metric
}

fn of_histogram(buckets: &super::Buckets) -> Histogram {
    let mut count = 0;
    let exemplar = |at| buckets.native.as_ref()?.exemplars.of(at).map(of_exemplar);
    let bounds = buckets.bounds.iter().copied().chain([f64::INFINITY]);
    let bucket = bounds.zip(buckets.counts()).enumerate().map(|(at, (bound, more))| {
        count += more;
        Bucket { cumulative_count: Some(count), upper_bound: Some(bound), exemplar: exemplar(at) }
    });
    let mut histogram = Histogram { bucket: bucket.collect(), ..Histogram::default() };
    let Some(native) = &buckets.native else {
        return Histogram { sample_count: Some(count), sample_sum: Some(buckets.sum.get()), ..histogram };
    };
    let counts = native.counts.counts();
    let mut before = 0;
    for (offset, run) in counts.spans() {
        let length = u32::try_from(run.len()).expect("there are only so many buckets");
        histogram.positive_span.push(BucketSpan { offset: Some(offset), length: Some(length) });
        for count in run {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            histogram.positive_delta.push(count - before);
            before = count;
        }
    }
    Histogram {
        sample_count: Some(counts.count()),
        sample_sum: Some(counts.sum),
        schema: Some(SCHEMA),
        zero_threshold: Some(NOUGHT_MAX),
        zero_count: Some(counts.nought),
        ..histogram
    }
}

fn of_exemplar(exemplar: super::exemplar::Exemplar) -> Exemplar {
    let trace = LabelPair { name: Some("trace_id".to_owned()), value: Some(format!("{:032x}", exemplar.place.trace)) };
    let timestamp = Timestamp {
        seconds: i64::try_from(exemplar.place.at.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(exemplar.place.at.subsec_nanos()).expect("less than a second"),
    };
    Exemplar { label: vec![trace], value: Some(exemplar.value), timestamp: Some(timestamp) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use metrics::with_local_recorder;

    use super::{
        super::{
            Exposition,
            exemplar::{Place, of_trace},
            tests::TABLE,
        },
        *,
    };

    fn read(mut bytes: &[u8]) -> Vec<MetricFamily> {
        let mut families = Vec::new();
        while !bytes.is_empty() {
            families.push(MetricFamily::decode_length_delimited(&mut bytes).expect("it was encoded"));
        }
        families
    }

    #[test]
    fn what_is_text_there_is_the_same_here_and_histograms_are_native_as_well() {
        let exposition = Exposition::of(TABLE);
        exposition.also_native();
        with_local_recorder(&exposition, || {
            TABLE[0].counter(&["a\"b\\c\nd", "x"]).increment(17);
            TABLE[1].gauge(&[]).set(-2.5);
            let took = TABLE[2].histogram(&["me"]);
            of_trace(Some(Place { trace: 0xab, at: Duration::from_millis(1_500) }), || took.record(0.0625));
            [0.5, 0.5, 1.0, 1.0625, 8.0, 0.0].iter().for_each(|seconds| took.record(*seconds));
        });
        let [done, deep, took] = read(&exposition.render_binary()).try_into().expect("three");
        assert_eq!((done.name(), done.r#type()), ("done_total", MetricType::Counter));
        let labels: Vec<_> = done.metric[0].label.iter().map(|pair| (pair.name(), pair.value())).collect();
        assert_eq!(labels, [("who", "a\"b\\c\nd"), ("what", "x")]);
        assert_eq!(done.metric[0].counter, Some(Number { value: Some(17.0) }));
        assert_eq!((deep.r#type(), &deep.metric[0].gauge), (MetricType::Gauge, &Some(Number { value: Some(-2.5) })));

        let histogram = took.metric[0].histogram.as_ref().expect("it is one");
        assert_eq!((histogram.sample_count(), histogram.sample_sum()), (7, 11.125));
        let classic: Vec<_> = histogram.bucket.iter().map(|at| (at.upper_bound(), at.cumulative_count())).collect();
        assert_eq!(classic, [(0.1, 2), (1.0, 5), (f64::INFINITY, 7)]);
        let exemplars: Vec<_> = histogram.bucket.iter().filter_map(|bucket| bucket.exemplar.as_ref()).collect();
        assert_eq!((exemplars.len(), exemplars[0].value()), (1, 0.0625));
        assert_eq!(exemplars[0].label[0].value(), "000000000000000000000000000000ab");
        assert_eq!(exemplars[0].timestamp, Some(Timestamp { seconds: 1, nanos: 500_000_000 }));
        // 0.0625 is in bucket -32, 0.5 in bucket -8 twice, 1 in bucket 0, 1.0625 in bucket 1, and 8 in bucket 24.
        let spans: Vec<_> = histogram.positive_span.iter().map(|span| (span.offset(), span.length())).collect();
        assert_eq!(spans, [(-32, 1), (23, 1), (7, 2), (22, 1)]);
        assert_eq!(histogram.positive_delta, [1, 1, -1, 0, 0]);
        assert_eq!((histogram.schema(), histogram.zero_count()), (3, 1));
    }

    #[test]
    fn without_them_histograms_are_classic_alone() {
        let exposition = Exposition::of(TABLE);
        with_local_recorder(&exposition, || TABLE[2].histogram(&["me"]).record(0.5));
        let [took] = read(&exposition.render_binary()).try_into().expect("one");
        let histogram = took.metric[0].histogram.as_ref().expect("it is one");
        assert_eq!((histogram.sample_count(), histogram.schema, histogram.positive_span.len()), (1, None, 0));
    }
}
