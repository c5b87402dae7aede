//! The daemon's flags.
//!
//! Invariant: a flag is text here; it is read by the same rules as the file and the environment.

use std::path::PathBuf;

use clap::Args;

/// What the command line says of the settings.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Settings file (TOML); flags come before the environment, the environment before the file [env: ATTUNE_CONFIG]
    #[arg(global = true, long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Address and port for calls; port 0 takes any that is free [default: 127.0.0.1:7700] [env: ATTUNE_LISTEN]
    #[arg(global = true, long, value_name = "ADDRESS")]
    pub listen: Option<String>,

    /// Address and port for metrics and health [default: 127.0.0.1:7701] [env: ATTUNE_ADMIN_LISTEN]
    #[arg(global = true, long, value_name = "ADDRESS")]
    pub admin_listen: Option<String>,

    /// A tenant, and the routing document it starts with; may be given several times. Without any there is one tenant,
    /// "default". Without FILE a tenant starts with the embedded document [env: ATTUNE_TENANTS, with commas between]
    #[arg(global = true, long = "tenant", value_name = "NAME[=FILE]")]
    pub tenants: Vec<String>,

    /// What survives: memory (nothing), async (whatever was answered, but at a power cut the last moment) or sync (all of
    /// it) [default: sync] [env: ATTUNE_JOURNAL_DURABILITY]
    #[arg(global = true, long, value_name = "WHAT")]
    pub journal_durability: Option<String>,

    /// Milliseconds after which async has what was answered on the disk [default: 100] [env: ATTUNE_JOURNAL_ASYNC_SYNC_MS]
    #[arg(long, value_name = "MILLIS")]
    pub journal_async_sync_ms: Option<String>,

    /// Folder of the journal, for sync and async [default: attune-journal] [env: ATTUNE_JOURNAL_FOLDER]
    #[arg(global = true, long, value_name = "FOLDER")]
    pub journal_folder: Option<String>,

    /// MiB of a file of the journal, of which two are kept ready [default: 64] [env: ATTUNE_JOURNAL_SEGMENT_MIB]
    #[arg(long, value_name = "MIB")]
    pub journal_segment_mib: Option<String>,

    /// MiB of journal after which a snapshot is made [default: 256] [env: ATTUNE_JOURNAL_SNAPSHOT_MIB]
    #[arg(long, value_name = "MIB")]
    pub journal_snapshot_mib: Option<String>,

    /// Days for which the journal is kept after two snapshots stand behind it [default: 14]
    /// [env: ATTUNE_JOURNAL_ARCHIVE_DAYS]
    #[arg(long, value_name = "DAYS")]
    pub journal_archive_days: Option<String>,

    /// The same in MiB; 0 = without limit [default: 0] [env: ATTUNE_JOURNAL_ARCHIVE_MIB]
    #[arg(long, value_name = "MIB")]
    pub journal_archive_mib: Option<String>,
    /// If keys of personal fields are missing: refuse to start, or erase the customers whose they are, for good
    /// [default: refuse] [env: ATTUNE_JOURNAL_LOST_KEYS]
    #[arg(global = true, long, value_name = "WHAT")]
    pub journal_lost_keys: Option<String>,

    /// Log lines for people (text) or for machines (json) [default: text] [env: ATTUNE_LOG_FORMAT]
    #[arg(global = true, long, value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// What is logged: error, warn, info, debug, trace, or a filter such as warn,attune::shard=debug [default: info]
    /// [env: ATTUNE_LOG_LEVEL]
    #[arg(global = true, long, value_name = "FILTER")]
    pub log_level: Option<String>,

    /// Whether each contact gets a line in the log when it has ended: on or off [default: on] [env: ATTUNE_LOG_CONTACTS]
    #[arg(global = true, long, value_name = "SWITCH")]
    pub log_contacts: Option<String>,

    /// Seconds that stopping may take before calls under way are cut off [default: 10] [env: ATTUNE_DRAIN_SECS_MAX]
    #[arg(global = true, long, value_name = "SECONDS")]
    pub drain_secs_max: Option<String>,

    /// Queues with metrics of their own, kept until a restart; the rest is counted together [default: 1000]
    /// [env: ATTUNE_METRICS_QUEUES_MAX]
    #[arg(global = true, long, value_name = "NUMBER")]
    pub metrics_queues_max: Option<String>,

    /// Tenants with metrics of their own; the rest is counted together [default: 100] [env: ATTUNE_METRICS_TENANTS_MAX]
    #[arg(long, value_name = "NUMBER")]
    pub metrics_tenants_max: Option<String>,

    /// Whether histograms are shown as native ones besides: on or off [default: off]
    /// [env: ATTUNE_METRICS_NATIVE_HISTOGRAMS]
    #[arg(long, value_name = "SWITCH")]
    pub metrics_native_histograms: Option<String>,

    /// Milliseconds that new contacts may have waited to be read before they are refused [default: 50]
    /// [env: ATTUNE_OVERLOAD_BURST_MS_MAX]
    #[arg(long, value_name = "MILLISECONDS")]
    pub overload_burst_ms_max: Option<String>,

    /// The same while overload lasts [default: 3] [env: ATTUNE_OVERLOAD_DELAY_MS_MAX]
    #[arg(long, value_name = "MILLISECONDS")]
    pub overload_delay_ms_max: Option<String>,

    /// Calls that may be read and unanswered at once [default: 32768] [env: ATTUNE_OVERLOAD_IN_FLIGHT_MAX]
    #[arg(long, value_name = "NUMBER")]
    pub overload_in_flight_max: Option<String>,

    /// Seconds after a restart in which nothing is offered while agents' sessions are missing [default: 10]
    /// [env: ATTUNE_RECOVERY_HOLD_SECS_MAX]
    #[arg(long, value_name = "SECONDS")]
    pub recovery_hold_secs_max: Option<String>,

    /// Percent of those sessions which end that wait once they are back; 0 = no wait [default: 90]
    /// [env: ATTUNE_RECOVERY_SESSIONS_PERCENT]
    #[arg(long, value_name = "PERCENT")]
    pub recovery_sessions_percent: Option<String>,

    /// Threads that serve calls, 1-256; 0 = as suits the machine [default: 0] [env: ATTUNE_RUNTIME_THREADS]
    #[arg(long, value_name = "NUMBER")]
    pub runtime_threads: Option<String>,

    /// Where routing is decided: on the threads that serve calls (shared) or on one of its own (own) [default: shared]
    /// [env: ATTUNE_RUNTIME_SHARD_THREAD]
    #[arg(long, value_name = "WHERE")]
    pub runtime_shard_thread: Option<String>,

    /// Where spans go, as OTLP over gRPC, such as http://127.0.0.1:4317; off = nowhere [default: off]
    /// [env: ATTUNE_TRACING_OTLP_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub tracing_otlp_endpoint: Option<String>,

    /// Percent of the traces that begin here which are kept [default: 100] [env: ATTUNE_TRACING_SAMPLE_PERCENT]
    #[arg(long, value_name = "PERCENT")]
    pub tracing_sample_percent: Option<String>,
}

impl Flags {
    /// Those that were given, by key.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("listen", &self.listen),
            ("admin.listen", &self.admin_listen),
            ("drain_secs_max", &self.drain_secs_max),
            ("journal.durability", &self.journal_durability),
            ("journal.async_sync_ms", &self.journal_async_sync_ms),
            ("journal.folder", &self.journal_folder),
            ("journal.segment_mib", &self.journal_segment_mib),
            ("journal.snapshot_mib", &self.journal_snapshot_mib),
            ("journal.archive_days", &self.journal_archive_days),
            ("journal.archive_mib", &self.journal_archive_mib),
            ("journal.lost_keys", &self.journal_lost_keys),
            ("log.contacts", &self.log_contacts),
            ("log.format", &self.log_format),
            ("log.level", &self.log_level),
            ("metrics.queues_max", &self.metrics_queues_max),
            ("metrics.tenants_max", &self.metrics_tenants_max),
            ("metrics.native_histograms", &self.metrics_native_histograms),
            ("overload.burst_ms_max", &self.overload_burst_ms_max),
            ("overload.delay_ms_max", &self.overload_delay_ms_max),
            ("overload.in_flight_max", &self.overload_in_flight_max),
            ("recovery.hold_secs_max", &self.recovery_hold_secs_max),
            ("recovery.sessions_percent", &self.recovery_sessions_percent),
            ("runtime.threads", &self.runtime_threads),
            ("runtime.shard_thread", &self.runtime_shard_thread),
            ("tracing.otlp_endpoint", &self.tracing_otlp_endpoint),
            ("tracing.sample_percent", &self.tracing_sample_percent),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }
}
