"""Moments of truth: whether they reach empathetic agents in time, and what that costs the others."""

from panels import NUMBER, SECONDS, SHARE, TENANT, WINDOW, alarm, falls_below, graph, rises_to, stat
from panels import board as make
from promql import count, mean, occupancy, per_minute, quantile, times, total

T = "<tenant>"
MOMENT, ROUTINE = 'kind="moment"', 'kind="routine"'


def accepted(kind, where=""):
    return count("attune_care_answered_total", T, "", ",".join(part for part in (kind, where) if part))


def came(kind):
    """All whose wait is over: answered, or gone."""
    return f"({accepted(kind)} + {count('attune_care_abandoned_seconds_count', T, '', kind)})"


def in_time(kind, agent=""):
    return f"{accepted(kind, ','.join(part for part in (agent, WITHIN) if part))} / {came(kind)}"


def gone(kind):
    return f"{count('attune_care_abandoned_seconds_count', T, '', kind)} / {came(kind)}"


WITHIN, BY_EMPATHETIC = 'service_level="within"', 'agent="empathetic"'


def now():
    of_all = "of all that were answered or left within the window"
    return [
        [
            stat("Moments with empathy in time", in_time(MOMENT, BY_EMPATHETIC),
                 f"Share of moments of truth that an empathetic agent accepted within their queue's service level, {of_all}. "
                 "This is what routing by moments is for: fit alone gives some 60 %, hold and reserve 75 to 90 %. Green from "
                 "75 %, red below 60 %.", SHARE, falls_below(0.75, 0.6)),
            stat("Moments with anybody in time", in_time(MOMENT),
                 f"Share of moments of truth that any agent accepted within the service level, {of_all}. Read it beside the one "
                 "before: whoever lets moments wait for the right agent has not won. Green from 80 %, red below 70 %.",
                 SHARE, falls_below(0.8, 0.7)),
            stat("All others in time", in_time(ROUTINE),
                 f"Share of routine contacts accepted within the service level, {of_all}: what moments of truth cost the others "
                 "shows here. Green from 80 %, red below 70 %.", SHARE, falls_below(0.8, 0.7)),
            stat("Moments that left", gone(MOMENT),
                 f"Share of moments of truth whose customers hung up, {of_all}. Orange from 3 %, red from 6 %.",
                 SHARE, rises_to(0.03, 0.06)),
            stat("Moments nobody covers", times("attune_moments_uncovered_total", T),
                 "Moments of truth within the window that waited while no empathetic agent who could take them was signed in. "
                 "One is one too many.", NUMBER, alarm(1)),
            stat("Skills short of empathy", total("attune_empathetic_agents_short", T),
                 "Skills with too few empathetic agents for the moments of truth that come; agents without another skill count "
                 "as one. More than none asks for training or staffing, not for another setting.", NUMBER, alarm(1)),
        ],
    ]


def fates():
    return [
        [
            graph("In time", {
                "moments, with an empathetic agent": in_time(MOMENT, BY_EMPATHETIC),
                "moments, with anybody": in_time(MOMENT),
                "all others": in_time(ROUTINE),
            }, "Share accepted within their queue's service level, of all that were answered or left within the window.", SHARE),
            graph("Mean wait", {
                "moments": mean("attune_care_wait_seconds", T, "", MOMENT),
                "all others": mean("attune_care_wait_seconds", T, "", ROUTINE),
            }, "How long those who were answered within the window had waited in their queue.", SECONDS),
            graph("Left unanswered", {"moments": gone(MOMENT), "all others": gone(ROUTINE)},
                  "Share of customers who hung up, of all who were answered or hung up within the window.", SHARE),
        ],
        [
            graph("Nine of ten wait no longer", {
                "moments": quantile(0.9, "attune_care_wait_seconds", T, "", MOMENT),
                "all others": quantile(0.9, "attune_care_wait_seconds", T, "", ROUTINE),
            }, "What nine of ten who were answered within the window had waited at most.", SECONDS),
            graph("Who took moments, a minute", {
                "{{agent}}": per_minute("attune_care_answered_total", T, "agent", MOMENT),
            }, "Moments of truth accepted by empathetic agents and by others.", stacked=True),
            graph("How long they held on before they left", {
                "moments": mean("attune_care_abandoned_seconds", T, "", MOMENT),
                "all others": mean("attune_care_abandoned_seconds", T, "", ROUTINE),
            }, "The mean wait of customers who hung up within the window: their patience, cut short by those who were answered.",
                SECONDS),
        ],
    ]


def what_happened():
    return [
        [
            graph("Moments a minute, by name", {
                "{{moment}}": f"topk(10, {per_minute('attune_moments_total', T, 'moment')})",
            }, "Contacts by the entries of the catalogue that they met; a contact may meet several. The ten most frequent. A "
                "sudden rise of one is an incident.", stacked=True),
            graph("By what they were known, a minute", {"{{source}}": per_minute("attune_moments_total", T, "source")},
                  "The evidence that first made a contact a moment: a declared fact, the customer's words, or the voice.",
                  stacked=True),
            graph("Uncovered moments, by queue", {
                "{{tenant}}/{{queue}}": f"topk(10, {times('attune_moments_uncovered_total', T, 'tenant, queue')})",
            }, "Moments of truth within the window for which no empathetic agent with the skills was signed in."),
        ],
    ]


def people():
    return [
        [
            graph("Empathetic agents against the load", {
                "who take work now": total("attune_empathetic_agents", T),
                "moments at once (Erlangs)": total("attune_moment_load_erlangs", T),
                "kept free": total("attune_reserve_kept", T),
            }, "Empathetic agents who take work, the moments of truth that are handled at once on average, and the most agents "
                "that are kept free for any one skill. Load above seven tenths of the agents means there are too few."),
            graph("Occupancy", {"{{agent}}": occupancy(by="agent")},
                  "Share of the capacity of agents at work that engagements took over the window: empathetic agents and others.",
                  SHARE),
            graph("How much more is asked of empathetic agents", {
                "over the window": f"{occupancy('empathetic')} - {occupancy('other')}",
                "now, the worst tenant": "max(attune_occupancy_gap_ratio{<tenant>})",
            }, "Occupancy of empathetic agents less that of the others: the price they pay. Orange from 15 points, red from 25.",
                SHARE, rises_to(0.15, 0.25), lowest=None),
        ],
    ]


def words():
    texts = "attune_texts_total"
    return [
        [
            graph("Texts a minute, by language", {"{{language}}": per_minute(texts, T, "language")},
                  "Texts of customers that the built-in analyser read.", stacked=True),
            graph("What texts say", {
                "feel bad": f"{count('attune_texts_negative_total', T)} / {count(texts, T)}",
                "are urgent": f"{count('attune_texts_urgent_total', T)} / {count(texts, T)}",
                "name what happened": f"{count('attune_texts_naming_total', T)} / {count(texts, T)}",
            }, "Share of texts with a valence of -0.3 or less, with an urgency of 0.5 or more, and that named an event such as a "
                "lost card. A step in one of them is news about your customers, or about the platform's language tags.", SHARE),
            graph("What words did, by contact", {"{{lifted}}": per_minute("attune_text_contacts_total", T, "lifted")},
                  "Contacts with words whose wait is over, a minute: lifted in their line by words alone, together with other "
                  "evidence, or not.", stacked=True),
        ],
        [
            graph("Signals a second", {"{{source}}, {{outcome}}": count_by_second()},
                  "Signals by source and by what became of them. Known ones came twice; late, full and switched off ones were "
                  "refused."),
            graph("Signals by stream that needed no command", {
                "gathered with others": f"{count('attune_signals_coalesced_total', T)} / {gathered()}",
            }, "Of the signals that came by stream and were decided, the share that went along with others of their contact, "
                "instead of costing a command of their own.", SHARE),
            graph("Assists an hour", {
                "{{source}}": "3600 * sum by (source) (rate(attune_assists_suggested_total{<tenant>}[$window]))",
            }, "Times that an agent was told that the customer at hand feels worse, by words or voice."),
        ],
    ]


def count_by_second():
    return "sum by (source, outcome) (rate(attune_signals_total{<tenant>}[$__rate_interval]))"


def gathered():
    return f"({count('attune_signals_coalesced_total', T)} + {count('attune_signal_folds_total', T)})"


def board():
    why = "Whether moments of truth reach empathetic agents in time, and what that costs everybody else."
    rows = {
        "Now": now(), "How they fare, beside all others": fates(), "What happened to customers": what_happened(),
        "Empathetic agents": people(), "Words and voice": words(),
    }
    return make("attune-moments", "attune: moments of truth", why, [TENANT, WINDOW], rows)
