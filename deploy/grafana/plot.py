#!/usr/bin/env python3
"""Plots what the boards show, by their own JSON and a Prometheus, for whoever has no Grafana at hand.

    python3 deploy/grafana/plot.py --prometheus http://127.0.0.1:9090 --minutes 60 --out boards

Invariant: a picture shows the panels of the JSON, at their places, by their queries, units and thresholds; it knows no board
by name. Not here: choosing a tenant or a queue, which Grafana does; all of them are shown.
"""

import argparse
import datetime
import json
import pathlib
import textwrap
import urllib.parse
import urllib.request

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates as dates  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import FancyBboxPatch  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: E402
from PIL import Image  # noqa: E402

import queries  # noqa: E402

# Of a picture: so many inches to a column and a row of Grafana's grid.
COLUMN, ROW = 0.52, 0.31
STEPS_MAX = 240
PAPER, CARD, INK, FAINT, GRID = "#f4f5f5", "#ffffff", "#24292e", "#6e7681", "#e3e5e8"
COLORS = {"green": "#3d8f4f", "orange": "#e8860c", "red": "#d0333f", "blue": "#2f6fd0"}
LINES = [
    "#2f6fd0", "#e8860c", "#3d8f4f", "#d0333f", "#8250c4", "#00939c", "#b5760a", "#c2408f", "#5c6b7a", "#7aa116",
]
LEGEND_WIDTH, LEGEND_MAX = 26, 8


class Prometheus:
    """Its HTTP API over the stretch of time that is shown."""

    def __init__(self, url, minutes):
        self.url, self.until = url, datetime.datetime.now().timestamp()
        self.since = self.until - minutes * 60
        self.step = max(1, round(minutes * 60 / STEPS_MAX))
        # As Grafana would choose them: rates over four scrapes, shares over a part of what is seen.
        window = max(60, round(minutes * 60 / 4))
        self.variables = {"window": f"{window}s", "__rate_interval": f"{max(20, 4 * self.step)}s"}

    def over_time(self, query):
        """Series of (labels, times, values)."""
        found = self._get("query_range", query, start=self.since, end=self.until, step=self.step)
        for row in found:
            points = [(datetime.datetime.fromtimestamp(at), float(value)) for at, value in row["values"]]
            yield row["metric"], [at for at, _ in points], [value for _, value in points]

    def now(self, query):
        """Series of (labels, value)."""
        return [(row["metric"], float(row["value"][1])) for row in self._get("query", query, time=self.until)]

    def _get(self, path, query, **parameters):
        parameters["query"] = query.with_variables(**self.variables)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=60) as answer:
            return json.load(answer)["data"]["result"]


# ---------------------------------------------------------------------------------------------------------------------
# Values as Grafana writes them.


def written(value, unit):
    """A value with its unit, short."""
    if value != value:
        return "none"
    if unit == "percentunit":
        return f"{value * 100:.0f} %" if abs(value) >= 0.1 or value == 0 else f"{value * 100:.1f} %"
    if unit == "s":
        return seconds(value)
    if unit in ("bytes", "Bps"):
        return scaled(value, 1024, ["B", "KiB", "MiB", "GiB"]) + ("/s" if unit == "Bps" else "")
    return scaled(value, 1000, ["", "k", "M"]) + ("/s" if unit == "ops" else "")


def seconds(value):
    if abs(value) >= 5400:
        return f"{value / 3600:.1f} h"
    if abs(value) >= 90:
        return f"{value / 60:.1f} min"
    if abs(value) >= 1 or value == 0:
        return f"{trimmed(value)} s"
    return f"{trimmed(value * 1e3)} ms" if abs(value) >= 1e-3 else f"{trimmed(value * 1e6)} µs"


def scaled(value, by, units):
    for unit in units:
        if abs(value) < by or unit == units[-1]:
            return f"{trimmed(value)} {unit}".rstrip()
        value /= by


def trimmed(value):
    return f"{value:.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def color_of(value, panel_or_column):
    """The color of the threshold that a value has reached."""
    steps = panel_or_column["thresholds"]["steps"]
    reached = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    return COLORS[reached[-1]]


# ---------------------------------------------------------------------------------------------------------------------
# Panels.


def draw_stat(axes, panel, asked, prometheus):
    """A number, colored by what it means, with its course behind it; or the names of what is there."""
    axes.axis("off")
    defaults = panel["fieldConfig"]["defaults"]
    series = [(labels, times, values) for query in asked for labels, times, values in prometheus.over_time(query)]
    text, color = defaults.get("noValue", "none"), FAINT
    if series and panel["options"]["textMode"] == "name":
        text, color = ", ".join(asked[0].name_of(labels) for labels, _, _ in series), COLORS["blue"]
    elif series and series[0][2][-1] == series[0][2][-1]:
        last = series[0][2][-1]
        text, color = written(last, defaults["unit"]), color_of(last, defaults)
        spark(axes, series[0][2], color)
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=19, color=color, weight="bold")


def spark(axes, values, color):
    """The course of a number, faint, in the lower third."""
    low, high = min(values), max(values)
    heights = [0.02 + 0.26 * ((value - low) / (high - low) if high > low else 0.5) for value in values]
    places = [index / max(1, len(values) - 1) for index in range(len(values))]
    axes.fill_between(places, heights, transform=axes.transAxes, color=color, alpha=0.13, lw=0)
    axes.plot(places, heights, transform=axes.transAxes, color=color, alpha=0.5, lw=1)
    axes.set_xlim(0, 1), axes.set_ylim(0, 1)


def draw_graph(axes, panel, asked, prometheus):
    """Lines, or areas on top of each other, with the thresholds dashed."""
    defaults = panel["fieldConfig"]["defaults"]
    series = [
        (query.name_of(labels), times, values) for query in asked for labels, times, values in prometheus.over_time(query)
    ]
    if defaults["custom"]["stacking"]["mode"] == "normal" and series:
        stack(axes, series)
    else:
        for at, (name, times, values) in enumerate(series):
            axes.plot(times, values, lw=1.3, color=LINES[at % len(LINES)], label=name)
    zoom(axes, defaults, series)
    if defaults["custom"]["thresholdsStyle"]["mode"] == "dashed":
        for step in defaults["thresholds"]["steps"]:
            if step["value"] is not None:
                axes.axhline(step["value"], color=COLORS[step["color"]], lw=0.9, ls=(0, (5, 4)), zorder=1)
    axes.set_xlim(*(datetime.datetime.fromtimestamp(at) for at in (prometheus.since, prometheus.until)))
    axes.xaxis.set_major_locator(dates.AutoDateLocator(minticks=3, maxticks=5))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value, defaults["unit"])))
    axes.grid(axis="y", color=GRID, lw=0.7), axes.set_axisbelow(True)
    axes.tick_params(labelsize=7, colors=FAINT, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    legend(axes, series)


def stack(axes, series):
    times = sorted({at for _, at_times, _ in series for at in at_times})
    rows = [dict(zip(at_times, values)) for _, at_times, values in series]
    heights = [[row.get(at, 0) if row.get(at, 0) == row.get(at, 0) else 0 for at in times] for row in rows]
    colors = [LINES[at % len(LINES)] for at in range(len(series))]
    axes.stackplot(times, heights, labels=[name for name, _, _ in series], colors=colors, alpha=0.55, lw=0)


def zoom(axes, defaults, series):
    """From 0, unless the panel says otherwise, to a little above what is there; never a line drawn on the border."""
    finite = [value for _, _, values in series for value in values if value == value]
    if "min" in defaults:
        axes.set_ylim(bottom=defaults["min"] - 0.02 * (axes.get_ylim()[1] - defaults["min"]))
    if not finite or max(finite) == min(finite) == 0:
        axes.set_ylim(-0.02, 1)
    elif "min" in defaults and defaults["unit"] != "percentunit":
        axes.set_ylim(top=1.1 * axes.get_ylim()[1])
    elif defaults["unit"] == "percentunit" and max(finite) > 0.6 and min(finite) >= 0:
        axes.set_ylim(-0.02, 1.04)


def legend(axes, series):
    if not series:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", color=FAINT)
        return
    handles, names = axes.get_legend_handles_labels()
    names = [textwrap.shorten(name, LEGEND_WIDTH, placeholder="…") for name in names]
    axes.legend(
        handles[:LEGEND_MAX], names[:LEGEND_MAX], loc="upper left", bbox_to_anchor=(-0.06, -0.1), fontsize=6.3, frameon=False,
        ncols=3, labelcolor=INK, handlelength=1.1, columnspacing=1.0, labelspacing=0.25, handletextpad=0.5,
    )


def draw_table(axes, panel, asked, prometheus):
    """A row for each set of labels, a column for each query."""
    axes.axis("off")
    columns = {
        override["matcher"]["options"]: {prop["id"]: prop["value"] for prop in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }
    rows = {}
    for query in asked:
        for labels, value in prometheus.now(query):
            rows.setdefault(tuple(sorted(labels.items())), {})[query.legend] = value
    keys = [name for name in panel["transformations"][1]["options"]["indexByName"] if not name.startswith("Value")]
    headings = [*keys, *columns]
    places = [index / len(headings) for index in range(len(headings))]
    for place, heading in zip(places, headings):
        axes.text(place, 0.96, heading, transform=axes.transAxes, fontsize=8, color=FAINT, va="center")
    for number, (labels, found) in enumerate(sorted(rows.items())):
        y = 0.83 - number * 0.13
        axes.plot([0, 1], [y + 0.065] * 2, transform=axes.transAxes, color=GRID, lw=0.7)
        for place, heading in zip(places, headings):
            text, color = cell(dict(labels).get(heading, ""), found.get(heading), columns.get(heading))
            axes.text(place, y, text, transform=axes.transAxes, fontsize=8.5, color=color, va="center")


def cell(label, value, column):
    """What stands in a cell, and in which color: a label if it is of no column, nothing where there is no value."""
    if column is None:
        return label, INK
    if value is None or value != value:
        return "–", FAINT
    is_colored = "custom.cellOptions" in column
    return written(value, column["unit"]), color_of(value, column) if is_colored else INK


DRAWN = {"stat": draw_stat, "timeseries": draw_graph, "table": draw_table}
# Within a panel's card, in grid units: room to the left, right, below and above what is drawn.
ROOM = {"stat": (0.3, 0.3, 0.15, 1.2), "timeseries": (1.15, 0.3, 2.15, 1.25), "table": (0.4, 0.4, 0.3, 1.1)}


def plot(name, board, prometheus, out):
    """One board as one picture."""
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"]) + 1.6
    figure = plt.figure(figsize=(24 * COLUMN, height * ROW), facecolor=PAPER)
    canvas = figure.add_axes([0, 0, 1, 1])
    canvas.set_xlim(0, 24), canvas.set_ylim(height, 0), canvas.axis("off")
    canvas.text(0.15, 0.85, board["title"], fontsize=15, color=INK, weight="bold", va="center")
    canvas.text(23.85, 0.85, board["description"], fontsize=9, color=FAINT, va="center", ha="right")
    for panel in board["panels"]:
        x, y, w, h = (panel["gridPos"][key] for key in "xywh")
        y += 1.6
        if panel["type"] == "row":
            canvas.text(x + 0.15, y + 0.6, panel["title"], fontsize=10.5, color=INK, weight="bold", va="center")
            continue
        corner, size = (x + 0.08, y + 0.1), (w - 0.16, h - 0.2)
        canvas.add_patch(FancyBboxPatch(corner, *size, boxstyle="round,pad=0,rounding_size=0.06", fc=CARD, ec=GRID, lw=0.8))
        canvas.text(x + 0.25, y + 0.62, titled(panel["title"], w), fontsize=8, color=INK, weight="bold", va="center")
        left, right, below, above = ROOM[panel["type"]]
        inside = [(x + left) / 24, 1 - (y + h - below) / height, (w - left - right) / 24, (h - above - below) / height]
        DRAWN[panel["type"]](figure.add_axes(inside), panel, queries.of_panel(name, panel), prometheus)
    path = out / f"{name}.png"
    figure.savefig(path, dpi=84, pil_kwargs={"optimize": True})
    plt.close(figure)
    return path


def titled(title, width):
    """A title as far as there is room for it."""
    return textwrap.shorten(title, int(width * 7.4), placeholder=" …")


def smaller(path):
    """The picture with a palette, at a third of its size."""
    picture = Image.open(path).convert("RGB")
    picture.quantize(200, kmeans=1, dither=Image.Dither.NONE).save(path, optimize=True)


def plot_all(url, minutes, out):
    """Every board over the last minutes."""
    out.mkdir(parents=True, exist_ok=True)
    prometheus = Prometheus(url, minutes)
    for name, board in queries.boards().items():
        path = plot(name, board, prometheus, out)
        smaller(path)
        print(f"{path}: {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prometheus", metavar="URL", default="http://127.0.0.1:9090")
    parser.add_argument("--minutes", type=float, default=60, help="how far back to look")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("boards"), help="where the pictures go")
    arguments = parser.parse_args()
    plot_all(arguments.prometheus, arguments.minutes, arguments.out)


if __name__ == "__main__":
    main()
