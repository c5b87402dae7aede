//! Every key of the settings, in one table.
//!
//! Invariant: file, environment and flags know the same keys: `log.format` is `ATTUNE_LOG_FORMAT` and `--log-format`.
//! Tenants are the exception, since their names are the operator's: `tenants.NAME.document`, `ATTUNE_TENANTS`, `--tenant`.

use std::{fmt::Display, net::SocketAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use crate::telemetry::logs;

use super::Settings;

/// One key.
pub struct Key {
    /// As it is written in the file, with dots between tables.
    pub name: &'static str,
    /// Its value when nobody sets it, as it would be written.
    pub default: &'static str,
    /// What it is for, in a sentence.
    pub help: &'static str,
    /// Takes a value, or says what is wrong with it; the words follow the key.
    pub(super) set: fn(&mut Settings, &str) -> Result<(), String>,
}

/// All keys but the tenants'.
pub const KEYS: &[Key] = &[
    Key {
        name: "listen",
        default: "127.0.0.1:7700",
        help: "Address and port for calls; port 0 takes any that is free.",
        set: |settings, text| address(text).map(|address| settings.listen = address),
    },
    Key {
        name: "admin.listen",
        default: "127.0.0.1:7701",
        help: "Address and port for metrics and health.",
        set: |settings, text| address(text).map(|address| settings.admin_listen = address),
    },
    Key {
        name: "drain_secs_max",
        default: "10",
        help: "Seconds that stopping may take before calls under way are cut off, 0-600.",
        set: |settings, text| number(text, 0..=600).map(|secs| settings.drain_max = Duration::from_secs(secs)),
    },
    Key {
        name: "log.format",
        default: "text",
        help: "Log lines for people (text) or for machines (json).",
        set: |settings, text| parse(text).map(|format| settings.log_format = format),
    },
    Key {
        name: "log.level",
        default: "info",
        help: "What is logged: error, warn, info, debug, trace, or a filter such as warn,attune::shard=debug.",
        set: |settings, text| {
            logs::check_filter(text).map_err(|error| format!("is not a filter: {error}"))?;
            text.clone_into(&mut settings.log_level);
            Ok(())
        },
    },
    Key {
        name: "metrics.queues_max",
        default: "1000",
        help: "Queues with metrics of their own; the rest is counted together. 0-10000.",
        set: |settings, text| number(text, 0..=10_000).map(|queues| settings.metrics_queues_max = queues),
    },
];

impl Key {
    /// Its variable.
    pub fn env(&self) -> String {
        format!("ATTUNE_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Its flag.
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace(['.', '_'], "-"))
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("is {text:?}, which is no address and port such as 127.0.0.1:7700"))
}

fn number<T: FromStr + PartialOrd + Display>(text: &str, range: RangeInclusive<T>) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("is {text:?}, which is no whole number from {} to {}", range.start(), range.end()))
}

fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("is {text:?}, which {error}"))
}
