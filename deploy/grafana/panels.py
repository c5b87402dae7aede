"""What Grafana's JSON looks like, so that the boards need to say only what they show, and why.

Invariant: every panel has a unit and a description, and its thresholds have a meaning that the description gives.
"""

from promql import written

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24
# Grafana's names of units.
NUMBER, SHARE, SECONDS, BYTES, PER_SECOND, BYTES_PER_SECOND, WHEN = (
    "short", "percentunit", "s", "bytes", "ops", "Bps", "dateTimeFromNow"
)
PLAIN = [(None, "blue")]


def falls_below(orange, red):
    """Good as long as it is high."""
    return [(None, "red"), (red, "orange"), (orange, "green")]


def rises_to(orange, red):
    """Good as long as it is low."""
    return [(None, "green"), (orange, "orange"), (red, "red")]


def alarm(red):
    """Good until it is so much."""
    return [(None, "green"), (red, "red")]


def stat(title, query, why, unit=NUMBER, steps=PLAIN, legend="", none="none"):
    """One number, now, with its course behind it; `none` is shown where there is nothing to show."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none" if legend else "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "name" if legend else "auto",
    }
    return _panel("stat", title, why, {legend: query}, unit, steps, options, none=none)


def graph(title, lines, why, unit=NUMBER, steps=None, stacked=False, lowest=0):
    """Lines over time: queries by what the legend calls them, where {{queue}} is the queue's name."""
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 1,
        "fillOpacity": 40 if stacked else 8,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if steps else "off"},
    }
    panel = _panel("timeseries", title, why, lines, unit, steps or PLAIN, options, custom)
    panel["fieldConfig"]["defaults"]["color"] = {"mode": "palette-classic"}
    if lowest is not None:
        panel["fieldConfig"]["defaults"]["min"] = lowest
    return panel


def table(title, columns, why, rows_by):
    """A row for each value of some labels, now: columns are (heading, query, unit, steps)."""
    panel = _panel("table", title, why, {heading: query for heading, query, *_ in columns}, NUMBER, PLAIN, {
        "showHeader": True,
        "cellHeight": "sm",
        "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""},
    })
    for target in panel["targets"]:
        target.update(format="table", instant=True, range=False)
    names = {f"Value #{target['refId']}": target["legendFormat"] for target in panel["targets"]}
    order = {name: at for at, name in enumerate([*rows_by, *names])}
    panel["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}},
    ]
    panel["fieldConfig"]["overrides"] = [_column(*column) for column in columns]
    return panel


def _column(heading, _query, unit, steps):
    properties = [{"id": "unit", "value": unit}, {"id": "thresholds", "value": _thresholds(steps)}]
    if steps is not PLAIN:
        properties.append({"id": "custom.cellOptions", "value": {"type": "color-text"}})
    return {"matcher": {"id": "byName", "options": heading}, "properties": properties}


def _panel(kind, title, why, queries, unit, steps, options, custom=None, none=None):
    defaults = {"unit": unit, "thresholds": _thresholds(steps), "color": {"mode": "thresholds"}}
    defaults.update({"custom": custom} if custom else {}, **({"noValue": none} if none else {}))
    return {
        "type": kind,
        "title": title,
        "description": why,
        "datasource": SOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": SOURCE,
                "expr": written(query),
                "legendFormat": legend or title,
                "range": True,
            }
            for at, (legend, query) in enumerate(queries.items())
        ],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
    }


def _thresholds(steps):
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}


def board(uid, title, why, variables, rows):
    """A dashboard: rows by their names, each of lines of panels that share the width."""
    return {
        "uid": uid,
        "title": title,
        "description": why,
        "tags": ["attune"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "15s",
        "timezone": "browser",
        "time": {"from": "now-1h", "to": "now"},
        "links": [{"type": "dashboards", "title": "attune", "tags": ["attune"], "asDropdown": False, "keepTime": True}],
        "annotations": {"list": [FIRING]},
        "templating": {"list": [DATASOURCE, *variables]},
        "panels": _placed(rows),
    }


def _placed(rows):
    panels, y = [], 0
    for name, lines in rows.items():
        panels.append({"type": "row", "title": name, "collapsed": False, "gridPos": _place(0, y, WIDTH, 1), "panels": []})
        y += 1
        for line in lines:
            width, height = WIDTH // len(line), max(HEIGHTS[panel["type"]] for panel in line)
            for at, panel in enumerate(line):
                panels.append({**panel, "gridPos": _place(at * width, y, width, height)})
            y += height
    return [{"id": number, **panel} for number, panel in enumerate(panels, 1)]


def _place(x, y, width, height):
    return {"x": x, "y": y, "w": width, "h": height}


HEIGHTS = {"stat": 4, "timeseries": 8, "table": 8}

# Alerts are marked in every graph while they fire.
FIRING = {
    "name": "Alerts",
    "datasource": SOURCE,
    "enable": True,
    "iconColor": "red",
    "expr": 'ALERTS{alertname=~"Attune.+",alertstate="firing"}',
}

DATASOURCE = {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus"}


def _chosen(name, label, query):
    """A variable of which several values may be chosen, at first all."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


TENANT = _chosen("tenant", "Tenant", "label_values(attune_agents, tenant)")
QUEUE = _chosen("queue", "Queue", 'label_values(attune_contacts_waiting{tenant=~"$tenant"}, queue)')
INSTANCE = _chosen("instance", "Daemon", 'label_values(up{job="attuned"}, instance)')
WINDOW = {
    "type": "custom",
    "name": "window",
    "label": "Shares and means over",
    "query": "5m,15m,30m,1h,8h",
    "options": [{"text": text, "value": text, "selected": text == "15m"} for text in ("5m", "15m", "30m", "1h", "8h")],
    "current": {"text": "15m", "value": "15m"},
}
