//! Every metric the daemon has, in one table: name, kind, unit, labels, buckets and what it says.
//!
//! Invariant: a metric that is not in [`METRICS`] cannot be made, and none is made with other labels than its own.
//! Labels are tenants, queues, channels and closed lists of words, never contacts, agents or request ids.

use metrics::{Counter, Gauge, Histogram, Label, Unit};
use parking_lot::Mutex;

use super::{
    exposition::Exposition,
    tenants::{self, OTHER},
};

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts observations in buckets.
    Histogram,
}

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name on the wire.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it counts.
    pub unit: Unit,
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Its labels, in the order in which values are given.
    pub labels: &'static [&'static str],
    /// Upper bounds, for histograms.
    pub buckets: &'static [f64],
}

/// Short waits: what a machine takes, in seconds.
const MACHINE: &[f64] = &[0.00001, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0];
/// What an agent takes to answer, in seconds.
const ANSWER: &[f64] = &[0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 60.0];
/// What a customer waits, in seconds; the usual service levels are bounds.
const WAIT: &[f64] = &[0.1, 1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0];
/// How long people talk and wrap up, in seconds.
const HANDLE: &[f64] = &[5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0];
/// Shares of a whole.
const SHARE: &[f64] = &[0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9];
/// The label of tenants; where there is one, it is the first.
const TENANT: &str = "tenant";
/// Sizes of batches.
const SIZE: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

macro_rules! metrics {
    ($($item:ident = $kind:ident $name:literal in $unit:ident by [$($label:literal),*] $(up to $buckets:ident)?: $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $item: Metric = Metric {
                name: $name,
                kind: Kind::$kind,
                unit: Unit::$unit,
                help: $help,
                labels: &[$($label),*],
                buckets: metrics!(@buckets $($buckets)?),
            };
        )+

        /// All of them.
        pub const METRICS: &[Metric] = &[$($item),+];
    };
    (@buckets $buckets:ident) => { $buckets };
    (@buckets) => { &[] };
}

metrics! {
    CONTACTS_ENQUEUED = Counter "attune_contacts_enqueued_total" in Count by ["tenant", "queue", "channel"]:
        "Contacts that entered a queue for the first time.";
    CONTACTS_REQUEUED = Counter "attune_contacts_requeued_total" in Count by ["tenant", "queue", "channel", "reason"]:
        "Contacts that wait again, by the queue they wait in now and why.";
    CONTACTS_CLOSED = Counter "attune_contacts_closed_total" in Count by ["tenant", "queue", "channel", "outcome"]:
        "Contacts that ended, by outcome; announced ones that never came are not counted.";
    CONTACTS_ANSWERED = Counter "attune_contacts_answered_total" in Count
        by ["tenant", "queue", "channel", "service_level"]:
        "Contacts accepted within their queue's service level, or beyond it.";
    SERVICE_LEVEL = Counter "attune_service_level_total" in Count by ["tenant", "queue", "channel", "result"]:
        "Waits by what came first: an answer (met), the end of the service level's time or of the wait without an answer (missed), or the customer's leaving (abandoned, or short if within the queue's threshold); counted at that moment.";
    ABANDONED = Counter "attune_abandoned_total" in Count by ["tenant", "queue", "channel", "when"]:
        "Customers who left while they waited: short (within the queue's threshold for short abandons), in_time (within the service level) or late.";
    TRANSFERS = Counter "attune_transfers_total" in Count by ["tenant", "queue", "channel"]:
        "Contacts that their agents transferred, by the queue they were taken from.";
    OLDEST_WAITING_SECONDS = Gauge "attune_oldest_waiting_seconds" in Seconds by ["tenant", "queue"]:
        "How long the contact has been in the queue that has been there for longest, wherever in line it stands; 0 if none waits.";
    QUEUES_IN_OTHER = Gauge "attune_queues_in_other" in Count by ["tenant"]:
        "Queues that are counted together under the label (other), since there are more than metrics.queues_max.";
    TENANTS_IN_OTHER = Gauge "attune_tenants_in_other" in Count by []:
        "Tenants that are counted together under the label (other), since there are more than metrics.tenants_max.";
    CONTACTS_WAITING = Gauge "attune_contacts_waiting" in Count by ["tenant", "queue"]:
        "Contacts waiting now, offered and parked ones included.";
    CONTACTS_ENGAGED = Gauge "attune_contacts_engaged" in Count by ["tenant", "queue"]:
        "Contacts with an agent now.";
    CONTACTS_UNREACHABLE = Gauge "attune_contacts_unreachable" in Count by ["tenant", "queue"]:
        "Contacts waiting now whom no agent anywhere, signed in or not, could ever take: alert above 0.";
    UNREACHABLE_ALERTS = Counter "attune_unreachable_alerts_total" in Count by ["tenant", "queue", "channel"]:
        "Alerts raised: a contact waits, and no agent anywhere could ever take it.";
    MOMENTS_UNCOVERED = Counter "attune_moments_uncovered_total" in Count by ["tenant", "queue", "channel"]:
        "Moments of truth that waited while no empathetic agent who could take them was signed in.";
    WAIT_SECONDS = Histogram "attune_wait_seconds" in Seconds by ["tenant", "queue", "channel"] up to WAIT:
        "How long contacts had waited in their queue when an agent accepted.";
    WAIT_ESTIMATE_SECONDS = Gauge "attune_wait_estimate_seconds" in Seconds by ["tenant", "queue", "percentile"]:
        "The wait that whoever entered the queue last and had to wait was to expect: within p50 of half of the customers who stay, p80 of 80 %, p90 of 90 %; 0 while nobody waits.";
    WAIT_ESTIMATES_JUDGED = Counter "attune_wait_estimates_judged_total" in Count by ["tenant", "queue", "of", "result"]:
        "Waits that are over, as an agent accepted, by what was expected of them when they entered the queue (entry: one of a queue and channel in 100 ms at the most) or what somebody was told of the contact last (told): up_to_p50, up_to_p80 (beyond p50), up_to_p90 (beyond p80) or beyond_p90.";
    WAIT_ESTIMATES_BY_LOAD = Counter "attune_wait_estimates_by_load_total" in Count by ["tenant", "load", "result"]:
        "Of those of their entry, over all queues, whether p80 held (within_p80, beyond_p80), by the load then: what those who could take the contact were at and what stood before it, over how many they were; each band up to its name and beyond the one before: 0.80, 1.00 (all busy), 1.05, 1.10, 1.20, 1.40, 1.80, 2.60, 4.20, more.";
    WAIT_ESTIMATES_UNKNOWN = Counter "attune_wait_estimates_unknown_total" in Count by ["tenant", "queue", "reason"]:
        "Of the contacts whose wait was to be estimated when they entered the queue, those whose wait nobody could say: few_starts, nobody_there or not_offered.";
    WAIT_ESTIMATE_ERROR_SECONDS = Histogram "attune_wait_estimate_error_seconds" in Seconds by ["tenant", "queue", "of"]
        up to WAIT:
        "How far the wait was from the middle (p50) of what was expected when the contact entered the queue (entry), or of what somebody was told last (told; from then on), either way.";
    WAIT_ESTIMATE_LOSS_SECONDS = Counter "attune_wait_estimate_loss_seconds_total" in Seconds
        by ["tenant", "queue", "of", "percentile"]:
        "Pinball loss of the estimates that were judged, of entry or told, summed up: a range that is too wide loses as one that is too narrow does.";
    HANDLE_SECONDS = Histogram "attune_handle_seconds" in Seconds by ["tenant", "queue", "channel"] up to HANDLE:
        "From acceptance to the end of wrap-up.";
    WRAP_UP_SECONDS = Histogram "attune_wrap_up_seconds" in Seconds by ["tenant", "queue", "channel"] up to HANDLE:
        "How long wrap-up took.";
    HANDLING_SECONDS = Counter "attune_handling_seconds_total" in Seconds by ["tenant", "queue", "channel", "part"]:
        "Time of agents on contacts whose handling has ended, by part: talk, hold (set aside for work that does not wait) and wrap_up.";
    OFFERS = Counter "attune_offers_total" in Count by ["tenant", "queue", "channel", "outcome"]:
        "Offers made, and how they ended: accepted, declined, expired, rescinded.";
    OFFER_ANSWER_SECONDS = Histogram "attune_offer_answer_seconds" in Seconds by ["tenant", "queue", "channel"]
        up to ANSWER:
        "From an offer's delivery to its acceptance or refusal.";
    RONA = Counter "attune_rona_total" in Count by ["tenant"]:
        "Agents set away because they did not answer.";
    RONA_SUSPENDED = Counter "attune_rona_suspended_total" in Count by ["tenant"]:
        "Times that so many offers expired at once that nobody was set away: look for a stalled gateway.";
    AGENTS = Gauge "attune_agents" in Count by ["tenant", "presence"]:
        "Agents by presence.";
    SESSIONS_OPENED = Counter "attune_sessions_opened_total" in Count by ["tenant", "kind"]:
        "Agents' sessions opened: new or resumed.";
    SESSIONS_LOST = Counter "attune_sessions_lost_total" in Count by ["tenant"]:
        "Agents' sessions whose stream broke.";
    OFFERING_HELD = Gauge "attune_offering_held" in Count by ["tenant"]:
        "1 while nothing is offered after a restart because agents' sessions are not back, 0 otherwise.";
    WINDOW_FILLED = Gauge "attune_window_filled_ratio" in Count by ["tenant", "window"]:
        "How full the tables are that refuse what comes once they are full, 0 to 1: requests, contacts_open, contacts_kept, contacts_ended, offers_ended: alert above 0.8.";
    ENGAGEMENTS_UNCONFIRMED = Gauge "attune_engagements_unconfirmed" in Count by ["tenant"]:
        "Engagements that nobody has confirmed since their agent was lost.";
    QUEUES_PAUSED = Gauge "attune_queues_paused" in Count by ["tenant"]:
        "Queues that a supervisor has paused.";
    QUEUES_DRAINING = Gauge "attune_queues_draining" in Count by ["tenant"]:
        "Queues that take no new contacts because a supervisor drains them.";
    SUPERVISOR_ACTIONS = Counter "attune_supervisor_actions_total" in Count by ["tenant", "action"]:
        "What supervisors did: move_contact, move_queue, pull_contact, prioritise_contact, force_presence, pause_queue, drain_queue, reopen_queue.";
    SIGNALS = Counter "attune_signals_total" in Count by ["tenant", "source", "outcome"]:
        "Signals of source fact, text or voice, and what became of them: new, revised, known, late, full, switched_off; by stream also replaced (a later revision came first) and gone (the contact ended first).";
    SIGNAL_FOLDS = Counter "attune_signal_folds_total" in Count by ["tenant"]:
        "Commands into which signals by stream were gathered: at most one a second for each contact.";
    SIGNALS_COALESCED = Counter "attune_signals_coalesced_total" in Count by ["tenant"]:
        "Signals by stream that needed no command of their own, since others of their contact had one.";
    ASSISTS = Counter "attune_assists_suggested_total" in Count by ["tenant", "source"]:
        "Times an agent was told that the customer at hand feels worse, by text or voice.";
    MOMENTS = Counter "attune_moments_total" in Count by ["tenant", "moment", "source"]:
        "Contacts by each entry of the catalogue that they met, and by the evidence (fact, text, voice) that first made it.";
    CARE_ANSWERED = Counter "attune_care_answered_total" in Count by ["tenant", "kind", "agent", "service_level"]:
        "Contacts accepted: moment (of truth) or routine, by an empathetic or another agent, within their queue's service level or beyond it.";
    CARE_WAIT_SECONDS = Histogram "attune_care_wait_seconds" in Seconds by ["tenant", "kind"] up to WAIT:
        "How long moments of truth and routine contacts had waited in their queue when an agent accepted.";
    CARE_ABANDONED_SECONDS = Histogram "attune_care_abandoned_seconds" in Seconds by ["tenant", "kind"] up to WAIT:
        "How long moments of truth and routine contacts had waited in their queue when their customers left.";
    OCCUPANCY = Gauge "attune_occupancy_ratio" in Count by ["tenant", "agent"]:
        "Share of the capacity of agents at work that engagements take: empathetic agents and others.";
    OCCUPANCY_GAP = Gauge "attune_occupancy_gap_ratio" in Count by ["tenant"]:
        "Occupancy of empathetic agents less that of the others: how much more is asked of them.";
    AGENT_CAPACITY_SECONDS = Counter "attune_agent_capacity_seconds_total" in Seconds by ["tenant", "agent"]:
        "Capacity of agents at work times seconds, 100 a second for an ordinary agent: empathetic agents and others.";
    AGENT_BUSY_SECONDS = Counter "attune_agent_busy_capacity_seconds_total" in Seconds by ["tenant", "agent"]:
        "What of that engagements took; its rate over the rate of that is the occupancy.";
    LONGEST_IDLE_SECONDS = Gauge "attune_longest_idle_seconds" in Seconds by ["tenant", "by"]:
        "How long the agent who is idle for longest has been, by last_contact, available or lowest_load; 0 if nobody is idle.";
    AGENT_MOMENT_SHARE = Histogram "attune_agent_moment_share_ratio" in Count by ["tenant"] up to SHARE:
        "Of about the last twenty contacts of an empathetic agent who accepts one, the share that were moments of truth.";
    TEXTS = Counter "attune_texts_total" in Count by ["tenant", "language", "channel"]:
        "Texts of customers that the built-in analyser read.";
    TEXTS_NEGATIVE = Counter "attune_texts_negative_total" in Count by ["tenant", "language", "channel"]:
        "Of those, texts with a valence of -0.3 or less.";
    TEXTS_URGENT = Counter "attune_texts_urgent_total" in Count by ["tenant", "language", "channel"]:
        "Of those, texts with an urgency of 0.5 or more.";
    TEXTS_NAMING = Counter "attune_texts_naming_total" in Count by ["tenant", "language", "channel"]:
        "Of those, texts that named something that happened, such as a lost card.";
    TEXT_CONTACTS = Counter "attune_text_contacts_total" in Count by ["tenant", "lifted"]:
        "Contacts with words whose wait is over: what they were lifted by at their most, by_words_alone, with_others or not.";
    MOMENT_LOAD = Gauge "attune_moment_load_erlangs" in Count by ["tenant"]:
        "Moments of truth handled at once, on average, by how many come and how long they take.";
    EMPATHETIC_AGENTS = Gauge "attune_empathetic_agents" in Count by ["tenant"]:
        "Empathetic agents who take work now.";
    EMPATHETIC_AGENTS_SHORT = Gauge "attune_empathetic_agents_short" in Count by ["tenant"]:
        "Skills (agents without another counted as one) with too few empathetic agents for the moments of truth that come: alert above 0.";
    RESERVE_KEPT = Gauge "attune_reserve_kept" in Count by ["tenant"]:
        "The most empathetic agents that are kept free for any one skill, where that follows the load.";
    COMMANDS = Counter "attune_commands_total" in Count by ["command", "result"]:
        "Commands decided: accepted or refused.";
    REJECTS = Counter "attune_rejects_total" in Count by ["reason"]:
        "Commands refused, by reason.";
    CALLS_OVERLOADED = Counter "attune_calls_overloaded_total" in Count by ["reason"]:
        "Calls refused with OVERLOADED: late (waited too long to be read), inbox (full), in_flight (too many open).";
    CALLS_IN_FLIGHT = Gauge "attune_calls_in_flight" in Count by []:
        "Calls that were read and are not yet answered, streams not counted.";
    LAG_SECONDS = Gauge "attune_lag_seconds" in Seconds by []:
        "How long the last thing that was ready had to wait for its turn on the threads that serve calls.";
    INBOX_DEPTH = Gauge "attune_inbox_depth" in Count by []:
        "Calls that waited when the last batch was gathered.";
    BATCH_RECORDS = Histogram "attune_batch_records" in Count by [] up to SIZE:
        "Records in one batch.";
    JOURNAL_APPEND_SECONDS = Histogram "attune_journal_append_seconds" in Seconds by [] up to MACHINE:
        "How long the journal took to keep a batch.";
    JOURNAL_BYTES = Counter "attune_journal_appended_bytes_total" in Bytes by []:
        "Bytes that the journal's disk has taken: records, with what frames them.";
    JOURNAL_SEGMENT_BYTES = Gauge "attune_journal_segment_bytes" in Bytes by []:
        "Bytes written of the journal's present segment.";
    JOURNAL_SPARES = Gauge "attune_journal_spare_segments" in Count by []:
        "Segments made beforehand: 2, or 1 for seconds when one was begun. Less for long = the disk is full: alert below 2; at 0 new work is refused soon.";
    JOURNAL_FAILURES = Counter "attune_journal_failures_total" in Count by []:
        "Writes and syncs of the journal that failed; what they were of was written again, to a new segment: alert on any.";
    JOURNAL_UNSYNCED_BYTES = Gauge "attune_journal_unsynced_bytes" in Bytes by []:
        "Bytes that were answered for and are not on the disk: what a power cut would lose now. 0 unless durability is async.";
    JOURNAL_UNSYNCED_SECONDS = Gauge "attune_journal_unsynced_seconds" in Seconds by []:
        "Age of the oldest of them, when the journal last wrote or synced: alert above a few syncs.";
    JOURNAL_IN_RESERVE = Gauge "attune_journal_in_reserve" in Count by []:
        "1 while the journal's disk is full and new work is refused with DISK_FULL, 0 otherwise.";
    FROZEN = Gauge "attune_frozen" in Count by []:
        "1 while the journal takes nothing and nothing is changed, 0 otherwise.";
    WATCHERS = Gauge "attune_watchers" in Count by []:
        "Followers of tenants' changes.";
    WATCH_RESTARTS = Counter "attune_watch_restarts_total" in Count by ["reason"]:
        "Followers who had to begin anew: other_epoch, too_old, filter_changed, fell_behind, document_applied.";
    STREAMS_OPEN = Gauge "attune_streams_open" in Count by []:
        "Agents' streams that are open.";
    STREAMS_CLOSED = Counter "attune_streams_closed_total" in Count by ["reason"]:
        "Agents' streams that ended: replaced, too_slow, shutting_down, signed_out, lost.";
    DURABILITY = Gauge "attune_durability_info" in Count by ["mode"]:
        "1 for the durability in force: sync loses nothing that was answered, async at a power cut what was answered since the last sync, memory everything that the process had.";
    SNAPSHOTS = Counter "attune_snapshots_total" in Count by ["result"]:
        "Snapshots of the journal: made or failed; a failed one leaves more for a start to read.";
    ARCHIVE_FAILURES = Counter "attune_archive_failures_total" in Count by []:
        "Times that segments or snapshots could not be moved to the journal's archive, or not be removed from it.";
    SNAPSHOT_BYTES = Gauge "attune_snapshot_bytes" in Bytes by []:
        "Size of the newest snapshot, whichever process made it.";
    SNAPSHOT_TIME = Gauge "attune_snapshot_timestamp_seconds" in Seconds by []:
        "When the newest snapshot was made, by this process or one before, in seconds since 1970.";
    RELOADS = Counter "attune_reloads_total" in Count by ["result"]:
        "Times that a running daemon was told to read its settings again: applied or failed; a failed one changed nothing.";
    RELOAD_SUCCESSFUL = Gauge "attune_reload_last_successful" in Count by []:
        "1 if the settings were taken when they were last read, 0 if not.";
    RELOAD_SUCCESS_TIME = Gauge "attune_reload_last_success_timestamp_seconds" in Seconds by []:
        "When settings were last read and taken, at the start or later, in seconds since 1970.";
    BUILD = Gauge "attune_build_info" in Count by ["version"]:
        "1 for the version that runs.";
}

/// Somebody else records metrics in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another recorder of metrics is installed in this process")]
pub struct InstallError;

/// Records metrics from now on, for the whole process; asked again, the same once more.
pub fn install() -> Result<Exposition, InstallError> {
    static INSTALLED: Mutex<Option<Exposition>> = Mutex::new(None);
    let mut installed = INSTALLED.lock();
    if let Some(exposition) = &*installed {
        return Ok(exposition.clone());
    }
    let exposition = Exposition::of(METRICS);
    metrics::set_global_recorder(exposition.clone()).map_err(|_| InstallError)?;
    BUILD.gauge(&[env!("CARGO_PKG_VERSION")]).set(1.0);
    TENANTS_IN_OTHER.gauge(&[]).set(0.0);
    Ok(installed.insert(exposition).clone())
}

impl Metric {
    /// Its counter under these label values.
    pub fn counter(&self, values: &[&str]) -> Counter {
        assert_eq!(self.kind, Kind::Counter, "{}", self.name);
        metrics::counter!(self.name, self.labelled(values, self.has_own(values)))
    }

    /// Its gauge under these label values; of a tenant without metrics of its own, one that nobody sees.
    pub fn gauge(&self, values: &[&str]) -> Gauge {
        assert_eq!(self.kind, Kind::Gauge, "{}", self.name);
        match self.has_own(values) {
            true => metrics::gauge!(self.name, self.labelled(values, true)),
            false => Gauge::noop(),
        }
    }

    /// Its histogram under these label values.
    pub fn histogram(&self, values: &[&str]) -> Histogram {
        assert_eq!(self.kind, Kind::Histogram, "{}", self.name);
        metrics::histogram!(self.name, self.labelled(values, self.has_own(values)))
    }

    /// Whether it is of tenants, and not of the daemon.
    pub fn is_of_tenants(&self) -> bool {
        self.labels.first() == Some(&TENANT)
    }

    /// Whether these are the labels of a tenant that has metrics of its own, or of none.
    fn has_own(&self, values: &[&str]) -> bool {
        assert_eq!(self.labels.len(), values.len(), "{} has labels {:?}", self.name, self.labels);
        !self.is_of_tenants() || tenants::has_own(values[0])
    }

    fn labelled(&self, values: &[&str], has_own: bool) -> Vec<Label> {
        let label = |(label, value): (&&'static str, &&str)| {
            // Of tenants that are counted together so are all queues.
            let is_shared = !has_own && matches!(*label, TENANT | "queue");
            Label::new(*label, if is_shared { OTHER } else { *value }.to_owned())
        };
        self.labels.iter().zip(values).map(label).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions_and_are_unique() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert!(metric.name.starts_with("attune_"), "{}", metric.name);
            assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
            assert_eq!(metric.kind == Kind::Histogram, !metric.buckets.is_empty(), "{}", metric.name);
            assert!(metric.buckets.is_sorted(), "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
            assert!(!metric.labels.iter().skip(1).any(|label| *label == TENANT), "{}", metric.name);
            // What buckets and summaries have for themselves.
            assert!(!metric.labels.iter().any(|label| ["le", "quantile"].contains(label)), "{}", metric.name);
            assert!(METRICS[..at].iter().all(|other| other.name != metric.name), "{} twice", metric.name);
        }
    }
}
