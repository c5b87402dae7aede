"""What is in `deploy/` against a real Prometheus that watches a real daemon: every query finds what it asks for.

An empty answer is a fault, of the panel or of the day that is played: what a panel shows is made to happen.
"""

import json
import math
import re

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

import build
import queries
from day import DEPLOY, ROOT

ALL = [query for name, board in queries.boards().items() for query in queries.of_board(name, board)]
# Rates and shares go by what was scraped within the day, every second.
VARIABLES = {"window": "1m", "__rate_interval": "20s"}
# What the day must have brought about; more than 0, summed up.
HAPPENED = {
    "attune_contacts_enqueued_total": "", "attune_contacts_answered_total": 'service_level="beyond"',
    "attune_contacts_closed_total": 'outcome="abandoned"', "attune_contacts_requeued_total": 'reason="transferred"',
    "attune_contacts_unreachable": "", "attune_unreachable_alerts_total": "", "attune_moments_uncovered_total": "",
    "attune_moments_total": 'source="text"', "attune_care_answered_total": 'kind="moment",agent="empathetic"',
    "attune_care_abandoned_seconds_count": 'kind="moment"', "attune_offers_total": 'outcome="declined"',
    "attune_rona_total": "", "attune_rona_suspended_total": "", "attune_sessions_opened_total": 'kind="resumed"',
    "attune_sessions_lost_total": "", "attune_supervisor_actions_total": 'action="pause_queue"',
    "attune_assists_suggested_total": "", "attune_signal_folds_total": "", "attune_signals_coalesced_total": "",
    "attune_texts_total": 'language="pl"', "attune_text_contacts_total": 'lifted="by_words_alone"',
    "attune_wrap_up_seconds_count": "", "attune_watch_restarts_total": "", "attune_streams_closed_total": 'reason="lost"',
    "attune_snapshot_bytes": "", "attune_reloads_total": 'result="applied"',
    "attune_service_level_total": 'result="met"', "attune_abandoned_total": 'when="late"', "attune_transfers_total": "",
    "attune_oldest_waiting_seconds": "", "attune_handling_seconds_total": 'part="talk"', "attune_longest_idle_seconds": "",
    "attune_wait_estimates_judged_total": 'of="entry",result="up_to_p50"', "attune_wait_estimates_unknown_total": "",
    "attune_wait_estimates_by_load_total": 'result="within_p80"', "attune_wait_estimate_error_seconds_count": 'of="told"',
    "attune_agent_busy_capacity_seconds_total": 'agent="empathetic"',
    "attune_journal_appended_bytes_total": "", "attune_batch_records_count": "",
}
# Alerts for which there is reason in the day, and that do not wait for long.
FIRED = {"AttuneMomentUncovered", "AttuneOffersStalled"}


def values(found):
    return [value for _, value in found if math.isfinite(value)]


@pytest.mark.parametrize("metric", HAPPENED)
def test_the_day_has_brought_it_about(prometheus, metric):
    assert sum(values(prometheus.query(f"{metric}{{{HAPPENED[metric]}}}"))) > 0


@pytest.mark.parametrize("query", ALL, ids=lambda query: f"{query.board}: {query.panel}: {query.legend}")
def test_every_query_of_the_boards_finds_something(prometheus, query):
    expression = query.with_variables(**VARIABLES)
    found = prometheus.query(expression)
    assert values(found), f"{expression}\nfinds {found or 'nothing'}"
    for labels, _ in found:
        assert query.labels() <= set(labels), f"the legend {query.legend!r} names what {labels} has not"


def rules():
    """Records and alerts as Prometheus would read them: kind, name, expression."""
    found = []
    for path in sorted(DEPLOY.glob("attune.*s.yml")):
        for rule in re.split(r"(?m)^      - ", path.read_text())[1:]:
            kind, name = re.match(r"(record|alert): (\S+)", rule).groups()
            expression = re.search(r"(?m)^        expr: (\|\n(?:          .*\n)+|.*)", rule)[1]
            found.append((kind, name, " ".join(expression.removeprefix("|").split())))
    return found


def test_all_rules_are_read_as_prometheus_reads_them(prometheus):
    groups = prometheus.get("rules")["groups"]
    loaded = {(rule["name"]): rule for group in groups for rule in group["rules"]}
    assert set(loaded) == {name for _, name, _ in rules()}
    assert {rule["health"] for rule in loaded.values()} == {"ok"}, [rule.get("lastError") for rule in loaded.values()]


@pytest.mark.parametrize("kind, name, expression", rules(), ids=lambda part: part if part[:1].isupper() else "")
def test_every_rule_finds_something(prometheus, kind, name, expression):
    # An alert's comparisons then say 0 or 1 of what they compare, instead of dropping it.
    expression = re.sub(r" (==|!=|>=|<=|>|<) ", r" \1 bool ", expression) if kind == "alert" else expression
    found = prometheus.query(expression)
    assert values(found), f"{expression}\nfinds {found or 'nothing'}"
    if kind == "record":
        assert values(prometheus.query(name)), f"{name} is not recorded"


def test_alerts_fire_for_what_has_happened(prometheus):
    alerts = prometheus.get("alerts")["alerts"]
    firing = {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
    assert FIRED <= firing, alerts
    pending = {alert["labels"]["alertname"] for alert in alerts}
    assert "AttuneContactUnreachable" in pending and "AttuneDown" not in pending, alerts
    assert all("{{" not in alert["annotations"]["summary"] for alert in alerts), alerts


def test_the_boards_are_as_they_are_built():
    stale = [path.name for path, text in build.files().items() if path.read_text() != text]
    assert not stale, f"run deploy/grafana/build.py: {stale}"


@pytest.mark.parametrize("name, board", queries.boards().items(), ids=lambda part: part if isinstance(part, str) else "")
def test_grafana_knows_every_key_of_the_boards(name, board):
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    unknown = list(lost(board, read))
    assert not unknown, unknown


def lost(ours, theirs, path=""):
    """Where what is ours was dropped or changed by Grafana's own model."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from lost(value, theirs.get(key), f"{path}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, value in enumerate(ours):
            yield from lost(value, theirs[at], f"{path}[{at}]")
    elif ours != theirs and ours is not None:
        yield f"{path}: {ours!r} is read as {theirs!r}"


@pytest.mark.parametrize("name, board", queries.boards().items(), ids=lambda part: part if isinstance(part, str) else "")
def test_every_panel_says_what_it_is_for_and_has_its_place(name, board):
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"].endswith(".") and len(panel["description"]) > 20, panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_alert_has_its_section_in_the_runbook():
    sections = re.findall(r"(?m)^## (Attune\w+)\n", (ROOT / "deploy" / "runbook.md").read_text())
    alerts = [name for kind, name, _ in rules() if kind == "alert"]
    assert sections == alerts, "one section each, in the order of the alerts"
