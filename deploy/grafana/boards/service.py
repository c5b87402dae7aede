"""Service now: who waits, for how long, and who gives up, for those who run the floor."""

from panels import (
    NUMBER, PLAIN, QUEUE, SECONDS, SHARE, TENANT, WINDOW, alarm, falls_below, graph, rises_to, stat, table,
)
from panels import board as make
from promql import count, mean, per_minute, quantile, some_or_none, times, total

Q = "<queue>"
LINE = "tenant, queue"


def answered(by=""):
    return count("attune_contacts_answered_total", Q, by)


def left(by=""):
    """Customers who hung up, 0 if none has yet."""
    return some_or_none(count("attune_contacts_closed_total", Q, by, 'outcome="abandoned"'), answered(by))


def abandonment(by=""):
    return f"{left(by)} / ({answered(by)} + {left(by)})"


def judged(by="", results=""):
    """Waits of which it is known whether they kept the service level."""
    where = f'result=~"{results}"' if results else ""
    return count("attune_service_level_total", Q, by, where)


def service_level(by="", good="met", of=""):
    return f"{some_or_none(judged(by, good), judged(by))} / {judged(by, of)}"


LEVELS = falls_below(0.8, 0.7)
LEVEL_WHY = (
    "Share of contacts answered within their queue's service level, of all that were answered or left, or whose time is up, "
    "over the window (event-timed: who leaves counts as missed). Green from 80 %, red below 70 %."
)
LEAVES = rises_to(0.05, 0.1)
WAITS = rises_to(20, 60)
HOLDS = [(None, "red"), (0.7, "green"), (0.9, "orange")]


def coverage(results, of="entry"):
    """Of estimates that were judged, as contacts entered or as somebody was told, the share with these results."""
    judged_of = f'of="{of}"'
    held = count("attune_wait_estimates_judged_total", Q, "", f'{judged_of},result=~"{results}"')
    return f"{held} / {count('attune_wait_estimates_judged_total', Q, '', judged_of)}"


def coverage_by_load():
    """The same of P80 by the load at the time of the estimate."""
    by_load = "attune_wait_estimates_by_load_total"
    held = count(by_load, "<tenant>", "load", 'result="within_p80"')
    return f"{held} / ({count(by_load, '<tenant>', 'load')} > 0)"


def now():
    return [
        [
            stat("Waiting", total("attune_contacts_waiting", Q), "Contacts waiting now, offered and parked ones included."),
            stat(
                "Longest waiting", "max(attune_oldest_waiting_seconds{<queue>})", "How long the contact has waited that has "
                "waited for longest at the head of a line. Orange from a minute, red from five.", SECONDS, rises_to(60, 300),
            ),
            stat("With an agent", total("attune_contacts_engaged", Q), "Contacts that an agent handles or wraps up now."),
            stat("Service level", service_level(), LEVEL_WHY, SHARE, LEVELS),
            stat(
                "Left unanswered", abandonment(), "Share of customers who hung up before anybody answered, over the window, "
                "of all who were answered or hung up. Orange from 5 %, red from 10 %.", SHARE, LEAVES,
            ),
            stat(
                "Mean wait (ASA)", mean("attune_wait_seconds", Q), "Average speed of answer: how long those who were "
                "answered within the window had waited in their queue. Orange from 20 s, red from a minute.", SECONDS, WAITS,
            ),
            stat(
                "Estimates that held", coverage("up_to_p50|up_to_p80"), "Of waits that were estimated and are over, the share "
                "within the time that was to hold in 80 of 100 (P80), over the window. Below 70 % customers are told too "
                "little (red), above 90 % too much (orange).", SHARE, HOLDS,
            ),
            stat("Nobody can take", total("attune_contacts_unreachable", Q), "Contacts waiting now whom no agent anywhere, "
                 "signed in or not, could ever take: a skill is missing. More than none is a fault of routing or staffing.",
                 NUMBER, alarm(1)),
        ],
    ]


def flow():
    closed = "attune_contacts_closed_total"
    return [
        [
            graph("Contacts a minute", {
                "come": per_minute("attune_contacts_enqueued_total", Q),
                "answered": per_minute("attune_contacts_answered_total", Q),
                "left unanswered": per_minute(closed, Q, "", 'outcome="abandoned"'),
            }, "Contacts that entered, were accepted by an agent, and left before that. Where coming stays above answered, "
                "the line grows."),
            graph("Waiting, by queue", {"{{tenant}}/{{queue}}": f"topk(10, {total('attune_contacts_waiting', Q, LINE)})"},
                  "Contacts waiting in each queue, offered and parked ones included; the ten longest lines."),
            graph("With an agent, by queue", {"{{tenant}}/{{queue}}": f"topk(10, {total('attune_contacts_engaged', Q, LINE)})"},
                  "Contacts that agents handle or wrap up, in the ten busiest queues.", stacked=True),
        ],
        [
            graph("Who left, a minute", {"{{when}}": per_minute("attune_abandoned_total", Q, "when")},
                  "Customers who hung up: after so short a wait that nobody had a chance (short, by the queue's threshold), within "
                  "the service level (in_time), or after it (late).", stacked=True),
            graph("Transferred a minute, by queue", {
                "{{tenant}}/{{queue}}": f"topk(10, {per_minute('attune_transfers_total', Q, LINE)})",
            }, "Contacts that their agents transferred, by the queue they were taken from; the ten most. A queue that passes "
                "much on is entered by mistake."),
            graph("Waiting again, a minute", {"{{reason}}": per_minute("attune_contacts_requeued_total", Q, "reason")},
                  "Contacts that wait once more: transferred by an agent, overflowed or escalated by their queue's rules, not "
                  "connected, lost with their agent, moved by a supervisor, or asked for by the platform."),
        ],
        [
            graph("Ends a minute, by outcome", {"{{outcome}}": per_minute(closed, Q, "outcome")},
                  "How contacts ended: handled; abandoned, the customer left; cancelled, the platform took it back; expired, "
                  "the queue's longest wait was over and there was nowhere to go.", stacked=True),
            graph("Longest waiting, by queue", {
                "{{tenant}}/{{queue}}": f"topk(10, max by ({LINE}) (attune_oldest_waiting_seconds{{<queue>}}))",
            }, "How long the contact has waited that stands first in each line, the ten longest; 0 where nobody waits.", SECONDS),
            graph("Queues closed by supervisors", {
                "paused": total("attune_queues_paused", "<tenant>"),
                "draining": total("attune_queues_draining", "<tenant>"),
            }, "Queues whose contacts are offered to nobody (paused), or that take nobody new (draining), for the tenants "
                "chosen."),
        ],
    ]


def waits():
    by_queue = "{{tenant}}/{{queue}}"
    return [
        [
            graph("Wait until answered", {
                "half of them": quantile(0.5, "attune_wait_seconds", Q),
                "nine of ten": quantile(0.9, "attune_wait_seconds", Q),
                "99 of 100": quantile(0.99, "attune_wait_seconds", Q),
            }, "What those who were answered within the window had waited in their queue: half of them, nine of ten and 99 of "
                "100 no longer than this.", SECONDS),
            graph("Service level, by queue", {by_queue: f"bottomk(10, {service_level(LINE)})"},
                  LEVEL_WHY + " The ten worst queues.", SHARE, LEVELS),
            graph("Left unanswered, by queue", {by_queue: f"topk(10, {abandonment(LINE)})"},
                  "Share of customers who hung up, over the window; the ten worst queues. Orange from 5 %, red from 10 %.",
                  SHARE, LEAVES),
        ],
        [
            graph("Service level, by name", {
                "event-timed": service_level(),
                "who left not counted": service_level(of="met|missed"),
                "who left soon not counted": service_level(of="met|missed|abandoned"),
                "who left counted as good": service_level(good="met|abandoned|short"),
            }, "The same contacts by the four names of the service level, over the window: they differ by what is made of customers "
                "who leave in time. Compare with others only under one name.", SHARE, LEVELS),
            graph("Mean wait, by queue", {
                "{{tenant}}/{{queue}}": f"topk(10, {mean('attune_wait_seconds', Q, LINE)})",
            }, "Average speed of answer of each queue over the window, the ten longest.", SECONDS),
            graph("Nobody can take them", {
                "{{tenant}}/{{queue}}": f"topk(10, {total('attune_contacts_unreachable', Q, LINE)})",
                "{{queue}}, raised": f"topk(10, {times('attune_unreachable_alerts_total', Q, LINE)})",
            }, "Contacts whom no agent anywhere could ever take: those that wait, and those for whom the alert was raised within "
                "the window. Ask `attune explain contact` which condition removes everybody.", NUMBER, alarm(1)),
        ],
        [
            table("Queues", [
                ("Waiting", total("attune_contacts_waiting", Q, LINE), NUMBER, PLAIN),
                ("With an agent", total("attune_contacts_engaged", Q, LINE), NUMBER, PLAIN),
                ("Service level", service_level(LINE), SHARE, LEVELS),
                ("Left unanswered", abandonment(LINE), SHARE, LEAVES),
                ("Mean wait", mean("attune_wait_seconds", Q, LINE), SECONDS, PLAIN),
                ("Nine of ten wait", quantile(0.9, "attune_wait_seconds", Q, LINE), SECONDS, PLAIN),
                ("Mean handling", mean("attune_handle_seconds", Q, LINE), SECONDS, PLAIN),
                ("Nobody can take", total("attune_contacts_unreachable", Q, LINE), NUMBER, alarm(1)),
            ], "Every queue now; shares and means over the window. Colours as in the panels above.", ["tenant", "queue"]),
        ],
    ]


def channels():
    return [
        [
            graph("Contacts a minute, by channel", {"{{channel}}": per_minute("attune_contacts_enqueued_total", Q, "channel")},
                  "Contacts that entered, by the channel they came by.", stacked=True),
            graph("Service level, by channel", {"{{channel}}": service_level("channel")}, LEVEL_WHY, SHARE, LEVELS),
            graph("Mean wait, by channel", {"{{channel}}": mean("attune_wait_seconds", Q, "channel")},
                  "How long those who were answered within the window had waited, by channel: the quickest way in is the "
                  "lowest line.", SECONDS),
        ],
    ]


def estimates():
    entry, told = 'of="entry"', 'of="told"'
    judged_all = count("attune_wait_estimates_judged_total", Q, "", entry)
    loss = count("attune_wait_estimate_loss_seconds_total", Q, "percentile", entry)
    error = "attune_wait_estimate_error_seconds"
    return [
        [
            graph("What newcomers are to expect (P80)", {
                "{{tenant}}/{{queue}}":
                    f'topk(10, max by ({LINE}) (attune_wait_estimate_seconds{{<queue>,percentile="p80"}}))',
            }, "The wait that whoever entered last and had to wait was told to hold in 80 of 100, the ten longest queues.", SECONDS),
            graph("Estimates that held", {
                "P50, of 50 %": coverage("up_to_p50"),
                "P80, of 80 %": coverage("up_to_p50|up_to_p80"),
                "P90, of 90 %": coverage("up_to_p50|up_to_p80|up_to_p90"),
                "P80 as told, of 80 %": coverage("up_to_p50|up_to_p80", "told"),
            }, "Of waits that were estimated and are over within the window, the share that was within each estimate: the closer "
                "to its name, the more honest. As told: of what somebody was told of the contact last, a quote before joining or "
                "an answer while it waited.", SHARE),
            graph("How far off", {
                "mean error": mean(error, Q, "", entry),
                "mean wait": mean("attune_wait_seconds", Q),
            }, "How far waits were from the middle of what was estimated (P50), either way, beside the mean wait of all who were "
                "answered.", SECONDS),
        ],
        [
            graph("Loss, a contact", {
                "{{percentile}}": f"{loss} / scalar({judged_all})",
            }, "Pinball loss of the estimates, on average over the window: an estimate that is always wide loses as well as one "
                "that is too narrow. Lower is better.", SECONDS),
            graph("No estimate, a minute", {"{{reason}}": per_minute("attune_wait_estimates_unknown_total", Q, "reason")},
                  "Contacts that had to wait and were told nothing: too few were served lately to say, nobody is there to serve, "
                  "or it is not offered.", stacked=True),
            graph("Newcomers, middle and edge", {
                "{{percentile}}": "avg by (percentile) (attune_wait_estimate_seconds{<queue>} > 0)",
            }, "What newcomers are to expect in the middle (P50) and at the edges, on average over queues in which somebody "
                "waits: how wide the range is that customers are told.", SECONDS),
        ],
        [
            graph("Estimates that held (P80), by load", {"{{load}}": coverage_by_load()},
                  "Of the estimates made as contacts entered, the share within P80, by the load then: what those who could take the "
                  "contact were at and what stood before it, over how many they were (1.00 = all busy, nobody before). Each band "
                  "is to hold 80 %, not the easy ones more and the hard ones less. Of all queues of the tenants chosen.", SHARE),
            graph("Estimates judged a minute, by load", {
                "{{load}}": per_minute("attune_wait_estimates_by_load_total", "<tenant>", "load"),
            }, "At which load contacts came that had to wait, and how many speak for each line beside.", stacked=True),
            graph("What was told, and how far off", {
                "told: mean error": mean(error, Q, "", told),
                "on entry: mean error": mean(error, Q, "", entry),
            }, "How far waits were from the middle (P50) of what somebody was told of the contact last, from then on: a quote before "
                "joining, or an answer while it waited. Beside it the error of estimates made as contacts entered.", SECONDS),
        ],
    ]


def handling():
    of_handled = f"scalar({count('attune_handle_seconds_count', Q)})"
    return [
        [
            graph("Mean handling (AHT), by part", {
                "{{part}}": f"{count('attune_handling_seconds_total', Q, 'part')} / {of_handled}",
            }, "Average handle time of the contacts whose handling ended within the window: talk, hold (set aside for work that "
                "does not wait) and wrap-up.", SECONDS, stacked=True),
            graph("Mean handling, by queue", {
                "{{tenant}}/{{queue}}": f"topk(10, {mean('attune_handle_seconds', Q, LINE)})",
            }, "From acceptance to the end of wrap-up, on average over the window; the ten longest.", SECONDS),
            graph("Mean wrap-up, by queue", {
                "{{tenant}}/{{queue}}": f"topk(10, {mean('attune_wrap_up_seconds', Q, LINE)})",
            }, "How long wrap-up took, on average over the window; the ten longest. Queues without wrap-up are not shown.",
                SECONDS),
        ],
    ]


def board():
    why = "Who waits, for how long, and who gives up."
    rows = {
        "Now": now(), "Coming and going": flow(), "Waiting": waits(), "What customers are told": estimates(),
        "Channels": channels(), "Work": handling(),
    }
    return make("attune-service", "attune: service now", why, [TENANT, QUEUE, WINDOW], rows)
