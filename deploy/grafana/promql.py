"""The few shapes of queries that the boards are made of.

In a query `<queue>`, `<tenant>` and `<instance>` stand for what is chosen at the top of the board, and `$window` for the
time over which shares and means are taken.
"""

CHOSEN = {
    "<queue>": 'tenant=~"$tenant",queue=~"$queue"',
    "<tenant>": 'tenant=~"$tenant"',
    "<instance>": 'job="attuned",instance=~"$instance"',
}


def written(query):
    """The query as Prometheus, with Grafana's variables, takes it."""
    for word, matchers in CHOSEN.items():
        query = query.replace(word, matchers)
    return query


def total(metric, of, by="", where=""):
    """A gauge, summed up."""
    return f"sum{_by(by)}({metric}{_at(of, where)})"


def per_second(metric, of, by="", where=""):
    return f"sum{_by(by)}(rate({metric}{_at(of, where)}[$__rate_interval]))"


def per_minute(metric, of, by="", where=""):
    return f"60 * {per_second(metric, of, by, where)}"


def count(metric, of, by="", where=""):
    """How often it happened within the window."""
    return f"sum{_by(by)}(increase({metric}{_at(of, where)}[$window]))"


def times(metric, of, by="", where=""):
    """How often something rare happened within the window, in whole times.

    The first of its kind brings its series with it, which is no rise to Prometheus: a series that is new counts as it is.
    """
    at = _at(of, where)
    rose = f"round(increase({metric}{at}[$window])) > 0 or ({metric}{at} unless {metric}{at} offset $window)"
    return f"sum{_by(by)}({rose}) or 0 * sum{_by(by)}({metric}{at})"


def mean(histogram, of, by="", where=""):
    """The mean of what a histogram has seen within the window."""
    return f"{count(f'{histogram}_sum', of, by, where)} / {count(f'{histogram}_count', of, by, where)}"


def quantile(q, histogram, of, by="", where=""):
    """So much of what a histogram has seen within the window was no more than this."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, {count(f'{histogram}_bucket', of, labels, where)})"


def occupancy(agent="", by=""):
    """Share of agents' capacity that engagements took within the window: of empathetic agents, others, or by these."""
    where = f'agent="{agent}"' if agent else ""
    busy, there = "attune_agent_busy_capacity_seconds_total", "attune_agent_capacity_seconds_total"
    return f"{count(busy, '<tenant>', by, where)} / {count(there, '<tenant>', by, where)}"


def some_or_none(some, all_of_them):
    """A count that is 0 where nothing was counted yet and there was something to count it of."""
    return f"({some} or 0 * {all_of_them})"


def _by(labels):
    return f" by ({labels}) " if labels else ""


def _at(of, where):
    return "{" + ",".join(part for part in (of, where) if part) + "}"
