//! Metrics in the form in which Prometheus reads them: counted in place, and written out from labels that are text already.
//!
//! With ten thousand queues a scrape has most of a million lines. So a series keeps its labels as they are written, a
//! histogram is counted in its buckets at once (nothing gathers between scrapes), and writing a line is copying text and a
//! number. Histograms are classic ones; native ones with exemplars besides, if asked for, travel only in the binary format.
//!
//! Invariant: a metric is of the table it was made with, any other is not recorded; the same labels are the same series;
//! whoever adds a series waits for no scrape, since a page of them is copied and written without the lock.
//! Not here: which metrics there are (`metrics`), the port (`admin`).

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use parking_lot::Mutex;

use super::metrics::{Kind, Metric};

pub mod binary;
pub mod exemplar;
mod native;

use exemplar::Exemplars;
use native::Sparse;

/// Series that are written between two looks at the list.
const PAGE: usize = 512;

/// All metrics of a table. Clones are the same.
#[derive(Debug, Clone)]
pub struct Exposition(Arc<Families>);

#[derive(Debug)]
struct Families {
    by_name: HashMap<&'static str, usize>,
    all: Vec<Family>,
    /// How long the last text was.
    bytes: AtomicUsize,
    /// Whether histograms that come are native as well.
    is_native: AtomicBool,
}

#[derive(Debug)]
struct Family {
    metric: &'static Metric,
    /// What stands in a bucket's line from its bound to the number.
    bounds: Vec<String>,
    series: Mutex<Series>,
}

/// Series in the order in which they came; they stay.
#[derive(Debug, Default)]
struct Series {
    by_labels: HashMap<Arc<str>, usize>,
    all: Vec<(Arc<str>, Value)>,
}

#[derive(Debug, Clone)]
enum Value {
    Counter(Arc<Count>),
    Gauge(Arc<Level>),
    Histogram(Arc<Buckets>),
}

#[derive(Debug, Default)]
struct Count(AtomicU64);

/// A float's bits.
#[derive(Debug, Default)]
struct Level(AtomicU64);

#[derive(Debug)]
struct Buckets {
    bounds: &'static [f64],
    /// For each bound what is no more than it and more than the one before; last, what is more than all.
    counts: Box<[AtomicU64]>,
    sum: Level,
    native: Option<Native>,
}

/// What the binary format has besides.
#[derive(Debug, Default)]
struct Native {
    counts: Sparse,
    exemplars: Exemplars,
}

impl Exposition {
    /// Of these metrics.
    pub fn of(table: &'static [Metric]) -> Self {
        let by_name = table.iter().enumerate().map(|(at, metric)| (metric.name, at)).collect();
        let all = table.iter().map(Family::new).collect();
        Self(Arc::new(Families { by_name, all, bytes: AtomicUsize::new(0), is_native: AtomicBool::new(false) }))
    }

    /// Histograms are native ones as well, from now on: to be called before anything is counted.
    pub fn also_native(&self) {
        self.0.is_native.store(true, Ordering::Relaxed);
    }

    /// Whether they are.
    pub fn is_native(&self) -> bool {
        self.0.is_native.load(Ordering::Relaxed)
    }

    /// Everything, in Prometheus's binary format.
    pub fn render_binary(&self) -> Vec<u8> {
        binary::render(&self.0)
    }

    /// Everything, in Prometheus's text format. Takes as long as there are series: not for a thread that serves calls.
    pub fn render(&self) -> String {
        let families = &self.0;
        let mut text = String::with_capacity(families.bytes.load(Ordering::Relaxed) + 4_096);
        families.all.iter().for_each(|family| family.render(&mut text));
        families.bytes.store(text.len(), Ordering::Relaxed);
        text
    }

    /// How many lines with a number there are.
    pub fn lines(&self) -> usize {
        self.0.all.iter().map(|family| family.series.lock().all.len() * family.lines()).sum()
    }

    /// Counts tenants' contacts anew, as a process that has just begun: their counters and histograms are at 0 again, and
    /// gauges stay, since what they say is so. To be called before anybody reads.
    pub fn begin_anew(&self) {
        self.0.all.iter().filter(|family| family.metric.is_of_tenants()).for_each(Family::begin_anew);
    }

    fn value(&self, key: &Key) -> Option<Value> {
        let at = *self.0.by_name.get(key.name())?;
        Some(self.0.all[at].value(key, self.is_native()))
    }
}

impl Family {
    fn new(metric: &'static Metric) -> Self {
        let bounds = metric.buckets.iter().map(|bound| format!("le=\"{bound}\"}} "));
        Self {
            metric,
            bounds: bounds.chain(["le=\"+Inf\"} ".to_owned()]).collect(),
            series: Mutex::new(Series::default()),
        }
    }

    fn value(&self, key: &Key, is_native: bool) -> Value {
        let labels = labels(key);
        let mut series = self.series.lock();
        if let Some(at) = series.by_labels.get(labels.as_str()) {
            return series.all[*at].1.clone();
        }
        let value = match self.metric.kind {
            Kind::Counter => Value::Counter(Arc::default()),
            Kind::Gauge => Value::Gauge(Arc::default()),
            Kind::Histogram => Value::Histogram(Arc::new(Buckets::new(self.metric.buckets, is_native))),
        };
        let (labels, at) = (Arc::<str>::from(labels), series.all.len());
        series.by_labels.insert(Arc::clone(&labels), at);
        series.all.push((labels, value.clone()));
        value
    }

    fn begin_anew(&self) {
        for (_, value) in &self.series.lock().all {
            match value {
                Value::Counter(count) => count.0.store(0, Ordering::Relaxed),
                Value::Histogram(buckets) => buckets.begin_anew(),
                Value::Gauge(_) => {}
            }
        }
    }

    /// A page from here on, copied.
    fn page(&self, from: usize) -> Vec<(Arc<str>, Value)> {
        let series = self.series.lock();
        let until = (from + PAGE).min(series.all.len());
        series.all[from.min(until)..until].to_vec()
    }

    /// Lines of one series.
    fn lines(&self) -> usize {
        match self.metric.kind {
            Kind::Counter | Kind::Gauge => 1,
            Kind::Histogram => self.bounds.len() + 2,
        }
    }

    fn render(&self, text: &mut String) {
        let mut written = 0;
        loop {
            let page = self.page(written);
            if page.is_empty() {
                return;
            }
            if written == 0 {
                self.render_head(text);
            }
            page.iter().for_each(|(labels, value)| self.render_series(text, labels, value));
            written += page.len();
        }
    }

    fn render_head(&self, text: &mut String) {
        let Metric { name, kind, help, .. } = self.metric;
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        text.extend(["# HELP ", name, " ", help.as_str(), "\n# TYPE ", name, " ", kind, "\n"]);
    }

    fn render_series(&self, text: &mut String, labels: &str, value: &Value) {
        let name = self.metric.name;
        match value {
            Value::Counter(count) => {
                write_start(text, name, "", labels);
                write_whole(text, count.get());
                text.push('\n');
            }
            Value::Gauge(level) => {
                write_start(text, name, "", labels);
                write_number(text, level.get());
                text.push('\n');
            }
            Value::Histogram(buckets) => {
                let mut count = 0;
                for (bound, more) in self.bounds.iter().zip(buckets.counts()) {
                    count += more;
                    text.extend([name, "_bucket{", labels, if labels.is_empty() { "" } else { "," }]);
                    text.push_str(bound);
                    write_whole(text, count);
                    text.push('\n');
                }
                write_start(text, name, "_sum", labels);
                write_number(text, buckets.sum.get());
                text.push('\n');
                write_start(text, name, "_count", labels);
                write_whole(text, count);
                text.push('\n');
            }
        }
    }
}

impl Recorder for Exposition {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match self.value(key) {
            Some(Value::Counter(count)) => count.into(),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        match self.value(key) {
            Some(Value::Gauge(level)) => level.into(),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match self.value(key) {
            Some(Value::Histogram(buckets)) => buckets.into(),
            _ => Histogram::noop(),
        }
    }
}

impl Count {
    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl CounterFn for Count {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }
}

impl Level {
    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    fn add(&self, value: f64) {
        let more = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // None of these fails: there is always a sum.
        _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

impl GaugeFn for Level {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }
}

impl Buckets {
    fn new(bounds: &'static [f64], is_native: bool) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: Level::default(), native: is_native.then(Native::default) }
    }

    /// What is in each bucket alone.
    fn counts(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed))
    }

    fn begin_anew(&self) {
        self.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        self.sum.set(0.0);
        if let Some(native) = &self.native {
            native.counts.begin_anew();
            native.exemplars.begin_anew();
        }
    }
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        self.sum.add(value);
        if let Some(native) = &self.native {
            native.counts.record(value);
            native.exemplars.record(at, value);
        }
    }
}

/// Labels as they are written between the braces.
fn labels(key: &Key) -> String {
    let mut text = String::new();
    for label in key.labels() {
        if !text.is_empty() {
            text.push(',');
        }
        text.extend([label.key(), "=\""]);
        for letter in label.value().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                letter => text.push(letter),
            }
        }
        text.push('"');
    }
    text
}

/// The labels that were written so.
fn unwritten(labels: &str) -> impl Iterator<Item = (String, String)> {
    let mut left = labels;
    std::iter::from_fn(move || {
        let (name, behind) = left.trim_start_matches(',').split_once("=\"")?;
        let (mut value, mut letters) = (String::new(), behind.char_indices());
        let end = loop {
            match letters.next()? {
                (at, '"') => break at,
                (_, '\\') => match letters.next()?.1 {
                    'n' => value.push('\n'),
                    letter => value.push(letter),
                },
                (_, letter) => value.push(letter),
            }
        };
        left = &behind[end + 1..];
        Some((name.to_owned(), value))
    })
}

fn write_start(text: &mut String, name: &str, suffix: &str, labels: &str) {
    match labels {
        "" => text.extend([name, suffix, " "]),
        labels => text.extend([name, suffix, "{", labels, "} "]),
    }
}

/// Digits from the last to the first; the formatter of the standard library takes several times as long.
fn write_whole(text: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len() - 1;
    loop {
        digits[at] += u8::try_from(number % 10).expect("a digit");
        number /= 10;
        if number == 0 {
            break;
        }
        at -= 1;
    }
    text.push_str(str::from_utf8(&digits[at..]).expect("digits are ASCII"));
}

fn write_number(text: &mut String, number: f64) {
    /// Up to here a float holds every whole number.
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < WHOLE_MAX {
        if number < 0.0 {
            text.push('-');
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole, small and positive")]
        write_whole(text, number.abs() as u64);
    } else if number.is_finite() || number.is_nan() {
        let _ = write!(text, "{number}");
    } else {
        text.push_str(if number > 0.0 { "+Inf" } else { "-Inf" });
    }
}

#[cfg(test)]
mod tests {
    use metrics::with_local_recorder;

    use super::*;

    pub const TABLE: &[Metric] = &[
        Metric {
            name: "done_total",
            kind: Kind::Counter,
            unit: Unit::Count,
            help: "What was \\ done.",
            labels: &["who", "what"],
            buckets: &[],
        },
        Metric { name: "deep", kind: Kind::Gauge, unit: Unit::Count, help: "How.", labels: &[], buckets: &[] },
        Metric {
            name: "took_seconds",
            kind: Kind::Histogram,
            unit: Unit::Seconds,
            help: "How long.",
            labels: &["who"],
            buckets: &[0.1, 1.0],
        },
    ];

    #[test]
    fn everything_is_written_as_prometheus_reads_it() {
        let exposition = Exposition::of(TABLE);
        with_local_recorder(&exposition, || {
            let odd = TABLE[0].counter(&["a\"b\\c\nd", "x"]);
            odd.increment(17);
            TABLE[0].counter(&["a\"b\\c\nd", "x"]).increment(u64::from(u32::MAX));
            odd.absolute(5);
            TABLE[0].counter(&["e", "y"]).increment(0);
            let gauge = TABLE[1].gauge(&[]);
            gauge.set(2.5);
            gauge.decrement(4.0);
            let histogram = TABLE[2].histogram(&["me"]);
            [0.0625, 0.5, 3.0, 1.0].iter().for_each(|seconds| histogram.record(*seconds));
            metrics::counter!("unknown").increment(1);
        });
        let expected = "# HELP done_total What was \\\\ done.\n# TYPE done_total counter\n\
            done_total{who=\"a\\\"b\\\\c\\nd\",what=\"x\"} 4294967312\ndone_total{who=\"e\",what=\"y\"} 0\n\
            # HELP deep How.\n# TYPE deep gauge\ndeep -1.5\n\
            # HELP took_seconds How long.\n# TYPE took_seconds histogram\n\
            took_seconds_bucket{who=\"me\",le=\"0.1\"} 1\ntook_seconds_bucket{who=\"me\",le=\"1\"} 3\n\
            took_seconds_bucket{who=\"me\",le=\"+Inf\"} 4\ntook_seconds_sum{who=\"me\"} 4.5625\n\
            took_seconds_count{who=\"me\"} 4\n";
        assert_eq!(exposition.render(), expected);
        assert_eq!(exposition.lines(), 2 + 1 + 5);
    }

    #[test]
    fn whoever_begins_anew_keeps_series_and_gauges_and_what_is_nobodys() {
        const TENANTS: &[Metric] = &[
            Metric { labels: &["tenant"], ..TABLE[0] },
            Metric { name: "there", labels: &["tenant"], ..TABLE[1] },
            Metric { labels: &["tenant"], ..TABLE[2] },
            Metric { name: "daemon_total", labels: &[], ..TABLE[0] },
        ];
        let exposition = Exposition::of(TENANTS);
        with_local_recorder(&exposition, || {
            let [done, daemon] = [TENANTS[0].counter(&["t"]), TENANTS[3].counter(&[])];
            let took = TENANTS[2].histogram(&["t"]);
            [&done, &daemon].iter().for_each(|counter| counter.increment(7));
            TENANTS[1].gauge(&["t"]).set(2.0);
            took.record(0.5);
            exposition.begin_anew();
            done.increment(1);
            took.record(3.0);
        });
        let text = exposition.render();
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            "done_total{tenant=\"t\"} 1",
            "there{tenant=\"t\"} 2",
            "took_seconds_bucket{tenant=\"t\",le=\"0.1\"} 0",
            "took_seconds_bucket{tenant=\"t\",le=\"1\"} 0",
            "took_seconds_bucket{tenant=\"t\",le=\"+Inf\"} 1",
            "took_seconds_sum{tenant=\"t\"} 3",
            "took_seconds_count{tenant=\"t\"} 1",
            "daemon_total 7",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn more_series_than_a_page_are_written_once_each() {
        let exposition = Exposition::of(TABLE);
        with_local_recorder(&exposition, || {
            (0..PAGE * 2 + 3).for_each(|who| TABLE[0].counter(&[&who.to_string(), ""]).increment(1));
        });
        let text = exposition.render();
        let mut lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), PAGE * 2 + 3);
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), PAGE * 2 + 3);
    }

    #[test]
    fn numbers_are_written_as_they_are() {
        let written = |number: f64| {
            let mut text = String::new();
            write_number(&mut text, number);
            text
        };
        assert_eq!([0.0, -0.0, 1e15, -3.0].map(written), ["0", "0", "1000000000000000", "-3"]);
        assert_eq!([0.25, f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(written), ["0.25", "+Inf", "-Inf", "NaN"]);
    }
}
