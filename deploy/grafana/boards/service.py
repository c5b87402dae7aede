"""Service now: who waits, for how long, and who gives up, for those who run the floor."""

from panels import (
    NUMBER, PLAIN, QUEUE, SECONDS, SHARE, TENANT, WINDOW, alarm, falls_below, graph, rises_to, stat, table,
)
from panels import board as make
from promql import count, mean, per_minute, quantile, some_or_none, total

Q = "<queue>"
LINE = "tenant, queue"


def answered(by="", where=""):
    return count("attune_contacts_answered_total", Q, by, where)


def left(by=""):
    """Customers who hung up, 0 if none has yet."""
    return some_or_none(count("attune_contacts_closed_total", Q, by, 'outcome="abandoned"'), answered(by))


def offered(by=""):
    """All whose wait is over by an answer or by their leaving."""
    return f"({answered(by)} + {left(by)})"


def service_level(by=""):
    in_time = some_or_none(answered(by, 'service_level="within"'), answered(by))
    return f"{in_time} / {offered(by)}"


def abandonment(by=""):
    return f"{left(by)} / {offered(by)}"


LEVELS = falls_below(0.8, 0.7)
LEVEL_WHY = (
    "Share of contacts answered within their queue's service level, of all that were answered or left, over the window. "
    "Who leaves counts as missed (abandon-negative). Green from 80 %, red below 70 %."
)
LEAVES = rises_to(0.05, 0.1)
WAITS = rises_to(20, 60)


def now():
    return [
        [
            stat("Waiting", total("attune_contacts_waiting", Q), "Contacts waiting now, offered and parked ones included."),
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
                "Nobody can take", total("attune_contacts_unreachable", Q), "Contacts waiting now whom no agent anywhere, "
                "signed in or not, could ever take: a skill is missing. More than none is a fault of routing or staffing.",
                NUMBER, alarm(1),
            ),
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
            graph("Ends a minute, by outcome", {"{{outcome}}": per_minute(closed, Q, "outcome")},
                  "How contacts ended: handled; abandoned, the customer left; cancelled, the platform took it back; expired, "
                  "the queue's longest wait was over and there was nowhere to go.", stacked=True),
            graph("Waiting again, a minute", {"{{reason}}": per_minute("attune_contacts_requeued_total", Q, "reason")},
                  "Contacts that wait once more: transferred by an agent, overflowed or escalated by their queue's rules, not "
                  "connected, lost with their agent, moved by a supervisor, or asked for by the platform."),
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


def nobody():
    return [
        [
            graph("Nobody can take them", {
                "{{tenant}}/{{queue}}": f"topk(10, {total('attune_contacts_unreachable', Q, LINE)})",
                "{{queue}}, raised": f"topk(10, {count('attune_unreachable_alerts_total', Q, LINE)})",
            }, "Contacts whom no agent anywhere could ever take, those that wait and those for whom the alert was raised: ask "
                "`attune explain contact` which condition removes everybody.", NUMBER, alarm(1)),
            graph("Mean handling", {
                "{{tenant}}/{{queue}}": f"topk(10, {mean('attune_handle_seconds', Q, LINE)})",
            }, "Average handle time (AHT): from acceptance to the end of wrap-up, over the window; the ten longest.", SECONDS),
            graph("Mean wrap-up", {
                "{{tenant}}/{{queue}}": f"topk(10, {mean('attune_wrap_up_seconds', Q, LINE)})",
            }, "How long wrap-up took, on average over the window; the ten longest. Queues without wrap-up are not shown.",
                SECONDS),
        ],
    ]


def board():
    why = "Who waits, for how long, and who gives up."
    rows = {
        "Now": now(), "Coming and going": flow(), "Waiting": waits(), "Channels": channels(),
        "Whom nobody can take, and how long work takes": nobody(),
    }
    return make("attune-service", "attune: service now", why, [TENANT, QUEUE, WINDOW], rows)
