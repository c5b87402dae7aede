"""The daemon itself: whether it keeps what it answers, how near its limits it is, and what it refuses."""

from panels import (
    BYTES, BYTES_PER_SECOND, INSTANCE, NUMBER, PER_SECOND, SECONDS, SHARE, WINDOW, alarm, falls_below, graph, rises_to,
    stat,
)
from panels import board as make
from promql import per_second, quantile, times

D = "<instance>"


def now():
    return [
        [
            stat("Up", "min(up{<instance>})", "Whether Prometheus reaches every daemon chosen: 1 or 0.", NUMBER,
                 [(None, "red"), (1, "green")]),
            stat("Takes changes", "1 - max(attune_frozen{<instance>})",
                 "0 while the journal takes nothing and the daemon therefore changes nothing (FROZEN).", NUMBER,
                 [(None, "red"), (1, "green")]),
            stat("Spare segments", "min(attune_journal_spare_segments{<instance>})",
                 "Segments of the journal made beforehand: 2, or 1 for seconds. Less for long means that the disk is full; at 0 "
                 "new work is refused soon.", NUMBER, falls_below(2, 1)),
            stat("Refused for overload", times("attune_calls_overloaded_total", D),
                 "Calls within the window that were refused because more came than could be served in time.", NUMBER, alarm(1)),
            stat("Last snapshot", "time() - max(attune_snapshot_timestamp_seconds{<instance>})",
                 "Since the newest snapshot was made. One is made for so much journal and when the daemon stops, so a quiet daemon "
                 "makes none for long; a start reads the journal from there.", SECONDS, none="none yet"),
            stat("Settings taken", "min(attune_reload_last_successful{<instance>})",
                 "0 if settings or documents were not valid when they were last read again; the ones before are in force.",
                 NUMBER, [(None, "red"), (1, "green")]),
        ],
        [
            stat("Version", "sum by (version) (attune_build_info{<instance>})",
                 "The version of each daemon chosen; two only while one is being rolled out.", legend="{{version}}"),
            stat("Durability", "sum by (mode) (attune_durability_info{<instance>})",
                 "sync: nothing that was answered is lost. memory: everything is, with the process.", legend="{{mode}}"),
            stat("Settings read", "time() - max(attune_reload_last_success_timestamp_seconds{<instance>})",
                 "Since settings were last read and taken, at the start or later.", SECONDS),
            stat("Journal's disk full", "max(attune_journal_in_reserve{<instance>})",
                 "1 while the disk is full and new work is refused with DISK_FULL; what there is can be ended.", NUMBER, alarm(1)),
            stat("Journal failures", times("attune_journal_failures_total", D),
                 "Writes and syncs that failed within the window; what they were of was written again to a new segment.",
                 NUMBER, alarm(1)),
            stat("Failed snapshots", times("attune_snapshots_total", D, "", 'result="failed"'),
                 "Snapshots that could not be made within the window: nothing is lost, a start takes longer.", NUMBER, alarm(1)),
        ],
    ]


def load():
    return [
        [
            graph("Commands a second", {"{{command}}": f"topk(10, {per_second('attune_commands_total', D, 'command')})"},
                  "Commands decided, accepted and refused, the ten most frequent.", PER_SECOND, stacked=True),
            graph("Refused a second, by reason", {"{{reason}}": f"topk(10, {per_second('attune_rejects_total', D, 'reason')})"},
                  "Commands refused, by reason; the ten most frequent. Some are races that somebody lost; a steady stream of one "
                  "reason is a client with a fault.", PER_SECOND),
            graph("Refused for overload a second", {"{{reason}}": per_second("attune_calls_overloaded_total", D, "reason")},
                  "Late: waited too long to be read. Inbox: too many wait in a shard. In flight: too many open.", PER_SECOND),
        ],
        [
            graph("Calls in flight", {"calls": "sum(attune_calls_in_flight{<instance>})"},
                  "Calls read and not yet answered, streams not counted. The bound is overload.in_flight_max, 32,768 by default."),
            graph("Lag", {"{{instance}}": "max by (instance) (attune_lag_seconds{<instance>})"},
                  "How long the last thing that was ready waited for its turn on the threads that serve calls. From 3 ms on calls "
                  "are refused while overload lasts, from 50 ms in any case (defaults).", SECONDS, rises_to(0.003, 0.05)),
            graph("Calls waiting for the shard", {"{{instance}}": "max by (instance) (attune_inbox_depth{<instance>})"},
                  "Calls that waited when the last batch was gathered."),
        ],
    ]


def journal():
    append, batch = "attune_journal_append_seconds", "attune_batch_records"
    return [
        [
            graph("Keeping a batch", {
                "half of them": quantile(0.5, append, D),
                "99 of 100": quantile(0.99, append, D),
            }, "How long the journal took to keep a batch, over the window: the disk's own time, which every answer waits for. "
                "Red from 100 ms.", SECONDS, rises_to(0.025, 0.1)),
            graph("Records a batch", {
                "half of them": quantile(0.5, batch, D),
                "99 of 100": quantile(0.99, batch, D),
            }, "While the disk is busy the next batch gathers, so larger batches mean more load or a slower disk."),
            graph("Journal a second", {"bytes": per_second("attune_journal_appended_bytes_total", D)},
                  "Bytes that the journal's disk has taken: records, with what frames them.", BYTES_PER_SECOND),
        ],
        [
            graph("Present segment", {"{{instance}}": "sum by (instance) (attune_journal_segment_bytes{<instance>})"},
                  "Bytes written of the journal's present segment; it begins anew when that is full.", BYTES),
            graph("Snapshots", {
                "{{result}}": times("attune_snapshots_total", D, "result"),
                "archiving failed": times("attune_archive_failures_total", D),
            }, "Snapshots made and failed within the window, and times that the archive could not take or let go of what it should."),
            graph("Size of the last snapshot", {"{{instance}}": "sum by (instance) (attune_snapshot_bytes{<instance>})"},
                  "What a start reads before the journal behind it.", BYTES),
        ],
        [
            graph("Not on the disk yet", {"{{instance}}": "max by (instance) (attune_journal_unsynced_bytes{<instance>})"},
                  "Bytes that were answered for and that a power cut would lose now: none unless durability is async.", BYTES),
            graph("For how long", {"{{instance}}": "max by (instance) (attune_journal_unsynced_seconds{<instance>})"},
                  "Age of the oldest of them. Red from a second: the disk does not keep up with journal.async_sync_ms.",
                  SECONDS, alarm(1)),
            graph("Windows of remembered ids", {"{{window}}": "max by (window) (attune_window_filled_ratio{<instance>})"},
                  "How full the fullest tenant's tables of remembered requests, contacts and offers are. A full one refuses. "
                  "Red from 80 %.", SHARE, alarm(0.8)),
        ],
    ]


def followers():
    return [
        [
            graph("Streams and followers", {
                "agents' streams": "sum(attune_streams_open{<instance>})",
                "followers of changes": "sum(attune_watchers{<instance>})",
            }, "Agents' streams that are open, and followers of tenants' changes (`attune watch`, boards on the wall)."),
            graph("Streams ended a minute", {"{{reason}}": f"60 * {per_second('attune_streams_closed_total', D, 'reason')}"},
                  "Why agents' streams ended: replaced by a newer one, too slow to read, signed out, lost, or shutting down."),
            graph("Followers who began anew", {"{{reason}}": times("attune_watch_restarts_total", D, "reason")},
                  "Followers of changes who could not go on where they were within the window, and why."),
        ],
        [
            graph("Settings read again", {"{{result}}": times("attune_reloads_total", D, "result")},
                  "Times within the window that the daemon was told to read its settings again, and how that went."),
            graph("A scrape takes", {"{{instance}}": 'max by (instance) (scrape_duration_seconds{<instance>})'},
                  "How long Prometheus takes to fetch these metrics. Red from a quarter of a second: lower metrics.queues_max.",
                  SECONDS, alarm(0.25)),
            graph("Series a scrape", {"{{instance}}": 'max by (instance) (scrape_samples_scraped{<instance>})'},
                  "How many series the daemon shows; metrics.queues_max and metrics.tenants_max bound it."),
            graph("Counted together", {
                "queues": "sum(attune_queues_in_other{<instance>})",
                "tenants": "sum(attune_tenants_in_other{<instance>})",
            }, "Queues and tenants without metrics of their own, which the boards show as (other): more than none asks for a higher "
                "metrics.queues_max or metrics.tenants_max, at the price of larger scrapes."),
        ],
    ]


def board():
    why = "Whether the daemon keeps what it answers, how near its limits it is, and what it refuses."
    rows = {"Now": now(), "Load": load(), "Journal": journal(), "Followers, settings and scrapes": followers()}
    return make("attune-daemon", "attune: the daemon", why, [INSTANCE, WINDOW], rows)
