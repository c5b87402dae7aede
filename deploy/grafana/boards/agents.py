"""Agents: who is there, how offers are answered, and how heavy the work is. Never who: agents are no labels."""

from panels import NUMBER, SECONDS, SHARE, TENANT, WINDOW, alarm, falls_below, graph, rises_to, stat
from panels import board as make
from promql import count, mean, occupancy, per_minute, quantile, times, total

T = "<tenant>"
OFFERS = "attune_offers_total"


def offers(outcome):
    return count(OFFERS, T, "", f'outcome="{outcome}"')


def now():
    return [
        [
            stat("Available", total("attune_agents", T, "", 'presence="available"'), "Agents who take offers."),
            stat("Away", total("attune_agents", T, "", 'presence="away"'), "Agents who are signed in and take no offers."),
            stat("Offers accepted", f"{offers('accepted')} / {offers('made')}",
                 "Share of the offers made within the window that were accepted. Some are taken back when the customer leaves. "
                 "Green from 85 %, red below 70 %.", SHARE, falls_below(0.85, 0.7)),
            stat("Did not answer", times("attune_rona_total", T),
                 "Agents whom the daemon set away within the window because they did not answer (RONA)."),
            stat("Whose work nobody confirms", total("attune_engagements_unconfirmed", T),
                 "Contacts engaged with an agent whose desktop was lost and has not confirmed them since: call the agent. Orange "
                 "from 1, red from 5.", NUMBER, rises_to(1, 5)),
            stat("Stalls", times("attune_rona_suspended_total", T),
                 "Times within the window that so many offers expired at once that it cannot be people, so nobody was set away; "
                 "once a second while it lasts. Look at the gateway.", NUMBER, alarm(1)),
        ],
    ]


def presence():
    return [
        [
            graph("Agents, by presence", {"{{presence}}": total("attune_agents", T, "presence")},
                  "Agents who are offline, available and away.", stacked=True),
            graph("Occupancy", {
                "all": occupancy(),
                "{{agent}}": occupancy(by="agent"),
            }, "Share of the capacity of agents at work that engagements took over the window. Above 85 % for long, people wear out "
                "and lines explode.", SHARE, rises_to(0.85, 0.95)),
            graph("Sessions a minute", {
                "{{kind}}": per_minute("attune_sessions_opened_total", T, "kind"),
                "lost": per_minute("attune_sessions_lost_total", T),
            }, "Desktops that signed in anew, that came back with what they had, and whose stream broke. Many at once is a "
                "network, not people."),
        ],
    ]


def answers():
    answer = "attune_offer_answer_seconds"
    return [
        [
            graph("Offers a minute, by what became of them", {
                "{{outcome}}": per_minute(OFFERS, T, "outcome", 'outcome!="made"'),
            }, "Accepted, declined, expired (nobody answered) and rescinded (taken back: the customer left, somebody else was "
                "quicker, or the desktop never showed it).", stacked=True),
            graph("Time to answer", {
                "half of them": quantile(0.5, answer, T),
                "nine of ten": quantile(0.9, answer, T),
            }, "From an offer's delivery to its acceptance or refusal, over the window.", SECONDS),
            graph("Set away for not answering", {
                "agents": times("attune_rona_total", T),
                "rule suspended": times("attune_rona_suspended_total", T),
            }, "Within the window: agents set away (RONA), and times that so many offers expired at once that nobody was."),
        ],
    ]


def work():
    return [
        [
            graph("Handling", {
                "mean (AHT)": mean("attune_handle_seconds", T),
                "half of them": quantile(0.5, "attune_handle_seconds", T),
                "nine of ten": quantile(0.9, "attune_handle_seconds", T),
            }, "From acceptance to the end of wrap-up, over the window. Moments of truth may take their time: do not manage "
                "people by this.", SECONDS),
            graph("Wrap-up", {
                "mean": mean("attune_wrap_up_seconds", T),
                "nine of ten": quantile(0.9, "attune_wrap_up_seconds", T),
            }, "How long wrap-up took, over the window.", SECONDS),
            graph("Moments among an empathetic agent's last contacts", {
                "half of them": quantile(0.5, "attune_agent_moment_share_ratio", T),
                "nine of ten": quantile(0.9, "attune_agent_moment_share_ratio", T),
            }, "Whenever an empathetic agent accepts a contact, the share of moments of truth among about the last twenty: for "
                "half of these acceptances and nine of ten of them no more than this. Above one half somebody carries too much.",
                SHARE, alarm(0.5)),
        ],
        [
            graph("Idle for longest", {"by {{by}}": "max by (by) (attune_longest_idle_seconds{<tenant>})"},
                  "How long the agent who is idle for longest has been, by the three meanings of it: since the last contact, since "
                  "available, at the lowest load. 0 while nobody is idle.", SECONDS),
            graph("Occupancy now", {"{{agent}}": "avg by (agent) (attune_occupancy_ratio{<tenant>})"},
                  "Share of the capacity of agents at work that engagements take at this moment; the mean of the tenants chosen.",
                  SHARE),
            graph("Offering held after a restart", {"{{tenant}}": total("attune_offering_held", T, "tenant")},
                  "1 while nothing is offered because agents are not back yet; ends after seconds.", NUMBER, alarm(1)),
        ],
        [
            graph("What supervisors did", {"{{action}}": times("attune_supervisor_actions_total", T, "action")},
                  "Within the window: contacts moved, pulled and put first, presence given, queues closed and opened. `attune queues "
                  "actions` says who and why."),
            graph("Unconfirmed engagements", {"contacts": total("attune_engagements_unconfirmed", T)},
                  "Contacts whose agent's desktop was lost and has not confirmed them since. They are never ended silently.",
                  NUMBER, rises_to(1, 5)),
            graph("Assists an hour", {
                "{{source}}": "3600 * sum by (source) (rate(attune_assists_suggested_total{<tenant>}[$window]))",
            }, "Times that an agent was told that the customer at hand feels worse, by words or voice."),
        ],
    ]


def board():
    why = "Who is there, how offers are answered, and how heavy the work is."
    rows = {"Now": now(), "Who is there": presence(), "Offers": answers(), "Work": work()}
    return make("attune-agents", "attune: agents", why, [TENANT, WINDOW], rows)
