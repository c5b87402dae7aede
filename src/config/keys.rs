//! Every key of the settings, in one table.
//!
//! Invariant: file, environment and flags know the same keys: `log.format` is `ATTUNE_LOG_FORMAT` and `--log-format`.
//! Tenants are the exception, since their names are the operator's: `tenants.NAME.document`, `ATTUNE_TENANTS`, `--tenant`.

use std::{fmt::Display, net::SocketAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use tonic::transport::Uri;

use crate::{
    model::time::Span,
    telemetry::{logs, spans},
};

use super::Settings;

/// What the values of a key look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An IP address and a port.
    Address,
    /// A whole number.
    Number {
        /// The least that is taken.
        least: u64,
        /// The most that is taken.
        most: u64,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text with rules of its own.
    Text,
}

/// What a running daemon does with a new value when it is told to read its settings again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Takes it at once.
    Live,
    /// Goes on with the old one until it is started again.
    Restart,
}

/// One key.
pub struct Key {
    /// As it is written in the file, with dots between tables.
    pub name: &'static str,
    /// Its value when nobody sets it, as it would be written.
    pub default: &'static str,
    /// What it is for, in a sentence.
    pub help: &'static str,
    /// What its values look like.
    pub form: Form,
    /// What a running daemon does with a new value.
    pub change: Change,
    /// Its value, as it would be written.
    pub(super) get: fn(&Settings) -> String,
    /// Takes a value, or says what is wrong with it; the words follow the key.
    pub(super) set: fn(&mut Settings, &str) -> Result<(), String>,
}

/// All keys but the tenants'.
pub const KEYS: &[Key] = &[
    Key {
        name: "listen",
        default: "127.0.0.1:7700",
        help: "Address and port for calls; port 0 takes any that is free.",
        form: Form::Address,
        change: Change::Restart,
        get: |settings| settings.listen.to_string(),
        set: |settings, text| address(text).map(|address| settings.listen = address),
    },
    Key {
        name: "admin.listen",
        default: "127.0.0.1:7701",
        help: "Address and port for metrics and health.",
        form: Form::Address,
        change: Change::Restart,
        get: |settings| settings.admin_listen.to_string(),
        set: |settings, text| address(text).map(|address| settings.admin_listen = address),
    },
    Key {
        name: "drain_secs_max",
        default: "10",
        help: "Seconds that stopping may take before calls under way are cut off, 0-600.",
        form: Form::Number { least: 0, most: 600 },
        change: Change::Live,
        get: |settings| settings.drain_max.as_secs().to_string(),
        set: |settings, text| number(text, 0..=600).map(|secs| settings.drain_max = Duration::from_secs(secs)),
    },
    Key {
        name: "journal.durability",
        default: "sync",
        help: "What survives: memory (nothing), async (whatever was answered, but at a power cut the last moment) or sync (all of it).",
        form: Form::Word(&["memory", "async", "sync"]),
        change: Change::Restart,
        get: |settings| settings.durability.to_string(),
        set: |settings, text| parse(text).map(|durability| settings.durability = durability),
    },
    Key {
        name: "journal.async_sync_ms",
        default: "100",
        help: "Milliseconds after which async has what was answered on the disk, 1-10000: what a power cut may lose.",
        form: Form::Number { least: 1, most: 10_000 },
        change: Change::Restart,
        get: |settings| settings.async_sync.as_millis().to_string(),
        set: |settings, text| number(text, 1..=10_000).map(|ms| settings.async_sync = Duration::from_millis(ms)),
    },
    Key {
        name: "journal.folder",
        default: "attune-journal",
        help: "Folder of the journal, for sync and async; made if it is not there. One process at a time.",
        form: Form::Text,
        change: Change::Restart,
        get: |settings| settings.journal_folder.display().to_string(),
        set: |settings, text| match text {
            "" => Err("is empty; name a folder".to_owned()),
            folder => {
                settings.journal_folder = folder.into();
                Ok(())
            }
        },
    },
    Key {
        name: "journal.segment_mib",
        default: "64",
        help: "MiB of a file of the journal, of which two are kept ready, one as the reserve of a full disk, 1-1024.",
        form: Form::Number { least: 1, most: 1_024 },
        change: Change::Restart,
        get: |settings| settings.segment_mib.to_string(),
        set: |settings, text| number(text, 1..=1_024).map(|mib| settings.segment_mib = mib),
    },
    Key {
        name: "journal.snapshot_mib",
        default: "256",
        help: "MiB of journal after which a snapshot is made, so that a start has no more than that to read, 1-1048576.",
        form: Form::Number { least: 1, most: 1 << 20 },
        change: Change::Restart,
        get: |settings| settings.snapshot_mib.to_string(),
        set: |settings, text| number(text, 1..=1 << 20).map(|mib| settings.snapshot_mib = mib),
    },
    Key {
        name: "journal.archive_days",
        default: "14",
        help: "Days for which the journal is kept after two snapshots stand behind it, 0-3650.",
        form: Form::Number { least: 0, most: 3_650 },
        change: Change::Restart,
        get: |settings| settings.archive_days.to_string(),
        set: |settings, text| {
            number(text, 0..=3_650).map(|days| settings.archive_days = u32::try_from(days).expect("at most 3650"))
        },
    },
    Key {
        name: "journal.archive_mib",
        default: "0",
        help: "The same in MiB, 0-1073741824, the oldest removed first; 0 = without limit.",
        form: Form::Number { least: 0, most: 1 << 30 },
        change: Change::Restart,
        get: |settings| settings.archive_mib.to_string(),
        set: |settings, text| number(text, 0..=1 << 30).map(|mib| settings.archive_mib = mib),
    },
    Key {
        name: "journal.lost_keys",
        default: "refuse",
        help: "If keys of personal fields are missing: refuse to start, or erase the customers whose they are, for good.",
        form: Form::Word(&["refuse", "erase"]),
        change: Change::Restart,
        get: |settings| settings.lost_keys.to_string(),
        set: |settings, text| parse(text).map(|lost_keys| settings.lost_keys = lost_keys),
    },
    Key {
        name: "log.format",
        default: "text",
        help: "Log lines for people (text) or for machines (json).",
        form: Form::Word(&["text", "json"]),
        change: Change::Restart,
        get: |settings| settings.log_format.to_string(),
        set: |settings, text| parse(text).map(|format| settings.log_format = format),
    },
    Key {
        name: "log.level",
        default: "info",
        help: "What is logged: error, warn, info, debug, trace, or a filter such as warn,attune::shard=debug.",
        form: Form::Text,
        change: Change::Live,
        get: |settings| settings.log_level.clone(),
        set: |settings, text| {
            logs::check_filter(text).map_err(|error| format!("is not a filter: {error}"))?;
            text.clone_into(&mut settings.log_level);
            Ok(())
        },
    },
    Key {
        name: "log.contacts",
        default: "on",
        help: "Whether each contact gets a line in the log when it has ended: on or off.",
        form: Form::Word(&["on", "off"]),
        change: Change::Restart,
        get: |settings| settings.log_contacts.to_string(),
        set: |settings, text| parse(text).map(|switch| settings.log_contacts = switch),
    },
    Key {
        name: "metrics.queues_max",
        default: "1000",
        help: "Queues with metrics of their own, kept until a restart; the rest is counted together. 0-10000.",
        form: Form::Number { least: 0, most: 10_000 },
        change: Change::Restart,
        get: |settings| settings.metrics_queues_max.to_string(),
        set: |settings, text| number(text, 0..=10_000).map(|queues| settings.metrics_queues_max = queues),
    },
    Key {
        name: "metrics.tenants_max",
        default: "100",
        help: "Tenants with metrics of their own; the rest is counted together. 0-10000.",
        form: Form::Number { least: 0, most: 10_000 },
        change: Change::Restart,
        get: |settings| settings.metrics_tenants_max.to_string(),
        set: |settings, text| number(text, 0..=10_000).map(|tenants| settings.metrics_tenants_max = tenants),
    },
    Key {
        name: "metrics.native_histograms",
        default: "off",
        help: "Whether histograms are shown as native ones besides, to a Prometheus that takes those: on or off.",
        form: Form::Word(&["on", "off"]),
        change: Change::Restart,
        get: |settings| settings.metrics_native_histograms.to_string(),
        set: |settings, text| parse(text).map(|switch| settings.metrics_native_histograms = switch),
    },
    Key {
        name: "overload.burst_ms_max",
        default: "50",
        help: "Milliseconds that new contacts may have waited to be read before they are refused with OVERLOADED, 1-10000.",
        form: Form::Number { least: 1, most: 10_000 },
        change: Change::Restart,
        get: |settings| settings.overload.burst.as_millis().to_string(),
        set: |settings, text| number(text, 1..=10_000).map(|ms| settings.overload.burst = Duration::from_millis(ms)),
    },
    Key {
        name: "overload.delay_ms_max",
        default: "3",
        help: "The same while overload lasts: until hardly anybody is refused any more, 1-10000.",
        form: Form::Number { least: 1, most: 10_000 },
        change: Change::Restart,
        get: |settings| settings.overload.delay.as_millis().to_string(),
        set: |settings, text| number(text, 1..=10_000).map(|ms| settings.overload.delay = Duration::from_millis(ms)),
    },
    Key {
        name: "overload.in_flight_max",
        default: "32768",
        help: "Calls that may be read and unanswered at once, streams not counted; any more are refused, 1-1000000.",
        form: Form::Number { least: 1, most: 1_000_000 },
        change: Change::Restart,
        get: |settings| settings.overload.in_flight_max.to_string(),
        set: |settings, text| number(text, 1..=1_000_000).map(|calls| settings.overload.in_flight_max = calls),
    },
    Key {
        name: "recovery.hold_secs_max",
        default: "10",
        help: "Seconds after a restart in which nothing is offered while agents' sessions are missing, 0-60.",
        form: Form::Number { least: 0, most: 60 },
        change: Change::Restart,
        get: |settings| (settings.hold.longest.as_millis() / 1_000).to_string(),
        set: |settings, text| number(text, 0..=60).map(|secs| settings.hold.longest = Span::from_secs(secs)),
    },
    Key {
        name: "recovery.sessions_percent",
        default: "90",
        help: "Percent of those sessions which end that wait once they are back, 0-100; 0 = no wait.",
        form: Form::Number { least: 0, most: 100 },
        change: Change::Restart,
        get: |settings| settings.hold.sessions_percent.to_string(),
        set: |settings, text| number(text, 0..=100).map(|percent| settings.hold.sessions_percent = percent),
    },
    Key {
        name: "runtime.threads",
        default: "0",
        help: "Threads that serve calls, 0-256; 0 = one on up to two cores, otherwise one for each core but one.",
        form: Form::Number { least: 0, most: 256 },
        change: Change::Restart,
        get: |settings| settings.threads.to_string(),
        set: |settings, text| number(text, 0..=256).map(|threads| settings.threads = threads),
    },
    Key {
        name: "runtime.shard_thread",
        default: "shared",
        help: "Where routing is decided: shared (on the threads that serve calls) or own (on one of its own).",
        form: Form::Word(&["shared", "own"]),
        change: Change::Restart,
        get: |settings| settings.shard_thread.to_string(),
        set: |settings, text| parse(text).map(|thread| settings.shard_thread = thread),
    },
    Key {
        name: "tracing.otlp_endpoint",
        default: "off",
        help: "Where spans go, as OTLP over gRPC, such as http://127.0.0.1:4317; off = nowhere.",
        form: Form::Text,
        change: Change::Restart,
        get: |settings| settings.tracing.otlp_endpoint.clone().unwrap_or_else(|| "off".to_owned()),
        set: |settings, text| endpoint(text).map(|endpoint| settings.tracing.otlp_endpoint = endpoint),
    },
    Key {
        name: "tracing.sample_percent",
        default: "100",
        help: "Percent of the traces that begin here which are kept, 0-100; of others whoever began them decides.",
        form: Form::Number { least: 0, most: 100 },
        change: Change::Restart,
        get: |settings| settings.tracing.sample_percent.to_string(),
        set: |settings, text| number(text, 0..=100).map(|percent| settings.tracing.sample_percent = percent),
    },
];

impl Key {
    /// Its variable.
    pub fn env(&self) -> String {
        format!("ATTUNE_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Whether these settings have the same value for it.
    pub fn agrees(&self, one: &Settings, other: &Settings) -> bool {
        (self.get)(one) == (self.get)(other)
    }

    /// Gives these settings the value that those have.
    pub fn copy(&self, from: &Settings, to: &mut Settings) {
        (self.set)(to, &(self.get)(from))
            .expect("a value in use is valid, and is written as it is read: a test compares");
    }

    /// Its flag.
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace(['.', '_'], "-"))
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("is {text:?}, which is no address and port such as 127.0.0.1:7700"))
}

fn endpoint(text: &str) -> Result<Option<String>, String> {
    if text == "off" {
        return Ok(None);
    }
    let address = text.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("http") && uri.authority().is_some());
    match address {
        None => Err(format!("is {text:?}, which is neither off nor an address such as http://127.0.0.1:4317")),
        Some(_) if !spans::CAN_SEND => Err("needs a program that was built with the feature otlp".to_owned()),
        Some(_) => Ok(Some(text.to_owned())),
    }
}

fn number<T: FromStr + PartialOrd + Display>(text: &str, range: RangeInclusive<T>) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("is {text:?}, which is no whole number from {} to {}", range.start(), range.end()))
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("is {text:?}, which {error}"))
}
